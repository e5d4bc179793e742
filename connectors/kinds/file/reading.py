"""Bytes of a file as rows of cells: CSV by the standard library, workbooks by calamine.

A value that stands in a cell merged over several rows holds for each of them; over several columns it belongs to
the first. Formulas are what they last came to, and an error (#DIV/0!) is nothing, as calamine gives it. It keeps
no row and writes nothing.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator, Sequence
from typing import Any

from python_calamine import CalamineError, CalamineSheet, load_workbook

from connectors.contract import ContractBroken
from connectors.sources import FileWords


class Unreadable(Exception):
    """Bytes that are not of the declared format or encoding; the text holds none of them. `number` is the file's."""

    def __init__(self, reason: str, number: int = 0) -> None:
        super().__init__(reason)
        self.number = number


def rows(content: bytes, words: FileWords, encoding: str, most: int) -> Iterator[list[Any]]:
    """Every row from the file's first on. Raises Unreadable, and ContractBroken for a sheet that is not there."""
    if words.form == "xlsx":
        return _workbook(content, words.sheet, most)
    delimiter = words.delimiter or ("\t" if words.form == "tsv" else ",")
    return _text(content, words.encoding or encoding, delimiter)


def _text(content: bytes, encoding: str, delimiter: str) -> Iterator[list[Any]]:
    text = io.TextIOWrapper(io.BytesIO(content), encoding, "strict", newline="")
    try:
        for number, cells in enumerate(csv.reader(text, delimiter=delimiter, strict=True)):
            if number == 0 and cells:
                cells[0] = cells[0].removeprefix("\ufeff")
            yield cells
    except UnicodeDecodeError:
        raise Unreadable(f"is not of the encoding {encoding}") from None
    except csv.Error:
        raise Unreadable("is not well-formed CSV") from None


def _workbook(content: bytes, sheet: str | None, most: int) -> Iterator[list[Any]]:
    try:
        _unpacks(content, most)
        with load_workbook(io.BytesIO(content)) as book:
            name = book.sheet_names[0] if sheet is None else sheet
            if name not in book.sheet_names:
                raise ContractBroken(f"there is no sheet `{name}`")
            yield from _sheet(book.get_sheet_by_name(name))
    except (CalamineError, zipfile.BadZipFile, EOFError, OSError, NotImplementedError, IndexError):
        raise Unreadable("is not a workbook that can be read") from None


def _unpacks(content: bytes, most: int) -> None:
    """Whether a packed workbook is whole and not larger than allowed; Excel 97's are not packed."""
    packed = io.BytesIO(content)
    if not zipfile.is_zipfile(packed):
        return
    with zipfile.ZipFile(packed) as parts:
        if sum(part.file_size for part in parts.infolist()) > most:
            raise ContractBroken("the workbook unpacks to more than `maxBytes`")
        if parts.testzip() is not None:
            raise Unreadable("is a damaged workbook")


def _sheet(sheet: CalamineSheet) -> Iterator[list[Any]]:
    left = sheet.start[1] if sheet.start is not None else 0
    merged: dict[int, list[tuple[int, int]]] = {}
    for (top, column), (bottom, _) in sheet.merged_cell_ranges or ():
        if bottom > top:
            merged.setdefault(top, []).append((column - left, bottom))
    standing: dict[int, tuple[int, Any]] = {}  # column -> the last row for which the value holds
    for number, cells in enumerate(sheet.iter_rows()):
        for column, (bottom, value) in list(standing.items()):
            if number > bottom:
                del standing[column]
            else:
                cells[column] = value
        for column, bottom in merged.get(number, ()):
            if 0 <= column < len(cells):
                standing[column] = (bottom, cells[column])
        yield cells


def places(header: Sequence[Any], names: Sequence[str], folded: Any) -> dict[str, int]:
    """Where each declared column stands. Raises ContractBroken when one is missing or stands there twice."""
    found: dict[str, list[int]] = {}
    for place, cell in enumerate(header):
        found.setdefault(folded(str(cell)), []).append(place)
    where = {name: found.get(folded(name), []) for name in names}
    for name, at in where.items():
        if len(at) != 1:
            raise ContractBroken(f"the column `{name}` is {'missing' if not at else 'there more than once'}")
    return {name: at[0] for name, at in where.items()}
