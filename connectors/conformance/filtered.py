"""Group 4, conditions and pages: what a platform picks out itself is what is picked out of its whole answer.

Conditions are derived from the values of the rows: each value, one that no row has, both edges of a span, an empty
span, one turned round. A row whose value is unknown may come too much, because the gateway drops it; a row too
little is lost, and one that plainly does not belong means that the filter is ignored.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Literal, Protocol, runtime_checkable

from connectors.conformance.bench import Bench, Told
from connectors.conformance.claimed import fruitful
from connectors.conformance.outcome import Outcome, Verdict
from connectors.contract import BadRequest, Condition, Row, SubjectKey
from connectors.declaration import PlatformWords
from connectors.mapping.conditions import plain_parts
from connectors.mapping.texts import half_width
from connectors.terms import FieldTerm

DISTINCT = 6  # values of one field that are tried
MOST_PAGES = 40
MOST_ROWS = 500  # of a question about nobody
NO_VALUE = "no such value"
FIX_DAYS = "the gateway drops them; days without their zeros (2019/9/1) do not sort as texts: ask a view that has them"
FIX_OPEN = "it must find what the condition says, whoever's it is: see `openRequest`"


@runtime_checkable
class Turning(Protocol):
    """A kind that turns pages of a size of its own, which a connector takes before it is opened."""

    page_rows: int


async def equal(bench: Bench) -> Outcome | None:
    return await _filters(bench, ("eq", "in"), "declare the filter only where the platform compares exactly")


async def ranges(bench: Bench) -> Outcome | None:
    fix = "see that both ends belong to it, and that a time after midnight belongs to its day"
    return await _filters(bench, ("range",), fix)


async def contains(bench: Bench) -> Outcome | None:
    return await _filters(bench, ("contains",), "the platform must find at least what holds the words")


async def unnamed(bench: Bench) -> Outcome | None:
    """A question that names nobody finds the rows of organisations that meet its condition: one for each type."""
    verdict, asked = Verdict(), 0
    platform, _ = bench.declared()
    async for name, subject, base in fruitful(bench):
        claim, terms = platform.claim(name), bench.terms.types[name].fields
        ops = ("contains", "eq") if claim.keys == {"uscc"} else ("contains",)  # persons' rows are found otherwise
        ways = [(op, field) for field, known in claim.filters.items() for op in ops if op in known]
        if not claim.open or subject.kind != "uscc" or not ways:
            continue
        op, field = min(ways, key=lambda way: (ops.index(way[0]), terms[way[1]].codes is not None, way[1]))
        values = [row.values.get(field) for row in base.rows]
        for what, condition in list(conditions(field, op, values, terms[field]))[:1]:
            asked += 1
            told = await bench.told(bench.ask(name, where=[condition], limit=MOST_ROWS))
            wanted = {row.id for row in base.rows if holds(condition, row)}
            if told.failed:
                verdict.fail(f"{name}.{field} {op}, about nobody: {type(told.error).__name__}", FIX_OPEN)
            elif not told.truncated and wanted - set(told.ids):
                text = f"{name}.{field} {op}, {what}: a question about nobody misses rows of a test subject"
                verdict.fail(text, FIX_OPEN)
    return verdict.outcome(f"{asked} questions") if asked else None


async def pages(bench: Bench) -> Outcome | None:
    """With pages of any size the same rows come, each once."""
    verdict, asked = Verdict(), 0
    async for name, subject, base in fruitful(bench):
        size = _page_rows(bench, name)
        if size is None:  # a platform that cuts pages as it likes
            continue
        count = len(base.rows) + len(base.rejected)
        if count < 2:
            verdict.warn(f"{name}: no test subject has two rows; its pages are not proved", "name one with more")
            continue
        for small in sorted({1, 2, count - 1, count}):
            if small >= size or count / small > MOST_PAGES:
                continue
            asked += 1
            told = await _paged(bench, name, small, subject)
            if told.failed:
                verdict.fail(f"{name}: pages of {small} rows: {type(told.error).__name__}", "see `page` and `total`")
            elif sorted(told.ids) != sorted(base.ids) or told.truncated:
                missing, more = len(set(base.ids) - set(told.ids)), len(told.ids) - len(set(told.ids))
                verdict.fail(
                    f"{name}: in pages of {small}, {missing} of {count} rows are missing and {more} come twice",
                    "see `first` (the number of the first page) and that the platform keeps the order of rows",
                )
    return verdict.outcome(f"{asked} page sizes") if asked or verdict.problems else None


def _page_rows(bench: Bench, name: str) -> int | None:
    """How many rows a page of this type has; None where nobody here decides that."""
    page = bench.written.types[name].page if bench.written is not None else None
    if page is not None:
        return page.rows if page.size is not None else None
    connector = bench.opened[bench.declared()[0].types[name]]
    return connector.page_rows if isinstance(connector, Turning) else None


async def _paged(bench: Bench, name: str, size: int, subject: SubjectKey) -> Told:
    """What is told of a subject in pages of so many rows."""
    if bench.environment is None or bench.written is None:
        raise LookupError("nobody is to be asked")
    declared = bench.written.types[name].page is not None
    words = _with_pages(bench.written, name, size) if declared else None
    connector = bench.another(bench.declared()[0].types[name], words)
    if isinstance(connector, Turning):
        connector.page_rows = size
    await connector.open(bench.environment)
    try:
        return await bench.told(bench.ask(name, subjects=[subject]), connector)
    finally:
        await connector.close()


def _with_pages(words: PlatformWords, name: str, size: int) -> PlatformWords:
    mine = words.types[name]
    page = mine.page.model_copy(update={"rows": size}) if mine.page is not None else None
    return words.model_copy(update={"types": {**words.types, name: mine.model_copy(update={"page": page})}})


async def _filters(bench: Bench, ops: Sequence[str], fix: str) -> Outcome | None:
    verdict, asked, tried = Verdict(), 0, set[str]()
    platform, _ = bench.declared()
    async for name, subject, base in fruitful(bench):
        table = bench.kind_of(platform.source(name).kind).origin == "column"  # the conditions are words of ours
        for field, known in sorted(platform.claim(name).filters.items()):
            for op in [each for each in ops if each in known]:
                tried.add(f"{name}.{field}")
                rows = base.rows
                term = bench.terms.types[name].fields[field]
                for what, condition in conditions(field, op, [row.values.get(field) for row in rows], term):
                    asked += 1
                    told = await bench.told(bench.ask(name, subjects=[subject], where=[condition]))
                    _judge(verdict, f"{name}.{field} {op}, {what}", condition, rows, told, fix, table)
    return verdict.outcome(f"{', '.join(sorted(tried))}: {asked} questions" if len(tried) < 3 else
                           f"{len(tried)} filters, {asked} questions") if asked else None  # fmt: skip


def conditions(field: str, op: str, found: Sequence[Any], term: FieldTerm) -> Iterator[tuple[str, Condition]]:
    """Questions with one condition, each with a word about what it tries."""
    values = sorted({value for value in found if value is not None})[:DISTINCT]
    stranger = _stranger(values, term)

    def one(what: str, kind: Literal["eq", "in", "range", "contains"], *given: Any) -> tuple[str, Condition]:
        return what, Condition(field, kind, given)

    if op == "eq":
        yield from (one("a value that a row has", "eq", value) for value in values)
        if stranger is not None:
            yield one("a value that no row has", "eq", stranger)
    elif op == "in":
        yield one("all values that rows have", "in", *values, *([] if stranger is None else [stranger]))
        if stranger is not None:
            yield one("a value that no row has", "in", stranger)
    elif op == "contains":
        parts = [part[:4] for value in values for part in plain_parts(str(value)) if len(part) > 1]
        yield from (one("a part of a value", "contains", part) for part in parts[:2])
    elif values:
        step = timedelta(days=1) if isinstance(values[0], date) and not isinstance(values[0], datetime) else _INSTANT
        finite = [value for value in values if value != date.max] or values
        first, last = finite[0], finite[-1]
        for value in finite:
            yield one("that very day", "range", value, value)
            yield one("until a day that a row has", "range", None, value)
            yield one("from a day that a row has", "range", value, None)
        yield one("from the first to the last", "range", first, last)
        yield one("before the first", "range", None, first - step)
        if last != date.max:
            yield one("after the last", "range", last + step, last + step)
            yield one("turned round", "range", last + step, first - step)


_INSTANT = timedelta(seconds=1)


def _stranger(values: Sequence[Any], term: FieldTerm) -> Any:
    """A value that no row has; None when there is none."""
    if term.codes is not None:
        return next(iter(sorted(term.codes - set(values))), None)
    if term.kind == "flag":
        return None if len(values) != 1 else not values[0]
    if term.kind in {"date", "timestamp"}:
        finite = [value for value in values if value != date.max]
        return finite[-1] + timedelta(days=1) if finite else None
    return NO_VALUE


def holds(condition: Condition, row: Row) -> bool:
    """Whether a row meets a condition; an unknown value meets none."""
    value = row.values.get(condition.field)
    if value is None:
        return False
    if condition.op == "range":
        low, high = condition.values
        return (low is None or value >= low) and (high is None or value <= high)
    if condition.op == "contains":
        return _plain(str(condition.values[0])) in _plain(str(value))
    return value in condition.values


def _plain(text: str) -> str:
    return "".join(half_width(text).split()).casefold()


def _judge(
    verdict: Verdict, what: str, condition: Condition, rows: Sequence[Row], told: Told, fix: str, table: bool
) -> None:
    if told.failed:
        if isinstance(told.error, BadRequest) and what.endswith("turned round"):
            verdict.warn(f"{what}: the platform calls it a wrong question", "")
        else:
            verdict.fail(f"{what}: {type(told.error).__name__}", fix)
        return
    wanted = {row.id for row in rows if holds(condition, row)}
    unclear: Mapping[str, Row] = {row.id: row for row in rows if row.values.get(condition.field) is None}
    if missing := wanted - set(told.ids):
        verdict.fail(f"{what}: {len(missing)} of {len(wanted)} rows are missing", fix)
    surplus = [identity for identity in told.ids if identity not in wanted and identity not in unclear]
    if surplus and condition.op != "contains":
        text = f"{what}: {len(surplus)} rows come that do not belong"
        if table and not missing and any(isinstance(value, date) for value in condition.values):
            verdict.warn(text, FIX_DAYS)
        else:
            verdict.fail(text, fix)
