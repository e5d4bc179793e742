"""As a subgraph of Apollo Federation 2: entities are subjects by another door, and nothing more comes through it."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta
from random import Random
from typing import Any

import orjson
import pytest

from connectors.contract import SubjectKey
from gateway.planning.keys import subject_of
from policies.model import RecordType
from tests.conftest import House
from tests.edges.drafts import NOON
from tests.edges.trial_sets import Questions as Facing
from tests.promises.test_two_walks_one_answer import policy_set
from tests.promises.trial_corridors import CALLER, Reply, Side, body_of, caller_of
from tests.promises.trial_platforms import NAMES, SUBJECTS, TYPES, World, registry, small_catalogue

FIELDS = "__typename id kind ... on NaturalPerson { citizenId } ... on Enterprise { uscc name }"
ENTITIES = f"query($r: [_Any!]!) {{ _entities(representations: $r) {{ ... on CreditSubject {{ {FIELDS} }} }} }}"
TRIES, SETS = 320, 8


def entity(house: House, example: str, **more: Any) -> dict[str, Any]:
    kind = "NaturalPerson" if "citizenId" in house.key(example) else "Enterprise"
    return {"__typename": kind, **house.key(example), **more}


def codes(answer: dict[str, Any]) -> list[tuple[str, Any]]:
    return [(error["extensions"]["code"], error.get("path")) for error in answer.get("errors", [])]


class Doors:
    """One gateway, asked the same of a subject by `subject` and by `_entities`."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.side = Side(small_catalogue(), plain=False)

    async def ask(self, caller: int, text: str, variables: Any) -> Reply:
        headers = [(CALLER, str(caller).encode()), (b"content-type", b"application/json")]
        return await self.side.ask(headers, body_of(text, variables, None))

    def fields(self) -> str:
        """Connections of one to three record types, with any of their fields."""
        random, parts = self.random, ["__typename id kind uscc"]
        for name in random.sample(TYPES, random.randint(1, 3)):
            record: RecordType = self.side.catalogue.types[name]
            own = [item.name for item in record.fields.values() if item.owner == name]
            chosen = " ".join(random.sample(own, min(len(own), random.randint(1, 6))))
            window = random.choice(["", "(first: 1)", '(from: "2012-01-01")', "(status: [ACTIVE])"])
            parts.append(f"{record.connection}{window} {{ nodes {{ id {chosen} }} totalCount complete }}")
        return " ".join(parts)

    async def same(self, caller: int, key: SubjectKey, name: str | None) -> tuple[Reply, Reply]:
        fields = self.fields()
        given = {key.kind: key.value} | ({"name": name} if name else {})
        kind = subject_of(self.side.catalogue, given, ()).kind
        by_key = await self.ask(caller, f"query($k: SubjectKey!) {{ s: subject(id: $k) {{ {fields} }} }}", {"k": given})
        on = self.random.choice([kind, "CreditSubject"])
        text = f"query($r: [_Any!]!) {{ s: _entities(representations: $r) {{ ... on {on} {{ {fields} }} }} }}"
        return by_key, await self.ask(caller, text, {"r": [{"__typename": kind, **given}]})


def told(reply: Reply, entities: bool) -> Any:
    """What an answer says, where its subject stands set aside."""
    body = orjson.loads(reply.body)
    del body["extensions"]["decision"]
    for entry in body["extensions"]["withheld"]:
        assert entry.pop("subjects", None) == ([0] if entities and len(entry["path"].split(".")) > 1 else None)
        entry["path"] = entry["path"].replace("s.*", "s", entities)
    for error in body.get("errors", ()):
        del error["path"][1 : 2 if entities else 1]
    [subject] = body["data"]["s"] if entities else [body["data"]["s"]]
    return subject, body["extensions"], body.get("errors")


def recorded(reply: Reply) -> Any:
    record = json.loads(reply.record)
    del record["decision"], record["document"]
    [root] = record.pop("roots")
    assert root["field"] in {"subject", "_entities"}
    return record


async def test_an_entity_is_the_subject_of_its_key() -> None:
    """Whoever asks whatever of whomever: `_entities` answers, withholds, asks platforms and records as `subject`."""
    random, seen = Random(4), Counter[str]()
    doors = Doors(random)
    for number in range(SETS):
        policies = policy_set(random, number)
        facing = Facing(policies, random)
        at = NOON + timedelta(days=random.randrange(-200, 900))
        callers = [caller_of(facing.ask(at), random, each) for each in range(5)]
        doors.side.now = at
        doors.side.live_under(policies, registry(number, World(number, faulty=0.0)), callers)
        for _ in range(TRIES // SETS):
            key = random.choice(SUBJECTS)
            name = random.choice(NAMES) if random.random() < (0.5 if key.kind == "citizenId" else 0.1) else None
            by_key, by_entity = await doors.same(random.randrange(5), key, name)
            assert told(by_entity, True) == told(by_key, False)
            assert by_entity.asks == by_key.asks
            assert recorded(by_entity) == recorded(by_key)
            body = by_entity.body.decode()
            seen.update(
                word for word in ('"DENY"', '"MASK"', '"HIDE"', '"s":[null]', '"errors"', '{"id":') if word in body
            )
            seen["asked"] += bool(by_entity.asks)
    assert min(seen[word] for word in ('"DENY"', '"MASK"', '"HIDE"', '"s":[null]', '"errors"', '{"id":')) > 10, seen
    assert seen["asked"] > TRIES / 3


def test_order_and_doubles_are_kept(house: House) -> None:
    """Entities of several kinds, one of them twice, and one of whom nothing may be known: each in its own place."""
    person = entity(house, "debtor_person")
    named = {**person, "name": house.subjects["debtor_person"]["name"]}
    firm = entity(house, "penalised")
    found = house.ask(ENTITIES, r=[firm, named, person, firm])["data"]["_entities"]
    assert [each and each["kind"] for each in found] == ["Enterprise", "NaturalPerson", None, "Enterprise"]
    assert found[0] == found[3]
    assert found[1]["citizenId"] == person["citizenId"]
    assert found[1]["id"].startswith("p1:")


def test_a_wrong_entity_spoils_no_other(house: House) -> None:
    """A code of another graph that is none, or of another kind: null and an error at its place, and not complete."""
    firm = entity(house, "penalised")
    wrong: list[dict[str, Any]] = [
        {"__typename": "Nobody", **house.key("penalised")}, {**firm, "__typename": "FarmerCooperative"},
        {**firm, "__typename": "CreditSubject"}, {"__typename": "Enterprise"}, {**firm, "uscc": None},
        {**firm, "uscc": 5}, {**firm, "uscc": [firm["uscc"]]}, {**firm, "uscc": firm["uscc"][:-1]},
        {**firm, **house.key("debtor_person")}, {"__typename": "NaturalPerson", **house.key("penalised")},
    ]  # fmt: skip
    answer = house.ask(ENTITIES, r=[*wrong, firm])
    assert [each and each["uscc"] for each in answer["data"]["_entities"]] == [None] * len(wrong) + [firm["uscc"]]
    expected = ["INVALID_ARGUMENT" if index in {0, 2} else "INVALID_SUBJECT_KEY" for index in range(len(wrong))]
    assert codes(answer) == [(code, ["_entities", index]) for index, code in enumerate(expected)]
    assert answer["extensions"]["complete"] is False
    assert firm["uscc"] not in str(answer["errors"])
    strict = house.ask(ENTITIES, r=[*wrong, firm], headers={"Prefer": "handling=strict"})
    assert [code for code, _ in codes(strict)] == ["INCOMPLETE", *expected]
    assert "data" not in strict or strict["data"] is None


@pytest.mark.parametrize("given", [None, [None], [1], ["Enterprise"], [{}], [{"__typename": 1}], [[]]])
def test_what_is_no_entity_is_no_question(house: House, given: Any) -> None:
    """What no other graph can mean is refused before anything is asked, and is not said back."""
    answer = house.ask(ENTITIES, r=given)
    assert [code for code, _ in codes(answer)] == ["BAD_VARIABLES"]
    assert "data" not in answer


def test_entities_are_capped_as_subjects_are(house: House) -> None:
    """At most as many entities as subjects in one question, both counted together, wrong ones too."""
    firm = entity(house, "penalised")
    assert codes(house.ask(ENTITIES, r=[firm] * 201)) == [("LIMIT_EXCEEDED", ["_entities"])]
    assert codes(house.ask(ENTITIES, r=[{"__typename": "Nobody"}] * 201)) == [("LIMIT_EXCEEDED", ["_entities"])]
    both = """query($r: [_Any!]!, $ids: [SubjectKey!]!) {
        subjects(ids: $ids) { id } _entities(representations: $r) { __typename } }"""
    assert codes(house.ask(both, r=[firm] * 101, ids=[house.key("penalised")] * 100)) == [
        ("LIMIT_EXCEEDED", ["_entities"])
    ]


def test_entities_as_literals(house: House) -> None:
    """Representations may stand in the document, with variables in them."""
    text = 'query($u: String) { _entities(representations: [{__typename: "Enterprise", uscc: $u}]) { __typename } }'
    assert house.ask(text, u=house.key("penalised")["uscc"])["data"] == {"_entities": [{"__typename": "Enterprise"}]}
    assert codes(house.ask(text)) == [("INVALID_SUBJECT_KEY", ["_entities", 0])]
    wrong = house.ask('{ _entities(representations: ["x"]) { __typename } }')
    assert codes(wrong) == [("GRAPHQL_VALIDATION_FAILED", None)]
