"""A gateway's home for one scenario: the shipped policies, a `rest` platform for each city, registered clients.

It is made by the gateway's own `init`, as an operator's is, and holds nothing that an operator could not write.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gateway import checking
from gateway.cli.homes import make_home
from policies.bundles import MANIFEST, manifest_text
from tests.benchmarks import records
from tests.benchmarks.issuer import CLIENT, PURPOSE, SCOPES

AUDIENCE = "https://bench.example/graphql"
CONNECTIONS = 64

PLATFORM = """\
platform: {id}
version: 1.0.0
region: "{region}"
title: {{zh: 基准测试平台, en: Platform of the benchmark}}
owner: {{office: 基准测试, contact: bench@platform.example}}
catalogue: ">=2026 <2027"
sources:
  api:
    kind: rest
    base: env:BASE_{region}
{authority}    success: {{path: code, is: ["200"]}}
    limits: {{concurrency: {connections}, timeout: 3s, maxRows: 1000}}
types:
  {type}:
    request: {{method: GET, path: /xzcf, query: {{dm: "{slot}", fields: "{{projection}}"}}{join}}}
    rows: rows
    key: [ID]
    subject: {{uscc: {{path: DM}}}}
    fields:
      documentNo: {{path: WSH}}
      penaltyKinds: {{path: LB, split: "、", vocabulary: {{"罚款": FINE, "没收": CONFISCATION}}}}
      fineAmountWan: {{path: JE, unit: {{from: wan, to: wan}}}}
      decisionDate: {{path: JDRQ, date: "%Y-%m-%d"}}
      conductEnd: {{path: XWJS, date: "%Y-%m-%d"}}
      publishUntil: {{path: GSJZ, date: "%Y-%m-%d"}}
      authority: {{path: JG}}
      procedure: {{path: CX, vocabulary: {{"1": ORDINARY}}}}
      status: {{path: ZT, vocabulary: {{"1": ACTIVE}}}}
      legalRepIdNo: {{path: ZJ}}
      personIdNo: {{path: GRZJ}}
    notApplicable:
      severity: "the benchmark's penalties are all of one grade"
      objectedOn: "nobody objects to the benchmark's penalties"
    batch: {batch}
"""


# beside the shipped rules, in the scenario where every row has many masks
STRICT_RULES = """\
policy: bench-masks
kind: province
region: "37"
title: {zh: 基准测试, en: Masks of the benchmark}
owner: {office: 基准测试, contact: bench@platform.example}
valid: {from: 2026-01-01}
rules:
  - id: months
    why: {zh: 基准测试, en: Days leave as months}
    limit: month
    to: anyone
    fields: {name: [conductEnd]}
  - id: years
    why: {zh: 基准测试, en: Ends of publicity leave as years}
    limit: year
    to: anyone
    fields: {name: [publishUntil]}
  - id: bands
    why: {zh: 基准测试, en: Fines leave in bands}
    limit: bucket
    to: anyone
    fields: {name: [fineAmountWan]}
"""
STRICTLY_MASKED = frozenset({"conductEnd", "publishUntil", "fineAmountWan"})


@dataclass(frozen=True, slots=True)
class Plan:
    """What a home is made for. `bases` are the platforms' URLs by region; a `batch` above 1 asks many at once;
    `strict` adds rules that mask more."""

    bases: Mapping[str, str]
    issuer: str
    clients: Sequence[str] = (CLIENT,)
    batch: int = 1
    authority: Path | None = None
    strict: bool = False


def platform_id(region: str) -> str:
    return f"{region}-bench"


def make(home: Path, plan: Plan) -> Path:
    """Write the home."""
    make_home(home)
    for region in plan.bases:
        text = PLATFORM.format(
            id=platform_id(region),
            region=region,
            connections=CONNECTIONS,
            type=records.TYPE,
            authority="    ca: env:BENCH_CA\n" if plan.authority else "",
            slot="{subjects}" if plan.batch > 1 else "{subject}",
            join=', join: ","' if plan.batch > 1 else "",
            batch=plan.batch,
        )
        (home / "platforms" / f"{platform_id(region)}.yaml").write_text(text, "utf-8")
    if plan.strict:
        policies = home / "policies"
        (policies / "rules" / "90-bench.yaml").write_text(STRICT_RULES, "utf-8")
        (policies / MANIFEST).write_text(manifest_text(checking.policy_documents(policies)), "utf-8")
    client = {
        "issuer": plan.issuer,
        "class": "government",
        "region": "310000",
        "title": {"zh": "基准测试机关", "en": "A bureau of the benchmark"},
        "scopes": list(SCOPES),
        "purposes": [PURPOSE],
    }
    document = {
        "issuers": [
            {"issuer": plan.issuer, "jwks": plan.issuer + "/jwks", "algorithms": ["ES256"], "maxLifetime": "24h"}
        ],
        "clients": {name: {**client, "clientId": name} for name in plan.clients},
    }
    (home / "clients.yaml").write_text(json.dumps(document, ensure_ascii=False), "utf-8")  # JSON is YAML
    lines = {
        "CREDIT_GATEWAY_RESOURCE": AUDIENCE,
        "CREDIT_GATEWAY_MAX_FIRST": "2000",
        "CREDIT_GATEWAY_LOG_LEVEL": "error",
        **{f"BASE_{region}": base for region, base in plan.bases.items()},
        **({"BENCH_CA": str(plan.authority)} if plan.authority else {}),
    }
    (home / "gateway.env").write_text("".join(f"{name}={value}\n" for name, value in lines.items()), "utf-8")
    keys = home / "keys"
    keys.mkdir(mode=0o700, exist_ok=True)
    key = keys / "gateway.key"  # made here already: `naive` gives the same pseudonyms
    key.touch(0o600)
    key.write_text(secrets.token_hex(32) + "\n")
    return home
