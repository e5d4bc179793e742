"""Nothing that comes back is trusted: each row is held against the question that was asked.

A row of another subject, or outside the conditions, is dropped and counted; a field that was not asked is
cut off. What is dropped never reaches a cache, an answer or a log with its values.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from connectors.contract import Condition, Fetch, Page, Row, SubjectKey
from gateway.model import ANYBODY
from policies import identifiers


def recheck(ask: Fetch, pages: Iterable[Page]) -> tuple[dict[SubjectKey, list[Row]], int]:
    """Rows by asked subject (those of an open question under `ANYBODY`), and how many were dropped."""
    named, fields, where = ask.subjects, ask.fields, ask.where
    kept: dict[SubjectKey, list[Row]] = {subject: [] for subject in named or (ANYBODY.key,)}
    dropped = 0
    allowed: tuple[str, ...] = ()  # the names in a row that held nothing but asked fields: most rows are like it
    for page in pages:
        for row in page.rows:
            mine = kept.get(row.subject) if named else _anybodys(row, kept)
            if mine is None or (where and not all(holds(condition, row.values) for condition in where)):
                dropped += 1
                continue
            names = tuple(row.values)
            if names == allowed:
                mine.append(row)
            elif fields.issuperset(names):
                allowed = names
                mine.append(row)
            else:
                only = {name: row.values[name] for name in names if name in fields}
                mine.append(Row(row.id, row.subject, only, row.afar))
    return kept, dropped


def _anybodys(row: Row, kept: Mapping[SubjectKey, list[Row]]) -> list[Row] | None:
    """Where a row of an open question belongs: those are about organisations."""
    return kept[ANYBODY.key] if row.subject.kind == ANYBODY.key.kind else None


def holds(condition: Condition, values: Any) -> bool:
    """Whether one row meets one condition; an unknown value meets none."""
    value = values.get(condition.field)
    if value is None:
        return False
    if condition.op == "range":
        since, until = condition.values
        return (since is None or value >= since) and (until is None or value <= until)
    if condition.op == "contains":
        return str(condition.values[0]) in identifiers.normalise_name(str(value))
    return value in condition.values
