"""Suggestions of declarations, held against three tables that were frozen before there was any."""

from __future__ import annotations

import csv
import json
import re
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from connectors.registry import load as registered
from connectors.spelling import DeclarationError
from connectors.suggesting import reading
from connectors.suggesting.matching import Suggestion, suggest
from connectors.suggesting.names import Column
from connectors.suggesting.writing import Source, proposal
from gateway.checking import names_of, terms_of
from gateway.cli.connector import connector
from gateway.documents import Document, load
from tests.edges.drafts import catalogue

TABLES = {path.stem: load(path).data for path in sorted((Path(__file__).parent / "suggesting").glob("*.yaml"))}
SURE, FOUND = 0.95, 0.94  # what is called sure is true; what is true is found


def proposed(table: Mapping[str, Any]) -> Suggestion:
    columns = [Column(name, "", tuple(each["values"])) for name, each in table["columns"].items()]
    return suggest(columns, names_of(catalogue()), terms_of(catalogue()).checks)[0]


def said(best: Suggestion) -> dict[str, str]:
    return {column: field for field, claimed in best.sure.items() for column, _ in claimed}


@pytest.mark.parametrize("name", TABLES)
def test_what_is_called_sure_is_true(name: str, record_testsuite_property: Any) -> None:
    """At least 19 of 20 columns that are called sure are the field that they are said to be; the type is right."""
    table = TABLES[name]
    truth = {column: each["is"] for column, each in table["columns"].items()}
    best = proposed(table)
    right = [column for column, field in said(best).items() if truth[column] == field]
    precision, recall = len(right) / len(said(best)), len(right) / sum(field is not None for field in truth.values())
    record_testsuite_property(f"suggest {name}", f"precision {precision:.3f}, recall {recall:.3f}")
    assert best.type == table["type"]
    assert precision >= SURE
    assert recall >= FOUND


@pytest.mark.parametrize("name", TABLES)
def test_what_is_not_sure_is_listed_with_its_candidates(name: str) -> None:
    """A column that truly is a field is sure of it, or has it among its candidates: it is never lost."""
    table, best = TABLES[name], proposed(TABLES[name])
    for column, each in table["columns"].items():
        candidates = {candidate.field for candidate in best.unsure.get(column, ())}
        if each["is"] is not None and column not in said(best):
            assert each["is"] in candidates


def test_values_that_contradict_a_name_make_it_unsure() -> None:
    """A column that is called a date and holds no dates, or a code that does not pass its check, is asked about."""
    table = TABLES["codes"]
    wrong = {
        "cf_jdrq": ["虚构局", "虚构局", "x", "y"],
        "CF_XDR_SHXYM": ["1", "2", "3", "4"],
        "CF_NR_FK": ["甲", "乙", "", ""],
    }
    columns = {name: {**each, "values": wrong.get(name, each["values"])} for name, each in table["columns"].items()}
    best = proposed({**table, "columns": columns})
    assert not said(best).keys() & wrong.keys()
    assert all("of another kind" in best.unsure[name][0].manner for name in wrong)


def test_two_generations_of_a_field_are_one_with_the_newer_first() -> None:
    """Columns with both codes of the standards become `first`; two columns with equal right are asked about."""
    columns = [Column("CF_FR"), Column("CF_FRDB"), Column("处罚机关"), Column("CFJG"), Column("cfjg ")]
    best = suggest(columns, names_of(catalogue()), terms_of(catalogue()).checks, "AdministrativePenalty")[0]
    assert [name for name, _ in best.sure["legalRepresentative"]] == ["CF_FRDB", "CF_FR"]
    assert [name for name, _ in best.sure["authority"]] == ["处罚机关"]
    same = suggest(columns[3:], names_of(catalogue()), terms_of(catalogue()).checks, "AdministrativePenalty")[0]
    assert same.sure == {}
    assert set(same.unsure) == {"CFJG", "cfjg "}


def as_csv(folder: Path, table: Mapping[str, Any], encoding: str = "gb18030") -> Path:
    file = folder / "sample.csv"
    with file.open("w", encoding=encoding, newline="") as out:
        writer = csv.writer(out)
        writer.writerow(table["columns"])
        writer.writerows(zip(*(each["values"] for each in table["columns"].values()), strict=True))
    return file


def written(read: tuple[list[Column], Source], only: str | None = None) -> str:
    columns, source = read
    names = names_of(catalogue())
    return proposal(suggest(columns, names, terms_of(catalogue()).checks, only), names, source)


def finished(text: str) -> str:
    """The proposal when its doubts about the key are answered."""
    return text.replace("    # key:", "    key:")


@pytest.mark.parametrize("name", TABLES)
def test_a_proposal_is_a_declaration_that_only_lacks_what_it_says(tmp_path: Path, name: str) -> None:
    """It loads once the key is confirmed, and nothing is found in it but fields that decide, which somebody must map.
    No value of any row stands in it, but words for nothing, days that are none and the codes of lists."""
    text = written(reading.sample(as_csv(tmp_path, TABLES[name]), "gb18030"))
    with pytest.raises(DeclarationError) as caught:
        registered([Document("370000-proposal.yaml", finished(text).encode())], terms_of(catalogue()))
    assert all("decides which rows may be shown: map it" in line for line in caught.value.findings)
    values = {value for each in TABLES[name]["columns"].values() for value in each["values"] if len(value) > 4}
    codes = {label for words in names_of(catalogue()).values() for each in words.values() for label in each.labels}
    words = {"370000", "2099-12-31", "9999-09-09", "1900-01-01"}  # a region to be named, and days that are none
    shown = [value for value in values - codes - words if value in text]
    assert not [value for value in shown if f'"{value}"' not in "".join(re.findall(r"what do (\[.*?\]) mean", text))]


def test_texts_where_codes_are_expected_are_counted_and_not_shown() -> None:
    """Values that hardly come twice are no codes of a list: they may speak of somebody, and stand nowhere."""
    kinds = Column("CF_CFLB", "", tuple(f"对虚构某{number}罚款" for number in range(6)))
    number = Column("CF_WSH", "", tuple(f"A-{number}" for number in range(6)))
    names = names_of(catalogue())
    found = suggest([kinds, number], names, terms_of(catalogue()).checks, "AdministrativePenalty")
    text = proposal(found, names, Source("a table", "column", "# sources", "table: t"))
    assert "虚构某" not in text
    assert "6 different texts, which are no codes of a list" in text


def test_what_is_in_doubt_stands_as_a_comment(tmp_path: Path) -> None:
    """An amount whose unit nobody said, a code that is called nothing: sure of the column only."""
    text = written(reading.sample(as_csv(tmp_path, TABLES["codes"]), "gb18030"))
    assert (
        "# fineAmountWan: {column: CF_NR_FK, unit: {from: yuan | wan, to: wan}}   # 0.99 code of the standard; is it"
        in text
    )
    assert '# legalRepIdType: {column: CF_FR_ZJLX}   # 0.99 code of the standard; what do ["111"] mean?' in text
    assert 'decisionDate: {column: cf_jdrq, date: ["%Y/%m/%d"]}' in text
    assert 'effectiveUntil: {column: CF_YXQ, date: ["%Y/%m/%d"], never: ["2099-12-31"]}' in text
    assert "areaCode: {column: XZQHDM, take: 6, check: gbt2260}" in text
    assert "subject: {uscc: {column: CF_XDR_SHXYM}}" in text
    text = written(reading.sample(as_csv(tmp_path, TABLES["english"]), "gb18030"))
    assert '# deleted: {column: is_deleted, is: "1"}' in text
    assert text.count("is_deleted") == 1


def test_a_file_of_a_day_is_proposed_for_every_day(tmp_path: Path) -> None:
    """A title above the columns is none of them, the day in a name is any; a text of another encoding is
    told with the option that says it."""
    lines = as_csv(tmp_path, TABLES["codes"]).read_text("gb18030").splitlines()
    path = tmp_path / "xzcf-2026-11-29.csv"
    path.write_text("\n".join(["某市行政处罚", *lines]), "gb18030")
    text = written(reading.sample(path, "gb18030"))
    assert 'file: {name: "xzcf-*.csv", headerRow: 2}' in text
    assert "subject: {uscc: {column: CF_XDR_SHXYM}}" in text
    with pytest.raises(ValueError, match="say another `--encoding`"):
        reading.sample(path, "utf-8")


def test_a_type_without_a_field_for_it_has_a_subject_all_the_same(tmp_path: Path) -> None:
    """An honour has no field for the code: the column that is called so, or whose values are codes, is named."""
    codes = TABLES["codes"]["columns"]["CF_XDR_SHXYM"]["values"]
    for heading, line in (
        ("统一社会信用代码", "\n    subject: {uscc: {column: 统一社会信用代码}}\n"),
        ("DM", "\n    # subject: {uscc: {column: DM}}   # its values are such codes;"),
    ):
        rows = [f"{code},守合同重信用,{2020 + year}" for year, code in enumerate(codes)]
        (tmp_path / "honours.csv").write_text("\n".join([f"{heading},荣誉名称,荣誉年度", *rows]), "utf-8")
        text = written(reading.sample(tmp_path / "honours.csv", "utf-8"))
        assert "  Honour:\n" in text
        assert line in text
        assert "is called so" not in text


def test_a_table_of_a_database_is_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Columns and rows come from a database by its reference; a literal URL and a table that is none are refused."""
    table = TABLES["initials"]
    with closing(sqlite3.connect(tmp_path / "list.db")) as database:
        database.execute(f"create table 名单 ({', '.join(table['columns'])})")
        rows = list(zip(*(each["values"] for each in table["columns"].values()), strict=True))
        database.executemany(f"insert into 名单 values ({', '.join('?' * len(table['columns']))})", rows)
        database.commit()
    url = f"sqlite+aiosqlite:///{tmp_path / 'list.db'}"
    monkeypatch.setenv("SUGGESTED_URL", url)
    command = ["suggest", "--home", "none", "--table"]
    text = CliRunner().invoke(connector, [*command, "env:SUGGESTED_URL", "名单"]).stdout
    assert "  SeriousDishonestyEntry:\n" in text
    assert 'table: "名单"' in text
    for given, reason in ((url, "a reference is expected"), ("env:SUGGESTED_URL", "there is no table `nowhere`")):
        result = CliRunner().invoke(connector, [*command, given, "nowhere"])
        assert result.exit_code != 0
        assert reason in result.output
        assert url not in result.output


def test_json_is_looked_at(tmp_path: Path) -> None:
    """The longest list of objects in a JSON document gives columns by path."""
    table = TABLES["english"]
    rows = [dict(zip(table["columns"], cells, strict=True)) for cells in
            zip(*(each["values"] for each in table["columns"].values()), strict=True)]  # fmt: skip
    (tmp_path / "sample.json").write_text(json.dumps({"code": 200, "data": {"list": rows}}, ensure_ascii=False))
    text = written(reading.sample(tmp_path / "sample.json", "utf-8"))
    assert "subject: {uscc: {path: credit_code}}" in text


def test_a_label_says_as_much_as_a_name(tmp_path: Path) -> None:
    """A column that is called by a number is known by its comment in the database, or its heading."""
    columns = [
        Column("C01", "行政处罚决定书文号"),
        Column("C02", "罚款金额（万元）", ("0.2",)),
        Column("C03", "处罚决定日期"),
    ]
    best = suggest(columns, names_of(catalogue()), terms_of(catalogue()).checks, "AdministrativePenalty")[0]
    assert said(best) == {"C01": "documentNo", "C02": "fineAmountWan", "C03": "decisionDate"}


@pytest.mark.parametrize(
    ("label", "unit"),
    [
        ("罚款金额（万元）", "wan"),
        ("罚款金额（元）", "yuan"),
        ("罚款金额，单位：人民币元", "yuan"),
        ("罚款金额（亿元）", ""),
        ("罚款金额，单位：千元", ""),
        ("罚款金额，单位：万美元", ""),
    ],
)
def test_a_unit_is_sure_only_where_it_is_one_of_the_two(label: str, unit: str) -> None:
    """亿元 and 千元 are not 元, and neither is another country's: such an amount is a comment."""
    names = names_of(catalogue())
    found = suggest([Column("C1", label, ("2", "3"))], names, terms_of(catalogue()).checks, "AdministrativePenalty")
    text = proposal(found, names, Source("a table", "column", "# sources", "table: t"))
    said = f"      fineAmountWan: {{column: C1, unit: {{from: {unit}, to: wan}}}}"
    assert (said in text) == bool(unit)
    assert ("# fineAmountWan: {column: C1, unit: {from: yuan | wan" in text) != bool(unit)


def test_words_for_nothing_stand_where_they_mean_nothing() -> None:
    """无 is a band of arrears and the no of a flag, and nothing elsewhere; a day that somebody was founded on is a day,
    though it is early; and an amount is in yuan where its currency says so."""
    names, checks = names_of(catalogue()), terms_of(catalogue()).checks
    columns = [
        Column("纳税区间", "", ("无", "1万元以下", "无", "1万元以下")),
        Column("是否有不动产抵押", "", ("无", "无", "无", "无")),
        Column("现有授信区间", "", ("1万元以下", "--", "1万元以下", "--")),
        Column("汇总日期", "", ("2020-01-31", "无", "2020-01-31", "2020-01-31")),
    ]
    source = Source("a table", "column", "# sources", "table: t")
    text = proposal(suggest(columns, names, checks, "SmeFinanceSummary"), names, source)
    assert '    null: ["--"]\n' in text
    assert 'vocabulary: {"1万元以下": "UNDER_1", "无": "NONE"}' in text
    assert "# realEstatePledge: {column: 是否有不动产抵押}" in text
    assert 'summaryDate: {column: 汇总日期, date: ["%Y-%m-%d"], null: ["无"]}' in text
    columns = [
        Column("成立日期", "", ("1949-10-08", "1900-01-01", "2001-01-01")),
        Column("注册资本（万元）", "注册资本（万元）", ("100", "200", "300")),
        Column("注册资本币种", "", ("156", "840", "")),
    ]
    text = proposal(suggest(columns, names, checks, "Registration"), names, source)
    assert '      estDate: {column: 成立日期, date: ["%Y-%m-%d"], unknown: ["1900-01-01"]}' in text
    assert 'unit: {from: wan, to: wan}, currency: {column: 注册资本币种, is: ["156", null]}}' in text


def test_another_s_code_is_not_the_subject_s_for_sure(tmp_path: Path) -> None:
    """A code that says in brackets whose it is, is asked about."""
    codes = TABLES["codes"]["columns"]["CF_XDR_SHXYM"]["values"]
    lines = [f"{code},守合同重信用,{2020 + year}" for year, code in enumerate(codes)]
    heading = "统一社会信用代码（颁发机关）,荣誉名称,荣誉年度"
    (tmp_path / "honours.csv").write_text("\n".join([heading, *lines]), "utf-8")
    text = written(reading.sample(tmp_path / "honours.csv", "utf-8"))
    assert '    # subject: {uscc: {column: "统一社会信用代码（颁发机关）"}}' in text


def test_headings_of_several_lines_are_proposed_on_one(tmp_path: Path) -> None:
    """A break inside a heading or a comment of a database ends no line of the proposal, and a day in a name is any."""
    codes = TABLES["codes"]["columns"]["CF_XDR_SHXYM"]["values"]
    lines = [f"{code},守合同重信用,{2020 + year},x" for year, code in enumerate(codes)]
    path = tmp_path / "370600荣誉2026年1月5日[1].csv"
    path.write_text("\n".join(['"统一社会\r\n信用代码",荣誉名称,荣誉年度,"备用\n一"', *lines]), "utf-8")
    text = written(reading.sample(path, "utf-8"))
    assert "subject: {uscc: {column: 统一社会信用代码}}" in text
    assert 'file: {name: "370600荣誉*?1?.csv"}' in text
    assert "# Nothing in the catalogue is called so: 备用一" in text


def test_initials_of_an_office_are_not_those_of_a_result() -> None:
    """处罚机关 and 处罚结果 have the same initials: values that are no offices make such a column unsure."""
    names, checks = names_of(catalogue()), terms_of(catalogue()).checks
    for values, sure in ((("虚构市某局", "虚构市某局（本级）"), True), (("罚款2000元", "警告"), False)):
        best = suggest([Column("CFJG", "", values)], names, checks, "AdministrativePenalty")[0]
        assert bool(best.sure) == sure
        assert sure or "authority" in {each.field for each in best.unsure["CFJG"]}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("91370202MA3DEM001A,虚构某,1\n91370302MA3DEM002J,虚构某,2\n", "row 1 of the sample holds values"),
        ("某市名单\n2020-01-31,虚构某\n", "row 2 of the sample holds values"),
        ("", "no names of columns"),
    ],
)
def test_a_sample_without_names_of_columns_is_told_and_not_shown(tmp_path: Path, content: str, reason: str) -> None:
    """Values that stand where names are expected would be printed as such."""
    (tmp_path / "list.csv").write_text(content, "utf-8")
    with pytest.raises(ValueError, match=reason) as caught:
        reading.sample(tmp_path / "list.csv", "utf-8")
    assert "虚构某" not in str(caught.value)
