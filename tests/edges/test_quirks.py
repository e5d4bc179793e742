"""Every quirk that was seen at real platforms, as a table: where the demo has it, and what the declarations make of it.

A case finds rows whose cell is spelled so in what the province generates, asks the real platform about their
subjects through its own declaration, and compares with what is true (or says that the row must be refused).
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest

from connectors.contract import Deadline, Fetch, Row, SubjectKey
from connectors.registry import load
from deploy.demo.generator import QINGDAO, SHANDONG, WEIFANG, WEIHAI, YANTAI
from deploy.demo.holdings.sheet import Holding
from deploy.demo.province import DECLARATIONS, Province, start
from gateway import documents
from gateway.checking import terms_of
from gateway.environment import Environment
from gateway.settings import Settings
from policies.identifiers import normalise_name
from tests.edges import drafts

LOOKED_AT = 3  # rows for each case
COPIES = 4  # of one honour in one file

Meaning = Callable[[Holding, str, Any], bool]  # the row, the name of the field, what was read


def true(row: Holding, field: str, read: Any) -> bool:
    return bool(read == row.fact.values[field])


def same_name(row: Holding, field: str, read: Any) -> bool:
    """True without regard to width and blanks, as names are compared."""
    return normalise_name(read) == normalise_name(row.fact.values[field])


def as_it_stands(row: Holding, field: str, read: Any) -> bool:
    """Nobody can know better: an old name, an ID that was masked or cut before it came here."""
    return bool(read == row.expected[field] and read is not None)


def nothing(row: Holding, field: str, read: Any) -> bool:
    return read is None


def without_end(row: Holding, field: str, read: Any) -> bool:
    return bool(read == date.max)


def refused(row: Holding, field: str, read: Any) -> bool:
    """The row is refused, and the reason names the field: nothing is read."""
    return False


def code(value: str) -> Meaning:
    return lambda row, field, read: bool(read == value)


@dataclass(frozen=True, slots=True)
class Quirk:
    """`cell` is a pattern for the whole cell in `column` (as the platform spells it); `beside` cells are so too."""

    platform: str
    type: str
    field: str
    column: str
    cell: str
    means: Meaning
    beside: tuple[str, str] = ("", "")


PENALTY, LICENCE, FIRM = "AdministrativePenalty", "AdministrativeLicence", "Registration"
ENTRY, WAGES, SAFETY = "SeriousDishonestyEntry", "WageArrears", "SafetyRecord"
NULLS = {
    "an empty text": "",
    "none": "无",
    "none yet": "暂无",
    "a dump's null": r"\N",
    "null": "null",
    "a dash": "-",
    "two dashes": "--",
    "an asterisk": "*",
}
NULLABLE = (
    (QINGDAO, PENALTY, "licenceWithheld", "CF_NR_ZKDX"),
    (YANTAI, "ProductQualityRecord", "itemFailed", "BHGXM"),
    (WEIFANG, "RuralCreditSummary", "assetsRegistered", "登记资产"),
    (WEIHAI, "ConstructionRecord", "rating", "XYDJ"),
)

QUIRKS: Mapping[str, Quirk] = {
    # -- dates
    "2019-09-01": Quirk(QINGDAO, PENALTY, "decisionDate", "CF_JDRQ", r"\d{4}-\d\d-\d\d", true),
    "2019/09/01": Quirk(QINGDAO, PENALTY, "decisionDate", "CF_JDRQ", r"\d{4}/\d\d/\d\d", true),
    "20190404": Quirk(QINGDAO, PENALTY, "decisionDate", "CF_JDRQ", r"\d{8}", true),
    "2022-01-24 00:00:00": Quirk(QINGDAO, PENALTY, "decisionDate", "CF_JDRQ", r"\d{4}-\d\d-\d\d 00:00:00", true),
    "milliseconds": Quirk(YANTAI, PENALTY, "decisionDate", "CF_JDRQ", r"\d{12,13}", true),
    "a workbook's own date": Quirk(WEIFANG, PENALTY, "decisionDate", "处罚决定日期", r"\{'day': .*", true),
    "a Chinese date": Quirk(SHANDONG, "JudgmentDebtor", "filedDate", "regDate", r"\d{4}年\d\d月\d\d日", true),
    "2099-12-31 is long-term": Quirk(QINGDAO, LICENCE, "validTo", "XK_YXQZI", "2099-12-31", without_end),
    "2099/12/31 is long-term": Quirk(QINGDAO, LICENCE, "validTo", "XK_YXQZI", "2099/12/31", without_end),
    "9999-09-09 is long-term": Quirk(QINGDAO, LICENCE, "validTo", "XK_YXQZI", "9999-09-09", without_end),
    "still owed, in words, has no end": Quirk(WEIHAI, WAGES, "conductEnd", "QCRQ", "未清偿", without_end),
    "1899-12-30 is none": Quirk(WEIHAI, ENTRY, "outDate", "YCRQ", "1899-12-30", nothing),
    "1899-12-31 is none": Quirk(WEIHAI, ENTRY, "outDate", "YCRQ", "1899-12-31", nothing),
    "1900-01-01 is none": Quirk(WEIHAI, ENTRY, "outDate", "YCRQ", "1900-01-01", nothing),
    "1950-01-01 is none": Quirk(WEIHAI, ENTRY, "outDate", "YCRQ", "1950-01-01", nothing),
    "none yet, in a date": Quirk(WEIHAI, ENTRY, "outDate", "YCRQ", "暂无", nothing),
    "without a term, in a date": Quirk(QINGDAO, PENALTY, "effectiveUntil", "CF_YXQ", "无处罚期限", nothing),
    "00:00;00 is a typing error": Quirk(QINGDAO, PENALTY, "decisionDate", "CF_JDRQ", ".* 00:00;00", refused),
    "00:00;00 in a promise": Quirk(QINGDAO, "CreditPromise", "promiseDate", "CNRQ", ".* 00:00;00", refused),
    "a day that is none": Quirk(QINGDAO, PENALTY, "decisionDate", "CF_JDRQ", "20251301", refused),
    # -- money
    "decimal(18,6) in wan": Quirk(WEIFANG, WAGES, "amount", "JE", r"\d+\.\d{6}", true),
    "decimal(18,6) in JSON": Quirk(YANTAI, PENALTY, "fineAmountWan", "CF_NR_FK", r"\d+\.\d{6}", true),
    "2000 in yuan": Quirk(QINGDAO, PENALTY, "fineAmountWan", "CF_NR_FK", r"\d+", true),
    "2000.00 in yuan": Quirk(QINGDAO, PENALTY, "fineAmountWan", "CF_NR_FK", r"\d+\.\d\d", true),
    "2,000 in yuan": Quirk(QINGDAO, PENALTY, "fineAmountWan", "CF_NR_FK", r"\d{1,3}(,\d{3})+", true),
    "yuan in a sentence": Quirk(QINGDAO, PENALTY, "fineAmountWan", "CF_NR_FK", r"罚款\d+元", true),
    "wan with its unit": Quirk(WEIHAI, PENALTY, "fineAmountWan", "CF_NR_FK", r"[\d.]+万元", true),
    "yuan with its unit in a column of wan": Quirk(WEIHAI, PENALTY, "fineAmountWan", "CF_NR_FK", r"人民币\d+元", true),
    "5,000000": Quirk(QINGDAO, PENALTY, "fineAmountWan", "CF_NR_FK", "5,000000", refused),
    "5,000000 of wages": Quirk(WEIHAI, WAGES, "amount", "JE", "5,000000", refused),
    # -- names
    "full-width brackets": Quirk(QINGDAO, PENALTY, "counterpartyName", "CF_XDR_MC", ".*（.*）.*", true),
    "half-width brackets": Quirk(QINGDAO, PENALTY, "counterpartyName", "CF_XDR_MC", r".*\(.*\).*", same_name),
    "blanks behind a name": Quirk(QINGDAO, PENALTY, "counterpartyName", "CF_XDR_MC", ".*  ", true),
    "a blank in a name": Quirk(YANTAI, SAFETY, "unit", "DWMC", r"\S+ \S+", same_name),
    "an old name": Quirk(YANTAI, SAFETY, "unit", "DWMC", ".*示例旧名.*", as_it_stands),
    "a business named after its person": Quirk(
        QINGDAO, PENALTY, "counterpartyName", "CF_XDR_MC", ".*店（个体工商户）", true
    ),
    # -- codes
    "a registration number, new column": Quirk(QINGDAO, PENALTY, "regNo", "CF_XDR_GSZC", r"\d{15}", true),
    "a registration number, old column": Quirk(QINGDAO, PENALTY, "regNo", "CF_XDR_GSDJ", r"\d{15}", true),
    "an organisation code, old column": Quirk(QINGDAO, PENALTY, "orgCode", "CF_XDR_ZDM", r"\w{9}", true),
    "a new code in a mixed column": Quirk(QINGDAO, "Honour", "sourceUnitUscc", "SJLYDM", r"\w{18}", true),
    "an old code in a mixed column": Quirk(QINGDAO, "Honour", "sourceUnitUscc", "SJLYDM", r"\w{8}-\w", nothing),
    "the representative's ID in one field": Quirk(
        QINGDAO, PENALTY, "legalRepIdNo", "CF_FR_SFZH", r"\d{17}[\dX]", as_it_stands
    ),
    "an ID of 15 digits": Quirk(QINGDAO, PENALTY, "legalRepIdNo", "CF_FR_ZJHM", r"\d{15}", as_it_stands),
    "a masked ID": Quirk(QINGDAO, PENALTY, "legalRepIdNo", "CF_FR_ZJHM", r"\d{10}\*{4}.{4}", as_it_stands),
    "the same ID unmasked": Quirk(QINGDAO, PENALTY, "legalRepIdNo", "CF_FR_ZJHM", r"\d{17}[\dX]", as_it_stands),
    "an ID that lost digits": Quirk(
        WEIFANG, PENALTY, "legalRepIdNo", "法定代表人证件号码", "370701198001019999", refused
    ),
    "00000000000000000X": Quirk(QINGDAO, PENALTY, "uscc", "CF_XDR_SHXYM", "0{17}X", nothing),
    "none, as a code": Quirk(QINGDAO, PENALTY, "uscc", "CF_XDR_SHXYM", "无", nothing),
    "a blank in a code": Quirk(WEIFANG, LICENCE, "uscc", "UNI_ SOCIAL_CRD_ CD", r"\w{6} \w{12}", true),
    "0 of 2016 is in order": Quirk(QINGDAO, LICENCE, "state", "XK_ZT", "0", code("VALID"), ("SJBB", "2016")),
    "0 of 2018 is not valid": Quirk(QINGDAO, LICENCE, "state", "XK_ZT", "0", code("INVALID"), ("SJBB", "2018")),
    "1 of 2016 is revoked": Quirk(QINGDAO, LICENCE, "state", "XK_ZT", "1", code("REVOKED"), ("SJBB", "2016")),
    "1 of 2018 is valid": Quirk(QINGDAO, LICENCE, "state", "XK_ZT", "1", code("VALID"), ("SJBB", "2018")),
    "2 of 2016 is under objection": Quirk(QINGDAO, LICENCE, "state", "XK_ZT", "2", code("OBJECTED"), ("SJBB", "2016")),
    "3 of 2016 is other": Quirk(QINGDAO, LICENCE, "state", "XK_ZT", "3", code("OTHER"), ("SJBB", "2016")),
    "3 of 2016 decides nothing": Quirk(QINGDAO, LICENCE, "status", "XK_ZT", "3", nothing, ("SJBB", "2016")),
    "a state that nobody knows": Quirk(YANTAI, PENALTY, "status", "CF_ZT", "8", nothing, ("CHECK_FLAG", "1")),
    "a state of no vocabulary": Quirk(QINGDAO, PENALTY, "status", "CF_ZT", "7", refused),
    # -- area codes
    "370203001": Quirk(QINGDAO, PENALTY, "areaCode", "XZQHDM", r"\d{9}", true),
    "370203001000": Quirk(QINGDAO, PENALTY, "areaCode", "XZQHDM", r"\d{12}", true),
    "370281": Quirk(QINGDAO, PENALTY, "areaCode", "XZQHDM", "370281", true),
    "999999": Quirk(QINGDAO, PENALTY, "areaCode", "XZQHDM", "999999", nothing),
    "a code of Laiwu, which is no more": Quirk(SHANDONG, FIRM, "areaCode", "DOMDISTRICT", r"3712\d\d", true),
    # -- case and spelling of columns
    "XK_YXQZI": Quirk(QINGDAO, LICENCE, "validTo", "XK_YXQZI", r"\d{4}-\d\d-\d\d", as_it_stands),
    "keys in upper case": Quirk(YANTAI, PENALTY, "documentNo", "CF_WSH", ".+", true),
    "keys in lower case": Quirk(YANTAI, PENALTY, "documentNo", "cf_wsh", ".+", true),
    "a blank in a column's name": Quirk(WEIFANG, LICENCE, "uscc", "UNI_ SOCIAL_CRD_ CD", r"\w{18}", true),
    "a blank in a heading": Quirk(WEIFANG, PENALTY, "counterpartyName", "行政相对人 名称", ".+司", same_name),
    # -- words for nothing
    **{
        f"{name} is nothing in {platform[:6]}": Quirk(platform, of, field, column, re.escape(word), nothing)
        for platform, of, field, column in NULLABLE
        for name, word in NULLS.items()
    },
}

# Who holds the same decision: in one table, or at two platforms.
DUPLICATES = {
    "department, city, province and national system in one file": ((WEIFANG, "Honour"),),
    "city and province": ((WEIHAI, ENTRY), (SHANDONG, ENTRY)),
    "two cities": ((QINGDAO, PENALTY), (YANTAI, PENALTY)),
}


@pytest.fixture(scope="module")
def province(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Province]:
    with start(tmp_path_factory.mktemp("province"), 1, 2000, date(2026, 11, 24)) as running:
        yield running


def declared(platform: str, type_name: str) -> Any:
    return documents.load(DECLARATIONS / f"{platform}.yaml").data["types"][type_name]


def fits(row: Holding, column: str, pattern: str) -> bool:
    return column in row.cells and row.cells[column] is not None and bool(re.fullmatch(pattern, str(row.cells[column])))


@dataclass(frozen=True, slots=True)
class Given:
    """What a platform gave of one subject, and why it did not give the rest."""

    rows: tuple[Row, ...]
    rejected: tuple[str, ...]


Wanted = tuple[str, str, SubjectKey]  # platform, record type, subject


class Readers:
    """The platforms, each asked once about every subject whose rows a case looks at."""

    def __init__(self, province: Province) -> None:
        self.world, catalogue = province.world, drafts.catalogue()
        self.identity = {record.name: record.roles.identity for record in catalogue.types.values()}
        self._registry = load([documents.load(path) for path in documents.listed(DECLARATIONS)], terms_of(catalogue))
        self._environment = Environment(Settings(environment=province.environment))
        self.given: Mapping[tuple[Wanted, str], Given] = {}

    def spelled(self, quirk: Quirk) -> list[Holding]:
        """Rows of the quirk that have no other, where there are such."""
        found = [
            row
            for row in self.world.holdings(quirk.platform, quirk.type)
            if fits(row, quirk.column, quirk.cell) and (not quirk.beside[0] or fits(row, *quirk.beside))
        ]
        return ([row for row in found if not row.fact.flaw] or found)[:LOOKED_AT]

    def copies(self, name: str) -> list[tuple[tuple[Any, ...], list[tuple[str, Holding]]]]:
        """Decisions that all of these platforms hold, each with its copies."""
        holders = {platform for platform, _ in DUPLICATES[name]}
        type_name = DUPLICATES[name][0][1]
        found: dict[tuple[Any, ...], list[tuple[str, Holding]]] = {}
        for platform in holders:
            for row in self.world.holdings(platform, type_name):
                decision = (row.fact.subject.key, *(row.fact.values[field] for field in self.identity[type_name]))
                found.setdefault(decision, []).append((platform, row))
        wanted = COPIES if len(holders) == 1 else len(holders)
        shared = [
            (decision, held)
            for decision, held in found.items()
            if len(held) == wanted
            and {platform for platform, _ in held} == holders
            and not any(row.fact.flaw for _, row in held)
        ]
        return shared[:LOOKED_AT]

    async def read(self) -> None:
        wanted = {
            (asked(quirk.platform, quirk.type, row), quirk.field)
            for quirk in QUIRKS.values()
            for row in self.spelled(quirk)
        }
        for name, places in DUPLICATES.items():
            for _, held in self.copies(name):
                for platform, row in held:
                    wanted.add((asked(platform, places[0][1], row), ""))
        await self._registry.open(self._environment)
        try:
            self.given = {each: await self._ask(*each) for each in wanted}
        finally:
            await self._registry.close()

    async def _ask(self, wanted: Wanted, field: str) -> Given:
        platform, type_name, subject = wanted
        fields = {field} if field else {*self.identity[type_name], "sourceUnit"}
        deadline = Deadline.within(30)
        question = Fetch(type_name, frozenset(fields), (subject,), limit=10_000, deadline=deadline)
        connector = self._registry.platforms[platform].source(type_name).connector
        pages = [page async for page in connector.fetch(question)]
        return Given(
            tuple(row for page in pages for row in page.rows), tuple(why for page in pages for why in page.rejected)
        )


def asked(platform: str, type_name: str, row: Holding) -> Wanted:
    return platform, type_name, SubjectKey(row.fact.subject.key_kind, row.fact.subject.key)


@pytest.fixture(scope="module")
def readers(province: Province) -> Readers:
    made = Readers(province)
    asyncio.run(made.read())
    return made


@pytest.mark.parametrize("name", QUIRKS)
def test_a_quirk_is_there_and_is_understood(readers: Readers, name: str) -> None:
    """The spelling occurs in the generated data, and the platform's own declaration reads it rightly or refuses it."""
    quirk = QUIRKS[name]
    spelled = readers.spelled(quirk)
    assert spelled, "the generator does not write it"
    [key] = declared(quirk.platform, quirk.type)["key"]
    for row in spelled:
        given = readers.given[asked(quirk.platform, quirk.type, row), quirk.field]
        number = next(str(cell) for column, cell in row.cells.items() if column.upper() == key.upper())
        read = [found.values[quirk.field] for found in given.rows if found.id == number]
        if quirk.means is refused:
            assert read == []
            assert any(reason.startswith(f"{quirk.type}.{quirk.field} ") for reason in given.rejected)
        else:
            assert [quirk.means(row, quirk.field, value) for value in read] == [True]


@pytest.mark.parametrize("name", DUPLICATES)
def test_one_decision_of_many_holders_is_one(readers: Readers, name: str) -> None:
    """Copies of a decision, wherever they lie, are read with the same identity, by which the gateway joins them."""
    type_name = DUPLICATES[name][0][1]
    shared = readers.copies(name)
    assert shared
    for decision, held in shared:
        units: list[Any] = []
        for wanted in {asked(platform, type_name, row) for platform, row in held}:
            for row in readers.given[wanted, ""].rows:
                if tuple(row.values[field] for field in readers.identity[type_name]) == decision[1:]:
                    units.append(row.values["sourceUnit"])
        assert len(units) == len(held)
        if type_name != PENALTY:  # two cities pass on what one office decided
            assert len(set(units)) == len(held)


def test_a_misspelt_table_is_named_as_it_is(province: Province) -> None:
    """`TAB_PERMISSON` is the table's name in the database, and the declaration says so."""
    assert "TAB_PERMISSON" in province.world.contents(QINGDAO, "database")
    assert declared(QINGDAO, LICENCE)["table"] == "TAB_PERMISSON"


def test_one_table_has_an_id_masked_and_whole(province: Province) -> None:
    """Masked and whole copies of one ID lie in one table, so a mask is never undone by joining rows."""
    cells = {str(row.cells.get("CF_FR_ZJHM")) for row in province.world.holdings(QINGDAO, PENALTY)}
    whole = {cell for cell in cells if re.fullmatch(r"\d{17}[\dX]", cell)}
    assert {f"{cell[:10]}****{cell[14:]}" for cell in whole} & cells
