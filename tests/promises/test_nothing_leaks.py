"""The leak matrix: every field that a caller of the demo may not have in full, by every way in, and not a byte of it.

The platforms hold a canary in every field and give away all they have, whatever they are asked: what keeps a field
back is the gateway alone. The ways are a table, `ways_in.WAYS`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import orjson
import pytest

from policies.model import ALLOW
from tests.conftest import House
from tests.promises.canaries import Place
from tests.promises.leak_trial import Trial, trial_beside
from tests.promises.leaking import KEYED, VOICES, holders
from tests.promises.ways_by_mistake import NO_SUCH_ARGUMENT
from tests.promises.ways_in import WAYS
from tests.promises.ways_of_asking import COMPARED

PAIRS, EACH = 3_000, 90
PROBES = 350_000


@pytest.fixture(scope="module")
def trial(house: House, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trial]:
    with trial_beside(house, tmp_path_factory.mktemp("leaks")) as found:
        asyncio.run(found.walk())
        yield found


@pytest.mark.timeout(600)  # thousands of requests, on a machine that may be busy
def test_nothing_denied_or_masked_is_answered_by_any_way_in(trial: Trial) -> None:
    """Of more than 3,000 pairs of a caller and a field that it may not have in full, each by 90 ways in and more, not
    a byte of the true value is in a body or in a head, and where a denied field stands there is no value at all."""
    assert trial.leaks == []
    reached = {aim.subject: trial.ways_to(aim) for aim in trial.aims}
    pairs = [
        (voice, aim, item) for voice in VOICES for aim in trial.aims for item in trial.judge.pairs(voice, aim.subject)
    ]
    counts = [reached[aim.subject][item.coordinate] for _, aim, item in pairs]
    assert len(pairs) >= PAIRS
    assert min(counts) >= EACH
    assert sum(counts) >= PROBES
    assert trial.judge.closed > len(pairs)  # null where a denied field stands was seen again and again
    assert all(trial.statuses[name] for name in WAYS)
    assert all(trial.statuses[name].keys() == {200} for name in ("plainly", "as a subgraph's entity"))
    assert not {status for seen in trial.statuses.values() for status in seen} - {
        200,
        400,
        401,
        403,
        404,
        405,
        406,
        415,
        503,
    }
    assert all(name == "strictly" for name, seen in trial.statuses.items() if seen[503])  # an INCOMPLETE answer


def test_whoever_may_see_a_field_sees_its_canary(trial: Trial) -> None:
    """The trial is not blind: each canary that somebody may have in full was seen by somebody."""
    judge = trial.judge
    may = {
        place[1:]  # of copies of one decision the first is shown
        for places in judge.canaries.held.values() for place in places for aim in trial.aims
        if place.subject == aim.subject and place.type in aim.targets
        and judge.policies.catalogue.types[place.type].fields[place.field] in aim.targets[place.type]
        and any(judge.effect(voice, place, KEYED) == ALLOW for voice in VOICES)
    }  # fmt: skip
    assert len(may) > 200
    assert may - {place[1:] for place in judge.shown} == set()


def test_no_platform_is_asked_for_what_is_denied(trial: Trial) -> None:
    """Whatever the way, a platform is asked for nothing of a field that is denied, unless it decides about the record;
    and for nothing at all where nothing would be answered."""
    assert len(trial.asked) > 5_000
    asked = {(trial.decisions[ask.request], ask._replace(request="")) for ask in trial.asked}
    assert [leak for voice, ask in asked for leak in trial.judge.overasked(voice, ask)] == []


def test_logs_metrics_and_audit_hold_no_value(trial: Trial) -> None:
    """No canary at all, allowed or not, and no subject's code is in what the gateway logged, in its audit files, or on
    the pages that monitoring reads."""
    kept = sorted((trial.house.home / "audit").rglob("*.jsonl"))
    texts = ["\n".join(set(trial.log)), *(path.read_text("utf-8") for path in kept)]
    texts += [trial.house.client.get(page).text for page in ("/metrics", "/ready", "/policy/changes.json")]
    assert len(trial.log) > 100
    assert sum(text.count("\n") for text in texts[1:]) >= len(trial.decisions)
    for text in texts:
        assert trial.judge.canaries.found(text) == set()
        assert [key.kind for key in trial.judge.canaries.subjects if key.value in text] == []


def test_no_argument_reaches_a_field(trial: Trial) -> None:
    """Nothing is filtered, ordered, grouped or counted by a field's name: such arguments do not exist, for anybody."""
    for name in NO_SUCH_ARGUMENT:
        assert trial.statuses[name].keys() == {400}, name


def test_a_filter_by_a_day_that_is_withheld_tells_nothing(trial: Trial) -> None:
    """Who may not have the day of a record in full gets the same for the true day and for a wrong one."""
    right, wrong = COMPARED
    compared = 0
    for voice in VOICES:
        for aim in trial.aims:
            subjects = [orjson.loads(trial.bodies[voice, aim.kind, name])["data"]["subject"] for name in (right, wrong)]
            if None in subjects:
                assert subjects == [None, None]
                continue
            for record in aim.records:
                day = record.roles.date
                places = [Place(platform, record.name, day or "", aim.subject) for platform in holders(record)]
                if day and all(trial.judge.effect(voice, place, KEYED) != ALLOW for place in places):
                    compared += 1
                    assert subjects[0][record.connection] == subjects[1][record.connection], (voice, record.name)
    assert compared > 10
