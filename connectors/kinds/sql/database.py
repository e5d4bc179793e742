"""One database behind an asynchronous engine: opened read only, asked by a deadline, its faults in our own words.

A deadline or a cancellation stops the statement and gives the connection back; a connection on which that does not
succeed at once is dropped. Which database it is, the URL says. It never logs a statement's values and never lets a
driver's text out.
"""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from connectors.contract import ConnectorError, Deadline, TimedOut, Unavailable
from connectors.kinds.sql.dialects import Dialect, dialect_of, hosts
from connectors.kinds.sql.faults import fault
from connectors.transport.egress import Egress

ANYWHERE = Egress()
_STOP = "stop"
_ENDS_WITHIN = 0.25  # seconds; a server that stands still must not hold whoever asked it
_OLDEST = 600  # seconds after which an idle connection is not used again: firewalls forget them silently

T = TypeVar("T")


class Database:
    """Connects only when asked. Raises ValueError, which says what is wrong with the URL and never repeats it."""

    def __init__(
        self, url: str, connections: int, timeout: float, egress: Egress = ANYWHERE, tls: ssl.SSLContext | None = None
    ) -> None:
        try:
            parsed = sa.make_url(url)
            admitted = all(egress.admits(host) for host in hosts(parsed))
            self.dialect = dialect_of(parsed.get_backend_name())
            if not parsed.get_dialect().get_async_dialect_cls(parsed).is_async:
                raise ValueError("an asynchronous driver is needed")
            self._engine = _engine(parsed, self.dialect, connections, timeout, tls)
        except ModuleNotFoundError as missing:
            hint = f": install `credit-gateway[{self.dialect.extra}]`" if self.dialect.extra else ""
            raise ValueError(f"needs a driver that is not installed, `{missing.name}`{hint}") from None
        except (SQLAlchemyError, ImportError, TypeError, ValueError):
            raise ValueError("is not the URL of an asynchronous SQLAlchemy driver") from None
        if tls is not None and self.dialect.encrypted is None:
            raise ValueError("leads to a database for which `ca` means nothing: say it in the URL, as its driver does")
        if not admitted:
            raise ValueError("leads to a host that is not on the list of CREDIT_GATEWAY_EGRESS")
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
        talk = _Talk(self._engine, left)
        task = asyncio.ensure_future(talk.hold(work))
        try:
            async with asyncio.timeout(left):
                return await asyncio.shield(task)
        except TimeoutError:
            raise TimedOut("no answer by the deadline") from None
        except ConnectorError:
            raise
        except Exception as error:  # noqa: BLE001  drivers raise families of their own, some of them unwrapped
            raise fault(error) from None
        finally:
            if not task.done():
                await talk.end(task)


class _Talk:
    """One connection while it is worked on; `seconds` is how long anything may be waited for in it."""

    def __init__(self, engine: AsyncEngine, seconds: float) -> None:
        self._engine, self._seconds = engine, seconds
        self._driver: Any = None
        self._stop: threading.Event | None = None

    async def hold(self, work: Callable[[AsyncConnection], Coroutine[Any, Any, T]]) -> T:
        async with self._engine.connect() as connection:
            raw = await connection.get_raw_connection()
            self._driver, self._stop = raw.driver_connection, raw.info.get(_STOP)
            if self._stop is not None:
                await connection.exec_driver_sql(f"PRAGMA busy_timeout = {int(self._seconds * 1000)}")
            return await work(connection)

    async def end(self, task: asyncio.Task[Any]) -> None:
        """Stops the statement, so that its connection can be used again; drops the connection where that hangs."""
        _ending.add(task)
        task.add_done_callback(_ended)
        if self._stop is not None:  # a thread of SQLite's cannot be cancelled: it is told
            self._stop.set()
        else:
            task.cancel()
        await asyncio.wait([task], timeout=_ENDS_WITHIN)
        if not task.done() and self._stop is None and self._driver is not None:
            getattr(self._driver, "terminate", self._driver.close)()  # neither asks the server


_ending: set[asyncio.Task[Any]] = set()  # the loop itself holds tasks only weakly


def _ended(task: asyncio.Task[Any]) -> None:
    _ending.discard(task)
    if not task.cancelled():
        task.exception()  # whoever waited has been told already


def _engine(url: sa.URL, dialect: Dialect, connections: int, timeout: float, tls: ssl.SSLContext | None) -> AsyncEngine:
    """An engine for a URL. SQLite is opened anew for each question, so that a replaced file is noticed."""
    name = url.get_backend_name()
    url = url.set(query={**dialect.query, **url.query})
    if name == "sqlite":
        if not url.database:
            raise ValueError("a file is needed")
        if url.query.get("mode") != "memory":  # a staged file: it has no disk that could be opened read only
            read_only = {**url.query, "mode": "ro", "uri": "true"}
            url = url.set(database=f"file:{quote(url.database)}", query=read_only)
        engine = create_async_engine(url, poolclass=NullPool, hide_parameters=True)
    else:
        engine = create_async_engine(
            url,
            isolation_level="AUTOCOMMIT",  # each question is one statement: nothing to begin, nothing to end
            skip_autocommit_rollback=True,
            pool_size=connections,
            max_overflow=0,
            pool_timeout=timeout,
            pool_recycle=_OLDEST,
            connect_args={} if tls is None else {"ssl": tls},
            hide_parameters=True,
        )

    def begin(connection: Any, record: Any) -> None:
        if tls is not None and dialect.encrypted is not None and not dialect.encrypted(connection.driver_connection):
            raise Unavailable("the database offers no TLS")
        cursor = connection.cursor()
        for statement in dialect.session(engine.dialect, timeout):
            cursor.execute(statement)
        cursor.close()
        if name == "sqlite":  # it has no time-out of its own and would compute on after a cancellation
            stop = record.info[_STOP] = threading.Event()
            connection.run_async(lambda driver: driver.set_progress_handler(stop.is_set, 10_000))

    sa.event.listen(engine.sync_engine, "connect", begin)
    return engine
