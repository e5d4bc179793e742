"""What the status of an HTTP answer means, and errors of the contract by the names that declarations use.

Of an answer only its status and `Retry-After` are read here; no text of it becomes part of an error.
"""

from __future__ import annotations

from collections.abc import Mapping
from email.utils import parsedate_to_datetime

import connectors.contract as contract
from connectors.transport.port import Answer

LONGEST_WAIT = 300.0  # seconds; a longer Retry-After is cut to this
_BY_STATUS = {401: "AuthFailed", 403: "Denied", 407: "AuthFailed", 408: "TimedOut", 429: "RateLimited"}
_OUR_FAULT = frozenset({400, 405, 406, 411, 413, 414, 415, 422})


def by_status(status: int) -> str:
    """The name of the error that an unsuccessful status stands for."""
    return _BY_STATUS.get(status) or ("BadRequest" if status in _OUR_FAULT else "Unavailable")


def error(name: str, message: str, headers: Mapping[str, str]) -> contract.ConnectorError:
    """The error of this name; one that may pass says how long to wait, if the answer's headers do."""
    kind: type[contract.ConnectorError] = getattr(contract, name)
    made = kind(message)
    if made.retryable:
        made.after = _wait(headers)
    return made


def _wait(headers: Mapping[str, str]) -> float | None:
    """Seconds of `Retry-After`, a number or a date (RFC 9110, 10.2.3) that is reckoned by the platform's clock."""
    told = headers.get("retry-after", "").strip()
    if told.isascii() and told.isdigit():
        return min(float(told), LONGEST_WAIT)
    try:
        wait = parsedate_to_datetime(told) - parsedate_to_datetime(headers["date"])
    except (KeyError, ValueError, TypeError):
        return None
    return min(max(0.0, wait.total_seconds()), LONGEST_WAIT)


def is_page(answer: Answer) -> bool:
    """Whether the answer says of itself that it is a web page."""
    return "html" in answer.headers.get("content-type", "").lower()
