"""Weihai's further items of its exchange: builders, wages owed, and its copy of the list of those who owe them.

A qualification, a conduct and who is responsible have a column for each of their parts. Wages are in 万元 with
their unit or without; what is still owed says so in words where a day is expected.
"""

from __future__ import annotations

from collections.abc import Mapping

from deploy.demo import spelling as s
from deploy.demo.cities import spelling as c
from deploy.demo.holdings import weihai
from deploy.demo.holdings.block import Block
from deploy.demo.holdings.sheet import SAME, Column, Flaw

STATES = {"ACTIVE": "有效", "REVOKED": "撤销", "OBJECTED": "异议", "EXPIRED": "期满", "REPAIRED": "已修复"}
MEASURES = {"PUBLIC_FUNDS": "限制申请财政性资金", "MARKET_ACCESS": "限制市场准入"}
ROLES = {"LEGAL_REPRESENTATIVE": "法定代表人", "PRINCIPAL": "主要负责人", "CONTROLLER": "实际控制人"}

ANY_DAY = s.days("compact", "slash", "dash", "midnight", unknown=c.NO_DAY)
PAID_DAY = s.days("compact", "dash", forever=c.STILL_OWED, unknown=("", "\\N"))
WHOSE = [
    Column("counterpartyName", "ZTMC", SAME, c.name),
    Column("uscc", "TYSHXYDM", SAME, s.no_code),
    Column("personIdType", "ZJLX", SAME, s.words(weihai.ID_TYPES)),
    Column("personIdNo", "ZJHM", SAME, s.plain),
]
SOURCE = [
    Column("severity", "YZCD", SAME, s.words(weihai.SEVERITIES)),
    Column("status", "ZT", SAME, s.words(STATES)),
    Column("sourceUnit", "SJLY", SAME, s.text),
    Column("sourceUnitUscc", "SJLYDM", SAME, c.mixed_code),
    Column("areaCode", "XZQHDM", SAME, s.area),
    Column("sourceUpdatedAt", "GXSJ", SAME, s.stamp),
]

BLOCKS: Mapping[str, Block] = {
    "weihai.buildings": Block(
        "ConstructionRecord",
        "gcjs",
        [
            *WHOSE,
            Column("recordNo", "JLBH", SAME, s.plain),
            Column("recordedDate", "JLRQ", SAME, ANY_DAY),
            Column("organ", "RDJG", SAME, s.text),
            Column("project", "GCXM", SAME, s.text),
            Column("role", "CDJS", SAME, s.text),
            Column("rating", "XYDJ", SAME, s.text),
            Column("year", "PJND", SAME, s.number),
            Column("qualification.name", "ZZMC", SAME, s.text),
            Column("qualification.level", "ZZDJ", SAME, s.text),
            Column("qualification.certNo", "ZSBH", SAME, s.text),
            Column("qualification.validTo", "ZZYXQ", SAME, ANY_DAY),
            Column("behaviour.code", "XWDM", SAME, s.text),
            Column("behaviour.score", "XWFZ", SAME, s.text),
            Column("publishUntil", "GSJZQ", SAME, ANY_DAY),
            *SOURCE,
        ],
        "XH",
        {
            "rating of no vocabulary": Flaw("XYDJ", "优秀", "rating", rejects=True),
            "no end of publicity": Flaw("GSJZQ", "1950-01-01", "publishUntil", rejects=False),
        },
        "recordedDate",
    ),
    "weihai.wages": Block(
        "WageArrears",
        "tqgz",
        [
            *WHOSE,
            Column("workers", "RS", SAME, s.number),
            Column("amount", "JE", SAME, s.wan_in_words),
            Column("orderNo", "WSH", SAME, s.plain),
            Column("overdueSince", "TQQSRQ", SAME, ANY_DAY),
            Column("conductEnd", "QCRQ", SAME, PAID_DAY),
            Column("listEntry.inDate", "LRRQ", SAME, ANY_DAY),
            Column("listEntry.organ", "LRJG", SAME, s.text),
            Column("listEntry.outDate", "YCRQ", SAME, ANY_DAY),
            *SOURCE,
        ],
        "XH",
        {
            "misplaced separator": Flaw("JE", "5,000000", "amount", rejects=True),
            "no day of payment": Flaw("QCRQ", "\\N", "conductEnd", rejects=False),
        },
        "overdueSince",
    ),
    "weihai.entries": Block(
        "SeriousDishonestyEntry",
        "yzsx",
        [
            Column("listCode", "MDDM", SAME, s.words({"WAGE_ARREARS": "拖欠农民工工资"})),
            Column("listName", "MDMC", SAME, s.text),
            Column("name", "ZTMC", SAME, c.name),
            Column("uscc", "TYSHXYDM", SAME, s.no_code),
            Column("reason", "LRLY", SAME, s.text),
            Column("factsSummary", "SXXWJK", SAME, s.text),
            Column("decisionNo", "LRJDS", SAME, s.plain),
            Column("organ", "LRJG", SAME, s.text),
            Column("inDate", "LRRQ", SAME, ANY_DAY),
            Column("outDate", "YCRQ", SAME, ANY_DAY),
            Column("outReason", "YCLY", SAME, s.text),
            Column("measures", "CJCS", SAME, s.words(MEASURES)),
            Column("responsiblePersons", "ZRR", SAME, c.first("responsiblePersons", "name", s.text)),
            Column("responsiblePersons", "ZRRSF", SAME, c.first("responsiblePersons", "role", s.words(ROLES))),
            Column("publishUntil", "GSJZQ", SAME, ANY_DAY),
            *SOURCE,
        ],
        "XH",
        {
            "list of no vocabulary": Flaw("MDDM", "其他名单", "listCode", rejects=True),
            "words for a day": Flaw("YCRQ", "暂无", "outDate", rejects=False),
        },
        "inDate",
    ),
}
