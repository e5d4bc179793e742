"""What the values of a column look like: formats of days, words for nothing, and whether they can be of a kind at all.

A share below `MOST` of the values that say something speaks against a kind. No value leaves this file but words for
nothing and codes of a list, which the proposal names.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from connectors.mapping.numbers import money_reader
from connectors.mapping.texts import Unmappable
from connectors.mapping.times import Format
from connectors.suggesting.names import Column

Checks = Mapping[str, Callable[[str], bool]]

MOST, HALF = 0.8, 0.5
_SIGN = 6  # characters of a code at most
NOTHING = ("", "无", "暂无", r"\N", "null", "NULL", "-", "--", "*")
DAYS = ("%Y-%m-%d", "%Y/%m/%d", "%Y%m%d", "%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M:%S", "%Y年%m月%d日", "%Y-%m-%dT%H:%M:%S")
NEVER = ("2099-12-31", "9999-09-09", "9999-12-31")
UNKNOWN = ("1899-12-30", "1899-12-31", "1900-01-01")  # what programs write for no day; others may be true
# kinds that a type of a description may be
_TYPED = {
    "date": {"date", "timestamp"},
    "timestamp": {"date", "timestamp"},
    "number": {"money", "number", "code", "enum", "flag", "phone"},
    "flag": {"flag", "enum"},
}
_FORMATS = {pattern: Format(pattern) for pattern in DAYS}
_MILLIS = re.compile(r"1\d{12}\Z")
_PHONE = re.compile(r"[+\d][\d \-]{5,18}\Z")
_PERSON = re.compile(r"[1-9]\d{5}[\d*]{8}[\d*]{3}[\dX*]\Z|[1-9]\d{14}\Z")
_CHINESE = re.compile(r"[\u3400-\u9fff]")
_ORGAN = re.compile(r"[局委厅办室院府所站心部处署队会行庭关司社校厂店](?:[（(][^（()）]*[)）])?\Z")
_IN_TEXT, _PLAIN = money_reader("wan", within_text=True), money_reader("wan", within_text=False)


class Looks:
    """The values of one column, looked at once."""

    def __init__(self, column: Column, checks: Checks) -> None:
        self.nothing = tuple(word for word in NOTHING if word in {value.strip() for value in column.values})
        self.said = tuple(text for value in column.values if (text := value.strip()) not in NOTHING)
        self._checks = checks
        self.type, self.codes, self.many = column.type, column.codes, column.many
        self.formats = column.formats or tuple(
            pattern for pattern in DAYS if any(_FORMATS[pattern].read(text) is not None for text in self.said)
        )
        self.millis = bool(self.said) and all(_MILLIS.match(text) for text in self.said)
        self.unknown = tuple(day for day in UNKNOWN if any(self._day(text) == day for text in self.said))
        self.plain_numbers = all(map(_is_plain, self.said))
        self.never = tuple(day for day in NEVER if any(self._day(text) == day for text in self.said))

    def share(self, fits: Callable[[str], bool]) -> float:
        return sum(map(fits, self.said)) / len(self.said) if self.said else 1.0

    def against(self, kind: str, check: str | None) -> bool:
        """Whether the type or the values say that the column is not of a kind (or of a code that has a check)."""
        if self.type and (kind not in _TYPED[self.type] or check == "uscc"):
            return True
        if not self.said:
            return False
        if check is not None:
            return self.share(self._checked(check)) < MOST
        dated = self.share(lambda text: self._day(text) is not None) >= MOST
        match kind:
            case "date" | "timestamp":
                return not dated and not self.millis
            case "money" | "number":
                return self.share(_number) < MOST
            case "phone":
                return self.share(lambda text: _PHONE.match(text) is not None) < MOST
            case "idNumber":
                return self.share(self._person) < MOST
            case "name" | "text" | "address":
                return dated or self.share(lambda text: _CHINESE.search(text) is not None) < 1 - MOST
        return dated and "%Y%m%d" not in self.formats

    def no_organs(self) -> bool:
        """Whether most values end as no office does: the initials of 处罚机关 are those of 处罚结果 too."""
        return self.share(lambda text: _ORGAN.search(text) is not None) < HALF

    def _checked(self, check: str) -> Callable[[str], bool]:
        known = self._checks[check]
        cut = 6 if check == "gbt2260" else None
        return lambda text: known("".join(text.split()).upper()[:cut])

    def _person(self, text: str) -> bool:
        return self._checks["citizenId"](text.upper()) or _PERSON.match(text.upper()) is not None

    @staticmethod
    def _day(text: str) -> str | None:
        for form in _FORMATS.values():
            moment = form.read(text)
            if moment is not None:
                return f"{moment:%Y-%m-%d}"
        return None


def _number(text: str, read: Callable[[str], object] = _IN_TEXT) -> bool:
    try:
        read(text)
    except Unmappable:
        return False
    return True


def _is_plain(text: str) -> bool:
    return _number(text, _PLAIN)


def coded_values(values: Sequence[str], split: str | None) -> bool:
    """Whether values look like codes of a list: short signs, or words that come again. Others may speak of somebody."""
    parts = [part.strip() for value in values for part in (value.split(split) if split else [value])]
    return 2 * len(set(parts)) <= len(parts) or all(part.isascii() and len(part) <= _SIGN for part in parts)


def codes(
    values: Sequence[str], labels: Mapping[str, str], split: str | None, called: Mapping[str, str]
) -> tuple[dict[str, str], list[str]]:
    """The values that are called as a code of the catalogue, and those that are not, with what they are called."""
    parts = dict.fromkeys(part.strip() for value in values for part in (value.split(split) if split else [value]))
    known = {part: labels[said] for part in parts if (said := called.get(part) or part) in labels}
    strange = [part for part in parts if part and part not in known and part not in labels.values()]
    return known, [f"{part} ({called[part]})" if called.get(part) else part for part in strange]
