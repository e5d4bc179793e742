"""What every record of a city has in common: whose it is, its state, who hands it over, where, since when.

`whose` is for the platforms' own columns: most of these record types do not say again whose they are.
"""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any

from deploy.demo.facts import touched
from deploy.demo.places import Office
from deploy.demo.subjects import Subject

STATES = ("ACTIVE", "ACTIVE", "ACTIVE", "ACTIVE", "ACTIVE", "ACTIVE", "OBJECTED", "REPAIRED", "REVOKED")
SEVERITIES = ("MINOR", "GENERAL", "GENERAL", "SERIOUS")


def whose(subject: Subject) -> dict[str, Any]:
    natural = subject.natural
    return {
        "counterpartyName": subject.name,
        "uscc": None if natural else subject.key,
        "personIdType": "RESIDENT_ID" if natural else None,
        "personIdNo": subject.key if natural else None,
    }


def record(
    subject: Subject, unit: Office, day: date, draw: random.Random, today: date, until: date | None = None
) -> dict[str, Any]:
    """The block of a record made on `day`; what ended by `until` is expired, now and then not said so."""
    state = draw.choice(STATES)
    if until is not None and until < today and draw.random() < 0.8:
        state = "EXPIRED"
    return {
        **whose(subject),
        "status": state,
        "sourceUnit": unit.name,
        "sourceUnitUscc": unit.uscc,
        "areaCode": subject.area,
        "sourceUpdatedAt": touched(min(day + timedelta(days=draw.randrange(2, 20)), today), draw),
    }


def ago(draw: random.Random, today: date, longest: int, shortest: int = 30) -> date:
    return today - timedelta(days=draw.randrange(shortest, longest))
