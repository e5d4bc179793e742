"""The operator's table of quirks in connectors/README.md is true: each line is read by the mapping as it stands there.

What was seen at real platforms is listed here by the ids of that table, so that no quirk is ever left out of it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from connectors.contract import Deadline, Fetch, SubjectKey
from connectors.declaration import TypeWords
from connectors.fields import FieldWords
from connectors.fitting import FieldFindings
from connectors.kinds.sql.dialects import dialect_of
from connectors.kinds.sql.statements import Statements
from connectors.mapping.extracts import Mapped
from connectors.mapping.paths import Lookup, column, path
from connectors.mapping.records import RecordMap
from connectors.mapping.texts import Unmappable
from connectors.mapping.values import compile_field
from policies import identifiers
from tests.edges.invented import FIRM, TERMS

README = Path(__file__).parents[2] / "connectors/README.md"
CHECKS = {"uscc": identifiers.is_uscc, "citizenId": identifiers.is_citizen_id, "gbt2260": identifiers.is_area_code}
REAL = replace(TERMS, checks=CHECKS)
FIELDS = {"date": "decided", "text": "holder", "money": "fine", "name": "holder", "code": "number", "state": "state"}

# What was seen, in the words of those who saw it, and the lines that answer for it.
SEEN: Mapping[str, tuple[str, ...]] = {
    "2019-09-01": ("D1",),
    "2019/09/01": ("D2",),
    "20190404": ("D3",),
    "2022-01-24 00:00:00": ("D4",),
    "milliseconds since 1970": ("D5", "D18"),
    "long-term 2099-12-31, 2099/12/31, 9999-09-09": ("D6", "D7", "D8"),
    "null as 1899-12-30 and 1899-12-31": ("D9", "D10"),
    "null as 1900-01-01": ("D11",),
    "null as 1950 and its like": ("D12",),
    "text in a date column: 无处罚期限, 暂无": ("D13", "D14", "D15"),
    "00:00;00 typing errors": ("D16", "D17"),
    r"null words \N, null, 暂无, 无, -, --, empty, *": ("N1", "N2", "N3", "N4", "N5", "N6", "N7", "N8"),
    "万元 decimal(18,6)": ("M1",),
    "元": ("M2",),
    "text 罚款2000元": ("M3", "M4"),
    "5,000000": ("M5",),
    "registered capital in a foreign currency": ("M6",),
    "full-width and half-width brackets": ("A1", "A2"),
    "blanks in names": ("A3",),
    "old names": ("A4",),
    "an individual business named after the person": ("A5",),
    "mixed old and new codes": ("C1", "C2"),
    "a legal representative's ID in one field": ("C3",),
    "IDs of 15 digits": ("C4", "C5", "C8"),
    "masked and unmasked copies of one ID in one table": ("C6", "C7"),
    "status digits with opposite meaning between generations": ("C9", "C10", "C11"),
    "00000000000000000X": ("C12",),
    "the same decision from department, city, province and the national system": ("U1",),
    "330203001 (9 digits)": ("R1",),
    "330281": ("R2",),
    "999999": ("R3",),
    "12 digits": ("R4",),
    "retired codes (3712, Laiwu)": ("R5", "R6"),
    "XK_YXQZI": ("K1",),
    "keys in upper and lower case in one project": ("K2", "K3"),
    "blanks inside names of columns": ("K4",),
    "TAB_PERMISSON": ("K5",),
    "a logical delete flag": ("L1",),
}


@dataclass(frozen=True, slots=True)
class Line:
    kind: str
    sent: Any
    words: Mapping[str, Any]
    becomes: str


def _yaml(text: str) -> Any:
    read = YAML(typ="safe", pure=True).load(text)
    return {"null" if key is None else key: value for key, value in read.items()} if isinstance(read, dict) else read


def _table() -> Mapping[str, Line]:
    found = {}
    for written in re.findall(r"^\| [A-Z]\d+ \|.*\|$", README.read_text("utf-8"), re.M):
        name, kind, sent, words, becomes = (cell.strip() for cell in written.strip("|").split(" |"))
        assert name not in found
        found[name] = Line(kind, _yaml(sent.strip("`")), _yaml(f"{{{words.strip('`')}}}") or {}, becomes)
    return found


TABLE = _table()


def told(value: Any) -> str:
    """A catalogue value in the words of the table."""
    if value is None:
        return "unknown"
    if value == date.max:
        return "without end"
    assert isinstance(value, str | date | Decimal)
    return str(value)


@pytest.mark.parametrize("seen", SEEN)
def test_every_quirk_that_was_seen_has_its_lines(seen: str) -> None:
    """What real platforms do stands in the operator's table."""
    assert set(SEEN[seen]) <= set(TABLE)


def test_the_table_holds_nothing_that_nobody_saw() -> None:
    """Each line answers for one thing that was seen."""
    assert sorted(TABLE) == sorted(name for names in SEEN.values() for name in names)


@pytest.mark.parametrize("name", [name for name, line in TABLE.items() if line.kind in FIELDS])
def test_a_value_becomes_what_the_table_says(name: str) -> None:
    """The words of the line are a declaration's, fit the kind of field, and give what it says: none silently wrong."""
    line = TABLE[name]
    field = FIELDS[line.kind]
    origin = {"column", "path", "first", "when"} & line.words.keys()
    words = FieldWords.model_validate(dict(line.words) if origin else {"column": "X", **line.words})
    lookup: Lookup = path if "path" in line.words else column
    term = REAL.types["Permit"].fields[field]
    said = FieldFindings("Permit", REAL, "", "path" if lookup is path else "column", lookup, lambda *what: str(what))
    assert list(said.field((), field, words, term, said.origin)) == []
    reader = compile_field(words, term, lookup, REAL, trim=True, nulls=frozenset())
    try:
        became = told(reader.read(line.sent if isinstance(line.sent, dict) else {"X": line.sent}))
    except Unmappable:
        became = "refused"
    assert became == line.becomes


def rows(type_words: Mapping[str, Any], raw: Sequence[Mapping[str, Any]], subject: SubjectKey) -> Mapped:
    words = TypeWords.model_validate({"fields": {"holder": {"column": "WSH"}}, **type_words})
    record = RecordMap("Permit", words, REAL, path, 1)
    return record.rows(raw, Fetch("Permit", frozenset(), (subject,), deadline=Deadline.within(5)))


@pytest.mark.parametrize("name", [name for name, line in TABLE.items() if line.kind == "subject"])
def test_a_subjects_key_is_whole_or_no_key(name: str) -> None:
    """A masked number never stands for a person: its row is refused, with a reason that does not repeat it."""
    line = TABLE[name]
    raw = [{"XH": 1, **line.sent}]
    found = rows({"key": ["XH"], "subject": dict(line.words)}, raw, SubjectKey("citizenId", "370102198001010015"))
    if line.becomes == "refused":
        assert (found.rows, found.rejected) == ([], ["Permit.subject is not a `citizenId`"])
    else:
        assert [row.subject.value for row in found.rows] == [line.becomes]


@pytest.mark.parametrize("name", [name for name, line in TABLE.items() if line.kind == "rows"])
def test_rows_are_kept_apart_or_left_out(name: str) -> None:
    """Copies of a decision stay rows of their own until the gateway joins them; deleted rows are left out."""
    line = TABLE[name]
    uscc = FIRM[:2] + "370000" + "MA3NW2E7X"
    uscc += identifiers.uscc_check(uscc)
    words = {"subject": {"uscc": {"column": "CODE"}}, **line.words}
    found = rows(words, [{"CODE": uscc, **each} for each in line.sent], SubjectKey("uscc", uscc))
    assert found.rejected == []
    assert len(found.rows) == int(line.becomes.split()[0])
    assert found.deleted == len(line.sent) - len(found.rows)


def test_a_table_is_named_as_it_is_spelt() -> None:
    """A misspelt name of a table is the name of the table."""
    [line] = [line for line in TABLE.values() if line.kind == "table"]
    given = {
        "key": ["XH"],
        "subject": {"uscc": {"column": "CODE"}},
        "fields": {"holder": {"column": "A"}},
        **line.words,
    }
    words = TypeWords.model_validate(given)
    made = Statements("Permit", words, REAL, RecordMap("Permit", words, REAL, column, 1))
    asked = Fetch("Permit", frozenset({"holder"}), (SubjectKey("uscc", FIRM),), deadline=Deadline.within(5))
    assert f'FROM "{line.sent}"' in str(made.select(dialect_of("sqlite"), asked, [FIRM], 1)[1])
