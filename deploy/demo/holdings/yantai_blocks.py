"""Yantai's further paths: food and drugs, work safety, product quality, as JSON rows like the others.

A bar from an occupation is an object inside its row; keys come in either letter case, days as milliseconds or
text; the list of work safety bears old names of firms.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from deploy.demo import spelling as s
from deploy.demo.cities import spelling as c
from deploy.demo.facts import Fact
from deploy.demo.holdings import yantai
from deploy.demo.holdings.block import Block
from deploy.demo.holdings.sheet import SAME, Column, Flaw, Holding
from deploy.demo.spelling import Pen

STATES = {"ACTIVE": "1", "OBJECTED": "2", "REPAIRED": "3", "REVOKED": "4", "EXPIRED": "5"}
RESULTS = {"PASSED": "合格", "FAILED": "不合格", "RECTIFIED": "整改后合格", "OTHER": "其他"}
ACCIDENTS = {"GENERAL": "一般", "MAJOR": "较大", "GRAVE": "重大"}

ANY_DAY = s.days("epoch", "dash", "slash", "midnight", unknown=("", "1899-12-30", "暂无"))
BAR_DAY = s.days("dash", "epoch", forever=("终身", "2099/12/31"))


@dataclass(frozen=True, slots=True)
class Path(Block):
    """A block whose rows have their keys in either letter case, row by row."""

    def rows(self, facts: Sequence[Fact], pen: Pen) -> list[Holding]:
        found = Block.rows(self, facts, pen)
        return [yantai.cased(row, number, pen, {}) for number, row in enumerate(found)]


WHOSE = [
    Column("counterpartyName", "ENTNAME", SAME, c.name),
    Column("uscc", "UNISCID", SAME, s.plain),
]
SOURCE = [
    Column("severity", "YZCD", SAME, s.words(yantai.SEVERITIES)),
    Column("publishUntil", "GSJZQ", SAME, ANY_DAY),
    Column("status", "ZT", SAME, s.words(STATES)),
    Column("sourceUnit", "SJLY", SAME, s.text),
    Column("sourceUnitUscc", "SJLYDM", SAME, c.mixed_code),
    Column("areaCode", "XZQHDM", SAME, s.area),
    Column("sourceUpdatedAt", "CREATE_DATE", SAME, s.stamp_epoch),
]
BAN = {
    "person": ("XM", s.text),
    "validFrom": ("JZQ", BAR_DAY),
    "validTo": ("JZZ", BAR_DAY),
    "basis": ("YJ", s.text),
}

BLOCKS: Mapping[str, Block] = {
    "yantai.foods": Path(
        "FoodDrugRecord",
        "spyp",
        [
            *WHOSE,
            Column("licenceNo", "XKZBH", SAME, s.plain),
            Column("facility", "JYCS", SAME, s.text),
            Column("inspectedDate", "JCRQ", SAME, ANY_DAY),
            Column("inspectionResult", "JCJG", SAME, s.words(RESULTS)),
            Column("inspectionGrade", "LHFJ", SAME, s.text),
            Column("violation", "WFQK", SAME, s.text),
            Column("ban", "CYJZ", SAME, c.one("ban", BAN)),
            *SOURCE,
        ],
        "RESOURCE_ID",
        {
            "date that is none": Flaw("JCRQ", "2025-02-30", "inspectedDate", rejects=True),
            "result of no vocabulary": Flaw("JCJG", "基本合格", "inspectionResult", rejects=True),
        },
        "inspectedDate",
    ),
    "yantai.safety": Path(
        "SafetyRecord",
        "aqsc",
        [
            Column("unit", "DWMC", SAME, c.name),
            Column("uscc", "UNISCID", SAME, s.plain),
            Column("principal", "ZYFZR", SAME, s.text),
            Column("address", "DWDZ", SAME, s.text),
            Column("behaviour", "SXXWJK", SAME, s.text),
            Column("reportingOrgan", "BSJG", SAME, s.text),
            Column("reason", "NRLY", SAME, s.text),
            Column("inDate", "NRRQ", SAME, ANY_DAY),
            Column("accidentGrade", "SGDJ", SAME, s.words(ACCIDENTS)),
            *SOURCE,
        ],
        "RESOURCE_ID",
        {
            "no end of publicity": Flaw("GSJZQ", "1899-12-30", "publishUntil", rejects=False),
            "state of no vocabulary": Flaw("ZT", "8", "status", rejects=True),
        },
        "inDate",
    ),
    "yantai.products": Path(
        "ProductQualityRecord",
        "cpzl",
        [
            *WHOSE,
            Column("product", "CPMC", SAME, s.plain),
            Column("batch", "PC", SAME, s.plain),
            Column("standard", "ZXBZ", SAME, s.text),
            Column("result", "JYJG", SAME, s.words(RESULTS)),
            Column("itemFailed", "BHGXM", SAME, s.text),
            Column("inspectedDate", "JYRQ", SAME, ANY_DAY),
            Column("organ", "ZZJG", SAME, s.text),
            Column("recall", "ZHQK", SAME, s.text),
            *SOURCE,
        ],
        "RESOURCE_ID",
        {
            "result of no vocabulary": Flaw("JYJG", "基本合格", "result", rejects=True),
            "no day of the inspection": Flaw("JYRQ", "暂无", "inspectedDate", rejects=False),
        },
        "inspectedDate",
    ),
}
