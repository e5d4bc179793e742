"""A workbook read in a process of its own: `python -I workbook.py MOST SHEET [COLUMN...]`, bytes on stdin, rows as JSON
on stdout.

A damaged workbook, or a cell far away from all others, makes the library ask for any amount of memory and then
end the process: so it is never the gateway's, has a bound, and holds no secret. The first line says `rows`,
`no sheet`, `several sheets`, `too large` or `unreadable`; then each line is one row, dates as `{"at": ...}`. A value
in a cell merged over several rows holds for each of them; over several columns it belongs to the first. Formulas are
what they last came to, an error (#DIV/0!) is nothing. It imports nothing of the house and writes no file.
"""

from __future__ import annotations

import io
import json
import os
import resource
import sys
import unicodedata
import zipfile
from collections.abc import Iterator
from itertools import islice
from typing import Any

from python_calamine import CalamineSheet, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum, load_workbook

_HEAD = 50  # rows within which the names of columns stand
_ROOM = 1 << 30  # bytes for Python and the library, beside eight times what a file may hold unpacked


class Refused(Exception):
    """Why there are no rows: a first line."""


def main(most: int, sheet: str, wanted: frozenset[str]) -> None:
    """Rows of the sheet of a workbook that unpacks to at most `most` bytes. Where none is named: of the first, unless
    another has rows under the wanted columns (named without blanks, in plain width) too."""
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    room = 8 * most + _ROOM
    resource.setrlimit(resource.RLIMIT_AS, (room if hard == resource.RLIM_INFINITY else min(room, hard), hard))
    out = sys.stdout
    try:
        rows = _rows(sys.stdin.buffer.read(), most, sheet, wanted)
    except Refused as reason:
        out.write(f"{reason}\n")
        return
    except BaseException:  # noqa: BLE001  whatever hostile bytes raise, panics of the library among it
        out.write("unreadable\n")
        return
    out.write("rows\n")
    for cells in rows:
        out.write(json.dumps(cells, default=lambda moment: {"at": str(moment)}, ensure_ascii=False) + "\n")


def _rows(content: bytes, most: int, sheet: str, wanted: frozenset[str]) -> Iterator[list[Any]]:
    packed = io.BytesIO(content)
    if zipfile.is_zipfile(packed):  # Excel 97's are not packed
        with zipfile.ZipFile(packed) as parts:
            if sum(part.file_size for part in parts.infolist()) > most:
                raise Refused("too large")
            if parts.testzip() is not None:
                raise Refused("unreadable")
    book = load_workbook(io.BytesIO(content))
    name, *others = [sheet] if sheet else _seen(book)
    if name not in book.sheet_names:
        raise Refused("no sheet")
    if wanted and any(_holds(book.get_sheet_by_name(other), wanted) for other in others):
        raise Refused("several sheets")
    return _filled(book.get_sheet_by_name(name))


def _seen(book: CalamineWorkbook) -> list[str]:
    """The sheets that whoever opens the workbook sees: hidden ones hold lists for choosing, and old copies."""
    seen = [
        each.name
        for each in book.sheets_metadata
        if each.typ == SheetTypeEnum.WorkSheet and each.visible == SheetVisibleEnum.Visible
    ]
    return seen or book.sheet_names[:1]


def _holds(sheet: CalamineSheet, wanted: frozenset[str]) -> bool:
    """Whether a sheet has rows under these columns: programs begin another sheet after so many rows."""
    rows = iter(sheet.iter_rows())
    named = any(wanted <= {_folded(str(cell)) for cell in cells} for cells in islice(rows, _HEAD))
    return named and any(sum(cell != "" for cell in cells) > 1 for cells in rows)


def _folded(name: str) -> str:
    return "".join(unicodedata.normalize("NFKC", name).split())


def _filled(sheet: CalamineSheet) -> Iterator[list[Any]]:
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


if __name__ == "__main__":
    sys.stdout = os.fdopen(sys.stdout.fileno(), "w", encoding="utf-8", closefd=False)
    main(int(sys.argv[1]), sys.argv[2], frozenset(sys.argv[3:]))
    sys.stdout.flush()
