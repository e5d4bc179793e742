"""Columns of the lines of market and industry: abnormal operation, customs, intellectual property, transport.

The state of an abnormal operation is no column of its own: it means the opposite in two generations (`centre`).
A customs level is one word under two schemes, and only the scheme beside it says what it means.
"""

from __future__ import annotations

from deploy.demo import spelling as s
from deploy.demo.holdings.centre_words import ANY_DAY, SEVERITY, SOURCE, STATUS
from deploy.demo.holdings.sheet import SAME, Column, Flaw

ABNORMAL = [
    Column("reason", "SPECAUSE_CN", SAME, s.text),
    Column("inDate", "ABNTIME", SAME, ANY_DAY),
    Column("inOrgan", "DECORG_CN", SAME, s.text),
    Column("outReason", "REMEXCPRES_CN", SAME, s.text),
    Column("outDate", "REMDATE", SAME, ANY_DAY),
    Column("outOrgan", "REDECORG_CN", SAME, s.text),
    *SOURCE,
]
CUSTOMS_LEVELS = {
    "OLD_ADVANCED": "高级认证",
    "OLD_DISHONEST": "失信",
    "OLD_OTHER": "其他",
    "ADVANCED_CERTIFIED": "高级认证",
    "CERTIFIED": "认证",
    "REGULAR": "常规",
    "DISHONEST": "失信",
    "SERIOUSLY_DISHONEST": "严重失信",
}
CUSTOMS = [
    Column("customsCode", "HGZCBM", SAME, s.plain),
    Column("firstRegDate", "SCZCRQ", SAME, ANY_DAY),
    Column("scheme", "DJTX", SAME, s.words({"BEFORE_2026_04": "1", "FROM_2026_04": "2"})),
    Column("level", "XYDJ", SAME, s.words(CUSTOMS_LEVELS)),
    Column("ratedDate", "RDRQ", SAME, s.days("epoch", "dash")),
    Column("cancelled", "ZXBZ", SAME, s.words({True: "1", False: "0"})),
    Column("tradeVolume", "NDJCKZE", SAME, s.wan),
    STATUS,
    *SOURCE,
]
RIGHTS = {"INVENTION": "发明专利", "UTILITY_MODEL": "实用新型", "TRADEMARK": "商标", "COPYRIGHT": "著作权"}
PROPERTY = [
    Column("recordNo", "JLBM", SAME, s.plain),
    Column("recordedDate", "DJRQ", SAME, ANY_DAY),
    Column("listCode", "SLMD", SAME, s.words({"IP_SERIOUS": "13"})),
    Column("right.kind", "QLLX", SAME, s.words(RIGHTS)),
    Column("right.no", "QLH", SAME, s.text),
    Column("right.name", "QLMC", SAME, s.text),
    Column("pledge.no", "ZYDJH", SAME, s.text),
    Column("pledge.pledgor", "CZR", SAME, s.text),
    Column("pledge.pledgee", "ZQR", SAME, s.text),
    Column("pledge.state", "ZYZT", SAME, s.words({"VALID": "有效", "CANCELLED": "注销"})),
    Column("infringement.decisionNo", "QQJDWH", SAME, s.text),
    Column("infringement.organ", "QQJDJG", SAME, s.text),
    Column("infringement.result", "QQCLJG", SAME, s.text),
    SEVERITY,
    Column("publishUntil", "YXQZ", SAME, ANY_DAY),
    STATUS,
    *SOURCE,
]
SECTORS = {"OVERLOADING": "09", "ROAD": "03", "WATER": "04", "HIGHWAY_BUILDING": "01", "DRIVER_TRAINING": "08"}
TRANSPORT = [
    Column("recordNo", "PJBH", SAME, s.plain),
    Column("sector", "PJLY", SAME, s.words(SECTORS)),
    Column("rating", "XYDJ", SAME, s.words({grade: f"{grade}级" for grade in ("AA", "A", "B", "C", "D")})),
    Column("year", "PJND", SAME, s.number),
    Column("ratedDate", "PJRQ", SAME, ANY_DAY),
    Column("organ", "PJJG", SAME, s.text),
    Column("plateNo", "CPHM", SAME, s.text),
    Column("transportCertNo", "DLYSZH", SAME, s.text),
    STATUS,
    *SOURCE,
]

ABNORMAL_FLAWS = {
    "day that no month has": Flaw("ABNTIME", "20250230", "inDate", rejects=True),
    "state that nobody knows": Flaw("ZT", "9", "status", rejects=False),
}
CUSTOMS_FLAWS = {"level of no order": Flaw("XYDJ", "A类", "level", rejects=False)}
PROPERTY_FLAWS = {"words for a date": Flaw("DJRQ", "登记中", "recordedDate", rejects=True)}
TRANSPORT_FLAWS = {"typing error in a time": Flaw("PJRQ", "2025-03-01 00:00;00", "ratedDate", rejects=True)}
