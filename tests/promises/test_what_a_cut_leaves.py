"""Where a platform holds more than `maxRows` the first of its order come; a day that is masked decides nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway.fetching.fetcher import Group
from tests.conftest import House, gateway_beside
from tests.promises.penalties import CITY, ruling
from tests.promises.small_sets import seal
from tests.promises.test_denied_is_never_fetched import Recorder

PLATFORM = "370300-zibo-licences"
DECLARATION = f"""\
platform: {PLATFORM}
version: 1.0.0
region: "370300"
title: {{zh: 淄博市（测试）, en: Zibo (test)}}
owner: {{office: 测试, contact: ops@zibo.example}}
catalogue: ">=2026 <2027"
sources:
  licences: {{kind: sql, url: env:ZIBO_URL, limits: {{maxRows: 3}}}}
types:
  AdministrativeLicence:
    table: LICENCES
    key: [ID]
    subject: {{uscc: {{column: CODE}}}}
    fields:
      documentNo: {{column: NUMBER}}
      decisionDate: {{column: DAY, date: "%Y-%m-%d"}}
      status: {{const: ACTIVE}}
      validTo: {{column: VALID, date: "%Y-%m-%d"}}
    absent: [content]
    order: [decisionDate desc, documentNo]
"""
MONTHS = """\
policy: zibo
kind: city
region: "370300"
title: {zh: 淄博市收紧示例, en: Zibo tightens (test)}
owner: {office: 淄博市, contact: zb@example.org}
valid: {from: 2026-01-01}
rules:
  - id: months-only
    why: {zh: 许可日期只到月份, en: The day of a licence stays in the city}
    law: [{text: 测试, mark: E}]
    limit: month
    to: {client: public}
    types: [AdministrativeLicence]
    fields: {name: [decisionDate]}
"""
DAYS = ["2024-05-01", "2021-03-02", None, "2025-12-31", "2020-01-01", "2026-02-03", "2023-09-09"]
QUERY = """query($id: SubjectKey!) { subject(id: $id) { administrativeLicences(regions: ["370300"], first: 50) {
    nodes { documentNo } complete totalCount sources { platform status records } } } }"""
BY_DAY, BY_KEY = ["第6号", "第4号", "第1号"], {"第1号", "第2号", "第3号"}


@pytest.fixture(scope="module")
def zibo(house: House, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("zibo")
    with closing(sqlite3.connect(folder / "licences.db")) as base:
        base.execute("CREATE TABLE LICENCES (ID, CODE, NUMBER, DAY, VALID)")
        code = house.key("many_platforms")["uscc"]
        rows = [(number, code, f"第{number}号", day, "2030-01-01") for number, day in enumerate(DAYS, 1)]
        base.executemany("INSERT INTO LICENCES VALUES (?, ?, ?, ?, ?)", rows)
        base.commit()

    def join(home: Path) -> None:
        (home / "platforms" / f"{PLATFORM}.yaml").write_text(DECLARATION, "utf-8")
        with (home / "gateway.env").open("a", encoding="utf-8") as settings:
            settings.write(f"ZIBO_URL=sqlite+aiosqlite:///{folder / 'licences.db'}\n")
        policies = home / "policies"
        (policies / "rules" / "40-zibo.yaml").write_text(MONTHS, "utf-8")
        seal(policies)

    with gateway_beside(house, folder, join) as found:
        yield found


def asked(zibo: House, house: House, **caller: Any) -> tuple[list[str], bool]:
    """The numbers of the licences that come, of which it is told that there are more; and whether the day ordered them
    in the statement."""
    with Recorder(house) as recorder:
        answer = zibo.ask(QUERY, "many_platforms", **caller)
        statements = [text for text in recorder.statements if "LICENCES" in text]
    found = answer["data"]["subject"]["administrativeLicences"]
    (source,) = (each for each in found["sources"] if each["platform"] == PLATFORM)
    assert source == {"platform": PLATFORM, "status": "TRUNCATED", "records": 3}
    assert (found["complete"], found["totalCount"]) == (False, None)
    (statement,) = statements
    return [node["documentNo"] for node in found["nodes"]], "DAY" in statement.partition("ORDER BY")[2]


def test_the_newest_come_where_there_are_more_than_may(zibo: House, house: House) -> None:
    """Of seven licences the three newest, whether or not their day is asked for."""
    assert asked(zibo, house, as_="shanghai-market-bureau", purpose="gov.licensing") == (BY_DAY, True)


def test_a_day_that_may_not_be_read_does_not_choose_what_comes(zibo: House, house: House) -> None:
    """Who may read months alone gets those of the smallest keys, in the order of their opaque ids; beside somebody who
    may read days, and after him."""
    for _ in range(2):
        numbers, by_day = asked(zibo, house)
        assert (set(numbers), by_day) == (BY_KEY, False)
        assert asked(zibo, house, as_="shanghai-market-bureau", purpose="gov.licensing") == (BY_DAY, True)


def test_who_may_not_be_ordered_is_not_asked_with_who_may() -> None:
    """Kinds of subject that are sought together are asked apart where the order is open for one of them alone."""
    mine = replace(ruling(CITY, {"documentNo": "allow"}), ordered=True)
    like = replace(mine, facts=replace(mine.facts, kind="NonEnterpriseLegalPerson"))
    group = Group(mine, (), True)
    assert group.question.ordered
    assert group.takes(like, (), True)
    assert not group.takes(replace(like, ordered=False), (), True)
