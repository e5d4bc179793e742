"""Who has licences and promises at Jinan's platform, the named examples among them.

With draws of its own, so that what is true of the rest of the province stays as it is.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import count
from typing import Any

from deploy.demo import facts, places
from deploy.demo.cities import praise
from deploy.demo.cities.lives import Kept
from deploy.demo.facts import Fact, anniversary
from deploy.demo.subjects import Subject

EXAMPLE = "many_platforms"


def named(found: Mapping[str, Subject], today: date) -> Iterator[Kept]:
    """A licence and a promise of the example with records everywhere; the same for every seed."""
    subject, draw = found[EXAMPLE], random.Random("what Jinan holds of the named examples")
    decided = today - timedelta(days=45)
    valid: dict[str, Any] = {"decisionDate": decided, "validTo": anniversary(decided, 5), "state": "VALID"}
    yield _licence(subject, 9801, draw, today, named=True, **valid, status="ACTIVE")
    yield _promise(subject, draw, today, named=True, promiseDate=decided, fulfilment="FULFILLED", status="ACTIVE")


def lives(seed: int, subjects: Sequence[Subject], today: date) -> Iterator[Kept]:
    draw, serials = random.Random(f"{seed}/jinan"), count(1)
    for subject in subjects:
        if draw.random() >= (0.8 if subject.city in {"3701", "3712"} else 0.05):
            continue
        for _ in range(draw.choice((0, 1, 1, 3, 12))):
            yield _licence(subject, next(serials), draw, today)
        for _ in range(draw.choice((0, 0, 1, 2))):
            yield _promise(subject, draw, today)


def _licence(
    subject: Subject, serial: int, draw: random.Random, today: date, named: bool = False, **fixed: Any
) -> Kept:
    office, unit = draw.choice(places.JINAN_OFFICES), places.JINAN_CENTRE
    values = facts.licence(subject, office, unit, serial, draw, today, **fixed)
    return "jinan.licences", Fact("AdministrativeLicence", subject, values, named)


def _promise(subject: Subject, draw: random.Random, today: date, named: bool = False, **fixed: Any) -> Kept:
    office, unit = places.JINAN_OFFICES[0], places.JINAN_CENTRE
    return "jinan.promises", Fact(
        "CreditPromise", subject, praise.promise(subject, office, unit, draw, today, **fixed), named
    )
