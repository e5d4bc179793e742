"""From rows to records: masks first, then merging; nothing that was not asked, and nothing that one platform closes."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from connectors.contract import Claim, Platform, Row
from connectors.registry import Registry
from gateway.cursors import Cursors
from gateway.model import ANYBODY, Branch, Part, Plan, Replies, Reply, Ruling, Seek, Subject, Verdict, Window
from gateway.shaping.binding import Binder
from gateway.shaping.connections import Connection, Connections
from gateway.shaping.merging import Merger, Record
from gateway.shaping.narrowing import held
from gateway.shaping.telling import sources_and_errors
from policies.keyed import Keyed
from policies.masks import Pseudonyms
from policies.model import DENY, RowRule
from tests.conftest import House
from tests.promises.penalties import AT, CALLER, CATALOGUE, CITY, COUNTY, KEY, PENALTY, WHY, platform, row, ruling

REPAIRED = RowRule("p/repaired", WHY, "hide", None, status=frozenset({"REPAIRED"}))


def merge(
    *heard: tuple[Ruling, Platform, tuple[Row, ...]],
    caller: str = "c",
    window: Window | None = None,
    name: str | None = None,
) -> list[Record]:
    branch = Branch(
        ("s", "p"), ("s",), Subject(KEY, "Enterprise", False, name), PENALTY.name, frozenset(), window or Window()
    )
    merger = Merger(caller, Keyed(b"k" * 32), Pseudonyms(b"k" * 32, "k1").of("c", "x"), AT)
    binder = Binder(CATALOGUE)
    return merger.merge(PENALTY, branch, [(binder.of(r, p), Reply("ANSWERED", rows)) for r, p, rows in heard])


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


def test_a_window_holds_what_a_record_is_told_with() -> None:
    """A state or a day by another copy than the one that is shown opens no window: else one record would be active in
    one answer and expired in another, and stand in the counts of two windows."""
    shown = {**ALL, "status": "allow", "severity": "allow"}
    heard = (
        (ruling(CITY, shown), platform(CITY, authority=True), (row("1", status="EXPIRED"),)),
        (ruling(COUNTY, shown), platform(COUNTY), (row("1", status="ACTIVE"), row("2", status="ACTIVE"))),
    )
    told = [merge(*heard, window=Window(statuses=(each,))) for each in ("ACTIVE", "EXPIRED")]
    assert [[(made.values["documentNo"], made.values["status"]) for made in found] for found in told] == [
        [("2", "ACTIVE")], [("1", "EXPIRED")],
    ]  # fmt: skip
    assert told[1][0].platforms == [CITY, COUNTY]


def test_a_search_remembers_whose_copies_bear_different_names() -> None:
    """Its place among the matches then depends on who answers, as with contradictory days: it must not come twice."""
    seek = Seek("facts", "contains", ("多处运输",), ("Enterprise",))
    branch = Branch(("s",), ("s",), ANYBODY, PENALTY.name, frozenset(), Window(newest_first=False), seek=seek)
    merger, binder = Merger("c", Keyed(b"k" * 32), str, AT), Binder(CATALOGUE)
    for other, shifting in (("多处运输公司", False), ("原多处运输公司", True)):
        heard = [
            (binder.of(ruling(where, ALL), platform(where)), Reply("ANSWERED", (row("1", facts=name),)))
            for where, name in ((CITY, "多处运输公司"), (COUNTY, other))
        ]
        [made] = merger.merge(PENALTY, branch, heard)
        assert made.shifting is shifting


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
    twice = [replace(row("1", facts=facts), id=facts) for facts in "乙丙甲"]  # one platform has it several times
    for rows in (twice, twice[::-1]):
        assert merge((ruling(CITY, ALL), platform(CITY), tuple(rows)))[0].values["facts"] == "丙"


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


def test_the_oldest_reading_is_told() -> None:
    """One line for a platform that was asked in several batches: its oldest data, worst status and why that is so, each
    record once."""

    def connection(number: int, status: str, as_of: str | None, *shown: str, why: str = "") -> Connection:
        root: tuple[str | int, ...] = ("s", number)
        subject = Subject(KEY, "Enterprise", False, None)
        branch = Branch((*root, "p"), root, subject, PENALTY.name, frozenset(), Window())
        line = {"platform": CITY, "type": PENALTY.name, "region": "370200", "status": status, "absent": []}
        source: dict[str, Any] = {**line, "records": len(shown), "asOf": as_of}
        if why:
            source["reason"] = {"en": why}
        return Connection(branch, {"sources": [source], "complete": False}, {CITY: set(shown)}, {})

    connections = [
        connection(0, "ANSWERED", "2026-11-24T08:00:00+08:00", "a"),
        connection(1, "TIMEOUT", None),
        connection(2, "STALE", "2026-11-20T08:00:00+08:00", "a", "b"),
    ]
    [line], [error] = sources_and_errors(connections, "en")
    assert (line["status"], line["asOf"], line["records"]) == ("TIMEOUT", "2026-11-20T08:00:00+08:00", 2)
    assert error["path"] == ["s", 1, "p"]
    assert "reason" not in line
    _, [error] = sources_and_errors([connection(5, "TRUNCATED", None), *connections], "en")
    assert (error["extensions"]["code"], error["path"]) == ("PLATFORM_TIMEOUT", ["s", 1, "p"])  # of the worst, as told
    left_out = connection(3, "NOT_ASKED", None, why="left out")
    closed = connection(4, "MAINTENANCE", None, why="planned until six")
    [line], _ = sources_and_errors([left_out, *connections[::2], closed], "en")
    assert (line["status"], line.get("reason")) == ("MAINTENANCE", {"en": "planned until six"})
    [line], _ = sources_and_errors([left_out, closed, *connections], "en")
    assert (line["status"], line.get("reason")) == ("TIMEOUT", None)


def test_a_platform_that_cannot_be_narrowed_gives_no_full_answer() -> None:
    """Where a platform has not got the field that the question chooses records by, and holds some, it is told; a record
    without a value at a platform that has the field is simply not meant, and who holds nothing lacks nothing."""

    class Nameless:
        def claims(self) -> dict[str, Claim]:
            claim = platform(CITY).claim(PENALTY.name)
            return {PENALTY.name: replace(claim, fields=claim.fields - {"counterpartyName"})}

    binder, name = Binder(CATALOGUE), frozenset({"counterpartyName"})
    nameless = binder.of(ruling(CITY, ALL), platform(CITY, connector=Nameless()))
    found = held(nameless, Reply("ANSWERED", (row("1"),)), name, (row("1"),))
    assert found.told is not None
    assert (found.status, found.told.complete) == ("INVALID", False)
    assert "`counterpartyName`" in (found.told.reason or {})["en"]
    assert held(nameless, Reply("ANSWERED"), name, ()).status == "ANSWERED"
    known = binder.of(ruling(COUNTY, ALL), platform(COUNTY))
    assert held(known, Reply("ANSWERED", (row("1"),)), name, (row("1"),)).told is None


CLOSED = row("1", status="REPAIRED", areaCode="370202")


@pytest.mark.parametrize(
    ("mine", "theirs"), [((row("1", status="REPAIRED"),), ()), ((row("1"),), (CLOSED,))], ids=["by itself", "elsewhere"]
)
def test_what_is_closed_is_not_betrayed_by_what_it_lacks(mine: tuple[Row, ...], theirs: tuple[Row, ...]) -> None:
    """Where a platform has not got the area, a question for a county is answered alike whether it holds a penalty that
    was repaired, there or at another platform, or none at all; an open one that cannot be placed is told."""

    class Nowhere:
        def claims(self) -> dict[str, Claim]:
            claim = platform(CITY).claim(PENALTY.name)
            return {PENALTY.name: replace(claim, fields=claim.fields - {"areaCode"})}

    def told(city: tuple[Row, ...], county: tuple[Row, ...]) -> tuple[Any, ...]:
        registry = Registry({CITY: platform(CITY, connector=Nowhere()), COUNTY: platform(COUNTY)})
        window = Window(regions=("370202",))
        branch = Branch(("s", "p"), ("s",), Subject(KEY, "Enterprise", False, None), PENALTY.name, frozenset(), window)
        parts = tuple(Part(0, ruling(name, ALL, (REPAIRED,)), ()) for name in (CITY, COUNTY))
        verdict = Verdict(Plan((), (branch,)), "", CALLER, AT, parts, frozenset(), (), frozenset())
        merger = Merger("c", Keyed(b"k" * 32), str, AT)
        replies = Replies({0: Reply("ANSWERED", city), 1: Reply("ANSWERED", county)})
        found = Connections(CATALOGUE, registry, Cursors(bytes(32))).connection(0, [0, 1], verdict, replies, merger)
        lines = [(each["status"], each.get("reason")) for each in found.sources]
        return found.complete, found.tree["totalCount"], lines

    nothing = told((), ())
    assert nothing == (True, 0, [("NONE", None), ("NONE", None)])
    assert told(mine, theirs) == nothing
    complete, total, [(status, _), _] = told((row("2"),), (CLOSED,))
    assert (complete, total, status) == (False, None, "INVALID")


def penalties(house: House, arguments: str = "") -> list[dict[str, Any]]:
    query = f"""query($id: SubjectKey!) {{ subject(id: $id) {{
        administrativePenalties{arguments} {{ nodes {{ documentNo provenance {{ platform }} }} }} }} }}"""
    answer = house.ask(query, "many_platforms", as_="shanghai-market-bureau", purpose="gov.licensing")
    return answer["data"]["subject"]["administrativePenalties"]["nodes"]  # type: ignore[no-any-return]


@pytest.mark.parametrize("arguments", ["", "(status: [ACTIVE])"])
def test_a_repair_at_one_platform_hides_the_other_s_copy(new_house: Callable[[], House], arguments: str) -> None:
    """A penalty that two platforms hold is gone from every answer as soon as one of them has repaired it."""
    house = new_house()
    [shared] = [node["documentNo"] for node in penalties(house) if len(node["provenance"]) == 2]
    [url] = [p["url"] for p in house.running.description["platforms"] if p["id"] == "370200-qingdao-double-publicity"]
    with contextlib.closing(sqlite3.connect(url.partition(":///")[2], isolation_level=None)) as city:
        city.execute("UPDATE SGS_XZCF SET CF_ZT = '9' WHERE CF_WSH = ?", (shared,))
    assert shared not in {node["documentNo"] for node in penalties(house, arguments)}
