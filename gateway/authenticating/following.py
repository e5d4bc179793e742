"""HOME/clients.yaml as a running gateway follows it: a changed file counts within a second, a broken one never.

A file is read once it lies still, so that one which is being written is not taken for what it will be. What cannot be
read in every word changes nothing: the last good registry stays, and the reason is told until the file is mended.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

from gateway.authenticating.clients import Clients, load_clients
from gateway.documents import load
from policies.model import Catalogue

FILE = "clients.yaml"
PAUSE = 0.2  # seconds between two looks; the file must lie still for one such pause

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

    def again(self) -> None:
        """Look again, though the file lies as it lay."""
        self._obeyed = None

    async def run(self) -> None:
        """Follows until it is cancelled."""
        seen = _stamp(self._home)
        while True:
            await asyncio.sleep(PAUSE)
            stamp = _stamp(self._home)
            if stamp == seen and (stamp != self._obeyed or stamp is None):
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
            self.problem = problem
        else:
            self.problem = ""


def _stamp(home: Path) -> Stamp:
    try:
        found = (home / FILE).stat()
    except OSError:
        return None
    return (found.st_mtime_ns, found.st_size, found.st_ino)
