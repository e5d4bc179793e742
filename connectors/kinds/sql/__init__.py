"""Kind `sql`: a table or view of a database, read through SQLAlchemy Core, read only.

A question becomes one SELECT per batch of subjects (`tables`), run on a database that is opened read only
(`database`). Nothing of a record is ever written to a log or an error.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import datetime
from typing import ClassVar

from connectors.agreement import KindWords
from connectors.contract import Claim, Deadline, Environment, Fetch, Page, Unavailable
from connectors.declaration import TypeWords
from connectors.fields import FieldWords
from connectors.kinds.sql.database import Database
from connectors.kinds.sql.dialects import ZONE, Dialect
from connectors.kinds.sql.tables import Table
from connectors.mapping.conditions import NotInvertible, to_source
from connectors.mapping.paths import Raw
from connectors.mapping.records import RecordMap
from connectors.mapping.sorting import sorted_as
from connectors.mapping.times import NATIVE
from connectors.sources import SqlSource
from connectors.terms import FieldTerm, Terms
from connectors.transport.address import trusting
from connectors.transport.egress import Egress


class Sql:
    """One database. See `connectors.contract.Connector` for the life of a connector."""

    words: ClassVar[KindWords]

    def __init__(self, source: SqlSource, types: Mapping[str, TypeWords], terms: Terms) -> None:
        self._source = source
        self._tables = {name: Table(name, words, terms) for name, words in types.items()}
        self._claims = {name: table.record.claim for name, table in self._tables.items()}
        self._database: Database | None = None
        self._now: Callable[[], datetime] = datetime.now

    def claims(self) -> Mapping[str, Claim]:
        return self._claims

    def record(self, type_name: str) -> RecordMap:
        return self._tables[type_name].record

    def recorded(self, type_name: str, answer: bytes) -> Sequence[Raw]:
        """A database gives no answer that could be kept as a file."""
        raise ValueError("rows of a database are written one by one: `row`")

    async def open(self, environment: Environment) -> None:
        """Makes the engine; connects only when asked. Raises ValueError that names the reference only."""
        self._now = environment.now
        url, limits, ca = environment.resolve(self._source.url), self._source.limits, self._source.ca
        tls = None if ca is None else trusting(environment.resolve(ca))
        try:
            self._database = Database(url, limits.concurrency, limits.timeout, Egress.of(environment.egress), tls)
        except ValueError as wrong:
            raise ValueError(f"`{self._source.url}` {wrong}") from None

    async def close(self) -> None:
        database, self._database = self._database, None
        if database is not None:
            await database.close()

    async def health(self, deadline: Deadline) -> None:
        await self._opened().ping(deadline)

    def worded(self, ask: Fetch) -> str:
        """The statement of a question, without its values."""
        dialect = Dialect() if self._database is None else self._database.dialect
        return self._tables[ask.type].worded(dialect, ask)

    async def refuses_writes(self, deadline: Deadline) -> bool:
        table = next(iter(self._tables.values()))
        return await table.refuses_writes(self._opened(), deadline)

    async def fetch(self, ask: Fetch) -> AsyncIterator[Page]:
        """One page per batch of subjects, rows in the declared order and by key; `maxRows` and `maxBytes` count over
        all of them."""
        database, limits = self._opened(), self._source.limits
        async for page in self._tables[ask.type].pages(database, ask, limits.maxRows, self._now(), limits.maxBytes):
            yield page

    def _opened(self) -> Database:
        if self._database is None:
            raise Unavailable("the source is not open")
        return self._database


def _filter(words: FieldWords, term: FieldTerm, each: TypeWords, name: str) -> object:
    if NATIVE in {*words.date, *words.timestamp} and words.zone != ZONE:
        raise NotInvertible(f"a `native` time is compared in {ZONE}, the zone of the session; leave the filter out")
    return to_source(words, term, each.filters[name], each.trim)


Sql.words = KindWords("column", frozenset({"table"}), frozenset(), _filter, lambda words: (), order=sorted_as)
