"""The page of who sees what in a real Chromium: it fits a desk, a phone and paper, and can be read in all of them.

Opened from a file, as an officer would. Screenshots are kept in the folder that `SCREENSHOTS` names, else in the
test's temporary folder; they are for looking at.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from gateway.cli.matrix import page as pages
from tests.browser.conftest import PATIENCE
from tests.edges.drafts import shipped
from tests.edges.who_sees_what import demo_matrix

DESK, PHONE, PAPER = {"width": 1280, "height": 900}, {"width": 390, "height": 844}, {"width": 1512, "height": 1050}
LEAST_CONTRAST = 4.5  # WCAG 2.2, 1.4.3

pytestmark = pytest.mark.asyncio(loop_scope="module")  # the browser's

# Every colour of text on every colour beneath it, with the least contrast of each (a pattern counts with all its
# colours). Runs in the test's own world: the page itself allows no script.
CONTRASTS = """() => {
  const parts = text => [...text.matchAll(/rgba?\\(([^)]+)\\)/g)].map(m => m[1].split(',').map(Number));
  const light = ([r, g, b]) => [r, g, b].map(v => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const beneath = element => {
    for (let e = element; e; e = e.parentElement) {
      const style = getComputedStyle(e);
      const found = [...parts(style.backgroundImage), ...parts(style.backgroundColor)].filter(c => c[3] !== 0);
      if (found.length) return found;
    }
    return [[255, 255, 255]];
  };
  const found = {};
  for (const element of document.querySelectorAll('body *')) {
    if (![...element.childNodes].some(node => node.nodeType === 3 && node.data.trim())) continue;
    const ink = parts(getComputedStyle(element).color)[0];
    for (const paper of beneath(element)) {
      const [a, b] = [light(ink), light(paper)].sort((x, y) => y - x);
      found[`${ink} on ${paper}`] = (a + 0.05) / (b + 0.05);
    }
  }
  return found;
}"""


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("matrix") / "who-sees-what.html"
    place.write_text(pages.html(demo_matrix(), shipped()), "utf-8")
    return place


@asynccontextmanager
async def opened(
    browser: Browser, file: Path, size: dict[str, int] = DESK, **options: Any
) -> AsyncIterator[tuple[Page, list[str]]]:
    """The page, and everything it asked for or complained of."""
    context = await browser.new_context(viewport={"width": size["width"], "height": size["height"]}, **options)
    async with context:
        context.set_default_timeout(PATIENCE)
        page = await context.new_page()
        heard: list[str] = []
        page.on("request", lambda request: heard.append(request.url))
        page.on("console", lambda message: heard.append(message.text))
        page.on("pageerror", lambda error: heard.append(str(error)))
        await page.goto(file.as_uri())
        yield page, heard


async def test_it_asks_for_nothing(browser: Browser, file: Path) -> None:
    """The page is one file: it loads nothing else and breaks nothing of its own policy."""
    async with opened(browser, file) as (page, heard):
        await page.locator("td a").first.click()
        assert heard == [file.as_uri()]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
async def test_it_fits_and_can_be_read(
    browser: Browser, file: Path, size: dict[str, int], scheme: str, tmp_path: Path
) -> None:
    """At 1280 and 390 pixels only the tables' own scrollers run sideways, and all text has a contrast of 4.5:1."""
    folder = Path(os.environ.get("SCREENSHOTS") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    async with opened(browser, file, size, color_scheme=scheme) as (page, _):
        assert await page.evaluate("document.scrollingElement.scrollWidth") <= size["width"]
        contrasts = await page.evaluate(CONTRASTS)
        assert len(contrasts) > 5
        assert {pair: ratio for pair, ratio in contrasts.items() if ratio < LEAST_CONTRAST} == {}
        scroller = page.locator(".type .scroller").first
        await scroller.scroll_into_view_if_needed()
        await page.screenshot(path=folder / f"who-sees-what-{size['width']}-{scheme}.png")


async def test_headings_descend_by_one(browser: Browser, file: Path) -> None:
    """There is one h1, it comes first, and no level is left out."""
    async with opened(browser, file) as (page, _):
        levels = await page.evaluate(
            "[...document.querySelectorAll('h1,h2,h3,h4,h5,h6')].map(heading => Number(heading.tagName[1]))"
        )
        assert levels[0] == 1
        assert levels.count(1) == 1
        assert all(after - before <= 1 for before, after in pairwise(levels))


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
async def test_headings_stay_while_a_table_is_scrolled(browser: Browser, file: Path, size: dict[str, int]) -> None:
    """However far a table is scrolled, callers stay above it and fields beside it, and half of it is left to read."""
    async with opened(browser, file, size) as (page, _):
        scroller = page.locator(".type .scroller").first
        await scroller.evaluate("element => { element.scrollIntoView(); element.scrollTo(200, 600); }")
        frame, head = await scroller.bounding_box(), await scroller.locator("thead").bounding_box()
        assert frame is not None
        assert head is not None
        assert abs(head["y"] - frame["y"]) <= 2
        assert head["height"] <= frame["height"] / 2
        side = await scroller.locator("tbody th[scope=row]").last.bounding_box()
        assert side is not None
        assert abs(side["x"] - frame["x"]) <= 2
        assert side["width"] <= frame["width"] / 2


async def test_a_number_leads_to_its_rule(browser: Browser, file: Path) -> None:
    """A cell's number is a link, large enough for a finger, to the sentence of the rule that decides."""
    async with opened(browser, file, PHONE) as (page, _):
        link = page.locator("td a").first
        box = await link.bounding_box()
        assert box is not None
        assert box["width"] >= 24
        assert box["height"] >= 24
        rule = await link.get_attribute("title")
        await link.click()
        target = page.locator("li:target")
        await expect(target).to_be_in_viewport()
        assert await target.locator("code").first.inner_text() == rule
        spot = await target.bounding_box()
        assert spot is not None
        assert 0 <= spot["y"] < PHONE["height"]


async def test_paper_shows_all_of_it(browser: Browser, file: Path) -> None:
    """In print nothing scrolls or sticks, tables keep within an A3 page, and their headings repeat on each page."""
    async with opened(browser, file, PAPER) as (page, _):
        await page.emulate_media(media="print")
        assert await page.evaluate("document.scrollingElement.scrollWidth") <= PAPER["width"]
        for scroller in await page.locator(".type .scroller").all():
            assert await scroller.evaluate(
                "e => getComputedStyle(e).overflowX === 'visible' && e.scrollHeight <= e.clientHeight + 1"
            )
        head = page.locator(".matrix thead").first
        assert await head.evaluate("e => getComputedStyle(e).display") == "table-header-group"
        assert await head.evaluate("e => getComputedStyle(e).position") == "static"
