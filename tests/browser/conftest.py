"""A real Chromium, one for each file of tests; who opens a page gives it a context of its own, an empty profile.

To start one takes longer than most tests.
"""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright, expect

QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
QUIET += ["--disable-component-update", "--disable-sync"]  # no call of the browser's own leaves the machine
PATIENCE = 120_000  # milliseconds for what a page does at once, also on a machine that has other things to do
expect.set_options(timeout=PATIENCE)
FOUND = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    if not FOUND:
        pytest.skip("no Chromium: install the packages chromium and fonts-noto-cjk")
    async with async_playwright() as playwright:
        found = await playwright.chromium.launch(executable_path=FOUND, args=QUIET, timeout=PATIENCE)
        yield found
        await found.close()
