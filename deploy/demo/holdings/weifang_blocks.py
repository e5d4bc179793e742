"""Weifang's further nightly files: a red list and ratings as workbooks, wages owed and villages as CSV.

The red list has a row above that explains it and notes below; one honour may stand there four times, as the
department, the city, the province and the national system hand it over. A colour is written with its scheme.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from deploy.demo import spelling as s
from deploy.demo.cities import spelling as c
from deploy.demo.facts import Fact
from deploy.demo.holdings import weifang
from deploy.demo.holdings.block import Block
from deploy.demo.holdings.qingdao_blocks import HONOURS
from deploy.demo.holdings.sheet import SAME, Column, Flaw, Holding
from deploy.demo.holdings.weifang import Sheet
from deploy.demo.spelling import Pen, Spelled

STATES = {"ACTIVE": "有效", "REVOKED": "撤销", "OBJECTED": "异议", "EXPIRED": "期满", "REPAIRED": "已修复"}
LEVELS = {
    "SHANDONG_GREEN": "三色绿",
    "SHANDONG_YELLOW": "三色黄",
    "SHANDONG_RED": "三色红",
    "SHANDONG_2021_GREEN": "四色绿",
    "SHANDONG_2021_BLUE": "四色蓝",
    "SHANDONG_2021_YELLOW": "四色黄",
    "SHANDONG_2021_BLACK": "四色黑",
}
SUBJECTS = {"HOUSEHOLD": "农户", "FAMILY_FARM": "家庭农场", "COOPERATIVE": "农民专业合作社"}
RATINGS = {"RATED": "已评定", "NOT_RATED": "未评定", "WITHDRAWN": "已取消"}
BANDS = {
    "NONE": "0",
    "UNDER_1": "1万以下",
    "FROM_1_TO_10": "1-10万",
    "FROM_10_TO_50": "10-50万",
    "FROM_50_TO_100": "50-100万",
    "FROM_100_TO_500": "100-500万",
}

LATE_DAY = s.days("slash", "compact", forever=("未清偿", "2099/12/31"), unknown=("--", "\\N"))
NAME = Column("counterpartyName", "主体 名称", SAME, c.name)
SOURCE = [
    Column("status", "状态", SAME, s.words(STATES)),
    Column("sourceUnit", "数据来源 单位", SAME, s.text),
    Column("sourceUnitUscc", "来源单位代码", SAME, c.mixed_code),
    Column("areaCode", "行政区划", SAME, s.area),
    Column("sourceUpdatedAt", "更新时间", SAME, s.stamp),
]
PERSON = [
    Column("personIdType", "证件类型", SAME, s.words(weifang.ID_TYPES)),
    Column("personIdNo", "证件号码", SAME, s.plain),
]


def _level(pen: Pen, value: str | None) -> Spelled:
    """The level's word begins with its scheme's."""
    cell, meaning = s.words(LEVELS)(pen, value)
    return cell, {"level": meaning, "scheme": value and value.rpartition("_")[0]}


class HandedOver(Block):
    """A file that holds a line for everybody who handed the same over."""

    def rows(self, facts: Sequence[Fact], pen: Pen) -> list[Holding]:
        seen: dict[tuple[str, ...], int] = {}
        for fact in facts:
            same = (fact.subject.key, *(str(fact.values[name]) for name in ("honourCode", "awardedDate")))
            seen[same] = seen.get(same, 0) + 1
        pen.used["duplicate:four sources"] += sum(times == 4 for times in seen.values())
        return super().rows(facts, pen)


BLOCKS: Mapping[str, Block] = {
    "weifang.honours": HandedOver(
        "Honour",
        "hhmd",
        [
            NAME,
            Column("uscc", "统一社会 信用代码", SAME, s.plain),
            *PERSON,
            Column("honourCode", "荣誉类别", SAME, s.words(HONOURS)),
            Column("honourName", "荣誉名称", SAME, s.text),
            Column("year", "荣誉年度", SAME, s.plain),
            Column("organ", "授予机关", SAME, s.text),
            Column("basis", "文件依据", SAME, s.text),
            Column("awardedDate", "授予日期", SAME, weifang.BOOK_DAY),
            Column("validUntil", "有效期限", SAME, weifang.BOOK_DAY),
            *SOURCE,
        ],
        "序号",
        {
            "no end of validity": Flaw("有效期限", "--", "validUntil", rejects=False),
            "honour of no vocabulary": Flaw("荣誉类别", "文明单位", "honourCode", rejects=True),
        },
    ),
    "weifang.wages": Block(
        "WageArrears",
        "tqgz",
        [
            NAME,
            Column("uscc", "UNI_ SOCIAL_CRD_ CD", SAME, s.spaced_code),
            Column("workers", "RS", SAME, s.number),
            Column("amount", "JE", SAME, c.decimal),
            Column("orderNo", "WSH", SAME, s.plain),
            Column("overdueSince", "TQQSRQ", SAME, weifang.TEXT_DAY),
            Column("conductEnd", "QCRQ", SAME, LATE_DAY),
            Column("listEntry.inDate", "LRRQ", SAME, weifang.TEXT_DAY),
            Column("listEntry.organ", "LRJG", SAME, s.text),
            Column("listEntry.outDate", "YCRQ", SAME, weifang.TEXT_DAY),
            Column("severity", "YZCD", SAME, s.words(weifang.SEVERITIES)),
            *SOURCE,
        ],
        "XH",
        {
            "misplaced separator": Flaw("JE", "5,000000", "amount", rejects=True),
            "no day of payment": Flaw("QCRQ", "\\N", "conductEnd", rejects=False),
        },
    ),
    "weifang.ratings": Block(
        "EnvironmentalRating",
        "hjxy",
        [
            NAME,
            Column("uscc", "统一社会 信用代码", SAME, s.plain),
            Column("level", "评价等级", SAME, _level),
            Column("score", "CMNT_SCORE", SAME, s.text),
            Column("period", "评价批次", SAME, s.plain),
            Column("organ", "评价机关", SAME, s.text),
            Column("ratedDate", "评价日期", SAME, weifang.BOOK_DAY),
            Column("validUntil", "有效期至", SAME, weifang.BOOK_DAY),
            *SOURCE,
        ],
        "序号",
        {"level of no vocabulary": Flaw("评价等级", "四色红", "scheme", rejects=True)},
    ),
    "weifang.villages": Block(
        "RuralCreditSummary",
        "ncxy",
        [
            NAME,
            Column("uscc", "UNI_ SOCIAL_CRD_ CD", SAME, s.spaced_code),
            *PERSON,
            Column("subjectKind", "主体类别", SAME, s.words(SUBJECTS)),
            Column("ratedDate", "评定日期", SAME, weifang.TEXT_DAY),
            Column("villageName", "所在村", SAME, s.text),
            Column("villageRating", "信用村", SAME, s.words(RATINGS)),
            Column("townName", "所在乡镇", SAME, s.text),
            Column("townRating", "信用乡镇", SAME, s.words(RATINGS)),
            Column("householdRating", "信用户", SAME, s.words(RATINGS)),
            Column("baseInfo", "基本情况", SAME, s.text),
            Column("loanBand", "贷款区间", SAME, s.words(BANDS)),
            Column("assetsRegistered", "登记资产", SAME, s.text),
            Column("qualitySafety", "质量安全记录", SAME, s.text),
            *SOURCE,
        ],
        "XH",
        {
            "comma without quotes": Flaw("基本情况", {"bare": "4口人,耕地8亩"}, "key", rejects=True),
            "kind of no vocabulary": Flaw("主体类别", "其他", "subjectKind", rejects=True),
        },
    ),
}
_NOTES = [["注：同一荣誉由多个单位报送的，逐行列示。"], ["填报单位：潍坊市社会信用中心（演示）"]]


def _sheet(where: str, kind: str, **more: object) -> Sheet:
    block = BLOCKS[where]
    return Sheet(block.place, kind, block.columns, block.number, **more)  # type: ignore[arg-type]


SHEETS: Mapping[str, Sheet] = {
    "weifang.honours": _sheet(
        "weifang.honours", "xlsx", above=[["表格说明：荣誉类别按目录填写；日期可用日期格式或文本。"]], below=_NOTES
    ),
    "weifang.wages": _sheet("weifang.wages", "csv", below=[[], ["注：金额以万元计，未清偿的填写“未清偿”。"]]),
    "weifang.ratings": _sheet("weifang.ratings", "xlsx", below=[["合计", "", ""]]),
    "weifang.villages": _sheet("weifang.villages", "csv", below=[["填报人：演示"]]),
}
