"""A source and its record types: what a failure says of the one, and what of the other. Time is an argument."""

from __future__ import annotations

import pytest

from connectors.contract import (
    AuthFailed,
    Breaker,
    ConnectorError,
    ContractBroken,
    Denied,
    RateLimited,
    TimedOut,
    Unavailable,
)
from gateway.fetching.standing import BreakerOpen, Standing

BOUNDS = Breaker(failures=3, window=10.0, open=5.0)


def call(standing: Standing, type_name: str, failure: ConnectorError | None, now: float) -> None:
    passage = standing.enter(type_name, now)
    if failure is None:
        passage.succeeded()
    else:
        passage.failed(failure, now)


def refusal(standing: Standing, type_name: str, now: float) -> str:
    """The status that a call is refused with; empty when it may go out."""
    try:
        standing.check(type_name, now)
    except BreakerOpen as error:
        return error.status
    return ""


def broken(type_name: str) -> Standing:
    standing = Standing(BOUNDS)
    for now in (0.0, 1.0, 2.0):
        call(standing, type_name, ContractBroken("x"), now)
    return standing


def test_a_broken_type_leaves_the_others_alone() -> None:
    """A record type that breaks its contract is left alone as INVALID; the source's other types are still asked."""
    standing = broken("A")
    assert refusal(standing, "A", 3.0) == "INVALID"
    assert refusal(standing, "B", 3.0) == ""
    assert standing.is_open(3.0)
    call(standing, "A", None, 7.0)
    assert refusal(standing, "A", 7.1) == ""
    assert not standing.is_open(7.1)


def test_other_types_do_not_speak_for_a_broken_one() -> None:
    """Good answers for one type neither wipe out nor outvote what another type does against its contract."""
    standing = Standing(BOUNDS)
    for now in (0.0, 1.0, 2.0):
        call(standing, "A", ContractBroken("x"), now)
        call(standing, "B", None, now)
    assert refusal(standing, "A", 3.0) == "INVALID"


@pytest.mark.parametrize("failure", [Unavailable("x"), TimedOut("x")])
def test_an_unreachable_source_is_left_alone_for_all_its_types(failure: ConnectorError) -> None:
    """Failures to reach a source add up over its record types, and close those too that were never asked."""
    standing = Standing(BOUNDS)
    for now, name in ((0.0, "A"), (1.0, "B"), (2.0, "C")):
        assert not standing.is_open(now)
        call(standing, name, failure, now)
    assert {refusal(standing, name, 3.0) for name in "ABCD"} == {"UNAVAILABLE"}


def test_wrong_credentials_close_a_source_at_once() -> None:
    """One refused log-in is enough for all types: a locked account is worse than a missing answer."""
    standing = Standing(BOUNDS)
    call(standing, "A", AuthFailed("x"), 0.0)
    assert refusal(standing, "B", 1.0) == "UNAVAILABLE"


def test_a_type_that_could_not_be_reached_is_tried_by_the_next() -> None:
    """A probe that never reached the source says nothing of its type: the next call may probe it."""
    standing = broken("A")
    call(standing, "A", Unavailable("x"), 7.1)
    assert refusal(standing, "A", 7.2) == ""


def test_a_broken_answer_proves_that_the_source_lives() -> None:
    """The probe of a fallen source that is answered against the contract opens it again for its other types."""
    standing = Standing(BOUNDS)
    call(standing, "A", AuthFailed("x"), 0.0)
    call(standing, "A", ContractBroken("x"), 5.0)
    standing.enter("B", 5.1)
    assert refusal(standing, "B", 5.1) == ""  # closed: no longer one at a time


@pytest.mark.parametrize("failure", [Denied("x"), RateLimited("x")])
def test_a_refusal_is_an_answer(failure: ConnectorError) -> None:
    """A platform that refuses, or says that it is asked too fast, is alive: no number of refusals closes it."""
    standing = Standing(BOUNDS)
    for now in range(10):
        call(standing, "A", failure, float(now))
    call(standing, "B", AuthFailed("x"), 10.0)
    call(standing, "A", failure, 15.0)  # the probe
    standing.enter("B", 15.1)
    assert refusal(standing, "B", 15.1) == ""  # closed: no longer one at a time


def test_who_is_turned_away_for_his_type_takes_no_probe_with_him() -> None:
    """A call that its type's breaker turns away leaves the probe of its source to the next."""
    standing = Standing(BOUNDS)
    late = [standing.enter("A", 0.0) for _ in range(BOUNDS.failures)]
    call(standing, "B", AuthFailed("x"), 0.0)
    for passage in late:
        passage.failed(ContractBroken("x"), 1.0)
    with pytest.raises(BreakerOpen):
        standing.enter("A", 5.5)  # the source may be tried again, its type not before 6.0
    assert refusal(standing, "B", 5.5) == ""


def test_a_caller_who_leaves_lets_both_be_tried() -> None:
    """A cancelled probe of source and type leaves both to the next call."""
    standing = broken("A")
    call(standing, "B", AuthFailed("x"), 2.0)
    standing.enter("A", 7.1).abandoned()
    assert refusal(standing, "A", 7.2) == ""
