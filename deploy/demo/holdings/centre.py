"""The province's exchange database, into which the departments hand their lines: one `Sheet` for each record type.

The columns stand in `centre_market`, `centre_taxes`, `centre_people` and here, as initials of the Chinese words or as
the standard's codes. Mapped by `platforms/370000-shandong-province.yaml`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from deploy.demo import spelling as s
from deploy.demo.facts import Fact
from deploy.demo.holdings import centre_market as market
from deploy.demo.holdings import centre_people as people
from deploy.demo.holdings import centre_taxes as taxes
from deploy.demo.holdings.centre_words import ANY_DAY, SEVERITY, SOURCE, STATUS, YES
from deploy.demo.holdings.nested import listed
from deploy.demo.holdings.sheet import SAME, Column, Flaw, Holding, table, write
from deploy.demo.spelling import Pen


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table of one record type. `turned` tables have no column of their own for the state: see `_state`."""

    type: str
    table: str
    columns: Sequence[Column]
    flaws: Mapping[str, Flaw]
    turned: bool = False

    @property
    def names(self) -> list[str]:
        """Every column of the table, also when it has no row."""
        state = ["BB", "ZT"] if self.turned else []
        own = [name for column in self.columns for name in (column.new, column.old) if name not in {None, SAME}]
        return ["JLBH", "ZTLB", "TYSHXYDM", "SFZH", *state, *own]


LISTS = {
    "TAX_MAJOR": "02",
    "MARKET_SERIOUS": "03",
    "WAGE_ARREARS": "04",
    "SAFETY": "05",
    "GOV_PROCUREMENT": "06",
    "OVERLOAD": "07",
    "BIDDING": "16",
    "COURT_DEBTOR": "01",
}
MEASURES = {
    "MARKET_ACCESS": "01",
    "OFFICE": "02",
    "CONSUMPTION": "03",
    "PUBLIC_FUNDS": "06",
    "COMMENDATION": "07",
    "PREFERENCE": "08",
    "KEY_SUPERVISION": "09",
    "PRUDENT_LENDING": "11",
}
ROLES = {"LEGAL_REPRESENTATIVE": "法定代表人", "PRINCIPAL": "主要负责人", "CONTROLLER": "实际控制人"}
ENTRIES = [
    Column("listCode", "MDDM", SAME, s.words(LISTS)),
    Column("listName", "MDMC", SAME, s.text),
    Column("name", "ZTMC", SAME, s.name),
    Column("uscc", "TYSHXYDM", SAME, s.no_code),
    Column("personIdNo", "SFZH", SAME, s.text),
    Column("reason", "LRLY", SAME, s.text),
    Column("factsSummary", "SXXWJK", SAME, s.text),
    Column("decisionNo", "LRJDS", SAME, s.plain),
    Column("organ", "LRJG", SAME, s.text),
    Column("inDate", "LRRQ", SAME, ANY_DAY),
    Column("outDate", "YCRQ", SAME, ANY_DAY),
    Column("outReason", "YCLY", SAME, s.text),
    Column("measures", "CJCS", SAME, s.words(MEASURES)),
    Column(
        "responsiblePersons",
        "ZRRY",
        SAME,
        listed(
            "responsiblePersons",
            {"name": ("xm", s.plain), "role": ("sf", s.words(ROLES))},
            as_text=True,
        ),
    ),
    SEVERITY,
    Column("publishUntil", "GSJZQ", SAME, ANY_DAY),
    STATUS,
    *SOURCE,
]
AMOUNTS = {
    "NONE": "0",
    "UNDER_1": "1",
    "FROM_1_TO_10": "2",
    "FROM_10_TO_50": "3",
    "FROM_50_TO_100": "4",
    "FROM_100_TO_500": "5",
    "OVER_5000": "8",
}
HEADS = {
    "UNDER_10": "10人以下",
    "FROM_10_TO_50": "10-50人",
    "FROM_50_TO_100": "50-100人",
    "FROM_100_TO_300": "100-300人",
}
FINANCE = [
    Column("uscc", "TYSHXYDM", SAME, s.plain),
    Column("summaryDate", "HZRQ", SAME, ANY_DAY),
    Column("taxPaidBand", "NSQJ", SAME, s.words(AMOUNTS)),
    Column("invoiceTrend", "KPQS", SAME, s.words({"RISING": "升", "STABLE": "平", "FALLING": "降", "UNKNOWN": "不明"})),
    Column("socialInsuredCount", "CBRSQJ", SAME, s.words(HEADS)),
    Column("realEstatePledge", "BDCDY", SAME, s.words(YES)),
    Column("existingCreditLines", "SXQJ", SAME, s.words(AMOUNTS)),
    Column("financingDemand", "RZXQ", SAME, s.text),
    Column("utilityArrears.water", "SFQF", SAME, s.yuan_plain),
    Column("utilityArrears.gas", "RQQF", SAME, s.yuan_plain),
    Column("utilityArrears.power", "DFQF", SAME, s.yuan_plain),
    Column(
        "rating",
        "XYPJ",
        SAME,
        listed(
            "rating",
            {
                "rater": ("pjjg", s.plain),
                "scale": ("bc", s.plain),
                "level": ("jg", s.plain),
                "date": ("pjrq", ANY_DAY),
            },
            as_text=True,
        ),
    ),
    STATUS,
    *SOURCE,
]

ENTRY_FLAWS = {
    "list of no code": Flaw("MDDM", "99", "listCode", rejects=True),
    "responsible persons in words": Flaw("ZRRY", "见附件", "responsiblePersons", rejects=True),
    "no end of publicity": Flaw("GSJZQ", "1899-12-30", "publishUntil", rejects=False),
}
FINANCE_FLAWS = {"band of no vocabulary": Flaw("NSQJ", "保密", "taxPaidBand", rejects=False)}

SHEETS: Mapping[str, Sheet] = {
    "abnormal": Sheet("AbnormalOperation", "JYYC", market.ABNORMAL, market.ABNORMAL_FLAWS, turned=True),
    "lists": Sheet("SeriousDishonestyEntry", "YZSXMD", ENTRIES, ENTRY_FLAWS),
    "ratings": Sheet("TaxCreditRating", "NSXYJB", taxes.RATINGS, taxes.RATING_FLAWS),
    "violations": Sheet("MajorTaxViolation", "ZDSSWF", taxes.VIOLATIONS, taxes.VIOLATION_FLAWS),
    "arrears": Sheet("TaxArrears", "QSGG", taxes.ARREARS, taxes.ARREARS_FLAWS),
    "customs": Sheet("CustomsCredit", "HGXY", market.CUSTOMS, market.CUSTOMS_FLAWS),
    "property": Sheet("IpRecord", "ZSCQ", market.PROPERTY, market.PROPERTY_FLAWS),
    "insurance": Sheet("SocialInsuranceRecord", "SHBX", people.INSURANCE, people.INSURANCE_FLAWS),
    "misconduct": Sheet("EducationResearchRecord", "JYKYCX", people.MISCONDUCT, people.MISCONDUCT_FLAWS),
    "professions": Sheet("ProfessionalRecord", "ZYRQ", people.PROFESSIONS, people.PROFESSION_FLAWS),
    "transport": Sheet("TransportRating", "JTXYPJ", market.TRANSPORT, market.TRANSPORT_FLAWS),
    "finance": Sheet("SmeFinanceSummary", "XWRZ", FINANCE, FINANCE_FLAWS),
}


def rows(name: str, facts: Sequence[Fact], pen: Pen) -> list[Holding]:
    """The rows of one sheet; a row has a number of its own, and says whose it is and of which kind."""
    sheet, found = SHEETS[name], []
    for number, fact in enumerate(facts):
        subject = fact.subject
        more = {"JLBH": f"3700-{sheet.table}-{number + 1:06d}", "ZTLB": "2" if subject.natural else "1"}
        more["TYSHXYDM"] = pen.turn("owner", ("00000000000000000X", "无", "")) if subject.natural else subject.key
        more["SFZH"] = subject.key if subject.natural else ""
        if sheet.turned:
            more |= _state(number, fact, pen)
        old = not fact.flaw and not fact.named and number % 5 == 4
        row = write(fact, sheet.columns, pen, sheet.flaws, more, old)
        found.append(Holding(fact, row.cells, {"status": fact.values["status"], **row.expected}, row.rejected))
    return found


def _state(number: int, fact: Fact, pen: Pen) -> dict[str, str]:
    """The old system wrote 0 for "stands on it" and 1 for "removed"; the new one does it the other way round."""
    new = number % 3 != 1
    pen.used["generation:new" if new else "generation:old"] += 1
    return {"BB": "2" if new else "1", "ZT": "1" if (fact.values["status"] == "ACTIVE") is new else "0"}


def database(held: Mapping[str, Sequence[Holding]]) -> dict[str, Any]:
    """The tables of all sheets, of the holdings by collection."""
    return {
        sheet.table: table(held[f"centre.{name}"], ["TYSHXYDM", "SFZH"], sheet.names) for name, sheet in SHEETS.items()
    }
