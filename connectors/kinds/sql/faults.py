"""What a database's error means, by the code that its driver gives, never by the words of its message."""

from __future__ import annotations

from typing import Any

from connectors.contract import (
    AuthFailed,
    BadRequest,
    ConnectorError,
    ContractBroken,
    Denied,
    RateLimited,
    TimedOut,
    Unavailable,
)

# SQLSTATE (whole, then its class), MySQL's error numbers, SQLite's primary result codes
_BY_STATE: dict[str, type[ConnectorError]] = {
    "22P05": BadRequest,  # a character that the database's encoding has not got: none of its rows can hold it
    "42501": Denied,  # insufficient privilege
    "53300": RateLimited,  # too many connections
    "55P03": TimedOut,  # the lock time-out of the session
    "57014": TimedOut,  # the statement time-out of the session, or an operator of theirs who cancelled it
    "28": AuthFailed,
    "3D": ContractBroken,  # no such database
    "42": ContractBroken,  # no such table, no such column
}
_BY_NUMBER: dict[int, type[ConnectorError]] = {
    1040: RateLimited,  # too many connections; of this user (1203); more questions than it may ask (1226)
    1203: RateLimited,
    1226: RateLimited,
    1044: AuthFailed,
    1045: AuthFailed,
    1698: AuthFailed,
    1142: Denied,
    1143: Denied,
    1049: ContractBroken,  # no such database, column, table
    1054: ContractBroken,
    1146: ContractBroken,
    1205: TimedOut,  # a lock was waited for too long
    1317: TimedOut,  # stopped by an operator of theirs
    1969: TimedOut,  # the statement time-out of the session: MariaDB's, MySQL's
    3024: TimedOut,
}
_BY_SQLITE: dict[int, type[ConnectorError]] = {
    1: ContractBroken,  # SQLITE_ERROR: the statement does not fit the schema
    5: TimedOut,  # SQLITE_BUSY, SQLITE_LOCKED: somebody writes
    6: TimedOut,
    9: TimedOut,  # SQLITE_INTERRUPT: the session was told to stop
}


def fault(error: BaseException) -> ConnectorError:
    """The contract's error for whatever a driver raised. Its text holds a code at most, never a value."""
    cause: Any = getattr(error, "orig", None) or error
    for each in (cause, getattr(cause, "__cause__", None)):  # drivers are adapted: the code is on either
        state = str(getattr(each, "sqlstate", None) or getattr(each, "pgcode", None) or "")
        sqlite = getattr(each, "sqlite_errorcode", None)
        first = each.args[0] if isinstance(each, BaseException) and each.args else None
        number = first if isinstance(first, int) else None  # MySQL's, which says more than its SQLSTATE
        kind = (
            _BY_NUMBER.get(number or 0)
            or _BY_STATE.get(state)
            or _BY_STATE.get(state[:2])
            or (_BY_SQLITE.get(sqlite & 0xFF) if isinstance(sqlite, int) else None)
        )
        if kind is not None:
            return kind(f"the database refused the question ({number or state or sqlite})")
    return Unavailable(f"the database did not answer ({type(cause).__name__})")
