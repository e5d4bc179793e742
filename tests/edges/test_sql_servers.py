"""Kind `sql` against real servers, PostgreSQL and MariaDB: the same questions, as each of them understands them."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, date, datetime
from typing import Any

import pytest

from connectors.contract import (
    AuthFailed,
    BadRequest,
    Condition,
    Connector,
    ConnectorError,
    ContractBroken,
    Deadline,
    Denied,
    RateLimited,
    Unavailable,
)
from connectors.kinds.sql.database import Database
from connectors.transport.egress import Egress
from tests.edges.databases import Counterpart
from tests.edges.invented import FIRM, OTHER, SQL_SOURCE, THIRD, ask, connector, in_use, registered, rows
from tests.edges.test_kind_sql import CONDITIONS, PERMIT, STOCK

QUALIFIED = PERMIT.replace("table: permits", "table: credit.permits").replace("table: sync", "table: credit.sync")
COLUMNS = ("ID", "CODE", "ID NO", "ID_TYPE", "STATE", "NAME", "NUMBER", "DAY", "END", "TOUCHED", "FINE")
KINDS = ("integer", "varchar(18)", "varchar(18)", "integer", "integer", *["varchar(64)"] * 4, "bigint", "numeric(18,6)")

# what databases have and files have not: times of their own, a quote and a blank in a name, rare characters
NATIVE = """\
table: credit.Own "times"
key: [ID]
subject: {uscc: {column: CODE}}
fields:
  state: {const: ACTIVE}
  holder: {column: "a 'name'"}
  number: {column: number}
  decided: {column: DAY, date: native}
  until: {column: UNTIL, date: native, never: ["9999-12-31"]}
  touched: {column: TOUCHED, timestamp: native}
filters: {decided: [eq, range], until: [range], touched: [range], number: [eq, in], holder: [eq, contains]}
"""
SPELT = """\
table: pg_catalog.pg_class
key: [oid]
subject: {uscc: {column: relname}}
fields:
  state: {const: ACTIVE}
  holder: {column: relname}
filters: {holder: [contains]}
"""
OWN: list[tuple[Any, ...]] = [
    (1, FIRM, "甲（青岛）有限公司", "A1", "2020-01-31", "2021-01-01 00:00:00", "2020-01-31 23:30:00"),
    (2, FIRM, "𠮷野家\u3000", "a1\t", "2020-02-01", "9999-12-31 00:00:00", "2020-02-01 00:00:00"),
    (3, FIRM, "100%_'\"\\", "b\\", None, None, None),
]


@pytest.fixture(params=["postgresql", "mariadb"])
def server(request: pytest.FixtureRequest) -> Counterpart:
    found: Counterpart = request.getfixturevalue(request.param)
    return found


def quoted(server: Counterpart, name: str) -> str:
    return f'"{name.replace(chr(34), chr(34) * 2)}"' if server.name == "postgresql" else f"`{name}`"


async def fill(server: Counterpart, table: str, columns: dict[str, str], stock: list[tuple[Any, ...]]) -> None:
    """A table of the schema `credit`, made anew."""
    name = f"credit.{quoted(server, table)}"
    kinds = ", ".join(f"{quoted(server, column)} {kind}" for column, kind in columns.items())
    await server.run(f"DROP TABLE IF EXISTS {name} CASCADE", f"CREATE TABLE {name} ({kinds})")
    if not stock:
        return
    binds = ", ".join(f":c{number}" for number in range(len(columns)))
    cells = [{f"c{number}": cell for number, cell in enumerate(row)} for row in stock]
    await server.run(f"INSERT INTO {name} VALUES ({binds})", rows=cells)


@pytest.fixture
async def stocked(server: Counterpart) -> Counterpart:
    await fill(server, "permits", dict(zip(COLUMNS, KINDS, strict=True)), STOCK)
    await fill(server, "sync", {"AT": "varchar(32)"}, [("2026-11-23 04:00:00",), ("2026-11-24 04:00:00",)])
    return server


def opened(
    server: Counterpart, permit: str = QUALIFIED, source: str = SQL_SOURCE, url: str = ""
) -> AbstractAsyncContextManager[Connector]:
    return in_use(connector(registered(source, permit)), {"env:INVENTED_URL": url or server.url()})


@asynccontextmanager
async def database(server: Counterpart, user: str = "gateway", timeout: float = 1.5) -> AsyncIterator[Database]:
    found = Database(server.url(user), 2, timeout)
    try:
        yield found
    finally:
        await found.close()


async def test_the_same_rows_as_of_a_file(stocked: Counterpart) -> None:
    """Rows come mapped, ordered by key, with the platform's own freshness, from a table of a named schema."""
    async with opened(stocked) as made:
        pages = [page async for page in made.fetch(ask("state", "holder", "fine", "until", "touched"))]
    assert pages[0].as_of == datetime(2026, 11, 23, 20, tzinfo=UTC)
    assert [row.id for row in pages[0].rows] == ["2", "3", "4"]
    assert [row.values["state"] for row in pages[0].rows] == ["REVOKED", "REVOKED", "ACTIVE"]
    assert pages[0].rows[0].values["until"] == date.max
    assert pages[0].rows[2].values["touched"] == datetime(2019, 12, 31, 16, tzinfo=UTC)
    assert str(pages[0].rows[0].values["fine"]) == "0.00001"


async def test_every_filter_is_exact(stocked: Counterpart) -> None:
    """Every condition that a file answers exactly is answered exactly by a server, whatever its collation."""
    async with opened(stocked) as made:
        for name, condition, ids in CONDITIONS:
            assert [row.id for row in await rows(made, ask("state", where=(condition,)))] == ids, name


async def test_the_server_sees_needed_columns_and_no_more(stocked: Counterpart) -> None:
    """Its own log: key, subject and asked columns, quoted; with PostgreSQL no value stands in the statement."""
    place = stocked.place()
    async with opened(stocked) as made:
        await rows(made, ask("state", subjects=(FIRM, OTHER, THIRD), where=(Condition("number", "eq", ("B-1",)),)))
    seen = [select for select in stocked.heard(place) if "permits" in select]
    assert len(seen) == 2  # batches of two
    for select in seen:
        plain = re.sub('["`]', "", select)
        assert plain.startswith("SELECT credit.permits.ID, credit.permits.CODE, credit.permits.STATE FROM credit.perm")
        assert "NAME" not in plain
        assert "LIMIT" in plain
        if stocked.name == "postgresql":
            assert not {"B-1", FIRM} & set(re.findall(r"[\w-]+", plain))


async def test_a_value_is_never_syntax(stocked: Counterpart) -> None:
    """Quotes, comments and backslashes in a subject or a condition find nothing and break nothing."""
    async with opened(stocked) as made:
        for hostile in ("x' or '1'='1", "\\' or 1=1 -- ", "'; drop table credit.permits; --", "\\", "%", "¿' or 1=1 #"):
            assert await rows(made, ask(subjects=(hostile,))) == []
            assert await rows(made, ask(where=(Condition("number", "in", (hostile,)),))) == []
        assert len(await rows(made, ask())) == 3


async def test_as_many_values_as_a_declaration_may_ask(stocked: Counterpart) -> None:
    """A thousand subjects and a thousand values go out in one statement and find what they should."""
    many = tuple(f"91370000INVENTED{number:02X}" for number in range(997))
    async with opened(stocked, QUALIFIED.replace("batch: 2", "batch: 1000")) as made:
        values = tuple(f"NO-{number}" for number in range(999))
        found = await rows(made, ask(subjects=(FIRM, OTHER, THIRD, *many)))
        assert [row.id for row in found] == ["1", "2", "3", "4", "5"]
        found = await rows(made, ask(where=(Condition("number", "in", ("A-1", *values)),)))
        assert [row.id for row in found] == ["4"]


@pytest.fixture
async def own(server: Counterpart) -> Counterpart:
    """Its first row changed half an hour before midnight in China; in PostgreSQL that column has a zone."""
    time = "timestamp" if server.name == "postgresql" else "datetime"
    kinds = {
        "ID": "integer",
        "CODE": "varchar(18)",
        "a 'name'": "varchar(64)",
        "number": "varchar(8)",
        "DAY": "date",
        "UNTIL": time,
        "TOUCHED": "timestamp with time zone" if server.name == "postgresql" else "timestamp null",
    }
    name = 'Own "times"'
    await fill(server, name, kinds, [])
    zone = "SET timezone = 'Asia/Shanghai'" if server.name == "postgresql" else "SET time_zone = '+08:00'"
    values = ", ".join(
        "(" + ", ".join("NULL" if cell is None else sql_text(server, cell) for cell in row) + ")" for row in OWN
    )
    if server.name == "mariadb":  # whose driver takes `%` for a place of its own
        values = values.replace("%", "%%")
    await server.run(zone, f"INSERT INTO credit.{quoted(server, name)} VALUES {values}")
    return server


def sql_text(server: Counterpart, cell: Any) -> str:
    text = str(cell).replace("'", "''")
    return f"'{text if server.name == 'postgresql' else text.replace(chr(92), chr(92) * 2)}'"


JAN, FEB = date(2020, 1, 31), date(2020, 2, 1)
OWN_CONDITIONS: list[tuple[Condition, list[str]]] = [
    (Condition("decided", "eq", (JAN,)), ["1"]),
    (Condition("decided", "range", (JAN, FEB)), ["1", "2"]),
    (Condition("decided", "range", (FEB, None)), ["2"]),
    (Condition("until", "range", (date(2021, 1, 1), date(2021, 1, 1))), ["1"]),
    (Condition("until", "range", (date(2021, 1, 2), None)), ["2"]),
    (Condition("touched", "range", (None, datetime(2020, 1, 31, 15, 59, tzinfo=UTC))), ["1"]),
    (Condition("touched", "range", (datetime(2020, 1, 31, 16, tzinfo=UTC), None)), ["2"]),
    (Condition("number", "eq", ("A1",)), ["1"]),  # MariaDB's own comparison would find both
    (Condition("number", "eq", ("a1",)), ["2"]),  # a tab behind it is a blank
    (Condition("number", "in", ("b\\", "B\\")), ["3"]),
    (Condition("holder", "eq", ("𠮷野家",)), ["2"]),
    (Condition("holder", "eq", ("100%_'\"\\",)), ["3"]),
    (Condition("holder", "contains", ("青岛",)), ["1"]),
    (Condition("holder", "contains", ("岛青",)), []),
]


async def test_a_databases_own_times_and_texts(own: Counterpart) -> None:
    """Native times are read and compared in China's time; names with quotes and characters beyond 16 bits hold."""
    async with opened(own, NATIVE) as made:
        found = await rows(made, ask("holder", "number", "decided", "until", "touched"))
        assert [row.values["holder"] for row in found] == ["甲（青岛）有限公司", "𠮷野家", "100%_'\"\\"]
        assert [row.values["decided"] for row in found] == [JAN, FEB, None]
        assert [row.values["until"] for row in found] == [date(2021, 1, 1), date.max, None]
        assert found[0].values["touched"] == datetime(2020, 1, 31, 15, 30, tzinfo=UTC)
        for condition, ids in OWN_CONDITIONS:
            assert [row.id for row in await rows(made, ask("number", where=(condition,)))] == ids, condition


async def test_what_postgresql_calls_infinity(own: Counterpart) -> None:
    """A day without end is later than any other, and is found by a range that has none."""
    if own.name != "postgresql":
        pytest.skip("only PostgreSQL has infinity")
    name = quoted(own, 'Own "times"')
    await own.run(f"""UPDATE credit.{name} SET "UNTIL" = 'infinity', "DAY" = 'infinity' WHERE "ID" = 3""")
    async with opened(own, NATIVE) as made:
        found = await rows(made, ask("decided", "until", where=(Condition("until", "range", (JAN, None)),)))
        assert [row.id for row in found] == ["1", "2", "3"]
        assert [found[2].values[name] for name in ("decided", "until")] == [date.max, date.max]


TYPED = """\
table: credit.typed
key: [id]
subject: {uscc: {column: code}}
fields:
  state: {column: state, vocabulary: {in force: ACTIVE, ended: REVOKED}}
  young: {column: young}
  kinds: {column: kinds, split: ",", vocabulary: {"1": WARNING, "2": FINE}}
  points: {column: points}
filters: {state: [eq, in], young: [eq]}
"""


async def test_types_that_only_postgresql_has(postgresql: Counterpart) -> None:
    """A uuid as key, an enum, a boolean and an array are read as what they say, and filtered by it."""
    await postgresql.run(
        "DROP TABLE IF EXISTS credit.typed",
        "DROP TYPE IF EXISTS standing",
        "CREATE TYPE standing AS ENUM ('in force', 'ended')",
        "CREATE TABLE credit.typed"
        " (id uuid, code char(20), state standing, young boolean, kinds text[], points smallint)",
        "INSERT INTO credit.typed VALUES"
        f" ('00000000-0000-0000-0000-00000000000a', '{FIRM}', 'in force', true, '{{1,2}}', 7),"
        f" ('00000000-0000-0000-0000-00000000000b', '{FIRM}', 'ended', false, NULL, NULL)",
    )
    async with opened(postgresql, TYPED) as made:
        first, second = await rows(made, ask("state", "young", "kinds", "points"))
        assert first.id == "00000000-0000-0000-0000-00000000000a"
        assert first.values == {"state": "ACTIVE", "young": True, "kinds": ("WARNING", "FINE"), "points": 7}
        assert second.values == {"state": "REVOKED", "young": False, "kinds": None, "points": None}
        for condition in (Condition("state", "in", ("REVOKED",)), Condition("young", "eq", (False,))):
            assert [row.id for row in await rows(made, ask(where=(condition,)))] == [second.id]


async def test_a_name_that_a_postgresql_in_gb_2312_cannot_spell(postgresql: Counterpart) -> None:
    """Anybody may look for such a name. It says nothing of the platform, so that the breaker must not count it: a few
    such questions would close the platform to everybody."""
    encoded = "TEMPLATE template0 ENCODING 'EUC_CN' LC_COLLATE 'C' LC_CTYPE 'C'"
    await postgresql.run("DROP DATABASE IF EXISTS gb WITH (FORCE)", f"CREATE DATABASE gb {encoded}")
    async with opened(postgresql, SPELT, url=postgresql.url().replace("/postgres?", "/gb?")) as made:
        assert await rows(made, ask("holder", where=(Condition("holder", "contains", ("青岛",)),))) == []
        with pytest.raises(BadRequest) as refused:
            await rows(made, ask("holder", where=(Condition("holder", "contains", ("堃东",)),)))
    assert not refused.value.counts
    assert "堃" not in str(refused.value)


async def test_a_postgresql_by_another_name(postgresql: Counterpart) -> None:
    """A server that says it is KingbaseES when it is asked for its version is asked as PostgreSQL is, by `kingbase`."""
    said = "SELECT ''KingbaseES V008R006C008B0014 on x86_64-pc-linux-gnu''"
    async with postgresql.owner() as owner:
        await owner.exec_driver_sql("SET allow_system_table_mods = on")
        version = "CREATE OR REPLACE FUNCTION pg_catalog.version() RETURNS text LANGUAGE sql AS '{}'"
        await owner.exec_driver_sql(version.format(said))
        try:
            with pytest.raises(ConnectorError):
                await pinged(postgresql.url())
            await pinged(postgresql.url().replace("postgresql+", "kingbase+"))
        finally:
            await owner.exec_driver_sql(version.format("pgsql_version").replace("sql AS", "internal AS"))
    await pinged(postgresql.url())


async def pinged(url: str) -> None:
    found = Database(url, 1, 5.0)
    try:
        await found.ping(Deadline.within(5))
    finally:
        await found.close()


async def test_days_that_only_mariadb_has(mariadb: Counterpart) -> None:
    """The day 0000-00-00 is what a declaration says of it; without a word its row is refused."""
    await fill(mariadb, "days", {"id": "integer", "code": "varchar(18)", "day": "date"}, [])
    await mariadb.run("SET sql_mode = ''", f"INSERT INTO credit.days VALUES (1, '{FIRM}', '0000-00-00')")
    permit = "table: credit.days\nkey: [id]\nsubject: {uscc: {column: code}}\nfields:\n  state: {const: ACTIVE}\n"
    async with opened(mariadb, permit + '  decided: {column: day, date: native, unknown: ["0000-00-00"]}\n') as made:
        (row,) = await rows(made, ask("decided"))
        assert row.values == {"decided": None}
    async with opened(mariadb, permit + "  decided: {column: day, date: native}\n") as made:
        (page,) = [page async for page in made.fetch(ask("decided"))]
        assert (page.rows, len(page.rejected)) == ([], 1)


async def test_a_column_in_gbk(mariadb: Counterpart) -> None:
    """A column that keeps its characters in GBK is read and compared as any other."""
    kinds = {
        "ID": "integer",
        "CODE": "varchar(18) charset latin1",
        "STATE": "integer",
        "NAME": "varchar(9) charset gbk",
    }
    await fill(mariadb, "old", kinds, [(1, FIRM, 1, "甲（青岛）")])
    permit = "table: credit.old\nkey: [ID]\nsubject: {uscc: {column: CODE}}\nfields:\n"
    permit += '  state: {column: STATE, vocabulary: {"1": ACTIVE}}\n  holder: {column: NAME}\nfilters: {holder: [eq]}\n'
    async with opened(mariadb, permit) as made:
        (row,) = await rows(made, ask("holder", where=(Condition("holder", "eq", ("甲（青岛）",)),)))
        assert row.values["holder"] == "甲（青岛）"


async def test_a_session_may_only_read(stocked: Counterpart) -> None:
    """A write is refused by the server even to an account that may write: the session is opened read only."""

    async def write(connection: Any) -> None:
        await connection.exec_driver_sql("DELETE FROM credit.permits")

    async with database(stocked, "owner") as found:
        with pytest.raises(ConnectorError):
            await found.run(Deadline.within(5), write)
    assert await stocked.run("SELECT count(*) FROM credit.permits") == [(len(STOCK),)]


async def test_the_time_out_is_the_servers_too(server: Counterpart) -> None:
    """The platform's time limit is set in the session, so that the server itself ends what takes longer."""
    words = {"postgresql": "SHOW statement_timeout", "mariadb": "SELECT @@max_statement_time"}

    async def read(connection: Any) -> Any:
        return (await connection.exec_driver_sql(words[server.name])).scalar()

    async with database(server, timeout=1.5) as found:
        assert str(await found.run(Deadline.within(5), read)) in {"1500ms", "1.5", "1.500000"}


REFUSALS: list[tuple[str, str, str, type[ConnectorError]]] = [
    ("a wrong password is AuthFailed", "", "gateway:wrong", AuthFailed),
    ("an unknown user is AuthFailed", "", "nobody:wrong", AuthFailed),
    ("a dropped table is ContractBroken", "DROP TABLE credit.permits", "", ContractBroken),
    ("a renamed column is ContractBroken", "ALTER TABLE credit.permits RENAME COLUMN {STATE} TO S", "", ContractBroken),
]


@pytest.mark.parametrize(("harm", "user", "error"), [case[1:] for case in REFUSALS], ids=[case[0] for case in REFUSALS])
async def test_refusals_are_errors_of_the_contract(
    stocked: Counterpart, harm: str, user: str, error: type[ConnectorError]
) -> None:
    """What a server refuses is told apart, and no word of its own is repeated."""
    name, _, password = user.partition(":")
    async with opened(stocked, url=stocked.url(name, password) if user else "") as made:
        if harm:
            assert len(await rows(made, ask())) == 3
            await stocked.run(harm.format(STATE=quoted(stocked, "STATE")))
        with pytest.raises(error) as caught:
            await rows(made, ask())
        assert type(caught.value) is error
        assert not re.search(f"permits|STATE|gateway|denied|exist|password|{FIRM}", str(caught.value))


async def test_a_table_that_may_not_be_read_is_denied(server: Counterpart) -> None:
    """What the account has no right to is Denied: the platform's own rule refuses."""
    await server.run("DROP SCHEMA IF EXISTS closed" + (" CASCADE" if server.name == "postgresql" else ""))
    await server.run("CREATE SCHEMA closed", "CREATE TABLE closed.permits (a integer)")
    async with opened(server, QUALIFIED.replace("credit.permits", "closed.permits")) as made:
        with pytest.raises(Denied):
            await rows(made, ask())


async def test_a_server_that_is_full_is_busy(stocked: Counterpart) -> None:
    """No connection left is RateLimited: the server is well, and has too much to do."""
    if stocked.name == "postgresql":
        limit, free = "ALTER ROLE gateway CONNECTION LIMIT 0", "ALTER ROLE gateway CONNECTION LIMIT -1"
    else:
        limit, free = (f"ALTER USER gateway@localhost WITH MAX_USER_CONNECTIONS {number}" for number in (1, 0))
    async with opened(stocked) as made, database(stocked) as other:
        await stocked.run(limit)
        try:
            if stocked.name == "mariadb":
                await other.ping(Deadline.within(5))
            with pytest.raises(RateLimited):
                await rows(made, ask())
        finally:
            await stocked.run(free)
        assert len(await rows(made, ask())) == 3


async def test_a_server_that_is_not_there_is_unavailable(server: Counterpart) -> None:
    """Nobody at the address is Unavailable, and the address is not repeated."""
    async with opened(server, url=server.url().replace(str(server.folder), "/nowhere")) as made:
        with pytest.raises(Unavailable, match="did not answer") as caught:
            await rows(made, ask())
        assert "nowhere" not in str(caught.value)


URLS = [
    ("postgresql+nothing://u@h/d", "is not the URL of an asynchronous SQLAlchemy driver"),
    ("postgresql+psycopg2://u@h/d", "is not the URL"),
    (
        "oracle+oracledb_async://u@h/d",
        "needs a driver that is not installed, `oracledb`: install `credit-gateway[oracle]`",
    ),
    ("mssql+aioodbc://u@h/d", "install `credit-gateway[mssql]`"),
    ("hello", "is not the URL"),
]


@pytest.mark.parametrize(("url", "words"), URLS)
def test_a_missing_driver_is_named_with_what_brings_it(url: str, words: str) -> None:
    """A URL whose driver is not installed says which part of this package brings it; the URL is not repeated."""
    with pytest.raises(ValueError, match=re.escape(words)) as caught:
        Database(url, 1, 1.0)
    assert "u@h" not in str(caught.value)


PLACES: list[tuple[str, str, bool]] = [
    ("postgresql+asyncpg://u:w@db.city.example/d", "*.city.example", True),
    ("postgresql+asyncpg://u:w@db.city.example/d", "api.city.example, 10.0.0.0/8", False),
    ("postgresql+asyncpg://u:w@10.1.2.3:5433/d", "10.0.0.0/8", True),
    ("postgresql+asyncpg://u:w@[fd00::7]/d", "10.0.0.0/8", False),
    ("postgresql+asyncpg://u:w@/d?host=db.city.example:5432&host=other.example:5432", "*.city.example", False),
    ("postgresql+asyncpg://u:w@/d?host=/run/postgresql", "api.city.example", True),
    ("mysql+aiomysql://u:w@10.1.2.3/d", "10.1.2.4", False),
    ("sqlite+aiosqlite:////data/city.db", "api.city.example", True),
]


@pytest.mark.parametrize(("url", "listed", "admitted"), PLACES)
def test_a_database_lies_where_the_operator_admits(url: str, listed: str, admitted: bool) -> None:
    """Where the gateway's ways out are bounded, a database at another host is refused before anybody connects."""
    Database(url, 1, 1.0)
    if admitted:
        Database(url, 1, 1.0, Egress.of(listed))
        return
    with pytest.raises(ValueError, match="CREDIT_GATEWAY_EGRESS"):
        Database(url, 1, 1.0, Egress.of(listed))
