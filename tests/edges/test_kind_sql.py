"""Kind `sql` against a real SQLite file: what travels, what is pushed down, what becomes of faults."""

from __future__ import annotations

import asyncio
import logging
import os
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, cast

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import mssql

from connectors.contract import (
    BadRequest,
    Condition,
    Connector,
    ConnectorError,
    ContractBroken,
    Deadline,
    TimedOut,
    Unavailable,
)
from connectors.kinds.sql.dialects import dialect_of
from gateway.fetching.checking import holds
from tests.edges.invented import (
    FIRM,
    OTHER,
    PERSON,
    SQL_SOURCE,
    SQL_TYPE,
    THIRD,
    ask,
    connector,
    in_use,
    pages,
    registered,
    rows,
)

PATIENCE = 30.0  # seconds for what takes no time
UNHURRIED = SQL_SOURCE.replace("timeout: 5s", "timeout: 120s")  # what ends before is ended by the deadline
PERMIT = """\
table: permits
key: [ID]
subject:
  uscc: {column: CODE}
  citizenId: {column: "ID NO", where: {column: ID_TYPE, is: "111"}}
null: ["", "无"]
fields:
  state: {column: STATE, vocabulary: {"1": ACTIVE, "2": REVOKED, "3": REVOKED}}
  holder: {column: NAME}
  number: {column: NUMBER, upper: true}
  decided: {column: DAY, date: "%Y/%m/%d"}
  until: {column: END, date: "%Y-%m-%d", never: ["0000-00-00"]}
  touched: {column: TOUCHED, timestamp: epochMillis}
  fine: {column: FINE, unit: {from: yuan, to: wan}}
filters: {state: [eq, in], decided: [eq, range], until: [range], touched: [range], number: [eq, in]}
batch: 2
asOf: {table: sync, column: AT, timestamp: "%Y-%m-%d %H:%M:%S"}
"""
TABLE = """
create table permits (ID integer, CODE text, "ID NO" text, ID_TYPE integer, STATE integer, NAME text, NUMBER text,
  DAY text, END text, TOUCHED integer, FINE real);
create table sync (AT text);
insert into sync values ('2026-11-23 04:00:00'), ('2026-11-24 04:00:00');
"""
# id, code, id number, its type, state, name, number, day, end, touched, fine
STOCK: list[tuple[Any, ...]] = [
    (4, FIRM, None, None, 1, "甲", "a-1", "2020/01/31", "2099-01-01", 1577808000000, 2000),
    (2, FIRM, None, None, 2, "乙", "A-2 ", "2020/02/01", "0000-00-00", 1580486400000, 0.1),
    (3, FIRM, None, None, 3, "丙", "b-1", "2020/02/29", "2021-01-01", 1582992000000, None),
    (1, OTHER, None, None, 1, "丁", "b-2", "2019/12/31", "2020-06-30", 1577721600000, 5),
    (5, THIRD, None, None, 1, "戊", "b-3", "2019/12/31", "2020-06-30", 1577721600000, 5),
    (6, None, PERSON, 111, 1, "己", "c-1", "2020/01/01", "2020-06-30", 1577721600000, 5),
    (7, None, PERSON, 414, 1, "庚", "c-2", "2020/01/01", "2020-06-30", 1577721600000, 5),
]


@pytest.fixture
def database(tmp_path: Path) -> Path:
    file = tmp_path / "city's 100% data.db"  # a name that a URL would have to escape
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript(TABLE)
        connection.executemany("insert into permits values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", STOCK)
        connection.commit()
    return file


@pytest.fixture
def statements() -> Iterator[list[str]]:
    """Every line that the database layer would log at its most talkative."""
    heard: list[str] = []

    class Recorder(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            heard.append(record.getMessage())

    recorder, logger = Recorder(), logging.getLogger("sqlalchemy.engine")
    before = logger.level
    logger.addHandler(recorder)
    logger.setLevel(logging.INFO)
    yield heard
    logger.removeHandler(recorder)
    logger.setLevel(before)


@asynccontextmanager
async def opened(file: Path, permit: str = PERMIT, source: str = SQL_SOURCE) -> AsyncIterator[Connector]:
    made = connector(registered(source, permit))
    try:
        async with in_use(made, {"env:INVENTED_URL": f"sqlite+aiosqlite:///{file}"}):
            yield made
    finally:
        await settled()  # every test also proves that no connection stays behind


def working() -> list[threading.Thread]:
    """The threads of open SQLite connections."""
    return [thread for thread in threading.enumerate() if "connection_worker" in thread.name]


async def settled() -> None:
    async with asyncio.timeout(PATIENCE):
        while working():
            await asyncio.sleep(0.005)


def alter(file: Path, *script: str) -> None:
    with closing(sqlite3.connect(file)) as connection:
        for statement in script:
            connection.execute(statement)
        connection.commit()


def selects(heard: list[str]) -> list[str]:
    return [" ".join(line.split()) for line in heard if line.startswith("SELECT") and "sync" not in line]


async def test_rows_come_in_catalogue_words_ordered_by_key(database: Path) -> None:
    """A subject's rows are mapped, in the order of the platform's key."""
    async with opened(database) as made:
        found = await rows(made, ask("state", "holder", "fine", "until", "touched"))
    assert [row.id for row in found] == ["2", "3", "4"]
    assert found[0].values["state"] == "REVOKED"
    assert str(found[0].values["fine"]) == "0.00001"
    assert found[0].values["until"] == date.max
    assert found[2].values["touched"] == datetime(2019, 12, 31, 16, tzinfo=UTC)


async def test_only_needed_columns_travel_and_values_are_bound(database: Path, statements: list[str]) -> None:
    """The SELECT names key, subject and asked columns; no value stands in it, nor in any log line."""
    async with opened(database) as made:
        await rows(made, ask("state", where=(Condition("number", "eq", ("B-1",)),)))
    (select,) = selects(statements)
    assert select.startswith('SELECT "permits"."ID", "permits"."CODE", "permits"."STATE" FROM "permits" WHERE')
    assert "NAME" not in select
    assert not any(FIRM in line or "B-1" in line for line in statements)


async def test_a_value_is_never_syntax(database: Path) -> None:
    """A subject or a condition full of quotes finds nothing and breaks nothing."""
    async with opened(database) as made:
        assert await rows(made, ask(subjects=("x' or '1'='1",))) == []
        hostile = Condition("number", "in", ("'; drop table permits; --",))
        assert await rows(made, ask(where=(hostile,))) == []
        assert len(await rows(made, ask())) == 3


async def test_subjects_go_in_batches(database: Path, statements: list[str]) -> None:
    """Three subjects with batches of two are two statements, and no row is lost."""
    async with opened(database) as made:
        found = await rows(made, ask(subjects=(FIRM, OTHER, THIRD)))
    assert {row.subject.value for row in found} == {FIRM, OTHER, THIRD}
    assert len(selects(statements)) == 2


async def test_a_persons_number_counts_only_with_its_type(database: Path) -> None:
    """The declared `where` is part of the question: another document with the same digits is not found."""
    async with opened(database) as made:
        found = await rows(made, ask("holder", subjects=(PERSON,)))
    assert [row.values["holder"] for row in found] == ["己"]
    assert found[0].subject.kind == "citizenId"


JAN, FEB = date(2020, 1, 31), date(2020, 2, 1)
CONDITIONS: list[tuple[str, Condition, list[str]]] = [
    ("eq by vocabulary", Condition("state", "eq", ("ACTIVE",)), ["4"]),
    ("two codes that mean the same", Condition("state", "eq", ("REVOKED",)), ["2", "3"]),
    ("in", Condition("state", "in", ("ACTIVE", "REVOKED")), ["2", "3", "4"]),
    ("a code that the platform has not got", Condition("state", "eq", ("REPAIRED",)), []),
    ("text without regard to blanks and case", Condition("number", "in", ("A-1", "A-2")), ["2", "4"]),
    ("a day", Condition("decided", "eq", (JAN,)), ["4"]),
    ("both ends are inside", Condition("decided", "range", (JAN, FEB)), ["2", "4"]),
    ("open below", Condition("decided", "range", (None, JAN)), ["4"]),
    ("open above", Condition("decided", "range", (FEB, None)), ["2", "3"]),
    ("reversed", Condition("decided", "range", (FEB, JAN)), []),
    ("open on both sides", Condition("decided", "range", (None, None)), ["2", "3", "4"]),
    ("`never` is later than any day", Condition("until", "range", (date(2050, 1, 1), None)), ["2", "4"]),
    ("`never` is after a last day", Condition("until", "range", (date(2020, 1, 1), date(2021, 1, 1))), ["3"]),
    (
        "an instant",
        Condition("touched", "range", (datetime(2020, 1, 31, 16, tzinfo=UTC), datetime(2020, 2, 1, tzinfo=UTC))),
        ["2"],
    ),
]


@pytest.mark.parametrize(("condition", "ids"), [case[1:] for case in CONDITIONS], ids=[case[0] for case in CONDITIONS])
async def test_declared_filters_are_exact(database: Path, condition: Condition, ids: list[str]) -> None:
    """A condition that is pushed down finds just the rows that it would find among all."""
    async with opened(database) as made:
        assert [row.id for row in await rows(made, ask("state", where=(condition,)))] == ids


async def test_a_code_that_the_vocabulary_lacks_is_told_also_where_a_condition_seeks_others(database: Path) -> None:
    """Such a row might be what is sought: it is refused and told, and not left out by the database without a word. What
    is known not to be sought, and words for nothing, stay where they are."""
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("update permits set STATE = 7 where ID = 4")
        connection.execute("update permits set STATE = '无' where ID = 3")
        connection.commit()
    async with opened(database) as made:
        for where in (Condition("state", "in", ("ACTIVE",)), Condition("state", "eq", ("REVOKED",))):
            (page,) = await pages(made, ask("state", where=(where,)))
            assert page.rejected == ["Permit.state has a code that the vocabulary does not know"]
            assert [row.id for row in page.rows] == (["2"] if where.values == ("REVOKED",) else [])


async def test_a_day_that_means_never_is_later_than_any_other_in_its_own_spelling(database: Path) -> None:
    """`never` is said once for all spellings of a day: `2020-02-29` there, `2020/02/29` in this column."""
    permit = PERMIT.replace(
        '{column: END, date: "%Y-%m-%d", never: ["0000', '{column: DAY, date: "%Y/%m/%d", never: ["2020-02-29", "0000'
    )
    async with opened(database, permit) as made:
        for since in (date(2300, 1, 1), date.max):
            found = await rows(made, ask("until", where=(Condition("until", "range", (since, None)),)))
            assert [row.values["until"] for row in found if row.values["until"] == date.max] == [date.max]


@pytest.mark.parametrize(
    ("since", "until", "ids"),
    [
        (None, date(2019, 10, 1), ["1", "2", "3"]),
        (date(2019, 9, 2), None, ["2", "3"]),
        (date(2019, 9, 1), date(2019, 9, 1), ["1"]),
    ],
)
async def test_days_without_their_zeros_are_found_by_their_day(
    database: Path, since: date | None, until: date | None, ids: list[str]
) -> None:
    """`2019/9/1` is read as a day but does not sort as one: a condition that is pushed down loses no such row."""
    days = ["2019/9/1", "2019/10/1", "2019/9/30", "无", None]
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("delete from permits")
        for number, day in enumerate(days):
            connection.execute(
                "insert into permits (ID, CODE, STATE, DAY) values (?, ?, 1, ?)", (number + 1, FIRM, day)
            )
        connection.commit()
    condition = Condition("decided", "range", (since, until))
    async with opened(database) as made:
        found = await rows(made, ask("decided", where=(condition,)))
    assert [row.id for row in found if holds(condition, row.values)] == ids


async def test_a_name_with_blanks_in_it_is_found(database: Path) -> None:
    """What contains a text does so whatever the blanks between its characters: many write `甲　公司`."""
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("update permits set NAME = '虚构 示例　公司' where ID = 4")
        connection.commit()
    permit = PERMIT.replace("filters: {", "filters: {holder: [contains], ")
    async with opened(database, permit) as made:
        found = await rows(made, ask("holder", where=(Condition("holder", "contains", ("虚构示例公司",)),)))
    assert [row.id for row in found] == ["4"]


def test_texts_of_sql_server_are_compared_with_all_their_characters() -> None:
    """Its VARCHAR holds one code page: what is Chinese would become question marks there, and be found by nobody."""
    text, theirs = dialect_of("mssql").text(sa.column("X")), cast("type[Any]", mssql.dialect)
    assert "CAST([X] AS NVARCHAR(max))" in str(text.compile(dialect=theirs()))


async def test_an_undeclared_filter_is_our_mistake(database: Path) -> None:
    """A condition that was not claimed is BadRequest before anything is asked."""
    async with opened(database) as made:
        with pytest.raises(BadRequest, match=r"Permit\.holder"):
            await rows(made, ask(where=(Condition("holder", "eq", ("甲",)),)))


async def test_more_rows_than_allowed_are_cut_with_a_mark(database: Path) -> None:
    """`limit` and `maxRows` count over all batches, and the cut is told."""
    async with opened(database) as made:
        (page,) = await pages(made, ask(limit=2))
        assert (len(page.rows), page.truncated) == (2, True)
        (page,) = await pages(made, ask(limit=3))
        assert (len(page.rows), page.truncated) == (3, False)
        several = await pages(made, ask(subjects=(FIRM, OTHER, THIRD), limit=4))
        assert (sum(len(page.rows) for page in several), several[-1].truncated) == (4, True)
    async with opened(database, source=SQL_SOURCE.replace("maxRows: 100", "maxRows: 1")) as made:
        (page,) = await pages(made, ask())
        assert (len(page.rows), page.truncated) == (1, True)


async def test_texts_larger_than_max_bytes_are_no_answer(database: Path) -> None:
    """`maxBytes` counts over all batches: what a column holds may be a whole file, in characters of three bytes."""
    alter(database, f"update permits set NAME = '{'甲' * 180}' where ID in (1, 5)")
    bounded = SQL_SOURCE.replace("maxRows: 100", "maxRows: 100, maxBytes: 1KiB")
    async with opened(database, source=bounded) as made:
        assert len(await rows(made, ask("holder", subjects=(FIRM, OTHER)))) == 4
        assert len(await rows(made, ask("state", subjects=(FIRM, OTHER, THIRD)))) == 5
        with pytest.raises(ContractBroken, match="larger than 1024 bytes"):
            await rows(made, ask("holder", subjects=(FIRM, OTHER, THIRD)))


async def test_freshness_is_the_platforms_own_word(database: Path) -> None:
    """`asOf` is the newest value of the declared table, in its zone, that is not one to come."""
    async with opened(database) as made:
        (page,) = await pages(made, ask())
        assert page.as_of == datetime(2026, 11, 23, 20, tzinfo=UTC)
    async with opened(database, SQL_TYPE) as made:
        (page,) = await pages(made, ask("decided"))
        assert page.as_of is None
    with closing(sqlite3.connect(database)) as connection:  # a typing error must not make everything fresh for good
        connection.execute("insert into sync values ('2062-11-24 04:00:00'), ('暂无')")
        connection.commit()
    async with opened(database) as made:
        (page,) = await pages(made, ask())
        assert page.as_of == datetime(2026, 11, 23, 20, tzinfo=UTC)


async def test_asking_changes_nothing(database: Path) -> None:
    """Questions leave the file as it is, byte for byte, and no journal beside it."""
    before = (database.read_bytes(), database.stat().st_mtime_ns)
    async with opened(database) as made:
        await rows(made, ask())
        await made.health(Deadline.within(5))
    assert (database.read_bytes(), database.stat().st_mtime_ns) == before
    assert not database.with_name(database.name + "-wal").exists()


def spoil(file: Path) -> None:
    file.write_bytes(b"x" * 4096)


FAULTS: list[tuple[str, Callable[[Path], None], type[ConnectorError]]] = [
    ("a missing file is Unavailable", os.remove, Unavailable),
    ("a file that is no database is Unavailable", spoil, Unavailable),
    ("a dropped table is ContractBroken", lambda file: alter(file, "drop table permits"), ContractBroken),
    (
        "a renamed column is ContractBroken",
        lambda file: alter(file, "alter table permits rename column STATE to S"),
        ContractBroken,
    ),
    (
        "a renamed subject is ContractBroken",
        lambda file: alter(file, "alter table permits rename column CODE to C"),
        ContractBroken,
    ),
]


@pytest.mark.parametrize(("harm", "error"), [case[1:] for case in FAULTS], ids=[case[0] for case in FAULTS])
async def test_faults_are_errors_of_the_contract(
    database: Path, harm: Callable[[Path], None], error: type[ConnectorError]
) -> None:
    """A database that went away or changed under an open connector is told apart, without any value."""
    async with opened(database) as made:
        assert len(await rows(made, ask())) == 3
        harm(database)
        with pytest.raises(error) as caught:
            await rows(made, ask())
        assert type(caught.value) is error
        assert FIRM not in str(caught.value)


async def test_a_missing_file_is_not_made(tmp_path: Path) -> None:
    """Asking a database that is not there leaves no empty one behind."""
    async with opened(tmp_path / "none.db") as made:
        with pytest.raises(Unavailable):
            await made.health(Deadline.within(5))
    assert list(tmp_path.iterdir()) == []


SLOW = """create view permits as with recursive c(x) as (select 1 union all select x + 1 from c where x < 1e9)
select max(x) as ID, '91370000INVENTED1A' as CODE, 1 as STATE from c"""


@pytest.fixture
def slow(tmp_path: Path) -> Path:
    file = tmp_path / "slow.db"
    alter(file, SLOW)
    return file


async def test_a_slow_statement_is_stopped_at_the_deadline(slow: Path) -> None:
    """The deadline is kept, and the statement itself stops: no thread computes on for nobody."""
    async with opened(slow, SQL_TYPE, UNHURRIED) as made:
        async with asyncio.timeout(PATIENCE):
            with pytest.raises(TimedOut):
                await rows(made, ask(seconds=0.2))
        await settled()


async def test_a_cancelled_question_gives_its_connection_back(slow: Path, statements: list[str]) -> None:
    """After a cancellation in the middle of a statement nothing of it stays."""
    async with opened(slow, SQL_TYPE) as made:
        task = asyncio.ensure_future(rows(made, ask(seconds=30)))
        while not working() or not any(line.startswith("SELECT") for line in statements):
            await asyncio.sleep(0.005)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await settled()


async def test_a_file_that_somebody_writes(database: Path) -> None:
    """A file that another program holds is waited for until the deadline, and then TimedOut; free again it answers."""
    async with opened(database, source=UNHURRIED) as made:
        with closing(sqlite3.connect(database, isolation_level=None)) as writer:
            writer.execute("BEGIN EXCLUSIVE")
            async with asyncio.timeout(PATIENCE):
                with pytest.raises(TimedOut):
                    await rows(made, ask(seconds=0.3))
            asking = asyncio.ensure_future(rows(made, ask(seconds=2 * PATIENCE)))
            while not working():
                await asyncio.sleep(0.005)
            writer.execute("ROLLBACK")
            assert len(await asking) == 3


async def test_the_platforms_own_time_limit_holds_without_a_deadline(slow: Path) -> None:
    """`limits.timeout` bounds a statement even when the question has all the time in the world."""
    async with opened(slow, SQL_TYPE, SQL_SOURCE.replace("timeout: 5s", "timeout: 200ms")) as made:
        async with asyncio.timeout(PATIENCE):
            with pytest.raises(TimedOut):
                await rows(made, ask(seconds=float("inf")))


async def test_a_question_to_a_closed_source_is_unavailable(database: Path) -> None:
    """Before `open` and after `close` a question is refused as Unavailable."""
    made = connector(registered(SQL_SOURCE, PERMIT))
    with pytest.raises(Unavailable):
        await rows(made, ask())
    async with opened(database) as made:
        await rows(made, ask())
    with pytest.raises(Unavailable):
        await rows(made, ask())


STRANGE = """insert into permits
select ID + {}, CODE, null, null, 9, NAME, NUMBER, DAY, END, TOUCHED, FINE from permits"""


async def test_a_changed_platform_is_noticed_by_its_rows(database: Path) -> None:
    """When most rows no longer map, the answer is ContractBroken and not an empty success."""
    alter(database, STRANGE.format(10))
    async with opened(database) as made:
        (page,) = await pages(made, ask())
        assert page.rejected == ["Permit.state has a code that the vocabulary does not know"] * 3
        alter(database, STRANGE.format(100))
        with pytest.raises(ContractBroken):
            await pages(made, ask())
