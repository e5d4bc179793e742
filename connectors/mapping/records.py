"""A record type at one platform: raw rows in, rows in catalogue words out; what does not map is counted.

Only the asked fields are read, by an extract that is made once for each set of them. Too many rejected rows mean
that the platform changed: ContractBroken.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

from connectors.contract import BadRequest, Claim, ContractBroken, Fetch
from connectors.declaration import Key, TypeWords
from connectors.fields import SubjectWords
from connectors.mapping.extracts import Extract, Mapped, SubjectOf
from connectors.mapping.objects import compile_object
from connectors.mapping.paths import Lookup, Raw
from connectors.mapping.texts import cleaner, text_if_any
from connectors.mapping.values import compile_field, matcher, name_of
from connectors.terms import Terms

TOLERATED_ROWS = 3
EXTRACTS = 256  # kept at a time; callers ask few sets of fields, over and over


class RecordMap:
    """The compiled mapping of one type, shared by all questions; it keeps the extracts that it made."""

    def __init__(
        self, name: str, words: TypeWords, terms: Terms, lookup: Lookup, batch: int, open: bool = True
    ) -> None:
        self.name = name
        self.words = words
        term = terms.types[name]
        nulls = frozenset(words.null)
        self._fields = {
            key: compile_field(each, term.fields[key], lookup, terms, trim=words.trim, nulls=nulls)
            for key, each in words.fields.items()
        }
        self._objects = {
            key: compile_object(key, each, term, lookup, terms, trim=words.trim, nulls=nulls)
            for key, each in words.objects.items()
        }
        self._clean, self._conversions = cleaner(True, nulls), terms.conversions
        self._key = [lookup(part) for part in words.key]
        self._deleted = matcher(words.deleted, lookup, self._clean) if words.deleted is not None else None
        self._subjects = {kind: self._subject(kind, each, terms, lookup) for kind, each in words.subject.items()}
        self._extract = lru_cache(EXTRACTS)(self._extracted)
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
            order=words.order.terms if words.order is not None else (),
        )

    def admit(self, ask: Fetch) -> None:
        """Raises BadRequest for a question that the declaration does not offer."""
        if not ask.subjects and not self.claim.open:
            raise BadRequest(f"{self.name}: this platform answers no question without a subject")
        for each in ask.where:
            if each.op not in self.claim.filters.get(each.field, frozenset()):
                raise BadRequest(f"{self.name}.{each.field}: `{each.op}` is not a filter of this platform")

    def names(self, fields: Iterable[str], kind: Key) -> tuple[str, ...]:
        """The platform's own names that a question needs: key, subject, and the asked fields, each once."""
        subject = self.words.subject[kind]
        needed = [*self.words.key, name_of(subject)]
        needed += [name_of(match) for match in (subject.where, self.words.deleted) if match is not None]
        asked = set(fields)
        for key in self.words.mapped:
            if key in asked:
                needed += [name_of(origin) for origin in self.words.origins(key)]
        return tuple(dict.fromkeys(needed))

    def spelt(self, subjects: Sequence[str], kind: Key) -> list[str]:
        """How these subjects may be written at the platform: with the codes of an older generation, if so declared."""
        convert = self._conversions.get(self.words.subject[kind].convert or "")
        older = [old for code in subjects for old in convert.before(code)] if convert is not None else []
        return [*subjects, *older]

    def which(self, row: Raw, kind: Key) -> tuple[str, ...] | None:
        """What tells a raw row from every other: whose it is, and its key; None where part of that is not there."""
        parts = tuple(text_if_any(look(row)) for look in (self._subjects[kind].look, *self._key))
        return parts if all(parts) else None

    def rows(self, raw: Iterable[Raw], ask: Fetch) -> Mapped:
        """Map raw rows for a question. `ask.fields` that the declaration lacks are left out of the rows."""
        return self._extract(ask.fields, key_kind(ask), not ask.subjects).rows(raw)

    def judge(self, accepted: int, rejected: int, reasons: Sequence[str] = ()) -> None:
        """Raises ContractBroken, with the reasons, when more rows did not map than the declaration tolerates
        (`maxRejected`)."""
        judge(self.name, self.words.maxRejected, accepted, rejected, reasons)

    def _extracted(self, fields: frozenset[str], kind: Key, anybody: bool) -> Extract:
        subject = self._subjects[kind]
        return Extract(
            name=self.name,
            key=self._key,
            clean=self._clean,
            subject=subject,
            fields=[(key, reader.look, reader.meaning) for key, reader in self._fields.items() if key in fields],
            nested=[asked for each in self._objects.values() if (asked := each.only(fields)).fields],
            sought=subject.where if anybody else None,
            deleted=self._deleted,
        )

    def _subject(self, kind: Key, words: SubjectWords, terms: Terms, lookup: Lookup) -> SubjectOf:
        where = matcher(words.where, lookup, self._clean) if words.where is not None else None
        check, convert = terms.checks.get(words.check or kind), terms.conversions.get(words.convert or "")
        today = convert.today if convert is not None else None
        return SubjectOf(kind, lookup(name_of(words)), self._clean, where, check, today)


def key_kind(ask: Fetch) -> Key:
    """How the rows of a question are keyed; an open question is about organisations."""
    return ask.subjects[0].kind if ask.subjects else "uscc"


def judge(name: str, share: float, accepted: int, rejected: int, reasons: Sequence[str] = ()) -> None:
    """Raises ContractBroken when more than this share of a record type's rows did not map."""
    if rejected > TOLERATED_ROWS and rejected > share * (accepted + rejected):
        raise ContractBroken(f"{name}: {rejected} of {accepted + rejected} rows did not map", reasons)
