"""One record type as a table of a database: a question becomes one SELECT per batch of subjects, rows become pages.

One row more than allowed is asked for, to see that there is more. Only the declared table is read, and only the
columns that the question needs. It knows neither URL nor credentials.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from connectors.contract import ContractBroken, Deadline, Fetch, Page
from connectors.declaration import TypeWords
from connectors.kinds.sql.database import Database
from connectors.kinds.sql.dialects import Dialect
from connectors.kinds.sql.statements import Statements
from connectors.mapping.paths import Lookup, column
from connectors.mapping.records import RecordMap
from connectors.mapping.texts import Unmappable
from connectors.mapping.times import timestamp_reader
from connectors.terms import Terms

BATCH = 200
SKEW = timedelta(days=1)  # by which what a platform calls now may be ahead: clocks, and zones of their own
FRESHNESS_KEPT = 30.0  # seconds for which a table is not asked again how fresh it is


class Table:
    """One declared type, compiled. `lookup` says how a value is taken out of a row."""

    def __init__(self, name: str, words: TypeWords, terms: Terms, lookup: Lookup = column) -> None:
        self.record = RecordMap(name, words, terms, lookup, words.batch or BATCH)
        self._statements = Statements(name, words, terms, self.record)
        self._declared = words.asOf
        self._fresh: tuple[float, datetime | None] = (float("-inf"), None)

    async def pages(
        self, database: Database, ask: Fetch, rows: int, now: datetime, most: int | None = None
    ) -> AsyncIterator[Page]:
        """One page per batch of subjects, rows in the declared order and by key; `rows` counts over all of them, and so
        does `most`, in bytes of texts."""
        batch, room = self.record.claim.batch, min(rows, ask.limit)
        accepted = rejected = read = 0
        for start in range(0, len(ask.subjects) or 1, batch):  # an open question names nobody, and is asked once
            subjects = [subject.value for subject in ask.subjects[start : start + batch]]
            names, statement = self._statements.select(database.dialect, ask, subjects, room + 1)

            async def answer(connection: AsyncConnection, statement: sa.Select[Any] = statement) -> Any:
                as_of = await self._as_of(connection, now)
                return as_of, (await connection.execute(statement)).all()

            as_of, found = await database.run(ask.deadline, answer)
            if most is not None and (read := read + sum(map(_size, found))) > most:
                raise ContractBroken(f"the answer is larger than {most} bytes")
            mapped = self.record.rows([dict(zip(names, row, strict=True)) for row in found[:room]], ask)
            accepted, rejected = accepted + len(mapped.rows), rejected + len(mapped.rejected)
            self.record.judge(accepted, rejected, mapped.rejected)
            yield Page(mapped.rows, mapped.rejected, len(found) > room, as_of, mapped.deleted)
            room = max(0, room - len(found))

    def blind(self, ask: Fetch) -> list[str]:
        """The fields of conditions that leave out a row in which they cannot be read. Raises BadRequest."""
        self.record.admit(ask)
        return self._statements.blind(ask)

    def worded(self, dialect: Dialect, ask: Fetch) -> str:
        subjects = [subject.value for subject in ask.subjects]
        return str(self._statements.select(dialect, ask, subjects, ask.limit)[1])

    async def refuses_writes(self, database: Database, deadline: Deadline) -> bool:
        """Whether a write that would change nothing is refused, by the session or by the account."""
        read, write = self._statements.read_and_written()

        async def attempt(connection: AsyncConnection) -> bool:
            await connection.execute(read)
            try:
                await connection.execute(write)
            except sa.exc.DBAPIError:
                return True
            return False

        return await database.run(deadline, attempt)

    async def _as_of(self, connection: AsyncConnection, now: datetime) -> datetime | None:
        """How fresh the platform says this table is; a fact about the table, asked seldom."""
        declared = self._declared
        if declared is None:
            return None
        at, known = self._fresh
        if time.monotonic() - at < FRESHNESS_KEPT:
            return known
        read = timestamp_reader(declared.timestamp, ZoneInfo(declared.zone))

        async def newest(until: datetime | None = None) -> datetime | None:
            raw = (await connection.execute(self._statements.newest(declared, until))).scalar()
            return None if raw is None else read(raw)

        try:
            try:
                known = await newest()
                strange = known is not None and known > now + SKEW
            except Unmappable:
                strange = True
            if strange:  # a typing error, or a word for nothing, which sorts after every day
                known = await newest(now + SKEW)
        except Unmappable as reason:
            raise ContractBroken(f"`asOf` {reason}") from None
        self._fresh = (time.monotonic(), known)
        return known


def _size(row: Iterable[Any]) -> int:
    """Bytes of a row's texts; what else there is is small."""
    texts = (value for value in row if isinstance(value, str | bytes))
    return sum(len(text.encode()) if isinstance(text, str) and not text.isascii() else len(text) for text in texts)
