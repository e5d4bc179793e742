"""Which proofs were shown already: kept on disk, shared by all processes of a home, forgotten when they have ended.

A proof that was taken once is never taken again, by no worker and by no later run of the gateway. Questions of many
requests are one transaction. The file has a bound; when it is full, locked or broken, nobody can say whether a proof
is new, and none is taken. It holds digests and times, nothing that could be used. A power cut may take the last
moment's proofs with it; the machine needs longer to come back than a proof lives.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from gateway.sharing import opened

PLACE = Path("state") / "proofs.sqlite3"  # in a home
MOST = 256 << 20  # bytes of the file: about three million proofs
PAGE = 4096
AT_ONCE = 500  # proofs in one transaction

_TABLES = """
CREATE TABLE IF NOT EXISTS shown (proof BLOB PRIMARY KEY, until REAL NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS shown_until ON shown (until);
"""


class ReplaysUnknown(Exception):
    """Nobody can say whether a proof is new. The text is for the operator's log."""


@dataclass(frozen=True, slots=True)
class _Question:
    proof: bytes
    until: float
    now: float
    answer: asyncio.Future[bool]


class Replays:
    """`path` of the file, made with its folder when the first proof comes; `most` in bytes."""

    def __init__(self, path: Path, most: int = MOST) -> None:
        self._path = path
        self._pages = max(most // PAGE, 8)
        self._thread = ThreadPoolExecutor(1, "proofs")  # SQLite waits for disks and locks: never in the event loop
        self._file: sqlite3.Connection | None = None
        self._waiting: list[_Question] = []
        self._work: asyncio.Task[None] | None = None

    async def first(self, proof: bytes, until: float, now: float) -> bool:
        """Whether nobody has shown the proof of this digest before; it is kept `until`. Unix seconds.

        Raises ReplaysUnknown.
        """
        answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Question(proof, until, now, answer))
        if self._work is None:
            self._work = asyncio.create_task(self._answer())
        return await answer

    async def close(self) -> None:
        if self._work is not None:
            await self._work
        await asyncio.get_running_loop().run_in_executor(self._thread, self._forget)
        self._thread.shutdown()

    async def _answer(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            asked, self._waiting = self._waiting[:AT_ONCE], self._waiting[AT_ONCE:]
            try:
                news: Sequence[bool] = await loop.run_in_executor(self._thread, self._write, asked)
            except (sqlite3.Error, OSError) as error:
                for question in asked:
                    if not question.answer.done():
                        question.answer.set_exception(ReplaysUnknown(f"{PLACE}: {error}"))
                continue
            for question, new in zip(asked, news, strict=True):
                if not question.answer.done():  # whoever asked may be gone
                    question.answer.set_result(new)
        self._work = None

    def _write(self, asked: Sequence[_Question]) -> list[bool]:
        """In the thread. What fails is tried again with the next questions, on a file opened anew."""
        try:
            if self._file is None:
                self._file = opened(self._path, _TABLES, self._pages)
            with self._file as file:
                file.execute("BEGIN IMMEDIATE")
                file.execute("DELETE FROM shown WHERE until < ?", (min(question.now for question in asked),))
                insert = "INSERT OR IGNORE INTO shown VALUES (?, ?)"
                return [file.execute(insert, (each.proof, each.until)).rowcount == 1 for each in asked]
        except (sqlite3.Error, OSError):
            self._forget()
            raise

    def _forget(self) -> None:
        if self._file is not None:
            with contextlib.suppress(sqlite3.Error):
                self._file.close()
            self._file = None
