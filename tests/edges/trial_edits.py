"""Small worlds of rules and one edit of each: as a hand would change a word, a rule, a file's head or the catalogue.

The words of a world are so few that all its questions can be asked. All is a function of the generator that is given.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import product
from random import Random
from typing import Any

from policies.calendar_days import Span
from policies.cases import Never
from policies.model import Catalogue, Facts, FieldClass, RecordType, RowRule, Words
from policies.policyset import Policy, PolicySet, Row, Rule
from tests.edges.drafts import NOON, catalogue
from tests.edges.trial_sets import Sets

PLACES = ("37", "370600", "370602", "370700", "310000", "33", "99")
CALLERS = (None, "37", "310000", "33", "52")
IDS = ("one", "two", "somebody")
SPANS = (Span(months=12), Span(months=60), Span(days=90), Span(months=3), Span(days=365))


def few_words() -> Catalogue:
    """Three classes of client, four purposes, two scopes, two kinds of subject, two record types with few fields."""
    whole = catalogue()
    kinds = {name: whole.kinds[name] for name in ("Enterprise", "NaturalPerson")}
    types = {name: _few_fields(whole.types[name], set(kinds)) for name in ("AdministrativePenalty", "JudgmentDebtor")}
    return replace(
        whole,
        kinds=kinds,
        types=types,
        client_classes={name: whole.client_classes[name] for name in ("government", "public", "subject")},
        purposes={code: whole.purposes[code] for code in ("gov.licensing", "gov.land", "court.execution")},
        scopes={name: whole.scopes[name] for name in ("credit.gov", "credit.restricted")},
        obligations={name: whole.obligations[name] for name in sorted(whole.obligations)[:2]},
    )


def _few_fields(record: RecordType, kinds: set[str]) -> RecordType:
    """Fields of different classes and ladders, and those of its roles that have a list of codes."""
    chosen = {(field.kind, field.cls, field.person): name for name, field in record.fields.items()}
    coded = {name for name in (record.roles.status, record.roles.severity) if name}
    names = [*sorted(set(chosen.values()) - coded)[:5], *sorted(coded)]
    return replace(record, kinds=record.kinds & kinds, fields={name: record.fields[name] for name in names})


class Edits(Sets):
    """Small worlds, and edits of them."""

    def draw(self, over: Catalogue | None = None) -> PolicySet:
        c = over or few_words()
        return PolicySet(c, tuple(self._with_rows(c, self._policy(c, n)) for n in range(self.random.randint(1, 4))))

    def never(self, c: Catalogue) -> Never:
        """Something that must never be, which some questions fit."""
        effects = self._words(("allow", "surname", "pseudonym"), 2) if self._one_in(2) else frozenset[str]()
        return Never("trial.yaml:1", "trial", self._condition(c, 5), self._excepts(c), effects)

    def edited(self, policies: PolicySet) -> PolicySet:
        """The set with one thing otherwise; now and then with two."""
        for _ in range(self.random.choice((1, 1, 1, 2))):
            policies = self._of_catalogue(policies) if self._one_in(5) else self._of_policies(policies)
        return policies

    def questions(self, policies: PolicySet, instants: list[datetime]) -> Iterator[Facts]:
        """All combinations of some values of each fact, drawn anew each time."""
        c, pick = policies.catalogue, self.random.sample
        topics = [(kind, name) for name, record in c.types.items() for kind in record.kinds]
        clients = pick(sorted(c.client_classes), 2)
        places = pick(list(product(CALLERS, PLACES)), 2)
        scopes = pick([frozenset(), frozenset({"credit.gov"}), frozenset(c.scopes)], 2)
        given = pick([frozenset(), frozenset({"uscc"}), frozenset({"citizenId", "name"})], 2)
        facts = (
            *(clients, pick(IDS, 1), places, scopes, pick([None, *sorted(c.purposes)], 2), [True, False]),
            *([True, False], given, topics, instants),
        )
        for client, who, (region, place), held, purpose, consent, own, said, (kind, name), at in product(*facts):
            key = c.kinds[kind].key
            said = frozenset(word for word in said if word in (key, "name"))  # as a question about it can be
            yield Facts(client, who, region, held, purpose, consent, own, said, kind, name, place, at)

    def rows(self, record: RecordType, codes: Mapping[str, list[str]]) -> dict[str, Any]:
        """The deciding fields of one row; each may be unknown, a day may have no end."""
        found: dict[str, Any] = {}
        for name in record.control:
            if name in codes:
                found[name] = self.random.choice([*codes[name], None])
            else:
                day = NOON.date() - timedelta(days=self.random.choice((-40, 0, 1, 88, 91, 93, 365, 367, 1825, 1828)))
                found[name] = self.random.choice((day, day, day, day, None, date.max))
        return found

    def _of_policies(self, policies: PolicySet) -> PolicySet:
        random = self.random
        files = list(policies.policies)
        at = random.randrange(len(files))
        file, c = files[at], policies.catalogue
        more = self._with_rows(c, self._policy(c, 90 + random.randrange(9)))
        match random.randrange(9):
            case 0:
                files[at : at + 1] = []
            case 1:
                files.append(more)
            case 2:
                files[at] = replace(file, rules=(*file.rules, *more.rules[:2]))
            case 3:
                files[at] = replace(file, rules=file.rules[1:], rows=file.rows[1:])
            case 4:
                files[at] = replace(file, until=random.choice((None, NOON, NOON + timedelta(days=500))))
            case 5:
                files[at] = replace(file, region=more.region, purposes=more.purposes)
            case 6:
                files[at] = replace(file, rows=more.rows)
            case _:
                files[at] = replace(file, rules=tuple(self._of_rule(c, rule) for rule in file.rules))
        return PolicySet(c, tuple(files))

    def _of_rule(self, c: Catalogue, rule: Rule) -> Rule:
        other = self._rule(c, "x")
        match self.random.randrange(8):
            case 0:
                return replace(rule, when=other.when)
            case 1:
                return replace(rule, step=other.step)
            case 2:
                return replace(rule, excepts=other.excepts)
            case 3:
                return replace(rule, obligations=other.obligations)
        return rule

    def _of_catalogue(self, policies: PolicySet) -> PolicySet:
        c = policies.catalogue
        name = self.random.choice(sorted(c.types))
        record = c.types[name]
        fields = dict(record.fields)
        field = fields.pop(self.random.choice(sorted(fields)))
        match self.random.randrange(4):
            case 0:
                fields[field.name] = replace(field, cls=self.random.choice(list(FieldClass)), tags=frozenset())
            case 1:
                fields[field.name] = replace(field, ladder=("allow", "surname"))
            case 2:
                record = replace(record, kinds=frozenset({"NaturalPerson"}), negative=not record.negative)
                fields = dict(record.fields)
        return PolicySet(replace(c, types={**c.types, name: replace(record, fields=fields)}), policies.policies)

    def _with_rows(self, c: Catalogue, policy: Policy) -> Policy:
        return replace(policy, rows=tuple(self._written(c, policy.id) for _ in range(self.random.choice((0, 1, 3)))))

    def _written(self, c: Catalogue, policy: str) -> Row:
        """A row rule that looks at some parts of a row."""
        random, name = self.random, f"{policy}/{self.random.randrange(10**6)}"
        parts: dict[str, Any] = {
            "status": self._words(("ACTIVE", "OBJECTED", "REPAIRED"), 2),
            "severity": self._words(("GENERAL", "SERIOUS"), 1),
            "negative": self._one_in(2),
            "minor": self._one_in(2),
            "publicity_over": self._one_in(2),
            "older_than": random.choice(SPANS),
        }
        chosen = random.sample(sorted(parts), random.choice((1, 1, 2, 3)))
        effect, since = random.choice(("hide", "hide", "mark")), random.choice(("retention_anchor", "recognition"))
        looks = {part: parts[part] for part in chosen}
        rule = RowRule(name, Words("试", name), effect, random.choice("MN"), since=since, **looks)
        return Row(rule, (), self._condition(c), self._excepts(c), name)


def drawn(seed: int) -> Edits:
    return Edits(Random(seed))
