"""Fixtures of the promises."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path

import pytest
from joserfc.jwk import ECKey

from gateway.authenticating.clients import load_clients
from gateway.documents import load
from tests.edges.leaping import Leaping
from tests.promises.issuing import (
    CATALOGUE,
    EDWARDS,
    PSS,
    REGISTRY,
    SIGNING,
    Door,
    Issuer,
)


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """What is marked so runs on a loop whose clock leaps."""
    return {"leaping": Leaping} if item.get_closest_marker("leaping") else {"asyncio": asyncio.new_event_loop}


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    home = Issuer([key.as_dict(private=False) for key in (SIGNING, PSS, EDWARDS)])
    other = Issuer([ECKey.generate_key("P-256", {"kid": "o1"}).as_dict(private=False)])
    await home.open()
    await other.open()
    path = tmp_path / "clients.yaml"
    path.write_text(REGISTRY.replace("HOME", home.address).replace("OTHER", other.address), encoding="utf-8")
    door = Door(load_clients(load(path), CATALOGUE), home, other)
    yield door
    await door.jwks.close()
    await home.close()
    await other.close()
