"""The tables. `steps` and `contents` are only ever added to; counts grow. A record's value stands in none of them.

A step is a signed statement as it was written; what a row of them amounts to is judged by whoever reads it.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, MetaData, String, Table

REVISIONS = ("0001",)  # of the migrations, the oldest first: what this program knows

metadata = MetaData()

steps = Table(
    "steps",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("id", String(64), nullable=False, unique=True),
    Column("raw", LargeBinary, nullable=False),
)

contents = Table(  # the files of a declaration, by the digest of all of them
    "contents",
    metadata,
    Column("digest", String(71), primary_key=True),
    Column("name", String(255), primary_key=True),
    Column("raw", LargeBinary, nullable=False),
)

rejections = Table(  # rows that did not map; `row_key` is a keyed digest, empty for all of a kind together
    "rejections",
    metadata,
    Column("platform", String(64), primary_key=True),
    Column("type", String(64), primary_key=True),
    Column("reason", String(255), primary_key=True),
    Column("day", String(10), primary_key=True),
    Column("row_key", String(16), primary_key=True),
    Column("count", BigInteger, nullable=False),
)

shadows = Table(  # what came of questions to platforms that are not live yet
    "shadows",
    metadata,
    Column("platform", String(64), primary_key=True),
    Column("type", String(64), primary_key=True),
    Column("outcome", String(32), primary_key=True),
    Column("day", String(10), primary_key=True),
    Column("count", BigInteger, nullable=False),
)
