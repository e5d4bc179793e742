"""The compiled walk and the plain one give one answer: status, headers, body, record and questions, byte by byte.

Random policies, platforms, callers and questions; what is remembered by the one from thousands of requests before is
held against the other, which remembers nothing.
"""

from __future__ import annotations

import asyncio
import logging
import re
import secrets
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from datetime import timedelta
from multiprocessing import get_context
from random import Random
from typing import Any

import pytest
from graphql import execute

from gateway.deciding import Decider
from gateway.model import SEVERITY
from gateway.reading.proving import prove
from gateway.schema.projecting import projection
from policies.calendar_days import Span
from policies.compiler import CompiledPolicies
from policies.conditions import Condition
from policies.interpreter import decide, row_rules
from policies.model import ALLOW, DENY, RowRule, Words
from policies.policyset import Policy, PolicySet, Row, Rule
from tests.edges.drafts import NOON, shipped
from tests.edges.trial_sets import Questions as Facing
from tests.edges.trial_sets import Sets
from tests.promises.trial_corridors import CALLER, Reply, Side, body_of, caller_of
from tests.promises.trial_platforms import World, registry, small_catalogue
from tests.promises.trial_questions import Questions

OPERATIONS = 10_000
SETS = 40
PARTS = 2
DOCUMENTS = 600
LANGUAGES = (b"zh", b"en", b"de;q=0.1, zh-CN;q=0.9", b"")
MEDIA = (b"application/graphql-response+json", b"application/json", b"*/*", b"text/html")
WALKS = ("decided plain", "decided compiled")
STATUSES = SEVERITY
TOLD = {
    "remedy": '"remedy":"consent"', "marks": '"marks":["', "consent": '"consent":true', "own": '"own":true',
    "objects": '":[{"item":', "obligations": '"obligations":["',
}  # fmt: skip


class WideSets(Sets):
    """Small random policy sets over the trial's catalogue, their row rules of every sort."""

    def _catalogue(self) -> Any:
        return small_catalogue()

    def _row(self, c: Any, policy: str) -> Row:
        random, name = self.random, f"{policy}/{self.random.randrange(10**6)}"
        words: dict[str, Any] = {
            "status": self._words(c.vocabularies["RecordStatus"], 2),
            "negative": random.random() < 0.5,
            "minor": random.random() < 0.8,
            "publicity_over": random.random() < 0.8,
            "older_than": Span(months=random.choice((1, 12, 60))),
            "since": random.choice(("retention_anchor", "document", "publication")),
            "severity": self._words(c.vocabularies["Severity"], 2),
            "procedure": self._words(c.vocabularies["Procedure"], 1),
            "only_kinds": self._words(c.vocabularies["PenaltyKind"], 3),
        }
        chosen = random.sample(sorted(words), random.choice((1, 1, 2)))
        effect = random.choice(("hide", "mark", "mark"))
        label = random.choice(("OBJECTED", "M", None)) if effect == "mark" else None
        rule = RowRule(name, Words("试", name), effect, label, **{word: words[word] for word in chosen})
        return Row(rule, (), self._condition(c), self._excepts(c), name)


def policy_set(random: Random, number: int) -> PolicySet:
    """The shipped rules without some of them, or random ones, or both together."""
    drawn = WideSets(random).draw()
    policies: list[Policy] = []
    if number % 4 < 2:
        kept = 0.95 if number % 4 == 0 else 0.6
        for policy in shipped().policies:
            rules = tuple(rule for rule in policy.rules if random.random() < kept)
            policies.append(replace(policy, rules=rules, rows=tuple(r for r in policy.rows if random.random() < 0.8)))
    if number % 4:
        policies += drawn.policies
    if number % 3:
        policies.append(open_policy(random, drawn.policies[0]))
    return PolicySet(small_catalogue(), tuple(policies), digest=f"sha256:{number}")


_MARK = RowRule("open/mark", Words("注", "Mark"), "mark", "M", frozenset({"ACTIVE", "OBJECTED", "EXPIRED"}))


def open_policy(random: Random, like: Policy) -> Policy:
    """Opens much to everybody, and masks much of it, so that there is something to read out."""
    ladders = small_catalogue().ladders
    rules = [_rule("all", True, ALLOW, Condition(purposes=frozenset(random.choice(["", ["gov.*"]]))))]
    for kind in random.sample(sorted(ladders), 6):
        if step := random.choice([*ladders[kind][1:], DENY]):
            when = Condition(kinds=frozenset({kind}), names=frozenset(), own=random.random() < 0.1)
            rules.append(_rule(kind, False, step, when))
    return replace(
        like, id="open", kind="baseline", region=None, since=NOON - timedelta(days=9000), until=None,
        rules=tuple(rules), rows=(Row(replace(_MARK, label=random.choice("MN")), (), Condition(), (), "open"),),
    )  # fmt: skip


def _rule(name: str, grants: bool, step: str, when: Condition) -> Rule:
    obligations = frozenset(sorted(small_catalogue().obligations)[:1])
    return Rule(f"open/{name}", Words("试", name), (), grants, step, when, (), obligations, "open")


class Trial:
    """Both sides, and what was seen on the way."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.quick, self.plain = Side(small_catalogue(), plain=False), Side(small_catalogue(), plain=True)
        self.questions = Questions(self.quick.face.graphql, random)
        self.documents = [self.questions.draw() for _ in range(DOCUMENTS)]
        self.seen: Counter[str] = Counter()

    async def run(self, numbers: Sequence[int]) -> None:
        for number in numbers:
            policies = policy_set(self.random, number)
            facing = Facing(policies, self.random)
            at = NOON + timedelta(days=self.random.randrange(-200, 900))
            callers = [caller_of(facing.ask(at), self.random, each) for each in range(7)]
            for side in (self.quick, self.plain):
                side.live_under(
                    policies, registry(number, World(number, faulty=(0.0, 0.02, 0.06, 0.2)[number // 2 % 4])), callers
                )
            some = self.random.sample(self.documents, 30)
            lately: list[tuple[int, Any]] = []
            for each in range(OPERATIONS // SETS):
                if each % 100 == 99:
                    at += timedelta(seconds=self.random.choice((1, 3600, 86400 * 40)))
                self.quick.now = self.plain.now = at
                if each % 25 == 24:
                    await self.pages(self.random.randrange(len(callers)))
                    continue
                caller = self.random.randrange(len(callers))
                if lately and self.random.random() < 0.4:  # the same again, by another caller now and then
                    before, question = self.random.choice(lately)
                    caller = caller if self.random.random() < 0.2 else before
                else:
                    question = self.random.choice(some).request()
                await self.same(caller, *question)
                lately = [*lately[-5:], (caller, question)]

    async def same(self, caller: int, text: str, variables: Any, name: str | None) -> Reply:
        random = self.random
        headers = [(CALLER, str(caller).encode()), (b"content-type", b"application/json")]
        headers.append((b"accept-language", random.choice(LANGUAGES)))
        headers.append((b"accept", random.choices(MEDIA, (8, 4, 2, 0.1))[0]))
        if random.random() < 0.1:
            headers.append((b"prefer", b"handling=strict"))
            self.seen["strict"] += 1
        body = body_of(text, variables, name)
        quick, plain = await self.quick.ask(headers, body), await self.plain.ask(headers, body)
        assert quick == plain, (text, variables, name, headers)
        self.note(quick)
        return quick

    async def pages(self, caller: int) -> None:
        """A connection, page by page, each with the cursor of the one before."""
        random = self.random
        kind, fields = random.choice(
            [("registrations", "name regCapital"), ("administrativePenalties", "documentNo"), ("taxArrears", "balance")]
        )
        order = random.choice(["NEWEST_FIRST", "OLDEST_FIRST"])
        key = self.questions.other('"' + "91370201MA3DEM001" + '"')
        key = random.choice([key, f'"{self.questions.words("SubjectKey.uscc", "String")[0]}"'])
        text = (
            f"query($after: String) {{ subject(id: {{uscc: {key}}}) {{ {kind}(first: 1, after: $after, "
            f"orderBy: {order}) {{ pageInfo {{ hasNextPage endCursor }} edges {{ cursor node {{ id {fields} }} }} "
            f"}} }} }}"
        )
        after: str | None = None
        for _ in range(4):
            reply = await self.same(caller, text, {"after": after}, None)
            found = re.search(r'"endCursor":"([^"]+)"', reply.body.decode())
            if found is None:
                return
            after = found[1]
            self.questions.cursors.append(after)
            self.seen["page"] += 1

    def note(self, reply: Reply) -> None:
        self.seen["operations"] += 1
        self.seen["asks"] += len(reply.asks)
        self.seen.update("asked in order" if ask[-1] else "asked by key" for ask in reply.asks)
        self.seen.update(reply.codes)
        body, record = reply.body.decode(), reply.record.decode()
        self.seen["answered"] += '"data":{' in body
        for word in STATUSES:
            self.seen[f"status {word}"] += f'"status":"{word}"' in body
        for effect in ("DENY", "MASK", "HIDE"):
            self.seen[effect] += f'"effect":"{effect}"' in body
        self.seen.update({f"step {step}" for step in re.findall(r'"step":"(\w+)"', body)})
        for what, told in TOLD.items():
            self.seen[what] += told in body or told in record
        self.seen["executor's error"] += "INTERNAL" in reply.codes and reply.status == 200
        if "INTERNAL" in reply.codes:  # a value that could not be told is one that the answer lacks
            assert '"extensions":{"complete":true' not in body


def once(function: Any, key: Any) -> Any:
    known: dict[Any, Any] = {}

    def call(*given: Any) -> Any:
        question = key(*given)
        if question not in known:
            known[question] = function(*given)
        return known[question]

    return call


def counted_by_walk(done: Counter[str], decided: Any) -> Any:
    def call(self: Decider, *given: Any) -> Any:
        done[WALKS[self._compile is CompiledPolicies]] += 1
        return decided(self, *given)

    return call


@pytest.mark.reckoning
@pytest.mark.timeout(1800)  # ten thousand operations by two walks, in time that others leave idle
def test_ten_thousand_operations() -> None:
    """Whatever is asked, by whomever, under whatever policies, of whatever platforms: one answer, one record, one set
    of questions to the platforms; and all that may be remembered, recognised and skipped was."""
    seen, done = Counter[str](), Counter[str]()
    with ProcessPoolExecutor(PARTS, get_context("spawn")) as processes:
        for also_seen, also_done in processes.map(part, range(PARTS)):
            seen += also_seen
            done += also_done
    reached(seen, done)


def part(number: int) -> tuple[Counter[str], Counter[str]]:
    """One part of the operations, in a process of its own, which is changed for the trial as no other test's may be."""
    done: Counter[str] = Counter()
    logging.disable(logging.CRITICAL)  # what the platforms' faults say

    def counted(what: str, function: Any) -> Any:
        def call(*given: Any, **named: Any) -> Any:
            done[what] += 1
            return function(*given, **named)

        return call

    change = pytest.MonkeyPatch()
    change.setattr(secrets, "token_hex", lambda size: "d" * 2 * size)
    change.setattr("gateway.reading.reader.prove", counted("prove", prove))
    # the interpreter is a function of its arguments: what it said of one question it need not reckon again
    known = once(decide, lambda policies, facts, field: (policies.digest, facts, field.type, field.name))
    change.setattr("gateway.deciding.interpreted.decide", known)
    rules = once(row_rules, lambda policies, facts: (policies.digest, facts))
    change.setattr("gateway.deciding.interpreted.row_rules", rules)
    trial = Trial(Random(number + 1))
    quick = trial.quick
    quick.face.run = counted("run", quick.face.run)  # type: ignore[method-assign]
    quick.face.validate = counted("validate", quick.face.validate)  # type: ignore[method-assign]
    quick.reader._by_form = counted("new text", quick.reader._by_form)  # type: ignore[method-assign]
    change.setattr("gateway.schema.face.projection", counted("projection", projection))
    change.setattr(Decider, "_decide", counted_by_walk(done, Decider._decide))
    change.setattr("gateway.schema.face.execute", counted("execute", execute))
    asyncio.run(trial.run(range(number, SETS, PARTS)))
    return trial.seen, done


def reached(seen: Counter[str], done: Counter[str]) -> None:
    """The trial tried all it claims: nothing that it is about came up too seldom to be worth the name."""
    assert seen["operations"] >= OPERATIONS
    assert seen["answered"] > 0.5 * OPERATIONS
    assert seen["asks"] > OPERATIONS
    often = {"DENY": 2_000, "MASK": 500, "HIDE": 1_000, "INCOMPLETE": 200, "page": 120, "executor's error": 20}
    often |= {"GRAPHQL_VALIDATION_FAILED": 500, "GRAPHQL_PARSE_FAILED": 200, "OPERATION_UNKNOWN": 100}
    often |= {"BAD_VARIABLES": 100, "INVALID_SUBJECT_KEY": 200, "INVALID_ARGUMENT": 30, "INVALID_CURSOR": 80}
    often |= {"asked in order": 1_000, "asked by key": 1_000}
    often |= {"own": 100, "consent": 100, "remedy": 50, "marks": 150, "objects": 10, "obligations": 500}
    often |= {f"status {word}": 40 for word in STATUSES}
    often |= {f"step {step}": 2 for ladder in small_catalogue().ladders.values() for step in ladder[1:]}
    assert {what: seen[what] for what, least in often.items() if seen[what] < least} == {}
    assert done["execute"] - done["run"] < 0.1 * seen["answered"]  # projections read out nearly all of one side
    assert done["projection"] < 0.4 * done["run"]  # and serve more than once
    assert done["prove"] < 0.75 * done["new text"]  # forms are recognised, by each process anew: literals are shared
    assert done["new text"] < 0.4 * OPERATIONS
    assert done["validate"] < 0.2 * OPERATIONS
    assert done["decided compiled"] < 0.85 * done["decided plain"]  # verdicts serve more than once
