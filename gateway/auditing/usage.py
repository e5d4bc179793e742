"""Who read what from one platform, counted from the audit: clients and purposes, record types, numbers; never a value.

A question counts for a platform when it was asked: what was denied before, or left out, is not read. Subjects are
counted by question, so that two questions about one are two; whom they were about is not in the log. Who seeks names
no subject.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from gateway.auditing.recorded import Record

UNREAD = frozenset({"DENIED", "NOT_ASKED"})


@dataclass(slots=True)
class Use:
    """What one client read of one record type for one purpose. `rows` were shown; `fields` could travel."""

    questions: int = 0
    subjects: int = 0
    rows: int = 0
    fields: set[str] = field(default_factory=set)


def usage(records: Iterable[Record], platform: str) -> dict[tuple[str, str, str], Use]:
    """By client, purpose (empty without one) and record type."""
    found: dict[tuple[str, str, str], Use] = {}
    for record in records:
        counted: dict[tuple[str, str, str], set[int]] = {}  # a subject's name and its records are asked apart
        for ask in record.get("asks") or ():
            read = [reply for reply in ask["replies"] if reply[1] not in UNREAD]
            if ask["platform"] != platform or not read:
                continue
            caller = record["caller"]
            client = (caller["id"], caller["purpose"] or "", ask["type"])
            use = found.setdefault(client, Use())
            use.questions += client not in counted
            places = {place for place, _, _, _ in read if place is not None}
            known = counted.setdefault(client, set())
            use.subjects += len(places - known)
            known |= places
            use.rows += sum(shown for _, _, _, shown in read)
            use.fields |= set(ask["asked"])
    return found
