"""Weihai's platform: licences and penalties as rows of exchange messages, older habits and all.

Fines are text in 万元, with the unit or without; days come in four formats and without end; areas have twelve
digits or are `999999`; names have either sort of brackets; nothing has eight words. Each table is one list of
columns here and one block in `platforms/371000-weihai-credit.yaml`, under the same item of the exchange.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from deploy.demo import spelling as s
from deploy.demo.facts import Fact
from deploy.demo.holdings.sheet import SAME, Column, Flaw, Holding, write
from deploy.demo.spelling import Pen

PARTY = {"ORGANISATION": "法人及非法人组织", "PERSON": "自然人", "INDIVIDUAL_BUSINESS": "个体工商户"}
PENALTY_KINDS = {"WARNING": "警告", "FINE": "罚款", "CONFISCATION": "没收违法所得"}
LICENCE_KINDS = {"GENERAL": "普通", "VERIFICATION": "核准", "ACCREDITATION": "认可"}
ID_TYPES = {"RESIDENT_ID": "身份证"}
SEVERITIES = {"MINOR": "轻微", "GENERAL": "一般", "SERIOUS": "严重"}
PENALTY_STATES = {"ACTIVE": "0", "REVOKED": "1", "OBJECTED": "2", "EXPIRED": "3", "FROZEN": "5", "REPAIRED": "4"}
LICENCE_STATES = {"VALID": "有效", "INVALID": "失效", "REVOKED": "撤销", "OBJECTED": "异议"}

ANY_DAY = s.days("compact", "dash", "midnight", "slash")


def _party(p: str) -> list[Column]:
    return [
        Column("counterpartyName", f"{p}_XDR_MC", SAME, s.name),
        Column("counterpartyType", f"{p}_XDR_LB", SAME, s.words(PARTY)),
        Column("uscc", f"{p}_XDR_SHXYM", SAME, s.no_code),
        Column("regNo", f"{p}_XDR_GSZC", SAME, s.text),
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
    Column("fineAmountWan", "CF_NR_FK", SAME, s.wan_in_words),
    Column("confiscatedAmountWan", "CF_NR_WFFF", SAME, s.wan_in_words),
    Column("decisionDate", "CF_JDRQ", SAME, ANY_DAY),
    Column("conductEnd", "WFXWJSRQ", SAME, ANY_DAY),
    Column("effectiveUntil", "CF_YXQ", SAME, ANY_DAY),
    Column("publishUntil", "CF_GSJZQ", SAME, ANY_DAY),
    Column("authority", "CF_CFJG", SAME, s.text),
    Column("authorityUscc", "CF_CFJGDM", SAME, s.text),
    Column("sourceUnit", "CF_SJLY", SAME, s.text),
    Column("sourceUnitUscc", "CF_SJLYDM", SAME, s.text),
    Column("severity", "YZCD", SAME, s.words(SEVERITIES)),
    Column("status", "CF_ZT", SAME, s.words(PENALTY_STATES)),
    Column("areaCode", "XZQHDM", SAME, s.area),
    Column("sourceUpdatedAt", "GXSJ", SAME, s.stamp),
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
    Column("sourceUnitUscc", "XK_LYDWDM", SAME, s.text),
    Column("remark", "BZ", SAME, s.text),
    Column("areaCode", "XZQHDM", SAME, s.area),
    Column("sourceUpdatedAt", "GXSJ", SAME, s.stamp),
]

PENALTY_FLAWS = {
    "typing error in a time": Flaw("GXSJ", "2025-09-01 00:00;00", "sourceUpdatedAt", rejects=True),
    "misplaced separator": Flaw("CF_NR_FK", "5,000000", "fineAmountWan", rejects=True),
    "words for a date": Flaw("CF_YXQ", "无处罚期限", "effectiveUntil", rejects=False),
    "no end of publicity": Flaw("CF_GSJZQ", "\\N", "publishUntil", rejects=False),
    "state of no vocabulary": Flaw("CF_ZT", "8", "status", rejects=True),
}
LICENCE_FLAWS = {
    "date that is none": Flaw("XK_YXQZ", "20251301", "validFrom", rejects=True),
    "no decision date": Flaw("XK_JDRQ", "1899-12-30", "decisionDate", rejects=False),
}


def penalties(facts: Sequence[Fact], pen: Pen) -> list[Holding]:
    return [write(fact, PENALTIES, pen, PENALTY_FLAWS, _serial(number)) for number, fact in enumerate(facts)]


def licences(facts: Sequence[Fact], pen: Pen) -> list[Holding]:
    found = []
    for number, fact in enumerate(facts):
        row = write(fact, LICENCES, pen, LICENCE_FLAWS, _serial(number))
        found.append(Holding(row.fact, row.cells, {"status": fact.values["status"], **row.expected}, row.rejected))
    return found


def _serial(number: int) -> dict[str, str]:
    return {"XH": f"WH{number + 1:06d}"}


def stored(items: Mapping[str, Sequence[Holding]]) -> dict[str, Any]:
    """Rows for the server by the item of the exchange: whose they are, the day that a range means, the cells."""
    return {
        item: [
            {
                "code": holding.fact.subject.key,
                "day": holding.fact.values["decisionDate"].isoformat(),
                "cells": dict(holding.cells),
            }
            for holding in held
        ]
        for item, held in items.items()
    }
