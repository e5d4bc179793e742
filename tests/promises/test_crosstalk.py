"""A slice of `make crosstalk`: two partners in one crowd, and each gets its own, whatever the policies do meanwhile."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from tests.conftest import House
from tests.promises.crosstalk import PERSONS, Flipping, crowd_beside, run

REQUESTS, FLIPS = 1_500, 2
SEED = 11  # the same questions in every run: `make crosstalk` takes others


@pytest.mark.timeout(300)  # on a machine that may be busy
def test_no_answer_holds_what_belongs_to_another(house: House, tmp_path: Path) -> None:
    """Of 1,500 requests of two partners, over sixteen connections and through changes of the policies, and of 40 that
    are sent at once over one, each answer is to the byte what that partner got when it was alone; and what it got alone
    it was allowed."""
    with crowd_beside(house, tmp_path, SEED) as crowd:
        asyncio.run(run(crowd, Flipping(crowd.house), REQUESTS, FLIPS, Random(SEED)))
        asyncio.run(crowd.pipeline(Random(SEED).choices(range(len(crowd.questions)), k=40)))
    assert Counter(crowd.wrong).most_common(10) == []
    assert crowd.seen["requests"] >= REQUESTS
    versions = [count for version, count in crowd.seen.items() if version.startswith("sha256:")]
    assert len(versions) == 2
    ours, theirs = crowd.pseudonyms()
    assert min(len(ours), len(theirs)) >= PERSONS
    assert ours.isdisjoint(theirs)
    assert len(set(crowd.alone.values())) > 300  # the questions differ, so a wrong answer would be seen
