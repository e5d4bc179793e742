"""Weifang's nightly files: licences as CSV in GB18030, penalties as a workbook, both as clerks really make them.

Headings have blanks inside, codes too; a row above explains the table, notes and sums stand below it; one firm's
rows share a merged cell; days are dates of the workbook, 2019/09/01 or 20190404; fines are numbers in 万元 beside
confiscations in 元. Another record type is one more list of columns, a line in `SHEETS`, one in the generator's
`COLLECTIONS`, and a block in `platforms/370700-weifang-drop.yaml`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from deploy.demo import spelling as s
from deploy.demo.facts import Fact
from deploy.demo.holdings.sheet import SAME, Column, Flaw, Holding, write
from deploy.demo.spelling import Pen

PARTY = {"ORGANISATION": "法人及非法人组织", "PERSON": "自然人", "INDIVIDUAL_BUSINESS": "个体工商户"}
PENALTY_KINDS = {"WARNING": "警告", "FINE": "罚款", "CONFISCATION": "没收违法所得"}
LICENCE_KINDS = {"GENERAL": "普通", "VERIFICATION": "核准", "ACCREDITATION": "认可"}
ID_TYPES = {"RESIDENT_ID": "居民身份证"}
SEVERITIES = {"MINOR": "轻微", "GENERAL": "一般", "SERIOUS": "严重"}
STATES = {"ACTIVE": 0, "REVOKED": 1, "OBJECTED": 2, "EXPIRED": 3, "FROZEN": 4, "REPAIRED": 9}  # kept as numbers
LICENCE_STATES = {"VALID": "有效", "INVALID": "失效", "REVOKED": "撤销", "OBJECTED": "异议"}

TEXT_DAY = s.days("slash", "compact", "slash", forever=("2099/12/31", "9999-09-09"), unknown=("--", "", "*"))
BOOK_DAY = s.days("cell", "slash", "cell", "compact", forever=("2099/12/31",), unknown=("--", "\\N"))

LICENCES = [
    Column("counterpartyName", "XK_XDR_MC", SAME, s.name),
    Column("counterpartyType", "XK_XDR_LB", SAME, s.words(PARTY)),
    Column("uscc", "UNI_ SOCIAL_CRD_ CD", SAME, s.spaced_code),
    Column("legalRepresentative", "XK_FRDB", SAME, s.text),
    Column("legalRepIdNo", "XK_FR_ ZJHM", SAME, s.id_number),
    Column("personIdType", "XK_XDR_ZJLX", SAME, s.words(ID_TYPES)),
    Column("personIdNo", "XK_XDR_ZJHM", SAME, s.plain),
    Column("documentName", "XK_XKWS", SAME, s.text),
    Column("documentNo", "XK_WSH", SAME, s.plain),
    Column("licenceKind", "XK_XKLB", SAME, s.words(LICENCE_KINDS)),
    Column("certificateName", "XK_XKZS", SAME, s.text),
    Column("certificateNo", "XK_XKBH", SAME, s.text),
    Column("content", "XK_NR", SAME, s.text),
    Column("decisionDate", "XK_JDRQ", SAME, TEXT_DAY),
    Column("validFrom", "XK_YXQZ", SAME, TEXT_DAY),
    Column("validTo", "XK_YXQZI", SAME, TEXT_DAY),
    Column("authority", "XK_XKJG", SAME, s.text),
    Column("authorityUscc", "XK_XKJGDM", SAME, s.text),
    Column("state", "XK_ZT", SAME, s.words(LICENCE_STATES)),
    Column("sourceUnit", "XK_LYDW", SAME, s.text),
    Column("areaCode", "XZQHDM", SAME, s.area),
    Column("sourceUpdatedAt", "SJC", SAME, s.stamp),
]
PENALTIES = [
    Column("counterpartyName", "行政相对人 名称", SAME, s.name),
    Column("counterpartyType", "行政相对人类别", SAME, s.words(PARTY)),
    Column("uscc", "统一社会 信用代码", SAME, s.plain),
    Column("legalRepresentative", "法定代表人", SAME, s.text),
    Column("legalRepIdNo", "法定代表人证件号码", SAME, s.id_number),
    Column("personIdType", "证件类型", SAME, s.words(ID_TYPES)),
    Column("personIdNo", "证件号码", SAME, s.plain),
    Column("documentNo", "行政处罚决定书文号", SAME, s.plain),
    Column("violationType", "违法行为类型", SAME, s.text),
    Column("facts", "违法事实", SAME, s.text),
    Column("basis", "处罚依据", SAME, s.text),
    Column("penaltyKinds", "处罚类别", SAME, s.words(PENALTY_KINDS)),
    Column("content", "处罚内容", SAME, s.text),
    Column("fineAmountWan", "罚款金额（万元）", SAME, s.wan_number),
    Column("confiscatedAmountWan", "没收金额(元)", SAME, s.yuan_plain),
    Column("decisionDate", "处罚决定日期", SAME, BOOK_DAY),
    Column("conductEnd", "违法行为终了日期", SAME, BOOK_DAY),
    Column("publishUntil", "公示截止期", SAME, BOOK_DAY),
    Column("authority", "处罚机关", SAME, s.text),
    Column("authorityUscc", "处罚机关代码", SAME, s.text),
    Column("sourceUnit", "数据来源单位", SAME, s.text),
    Column("severity", "违法程度", SAME, s.words(SEVERITIES)),
    Column("status", "当前状态", SAME, s.words(STATES)),
    Column("areaCode", "行政区划", SAME, s.area),
    Column("sourceUpdatedAt", "更新时间", SAME, s.stamp),
]

LICENCE_FLAWS = {
    # without quotes the comma makes two cells of one, and every cell after it stands in the wrong column
    "comma without quotes": Flaw("XK_NR", {"bare": "预包装食品,散装食品"}, "key", rejects=True),
    "kind of no vocabulary": Flaw("XK_XKLB", "备案", "licenceKind", rejects=True),
}
PENALTY_FLAWS = {
    "identity number that lost digits": Flaw("法定代表人证件号码", 370701198001019999, "legalRepIdNo", rejects=True),
    "misplaced separator": Flaw("没收金额(元)", "5,000000", "confiscatedAmountWan", rejects=True),
    "no end of publicity": Flaw("公示截止期", "--", "publishUntil", rejects=False),
}


@dataclass(frozen=True, slots=True)
class Sheet:
    """How a collection becomes a file: `stem-<day>.format`, the rows numbered in the column `number`.

    Equal neighbours in the column `merged` are one cell.
    """

    stem: str
    format: str
    columns: Sequence[Column]
    number: str
    above: Sequence[Sequence[Any]] = ()
    below: Sequence[Sequence[Any]] = ()
    merged: str | None = None


SHEETS: Mapping[str, Sheet] = {
    "weifang.licences": Sheet(
        "xzxk", "csv", LICENCES, "XH",
        below=[[], ["注：本表由各许可机关每日报送。"], ["填报单位：潍坊市社会信用中心（演示）"]],
    ),
    "weifang.penalties": Sheet(
        "xzcf", "xlsx", PENALTIES, "序号",
        above=[["表格说明：罚款以万元计，没收以元计；日期可用日期格式或文本。"]],
        below=[["合计", "", ""], ["注：状态 0 有效，1 撤销，2 异议，3 期满，4 冻结，9 已修复。"]],
        merged="统一社会 信用代码",
    ),
}  # fmt: skip


def licences(facts: Sequence[Fact], pen: Pen) -> list[Holding]:
    found = []
    for number, fact in enumerate(facts):
        row = write(fact, LICENCES, pen, LICENCE_FLAWS, {"XH": str(number + 1)})
        found.append(Holding(row.fact, row.cells, {"status": fact.values["status"], **row.expected}, row.rejected))
    return found


def penalties(facts: Sequence[Fact], pen: Pen) -> list[Holding]:
    return [write(fact, PENALTIES, pen, PENALTY_FLAWS, {"序号": number + 1}) for number, fact in enumerate(facts)]


def files(held: Mapping[str, Sequence[Holding]], today: date, sheets: Mapping[str, Sheet] = SHEETS) -> dict[str, Any]:
    """The night's files for the custodian, by name: `{above, columns, rows, below, merged}`."""
    found = {}
    for where, sheet in sheets.items():
        rows = [holding.cells for holding in held[where]]
        columns = [sheet.number, *dict.fromkeys(column.new for column in sheet.columns)]
        found[f"{sheet.stem}-{today:%Y%m%d}.{sheet.format}"] = {
            "above": sheet.above,
            "columns": columns,
            "rows": [[row.get(name) for name in columns] for row in rows],
            "below": sheet.below,
            "merged": sheet.merged,
        }
    return found
