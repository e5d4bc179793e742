"""Kind `file` against real files in a real folder: which file answers, what becomes of its cells, what is staged."""

from __future__ import annotations

import asyncio
import io
import logging
import os
import sqlite3
import tempfile
import threading
import time
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from textwrap import indent
from typing import Any

import pytest
import xlsxwriter

from connectors.contract import Condition, Connector, ContractBroken, Deadline, TimedOut, Unavailable
from connectors.kinds.file import THREADS, cells, reading, staging
from connectors.kinds.file.choosing import CHINA, period_in
from connectors.kinds.file.staging import Staged, Staging
from connectors.registry import load
from connectors.spelling import DeclarationError
from gateway.documents import Document
from tests.edges.dropped import (
    BOOK,
    HEADER,
    PERMIT,
    PHONE,
    PROVEN,
    SOURCE,
    Folder,
    book_of,
    csv_of,
    ids,
    opened,
    row,
    table,
)
from tests.edges.invented import (
    FIRM,
    HEAD,
    OTHER,
    PERSON,
    TERMS,
    THIRD,
    Now,
    ask,
    connector,
    pages,
    registered,
    rows,
)

PATIENCE = 30.0  # seconds for what comes at once, also on a machine that has other things to do


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    (tmp_path / "drop").mkdir()
    return Folder(tmp_path / "drop")


async def test_a_csv_answers_in_catalogue_words(folder: Folder) -> None:
    """Columns are found by their names without regard to blanks and width, rows by subject, cells by their words."""
    folder.send(
        "permits-20200101.csv", csv_of(row(2, fine="\\N", day="20200201"), row(1), row(3, OTHER), row(4, PERSON))
    )
    async with opened(folder) as made:
        found = await rows(made, ask("holder", "number", "decided", "fine", "state"))
        assert [each.id for each in found] == ["1", "2"]
        plain = {"holder": "甲", "number": "A-1", "decided": date(2020, 1, 31), "state": "ACTIVE"}
        assert found[0].values == plain | {"fine": Decimal("0.2")}
        assert (found[1].values["fine"], found[1].values["decided"]) == (None, date(2020, 2, 1))
        assert await ids(made, PERSON) == ["4"]
        assert await ids(made, THIRD) == []


async def test_a_workbook_gives_the_same_as_a_csv(folder: Folder) -> None:
    """Dates of a workbook are dates under every format, and codes that are kept as numbers keep their spelling."""
    lines = [row(1, state=1, day=date(2020, 1, 31), fine=2000), row(2, state=2.0, day="20200201", no=30)]
    folder.send("permits-1.xlsx", book_of(*lines))
    async with opened(folder, BOOK) as made:
        found = await rows(made, ask("decided", "fine", "state", "number"))
        assert [each.id for each in found] == ["1", "2"]
        assert [each.values["state"] for each in found] == ["ACTIVE", "REVOKED"]
        assert [each.values["decided"] for each in found] == [date(2020, 1, 31), date(2020, 2, 1)]
        assert found[1].values["number"] == "30"
        assert str(found[0].values["fine"]) == "0.2"


async def test_claims_filters_and_batches_are_those_of_a_table(folder: Folder) -> None:
    """Conditions are pushed down exactly, also on a workbook's own dates; subjects go in batches; cuts are told."""
    exact = BOOK.replace('["%Y/%m/%d", "%Y%m%d"]', '"%Y/%m/%d"')
    exact += "filters: {state: [eq], decided: [range]}\nbatch: 2\n"
    days = [row(1, day=date(2020, 1, 31)), row(2, day="2020/02/01"), row(3, day=date(2020, 2, 2), state=2)]
    folder.send("permits-1.xlsx", book_of(*days, row(4, OTHER), row(5, THIRD)))
    async with opened(folder, exact) as made:
        assert made.claims()["Permit"].filters == {"state": {"eq"}, "decided": {"range"}}
        span = Condition("decided", "range", (date(2020, 2, 1), date(2020, 2, 2)))
        assert [each.id for each in await rows(made, ask(where=(span,)))] == ["2", "3"]
        active = Condition("state", "eq", ("ACTIVE",))
        assert [each.id for each in await rows(made, ask(where=(span, active)))] == ["2"]
        assert len(await pages(made, ask(subjects=(FIRM, OTHER, THIRD)))) == 2
        (page,) = await pages(made, ask(limit=2))
        assert (len(page.rows), page.truncated) == (2, True)


async def test_milliseconds_are_compared_as_numbers_in_a_text_file_too(folder: Folder) -> None:
    """A CSV holds texts; an instant in it is found by its span all the same."""
    permit = PERMIT.replace('["%Y/%m/%d", "%Y%m%d"]', "epochMillis") + "filters: {decided: [range]}\n"
    folder.send("permits-1.csv", csv_of(row(1, day="1546272000000"), row(2, day="1546358400000"), row(3, day="无")))
    async with opened(folder, permit) as made:
        for until, found in ((date(2019, 1, 1), ["1"]), (None, ["1", "2"]), (date(2018, 1, 1), [])):
            span = Condition("decided", "range", (date(2018, 1, 1), until))
            came = await rows(made, ask("decided", where=(span,)))
            assert [each.id for each in came if each.values["decided"] is not None] == found


async def test_only_mapped_columns_are_staged(folder: Folder) -> None:
    """A column that nobody mapped is nowhere in the staged table: neither its name nor a value of it."""
    folder.send("permits-1.csv", csv_of(row(1), row(2)))
    async with opened(folder) as made:
        await ids(made)
        dump = "\n".join(table(made).iterdump())
        assert FIRM in dump
        assert "电话" not in dump
        assert PHONE not in dump


async def test_nothing_is_written_to_any_disk(folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The staged table has no file, no journal and no spilled sort, while it is open and after."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    monkeypatch.setenv("SQLITE_TMPDIR", str(temporary))
    folder.send("permits-1.csv", csv_of(*(row(number) for number in range(2500))))
    before = sorted(path.name for path in tmp_path.rglob("*"))
    async with opened(folder) as made:
        await pages(made, ask())
        keeper = table(made)
        assert keeper.execute("PRAGMA database_list").fetchall() == [(0, "main", "")]
        assert sorted(path.name for path in tmp_path.rglob("*")) == before
        handles = [
            os.readlink(f"/proc/self/fd/{each}")
            for each in os.listdir("/proc/self/fd")
            if each.isdigit() and Path(f"/proc/self/fd/{each}").is_symlink()
        ]
        assert not any("etilqs" in handle or handle.startswith(str(tmp_path)) for handle in handles)
    with pytest.raises(sqlite3.ProgrammingError):
        keeper.execute("select 1")
    assert sorted(path.name for path in tmp_path.rglob("*")) == before


PERIODS = [
    ("permits-20261123.csv", (2026, 11, 24)),
    ("permits-2026-11-23(更正).csv", (2026, 11, 24)),
    ("名单2026年11月23日.csv", (2026, 11, 24)),
    ("permits-202611.csv", (2026, 12, 1)),
    ("1234567-2026.11.23-v2.csv", (2026, 11, 24)),
    ("permits-2026-11-1.csv", (2026, 11, 2)),
    ("名单2026年1月5日.csv", (2026, 1, 6)),
    ("名单2026年1月.csv", (2026, 2, 1)),
    ("permits-202611-2.csv", (2026, 12, 1)),
    ("permits-2026-13-1.csv", None),
    ("permits-20261131.csv", None),
    ("permits-20991231.csv", None),
    ("permits-912026112300.csv", None),
    ("permits.csv", None),
]


@pytest.mark.parametrize(("name", "end"), PERIODS)
def test_the_date_of_a_name_is_a_day_or_a_month(name: str, end: tuple[int, int, int] | None) -> None:
    """A name's period ends with its day or month; digits that are no date, and days to come, are no period."""
    found = period_in(name, datetime(2026, 11, 24, 12, tzinfo=CHINA))
    assert found == (end and datetime(*end, tzinfo=CHINA))


async def test_the_newest_file_answers_by_date_then_by_last_change(folder: Folder) -> None:
    """The latest date in a name wins over the last change; of one date the later correction wins."""
    folder.send("permits-20200102.csv", csv_of(row(1)), ago=9000)
    folder.send("permits-20200101.csv", csv_of(row(2)), ago=60)
    async with opened(folder) as made:
        assert await ids(made) == ["1"]
        folder.send("permits-20200102-b.csv", csv_of(row(3)), ago=100)
        assert await ids(made) == ["3"]
        folder.send("permits-20200103.csv", csv_of(row(4)), ago=20000)
        assert await ids(made) == ["4"]


async def test_an_answer_says_as_of_when_it_is(folder: Folder) -> None:
    """The date is the end of the day in the name, the last change when that was before, or a column's newest value."""
    folder.send("permits-20200102.csv", csv_of(row(1)))
    async with opened(folder) as made:
        (page,) = await pages(made, ask())
        assert page.as_of == datetime(2020, 1, 3, tzinfo=CHINA)
        changed = folder.send("permits-latest.csv", csv_of(row(1)), ago=100).stat().st_mtime
        (page,) = await pages(made, ask())
        assert page.as_of == datetime.fromtimestamp(changed, CHINA)
    async with opened(folder, PERMIT + 'asOf: {column: 日期, timestamp: "%Y/%m/%d"}\n') as made:
        (page,) = await pages(made, ask())
        assert page.as_of == datetime(2020, 1, 31, tzinfo=CHINA)


async def test_a_file_sent_again_replaces_what_was_there(folder: Folder) -> None:
    """A whole file stands for everything: what the next one lacks is gone, and so is its staged copy."""
    folder.send("permits-1.csv", csv_of(row(1), row(2)))
    async with opened(folder) as made:
        assert await ids(made) == ["1", "2"]
        first = table(made)
        folder.send("permits-1.csv", csv_of(row(3)))
        assert await ids(made) == ["3"]
        with pytest.raises(sqlite3.ProgrammingError):
            first.execute("select 1")


async def test_changes_add_up_by_key(folder: Folder) -> None:
    """With `complete: changes` each file adds to those before it, and the later row of a key stands."""
    permit = PERMIT.replace('"permits-*.csv"', '"permits-*.csv", complete: changes')
    folder.send("permits-20200101.csv", csv_of(row(1), row(2)))
    folder.send("permits-20200102.csv", csv_of(row(2, state="2"), row(3)))
    async with opened(folder, permit) as made:
        found = await rows(made, ask())
        assert [(each.id, each.values["state"]) for each in found] == [
            ("1", "ACTIVE"),
            ("2", "REVOKED"),
            ("3", "ACTIVE"),
        ]
        folder.send("permits-20200103.csv", csv_of(row(1, state="2")))
        folder.send("permits-20200104.csv", csv_of(row(4)) + '"')
        folder.send("permits-20200105.csv", csv_of(row(5)))
        (page,) = await pages(made, ask())
        assert [(each.id, each.values["state"]) for each in page.rows] == [
            ("1", "REVOKED"),
            ("2", "REVOKED"),
            ("3", "ACTIVE"),
        ]
        assert page.as_of == datetime(2020, 1, 4, tzinfo=CHINA)  # what comes after a torn file is not added


async def test_a_key_is_the_same_however_a_later_file_writes_it(folder: Folder) -> None:
    """A number in one workbook and a text with blanks in the next are one key: the later row stands, alone."""
    permit = BOOK.replace('"permits-*.xlsx"', '"permits-*.xlsx", complete: changes')
    folder.send("permits-20200101.xlsx", book_of(row(1), row(2)))
    folder.send("permits-20200102.xlsx", book_of(row(" 1", state="2"), row("2\u3000", state="2")))
    async with opened(folder, permit) as made:
        found = await rows(made, ask())
        assert [(each.id, each.values["state"]) for each in found] == [("1", "REVOKED"), ("2", "REVOKED")]


async def test_questions_that_run_keep_the_table_they_began_with(folder: Folder) -> None:
    """While files are replaced under forty questions, each answer is one file's, whole, and none fails."""

    def content(number: int) -> str:
        return csv_of(*(row(f"{number}-{index}") for index in range(50)))

    folder.send("permits-1.csv", content(0))
    async with opened(folder) as made:

        async def question() -> set[str]:
            found = await ids(made)
            assert len(found) == 50
            return {each.partition("-")[0] for each in found}

        seen: list[set[str]] = []
        for number in range(1, 9):
            running = [asyncio.ensure_future(question()) for _ in range(5)]
            await asyncio.sleep(0)
            folder.send("permits-1.csv", content(number), ago=1000 - number)
            seen += await asyncio.gather(*running)
        assert all(len(each) == 1 for each in seen)
        assert await question() == {"8"}


def unfinished(folder: Folder) -> None:
    folder.send("permits-20200102.csv", csv_of(row(9)), ago=-1000)  # by a clock that is ahead


def cut(folder: Folder) -> None:
    folder.send("permits-20200102.csv", csv_of(row(9)).encode("gb18030") + b'"\xb9')


def foreign(folder: Folder) -> None:
    folder.send("permits-20200102.csv", csv_of(row(9)), encoding="utf-8")


def hollow(folder: Folder) -> None:
    folder.send("permits-20200102.csv", "")


def linked(folder: Folder) -> None:
    folder.send("elsewhere", csv_of(row(9)))
    (folder.path / "permits-20200102.csv").symlink_to(folder.path / "elsewhere")


def piped(folder: Folder) -> None:
    os.mkfifo(folder.path / "permits-20200102.csv")


TORN: list[tuple[str, Callable[[Folder], None]]] = [
    ("that was changed just now", unfinished),
    ("that ends in the middle", cut),
    ("of another encoding", foreign),
    ("that is empty", hollow),
    ("that is a link", linked),
    ("that is a pipe", piped),
]


@pytest.mark.parametrize("harm", [case[1] for case in TORN], ids=[case[0] for case in TORN])
async def test_a_file_that_is_not_whole_never_replaces_the_good_one(
    folder: Folder, harm: Callable[[Folder], None]
) -> None:
    """The answer comes from the last good file, as of its own date; without one it is Unavailable."""
    harm(folder)
    async with opened(folder) as made:
        with pytest.raises(Unavailable):
            await ids(made)
        folder.send("permits-20200101.csv", csv_of(row(1)))
        (page,) = await pages(made, ask())
        assert [each.id for each in page.rows] == ["1"]
        assert page.as_of == datetime(2020, 1, 2, tzinfo=CHINA)


async def test_the_same_name_written_anew_keeps_the_old_content_until_it_is_whole(folder: Folder) -> None:
    """A file that is overwritten in place answers with what it held before, and then with the new content."""
    path = folder.send("permits-1.csv", csv_of(row(1)))
    async with opened(folder) as made:
        assert await ids(made) == ["1"]
        whole = csv_of(row(1), row(2)).encode("gb18030")
        for written in (whole[:60], whole):
            path.write_bytes(written)
            os.utime(path, (time.time() + PATIENCE, time.time() + PATIENCE))  # by the clock of its server
            assert await ids(made) == ["1"]  # it may still grow
        os.utime(path, (time.time() - 10, time.time() - 10))
        assert await ids(made) == ["1", "2"]


async def test_a_checksum_that_is_declared_must_match(folder: Folder) -> None:
    """Without its checksum, or with a wrong one, a file is left aside; with it a file is taken at once."""
    folder.prove(folder.send("permits-20200101.csv", csv_of(row(1))))
    later = folder.send("permits-20200102.csv", csv_of(row(2)), ago=0)
    async with opened(folder, PROVEN) as made:
        assert await ids(made) == ["1"]
        later.with_name(f"{later.name}.sha256").write_text("0" * 64)
        assert await ids(made) == ["1"]
        folder.prove(later)
        assert await ids(made) == ["2"]
        later.with_name(f"{later.name}.sha256").unlink()
        assert await ids(made) == ["2"]  # the staged copy was proven
        later.unlink()
        assert await ids(made) == ["1"]


async def test_a_torn_workbook_is_noticed_without_a_checksum(folder: Folder) -> None:
    """Half a workbook, or one with a flipped bit, is left aside."""
    whole = book_of(row(9))
    folder.send("permits-20200101.xlsx", book_of(row(1)))
    async with opened(folder, BOOK) as made:
        for torn in (whole[: len(whole) // 2], whole[:200] + bytes([whole[200] ^ 255]) + whole[201:], b"PK\x03\x04"):
            folder.send("permits-20200102.xlsx", torn)
            assert await ids(made) == ["1"]
        folder.send("permits-20200102.xlsx", whole)
        assert await ids(made) == ["9"]


async def test_a_workbook_cannot_take_the_gateway_with_it(folder: Folder) -> None:
    """A cell at the far end of a sheet, for which no memory suffices, is an unreadable file and nothing more."""
    with zipfile.ZipFile(io.BytesIO(book_of(row(9)))) as parts:
        contents = {name: parts.read(name) for name in parts.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    assert b"</sheetData>" in contents[sheet]
    far = b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
    contents[sheet] = contents[sheet].replace(b"</sheetData>", far)
    damaged = io.BytesIO()
    with zipfile.ZipFile(damaged, "w") as parts:
        for name, content in contents.items():
            parts.writestr(name, content)
    folder.send("permits-20200101.xlsx", book_of(row(1)))
    folder.send("permits-20200102.xlsx", damaged.getvalue())
    async with opened(folder, BOOK) as made:
        assert await ids(made) == ["1"]


async def test_a_folder_that_is_gone_is_unavailable_at_once(folder: Folder) -> None:
    """No old copy answers for a folder that cannot be reached, none is even kept; when it is back, so is the answer."""
    folder.send("permits-1.csv", csv_of(row(1)))
    async with opened(folder) as made:
        assert await ids(made) == ["1"]
        await made.health(Deadline.within(5))
        keeper = table(made)
        away = folder.path.rename(folder.path.with_name("away"))
        with pytest.raises(Unavailable, match="the folder cannot be reached"):
            await ids(made)
        with pytest.raises(sqlite3.ProgrammingError):
            keeper.execute("select 1")
        with pytest.raises(Unavailable):
            await made.health(Deadline.within(5))
        away.rename(folder.path)
        assert await ids(made) == ["1"]


async def test_a_file_that_was_taken_away_answers_no_more(folder: Folder) -> None:
    """A withdrawn file leaves nothing behind: the next older one answers, or none does, and the copy is gone."""
    folder.send("permits-20200101.csv", csv_of(row(1)))
    newest = folder.send("permits-20200102.csv", csv_of(row(2)))
    async with opened(folder) as made:
        assert await ids(made) == ["2"]
        newest.unlink()
        assert await ids(made) == ["1"]
        keeper = table(made)
        (folder.path / "permits-20200101.csv").unlink()
        with pytest.raises(Unavailable, match="no file has come"):
            await ids(made)
        with pytest.raises(sqlite3.ProgrammingError):
            keeper.execute("select 1")


BROKEN: list[tuple[str, str, str | bytes, str]] = [
    ("without a mapped column", PERMIT, csv_of(row(1), header=[*HEADER[:4], "情况", *HEADER[5:]]), "`状态` is missing"),
    ("with a column twice", PERMIT, csv_of(row(1), header=[*HEADER[:9], "状 态"]), "`状态` is there more than once"),
    ("without its sheet", BOOK, book_of(row(1), sheet="其他"), "there is no sheet `许可`"),
    ("larger than the cap", PERMIT, csv_of(row(1, name="甲" * 1_100_000)), "larger than `maxBytes`"),
    (
        "that unpacks beyond the cap",
        BOOK,
        book_of(*(row(n, name=f"{n}" * 300) for n in range(2000))),
        "unpacks to more",
    ),
    ("with too many rows", PERMIT, csv_of(*(row(number) for number in range(3001))), "more than `maxRecords`"),
    ("whose rows do not fit the header", PERMIT, csv_of(*(row(n)[:-2] for n in range(4)), row(5)), "rows did not map"),
]


@pytest.mark.parametrize(("permit", "content", "reason"), [case[1:] for case in BROKEN], ids=[c[0] for c in BROKEN])
async def test_a_whole_file_that_breaks_the_declaration_is_contract_broken(
    folder: Folder, permit: str, content: str | bytes, reason: str
) -> None:
    """A file that is whole and not as declared is told, never replaced by an older one, until a right one comes."""
    ending = "xlsx" if permit == BOOK else "csv"
    right = book_of(row(1)) if permit == BOOK else csv_of(row(1))
    folder.send(f"permits-20200101.{ending}", right)
    async with opened(folder, permit) as made:
        assert await ids(made) == ["1"]
        folder.send(f"permits-20200102.{ending}", content)
        for _ in range(2):
            with pytest.raises(ContractBroken, match=reason) as caught:
                await ids(made)
            assert FIRM not in str(caught.value)
        folder.send(f"permits-20200103.{ending}", right)
        assert await ids(made) == ["1"]


async def test_notes_empty_rows_and_descriptions_are_no_records(
    folder: Folder, caplog: pytest.LogCaptureFixture
) -> None:
    """Rows above the header, explained columns, sums, notes and empty rows are left out and counted, not rejected."""
    permit = PERMIT.replace('"permits-*.csv"', '"permits-*.csv", headerRow: 3, skipRows: 1')
    explained = ["填写说明", *["必填"] * 9]
    notes: list[list[Any]] = [
        ["注：本表每日更新"],
        ["", "合计", "", "", "", "", "", "", 4000, ""],
        [""],
        [],
        ["", "", "以上为全部数据"],
        ["填报人：乙", "", "审核人：丙"],
    ]
    text = csv_of(
        explained, row(1), ["", *[""] * 9], row(2, name="注册示例事务所"), *notes, above=("表格说明,本表", "")
    )
    folder.send("permits-1.csv", text)
    with caplog.at_level(logging.INFO, "connectors.kinds.file.drop"):
        async with opened(folder, permit) as made:
            (page,) = await pages(made, ask("holder"))
    assert [each.id for each in page.rows] == ["1", "2"]
    assert page.rejected == []
    assert "2 rows staged, 7 left out, 0 broken" in caplog.text


async def lost_to_a_person_alone(made: Connector) -> None:
    (page,) = await pages(made, ask("number", subjects=(PERSON,)))
    assert page.rows == []
    assert page.rejected == [
        "Permit.subject of a row that may belong here cannot be read: digits are lost, or cells moved"
    ]
    (page,) = await pages(made, ask("number", subjects=(OTHER,)))
    assert (len(page.rows), page.rejected) == (1, [])


async def test_a_code_that_lost_digits_rejects_its_row(folder: Folder) -> None:
    """A number of more than fifteen digits is no code: its row is rejected for whomever it may concern, nobody else."""
    lost = row(2, PERSON)
    lost[3] = int(PERSON)
    lines = [row(1), row(3, no=370000199001010001), lost, row(4, OTHER)]
    folder.send("permits-1.xlsx", book_of(*lines, *(row(number, THIRD) for number in range(10, 80))))
    async with opened(folder, BOOK) as made:
        (page,) = await pages(made, ask("number"))
        assert [each.id for each in page.rows] == ["1"]
        assert page.rejected == [
            "Permit.number (row 3) is a number of more than 15 digits, some of them lost: keep codes as text"
        ]
        await lost_to_a_person_alone(made)


@pytest.mark.parametrize("damaged", ["3.70000E+17", "3.7e17", "3.70000199001010E+17"])
async def test_a_code_that_a_spreadsheet_damaged_in_a_text_is_told(folder: Folder, damaged: str) -> None:
    """Saved as CSV, a number of a person is `3.70000E+17`, or ends with zeros: whom it may have been is told so."""
    assert cells.beginnings("370102199001010000") == {"370102199001010"}
    lost = row(2, PERSON)
    lost[3] = damaged
    folder.send("permits-1.csv", csv_of(row(1), lost, row(4, OTHER)))
    async with opened(folder) as made:
        await lost_to_a_person_alone(made)


async def test_a_file_without_a_single_code_is_refused(folder: Folder) -> None:
    """Where no text of a column is a code nobody would be found in the file, and all would be told of no records."""
    folder.send("permits-1.csv", csv_of(*(row(number, f"x{FIRM}") for number in range(4))))
    async with opened(folder) as made:
        with pytest.raises(ContractBroken, match="none of 4 texts in `统一社会信用代码` is the code of a subject"):
            await ids(made)
        folder.send("permits-2.csv", csv_of(*(row(number, f"x{FIRM}") for number in range(4)), row(4)), ago=60)
        assert await ids(made) == ["4"]


async def test_codes_that_are_none_and_files_without_records_are_told_in_the_log(
    folder: Folder, caplog: pytest.LogCaptureFixture
) -> None:
    """Nobody finds a row whose code is mistyped, and a file of a header alone may be an export that failed."""
    with caplog.at_level(logging.INFO, "connectors.kinds.file.drop"):
        folder.send("permits-1.csv", csv_of(row(1), row(2, f"{FIRM}x"), row(3, "12345678-9")))
        async with opened(folder) as made:
            assert await ids(made) == ["1"]
            assert "3 rows staged, 0 left out, 0 broken, 2 codes that are no subject's" in caplog.text
            assert [line for line in caplog.records if line.levelno > logging.INFO] == []
            folder.send("permits-2.csv", csv_of(), ago=60)
            assert await ids(made) == []
    assert [line.getMessage() for line in caplog.records if line.levelno > logging.INFO] == [
        "`permits-*.csv`: the newest file holds no record at all, and answers so"
    ]


async def test_a_record_that_begins_like_a_remark_is_a_record(folder: Folder) -> None:
    """A row whose first cell says `说明：` but that names a subject is not left out."""
    folder.send("permits-1.csv", csv_of(row("说明：1"), row(2), ["说明：以上属实", *[""] * 9]))
    async with opened(folder) as made:
        assert await ids(made) == ["2", "说明：1"]


async def test_a_row_of_too_many_cells_is_rejected_for_its_subject(folder: Folder) -> None:
    """`5,000000` without quotes moves every cell after it: the row is rejected for the subject whose code is in it."""
    moved = row(2, fine="5,000000")
    folder.send("permits-1.csv", csv_of(row(1), moved, row(3, OTHER), [*row(4, OTHER), ""]))
    async with opened(folder) as made:
        (page,) = await pages(made, ask())
        assert [each.id for each in page.rows] == ["1"]
        assert page.rejected == ["Permit.key (row 3) has 11 cells, the header has 10"]
        (page,) = await pages(made, ask(subjects=(OTHER,)))
        assert ([each.id for each in page.rows], page.rejected) == (["3", "4"], [])
        (page,) = await pages(made, ask(subjects=(PERSON,)))
        assert page.rejected == []


async def test_a_broken_row_is_told_to_each_kind_of_subject_in_one_column(folder: Folder) -> None:
    """Firms and persons may stand in one column, told apart by another: a row that moved is rejected for either."""
    of = 'uscc: {column: "统一社会信用代码", where: {column: 证件类型, is: "1"}}'
    permit = PERMIT.replace('uscc: {column: "统一社会信用代码"}', of).replace(
        "column: 证件号码", "column: 统一社会信用代码"
    )
    firm, person = row(1, fine="5,000000", type="1"), row(2, PERSON, fine="5,000000")
    person[1] = PERSON
    folder.send("permits-1.csv", csv_of(firm, person, row(3, type="1")))
    async with opened(folder, permit) as made:
        for subject, found in ((FIRM, 1), (PERSON, 0)):
            (page,) = await pages(made, ask(subjects=(subject,)))
            assert (len(page.rows), len(page.rejected)) == (found, 1)


async def test_an_open_question_is_told_of_every_row_that_cannot_be_read(folder: Folder) -> None:
    """A question that names nobody finds rows by its conditions, and any broken row may be one that it misses."""
    permit = PERMIT + "filters: {state: [eq]}\n"
    folder.send("permits-1.csv", csv_of(row(1), row(2, fine="5,000000"), row(3, OTHER, "2"), row(4, OTHER)))
    async with opened(folder, permit) as made:
        active = replace(ask(where=(Condition("state", "eq", ("ACTIVE",)),)), subjects=())
        (page,) = await pages(made, active)
        assert [each.id for each in page.rows] == ["1", "4"]
        assert len(page.rejected) == 1


async def test_a_row_that_cannot_be_read_is_told_whatever_is_asked_of_it(folder: Folder) -> None:
    """A condition finds no row whose cells moved, or whose code lost digits: its subject is told all the same."""
    permit = BOOK + "filters: {number: [eq]}\n"
    moved = [*row(2), "a remark beside the table"]
    folder.send("permits-1.xlsx", book_of(row(1), moved, row(3, OTHER, no=370000199001010001), row(4, THIRD)))
    async with opened(folder, permit) as made:
        for subject, rejected in ((FIRM, 1), (OTHER, 1), (THIRD, 0)):
            asked = ask(subjects=(subject,), where=(Condition("number", "eq", ("A-1",)),))
            (page,) = await pages(made, asked)
            assert ([each.id for each in page.rows], len(page.rejected)) == (["1"] * (subject == FIRM), rejected)


async def test_conditions_find_what_is_read_however_it_is_written(folder: Folder) -> None:
    """Days in full width and codes with signs that nobody sees meet a condition as they are read; and of a value that
    cannot be read nobody knows whether it does: its row is told, to those who ask by it."""
    permit = PERMIT.replace('["%Y/%m/%d", "%Y%m%d"]', '"%Y/%m/%d"') + "filters: {decided: [range], number: [eq]}\n"
    spelt = [{"day": "２０２０／０１／３１"}, {"day": "31.1.2020"}, {"no": "\u202aa-1"}, {"day": "2021/01/31"}]
    lines = [row(number, **cells_of) for number, cells_of in enumerate(spelt, 1)]
    folder.send("permits-1.csv", csv_of(*lines, row(5, OTHER)))
    span = Condition("decided", "range", (date(2020, 1, 1), date(2020, 12, 31)))
    number = Condition("number", "eq", ("A-1",))
    async with opened(folder, permit) as made:
        for where, rejected in (((span,), 1), ((number,), 0), ((span, number), 1)):
            (page,) = await pages(made, ask("holder", where=where))
            assert ([each.id for each in page.rows], len(page.rejected)) == (["1", "3"], rejected)
        (page,) = await pages(made, ask("decided", subjects=(OTHER,), where=(span,)))
        assert (len(page.rows), page.rejected) == (1, [])
        (page,) = await pages(made, replace(ask("number", where=(span,)), subjects=()))
        assert len(page.rejected) == 1


async def test_a_row_that_a_later_file_corrects_is_told_no_more(folder: Folder) -> None:
    """Where files add up, a value that could not be read is that of nobody once its row was sent again."""
    permit = PERMIT.replace('"permits-*.csv"', '"permits-*.csv", complete: changes')
    permit = permit.replace('["%Y/%m/%d", "%Y%m%d"]', '"%Y/%m/%d"') + "filters: {decided: [range]}\n"
    span = Condition("decided", "range", (date(2020, 1, 1), date(2020, 12, 31)))
    folder.send("permits-20200101.csv", csv_of(row(1), row(2, day="31.1.2020")))
    async with opened(folder, permit) as made:
        (page,) = await pages(made, ask("number", where=(span,)))
        assert ([each.id for each in page.rows], len(page.rejected)) == (["1"], 1)
        folder.send("permits-20200102.csv", csv_of(row(2)))
        (page,) = await pages(made, ask("number", where=(span,)))
        assert ([each.id for each in page.rows], page.rejected) == (["1", "2"], [])


async def test_a_broken_row_says_nothing_of_how_fresh_a_file_is(folder: Folder) -> None:
    """The newest day of a column in several formats is found although a row's cells moved."""
    permit = PERMIT + 'asOf: {column: 日期, timestamp: ["%Y/%m/%d", "%d.%m.%Y"]}\n'
    folder.send("permits-1.csv", csv_of(row(1), row(2, fine="5,000000")))
    async with opened(folder, permit) as made:
        (page,) = await pages(made, ask())
    assert page.as_of == datetime(2020, 1, 31, tzinfo=CHINA)


async def test_a_broken_row_takes_no_other_with_it_where_rows_are_marked_as_deleted(folder: Folder) -> None:
    """Whether a row whose cells moved is deleted nobody knows: it is rejected, and the others are answered."""
    permit = PERMIT.replace("null:", 'deleted: {column: 电话, is: "D"}\nnull:')
    folder.send("permits-1.csv", csv_of(row(1), row(2, fine="5,000000"), row(3, phone="D")))
    async with opened(folder, permit) as made:
        (page,) = await pages(made, ask())
    assert [each.id for each in page.rows] == ["1"]
    assert page.rejected == ["Permit.deleted (row 3) has 11 cells, the header has 10"]


async def test_codes_of_subjects_are_found_without_their_blanks(folder: Folder) -> None:
    """A subject's code is found with blanks inside, in full width and in small letters; and with what nobody sees, or
    what is put around it so that a spreadsheet takes it for a text."""
    wide = "".join(chr(ord(letter) + 0xFEE0) for letter in OTHER)
    spelt = [f"{FIRM[:4]} {FIRM[4:]} ", wide, THIRD.lower(), f"\u202a{FIRM}\u200b", f"'{OTHER}", f'="{THIRD}"']
    folder.send("permits-1.csv", csv_of(*(row(number, code) for number, code in enumerate(spelt, 1))))
    async with opened(folder) as made:
        assert await ids(made, FIRM, OTHER, THIRD) == ["1", "2", "3", "4", "5", "6"]


async def test_a_merged_cell_holds_for_all_its_rows(folder: Folder) -> None:
    """A value that stands in the first row of a merge counts for every row of it, and for no other."""
    folder.send("permits-1.xlsx", book_of(row(1), row(2, ""), row(3, ""), row(4, OTHER), merge="B2:B4"))
    async with opened(folder, BOOK) as made:
        assert await ids(made) == ["1", "2", "3"]
        assert await ids(made, OTHER) == ["4"]


def sheets_of(hidden: str, *more: str) -> bytes:
    """A workbook whose sheets have a row each under the same headings, by their number; the first is hidden."""
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as book:
        for number, name in enumerate((hidden, *more)):
            page = book.add_worksheet(name)
            for line, cells_of in enumerate((["许可名单"], HEADER, row(number))):
                page.write_row(line, 0, cells_of)
        book.get_worksheet_by_name(more[0]).activate()
        book.get_worksheet_by_name(hidden).hide()
    return content.getvalue()


async def test_the_first_sheet_is_the_first_that_is_not_hidden(folder: Folder) -> None:
    """Nobody who sends a workbook sees its hidden sheets: old copies, and lists for choosing."""
    folder.send("permits-1.xlsx", sheets_of("旧", "许可"))
    async with opened(folder, BOOK.replace("sheet: 许可", "headerRow: 2")) as made:
        assert await ids(made) == ["1"]


async def test_a_list_that_goes_on_in_another_sheet_is_told(folder: Folder) -> None:
    """Programs begin another sheet after so many rows: where nobody said which is read, the others' would be lost."""
    folder.send("permits-1.xlsx", sheets_of("旧", "许可", "许可2"))
    async with opened(folder, BOOK.replace("sheet: 许可", "headerRow: 2")) as made:
        with pytest.raises(ContractBroken, match="several sheets hold rows under these columns"):
            await ids(made)
    async with opened(folder, BOOK.replace("sheet: 许可", "headerRow: 2, sheet: 许可2")) as made:
        assert await ids(made) == ["2"]


async def test_blanks_are_filled_down_where_it_is_declared(folder: Folder) -> None:
    """`fillDown` gives a blank the value above it, across notes, in the declared columns and in no other."""
    folder.send("permits-1.csv", csv_of(row(1), row(2, "", name=""), ["小计：2"], row(3, "")))
    async with opened(folder) as made:
        assert await ids(made) == ["1"]
    permit = PERMIT.replace('"permits-*.csv"', '"permits-*.csv", fillDown: "统一社会信用代码"')
    async with opened(folder, permit) as made:
        found = await rows(made, ask("holder"))
        assert [(each.id, each.values["holder"]) for each in found] == [("1", "甲"), ("2", None), ("3", "甲")]


async def test_nothing_is_filled_down_past_a_row_that_cannot_be_read(folder: Folder) -> None:
    """The rows below a broken one are not taken for those of the subject above it: they are rejected with it."""
    permit = PERMIT.replace('"permits-*.csv"', '"permits-*.csv", fillDown: "统一社会信用代码"')
    moved = row(2, OTHER, fine="5,000000")
    folder.send("permits-1.csv", csv_of(row(1), moved, row(3, ""), row(4, THIRD), row(5, "")))
    async with opened(folder, permit) as made:
        for subject, found, rejected in ((FIRM, ["1"], 0), (OTHER, [], 2), (THIRD, ["4", "5"], 0)):
            (page,) = await pages(made, ask(subjects=(subject,)))
            assert ([each.id for each in page.rows], len(page.rejected)) == (found, rejected)


async def test_encodings_and_delimiters_are_declared(folder: Folder) -> None:
    """A type's own encoding goes before the source's, a mark at the beginning is no part of it, tabs are a format."""
    permit = PERMIT.replace('"permits-*.csv"', '"permits-*.tsv", encoding: utf-8')
    folder.send("permits-1.tsv", csv_of(row(1)).replace(",", "\t"), encoding="utf-8-sig")
    async with opened(folder, permit) as made:
        assert await ids(made) == ["1"]
    permit = PERMIT.replace('"permits-*.csv"', '"permits-*.txt", format: csv, delimiter: "|"')
    folder.send("permits-1.txt", csv_of(row(1)).replace(",", "|"))
    async with opened(folder, permit) as made:
        assert await ids(made) == ["1"]


async def test_headings_in_quotes_behind_a_mark_of_byte_order_are_headings(folder: Folder) -> None:
    """Many programs write both; the mark is no part of the first heading, and the quotes are none either."""
    quoted = csv_of(row(1), header=[f'"{name}"' for name in HEADER])
    folder.send("permits-1.csv", quoted, encoding="utf-8-sig")
    async with opened(folder) as made:
        assert await ids(made) == ["1"]


async def test_a_text_that_cannot_be_read_is_told_with_its_line(
    folder: Folder, caplog: pytest.LogCaptureFixture
) -> None:
    """A quote or a byte that does not fit is somewhere in a file of many lines."""
    folder.send("permits-1.csv", csv_of(row(1), row(2, name='"甲" 某')))
    folder.send("permits-2.csv", csv_of(row(1), row(2)).encode("gb18030") + b"\xff\n", ago=60)
    async with opened(folder) as made:
        with pytest.raises(Unavailable):
            await ids(made)
    assert "not of the encoding gb18030 (line 4)" in caplog.text
    assert "not well-formed CSV (line 3)" in caplog.text


async def test_utf8_is_not_read_as_the_old_encoding_that_was_declared(folder: Folder) -> None:
    """An even number of characters of UTF-8 passes for others of GB 18030: such a file is left aside, not misread."""
    permit = (
        'file: {name: "permits-*.csv"}\nkey: [ID]\nsubject: {uscc: {column: CODE}}\nfields:\n'
        "  state: {const: ACTIVE}\n  holder: {column: NAME}\n"
    )
    content = f"ID,CODE,NAME\n1,{FIRM},中文\n2,{FIRM},示例公司\n"
    folder.send("permits-1.csv", content)
    async with opened(folder, permit) as made:
        assert [each.values["holder"] for each in await rows(made, ask("holder"))] == ["中文", "示例公司"]
        folder.send("permits-2.csv", content, ago=60, encoding="utf-8")
        assert [each.values["holder"] for each in await rows(made, ask("holder"))] == ["中文", "示例公司"]


async def test_a_file_that_goes_while_the_folder_is_looked_at_takes_no_other_with_it(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the listing of a folder and the look at one of its files that may have been moved away."""
    folder.send("permits-1.csv", csv_of(row(1)))
    folder.send("permits-2.csv", csv_of(row(2)), ago=60)
    plain = os.scandir

    @contextmanager
    def scandir(path: Path) -> Iterator[list[os.DirEntry[str]]]:
        with plain(path) as entries:
            found = list(entries)
        (folder.path / "permits-2.csv").unlink(missing_ok=True)
        yield found

    monkeypatch.setattr("connectors.kinds.file.choosing.os.scandir", scandir)
    async with opened(folder) as made:
        assert await ids(made) == ["1"]


async def test_a_new_file_is_staged_before_anybody_asks(folder: Folder, caplog: pytest.LogCaptureFixture) -> None:
    """The folder is watched from the opening on, so that the first question finds its table ready."""
    folder.send("permits-1.csv", csv_of(row(1)))
    with caplog.at_level(logging.INFO, "connectors.kinds.file.drop"):
        async with opened(folder), asyncio.timeout(PATIENCE):
            while "1 rows staged" not in caplog.text:
                await asyncio.sleep(0.005)


async def test_staging_never_holds_up_the_other_questions(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    """While a large file is staged the loop goes on, the deadline is kept, and the next question finds it done."""
    go_on, plain = threading.Event(), Staging.stage

    def stage(self: Staging, contents: Sequence[bytes], stop: threading.Event) -> Staged:
        go_on.wait(2 * PATIENCE)
        return plain(self, contents, stop)

    monkeypatch.setattr(Staging, "stage", stage)
    source = SOURCE.replace("2MiB", "64MiB").replace("3000", "300000")
    folder.send("permits-1.csv", csv_of(*(row(number, OTHER) for number in range(60_000)), row(1)))
    gaps: list[float] = []

    async def tick() -> None:
        """By the work of all threads: a machine that stands still does none."""
        last = time.process_time()
        while True:
            await asyncio.sleep(0.001)
            gaps.append(time.process_time() - last)
            last = time.process_time()

    async with opened(folder, source=source) as made:
        async with asyncio.timeout(PATIENCE):
            with pytest.raises(TimedOut):
                await pages(made, ask(seconds=0.05))
        ticking = asyncio.ensure_future(tick())
        go_on.set()
        async with asyncio.timeout(2 * PATIENCE):
            while True:
                try:
                    assert await ids(made) == ["1"]
                    break
                except TimedOut:
                    continue
        ticking.cancel()
        stood_still = sum(gap for gap in gaps if gap > 0.1)
        assert stood_still < sum(gaps) / 2


async def test_many_stagings_at_once_hold_up_no_other_type(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    """While new files of all other types are staged, a type whose file is as it was is answered as ever."""
    names = [f"Permit{number}" for number in range(THREADS + 1)]
    types = "".join(f"  {name}:\n{indent(PERMIT.replace('permits-*', f'{name}-*'), '    ')}" for name in names)
    terms = replace(TERMS, types=dict.fromkeys(names, TERMS.types["Permit"]))
    registry = load([Document("370100-invented.yaml", f"{HEAD}{SOURCE}types:\n{types}".encode())], terms)
    made, go_on, plain = connector(registry), threading.Event(), Staging.stage

    def stage(self: Staging, contents: Sequence[bytes], stop: threading.Event) -> Staged:
        if b"heavy" in contents[0]:
            go_on.wait(2 * PATIENCE)
        return plain(self, contents, stop)

    async def answered(name: str) -> list[str]:
        return [each.id for each in await rows(made, replace(ask(seconds=3.0), type=name))]

    for name in names:
        folder.send(f"{name}-1.csv", csv_of(row(1)))
    monkeypatch.setattr(Staging, "stage", stage)
    await made.open(Now({"env:INVENTED_FOLDER": str(folder.path)}))
    try:
        assert [await answered(name) for name in names] == [["1"]] * len(names)
        for name in names[1:]:
            folder.send(f"{name}-2.csv", csv_of(row(2, name="heavy")), ago=60)
        assert await asyncio.gather(*map(answered, names[1:])) == [["1"]] * THREADS
        assert await answered(names[0]) == ["1"]
    finally:
        go_on.set()
        await made.close()


async def test_closing_stops_a_staging_at_once(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    """A source that is closed in the middle of a file reads no more of it and leaves neither table nor thread."""
    folder.send("permits-1.csv", csv_of(*(row(number) for number in range(2000))))
    begun, taken = threading.Event(), 0

    def until_stopped(content: bytes, words: Any, encoding: str, names: Any, most: int, stop: threading.Event) -> Any:
        nonlocal taken
        for cells_of_row in reading.rows(content, words, encoding, names, most, stop):
            taken += 1
            if taken == 100:
                begun.set()
                stop.wait(PATIENCE)
            yield cells_of_row

    monkeypatch.setattr(staging, "rows", until_stopped)
    async with opened(folder) as made:
        with pytest.raises(TimedOut):
            await pages(made, ask(seconds=0.05))
        async with asyncio.timeout(PATIENCE):
            while not begun.is_set():
                await asyncio.sleep(0.005)
    assert taken == 100
    with pytest.raises(Unavailable):
        await ids(made)


async def test_a_closed_or_unopened_source_is_unavailable(folder: Folder) -> None:
    """Before `open` and after `close` a question is refused, and opening needs the absolute path of a folder."""
    made = connector(registered(SOURCE, PERMIT))
    with pytest.raises(Unavailable):
        await ids(made)
    with pytest.raises(ValueError, match="`env:INVENTED_FOLDER` is not the absolute path of a folder"):
        await made.open(Now({"env:INVENTED_FOLDER": "drop"}))
    await made.close()


async def test_errors_and_logs_hold_no_value(folder: Folder, caplog: pytest.LogCaptureFixture) -> None:
    """Neither a code, nor a name, nor the name of a file is in any line that is logged or any error."""
    caplog.set_level(logging.DEBUG, "connectors")
    folder.send("permits-甲某.csv", csv_of(row(1), row(2, fine="5,0,0"), row("x", state="9")))
    folder.send("permits-甲某2.csv", csv_of(row(1)).encode("gb18030") + b'"\xb9')
    async with opened(folder) as made:
        (page,) = await pages(made, ask("state"))
        assert len(page.rejected) == 2
    text = caplog.text + "".join(page.rejected)
    assert not any(word in text for word in (FIRM, "甲", PHONE))


MISTAKES = [
    ("no file words", ('file: {name: "permits-*.csv"}\n', ""), "`file` is missing (kind file)"),
    ("a table", ("key: [", "table: permits\nkey: ["), "`table` is a word of kind sql, this source is file"),
    (
        "a path as origin",
        ("{column: 文号, upper", "{path: 文号, upper"),
        "`path` is not a word of kind file; write `column`",
    ),
    ("a path as name", ('"permits-*.csv"', '"in/permits-*.csv"'), "a name in the folder itself is expected"),
    ("no ending", ('"permits-*.csv"', '"permits-*"'), "the name's ending says no format"),
    (
        "an unknown format",
        ('"permits-*.csv"', '"permits-*.csv", format: xls'),
        "unknown word `xls` for `format`, did you mean `xlsx`?",
    ),
    ("a sheet in a CSV", ('"permits-*.csv"', '"permits-*.csv", sheet: 许可'), "`sheet` means nothing in a csv file"),
    (
        "an encoding in a workbook",
        ('"permits-*.csv"', '"permits-*.xlsx", encoding: utf-8'),
        "means nothing in a xlsx file",
    ),
    (
        "an unknown word",
        ('"permits-*.csv"', '"permits-*.csv", headRow: 2'),
        "unknown word `headRow`, did you mean `headerRow`?",
    ),
    ("a checksum of nothing", ('"permits-*.csv"', '"permits-*.csv", checksum: sums.txt'), "such as `*.sha256`"),
    (
        "a column that nobody maps",
        ('"permits-*.csv"', '"permits-*.csv", fillDown: 电话'),
        "`电话` is filled down but not mapped",
    ),
    ("a database's date", ('date: ["%Y/%m/%d", "%Y%m%d"]', "date: native"), "`native` is a database's"),
    (
        "another table's freshness",
        ("key: [", 'asOf: {table: t, column: c, timestamp: "%Y%m%d"}\nkey: ['),
        "a file has one table",
    ),
    (
        "columns that differ in case",
        ("{column: 文号, upper: true}", "{first: [{column: a}, {column: A}]}"),
        "differ in letter case only",
    ),
]


@pytest.mark.parametrize(("edit", "message"), [case[1:] for case in MISTAKES], ids=[case[0] for case in MISTAKES])
def test_a_mistake_is_found_with_its_line(edit: tuple[str, str], message: str) -> None:
    """Words that do not fit a dropped file are refused where they stand, with the right word."""
    assert edit[0] in PERMIT
    with pytest.raises(DeclarationError) as caught:
        registered(SOURCE, PERMIT.replace(*edit))
    assert message in str(caught.value)
    assert all(line.startswith("370100-invented.yaml:") for line in str(caught.value).splitlines())


def test_a_folder_is_a_reference() -> None:
    """A literal folder is refused, and the message does not repeat it."""
    with pytest.raises(DeclarationError, match="`env:NAME` or `secret:path`") as caught:
        registered(SOURCE.replace("env:INVENTED_FOLDER", "/srv/drop"), PERMIT)
    assert "/srv/drop" not in str(caught.value)
