"""A flood of new documents is felt by who sends it: others' known documents never wait, nobody waits for himself."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from gateway.errors import GatewayError
from gateway.model import Request
from gateway.reading import Reader
from gateway.reading.turns import BURST, FIRST_GUESS, HELD, LONGEST, RECENT, REMEMBERED, SHARE, Turns, Work
from gateway.schema import Face
from tests.edges.drafts import catalogue

COST = 0.002


class Clock:
    """Seconds that pass when somebody sleeps or works, or when the test says so."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.worked = 0.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def busy(self) -> float:
        return self.worked

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def work(self, turn: Work, seconds: float) -> None:
        """In two blocks, as a request is worked on before and after its platforms answer."""
        for part in (0.75, 0.25):
            with turn:
                self.worked += seconds * part
                self.now += seconds * part


@pytest.fixture
def clock() -> Clock:
    return Clock()


def flood(
    clock: Clock, waiting: Turns, many: int, caller: str = "flood", other: str | None = "other", cost: float = COST
) -> tuple[int, int]:
    """So many new documents one after the other, each worked on for `cost`: how many were read and how many refused."""
    read = refused = 0
    for _ in range(many):
        if other is not None:
            waiting.known(other)
        try:
            turn = asyncio.run(waiting.take(caller))
        except GatewayError as error:
            told(error)
            refused += 1
        else:
            read += 1
            clock.work(turn, cost)
    return read, refused


def told(error: GatewayError) -> None:
    assert (error.code, error.status) == ("TOO_MANY_NEW_DOCUMENTS", 429)
    assert error.headers == {"Retry-After": "2"}
    assert error.words("zh") != error.words("en")


def test_who_is_alone_is_never_slowed(clock: Clock) -> None:
    """Where nobody else is answered, new documents are read as fast as they come; one's own known ones do not count."""
    waiting = Turns(clock, clock.sleep, clock.busy)
    assert flood(clock, waiting, 5_000, other=None) == (5_000, 0)
    assert flood(clock, waiting, 5_000, other="flood") == (5_000, 0)
    assert clock.slept == []


def test_a_flood_gets_its_share(clock: Clock) -> None:
    """Beside another who is being answered, a caller gets a first handful at once and then its share of the time."""
    waiting = Turns(clock, clock.sleep, clock.busy)
    began = clock.now
    at_once = 0
    while not clock.slept:
        read, _ = flood(clock, waiting, 1)
        at_once += read
    assert BURST * SHARE / COST * 0.8 < at_once - 1 < BURST * SHARE / COST * 1.4
    read, refused = flood(clock, waiting, 2_000)
    assert refused == 0  # who waits for each before it sends the next is only slowed
    taken = (read + at_once) * COST
    assert taken < SHARE * (clock.now - began + BURST) * 1.05
    assert taken > SHARE * (clock.now - began) * 0.9
    assert max(clock.slept) <= LONGEST


def test_dear_documents_have_fewer_turns(clock: Clock) -> None:
    """The share is of time: who sends what is long to work on gets fewer of them, and another's cheap ones wait no
    longer for it."""
    waiting = Turns(clock, clock.sleep, clock.busy)
    dear = cheap = 0.0
    began = clock.now
    for _ in range(200):
        dear += flood(clock, waiting, 1, "dear", "other", COST * 10)[0] * COST * 10
        while clock.now - began < dear / SHARE:
            cheap += flood(clock, waiting, 1, "cheap", "other")[0] * COST
    assert dear < SHARE * (clock.now - began + BURST) + COST * 10
    assert cheap > SHARE * (clock.now - began) * 0.8


def test_one_long_document_is_no_refusal(clock: Clock) -> None:
    """Who sends one after the other waits for seconds of work at most the bound, and is never refused."""
    waiting = Turns(clock, clock.sleep, clock.busy)
    for _ in range(20):
        assert flood(clock, waiting, 1, cost=3.0) == (1, 0)
    assert max(clock.slept) <= LONGEST + 1e-9


def test_beyond_a_bounded_wait_it_is_refused(clock: Clock) -> None:
    """Many at once are not queued without end: no wait is longer than the bound, and what is beyond it is refused."""

    async def all_at_once() -> list[Any]:
        waiting.known("other")
        return await asyncio.gather(*(waiting.take("flood") for _ in range(500)), return_exceptions=True)

    async def unmoved(seconds: float) -> None:
        clock.slept.append(seconds)

    waiting = Turns(clock, unmoved, clock.busy)
    told = asyncio.run(all_at_once())
    refused = [each for each in told if isinstance(each, GatewayError)]
    assert {each.code for each in refused} == {"TOO_MANY_NEW_DOCUMENTS"}
    assert 500 - len(refused) == pytest.approx((BURST + LONGEST) * SHARE / FIRST_GUESS, abs=3)
    assert max(clock.slept) <= LONGEST + 1e-9
    assert refused[0].headers["Retry-After"] == "2"
    clock.now += 3 * LONGEST + BURST
    assert flood(clock, waiting, 20) == (20, 0)  # as the header promises, and the first handful is there again


def test_a_refusal_is_held_back(clock: Clock) -> None:
    """Who asks again as soon as he is refused is refused once a second on each connection, up to a bounded number."""
    held: list[float] = []

    async def asking(seconds: float) -> None:
        held.append(seconds)
        await blocked.wait()

    async def all_at_once() -> list[Any]:
        tasks = [asyncio.create_task(waiting.take("flood")) for _ in range(500)]
        await asyncio.gather(
            *(asyncio.wait_for(asyncio.shield(task), None) for task in tasks[-100:]), return_exceptions=True
        )
        at_once = sum(task.done() for task in tasks)
        blocked.set()
        await asyncio.gather(*tasks, return_exceptions=True)
        return [at_once, len(waiting._held)]

    blocked = asyncio.Event()
    waiting = Turns(clock, asking, clock.busy)
    flood(clock, waiting, 1)
    waiting.known("other")
    at_once, left = asyncio.run(all_at_once())
    assert held.count(LONGEST) >= HELD
    assert at_once == 500 - len(held)
    assert left == 0


def test_others_are_not_refused(clock: Clock) -> None:
    """The flood of one caller costs another caller's new documents nothing: each has a share of its own."""
    waiting = Turns(clock, clock.sleep, clock.busy)
    waiting.known("third")
    for _ in range(100):
        flood(clock, waiting, 3, "flood", "third")
    slept = len(clock.slept)
    assert slept
    for _ in range(int(BURST * SHARE / COST)):
        flood(clock, waiting, 1, "other", "third")
    assert len(clock.slept) == slept


def test_an_answer_long_ago_counts_for_nothing(clock: Clock) -> None:
    """Some time after the last known document of another caller the flood is alone again; one of its own in between
    does not hide the other's."""
    waiting = Turns(clock, clock.sleep, clock.busy)
    waiting.known("other")
    waiting.known("flood")
    while not clock.slept:
        asyncio.run(waiting.take("flood"))
    clock.now += RECENT
    slept = len(clock.slept)
    assert flood(clock, waiting, 1_000, other=None) == (1_000, 0)
    assert len(clock.slept) == slept


def test_the_first_guess_is_mended(clock: Clock) -> None:
    """What a document costs is measured: after a while the share is reckoned by what it really takes, also by what it
    takes whoever is alone."""
    waiting = Turns(clock, clock.sleep, clock.busy)
    assert flood(clock, waiting, 200, "alone", None, 0.0001) == (200, 0)
    waiting.known("other")
    for _ in range(int(BURST * SHARE / 0.0001) - 10):
        asyncio.run(waiting.take("flood"))
    assert clock.slept == []


def test_callers_are_remembered_within_bounds(clock: Clock) -> None:
    """However many callers send new documents, a bounded number of them is remembered."""
    waiting = Turns(clock, clock.sleep, clock.busy)
    waiting.known("other")

    async def many() -> None:
        for number in range(REMEMBERED * 2):
            await waiting.take(f"caller {number}")

    asyncio.run(many())
    assert 0 < len(waiting._due) <= REMEMBERED


@pytest.mark.parametrize("wrong", ["literal", "variable", "operation"])
def test_what_does_not_bind_is_new_work(clock: Clock, wrong: str) -> None:
    """A form that is known lets no flood through whose literals or variables do not fit it: each is read for itself."""
    waiting = Turns(clock, clock.sleep, clock.busy)
    reader = Reader(Face(catalogue()), turns=waiting)
    text = 'query A($n: Int) { subject(id: {uscc: "1"}) { registrations(first: $n, from: "2024-01-01") { complete } } }'

    def asks(number: int) -> Request:
        literal = f"never {number}" if wrong == "literal" else f"{1000 + number}-01-01"
        variables = {"n": "x"} if wrong == "variable" else {"n": 1}
        name = "B" if wrong == "operation" else None
        return Request(text.replace("2024-01-01", literal), variables, name, {}, False, "en")

    def flooding() -> None:
        for number in range(10_000):
            clock.slept.clear()
            asyncio.run(reader.turn(asks(number), "flood"))
            clock.now -= sum(clock.slept)  # all at one instant

    good = Request(text, {"n": 1}, None, {}, False, "en")
    reader.read(good)
    asyncio.run(reader.turn(good, "other"))
    with pytest.raises(GatewayError, match="TOO_MANY_NEW_DOCUMENTS"):
        flooding()


def test_known_documents_never_wait(clock: Clock) -> None:
    """While one caller floods and is refused, another's known document goes straight through, and so does its own; a
    text that was refused before costs nothing either."""
    waiting = Turns(clock, clock.sleep, clock.busy)
    reader = Reader(Face(catalogue()), turns=waiting)

    def asks(text: str) -> Request:
        return Request(text, {}, None, {}, False, "en")

    def turn(text: str, caller: str) -> None:
        asyncio.run(reader.turn(asks(text), caller))

    reader.read(asks("{ known: __typename }"))
    with pytest.raises(GatewayError):
        reader.read(asks("{ nowhere }"))
    turn("{ known: __typename }", "other")

    def flooding() -> None:
        for number in range(10_000):
            clock.slept.clear()
            turn(f"{{ a{number}: __typename }}", "flood")
            clock.now -= sum(clock.slept)  # all at one instant

    with pytest.raises(GatewayError, match="TOO_MANY_NEW_DOCUMENTS"):
        flooding()
    clock.now -= LONGEST  # for which the refusal was held back
    slept = len(clock.slept)
    for caller in ("other", "flood", "third"):
        turn("{ known: __typename }", caller)
        turn("{ nowhere }", caller)
    assert len(clock.slept) == slept
    with pytest.raises(GatewayError, match="TOO_MANY_NEW_DOCUMENTS"):
        turn("{ another: __typename }", "flood")
