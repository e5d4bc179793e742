"""The custodian of one platform's SQLite database: it makes the file and must live for it to be reachable.

How the file goes away with its process says `custody`. Run by the province: `python -m
deploy.demo.servers.database`, settings on stdin.
"""

from __future__ import annotations

import json
import os
import sqlite3
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from deploy.demo.servers import custody, leash

FILE = "credit.db"


def dated(tables: dict[str, Any]) -> dict[str, Any]:
    """With the table SJGX, which says since when all is as it is, as hand-over databases do: now, in China's time."""
    now = f"{datetime.now(ZoneInfo('Asia/Shanghai')):%Y-%m-%d %H:%M:%S}"
    return {**tables, "SJGX": {"columns": ["GXSJ"], "index": [], "rows": [[now]]}}


def make(path: Path, tables: dict[str, Any]) -> None:
    """Write `{table: {"columns": [...], "index": [...], "rows": [[...]]}}` into a new database."""
    path.unlink(missing_ok=True)
    with sqlite3.connect(path) as database:
        for table, content in tables.items():
            columns = ", ".join(f'"{column}"' for column in content["columns"])
            database.execute(f'CREATE TABLE "{table}" ({columns})')
            marks = ", ".join("?" * len(content["columns"]))
            insert = f'INSERT INTO "{table}" VALUES ({marks})'  # noqa: S608  # names of our own holdings
            database.executemany(insert, content["rows"])
            for column in content["index"]:
                database.execute(f'CREATE INDEX "{table}_{column}" ON "{table}" ("{column}")')
    database.close()


if __name__ == "__main__":
    given = leash.settings()
    os.chdir(given["folder"])
    make(Path.cwd() / FILE, dated(json.loads(Path(given["rows"]).read_text("utf-8"))))
    watching = leash.end_with_parent()
    leash.ready(url=f"sqlite+aiosqlite:///{custody.announced(Path(given['link'])) / FILE}")
    watching.join()
