"""How local systems write values down: the peculiarities seen in real platforms, each in turn and counted.

A spelling turns a catalogue value into a cell and says what an honest reader makes of that cell, which is
the value itself unless the platform lost something (an ID already masked, an unknown area). `Pen.used`
counts every peculiarity, so that a test can ask whether all are there. Nothing is random: choices go round,
so that a small province has them too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from deploy.demo import codes
from deploy.demo.facts import CHINA, FOREVER

Spelled = tuple[Any, Any]  # the cell, and what it means
Spelling = Callable[["Pen", Any], Spelled]

NOTHING = ("", "无", "暂无", "\\N", "null", "-", "--", "*")
NEVER = ("2099-12-31", "2099/12/31", "9999-09-09")
NO_DATE = ("1900-01-01", "1899-12-30", "", "暂无")

DAY_STYLES: Mapping[str, Callable[[date], Any]] = {
    "dash": lambda day: f"{day:%Y-%m-%d}",
    "slash": lambda day: f"{day:%Y/%m/%d}",
    "compact": lambda day: f"{day:%Y%m%d}",
    "midnight": lambda day: f"{day:%Y-%m-%d} 00:00:00",
    "epoch": lambda day: int(datetime(day.year, day.month, day.day, tzinfo=CHINA).timestamp() * 1000),
    "cell": lambda day: {"day": day.isoformat()},  # a workbook's own date
    "chinese": lambda day: f"{day:%Y年%m月%d日}",
}


class Pen:
    """One platform's hand. `careful` is for the named examples: no peculiarity that loses anything."""

    def __init__(self) -> None:
        self.used: Counter[str] = Counter()
        self.careful = False
        self._turns: Counter[str] = Counter()

    def turn(self, what: str, choices: tuple[Any, ...]) -> Any:
        """The next of the choices, round and round, for each `what` apart."""
        self._turns[what] += 1
        return choices[(self._turns[what] - 1) % len(choices)]

    def nothing(self) -> str:
        word: str = self.turn("nothing", NOTHING)
        self.used[f"null:{word}"] += 1
        return word


def text(pen: Pen, value: str | None) -> Spelled:
    return (pen.nothing() if value is None else value), value


def plain(pen: Pen, value: Any) -> Spelled:
    """As it is, and a true null when there is nothing."""
    return value, value


def number(pen: Pen, value: int | None) -> Spelled:
    return (pen.nothing() if value is None else str(value)), value


def name(pen: Pen, value: str | None) -> Spelled:
    """Half-width brackets and a trailing blank now and then; the reader trims, and compares without width."""
    if value is None:
        return pen.nothing(), None
    style = pen.turn("name", ("full", "half", "full", "blank"))
    pen.used[f"name:{style}"] += 1
    if style == "half":
        value = value.replace("（", "(").replace("）", ")")
    return (value + "  " if style == "blank" else value), value


def days(*styles: str, forever: tuple[str, ...] = NEVER, unknown: tuple[str, ...] = NO_DATE) -> Spelling:
    """Dates in these styles in turn; an open end and a missing date in the words that stand for them."""

    def spell(pen: Pen, value: date | None) -> Spelled:
        if value is None:
            word = pen.turn("no date", unknown)
            pen.used[f"no date:{word}"] += 1
            return word, None
        if value == FOREVER:
            word = pen.turn("forever", forever)
            pen.used[f"forever:{word}"] += 1
            return word, value
        style = pen.turn("day", styles)
        pen.used[f"date:{style}"] += 1
        return DAY_STYLES[style](value), value

    return spell


def stamp(pen: Pen, value: datetime) -> Spelled:
    return f"{value:%Y-%m-%d %H:%M:%S}", value


def stamp_epoch(pen: Pen, value: datetime) -> Spelled:
    pen.used["date:epoch"] += 1
    return int(value.timestamp() * 1000), value


def yuan(pen: Pen, value: Decimal | None) -> Spelled:
    """万元 written in 元: plain, with a fraction, with separators, or inside a sentence."""
    if value is None:
        return pen.nothing(), None
    amount = value * 10_000
    style = pen.turn("yuan", ("plain", "fraction", "separators", "sentence"))
    pen.used[f"money:{style}"] += 1
    spelled = {
        "plain": f"{amount:.0f}",
        "fraction": f"{amount:.2f}",
        "separators": f"{amount:,.0f}",
        "sentence": f"罚款{amount:.0f}元",
    }
    return spelled[style], value


def yuan_plain(pen: Pen, value: Decimal | None) -> Spelled:
    return (None if value is None else f"{value * 10_000:.2f}"), value


def wan(pen: Pen, value: Decimal | None) -> Spelled:
    """decimal(18,6), the standard's own form."""
    return (pen.nothing() if value is None else f"{value:.6f}"), value


def wan_number(pen: Pen, value: Decimal | None) -> Spelled:
    """万元 as a number of a workbook, which is a binary fraction there."""
    return (pen.nothing() if value is None else float(value)), value


def wan_in_words(pen: Pen, value: Decimal | None) -> Spelled:
    """万元 as somebody typed them: bare, with the unit, or in 元 with the unit, which goes before the bare one's."""
    if value is None:
        return pen.nothing(), None
    style = pen.turn("wan", ("bare", "unit", "yuan"))
    pen.used[f"money:{style}"] += 1
    return {"bare": f"{value:f}", "unit": f"{value:f}万元", "yuan": f"人民币{value * 10_000:.0f}元"}[style], value


def words(table: Mapping[Any, Any]) -> Spelling:
    """A code in the platform's own words; for many codes, the words in a row."""

    def spell(pen: Pen, value: Any) -> Spelled:
        if value is None:
            return pen.nothing(), None
        if isinstance(value, tuple):
            return "、".join(table[part] for part in value), value
        return table[value], value

    return spell


def id_number(pen: Pen, value: str | None) -> Spelled:
    """A person's ID: whole, the 15 digits of before 1999, or masked by somebody before us."""
    if value is None:
        return pen.nothing(), None
    if pen.careful:
        return value, value
    style = pen.turn("id", ("whole", "whole", "old", "whole", "masked"))
    pen.used[f"id:{style}"] += 1
    spelled = {"whole": value, "old": codes.old_citizen_id(value), "masked": f"{value[:10]}****{value[14:]}"}[style]
    return spelled, spelled


def no_code(pen: Pen, value: str | None) -> Spelled:
    """A code column: where there is none, the placeholder that once passed a form's validation."""
    if value is not None:
        return value, value
    pen.used["placeholder code"] += 1
    return pen.turn("placeholder", ("00000000000000000X", "无", "")), None


def spaced_code(pen: Pen, value: str | None) -> Spelled:
    """A code column whose codes have blanks inside or behind now and then."""
    cell, meaning = no_code(pen, value)
    style = pen.turn("blanks", ("none", "inside", "none", "behind"))
    pen.used[f"code:{style}"] += 1
    return ({"none": cell, "inside": f"{cell[:6]} {cell[6:]}", "behind": f"{cell}  "}[style], meaning)


def area(pen: Pen, value: str) -> Spelled:
    """An area code: six digits, with the street (nine, twelve) behind, or `999999` for "do not know"."""
    style = (
        "six"
        if pen.careful
        else pen.turn("area", ("six", "nine", "six", "six", "twelve", "six", "six", "six", "unknown"))
    )
    pen.used[f"area:{style}"] += 1
    if style == "unknown":
        return "999999", None
    return value + {"six": "", "nine": "001", "twelve": "001000"}[style], value
