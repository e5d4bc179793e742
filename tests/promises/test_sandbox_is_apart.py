"""A client's registration closes before any rule opens: sandbox and live never meet, and a ceiling of types holds.

Every question that reaches a platform in memory is recorded by the platform itself. Which may come is reckoned here
from the caller's terms alone.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from itertools import product
from random import Random
from typing import Any

import orjson

from connectors.registry import Registry
from gateway.caller import FROZEN, LIVE, SANDBOX, Terms
from gateway.model import FULL, Caller
from tests.edges.drafts import NOON
from tests.edges.trial_sets import Questions as Facing
from tests.promises.test_two_walks_one_answer import policy_set
from tests.promises.trial_corridors import CALLER, Reply, Side, body_of, caller_of
from tests.promises.trial_platforms import SUBJECTS, TYPES, World, registry, small_catalogue
from tests.promises.trial_questions import Questions

SETS, EACH = 4, 60
PENALTIES = (
    "query($id: SubjectKey!) { subject(id: $id) { administrativePenalties { nodes { documentNo } complete "
    "sources { platform status reason { en } } } } }"
)
DECISION = re.compile(rb'"decision":"[0-9a-f]+"')
HEADERS = [(b"content-type", b"application/json")]


def two_worlds(random: Random, number: int) -> Registry:
    """Platforms of which some hold invented records, at least one of either sort."""
    platforms = registry(number, World(number, faulty=0.0)).platforms
    chosen = set(random.sample(sorted(platforms), random.choice((1, 2))))
    return Registry({name: replace(each, sandbox=name in chosen) for name, each in platforms.items()})


def terms(random: Random) -> Terms:
    ceiling = None if random.random() < 0.4 else frozenset(random.sample(TYPES, random.choice((1, 2, 4))))
    return Terms(random.choice((LIVE, SANDBOX)), ceiling)


def asked_within(caller: Caller, platforms: Registry, reply: Reply) -> bool:
    return all(
        platforms.platforms[name].sandbox == caller.terms.sandbox and caller.terms.covers(type_name)
        for name, type_name, *_ in reply.asks
    )


async def test_nothing_reaches_beyond_a_clients_registration() -> None:
    """Whatever is asked under whatever rules, each platform hears only clients of its own world, and only about types
    within their ceilings; the compiled walk and the plain one agree in this as in all else."""
    random, seen = Random(6), Counter[str]()
    quick, plain = Side(small_catalogue(), plain=False), Side(small_catalogue(), plain=True)
    questions = Questions(quick.face.graphql, random)
    documents = [questions.draw() for _ in range(60)]
    for number in range(SETS):
        policies, platforms = policy_set(random, number), two_worlds(random, number)
        facing = Facing(policies, random)
        at = NOON + timedelta(days=random.randrange(0, 400))
        like = [caller_of(facing.ask(at), random, each) for each in range(3)]
        # the same caller on several terms: nothing remembered for the one may serve the other
        callers = [replace(each, terms=terms(random)) for each in like for _ in range(3)]
        for side in (quick, plain):
            side.live_under(policies, platforms, callers)
            side.now = at
        for _ in range(EACH):
            who, question = random.randrange(len(callers)), random.choice(documents).request()
            headers = [(CALLER, str(who).encode()), *HEADERS]
            replies = [await side.ask(headers, body_of(*question)) for side in (quick, plain)]
            assert all(asked_within(callers[who], platforms, reply) for reply in replies)
            first, second = (DECISION.sub(b"", reply.body) for reply in replies)
            assert (first, replies[0].asks) == (second, replies[1].asks)
            seen[f"asked {callers[who].terms.state}"] += len(replies[0].asks)
            seen["apart"] += b'platforms","zh"' in first or b"a sandbox client" in first or b"a live client" in first
            seen["ceiling"] += b"CLIENT_TYPES" in first
    assert min(seen["asked live"], seen["asked sandbox"], seen["apart"], seen["ceiling"]) > 20, seen


def one_house(caller_terms: Terms, seed: int = 0) -> tuple[Side, Registry]:
    """A public caller on these terms before two platforms that hold penalties, one of them a sandbox."""
    side = Side(small_catalogue(), plain=False)
    found = [
        p
        for number in range(seed, seed + 50)
        for p in registry(number, World(number, faulty=0.0)).platforms.values()
        if "AdministrativePenalty" in p.types and "uscc" in p.claim("AdministrativePenalty").keys
    ]
    first, second = found[0], next(p for p in found if p.id != found[0].id)
    platforms = Registry({first.id: first, second.id: replace(second, sandbox=True)})
    caller = Caller("tries", "public", None, frozenset(), None, {}, None, terms=caller_terms)
    side.live_under(policy_set(Random(0), 0), platforms, [caller])
    return side, platforms


async def ask(side: Side, text: str = PENALTIES) -> dict[str, Any]:
    variables = {"id": {"uscc": SUBJECTS[0].value}}
    reply = await side.ask([(CALLER, b"0"), *HEADERS], body_of(text, variables, None))
    answer: dict[str, Any] = orjson.loads(reply.body)
    return answer | {"status": reply.status, "asked": {name for name, *_ in reply.asks}}


async def test_who_is_left_apart_is_told_with_the_reason() -> None:
    """A platform of the other world is told as NOT_ASKED with the reason, and costs the answer no completeness."""
    complete = Counter[tuple[str, bool]]()
    words = ((SANDBOX, "a sandbox client is not asked of live platforms"), (LIVE, "a live client is not asked of"))
    for (state, said), seed in product(words, range(6)):
        side, platforms = one_house(Terms(state), seed)
        answer = await ask(side)
        mine = {name for name, each in platforms.platforms.items() if each.sandbox == (state == SANDBOX)}
        assert answer["asked"] == mine
        found = answer["data"]["subject"]["administrativePenalties"]
        told = {line["platform"]: (line["status"], line["reason"]) for line in found["sources"]}
        [apart] = told.keys() - mine
        assert told[apart][0] == "NOT_ASKED"
        assert told[apart][1]["en"].startswith(said)
        assert [told[name][1] for name in mine] == [None]
        assert found["complete"] is all(told[name][0] in FULL for name in mine)
        complete[state, found["complete"]] += 1
        [line] = [each for each in answer["extensions"]["sources"] if each["platform"] == apart]
        assert line["reason"]["en"].startswith(said)
    assert complete[SANDBOX, True]
    assert complete[LIVE, True]


async def test_platforms_of_the_other_world_are_not_offered() -> None:
    """`platforms` names those that the asking client's questions can reach, and no others."""
    for state in (SANDBOX, LIVE):
        side, platforms = one_house(Terms(state))
        answer = await ask(side, "{ platforms { id } }")
        mine = {name for name, each in platforms.platforms.items() if each.sandbox == (state == SANDBOX)}
        assert {each["id"] for each in answer["data"]["platforms"]} == mine


async def test_a_type_beyond_the_ceiling_is_denied_with_the_reason() -> None:
    """What a client is not registered for is told as denied by its registration, in `withheld` and in `access`, and no
    platform is asked for it."""
    side, _ = one_house(Terms(types=frozenset({"Registration"})))
    answer = await ask(side)
    assert answer["asked"] == set()
    assert {source["status"] for source in answer["extensions"]["sources"]} == {"DENIED", "NOT_ASKED"}
    [entry] = [each for each in answer["extensions"]["withheld"] if each["effect"] == "DENY"]
    assert (entry["rule"], entry["coordinate"]) == ("CLIENT_TYPES", "AdministrativePenalty.documentNo")
    assert "not registered" in entry["reason"]["en"]
    lines = (await ask(side, "{ access(type: AdministrativePenalty) { effect rule } }"))["data"]["access"]
    assert {(line["effect"], line["rule"]) for line in lines} == {("DENY", "CLIENT_TYPES")}


async def test_a_frozen_client_is_refused_and_recorded_by_name() -> None:
    """Whoever is frozen gets 403 CLIENT_FROZEN, asks nobody, and the record says who it was."""
    side, _ = one_house(Terms(FROZEN))
    answer = await ask(side)
    assert (answer["status"], answer["asked"]) == (403, set())
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["CLIENT_FROZEN"]
    record = orjson.loads(side.audit.last)
    assert (record["caller"]["id"], record["outcome"]["errors"]) == ("tries", ["CLIENT_FROZEN"])
