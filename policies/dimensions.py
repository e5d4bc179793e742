"""Many conditions held against one question at once: a bit for each condition, and an AND over the question's facts.

Each word of a condition looks at one fact of a question: `client` at the class, `purposes` at the purpose. So a fact's
value stands for the bits of all conditions that it does not make fail, and the conditions that hold are those whose
bit every fact leaves. A value is reckoned when it first comes, also one that no rule names, and remembered within
bounds. Time is fixed: what does not hold at the given instant never holds here. Nothing here knows what a rule does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Generic, TypeVar

from policies.conditions import INSIDE, OUTSIDE, Condition, province_of, purpose_listed
from policies.model import Facts, Field, FieldClass

MOST = 10_000  # answers remembered in one place
K = TypeVar("K")
V = TypeVar("V")
Place = tuple[str | None, str]  # the caller's region, the platform's
Topic = tuple[str, str]  # record type, subject kind


class Remembered(dict[K, V], Generic[K, V]):
    """Answers of a pure function, each reckoned once; it forgets all of them rather than grow beyond `MOST`."""

    def __init__(self, reckon: Callable[[K], V]) -> None:
        super().__init__()
        self._reckon = reckon

    def __missing__(self, key: K) -> V:
        value = self._reckon(key)
        if len(self) >= MOST:
            self.clear()
        self[key] = value
        return value


class Dimension(Generic[K]):
    """One fact of a question: for each of its values the bits that it leaves."""

    def __init__(self, every: int) -> None:
        self._every = every
        self._tests: list[tuple[int, Callable[[K], bool]]] = []
        self.left = Remembered[K, int](self._reckon)

    def require(self, bits: int, holds: Callable[[K], bool]) -> None:
        """From now on these bits are left only by values that pass; to be said before the first question."""
        self._tests.append((bits, holds))

    def _reckon(self, value: K) -> int:
        left = self._every
        for bits, holds in self._tests:
            if not holds(value):
                left &= ~bits
        return left


class Space:
    """Conditions as bits, the first one 1, then 2, 4 and so on. More may be required of some through a dimension."""

    def __init__(self, conditions: Sequence[Condition], at: datetime) -> None:
        every = (1 << len(conditions)) - 1
        self.clients = Dimension[str](every)
        self.ids = Dimension[str](every)
        self.places = Dimension[Place](every)
        self.scopes = Dimension[frozenset[str]](every)
        self.purposes = Dimension[str | None](every)
        self.consent = Dimension[bool](every)
        self.own = Dimension[bool](every)
        self.given = Dimension[frozenset[str]](every)
        self.topics = Dimension[Topic](every)
        self.in_force = 0  # bits of which one must hold where `agreement` is written
        self._now = self._unagreed = every
        self._of_fields: list[tuple[int, Condition]] = []
        for number, condition in enumerate(conditions):
            self._write(1 << number, condition)
            if condition.during is not None and not condition.during.holds(at):
                self.never(1 << number)

    def never(self, bits: int) -> None:
        """These cannot hold now, whatever is asked."""
        self._now &= ~bits

    def holding(self, facts: Facts) -> int:
        """The conditions that hold for a question, as far as it does not depend on the field."""
        held = (
            self._now
            & self.clients.left[facts.client_class]
            & self.ids.left[facts.client_id]
            & self.places.left[facts.region, facts.province]
            & self.scopes.left[facts.scopes]
            & self.purposes.left[facts.purpose]
            & self.consent.left[facts.consent]
            & self.own.left[facts.own]
            & self.given.left[facts.given]
            & self.topics.left[facts.type, facts.kind]
        )
        return held if held & self.in_force else held & self._unagreed

    def selecting(self, field: Field | None, cls: FieldClass | None) -> int:
        """The conditions that a field of this class leaves; without a field, those that do not ask for one."""
        left = self._now
        for bit, condition in self._of_fields:
            if field is None or cls is None or not condition.selects(field, cls):
                left &= ~bit
        return left

    def _write(self, bit: int, condition: Condition) -> None:
        """One line for each word of the vocabulary."""
        if condition.clients:
            self.clients.require(bit, condition.clients.__contains__)
        if condition.ids:
            self.ids.require(bit, condition.ids.__contains__)
        if condition.regions:
            self.places.require(bit, partial(_placed, condition.regions))
        if condition.scopes:
            self.scopes.require(bit, condition.scopes.issubset)
        if condition.purposes:
            self.purposes.require(bit, partial(_for_purpose, condition.purposes))
        if condition.consent:
            self.consent.require(bit, bool)
        if condition.own:
            self.own.require(bit, bool)
        if condition.given:
            self.given.require(bit, condition.given.issubset)
        if condition.subjects:
            self.topics.require(bit, partial(_of_kind, condition.subjects))
        if condition.types:
            self.topics.require(bit, partial(_of_type, condition.types))
        if condition.agreement:
            self._unagreed &= ~bit
        if condition.of_fields:
            self._of_fields.append((bit, condition))


def _placed(regions: frozenset[str], place: Place) -> bool:
    caller, record = province_of(place[0]), province_of(place[1])
    if caller is None:
        return OUTSIDE in regions
    return caller in regions or (INSIDE if caller == record else OUTSIDE) in regions


def _for_purpose(listed: frozenset[str], purpose: str | None) -> bool:
    return purpose_listed(purpose, listed)


def _of_kind(kinds: frozenset[str], topic: Topic) -> bool:
    return topic[1] in kinds


def _of_type(types: frozenset[str], topic: Topic) -> bool:
    return topic[0] in types
