"""A record type at one platform: raw rows in, rows in catalogue words out; what does not map is counted.

Only the asked fields are read. A row is rejected, with the coordinate and a reason but never a value, when
a field does not map, when a part of its key is empty, or when its subject fails the key's check. Too many
rejected rows mean that the platform changed: ContractBroken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from connectors.contract import Claim, ContractBroken, Fetch, Row, SubjectKey, Terms
from connectors.declaration import Key, SubjectWords, TypeWords
from connectors.mapping.objects import Nested, compile_object
from connectors.mapping.paths import Look, Lookup, Raw
from connectors.mapping.texts import Unmappable, cleaner, text_of
from connectors.mapping.values import Reader, compile_field, matcher, name_of

TOLERATED_ROWS = 3


@dataclass(slots=True)
class Mapped:
    """What became of raw rows."""

    rows: list[Row] = field(default_factory=list)
    rejected: list[str] = field(default_factory=list)


class RecordMap:
    """The compiled mapping of one type; immutable and shared by all questions."""

    def __init__(
        self, name: str, words: TypeWords, terms: Terms, lookup: Lookup, batch: int, open: bool = True
    ) -> None:
        self.name = name
        self.words = words
        term = terms.types[name]
        nulls = frozenset(words.null)
        self._fields = {
            key: compile_field(each, term.fields[key], lookup, terms.checks, trim=words.trim, nulls=nulls)
            for key, each in words.fields.items()
        }
        self._objects = {
            key: compile_object(key, each, term, lookup, terms.checks, trim=words.trim, nulls=nulls)
            for key, each in words.objects.items()
        }
        self._clean = cleaner(True, nulls)
        self._key = [lookup(part) for part in words.key]
        self._kinds = {
            kind: matcher(each.where, lookup, self._clean)
            for kind, each in words.subject.items()
            if each.where is not None
        }
        self._subjects = {kind: self._subject(kind, each, terms, lookup) for kind, each in words.subject.items()}
        self.claim = Claim(
            fields=frozenset(words.mapped),
            absent=frozenset(words.absent) - term.objects.keys()
            | {name for name in term.fields if name.partition(".")[0] in words.absent},
            not_applicable=dict(words.notApplicable),
            keys=frozenset(words.subject),
            filters={key: frozenset(each.ops) for key, each in words.filters.items()},
            batch=batch,
            whole={
                name: frozenset(f"{name}.{leaf}" for leaf in each.fields)
                for name, each in words.objects.items()
                if each.apart
            },
            open=open,
        )

    def names(self, fields: Iterable[str], kind: Key) -> tuple[str, ...]:
        """The platform's own names that a question needs: key, subject, and the asked fields, each once."""
        subject = self.words.subject[kind]
        needed = [*self.words.key, name_of(subject)]
        if subject.where is not None:
            needed.append(name_of(subject.where))
        asked = set(fields)
        for key in self.words.mapped:
            if key in asked:
                needed += [name_of(origin) for origin in self.words.origins(key)]
        return tuple(dict.fromkeys(needed))

    def rows(self, raw: Iterable[Raw], ask: Fetch) -> Mapped:
        """Map raw rows for a question. `ask.fields` that the declaration lacks are left out of the rows."""
        readers = [(key, reader) for key, reader in self._fields.items() if key in ask.fields]
        nested = [each.only(ask.fields) for each in self._objects.values()]
        kind = key_kind(ask)
        subject = self._subjects[kind]
        theirs = self._kinds.get(kind) if not ask.subjects else None
        mapped = Mapped()
        for row in raw:
            if theirs is not None and not theirs(row):
                continue  # of another kind of subject, which an open question does not seek
            try:
                mapped.rows.append(self._row(row, subject, readers, nested))
            except _RejectedRow as rejected:
                mapped.rejected.append(str(rejected))
        return mapped

    def judge(self, accepted: int, rejected: int) -> None:
        """Raises ContractBroken when more rows did not map than the declaration tolerates (`maxRejected`)."""
        if rejected > TOLERATED_ROWS and rejected > self.words.maxRejected * (accepted + rejected):
            raise ContractBroken(f"{self.name}: {rejected} of {accepted + rejected} rows did not map")

    def _row(
        self,
        raw: Raw,
        subject: Callable[[Raw], SubjectKey],
        readers: Sequence[tuple[str, Reader]],
        nested: Sequence[Nested],
    ) -> Row:
        at = "key"
        try:
            identity = "|".join([self._key_part(look, raw) for look in self._key])
            at = "subject"
            owner = subject(raw)
            values: dict[str, Any] = {}
            for name, reader in readers:
                at = name
                values[name] = reader.read(raw)
            for each in nested:
                at = each.name
                values |= each.read(raw)
        except Unmappable as reason:
            raise _RejectedRow(f"{self.name}.{at} {reason}") from None
        return Row(identity, owner, values)

    def _key_part(self, look: Look, raw: Raw) -> str:
        part = self._clean(look(raw))
        if part is None:
            raise Unmappable("is empty in part, and identifies the row")
        return text_of(part).replace("\\", "\\\\").replace("|", "\\|")

    def _subject(self, kind: Key, words: SubjectWords, terms: Terms, lookup: Lookup) -> Callable[[Raw], SubjectKey]:
        look = lookup(name_of(words))
        check = terms.checks.get(words.check or kind)
        where = matcher(words.where, lookup, self._clean) if words.where is not None else None

        def read(raw: Raw) -> SubjectKey:
            if where is not None and not where(raw):
                raise Unmappable(f"is not a `{kind}`")
            value = self._clean(look(raw))
            if value is None:
                raise Unmappable("is empty")
            text = text_of(value).upper()
            if check is not None and not check(text):
                raise Unmappable(f"is not a `{kind}`")
            return SubjectKey(kind, text)

        return read


def key_kind(ask: Fetch) -> Key:
    """How the rows of a question are keyed; an open question is about organisations."""
    return ask.subjects[0].kind if ask.subjects else "uscc"


class _RejectedRow(Exception):
    """The reason why one row is left out."""
