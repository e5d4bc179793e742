"""Every question that can be put to one or more versions of a policy set, cut where any rule can tell two apart.

A number holds, for each version, which of its rules and exceptions a question leaves, the first version lowest; each
fact of a question leaves some. Where the halves are alike the versions decide alike. What is decided is what `held`
makes of them, as in the compiled policies. Nothing is sampled, and no data is ever looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from operator import attrgetter
from typing import Any

from policies.conditions import NONE, SHANGHAI
from policies.diagram import Path
from policies.dimensions import Dimension, Remembered, Space
from policies.heads import require_head, require_known
from policies.held import HeldRules
from policies.model import Decision, Facts, Field, FieldClass
from policies.moments import Moment, moments
from policies.numbering import NumberedRow, Numbering, union
from policies.places import places
from policies.policyset import PolicySet

NAME = "name"
GIVEN = ("uscc", "citizenId", NAME)
ANYBODY = ""  # a client whose id no rule names
SCOPE, SAYS = "scope ", "given "  # before the name of a scope, or of what a question says of its subject
ANY_TIME = datetime(2000, 1, 1, tzinfo=SHANGHAI)  # conditions come here without their times, which are a dimension
Values = list[tuple[Hashable, int]]


class WholeSpace:
    """The questions to `versions`. `names` are its dimensions in order; `dimensions` their values with their bits."""

    def __init__(self, *versions: PolicySet) -> None:
        self.versions = versions
        self.numbering = n = Numbering(versions)
        self._mine = [n.union(version) for version in range(len(versions))]
        self._whole = (1 << n.width) - 1
        self._grants = union(rule.bit for rules in n.rules for rule in rules if rule.rule.grants)
        self._agreed = union(1 << number for number, condition in enumerate(n.conditions) if condition.agreement)
        self._heads = union(n.heads)
        self._held = [HeldRules(rules, policies) for rules, policies in zip(n.rules, versions, strict=True)]
        self._spaces = [self._space(policies) for policies in versions]
        self._selecting = Remembered[tuple[int, Field | None, FieldClass | None], int](
            lambda key: self._spaces[key[0]].selecting(key[1], key[2])
        )
        self.places = places(versions)
        named = dict(self._cut())
        self.names = tuple(named)
        self.dimensions = tuple(named.values())

    def _space(self, policies: PolicySet) -> Space:
        n = self.numbering
        found = Space([replace(condition, during=None) for condition in n.conditions], ANY_TIME)
        for policy, bits in n.owners.values():
            require_head(found, policy, bits)
        require_known(found, policies.catalogue, union(rule.bit for rules in n.rules for rule in rules))
        return found

    # ---- the space ----

    def _cut(self) -> Iterator[tuple[str, Values]]:
        catalogues = [policies.catalogue for policies in self.versions]
        conditions = self.numbering.conditions
        ids = {client for condition in conditions for client in condition.ids}
        scopes = frozenset(scope for condition in conditions for scope in condition.scopes)
        clients = sorted({word for c in catalogues for word in c.client_classes})
        purposes = sorted({word for c in catalogues for word in c.purposes})
        yield "client", self._values(clients, attrgetter("clients"))
        yield "place", self._values(self.places.pairs, attrgetter("places"))
        yield "purpose", self._values([None, *purposes], attrgetter("purposes"))
        yield "id", self._values([ANYBODY, *sorted(ids)], attrgetter("ids"))
        for scope in sorted(scopes):
            yield SCOPE + scope, self._either(scopes - {scope}, scopes, attrgetter("scopes"))
        yield "self", self._either(False, True, attrgetter("own"))
        yield "consent", self._either(False, True, attrgetter("consent"))
        for word in GIVEN:
            yield SAYS + word, self._either(frozenset(GIVEN) - {word}, frozenset(GIVEN), attrgetter("given"))
        yield (
            "time",
            [(moment, self.joined([self._at(moment.sample)] * len(self.versions))) for moment in self._moments()],
        )

    def _values(self, values: Iterable[Any], dimension: Callable[[Space], Dimension[Any]]) -> Values:
        left = [dimension(space).left for space in self._spaces]
        return [(value, self.joined([bits[value] for bits in left])) for value in values]

    def _either(self, no: Any, yes: Any, dimension: Callable[[Space], Dimension[Any]]) -> Values:
        return [(said, left) for said, (_, left) in zip((False, True), self._values([no, yes], dimension), strict=True)]

    def _moments(self) -> list[Moment]:
        durings = [condition.during for condition in self.numbering.conditions if condition.during]
        edges = {edge for during in durings for edge in during.days}
        for policy, _ in self.numbering.owners.values():
            edges |= {edge for edge in (policy.since, policy.until) if edge}
        clocks = {clock for during in durings for clock in during.hours or ()}
        return moments(edges, clocks, any(during.weekdays for during in durings))

    def _at(self, instant: datetime) -> int:
        left = self._whole
        for number, condition in enumerate(self.numbering.conditions):
            if condition.during is not None and not condition.during.holds(instant):
                left &= ~(1 << number)
        for policy, bits in self.numbering.owners.values():
            if not policy.valid(instant):
                left &= ~bits
        return left

    # ---- where a walk begins, what it may forget, and where it ends ----

    def of_field(self, type_name: str, kind: str, name: str) -> tuple[int, tuple[tuple[str, ...], ...]]:
        """The bits that a field of a record type leaves, and its ladder in each version, empty where it is unknown."""
        bits = 0
        ladders: list[tuple[str, ...]] = []
        for version, policies in enumerate(self.versions):
            c = policies.catalogue
            record = c.types.get(type_name)
            field = record.fields.get(name) if record and kind in c.kinds and kind in record.kinds else None
            cls = field.class_for(c.kinds[kind].natural) if field else None
            if field is None or cls is FieldClass.PROHIBITED:
                ladders.append(())
                continue
            left = self._mine[version] & self._selecting[version, field, cls] & self._topic(version, type_name, kind)
            bits |= left << self.numbering.width * version
            ladders.append(field.ladder)
        return bits, tuple(ladders)

    def of_rows(self, type_name: str, kind: str) -> int:
        """The bits that are left for the row rules of a record type."""
        bits = 0
        for version, rows in enumerate(self.numbering.rows):
            left = union(row.bit | row.excepts for row in rows) | self.numbering.heads[version]
            left &= self._selecting[version, None, None] & self._topic(version, type_name, kind)
            bits |= left << self.numbering.width * version
        return bits

    def _topic(self, version: int, type_name: str, kind: str) -> int:
        """What a record type and a kind leave; a subject is never named by the key of another kind."""
        space, known = self._spaces[version], self.versions[version].catalogue.kinds.get(kind)
        said = frozenset(word for word in GIVEN if known is None or word in (known.key, NAME))
        return space.topics.left[type_name, kind] & space.given.left[said]

    def halves(self, bits: int, of_rows: bool = False) -> list[int]:
        """What each version has left, without what can change nothing any more."""
        width, whole = self.numbering.width, self._whole
        found = [bits >> width * version & whole for version in range(len(self.versions))]
        for version, half in enumerate(found):
            if not of_rows and not half & self._grants:
                found[version] = 0  # silence, whatever else holds
            elif not half & self._agreed:
                found[version] = half & ~self._heads
        return found

    def joined(self, halves: list[int]) -> int:
        found = 0
        for half in reversed(halves):
            found = found << self.numbering.width | half
        return found

    def decision(self, half: int, version: int, ladder: tuple[str, ...]) -> Decision:
        """What is decided where these are left, of a field with this ladder."""
        return self._held[version].decision(self.held(half), ladder)

    def deciding(self, half: int, version: int, ladder: tuple[str, ...]) -> tuple[int, int]:
        """See `HeldRules.deciding`."""
        return self._held[version].deciding(self.held(half), ladder)

    def in_force(self, half: int, version: int) -> tuple[NumberedRow, ...]:
        """The row rules that are in force where these are left."""
        held = self.held(half)
        return tuple(row for row in self.numbering.rows[version] if held & row.bit and not held & row.excepts)

    def held(self, half: int) -> int:
        """The bits that hold where these are left: what waits for an agreement, when one is in force."""
        return half if half & self._heads else half & ~self._agreed

    def facts(self, path: Path, type_name: str, kind: str) -> Facts:
        """One of the questions of a box."""
        first: Mapping[str, Any] = {
            name: path[level][0] if level in path else self.dimensions[level][0][0]
            for level, name in enumerate(self.names)
        }
        scopes = frozenset(name.removeprefix(SCOPE) for name, said in first.items() if name.startswith(SCOPE) and said)
        given = frozenset(name.removeprefix(SAYS) for name, said in first.items() if name.startswith(SAYS) and said)
        region, province = first["place"]
        return Facts(
            first["client"], first["id"], region, scopes or NONE, first["purpose"], first["consent"], first["self"],
            given or NONE, kind, type_name, province, first["time"].sample,
        )  # fmt: skip
