"""Qingdao's further tables: honours, promises, contracts of public trading, environmental ratings.

Days that stand for none are those of old databases (1899-12-31, 1950-01-01); contracts are in 元, also in a
sentence; the code of the unit that hands over is of either generation; a colour means its scheme's (PJTX).
"""

from __future__ import annotations

from collections.abc import Mapping

from deploy.demo import spelling as s
from deploy.demo.cities import spelling as c
from deploy.demo.holdings.block import Block
from deploy.demo.holdings.sheet import SAME, Column, Flaw

STATES = {"ACTIVE": "0", "REVOKED": "1", "OBJECTED": "2", "EXPIRED": "3", "REPAIRED": "9"}
HONOURS = {
    "TAX_A": "A级纳税人",
    "CONTRACT_CREDIT": "守合同重信用",
    "SAFETY_MODEL": "安全守信典型",
    "QUALITY_MODEL": "质量信用示范",
    "HARMONIOUS_LABOUR": "和谐劳动关系",
    "MORAL_MODEL": "道德模范",
}
PROMISES = {
    "APPROVAL_SUBSTITUTE": "审批替代型",
    "TOLERANT_ACCEPTANCE": "容缺受理型",
    "CREDIT_REPAIR": "信用修复型",
    "SECTOR_SELF_DISCIPLINE": "行业自律型",
    "VOLUNTARY_PUBLICITY": "主动公示型",
    "PROOF": "证明事项型",
}
FULFILMENT = {
    "PENDING": "0",
    "FULFILLED": "1",
    "PARTLY_FULFILLED": "2",
    "BROKEN": "3",
    "NOT_CHECKED": "4",
}
CONTRACTS = {
    "RUNNING": "履行中",
    "PERFORMED": "已履行",
    "PARTLY_PERFORMED": "部分履行",
    "BREACHED": "违约",
    "TERMINATED": "解除",
}
SCHEMES = {"SHANDONG": "2016", "SHANDONG_2021": "2021"}
COLOURS = {
    "SHANDONG_GREEN": "绿",
    "SHANDONG_YELLOW": "黄",
    "SHANDONG_RED": "红",
    "SHANDONG_2021_GREEN": "绿",
    "SHANDONG_2021_BLUE": "蓝",
    "SHANDONG_2021_YELLOW": "黄",
    "SHANDONG_2021_BLACK": "黑",
}

ANY_DAY = s.days("dash", "midnight", "slash", "compact", unknown=c.NO_DAY)
WHOSE = [
    Column("counterpartyName", "ZTMC", SAME, c.name),
    Column("uscc", "TYSHXYDM", SAME, s.plain),
    Column("personIdType", "ZJLX", SAME, s.words({"RESIDENT_ID": "111"})),
    Column("personIdNo", "ZJHM", SAME, s.plain),
]
SOURCE = [
    Column("status", "ZT", SAME, s.words(STATES)),
    Column("sourceUnit", "SJLY", SAME, s.text),
    Column("sourceUnitUscc", "SJLYDM", SAME, c.mixed_code),
    Column("areaCode", "XZQHDM", SAME, s.area),
    Column("sourceUpdatedAt", "SJC", SAME, s.stamp),
]
INDEX = ("TYSHXYDM", "ZJHM")

BLOCKS: Mapping[str, Block] = {
    "qingdao.honours": Block(
        "Honour",
        "SXJL_RY",
        [
            *WHOSE,
            Column("honourCode", "RYDM", SAME, s.words(HONOURS)),
            Column("honourName", "RYMC", SAME, s.text),
            Column("year", "RYND", SAME, s.number),
            Column("organ", "SYJG", SAME, s.text),
            Column("basis", "WJYJ", SAME, s.text),
            Column("awardedDate", "SYRQ", SAME, ANY_DAY),
            Column("validUntil", "YXQX", SAME, ANY_DAY),
            *SOURCE,
        ],
        "XH",
        {
            "no end of validity": Flaw("YXQX", "1899-12-31", "validUntil", rejects=False),
            "honour of no vocabulary": Flaw("RYDM", "文明单位", "honourCode", rejects=True),
        },
    ),
    "qingdao.promises": Block(
        "CreditPromise",
        "XYCN",
        [
            *WHOSE,
            Column("promiseType", "CNLX", SAME, s.words(PROMISES)),
            Column("matter", "CNSY", SAME, s.text),
            Column("promiseDate", "CNRQ", SAME, ANY_DAY),
            Column("acceptingUnit", "SLDW", SAME, s.text),
            Column("fulfilment", "LYZT", SAME, s.words(FULFILMENT)),
            *SOURCE,
        ],
        "XH",
        {
            "typing error in a time": Flaw("CNRQ", "2025-09-01 00:00;00", "promiseDate", rejects=True),
            "no day of the promise": Flaw("CNRQ", "1950-01-01", "promiseDate", rejects=False),
        },
    ),
    "qingdao.contracts": Block(
        "ContractPerformance",
        "GGZY_HTLY",
        [
            *WHOSE,
            Column("contractNo", "HTBH", SAME, s.plain),
            Column("project", "XMMC", SAME, s.text),
            Column("counterparty", "XDF", SAME, c.name),
            Column("amount", "HTJE", SAME, s.yuan),
            Column("performance", "LYZT", SAME, s.words(CONTRACTS)),
            Column("disputes", "ZYQK", SAME, s.text),
            Column("periodFrom", "LYQ", SAME, ANY_DAY),
            Column("periodTo", "LYZ", SAME, ANY_DAY),
            *SOURCE,
        ],
        "XH",
        {
            "misplaced separator": Flaw("HTJE", "5,000000", "amount", rejects=True),
            "words for a day": Flaw("LYZ", "暂无", "periodTo", rejects=False),
        },
    ),
    "qingdao.ratings": Block(
        "EnvironmentalRating",
        "HJXY_PJ",
        [
            *WHOSE,
            Column("scheme", "PJTX", SAME, s.words(SCHEMES)),
            Column("level", "PJDJ", SAME, s.words(COLOURS)),
            Column("score", "CMNT_SCORE", SAME, s.text),
            Column("period", "PJPC", SAME, s.plain),
            Column("organ", "PJJG", SAME, s.text),
            Column("ratedDate", "PJRQ", SAME, ANY_DAY),
            Column("validUntil", "YXQX", SAME, ANY_DAY),
            *SOURCE,
        ],
        "XH",
        {
            "scheme of no vocabulary": Flaw("PJTX", "试行", "scheme", rejects=True),
            "date that is none": Flaw("PJRQ", "20251301", "ratedDate", rejects=True),
        },
    ),
}
