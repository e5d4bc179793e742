"""Two corridors in one process over the same platforms in memory: the compiled walk, and the plain one beside it.

Both are the gateway's own rooms from the endpoint to the audit record; only tokens and disks are left out. The plain
one keeps nothing at all: here it also judges, masks and collects anew with each request, by the referees' own words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from hashlib import sha256
from random import Random
from typing import Any

import orjson

from connectors.contract import Platform, SubjectKey
from connectors.registry import Registry
from gateway.auditing import Record
from gateway.auditing.encoding import Encoder
from gateway.auditing.keys import Pseudonyms as AuditPseudonyms
from gateway.cursors import Cursors
from gateway.deciding import Decider
from gateway.endpoint import Endpoint
from gateway.fetching import Fetcher
from gateway.model import Caller, Consent, GivenConsent, Ruling
from gateway.pipeline import Corridor
from gateway.planning import Planner
from gateway.rationing import Rations
from gateway.reading import Reader
from gateway.reading.turns import KNOWN, Turns, Work
from gateway.schema import Face
from gateway.schema.collecting import Collectors
from gateway.shaping import Shaper
from gateway.shaping.binding import SHANGHAI, Binder, Bound, ready
from policies.masks import Pseudonym, Pseudonyms, mask
from policies.model import ALLOW, Catalogue, Facts, Judgement, RecordType, RowRule
from policies.policyset import PolicySet
from policies.rows import judge, without
from tests.edges.drafts import NOON
from tests.promises.trial_platforms import SUBJECTS

CALLER = b"x-caller"


class Ungoverned(Turns):
    """Nobody waits for anybody."""

    async def take(self, caller: str) -> Work:
        return KNOWN


@dataclass(frozen=True, slots=True)
class Callers:
    """Stands where tokens are verified: a header names the caller by number."""

    known: Sequence[Caller]

    async def authenticate(
        self, headers: Iterable[tuple[bytes, bytes]], extensions: Mapping[str, Any], method: str, peer: str | None
    ) -> Caller:
        return self.known[int(dict(headers)[CALLER])]

    def recognised(self, headers: Iterable[tuple[bytes, bytes]]) -> str:
        return self.known[int(dict(headers)[CALLER])].id


class Kept:
    """An audit log whose records stay in memory, as the bytes that would be written, but for the time it took."""

    def __init__(self) -> None:
        self._encoder = Encoder(AuditPseudonyms(b"a" * 32))
        self.last = b""

    async def append(self, record: Record) -> None:
        self.last = self._encoder.encode(replace(record, outcome=replace(record.outcome, milliseconds=0.0)))


@dataclass(frozen=True, slots=True)
class RowByRow:
    """The judge's face over the plain rules."""

    rules: Sequence[RowRule]
    record: RecordType

    def of(self, values: Mapping[str, Any], birth: date | None, today: date) -> Judgement:
        return judge(self.rules, self.record, values, birth, datetime.combine(today, time(12), SHANGHAI))


class Anew(Binder):
    """Binds each ruling anew with each request, without anything prepared."""

    def of(self, ruling: Ruling, platform: Platform) -> Bound:
        record = self._catalogue.types[ruling.type]
        shows = {}
        for name, decision in ruling.decisions.items():
            if decision.answered:
                shows[name] = self._masking(decision.effect, record.fields[name].many)
        bound = super()._bind(ruling, platform)
        own = tuple((name, shows[name]) for name in shows if "." not in name)
        lacking = platform.claim(record.name).not_applicable
        rows = RowByRow(ruling.rows, without(record, lacking))
        return replace(bound, judge=rows, shows=shows, own=own)  # type: ignore[arg-type]

    def _masking(self, effect: str, many: bool) -> Any:
        def shown(value: Any, pseudonym: Pseudonym) -> Any:
            if effect == ALLOW or value is None:
                return ready(value)
            if many:
                return [mask(effect, item, self._catalogue.bands, pseudonym) for item in value]
            return mask(effect, value, self._catalogue.bands, pseudonym)

        return shown


@dataclass(slots=True)
class Reply:
    """What came back of one request: what the caller got, what was recorded, and what the platforms were asked."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes
    record: bytes
    asks: list[tuple[Any, ...]]

    @property
    def codes(self) -> list[str]:
        return re.findall(r'"code":"([A-Z_]+)"', self.body.decode())


class Side:
    """One of the two corridors; its reader and its face live on from one policy set to the next."""

    def __init__(self, catalogue: Catalogue, plain: bool) -> None:
        self.plain = plain
        self.catalogue = catalogue
        self.face = Face(catalogue, compiled=not plain)
        self.reader = Reader(self.face, turns=Ungoverned(), plain=plain)
        self.cursors = Cursors(b"c" * 32)
        self.audit = Kept()
        self.now = NOON

    def live_under(self, policies: PolicySet, registry: Registry, callers: Sequence[Caller]) -> None:
        fetcher = Fetcher(registry)
        self.registry = registry
        self.decider = Decider(policies, registry, "37", self.plain)
        shaper = Shaper(
            self.face, policies, registry, self.cursors, Pseudonyms(b"p" * 32, "k1"), b"r" * 32,
            fetcher.status, fetcher.as_of,
        )  # fmt: skip
        if self.plain:
            shaper._connections._binder = Anew(self.catalogue)
        corridor = Corridor(
            authenticator=Callers(callers),  # type: ignore[arg-type]
            reader=self.reader,
            planner=Planner(self.face, self.catalogue, self.cursors, max_subjects=20, max_first=50),
            decider=self.decider,
            fetcher=fetcher,
            shaper=shaper,
            audit=self.audit,  # type: ignore[arg-type]
            deadline=30.0,
            now=lambda: self.now,
            rations=Rations(wall=lambda: self.now.timestamp()),  # the two sides are asked one after the other
        )
        self.endpoint = Endpoint(corridor, max_body=1 << 18, body_timeout=30.0, max_inflight=10)

    async def ask(self, headers: list[tuple[bytes, bytes]], body: bytes) -> Reply:
        if self.plain:
            self.face._collectors = Collectors(self.face.graphql)
            for kept in (self.decider._known, self.decider._rulings, self.decider._verdicts):
                kept.clear()  # it forgets with time, which stands still here
            self.decider._sights.forget()
        connectors = [source.connector for p in self.registry.platforms.values() for source in p.sources.values()]
        for connector in connectors:
            connector.asks.clear()  # type: ignore[attr-defined]
        sent: list[Any] = []

        async def receive() -> Any:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        await self.endpoint({"type": "http", "method": "POST", "headers": headers}, receive, send)
        start, end = sent
        asks = [ask for connector in connectors for ask in connector.asks]  # type: ignore[attr-defined]
        return Reply(start["status"], start["headers"], end["body"], self.audit.last, asks)


def caller_of(facts: Facts, random: Random, number: int) -> Caller:
    """A caller of whom the facts of a question are true; consents and a key of its own where they say so."""
    consents = tuple(
        _consent(random, key, facts, each)
        for each, key in enumerate(random.sample(SUBJECTS, 6) if facts.consent else ())
    )
    given = tuple(GivenConsent(each.id, random.choice(["VALID", "VALID", "EXPIRED"])) for each in consents)
    own = random.choice([SUBJECTS[0], *SUBJECTS[-3:]]) if facts.own else None
    evidence = {"operator": "甲", "caseNo": str(number)} if random.random() < 0.3 else {}
    token = str(number) if random.random() < 0.7 else None
    return Caller(
        facts.client_id, facts.client_class, facts.region, facts.scopes, facts.purpose, evidence, own, "https://issuer",
        token, consents, given,
    )  # fmt: skip


def _consent(random: Random, key: SubjectKey, facts: Facts, number: int) -> Consent:
    salt = bytes([number] * 16)
    digest = sha256(salt + f"{key.kind}:{key.value}".encode()).digest()
    types = frozenset({facts.type, random.choice(["SmeFinanceSummary", "JudgmentDebtor"])})
    until = facts.at.timestamp() + random.choice([-10, 0, 10, 10_000])
    return Consent(f"c{number}", "https://consents", facts.purpose or "gov.licensing", types, until, salt, digest)


def body_of(query: str, variables: Any, name: str | None) -> bytes:
    return orjson.dumps({"query": query, "variables": variables, "operationName": name})
