"""Random questions to the gateway: every root field, every argument, page after page, and small mistakes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from graphql import GraphQLSchema, get_named_type, is_object_type

from connectors.contract import SubjectKey
from policies import identifiers
from tests.promises.trial_documents import Draft, Writer, marred, plain_words, relit, respelt, written
from tests.promises.trial_platforms import NAMES, SUBJECTS, TYPES, small_catalogue

USCCS = tuple(key.value for key in SUBJECTS if key.kind == "uscc")
CITIZENS = tuple(key.value for key in SUBJECTS if key.kind == "citizenId")
DATES = ("2014-01-01", "2015-06-30", "2016-02-29", "2011-02-28", "1999-12-31")
LATE = ("2020-01-01", "2026-11-24", "2028-12-31", "9999-12-31")
CHANCES = {"after": 0.02, "status": 0.12, "from": 0.12, "to": 0.12, "since": 0.2, "first": 0.4}
REGIONS = ("370000", "370200", "370202", "371000", "310000", "BLUE_ZONE", "JIAODONG", "371202")
SOUGHT = ("多处运输", "海滨", "海滨贸易(青岛)公司", "贸易", "运", "")
ODD = {
    "date": ("never", "2024-02-30", "20240101", ""), "region": ("37", "NOWHERE", "blue", "99"),
    "code": ("1", "x" * 70, ""),
    "entity": ("x", {}, {"__typename": "Enterprise"}, {"__typename": "Nobody", "uscc": USCCS[0]}, {"uscc": USCCS[0]}),
}  # fmt: skip
WEIGHTS = {
    "Query.subject": 40, "Query.subjects": 10, "Query.creditReport": 8, "Query.search": 4, "Query.listing": 4,
    "Query.platforms": 2, "Query.access": 1, "CreditReport.subject": 6, "Query._entities": 10,
    "Query._service": 0,  # long, and the same each time: `test_introspection_is_filtered` holds the two walks to it
    **{f"{kind}.{name}": 8 for kind in ("CreditSubject", "Enterprise", "NaturalPerson") for name in (
        "registrations", "administrativePenalties", "judgmentDebtors", "seriousDishonestyEntries", "taxArrears",
        "smeFinanceSummaries", "name")},
}  # fmt: skip


@dataclass(slots=True)
class Questions:
    """Draws documents, and requests for each. `cursors` are those of answers that came before."""

    schema: GraphQLSchema
    random: Random
    cursors: list[str] = field(default_factory=lambda: ["x"])

    def draw(self) -> Asked:
        random = self.random
        weights = dict(WEIGHTS)
        for name, kind in self.schema.type_map.items():
            if name.endswith("Connection"):
                weights |= {f"{name}.nodes": 6, f"{name}.edges": 3}
            elif name.endswith("Edge"):
                weights[f"{name}.node"] = 4
            if name != "SubjectKey" and hasattr(kind, "fields") and f"{name}.marks" not in weights:
                weights[f"{name}.marks"] = 2
            for each, held in getattr(kind, "fields", {}).items():
                if name in TYPES and is_object_type(get_named_type(held.type)):
                    weights[f"{name}.{each}"] = 30
        fields = [item for record in small_catalogue().types.values() for item in record.fields.values()]
        weights |= {item.coordinate: 20 for item in fields if item.kind == "phone"}  # there are few
        wrong = 0.006 if random.random() < 0.08 else 0.0
        writer = _Writer(self.schema, random, self.words, wrong, weights, CHANCES, nulls=0.008)
        return Asked(self, writer, writer.draw(5))

    def words(self, coordinate: str, scalar: str) -> Sequence[Any]:
        random = self.random
        odd = random.random() < 0.004
        last = coordinate.rpartition(".")[2]
        if coordinate == "SubjectKey.uscc":
            return (*ODD["code"], CITIZENS[0]) if odd else USCCS
        if coordinate == "SubjectKey.citizenId":
            return (*ODD["code"], USCCS[0]) if odd else CITIZENS
        if coordinate == "SubjectKey.name":
            return NAMES
        if scalar == "_Any":
            return ODD["entity"] if odd else [_entity(key) for key in random.sample(SUBJECTS, 3)]
        if scalar == "Date":
            return ODD["date"] if odd else LATE if last == "to" else DATES
        if scalar == "RegionCode":
            return ODD["region"] if odd else REGIONS
        if last == "first":
            return (-1, 51, 2**31, 2**31 - 1) if odd else (0, 1, 2, 3, 20, 50)
        if last == "after":
            return self.cursors[-3:]
        if last == "name":
            return SOUGHT[-2:] if odd else SOUGHT[:-2]
        return plain_words(coordinate, scalar)

    def other(self, literal: str) -> str:
        """Another literal for the same place, mostly of its kind."""
        random = self.random
        if random.random() < 0.008:
            return random.choice(["1", '"1"', "1.5", "2147483648", '"never"', '"\\u0041"', "-0", '""', '"99"'])
        if not literal.startswith('"'):
            return str(random.choice([0, 1, 2, 3, 20, 50]))
        text = literal.strip('"')
        for known in (USCCS, CITIZENS, DATES, LATE, REGIONS, SOUGHT[:-2], NAMES):
            if text in known:
                return written(random.choice(known), "String")
        return literal


def _entity(key: SubjectKey) -> dict[str, str]:
    return {"__typename": identifiers.kind_of(small_catalogue(), key.kind, key.value), key.kind: key.value}


class _Writer(Writer):
    def _members(self, kind: Any) -> list[str]:
        if kind.name != "SubjectKey" or self._off():
            return super()._members(kind)
        keys = ["citizenId"] if self.random.random() < 0.2 else ["uscc"]
        return [*keys, "name"] if self.random.random() < (0.6 if keys == ["citizenId"] else 0.12) else keys


@dataclass(slots=True)
class Asked:
    """One document and the requests that are made of it."""

    questions: Questions
    writer: Writer
    draft: Draft

    def request(self) -> tuple[str, dict[str, Any], str | None]:
        """Its text, or its form in other words, with values for its variables, and an operation's name."""
        random, text = self.questions.random, self.draft.text
        dice = random.random()
        if dice < 0.35:
            text = relit(text, random, self.questions.other)
        if dice < 0.04 or dice > 0.97:
            text = marred(text, random, ["Enterprise", "registrations", "id", "name", "nodes", "first", "status"])
        if 0.1 < dice < 0.14:
            text = respelt(text, random)
        name = self.draft.name
        if 0.2 < dice < 0.25 and not text.startswith("{"):
            text, name = text + " query Second { platforms { id } __typename }", random.choice([name, "Second", None])
        elif random.random() < 0.5:
            name = None
        if random.random() < 0.02:
            name = random.choice(["", "Nobody"])
        variables = self.writer.values() if random.random() < 0.9 else dict(self.draft.variables)
        if variables and random.random() < 0.03:
            variables[random.choice(sorted(variables))] = random.choice([None, 1, "x", [], {}, 2**31, True])
        return text, variables, name
