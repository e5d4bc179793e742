"""What the last calls say of a source: one breaker for the whole, and one for each of its record types.

A source that cannot be reached is left alone. A record type that breaks its contract is left alone by itself,
so that one table whose column is gone does not take the other tables of its database away. A refusal is an
answer: the source lives. Time is an argument, in monotonic seconds.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import partial

from connectors.contract import AuthFailed, Breaker, ConnectorError, ContractBroken
from gateway.fetching.breaker import CircuitBreaker, Entry

EARLY = 0.002  # seconds by which who waited may come before his time


class BreakerOpen(ConnectorError):
    """The source failed lately; it is left alone for a while."""


class TypeBroken(BreakerOpen):
    """The source answers, but lately answered this record type against its declaration."""

    status = "INVALID"


class Waiting(ConnectorError):
    """The platform asked us to wait, and we do."""

    status = "BUSY"


@dataclass(slots=True)
class Passage:
    """One call on its way; ended by exactly one of its methods."""

    standing: Standing
    source: CircuitBreaker
    type: CircuitBreaker
    of_source: Entry
    of_type: Entry

    def succeeded(self) -> None:
        self.source.succeeded(self.of_source)
        self.type.succeeded(self.of_type)

    def failed(self, failure: ConnectorError, now: float) -> None:
        if failure.after is not None:
            self.standing.wait(now + failure.after)
        if isinstance(failure, ContractBroken):
            self.source.succeeded(self.of_source)
            self.type.failed(self.of_type, now)
            return
        self.type.abandoned(self.of_type)
        if failure.counts:
            self.source.failed(self.of_source, now, at_once=isinstance(failure, AuthFailed))
        else:
            self.source.succeeded(self.of_source)

    def abandoned(self) -> None:
        """The caller left, or the failure was ours."""
        self.source.abandoned(self.of_source)
        self.type.abandoned(self.of_type)


class Standing:
    def __init__(self, bounds: Breaker) -> None:
        self._source = CircuitBreaker(bounds)
        self._types: defaultdict[str, CircuitBreaker] = defaultdict(partial(CircuitBreaker, bounds))
        self._waits = 0.0  # until when the platform asked to be left alone

    def wait(self, until: float) -> None:
        """Nothing goes out before this instant."""
        self._waits = max(self._waits, until)

    def is_open(self, now: float) -> bool:
        """Whether the source, or any of its record types, is left alone."""
        return self._source.is_open(now) or any(each.is_open(now) for each in self._types.values())

    def check(self, type_name: str, now: float) -> None:
        """Raises BreakerOpen, TypeBroken or Waiting where no call may go out."""
        if now < self._waits - EARLY:
            raise Waiting("the platform asked us to wait")
        if not self._source.allows(now):
            raise BreakerOpen("the breaker is open")
        if not self._types[type_name].allows(now):
            raise TypeBroken("the breaker of this record type is open")

    def enter(self, type_name: str, now: float) -> Passage:
        """Raises as `check` does."""
        self.check(type_name, now)
        of_type = self._types[type_name]
        return Passage(self, self._source, of_type, self._source.enter(), of_type.enter())
