"""Real database servers as counterparts: PostgreSQL from its package, MariaDB from the system or from `make databases`.

Each has its data in a folder of its own, is reached by a socket in it, logs every statement as it understood it, and
is gone with this process. `owner` may do everything, `gateway` may only read.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

from deploy.demo.servers import postgres

PASSWORD = "p@ss/w:rd%"  # signs that a URL would have to escape
UNPACKED = Path(__file__).parents[2] / ".venv" / "mariadb"  # where `make databases` puts it
STARTS_WITHIN = 60.0


class Counterpart(ABC):
    """A running server with the database `credit`."""

    name: str
    sleep: str  # an expression that takes so many seconds
    of_gateway: str  # a statement that lists its sessions
    of_working: str  # and those of them that work on a statement
    lock: str  # takes a table away from everybody else
    pid: int

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @abstractmethod
    def make(self) -> None:
        """An empty server. Raises LookupError where there is none to start."""

    @abstractmethod
    async def populate(self) -> None: ...
    @abstractmethod
    def url(self, user: str = "gateway", password: str = PASSWORD) -> str: ...
    @abstractmethod
    def start(self) -> None: ...
    @abstractmethod
    def stop(self) -> None: ...
    @abstractmethod
    def _log(self) -> Path: ...
    @abstractmethod
    def _selects(self, log: str) -> Iterator[str]: ...
    @abstractmethod
    async def cut_off(self) -> int:
        """Ends every session of the gateway's, as an administrator would; says how many there were."""

    @asynccontextmanager
    async def owner(self) -> AsyncIterator[AsyncConnection]:
        """A session that may do everything."""
        engine = create_async_engine(self.url("owner"), poolclass=NullPool, isolation_level="AUTOCOMMIT")
        try:
            async with engine.connect() as connection:
                yield connection
        finally:
            await engine.dispose()

    async def run(self, *statements: str, rows: Sequence[dict[str, Any]] = ()) -> list[tuple[Any, ...]]:
        """Statements of the owner's, the last one with rows if there are any; the rows that the last one gives."""
        async with self.owner() as connection:
            for statement in statements[:-1]:
                await connection.exec_driver_sql(statement)
            if rows:
                await connection.execute(sa.text(statements[-1]), rows)
                return []
            result = await connection.exec_driver_sql(statements[-1])
            return [tuple(row) for row in result] if result.returns_rows else []

    async def sessions(self, working: bool = False) -> int:
        """How many connections the gateway holds, or works on."""
        return len(await self.run(self.of_working if working else self.of_gateway))

    def heard(self, since: int = 0) -> list[str]:
        """Every SELECT that the gateway's statements were to the server, after a place in its log."""
        with self._log().open("rb") as log:
            log.seek(since)
            return [" ".join(each.split()) for each in self._selects(log.read().decode("utf-8", "replace"))]

    def place(self) -> int:
        """Where its log ends now."""
        return self._log().stat().st_size

    @contextmanager
    def standing_still(self) -> Iterator[None]:
        """The whole server is there and does nothing."""
        os.kill(self.pid, signal.SIGSTOP)
        for child in _children(self.pid):
            os.kill(child, signal.SIGSTOP)
        try:
            yield
        finally:
            for each in (*_children(self.pid), self.pid):
                os.kill(each, signal.SIGCONT)


def _apart(work: Coroutine[Any, Any, None]) -> None:
    """Run to its end whether or not a loop runs here: a fixture may be asked for by an asynchronous test."""
    with ThreadPoolExecutor(1) as threads:
        threads.submit(asyncio.run, work).result()


def _children(pid: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


class Postgres(Counterpart):
    name = "postgresql"
    sleep = "(SELECT pg_sleep({}))"
    of_gateway = "SELECT pid FROM pg_stat_activity WHERE usename = 'gateway'"
    of_working = f"{of_gateway} AND state = 'active'"
    lock = "BEGIN; LOCK TABLE credit.{} IN ACCESS EXCLUSIVE MODE"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        words: dict[str, str | int] = {"log_statement": "all", "log_line_prefix": "%u|", "max_connections": 20}
        self._server = postgres.Postgres(folder / "data", PASSWORD, **words)

    def make(self) -> None:
        self._server.make()

    @property
    def pid(self) -> int:  # type: ignore[override]
        return self._server.pid

    def url(self, user: str = "gateway", password: str = PASSWORD) -> str:
        return self._server.url("postgres" if user == "owner" else user, password)

    def start(self) -> None:
        self._server.start()

    def stop(self) -> None:
        self._server.stop()

    def _log(self) -> Path:
        return self._server.log

    def _selects(self, log: str) -> Iterator[str]:
        return (each[1] for each in re.finditer(r"(?m)^gateway\|LOG:  execute \S+: (SELECT (?:.|\n\t)*)", log))

    async def populate(self) -> None:
        await self.run(
            f"CREATE ROLE gateway LOGIN PASSWORD '{PASSWORD}'",
            "CREATE SCHEMA credit",
            "GRANT USAGE ON SCHEMA credit TO gateway",
            "ALTER DEFAULT PRIVILEGES IN SCHEMA credit GRANT SELECT ON TABLES TO gateway",
        )

    async def cut_off(self) -> int:
        return len(await self.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'gateway'"))


class Mariadb(Counterpart):
    name = "mariadb"
    network: tuple[str, ...] = ("--skip-networking",)
    sleep = "SLEEP({})"
    of_gateway = "SELECT id FROM information_schema.processlist WHERE user = 'gateway'"
    of_working = f"{of_gateway} AND command = 'Query'"
    lock = "LOCK TABLES credit.{} WRITE"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._process: subprocess.Popen[bytes] | None = None

    def make(self) -> None:
        _program()
        (self.folder / "data").mkdir()
        words = "CREATE DATABASE credit;\nCREATE DATABASE mysql;\nUSE mysql;\n"
        scripts = ("mysql_system_tables.sql", "mysql_performance_tables.sql", "mysql_system_tables_data.sql")
        made = words + "".join((_share() / script).read_text("utf-8") + "\n" for script in scripts)
        command = [*self._command(), "--bootstrap", "--skip-log-bin"]
        subprocess.run(command, input=made.encode(), capture_output=True, check=True, env=_surroundings())

    @property
    def pid(self) -> int:  # type: ignore[override]
        assert self._process is not None
        return self._process.pid

    def url(self, user: str = "gateway", password: str = PASSWORD) -> str:
        who = "root" if user == "owner" else f"{user}:{quote(password, safe='')}"
        return f"mysql+aiomysql://{who}@/credit?unix_socket={quote(str(self.folder / 'socket'))}"

    def start(self) -> None:
        with (self.folder / "errors").open("ab") as errors:
            self._process = subprocess.Popen(
                [*self._command(), f"--socket={self.folder / 'socket'}", f"--general-log-file={self._log()}",
                 "--general-log", *self.network, "--max-connections=20", f"--pid-file={self.folder / 'pid'}"],
                stdout=errors, stderr=errors, start_new_session=True, env=_surroundings(),
                preexec_fn=lambda: ctypes.CDLL(None).prctl(1, signal.SIGKILL),
            )  # fmt: skip
        until = time.monotonic() + STARTS_WITHIN
        while not (self.folder / "pid").exists():
            assert self._process.poll() is None, (self.folder / "errors").read_text()[-1000:]
            assert time.monotonic() < until
            time.sleep(0.01)

    def stop(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait(10)
        for left in ("pid", "socket"):
            (self.folder / left).unlink(missing_ok=True)

    def _command(self) -> list[str]:
        return [
            str(_program()), "--no-defaults", f"--datadir={self.folder / 'data'}", "--user=root",
            "--character-set-server=utf8mb4", f"--lc-messages-dir={_share()}", "--innodb-buffer-pool-size=16M",
            "--innodb-log-file-size=8M", "--skip-innodb-doublewrite", "--innodb-flush-log-at-trx-commit=0",
        ]  # fmt: skip

    def _log(self) -> Path:
        return self.folder / "general"

    def _selects(self, log: str) -> Iterator[str]:
        entry = r"(?:\d{6} [ \d]\d:\d\d:\d\d)?\t+ *\d+ \w"  # the time is told once a second
        return (each[1] for each in re.finditer(rf"\d+ Query\t(SELECT `(?:.|\n(?!{entry}))*)", log))

    async def populate(self) -> None:
        await self.run(
            "FLUSH PRIVILEGES",
            f"CREATE USER gateway@localhost IDENTIFIED BY '{PASSWORD}'".replace("%", "%%"),
            "GRANT SELECT ON credit.* TO gateway@localhost",
        )

    async def cut_off(self) -> int:
        found = await self.run(self.of_gateway)
        for (number,) in found:
            await self.run(f"KILL {number}")
        return len(found)


def _program() -> Path:
    """The server, of the system or unpacked. Raises LookupError."""
    places = [shutil.which("mariadbd"), "/usr/sbin/mariadbd", UNPACKED / "usr/sbin/mariadbd"]
    for place in places:
        if place is not None and Path(place).exists():
            return Path(place)
    raise LookupError("no MariaDB here: `make databases` fetches it where Debian's packages can be had")


def _surroundings() -> dict[str, str]:
    """Where the libraries are that were unpacked beside the server."""
    folders = {str(path.parent) for path in UNPACKED.rglob("*.so*")}
    return {**os.environ, "LD_LIBRARY_PATH": ":".join(sorted(folders))} if folders else dict(os.environ)


def _share() -> Path:
    program = _program()
    return (UNPACKED if program.is_relative_to(UNPACKED) else Path("/")) / "usr/share/mysql"


@contextmanager
def served(kind: Callable[[Path], Counterpart]) -> Iterator[Counterpart]:
    """A server of the kind; skips the test, saying why, where there is none."""
    folder = Path(tempfile.mkdtemp(prefix="credit-gateway-"))
    folder.chmod(0o711)
    server = kind(folder)
    try:
        try:
            server.make()
        except LookupError as missing:
            pytest.skip(str(missing))
        server.start()
        _apart(server.populate())
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
