"""One caller's part of the schema: what may be seen for one purpose, and nothing of the rest.

A field that is denied for every kind of subject is not there; one that is reduced, or withheld for some kinds, says so
by a directive. What thereby has lost all its fields is gone too: a record type, a section of the report, a kind of
subject, a code list; and so is an argument that filters by a field which is not given in full. The gateway itself
validates against the whole schema (see `face`): this is what a partner reads, and builds a client from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from graphql import DocumentNode, parse, print_ast

from gateway.model import Sight
from gateway.schema.pruning import Cut, pruned
from policies.compiler import CompiledPolicies
from policies.model import ALLOW, Catalogue, Facts, RecordType

Effects = Mapping[str, str]  # field name -> `allow` or a step of its ladder; a denied field is not there

DIRECTIVES = '''
"""脱敏 · given only reduced to this step; without `kinds`, for every kind of subject"""
directive @masked(step: String!, kinds: [SubjectKind!]) repeatable on FIELD_DEFINITION

"""不可见 · withheld for these kinds of subject"""
directive @withheld(kinds: [SubjectKind!]!) on FIELD_DEFINITION
'''


def view(whole: DocumentNode, catalogue: Catalogue, seen: Sight, sought: Sight) -> str:
    """SDL of what is `seen` of a subject that is asked by its key, and of one that is `sought` without.

    Both have an entry for every record type and each kind that can have such records. `whole` is the whole schema.
    """
    directives = parse(DIRECTIVES).definitions if any(seen.values()) else ()
    bearing = replace(whole, definitions=(*directives, *whole.definitions))
    return print_ast(pruned(bearing, _View(catalogue, seen, sought).cut)) + "\n"


def part(whole: DocumentNode, catalogue: Catalogue, seen: Sight, sought: Sight) -> DocumentNode:
    """The same part without a word on what is reduced or withheld: for readers that know no directives of ours."""
    cut = _View(catalogue, seen, sought).cut
    return pruned(whole, Cut(cut.types, cut.places))


def sight(catalogue: Catalogue, compiled: CompiledPolicies, facts: Facts, keyed: bool = True) -> Sight:
    """What is seen by who asks these `facts` of any type and kind. `keyed`: the question gives the subject's key."""
    found = dict[tuple[str, str], Effects]()
    for record in catalogue.types.values():
        for kind in (catalogue.kinds[name] for name in sorted(record.kinds)):
            given = facts.given | {kind.key} if keyed else facts.given
            row = compiled.row(replace(facts, type=record.name, kind=kind.name, given=given))
            found[record.name, kind.name] = {
                name: decision.effect for name, decision in row.decisions.items() if decision.answered
            }
    return found


class _View:
    """What is cut, found step by step."""

    def __init__(self, catalogue: Catalogue, seen: Sight, sought: Sight) -> None:
        self.cut = Cut()
        self._c, self._seen, self._sought = catalogue, seen, sought
        self._kinds = [name for name in catalogue.kinds if any(e for (_, kind), e in seen.items() if kind == name)]
        self._records = [r for r in catalogue.types.values() if any(self._told(r).values())]
        self._cut_kinds()
        self._cut_records()
        for record in self._records:
            self._cut_fields(record)
            self._cut_filters(record)
        self._cut_names()
        self._cut_roots()

    def _told(self, record: RecordType) -> dict[str, Effects]:
        """What is seen of a record type, by the kinds of subject of which anything is seen."""
        return {kind: self._seen[record.name, kind] for kind in self._kinds if kind in record.kinds}

    def _cut_kinds(self) -> None:
        unseen = [kind for name, kind in self._c.kinds.items() if name not in self._kinds]
        keys = {self._c.kinds[name].key for name in self._kinds}
        self.cut.types |= {kind.name for kind in unseen}
        self.cut.places |= {f"SubjectKind.{kind.name}" for kind in unseen}
        self.cut.places |= {f"SubjectKey.{kind.key}" for kind in unseen if kind.key not in keys}
        if not self._kinds:
            self.cut.types |= {"CreditSubject", "SubjectKey"}

    def _cut_records(self) -> None:
        for record in self._c.types.values():
            if record not in self._records:
                self.cut.types |= {record.name, f"{record.name}Connection", f"{record.name}Edge"}
                self.cut.types |= {nested.type for nested in record.objects.values()}
                self.cut.places.add(f"RecordType.{record.name}")
        types = {record.name for record in self._records}
        sections = [section for section in self._c.report if types.isdisjoint(section.types)]
        self.cut.types |= {_section(section.name) for section in sections}
        if len(sections) == len(self._c.report):
            self.cut.types.add("CreditReport")

    def _cut_fields(self, record: RecordType) -> None:
        told = self._told(record)
        for item in record.fields.values():
            effects = {kind: effects[item.name] for kind, effects in told.items() if item.name in effects}
            self._say(item.coordinate, effects, list(told))

    def _say(self, place: str, effects: Mapping[str, str], kinds: Sequence[str]) -> None:
        """Cut the place where nothing is seen, else say what is reduced, and for whom it is withheld."""
        if effects:
            self.cut.said[place] = _directives(effects, kinds)
        else:
            self.cut.places.add(place)

    def _cut_filters(self, record: RecordType) -> None:
        """A filter needs its field in full; `from`, `to` and a list's `since` that of the record's date."""
        open_ = {name for effects in self._told(record).values() for name, step in effects.items() if step == ALLOW}
        filters = {"status": record.roles.status, "from": record.roles.date, "to": record.roles.date}
        closed = [argument for argument, name in filters.items() if name not in open_]
        sections = [_section(section.name) for section in self._c.report if record.name in section.types]
        for owner in ("CreditSubject", *self._kinds, *sections):
            self.cut.places |= {f"{owner}.{record.connection}({argument})" for argument in closed}
        if record.roles.list is not None and record.roles.date not in open_:
            self.cut.places.add("Query.listing(since)")

    def _cut_names(self) -> None:
        """What is read from a record for the subject itself, its name, and for an organisation that is found."""
        for label in sorted({label for kind in self._c.kinds.values() for label in kind.derived}):
            bearing = [kind for kind in self._kinds if label in self._c.kinds[kind].derived]
            seen, sought = self._derived(label, self._seen), self._derived(label, self._sought)
            self._say(f"CreditSubject.{label}", seen, bearing)
            for kind in self._kinds:  # an interface's field is on all that implement it
                place = f"{kind}.{label}"
                if not seen:
                    self.cut.places.add(place)
                elif kind in bearing:
                    self.cut.said[place] = _directives({k: step for k, step in seen.items() if k == kind}, [kind])
            self._say(f"SubjectMatch.{label}", sought, [kind for kind in bearing if not self._c.kinds[kind].natural])

    def _derived(self, label: str, sight: Sight) -> dict[str, str]:
        """What is seen of it, by kinds of subject."""
        found = {}
        for kind in (self._c.kinds[name] for name in self._kinds if label in self._c.kinds[name].derived):
            item = self._c.field(kind.derived[label])
            effects = sight.get((item.type, kind.name), {})
            if item.name in effects:
                found[kind.name] = effects[item.name]
        return found

    def _cut_roots(self) -> None:
        """One seeks by a name, or in a list, that may be seen without a key."""
        if "SubjectMatch.name" in self.cut.places or not self._kinds:
            self.cut.types.add("SubjectMatchConnection")
        listed = next((record for record in self._c.types.values() if record.roles.list is not None), None)
        if listed is not None and not any(self._sought.get((listed.name, kind)) for kind in self._kinds):
            self.cut.places.add("Query.listing")


def _directives(effects: Mapping[str, str], kinds: Sequence[str]) -> list[str]:
    said = []
    for step in dict.fromkeys(effects.values()):
        fitting = [kind for kind in kinds if effects.get(kind) == step]
        if step != ALLOW:
            said.append(f'@masked(step: "{step}"{f", kinds: {_listed(fitting)}" if len(fitting) < len(kinds) else ""})')
    withheld = [kind for kind in kinds if kind not in effects]
    return [*said, f"@withheld(kinds: {_listed(withheld)})"] if withheld else said


def _listed(kinds: Sequence[str]) -> str:
    return f"[{', '.join(kinds)}]"


def _section(name: str) -> str:
    return f"{name[:1].upper()}{name[1:]}Section"
