"""HOME/clients.yaml as a running gateway follows it: a changed file counts within a second, a broken one never.

A file is read once it lies still, so that one which is being written is not taken for what it will be. What cannot be
read in every word changes nothing: the last good registry stays, and the reason is told until the file is mended. It is
tried again meanwhile, for the reason may lie elsewhere: a secret that comes later, a disk that does not answer.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Callable
from pathlib import Path

from gateway.authenticating.clients import Clients, load_clients
from gateway.documents import load
from policies.model import Catalogue

FILE = "clients.yaml"
PAUSE = 0.2  # seconds between two looks; the file must lie still for one such pause
AGAIN = 2.0  # seconds after which what could not be obeyed is tried again

_log = logging.getLogger("credit_gateway.authenticating")

Stamp = tuple[int, int, int] | None


class Following:
    """`words` says by which catalogue the file is read, `obey` puts a registry into force and may raise ValueError;
    `problem` is what keeps a changed file from being in force, else empty; `fapi` as `load_clients` takes it."""

    def __init__(
        self, home: Path, words: Callable[[], Catalogue], obey: Callable[[Clients], None], *, fapi: bool = False
    ) -> None:
        self.problem = ""
        self._fapi = fapi
        self._home, self._words, self._obey = home, words, obey
        self._obeyed: Stamp = None  # the first look is at what was read at the start: nothing is lost in between
        self._due = math.inf  # monotonic seconds, at which what could not be obeyed is tried again

    def again(self) -> None:
        """Look again, though the file lies as it lay."""
        self._obeyed = None

    async def catch_up(self) -> None:
        """Obey what lies there when a process begins: it may begin with what was read long ago."""
        stamp = _stamp(self._home)
        if stamp is not None and abs(time.time_ns() - stamp[0]) < PAUSE * 1e9:  # perhaps it is being written
            await asyncio.sleep(PAUSE)
            stamp = _stamp(self._home)
        self._obeyed = stamp
        await self._look()

    async def run(self) -> None:
        """Follows until it is cancelled."""
        seen = _stamp(self._home)
        while True:
            await asyncio.sleep(PAUSE)
            stamp = _stamp(self._home)
            if stamp == seen and (stamp != self._obeyed or stamp is None or time.monotonic() >= self._due):
                self._obeyed = stamp
                await self._look()
            seen = stamp

    async def _look(self) -> None:
        words, home, fapi = self._words(), self._home, self._fapi
        try:
            self._obey(await asyncio.to_thread(lambda: load_clients(load(home / FILE, home), words, fapi=fapi)))
        except Exception as error:  # noqa: BLE001  # whatever it is, the next change must still be seen
            problem = str(error) if isinstance(error, ValueError) else type(error).__name__
            if problem != self.problem:
                _log.error("the changed %s is not obeyed, the last good one stays: %s", FILE, problem)
            self.problem, self._due = problem, time.monotonic() + AGAIN
        else:
            self.problem, self._due = "", math.inf


def _stamp(home: Path) -> Stamp:
    try:
        found = (home / FILE).stat()
    except OSError:
        return None
    return (found.st_mtime_ns, found.st_size, found.st_ino)
