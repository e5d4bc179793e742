"""Who sees what, as files: a snapshot that is looked at before it changes, and formats that all say the same."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from lxml import etree
from lxml import html as markup
from python_calamine import CalamineWorkbook

from gateway.cli.matrix import page, sheets, table, telling
from policies.masks import STEPS
from policies.matrix import Asker, Cell, Matrix, matrix
from policies.model import Words
from policies.wording import TEMPLATES
from tests.edges.drafts import NOON, catalogue, shipped
from tests.edges.who_sees_what import demo_askers, demo_matrix

SNAPSHOT = Path(__file__).with_name("who_sees_what.csv")
Point = tuple[str, ...]


@pytest.fixture(scope="module")
def everything() -> Matrix:
    return demo_matrix()


@pytest.fixture(scope="module")
def document(everything: Matrix) -> etree._Element:
    return markup.fromstring(page.html(everything, shipped()))


def test_who_sees_what_is_what_was_looked_at(everything: Matrix) -> None:
    """A change of who may see what, by a rule or by the catalogue, is seen before anybody sees more."""
    again = "if the change is meant: .venv/bin/python -m tests.edges.who_sees_what > tests/edges/who_sees_what.csv"
    assert sheets.csv_text(everything, catalogue()) == SNAPSHOT.read_text("utf-8"), again


def test_page_holds_every_cell_of_the_snapshot(document: etree._Element) -> None:
    """Every answer of the snapshot, purpose by purpose, stands in the page with its rule, and no other does."""
    told = set(on_page(document))
    assert told == set(in_sheet(csv.DictReader(io.StringIO(SNAPSHOT.read_text("utf-8")))))
    fields = sum(len(record.fields) for record in catalogue().types.values())
    assert len(told) > fields * len(catalogue().purposes) * len(demo_askers())


def in_sheet(lines: Iterable[dict[str, str]]) -> Iterator[Point]:
    """Every answer of a sheet: (type, field, class, subjects, consent, given, caller, purpose, sign and word, rule)."""
    for line in lines:
        if not line["type"]:
            continue
        head = [line[word] for word in sheets.HEAD if word not in {"zh", "en"}]
        for caller, text in line.items():
            if caller in sheets.HEAD:
                continue
            first, *others = text.split(" | ")
            named = [(said, list(spelled_out(codes))) for said, codes in (text[:-1].split(" [") for text in others)]
            rest = [code for code in spelled_out("any") if not any(code in codes for _, codes in named)]
            for said, codes in [(first, rest), *named]:
                for part in said.split(" + "):
                    effect, _, rule = part.partition(" ")
                    cell = Cell(effect, rule)
                    word = f"{telling.symbol(cell)} {telling.effect(cell).zh}" if rule else "—"
                    yield from ((*head, caller, code, word, rule) for code in codes)


def spelled_out(purposes: str) -> Iterator[str]:
    codes = list(catalogue().purposes)
    if purposes == "any":
        yield from ("none", *codes)
        return
    for entry in purposes.split("; "):
        word, _, missing = entry.partition(" except ")
        family = word.removesuffix("*")
        inside = [code for code in codes if code.startswith(family)] if word.endswith("*") else [word]
        yield from (code for code in inside if code not in missing.split(", "))


def on_page(document: etree._Element) -> Iterator[Point]:
    """The same of a page, read as a person does: by the headings of a cell and the rule that its number leads to."""
    rules = {f"#{entry.get('id')}": entry.findtext("code") or "" for entry in document.iterfind(".//ol/li")}
    for section in document.iterfind(".//section[@class='type']"):
        type_name = section.find("h2").get("id")
        columns = section.findall(".//thead/tr[2]/th")
        for body in section.iterfind(".//tbody"):
            for row in body.iterfind("tr[@data-field]"):
                cls = row.findtext("th/span[@class='class']") or ""
                group = [body.get(word) for word in ("data-subjects", "data-consent", "data-given")]
                head = [type_name, row.get("data-field"), cls, *group]
                for column, cell in zip(columns, row.iterfind("td"), strict=True):
                    about = column.get("data-about")
                    caller = f"{column.get('data-caller')} ({about})" if about else column.get("data-caller")
                    for word, rule in answers(cell, rules):
                        yield from ((*head, caller, code, word, rule) for code in column.get("data-purposes").split())


def answers(cell: etree._Element, rules: dict[str, str]) -> Iterator[tuple[str, str]]:
    if cell.find(".//a") is None:
        yield (cell.text or "").strip(), ""
    for link in cell.iterfind(".//a"):
        yield (link.getparent().text or "").strip(), rules[link.get("href")]


def test_page_stands_alone(document: etree._Element) -> None:
    """The page runs nothing, loads nothing, links nowhere but into itself, and every link of it arrives."""
    assert list(document.iter("script", "link", "img", "iframe", "object", "base", "form")) == []
    assert [entry.attrib for entry in document.iter() if {"src", "style", "onclick"} & set(entry.keys())] == []
    assert "url(" not in document.findtext(".//style")
    assert "@import" not in document.findtext(".//style")
    ids = [entry.get("id") for entry in document.iter() if entry.get("id")]
    assert len(ids) == len(set(ids))
    assert {entry.get("href") for entry in document.iter("a")} <= {f"#{name}" for name in ids}


def test_page_says_what_it_is_of(everything: Matrix, document: etree._Element) -> None:
    """Digest, instant and province stand at the top; every type is in the contents; every rule has its sentence."""
    head = "".join(document.find(".//header").itertext())
    assert all(word in head for word in (shipped().digest, "2026-11-24 12:00", "Asia/Shanghai", "山东省", "Shandong"))
    contents = [link.get("href") for link in document.iterfind(".//nav//a")]
    assert contents == [f"#{name}" for name in catalogue().types]
    entries = {entry.findtext("code"): entry for entry in document.iterfind(".//ol/li")}
    assert entries.keys() == everything.rules
    for entry in entries.values():
        zh, en = [p.text for p in entry.iterfind("p")][:2]
        assert zh
        assert en
        assert entry.find("p[2]").get("lang") == "en"


def test_page_is_a_table_to_those_who_hear_it(document: etree._Element) -> None:
    """Every heading of every table says what it heads; every scroller can be reached and has a name."""
    for heading in document.iter("th"):
        assert heading.get("scope") in {"col", "colgroup", "row", "rowgroup"}
    for scroller in document.iterfind(".//div[@class='scroller']"):
        assert (scroller.get("tabindex"), scroller.get("role")) == ("0", "region")
        assert scroller.get("aria-labelledby")
    for grid in document.iterfind(".//table"):
        widths = {sum(int(cell.get("colspan", 1)) for cell in row) for row in grid.iterfind("tbody/tr")}
        assert len(widths) == 1


def hostile(title: str) -> Matrix:
    asker = replace(demo_askers()[0], name=title, title=Words(title, title))
    return matrix(shipped(), [asker], NOON, "37", types=["Registration"])


def test_a_title_is_never_markup() -> None:
    """A client's title goes into the page as text, whatever it is."""
    text = page.html(hostile('<script>alert("1")</script>'), shipped())
    assert "<script" not in text
    assert "&lt;script&gt;" in text


@pytest.mark.parametrize("title", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1"])
def test_a_sheet_never_takes_text_for_a_formula(title: str, tmp_path: Path) -> None:
    """A value that begins like a formula gets an apostrophe, in the CSV and in the workbook."""
    found = hostile(title)
    cells = [cell for line in csv.reader(io.StringIO(sheets.csv_text(found, catalogue()))) for cell in line]
    assert f"'{title}" in cells
    assert [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t"))] == []
    (tmp_path / "book.xlsx").write_bytes(sheets.workbook(found, shipped()))
    book = CalamineWorkbook.from_path(tmp_path / "book.xlsx")
    read = [str(cell) for name in book.sheet_names for row in book.get_sheet_by_name(name).to_python() for cell in row]
    assert f"'{title}" in read
    assert [cell for cell in read if cell.startswith(("=", "+", "-", "@", "\t"))] == []


def test_workbook_has_a_sheet_for_each_type(everything: Matrix, tmp_path: Path) -> None:
    """Each record type has a sheet with a row for each line and a column for each column, rules written out."""
    (tmp_path / "book.xlsx").write_bytes(sheets.workbook(everything, shipped()))
    book = CalamineWorkbook.from_path(tmp_path / "book.xlsx")
    assert len(book.sheet_names) == len(everything.sections) + 2
    for section in everything.sections:
        rows = book.get_sheet_by_name(section.record.name[:31]).to_python()
        lines = [line for group in section.groups for line in group.lines]
        assert len(rows) == 2 + len(lines) + sum(bool(group.rows) for group in section.groups)
        assert len(rows[0]) == 6 + len(section.columns)
        written = {str(row[3]): str(row[6]) for row in rows[2:]}
        assert all(line.field.coordinate in written for line in lines)
        assert written[lines[-1].field.coordinate].endswith(lines[-1].cells[0].rule)


def test_the_terminal_says_the_same_in_any_width() -> None:
    """The table names every field once for each group, and each rule by number and sentence, in both languages."""
    found = matrix(shipped(), demo_askers(), NOON, "37", types=["JudgmentDebtor"])
    for language, word in (("zh", "可见"), ("en", "visible")):
        text = table.plain(found, shipped(), language)
        assert word in text
        for field in catalogue().types["JudgmentDebtor"].fields.values():
            assert text.count(f"{field.coordinate}  ") >= 2
        assert all(rule in text for rule in found.rules)


def test_a_matrix_of_purposes_that_are_not_held_says_so() -> None:
    """What is told of a purpose that a caller may not hold is marked: such a question is refused."""
    public = Asker("public", Words("公众", "The public"), "public", "", None, frozenset(), frozenset())
    found = matrix(shipped(), [public], NOON, "37", types=["Registration"], purposes=[None, "gov.licensing"])
    assert [column.held for column in found.sections[0].columns] == [True, False]
    text = page.html(found, shipped())
    assert telling.NOT_HELD.zh in text
    assert telling.NOT_HELD.en in text


def test_every_step_has_a_chinese_word() -> None:
    """A mask in a cell is told in words, not by the name of its function."""
    assert STEPS - TEMPLATES["zh"].keys() == set()
