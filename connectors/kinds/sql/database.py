"""One database behind an asynchronous engine: opened read only, asked by a deadline, its faults in our own words.

A deadline or a cancellation stops the statement and gives the connection back. Which database it is, the URL
says; SQLite is proven by tests, the session words for PostgreSQL, MySQL and MariaDB are written and not proven
here. It never logs a statement's values and never lets a driver's text out.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from connectors.contract import ConnectorError, Deadline, TimedOut
from connectors.kinds.sql.faults import fault

_STOP = "stop"

# what a new session is told: read only, and the statement time-out where there is one; nothing sorted on a disk
_SESSION = {
    "sqlite": ("PRAGMA query_only = ON", "PRAGMA temp_store = MEMORY"),
    "postgresql": ("SET default_transaction_read_only = on", "SET statement_timeout = {millis}"),
    "mysql": ("SET SESSION TRANSACTION READ ONLY", "SET SESSION max_execution_time = {millis}"),
    "mariadb": ("SET SESSION TRANSACTION READ ONLY", "SET SESSION max_statement_time = {seconds}"),
}

T = TypeVar("T")


class Database:
    """Connects only when asked. Raises ValueError for what is no URL of an asynchronous SQLAlchemy driver."""

    def __init__(self, url: str, connections: int, timeout: float) -> None:
        try:
            self._engine = _engine(url, connections, timeout)
        except (SQLAlchemyError, ImportError, TypeError, ValueError):
            raise ValueError("not the URL of an asynchronous SQLAlchemy driver") from None
        self._timeout = timeout

    async def close(self) -> None:
        await self._engine.dispose()

    async def ping(self, deadline: Deadline) -> None:
        """Asks for a constant."""

        async def ask(connection: AsyncConnection) -> None:
            await connection.execute(sa.select(sa.literal(1)))

        await self.run(deadline, ask)

    async def run(self, deadline: Deadline, work: Callable[[AsyncConnection], Coroutine[Any, Any, T]]) -> T:
        """Work on one connection by the deadline; every failure becomes an error of the contract."""
        left = min(deadline.left(), self._timeout)
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
        if url.query.get("mode") != "memory":  # a staged file: it has no disk that could be opened read only
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
