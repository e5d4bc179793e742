"""More spellings of real platforms, for the records of the four cities: objects in a row, old names, mixed codes.

As in `deploy.demo.spelling`, each gives the cell and what an honest reader makes of it, and counts its use.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from deploy.demo import spelling as s
from deploy.demo.spelling import Pen, Spelled, Spelling

NO_DAY = ("1899-12-31", "1950-01-01", "1899-12-30", "1900-01-01", "暂无")  # days that databases keep for "none"
STILL_OWED = ("未清偿", "2099-12-31", "9999-09-09")


def name(pen: Pen, value: str | None) -> Spelled:
    """Brackets of either width, blanks within and behind, now and then the name from before a change."""
    if value is None or pen.careful:
        return s.name(pen, value)
    style = pen.turn("loose name", ("full", "half", "inside", "behind", "former"))
    pen.used[f"name:{style}"] += 1
    half = value.replace("（", "(").replace("）", ")")
    cell = {
        "full": value,
        "half": half,
        "inside": f"{value[:2]} {value[2:]}",
        "behind": f"{value}  ",
        "former": value.replace("示例", "示例旧名"),
    }[style]
    return cell, cell.strip()


def mixed_code(pen: Pen, value: str | None) -> Spelled:
    """A column of codes that has them of two generations: an organisation code is no USCC and says nothing."""
    if value is None:
        return pen.nothing(), None
    old = not pen.careful and pen.turn("mixed", (False, False, True))
    pen.used[f"code:{'old' if old else 'new'}"] += 1
    return (f"{value[8:16]}-{value[16]}", None) if old else (value, value)


def decimal(pen: Pen, value: Decimal | None) -> Spelled:
    """万元 as decimal(18,6)."""
    pen.used["money:decimal"] += value is not None
    return s.wan(pen, value)


def one(name: str, parts: Mapping[str, tuple[str, Spelling]]) -> Spelling:
    """An object inside a row of JSON: catalogue name -> the platform's key and how it is written."""

    def spell(pen: Pen, value: Mapping[str, Any] | None) -> Spelled:
        if value is None:
            return None, {f"{name}.{part}": None for part in parts}
        spelled = {part: spelling(pen, value.get(part)) for part, (_, spelling) in parts.items()}
        cell = {parts[part][0]: cell for part, (cell, _) in spelled.items()}
        return cell, {f"{name}.{part}": meaning for part, (_, meaning) in spelled.items()}

    return spell


def first(name: str, part: str, spelling: Spelling) -> Spelling:
    """One part of the first of many objects, in a column of its own."""

    def spell(pen: Pen, value: Any) -> Spelled:
        cell, meaning = spelling(pen, value[0].get(part) if value else None)
        return cell, {f"{name}.{part}": (meaning,) if value else None}

    return spell
