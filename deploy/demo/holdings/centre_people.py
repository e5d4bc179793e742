"""Columns of the lines about insurance, schools and professions. Amounts of arrears are in 元 inside a JSON text; an
end of conduct that has not come yet is one of the words for "for ever".
"""

from __future__ import annotations

from deploy.demo import spelling as s
from deploy.demo.holdings.centre_words import ANY_DAY, SEVERITY, SOURCE, STATUS
from deploy.demo.holdings.nested import listed
from deploy.demo.holdings.sheet import SAME, Column, Flaw

KINDS = {"EXAM_CHEATING": "考试作弊", "EXAM_VIOLATION": "考试违纪", "PLAGIARISM": "抄袭", "FABRICATION": "伪造数据"}
OCCUPATIONS = {"LAWYER": "律师", "TEACHER": "教师", "CPA": "注册会计师", "CONSTRUCTOR": "建造师", "TOUR_GUIDE": "导游"}
CERTIFICATES = {"VALID": "1", "SUSPENDED": "2", "REVOKED": "3", "CANCELLED": "4", "EXPIRED": "5"}

OWED = {"period": ("ssq", s.plain), "amountDue": ("qfje", s.yuan_plain), "months": ("qfys", s.plain)}
DISCIPLINE = {
    "decisionNo": ("jdwh", s.plain),
    "content": ("cjnr", s.plain),
    "organ": ("cjjg", s.plain),
    "date": ("cjrq", ANY_DAY),
}

INSURANCE = [
    Column("decisionNo", "RDWSH", SAME, s.plain),
    Column("determinedDate", "RDRQ", SAME, ANY_DAY),
    Column("conductEnd", "XWZZRQ", SAME, ANY_DAY),
    Column("insuredCount", "CBRS", SAME, s.number),
    Column("fraud", "QZPB", SAME, s.text),
    Column("arrears", "QFMX", SAME, listed("arrears", OWED, as_text=True)),
    Column("listEntry.inDate", "LRMDRQ", SAME, ANY_DAY),
    Column("listEntry.organ", "LRJG", SAME, s.text),
    Column("listEntry.outDate", "YCMDRQ", SAME, ANY_DAY),
    SEVERITY,
    STATUS,
    *SOURCE,
]
MISCONDUCT = [
    Column("name", "XM", SAME, s.name),
    Column("personIdNo", "ZJHM", SAME, s.text),
    Column("misconductType", "SXLX", SAME, s.words(KINDS)),
    Column("conductDate", "XWRQ", SAME, ANY_DAY),
    Column("decisionNo", "CLJDWH", SAME, s.plain),
    Column("handling", "CLYJ", SAME, s.text),
    Column("organ", "CLJG", SAME, s.text),
    Column("validFrom", "JLQQ", SAME, ANY_DAY),
    Column("validTo", "JLQZ", SAME, ANY_DAY),
    SEVERITY,
    STATUS,
    *SOURCE,
]
PROFESSIONS = [
    Column("occupation", "ZYLB", SAME, s.words(OCCUPATIONS)),
    Column("certNo", "ZSBH", SAME, s.plain),
    Column("certName", "ZSMC", SAME, s.text),
    Column("level", "ZSJB", SAME, s.text),
    Column("organ", "FZJG", SAME, s.text),
    Column("issuedDate", "FZRQ", SAME, ANY_DAY),
    Column("state", "ZSZT", SAME, s.words(CERTIFICATES)),
    Column("practiceUnitUscc", "ZYDWDM", SAME, s.no_code),
    Column("discipline", "HYCJ", SAME, listed("discipline", DISCIPLINE, as_text=True)),
    STATUS,
    *SOURCE,
]

INSURANCE_FLAWS = {
    "no end of conduct": Flaw("XWZZRQ", "暂无", "conductEnd", rejects=False),
    "arrears in words": Flaw("QFMX", "2024年欠费3个月", "arrears", rejects=True),
}
MISCONDUCT_FLAWS = {"no date of conduct": Flaw("XWRQ", "1900-01-01", "conductDate", rejects=False)}
PROFESSION_FLAWS = {"state of no vocabulary": Flaw("ZSZT", "在册", "state", rejects=True)}
