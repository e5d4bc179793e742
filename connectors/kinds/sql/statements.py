"""A question as one SELECT: needed columns only, quoted identifiers, bound values, declared filters.

Columns are always named with their table. SQLite takes a quoted name that does not exist for a text, so a
column that went away would otherwise come back as its own name instead of as an error.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement, quoted_name

from connectors.contract import Fetch
from connectors.declaration import TypeWords
from connectors.fields import AsOf, Match
from connectors.kinds.sql.dialects import Dialect, plain
from connectors.mapping.conditions import AnyOf, Between, Like, ToSource, to_source, writer
from connectors.mapping.records import RecordMap, key_kind
from connectors.mapping.sorting import Sorted, sorted_as
from connectors.mapping.times import EPOCH_MILLIS, NATIVE, Format, literally
from connectors.mapping.values import name_of
from connectors.terms import Terms

Select = sa.Select[Any]
Term = AnyOf | Between | Like


class Statements:
    """The statements of one declared type."""

    def __init__(self, name: str, words: TypeWords, terms: Terms, record: RecordMap) -> None:
        self._words, self._record = words, record
        self._filters: dict[str, ToSource] = {
            key: to_source(words.fields[key], terms.types[name].fields[key], declared, words.trim, words.null)
            for key, declared in words.filters.items()
        }
        self._order = [
            (sorted_as(words.fields[by.field], terms.types[name].fields[by.field], words.null), by.descending)
            for by in record.claim.order
        ]

    def select(
        self, dialect: Dialect, ask: Fetch, subjects: Sequence[str], rows: int
    ) -> tuple[tuple[str, ...], Select]:
        """The names of the columns and the SELECT for at most `rows` rows. Raises BadRequest."""
        self._record.admit(ask)
        kind = key_kind(ask)
        names = self._record.names(ask.fields, kind)
        words = self._words.subject[kind]
        terms = self._conditions(ask)
        order = self._order if ask.ordered else []
        extra = [term.name for term in terms] + [by.name for by, _ in order]
        extra += [name_of(match) for match in (words.where, self._words.deleted) if match is not None]
        table = table_of(self._words.table or "", dict.fromkeys([*names, *extra]))
        subject = table.c[name_of(words)]
        subjects = self._record.spelt(subjects, kind)
        wanted = (sa.func.upper(subject) if words.upper else subject).in_(subjects) if subjects else sa.true()
        statement = sa.select(*(table.c[name] for name in names)).where(wanted)
        if words.where is not None:
            statement = statement.where(_matches(dialect, table.c[name_of(words.where)], words.where, self._words.null))
        if self._words.deleted is not None:
            marked = table.c[name_of(self._words.deleted)]
            statement = statement.where(_matches(dialect, marked, self._words.deleted, self._words.null, False))
        for term in terms:
            statement = statement.where(_condition(dialect, table.c[term.name], term))
        places = [place for by, last in order for place in _places(dialect, table.c[by.name], by, last)]
        return names, statement.order_by(*places, *(table.c[part] for part in self._words.key)).limit(rows)

    def blind(self, ask: Fetch) -> list[str]:
        """The fields of conditions that leave out a row in which they cannot be read."""
        terms = zip(ask.where, self._conditions(ask), strict=True)
        return [condition.field for condition, term in terms if not (isinstance(term, AnyOf) and term.known)]

    def _conditions(self, ask: Fetch) -> list[Term]:
        """About a subject, rows with codes that are not known come as well; who asks for one list as a whole would be
        told of those of each list that nobody knows."""
        terms = [self._filters[condition.field](condition) for condition in ask.where]
        return [replace(each, known=()) if isinstance(each, AnyOf) and not ask.subjects else each for each in terms]

    def newest(self, as_of: AsOf, until: datetime | None = None) -> Select:
        """How fresh the table is: the newest value of the declared column, that is not after `until` where its values
        sort. The column stands alone, so that an index on it serves."""
        name, patterns = name_of(as_of), as_of.timestamp
        column = table_of(as_of.table or self._words.table or "", [name]).c[name]
        newest = sa.select(sa.func.max(column))
        sorts = len(patterns) == 1 and (patterns[0] in {EPOCH_MILLIS, NATIVE} or Format(patterns[0]).sorts)
        if until is None or not sorts:
            return newest
        return newest.where(column <= writer(patterns[0], ZoneInfo(as_of.zone))(until))

    def read_and_written(self) -> tuple[Select, sa.Update]:
        """A read of no row, and a write of no row: what a session that only reads lets through, and what it refuses."""
        part = self._words.key[0]
        table = table_of(self._words.table or "", [part])
        nothing = sa.false()
        return sa.select(table.c[part]).where(nothing), sa.update(table).where(nothing).values({part: table.c[part]})


def table_of(spelt: str, columns: Iterable[str]) -> sa.TableClause:
    """A table, schema first, with these of its columns; every name quoted."""
    schema, _, name = spelt.rpartition(".")
    return sa.table(
        quoted_name(name, quote=True),
        *(sa.column(quoted_name(each, quote=True)) for each in columns),
        schema=quoted_name(schema, quote=True) if schema else None,
    )


def _matches(
    dialect: Dialect, column: ColumnElement[Any], match: Match, nulls: Sequence[str], wanted: bool = True
) -> ColumnElement[bool]:
    """Whether a test holds, or that it does not. A null is spelt out: SQL's own answer to it is neither."""
    texts = [value for value in match.is_ if value is not None]
    nothing = None in match.is_
    same = dialect.text(column).in_(_spelt([plain(text) for text in ([*texts, *nulls] if nothing else texts)]))
    if wanted:
        return sa.or_(column.is_(None), same) if nothing else same
    return sa.and_(column.is_not(None), sa.not_(same)) if nothing else sa.or_(column.is_(None), sa.not_(same))


def _places(dialect: Dialect, column: ColumnElement[Any], by: Sorted, last: bool) -> Iterator[ColumnElement[Any]]:
    """The order by one column, `last` first where so said. Each database has its own place for a null, and few have
    words for another: what is unknown, or without end, has its place by a number, and no order among itself."""
    value: ColumnElement[Any] = dialect.text(column) if by.textual else column
    nothing = sa.or_(column.is_(None), *(_condition(dialect, column, each) for each in by.nothing))
    endless = [_condition(dialect, column, each) for each in by.endless]
    ranks: list[tuple[ColumnElement[bool], ColumnElement[Any]]] = [(nothing, sa.literal_column("3"))]
    if endless:
        ranks.append((sa.or_(*endless), sa.literal_column("0" if last else "2")))
    yield sa.case(*ranks, else_=sa.literal_column("1"))
    known = sa.case((sa.or_(nothing, *endless), sa.null()), else_=value)
    yield known.desc() if last else known


def _spelt(codes: Sequence[str]) -> list[str]:
    """Codes, and as a column of binary fractions gives them."""
    return [*codes, *(f"{code}.0" for code in codes if code.isdigit())]


def _condition(dialect: Dialect, column: ColumnElement[Any], term: Term) -> ColumnElement[bool]:
    if isinstance(term, AnyOf):
        text = dialect.text(column, term.trim)
        text = sa.func.upper(text) if term.upper else text
        values, known = (
            _spelt([plain(value) if term.trim else value for value in each]) for each in (term.values, term.known)
        )
        return sa.or_(text.in_(values), text.not_in(known)) if known else text.in_(values)
    if isinstance(term, Like):
        pattern = "".join(f"%{literally(sign)}" for sign in term.signs)
        return sa.cast(column, dialect.type).like(f"{pattern}%", escape="!")
    textual = isinstance(term.low if term.low is not None else term.high, str)
    value: ColumnElement[Any] = dialect.text(column) if textual else column
    bounds: list[ColumnElement[bool]] = []
    if term.low is not None:
        bounds.append(value >= term.low)
    if term.high is not None:
        bounds.append(value < term.high if term.strict else value <= term.high)
    span = sa.and_(sa.true(), *bounds)
    others: list[ColumnElement[bool]] = [value.in_(term.also)] if term.also else []
    if term.ragged is not None and textual:
        loose, exact = (value.like(pattern, escape="!") for pattern in term.ragged)
        others.append(sa.and_(loose, sa.not_(exact)))
    return sa.or_(span, *others) if bounds else span
