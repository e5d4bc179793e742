"""An extract: what questions of one shape take out of raw rows, and nothing else.

Made once for each set of asked fields and used for every question that asks them. A row is rejected, with the
coordinate and a reason but never a value, when a field does not map, when a part of its key means nothing or all of it
is blank, or when its subject fails the key's check.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from connectors.contract import Rejected, Row, SubjectKey
from connectors.declaration import Key
from connectors.mapping.objects import Nested
from connectors.mapping.paths import Look, Raw
from connectors.mapping.texts import Convert, Unmappable, text_of


@dataclass(slots=True)
class Mapped:
    """What became of raw rows."""

    rows: list[Row] = field(default_factory=list)
    rejected: list[str] = field(default_factory=list)
    deleted: int = 0


@dataclass(frozen=True, slots=True)
class SubjectOf:
    """Whose a row is: where its code lies, which rows are of this kind at all, and when a code is one."""

    kind: Key
    look: Look
    clean: Convert
    where: Callable[[Raw], bool] | None
    check: Callable[[str], bool] | None
    today: Callable[[str], str] | None

    def read(self, row: Raw, known: dict[str, SubjectKey]) -> SubjectKey:
        """`known` are the subjects of the rows before, as they were written. Raises Unmappable."""
        if self.where is not None and not self.where(row):
            raise Unmappable(f"is not a `{self.kind}`")
        raw = self.look(row)
        if not isinstance(raw, str):
            return self._key(raw)
        if raw not in known:
            known[raw] = self._key(raw)
        return known[raw]

    def _key(self, raw: Any) -> SubjectKey:
        value = self.clean(raw)
        if value is None:
            raise Unmappable("is empty")
        text = text_of(value).upper()
        if self.today is not None:
            text = self.today(text)
        if self.check is not None and not self.check(text):
            raise Unmappable(f"is not a `{self.kind}`")
        return SubjectKey(self.kind, text)


@dataclass(frozen=True, slots=True)
class Extract:
    """What is taken for one set of fields and one kind of subject. `sought`, of an open question, leaves out rows of
    another kind of subject, which it does not seek; `deleted` are rows that the platform has marked as such.
    """

    name: str
    key: Sequence[Look]
    clean: Convert
    subject: SubjectOf
    fields: Sequence[tuple[str, Look, Convert]]  # where a value lies, and what it means
    nested: Sequence[Nested]
    sought: Callable[[Raw], bool] | None
    deleted: Callable[[Raw], bool] | None

    def rows(self, raw: Iterable[Raw]) -> Mapped:
        mapped, known = Mapped(), dict[str, SubjectKey]()
        for row in raw:
            at, identity = "subject", ""
            try:
                if self.sought is not None and not self.sought(row):
                    continue
                at = "deleted"
                if self.deleted is not None and self.deleted(row):
                    mapped.deleted += 1
                    continue
                at = "key"
                identity = "|".join([self._key_part(look(row)) for look in self.key])
                if not identity.strip("|"):
                    raise Unmappable("is empty, and identifies the row")
                at = "subject"
                owner = self.subject.read(row, known)
                values: dict[str, Any] = {}
                for at, look, meaning in self.fields:
                    values[at] = meaning(look(row))
                for each in self.nested:
                    at = each.name
                    values |= each.read(row)
            except Unmappable as reason:
                mapped.rejected.append(Rejected(f"{self.name}.{at} {reason}", identity))
            else:
                mapped.rows.append(Row(identity, owner, values))
        return mapped

    def _key_part(self, raw: Any) -> str:
        part = self.clean(raw)
        if part is None:
            raise Unmappable("is empty in part, and identifies the row")
        return text_of(part).replace("\\", "\\\\").replace("|", "\\|")
