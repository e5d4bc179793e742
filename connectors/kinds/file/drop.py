"""One record type's place in the folder: which staged file answers, when it is replaced, and when there is none.

Every question looks at the folder, so that a folder that cannot be reached is noticed by the next question and no
old copy answers for it. A new file is staged in a thread and takes over at once when it is whole; questions that
run keep the table that they began with. A file that is not whole never replaces one that is: the answer then comes
from the last good file, as of that file's own date. A file that is whole and breaks the declaration is not
replaced by an older one: the platform has changed, and says so.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from connectors.contract import ConnectorError, ContractBroken, Deadline, TimedOut, Unavailable
from connectors.kinds.file.choosing import NotWhole, Sent, batches, look, read
from connectors.kinds.file.edition import Edition
from connectors.kinds.file.staging import Staged, Staging
from connectors.kinds.file.unreadable import Unreadable
from connectors.kinds.sql.tables import Table
from connectors.sources import FileWords

TRIES = 3  # looks at a folder that changes while its newest file is read

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Place:
    """The folder, the threads that touch it, the clock, how many bytes a file may have, and how many files are staged
    at once: fewer than there are threads, so that every question still finds one to look at the folder."""

    folder: Path
    threads: Executor
    now: Callable[[], datetime]
    most: int
    staging: asyncio.Semaphore


class Drop:
    """The files of one type. `make` compiles the table anew for each edition."""

    def __init__(self, words: FileWords, place: Place, staging: Staging, make: Callable[[], Table]) -> None:
        self._words, self._place, self._staging, self._make = words, place, staging, make
        self._edition: Edition | None = None
        self._refused: dict[Sent, ConnectorError | NotWhole] = {}  # files that will not do until they change
        self._working: asyncio.Task[Edition] | None = None
        self._seen: list[Sent] = []  # what `_working` works on
        self._stop = threading.Event()

    async def edition(self, deadline: Deadline) -> Edition:
        """The edition to answer from. Raises Unavailable, TimedOut, ContractBroken.

        When a new file takes long to stage, half of the time is spent waiting for it; then the one before answers.
        """
        late = TimedOut("neither the folder nor the staging of its file came by the deadline")
        try:
            async with asyncio.timeout(deadline.left()):
                found = await self._look()
        except TimeoutError:
            raise late from None
        except Unavailable:
            self._let_go()  # no copy is kept of what cannot be reached
            raise
        old = self._edition if self._edition is not None and self._edition.lies_in(found) else None
        try:
            async with asyncio.timeout(deadline.left() / (1 if old is None else 2)):
                return await self._of(found)
        except TimeoutError:
            if old is None:
                raise late from None
            return old

    async def _of(self, found: list[Sent]) -> Edition:
        """The edition of these files. Questions share the work, but none takes the outcome of an earlier look."""
        best = batches(found, self._words)
        while not (self._edition is not None and best and self._edition.batch == best[0]):
            if self._working is None:
                self._seen, self._working = found, asyncio.ensure_future(self._renew(found))
                self._working.add_done_callback(self._done)
            if self._seen == found:
                return await asyncio.shield(self._working)
            await asyncio.wait([self._working])
        return self._edition

    async def close(self) -> None:
        """Stops what is being staged and lets everything go."""
        self._stop.set()
        if self._working is not None:
            await asyncio.gather(self._working, return_exceptions=True)
        self._let_go()

    def _let_go(self) -> None:
        edition, self._edition = self._edition, None
        if edition is not None:
            edition.retire()

    def _done(self, task: asyncio.Task[Edition]) -> None:
        self._working = None
        if not task.cancelled():
            task.exception()  # told to whoever waited

    async def _look(self) -> list[Sent]:
        place, loop = self._place, asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(place.threads, look, place.folder, self._words, place.now())
        except OSError as error:
            raise Unavailable(f"the folder cannot be reached ({type(error).__name__})") from None

    async def _renew(self, found: list[Sent], tries: int = TRIES) -> Edition:
        """The best edition that these files give: the one there is, or a new one that takes its place."""
        self._refused = {sent: why for sent, why in self._refused.items() if sent in found}
        old, reason = self._edition, "no file has come"
        for batch in batches(found, self._words):
            if old is not None and old.batch == batch:
                return old
            wrong = next((self._refused[sent] for sent in batch if sent in self._refused), None)
            if wrong is None:
                try:
                    place, loop = self._place, asyncio.get_running_loop()
                    async with place.staging:
                        staged = await loop.run_in_executor(place.threads, self._stage, batch)
                    return self._take(batch, staged)
                except NotWhole as torn:
                    if torn.moved and tries:  # replaced between the look and the reading: look again
                        return await self._renew(await self._look(), tries - 1)
                    wrong = torn
            if isinstance(wrong, ConnectorError):
                raise wrong
            reason = f"a file {wrong}"
            if old is not None and old.lies_in(found) and wrong.sent.name in {sent.name for sent in old.batch}:
                return old  # its own file is being written anew
        if old is not None and not old.lies_in(found):
            self._let_go()
        raise Unavailable(f"`{self._words.name}`: {reason}, and there is no other")

    def _stage(self, batch: Sequence[Sent]) -> Staged:
        """Runs in a thread."""
        place, at = self._place, batch[-1]
        try:
            contents = []
            for sent in batch:
                at = sent
                contents.append(read(place.folder, sent, self._words, place.most, place.now()))
                if sum(map(len, contents)) > place.most:
                    raise ContractBroken("the files together are larger than `maxBytes`")
            try:
                return self._staging.stage(contents, self._stop)
            except Unreadable as wrong:
                raise NotWhole(batch[wrong.number], str(wrong), lasting=True) from None
        except NotWhole as torn:
            if torn.lasting:
                self._refused[torn.sent] = torn
                log.warning("`%s`: a file is left aside: it %s", self._words.name, torn)
            raise
        except ContractBroken as broken:
            self._refused[at] = broken
            raise

    def _take(self, batch: tuple[Sent, ...], staged: Staged) -> Edition:
        table, counts = self._make(), staged.counts
        try:
            table.record.judge(counts.kept, counts.broken)
        except ContractBroken as broken:
            staged.keeper.close()
            self._refused[batch[-1]] = broken
            raise
        edition = Edition(batch, staged, table)
        self._let_go()
        self._edition = edition
        said = "`%s`: %d rows staged, %d left out, %d broken, %d codes that are no subject's, as of %s"
        name = self._words.name
        strange = sum(found[False] for found in counts.codes.values())
        log.info(said, name, counts.kept, counts.left_out, counts.broken, strange, edition.as_of.isoformat())
        if not counts.kept:
            log.warning("`%s`: the newest file holds no record at all, and answers so", name)
        return edition
