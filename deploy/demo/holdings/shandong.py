"""The province's own systems: the court's list of debtors and the registry, which are authorities of record.

The court's rows use the names of its public list and Chinese dates; the registry is a database with capital
in 元 and an older column for the legal representative. Mapped by `platforms/370000-shandong-province.yaml`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from deploy.demo import spelling as s
from deploy.demo.facts import Fact
from deploy.demo.holdings.nested import Parts, listed
from deploy.demo.holdings.sheet import SAME, Column, Flaw, Holding, table, write
from deploy.demo.spelling import Pen

PERFORMANCE = {"UNPERFORMED": "全部未履行", "PARTLY_PERFORMED": "部分履行", "FULLY_PERFORMED": "全部履行"}
DEBTOR_STATES = {"ACTIVE": "1", "EXPIRED": "2", "REVOKED": "3", "OBJECTED": "4"}
REGISTRATION_STATES = {
    "OPEN": "1",
    "LICENCE_REVOKED": "2",
    "DEREGISTERED": "3",
    "MOVED_OUT": "4",
    "SUSPENDED": "5",
    "EXISTING": "6",
}

ANY_DAY = s.days("slash", "dash", "compact", "midnight")
COURT_DAY = s.days("chinese")

DEBTORS = [
    Column("name", "iname", SAME, s.name),
    Column("partyType", "partyTypeName", SAME, s.words({"PERSON": "0", "ORGANISATION": "1"})),
    Column("idOrOrgCode", "cardNum", SAME, s.plain),
    Column("legalRep", "businessEntity", SAME, s.text),
    Column("sex", "sexy", SAME, s.words({"MALE": "男性", "FEMALE": "女性"})),
    Column("age", "age", SAME, s.number),
    Column("court", "courtName", SAME, s.text),
    Column("province", "areaName", SAME, s.text),
    Column("basisNo", "gistId", SAME, s.text),
    Column("basisUnit", "gistUnit", SAME, s.text),
    Column("caseNo", "caseCode", SAME, s.plain),
    Column("filedDate", "regDate", SAME, COURT_DAY),
    Column("duty", "duty", SAME, s.text),
    Column("performance", "performance", SAME, s.words(PERFORMANCE)),
    Column("performedPart", "performedPart", SAME, s.text),
    Column("unperformedPart", "unperformPart", SAME, s.text),
    Column("behaviour", "disruptTypeName", SAME, s.text),
    Column("publishDate", "publishDate", SAME, COURT_DAY),
    Column("publishUntil", "publishUntil", SAME, COURT_DAY),
    Column("status", "state", SAME, s.words(DEBTOR_STATES)),
    Column("sourceUpdatedAt", "updateTime", SAME, s.stamp_epoch),
]
REGISTRATIONS = [
    Column("name", "ENTNAME", SAME, s.name),
    Column("uscc", "UNISCID", SAME, s.plain),
    Column("regNo", "REGNO", SAME, s.text),
    Column("entType", "ENTTYPE", SAME, s.text),
    Column("legalRep", "LEREP", "FRDB", s.text),
    Column("legalRepIdNo", "LEREP_CERNO", SAME, s.id_number),
    Column("legalRepPhone", "LEREP_TEL", SAME, s.text),
    Column("legalRepEmail", "LEREP_EMAIL", SAME, s.text),
    Column("regCapital", "REGCAP", SAME, s.yuan_plain),
    Column("currency", "REGCAPCUR", SAME, s.text),
    Column("estDate", "ESTDATE", SAME, ANY_DAY),
    Column("approvedDate", "APPRDATE", SAME, ANY_DAY),
    Column("opFrom", "OPFROM", SAME, ANY_DAY),
    Column("opTo", "OPTO", SAME, ANY_DAY),
    Column("scope", "OPSCOPE", SAME, s.text),
    Column("address", "DOM", SAME, s.text),
    Column("areaCode", "DOMDISTRICT", SAME, s.area),
    Column("industryCode", "INDUSTRYCO", SAME, s.text),
    Column("regOrgan", "REGORG", SAME, s.text),
    Column("regState", "REGSTATE", SAME, s.words(REGISTRATION_STATES)),
    Column("sourceUpdatedAt", "SJC", SAME, s.stamp),
]

# a JSON text in a column, written by the registry's own software
CHANGES: Parts = {
    "item": ("altitem", s.plain),
    "before": ("altbe", s.text),
    "after": ("altaf", s.text),
    "date": ("altdate", ANY_DAY),
}
SHAREHOLDERS: Parts = {
    "name": ("inv", s.plain),
    "kind": ("invtype", s.words({"PERSON": "1", "ORGANISATION": "2"})),
    "subscribed": ("subconam", s.yuan_plain),
    "paid": ("acconam", s.yuan_plain),
    "date": ("condate", ANY_DAY),
}
REGISTRATIONS += [
    Column("changes", "BGXX", SAME, listed("changes", CHANGES, as_text=True)),
    Column("shareholders", "GDXX", SAME, listed("shareholders", SHAREHOLDERS, as_text=True)),
]

DEBTOR_FLAWS = {"date that is none": Flaw("publishDate", "2025年13月01日", "publishDate", rejects=True)}
REGISTRATION_FLAWS = {
    "capital in words": Flaw("REGCAP", "伍拾万元整", "regCapital", rejects=True),
    "changes that are no list": Flaw("BGXX", "变更内容见纸质档案", "changes", rejects=True),
    "no date of approval": Flaw("APPRDATE", "1900-01-01", "approvedDate", rejects=False),
}


def debtors(facts: Sequence[Fact], pen: Pen) -> list[Holding]:
    return [write(fact, DEBTORS, pen, DEBTOR_FLAWS, {"id": str(number + 1)}) for number, fact in enumerate(facts)]


def registrations(facts: Sequence[Fact], pen: Pen) -> list[Holding]:
    found = []
    for number, fact in enumerate(facts):
        row = write(fact, REGISTRATIONS, pen, REGISTRATION_FLAWS, {}, old=not fact.flaw and number % 5 == 4)
        found.append(Holding(row.fact, row.cells, {"status": "ACTIVE", **row.expected}, row.rejected))
    return found


def stored(holdings: Sequence[Holding]) -> list[dict[str, Any]]:
    """Rows for the court's server."""
    return [{"code": holding.fact.subject.key, "cells": dict(holding.cells)} for holding in holdings]


def database(holdings: Sequence[Holding]) -> dict[str, Any]:
    return {"qydj_jbxx": table(holdings, ["UNISCID"])}
