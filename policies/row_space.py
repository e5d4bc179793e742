"""Every row that records of a type can have, cut where any row rule can tell two apart; and what two versions do to it.

A row is its state, severity, procedure, what was imposed, and its days; days are cut at the ages that rules name. What
is not known, and what a platform has declared that it does not keep, are values like others. Each condition is asked as
`judging` asks it. No real row is ever looked at.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache
from itertools import combinations
from typing import Any, NamedTuple

from policies.calendar_days import Span
from policies.diagram import Diagram, paths
from policies.judging import Asks, questions
from policies.model import SILENCE, Catalogue, RecordType, RowRule
from policies.roles import CONTROL
from policies.rows import can_match, over_since, overdue

UNKNOWN, NOT_KEPT = "unknown", "not kept"
TODAY = date(2026, 6, 15)  # ages are counted back from a day; any serves where months and days are not mixed
FOUR_YEARS = 1461  # days after which the months come again in the same order of lengths
FAR = 150 * 366  # days: no row is older, and none lies further ahead
FAR_WORKING = 3 * 366  # working days are counted in days of which the holidays are known, and never so many
CHILD, GROWN = timedelta(days=10 * 365), timedelta(days=40 * 365)
CODED = ("status", "severity", "procedure", "kinds")
Labels = tuple[str, ...] | None  # None: hidden


class Age(NamedTuple):
    """So much time has passed; `working_days` of an objection, or a span. No time at all: the day has come."""

    span: Span
    working_days: int = 0


class Passed(NamedTuple):
    """A day of a row: the longest of the ages that it has reached, the next that it has not; whether a minor acted."""

    reached: Age | None
    ahead: Age | None
    minor: bool | None = None


class Only(NamedTuple):
    """What was imposed: the lists of kinds beside which there is nothing else."""

    within: tuple[tuple[str, ...], ...]


class RowShift(NamedTuple):
    """Rows of a box, as values for each part that matters, and what becomes of them: hidden, or shown with labels."""

    rows: tuple[tuple[str, tuple[Hashable, ...]], ...]
    old: Labels
    new: Labels


@dataclass(frozen=True, slots=True)
class _Part:
    """One value of one field of a row; `lacking`: the platform does not keep it."""

    said: Any
    value: Any = None
    birth: date | None = None
    today: date = TODAY
    lacking: bool = False


@dataclass(frozen=True, slots=True)
class _Asked:
    """A rule in force in some versions: which of them, and its conditions by field."""

    rule: RowRule
    versions: tuple[int, ...]
    asks: tuple[tuple[str, Asks], ...]


class RowSpace:
    """The rows of one record type as two versions of the catalogue have it, of natural persons or of others."""

    def __init__(self, records: Sequence[RecordType], catalogues: Sequence[Catalogue], natural: bool) -> None:
        self._records, self._catalogues, self._natural = records, catalogues, natural
        self.alike = len({(record.roles, record.negative) for record in records}) == 1
        self._known: dict[Hashable, tuple[RowShift, ...]] = {}

    def shifts(self, *in_force: Sequence[RowRule]) -> tuple[RowShift, ...]:
        """The rows that come out otherwise when each version has these rules in force."""
        versions = tuple(
            tuple(replace(rule, rule="", reason=SILENCE) for rule in rules if can_match(rule, record, self._natural))
            for rules, record in zip(in_force, self._records, strict=True)
        )
        if versions not in self._known:
            self._known[versions] = tuple(self._compared(versions))
        return self._known[versions]

    def _compared(self, versions: Sequence[Sequence[RowRule]]) -> Iterator[RowShift]:
        asked = list(self._asked(versions))
        mine = [sum(1 << n for n, one in enumerate(asked) if version in one.versions) for version in (0, 1)]

        def settle(bits: int) -> int | None:
            return None if bits & mine[0] == bits & mine[1] else bits

        def leaf(bits: int) -> tuple[Labels, Labels] | None:
            old, new = (_outcome([one.rule for n, one in enumerate(asked) if (bits & half) >> n & 1]) for half in mine)
            return None if old == new else (old, new)

        fields = list(dict.fromkeys(name for one in asked for name, _ in one.asks if name))
        dimensions = [[(part.said, _left(asked, name, part)) for part in self._parts(name, asked)] for name in fields]
        diagram = Diagram(dimensions, settle, leaf)
        start = sum(1 << n for n, one in enumerate(asked) if one.asks or one.rule.effect == "hide")
        for path, (old, new) in paths(diagram.root(start)):
            yield RowShift(tuple((self._role(fields[level]), values) for level, values in path.items()), old, new)

    def _asked(self, versions: Sequence[Sequence[RowRule]]) -> Iterator[_Asked]:
        """Each rule once, unless the two versions' records of the type make it two."""
        for number, (rules, record) in enumerate(zip(versions, self._records, strict=True)):
            for rule in dict.fromkeys(rules):
                both = self.alike and rule in versions[1 - number]
                if both and number:
                    continue
                asks = questions(rule, record)
                if None not in asks:
                    yield _Asked(rule, (0, 1) if both else (number,), tuple(ask for ask in asks if ask is not None))

    def _role(self, field: str) -> str:
        """What the field is to the rules; a field with several parts goes by the first."""
        roles = [role for role in CONTROL for record in self._records if getattr(record.roles, role) == field]
        return roles[0]

    def _parts(self, name: str, asked: Sequence[_Asked]) -> Iterator[_Part]:
        roles = {role for role in CONTROL for record in self._records if getattr(record.roles, role) == name}
        aged = self._natural and "event" in roles and any(one.rule.minor is not None for one in asked)
        yield _Part(UNKNOWN, birth=TODAY - GROWN if aged else None)
        if "status" not in roles:
            yield _Part(NOT_KEPT, lacking=True)
        if "kinds" in roles:
            yield from _imposed([one.rule.only_kinds for one in asked if one.rule.only_kinds])
        elif roles & set(CODED):
            yield from (_Part(code, code) for code in self._codes(name))
        else:
            for part in self._days(roles, [one.rule for one in asked]):
                for minor, age in ((True, CHILD), (False, GROWN)) if aged else ():
                    said = part.said._replace(minor=minor)
                    yield replace(part, said=said, birth=part.value - age)
                if not aged:
                    yield part

    def _codes(self, name: str) -> list[str]:
        found: dict[str, None] = {}
        for record, catalogue in zip(self._records, self._catalogues, strict=True):
            field = record.fields.get(name)
            found |= dict.fromkeys(catalogue.vocabularies.get(field.vocabulary or "", ()) if field else ())
        return list(found)

    def _days(self, roles: set[str], rules: Sequence[RowRule]) -> Iterator[_Part]:
        ages = {Age(rule.older_than) for rule in rules if rule.older_than and rule.since in roles}
        if "publicity_end" in roles and any(rule.publicity_over is not None for rule in rules):
            ages.add(Age(Span()))
        if "objected" in roles:
            ages |= {Age(Span(), rule.overdue_after) for rule in rules if rule.overdue_after is not None}
        mixed = any(age.span.months for age in ages) and any(age.span.days or age.working_days for age in ages)
        told: set[frozenset[Age]] = set()
        for number in range(FOUR_YEARS if mixed else 1):
            today = TODAY + timedelta(days=number)
            latest = {age: _latest(age, today) for age in ages}
            order = sorted(ages, key=lambda age: latest[age], reverse=True)
            for count in range(len(order) + 1):
                passed, ahead = frozenset(order[:count]), order[count] if count < len(order) else None
                day = latest[order[count - 1]] if count else today + timedelta(days=FAR)
                if passed not in told and (ahead is None or latest[ahead] != day):
                    told.add(passed)
                    yield _Part(Passed(order[count - 1] if count else None, ahead), day, None, today)


def _left(asked: Sequence[_Asked], name: str, part: _Part) -> int:
    """A rule that hides is left by what is or may be so: doubt hides. One that marks, by what is so."""
    left = 0
    for number, one in enumerate(asked):
        answers = [
            False if part.lacking else ask({name: part.value}, part.birth, part.today)
            for field, ask in one.asks
            if field == name
        ]
        if False not in answers and (one.rule.effect == "hide" or None not in answers):
            left |= 1 << number
    return left


def _outcome(rules: Sequence[RowRule]) -> Labels:
    if any(rule.effect == "hide" for rule in rules):
        return None
    return tuple(sorted({rule.label for rule in rules if rule.label is not None}))


def _imposed(lists: Sequence[frozenset[str]]) -> Iterator[_Part]:
    """Every way in which what was imposed can lie within these lists."""
    codes = sorted(frozenset[str]().union(*lists))
    alike: dict[tuple[bool, ...], str] = {tuple(False for _ in lists): ""}  # a code that no list holds
    for code in codes:
        alike.setdefault(tuple(code in listed for listed in lists), code)
    told = set()
    for count in range(1, len(alike) + 1):
        for some in combinations(alike.values(), count):
            within = tuple(sorted({tuple(sorted(listed)) for listed in lists if listed.issuperset(some)}))
            if within not in told:
                told.add(within)
                yield _Part(Only(within), some)


@lru_cache(maxsize=4096)
def _latest(age: Age, today: date) -> date:
    """The latest day that has reached an age."""
    far = FAR_WORKING if age.working_days else FAR
    low, high = today.toordinal() - far, today.toordinal() + far
    while high - low > 1:
        middle = (low + high) // 2
        day = date.fromordinal(middle)
        reached = overdue(day, age.working_days, today) if age.working_days else over_since(day, age.span, today)
        low, high = (middle, high) if reached else (low, middle)
    return date.fromordinal(low)
