"""The homes of two gateways that ask each other: declarations, registries, policies and a database for each.

An agreement between both lets Shandong ask; Shanghai's own policies close some of it again. No subject here exists.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import sqlite3
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from joserfc.jwk import ECKey
from ruamel.yaml import YAML

import policies
from deploy.demo.codes import uscc
from tests.promises.small_sets import seal

FIRM, OTHER = uscc("91", "310101", 70_001), uscc("91", "370202", 70_002)
SHANDONG, SHANGHAI = "370000-shandong-gateway", "310000-shanghai-gateway"
RESOURCES = {"37": "https://sd.example/graphql", "31": "https://sh.example/graphql"}
PENALTIES, SUMMARIES = "AdministrativePenalty", "SmeFinanceSummary"
PURPOSES = ["gov.licensing", "gov.procurement", "gov.bidding", "finance.loan"]

AGREEMENT = """\
policy: agreement-31-37
kind: agreement
title: {zh: 沪鲁互查, en: Shanghai and Shandong ask each other}
owner: {office: 上海市公共信用信息服务中心, contact: policy@credit.example}
between: {provider: "31", consumer: "37"}
valid: {from: 2026-01-01, until: 9999-01-01}
purposes: [gov.licensing, gov.procurement, gov.bidding, finance.loan]
obligations: [delete-within-30d]
assessment: pia-2026-37-31
signed:
  - {by: 上海市公共信用信息服务中心, key: sh-policy-2026, date: 2026-01-01}
  - {by: 山东省社会信用中心, key: sd-policy-2026, date: 2026-01-01}
rules:
  - id: departments
    why: {zh: 山东行政机关核查, en: Departments of Shandong check}
    grant: allow
    to: {client: government}
    scopes: [credit.gov]
    types: [AdministrativePenalty]
    fields: {class: [PUBLIC, GOV_SHARED]}
  - id: lenders
    why: {zh: 山东金融机构凭同意, en: "Lenders of Shandong, with consent"}
    grant: allow
    to: {client: licensedFinancial}
    scopes: [credit.finance]
    purposes: [finance.loan]
    consent: required
    types: [SmeFinanceSummary]
    fields: {class: AUTHORIZED}
"""
# in Shanghai alone: what its own policies close
CLOSED = """\
policy: shanghai-closes
kind: province
region: "31"
title: {zh: 上海不提供, en: What Shanghai keeps}
owner: {office: 上海市公共信用信息服务中心, contact: policy@credit.example}
valid: {from: 2026-01-01}
rules:
  - id: facts-stay
    why: {zh: 违法事实不出市, en: The facts stay in the city}
    limit: deny
    to: anyone
    types: [AdministrativePenalty]
    fields: {name: [facts]}
  - id: surnames
    why: {zh: 只见姓氏, en: Surnames only}
    limit: surname
    to: anyone
    types: [AdministrativePenalty]
    fields: {name: [legalRepresentative]}
  - id: pseudonyms-for-procurement
    why: {zh: 采购只见假名, en: Procurement sees pseudonyms}
    limit: pseudonym
    to: anyone
    purposes: [gov.procurement]
    types: [AdministrativePenalty]
    fields: {name: [legalRepresentative]}
  - id: not-for-procurement
    why: {zh: 采购不查案由, en: Procurement sees no case names}
    limit: deny
    to: anyone
    purposes: [gov.procurement]
    types: [AdministrativePenalty]
    fields: {name: [caseName]}
  - id: no-names-for-procurement
    why: {zh: 采购不见名称, en: Procurement sees no names}
    limit: deny
    to: anyone
    purposes: [gov.procurement]
    types: [AdministrativePenalty]
    fields: {name: [counterpartyName]}
  - id: no-severity-for-bids
    why: {zh: 招标不提供严重程度, en: Bidding is not told how severe it was}
    limit: deny
    to: anyone
    purposes: [gov.bidding]
    types: [AdministrativePenalty]
    fields: {name: [severity]}
"""
COLUMNS = {
    PENALTIES: ("documentNo", "status", "severity", "procedure", "decisionDate", "conductEnd", "publishUntil",
                "objectedOn", "penaltyKinds", "caseName", "facts", "legalRepresentative", "legalRepIdNo",
                "counterpartyName"),
    SUMMARIES: ("status", "uscc", "summaryDate", "financingDemand"),
}  # fmt: skip
DATES = ("decisionDate", "conductEnd", "publishUntil", "objectedOn", "summaryDate")
WORDS: dict[str, Any] = {name: {"date": "%Y-%m-%d"} for name in DATES} | {"penaltyKinds": {"split": "、"}}


def platform(region: str) -> str:
    """The declaration of a region's own database, which bears the catalogue's names."""
    types: dict[str, Any] = {}
    for name, columns in COLUMNS.items():
        fields = {each: {"column": each, **WORDS.get(each, {})} for each in columns}
        table = {"table": name.lower(), "key": ["id"], "subject": {"uscc": {"column": "subject"}}, "fields": fields}
        types[name] = table
    return _declared(region, "book", {"kind": "sql", "url": "env:BOOK"}, types)


def peer(region: str) -> str:
    """The declaration of the other gateway."""
    source = {
        "kind": "peer", "endpoint": "env:PEER", "resource": "env:PEER_RESOURCE",
        "auth": {"kind": "oauth2", "token": "env:TOKENS", "client": "env:CLIENT", "key": "secret:peer.pem",
                 "method": "private_key_jwt", "algorithm": "ES256", "exchange": region == "31",
                 "scopes": ["credit.gov", "credit.finance"]},
    }  # fmt: skip
    return _declared(region, "gateway", source, {name: {"remote": name} for name in COLUMNS})


def _declared(region: str, what: str, source: Mapping[str, Any], types: Mapping[str, Any]) -> str:
    names = {"37": "shandong", "31": "shanghai"}
    words = {
        "platform": f"{region}0000-{names[region]}-{what}", "version": "1.0.0", "region": f"{region}0000",
        "title": {"zh": "虚构", "en": "Invented"}, "owner": {"office": "虚构", "contact": "ops@example.org"},
        "catalogue": ">=2026 <2027", "sources": {"main": source}, "types": types,
    }  # fmt: skip
    return json.dumps(words, ensure_ascii=False)  # every JSON is YAML


def _day(away: int) -> str:
    """A day so far from today: what is published then is published whenever this runs."""
    return (datetime.now(UTC).date() + timedelta(days=away)).isoformat()


def penalty(number: str, person: str) -> dict[str, Any]:
    return {
        "documentNo": number, "status": "ACTIVE", "severity": "GENERAL", "procedure": "ORDINARY",
        "decisionDate": _day(-200),
        "conductEnd": _day(-230), "publishUntil": _day(500), "objectedOn": None, "caseName": f"案 {number}",
        "facts": "事实", "legalRepresentative": person, "legalRepIdNo": None, "penaltyKinds": "FINE",
        "counterpartyName": "虚构公司",
    }  # fmt: skip


SUMMARY = {"status": "ACTIVE", "uscc": FIRM, "summaryDate": _day(-90), "financingDemand": "贷款"}
ROWS = {
    "37": {PENALTIES: [(FIRM, penalty("鲁-1", "张三")), (OTHER, penalty("鲁-2", "李四"))], SUMMARIES: []},
    "31": {PENALTIES: [(FIRM, penalty("沪-1", "王五"))], SUMMARIES: [(FIRM, SUMMARY)]},
}  # fmt: skip


def make_home(home: Path, region: str, key: ECKey, tokens: str, asking: str) -> Path:
    shipped = Path(policies.__file__).parent
    shutil.copytree(shipped, home / "policies", ignore=shutil.ignore_patterns("*.py", "__pycache__", "*.md"))
    (home / "policies/rules/54-shanghai-shandong.yaml").write_text(AGREEMENT, "utf-8")
    if region == "31":
        (home / "policies/rules/32-shanghai-closes.yaml").write_text(CLOSED, "utf-8")
    seal(home / "policies")
    for name in ("platforms", "secrets"):
        (home / name).mkdir()
    for each in (platform(region), peer("31" if region == "37" else "37")):
        (home / "platforms" / f"{json.loads(each)['platform']}.yaml").write_text(each, "utf-8")
    (home / "secrets/peer.pem").write_bytes(key.as_pem(private=True))
    with (home / "clients.yaml").open("w", encoding="utf-8") as file:
        YAML().dump(_registry(region, tokens, asking), file)
    _book(home / "book.sqlite3", ROWS[region])
    return home


def _registry(region: str, tokens: str, asking: str) -> dict[str, Any]:
    other = "31" if region == "37" else "37"

    def client(
        name: str, client_class: str, scopes: list[str], purposes: list[str], home: str = region
    ) -> dict[str, Any]:
        return {"issuer": tokens, "clientId": name, "class": client_class, "region": f"{home}0000",
                "title": {"zh": name, "en": name}, "scopes": scopes, "purposes": purposes}  # fmt: skip

    peer = client(f"gateway-{other}", "government", ["credit.gov", "credit.finance"], PURPOSES, other)
    peer["delegates"] = {"gateway": RESOURCES[other], "classes": ["government", "licensedFinancial", "public"]}
    own = "bureau" if region == "37" else "sh-bureau"
    return {
        "issuers": [{"issuer": tokens, "jwks": f"{tokens}/jwks.json", "algorithms": ["ES256"], "maxLifetime": "10m"}],
        "consentIssuers": [{"issuer": asking, "jwks": f"{asking}/jwks.json", "statusLists": f"{asking}/status/",
                            "algorithms": ["ES256"]}],
        "clients": {
            own: client(own, "government", ["credit.gov"], PURPOSES[:3]),
            "second-bureau": client("second-bureau", "government", ["credit.gov"], PURPOSES[:3]),
            "bank": client("bank", "licensedFinancial", ["credit.finance"], PURPOSES[3:]),
            f"gateway-{other}": peer,
        },
    }  # fmt: skip


def _book(path: Path, rows: Mapping[str, Any]) -> None:
    with contextlib.closing(sqlite3.connect(path)) as book:
        for name, columns in COLUMNS.items():
            book.execute(f"create table {name.lower()} (id integer primary key, subject text, {', '.join(columns)})")
            for subject, values in rows[name]:
                marks = ", ".join("?" * (len(columns) + 1))
                held = [subject, *(values[each] for each in columns)]
                book.execute(f"insert into {name.lower()} (subject, {', '.join(columns)}) values ({marks})", held)
        book.commit()
