"""A circuit breaker as a pure state machine; time is an argument, in monotonic seconds.

closed -> open after `failures` within `window`; open -> half-open after `open` seconds, when one call may
probe; the probe's success closes, its failure opens again.

Whoever is let in holds an entry and ends it once, by saying how the call went. An entry from before the last
change of state says nothing any more: a call that began before the platform fell neither closes the breaker
nor ends the probe of another.
"""

from __future__ import annotations

from collections import deque
from typing import NewType

from connectors.contract import Breaker

Entry = NewType("Entry", int)


class CircuitBreaker:
    def __init__(self, bounds: Breaker) -> None:
        self._bounds = bounds
        self._failures: deque[float] = deque()
        self._opened: float | None = None
        self._probing = False
        self._state = Entry(0)  # counts the changes of state

    def is_open(self, now: float) -> bool:
        return self._opened is not None and now - self._opened < self._bounds.open

    def allows(self, now: float) -> bool:
        """Whether a call may go out: not while open, nor while another probes."""
        return not self.is_open(now) and not self._probing

    def enter(self) -> Entry:
        """Only where `allows` said yes at this instant; in half-open state this call is the probe."""
        self._probing = self._opened is not None
        return self._state

    def succeeded(self, entry: Entry) -> None:
        if entry != self._state:
            return
        self._failures.clear()
        if self._opened is not None:
            self._change(None)

    def failed(self, entry: Entry, now: float, at_once: bool = False) -> None:
        """`at_once` opens without regard to the bound."""
        if entry != self._state:
            return
        self._failures.append(now)
        while now - self._failures[0] > self._bounds.window:
            self._failures.popleft()
        if at_once or self._probing or len(self._failures) >= self._bounds.failures:
            self._change(now)

    def abandoned(self, entry: Entry) -> None:
        """The call ended and says nothing of the platform; if it was the probe, the next call is."""
        if entry == self._state:
            self._probing = False

    def _change(self, opened: float | None) -> None:
        self._state = Entry(self._state + 1)
        self._opened, self._probing = opened, False
        self._failures.clear()
