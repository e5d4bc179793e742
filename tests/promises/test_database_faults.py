"""Whatever happens at a database: a typed error by the deadline, the others answer, and the connections come back.

The servers are real; what happens to them is what administrators, other programs and power cuts do.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from connectors.contract import Connector, ConnectorError, TimedOut, Unavailable
from deploy.demo.generator import QINGDAO
from deploy.demo.servers import postgres
from deploy.demo.servers.database import dated
from tests.conftest import House, gateway_beside
from tests.edges.databases import Counterpart, Postgres
from tests.edges.invented import FIRM, SQL_SOURCE, ask, connector, in_use, pages, registered, rows

# Seconds: of a question that no answer comes to, and of one that fails at once. On a busy machine they end later, but
# before the platform's own limit of 5 s, and long before its slow view, which takes 10.
DEADLINE, PATIENCE, LATE = 0.6, 4.0, 4.5
POOL = 4
SOURCE = SQL_SOURCE.replace("limits: {", f"limits: {{concurrency: {POOL}, ")
PERMIT = """\
table: credit.%s
key: [id]
subject: {uscc: {column: code}}
fields:
  state: {column: state, vocabulary: {"1": ACTIVE}}
  holder: {column: name}
"""


@pytest.fixture(params=["postgresql", "mariadb"])
async def server(request: pytest.FixtureRequest) -> Counterpart:
    """A server with a table, a view of it that takes ten seconds, and one that is too long by far."""
    found: Counterpart = request.getfixturevalue(request.param)
    row = f"SELECT 1 AS id, '{FIRM}' AS code, 1 AS state"
    many = "generate_series(1, 100000) AS each(number)"
    number = "number"
    if found.name == "mariadb":
        many, number = "seq_1_to_100000", "seq"
    await found.run(
        *(f"DROP VIEW IF EXISTS credit.{view}" for view in ("slow", "endless")),
        "DROP TABLE IF EXISTS credit.firms",
        f"CREATE TABLE credit.firms AS {row}, 'one' AS name",
        f"CREATE VIEW credit.slow AS {row}, concat({found.sleep.format(10)}, '') AS name",
        f"CREATE VIEW credit.endless AS SELECT {number} AS id, '{FIRM}' AS code, 1 AS state, repeat('x', 20000) AS name"
        f" FROM {many}",
    )
    return found


@asynccontextmanager
async def opened(server: Counterpart, table: str = "firms", source: str = SOURCE) -> AsyncIterator[Connector]:
    made = connector(registered(source, PERMIT % table))
    try:
        async with in_use(made, {"env:INVENTED_URL": server.url()}):
            yield made
    finally:
        await until(lambda: none_left(server))  # every test also proves that no connection stays behind


async def none_left(server: Counterpart) -> bool:
    return await server.sessions() == 0


async def until(true: Callable[[], Awaitable[bool]], within: float = 20.0) -> None:
    began = time.monotonic()
    while not await true():
        assert time.monotonic() - began < within
        await asyncio.sleep(0.02)


async def fails(made: Connector, error: type[ConnectorError], seconds: float | None = None) -> None:
    """A question ends with this very error by its deadline, and no word of the server's is in it."""
    began = time.monotonic()
    if seconds is None:
        seconds = DEADLINE if error is TimedOut else PATIENCE
    with pytest.raises(error) as caught:
        await rows(made, ask("holder", seconds=seconds))
    assert time.monotonic() - began < LATE
    assert type(caught.value) is error
    assert not re.search("credit|firms|slow|gateway|lock|administrator|kill|socket", str(caught.value))


async def answer(made: Connector) -> list[Any]:
    """An answer, at the second attempt at the latest: the gateway makes two."""
    try:
        found = await rows(made, ask("holder"))
    except Unavailable:
        found = await rows(made, ask("holder"))
    return [row.values["holder"] for row in found]


async def answers(made: Connector) -> None:
    assert await answer(made) == ["one"]


async def test_a_table_that_somebody_locked(server: Counterpart) -> None:
    """Questions wait until their deadline and no longer, as many as the pool holds; once it is free all answer."""
    async with opened(server) as made:
        await answers(made)
        async with server.owner() as owner:
            for statement in server.lock.format("firms").split("; "):
                await owner.exec_driver_sql(statement)
            await asyncio.gather(*(fails(made, TimedOut) for _ in range(2 * POOL)))
        assert await server.sessions() <= 2 * POOL
        await asyncio.gather(*(answers(made) for _ in range(2 * POOL)))
        assert await server.sessions(working=True) == 0
        assert await server.sessions() <= POOL


async def test_a_session_that_is_killed_in_the_middle(server: Counterpart) -> None:
    """A session that an administrator ends is Unavailable at once, and the next question has another."""
    async with opened(server, "slow") as made:
        task = asyncio.ensure_future(fails(made, Unavailable))
        while not await server.sessions(working=True):
            assert not task.done()
        assert await server.cut_off() == 1
        await task
    async with opened(server) as made:
        await answers(made)
        await server.cut_off()
        await answers(made)


async def test_a_statement_that_takes_too_long(server: Counterpart) -> None:
    """The deadline is kept, and the server works no longer than the platform's own limit for nobody."""
    async with opened(server, "slow", SOURCE.replace("timeout: 5s", "timeout: 800ms")) as made:
        await fails(made, TimedOut)
        await until(lambda: idle(server), within=LATE)
        await fails(made, TimedOut, seconds=float("inf") if server.name == "postgresql" else DEADLINE)


async def idle(server: Counterpart) -> bool:
    return await server.sessions(working=True) == 0


async def test_a_caller_who_hangs_up(server: Counterpart) -> None:
    """A cancelled question gives its connection back, or drops it: the pool is whole."""
    async with opened(server, "slow", SOURCE.replace("timeout: 5s", "timeout: 2s")) as made:
        tasks = [asyncio.ensure_future(rows(made, ask(seconds=5))) for _ in range(POOL)]
        while await server.sessions(working=True) < POOL:
            assert not any(task.done() for task in tasks)
        for task in tasks:
            task.cancel()
        began = time.monotonic()
        assert all(
            isinstance(each, asyncio.CancelledError) for each in await asyncio.gather(*tasks, return_exceptions=True)
        )
        assert time.monotonic() - began < 1.5
    async with opened(server) as made:
        await asyncio.gather(*(answers(made) for _ in range(POOL)))


async def test_a_server_that_is_stopped_and_started(server: Counterpart) -> None:
    """Questions to a stopped server are Unavailable, and answered again as soon as it is back."""
    async with opened(server) as made:
        await asyncio.gather(*(answers(made) for _ in range(POOL)))
        server.stop()
        try:
            await fails(made, Unavailable)
            await fails(made, Unavailable)
        finally:
            server.start()
        await asyncio.gather(*(answers(made) for _ in range(POOL)))


async def test_a_table_that_is_made_anew_every_night(server: Counterpart) -> None:
    """A table that was dropped and made anew, with columns of other types and in another order, is answered from."""
    async with opened(server) as made:
        await asyncio.gather(*(answers(made) for _ in range(POOL)))
        for name in ("two", "three"):
            columns = "code varchar(40), name varchar(90), more text, state varchar(2), id bigint"
            await server.run(
                "DROP TABLE credit.firms",
                f"CREATE TABLE credit.firms ({columns if name == 'two' else columns.replace('bigint', 'char(5)')})",
                f"INSERT INTO credit.firms (id, code, state, name) VALUES (1, '{FIRM}', '1', '{name}')",
            )
            for each in await asyncio.gather(*(answer(made) for _ in range(POOL))):
                assert each == [name]


async def test_a_server_that_stands_still(server: Counterpart) -> None:
    """A server that takes everything and says nothing is TimedOut by the deadline, and answers when it moves again."""
    async with opened(server) as made:
        await answers(made)
        with server.standing_still():
            await asyncio.gather(*(fails(made, TimedOut) for _ in range(POOL + 1)))
            await fails(made, TimedOut)
        await answers(made)


async def test_more_rows_than_memory_should_hold(server: Counterpart) -> None:
    """Two gigabytes behind a question are cut at `maxRows` by the server, not here: memory grows by less than 64 MB."""
    async with opened(server, "endless") as made:
        Path("/proc/self/clear_refs").write_text("5")  # the highest is now
        before = highest()
        (page,) = await pages(made, ask("holder", limit=1000, seconds=5))
        assert (len(page.rows), page.truncated) == (100, True)
        assert highest() - before < 64 << 20


def highest() -> int:
    """Bytes of memory that this process has had at most."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) << 10


# -- through the gateway

QUERY = """query($id: SubjectKey!) { subject(id: $id) {
    registrations { nodes { regState } complete }
    administrativePenalties { nodes { documentNo provenance { platform } } complete } } }"""
SHANGHAI: Any = {"as_": "shanghai-market-bureau", "purpose": "gov.licensing"}
WITHIN = 2.0  # seconds; the platform's own limit is longer


@asynccontextmanager
async def gateway(house: House, server: Postgres, folder: Path) -> AsyncIterator[House]:
    """A gateway before the house's platforms, but Qingdao's database is a PostgreSQL of the test's."""
    content = house.running.province.world.contents(QINGDAO, "database")
    await server.run("DROP SCHEMA public CASCADE", "CREATE SCHEMA public", "GRANT USAGE ON SCHEMA public TO gateway")
    await postgres.load(server.url("owner"), dated(content))
    await server.run("GRANT SELECT ON ALL TABLES IN SCHEMA public TO gateway")

    def elsewhere(home: Path) -> None:
        path = home / "gateway.env"
        text = re.sub("(?m)^QINGDAO_DATABASE_URL=.*$", f"QINGDAO_DATABASE_URL={server.url()}", path.read_text("utf-8"))
        path.write_text(text, "utf-8")
        path = home / "platforms" / f"{QINGDAO}.yaml"
        words = "    breaker: {failures: 1000, window: 1s, open: 1ms}\n    limits: {"
        text = path.read_text("utf-8").replace("    limits: {", words)
        path.write_text(re.sub("timeout: \\d+s", "timeout: 20s", text), "utf-8")

    with gateway_beside(house, folder, elsewhere, deadline=WITHIN) as found:
        yield found


@pytest.mark.usefixtures("postgresql")
async def test_the_other_platforms_answer(house: House, postgresql: Postgres, tmp_path: Path) -> None:
    """A database that is locked, cut off, stopped or standing still is named with its status; all else is answered."""

    def asked(found: House) -> dict[str, Any]:
        began = time.monotonic()
        answer = found.ask(QUERY, "many_platforms", **SHANGHAI)
        assert time.monotonic() - began < LATE
        assert not re.search(r"SGS_XZCF|asyncpg|pg_|socket|SELECT|Error\b", str(answer)), answer
        return answer

    def statuses(answer: dict[str, Any], qingdao: bool) -> set[str]:
        found = answer["extensions"]["sources"]
        return {source["status"] for source in found if (source["platform"] == QINGDAO) is qingdao}

    def records(answer: dict[str, Any]) -> list[Any]:
        nodes = answer["data"]["subject"]["administrativePenalties"]["nodes"]
        found = [
            (node["documentNo"], [p["platform"] for p in node["provenance"] if p["platform"] != QINGDAO])
            for node in nodes
        ]
        return [answer["data"]["subject"]["registrations"], *(each for each in found if each[1])]

    async with gateway(house, postgresql, tmp_path) as found:
        whole = await asyncio.to_thread(asked, found)
        assert whole["extensions"]["complete"] is True

        async def lost(status: str) -> None:
            answer = await asyncio.to_thread(asked, found)
            assert statuses(answer, qingdao=True) == {status}
            assert statuses(answer, qingdao=False) == statuses(whole, qingdao=False)
            assert records(answer) == records(whole)

        async with postgresql.owner() as owner:
            await owner.exec_driver_sql("BEGIN")
            await owner.exec_driver_sql('LOCK TABLE "SGS_XZCF" IN ACCESS EXCLUSIVE MODE')
            await lost("TIMEOUT")
        assert (await asyncio.to_thread(asked, found))["data"] == whole["data"]
        await postgresql.cut_off()
        assert (await asyncio.to_thread(asked, found))["data"] == whole["data"]
        postgresql.stop()
        try:
            await lost("UNAVAILABLE")
        finally:
            postgresql.start()
        assert (await asyncio.to_thread(asked, found))["data"] == whole["data"]
        with postgresql.standing_still():
            await lost("TIMEOUT")
        assert (await asyncio.to_thread(asked, found))["data"] == whole["data"]
