"""The whole answer as rows: one per record, line of provenance, withheld field, platform and subject.

What is inside a record opens with the record's number; every row of a subject opens with its line in the list and
its code. Nothing is formatted here: a cell is text, number, flag or None.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

import orjson

from gateway.cli.batch.keeping import Chunk
from gateway.cli.batch.layout import PROVENANCE, RECORDS, SUBJECTS, Layout, Place
from gateway.cli.batch.lists import Subject, Wrong
from gateway.cli.batch.question import Question, Shape
from gateway.cli.batch.whole import Whole

Cell = str | int | float | bool | None
Row = list[Cell]

KEYED = ("line", "code", "record", "connection")  # opens each table of records or of what is inside them
WITHIN = (*KEYED, "item")  # place in the list; `2.1` is the first of what is inside the second
OF_SUBJECT = ("line", "code")
REASON = ("reason zh", "reason en")
LONGEST = 30_000  # characters of a list of line numbers in one cell; what is longer goes on in another row


@dataclass(frozen=True, slots=True)
class Table:
    name: str
    columns: tuple[str, ...]


class Tables:
    """`tables` in their order, then `rows` once, in the order of the list."""

    def __init__(
        self,
        question: Question,
        whole: Whole,
        subjects: Sequence[Subject],
        wrong: Sequence[Wrong],
        about: Sequence[Row],
    ) -> None:
        self._root = question.root
        self._whole = whole
        self._subjects = subjects
        self._wrong = wrong
        self._about = about
        self._layout = Layout(question.root, whole.listed)
        self._numbers = count(1)

    @property
    def tables(self) -> list[Table]:
        own = {name: tuple(paths) for name, paths in self._layout.columns.items()}
        of_subject = (*OF_SUBJECT, "key", "name given", "state", "records", "more", *own.pop(SUBJECTS))
        return [
            Table(RECORDS, (*KEYED, *own.pop(RECORDS))),
            Table(PROVENANCE, (*WITHIN, *own.pop(PROVENANCE))),
            Table(
                "withheld", ("coordinate", "effect", "step", "rule", *REASON, "contact", "remedy", "platform", "lines")
            ),
            Table("sources", ("platform", "region", "type", "status", "records", "asOf", "absent", *REASON)),
            Table(SUBJECTS, of_subject),
            Table("about", ("what", "value")),
            *(Table(name, (*WITHIN, *paths)) for name, paths in own.items()),
            *([Table("wrong", ("line", "why"))] if self._wrong else []),
        ]

    def rows(self, chunks: Iterable[Chunk]) -> Iterator[tuple[str, Row]]:
        """Every row with its table's name."""
        for chunk in chunks:
            for place, node in enumerate(chunk.body["data"][self._root.key], chunk.range[0]):
                yield from self._subject(place, node or {})
        for entry in self._whole.withheld:
            words = [entry.get(name) for name in ("coordinate", "effect", "step", "rule")]
            more = [entry.get(name) for name in ("contact", "remedy", "platform")]
            for lines in _lines([self._subjects[place].line for place in entry["subjects"]]):
                yield "withheld", [*words, *_reason(entry), *more, lines]
        for line in self._whole.sources:
            told = [line[name] for name in ("platform", "region", "type", "status", "records", "asOf")]
            yield "sources", [*told, "; ".join(line["absent"]), *_reason(line)]
        yield from (("about", row) for row in self._about)
        for wrong in self._wrong:
            yield "wrong", [wrong.line, wrong.why]

    def _subject(self, place: int, node: Mapping[str, Any]) -> Iterator[tuple[str, Row]]:
        subject = self._subjects[place]
        head: Row = [subject.line, subject.code]
        records, more = 0, ""
        for shape in self._root.below:
            if not shape.is_connection:
                continue
            items = _records_of(shape, node.get(shape.key) or {})
            records += len(items)
            more = max(more, _more(shape, node.get(shape.key) or {}, len(items)))
            for item in items:
                key: Row = [*head, next(self._numbers), shape.key]
                yield from self._row(RECORDS, key, self._layout.records[shape.key], item, key)
        row: Row = [*head, subject.kind, subject.name, self._whole.states[place], records, more]
        yield from self._row(SUBJECTS, row, self._layout.subject, node, [*head, None, None])

    def _row(
        self, table: str, head: Row, places: Sequence[Place], value: Mapping[str, Any], key: Row, item: str = ""
    ) -> Iterator[tuple[str, Row]]:
        """The row of `value`, and before it those of the lists within, which open with `key`."""
        cells: dict[str, Cell] = {}
        yield from self._fill(places, value, key, item, cells)
        yield table, [*head, *(cells.get(column) for column in self._layout.columns[table])]

    def _fill(
        self, places: Sequence[Place], value: Mapping[str, Any], key: Row, item: str, cells: dict[str, Cell]
    ) -> Iterator[tuple[str, Row]]:
        for place in places:
            inner = value.get(place.key)
            if place.table:
                for number, each in enumerate(inner or (), 1):
                    mine = f"{item}.{number}" if item else str(number)
                    yield from self._row(place.table, [*key, mine], place.below, each or {}, key, mine)
            elif place.below:
                yield from self._fill(place.below, inner or {}, key, item, cells)
            else:
                cells[place.column] = _cell(inner)


def _records_of(connection: Shape, value: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The records of a page; what `nodes` and `edges` say of the same one is put together."""
    found: list[dict[str, Any]] = []
    for shape in connection.below:
        items = value.get(shape.key) or ()
        if shape.name == "nodes":
            given = [dict(item) for item in items]
        elif shape.name == "edges" and (node := shape.named("node")) is not None:
            given = [dict(item.get(node.key) or {}) for item in items]
        else:
            continue
        found = [{**new, **old} for new, old in zip(given, found or ({} for _ in given), strict=True)]
    return found


def _more(connection: Shape, value: Mapping[str, Any], shown: int) -> str:
    """`yes` when the page is not the last one, `perhaps` when it is full and nothing asked says whether it is."""
    page = connection.named("pageInfo")
    if page is not None and (further := page.named("hasNextPage")) is not None:
        return "yes" if (value.get(page.key) or {}).get(further.key) else ""
    total = connection.named("totalCount")
    if total is not None and isinstance(value.get(total.key), int):
        return "yes" if value[total.key] > shown else ""
    return "perhaps" if shown and shown >= connection.first else ""


def _reason(entry: Mapping[str, Any]) -> Row:
    words = entry.get("reason") or {}
    return [words.get("zh"), words.get("en")]


def _cell(value: Any) -> Cell:
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, list) and not any(isinstance(item, dict | list) for item in value):
        return "; ".join(str(item) for item in value)
    return orjson.dumps(value).decode()


def _lines(numbers: Sequence[int]) -> Iterator[str]:
    """Line numbers as text, runs as `2-9`; several texts when one would not fit into a cell."""
    spans: list[list[int]] = []
    for number in sorted(numbers):
        if spans and number == spans[-1][1] + 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    text = ""
    for start, end in spans:
        span = str(start) if start == end else f"{start}-{end}"
        if len(text) + len(span) > LONGEST:
            yield text
            text = ""
        text += f", {span}" if text else span
    yield text
