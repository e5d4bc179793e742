"""A spreadsheet's list of subjects -> Subjects to ask about, and which lines are wrong and why.

Reads CSV in UTF-8 or GB18030 and the first sheet of an .xlsx. A code is taken under the name of its column and
never guessed. No message repeats a code or a name: a line is told by its number, as the spreadsheet shows it.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from python_calamine import CalamineError, CalamineWorkbook

from gateway.cli.asking import AskingError
from gateway.errors import GatewayError
from gateway.planning.keys import key_of
from policies import identifiers

COLUMNS = {
    "uscc": ("uscc", "统一社会信用代码", "社会信用代码"),
    "citizenId": ("citizenid", "公民身份号码", "身份证号", "身份证号码"),
    "name": ("name", "名称", "姓名", "企业名称", "单位名称"),
}
SEPARATORS = ",\t;"
SCIENTIFIC = re.compile(r"\d([.,]\d+)?[eE]\+?\d+\Z")
ROUNDED = re.compile(r"\d{15}000\Z")  # a number keeps 15 digits; a spreadsheet fills the rest with zeros
MADE_A_NUMBER = "a spreadsheet turned the code into a number; format the column as text and enter the code again"
NAME_A_NUMBER = "the name is a number; format the column as text and enter the name again"
SAVE_AS = "save the list as CSV in UTF-8 or as .xlsx"

Cell = str | float
Line = tuple[int, list[Cell]]


@dataclass(frozen=True, slots=True)
class Subject:
    """One line to ask about; `key` is a GraphQL SubjectKey."""

    line: int
    kind: str  # uscc | citizenId
    code: str
    name: str | None

    @property
    def key(self) -> dict[str, str]:
        return {self.kind: self.code, **({"name": self.name} if self.name else {})}


@dataclass(frozen=True, slots=True)
class Wrong:
    """A line that cannot be asked about, and why."""

    line: int
    why: str


@dataclass(frozen=True, slots=True)
class SubjectList:
    """`read_as` says what the file was taken for; `aside` counts columns that mean nothing here."""

    name: str
    read_as: str
    subjects: tuple[Subject, ...]
    wrong: tuple[Wrong, ...]
    aside: int


def read_list(path: Path) -> SubjectList:
    """Raises AskingError for a file that is no list; wrong lines are told in the list itself."""
    try:
        raw = path.read_bytes()
    except OSError:
        raise AskingError(f"{path} cannot be read; name a .csv or .xlsx file") from None
    if path.suffix.lower() == ".xlsx":
        read_as, lines = "the first sheet", _of_workbook(path, raw)
    elif path.suffix.lower() in (".csv", ".txt"):
        read_as, lines = _of_text(path, raw)
    else:
        raise AskingError(f"{path}: a list ends in .csv or .xlsx; {SAVE_AS}")
    while lines and not any(_text(cell) for cell in lines[-1][1]):
        lines.pop()  # what a spreadsheet leaves below its last row is no subject
    if not lines:
        raise AskingError(f"{path} is empty; write `uscc` or `citizenId` into the first line and the codes below it")
    (number, head), *rest = lines
    places = _columns(f"{path}:{number}", head)
    subjects, wrong = _subjects(rest, places)
    return SubjectList(path.name, read_as, subjects, wrong, len([cell for cell in head if _text(cell)]) - len(places))


def _of_workbook(path: Path, raw: bytes) -> list[Line]:
    try:
        rows = CalamineWorkbook.from_filelike(io.BytesIO(raw)).get_sheet_by_index(0).to_python(skip_empty_area=False)
    except (CalamineError, IndexError, ValueError):
        raise AskingError(f"{path} is not an .xlsx workbook with a sheet; {SAVE_AS}") from None
    return [
        (number, [float(cell) if isinstance(cell, int | float) else str(cell) for cell in row])
        for number, row in enumerate(rows, 1)
    ]


def _of_text(path: Path, raw: bytes) -> tuple[str, list[Line]]:
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise AskingError(f"{path} is in UTF-16; {SAVE_AS}")
    for encoding, read_as in (("utf-8-sig", "UTF-8"), ("gb18030", "GB18030")):
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        return read_as, list(_lines(path, text))
    raise AskingError(f"{path} is neither UTF-8 nor GB18030; {SAVE_AS}")


def _lines(path: Path, text: str) -> Iterator[Line]:
    """Rows under the number of the line on which each begins."""
    first = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(SEPARATORS, key=first.count), strict=True)
    begins = 1
    try:
        for row in reader:
            yield begins, list(row)
            begins = reader.line_num + 1
    except csv.Error:
        raise AskingError(f"{path}:{begins}: a quotation mark is not closed; mend the line") from None


def _columns(place: str, head: Sequence[Cell]) -> dict[str, int]:
    """Word -> position of its column."""
    found: dict[str, int] = {}
    for position, cell in enumerate(head):
        plain = identifiers.normalise_name(_text(cell))
        for word, spellings in COLUMNS.items():
            if plain in spellings:
                if word in found:
                    raise AskingError(f"{place}: two columns are called `{word}`; leave one of them")
                found[word] = position
    if {"uscc", "citizenId"} & found.keys():
        return found
    said = "`uscc` (统一社会信用代码) or `citizenId` (公民身份号码)"
    if len(head) == 1:
        raise AskingError(
            f"{place}: the column has no name; write {said} above the codes: "
            "some codes are valid as both, so which they are is never guessed"
        )
    raise AskingError(f"{place}: no column is called {said}; name the columns in the first line")


def _subjects(lines: Sequence[Line], places: Mapping[str, int]) -> tuple[tuple[Subject, ...], tuple[Wrong, ...]]:
    subjects: list[Subject] = []
    wrong: list[Wrong] = []
    seen: dict[tuple[str, str], int] = {}
    for number, cells in lines:
        given = {word: cells[place] if place < len(cells) else "" for word, place in places.items()}
        why = _spoilt(given)
        if why is None:
            try:
                words = {word: _text(cell) for word, cell in given.items()}
                key = key_of(words, ())
            except GatewayError as error:
                wrong.append(Wrong(number, error.detail.en if error.detail else error.words()))
                continue
            first = seen.setdefault((key.kind, key.value), number)
            if first == number:
                subjects.append(Subject(number, key.kind, key.value, words.get("name") or None))
                continue
            why = f"repeats line {first}"
        wrong.append(Wrong(number, why))
    return tuple(subjects), tuple(wrong)


def _spoilt(given: Mapping[str, Cell]) -> str | None:
    codes = [given[kind] for kind in ("uscc", "citizenId") if kind in given and _text(given[kind])]
    if not codes:
        return "holds no code"
    for code in codes:
        text = identifiers.normalise(_text(code)[:64])
        if isinstance(code, float) or SCIENTIFIC.match(text):
            return MADE_A_NUMBER
        if ROUNDED.match(text) and not (identifiers.is_uscc(text) or identifiers.is_citizen_id(text)):
            return MADE_A_NUMBER
    return NAME_A_NUMBER if isinstance(given.get("name"), float) else None  # records under other names are not answered


def _text(cell: Cell) -> str:
    return cell.strip() if isinstance(cell, str) else format(cell, "g")
