"""The store of a home: opened at its schema or not at all, read and added to by whole transactions.

SQLite is brought to the schema of this program when it is opened; another database is changed by `credit-gateway store
upgrade` alone, so that no gateway alters what others use. A schema that is newer than the program is never touched.
Used from threads, never from the loop that answers. No address, which may hold a password, is in a message.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Table, create_engine, event, insert, inspect, select, text, update
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from gateway.store.tables import REVISIONS, contents, rejections, shadows, steps

PLACE = Path("state") / "platforms.sqlite3"  # in a home
MIGRATIONS = Path(__file__).parent / "migrations"
UPGRADE, RESTORE = "`credit-gateway store upgrade`", "`credit-gateway store restore`"
HELD = "another program holds it: try again"

# Seconds until a connection stands, milliseconds until what was sent is received, where the address says nothing else.
PATIENCE = {"connect_timeout": 3, "tcp_user_timeout": 10_000}

Key = tuple[str, ...]


class StoreError(ValueError):
    """The store cannot be used; the message says why and what to do."""


class Taken(StoreError):
    """Somebody else was first; what was to be added is there already, or another in its place."""


def address(home: Path, url: str) -> str:
    """The SQLAlchemy URL of a home's store; `url` is the setting."""
    return url or f"sqlite:///{home / PLACE}"


class Store:
    """One store. Made cheaply; every verb connects, and raises StoreError."""

    def __init__(self, home: Path, url: str = "") -> None:
        self.file: Path | None = None if url else home / PLACE
        try:
            parsed = make_url(address(home, url))
            own = parsed.get_backend_name() == "sqlite"
            if parsed.get_dialect().is_async:
                raise ValueError
            more: dict[str, Any] = {"poolclass": NullPool} if own else {}
            if parsed.drivername == "postgresql+psycopg":
                more["connect_args"] = {name: most for name, most in PATIENCE.items() if name not in parsed.query}
            self._engine: Engine = create_engine(parsed, hide_parameters=True, **more)
        except (ArgumentError, NoSuchModuleError, ImportError, ValueError) as error:
            raise StoreError(
                f"the store's address cannot be used ({type(error).__name__}); "
                "`sqlite:///FILE` or `postgresql+psycopg://USER@HOST/DATABASE` is expected, and its driver"
            ) from None
        self._own, self._ready = own, False
        if own:
            event.listen(self._engine, "connect", _by_hand)
            event.listen(self._engine, "begin", _begun)

    @property
    def present(self) -> bool:
        """Whether there may be anything in it: a file that is not there holds nothing."""
        return self.file is None or self.file.exists()

    def revision(self) -> str | None:
        """The schema as it is; None before the first."""
        with self._connected() as connection:
            return _revision(connection)

    def upgrade(self) -> None:
        """Bring the schema to what this program knows."""
        with self._connected(writing=True) as connection:
            _refuse_newer(_revision(connection))
            _migrate(connection)
        if self.file is not None:
            os.chmod(self.file, 0o600)

    def check(self) -> None:
        """Raises StoreError when the schema is another than this program's."""
        found = self.revision()
        _refuse_newer(found)
        if found != REVISIONS[-1]:
            raise StoreError(f"the store's schema is {found or 'empty'}, this program needs {REVISIONS[-1]}; {UPGRADE}")

    def head(self) -> tuple[int, str] | None:
        """Number and id of the last step."""
        with self._whole() as connection:
            row = connection.execute(select(steps.c.seq, steps.c.id).order_by(steps.c.seq.desc()).limit(1)).first()
        return (int(row[0]), str(row[1])) if row else None

    def after(self, seq: int) -> list[bytes]:
        """Every step with a greater number, in order."""
        with self._whole() as connection:
            return [
                bytes(raw)
                for raw in connection.execute(
                    select(steps.c.raw).where(steps.c.seq > seq).order_by(steps.c.seq)
                ).scalars()
            ]

    def append(
        self, seq: int, name: str, raw: bytes, digest: str = "", files: Mapping[str, bytes] | None = None
    ) -> None:
        """One step, with the files that it names. Raises Taken when the number is given away."""
        with self._whole(writing=True) as connection:
            if files and not connection.execute(select(contents.c.name).where(contents.c.digest == digest)).first():
                rows = [{"digest": digest, "name": file, "raw": text} for file, text in files.items()]
                connection.execute(insert(contents), rows)
            connection.execute(insert(steps).values(seq=seq, id=name, raw=raw))

    def files(self, digest: str) -> dict[str, bytes]:
        """The files of a declaration, by name; none when it is not kept."""
        with self._whole() as connection:
            found = connection.execute(select(contents.c.name, contents.c.raw).where(contents.c.digest == digest))
            return {str(name): bytes(raw) for name, raw in found}

    def add_rejections(self, counts: Mapping[Key, int]) -> None:
        """By platform, type, reason, day and row key."""
        self._add(rejections, counts)

    def rejections(self, platform: str, since: str) -> list[tuple[Key, int]]:
        return self._counts(rejections, platform, since)

    def add_shadows(self, counts: Mapping[Key, int]) -> None:
        """By platform, type, outcome and day."""
        self._add(shadows, counts)

    def shadows(self, platform: str, since: str) -> list[tuple[Key, int]]:
        return self._counts(shadows, platform, since)

    def close(self) -> None:
        self._engine.dispose()

    def _add(self, table: Table, counts: Mapping[Key, int]) -> None:
        names = [column.name for column in table.primary_key]
        with self._whole(writing=True) as connection:
            for key, count in sorted(counts.items()):
                same = [table.c[name] == part for name, part in zip(names, key, strict=True)]
                more = update(table).where(*same).values(count=table.c.count + count)
                if not connection.execute(more).rowcount:
                    connection.execute(insert(table).values(**dict(zip(names, key, strict=True)), count=count))

    def _counts(self, table: Table, platform: str, since: str) -> list[tuple[Key, int]]:
        names = [column.name for column in table.primary_key]
        wanted = select(*(table.c[name] for name in names), table.c.count).where(
            table.c.platform == platform, table.c.day >= since
        )
        with self._whole() as connection:
            return [(tuple(str(part) for part in row[:-1]), int(row[-1])) for row in connection.execute(wanted)]

    @contextmanager
    def _whole(self, writing: bool = False) -> Iterator[Connection]:
        """A transaction at the schema of this program."""
        if not self._ready:
            self.upgrade() if self._own else self.check()
            self._ready = True
        with self._connected(writing) as connection:
            yield connection

    @contextmanager
    def _connected(self, writing: bool = False) -> Iterator[Connection]:
        try:
            if self.file is not None:
                self.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with self._engine.connect().execution_options(writing=writing) as connection, connection.begin():
                yield connection
        except IntegrityError:
            raise Taken("somebody else changed this at the same moment; try again") from None
        except (SQLAlchemyError, OSError) as error:
            own = self.file is not None and isinstance(error, DBAPIError)
            said = str(error.orig) if own and isinstance(error, DBAPIError) else type(error).__name__
            mend = "start what serves it"
            if own:
                mend = HELD if "locked" in said else f"restore a backup, or move it away and let {RESTORE} make it anew"
            raise StoreError(f"{self.file or 'the store'} cannot be used ({said}); {mend}") from None


def _by_hand(connection: Any, _: Any) -> None:
    """The driver for SQLite begins no transaction by itself, so that changes of tables are in one too."""
    connection.isolation_level = None


def _begun(connection: Connection) -> None:
    """Who will write says so at once: two that read first and write then would wait for each other."""
    writing = connection.get_execution_options().get("writing")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return str(found) if found is not None else None


def _refuse_newer(found: str | None) -> None:
    if found is not None and found not in REVISIONS:
        raise StoreError(
            f"the store's schema is {found}, which is newer than this program ({REVISIONS[-1]}); update it"
        )


def _migrate(connection: Connection) -> None:
    if _revision(connection) == REVISIONS[-1]:
        return
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
