"""Single cells on their way into the staged table: what they become there, and how they are taken out again.

Numbers that are whole become whole (a code kept as a number is `1`, never `1.0`); dates of a workbook take the
format that their field declares; a blank is nothing. A number of more than 15 digits lost some when the file was
written: such a cell is staged as the reason why it cannot be read, and its row is rejected with it. Codes that a
subject is found by are staged without blanks, in plain capital letters. Nothing here knows files or databases.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from connectors.contract import SubjectKey
from connectors.declaration import TypeWords
from connectors.mapping.paths import Look, Raw
from connectors.mapping.texts import Unmappable, cleaner, half_width, text_of
from connectors.mapping.times import EPOCH_MILLIS, Format, formats
from connectors.mapping.values import name_of

EXACT = 10**15  # a spreadsheet keeps fifteen digits
_BLANKS = re.compile(r"[\s\u200b-\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]+")  # and signs that nobody sees
_AS_TEXT = re.compile(r"'(.+)|=\"(.+)\"")
_SCIENTIFIC = re.compile(r"([1-9])(?:\.(\d+))?E\+?1[4-9]", re.ASCII)
_ZEROED = re.compile(r"[1-9]\d{14}000", re.ASCII)
_MILLIS = re.compile(r"0|-?[1-9][0-9]{0,13}")
_NOTE = re.compile(
    r"(?:(?:备注|附注|说明|注释|填表说明|填报说明|注)\d*[:：.、]|(?:合计|总计|小计|共计)(?:$|[:：\d(（])"
    r"|(?:填报|填表|制表|审核|报送)(?:单位|人|日期|时间)?[:：])"
)

LOST = "({}) is a number of more than 15 digits, some of them lost: keep codes as text"
_plain, _visible = cleaner(True, frozenset()), cleaner(False, frozenset())

Write = Callable[[datetime], str]
Cell = str | int | float | bytes | None
Stage = Callable[[Any, Write, str], Cell]


def folded(text: str) -> str:
    """Plain width, without any blank or sign that nobody sees: how names of columns are compared, and codes kept."""
    return _BLANKS.sub("", unicodedata.normalize("NFKC", text))


def code(value: Any) -> str:
    """A code that a subject is found by, in its only spelling: without what programs put around it so that a
    spreadsheet takes it for a text, `'3701…` or `="3701…"`."""
    plain = folded(str(value)).upper()
    found = _AS_TEXT.fullmatch(plain)
    return plain if found is None else found[1] or found[2]


def blank(value: Any) -> bool:
    return not value.strip() if isinstance(value, str) else value is None


def note(cells: Sequence[Any], filled: Sequence[int], keys: frozenset[int], columns: int) -> bool:
    """Whether a row says something about the table: it begins with a word for that, or is one lonely cell."""
    first = cells[filled[0]]
    if isinstance(first, str) and _NOTE.match(_BLANKS.sub("", first)):
        return True
    return len(filled) == 1 and columns > 1 and filled[0] not in keys


def staged(value: Any, write: Write, where: str) -> Cell:
    """A cell as it is kept; bytes are the reason why it cannot be."""
    if isinstance(value, str):
        text = str(_visible(value))
        return text if text.strip() else None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        if not abs(value) < EXACT:
            return LOST.format(where).encode()
        if isinstance(value, float):  # what a formula came to, without the noise that no spreadsheet shows
            value = float(f"{value:.15g}")
        return int(value) if value == int(value) else value
    if isinstance(value, datetime):
        return write(value)
    return None if value is None else str(value)


def instant(value: Any, write: Write, where: str) -> Cell:
    """Milliseconds as a number, also out of a text file: conditions are."""
    cell = staged(value, write, where)
    return int(cell) if isinstance(cell, str) and _MILLIS.fullmatch(cell.strip()) else cell


def day(known: Sequence[Format], value: Any, write: Write, where: str) -> Cell:
    """A day that is written in full width, in plain: conditions are."""
    cell = staged(value, write, where)
    if not isinstance(cell, str) or cell.isascii():
        return cell
    plain = half_width(cell.strip())
    return plain if any(form.read(plain) is not None for form in known) else cell


def identity(value: Any, write: Write, where: str) -> Cell:
    """A part of a key in its only spelling: a later file may keep as a text, or with blanks, what was a number."""
    cell = staged(value, write, where)
    return cell if cell is None or isinstance(cell, bytes) else text_of(_plain(cell))


def kept(name: str) -> Look:
    """Takes a staged cell out of a row. Raises Unmappable with the reason that was staged in its place."""

    def look(row: Raw) -> Any:
        value = row[name]
        if isinstance(value, bytes):
            raise Unmappable(value.decode())
        return value

    return look


def names_in(words: TypeWords) -> tuple[str, ...]:
    """Every column that the declaration reads; no other is staged."""
    origins = [origin for name in words.mapped for origin in words.origins(name)]
    for subject in words.subject.values():
        origins += [subject, subject.where] if subject.where is not None else [subject]
    origins += [origin for origin in (words.deleted, words.asOf) if origin is not None]
    return tuple(dict.fromkeys([*words.key, *map(name_of, origins)]))


def instants(words: TypeWords) -> frozenset[str]:
    """The columns that hold milliseconds and nothing else."""
    declared = [(words.origins(name), field.date or field.timestamp) for name, field in words.mapped.items()]
    return frozenset(
        name_of(origin) for origins, patterns in declared if patterns == (EPOCH_MILLIS,) for origin in origins
    )


def days(words: TypeWords) -> Mapping[str, tuple[Format, ...]]:
    """For each column of days or instants the formats of the first field that reads it; a workbook's own dates are
    written in the first of them."""
    found: dict[str, tuple[Format, ...]] = {}
    declared = [(words.origins(name), field.date or field.timestamp) for name, field in words.mapped.items()]
    if words.asOf is not None:
        declared.append(((words.asOf,), words.asOf.timestamp))
    for origins, patterns in declared:
        known = formats(patterns)
        for origin in origins if known else ():
            found.setdefault(name_of(origin), known)
    return found


def iso(moment: datetime) -> str:
    """A date that no field declares: as a text."""
    return f"{moment:%Y-%m-%d}" if moment.time() == datetime.min.time() else moment.isoformat(" ")


def beginnings(damaged: Any) -> frozenset[str]:
    """How a code may have begun before a spreadsheet took it for a number: from the number, or from what is left of it
    in a text (`3.70102E+17`, zeros at its end). Nothing for any other text."""
    if not isinstance(damaged, str):
        return frozenset(str(int(damaged) + slip)[:15] for slip in (-64, 0, 64))
    if found := _SCIENTIFIC.fullmatch(damaged):
        digits = found[1] + (found[2] or "")
        return frozenset({digits[:-1]})  # the last one may have been rounded
    return frozenset({damaged[:15]}) if _ZEROED.fullmatch(damaged) else frozenset()


def may_be(subject: SubjectKey, lost: frozenset[str]) -> bool:
    """Whether a lost code may have been this subject's."""
    return subject.value.isdigit() and subject.value.startswith(tuple(lost))
