"""Yantai's platform: penalties, licences and its own copy of registrations, as JSON rows.

Keys come in upper or in lower case, row by row; days are epoch milliseconds or text; fines are in 万元;
CHECK_FLAG "0" marks a row that nobody has checked yet, RESOURCE_ID names it. The copy of registrations
disagrees with the authority of record here and there. Mapped by `platforms/370600-yantai-credit.yaml`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from deploy.demo import spelling as s
from deploy.demo.facts import Fact
from deploy.demo.holdings.nested import listed
from deploy.demo.holdings.sheet import SAME, Column, Flaw, Holding, write
from deploy.demo.spelling import Pen

PARTY = {"ORGANISATION": "法人及非法人组织", "PERSON": "自然人", "INDIVIDUAL_BUSINESS": "个体工商户"}
PENALTY_KINDS = {"WARNING": "警告", "FINE": "罚款", "CONFISCATION": "没收违法所得"}
LICENCE_KINDS = {"GENERAL": "01", "VERIFICATION": "04", "ACCREDITATION": "03"}
ID_TYPES = {"RESIDENT_ID": "111"}
SEVERITIES = {"MINOR": "1", "GENERAL": "2", "SERIOUS": "3"}
PENALTY_STATES = {"ACTIVE": "1", "OBJECTED": "2", "REPAIRED": "3", "REVOKED": "4", "EXPIRED": "5"}
REGISTRATION_STATES = {
    "OPEN": "开业",
    "EXISTING": "存续",
    "LICENCE_REVOKED": "吊销",
    "DEREGISTERED": "注销",
    "SUSPENDED": "停业",
    "MOVED_OUT": "迁出",
}
LICENCE_STATES = {"VALID": "1", "INVALID": "0", "REVOKED": "2", "OBJECTED": "3"}

ANY_DAY = s.days("epoch", "dash", "epoch", "midnight", unknown=("", "暂无"))


def _party(p: str) -> list[Column]:
    return [
        Column("counterpartyName", f"{p}_XDR_MC", SAME, s.name),
        Column("counterpartyType", f"{p}_XDR_LB", SAME, s.words(PARTY)),
        Column("uscc", f"{p}_XDR_SHXYM", SAME, s.plain),
        Column("regNo", f"{p}_XDR_GSZC", SAME, s.plain),
        Column("legalRepresentative", f"{p}_FRDB", SAME, s.text),
        Column("legalRepIdNo", f"{p}_FR_ZJHM", SAME, s.id_number),
        Column("personIdType", f"{p}_XDR_ZJLX", SAME, s.words(ID_TYPES)),
        Column("personIdNo", f"{p}_XDR_ZJHM", SAME, s.plain),
    ]


PENALTIES = [
    *_party("CF"),
    Column("documentNo", "CF_WSH", SAME, s.plain),
    Column("violationType", "CF_WFXW", SAME, s.text),
    Column("facts", "CF_SY", SAME, s.text),
    Column("basis", "CF_YJ", SAME, s.text),
    Column("penaltyKinds", "CF_CFLB", SAME, s.words(PENALTY_KINDS)),
    Column("content", "CF_NR", SAME, s.text),
    Column("fineAmountWan", "CF_NR_FK", SAME, s.wan),
    Column("confiscatedAmountWan", "CF_NR_WFFF", SAME, s.wan),
    Column("decisionDate", "CF_JDRQ", SAME, ANY_DAY),
    Column("conductEnd", "WFXWJSRQ", SAME, ANY_DAY),
    Column("objectedOn", "YYTCRQ", SAME, ANY_DAY),
    Column("publishUntil", "CF_GSJZQ", SAME, ANY_DAY),
    Column("authority", "CF_CFJG", SAME, s.text),
    Column("authorityUscc", "CF_CFJGDM", SAME, s.text),
    Column("sourceUnit", "CF_SJLY", SAME, s.text),
    Column("sourceUnitUscc", "CF_SJLYDM", SAME, s.text),
    Column("severity", "YZCD", SAME, s.words(SEVERITIES)),
    Column("sourceUpdatedAt", "CREATE_DATE", SAME, s.stamp_epoch),
]
LICENCES = [
    *_party("XK"),
    Column("documentName", "XK_XKWS", SAME, s.text),
    Column("documentNo", "XK_WSH", SAME, s.plain),
    Column("licenceKind", "XK_XKLB", SAME, s.words(LICENCE_KINDS)),
    Column("certificateName", "XK_XKZS", SAME, s.text),
    Column("certificateNo", "XK_XKBH", SAME, s.text),
    Column("content", "XK_NR", SAME, s.text),
    Column("decisionDate", "XK_JDRQ", SAME, ANY_DAY),
    Column("validFrom", "XK_YXQZ", SAME, ANY_DAY),
    Column("validTo", "XK_YXQZI", SAME, ANY_DAY),
    Column("authority", "XK_XKJG", SAME, s.text),
    Column("authorityUscc", "XK_XKJGDM", SAME, s.text),
    Column("state", "XK_ZT", SAME, s.words(LICENCE_STATES)),
    Column("sourceUnit", "XK_LYDW", SAME, s.text),
    Column("sourceUpdatedAt", "CREATE_DATE", SAME, s.stamp_epoch),
]
CHANGES = {"item": ("bgsx", s.plain), "before": ("bgq", s.text), "after": ("bgh", s.text), "date": ("bgrq", ANY_DAY)}
SHAREHOLDERS = {
    "name": ("gdmc", s.plain),
    "kind": ("gdlx", s.words({"PERSON": "自然人", "ORGANISATION": "法人"})),
    "subscribed": ("rjcze", s.wan),
    "paid": ("sjcze", s.wan),
    "date": ("czrq", ANY_DAY),
}
REGISTRATIONS = [
    Column("name", "ENTNAME", SAME, s.name),
    Column("uscc", "UNISCID", SAME, s.plain),
    Column("regNo", "REGNO", SAME, s.text),
    Column("entType", "REPORTTYPE", SAME, s.text),
    Column("legalRep", "LEREP", SAME, s.text),
    Column("regCapital", "REGCAP", SAME, s.wan),
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
    Column("sourceUpdatedAt", "CREATE_DATE", SAME, s.stamp_epoch),
    Column("changes", "BGXX", SAME, listed("changes", CHANGES, as_text=False)),
    Column("shareholders", "GDXX", SAME, listed("shareholders", SHAREHOLDERS, as_text=False)),
]

PENALTY_FLAWS = {
    # nobody knows what 8 means: an unknown state is no state, and a row without one must not be shown
    "state that nobody knows": Flaw("CF_ZT", "8", "status", rejects=False),
    "date that is none": Flaw("CF_JDRQ", "2025-02-30", "decisionDate", rejects=True),
    "no end of conduct": Flaw("WFXWJSRQ", "暂无", "conductEnd", rejects=False),
}
LICENCE_FLAWS = {"kind of no vocabulary": Flaw("XK_XKLB", "99", "licenceKind", rejects=True)}
REGISTRATION_FLAWS = {"state of no vocabulary": Flaw("REGSTATE", "在营(开业)企业", "regState", rejects=True)}


def penalties(facts: Sequence[Fact], pen: Pen) -> list[Holding]:
    found = []
    for number, fact in enumerate(facts):
        status = fact.values["status"]
        checked = status != "FROZEN"
        more = _resource("101102", number, checked) | {"CF_ZT": PENALTY_STATES.get(status, "1")}
        row = write(fact, PENALTIES, pen, PENALTY_FLAWS, more)
        found.append(cased(row, number, pen, {"status": status}))
    return found


def licences(facts: Sequence[Fact], pen: Pen) -> list[Holding]:
    found = []
    for number, fact in enumerate(facts):
        row = write(fact, LICENCES, pen, LICENCE_FLAWS, _resource("101101", number))
        found.append(cased(row, number, pen, {"status": fact.values["status"]}))
    return found


def registrations(facts: Sequence[Fact], pen: Pen) -> list[Holding]:
    found = []
    for number, fact in enumerate(facts):
        row = write(fact, REGISTRATIONS, pen, REGISTRATION_FLAWS, _resource("101103", number))
        found.append(cased(row, number, pen, {"status": "ACTIVE"}))
    return found


def _resource(kind: str, number: int, checked: bool = True) -> dict[str, str]:
    return {"RESOURCE_ID": f"DIR-20180903-{kind}-{number + 1}", "CHECK_FLAG": "1" if checked else "0"}


def cased(row: Holding, number: int, pen: Pen, expected: Mapping[str, Any]) -> Holding:
    """Every third row with its keys in lower case."""
    lower = number % 3 == 2
    pen.used["keys:lower" if lower else "keys:upper"] += 1
    cells = {name.lower(): cell for name, cell in row.cells.items()} if lower else row.cells
    return Holding(row.fact, cells, {**expected, **row.expected}, row.rejected)


def stored(holdings: Sequence[Holding]) -> list[dict[str, Any]]:
    """Rows for the server, newest first: whose they are, the day that a range is compared with, the cells."""
    rows = [
        {"code": holding.fact.subject.key, "day": _day(holding).isoformat(), "cells": dict(holding.cells)}
        for holding in holdings
    ]
    return sorted(rows, key=lambda row: str(row["day"]), reverse=True)


def _day(holding: Holding) -> date:
    values = holding.fact.values
    day: date = values.get("decisionDate") or values["approvedDate"]
    return day
