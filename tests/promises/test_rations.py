"""How much may be asked: quotas of clients, operators and agreements are counted before any platform hears of it."""

from __future__ import annotations

import math
import sqlite3
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any

import orjson
import pytest

from connectors.contract import SubjectKey
from connectors.delegation import Hop
from connectors.registry import Registry
from gateway import sharing
from gateway.caller import Delegated, Quota, Terms
from gateway.model import Caller
from gateway.rationing import Counts, Rations
from gateway.rationing.counts import PAUSE, PLACE, Unavailable, Wanted
from gateway.rationing.near import MOST
from policies import identifiers
from policies.model import FieldClass
from policies.policyset import PolicySet
from policies.policyset import Quota as AgreedQuota
from tests.edges.drafts import shipped
from tests.promises.trial_corridors import CALLER, Reply, Side, body_of
from tests.promises.trial_platforms import SUBJECTS, World, registry, small_catalogue

MIDNIGHT = 1_790_006_400.0  # in Asia/Shanghai
NAMED = "query($id: SubjectKey!) { subject(id: $id) { kind administrativePenalties { nodes { %s } } } }"
SEVERAL = "query($ids: [SubjectKey!]!) { subjects(ids: $ids) { kind administrativePenalties { nodes { %s } } } }"
PERSONS = [key.value for key in SUBJECTS if key.kind == "citizenId"]
FIRMS = [key.value for key in SUBJECTS if key.kind == "uscc"]


def shared_field(cls: FieldClass) -> str:
    """A field of penalties of this class, by name."""
    fields = small_catalogue().types["AdministrativePenalty"].fields.values()
    return next(each.name for each in fields if each.cls is cls and "." not in each.name)


@dataclass
class Desk:
    """Callers before platforms in memory, with a clock that the test turns."""

    callers: Sequence[Caller]
    policies: PolicySet = field(default_factory=lambda: replace(shipped(), catalogue=small_catalogue()))
    rations: dict[str, Any] = field(default_factory=dict)
    now: float = MIDNIGHT + 36_000.0

    def __post_init__(self) -> None:
        self.side = Side(small_catalogue(), plain=False)
        platforms = next(
            each
            for number in range(100)
            for each in [registry(number, World(number, faulty=0.0))]
            if {"citizenId", "uscc"} <= self._keys(each)
        )
        self.side.live_under(self.policies, platforms, self.callers)
        self.counts = Counts()
        kept = Rations(self.counts, b"k" * 32, wall=lambda: self.now, **self.rations)
        self.side.endpoint.corridor = replace(self.side.endpoint.corridor, rations=kept)

    def _keys(self, platforms: Registry) -> set[str]:
        """Kinds of key under which a platform of Shandong holds penalties."""
        found = [p for p in platforms.for_type("AdministrativePenalty") if p.region[:2] == "37"]
        return {key for platform in found for key in platform.claim("AdministrativePenalty").keys}

    async def ask(self, caller: int, *subjects: str, name: str = "documentNo") -> Reply:
        keys = [{"uscc" if identifiers.is_uscc(each) else "citizenId": each} for each in subjects]
        text, variables = (NAMED % name, {"id": keys[0]}) if len(keys) == 1 else (SEVERAL % name, {"ids": keys})
        headers = [(CALLER, str(caller).encode()), (b"content-type", b"application/json")]
        return await self.side.ask(headers, body_of(text, variables, None))

    @property
    def record(self) -> dict[str, Any]:
        found: dict[str, Any] = orjson.loads(self.side.audit.last)
        return found


def caller(name: str = "desk", operator: str | None = None, quota: Quota | None = None, **words: Any) -> Caller:
    evidence = {} if operator is None else {"operator": operator}
    known = Caller(
        name, "court", "370000", frozenset({"credit.gov"}), "court.execution", evidence, None, "https://issuer"
    )
    return replace(known, terms=Terms(quota=quota), **words)


def header(reply: Reply, name: str) -> str:
    return dict(reply.headers).get(name.lower().encode(), b"").decode()


def refused(reply: Reply) -> bool:
    """Whether a quota refused, of which no platform heard anything."""
    if reply.codes != ["QUOTA_EXCEEDED"]:
        assert reply.status == 200, reply.body
        return False
    assert (reply.status, reply.asks) == (429, [])
    assert int(header(reply, "Retry-After")) > 0
    return True


async def test_requests_are_counted_by_minute_and_by_day() -> None:
    """A client has its agreed requests in each minute and day, and not one more; who has none agreed is not counted."""
    desk = Desk([caller(quota=Quota(per_minute=3, per_day=5)), caller("other")])
    assert [refused(await desk.ask(0, FIRMS[0])) for _ in range(5)] == [False] * 3 + [True] * 2
    desk.now += 60
    replies = [await desk.ask(0, FIRMS[0]) for _ in range(3)]
    assert [refused(each) for each in replies] == [False, False, True]  # a refusal uses up nothing of the day
    assert header(replies[2], "Retry-After") == str(86_400 - 36_000 - 60)
    assert not any([refused(await desk.ask(1, FIRMS[0])) for _ in range(10)])
    desk.now = MIDNIGHT + 86_400
    assert not refused(await desk.ask(0, FIRMS[0]))


async def test_operators_behind_a_gateway_are_told_apart_by_whose_they_are() -> None:
    """Two offices that ask through one gateway have each an operator 甲, or name none: neither uses up the other's day,
    nor are persons that both ask about neighbours for one who counts them through."""
    far = [Delegated(office, (Hop("https://sd.example", "d-1"),), (), math.inf) for office in ("bureau", "bank")]
    desk = Desk([caller(operator="甲", delegated=each) for each in far], rations={"persons": 2})
    assert [refused(await desk.ask(0, each)) for each in PERSONS[:3]] == [False, False, True]
    assert [refused(await desk.ask(1, each)) for each in PERSONS[:3]] == [False, False, True]
    desk = Desk([caller(delegated=each) for each in far])
    close = persons(MOST + 1)
    assert not any([refused(await desk.ask(number % 2, each)) for number, each in enumerate(close)])


async def test_every_answer_to_a_client_with_quotas_tells_what_is_left() -> None:
    """Answers, refusals of the question and 429 bear the quotas and what is left; other clients hear nothing."""
    desk = Desk([caller(quota=Quota(per_minute=3, per_day=9, subjects_per_day=7)), caller("other")])
    first = await desk.ask(0, FIRMS[0])
    assert header(first, "RateLimit-Policy") == (
        '"minute";q=3;w=60;qu="requests", "day";q=9;w=86400;qu="requests", "subjects";q=7;w=86400;qu="subjects"'
    )
    assert header(first, "RateLimit") == '"minute";r=2;t=60, "day";r=8;t=50400, "subjects";r=6;t=50400'
    wrong = await desk.ask(0, FIRMS[0], name="nothing")
    assert (wrong.codes, header(wrong, "RateLimit")) == (
        ["GRAPHQL_VALIDATION_FAILED"], '"minute";r=1;t=60, "day";r=7;t=50400',
    )  # fmt: skip
    await desk.ask(0, FIRMS[0])
    over = await desk.ask(0, FIRMS[0])
    assert refused(over)
    assert header(over, "RateLimit").startswith('"minute";r=0;t=60')
    assert "每分钟请求数" in (await asked_in_chinese(desk)).body.decode()
    assert header(await desk.ask(1, FIRMS[0]), "RateLimit") == ""


async def asked_in_chinese(desk: Desk) -> Reply:
    headers = [(CALLER, b"0"), (b"content-type", b"application/json"), (b"accept-language", b"zh")]
    return await desk.side.ask(headers, body_of(NAMED % "documentNo", {"id": {"uscc": FIRMS[0]}}, None))


async def test_an_operator_asks_about_so_many_persons_a_day() -> None:
    """Where nothing is agreed a named operator has the house's bound of distinct persons a day; the same person again,
    organisations, and other operators are not held against it. The refusal is recorded with who asked about whom."""
    desk = Desk([caller(operator="甲"), caller(operator="乙"), caller("other", operator="甲")], rations={"persons": 2})
    assert [refused(await desk.ask(0, each)) for each in (*PERSONS[:2], PERSONS[0], PERSONS[2])] == [False] * 3 + [True]
    assert desk.record["outcome"]["errors"] == ["QUOTA_EXCEEDED"]
    assert (desk.record["caller"]["evidence"], len(desk.record["subjects"])) == ({"operator": "甲"}, 1)
    assert not refused(await desk.ask(0, *FIRMS))
    assert refused(await desk.ask(0, FIRMS[0], PERSONS[2]))
    assert not any([refused(await desk.ask(each, *PERSONS[1:])) for each in (1, 2)])
    desk.now += 86_400
    assert not refused(await desk.ask(0, PERSONS[2]))


async def test_what_a_client_agreed_holds_for_all_its_subjects() -> None:
    """Subjects in a day are counted over all operators of a client and for each of them, a batch whole or not at all;
    what was agreed for an operator takes the place of the house's bound."""
    quota = Quota(subjects_per_day=5, per_operator=4)
    desk = Desk([caller(operator="甲", quota=quota), caller(operator="乙", quota=quota)], rations={"persons": 1})
    assert not refused(await desk.ask(0, *PERSONS))
    assert refused(await desk.ask(0, *FIRMS[:2]))
    assert not refused(await desk.ask(0, FIRMS[0]))
    assert not refused(await desk.ask(1, FIRMS[0], FIRMS[1]))  # one is known, one is the fifth
    assert refused(await desk.ask(1, FIRMS[2]))


async def test_a_subject_asking_about_itself_is_not_counted() -> None:
    """A portal whose users ask about themselves is no enumerator, however many they are."""
    callers = [
        caller("portal", operator="甲", own=SubjectKey("citizenId", each), quota=Quota(subjects_per_day=1))
        for each in PERSONS
    ]
    desk = Desk(callers)
    assert not any([refused(await desk.ask(number, each)) for number, each in enumerate(PERSONS)])
    assert not refused(await desk.ask(0, PERSONS[1]))
    assert refused(await desk.ask(0, PERSONS[2]))


def persons(count: int) -> list[str]:
    """Persons who were born on one day in one county."""
    firsts = [f"37020319910203{number:03}" for number in range(1, count + 1)]
    return [first + identifiers.citizen_id_check(first) for first in firsts]


async def test_codes_are_not_counted_through() -> None:
    """Asking about neighbours one after the other, in any order, alone or in batches, ends long before the day's
    quota; another operator begins anew, and so does another day."""
    near = persons(MOST + 1)
    Random(1).shuffle(near)
    desk = Desk([caller(operator="甲"), caller(operator="乙")])
    assert [refused(await desk.ask(0, each)) for each in (*near, near[0])] == [*[False] * 8, True, False]
    assert refused(await desk.ask(1, *near))
    assert not refused(await desk.ask(1, *near[:-1]))
    desk.now += 86_400
    assert not refused(await desk.ask(0, near[-1]))


def agreed(per_day: int, per_query: int | None) -> PolicySet:
    """The shipped rules with another quota in the agreement with Shanghai."""
    policies = [
        replace(policy, quota=AgreedQuota(per_day, per_query)) if policy.consumer == "31" else policy
        for policy in shipped().policies
    ]
    return PolicySet(small_catalogue(), tuple(policies), digest="sha256:0")


async def test_an_agreement_has_so_many_subjects_a_day_for_the_whole_province() -> None:
    """Clients of the consumer's province share the day's subjects of an agreement and its bound for one question; what
    anybody may have is not counted, and neither are other purposes and provinces."""
    shanghai = [
        caller(
            name, client_class="government", region="310000", scopes=frozenset({"credit.gov"}), purpose="gov.licensing"
        )
        for name in ("first", "second")
    ]
    desk = Desk([*shanghai, replace(shanghai[0], id="home", region="370000")], agreed(3, 2))
    closed, open_ = shared_field(FieldClass.GOV_SHARED), shared_field(FieldClass.PUBLIC)
    assert not any([refused(await desk.ask(0, each, name=open_)) for each in FIRMS])
    many = await desk.ask(0, *FIRMS[:3], name=closed)
    assert (many.codes, many.asks) == (["LIMIT_EXCEEDED"], [])
    first = await desk.ask(0, *FIRMS[:2], name=closed)
    assert not refused(first)
    assert '"agreement";r=1;' in header(first, "RateLimit")
    assert not refused(await desk.ask(1, FIRMS[1], FIRMS[2], name=closed))
    over = await desk.ask(1, FIRMS[3], name=closed)
    assert refused(over)
    assert "under the agreement" in over.body.decode()
    assert not refused(await desk.ask(0, FIRMS[0], name=closed))
    assert not any([refused(await desk.ask(2, each, name=closed)) for each in FIRMS])


async def test_where_nothing_can_be_counted_nothing_is_answered() -> None:
    """A client with quotas gets 503 while the counts cannot be written, and its platforms hear nothing; who has no
    quota is answered."""
    desk = Desk([caller(quota=Quota(per_day=5)), caller("other"), caller("third", quota=Quota(subjects_per_day=5))])
    desk.counts.close()
    for each in (0, 2):
        reply = await desk.ask(each, FIRMS[0])
        assert (reply.status, reply.codes, reply.asks) == (503, ["OVERLOADED"], [])
    assert (await desk.ask(1, FIRMS[0])).status == 200


def test_counts_are_those_of_a_plain_model() -> None:
    """Over thousands of random takings each quota holds exactly what a dictionary of sets would hold, refusals leave no
    trace, and what is over is forgotten."""
    random, counts = Random(3), Counts()
    numbers, seen = Counter[tuple[str, int]](), dict[tuple[str, int], set[bytes]]()
    outcomes = Counter[bool]()
    for step in range(3_000):
        oldest = step // 300
        wanted = []
        for scope in random.sample("abcd", random.choice((1, 2, 3))):
            subjects = [bytes([random.randrange(40)]) for _ in range(random.choice((1, 1, 4)))]
            span = oldest + random.choice((0, 1))
            wanted.append(Wanted(scope, span, random.choice((15, 30)), None if scope in "ab" else subjects))
        more = [1 if w.subjects is None else len({*w.subjects} - seen.get((w.scope, w.span), set())) for w in wanted]
        totals = [numbers[w.scope, w.span] + m for w, m in zip(wanted, more, strict=True)]
        full = next((i for i, w in enumerate(wanted) if more[i] and totals[i] > w.limit), None)
        taken = counts.take(wanted, oldest)
        assert taken.full == full
        outcomes[full is None] += 1
        if full is not None:  # what the others still have is told as it stays
            assert taken.used == tuple(total - m for total, m in zip(totals[: full + 1], more, strict=False))
        if full is None:
            assert taken.used == tuple(totals)
            for each, total in zip(wanted, totals, strict=True):
                numbers[each.scope, each.span] = total
                if each.subjects is not None:
                    seen.setdefault((each.scope, each.span), set()).update(each.subjects)
    assert min(outcomes.values()) > 300


def test_processes_share_their_counts_and_a_restart_keeps_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many ask at once, exactly as many are let through as the quota says, and none after a restart."""
    monkeypatch.setattr(sharing, "WAIT", 60.0)  # on a busy machine

    def asking(number: int) -> int:
        counts = Counts(tmp_path)
        try:
            return sum(counts.take([Wanted("a", 1, 250)], 0).full is None for _ in range(100))
        finally:
            counts.close()

    with ThreadPoolExecutor(4) as threads:
        assert sum(threads.map(asking, range(4))) == 250
    assert Counts(tmp_path).take([Wanted("a", 1, 250)], 0).full == 0


def test_counts_that_another_holds_are_waited_for_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While another program holds the file one request waits for it, and those that come soon after are told at once:
    all answers of the process wait with whoever waits. Then it is tried again, and nothing was counted meanwhile."""
    monkeypatch.setattr(sharing, "WAIT", 0.01)
    now = [0.0]
    counts, wanted = Counts(tmp_path, lambda: now[0]), [Wanted("a", 1, 5)]
    with closing(sqlite3.connect(tmp_path / PLACE, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Unavailable, match="locked"):
            counts.take(wanted, 0)
    with pytest.raises(Unavailable, match="left alone"):
        counts.take(wanted, 0)
    now[0] += PAUSE
    assert counts.take(wanted, 0).used == (1,)


def test_a_refusal_keeps_nothing_of_a_day_that_is_over(tmp_path: Path) -> None:
    """Digests of whom was asked about go when their day is over, also where a day begins with a refusal."""
    counts = Counts(tmp_path)
    counts.take([Wanted("a", 1, 5, [b"somebody"])], 1)
    assert counts.take([Wanted("b", 2, 0)], 2).full == 0
    counts.take([Wanted("b", 2, 1)], 2)
    with closing(sqlite3.connect(tmp_path / PLACE)) as file:
        assert file.execute("SELECT * FROM seen").fetchall() == []


def test_a_file_that_is_none_is_refused(tmp_path: Path) -> None:
    """Counts that cannot be read are never taken for counts of nothing."""
    (tmp_path / PLACE).parent.mkdir()
    (tmp_path / PLACE).write_bytes(b"no database" * 100)
    with pytest.raises(Unavailable):
        Counts(tmp_path)
