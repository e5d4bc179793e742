"""What a platform sends is held against what it was asked: nothing else goes further, and what is missing is said."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.contract import Claim, Condition, Deadline, Environment, Fetch, Page, Row, SubjectKey, SubjectUnknown
from connectors.registry import Registry
from gateway.fetching import Fetcher
from gateway.model import Branch, Part, Plan, Reply, Ruling, Subject, Verdict, Window
from policies.model import Decision
from tests.promises.penalties import AT, CALLER, CITY, KEY, PENALTY, WHY, facts, platform, row

OTHER = SubjectKey("uscc", "91370203MA3C00002X")


class Dishonest:
    """A platform that answers more than it was asked: foreign subjects, surplus fields, rows outside the conditions."""

    def claims(self) -> Mapping[str, Claim]:
        fields = frozenset(PENALTY.fields)
        return {PENALTY.name: Claim(fields, frozenset(), {}, frozenset({"uscc"}), {"status": frozenset({"in"})}, 10)}

    async def open(self, environment: Environment) -> None: ...
    async def close(self) -> None: ...
    async def health(self, deadline: Deadline) -> None: ...

    async def fetch(self, ask: Fetch) -> AsyncIterator[Page]:
        mine = row("1", legalRepIdNo="370203199001010013", facts="surplus")
        foreign = Row("2", OTHER, mine.values)
        outside = row("3", status="REVOKED")
        nowhere = row("4", status=None)
        yield Page([mine, foreign, outside, nowhere])


async def fetched(connector: Any, stale_after: float | None = None) -> Reply:
    """One ask for document numbers and states of active penalties, answered by a connector."""
    return (await fetched_of(connector, (KEY,), stale_after))[0]


async def fetched_of(
    connector: Any, keys: tuple[SubjectKey, ...], stale_after: float | None = None, seconds: float = 5.0
) -> Mapping[int, Reply]:
    """The same ask for several subjects; replies in their order."""
    found = replace(platform(CITY, connector=connector), stale_after=stale_after)
    fetcher = Fetcher(Registry({CITY: found}))
    return (await fetcher.fetch(verdict_of(keys), Deadline.within(seconds), "r")).by_part


def verdict_of(keys: tuple[SubjectKey, ...]) -> Verdict:
    asked = Ruling(
        CITY, facts(), {"documentNo": Decision("allow", "p/r", WHY)}, frozenset({"documentNo", "status"}), ()
    )
    branches = tuple(
        Branch(("s", n, "p"), ("s", n), Subject(key, "Enterprise", False, None), PENALTY.name,
               frozenset({"documentNo"}), Window())
        for n, key in enumerate(keys)
    )  # fmt: skip
    parts = tuple(Part(n, asked, (Condition("status", "in", ("ACTIVE",)),)) for n in range(len(keys)))
    return Verdict(Plan((), branches), "d", CALLER, AT, parts, frozenset(), (), frozenset())


async def test_over_return_is_dropped(caplog: pytest.LogCaptureFixture) -> None:
    """What was not asked goes no further than the fetcher, and is counted in the log without a value."""
    [kept] = (await fetched(Dishonest())).rows
    assert kept.id == "1"
    assert dict(kept.values) == {"documentNo": "1", "status": "ACTIVE"}
    assert "3 rows outside the question were dropped" in caplog.text
    assert "surplus" not in caplog.text
    assert "1990" not in caplog.text


class Saying(Dishonest):
    """A platform that answers one given page."""

    def __init__(self, page: Page) -> None:
        self.page = page

    async def fetch(self, ask: Fetch) -> AsyncIterator[Page]:
        yield self.page


@pytest.mark.parametrize(
    ("page", "status"),
    [
        (Page([row("1")]), "ANSWERED"),
        (Page([]), "ANSWERED"),
        (Page([row("1")], truncated=True), "TRUNCATED"),
        (Page([row("1")], rejected=["a row did not map"]), "INVALID"),
        (Page([row("1")], as_of=AT - timedelta(hours=37)), "STALE"),
        (Page([row("1")], as_of=AT - timedelta(hours=35)), "ANSWERED"),
    ],
)
async def test_an_answer_in_part_is_called_so(page: Page, status: str) -> None:
    """More than was read, rows that did not map, data older than promised: each has its own status."""
    reply = await fetched(Saying(page), stale_after=36 * 3600)
    assert reply.status == status
    assert len(reply.rows) == len(page.rows)


class Narrow(Dishonest):
    """A platform that gives three rows in one answer, whoever they are of, and takes eight subjects in a question.

    It answers `lives` questions and is silent from then on.
    """

    def __init__(self, held: Mapping[SubjectKey, int], lives: int = 1000) -> None:
        self._held = held
        self._lives = lives
        self.asked: list[tuple[SubjectKey, ...]] = []

    def claims(self) -> Mapping[str, Claim]:
        return {name: replace(claim, batch=8) for name, claim in super().claims().items()}

    async def fetch(self, ask: Fetch) -> AsyncIterator[Page]:
        self.asked.append(ask.subjects)
        if len(self.asked) > self._lives:
            await asyncio.Event().wait()
        rows = [replace(row(f"{key.value}-{n}"), subject=key) for key in ask.subjects for n in range(self._held[key])]
        yield Page(rows[:3], truncated=len(rows) > 3)


KEYS = tuple(SubjectKey("uscc", f"91370203MA3C0000{n}X") for n in range(8))


@given(st.lists(st.integers(0, 5), min_size=8, max_size=8))
@settings(max_examples=60)
def test_many_records_of_one_subject_do_not_cut_its_neighbours_short(counts: list[int]) -> None:
    """A batch that a platform cuts off is asked in halves, down to the subjects that really hold too much."""
    connector = Narrow(dict(zip(KEYS, counts, strict=True)))
    replies = asyncio.run(fetched_of(connector, KEYS))
    assert [(replies[n].status, len(replies[n].rows)) for n in range(8)] == [
        ("TRUNCATED", 3) if held > 3 else ("ANSWERED", held) for held in counts
    ]
    assert connector.asked[0] == KEYS
    assert len(connector.asked) == len(set(connector.asked)) <= 2 * len(KEYS) - 1


@pytest.mark.leaping
async def test_what_was_read_stands_when_no_half_is_answered() -> None:
    """When time is up before a cut batch has been asked in halves, the rows that came are told, as cut."""
    replies = await fetched_of(Narrow(dict.fromkeys(KEYS, 1), lives=1), KEYS, seconds=0.2)
    assert [(replies[n].status, len(replies[n].rows)) for n in range(8)] == [
        ("TRUNCATED", int(n < 3)) for n in range(8)
    ]


@pytest.mark.parametrize(
    "page",
    [
        Page([row("1")], as_of=datetime(2026, 11, 24)),  # noqa: DTZ001  # without a zone: that is the fault
        Page(["no row"]),  # type: ignore[list-item]
        Page([replace(row("1"), values=None)]),  # type: ignore[arg-type]
        Page(None),  # type: ignore[arg-type]
    ],
)
async def test_what_is_no_row_is_the_platform_s_fault(page: Page) -> None:
    """A connector that breaks the contract itself is INVALID for its platform, and no error of the gateway."""
    assert await fetched(Saying(page), stale_after=1.0) == Reply("INVALID")


class Stranger(Dishonest):
    """A platform that does not know whom it is asked about."""

    async def fetch(self, ask: Fetch) -> AsyncIterator[Page]:
        raise SubjectUnknown("x")
        yield


async def test_not_known_is_an_answer() -> None:
    """A subject that a platform never heard of is answered without records, as one that has none."""
    assert await fetched(Stranger()) == Reply("ANSWERED")


async def test_a_type_left_alone_is_told_of_its_platform() -> None:
    """A record type that broke its contract too often is not asked any more, and its platform is said to be ill."""
    connector = Saying(Page(None))  # type: ignore[arg-type]
    fetcher, verdict = Fetcher(Registry({CITY: platform(CITY, connector=connector)})), verdict_of((KEY,))
    for _ in range(platform(CITY).sources["main"].breaker.failures):
        assert not fetcher.is_open(CITY)
        await fetcher.fetch(verdict, Deadline.within(1), "r")
    assert fetcher.is_open(CITY)
    connector.page = Page([row("1")])
    assert (await fetcher.fetch(verdict, Deadline.within(1), "r")).by_part[0] == Reply("INVALID")
