"""From rows to records: masks first, then merging; nothing that was not asked, and nothing that one platform closes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.contract import (
    Breaker,
    Claim,
    Condition,
    Deadline,
    Environment,
    Fetch,
    Limits,
    Page,
    Platform,
    Retry,
    Row,
    Source,
    SubjectKey,
)
from connectors.registry import Registry
from gateway.checking import read_policies
from gateway.fetching import Fetcher
from gateway.model import Branch, Caller, Part, Plan, Reply, Ruling, Subject, Verdict, Window
from gateway.shaping.merging import Merger, Record
from policies.masks import Pseudonyms
from policies.model import DENY, Decision, Facts, RowRule, Words

ROOT = Path(__file__).parents[2]
AT = datetime(2026, 11, 24, tzinfo=UTC)
WHY = Words("因", "because")
REPAIRED = RowRule("p/repaired", WHY, "hide", None, status=frozenset({"REPAIRED"}))
KEY = SubjectKey("uscc", "91370203MA3C00001X")
OTHER = SubjectKey("uscc", "91370203MA3C00002X")
CATALOGUE = read_policies(ROOT / "policies").catalogue
PENALTY = CATALOGUE.types["AdministrativePenalty"]
CALLER = Caller("c", "government", "310000", frozenset(), "gov.licensing", {}, None)
SUBJECT = Subject(KEY, "Enterprise", False, None)


def facts(province: str = "370200") -> Facts:
    return Facts("government", "c", "310000", frozenset(), None, False, False, frozenset({"uscc"}), "Enterprise",
                 PENALTY.name, province, AT)  # fmt: skip


def platform(name: str, authority: bool = False, connector: Any = None) -> Platform:
    source = Source("main", "none", connector, Limits(4, None, 1.0, 100, 1 << 20), Breaker(5, 30, 5), Retry(1, 1))
    types = {PENALTY.name: "main"}
    held = frozenset({PENALTY.name}) if authority else frozenset()
    return Platform(name, name[:6], {"zh": name, "en": name}, "owner", "1", {"main": source}, types, held, None)


def ruling(name: str, effects: Mapping[str, str], rows: tuple[RowRule, ...] = ()) -> Ruling:
    decisions = {field: Decision(effect, "p/r", WHY) for field, effect in effects.items()}
    asked = frozenset(field for field, effect in effects.items() if effect != DENY) | PENALTY.control
    return Ruling(name, facts(), decisions, asked, rows, dated=True)


def row(number: str, **values: Any) -> Row:
    known = {"documentNo": number, "authority": "市监局", "status": "ACTIVE", "decisionDate": date(2026, 3, 1)}
    return Row(number, KEY, {**known, **values})


def merge(
    *heard: tuple[Ruling, Platform, tuple[Row, ...]],
    caller: str = "c",
    window: Window | None = None,
    name: str | None = None,
) -> list[Record]:
    branch = Branch(
        ("s", "p"), ("s",), Subject(KEY, "Enterprise", False, name), PENALTY.name, frozenset(), window or Window()
    )
    merger = Merger(caller, b"k" * 32, Pseudonyms(b"k" * 32, "k1").of("c", "x"), CATALOGUE.bands, AT)
    return merger.merge(PENALTY, branch, [(r, p, Reply("ANSWERED", rows)) for r, p, rows in heard])


CITY, COUNTY = "370200-a", "370600-b"
ALL = {"documentNo": "allow", "facts": "allow", "legalRepresentative": "allow"}


def test_a_denied_field_is_never_filled_from_another_platform() -> None:
    """The first copy's policy rules its fields: what it denies stays closed though another copy holds it openly."""
    closed = {**ALL, "facts": DENY}
    [made] = merge(
        (ruling(CITY, closed), platform(CITY, authority=True), (row("1"),)),
        (ruling(COUNTY, ALL), platform(COUNTY), (row("1", facts="secret", legalRepresentative="王甲"),)),
    )
    assert "facts" not in made.values
    assert made.values["legalRepresentative"] == "王甲"  # open at both, only missing at the first: filled
    assert made.platforms == [CITY, COUNTY]


def test_a_gap_is_not_filled_from_where_the_field_is_denied() -> None:
    """What the second copy's policy denies does not fill the first copy's gap, though the row may hold it."""
    [made] = merge(
        (ruling(CITY, ALL), platform(CITY, authority=True), (row("1"),)),
        (ruling(COUNTY, {**ALL, "facts": DENY}), platform(COUNTY), (row("1", facts="secret"),)),
    )
    assert "facts" not in made.values


def test_each_copy_is_masked_under_its_own_ruling() -> None:
    """A value that fills a gap is masked as its own platform's policy says, not as the other's."""
    [made] = merge(
        (ruling(CITY, ALL), platform(CITY, authority=True), (row("1"),)),
        (
            ruling(COUNTY, {**ALL, "legalRepresentative": "surname"}),
            platform(COUNTY),
            (row("1", legalRepresentative="王甲"),),
        ),
    )
    assert made.values["legalRepresentative"] == "王*"


def test_authority_of_record_speaks_first() -> None:
    """Of two copies that disagree the authority of record's is shown; without one, the copy touched last."""
    first, second = row("1", facts="甲"), row("1", facts="乙")
    pair = [(ruling(CITY, ALL), platform(CITY), (first,)), (ruling(COUNTY, ALL), platform(COUNTY, True), (second,))]
    assert merge(*pair)[0].values["facts"] == "乙"
    assert merge(*reversed(pair))[0].values["facts"] == "乙"
    older = row("1", facts="旧", sourceUpdatedAt=datetime(2026, 1, 1, tzinfo=UTC))
    newer = row("1", facts="新", sourceUpdatedAt=datetime(2026, 2, 1, tzinfo=UTC))
    for one, two in ((older, newer), (newer, older)):
        found = merge((ruling(CITY, ALL), platform(CITY), (one,)), (ruling(COUNTY, ALL), platform(COUNTY), (two,)))
        assert found[0].values["facts"] == "新"


def test_what_one_platform_closes_is_closed() -> None:
    """A decision that one platform holds as repaired is hidden, although another still holds it as active."""
    rules = (REPAIRED,)
    found = merge(
        (ruling(CITY, ALL, rules), platform(CITY), (row("1", status="REPAIRED"), row("2"))),
        (ruling(COUNTY, ALL, rules), platform(COUNTY, authority=True), (row("1"),)),
    )
    assert [record.values["documentNo"] for record in found] == ["2"]


def test_no_filter_opens_what_is_closed() -> None:
    """A question for active records alone does not bring back a decision that another platform holds as repaired."""
    found = merge(
        (ruling(CITY, ALL, (REPAIRED,)), platform(CITY), (row("1", status="REPAIRED"),)),
        (ruling(COUNTY, ALL, (REPAIRED,)), platform(COUNTY), (row("1"), row("2"))),
        window=Window(statuses=("ACTIVE",)),
    )
    assert [record.values["documentNo"] for record in found] == ["2"]


def test_an_unknown_control_value_hides_its_own_copy_only() -> None:
    """A copy whose state is not known is not shown; another copy that knows it is."""
    rules = (REPAIRED,)
    [made] = merge(
        (ruling(CITY, ALL, rules), platform(CITY), (row("1", status=None, facts="甲"),)),
        (ruling(COUNTY, ALL, rules), platform(COUNTY), (row("1", facts="乙"),)),
    )
    assert made.values["facts"] == "乙"
    assert made.platforms == [COUNTY]
    assert merge((ruling(CITY, ALL, rules), platform(CITY), (row("1", status=None),))) == []


def test_unnumbered_rows_are_never_taken_for_one() -> None:
    """Rows without the identity of a decision stay apart, also within one platform."""
    nameless = (Row("a", KEY, {"status": "ACTIVE"}), Row("b", KEY, {"status": "ACTIVE"}))
    assert len(merge((ruling(CITY, ALL), platform(CITY), nameless))) == 2


def test_spelling_does_not_part_one_decision() -> None:
    """Full-width and half-width brackets of a document number are the same decision."""
    [made] = merge(
        (ruling(CITY, ALL), platform(CITY), (row("青罚（2026）1号"),)),
        (ruling(COUNTY, ALL), platform(COUNTY), (row("青罚(2026)1号"),)),
    )
    assert len(made.provenance) == 2


def test_ids_are_stable_for_one_caller_and_say_nothing_to_another() -> None:
    """A record's id is the same at every question of one caller, and another caller's differs."""
    heard = (ruling(CITY, ALL), platform(CITY), (row("1"),))
    assert merge(heard)[0].id == merge(heard)[0].id
    assert merge(heard)[0].id != merge(heard, caller="d")[0].id


def test_the_window_is_held_whether_or_not_it_was_pushed_down() -> None:
    """Rows outside the asked days or states are dropped here, and a row without a day is in no span of days."""
    rows = (row("1"), row("2", decisionDate=date(2025, 1, 1)), row("3", decisionDate=None), row("4", status="OBJECTED"))
    since = merge((ruling(CITY, ALL), platform(CITY), rows), window=Window(since=date(2026, 1, 1)))
    assert {record.values["documentNo"] for record in since} == {"1", "4"}
    active = merge((ruling(CITY, ALL), platform(CITY), rows), window=Window(statuses=("OBJECTED",)))
    assert {record.values["documentNo"] for record in active} == {"4"}


def test_the_name_beside_the_code_is_a_check() -> None:
    """Records under another name than the one given are not answered; brackets and blanks do not matter."""
    rows = (row("1", counterpartyName="示例（青岛）公司"), row("2", counterpartyName="别的公司"), row("3"))
    found = merge((ruling(CITY, ALL), platform(CITY), rows), name="示例(青岛) 公司")
    assert [record.values["documentNo"] for record in found] == ["1"]


class Dishonest:
    """A platform that answers more than it was asked: foreign subjects, surplus fields, rows outside the conditions."""

    def claims(self) -> Mapping[str, Claim]:
        fields = frozenset(PENALTY.fields)
        return {PENALTY.name: Claim(fields, frozenset(), {}, frozenset({"uscc"}), {"status": frozenset({"in"})}, 10)}

    async def open(self, environment: Environment) -> None: ...
    async def close(self) -> None: ...
    async def health(self, deadline: Deadline) -> None: ...

    async def fetch(self, ask: Fetch) -> AsyncIterator[Page]:
        mine = row("1", legalRepIdNo="370203199001010013", facts="surplus")
        foreign = Row("2", OTHER, mine.values)
        outside = row("3", status="REVOKED")
        nowhere = row("4", status=None)
        yield Page([mine, foreign, outside, nowhere])


async def fetched(connector: Any, stale_after: float | None = None) -> Reply:
    """One ask for document numbers and states of active penalties, answered by a connector."""
    asked = Ruling(
        CITY, facts(), {"documentNo": Decision("allow", "p/r", WHY)}, frozenset({"documentNo", "status"}), ()
    )
    branch = Branch(("s", "p"), ("s",), SUBJECT, PENALTY.name, frozenset({"documentNo"}), Window())
    part = Part(0, asked, (Condition("status", "in", ("ACTIVE",)),))
    verdict = Verdict(Plan((), (branch,)), "d", CALLER, AT, (part,), frozenset(), (), frozenset())
    found = replace(platform(CITY, connector=connector), stale_after=stale_after)
    return (await Fetcher(Registry({CITY: found})).fetch(verdict, Deadline.within(1), "r")).by_part[0]


async def test_over_return_is_dropped(caplog: pytest.LogCaptureFixture) -> None:
    """What was not asked goes no further than the fetcher, and is counted in the log without a value."""
    [kept] = (await fetched(Dishonest())).rows
    assert kept.id == "1"
    assert dict(kept.values) == {"documentNo": "1", "status": "ACTIVE"}
    assert "3 rows outside the question were dropped" in caplog.text
    assert "surplus" not in caplog.text
    assert "1990" not in caplog.text


class Saying(Dishonest):
    """A platform that answers one given page."""

    def __init__(self, page: Page) -> None:
        self._page = page

    async def fetch(self, ask: Fetch) -> AsyncIterator[Page]:
        yield self._page


@pytest.mark.parametrize(
    ("page", "status"),
    [
        (Page([row("1")]), "ANSWERED"),
        (Page([]), "ANSWERED"),
        (Page([row("1")], truncated=True), "TRUNCATED"),
        (Page([row("1")], rejected=["a row did not map"]), "INVALID"),
        (Page([row("1")], as_of=AT - timedelta(hours=37)), "STALE"),
        (Page([row("1")], as_of=AT - timedelta(hours=35)), "ANSWERED"),
    ],
)
async def test_an_answer_in_part_is_called_so(page: Page, status: str) -> None:
    """More than was read, rows that did not map, data older than promised: each has its own status."""
    reply = await fetched(Saying(page), stale_after=36 * 3600)
    assert reply.status == status
    assert len(reply.rows) == len(page.rows)


async def test_odd_values_are_the_platform_s_failure() -> None:
    """An instant without a zone, which nothing can be compared with, fails its platform and not the request."""
    reply = await fetched(Saying(Page([row("1")], as_of=datetime(2026, 11, 24))), stale_after=60)  # noqa: DTZ001
    assert reply.status == "UNAVAILABLE"
    assert reply.rows == ()
