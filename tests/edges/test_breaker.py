"""The circuit breaker as a state machine: every history of calls keeps its promises. Time is an argument."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from connectors.contract import Breaker
from gateway.fetching.breaker import CircuitBreaker

BOUNDS = Breaker(failures=3, window=10.0, open=5.0)


def test_it_opens_at_the_bound_and_not_before() -> None:
    """Two failures leave it closed, the third opens it, and nothing passes until `open` seconds are over."""
    breaker = CircuitBreaker(BOUNDS)
    for now in (0.0, 1.0):
        assert breaker.allows(now)
        breaker.failed(now)
    assert breaker.allows(2.0)
    breaker.failed(2.0)
    assert breaker.is_open(2.0)
    assert not breaker.allows(6.9)
    assert breaker.allows(7.0)


def test_old_failures_are_forgotten() -> None:
    """Failures that lie further apart than the window do not add up, and a success wipes them out."""
    breaker = CircuitBreaker(BOUNDS)
    for now in (0.0, 1.0, 11.5):
        breaker.failed(now)
    assert breaker.allows(11.6)
    breaker.succeeded()
    for now in (12.0, 12.1):
        breaker.failed(now)
    assert breaker.allows(12.2)


def test_one_probe_decides() -> None:
    """After the open time one call probes: its success closes, its failure opens again for the whole time."""
    breaker = CircuitBreaker(BOUNDS)
    breaker.trip(0.0)
    assert breaker.allows(5.0)
    assert not breaker.allows(5.1)
    breaker.failed(5.2)
    assert not breaker.allows(10.1)
    assert breaker.allows(10.25)
    breaker.succeeded()
    assert breaker.allows(10.3)
    assert breaker.allows(10.3)


def test_an_abandoned_probe_lets_another_try() -> None:
    """A probe that was cancelled says nothing about the platform: the next call may probe at once."""
    breaker = CircuitBreaker(BOUNDS)
    breaker.trip(0.0)
    assert breaker.allows(5.0)
    breaker.abandoned()
    assert breaker.allows(5.1)


@given(
    st.lists(
        st.tuples(st.floats(0.0, 3.0), st.sampled_from(["ask", "fail", "succeed", "abandon", "trip"])), max_size=60
    )
)
def test_no_history_lets_two_probes_out(history: list[tuple[float, str]]) -> None:
    """Whatever happens in whatever order, in half-open state at most one call is on its way within `open` seconds."""
    breaker = CircuitBreaker(BOUNDS)
    now, opened, probe = 0.0, None, None
    for wait, event in history:
        now += wait
        if event == "trip":
            breaker.trip(now)
            opened, probe = now, None
        elif event == "ask":
            allowed = breaker.allows(now)
            if opened is not None:
                assert not (allowed and now - opened < BOUNDS.open)
                assert not (allowed and probe is not None and now - probe < BOUNDS.open)
                probe = now if allowed else probe
            else:
                assert allowed
        elif event == "succeed":
            breaker.succeeded()
            opened = probe = None
        elif event == "abandon":
            breaker.abandoned()
            probe = None
        elif opened is not None:  # failures of the closed state are counted by the tests above
            if probe is not None:
                opened = now
            breaker.failed(now)
            probe = None
