"""Rows of a file, staged: a table in memory that holds the mapped columns only and goes when nobody asks it any more.

It never touches a disk: no file, no journal, no spilled sort. Rows that say something about the table and empty
rows are left out and counted. A row whose cells do not fit the header is kept as a reason for the subjects whose
codes stand in it; too many of them mean that the file has changed: ContractBroken.
"""

from __future__ import annotations

import secrets
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from connectors.contract import ContractBroken, SubjectKey
from connectors.declaration import TypeWords
from connectors.fields import Match, SubjectWords
from connectors.kinds.file import cells
from connectors.kinds.file.reading import places, rows
from connectors.kinds.file.unreadable import Stopped, Unreadable
from connectors.mapping.records import TOLERATED_ROWS
from connectors.mapping.texts import Unmappable
from connectors.mapping.values import compile_field, name_of
from connectors.sources import FileSource, FileWords
from connectors.terms import Terms

_PAGE = 4096
Check = Callable[[str], bool]


@dataclass(slots=True)
class Counts:
    """What became of a file's rows; `lost` holds the beginnings of codes that the file lost, `codes` how many texts of
    a column are the code of a subject, and how many are not; `unread`, by field and subject's code (empty: anybody's),
    how many rows meet no condition on the field, because what it looks at cannot be read."""

    kept: int = 0
    left_out: int = 0
    broken: int = 0
    lost: list[frozenset[str]] = field(default_factory=list)
    codes: dict[str, Counter[bool]] = field(default_factory=dict)
    unread: Counter[tuple[str, str]] = field(default_factory=Counter)

    def concern(self, subjects: Sequence[SubjectKey], spelt: Sequence[str], fields: Sequence[str]) -> int:
        """How many rows may be of these subjects, whose codes are `spelt` so in rows, that no code finds, or no
        condition on these fields. For an open question, any row that is broken, or that no condition finds."""
        if not subjects:
            return max([self.broken, *(self.unread[name, ""] for name in fields)])
        unread = max((sum(self.unread[name, code] for code in spelt) for name in fields), default=0)
        return unread + sum(any(cells.may_be(subject, lost) for subject in subjects) for lost in self.lost)


@dataclass(frozen=True, slots=True)
class Staged:
    """The table, alive until `keeper` is closed; `url` is SQLAlchemy's."""

    keeper: sqlite3.Connection
    url: str
    counts: Counts


class Staging:
    """The staging of one declared type."""

    def __init__(self, words: TypeWords, file: FileWords, terms: Terms, source: FileSource) -> None:
        self._words, self._file, self._encoding = words, file, source.encoding
        self._most, self._records = source.maxBytes, source.maxRecords
        self._names = cells.names_in(words)
        self._days, self._instants = cells.days(words), cells.instants(words)
        known, nulls = terms.types[words.table or ""].fields, frozenset(words.null)
        self._filtered = {
            key: compile_field(words.fields[key], known[key], cells.kept, terms, trim=words.trim, nulls=nulls)
            for key in words.filters
        }
        asked = {name for reader in self._filtered.values() for name in reader.names}
        self._dated = words.asOf is not None and name_of(words.asOf) in asked  # by conditions, so it has one format
        self._subjects = [
            (name_of(each), _check(kind, each, terms), each.where) for kind, each in words.subject.items()
        ]

    def stage(self, contents: Sequence[bytes], stop: threading.Event) -> Staged:
        """Blocks. Raises Unreadable (with the number of the content), ContractBroken, Stopped."""
        name = f"file:staged-{secrets.token_hex(16)}"
        keeper = sqlite3.connect(
            f"{name}?mode=memory&cache=shared", uri=True, isolation_level=None, check_same_thread=False
        )
        try:
            counts = self._fill(keeper, contents, stop)
        except sqlite3.OperationalError:  # the only one left: `max_page_count` is reached
            keeper.close()
            raise ContractBroken("the staged rows are larger than `maxBytes`") from None
        except BaseException:
            keeper.close()
            raise
        return Staged(keeper, f"sqlite+aiosqlite:///{name}?mode=memory&cache=shared&uri=true", counts)

    def everything(self, content: bytes) -> list[dict[str, Any]]:
        """Every staged row of one file, by column. Raises ValueError for what cannot be read, ContractBroken."""
        try:
            staged = self.stage([content], threading.Event())
        except Unreadable as wrong:
            raise ValueError(f"the file {wrong}") from None
        with closing(staged.keeper) as keeper:
            found = keeper.execute(f"SELECT * FROM {_quoted(self._words.table or '')}")  # noqa: S608  # no value
            return [dict(zip(self._names, row, strict=True)) for row in found]

    def _fill(self, keeper: sqlite3.Connection, contents: Sequence[bytes], stop: threading.Event) -> Counts:
        counts = Counts()
        with closing(keeper.cursor()) as cursor:
            cursor.execute("PRAGMA temp_store = MEMORY")
            cursor.execute("PRAGMA journal_mode = OFF")
            cursor.execute(f"PRAGMA max_page_count = {max(16, 2 * self._most // _PAGE)}")
            table = _quoted(self._words.table or "")
            cursor.execute(f"CREATE TABLE {table} ({', '.join(map(_quoted, self._names))})")
            changes = self._file.complete == "changes"
            if changes:
                key = ", ".join(map(_quoted, self._words.key))
                cursor.execute(f"CREATE UNIQUE INDEX staged_key ON {table} ({key})")
            for index, column in enumerate(dict.fromkeys(column for column, _, _ in self._subjects)):
                cursor.execute(f"CREATE INDEX staged_{index} ON {table} ({_quoted(column)})")
            marks = ", ".join("?" * len(self._names))
            insert = f"INSERT {'OR REPLACE ' if changes else ''}INTO {table} VALUES ({marks})"  # noqa: S608  # no value
            cursor.execute("BEGIN")
            for number, content in enumerate(contents):
                label = f" of file {number + 1}" if changes else ""
                try:
                    cursor.executemany(insert, self._rows(content, label, counts, stop))
                except Unreadable as wrong:
                    raise Unreadable(str(wrong), number) from None
            cursor.execute("COMMIT")
            if self._filtered:  # of the rows that stay: a later file may have corrected one
                for row in cursor.execute(f"SELECT * FROM {table}"):  # noqa: S608  # no value
                    if stop.is_set():
                        raise Stopped
                    self._read(dict(zip(self._names, row, strict=True)), counts)
        self._judge(counts)
        return counts

    def _rows(self, content: bytes, label: str, counts: Counts, stop: threading.Event) -> Iterator[list[Any]]:
        words = self._file
        found = rows(content, words, self._encoding, self._names, self._most, stop)
        number = 0
        for _ in range(words.headerRow):
            number, header = number + 1, next(found, [])
        where = places(header, self._names)
        width = max(place for place, cell in enumerate(header) if not cells.blank(cell)) + 1
        keys = frozenset(where[part] for part in self._words.key)
        above: dict[str, Any] = {}
        torn: dict[str, Sequence[Any]] = {}  # columns whose value above lies in a row that cannot be read
        columns = [(where[name], self._writer(name), self._special(name, counts)) for name in self._names]
        for row in found:
            number += 1
            if number <= words.headerRow + words.skipRows:
                continue
            if stop.is_set():
                raise Stopped
            filled = [place for place, value in enumerate(row) if not cells.blank(value)]
            if not filled or (
                not words.records and cells.note(row, filled, keys, len(where)) and not self._of_somebody(row, where)
            ):
                counts.left_out += 1
                continue
            if counts.kept >= self._records:
                raise ContractBroken("the file holds more than `maxRecords` rows")
            at = f"row {number}{label}"
            if len(row) < width or filled[-1] >= width:
                yield from self._broken(row, f"({at}) has {len(row)} cells, the header has {width}", counts)
                torn = dict.fromkeys(words.fillDown, row)
                continue
            blank = [name for name in words.fillDown if cells.blank(row[where[name]])]
            if unknown := [cell for name in blank for cell in torn.get(name, ())]:
                yield from self._broken([*row, *unknown], f"({at}) is filled down from a row that is broken", counts)
                continue
            for name in words.fillDown:
                if name in blank:
                    row[where[name]] = above.get(name)
                else:
                    above[name] = row[where[name]]
                    torn.pop(name, None)
            counts.kept += 1
            yield [
                cells.staged(row[place], write, at) if special is None else special(row[place], write, at)
                for place, write, special in columns
            ]

    def _writer(self, name: str) -> cells.Write:
        return self._days[name][0].write if name in self._days else cells.iso

    def _read(self, row: Mapping[str, Any], counts: Counts) -> None:
        """Counts the fields of conditions that cannot be read in a staged row: no condition finds it."""
        for name, reader in self._filtered.items():
            try:
                reader.read(row)
            except Unmappable:
                codes = {row[column] for column, _, _ in self._subjects if isinstance(row[column], str)}
                counts.unread.update((name, code) for code in {"", *codes})

    def _special(self, name: str, counts: Counts) -> cells.Stage | None:
        """How a column is staged that is compared: with subjects' codes, with numbers, or with others' keys."""
        if checks := [check for column, check, _ in self._subjects if column == name]:
            return partial(self._code, name, checks, counts)
        if name in self._instants:
            return cells.instant
        if self._file.complete == "changes" and name in self._words.key:
            return cells.identity
        return partial(cells.day, self._days[name]) if name in self._days else None

    def _code(
        self, name: str, checks: Sequence[Check], counts: Counts, raw: Any, write: cells.Write, where: str
    ) -> cells.Cell:
        value = cells.staged(raw, write, where)
        if value is None:
            return None
        known = False
        if not isinstance(value, bytes):
            value = cells.code(value)
            known = any(check(value) for check in checks)
        counts.codes.setdefault(name, Counter())[known] += 1
        if not known and (lost := cells.beginnings(raw if isinstance(value, bytes) else value)):
            counts.broken += 1
            counts.lost.append(lost)
            return cells.LOST.format(where).encode()
        return value

    def _judge(self, counts: Counts) -> None:
        """A column of codes without a single one is not what it was: nobody would be found in it or told so."""
        for column, found in counts.codes.items():
            always = any(where is None for name, _, where in self._subjects if name == column)
            if always and not found[True] and found[False] > TOLERATED_ROWS:
                raise ContractBroken(f"none of {found[False]} texts in `{column}` is the code of a subject")

    def _of_somebody(self, row: Sequence[Any], where: Mapping[str, int]) -> bool:
        """Whether a row that looks like a remark names a subject: then it is a record."""
        places = [(where[column], check) for column, check, _ in self._subjects]
        return any(place < len(row) and check(cells.code(row[place])) for place, check in places)

    def _broken(self, row: Sequence[Any], reason: str, counts: Counts) -> Iterator[list[Any]]:
        """A row for every subject whose code stands somewhere in a broken one: nothing but the reason. Where days in
        several formats say how fresh the table is, it is none of them."""
        counts.broken += 1
        fresh = {name_of(self._words.asOf): None} if self._words.asOf is not None and not self._dated else {}
        for column, check, where in self._subjects:
            for found in {cells.code(cell) for cell in row if not cells.blank(cell)}:
                if check(found):
                    staged: Mapping[str, Any] = fresh | {column: found, **_kind(where)}
                    yield [staged.get(name, reason.encode()) for name in self._names]


def _check(kind: str, words: SubjectWords, terms: Terms) -> Check:
    """Whether a text is the code of a subject, in today's spelling or, where so declared, in that of before."""
    check, older = terms.checks[words.check or kind], terms.conversions.get(words.convert or "")
    return check if older is None else lambda text: check(older.today(text))


def _kind(where: Match | None) -> Mapping[str, Any]:
    """What says in a row that its code is of a kind."""
    return {} if where is None else {name_of(where): where.is_[0]}


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
