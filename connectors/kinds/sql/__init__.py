"""Kind `sql`: a table or view of a database, read through SQLAlchemy Core, read only.

A question becomes one SELECT per batch of subjects, with one row more than allowed to see that there is
more. A deadline or a cancellation stops the statement and gives the connection back. Nothing of a record is
ever written to a log or an error. Which database it is, the URL says; SQLite is proven by tests, the session
words for PostgreSQL, MySQL and MariaDB are written and not proven here.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping
from datetime import datetime
from typing import Any, ClassVar, TypeVar
from urllib.parse import quote
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from connectors.agreement import KindWords, Loc
from connectors.contract import (
    Claim,
    ConnectorError,
    ContractBroken,
    Deadline,
    Environment,
    Fetch,
    FieldTerm,
    Page,
    Terms,
    TimedOut,
    Unavailable,
)
from connectors.declaration import FieldWords, TypeWords
from connectors.kinds.sql.faults import fault
from connectors.kinds.sql.statements import Statements
from connectors.mapping.conditions import to_source
from connectors.mapping.paths import column
from connectors.mapping.records import RecordMap
from connectors.mapping.texts import Unmappable
from connectors.mapping.times import timestamp_reader
from connectors.sources import SqlSource

BATCH = 200
FRESHNESS_KEPT = 30.0  # seconds for which a table is not asked again how fresh it is
_STOP = "stop"

# what a new session is told: read only, and the statement time-out where there is one
_SESSION = {
    "sqlite": ("PRAGMA query_only = ON",),
    "postgresql": ("SET default_transaction_read_only = on", "SET statement_timeout = {millis}"),
    "mysql": ("SET SESSION TRANSACTION READ ONLY", "SET SESSION max_execution_time = {millis}"),
    "mariadb": ("SET SESSION TRANSACTION READ ONLY", "SET SESSION max_statement_time = {seconds}"),
}

T = TypeVar("T")


class Sql:
    """One database. See `connectors.contract.Connector` for the life of a connector."""

    words: ClassVar[KindWords]

    def __init__(self, source: SqlSource, types: Mapping[str, TypeWords], terms: Terms) -> None:
        self._source = source
        self._types = {name: _Type(name, words, terms) for name, words in types.items()}
        self._claims = {name: each.record.claim for name, each in self._types.items()}
        self._engine: AsyncEngine | None = None

    def claims(self) -> Mapping[str, Claim]:
        return self._claims

    async def open(self, environment: Environment) -> None:
        """Makes the engine; connects only when asked. Raises ValueError that names the reference only."""
        limits = self._source.limits
        try:
            self._engine = _engine(environment.resolve(self._source.url), limits.concurrency, limits.timeout)
        except (SQLAlchemyError, ImportError, TypeError, ValueError):
            raise ValueError(f"`{self._source.url}` is not the URL of an asynchronous SQLAlchemy driver") from None

    async def close(self) -> None:
        engine, self._engine = self._engine, None
        if engine is not None:
            await engine.dispose()

    async def health(self, deadline: Deadline) -> None:
        async def ask(connection: AsyncConnection) -> None:
            await connection.execute(sa.select(sa.literal(1)))

        await self._run(deadline, ask)

    async def fetch(self, ask: Fetch) -> AsyncIterator[Page]:
        """One page per batch of subjects, rows ordered by key; `maxRows` counts over all of them."""
        each = self._types[ask.type]
        record, batch = each.record, each.record.claim.batch
        room = min(self._source.limits.maxRows, ask.limit)
        accepted = rejected = 0
        for start in range(0, len(ask.subjects) or 1, batch):  # an open question names nobody, and is asked once
            subjects = [subject.value for subject in ask.subjects[start : start + batch]]
            names, statement = each.statements.select(ask, subjects, room + 1)

            async def answer(connection: AsyncConnection, statement: sa.Select[Any] = statement) -> Any:
                as_of = await each.as_of(connection)
                return as_of, (await connection.execute(statement)).all()

            as_of, found = await self._run(ask.deadline, answer)
            mapped = record.rows([dict(zip(names, row, strict=True)) for row in found[:room]], ask)
            accepted, rejected = accepted + len(mapped.rows), rejected + len(mapped.rejected)
            record.judge(accepted, rejected)
            yield Page(mapped.rows, mapped.rejected, len(found) > room, as_of)
            room = max(0, room - len(found))

    async def _run(self, deadline: Deadline, work: Callable[[AsyncConnection], Coroutine[Any, Any, T]]) -> T:
        """Work on one connection by the deadline; every failure becomes an error of the contract."""
        if self._engine is None:
            raise Unavailable("the source is not open")
        left = min(deadline.left(), self._source.limits.timeout)
        if left <= 0:
            raise TimedOut("no time was left to ask")
        try:
            async with asyncio.timeout(left), self._engine.connect() as connection:
                return await _stoppable(connection, work)
        except TimeoutError:
            raise TimedOut("no answer by the deadline") from None
        except ConnectorError:
            raise
        except Exception as error:  # noqa: BLE001  drivers raise families of their own, some of them unwrapped
            raise fault(error) from None


class _Type:
    """One declared type, compiled."""

    def __init__(self, name: str, words: TypeWords, terms: Terms) -> None:
        self.record = RecordMap(name, words, terms, column, words.batch or BATCH)
        self.statements = Statements(name, words, terms, self.record)
        self._declared = words.asOf
        self._fresh: tuple[float, datetime | None] = (float("-inf"), None)

    async def as_of(self, connection: AsyncConnection) -> datetime | None:
        """How fresh the platform says this table is; a fact about the table, asked seldom."""
        if self._declared is None:
            return None
        at, known = self._fresh
        if time.monotonic() - at < FRESHNESS_KEPT:
            return known
        raw = (await connection.execute(self.statements.newest(self._declared))).scalar()
        try:
            read = timestamp_reader(self._declared.timestamp, ZoneInfo(self._declared.zone))
            known = None if raw is None else read(raw)
        except Unmappable as reason:
            raise ContractBroken(f"`asOf` {reason}") from None
        self._fresh = (time.monotonic(), known)
        return known


async def _stoppable(connection: AsyncConnection, work: Callable[[AsyncConnection], Coroutine[Any, Any, T]]) -> T:
    """Work that, when cancelled, first stops the statement: SQLite would block the return of the connection."""
    stop = (await connection.get_raw_connection()).info.get(_STOP)
    task = asyncio.ensure_future(work(connection))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        if stop is None:
            task.cancel()
        else:
            stop.set()
        await asyncio.gather(task, return_exceptions=True)
        raise


def _engine(text: str, connections: int, timeout: float) -> AsyncEngine:
    """An engine for a URL. SQLite is opened anew for each question, so that a replaced file is noticed."""
    url = sa.make_url(text)
    name = url.get_backend_name()
    if name == "sqlite":
        if not url.database:
            raise ValueError("a file is needed")
        read_only = {**url.query, "mode": "ro", "uri": "true"}
        url = url.set(database=f"file:{quote(url.database)}", query=read_only)
        engine = create_async_engine(url, poolclass=NullPool, hide_parameters=True)
    else:
        engine = create_async_engine(
            url, pool_size=connections, max_overflow=0, pool_timeout=timeout, hide_parameters=True
        )

    def begin(connection: Any, record: Any) -> None:
        cursor = connection.cursor()
        for statement in _SESSION.get(name, ()):
            cursor.execute(statement.format(millis=int(timeout * 1000), seconds=timeout))
        cursor.close()
        if name == "sqlite":  # it has no time-out of its own and would compute on after a cancellation
            stop = record.info[_STOP] = threading.Event()
            connection.run_async(lambda driver: driver.set_progress_handler(stop.is_set, 10_000))

    sa.event.listen(engine.sync_engine, "connect", begin)
    return engine


def _filter(words: FieldWords, term: FieldTerm, each: TypeWords, name: str) -> object:
    return to_source(words, term, each.filters[name], each.trim)


def _inspect(words: TypeWords) -> Iterator[tuple[Loc, str]]:
    yield from ()


Sql.words = KindWords("column", frozenset({"table"}), frozenset(), _filter, _inspect)
