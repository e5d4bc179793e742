"""A small database file of the home that all of its processes write: opened, with its tables, or an error.

It is in WAL mode, so that who reads waits for nobody. Only its owner can read the file.
"""

from __future__ import annotations

import os
import sqlite3
import time
from pathlib import Path

WAIT = 1.0  # seconds for another process that is writing
_PAUSE = 0.01


def opened(path: Path, tables: str, pages: int | None = None) -> sqlite3.Connection:
    """One connection, for one thread at a time. `pages` bounds the file. Raises sqlite3.Error, OSError."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    file = sqlite3.connect(path, timeout=WAIT, isolation_level=None, check_same_thread=False)
    try:
        _to_wal(file)
        file.execute("PRAGMA synchronous = NORMAL")
        if pages is not None:
            file.execute(f"PRAGMA max_page_count = {pages}")
        file.executescript(tables)
    except sqlite3.Error:
        file.close()
        raise
    return file


def _to_wal(file: sqlite3.Connection) -> None:
    """Of two processes that change the mode of a new file at once SQLite refuses one on the spot, whatever its
    timeout: the one lock cannot be waited for while a lesser one is held."""
    until = time.monotonic() + WAIT
    while True:
        try:
            file.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(_PAUSE)
