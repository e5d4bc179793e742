"""One condition of the policy language and whether it holds: facts of a question in, names of failing words out.

The vocabulary is closed; a word that is not written matches everything. Inside one word any entry may match,
across words all must. Whatever is not known fails: a caller without a region is `outside` and in no province.
Nothing here knows what a rule does with the answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from policies.model import Catalogue, Facts, Field, FieldClass

SHANGHAI = ZoneInfo("Asia/Shanghai")
INSIDE, OUTSIDE = "inside", "outside"
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
NONE: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class During:
    """A window in Asia/Shanghai: days from (inclusive) until (exclusive), hours, days of the week."""

    from_: date | None = None
    until: date | None = None
    hours: tuple[time, time] | None = None  # from inclusive, until exclusive; may run over midnight
    outside_hours: bool = False
    weekdays: frozenset[str] = NONE

    def holds(self, at: datetime) -> bool:
        local = at.astimezone(SHANGHAI)
        day, clock = local.date(), local.time()
        if self.from_ is not None and day < self.from_:
            return False
        if self.until is not None and day >= self.until:
            return False
        if self.weekdays and DAYS[day.weekday()] not in self.weekdays:
            return False
        if self.hours is None:
            return True
        start, end = self.hours
        within = start <= clock < end if start < end else clock >= start or clock < end
        return within != self.outside_hours

    @property
    def days(self) -> list[datetime]:
        """The instants at which its days begin and end."""
        return [midnight(day) for day in (self.from_, self.until) if day is not None]

    def changes(self, at: datetime) -> Iterator[datetime]:
        """Instants after `at` at which `holds` may change; the next ones, not all."""
        today = at.astimezone(SHANGHAI).date()
        days = [today, today + timedelta(days=1)]
        edges = self.days
        if self.weekdays:
            edges.append(midnight(days[1]))
        if self.hours is not None:
            edges += [datetime.combine(day, clock, SHANGHAI) for day in days for clock in self.hours]
        yield from (edge for edge in edges if edge > at)


@dataclass(frozen=True, slots=True)
class Question:
    """What a condition is held against. `cls` is the field's class for this kind of subject."""

    facts: Facts
    in_force: bool  # an agreement covers the question, see `interpreter`
    field: Field | None = None
    cls: FieldClass | None = None


@dataclass(frozen=True, slots=True)
class Condition:
    """An empty set is a word that was not written."""

    clients: frozenset[str] = NONE
    regions: frozenset[str] = NONE  # `inside`, `outside` or codes of provinces
    ids: frozenset[str] = NONE
    scopes: frozenset[str] = NONE  # all of them
    purposes: frozenset[str] = NONE  # exact, or `prefix.*`
    consent: bool = False
    agreement: bool = False
    own: bool = False
    given: frozenset[str] = NONE  # all of them
    subjects: frozenset[str] = NONE
    types: frozenset[str] = NONE
    classes: frozenset[FieldClass] = frozenset()
    tags: frozenset[str] = NONE
    names: frozenset[str] = NONE
    kinds: frozenset[str] = NONE
    during: During | None = None

    def failing(self, question: Question) -> Iterator[str]:
        """The words of this condition that do not hold, in the order of the vocabulary."""
        facts, field = question.facts, question.field
        if self.clients and facts.client_class not in self.clients:
            yield "client"
        if self.regions and not region_holds(self.regions, facts):
            yield "region"
        if self.ids and facts.client_id not in self.ids:
            yield "id"
        if self.scopes and not self.scopes <= facts.scopes:
            yield "scopes"
        if self.purposes and not purpose_listed(facts.purpose, self.purposes):
            yield "purposes"
        if self.consent and not facts.consent:
            yield "consent"
        if self.agreement and not question.in_force:
            yield "agreement"
        if self.own and not facts.own:
            yield "self"
        if self.given and not self.given <= facts.given:
            yield "given"
        if self.subjects and facts.kind not in self.subjects:
            yield "subjects"
        if self.types and facts.type not in self.types:
            yield "types"
        if self.during is not None and not self.during.holds(facts.at):
            yield "during"
        if self.of_fields and (field is None or question.cls is None or not self.selects(field, question.cls)):
            yield "fields"

    def holds(self, question: Question) -> bool:
        return next(self.failing(question), None) is None

    @property
    def of_fields(self) -> bool:
        return bool(self.classes or self.tags or self.names or self.kinds)

    def selects(self, field: Field, cls: FieldClass) -> bool:
        """Whether the word `fields` selects this field when its class is `cls`."""
        return (
            (not self.classes or cls in self.classes)
            and (not self.tags or bool(self.tags & field.tags))
            and (not self.names or field.name in self.names)
            and (not self.kinds or field.kind in self.kinds)
        )


def reach(catalogue: Catalogue, condition: Condition) -> Iterator[tuple[Field, FieldClass, bool]]:
    """Every field that a condition can select, with its class; once more, and true, as a natural person's."""
    for record in catalogue.types.values():
        if condition.types and record.name not in condition.types:
            continue
        kinds = record.kinds & condition.subjects if condition.subjects else record.kinds
        for natural in sorted({catalogue.kinds[kind].natural for kind in kinds if kind in catalogue.kinds}):
            for field in record.fields.values():
                if condition.selects(field, field.class_for(natural)):
                    yield field, field.class_for(natural), natural


def region_holds(regions: frozenset[str], facts: Facts) -> bool:
    caller = province_of(facts.region)
    inside = caller is not None and caller == province_of(facts.province)
    return (INSIDE if inside else OUTSIDE) in regions or caller in regions


def province_of(region: str | None) -> str | None:
    """The two digits of a region code's province; None stays None."""
    return region[:2] if region else None


def purpose_listed(purpose: str | None, listed: frozenset[str]) -> bool:
    """Exactly, or by `prefix.*`; no purpose is in no list."""
    if purpose is None:
        return False
    return purpose in listed or f"{purpose.partition('.')[0]}.*" in listed


def midnight(day: date) -> datetime:
    """The first instant of a day in Asia/Shanghai."""
    return datetime.combine(day, time(), SHANGHAI)
