"""The custodian of one platform's SQLite database: it makes the file and must live for it to be reachable.

A database file has no process that one could kill, and a demo must be able to lose a platform. So the
custodian works in a folder of its own, and the announced path leads through `/proc/<pid>/cwd`: when the
process is gone, even unreaped, the kernel no longer resolves that path and opening fails at once. The
path's first step is a symbolic link that each custodian points at itself, so that the address survives a
restart. Where there is no /proc the plain path is announced, and killing the custodian changes nothing.
(A connection that was open before stays readable: whoever wants to notice must open per question.)
"""

from __future__ import annotations

import json
import os
import sqlite3
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from deploy.demo.servers import leash

FILE = "credit.db"


def make(path: Path, tables: dict[str, Any]) -> None:
    """Write `{table: {"columns": [...], "index": [...], "rows": [[...]]}}` into a new database.

    The table SJGX says since when the data is as it is, as hand-over databases do: now, in China's time.
    """
    path.unlink(missing_ok=True)
    now = f"{datetime.now(ZoneInfo('Asia/Shanghai')):%Y-%m-%d %H:%M:%S}"
    tables = {**tables, "SJGX": {"columns": ["GXSJ"], "index": [], "rows": [[now]]}}
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


def announce(link: Path) -> str:
    """Point `link` at this process's working directory and return the database's SQLAlchemy URL."""
    here = Path(f"/proc/{os.getpid()}/cwd")
    if not here.exists():
        return f"sqlite+aiosqlite:///{Path.cwd() / FILE}"
    fresh = link.with_name(f"{link.name}.{os.getpid()}")
    fresh.symlink_to(here)
    fresh.replace(link)
    return f"sqlite+aiosqlite:///{link / FILE}"


if __name__ == "__main__":
    given = leash.settings()
    os.chdir(given["folder"])
    make(Path.cwd() / FILE, json.loads(Path(given["rows"]).read_text("utf-8")))
    watching = leash.end_with_parent()
    leash.ready(url=announce(Path(given["link"])))
    watching.join()
