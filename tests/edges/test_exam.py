"""The exam is examined: an honest platform passes whole, and each sown fault is found by the check that is for it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from connectors.conformance.bench import Bench
from connectors.conformance.filtered import equal, ranges
from connectors.conformance.outcome import Grade
from connectors.contract import SubjectKey
from connectors.kinds import KINDS
from connectors.kinds.rest import Rest
from tests.edges import sown
from tests.edges.crooked import Seen, Server, nobody
from tests.edges.invented import FIRM, OTHER, SQL_SOURCE, SQL_TYPE, TERMS, Surroundings
from tests.edges.invented import declaration as invented
from tests.edges.seeded import SAMPLES, Platform, bench, by_grade, declaration, one, sat
from tests.edges.sown import Sown

ALL = (1, 2, 3, 4, 5, 6)
ASKED = (1, 2, 3, 4, 6)


async def test_an_honest_platform_passes_whole(tmp_path: Path) -> None:
    """Nothing is held against a platform that keeps what it says, and all six groups are gone through: A."""
    async with Server(Platform().behaviour()) as server:
        report = await sat(bench(declaration(tmp_path), server.base), *ALL)
    assert by_grade(report, Grade.FAIL) == by_grade(report, Grade.WARN) == by_grade(report, Grade.UNDONE) == {}
    assert (report.readiness, report.exit_code) == ("A", 0)
    assert len(report.results) == 28


async def test_days_without_zeros_in_a_table_are_a_warning_of_rows_to_spare(tmp_path: Path) -> None:
    """What does not sort as a text comes along with every span, and the gateway drops it: no row is lost, and no filter
    is ignored."""
    with closing(sqlite3.connect(tmp_path / "permits.db")) as table:
        table.execute("CREATE TABLE permits (ID, CODE, STATE, DAY)")
        for number, day in enumerate(("2019/9/1", "2019/10/1", "2019/12/31")):
            table.execute("INSERT INTO permits VALUES (?, ?, '1', ?)", (number, FIRM, day))
        table.commit()
    permit = SQL_TYPE + '  decided: {column: DAY, date: "%Y/%m/%d"}\nfilters: {decided: [eq, range]}\n'
    settings = {"env:INVENTED_URL": f"sqlite+aiosqlite:///{tmp_path / 'permits.db'}"}
    examined = Bench(invented(SQL_SOURCE, permit), TERMS, Surroundings(settings), [SubjectKey("uscc", FIRM)])
    await examined.open()
    try:
        outcomes = [await check(examined) for check in (ranges, equal)]
    finally:
        await examined.close()
    for outcome in outcomes:
        assert outcome is not None
        assert {problem.grade for problem in outcome.problems} == {Grade.WARN}
        assert all("rows come that do not belong" in problem.text for problem in outcome.problems)


ANSWERS = [
    ("rows of another subject", "answers"),
    ("keys that change", "answers"),
    ("columns that nobody asked for", "asked"),
    ("an ignored filter", "equal"),
    ("a late row", "ranges"),
    ("a part that is not found", "contains"),
    ("a search that loses", "unnamed"),
    ("the first of a batch alone", "batch"),
    ("a page that repeats", "pages"),
    ("a page that leaves out", "pages"),
    ("an ignored order", "order"),
    ("the oldest first", "order"),
    ("a total that is too high", "limit"),
    ("rows for anybody", "unknown"),
    ("an unknown subject is an error", "unknown"),
    ("any key will do", "wrong-credential"),
    ("a wrong key is a breakdown", "wrong-credential"),
    ("yuan has become 万元", "as-expected"),
]


@pytest.mark.parametrize(("flaw", "check"), ANSWERS, ids=[flaw for flaw, _ in ANSWERS])
async def test_a_platform_that_does_not_keep_its_word(flaw: str, check: str, tmp_path: Path) -> None:
    """Whatever a platform's answers get wrong, the check that is for it fails, and readiness is D."""
    async with Server(Platform(flaw).behaviour()) as server:
        report = await sat(bench(declaration(tmp_path), server.base), *ASKED)
    assert check in by_grade(report, Grade.FAIL)
    assert (report.readiness, report.exit_code) == ("D", 1)


async def test_whoever_is_not_tried_is_named(tmp_path: Path) -> None:
    """Persons are claimed, and no test subject is one: that their rows would be found by a wrong name is not passed."""
    edits = {"{uscc: {path: dm}}": "{uscc: {path: dm}, citizenId: {path: sfzz}}"}
    async with Server(Platform().behaviour()) as server:
        report = await sat(bench(declaration(tmp_path, edits), server.base), *ASKED)
    assert by_grade(report, Grade.FAIL) == {}
    assert "no test subject with a `citizenId` has a row" in by_grade(report, Grade.WARN)["answers"]


@pytest.mark.parametrize("flaw", ["", "a long list is cut"], ids=["honest", "cutting"])
async def test_a_batch_is_tried_as_long_as_it_is_claimed(flaw: str, tmp_path: Path) -> None:
    """A platform that reads the first twenty codes of a list and keeps silent about the others: whoever stood behind
    them would look clean."""
    async with Server(Platform(flaw).behaviour()) as server:
        report = await sat(bench(declaration(tmp_path, {"batch: 5": "batch: 40"}), server.base), *ASKED)
    assert set(by_grade(report, Grade.FAIL)) == ({"batch"} if flaw else set())


@pytest.mark.parametrize("flaw", ["", "a cursor that skips"], ids=["honest", "skipping"])
async def test_pages_by_cursor(flaw: str, tmp_path: Path) -> None:
    """Where pages are turned by a cursor, one that leaves a row out is found by asking in smaller pages."""
    edits = {
        "    total: total\n": "",
        "{number: page, size: size, rows: 20}": "{cursor: after, size: size, next: next}",
    }
    async with Server(Platform(flaw).behaviour()) as server:
        report = await sat(bench(declaration(tmp_path, edits), server.base), *ASKED)
    assert set(by_grade(report, Grade.FAIL)) == ({"pages"} if flaw else set())


KIND = [
    (sown.Generous, "projection"),
    (sown.Greedy, "asked"),
    (sown.Talkative, "told"),
    (sown.Writing, "told"),
    (sown.Cutting, "limit"),
    (sown.Sorting, "order"),
    (sown.Hushing, "order"),
    (sown.Calling, "contacts"),
    (sown.Raising, "answers"),
    (sown.Writable, "read-only"),
    (sown.Mistaken, "faults"),
    (sown.Late, "deadline"),
    (sown.Clinging, "cancelled"),
]
BY_ITSELF = {"faults", "deadline", "cancelled"}  # checks that take their time


@pytest.mark.parametrize(("kind", "check"), KIND, ids=[case[0].__name__.lower() for case in KIND])
async def test_a_kind_that_does_not_keep_the_contract(
    kind: type[Sown], check: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever promise a kind breaks, the check that is for it fails, and what is said repeats no value."""
    monkeypatch.setitem(KINDS, "rest", sown.sown(kind, Rest))
    async with Server(Platform().behaviour()) as server:
        examined = bench(declaration(tmp_path), server.base)
        report = await one(examined, check) if check in BY_ITSELF else await sat(examined, *ASKED)
    assert check in by_grade(report, Grade.FAIL)
    assert FIRM not in str(report.results)


ON_PAPER = [
    ("a wrong unit", {"{from: yuan": "{from: wan"}, SAMPLES, "values", "`fine` should be 2.5 and becomes 25000"),
    ("swapped days", {'"%d/%m/%Y"': '"%m/%d/%Y"'}, SAMPLES.replace("31/12", "12/31"), "values", "`until` should be"),
    ("a wrong code", {'"1": ACTIVE, "2": REVOKED': '"1": REVOKED, "2": ACTIVE'}, SAMPLES, "values", "`state` should"),
    ("a day that is none", {}, SAMPLES.replace("2025-06-30 23:30:00", "20251301"), "rows", "Permit.decided is not a"),
    ("a row that should not map", {}, SAMPLES[: SAMPLES.index("    expect")] + "    expect: rejected\n", "rows", "and"),
    ("two rows of one key", {}, SAMPLES + SAMPLES.removeprefix("Permit:\n"), "keys", "2 samples have the same key"),
    ("an unknown field", {}, SAMPLES.replace("holder:", "holdr:"), "values", "unknown field `Permit.holdr`"),
    ("no mapping", {}, SAMPLES.replace("Permit:", "Permits:"), "rows", "unknown record type `Permits`"),
    ("a secret", {"env:INVENTED_BASE": "https://me:hunter2@invented.example"}, SAMPLES, "secrets", "holds a password"),
    (
        "a region's name",
        {'region: "': 'region: "3'},
        SAMPLES,
        "words",
        "`region` is not written as it should be, such as",
    ),
    ("an unknown word", {"batch:": "bath:"}, SAMPLES, "words", "unknown word `bath`"),
    ("a field that is none", {"number:  {": "numbr: {"}, SAMPLES, "fields", "unknown field `Permit.numbr`"),
]


@pytest.mark.parametrize(("edits", "samples", "check", "said"), [case[1:] for case in ON_PAPER],
                         ids=[case[0] for case in ON_PAPER])  # fmt: skip
async def test_what_is_wrong_on_paper(
    edits: dict[str, str], samples: str, check: str, said: str, tmp_path: Path
) -> None:
    """A mistake in a declaration or in what its samples mean is found without asking anybody, where it stands."""
    report = await sat(bench(declaration(tmp_path, edits, samples)), 1, 2)
    assert said in by_grade(report, Grade.FAIL)[check]
    assert "hunter2" not in str(report.results)
    assert (report.readiness, report.exit_code) == ("D", 1)


async def test_what_no_machine_can_know_is_asked_for(tmp_path: Path) -> None:
    """An amount and a day that no sample expects are named: a wrong unit there would not be found."""
    bare = SAMPLES[: SAMPLES.index("    live")]
    report = await sat(bench(declaration(tmp_path, samples=bare)), 1, 2)
    assert by_grade(report, Grade.WARN)["expected"] == "Permit: no sample says what decided, fine, until must be"


async def test_a_misspelt_path_is_noticed(tmp_path: Path) -> None:
    """A field whose name is spelled otherwise than the platform's is empty in every sample, and named."""
    samples = SAMPLES.replace("holder: 虚构一号有限公司, ", "")
    report = await sat(bench(declaration(tmp_path, {"{path: mc}": "{path: mcc}"}, samples)), 1, 2)
    assert "no sample fills holder" in by_grade(report, Grade.WARN)["expected"]


async def test_what_was_not_done_is_never_passed(tmp_path: Path) -> None:
    """Without samples, without a test subject, without a setting: each is told as not done, and the exit is 2."""
    report = await sat(bench(declaration(tmp_path, samples=None)), 1, 2)
    assert set(by_grade(report, Grade.UNDONE)) == {"rows"}
    assert (report.readiness, report.exit_code) == ("D", 2)
    async with Server(Platform().behaviour()) as server:
        nobody = bench(declaration(tmp_path, samples=None), server.base)
        nobody.subjects = ()
        report = await sat(nobody, *ASKED)
        assert {"rows", "answers"} <= set(by_grade(report, Grade.UNDONE))
        assert (report.readiness, report.exit_code) == ("D", 2)
        missing = bench(declaration(tmp_path, {"value: env:INVENTED_KEY": "value: env:NOT_SET"}), server.base)
        report = await sat(missing, *ASKED)
    assert "NOT_SET" in by_grade(report, Grade.UNDONE)["opens"]
    assert (report.readiness, report.exit_code) == ("C", 2)


async def test_who_does_not_answer_is_not_judged_further(tmp_path: Path) -> None:
    """A platform that is not well, or knows none of the test subjects, fails nothing else by that."""
    async with Server(Platform().behaviour()) as server:
        with nobody() as port:
            report = await sat(bench(declaration(tmp_path), f"http://127.0.0.1:{port}"), *ASKED)
        assert set(by_grade(report, Grade.FAIL)) == {"opens"}
        unknown = bench(declaration(tmp_path, samples=None), server.base)
        unknown.subjects = [SubjectKey("uscc", "91370000INVENTED9Z")]
        report = await sat(unknown, *ASKED)
    assert by_grade(report, Grade.FAIL) == {}
    assert "answers" in by_grade(report, Grade.UNDONE)
    assert (report.readiness, report.exit_code) == ("D", 2)


class Closed(Platform):
    """Well, and yet it answers everybody with `flaw`."""

    def answer(self, seen: Seen) -> tuple[str, dict[str, Any]]:
        return ("200 OK", {"code": "200"}) if seen.path == "/health" else (self.flaw, {"code": "1"})


@pytest.mark.parametrize("status", ["401 No", "503 Later"])
async def test_what_befalls_everybody_is_not_declared_as_unknown(status: str, tmp_path: Path) -> None:
    """A wrong key, or a platform that is down: nobody is told to declare its code as that of an unknown subject, by
    which it would be no records for good."""
    async with Server(Closed(status).behaviour()) as server:
        report = await sat(bench(declaration(tmp_path), server.base), *ASKED)
    fixes = {each.fix for result in report.results for each in result.outcome.problems}
    assert {"answers", "unknown"} <= by_grade(report, Grade.FAIL).keys()
    assert not [fix for fix in fixes if "SubjectUnknown" in fix]
    assert any("refuses our credential" in fix for fix in fixes) == (status == "401 No")


async def test_a_declaration_that_is_not_good_asks_nobody(tmp_path: Path) -> None:
    """Then each group that would ask says so once; a kind that is none is told with the nearest, a sample that is not
    there by its file, and no check that had nothing to look at passes."""
    async with Server(Platform().behaviour()) as server:
        report = await sat(bench(declaration(tmp_path, {"kind: rest": "kind: rst"}), server.base), *ALL)
        assert not server.seen
    assert "unknown kind `rst`, did you mean `rest`?" in by_grade(report, Grade.FAIL)["words"]
    assert set(by_grade(report, Grade.FAIL)) == {"words"}
    assert [each.group for each in report.results if each.group > 2] == [3, 4, 5, 6]
    report = await sat(bench(declaration(tmp_path, {"samples: ": "samples: none/"})), 1, 2)
    assert [each.name for each in report.results if each.group == 2] == ["rows"]


async def test_an_exam_asks_only_about_its_subjects(tmp_path: Path) -> None:
    """No question goes out about anybody but the test subjects and codes that nobody has."""
    platform = Platform()
    async with Server(platform.behaviour()) as server:
        await sat(bench(declaration(tmp_path), server.base), *ASKED)
    asked = {code for query in platform.asked for code in query.get("codes", "").split(",") if code}
    assert FIRM in asked
    assert asked - {FIRM, OTHER} == {code for code in asked if code[8:12] == "YYYY"}
