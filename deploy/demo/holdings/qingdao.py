"""Qingdao's double-publicity database: licences and penalties, 2018 codes with rows of 2016 among them.

Fines are in 元, also inside sentences; dates come in four formats; the state of a licence means the opposite
in rows of 2016 (0 is "normal") and of 2018 (0 is "not valid"), told apart by SJBB; the licences' table is
misspelled, as it really is somewhere. What it writes is mapped by `platforms/370200-qingdao-double-publicity.yaml`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from deploy.demo import spelling as s
from deploy.demo.facts import Fact
from deploy.demo.holdings.sheet import SAME, Column, Flaw, Holding, table, write
from deploy.demo.spelling import Pen

PARTY = {"ORGANISATION": "法人及非法人组织", "PERSON": "自然人", "INDIVIDUAL_BUSINESS": "个体工商户"}
PENALTY_KINDS = {"WARNING": "警告", "FINE": "罚款", "CONFISCATION": "没收违法所得"}
LICENCE_KINDS = {"GENERAL": "普通", "VERIFICATION": "核准", "ACCREDITATION": "认可"}
ID_TYPES = {"RESIDENT_ID": "111"}
SEVERITIES = {"MINOR": "轻微", "GENERAL": "一般", "SERIOUS": "严重"}
PENALTY_STATES = {"ACTIVE": "0", "REVOKED": "1", "OBJECTED": "2", "EXPIRED": "3", "FROZEN": "4", "REPAIRED": "9"}
PENALTY_STATES_2016 = {"ACTIVE": "正常", "REVOKED": "撤销", "OBJECTED": "异议", "EXPIRED": "期满", "REPAIRED": "已修复"}
LICENCE_STATES = {"VALID": "1", "INVALID": "0"}
LICENCE_STATES_2016 = {"VALID": "0", "REVOKED": "1", "OBJECTED": "2", "OTHER": "3"}

ANY_DAY = s.days("dash", "slash", "compact", "midnight")


def _party(p: str) -> list[Column]:
    """The counterparty's block with the prefix CF or XK."""
    return [
        Column("counterpartyName", f"{p}_XDR_MC", f"{p}_XDR", s.name),
        Column("counterpartyType", f"{p}_XDR_LB", None, s.words(PARTY)),
        Column("uscc", f"{p}_XDR_SHXYM", SAME, s.no_code),
        Column("regNo", f"{p}_XDR_GSZC", f"{p}_XDR_GSDJ", s.text),
        Column("orgCode", f"{p}_XDR_ZZJG", f"{p}_XDR_ZDM", s.text),
        Column("taxRegNo", f"{p}_XDR_SWDJ", SAME, s.text),
        Column("institutionCertNo", f"{p}_XDR_SYDW", None, s.text),
        Column("socialOrgCertNo", f"{p}_XDR_SHZZ", None, s.text),
        Column("legalRepresentative", f"{p}_FRDB", f"{p}_FR", s.text),
        Column("legalRepIdType", f"{p}_FR_ZJLX", None, s.words(ID_TYPES)),
        Column("legalRepIdNo", f"{p}_FR_ZJHM", f"{p}_FR_SFZH", s.id_number),
        # The merged table keeps these two for every row: a person is found by them.
        Column("personIdType", f"{p}_XDR_ZJLX", SAME, s.words(ID_TYPES)),
        Column("personIdNo", f"{p}_XDR_ZJHM", SAME, s.plain),
    ]


PENALTIES = [
    *_party("CF"),
    Column("documentNo", "CF_WSH", SAME, s.plain),
    Column("caseName", "CF_CFMC", "CF_AJMC", s.text),
    Column("violationType", "CF_WFXW", None, s.text),
    Column("facts", "CF_SY", SAME, s.text),
    Column("basis", "CF_YJ", SAME, s.text),
    Column("penaltyKinds", "CF_CFLB", "CF_CFLB1", s.words(PENALTY_KINDS)),
    Column("content", "CF_NR", "CF_JG", s.text),
    Column("fineAmountWan", "CF_NR_FK", SAME, s.yuan),
    Column("confiscatedAmountWan", "CF_NR_WFFF", SAME, s.yuan_plain),
    Column("licenceWithheld", "CF_NR_ZKDX", None, s.text),
    Column("decisionDate", "CF_JDRQ", SAME, ANY_DAY),
    Column("conductEnd", "CF_WFXWJSRQ", SAME, ANY_DAY),
    Column("objectedOn", "YYTCRQ", SAME, ANY_DAY),
    Column("effectiveUntil", "CF_YXQ", None, ANY_DAY),
    Column("publishUntil", "CF_GSJZQ", "GSQX", ANY_DAY),
    Column("authority", "CF_CFJG", "CF_XZJG", s.text),
    Column("authorityUscc", "CF_CFJGDM", None, s.text),
    Column("sourceUnit", "CF_SJLY", SAME, s.text),
    Column("sourceUnitUscc", "CF_SJLYDM", None, s.text),
    Column("procedure", "CF_CX", SAME, s.words({"SIMPLE": "01", "ORDINARY": "02"})),
    Column("severity", "CF_YZCD", SAME, s.words(SEVERITIES)),
    Column("areaCode", "XZQHDM", SAME, s.area),
    Column("sourceUpdatedAt", "SJC", SAME, s.stamp),
]
LICENCES = [
    *_party("XK"),
    Column("documentName", "XK_XKWS", "XK_XMMC", s.text),
    Column("documentNo", "XK_WSH", SAME, s.plain),
    Column("licenceKind", "XK_XKLB", "XK_SPLB", s.words(LICENCE_KINDS)),
    Column("certificateName", "XK_XKZS", None, s.text),
    Column("certificateNo", "XK_XKBH", None, s.text),
    Column("content", "XK_NR", SAME, s.text),
    Column("decisionDate", "XK_JDRQ", SAME, s.days("slash")),  # one format only: a range can be asked exactly
    Column("validFrom", "XK_YXQZ", None, ANY_DAY),
    Column("validTo", "XK_YXQZI", "XK_JZQ", ANY_DAY),
    Column("authority", "XK_XKJG", "XK_XZJG", s.text),
    Column("authorityUscc", "XK_XKJGDM", None, s.text),
    Column("sourceUnit", "XK_LYDW", SAME, s.text),
    Column("sourceUnitUscc", "XK_LYDWDM", None, s.text),
    Column("remark", "BZ", SAME, s.text),
    Column("areaCode", "XZQHDM", SAME, s.area),
    Column("sourceUpdatedAt", "SJC", SAME, s.stamp),
]

PENALTY_FLAWS = {
    "date that is none": Flaw("CF_JDRQ", "20251301", "decisionDate", rejects=True),
    "typing error in a time": Flaw("CF_JDRQ", "2025-09-01 00:00;00", "decisionDate", rejects=True),
    "misplaced separator": Flaw("CF_NR_FK", "5,000000", "fineAmountWan", rejects=True),
    "state of no vocabulary": Flaw("CF_ZT", "7", "status", rejects=True),
    "words for a date": Flaw("CF_YXQ", "无处罚期限", "effectiveUntil", rejects=False),
    "no end of publicity": Flaw("CF_GSJZQ", "暂无", "publishUntil", rejects=False),
    "no end of conduct": Flaw("CF_WFXWJSRQ", "\\N", "conductEnd", rejects=False),
}
LICENCE_FLAWS = {
    "kind of no vocabulary": Flaw("XK_XKLB", "备案", "licenceKind", rejects=True),
    "no decision date": Flaw("XK_JDRQ", "1900/01/01", "decisionDate", rejects=False),
}


def penalties(facts: Sequence[Fact], pen: Pen) -> list[Holding]:
    return [_penalty(number, fact, pen) for number, fact in enumerate(facts)]


def _penalty(number: int, fact: Fact, pen: Pen) -> Holding:
    status = fact.values["status"]
    old = not fact.named and not fact.flaw and number % 4 == 3 and status in PENALTY_STATES_2016
    pen.used["generation:2016" if old else "generation:2018"] += 1
    state = (PENALTY_STATES_2016 if old else PENALTY_STATES)[status]
    more = {"SJBB": "2016" if old else "2018", "CF_ZT": state, "XH": number + 1}
    return _with_status(write(fact, PENALTIES, pen, PENALTY_FLAWS, more, old), status=status)


def licences(facts: Sequence[Fact], pen: Pen) -> list[Holding]:
    return [_licence(number, fact, pen) for number, fact in enumerate(facts)]


def _licence(number: int, fact: Fact, pen: Pen) -> Holding:
    state, status = fact.values["state"], fact.values["status"]
    quiet = fact.named or bool(fact.flaw)
    old = state not in LICENCE_STATES or (not quiet and number % 4 == 3 and state in LICENCE_STATES_2016)
    pen.used["generation:2016" if old else "generation:2018"] += 1
    if old and not quiet and number % 60 == 59:  # what "other" means nobody wrote down: such a row has no state
        state, status = "OTHER", None
    cell = (LICENCE_STATES_2016 if old else LICENCE_STATES)[state]
    more = {"SJBB": "2016" if old else "2018", "XK_ZT": cell, "XH": number + 1}
    return _with_status(write(fact, LICENCES, pen, LICENCE_FLAWS, more, old), state=state, status=status)


def _with_status(holding: Holding, **expected: Any) -> Holding:
    return Holding(holding.fact, holding.cells, {**expected, **holding.expected}, holding.rejected)


def database(licences: Sequence[Holding], penalties: Sequence[Holding]) -> dict[str, Any]:
    """The tables for the custodian."""
    return {
        "TAB_PERMISSON": table(licences, ["XK_XDR_SHXYM", "XK_XDR_ZJHM"]),
        "SGS_XZCF": table(penalties, ["CF_XDR_SHXYM", "CF_XDR_ZJHM"]),
    }
