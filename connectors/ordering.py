"""The word `order`: in which order a platform gives its rows, so that what `maxRows` cuts off is what comes last in it.

Holds the word, and the order itself for rows that the house has in hand. That a kind of source can keep it is said by
`connectors.agreement`, that a platform does by the exam.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Annotated

from pydantic import AfterValidator, Field, WithJsonSchema

from connectors.contract import Order, Row
from connectors.spelling import Codes, Listed

_DESCENDING = " desc"
_BY = re.compile(r"[A-Za-z][A-Za-z0-9]*( desc)?")


class NotSortable(ValueError):
    """A field that rows cannot be ordered by; the text says why and what to do."""


def _by(text: str) -> str:
    if not _BY.fullmatch(text):
        raise ValueError("a field is expected, with ` desc` behind it where the latest or largest comes first")
    return text


By = Annotated[str, AfterValidator(_by), WithJsonSchema({"type": "string", "pattern": f"^{_BY.pattern}$"})]


class OrderWords(Listed):
    """In which order rows come. `params` are sent to a platform that has to be asked for it, and only where the caller
    may read these fields in full; without them the platform gives its rows so by itself.
    """

    by: Annotated[tuple[By, ...], Field(min_length=1)]
    """Fields of the catalogue, the first before the second; `desc` for the largest or latest first."""
    params: Codes = Field(default_factory=dict)
    """Parameters with their values, for kinds that are asked over HTTP."""

    @property
    def terms(self) -> tuple[Order, ...]:
        return tuple(Order(text.removesuffix(_DESCENDING), text.endswith(_DESCENDING)) for text in self.by)


def in_order(rows: Iterable[Row], order: Sequence[Order]) -> list[Row]:
    """The rows as an order has them; what it does not tell apart stays as it came."""
    placed = list(rows)
    for by in reversed(order):
        placed = _placed(placed, by.field, by.descending)
    return placed


def _placed(rows: Sequence[Row], field: str, descending: bool) -> list[Row]:
    known = [row for row in rows if row.values.get(field) is not None]
    known.sort(key=lambda row: row.values[field], reverse=descending)
    return known + [row for row in rows if row.values.get(field) is None]
