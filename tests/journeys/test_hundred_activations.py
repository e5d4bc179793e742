"""A hundred activations under load: no answer mixes two versions, and none is of an older one than was acknowledged."""

from __future__ import annotations

import bisect
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import httpx2

from gateway.governing import seen
from tests.conftest import House
from tests.journeys.test_workers import home, started
from tests.promises.officers import NOTE, Chamber, open_chamber
from tests.promises.small_sets import TWO_FIELDS, shipped_with

__all__ = ["home"]

COUNT, ASKERS = 100, 3
FIELDS = "documentNo caseName decisionDate"
QUERY = f"query($id: SubjectKey!) {{ subject(id: $id) {{ administrativePenalties {{ nodes {{ {FIELDS} }} }} }} }}"


@dataclass(frozen=True)
class Told:
    """One answer: when it was asked and when it came, of which set it says it is, and whether its fields were open."""

    asked: float
    came: float
    policy: str
    open: frozenset[bool]
    by_rule: bool


@dataclass(frozen=True)
class Version:
    """An activation: begun, acknowledged by the gateway, and the digest that is told from then on."""

    begun: float
    acknowledged: float
    digest: str


def asking(url: str, key: dict[str, str], stop: threading.Event) -> list[Told]:
    """Ask without a pause, over one connection."""
    told: list[Told] = []
    with httpx2.Client(base_url=url, trust_env=False, timeout=30) as client:
        while not stop.is_set():
            asked = time.monotonic()
            body = client.post("/graphql", json={"query": QUERY, "variables": {"id": key}}).json()
            nodes = body["data"]["subject"]["administrativePenalties"]["nodes"]
            seen_open = frozenset(node[name] is not None for node in nodes for name in ("documentNo", "caseName"))
            rules = {entry["rule"] for entry in body["extensions"]["withheld"]}
            came = time.monotonic()
            told.append(Told(asked, came, body["extensions"]["policy"], seen_open, "two-fields/closed" in rules))
    return told


def activate(chamber: Chamber, digest: str) -> Version:
    """One change by the book, until the gateway says that it obeys."""
    office = chamber.office
    _, submission = office.submit(digest, chamber.key("li-author"), NOTE, widens=True)
    office.approve(digest, chamber.key("wang-approver"))
    if submission.widens:
        office.approve(digest, chamber.key("zhao-lawyer"))
    begun = time.monotonic()
    course = office.activate(digest, chamber.key("sun-operator"))
    [gateway] = seen.acknowledged(chamber.home, course.seq, 60)
    assert seen.obeys(gateway, course.seq)
    return Version(begun, time.monotonic(), course.current.digest)


def test_a_hundred_activations_under_load(house: House, home: Path, tmp_path: Path) -> None:
    """While three ask without a pause, two sets that differ in two fields take turns a hundred times: each answer is
    wholly of one of them, the one that was in force at some moment while it was on its way."""
    chamber = open_chamber(home)
    closed = chamber.office.bundles.freeze(shipped_with(tmp_path / "closed", TWO_FIELDS)).digest
    stop = threading.Event()
    with started(home, 1) as (_, url), ThreadPoolExecutor(ASKERS) as threads:
        course = chamber.begin()
        seen.acknowledged(home, course.seq, 60)
        opened = course.current.digest
        versions = [Version(0.0, 0.0, opened)]
        askers = [threads.submit(asking, url, house.key("penalised"), stop) for _ in range(ASKERS)]
        try:
            for number in range(COUNT):
                versions.append(activate(chamber, opened if number % 2 else closed))
        finally:
            stop.set()
        told = sorted((each for asker in askers for each in asker.result()), key=lambda each: each.asked)
    assert len({version.digest for version in versions}) == 2
    acknowledged = [version.acknowledged for version in versions]
    begun = [version.begun for version in versions]
    certain = 0
    for each in told:
        assert each.open == {each.policy == opened}, each
        assert each.by_rule == (each.policy == closed), each
        oldest = bisect.bisect_right(acknowledged, each.asked) - 1
        newest = bisect.bisect_right(begun, each.came) - 1
        may = {version.digest for version in versions[oldest : newest + 1]}
        assert each.policy in may, (each, oldest, newest)
        certain += len(may) == 1
    assert certain > COUNT  # answers of which only one version could be
