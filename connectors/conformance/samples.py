"""Samples: recorded, invented rows beside a declaration, and what they must mean in words of the catalogue.

A samples file is YAML (JSON is YAML too): record types, each with a list. An item is one `row` as the platform gives
it, or names a file with one whole recorded `answer` (a JSON body, a SOAP message, a dropped file). `expect` says
what must come of it: fields with their values, `rejected`, or for an answer a list with one of these for each row.
`live: true` says that the platform holds this very row, of a subject that is there for tests, and must tell it so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Literal, Protocol, runtime_checkable
from zoneinfo import ZoneInfo

from pydantic import RootModel, StrictBool, model_validator

from connectors.contract import ConnectorError, Document, Fetch, Row, SubjectKey
from connectors.mapping.paths import Raw
from connectors.mapping.records import RecordMap
from connectors.spelling import Block
from connectors.terms import FieldTerm

CHINA = ZoneInfo("Asia/Shanghai")
NEVER = "never"  # how a day without end is written in `expect`
Expected = Mapping[str, Any] | Literal["rejected"] | None


@runtime_checkable
class Recordable(Protocol):
    """A kind whose answers can be recorded: it maps raw rows, and reads them out of a whole answer."""

    def record(self, type_name: str) -> RecordMap: ...
    def recorded(self, type_name: str, answer: bytes) -> Sequence[Raw]: ...


class SampleWords(Block):
    """One item of a samples file."""

    name: str | None = None
    row: dict[str, Any] | None = None
    answer: str | None = None
    live: StrictBool = False
    expect: dict[str, Any] | Literal["rejected"] | list[dict[str, Any] | Literal["rejected"] | None] | None = None

    @model_validator(mode="after")
    def _one(self) -> SampleWords:
        if (self.row is None) == (self.answer is None):
            raise ValueError("write either `row`, or `answer` with the name of a file beside this one")
        if self.answer is not None and isinstance(self.expect, dict):
            raise ValueError("what an answer's rows mean is a list, one item for each row")
        if self.row is not None and isinstance(self.expect, list):
            raise ValueError("what a row means is a mapping of fields, or `rejected`")
        return self


class SampleFile(RootModel[dict[str, tuple[SampleWords, ...]]]):
    """A whole samples file."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One raw row; `name` is where it comes from, `where` the line to blame."""

    type: str
    name: str
    where: str
    row: Raw
    expect: Expected
    live: bool


@dataclass(frozen=True, slots=True)
class Samples:
    """Everything that was recorded, and what is wrong with the recording itself."""

    found: Sequence[Sample]
    wrong: Sequence[str]

    def read(self, sample: Sample, record: RecordMap, fields: frozenset[str] | None = None) -> tuple[Row | None, str]:
        """A sample's row in words of the catalogue, or why it does not map; its subject is of any declared kind."""
        reasons: list[str] = []
        known = {name for each in self.found if each.type == sample.type for name in each.row}
        for kind in record.words.subject:
            ask = Fetch(sample.type, record.claim.fields if fields is None else fields, (SubjectKey(kind, ""),))
            columns = _columns(record, ask)
            if missing := [name for name in columns if name not in known]:
                return None, f"no sample of this type has a column `{missing[0]}`"
            mapped = record.rows([{**dict.fromkeys(columns), **sample.row}], ask)  # nothing need not be written
            if mapped.rows:
                return mapped.rows[0], ""
            reasons += mapped.rejected or ["the row is marked as deleted"]
        return None, next((each for each in reasons if not each.startswith(f"{sample.type}.subject")), reasons[0])


def read_samples(document: Document, names: Sequence[str], types: Mapping[str, Recordable | None]) -> Samples:
    """The samples of a declaration; `types` are its own with their connectors, None where a kind reads none."""
    found: list[Sample] = []
    wrong: list[str] = []
    for number, name in enumerate(names):
        try:
            file = document.sibling(name)
        except ValueError as error:
            told = getattr(error, "findings", None)  # a file that is there has lines of its own
            wrong += told or (str(document.problem(("samples", number), str(error))),)
            continue
        try:
            words = file.read(SampleFile).root
        except ValueError as error:
            wrong += getattr(error, "findings", (str(error),))
            continue
        for type_name, items in words.items():
            if type_name not in types:
                wrong.append(str(file.problem((type_name,), f"unknown record type `{type_name}`", type_name, types)))
                continue
            for index, item in enumerate(items):
                try:
                    found += _rows(file, type_name, index, item, types[type_name])
                except (ValueError, ConnectorError) as error:
                    wrong.append(str(file.problem((type_name, index), f"`{item.answer}`: {error}")))
    return Samples(found, wrong)


def _rows(
    file: Document, type_name: str, index: int, item: SampleWords, connector: Recordable | None
) -> Iterator[Sample]:
    name = item.name or f"{type_name} {index + 1}"
    where = str(file.problem((type_name, index), "")).rpartition(": ")[0]
    if item.row is not None:
        yield Sample(type_name, name, where, item.row, _alone(item.expect), item.live)
        return
    rows = [] if connector is None else connector.recorded(type_name, file.beside(item.answer or ""))
    expected = item.expect if isinstance(item.expect, list) else [item.expect] * len(rows)
    if len(expected) != len(rows):
        raise ValueError(f"it holds {len(rows)} rows, and `expect` has {len(expected)} items")
    for at, (row, expect) in enumerate(zip(rows, expected, strict=True)):
        yield Sample(type_name, f"{name}, row {at + 1}", where, row, _alone(expect), item.live)


def _columns(record: RecordMap, ask: Fetch) -> tuple[str, ...]:
    """The columns without which a row of a table cannot be read; what is missing in JSON or XML is only empty."""
    by_column = all(origin.path is None for words in record.words.fields.values() for origin in words.origins)
    return record.names(ask.fields, ask.subjects[0].kind) if by_column else ()


def _alone(expect: Any) -> Expected:
    return None if isinstance(expect, list) else expect


def meant(expected: Any, term: FieldTerm) -> Any:
    """An expectation as a value of the catalogue. Raises ValueError, saying how such a value is written."""
    if expected is None:
        return None
    if isinstance(expected, list):
        return tuple(_single(each, term.kind) for each in expected)
    if term.many:
        raise ValueError("it is a list: write the values in `[ ]`")
    return _single(expected, term.kind)


def _single(expected: Any, kind: str) -> Any:
    text = str(expected).lower() if isinstance(expected, bool) else str(expected)
    try:
        match kind:
            case _ if expected is None:
                return None
            case "date":
                return date.max if text == NEVER else date.fromisoformat(text)
            case "timestamp":
                moment = datetime.fromisoformat(text)
                return moment if moment.tzinfo else moment.replace(tzinfo=CHINA)
            case "money" | "number":
                return Decimal(text)
            case "flag":
                return {"true": True, "false": False}[text]
    except (ValueError, KeyError, InvalidOperation):
        shape = {"date": "2025-06-30, or never", "timestamp": "2025-06-30T08:00:00+08:00", "flag": "true or false"}
        raise ValueError(f"it is a {kind}: write {shape.get(kind, 'a number')}") from None
    return text


def written(value: Any) -> str:
    """A value of the catalogue as `expect` writes it."""
    if isinstance(value, tuple):
        return "[" + ", ".join(map(written, value)) + "]"
    if value is None:
        return "null"
    if value == date.max:
        return NEVER
    if isinstance(value, bool):
        return str(value).lower()
    return value.isoformat() if isinstance(value, date) else str(value)
