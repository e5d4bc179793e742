"""A Parquet file read in a process of its own: `python -I parquet.py MOST [COLUMN...]`, bytes on stdin, rows on stdout.

Only the columns that are asked for are unpacked, row group by row group, so that neither the width nor the length of
a file decides how much memory it takes; a group that would unpack to more than `MOST` bytes is refused before it is.
The first line says `rows`, `too large` or `unreadable`; the second names the columns, each further line is one row.
Dates are `{"at": ...}` in the time of Shanghai, where they have a zone; exact decimals and long whole numbers are
texts, for JSON's numbers lose digits; lists and structures are texts of JSON. It imports nothing of the house.
"""

from __future__ import annotations

import io
import json
import math
import os
import resource
import sys
import unicodedata
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

os.environ["ARROW_DEFAULT_MEMORY_POOL"] = "system"  # noqa: TID251  # before the library is read: others reserve room

import pyarrow.parquet

_ROOM = 2 << 30  # bytes of addresses for Python, the library and its threads, beside eight times what a file may hold
_BATCH = 1024
_CHINA = ZoneInfo("Asia/Shanghai")
_LONG = 10**15


def main(most: int, wanted: frozenset[str]) -> None:
    """Rows of the wanted columns (named without blanks, in plain width)."""
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    room = 8 * most + _ROOM
    resource.setrlimit(resource.RLIMIT_AS, (room if hard == resource.RLIM_INFINITY else min(room, hard), hard))
    say = sys.stdout.write
    try:
        file = pyarrow.parquet.ParquetFile(io.BytesIO(sys.stdin.buffer.read()), memory_map=False)
        names = [name for name in file.schema_arrow.names if _folded(name) in wanted]
        if max((_unpacked(file, group, names) for group in range(file.num_row_groups)), default=0) > most:
            say("too large\n")
            return
    except BaseException:  # noqa: BLE001  whatever hostile bytes raise
        say("unreadable\n")
        return
    say(f"rows\n{json.dumps(names, ensure_ascii=False)}\n")
    for batch in file.iter_batches(_BATCH, columns=names, use_threads=False):
        for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            say(json.dumps([_cell(value) for value in row], ensure_ascii=False) + "\n")


def _folded(name: str) -> str:
    return "".join(unicodedata.normalize("NFKC", name).split())


def _unpacked(file: Any, group: int, names: list[str]) -> int:
    """Bytes of the wanted columns of a row group, as they will be in memory."""
    told = file.metadata.row_group(group)
    columns = (told.column(index) for index in range(told.num_columns))
    return sum(each.total_uncompressed_size for each in columns if each.path_in_schema.split(".")[0] in names)


def _cell(value: Any) -> Any:
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, float):  # NaN is how programs write nothing, and JSON has no infinity
        return value if math.isfinite(value) else None if math.isnan(value) else str(value)
    if isinstance(value, int):
        return value if abs(value) < _LONG else str(value)
    if isinstance(value, datetime):
        return {"at": str(value.astimezone(_CHINA).replace(tzinfo=None) if value.tzinfo else value)}
    if isinstance(value, date):
        return {"at": str(value)}
    if isinstance(value, bytes):
        return value.decode("utf-8")  # some writers keep texts so
    return json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, list | dict) else str(value)


if __name__ == "__main__":
    sys.stdout = os.fdopen(sys.stdout.fileno(), "w", encoding="utf-8", closefd=False)
    main(int(sys.argv[1]), frozenset(sys.argv[2:]))
    sys.stdout.flush()
