"""What a database's error means, by the code that its driver gives, never by the words of its message."""

from __future__ import annotations

from typing import Any

from connectors.contract import (
    AuthFailed,
    ConnectorError,
    ContractBroken,
    Denied,
    TimedOut,
    Unavailable,
)

# SQLSTATE (whole, then its class), MySQL's error numbers, SQLite's primary result codes
_BY_STATE: dict[str, type[ConnectorError]] = {
    "42501": Denied,  # insufficient privilege
    "57014": TimedOut,  # the statement time-out of the session
    "28": AuthFailed,
    "42": ContractBroken,  # no such table, no such column
}
_BY_NUMBER: dict[int, type[ConnectorError]] = {
    1044: AuthFailed,
    1045: AuthFailed,
    1142: Denied,
    1143: Denied,
    1054: ContractBroken,
    1146: ContractBroken,
    1969: TimedOut,
    3024: TimedOut,
}
_BY_SQLITE: dict[int, type[ConnectorError]] = {
    1: ContractBroken,  # SQLITE_ERROR: the statement does not fit the schema
    9: TimedOut,  # SQLITE_INTERRUPT: the session was told to stop
}


def fault(error: BaseException) -> ConnectorError:
    """The contract's error for whatever a driver raised. Its text holds a code at most, never a value."""
    cause: Any = getattr(error, "orig", None) or error
    for each in (cause, getattr(cause, "__cause__", None)):  # drivers are adapted: the code is on either
        state = str(getattr(each, "sqlstate", None) or getattr(each, "pgcode", None) or "")
        sqlite = getattr(each, "sqlite_errorcode", None)
        first = each.args[0] if isinstance(each, BaseException) and each.args else None
        kind = (
            _BY_STATE.get(state)
            or _BY_STATE.get(state[:2])
            or (_BY_SQLITE.get(sqlite & 0xFF) if isinstance(sqlite, int) else None)
            or (_BY_NUMBER.get(first) if isinstance(first, int) else None)
        )
        if kind is not None:
            return kind(f"the database refused the question ({state or sqlite or first})")
    return Unavailable(f"the database did not answer ({type(cause).__name__})")
