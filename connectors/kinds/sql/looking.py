"""A look at a table before it is declared: its columns, what they are called there, and values of some of its rows."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from connectors.contract import Deadline
from connectors.kinds.sql.database import Database
from connectors.kinds.sql.statements import table_of

_WITHIN = 30.0  # seconds

Seen = list[tuple[str, str, list[Any]]]  # column, its comment, values


async def look(url: str, table: str, rows: int) -> Seen:
    """At most `rows` rows of a table or view, schema first. Raises ValueError for what is no URL of a driver, for a
    table that is not there or has no columns, and errors of the contract."""
    schema, _, name = table.rpartition(".")
    try:
        database = Database(url, 1, _WITHIN)
    except ValueError as reason:
        raise ValueError(f"the address {reason}") from None

    async def work(connection: AsyncConnection) -> Seen:
        def described(sync: sa.Connection) -> list[tuple[str, str]]:
            found = sa.inspect(sync).get_columns(name, schema=schema or None)
            return [(each["name"], each.get("comment") or "") for each in found]

        try:
            columns = await connection.run_sync(described)
        except sa.exc.NoSuchTableError:
            columns = []
        if not columns:
            return []
        place = table_of(table, [each for each, _ in columns])
        found = (await connection.execute(sa.select(*place.c).limit(rows))).all()
        return [(each, label, [row[index] for row in found]) for index, (each, label) in enumerate(columns)]

    try:
        seen = await database.run(Deadline.within(_WITHIN), work)
    finally:
        await database.close()
    if not seen:
        raise ValueError(f"there is no table `{table}`")
    return seen
