"""Which field of a record type plays which part: its state, its dates, what tells two decisions apart.

Rules speak of parts and never of fields, so that one rule serves every type that has the part. The fields that row
rules look at (CONTROL), with those of `identity`, are the type's control fields: always asked of a platform,
answered only when also allowed. Nothing here holds a value.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

CONTROL = (
    "status", "severity", "procedure", "kinds", "publicity_end", "retention_anchor", "recognition", "publication",
    "document", "objected", "event",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Roles:
    """The name of a field for each part; None where the type has no such thing."""

    status: str
    date: str | None  # the default order (newest first) and the filter `from`/`to`
    publicity_end: str | None
    retention_anchor: str | None  # the end of the conduct: retention runs from it
    event: str | None  # the date at which a person's age decides whether the record is a minor's
    identity: tuple[str, ...]  # equal values mean the same decision, also from two platforms
    subject_name: str | None  # compared with the `name` that a question gives beside the key
    updated: str | None  # when the source last touched the record
    list: str | None = None  # the list that an entry stands on: what `listing` asks for
    severity: str | None = None
    procedure: str | None = None
    kinds: str | None = None  # what was imposed, e.g. a warning and a fine
    recognition: str | None = None  # the days that periods may run from, beside the end of the conduct
    publication: str | None = None
    document: str | None = None
    objected: str | None = None  # the day on which an objection was raised

    @property
    def control(self) -> frozenset[str]:
        single = (getattr(self, role) for role in CONTROL)
        return frozenset(name for name in (*single, *self.identity) if name is not None)

    def without(self, names: Collection[str]) -> Roles:
        """The same with no part for these fields, which a platform has declared not applicable: what rules say of such
        a part never matches there. A state cannot be declared away: unknown, it hides."""
        lacking: dict[str, Any] = {role: None for role in CONTROL[1:] if getattr(self, role) in names}
        return replace(self, **lacking) if lacking else self
