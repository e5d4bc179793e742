"""Introspection shows a caller what it may be answered, and nothing else; asking by name is another matter."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from functools import cache
from itertools import product
from random import Random
from typing import Any

import orjson
import pytest
from click.testing import CliRunner
from graphql import (
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    build_client_schema,
    build_schema,
    find_breaking_changes,
    get_introspection_query,
)

from gateway.caller import Caller
from gateway.cli.schema import schema
from policies import identifiers
from policies.interpreter import decide
from policies.model import Facts, Field
from policies.policyset import PolicySet
from tests.conftest import House
from tests.edges.drafts import NOON
from tests.edges.trial_sets import Questions as Facing
from tests.promises.test_two_walks_one_answer import open_policy, policy_set
from tests.promises.trial_corridors import CALLER, Reply, Side, body_of, caller_of
from tests.promises.trial_platforms import REGIONS, SUBJECTS, World, registry, small_catalogue

INTROSPECTION = get_introspection_query(descriptions=True)
OF_TYPE = "query($n: String!) { __type(name: $n) { name fields { name } } }"
SETS, CALLERS = 4, 2
Sides = tuple[Side, Side]


@pytest.fixture(scope="module")
def sides() -> Sides:
    """The compiled walk, and the plain one."""
    return Side(small_catalogue(), plain=False), Side(small_catalogue(), plain=True)


def lived(sides: Sides, number: int) -> tuple[PolicySet, list[Caller]]:
    random = Random(number)
    policies = policy_set(random, number)
    facing = Facing(policies, random)
    at = NOON + timedelta(days=random.randrange(-100, 600))
    callers = [caller_of(facing.ask(at), random, each) for each in range(CALLERS)]
    for side in sides:
        side.now = at
        side.live_under(policies, registry(number, World(number, 0.0)), callers)
    return policies, callers


async def ask(side: Side, caller: int, text: str, variables: Any = None) -> Reply:
    headers = [(CALLER, str(caller).encode()), (b"content-type", b"application/json")]
    return await side.ask(headers, body_of(text, variables, None))


def told(reply: Reply) -> dict[str, Any]:
    body: dict[str, Any] = orjson.loads(reply.body)
    assert "errors" not in body
    del body["extensions"]["decision"]
    return body


@cache
def whole() -> GraphQLSchema:
    return Side(small_catalogue(), plain=False).face.graphql


def answerable(policies: PolicySet, caller: Caller, at: Any, field: Field) -> bool:
    """Whether the interpreter answers any question of this caller with this field."""
    c = small_catalogue()
    own = identifiers.kind_of(c, caller.own.kind, caller.own.value) if caller.own else None
    for kind in c.types[field.type].kinds:
        selves = (False, True) if kind == own else (False,)
        for province, consent, self_, name in product(("37", *REGIONS), (False, True), selves, ((), ("name",))):
            facts = Facts(
                caller.client_class, caller.id, caller.region, caller.scopes, caller.purpose, consent, self_,
                frozenset({c.kinds[kind].key, *name}), kind, field.type, province, at,
            )  # fmt: skip
            if decide(policies, facts, field).answered:
                return True
    return False


def fields_of(shown: GraphQLSchema) -> Iterator[tuple[str, str]]:
    for kind in shown.type_map.values():
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType) and not kind.name.startswith("__"):
            yield from ((kind.name, name) for name in kind.fields)


async def test_what_may_be_answered_is_shown_and_nothing_else(sides: Sides) -> None:
    """For random callers under random policies: a record's field is told just when some question of theirs may be
    answered with it, by both walks alike, and what is told is a whole schema by which one asks rightly."""
    every = [field for record in small_catalogue().types.values() for field in record.fields.values()]
    sizes = set()
    for number in range(SETS):
        policies, callers = lived(sides, number)
        for index, caller in enumerate(callers):
            quick = told(await ask(sides[0], index, INTROSPECTION))
            if not index:
                first, second = [told(await ask(side, index, "{ _service { sdl } }")) for side in sides]
                assert first == second
            for side in sides[: 2 - index]:  # again, from what is kept; and as it is told anew
                assert told(await ask(side, index, INTROSPECTION)) == quick
            shown = build_client_schema(quick["data"])
            found = set(fields_of(shown))
            expected = {(f.owner, f.leaf) for f in every if answerable(policies, caller, sides[0].now, f)}
            assert {(f.owner, f.leaf) for f in every} & found == expected
            assert find_breaking_changes(shown, whole()) == []
            sizes.add(len(expected))
    assert 0 in sizes
    assert len(sizes) > SETS


async def test_what_is_not_shown_looks_as_if_it_did_not_exist(sides: Sides) -> None:
    """A type that is not for a caller is answered by introspection as one that nobody has."""
    hidden = 0
    for number in range(SETS):
        lived(sides, number)
        for index in range(CALLERS):
            names = told(await ask(sides[0], index, "{ __schema { types { name } } }"))["data"]["__schema"]["types"]
            nobody = told(await ask(sides[0], index, OF_TYPE, {"n": "Nobody"}))
            for name in small_catalogue().types.keys() - {kind["name"] for kind in names}:
                assert told(await ask(sides[0], index, OF_TYPE, {"n": name})) == nobody
                hidden += 1
    assert hidden > 3


async def test_what_is_told_ends_with_the_rule_that_opens_it(sides: Sides) -> None:
    """What is kept of a description is let go of at the very instant at which a rule ends."""
    policies, callers = lived(sides, 0)
    ending = replace(open_policy(Random(1), policies.policies[0]), until=NOON + timedelta(days=1))
    side, few = sides[0], PolicySet(policies.catalogue, (ending,), digest="sha256:0")
    side.live_under(few, registry(0, World(0, 0.0)), callers)
    seen = []
    for days in (0, 0.999, 1):
        side.now = NOON + timedelta(days=days)
        names = told(await ask(side, 0, "{ __schema { types { name } } }"))["data"]["__schema"]["types"]
        seen.append({kind["name"] for kind in names} & small_catalogue().types.keys())
    assert seen[0] == seen[1] != set()
    assert seen[2] == set()


async def test_a_stored_question_goes_on(sides: Sides) -> None:
    """A field that is not shown can be asked by its name, beside introspection that leaves it out: it is withheld."""
    text = """query($id: SubjectKey!) { __type(name: "AdministrativePenalty") { fields { name } }
        subject(id: $id) { administrativePenalties { nodes { documentNo } } }
        _entities(representations: [{__typename: "Enterprise", uscc: "x"}]) { __typename } }"""
    policies, callers = lived(sides, 0)
    bare = PolicySet(policies.catalogue, (), digest="sha256:0")
    for side in sides:
        side.live_under(bare, registry(0, World(0, 0.0)), callers)
    key = {"uscc": next(key.value for key in SUBJECTS if key.kind == "uscc")}
    for side in sides:
        body = orjson.loads((await ask(side, 0, text, {"id": key})).body)
        assert body["data"]["__type"] is None
        assert body["data"]["subject"]["administrativePenalties"]["nodes"] == []
        [entry] = body["extensions"]["withheld"]
        assert (entry["coordinate"], entry["effect"]) == ("AdministrativePenalty.documentNo", "DENY")
        assert [error["extensions"]["code"] for error in body["errors"]] == ["INVALID_SUBJECT_KEY"]


def fields(house: House, as_: str, purpose: str | None, **more: Any) -> set[tuple[str, str]]:
    answer = house.ask(INTROSPECTION, as_=as_, purpose=purpose, **more)
    assert "errors" not in answer
    return set(fields_of(build_client_schema(answer["data"])))


def test_each_caller_reads_its_own_schema(house: House) -> None:
    """The public is shown no more than is public, a bureau what its agreement opens for this purpose, a bank what a
    consent would open, a subject what it may see of itself."""
    public = fields(house, "public", None)
    bureau = fields(house, "shanghai-market-bureau", "gov.licensing")
    bank = fields(house, "weifang-village-bank", "finance.loan")
    own = fields(house, "subject", "subject.access", subject="penalised")
    procedure, tax = ("AdministrativePenalty", "procedure"), ("SmeFinanceSummary", "taxPaidBand")
    assert [procedure in found for found in (public, bureau, bank, own)] == [False, True, False, True]
    assert [tax in found for found in (public, bureau, bank, own)] == [False, False, True, True]
    assert [("AdministrativePenalty", "documentNo") in found for found in (public, bureau, own)] == [True] * 3
    assert ("Query", "platforms") in public & bureau & bank & own


@pytest.mark.parametrize(
    ("caller", "words"),
    [("public", ("--given", "name")), ("weifang-village-bank", ("--purpose", "finance.loan", "--consent"))],
)  # fmt: skip
def test_what_an_officer_prints_is_within_what_is_told(house: House, caller: str, words: tuple[str, ...]) -> None:
    """`schema --as` answers one exact question; introspection shows at least that, cut by the same hand."""
    printed = CliRunner().invoke(schema, ["--home", str(house.home), "--as", caller, *words])
    assert printed.exit_code == 0, printed.output
    purpose = words[1] if "--purpose" in words else None
    assert set(fields_of(build_schema(printed.output))) <= fields(house, caller, purpose)


def test_a_composition_reads_what_its_caller_may_see(house: House) -> None:
    """`_service` tells each caller's own part, with the keys of the kinds that are in it."""
    text = "{ _service { sdl } }"
    public = house.ask(text)["data"]["_service"]["sdl"]
    bureau = house.ask(text, as_="shanghai-market-bureau", purpose="gov.licensing")["data"]["_service"]["sdl"]
    assert "procedure:" not in public
    assert "procedure:" in bureau
    assert '@key(fields: "uscc")' in public
    assert not any(word in bureau for word in ("_Any", "_Entity", "_entities", "_service", "@masked"))


def test_no_error_gives_a_name_away(house: House) -> None:
    """What is nearly a field that is not for the caller is refused in the words of what is near nothing, in both
    languages: no error names what the question did not."""
    ask = "query($id: SubjectKey!) { subject(id: $id) { administrativePenalties { nodes { WORD } } } }"
    for language in ("zh", "en"):
        said = [
            house.ask(ask.replace("WORD", word), "penalised", headers={"Accept-Language": language})["errors"][0]
            for word in ("procedur", "nothings")
        ]
        near, far = ({**error, "message": error["message"].replace(word, "")} for error, word in
                     zip(said, ("procedur", "nothings"), strict=True))  # fmt: skip
        assert near == far
        assert "procedure" not in str(said)
