"""What differs between databases: how a session begins, how texts are compared byte by byte, which driver is needed.

A session is opened read only and told the statement time-out, where the database has words for it, and reckons in
China's time. The words for PostgreSQL, MariaDB and SQLite are proven by tests, MySQL's differ from MariaDB's by one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql, registry
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.sql.elements import ColumnElement

ZONE = "Asia/Shanghai"  # of every session: columns with a zone come back in it, and are compared in it
_OFFSET = "+08:00"  # the same for MySQL, whose tables of zones are seldom filled

# what Python strips and `trim` of a database does not
_BLANKS = "\t\n\r\u00a0\u3000"
_PLAIN = str.maketrans(_BLANKS, " " * len(_BLANKS))

Session = Callable[[Any, float], tuple[str, ...]]  # SQLAlchemy's dialect, once connected, and the time-out in seconds


def _postgresql(dialect: Any, timeout: float) -> tuple[str, ...]:
    millis = max(1, int(timeout * 1000))
    return (
        "SET default_transaction_read_only = on",
        f"SET statement_timeout = {millis}",
        f"SET lock_timeout = {millis}",
        f"SET timezone = '{ZONE}'",
    )


def _mysql(dialect: Any, timeout: float) -> tuple[str, ...]:
    bound = f"max_statement_time = {timeout}" if dialect.is_mariadb else f"max_execution_time = {int(timeout * 1000)}"
    seconds = max(1, int(timeout))  # a lock of the whole table is waited for apart
    return (
        "SET SESSION TRANSACTION READ ONLY",
        f"SET SESSION {bound}, lock_wait_timeout = {seconds}, time_zone = '{_OFFSET}'",
    )


def _sqlite(dialect: Any, timeout: float) -> tuple[str, ...]:
    return "PRAGMA query_only = ON", "PRAGMA temp_store = MEMORY"  # nothing is sorted on a disk


def _nothing(dialect: Any, timeout: float) -> tuple[str, ...]:
    return ()


@dataclass(frozen=True, slots=True)
class Dialect:
    """One family of databases. `extra` is the part of this package that brings its driver."""

    session: Session = _nothing
    extra: str | None = None
    query: Mapping[str, str] = field(default_factory=dict)  # words of the URL, where it has not got them
    type: sa.types.TypeEngine[str] = field(default_factory=sa.String)
    collation: str | None = None  # under which texts are the same only when their bytes are
    encrypted: Callable[[Any], bool] | None = None  # whether the driver's connection is; None where it takes no TLS

    def text(self, column: ColumnElement[Any], trim: bool = True) -> ColumnElement[str]:
        """The column as a text, whatever its type (codes are stored as numbers too), compared byte by byte. Trimmed,
        it is held against `plain` texts."""
        text: ColumnElement[str] = sa.cast(column, self.type)
        if trim:
            for blank in _BLANKS:
                text = sa.func.replace(text, blank, " ")
            text = sa.func.trim(text)
        return text if self.collation is None else text.collate(self.collation)


def plain(text: str) -> str:
    """A text as `Dialect.text` gives it: every blank is a plain one."""
    return text.translate(_PLAIN)


def _on_socket_or_encrypted(driver: Any) -> bool:
    """aiomysql goes on without TLS when the server, or who stands between, says that it has none."""
    transport = driver._writer.transport
    return transport.get_extra_info("ssl_object") is not None or isinstance(transport.get_extra_info("peername"), str)


_MYSQL = Dialect(
    _mysql, "mysql", {"charset": "utf8mb4"}, mysql.CHAR(charset="utf8mb4"), "utf8mb4_bin", _on_socket_or_encrypted
)


class Kingbase(PGDialect_asyncpg):
    """KingbaseES speaks as PostgreSQL 12 does, and by another name when it is asked for its version."""

    supports_statement_cache = True

    def _get_server_version_info(self, connection: Any) -> Any:
        try:
            return super()._get_server_version_info(connection)  # type: ignore[no-untyped-call]
        except AssertionError:
            return (12,)


registry.register("kingbase.asyncpg", __name__, Kingbase.__name__)

_POSTGRESQL = Dialect(_postgresql, "postgresql", collation="C", encrypted=lambda driver: True)  # it refuses itself
_DIALECTS = {
    "sqlite": Dialect(_sqlite),
    "postgresql": _POSTGRESQL,
    "kingbase": _POSTGRESQL,
    "mysql": _MYSQL,
    "mariadb": _MYSQL,
    "oracle": Dialect(extra="oracle"),
    "mssql": Dialect(extra="mssql", type=sa.Unicode()),  # VARCHAR holds one code page only
    "dm": Dialect(extra="dameng"),
}


def hosts(url: sa.URL) -> list[str]:
    """The machines that a URL names, also in its query; a socket or a file of this machine is none, and words that only
    the driver understands are one that stands on no list."""
    named = [url.host or ""] + [part for each in url.normalized_query.get("host", ()) for part in each.split(",")]
    found = [host if host.count(":") > 1 else host.partition(":")[0] for host in named if host and host[0] != "/"]
    return found + [f"({word})" for word in ("dsn", "odbc_connect", "service") if word in url.query]


def dialect_of(backend: str) -> Dialect:
    """The family by the first word of an SQLAlchemy URL; one that is not known here is asked as it is."""
    return _DIALECTS.get(backend, Dialect())
