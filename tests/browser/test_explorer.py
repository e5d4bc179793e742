"""The explorer in a real Chromium against the running house: what a partner sees, and what never leaves the page.

Each test opens the page in an empty profile of its own. Screenshots at a desk's and a phone's width are kept in the
folder that `SCREENSHOTS` names, else in the test's temporary folder; they are for looking at, and layout is
compared by boxes, not by pixels.
"""

from __future__ import annotations

import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, ConsoleMessage, Page, Request, Response, expect

from tests.browser.conftest import PATIENCE

CALLER, PURPOSE = "shanghai-market-bureau", "gov.licensing"
DESK, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}

pytestmark = pytest.mark.asyncio(loop_scope="module")  # the browser's


def is_answer(reply: Response) -> bool:
    """The answer to a question of the visitor's, not to GraphiQL's own reading of the schema."""
    return reply.url.endswith("/graphql") and "IntrospectionQuery" not in (reply.request.post_data or "")


@dataclass
class Visit:
    """One open page and everything it did."""

    page: Page
    requests: list[Request] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    sent: Request | None = None

    async def run(self) -> dict[str, Any]:
        """Press run; the gateway's answer, once the panel speaks of it. `sent` is then the request."""
        await self.page.wait_for_load_state("networkidle")  # a new token makes the page ask for the schema again
        async with self.page.expect_response(is_answer) as reply:
            await self.page.get_by_role("button", name=re.compile("^Execute")).click()
        self.sent = (await reply.value).request
        answer: dict[str, Any] = await (await reply.value).json()
        decision = answer.get("extensions", {}).get("decision", "")
        await expect(self.page.locator("#particulars")).to_contain_text(decision)
        return answer

    async def choose(self, number: int, house: Any = None) -> dict[str, Any]:
        """Press an example and wait until the editor holds its question; with a house, bring its caller's token."""
        examples = await self.page.evaluate("fetch('/explorer/examples.json').then(reply => reply.json())")
        example: dict[str, Any] = examples[number]
        if house and example["as"] != "public":
            await self.page.locator("#token").fill(house.token(example["as"], example["purpose"]))
        elif house:
            await self.page.locator("#token").fill("")
        await self.page.locator("#examples button").nth(number).click()
        first_line = example["query"].strip().splitlines()[0]
        await expect(self.page.locator(".graphiql-query-editor .CodeMirror-code")).to_contain_text(first_line)
        return example

    async def remembered(self) -> str:
        """All that the browser holds of the page besides its memory."""
        script = "JSON.stringify([location.href, document.cookie, {...localStorage}, {...sessionStorage}])"
        return str(await self.page.evaluate(script))


@asynccontextmanager
async def visit(browser: Browser, url: str, size: dict[str, int] = DESK, **options: Any) -> AsyncIterator[Visit]:
    """The explorer, loaded and with its schema read, in a profile that is thrown away afterwards."""
    context = await browser.new_context(viewport={"width": size["width"], "height": size["height"]}, **options)
    async with context:
        context.set_default_timeout(PATIENCE)
        here = Visit(await context.new_page())

        def hear(message: ConsoleMessage) -> None:
            if message.type in {"error", "warning"}:
                here.complaints.append(message.text)

        here.page.on("request", lambda request: here.requests.append(request))
        here.page.on("console", hear)
        here.page.on("pageerror", lambda error: here.complaints.append(str(error)))
        await here.page.add_init_script(
            "addEventListener('securitypolicyviolation', e => console.error(e.violatedDirective, e.blockedURI))"
        )
        async with here.page.expect_response(lambda reply: reply.url.endswith("/graphql")):
            await here.page.goto(url)
        await expect(here.page.locator("#examples button")).to_have_count(4)
        yield here


async def test_the_page_keeps_to_itself(browser: Browser, house: Any) -> None:
    """The explorer loads under a policy without inline scripts, breaks nothing of it and asks no other host."""
    async with visit(browser, f"{house.url}/") as here:
        await here.choose(0)
        await here.run()
        policy = (await here.page.request.get(f"{house.url}/")).headers["content-security-policy"]
        rules = {part.split()[0]: part.split()[1:] for part in policy.split(";") if part.strip()}
        assert rules["default-src"] == ["'none'"]
        assert rules["script-src"] == ["'self'"]
        assert rules["style-src"] == ["'self'"]
        assert here.complaints == []
        asked = {request.url for request in here.requests if not request.url.startswith("data:")}
        assert asked
        assert {url for url in asked if not url.startswith(f"{house.url}/")} == set()


async def test_the_panel_says_what_the_answer_says(browser: Browser, house: Any) -> None:
    """For each example the panel names completeness, every source and every withheld field that the answer names."""
    withheld = absent = 0
    async with visit(browser, f"{house.url}/explorer/?lang=en") as here:
        for number in range(4):
            await here.choose(number, house)
            answer = await here.run()
            says = answer["extensions"]
            whole = "Complete" if says["complete"] else "Not complete"
            await expect(here.page.locator("#verdict")).to_contain_text(whole)
            panel = await here.page.locator("#particulars").inner_text()
            for source in says["sources"]:
                assert source["platform"] in panel
                assert source.get("reason", {"en": ""})["en"] in panel
                assert all(field in panel for field in source["absent"])
                absent += len(source["absent"])
            for entry in says["withheld"]:
                assert entry["path"] in panel
                assert entry["reason"]["en"] in panel
                assert entry["reason"]["zh"] not in panel
                withheld += 1
            assert says["sources"]
    assert withheld, "no example shows a withheld field, so nobody learns from them what the panel is for"
    assert absent, "no example lacks a field at a platform"


async def test_token_and_purpose_travel_as_headers_and_stay_nowhere(browser: Browser, house: Any) -> None:
    """A pasted token goes out as a header only; neither it nor the question is kept by the browser."""
    token = house.token(CALLER, PURPOSE)
    async with visit(browser, f"{house.url}/explorer/?lang=en") as here:
        await here.choose(0)
        await here.page.get_by_label("Purpose").fill(PURPOSE)
        await here.page.get_by_label("Access token").fill(f"Bearer {token}\n")
        await here.page.get_by_label("Access token").blur()
        await here.run()
        sent = here.sent
        assert sent is not None
        assert (sent.headers["authorization"], sent.headers["credit-purpose"]) == (f"Bearer {token}", PURPOSE)
        question = (sent.post_data_json or {})["query"]
        kept = await here.remembered()
        assert token not in kept
        assert question.split("{")[1].split("(")[0].strip() not in kept
        assert kept.endswith('"",{},{}]')


async def test_a_refusal_is_said_with_its_code(browser: Browser, house: Any) -> None:
    """A token that the gateway refuses yields `No answer` and the gateway's own code, not an empty page."""
    async with visit(browser, f"{house.url}/explorer/?lang=en") as here:
        await here.choose(0)
        await here.page.get_by_label("Access token").fill("bad.token.here")
        await here.page.get_by_label("Access token").blur()
        answer = await here.run()
        await expect(here.page.locator("#verdict")).to_contain_text("No answer")
        await expect(here.page.locator("#particulars")).to_contain_text(answer["errors"][0]["extensions"]["code"])
        await here.page.get_by_label("Access token").fill("令牌")  # which no header can hold: it cannot even be sent
        await here.page.get_by_label("Access token").blur()  # and the page asks for the schema
        for language, words in (("zh", "提问未能发出"), ("en", "could not be sent")):
            said = here.page.locator(f"#particulars [lang={language}]", has_text=words)
            await expect(said).to_have_count(1)


async def test_keyboard_alone_is_enough(browser: Browser, house: Any) -> None:
    """The first Tab offers the way past the strip; each control after it has a name and shows its focus."""
    async with visit(browser, f"{house.url}/explorer/?lang=en") as here:
        page = here.page
        await page.keyboard.press("Tab")
        await expect(page.get_by_role("link", name="Skip to the question")).to_be_focused()
        for name in ("Access token", "Purpose"):
            await page.keyboard.press("Tab")
            await expect(page.get_by_label(name)).to_be_focused()
            assert await page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
        for name in ("中文", "English"):
            await page.keyboard.press("Tab")
            await expect(page.get_by_role("button", name=name)).to_be_focused()
        await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        await expect(page.locator(".graphiql-query-editor .CodeMirror-code")).to_contain_text("{")


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
async def test_it_fits_a_desk_and_a_phone(
    browser: Browser, house: Any, size: dict[str, int], scheme: str, language: str, tmp_path: Path
) -> None:
    """At 1280 and 390 pixels nothing runs out of the page, and question, answer and panel can all be seen."""
    folder = Path(os.environ.get("SCREENSHOTS") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    async with visit(browser, f"{house.url}/explorer/?lang={language}", size, color_scheme=scheme) as here:
        await here.choose(0)
        await here.run()
        shot = folder / f"explorer-{size['width']}-{scheme}-{language}.png"
        await here.page.screenshot(path=shot, full_page=True)
        assert await here.page.evaluate("document.scrollingElement.scrollWidth") <= size["width"]
        for part in ("#token", "#purpose", ".graphiql-query-editor", ".result-window", "#verdict"):
            box = await here.page.locator(part).first.bounding_box()
            assert box is not None
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= size["width"] + 1
            assert box["width"] >= 180
            assert box["height"] >= 20
        other = "en" if language == "zh" else "zh"
        await expect(here.page.locator(f"#verdict [lang={other}]")).to_be_hidden()
