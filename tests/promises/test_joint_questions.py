"""Askers of one platform share its calls; nobody's answer is changed by it, and nothing of it is told to another.

The answers are held against those of a source whose questions are never joined.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.contract import (
    Breaker,
    Claim,
    Condition,
    ContractBroken,
    Deadline,
    Denied,
    Environment,
    Fetch,
    Limits,
    Page,
    SubjectKey,
    Unavailable,
)
from connectors.kinds.rest import Rest
from connectors.registry import Registry
from gateway.caller import Caller, Delegated
from gateway.fetching import Fetcher, joining
from gateway.model import Branch, Part, Plan, Reply, Ruling, Subject, Verdict, Window
from policies.model import Decision
from tests.edges.crooked import Seen, Server, telling
from tests.edges.invented import REST_SOURCE, REST_TYPE, Surroundings, registered
from tests.edges.leaping import Leaping
from tests.promises.penalties import AT, CALLER, CITY, PENALTY, WHY, facts, platform, row

KEYS = tuple(SubjectKey("uscc", f"91370203MA3C0000{n}X") for n in range(8))
NUMBERS = frozenset({"documentNo", "status"})
OFFICES = frozenset({"authority", "status"})
ACTIVE = (Condition("status", "in", ("ACTIVE",)),)
LATE = 0.03  # seconds after a deadline


@dataclass
class Office:
    """A platform that gives `most` rows in one answer, whoever they are of, and takes `batch` subjects in a question.

    It may be slow, silent or down, refuse or break for some subjects, and hold rows that do not map.
    """

    batch: int = 8
    most: int = 100
    rows: Mapping[SubjectKey, int] = field(default_factory=dict)  # one each, where nothing is said
    odd: Mapping[SubjectKey, str] = field(default_factory=dict)  # what is wrong with a subject
    seconds: float = 0.0
    down: bool = False
    held: asyncio.Event | None = None  # nothing is answered before it is set
    asked: list[Fetch] = field(default_factory=list)
    stopped: int = 0

    def claims(self) -> Mapping[str, Claim]:
        keys, filters = frozenset({"uscc"}), {"status": frozenset({"in"})}
        return {PENALTY.name: Claim(frozenset(PENALTY.fields), frozenset(), {}, keys, filters, self.batch)}

    async def open(self, environment: Environment) -> None: ...
    async def close(self) -> None: ...
    async def health(self, deadline: Deadline) -> None: ...

    async def fetch(self, ask: Fetch) -> AsyncIterator[Page]:
        self.asked.append(ask)
        try:
            await asyncio.sleep(self.seconds)
            if self.held is not None:
                await self.held.wait()
        except asyncio.CancelledError:
            self.stopped += 1
            raise
        wrong = {self.odd.get(key) for key in ask.subjects}
        if self.down:
            raise Unavailable("x")
        if "refused" in wrong:
            raise Denied("x")
        if "breaks" in wrong:
            raise ContractBroken("x")
        found = [(key, n) for key in ask.subjects for n in range(self.rows.get(key, 1))]
        told = [replace(row(f"{key.value}-{n}"), subject=key) for key, n in found[: self.most]]
        told = [replace(each, values={name: each.values[name] for name in ask.fields}) for each in told]
        rejected = ["a row did not map" for key in ask.subjects if self.odd.get(key) == "does not map"]
        yield Page(told, rejected, truncated=len(found) > self.most)


def fetcher(
    office: Any, joined: bool = True, concurrency: int = 64, failures: int = 1000, usual: float = 0.0
) -> Fetcher:
    found = platform(CITY, connector=office)
    source = replace(
        found.sources["main"], joined=joined, limits=Limits(concurrency, None, 5.0, 100, 1 << 20),
        breaker=Breaker(failures, 30, 5),
    )  # fmt: skip
    return Fetcher(Registry({CITY: replace(found, sources={"main": source})}), usual=usual)


def verdict(
    keys: Sequence[SubjectKey],
    fields: frozenset[str] = NUMBERS,
    where: tuple[Condition, ...] = (),
    caller: Caller = CALLER,
) -> Verdict:
    ruling = Ruling(CITY, facts(), {name: Decision("allow", "p/r", WHY) for name in fields}, fields, ())
    branches = tuple(
        Branch(("s", n, "p"), ("s", n), Subject(key, "Enterprise", False, None), PENALTY.name, fields, Window())
        for n, key in enumerate(keys)
    )
    parts = tuple(Part(n, ruling, where) for n in range(len(keys)))
    return Verdict(Plan((), branches), "d", caller, AT, parts, frozenset(), (), frozenset())


async def ask(asked: Fetcher, keys: Sequence[SubjectKey], seconds: float = 5.0, **words: Any) -> list[Reply]:
    """Replies in the order of the keys."""
    replies = (await asked.fetch(verdict(keys, **words), Deadline.within(seconds), "r")).by_part
    return [replies[n] for n in range(len(keys))]


async def until(condition: Any) -> None:
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0.001)


def now() -> float:
    return asyncio.get_running_loop().time()


# -- the same answers


@dataclass(frozen=True)
class Coming:
    """Who comes when, asks what, and how long it waits."""

    keys: tuple[SubjectKey, ...]
    fields: frozenset[str]
    where: tuple[Condition, ...]
    after: float
    seconds: float


COMING = st.builds(
    Coming,
    st.lists(st.sampled_from(KEYS), min_size=1, max_size=3, unique=True).map(tuple),
    st.sampled_from([NUMBERS, OFFICES]),
    st.sampled_from([(), ACTIVE]),
    st.sampled_from([0.0, 0.001, 0.004]),
    st.sampled_from([0.05, 5.0]),
)
ODD = st.sampled_from(["", "", "does not map", "refused", "breaks"])


@given(
    coming=st.lists(COMING, min_size=1, max_size=12),
    rows=st.fixed_dictionaries(dict.fromkeys(KEYS, st.integers(0, 4))),
    odd=st.fixed_dictionaries(dict.fromkeys(KEYS, ODD)),
    batch=st.integers(1, 8),
    weather=st.sampled_from(["fair", "fair", "slow", "silent", "down"]),
)
@settings(max_examples=50)
def test_answers_are_those_of_questions_asked_alone(
    coming: list[Coming], rows: dict[SubjectKey, int], odd: dict[SubjectKey, str], batch: int, weather: str
) -> None:
    """Whoever asks beside whom, about whom, for how long, and whatever fails: each gets what it would get alone."""
    if weather == "silent":  # nothing would be told before their time is over
        coming = [replace(each, seconds=0.05) for each in coming]

    async def all_of(joined: bool) -> list[list[Reply]]:
        def office() -> Office:
            seconds = {"fair": 0.002, "slow": 0.2, "silent": 60.0}.get(weather, 0.0)
            return Office(batch, 3, rows, odd, seconds, down=weather == "down")

        shared = fetcher(office())

        async def one(each: Coming) -> list[Reply]:
            await asyncio.sleep(each.after)
            own = shared if joined else fetcher(office(), joined=False)
            seconds = each.seconds if weather in {"slow", "silent"} else 5.0
            begin = now()
            replies = await ask(own, each.keys, seconds, fields=each.fields, where=each.where)
            assert now() - begin < seconds + LATE
            return replies

        return await asyncio.gather(*(one(each) for each in coming))

    with asyncio.Runner(loop_factory=Leaping) as shared, asyncio.Runner(loop_factory=Leaping) as alone:
        assert shared.run(all_of(joined=True)) == alone.run(all_of(joined=False))


# -- fewer calls

BATCHED = REST_TYPE.replace('query: {code: "{subject}"}', 'query: {codes: "{subjects}"}, join: ","') + "batch: 50\n"


async def test_a_crowd_costs_a_platform_few_calls() -> None:
    """Sixty-four askers of distinct firms cost less than a call for five answers, and each gets its own firm's rows."""

    def permits(seen: Seen) -> object:
        codes = seen.query["codes"].split(",")
        return {"rows": [{"id": f"{code}-{n}", "code": code, "state": "1"} for code in codes for n in range(2)]}

    async with Server(telling(permits)) as server:
        registry = registered(REST_SOURCE.replace("maxRows: 100", "maxRows: 1000"), BATCHED)
        await registry.open(Surroundings({"env:INVENTED_BASE": server.base}))
        [found] = registry.platforms
        shared, state = Fetcher(registry), frozenset({"state"})
        ruling = Ruling(found, replace(facts(), type="Permit"), {"state": Decision("allow", "p/r", WHY)}, state, ())

        async def asker(number: int) -> None:
            for turn in range(5):
                key = SubjectKey("uscc", f"91370000INVENT{number:02}{turn:02}")
                branch = Branch(("s",), ("s",), Subject(key, "Enterprise", False, None), "Permit", state, Window())
                question = Verdict(
                    Plan((), (branch,)), "d", CALLER, AT, (Part(0, ruling, ()),), frozenset(), (), frozenset()
                )
                reply = (await shared.fetch(question, Deadline.within(10), "r")).by_part[0]
                assert reply.status == "ANSWERED"
                assert [each.id for each in reply.rows] == [f"{key.value}-0", f"{key.value}-1"]
                assert {each.subject for each in reply.rows} == {key}

        await asyncio.gather(*(asker(number) for number in range(64)))
        await registry.close()
    assert len(server.seen) / (64 * 5) < 0.2
    codes = [code for seen in server.seen for code in seen.query["codes"].split(",")]
    assert len(codes) == len(set(codes)) == 64 * 5


async def test_the_same_question_is_asked_once() -> None:
    """However many ask the same at the same time, and though the platform takes one subject at a time: one call."""
    office = Office(batch=1, held=asyncio.Event())
    shared = fetcher(office)
    asks = [asyncio.create_task(ask(shared, KEYS[:2])) for _ in range(5)]
    await until(lambda: len(office.asked) == 2)
    asks += [asyncio.create_task(ask(shared, KEYS[1:2])) for _ in range(5)]
    await asyncio.sleep(0)
    assert office.held is not None
    office.held.set()
    replies = await asyncio.gather(*asks)
    assert all(replies[0][1:] == each[-1:] for each in replies)
    assert len(office.asked) == 2


@pytest.mark.leaping
async def test_who_waits_for_a_slot_waits_with_others() -> None:
    """The next free slot takes all who wait, up to a batch; those who left meanwhile are not asked for any more."""
    office = Office(batch=4, held=asyncio.Event())
    shared = fetcher(office, concurrency=1)
    asks = [asyncio.create_task(ask(shared, [KEYS[0]]))]
    await until(lambda: office.asked)
    asks += [asyncio.create_task(ask(shared, [key])) for key in KEYS[1:]]
    await asyncio.sleep(0.01)
    asks.pop(2).cancel()
    assert office.held is not None
    office.held.set()
    assert [[reply.status for reply in each] for each in await asyncio.gather(*asks)] == [["ANSWERED"]] * 7
    assert [len(asked.subjects) for asked in office.asked] == [1, 3, 3]
    assert KEYS[2] not in {key for asked in office.asked for key in asked.subjects}


@pytest.mark.leaping
async def test_who_is_alone_does_not_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """One caller after another is asked for at once, however lately the last was, and so is a full batch."""
    monkeypatch.setattr(joining, "LINGER", 60.0)
    office = Office(batch=4)
    shared = fetcher(office)
    for key in (*KEYS, *KEYS):
        assert [reply.status for reply in await ask(shared, [key], seconds=2)] == ["ANSWERED"]
    office.held = asyncio.Event()
    first = asyncio.create_task(ask(shared, [KEYS[0]]))
    await until(lambda: len(office.asked) == 17)
    others = [asyncio.create_task(ask(shared, [key])) for key in KEYS[1:5]]
    await until(lambda: len(office.asked) == 18)
    assert office.asked[-1].subjects == KEYS[1:5]
    office.held.set()
    await asyncio.gather(first, *others)


async def test_a_source_may_keep_questions_apart() -> None:
    """Where a source says so, nothing is shared: every asker is a call of its own, also for the same question."""
    office = Office(seconds=0.01)
    await asyncio.gather(
        *(ask(fetcher_, [KEYS[n % 2]]) for fetcher_ in [fetcher(office, joined=False)] for n in range(6))
    )
    assert [len(asked.subjects) for asked in office.asked] == [1] * 6


def test_a_kind_may_keep_questions_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether questions are joined is a word of the kind of source: allowed, unless the kind says otherwise."""
    for joined in (True, False):
        monkeypatch.setattr(Rest, "words", replace(Rest.words, joined=joined))
        [found] = registered(REST_SOURCE, REST_TYPE).platforms.values()
        assert found.sources["main"].joined is joined


# -- each for himself


@pytest.mark.leaping
async def test_each_keeps_its_own_deadline() -> None:
    """Who runs out of time is told so at its time; the call goes on for the others, and has their time."""
    office = Office(held=asyncio.Event())
    shared = fetcher(office)
    hasty = asyncio.create_task(ask(shared, [KEYS[0]], 0.1))
    patient = asyncio.create_task(ask(shared, [KEYS[1]]))
    begin = now()
    assert [reply.status for reply in await hasty] == ["TIMEOUT"]
    assert now() - begin == pytest.approx(0.1, abs=LATE)
    late = asyncio.create_task(ask(shared, [KEYS[0]]))  # on its way already
    await asyncio.sleep(0)
    assert office.held is not None
    office.held.set()
    assert [reply.status for each in (patient, late) for reply in await each] == ["ANSWERED"] * 2
    assert len(office.asked) == 1
    assert not office.stopped


@pytest.mark.leaping
async def test_the_last_who_leaves_stops_the_call() -> None:
    """A call goes on while one of its askers waits; when the last hangs up it is stopped and its slot is free."""
    office = Office(held=asyncio.Event())
    shared = fetcher(office, concurrency=1)
    asks = [asyncio.create_task(ask(shared, [key])) for key in KEYS[:3]]
    await until(lambda: office.asked)
    for leaving in asks[:2]:
        leaving.cancel()
    await asyncio.gather(*asks[:2], return_exceptions=True)
    await asyncio.sleep(0.01)
    assert not office.stopped
    asks[2].cancel()
    await until(lambda: office.stopped)
    office.held = None
    assert [reply.status for reply in await ask(shared, [KEYS[0]])] == ["ANSWERED"]


@pytest.mark.leaping
async def test_when_time_is_over_for_all_the_platform_has_failed() -> None:
    """A silent platform counts against its breaker once for a call, whoever asked and though others left before."""
    office = Office(held=asyncio.Event())
    shared = fetcher(office, failures=2)
    for number in (1, 2):
        asks = [asyncio.create_task(ask(shared, [key], 0.05 if key is KEYS[0] else 5.0)) for key in KEYS[:3]]
        await until(lambda expected=number: len(office.asked) == expected)
        for leaving in asks[1:]:
            leaving.cancel()
        assert [reply.status for reply in await asks[0]] == ["TIMEOUT"]
        assert shared.is_open(CITY) is (number == 2)


@pytest.mark.leaping
async def test_a_gateway_in_a_hurry_takes_a_platform_from_nobody() -> None:
    """A gateway that asks in turn and has hardly any time left is told TIMEOUT; the breaker that all share stays
    closed, and who has his time is answered."""
    office = Office(held=asyncio.Event())
    shared = fetcher(office, failures=1, usual=60.0)
    for _ in range(3):
        hurried = replace(CALLER, delegated=Delegated("somebody", (), (), now() + 0.05))
        assert [reply.status for reply in await ask(shared, KEYS[:1], caller=hurried)] == ["TIMEOUT"]
    assert not shared.is_open(CITY)
    office.held = None
    assert [reply.status for reply in await ask(shared, KEYS[:1])] == ["ANSWERED"]


async def test_a_joint_failure_counts_once() -> None:
    """Eight askers of one call that fails are told so, and the breaker has seen one failure."""
    office = Office(down=True)
    shared = fetcher(office, failures=2)
    replies = await asyncio.gather(*(ask(shared, [key]) for key in KEYS))
    assert {reply.status for each in replies for reply in each} == {"UNAVAILABLE"}
    assert len(office.asked) == 1
    assert not shared.is_open(CITY)


@pytest.mark.parametrize(("odd", "status"), [("does not map", "INVALID"), ("breaks", "INVALID"),
                                             ("refused", "DENIED_BY_SOURCE")])  # fmt: skip
async def test_a_stranger_s_fault_is_nobody_else_s(odd: str, status: str) -> None:
    """Where one subject spoils a joint question, each asker asks once more by itself: the others are answered."""
    office = Office(odd={KEYS[3]: odd})
    shared = fetcher(office)
    replies = await asyncio.gather(*(ask(shared, [key]) for key in KEYS))
    assert [each[0].status for each in replies] == ["ANSWERED"] * 3 + [status] + ["ANSWERED"] * 4
    assert [len(asked.subjects) for asked in office.asked] == [8] + [1] * 8


async def test_partners_of_different_rights_are_never_asked_for_together() -> None:
    """Other fields or conditions are another question: none travels further than the rights of each who asked."""
    office = Office(seconds=0.002)
    shared = fetcher(office)
    kinds = [(fields, where) for fields in (NUMBERS, OFFICES) for where in ((), ACTIVE)]
    replies = await asyncio.gather(
        *(ask(shared, [key], fields=fields, where=where) for key in KEYS for fields, where in kinds)
    )
    for (fields, _), (reply,) in zip(kinds * len(KEYS), replies, strict=True):
        assert {name for each in reply.rows for name in each.values} == fields
    assert {(asked.fields, asked.where) for asked in office.asked} == set(kinds)
    for kind in kinds:
        asked = [key for each in office.asked if (each.fields, each.where) == kind for key in each.subjects]
        assert sorted(key.value for key in asked) == sorted(key.value for key in KEYS)


async def test_an_answered_question_leaves_nothing_behind() -> None:
    """What was made for a question is gone with its answer: no circle of references waits for the collector."""
    office = Office()
    shared = fetcher(office)
    await asyncio.gather(*(ask(shared, [key]) for key in KEYS))
    office.asked.clear()  # it keeps what it was asked, and with it all that waited for its answer
    gc.collect()
    gc.disable()
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        for _ in range(20):
            await asyncio.gather(*(ask(shared, [key]) for key in KEYS))
        office.asked.clear()
        gc.collect()
        # other threads of this process, where other tests' gateways stand, leave circles of their own
        assert [type(each) for each in gc.garbage if type(each).__module__.startswith("gateway.fetching")] == []
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()
