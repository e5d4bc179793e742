"""Decide before you fetch: a recorder at every platform, and 2,000 random questions of every caller.

The recorder for databases sees each statement that reaches the driver; the one for APIs is the platform's
own. What may travel is reckoned here afresh, from the declarations' YAML and the policy interpreter.
"""

from __future__ import annotations

import gc
import json
import random
import re
import sys
from collections.abc import Coroutine, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from types import FrameType
from typing import Any
from urllib.parse import parse_qs

import httpx2
import pytest
from graphql import FieldNode, OperationDefinitionNode, parse
from lxml import etree
from sqlalchemy import event
from sqlalchemy.engine import Engine

from gateway.checking import read_policies
from gateway.documents import load
from policies import identifiers
from policies.bundles import PolicySet
from policies.interpreter import decide
from policies.model import ALLOW, Facts, RecordType
from tests.conftest import House
from tests.edges.drafts import facts, shipped
from tests.promises.trial_corridors import CALLER, Reply, Side, body_of, caller_of
from tests.promises.trial_platforms import SUBJECTS, World, person, registry, small_catalogue

QUESTIONS = 2_000
CALLERS = {
    "shanghai-market-bureau": ("gov.licensing", "gov.procurement", "gov.bidding"),
    "zhejiang-bureau": ("gov.licensing", "gov.procurement"),
    "qingdao-trading-centre": ("gov.bidding", "gov.procurement"),
    "court": ("court.execution",),
    "subject": ("subject.access",),
    "public": (None,),
}
OWN = ("penalised", "debtor_person", "many_platforms", "clean_person")


class Recorder:
    """What reached each platform since the last `clear`: (place, column) pairs, place being a table or a path."""

    def __init__(self, house: House) -> None:
        self.statements: list[str] = []
        self._apis = [
            p["url"] for p in house.running.description["platforms"] if p["kind"] in {"graphql", "rest", "soap"}
        ]
        self._noted = set(self._apis)  # those that hold something, or may: there is nothing to clear at the others
        self._client = httpx2.Client(trust_env=False)

    def __enter__(self) -> Recorder:
        event.listen(Engine, "before_cursor_execute", self._heard)
        return self

    def __exit__(self, *_: object) -> None:
        event.remove(Engine, "before_cursor_execute", self._heard)
        self._client.close()

    def _heard(self, connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        self.statements.append(statement)

    def clear(self) -> None:
        self.statements.clear()
        for url in self._noted:
            self._client.delete(f"{url}/__recorder__")
        self._noted.clear()

    def asked(self) -> set[tuple[str, str]]:
        found = {pair for text in self.statements for pair in re.findall(r'"([^"]+)"\."([^"]+)"', text)}
        for url in self._apis:
            for request in self._client.get(f"{url}/__recorder__").json()["requests"]:
                self._noted.add(url)
                if request["body"].startswith('{"query"'):
                    found |= set(selected_in(json.loads(request["body"])["query"]))
                    continue
                if request["body"].startswith("<?xml"):
                    message = etree.fromstring(etree.fromstring(request["body"].encode()).findtext(".//paramsXml"))
                    place, fields = message.findtext("Header/item"), message.findtext("Body/columns")
                else:
                    words = {**request["query"], **{k: v[0] for k, v in parse_qs(request["body"]).items()}}
                    place, fields = request["path"], words["fields"]
                found |= {(place, column) for column in fields.split(",")}
        return {(place, column) for place, column in found if place != "SJGX"}  # the stamp of freshness


def selected_in(document: str) -> Iterator[tuple[str, str]]:
    """Each field of a record that a document of GraphQL selects, by its root field; what is about the answer is not."""

    def leaves(node: Any, way: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        for field in node.selection_set.selections:
            here = (*way, field.name.value)
            yield from leaves(field, here) if field.selection_set else (here,)

    (operation,) = parse(document).definitions
    assert isinstance(operation, OperationDefinitionNode)
    for root in operation.selection_set.selections:
        assert isinstance(root, FieldNode)
        for way in leaves(root, ()):
            rows = next((rows for rows in (("edges", "node"), ("promises",)) if way[: len(rows)] == rows), None)
            if rows is not None:
                yield root.name.value, ".".join(way[len(rows) :])
            elif way[0] not in {"pageInfo", "totalCount", "asOf"}:
                yield root.name.value, f"/{'.'.join(way)}"


@dataclass(frozen=True)
class Place:
    """One record type at one platform, as its declaration says: columns by catalogue field, and its keys."""

    platform: str
    type: str
    place: str
    columns: Mapping[str, frozenset[str]]
    keys: frozenset[str]
    whole: tuple[frozenset[str], ...]  # fields of an object that comes whole or not at all
    order: frozenset[str]  # fields that rows are ordered by


def columns_in(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for word, value in node.items():
            if word in ("column", "path") and isinstance(value, str):
                yield value
            else:
                yield from columns_in(value)
    elif isinstance(node, list):
        for item in node:
            yield from columns_in(item)


@pytest.fixture(scope="module")
def places(house: House) -> list[Place]:
    found = []
    for path in sorted((house.home / "platforms").glob("3*.yaml")):
        data = load(path).data
        for type_name, words in data["types"].items():
            place = words["request"]["path"] if "request" in words else words.get("table", type_name)  # staged files
            if "question" in words:
                place = words["question"]["field"]
            if "call" in words:
                place = words["input"]["paramsXml"]["xml"]["ExchangeMessage"]["Header"]["item"]
            columns = {name: frozenset(columns_in(spec)) for name, spec in words["fields"].items()}
            whole: list[frozenset[str]] = []
            for name, spec in words.get("objects", {}).items():
                own = {spec[word] for word in ("column", "path") if word in spec}
                leaves = {f"{name}.{leaf}": inner for leaf, inner in spec["fields"].items()}
                columns |= {leaf: frozenset(own or columns_in(inner)) for leaf, inner in leaves.items()}
                whole += [frozenset(leaves)] if own else []
            keys = frozenset([*words["key"], *columns_in(words["subject"])])
            order = frozenset(by.removesuffix(" desc") for by in words.get("order", ()))
            found.append(Place(data["platform"], type_name, place, columns, keys, tuple(whole), order))
    return found


@dataclass(frozen=True)
class Question:
    caller: str
    purpose: str | None
    own: str | None
    key: Mapping[str, str]
    fields: Mapping[str, tuple[str, ...]]  # record type -> asked fields
    arguments: Mapping[str, str]

    def text(self, types: Mapping[str, RecordType]) -> str:
        parts = [
            f"{types[name].connection}{self.arguments[name]} {{ nodes {{ {selection} }} complete }}"
            for name, fields in self.fields.items()
            for selection in [" ".join(map(selected, fields))]
        ]
        return f"query($id: SubjectKey!) {{ subject(id: $id) {{ kind {' '.join(parts)} }} }}"


def selected(name: str) -> str:
    """A field as it is written in a selection; one of a nested object stands within it."""
    parent, _, leaf = name.rpartition(".")
    return f"{parent} {{ {leaf} }}" if parent else leaf


def held(node: Any, name: str) -> bool:
    """Whether an answered record holds a value of a field, in any object of a list."""
    parent, _, leaf = name.rpartition(".")
    below = node[parent] if parent else node
    items = below if isinstance(below, list) else [below] if below is not None else []
    return any(item[leaf] is not None for item in items)


def question(rng: random.Random, house: House, policies: PolicySet) -> Question:
    caller = rng.choice(list(CALLERS))
    world = house.running.province.world
    subject = rng.choice([*world.subjects, *world.examples.values()])
    own = rng.choice(OWN) if caller == "subject" else None
    if own and rng.random() < 0.5:
        subject = world.examples[own]
    key: dict[str, str] = {subject.key_kind: subject.key}
    if rng.random() < 0.3:
        key["name"] = subject.name if rng.random() < 0.7 else "别名"
    types = rng.sample(sorted(policies.catalogue.types), rng.randint(1, 3))
    fields, arguments = {}, {}
    for name in types:
        record = policies.catalogue.types[name]
        fields[name] = tuple(rng.sample(sorted(record.fields), rng.randint(1, 6)))
        words = [f"first: {rng.randint(1, 30)}"]
        if record.roles.date and rng.random() < 0.3:
            words.append(f'from: "20{rng.randint(10, 25)}-01-01"')
        if rng.random() < 0.2:
            words.append("status: [ACTIVE, OBJECTED]")
        if rng.random() < 0.2:
            words.append(f'regions: ["{rng.choice(["370000", "370200", "370600", "371000"])}"]')
        arguments[name] = f"({', '.join(words)})"
    return Question(caller, rng.choice(CALLERS[caller]), own, key, fields, arguments)


def facts_of(asked: Question, house: House, policies: PolicySet, type_name: str) -> Facts:
    caller = house.demo.callers[asked.caller]
    [kind_of_key] = {"uscc", "citizenId"} & asked.key.keys()
    own = asked.own is not None and house.key(asked.own) == {kind_of_key: asked.key[kind_of_key]}
    return Facts(
        client_class=caller["class"],
        client_id=asked.caller,
        region=caller["region"],
        scopes=frozenset(caller["scopes"]),
        purpose=asked.purpose,
        consent=False,
        own=own,
        given=frozenset(asked.key),
        kind=identifiers.kind_of(policies.catalogue, kind_of_key, asked.key[kind_of_key]),
        type=type_name,
        province="37",
        at=datetime.now(UTC),
    )


def may_travel(asked: Question, house: House, policies: PolicySet, places: list[Place]) -> set[tuple[str, str]]:
    """Columns that this question may make travel: allowed and asked fields, control fields, keys, and those of an order
    of which the caller may have each in full."""
    allowed: set[tuple[str, str]] = set()
    for place in places:
        if place.type not in asked.fields:
            continue
        record = policies.catalogue.types[place.type]
        facts = facts_of(asked, house, policies, place.type)
        names = {n for n in asked.fields[place.type] if decide(policies, facts, record.fields[n]).answered}
        for leaves in place.whole:
            if not all(decide(policies, facts, record.fields[leaf]).answered for leaf in leaves):
                names -= leaves
        if not names:
            continue  # nothing is answered, so nothing at all may be asked, control fields included
        names |= record.control
        if record.roles.date and decide(policies, facts, record.fields[record.roles.date]).effect == ALLOW:
            names.add(record.roles.date)
        if "name" in asked.key and record.roles.subject_name:
            names.add(record.roles.subject_name)
        if all(decide(policies, facts, record.fields[name]).effect == ALLOW for name in place.order):
            names |= place.order
        allowed |= {(place.place, column) for name in names for column in place.columns.get(name, ())}
        allowed |= {(place.place, column) for column in place.keys}
    return allowed


def denied_answers(asked: Question, house: House, policies: PolicySet, answer: Mapping[str, Any]) -> list[str]:
    """Coordinates that were answered although the interpreter denies them."""
    found: list[str] = []
    subject = answer["data"]["subject"]
    for type_name, fields in asked.fields.items():
        record = policies.catalogue.types[type_name]
        nodes = subject[record.connection]["nodes"] if subject else []
        for name in fields:
            decision = decide(policies, facts_of(asked, house, policies, type_name), record.fields[name])
            if not decision.answered:
                found += [record.fields[name].coordinate for node in nodes if held(node, name)]
    return found


@pytest.mark.timeout(600)  # two thousand questions, on a machine that may be busy
def test_asked_is_a_subset_of_allowed_plus_control(house: House, places: list[Place]) -> None:
    """Over 2,000 random questions nothing travels but allowed and control fields, and nothing denied is answered."""
    policies = read_policies(house.home / "policies")
    rng = random.Random(20261124)
    answered = travelled = closed = 0
    with Recorder(house) as recorder:
        for _ in range(QUESTIONS):
            asked = question(rng, house, policies)
            recorder.clear()
            body = {"query": asked.text(policies.catalogue.types), "variables": {"id": asked.key}}
            response = house.post(body, house.headers(asked.caller, asked.purpose, asked.own))
            answer = response.json()
            assert "data" in answer, (asked, answer)
            seen = recorder.asked()
            assert seen <= may_travel(asked, house, policies, places), asked
            assert denied_answers(asked, house, policies, answer) == [], asked
            travelled += len(seen)
            subject = answer["data"]["subject"]
            closed += subject is None
            answered += bool(subject) and any(
                subject[policies.catalogue.types[name].connection]["nodes"] for name in asked.fields
            )
    # the run must have tried all it claims: questions that were answered, and questions that were closed
    assert answered > QUESTIONS / 10
    assert closed > QUESTIONS / 20
    assert travelled > QUESTIONS


def test_recorder_sees_what_travels(house: House, places: list[Place]) -> None:
    """The recorder is not blind: a question in full shows the columns of every platform that answers it."""
    policies = read_policies(house.home / "policies")
    closed = {"SmeFinanceSummary", "ProfessionalRecord", "EducationResearchRecord"}  # need consent, or research
    types = [r for r in policies.catalogue.types.values() if "Enterprise" in r.kinds and r.name not in closed]
    with Recorder(house) as recorder:
        recorder.clear()
        for record in types:
            fields = " ".join(map(selected, sorted(record.fields)))
            query = (
                f"query($id: SubjectKey!) {{ subject(id: $id) {{ {record.connection} {{ nodes {{ {fields} }} }} }} }}"
            )
            house.ask(query, "many_platforms", as_="weihai-licensing-desk", purpose="gov.licensing")
        seen = recorder.asked()
    named = {record.name for record in types}
    assert {place.place for place in places if place.type in named} <= {place for place, _ in seen}


DEBTOR = """query($id: SubjectKey!) { subject(id: $id) {
    id kind judgmentDebtors { nodes { caseNo court } complete totalCount sources { platform status } } } }"""


@pytest.mark.parametrize("caller", ["public", "zhejiang-bureau", "subject"])
def test_denied_and_absent_persons(house: House, caller: str) -> None:
    """A person of whom the caller may know nothing is not looked up: denied and absent are one answer."""
    policies = read_policies(house.home / "policies")
    absent = "37010119900307001"
    keys = [
        house.key("debtor_person"),
        house.key("clean_person"),
        {"citizenId": absent + identifiers.citizen_id_check(absent)},
    ]
    bodies = []
    with Recorder(house) as recorder:
        for key in keys:
            recorder.clear()
            own = "penalised" if caller == "subject" else None
            answer = house.ask(DEBTOR, key, as_=caller, purpose=CALLERS[caller][0], subject=own)
            assert recorder.asked() == set()
            answer["extensions"].pop("decision")
            bodies.append(answer)
    assert bodies[0] == bodies[1] == bodies[2]
    assert bodies[0]["data"] == {"subject": None}
    assert {entry["effect"] for entry in bodies[0]["extensions"]["withheld"]} == {"DENY"}
    assert bodies[0]["extensions"]["policy"] == policies.digest


BOTH = "query($id: SubjectKey!) { subject(id: $id) { id kind judgmentDebtors { nodes { id caseNo } totalCount } } }"


async def test_denied_and_absent_persons_are_the_same_work() -> None:
    """Whom the caller may not know costs the gateway the very same steps, whether they exist or not: time tells
    nothing. `make leaks` measures that."""
    side = Side(small_catalogue(), plain=False)
    policies = replace(shipped(), catalogue=small_catalogue())
    facing = facts(client_class="government", region="330000", purpose="gov.licensing", given=frozenset({"citizenId"}))
    side.live_under(policies, registry(1, World(1, faulty=0.0)), [caller_of(facing, random.Random(1), 1)])
    existing = [key.value for key in SUBJECTS if key.kind == "citizenId"]
    absent = [person("19880808", number).value for number in range(len(existing))]
    steps: dict[str, int] = {}
    for value in [*existing, *absent, *existing, *absent]:
        body = body_of(BOTH, {"id": {"citizenId": value}}, None)
        reply, steps[value] = await counted(side.ask([(CALLER, b"0"), (b"content-type", b"application/json")], body))
        assert b'"data":{"subject":null}' in reply.body
        assert reply.asks == []
    assert len(set(steps.values())) == 1


async def counted(asking: Coroutine[Any, Any, Reply]) -> tuple[Reply, int]:
    """What comes of it, and the function calls it took."""
    calls = 0

    def heard(frame: FrameType, event: str, _: Any) -> None:
        nonlocal calls
        calls += event == "call"

    before = sys.getprofile()
    gc.disable()  # what other tests left would be counted when it happens to be cleared away here
    sys.setprofile(heard)
    try:
        return await asking, calls
    finally:
        sys.setprofile(before)
        gc.enable()
