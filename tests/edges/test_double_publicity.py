"""The ready template for double-publicity databases: rows of both generations, in a real database, each as it is."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from connectors.contract import Deadline, Fetch, Page, SubjectKey
from connectors.registry import load
from gateway.checking import terms_of
from gateway.documents import Document
from policies.identifiers import citizen_id_check, uscc_check
from tests.edges import drafts
from tests.edges.invented import Surroundings, connector

ROOT = Path(__file__).parents[2]
TEMPLATE = (ROOT / "connectors/platforms/_template-double-publicity.yaml").read_text("utf-8")
LICENCE, PENALTY = "AdministrativeLicence", "AdministrativePenalty"

FIRM = "91370100MA3INVENT"[:17].replace("I", "J").replace("V", "W")
FIRM += uscc_check(FIRM)
BORN = "37010219800101001"
PERSON = BORN + citizen_id_check(BORN)
OLD = BORN[:6] + BORN[8:]

# what the same licence and penalty look like in each generation
LICENCES: list[Mapping[str, Any]] = [
    {
        "XH": 1,
        "XK_XDR_MC": "虚构（济南）公司",
        "XK_XDR_LB": "法人及非法人组织",
        "XK_XDR_SHXYM": FIRM,
        "XK_FRDB": "甲某",
        "XK_FR_ZJLX": "居民身份证",
        "XK_FR_ZJHM": PERSON,
        "XK_XKWS": "决定书",
        "XK_WSH": "许2020-1",
        "XK_XKLB": "备案",
        "XK_JDRQ": "2020/01/31",
        "XK_YXQZI": "9999-09-09",
        "XK_XKJG": "虚构局",
        "XK_XKJGDM": "无",
        "XK_ZT": "1",
        "XK_LYDW": "虚构单位",
        "XZQHDM": "370102001",
        "SJC": "2020-02-01 08:00:00",
        "SCBZ": "0",
    },
    {
        "XH": 2,
        "XK_XDR": "虚构(济南)公司",
        "XK_XDR_SHXYM": FIRM,
        "XK_FR": "甲某",
        "XK_FR_SFZH": OLD,
        "XK_XMMC": "决定书",
        "XK_WSH": "许2016-1",
        "XK_SPLB": "普通",
        "XK_JDRQ": "20160131",
        "XK_JZQ": "长期",
        "XK_XZJG": "虚构局",
        "XK_ZT": "0",
        "DFBM": "虚构单位",
        "XZQHDM": "371202001001",
        "SJC": "2016/02/01 08:00:00",
    },
    {"XH": 3, "XK_XDR_SHXYM": FIRM, "XK_ZT": 1, "XK_WSH": "许2016-2", "XK_JDRQ": "2016-01-31 00:00;00"},
    {"XH": 4, "XK_XDR_SHXYM": FIRM, "XK_ZT": "3", "XK_WSH": "许2016-3", "XK_JDRQ": "1900-01-01"},
    {
        "XH": 5,
        "XK_XDR_SHXYM": FIRM,
        "XK_XDR_LB": "自然人",
        "XK_ZT": "0",
        "XK_FR_ZJHM": f"{PERSON[:10]}****{PERSON[14:]}",
    },
    {"XH": 6, "XK_XDR_SHXYM": FIRM, "XK_ZT": "0", "SCBZ": "1"},
]
PENALTIES: list[Mapping[str, Any]] = [
    {
        "XH": 1,
        "CF_XDR_MC": "甲某",
        "CF_XDR_LB": "自然人",
        "CF_XDR_SHXYM": "00000000000000000X",
        "CF_XDR_ZJLX": "身份证",
        "CF_XDR_ZJHM": PERSON,
        "CF_WSH": "罚2020-1",
        "CF_CFLB": "警告、罚款",
        "CF_NR_FK": "0.2",
        "CF_CFMC": "案",
        "CF_ZT": "0",
        "CF_JDRQ": "2020/01/31",
        "CF_GSJZQ": "2099-12-31",
        "CASE_PROCESS_TYPE": "02",
    },
    {
        "XH": 2,
        "CF_XDR": "甲某",
        "CF_XDR_ZJLX": "111",
        "CF_XDR_ZJHM": OLD,
        "CF_WSH": "罚2016-1",
        "CF_CFLB1": "罚款",
        "CF_CFLB2": "没收非法财物",
        "CF_NR_FK": "罚款2000元",
        "CF_AJMC": "案",
        "CF_ZT": "正常",
        "CF_JDRQ": "20160131",
        "CF_YXQ": "无处罚期限",
        "GSQX": "2021-01-31",
    },
    {"XH": 3, "CF_XDR_ZJLX": "111", "CF_XDR_ZJHM": PERSON, "CF_WSH": "罚2016-2", "CF_ZT": "3"},
]


def declared(case: str) -> Document:
    text = TEMPLATE.replace("columns: upper", f"columns: {case}")
    return Document("370100-template-double-publicity.yaml", text.encode(), ROOT / "connectors/platforms")


def filled(file: Path, case: str, text: str) -> None:
    """Both tables with every column that the template names, and the rows."""
    turn = str.upper if case == "upper" else str.lower
    with closing(sqlite3.connect(file)) as database:
        for table, prefix, stock in (("SGS_XZXK", "XK_", LICENCES), ("SGS_XZCF", "CF_", PENALTIES)):
            common = ["XH", "XZQHDM", "SJC", "SCBZ", "BZ", "DFBM", "GSQX", "CASE_PROCESS_TYPE"]
            named = [word.strip("},]") for word in text.split() if word.startswith(prefix)]
            columns = [*common, *sorted(set(named))]
            database.execute(f"create table {turn(table)} ({', '.join(map(turn, columns))})")
            for row in stock:
                assert row.keys() <= set(columns)
                marks = ", ".join("?" * len(columns))
                database.execute(f"insert into {turn(table)} values ({marks})", [row.get(name) for name in columns])
        database.commit()


@pytest.mark.parametrize("case", ["upper", "lower"])
async def test_both_generations_are_read_as_they_are_meant(
    tmp_path: Path, case: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A row that has the codes of 2018, and one that has those of 2016 alone, become the same record; digits with
    opposite meanings, old numbers, endless days, masks, placeholders and deleted rows are what they are."""
    terms = terms_of(drafts.catalogue())
    filled(tmp_path / "exchange.db", case, TEMPLATE)
    made = connector(load([declared(case)], terms))
    await made.open(
        Surroundings({"env:TEMPLATE_DOUBLE_PUBLICITY_URL": f"sqlite+aiosqlite:///{tmp_path / 'exchange.db'}"})
    )

    async def asked(of: str, kind: Any, code: str) -> Page:
        fields = frozenset(terms.types[of].fields)
        deadline = Deadline.within(20)
        [page] = [page async for page in made.fetch(Fetch(of, fields, (SubjectKey(kind, code),), deadline=deadline))]
        return page

    try:
        with caplog.at_level(logging.INFO, "sqlalchemy.engine"):
            licences = await asked(LICENCE, "uscc", FIRM)
        penalties = await asked(PENALTY, "citizenId", PERSON)
    finally:
        await made.close()
    assert f'FROM "{"SGS_XZXK" if case == "upper" else "sgs_xzxk"}"' in caplog.text

    assert licences.rejected == penalties.rejected == []
    now, old, revoked, other, void = (row.values for row in licences.rows)
    for words in (now, old):
        assert (words["legalRepresentative"], words["legalRepIdNo"]) == ("甲某", PERSON)
        assert (words["documentName"], words["authority"], words["sourceUnit"]) == ("决定书", "虚构局", "虚构单位")
        assert (words["state"], words["status"]) == ("VALID", "ACTIVE")
        assert words["validTo"] == date.max
    assert (now["areaCode"], old["areaCode"]) == ("370102", "370116")
    assert (now["licenceKind"], old["licenceKind"]) == ("OTHER", "GENERAL")
    assert (now["authorityUscc"], now["legalRepIdType"]) == (None, "RESIDENT_ID")
    assert (revoked["state"], revoked["status"], revoked["decisionDate"]) == ("REVOKED", "REVOKED", date(2016, 1, 31))
    assert (other["state"], other["status"], other["decisionDate"]) == ("OTHER", None, None)
    assert (void["state"], void["status"], void["legalRepIdNo"]) == ("INVALID", "EXPIRED", None)

    first, second, third = (row.values for row in penalties.rows)
    assert third["status"] is None  # 其他 is no end of a penalty: nobody is told that it has expired
    assert {row.subject.value for row in penalties.rows} == {PERSON}
    for words in (first, second):
        assert (words["counterpartyName"], words["personIdNo"], words["caseName"]) == ("甲某", PERSON, "案")
        assert (words["fineAmountWan"], words["status"], words["uscc"]) == (Decimal("0.2"), "ACTIVE", None)
    assert (first["penaltyKinds"], second["penaltyKinds"]) == (("WARNING", "FINE"), ("FINE", "CONFISCATION"))
    assert (first["publishUntil"], second["publishUntil"]) == (date.max, date(2021, 1, 31))
    assert (first["procedure"], second["effectiveUntil"]) == ("ORDINARY", None)
