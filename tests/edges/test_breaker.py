"""The circuit breaker as a state machine: every history of calls keeps its promises. Time is an argument."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from connectors.contract import Breaker
from gateway.fetching.breaker import CircuitBreaker, Entry

BOUNDS = Breaker(failures=3, window=10.0, open=5.0)


def fail(breaker: CircuitBreaker, now: float) -> None:
    assert breaker.allows(now)
    breaker.failed(breaker.enter(), now)


def opened(at: float) -> CircuitBreaker:
    breaker = CircuitBreaker(BOUNDS)
    breaker.failed(breaker.enter(), at, at_once=True)
    return breaker


def test_it_opens_at_the_bound_and_not_before() -> None:
    """Two failures leave it closed, the third opens it, and nothing passes until `open` seconds are over."""
    breaker = CircuitBreaker(BOUNDS)
    for now in (0.0, 1.0, 2.0):
        assert not breaker.is_open(now)
        fail(breaker, now)
    assert breaker.is_open(2.0)
    assert not breaker.allows(6.9)
    assert breaker.allows(7.0)


def test_old_failures_are_forgotten() -> None:
    """Failures that lie further apart than the window do not add up, and a success wipes them out."""
    breaker = CircuitBreaker(BOUNDS)
    for now in (0.0, 1.0, 11.5):
        fail(breaker, now)
    assert not breaker.is_open(11.5)
    breaker.succeeded(breaker.enter())
    for now in (12.0, 12.1):
        fail(breaker, now)
    assert not breaker.is_open(12.1)


def test_one_probe_decides() -> None:
    """After the open time one call probes: its failure opens again for the whole time, its success closes."""
    breaker = opened(0.0)
    assert breaker.allows(5.0)
    probe = breaker.enter()
    assert not breaker.allows(5.1)
    breaker.failed(probe, 5.2)
    assert not breaker.allows(10.1)
    assert breaker.allows(10.25)
    probe = breaker.enter()
    assert not breaker.allows(1000.0)  # however long it takes
    breaker.succeeded(probe)
    assert breaker.allows(1000.0)


def test_an_abandoned_probe_lets_another_try() -> None:
    """A probe that was cancelled says nothing about the platform: the next call may probe at once."""
    breaker = opened(0.0)
    breaker.abandoned(breaker.enter())
    assert breaker.allows(5.1)


ENDINGS: dict[str, Callable[[CircuitBreaker, Entry], None]] = {
    "succeeds": lambda breaker, entry: breaker.succeeded(entry),
    "fails": lambda breaker, entry: breaker.failed(entry, 5.1),
    "fails for good": lambda breaker, entry: breaker.failed(entry, 5.1, at_once=True),
    "is cancelled": lambda breaker, entry: breaker.abandoned(entry),
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_calls_from_before_say_nothing(ending: str) -> None:
    """What went out before the breaker opened neither closes it, nor ends the probe, nor opens it once more."""
    breaker = CircuitBreaker(BOUNDS)
    early, later, culprit = breaker.enter(), breaker.enter(), breaker.enter()
    breaker.failed(culprit, 0.0, at_once=True)
    probe = breaker.enter()
    ENDINGS[ending](breaker, early)
    assert not breaker.allows(5.2)
    breaker.succeeded(probe)
    ENDINGS[ending](breaker, later)
    assert breaker.allows(5.3)


@dataclass(eq=False)
class Call:
    entry: Entry
    probe: bool


class Histories(RuleBasedStateMachine):
    """Calls begin and end in any order and at any time; what each may change is reckoned beside the breaker."""

    def __init__(self) -> None:
        super().__init__()
        self.breaker = CircuitBreaker(BOUNDS)
        self.now = 0.0
        self.calls: list[Call] = []
        self.fresh: list[Call] = []  # the calls that began since the breaker last opened or closed
        self.opened: float | None = None

    @rule(seconds=st.floats(0.0, 6.0))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @rule()
    def begin(self) -> None:
        if self.breaker.allows(self.now):
            call = Call(self.breaker.enter(), probe=self.opened is not None)
            self.calls.append(call)
            self.fresh.append(call)

    @precondition(lambda self: self.calls)
    @rule(number=st.integers(0, 20), ending=st.sampled_from(["succeed", "fail", "fail at once", "abandon"]))
    def end(self, number: int, ending: str) -> None:
        call = self.calls.pop(number % len(self.calls))
        before = copy.deepcopy(vars(self.breaker))
        match ending:
            case "succeed":
                self.breaker.succeeded(call.entry)
            case "abandon":
                self.breaker.abandoned(call.entry)
            case _:
                self.breaker.failed(call.entry, self.now, at_once=ending == "fail at once")
        if call not in self.fresh:
            assert vars(self.breaker) == before, "a late outcome changed the breaker"
        elif ending.startswith("fail") and (call.probe or ending == "fail at once"):
            self.turned(self.now)
        elif ending == "succeed" and call.probe:
            self.turned(None)
        elif self.breaker.is_open(self.now) and self.opened is None:  # the bound was reached
            assert ending == "fail"
            self.turned(self.now)

    def turned(self, opened: float | None) -> None:
        self.opened, self.fresh = opened, []

    @invariant()
    def at_most_one_probe(self) -> None:
        assert sum(call.probe for call in self.calls) <= 1

    @invariant()
    def open_for_its_time_and_no_longer(self) -> None:
        probing = any(call.probe for call in self.calls)
        half_open = self.opened is not None and self.now - self.opened >= BOUNDS.open
        assert self.breaker.allows(self.now) is (self.opened is None or (half_open and not probing))


TestHistories = Histories.TestCase
TestHistories.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)
TestHistories.__doc__ = "Whatever begins and ends in whatever order: one probe at most, open where it must be only."
