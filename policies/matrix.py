"""Who sees what: every answer of a set at one instant, laid out as tables, equal answers together. Pure.

One section for each record type. A column is a caller with those of its purposes that are answered alike; a
group is the subject kinds that are answered alike; a line is a field, which stands in more than one group of the
same kinds only where the subject's consent, or what is said of the subject, changes an answer. Promises: each cell is
`interpreter.decide` of every point that it stands for, none is sampled or left out. It never sees data.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from itertools import product
from typing import NamedTuple, TypeVar

from policies.conditions import Question, purpose_listed
from policies.interpreter import decide, implicit, row_rules, valid_until
from policies.model import Facts, Field, FieldClass, RecordType, SubjectKind, Words
from policies.policyset import PolicySet
from policies.rows import can_match

NAME = "name"
SETTLED = {"client", "region", "id", "scopes", "self", "during"}  # words that caller, place and time alone decide
OPEN, KEY, NAMED = "open", "key", "key+name"  # what a question says of its subject; an open one seeks organisations
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Asker:
    """Who may ask, with all the scopes that are registered for it. `purposes`: those it may hold; None: any. `types`:
    record types that it may ask at all; under others it has no column.

    `own`: it may be the asked subject itself, and is told twice: about itself, and about somebody else.
    """

    name: str
    title: Words
    client_class: str
    client_id: str
    region: str | None
    scopes: frozenset[str]
    purposes: frozenset[str] | None
    own: bool = False
    types: frozenset[str] | None = None

    def holds(self, purpose: str | None) -> bool:
        """Whether it may ask for this; else the gateway refuses before anything is decided. None: no purpose."""
        return purpose is None or self.purposes is None or purpose in self.purposes


class Cell(NamedTuple):
    """`effect` is `allow`, a step or `deny`, of a row rule `hide` or `mark`; `rule` is the id that decides."""

    effect: str
    rule: str


class Situation(NamedTuple):
    """What else the question has: the subject's consent, and what it says of the subject (`open`: no key, it seeks
    organisations by name or list; `key`; `key+name`). None: it changes nothing.
    """

    consent: bool | None
    given: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Column:
    """A caller (`own`: asking about itself) and purposes that are answered alike; None is no purpose."""

    asker: Asker
    own: bool
    purposes: tuple[str | None, ...]
    held: bool  # False: these are not registered for the caller; a question for them is refused


@dataclass(frozen=True, slots=True)
class Line:
    """One field, with its class for the group's kinds; a cell for each column of the section."""

    field: Field
    cls: FieldClass
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Kinds of subject that are answered alike, in one situation: the lines that have just these answers there.

    `rows`: for each column the row rules in force that could meet a row of this type; nothing when another group
    tells them. `parted`: there are other groups of these kinds, for what a situation changes.
    """

    kinds: tuple[SubjectKind, ...]
    situation: Situation
    parted: bool
    lines: tuple[Line, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True)
class Section:
    record: RecordType
    columns: tuple[Column, ...]
    groups: tuple[Group, ...]


@dataclass(frozen=True, slots=True)
class Matrix:
    """All sections; `until` is the next instant at which any answer may change, None when none ever does."""

    digest: str
    at: datetime
    until: datetime | None
    province: str
    askers: tuple[Asker, ...]
    sections: tuple[Section, ...]

    @property
    def rules(self) -> frozenset[str]:
        """The ids of all rules that stand in a cell."""
        return frozenset(
            cell.rule
            for section in self.sections
            for group in section.groups
            for cells in (*(line.cells for line in group.lines), *group.rows)
            for cell in cells
        )


def matrix(
    policies: PolicySet,
    askers: Iterable[Asker],
    at: datetime,
    province: str,
    types: Collection[str] = (),
    purposes: Collection[str | None] = (),
    kinds: Collection[str] = (),
) -> Matrix:
    """The matrix of records of `province`. Nothing in `types`, `kinds`: all; in `purposes`: what each may hold.

    Purposes that are named are told for every caller, also for one that may not hold them.
    """
    c = policies.catalogue
    asked = tuple(askers)
    voices = {
        (asker, own): _Answers(policies, asker, own, at, province)
        for asker in asked
        for own in ((True, False) if asker.own else (False,))
    }
    sections = []
    for record in c.types.values():
        wanted = [kind for kind in c.kinds.values() if kind.name in record.kinds and (not kinds or kind.name in kinds)]
        heard = {v: each for v, each in voices.items() if v[0].types is None or record.name in v[0].types}
        if wanted and heard and (not types or record.name in types):
            sections.append(_section(policies, record, wanted, heard, purposes))
    return Matrix(policies.digest, at, valid_until(policies, at), province, asked, tuple(sections))


class _Told(NamedTuple):
    """The answers to one question about a record type: a cell for each field, and the row rules."""

    fields: tuple[Cell, ...]
    rows: tuple[Cell, ...]


class _Answers:
    """What one caller is told (`own`: about itself), decided once for all questions that no rule can tell apart.

    Rules look at a question through the words of their conditions. Conditions that cannot hold for this caller
    here and now, whatever it asks, are put aside; words that stand in the same lists of the others, and in no
    more, are one word.
    """

    def __init__(self, policies: PolicySet, asker: Asker, own: bool, at: datetime, province: str) -> None:
        self._policies = policies
        self._facts = Facts(
            asker.client_class, asker.client_id, asker.region, asker.scopes, None, False, own,
            frozenset(), "", "", province, at,
        )  # fmt: skip
        near = [policy for policy in policies.policies if set(implicit(policy, self._facts)) <= {"purposes"}]
        held = Question(self._facts, True)
        conditions = [c for policy in near for c in policy.conditions if SETTLED.isdisjoint(c.failing(held))]
        self._purpose = _lists([*(p.purposes for p in near), *(c.purposes for c in conditions)], purpose_listed)
        self._type = _lists([condition.types for condition in conditions], _within)
        self._kind = _lists([condition.subjects for condition in conditions], _within)
        self._name = _lists([condition.names for condition in conditions], _within)
        self._given = frozenset[str]().union(*(condition.given for condition in conditions))
        self._consent = any(condition.consent for condition in conditions)
        self._cells: dict[Hashable, Cell] = {}
        self._told: dict[Hashable, _Told] = {}

    def told(self, record: RecordType, kind: SubjectKind, purpose: str | None, consent: bool, said: str) -> _Told:
        given = frozenset({OPEN: (), KEY: (kind.key,), NAMED: (kind.key, NAME)}[said])
        question = (
            *(self._purpose(purpose), consent and self._consent),
            *(given & self._given, kind.natural, self._kind(kind.name)),
        )
        known = self._told.get((record.name, question))
        if known is None:
            facts = replace(
                self._facts, purpose=purpose, consent=consent, given=given, kind=kind.name, type=record.name
            )
            known = self._told[record.name, question] = self._answer(record, kind, facts, question)
        return known

    def _answer(self, record: RecordType, kind: SubjectKind, facts: Facts, question: Hashable) -> _Told:
        type_lists = self._type(record.name)
        cells = []
        for field in record.fields.values():
            cls = field.class_for(kind.natural)
            key = (question, type_lists, self._name(field.name), cls, field.tags, field.kind, field.ladder)
            if key not in self._cells:
                decision = decide(self._policies, facts, field)
                self._cells[key] = Cell(decision.effect, decision.rule)
            cells.append(self._cells[key])
        rows = [Cell(r.effect, r.rule) for r in row_rules(self._policies, facts) if can_match(r, record, kind.natural)]
        return _Told(tuple(cells), tuple(rows))


def _section(
    policies: PolicySet,
    record: RecordType,
    kinds: list[SubjectKind],
    voices: Mapping[tuple[Asker, bool], _Answers],
    purposes: Collection[str | None],
) -> Section:
    situations = {kind.name: _situations(policies, kind) for kind in kinds}
    points = [(kind, situation) for kind in kinds for situation in situations[kind.name]]
    columns: list[Column] = []
    bodies: list[Mapping[tuple[str, tuple[bool, str]], _Told]] = []
    for (asker, own), answers in voices.items():
        wanted = list(purposes) or [p for p in (None, *policies.catalogue.purposes) if asker.holds(p)]
        told = {p: {(k.name, s): answers.told(record, k, p, *s) for k, s in points} for p in wanted}
        for same in _alike(wanted, lambda p: (asker.holds(p), *told[p].values())):  # noqa: B023
            columns.append(Column(asker, own, tuple(same), asker.holds(same[0])))
            bodies.append(told[same[0]])
    groups: list[Group] = []
    by_kind = {k.name: [{s: body[k.name, s] for s in situations[k.name]} for body in bodies] for k in kinds}
    for alike in _alike(kinds, lambda k: (k.natural, *(told for body in by_kind[k.name] for told in body.values()))):
        groups += _groups(record, tuple(alike), by_kind[alike[0].name])
    return Section(record, tuple(columns), tuple(groups))


def _situations(policies: PolicySet, kind: SubjectKind) -> list[tuple[bool, str]]:
    """Consent and what is said of the subject, in every way in which such a subject can be asked about."""
    consents = any(condition.consent for policy in policies.policies for condition in policy.conditions)
    return list(product((False, True) if consents else (False,), (KEY, NAMED) if kind.natural else (OPEN, KEY, NAMED)))


def _groups(
    record: RecordType, kinds: tuple[SubjectKind, ...], bodies: list[dict[tuple[bool, str], _Told]]
) -> list[Group]:
    """What no situation changes first, then what each changes."""
    lines: dict[Situation, list[Line]] = {}
    for place, field in enumerate(record.fields.values()):
        values = {s: tuple(body[s].fields[place] for body in bodies) for s in bodies[0]}
        for situation, cells in _told_apart(values):
            lines.setdefault(situation, []).append(Line(field, field.class_for(kinds[0].natural), cells))
    rows = dict(_told_apart({s: tuple(body[s].rows for body in bodies) for s in bodies[0]}))
    found = sorted(lines.keys() | rows.keys(), key=lambda s: (s.consent is not None, s.consent or False, s.given or ()))
    return [Group(kinds, s, len(found) > 1, tuple(lines.get(s, ())), rows.get(s, ())) for s in found]


def _told_apart(values: Mapping[tuple[bool, str], T]) -> list[tuple[Situation, T]]:
    """Only the situations that differ; what changes nothing becomes None."""
    consents, said = list(dict.fromkeys(c for c, _ in values)), list(dict.fromkeys(s for _, s in values))
    parted = any(values[consent, word] != values[consents[0], word] for consent, word in values)
    alike = _alike(said, lambda word: tuple(values[consent, word] for consent in consents))
    return [
        (Situation(c if parted else None, tuple(words) if len(alike) > 1 else None), values[c, words[0]])
        for c in (consents if parted else consents[:1])
        for words in alike
    ]


def _alike(things: Iterable[T], key: Callable[[T], Hashable]) -> list[list[T]]:
    """Things with equal keys together, in the order of each first one."""
    found: dict[Hashable, list[T]] = {}
    for thing in things:
        found.setdefault(key(thing), []).append(thing)
    return list(found.values())


def _lists(
    lists: Collection[frozenset[str]], holds: Callable[[str | None, frozenset[str]], bool]
) -> Callable[[str | None], Hashable]:
    """In which of these lists a word stands, remembered."""
    different = tuple(frozenset(lists) - {frozenset()})
    return cache(lambda word: tuple(holds(word, words) for words in different))


def _within(word: str | None, words: frozenset[str]) -> bool:
    return word in words
