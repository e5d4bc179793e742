"""Random questions and random small policy sets, aimed at where answers change: what is near a rule, an edge, an end.

A question drawn evenly meets silence nearly always. So most questions are made to fit a rule of the set, often an
exception too, and then one fact is changed. All is a function of the generator that is given.

The environment may say that a part of the questions is enough (TRIALS=0.05): each mutant of `make mutate` is asked.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta
from random import Random
from typing import Any, TypeVar

from policies.compiler import CompiledPolicies, compile_policies
from policies.conditions import INSIDE, OUTSIDE, Condition, During
from policies.model import DENY, Catalogue, Facts, FieldClass, RecordType, RowRule, Words
from policies.policyset import LAYERS, Policy, PolicySet, Row, Rule
from tests.edges.drafts import NOON, SHANGHAI, catalogue, facts

T = TypeVar("T")
TRIALS = float(os.environ.get("TRIALS", "1"))
DAWN = datetime(2025, 1, 1, tzinfo=SHANGHAI)  # before any shipped policy is valid
UNKNOWN = "unknown"  # a word that no catalogue and no rule has
GIVEN = ("uscc", "citizenId", "name")
REGIONS = (None, "", "3", "37", "370000", "370600", "310000", "31", "33", "99")
PLACES = ("37", "37", "370600", "370602", "370000", "370200", "31", "310000", "33", "99", "3", "")
HOURS = (time(8), time(12), time(12, 30), time(18), time(0), time(23, 59))
DAYS = ("mon", "tue", "wed", "sat", "sun")
WIDE = (
    "client_class",
    "client_id",
    "region",
    "scopes",
    "purpose",
    "consent",
    "own",
    "given",
    "kind",
    "type",
    "province",
)


def share(many: int) -> int:
    """So many, or the part of them that TRIALS says."""
    return max(1, int(many * TRIALS))


class Questions:
    """Questions to one policy set, at instants that are given."""

    def __init__(self, policies: PolicySet, random: Random) -> None:
        self.random = random
        self._policies = policies
        entries = [(policy, rule.excepts, rule.when) for policy in policies.policies for rule in policy.rules]
        entries += [(policy, row.excepts, row.when) for policy in policies.policies for row in policy.rows]
        self._rules = [(policy, (*excepts, when)) for policy, excepts, when in entries]
        ids = {client for policy in policies.policies for condition in policy.conditions for client in condition.ids}
        self._ids = [UNKNOWN, "somebody", *sorted(ids)]

    def ask(self, at: datetime) -> Facts:
        """One question: near a rule mostly, else anything; in one of eight something unknown is said."""
        found = facts(at=at, **{word: self._any(word) for word in WIDE})
        if self._rules and self.random.random() < 0.8:
            policy, conditions = self.random.choice(self._rules)
            for condition in (self.random.choice(conditions), conditions[-1]):
                found = replace(found, **self._fitting(policy, condition, found))
            if self.random.random() < 0.4:
                word = self.random.choice(WIDE)
                found = replace(found, **{word: self._any(word)})
        if self.random.random() < 0.12:
            word = self.random.choice(("client_class", "client_id", "purpose", "kind", "type", "province"))
            said: Any = self.random.choice((UNKNOWN, "gov", "gov.gossip", ""))
            found = replace(found, **{word: said})
        return found

    def _any(self, word: str) -> Any:
        c, pick = self._policies.catalogue, self.random.choice
        match word:
            case "client_class":
                return pick(sorted(c.client_classes))
            case "client_id":
                return pick(self._ids)
            case "region":
                return pick(REGIONS)
            case "scopes":
                return frozenset(scope for scope in [*sorted(c.scopes), UNKNOWN] if self.random.random() < 0.6)
            case "purpose":
                return pick([None, *sorted(c.purposes)])
            case "given":
                return frozenset(word for word in GIVEN if self.random.random() < 0.5)
            case "kind":
                return pick(sorted(c.kinds))
            case "type":
                return pick(sorted(c.types))
            case "province":
                return pick(PLACES)
        return self.random.random() < 0.5

    def _fitting(self, policy: Policy, condition: Condition, found: Facts) -> dict[str, Any]:
        """Facts that this condition, in this file, is waiting for, as far as one value can be named."""
        c, pick, words = self._policies.catalogue, self.random.choice, dict[str, Any]()
        if policy.region is not None:
            words["province"] = pick([policy.region, policy.region[:2], policy.region.removesuffix("00")])
        if policy.kind == "agreement":
            words["province"], words["region"] = (policy.provider or ""), policy.consumer
        if condition.clients:
            words["client_class"] = pick(sorted(condition.clients))
        if condition.ids:
            words["client_id"] = pick(sorted(condition.ids))
        if condition.regions and policy.kind != "agreement":
            region = pick(sorted(condition.regions))
            words["region"] = {INSIDE: words.get("province", found.province)[:2], OUTSIDE: pick((None, "99"))}.get(
                region, region
            )
        if condition.scopes:
            words["scopes"] = found.scopes | condition.scopes
        listed = condition.purposes or policy.purposes
        if fits := [code for code in c.purposes if code in listed or f"{code.partition('.')[0]}.*" in listed]:
            words["purpose"] = pick(fits)
        words |= {"consent": True} if condition.consent else {}
        words |= {"own": True} if condition.own else {}
        if condition.given:
            words["given"] = found.given | condition.given
        types = sorted((condition.types or c.types.keys()) & c.types.keys())
        words["type"] = pick(types) if types else found.type
        kinds = c.types[words["type"]].kinds if types else c.kinds.keys()
        if fits := sorted(kinds & condition.subjects if condition.subjects else kinds):
            words["kind"] = pick(fits)
        return words


def instants(random: Random, since: datetime, until: datetime | None) -> list[datetime]:
    """Instants of a half-open span: its ends, and one between; one of them told in another zone."""
    last = (until or since + timedelta(days=400)) - timedelta(microseconds=1)
    found = [since, last, since + (last - since) * random.random()]
    found[random.randrange(3)] = random.choice(found).astimezone(None)
    return found


def spans(policies: PolicySet, at: datetime, most: int) -> Iterator[CompiledPolicies]:
    """The policies compiled from an instant, and again whenever they end."""
    for _ in range(most):
        compiled = compile_policies(policies, at)
        yield compiled
        if compiled.until is None:
            return
        at = compiled.until


class Sets:
    """Small policy sets in which rules overlap: few types, few words, every layer, agreements and prohibitions."""

    def __init__(self, random: Random) -> None:
        self.random = random

    def draw(self, over: Catalogue | None = None) -> PolicySet:
        """Over a catalogue of a few types and fields, drawn too, unless one is given."""
        c = over or self._catalogue()
        return PolicySet(c, tuple(self._policy(c, number) for number in range(self.random.randint(1, 5))))

    def _catalogue(self) -> Catalogue:
        whole = catalogue()
        names = ["JudgmentDebtor", *self.random.sample(sorted(whole.types), 3)]
        return replace(whole, types={name: self._type(whole.types[name]) for name in names})

    def _type(self, record: RecordType) -> RecordType:
        fields = {}
        for name in self.random.sample(sorted(record.fields), 9):
            field = record.fields[name]
            if self._one_in(8):
                field = replace(field, person=FieldClass.PROHIBITED)
            if self._one_in(12):
                field = replace(field, cls=FieldClass.PROHIBITED)
            if self._one_in(5):
                field = replace(field, ladder=tuple(s for s in field.ladder if s != self.random.choice(field.ladder)))
            fields[name] = field
        return replace(record, fields=fields)

    def _policy(self, c: Catalogue, number: int) -> Policy:
        random, name = self.random, f"{self.random.choice('abc')}-{number}"
        since = NOON + timedelta(hours=random.choice((-9000, -9000, -9000, -48, 0, 1, 30)))
        return Policy(
            id=name,
            kind=random.choice(LAYERS),
            title=Words("试", name),
            contact=random.choice((None, f"{name}@credit.example")),
            region=random.choice((None, None, None, "37", "370600", "3700", "31")),
            since=since,
            until=random.choice((None, None, since + timedelta(days=500), NOON, NOON + timedelta(hours=31))),
            provider=random.choice((None, "37", "37", "31")),
            consumer=random.choice((None, "31", "31", "37")),
            purposes=frozenset(self._some([*c.purposes, "gov.*", "gov.*", "finance.*"], 3, 5)),
            quota=None,
            rules=tuple(self._rule(c, name) for _ in range(random.randint(0, 9))),
            rows=tuple(self._row(c, name) for _ in range(random.randint(0, 3))),
            where=name,
        )

    def _rule(self, c: Catalogue, policy: str) -> Rule:
        grants = self._one_in(2)
        name = f"{policy}/{self.random.randrange(10**6)}"
        used = {step for record in c.types.values() for field in record.fields.values() for step in field.ladder}
        steps = ["allow", "allow", *sorted(used), *([] if grants else [DENY, DENY])]
        return Rule(
            id=name,
            why=Words("试", name),
            law=(),
            grants=grants,
            step=self.random.choice(steps),
            when=self._condition(c, 14 if grants else 5),
            excepts=self._excepts(c),
            obligations=frozenset(self._some(c.obligations, 0, 2)),
            where=name,
        )

    def _row(self, c: Catalogue, policy: str) -> Row:
        name = f"{policy}/{self.random.randrange(10**6)}"
        rule = RowRule(name, Words("试", name), self.random.choice(("hide", "mark")), "M", frozenset({"ACTIVE"}))
        return Row(rule, (), self._condition(c), self._excepts(c), name)

    def _excepts(self, c: Catalogue) -> tuple[Condition, ...]:
        return tuple(self._condition(c) for _ in range(self.random.choice((0, 0, 1, 2))))

    def _condition(self, c: Catalogue, seldom: int = 9) -> Condition:
        """Each word is written once in so many conditions, so that many rules hold at once."""
        fields = [field for record in c.types.values() for field in record.fields.values()]
        written: dict[str, Any] = {
            "clients": self._words(c.client_classes, 5),
            "regions": self._words([INSIDE, OUTSIDE, "31", "37"], 2),
            "ids": self._words(["one", "two"], 1),
            "scopes": self._words(c.scopes, 2),
            "purposes": self._words([*c.purposes, "gov.*", "court.*"], 6),
            "consent": True,
            "agreement": True,
            "own": True,
            "given": self._words(GIVEN, 2),
            "subjects": self._words(c.kinds, 3),
            "types": self._words(c.types, 2),
            "during": self._during(),
        }
        of_fields: dict[str, Any] = {
            "classes": frozenset(self.random.sample(list(FieldClass), 2)),
            "tags": self._words({tag for field in fields for tag in field.tags}, 2),
            "names": self._words({field.name for field in fields}, 8),
            "kinds": self._words({field.kind for field in fields}, 3),
        }
        chosen = [word for word in written if self._one_in(seldom)]
        chosen_fields = [word for word in of_fields if self._one_in(seldom // 2)]
        return Condition(**{w: written[w] for w in chosen}, **{w: of_fields[w] for w in chosen_fields})

    def _during(self) -> During:
        day = NOON.date()
        return During(
            from_=day + timedelta(days=self.random.choice((-1, 0, 1))) if self._one_in(3) else None,
            until=day + timedelta(days=self.random.choice((0, 1, 2))) if self._one_in(3) else None,
            hours=(self.random.choice(HOURS[:3]), self.random.choice(HOURS[3:])) if self._one_in(2) else None,
            outside_hours=self._one_in(2),
            weekdays=self._words(DAYS, 2) if self._one_in(3) else frozenset(),
        )

    def _one_in(self, many: int) -> bool:
        return self.random.randrange(many) == 0

    def _some(self, words: Iterable[T], least: int, most: int) -> Sequence[T]:
        known: list[Any] = sorted(words)
        return self.random.sample(known, min(len(known), self.random.randint(least, most)))

    def _words(self, words: Iterable[str], most: int) -> frozenset[str]:
        return frozenset(self._some(words, 1, most))
