"""Recorded questions read back: who asked what, and how it was decided, as facts that can be decided again.

Reads only, beside a running gateway or on a copy. A line that is torn or is no JSON is passed over here: `verifying` is
who tells of it. Nothing here can say whom a record is about, for a record holds keyed pseudonyms.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from gateway.auditing import entries, logs
from gateway.auditing.record import instant
from policies.model import Facts

Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of one subject; `subject` is its pseudonym, None where a search or a list was asked for."""

    subject: str | None
    status: str
    shown: int


@dataclass(frozen=True, slots=True)
class Asked:
    """One record type of one platform in one question. `answers`: effect and rule of each field that was asked for.

    `ceiling`: the client's registration has not got this type, so that no rule was asked.
    """

    platform: str
    facts: Facts
    answers: Mapping[str, tuple[str, str]]
    rows: tuple[str, ...]
    replies: tuple[Reply, ...]
    ceiling: bool


def records(home: Path, since: datetime | None = None) -> Iterator[Record]:
    """All records of a home's logs from an instant on; one log after the other. Raises OSError."""
    first = instant(since) if since else ""
    for found in _lines(home):
        if str(found.get("at", "")) >= first:
            yield found


def find(home: Path, decision: str) -> Record | None:
    """The record of a decision's public id. Raises OSError."""
    wanted = orjson.dumps(decision)
    return next((found for found in _lines(home, wanted) if found.get("decision") == decision), None)


def asked(record: Record) -> Iterator[Asked]:
    """What was decided in a request; nothing when it was refused before that."""
    caller, subjects = record.get("caller"), record.get("subjects") or []
    if not caller or "decidedAt" not in record:
        return
    at = datetime.fromisoformat(record["decidedAt"])
    for ask in record["asks"]:
        facts = Facts(
            client_class=caller["class"],
            client_id=caller["id"],
            region=caller["region"],
            scopes=frozenset(caller["scopes"]),
            purpose=caller["purpose"],
            consent=ask["consent"],
            own=ask["own"],
            given=frozenset(ask["given"]),
            kind=ask["kind"],
            type=ask["type"],
            province=ask["province"],
            at=at,
        )
        replies = tuple(
            Reply(subjects[place]["id"] if place is not None else None, status, shown)
            for place, status, _, shown in ask["replies"]
        )
        answers = {name: (effect, rule) for name, (effect, rule) in ask["fields"].items()}
        ceiling = "types" in caller and ask["type"] not in caller["types"]
        yield Asked(ask["platform"], facts, answers, tuple(ask["rows"]), replies, ceiling)


def _lines(home: Path, holding: bytes = b"") -> Iterator[Record]:
    for log in logs.present(home):
        for line in entries.lines(logs.folder_of(home, log)):
            if holding not in line.raw or not line.whole:
                continue
            try:
                found = orjson.loads(line.raw)["record"]
            except (orjson.JSONDecodeError, KeyError, TypeError):
                continue
            if isinstance(found, dict):
                yield found
