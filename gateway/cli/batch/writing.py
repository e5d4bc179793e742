"""Tables and answers -> files: .json, .csv (several beside each other) and .xlsx, drafted in a private folder.

No cell is ever a formula, a link or a number made from text. Files are readable by their owner alone and appear in
their place whole; the file that was named comes last.
"""

from __future__ import annotations

import csv
import glob
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import orjson
import xlsxwriter

from gateway.cli.batch.guard import guarded, is_formula
from gateway.cli.batch.keeping import Kept
from gateway.cli.batch.layout import RECORDS
from gateway.cli.batch.lists import Subject, Wrong
from gateway.cli.batch.question import Question
from gateway.cli.batch.tables import Cell, Row, Table, Tables
from gateway.cli.batch.whole import Whole

ENDINGS = (".json", ".csv", ".xlsx")
MAX_ROWS = 1_048_575  # of a sheet, below its head
MAX_TEXT = 32_767  # characters of a cell
CUT = " [cut: the cell is full; .json and .csv hold all]"


class Book(Protocol):
    """Where rows go, table by table."""

    def add(self, table: str, row: Row) -> None: ...
    def close(self) -> None: ...


def write_tables(out: Path, kept: Kept, tables: Tables) -> None:
    """Write .csv or .xlsx and put it in its place. Raises OSError."""
    known = tables.tables
    if out.suffix.lower() == ".xlsx":
        drafts = {out: kept.folder / "draft.xlsx"}
        book: Book = Workbook(drafts[out], known)
    else:
        drafts = {beside(out, table.name): kept.folder / f"draft-{number}.csv" for number, table in enumerate(known)}
        book = Files(list(drafts.values()), known)
    for table, row in tables.rows(kept.chunks()):
        book.add(table, row)
    book.close()
    place(drafts, out)


def write_json(
    out: Path, kept: Kept, question: Question, whole: Whole, subjects: Sequence[Subject], wrong: Sequence[Wrong]
) -> None:
    """One object; answers one a line, in the order of the list."""

    def parts() -> Iterator[bytes]:
        head = {"policy": whole.policy, "decisions": whole.decisions, "complete": whole.complete}
        tail = {
            "sources": whole.sources,
            "withheld": whole.withheld,
            "obligations": whole.obligations,
            "errors": whole.errors,
            "wrong": [{"line": item.line, "why": item.why} for item in wrong],
        }
        yield orjson.dumps(head)[:-1] + b',"answers":['
        for chunk in kept.chunks():
            for position, node in enumerate(chunk.body["data"][question.root.key], chunk.range[0]):
                subject = subjects[position]
                asked: Mapping[str, Any] = {"line": subject.line, **subject.key}
                entry = {"subject": asked, "state": whole.states[position], "data": node}
                yield (b",\n" if position else b"\n") + orjson.dumps(entry)
        yield b"],\n" + orjson.dumps(tail)[1:] + b"\n"

    draft = kept.folder / "draft.json"
    draft.touch(mode=0o600)
    with draft.open("wb") as file:
        file.writelines(parts())
    place({out: draft}, out)


def beside(out: Path, table: str) -> Path:
    """`result.csv` holds the records; every other table is `result.<table>.csv`."""
    return out if table == RECORDS else out.with_name(f"{out.stem}.{table}{out.suffix}")


def taken_by(out: Path) -> Path | None:
    """A file that stands where this output, or one of its tables, would be put: perhaps the very list that is asked."""
    tables = out.parent.glob(f"{glob.escape(out.stem)}.*{out.suffix}") if out.suffix.lower() == ".csv" else ()
    return out if out.exists() else min(tables, default=None)


def place(drafts: Mapping[Path, Path], last: Path) -> None:
    for target, draft in sorted(drafts.items(), key=lambda item: item[0] == last):
        draft.replace(target)


class Files:
    """CSV in UTF-8 with a byte order mark, by which spreadsheets know it."""

    def __init__(self, drafts: Sequence[Path], tables: Sequence[Table]) -> None:
        self._files = []
        self._writers = {}
        for draft, table in zip(drafts, tables, strict=True):
            draft.touch(mode=0o600)
            file = draft.open("w", encoding="utf-8-sig", newline="")
            self._files.append(file)
            self._writers[table.name] = csv.writer(file)
            self.add(table.name, list(table.columns))

    def add(self, table: str, row: Row) -> None:
        self._writers[table].writerow([_plain(cell) for cell in row])

    def close(self) -> None:
        for file in self._files:
            file.close()


def _plain(cell: Cell) -> str | int | float | None:
    if isinstance(cell, bool):
        return "true" if cell else "false"
    return guarded(cell) if isinstance(cell, str) else cell


class Workbook:
    """A workbook written row by row; a sheet that is full goes on in another one."""

    def __init__(self, draft: Path, tables: Sequence[Table]) -> None:
        draft.touch(mode=0o600)
        # what does not fit into memory is put beside the draft, where nobody else can read it
        self._book = xlsxwriter.Workbook(str(draft), {"constant_memory": True, "tmpdir": str(draft.parent)})
        self._head = self._book.add_format({"bold": True})
        self._text = self._book.add_format({"num_format": "@"})
        self._guarded = self._book.add_format({"num_format": "@", "quote_prefix": True})
        self._columns = {table.name: table.columns for table in tables}
        self._sheets: dict[str, tuple[Any, int]] = {}
        self._names: set[str] = set()
        for table in tables:
            self._open(table.name)

    def add(self, table: str, row: Row) -> None:
        sheet, number = self._sheets[table]
        if number > MAX_ROWS:
            self._open(table)
            sheet, number = self._sheets[table]
        for column, cell in enumerate(row):
            self._write(sheet, number, column, cell)
        self._sheets[table] = (sheet, number + 1)

    def close(self) -> None:
        try:
            self._book.close()
        except xlsxwriter.exceptions.XlsxWriterException:
            raise OSError("the workbook cannot be written") from None

    def _open(self, table: str) -> None:
        sheet = self._book.add_worksheet(self._name(table))
        sheet.set_column(0, len(self._columns[table]) - 1, 20)
        sheet.freeze_panes(1, 0)
        for column, word in enumerate(self._columns[table]):
            sheet.write_string(0, column, word, self._head)
        self._sheets[table] = (sheet, 1)

    def _name(self, table: str) -> str:
        """A sheet's name has at most 31 characters and is there once, whatever its case."""
        number, name = 1, table[:31]
        while name.lower() in self._names:
            number += 1
            name = f"{table[: 30 - len(str(number))]}.{number}"
        self._names.add(name.lower())
        return name

    def _write(self, sheet: Any, row: int, column: int, cell: Cell) -> None:
        if cell is None or cell == "":
            return
        if isinstance(cell, bool):
            sheet.write_boolean(row, column, cell)
        elif isinstance(cell, int | float) and abs(cell) < 10**15:  # a sheet keeps 15 digits of a number
            sheet.write_number(row, column, cell)
        else:
            text = str(cell)
            if len(text) > MAX_TEXT:
                text = text[: MAX_TEXT - len(CUT)] + CUT
            sheet.write_string(row, column, text, self._guarded if is_formula(text) else self._text)
