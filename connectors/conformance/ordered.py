"""Group 4, the order: rows come as the declaration says, and what a limit cuts off is what comes last in it.

Where a day is stored with its time, rows of one day may stand in the order of those times, which the catalogue does not
know: what would tell them apart further is not judged then.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from connectors.conformance.bench import Bench
from connectors.conformance.claimed import fruitful
from connectors.conformance.outcome import Outcome, Verdict
from connectors.contract import Order, Row
from connectors.fields import FieldWords
from connectors.mapping.times import EPOCH_MILLIS, NATIVE, formats
from connectors.ordering import in_order

FIX = "declare only the fields that it orders by: unknown values come last, texts go by their characters' numbers"
FIX_CUT = "it must order all rows that it finds before it cuts them"


async def order(bench: Bench) -> Outcome | None:
    """The rows of the richest test subject come in the declared order, and half of them are its first half, marked."""
    verdict, asked = Verdict(), 0
    platform, words = bench.declared()
    async for name, subject, base in fruitful(bench):
        claimed = platform.claim(name).order
        if not claimed:
            continue
        known = tuple(_judged(claimed, words.types[name].fields))
        if len({_place(row, known) for row in base.rows}) < 2:
            verdict.warn(f"{name}: no test subject has two rows that the order tells apart; it is not proved",
                         "name one with more")  # fmt: skip
            continue
        asked += 1
        whole = await bench.told(bench.ask(name, subjects=[subject], ordered=True))
        if whole.failed:
            verdict.fail(f"{name}: asked for its order: {type(whole.error).__name__}", "see `params` of the order")
            continue
        if not base.truncated and sorted(whole.ids) != sorted(base.ids):
            verdict.fail(f"{name}: asked for its order, other rows come", "see `params` of the order")
            continue
        best = in_order(whole.rows, known)
        if wrong := sum(here is not there for here, there in zip(whole.rows, best, strict=True)):
            verdict.fail(f"{name}: {wrong} of {len(best)} rows do not stand where the declared order has them", FIX)
            continue
        half = await bench.told(bench.ask(name, subjects=[subject], limit=(len(best) + 1) // 2, ordered=True))
        first = [_place(row, known) for row in best][: len(half.rows)]
        if half.failed or [_place(row, known) for row in half.rows] != first:
            verdict.fail(f"{name}: where a limit cuts, other rows come than the first of the order", FIX_CUT)
        elif not half.truncated:
            verdict.fail(f"{name}: what is ordered is cut and does not say so", "the kind must mark what it cuts")
    return verdict.outcome(f"{asked} orders") if asked or verdict.problems else None


def _judged(claimed: Sequence[Order], fields: dict[str, FieldWords]) -> Iterator[Order]:
    """The order up to the first day that may be stored with its time."""
    for by in claimed:
        yield by
        patterns = fields[by.field].date
        if {EPOCH_MILLIS, NATIVE} & set(patterns) or any(form.timed for form in formats(patterns)):
            return


def _place(row: Row, order: Sequence[Order]) -> tuple[Any, ...]:
    return tuple(row.values.get(by.field) for by in order)
