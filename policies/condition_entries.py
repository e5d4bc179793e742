"""Conditions as officers write them, read against a catalogue: every word that it has not got is a finding.

Rules, row rules, exceptions and the cases that say what must never be are all read here, so that a word means the same
wherever it stands.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from policies.conditions import INSIDE, OUTSIDE, Condition, During
from policies.findings import Document, Findings
from policies.model import Catalogue
from policies.rule_entries import ConditionEntry

Loc = Sequence[str | int]


class Conditions:
    """The conditions of one document; findings are added, and nothing is decided by them."""

    def __init__(self, document: Document, catalogue: Catalogue, findings: Findings) -> None:
        self.document, self.catalogue, self.findings = document, catalogue, findings
        codes = set(catalogue.purposes)
        self.purposes = codes | {f"{code.partition('.')[0]}.*" for code in codes}
        fields = [field for record in catalogue.types.values() for field in record.fields.values()]
        self.tags = {tag for field in fields for tag in field.tags}

    def exceptions(self, loc: Loc, entries: Sequence[ConditionEntry]) -> tuple[Condition, ...]:
        return tuple(self.read([*loc, "except", index], entry) for index, entry in enumerate(entries))

    def read(self, loc: Loc, entry: ConditionEntry) -> Condition:
        c = self.catalogue
        to, fields, during = entry.to, entry.fields, entry.during
        self.known([*loc, "scopes"], entry.scopes, c.scopes, "scope")
        self.known([*loc, "purposes"], entry.purposes, self.purposes, "purpose")
        self.known([*loc, "subjects"], entry.subjects, c.kinds, "kind of subject")
        self.known([*loc, "types"], entry.types, c.types, "record type")
        if to is not None:
            self.known([*loc, "to", "client"], to.client, c.client_classes, "class of client")
            self.known([*loc, "to", "region"], to.region, {INSIDE, OUTSIDE, *c.provinces}, "region")
        if fields is not None:
            types = [name for name in entry.types if name in c.types] or list(c.types)
            names = {field.name for name in types for field in c.types[name].fields.values()}
            self.known([*loc, "fields", "name"], fields.name, names, "field")
            self.known([*loc, "fields", "tag"], fields.tag, self.tags, "tag")
            self.known([*loc, "fields", "kind"], fields.kind, c.ladders, "kind of field")
        return Condition(
            clients=frozenset(to.client if to else ()),
            regions=frozenset(to.region if to else ()),
            ids=frozenset(to.id if to else ()),
            scopes=frozenset(entry.scopes),
            purposes=frozenset(entry.purposes),
            consent=entry.consent is not None,
            agreement=entry.agreement is not None,
            own=entry.self_ is not None,
            given=frozenset(entry.given),
            subjects=frozenset(entry.subjects),
            types=frozenset(entry.types),
            classes=frozenset(fields.cls if fields else ()),
            tags=frozenset(fields.tag if fields else ()),
            names=frozenset(fields.name if fields else ()),
            kinds=frozenset(fields.kind if fields else ()),
            during=During(
                from_=during.from_,
                until=during.until,
                hours=during.hours or during.outside_hours,
                outside_hours=during.outside_hours is not None,
                weekdays=frozenset(during.weekdays),
            )
            if during
            else None,
        )

    def known(self, loc: Loc, words: Sequence[str], known: Collection[str], what: str) -> None:
        """A finding for each word that is not known, with its place in the list."""
        for index, word in enumerate(words):
            if word not in known:
                self.findings.add(self.document, [*loc, index], f"unknown {what} `{word}`", word, known)
