"""What a good team writes in a week: Strawberry resolvers that ask each platform and decide each field as it is read.

It has the gateway's own transport, policies, masks and token format, so that only the way of building is compared. A
token is verified once and remembered, a decision is made once per request, one line of audit is on disk before the
answer leaves. With `bare` all of that is left out. Started by `naive_server`; it reads one JSON file of settings.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import strawberry
from cachetools import TTLCache
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from starlette.exceptions import HTTPException
from strawberry.asgi import GraphQL
from strawberry.extensions import SchemaExtension

from connectors.contract import Deadline
from connectors.transport.pool import Pool
from connectors.transport.port import Question
from gateway import checking, keyfiles
from policies.interpreter import decide, row_rules
from policies.masks import Pseudonyms, mask
from policies.model import Decision, Facts
from policies.rows import judge
from tests.benchmarks import records
from tests.benchmarks.home import AUDIENCE, CONNECTIONS, platform_id

KIND = "Enterprise"
DEADLINE = 3.0  # seconds
LARGEST = 4 << 20  # bytes of a platform's answer


@dataclass(frozen=True, slots=True)
class Settings:
    """The home whose policies it decides by, the platforms' URLs by region, the issuer and its keys."""

    home: Path
    bases: Mapping[str, str]
    issuer: str
    keys: dict[str, Any]
    client: Mapping[str, Any]
    bare: bool = False
    authority: str | None = None  # the certificate to trust


class House:
    """What is open while requests are answered."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.bare = settings.bare
        self.pools = {
            region: Pool(base, CONNECTIONS, authority=settings.authority) for region, base in settings.bases.items()
        }
        self.policies = checking.read_policies(settings.home / "policies")
        self.record = self.policies.catalogue.types[records.TYPE]
        secret = keyfiles.secret(settings.home, "gateway.key")
        self.pseudonyms = Pseudonyms(keyfiles.derived(secret, "pseudonyms"), kid="k1")
        self.keys = KeySet.import_key_set(settings.keys)  # type: ignore[arg-type]
        self.claims = jwt.JWTClaimsRegistry(
            iss={"essential": True, "value": settings.issuer},
            aud={"essential": True, "value": AUDIENCE},
            exp={"essential": True},
        )
        self.verified: TTLCache[str, dict[str, Any]] = TTLCache(10_000, 60)
        self.audit = os.open(settings.home / "naive.jsonl", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def caller(self, authorization: str) -> Mapping[str, Any]:
        """The claims of a genuine token. Raises HTTPException."""
        scheme, _, token = authorization.partition(" ")
        claims = self.verified.get(token)
        if claims is None:
            try:
                claims = jwt.decode(token, self.keys, algorithms=["ES256"]).claims
                self.claims.validate(claims)
            except (JoseError, ValueError):
                raise HTTPException(401, "invalid token") from None
            self.verified[token] = claims
        if scheme.lower() != "bearer":
            raise HTTPException(401, "invalid token")
        return claims

    def write(self, line: Mapping[str, Any]) -> None:
        os.write(self.audit, json.dumps(line, ensure_ascii=False).encode() + b"\n")
        os.fsync(self.audit)


@dataclass(slots=True)
class Request:
    """One request: who asks, when, and what was decided so far."""

    house: House
    claims: Mapping[str, Any]
    at: datetime
    decisions: dict[tuple[str, str], Decision] = field(default_factory=dict)

    def facts(self, region: str) -> Facts:
        client = self.house.settings.client
        held = self.claims["scope"].split()
        return Facts(
            client_class=client["class"],
            client_id=self.claims["client_id"],
            region=client["region"],
            scopes=frozenset(held) & frozenset(client["scopes"]),
            purpose=next((word[8:] for word in held if word.startswith("purpose:")), None),
            consent=False,
            own=False,
            given=frozenset({"uscc"}),
            kind=KIND,
            type=records.TYPE,
            province=region,
            at=self.at,
        )

    def decision(self, region: str, name: str) -> Decision:
        found = self.decisions.get((region, name))
        if found is None:
            house = self.house
            found = decide(house.policies, self.facts(region), house.record.fields[name])
            self.decisions[region, name] = found
        return found

    def shown(self, region: str, name: str, value: Any) -> Any:
        """The value as this caller may see it."""
        if self.house.bare:
            return value
        decision = self.decision(region, name)
        if not decision.answered:
            return None
        pseudonym = self.house.pseudonyms.of(self.claims["client_id"], self.facts(region).purpose or "")
        return mask(decision.effect, value, self.house.policies.catalogue.bands, pseudonym)


Info = strawberry.Info[dict[str, Request], None]


def _request(info: Info) -> Request:
    return info.context["request_"]


def _permitted(name: str) -> Any:
    def resolve(root: Penalty, info: Info) -> str | None:
        found = _request(info).shown(root.region, name, root.values.get(name))
        return None if found is None else str(found)

    return strawberry.field(resolver=resolve)


@strawberry.type
class Provenance:
    platform: str


@strawberry.type
class Penalty:
    """One record; each field decides for itself."""

    region: strawberry.Private[str]
    values: strawberry.Private[Mapping[str, Any]]
    documentNo: str | None = _permitted("documentNo")
    fineAmountWan: str | None = _permitted("fineAmountWan")
    decisionDate: str | None = _permitted("decisionDate")
    conductEnd: str | None = _permitted("conductEnd")
    publishUntil: str | None = _permitted("publishUntil")
    authority: str | None = _permitted("authority")
    procedure: str | None = _permitted("procedure")
    status: str | None = _permitted("status")
    legalRepIdNo: str | None = _permitted("legalRepIdNo")
    personIdNo: str | None = _permitted("personIdNo")

    @strawberry.field
    def penalty_kinds(self, info: Info) -> list[str] | None:
        found: list[str] | None = _request(info).shown(self.region, "penaltyKinds", self.values.get("penaltyKinds"))
        return found

    @strawberry.field
    def provenance(self) -> list[Provenance]:
        return [Provenance(platform=platform_id(self.region))]


@strawberry.type
class Penalties:
    nodes: list[Penalty]
    complete: bool


@strawberry.input
class SubjectKey:
    uscc: str


@strawberry.type
class Subject:
    uscc: strawberry.Private[str]

    @strawberry.field
    async def administrative_penalties(
        self, info: Info, first: int = 20, regions: list[str] | None = None
    ) -> Penalties:
        """One call to each platform, at the same time."""
        request = _request(info)
        wanted = [region for region in request.house.pools if regions is None or region in regions]
        answers = await asyncio.gather(*(_ask(request, region, self.uscc) for region in wanted))
        found = [row for rows in answers for row in rows]
        found.sort(key=lambda row: row.values["decisionDate"], reverse=True)
        return Penalties(nodes=found[:first], complete=True)


@strawberry.type
class Query:
    @strawberry.field
    def subject(self, id: SubjectKey) -> Subject:
        return Subject(uscc=id.uscc)


async def _ask(request: Request, region: str, code: str) -> list[Penalty]:
    """One platform's records, read into the catalogue's words; rows that a rule hides are left out."""
    house = request.house
    question = Question("GET", f"/xzcf?dm={code}&fields={','.join(records.COLUMNS.values())}", {"Accept": "*/*"})
    answer = await house.pools[region].send(question, Deadline.within(DEADLINE), LARGEST)
    if answer.status != 200:
        raise RuntimeError("a platform refused")
    rows = [_read(row) for row in json.loads(answer.body)["rows"] if row["DM"] == code]
    if not house.bare:
        rules = row_rules(house.policies, request.facts(region))
        rows = [row for row in rows if judge(rules, house.record, row, None, request.at).shown]
    return [Penalty(region=region, values=row) for row in rows]


def _read(row: Mapping[str, Any]) -> dict[str, Any]:
    values = records.mapped(row)
    days = {name: date.fromisoformat(values[name]) for name in ("decisionDate", "conductEnd", "publishUntil")}
    return {**values, **days, "fineAmountWan": Decimal(values["fineAmountWan"])}


class Audited(SchemaExtension):
    """One line for each request, on disk before its answer leaves."""

    async def on_operation(self) -> AsyncIterator[None]:
        yield
        request: Request = self.execution_context.context["request_"]
        line = {
            "at": request.at.isoformat(),
            "client": request.claims["client_id"],
            "query": self.execution_context.query,
            "decisions": [[*where, found.effect, found.rule] for where, found in request.decisions.items()],
        }
        await asyncio.to_thread(request.house.write, line)


class Application(GraphQL[dict[str, Any], None]):
    """The ASGI application."""

    def __init__(self, house: House) -> None:
        schema = strawberry.Schema(Query, extensions=[] if house.bare else [Audited])
        super().__init__(schema)
        self._house = house

    async def get_context(self, request: Any, response: Any) -> dict[str, Any]:
        claims = {} if self._house.bare else self._house.caller(request.headers.get("authorization", ""))
        return {"request_": Request(self._house, claims, datetime.now(UTC))}
