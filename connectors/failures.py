"""What can go wrong with a question to a platform. What is not in this tree is a fault of ours.

    ConnectorError
    ├── Unavailable        unreachable, reset, 5xx, garbage       retried, counts for the breaker
    ├── TimedOut           no answer by the deadline              retried if time is left, counts
    ├── RateLimited        asked too fast; `after` seconds        retried if it fits, does not count
    │   └── QuotaUsedUp    the declared calls of a day are       final
    ├── AuthFailed         our credentials were refused           opens the breaker at once
    ├── Denied             the platform's own rule refuses        final
    ├── SubjectUnknown     the platform does not know the key     final: no records
    ├── BadRequest         we built a wrong question              final, our fault
    ├── LeftOut            a gateway that must not be asked again final: it was not asked
    ├── ContractBroken     column gone, type changed      counts for the breaker of this type alone
    └── Maintenance        a declared window                      final

Texts of errors are for the operator's log; they hold no value of a record and never reach a caller.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from connectors.delegation import Told


class ConnectorError(Exception):
    """Base of the tree above. `status` is what the caller is told about the source, `told` why, in words of ours."""

    status = "UNAVAILABLE"
    told: Told | None = None
    retryable = False
    counts = False
    after: float | None = None  # seconds that the platform asks us to wait, where it does


class Unavailable(ConnectorError):
    retryable = True
    counts = True


class TimedOut(ConnectorError):
    status = "TIMEOUT"
    retryable = True
    counts = True


class RateLimited(ConnectorError):
    status = "BUSY"
    retryable = True

    def __init__(self, message: str, after: float | None = None) -> None:
        super().__init__(message)
        self.after = after


class QuotaUsedUp(RateLimited):
    """The declared `perDay` is: no retry today."""

    retryable = False


class AuthFailed(ConnectorError):
    counts = True


class Denied(ConnectorError):
    status = "DENIED_BY_SOURCE"


class SubjectUnknown(ConnectorError):
    status = "NONE"


class BadRequest(ConnectorError):
    status = "INVALID"


class LeftOut(ConnectorError):
    status = "NOT_ASKED"


class ContractBroken(ConnectorError):
    """`rejected` are the reasons of rows that did not map, where they broke it."""

    status = "INVALID"
    counts = True

    def __init__(self, message: str, rejected: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.rejected = rejected


class Maintenance(ConnectorError):
    status = "MAINTENANCE"

    def __init__(self, message: str, until: datetime | None = None) -> None:
        super().__init__(message)
        self.until = until
