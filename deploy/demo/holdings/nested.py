"""How a platform writes objects inside a record: a list of parts, each with keys of its own.

In a database the list is a JSON text, in an answer of JSON it is a list. What it means is one tuple per part of the
catalogue, `changes.item` beside `changes.date`, as a connector gives it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from deploy.demo.spelling import Pen, Spelled, Spelling

Parts = Mapping[str, tuple[str, Spelling]]  # catalogue name -> the platform's key, and how it is written


def listed(name: str, parts: Parts, *, as_text: bool) -> Spelling:
    """A list of objects; one that is empty is written as such, or as nothing, which then means nothing."""

    def spell(pen: Pen, value: Any) -> Spelled:
        if value is None:
            return pen.nothing(), {f"{name}.{part}": None for part in parts}
        cells: list[dict[str, Any]] = []
        means: dict[str, tuple[Any, ...]] = {f"{name}.{part}": () for part in parts}
        for item in value:
            spelled = {part: spelling(pen, item.get(part)) for part, (_, spelling) in parts.items()}
            cells.append({parts[part][0]: cell for part, (cell, _) in spelled.items()})
            for part, (_, meaning) in spelled.items():
                means[f"{name}.{part}"] += (meaning,)
        return (json.dumps(cells, ensure_ascii=False) if as_text else cells), means

    return spell
