"""Suggestions from descriptions of services, held against one that was frozen before there was any."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from connectors.registry import load as registered
from connectors.spelling import DeclarationError
from connectors.suggesting.asking import service
from connectors.suggesting.matching import Suggestion, suggest
from connectors.suggesting.names import Column
from connectors.suggesting.spellings import NEARLY, REMARKED, remarked
from connectors.suggesting.writing import proposal
from gateway.checking import names_of, terms_of
from gateway.cli.connector import connector
from gateway.documents import Document, load
from tests.edges.drafts import catalogue

ROOT = Path(__file__).parents[2]
MARKET = Path(__file__).parent / "suggesting/services/market.wsdl"
TRUTH = load(MARKET.with_suffix(".yaml")).data
TEMPLATE = ROOT / "connectors/platforms/_template-soap.wsdl"
DEMO = ROOT / "deploy/demo/platforms/371000-weihai-credit.wsdl"
SURE, FOUND = 0.95, 0.94  # what is called sure is true; what is true is found


def suggested(path: Path, only: str | None = None) -> tuple[Suggestion, str]:
    """What is made of a description: the best suggestion, and the text."""
    names = names_of(catalogue())
    found, source = service(path, names, terms_of(catalogue()).checks, only)
    return found[0], proposal(found, names, source)


def changed(folder: Path, *edits: tuple[str, str], path: Path = MARKET) -> Path:
    text = path.read_text("utf-8")
    for old, new in edits:
        assert old in text
        text = text.replace(old, new)
    (folder / "service.wsdl").write_text(text, "utf-8")
    return folder / "service.wsdl"


def said(best: Suggestion) -> dict[str, str]:
    return {column: field for field, claimed in best.sure.items() for column, _ in claimed}


def lines(text: str) -> list[str]:
    """The lines of one type that stand there, without what is remarked on them."""
    return [line.partition("   # ")[0] for line in text.splitlines() if not line.lstrip().startswith("#")]


@pytest.mark.parametrize("name", TRUTH)
def test_what_is_called_sure_is_true(name: str, record_testsuite_property: Any) -> None:
    """Operation, rows and the subject's place are the true ones; at least 19 of 20 elements that are called sure are
    the field that they are said to be; what is not sure of a field and truly is one is listed."""
    truth = TRUTH[name]
    best, text = suggested(MARKET, name)
    found, fields = said(best), truth["columns"]
    right = [column for column, field in found.items() if fields[column] == field]
    precision, recall = len(right) / len(found), len(right) / sum(field is not None for field in fields.values())
    record_testsuite_property(f"suggest market {name}", f"precision {precision:.3f}, recall {recall:.3f}")
    assert {column.name for column in best.columns} == set(fields)
    assert precision >= SURE
    assert recall >= FOUND
    standing = lines(text)
    assert f"    call: {{operation: {truth['operation']}}}" in standing
    assert f"    rows: {truth['rows']}" in standing
    last = truth["subject"]["place"].rpartition(".")[2]
    word = "{subjects}" if truth["subject"]["many"] else "{subject}"
    assert [line.strip() for line in standing if "{subject" in line] == [f'{last}: "{word}"']


@pytest.mark.parametrize("name", TRUTH)
def test_a_proposal_is_a_declaration_that_only_lacks_what_it_says(name: str) -> None:
    """Once its key is confirmed it is held against the description, and nothing is found in it but fields that decide,
    which somebody must map."""
    _, text = suggested(MARKET, name)
    finished = text.replace("    # key: []", "    key: [F01]").encode()
    with pytest.raises(DeclarationError) as caught:
        registered([Document("370000-proposal.yaml", finished, MARKET.parent)], terms_of(catalogue()))
    assert all("decides which rows may be shown: map it" in line for line in caught.value.findings)


def test_types_and_enumerations_say_how_values_are_read() -> None:
    """A day's format, an amount's unit and a list's codes come from the description; a code that means nothing here
    makes a comment of its line, and so does a list of which nobody says what it means."""
    best, text = suggested(MARKET)
    assert best.type == "AdministrativePenalty"
    assert 'decisionDate: {path: F18, date: ["%Y-%m-%d", "%Y-%m-%d%z"]}' in text
    assert '\n      publishUntil: {path: F20, date: ["%Y%m%d"]}' in text
    assert '\n      sourceUpdatedAt: {path: F99, timestamp: ["%Y-%m-%dT%H:%M:%S", ' in text
    assert "\n      fineAmountWan: {path: F16, unit: {from: wan, to: wan}}" in text
    assert '\n      counterpartyType: {path: F03, vocabulary: {"法人及非法人组织": "ORGANISATION", ' in text
    status = next(line for line in text.splitlines() if "path: F23" in line)
    assert status.strip().startswith('# status: {path: F23, vocabulary: {"0": "ACTIVE", "1": "REVOKED", "9": "REP')
    assert 'what do ["2 (异议处理)"] mean?' in status
    assert "\n    batch: 20 " in text
    assert best.unsure["F19"][0].manner.endswith("but its values are of another kind")
    assert "F10 (案件编号)" in text
    assert "return.total (总记录数)" in text


@pytest.mark.parametrize("path", [TEMPLATE, DEMO], ids=["template", "demo"])
def test_where_the_description_says_nothing_nothing_is_guessed(path: Path) -> None:
    """Of texts that hold a document, and of answers that are open, no line stands there but the source's; the
    operations are listed with what they take and give."""
    best, text = suggested(path)
    assert best.sure == {}
    assert not re.search(r"^ *(call|input|rows|subject):", text, re.MULTILINE)
    assert [line.partition("; takes")[0] for line in text.splitlines() if "# Operation: " in line] == [
        f"    # Operation: {name}"
        for name in (["queryPenalties", "exchange"] if path is TEMPLATE else ["exchange", "query"])
    ]
    assert "a document may be in it, see `embedded`" in text


FIELDS = ("entname", "uniscid", "opscope", "dom")
DOUBTS = [
    ("rows of another type", [("K", "K")], "AdministrativeLicence", "its rows are rather `AdministrativePenalty`"),
    ("one that sounds as if it wrote",
     [("queryEnterprise", "saveEnterprise"), ("查询企业登记信息", "企业登记信息保存")], "Registration",
     "it sounds as if it wrote something"),
    ("one without a sure subject", [(">统一社会信用代码<", ">主体编码<")], None,
     "no element of the question is sure to be the subject's code"),
    ("two that give the same", [('name="enterprise" type="tns:qydj"', 'name="enterprise" type="tns:xzcf"')], None,
     "gives as much, at `"),
    ("rows that are the answer itself",
     [('<xsd:element name="enterprise" type="tns:qydj" minOccurs="0"/>',
       "".join(f'<xsd:element name="{name}" type="xsd:string"/>' for name in FIELDS))],
     "Registration", "the answer's own element is the row"),
    ("a row of two fields",
     [('<xsd:element name="enterprise" type="tns:qydj" minOccurs="0"/>',
       '<xsd:element name="enterprise"><xsd:complexType><xsd:sequence><xsd:element name="entname" type="xsd:string"/>'
       '<xsd:element name="opscope" type="xsd:string"/></xsd:sequence></xsd:complexType></xsd:element>')],
     "Registration", "less than 3 elements of a row are sure"),
]  # fmt: skip


@pytest.mark.parametrize(("edits", "only", "doubt"), [case[1:] for case in DOUBTS], ids=[case[0] for case in DOUBTS])
def test_a_call_in_doubt_is_a_comment(
    tmp_path: Path, edits: list[tuple[str, str]], only: str | None, doubt: str
) -> None:
    """Whatever speaks against an operation is told, and then neither it nor its question nor its rows stand there."""
    _, text = suggested(changed(tmp_path, *edits), only)
    assert re.search(r"^    # call: \{operation: \w+\}   # .*" + re.escape(doubt), text, re.MULTILINE)
    assert not re.search(r"^ *(call|input|rows|batch):", text, re.MULTILINE)


def test_a_type_that_holds_itself_is_read_once(tmp_path: Path) -> None:
    """A record that holds another one of its kind is no endless row."""
    inner = '<xsd:element name="F00" type="tns:baseRecord" minOccurs="0"/><xsd:element name="F01" type="xsd:string">'
    best, _ = suggested(changed(tmp_path, ('<xsd:element name="F01" type="xsd:string">', inner)))
    assert said(best)["F02"] == "counterpartyName"


def test_attributes_and_lists_are_elements_of_a_row(tmp_path: Path) -> None:
    """A text with an attribute gives both; what comes again inside a row is no value of a field that has one."""
    bearing = (
        '<xsd:complexType><xsd:simpleContent><xsd:extension base="xsd:string">'
        '<xsd:attribute name="lx" type="xsd:string">'
        "<xsd:annotation><xsd:documentation>证件类型</xsd:documentation></xsd:annotation></xsd:attribute>"
        "</xsd:extension></xsd:simpleContent></xsd:complexType></xsd:element>"
    )
    annotation = "<xsd:annotation><xsd:documentation>证件号码</xsd:documentation></xsd:annotation>"
    path = changed(
        tmp_path,
        (f'name="F08" type="xsd:string" minOccurs="0">{annotation}</xsd:element>',
         f'name="F08" minOccurs="0">{annotation}{bearing}'),
        ('name="F07" type="xsd:string" minOccurs="0">', 'name="F07" type="xsd:string" minOccurs="0" maxOccurs="9">'),
    )  # fmt: skip
    best, _ = suggested(path, "AdministrativePenalty")
    assert said(best)["F08"] == "personIdNo"
    assert said(best)["F08.@lx"] == "personIdType"
    assert "F07" not in said(best)


@pytest.mark.parametrize(
    ("label", "name", "weight"),
    [
        ("统一社会信用代码，18位", "统一社会信用代码", REMARKED),
        ("处罚决定日期 yyyy-MM-dd", "处罚决定日期", REMARKED),
        ("罚款金额（万元）；保留6位小数", "罚款金额（万元）", REMARKED),
        ("法定代表人：身份证号码", "法定代表人", NEARLY),
        ("处罚有效期：月数", "处罚有效期", NEARLY),
        ("处罚机关", "", 0.0),
        ("Decision date", "", 0.0),
    ],
)
def test_a_remark_is_believed_when_it_says_how_and_not_what(label: str, name: str, weight: float) -> None:
    """What follows a name tells how its values are written; when it may tell what they are, the name is not sure."""
    assert remarked(label) == (name, weight)


@pytest.mark.parametrize(
    ("label", "sure"),
    [
        ("统一社会信用代码", True),
        ("统一社会信用代码（18位）", True),
        ("统一社会信用代码 (USCC)", True),
        ("罚款金额（万元）", True),
        ("统一社会信用代码（处罚机关）", False),
        ("法定代表人（联系方式）", False),
        ("原统一社会信用代码", False),
        ("处罚机关联系电话", False),
    ],
)
def test_brackets_that_name_something_else_make_a_name_unsure(label: str, sure: bool) -> None:
    """A unit or a form in brackets leaves a name what it is; whose code it is, or of what kind, does not."""
    (best,) = suggest([Column("C", label)], names_of(catalogue()), {}, "AdministrativePenalty")
    assert (said(best) != {}) is sure


def test_the_command_reads_a_description(tmp_path: Path) -> None:
    """Names alone say something too, and an unknown type is answered with the nearest."""
    fields = "".join(f'<xs:element name="{name}" type="xs:string"/>' for name in ("CF_WSH", "CF_CFJG"))
    item = f'<xs:element name="item"><xs:complexType><xs:sequence>{fields}</xs:sequence></xs:complexType></xs:element>'
    path = tmp_path / "service.wsdl"
    path.write_text(re.sub("<xs:any [^>]*/>", item, TEMPLATE.read_text("utf-8")), "utf-8")
    command = ["suggest", "--home", "none", "--wsdl", str(path), "--type"]
    text = CliRunner().invoke(connector, [*command, "AdministrativePenalty"]).stdout
    assert "\n      documentNo: {path: CF_WSH}   # 0.99 code of the standard" in text
    refused = CliRunner().invoke(connector, [*command, "AdministrativePenalties"])
    assert refused.exit_code == 2
    assert "did you mean `AdministrativePenalty`?" in refused.output


def test_a_description_that_is_none_is_refused(tmp_path: Path) -> None:
    """No document type, no import of another file, and no endless breadth."""
    for edits, reason in (
        (("<wsdl:definitions ", '<!DOCTYPE x [<!ENTITY a "b">]><wsdl:definitions '), "document type"),
        (("<wsdl:types>", '<wsdl:import namespace="urn:x" location="other.wsdl"/><wsdl:types>'), "imports another"),
    ):
        with pytest.raises(ValueError, match=reason):
            suggested(changed(tmp_path, edits))
