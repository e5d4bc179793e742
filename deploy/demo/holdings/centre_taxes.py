"""Columns of the tax authority's lines. A level stands in an old column or in a new one; arrears are what somebody
typed: 万元 bare, 万元 with the unit, or 元 in words.
"""

from __future__ import annotations

from deploy.demo import spelling as s
from deploy.demo.holdings.centre_words import ANY_DAY, SEVERITY, SOURCE, STATUS, YES
from deploy.demo.holdings.sheet import SAME, Column, Flaw

NATURES = {
    "EVASION": "偷税",
    "FALSE_SPECIAL_INVOICES": "虚开增值税专用发票或者虚开用于骗取出口退税、抵扣税款的其他发票",
    "EXPORT_REFUND_FRAUD": "骗取国家出口退税",
    "ABSCONDED": "走逃（失联）",
}

RATINGS = [
    Column("year", "EVALUA_YEAR", "PJND", s.number),
    Column("level", "TAX_CREDIT_LEVEL", "NSXYDJ", s.words({level: level for level in "ABMCD"})),
    Column("aListed", "SFAJ", SAME, s.words(YES)),
    Column("organ", "EVALUA_DEPT", "PJJG", s.text),
    Column("ratedDate", "EVALUA_DT", "PJRQ", ANY_DAY),
    Column("validFrom", "YXQZ", SAME, ANY_DAY),
    Column("validTo", "YXQZI", SAME, ANY_DAY),
    STATUS,
    *SOURCE,
]
VIOLATIONS = [
    Column("name", "NSRMC", SAME, s.name),
    Column("taxNo", "NSRSBH", SAME, s.plain),
    Column("address", "ZCDZ", SAME, s.text),
    Column("legalRep", "FDDBR", SAME, s.text),
    Column("legalRepSex", "FDDBRXB", SAME, s.words({"MALE": "男", "FEMALE": "女"})),
    Column("legalRepIdNo", "FDDBRZJHM", SAME, s.id_number),
    Column("financeHead", "CWFZR", SAME, s.text),
    Column("financeHeadIdNo", "CWFZRZJHM", SAME, s.id_number),
    Column("agency", "ZJJG", SAME, s.text),
    Column("caseNature", "AJXZ", SAME, s.words(NATURES)),
    Column("facts", "ZYWFSS", SAME, s.text),
    Column("basisAndHandling", "CLCFQK", SAME, s.text),
    Column("entryDate", "LRRQ", SAME, ANY_DAY),
    Column("removeDate", "TZGBRQ", SAME, ANY_DAY),
    Column("publishUntil", "GSJZQ", SAME, ANY_DAY),
    SEVERITY,
    STATUS,
    *SOURCE,
]
ARREARS = [
    Column("taxType", "QSSZ", SAME, s.text),
    Column("balance", "QSYE", SAME, s.wan_in_words),
    Column("noticeDate", "GGRQ", SAME, ANY_DAY),
    Column("organ", "GGJG", SAME, s.text),
    Column("abnormalDate", "FZCHRDRQ", SAME, ANY_DAY),
    STATUS,
    *SOURCE,
]

RATING_FLAWS = {"level of no scale": Flaw("TAX_CREDIT_LEVEL", "S", "level", rejects=True)}
VIOLATION_FLAWS = {
    "no end of publicity": Flaw("GSJZQ", "1899-12-30", "publishUntil", rejects=False),
    "nature of no vocabulary": Flaw("AJXZ", "涉税违法", "caseNature", rejects=True),
}
ARREARS_FLAWS = {"two amounts in one cell": Flaw("QSYE", "增值税20000元，附加2400元", "balance", rejects=True)}
