"""Copies of one decision may bear different days: its place then depends on who answers, and it never comes twice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from connectors.contract import Breaker, Claim, Limits, Platform, Retry, Row, Source, SubjectKey
from connectors.delegation import Told
from connectors.registry import Registry
from gateway.checking import read_policies
from gateway.cursors import Cursors, question_digest
from gateway.errors import GatewayError
from gateway.model import Branch, Caller, Part, Plan, Replies, Reply, Ruling, Subject, Verdict, Window
from gateway.shaping.connections import Connection, Connections
from gateway.shaping.merging import Merger
from gateway.shaping.reporting import outcome
from policies.keyed import Keyed
from policies.masks import Pseudonyms
from policies.model import ALLOW, Decision, Facts, Words

CATALOGUE = read_policies(Path(__file__).parents[2] / "policies").catalogue
ARREARS = CATALOGUE.types["WageArrears"]  # one order is one decision, whatever day a platform gives it
KEY = SubjectKey("uscc", "91370203MA3C00001X")
AT = datetime(2026, 11, 24, tzinfo=UTC)
CALLER = Caller("c", "government", "370000", frozenset(), "gov.licensing", {}, None)
CITY, OTHER = "370200-city", "370600-other"
CURSORS = Cursors(b"k" * 32)


class Declared:
    """A connector that only says what it holds."""

    def claims(self) -> Mapping[str, Claim]:
        return {ARREARS.name: Claim(frozenset(ARREARS.fields), frozenset(), {}, frozenset({"uscc"}), {}, 1)}


def platform(name: str) -> Platform:
    source = Source("main", "none", Declared(), Limits(4, None, 1.0, 100, 1 << 20), Breaker(5, 30, 5), Retry(1, 1))  # type: ignore[arg-type]
    types = {ARREARS.name: "main"}
    return Platform(name, name[:6], {"zh": name, "en": name}, "o", "1", {"main": source}, types, frozenset(), None)


def row(order: str, day: date, touched: int) -> Row:
    values = {"orderNo": order, "overdueSince": day, "status": "ACTIVE"}
    return Row(order, KEY, {**values, "sourceUpdatedAt": datetime(2026, 1, touched, tzinfo=UTC)})


def page(window: Window, *replies: Reply, dated: bool = True) -> Connection:
    registry = Registry({name: platform(name) for name in (CITY, OTHER)})
    allowed = {name: Decision(ALLOW, "p/r", Words("因", "because")) for name in ("orderNo", "overdueSince")}
    facts = Facts("government", "c", "370000", frozenset(), None, False, False, frozenset(), "Enterprise",
                  ARREARS.name, "370200", AT)  # fmt: skip
    branch = Branch(("s", "a"), ("s",), Subject(KEY, "Enterprise", False, None), ARREARS.name, frozenset(), window)
    rulings = [Ruling(name, facts, allowed, frozenset(), (), dated=dated) for name in (CITY, OTHER)]
    parts = tuple(Part(0, ruling, ()) for ruling in rulings)
    verdict = Verdict(Plan((), (branch,)), "", CALLER, AT, parts, frozenset(), (), frozenset())
    merger = Merger(CALLER.id, Keyed(b"k" * 32), Pseudonyms(b"k" * 32, "k1").of("c", "x"), AT)
    connections = Connections(CATALOGUE, registry, CURSORS)
    return connections.connection(0, [0, 1], verdict, Replies(dict(enumerate(replies))), merger)


def orders(found: Connection) -> list[str]:
    return [node["orderNo"] for node in found.tree["nodes"]]


def test_what_was_shown_is_not_shown_again_when_its_platform_dies() -> None:
    """The city's copy, touched last, comes first; without the city its older day comes later, and is passed over."""
    city = Reply("ANSWERED", (row("both", date(2026, 9, 1), 9),))
    other = Reply(
        "ANSWERED",
        (row("both", date(2026, 2, 1), 2), row("mine", date(2026, 5, 1), 3), row("old", date(2026, 1, 1), 4)),
    )
    window = Window(first=1)
    assert orders(page(replace(window, first=9), city, other)) == ["both", "mine", "old"]
    first = page(window, city, other)
    assert orders(first) == ["both"]
    question = question_digest(first.branch.subject, ARREARS.name, window)
    after = CURSORS.open(CALLER.id, question, first.tree["pageInfo"]["endCursor"], ("s", "a"))
    rest = page(replace(window, first=9, after=after), Reply("UNAVAILABLE"), other)
    assert orders(rest) == ["mine", "old"]
    assert rest.complete is False
    alone = page(replace(window, first=9), Reply("UNAVAILABLE"), other)
    assert orders(alone) == ["mine", "both", "old"]  # nothing is skipped for who has not seen it


def following(found: Connection) -> Window:
    """The window after a page, by its last cursor."""
    window = replace(found.branch.window, after=None)
    question = question_digest(found.branch.subject, ARREARS.name, window)
    return replace(window, first=9, after=CURSORS.open(CALLER.id, question, found.tree["pageInfo"]["endCursor"], ()))


@pytest.mark.parametrize("dated", [True, False])
@pytest.mark.parametrize("newest_first", [True, False])
def test_a_cursor_of_another_order_is_refused(dated: bool, newest_first: bool) -> None:
    """Between two pages a policy, or another purpose, opens or closes the day that orders records: the cursor then has
    no place in the order, and none of the rest is left out, or told again, as if it were complete."""
    days = Reply("ANSWERED", tuple(row(str(month), date(2026, month, 1), month) for month in range(1, 6)))
    first = page(Window(first=2, newest_first=newest_first), days, Reply("NONE"), dated=dated)
    rest = page(following(first), days, Reply("NONE"), dated=dated)
    assert sorted(orders(first) + orders(rest)) == ["1", "2", "3", "4", "5"]
    with pytest.raises(GatewayError, match="INVALID_CURSOR"):
        page(following(first), days, Reply("NONE"), dated=not dated)


def test_a_gateway_that_lacks_it_does_not_say_what_has_not_answered_in_full() -> None:
    """Its line says so, and with it the answer's sources, a report's section and a batch's subjects."""
    line: dict[str, Any] = {"platform": "x", "region": "310000", "status": "NONE", "asOf": None, "absent": []}
    silent = page(Window(), Reply("NONE", told=Told(complete=False, sources=(line,))), Reply("NONE"))
    assert [(each["platform"], each["status"]) for each in silent.sources] == [
        (CITY, "INVALID"), (OTHER, "NONE"), (f"{CITY}/x", "NONE"),
    ]  # fmt: skip
    assert (silent.complete, outcome(silent)) == (False, "NOT_ANSWERED")


def test_a_gateway_that_has_asked_nobody_has_not_found_nothing() -> None:
    """It has no platform of the type any more, or none that it may ask: nothing is none found by that."""
    line: dict[str, Any] = {"platform": "x", "region": "310000", "status": "NOT_ASKED", "asOf": None, "absent": []}
    for lines in ((), (line,)):
        found = page(Window(), *[Reply("ANSWERED", told=Told(sources=lines))] * 2)
        assert {each["status"] for each in found.sources} == {"NOT_ASKED"}
        assert "asked none of its platforms" in found.sources[0]["reason"]["en"]
        assert (found.complete, outcome(found)) == (True, "NOT_ASKED")
    both = Told(sources=(line, {**line, "platform": "y", "status": "NONE"}))
    asked = page(Window(), *[Reply("ANSWERED", told=both)] * 2)
    assert (asked.sources[0]["status"], outcome(asked)) == ("NONE", "NONE_FOUND")


def test_what_any_page_of_another_gateway_lacked_is_told() -> None:
    """Two lines about one platform are one: the worse status with its reason, whichever comes first."""
    absent = ARREARS.fields["orderNo"].coordinate
    line: dict[str, Any] = {"platform": "x", "region": "310000", "status": "ANSWERED", "asOf": None, "absent": [absent]}
    why = {"zh": "因", "en": "because"}
    lines: list[dict[str, Any]] = [
        line,
        {**line, "status": "INVALID", "absent": []},
        {**line, "status": "INVALID", "reason": why},
    ]
    for told in (lines, lines[::-1]):
        found = page(Window(), Reply("ANSWERED", told=Told(complete=False, sources=tuple(told))), Reply("NONE"))
        [joined] = [each for each in found.sources if each["platform"] == f"{CITY}/x"]
        assert (joined["status"], joined["reason"], joined["absent"]) == ("INVALID", why, [absent])


def test_equal_days_are_not_remembered() -> None:
    """A cursor remembers contradictions alone, so that it stays short."""
    same = Reply("ANSWERED", (row("both", date(2026, 9, 1), 9),))
    first = page(Window(first=1), same, same)
    question = question_digest(first.branch.subject, ARREARS.name, Window(first=1))
    after = CURSORS.open(CALLER.id, question, first.tree["pageInfo"]["endCursor"], ("s", "a"))
    assert after.seen == ()
