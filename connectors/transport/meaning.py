"""What the status of an HTTP answer means, and errors of the contract by the names that declarations use.

Of an answer only its status and `Retry-After` are read here; no text of it becomes part of an error.
"""

from __future__ import annotations

from collections.abc import Mapping

import connectors.contract as contract
from connectors.transport.port import Answer

LONGEST_WAIT = 300.0  # seconds; a longer Retry-After is cut to this
_BY_STATUS = {401: "AuthFailed", 403: "Denied", 407: "AuthFailed", 408: "TimedOut", 429: "RateLimited"}
_OUR_FAULT = frozenset({400, 405, 406, 411, 413, 414, 415, 422})


def by_status(status: int) -> str:
    """The name of the error that an unsuccessful status stands for."""
    return _BY_STATUS.get(status) or ("BadRequest" if status in _OUR_FAULT else "Unavailable")


def error(name: str, message: str, headers: Mapping[str, str]) -> contract.ConnectorError:
    """The error of this name; a RateLimited one says how long to wait, if the answer's headers do."""
    if name == "RateLimited":
        wait = headers.get("retry-after", "").strip()
        after = min(float(wait), LONGEST_WAIT) if wait.isascii() and wait.isdigit() else None
        return contract.RateLimited(message, after)
    kind: type[contract.ConnectorError] = getattr(contract, name)
    return kind(message)


def is_page(answer: Answer) -> bool:
    """Whether the answer says of itself that it is a web page."""
    return "html" in answer.headers.get("content-type", "").lower()
