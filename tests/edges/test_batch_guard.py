"""The guard before spreadsheets: no text of an answer becomes a formula or loses its digits, whatever it holds."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from gateway.cli.batch.guard import guarded, unguarded
from gateway.cli.batch.tables import Table
from gateway.cli.batch.writing import Files, Workbook

SIGNS = "=+-@＝＋－＠"
OPENERS = f"{SIGNS}\t\r\n"
# what a workbook can hold: XML has no lone surrogates and takes a carriage return for a line's end
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
BEFORE = st.sampled_from(["", " ", "\ufeff", "'"])
SPICED = st.builds(lambda *parts: "".join(parts), BEFORE, st.sampled_from(OPENERS), TEXT)


@given(TEXT | SPICED)
@example('=HYPERLINK("http://x")')
@example("'=1")
@example("91370203000000001")
@example("12E10")
def test_guarded_text_is_harmless_and_comes_back(text: str) -> None:
    """What is guarded begins with no sign of a formula and is no number, and one apostrophe less is the text again."""
    safe = guarded(text)
    assert not safe.startswith(tuple(OPENERS))
    assert not safe.strip().lstrip("\ufeff\u200b").startswith(tuple(SIGNS))
    assert not (safe.isdecimal() and len(safe) > 11)
    assert text == (unguarded(safe) if safe != text or text.startswith("'") else safe)
    assert safe in (text, "'" + text)


@pytest.mark.parametrize("opener", [*OPENERS, " =", "\ufeff="])
def test_every_opener_is_guarded(opener: str) -> None:
    """Each sign by which a spreadsheet knows a formula is made text, alone and before other text."""
    for text in (opener, f"{opener}cmd|' /C calc'!A0", f'{opener}1,2;3"\n=4'):
        assert guarded(text) == "'" + text


@pytest.mark.parametrize("text", ["91E+05", "12e-3", "0371", "00123456789012"])
def test_codes_that_look_like_numbers_keep_their_digits(text: str) -> None:
    """A spreadsheet would show the number that they look like, and save that."""
    assert guarded(text) == "'" + text


def test_plain_text_stays_as_it_is() -> None:
    """Names, dates, short numbers and money are left alone: a guard that marks everything would be taken off."""
    for text in (
        "青岛示例商贸有限公司",
        "2026-03-01",
        "12.50",
        "0",
        "0.50",
        "91370203DEM801006B",
        "a=b",
        "",
        "p1:k1:AB",
    ):
        assert guarded(text) == text


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(TEXT | SPICED, min_size=1, max_size=20))
def test_files_give_back_every_text(tmp_path: Path, texts: list[str]) -> None:
    """Through CSV, separators, quotation marks and line ends in a text never make another cell or row."""
    draft = tmp_path / "draft.csv"
    files = Files([draft], [Table("records", ("text",))])
    for text in texts:
        files.add("records", [text, text])
    files.close()
    rows = list(csv.reader(io.StringIO(draft.read_bytes().decode("utf-8-sig"), newline="")))
    assert rows[1:] == [[guarded(text), guarded(text)] for text in texts]


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(TEXT | SPICED, min_size=1, max_size=20))
def test_workbooks_give_back_every_text(tmp_path: Path, texts: list[str]) -> None:
    """Through a workbook every text comes back as text, and no cell has a formula."""
    draft = tmp_path / "draft.xlsx"
    book = Workbook(draft, [Table("records", ("number", "text"))])
    for number, text in enumerate(texts):
        book.add("records", [number, text])
    book.close()
    sheet = CalamineWorkbook.from_path(draft).get_sheet_by_name("records")
    rows = sheet.to_python(skip_empty_area=False)[1:]
    assert [row[0] for row in rows] == list(range(len(texts)))
    read = [row[1] if len(row) > 1 else "" for row in rows]
    assert [same(str(text)) for text in read] == [same(text) for text in texts]


def same(text: str) -> str:
    """A text but for what XML makes of the ends of lines."""
    return text.replace("\r\n", "\n").replace("\r", "\n")
