"""A circuit breaker as a pure state machine; time is an argument, in monotonic seconds.

closed -> open after `failures` within `window`; open -> half-open after `open` seconds, when one call may
probe; the probe's success closes, its failure opens again. `trip` opens at once.
"""

from __future__ import annotations

from collections import deque

from connectors.contract import Breaker


class CircuitBreaker:
    def __init__(self, bounds: Breaker) -> None:
        self._bounds = bounds
        self._failures: deque[float] = deque()
        self._opened: float | None = None
        self._probing: float | None = None

    def allows(self, now: float) -> bool:
        """Whether a call may go out; in half-open state the call that asks becomes the probe."""
        if self._opened is None:
            return True
        if now - self._opened < self._bounds.open:
            return False
        if self._probing is not None and now - self._probing < self._bounds.open:
            return False
        self._probing = now
        return True

    def is_open(self, now: float) -> bool:
        return self._opened is not None and now - self._opened < self._bounds.open

    def succeeded(self) -> None:
        self._failures.clear()
        self._opened = self._probing = None

    def failed(self, now: float) -> None:
        if self._probing is not None:
            self.trip(now)
        if self._opened is not None:
            return  # a call that went out before it opened says nothing new
        self._failures.append(now)
        while self._failures and now - self._failures[0] > self._bounds.window:
            self._failures.popleft()
        if len(self._failures) >= self._bounds.failures:
            self.trip(now)

    def abandoned(self) -> None:
        """The probe ended without an outcome (cancelled, or an error that does not count): let another try."""
        self._probing = None

    def trip(self, now: float) -> None:
        self._opened, self._probing = now, None
        self._failures.clear()
