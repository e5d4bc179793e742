"""Identity numbers that lie close together, asked about by one operator in one day: who counts them through.

Persons born on one day in one county meet seldom in honest work. Organisations' codes are no secret, and honest lists
of them are full of neighbours: they are not looked at. The bound is an unverified estimate `[E]`. Remembered in memory,
by each process for itself, and forgotten at midnight.
"""

from __future__ import annotations

from collections.abc import Iterable

from cachetools import LRUCache

from connectors.contract import SubjectKey

BLOCK = 14  # characters of a citizen's ID: county and birthday
MOST = 8  # of one block, in one day [E]
REMEMBERED = 50_000  # blocks

Block = tuple[str, str]


class Near:
    """What was asked today, by operator and block."""

    def __init__(self) -> None:
        self._day = 0
        self._asked: LRUCache[Block, frozenset[bytes]] = LRUCache(REMEMBERED)

    def noted(self, who: str, keys: Iterable[tuple[SubjectKey, bytes]], day: int) -> bool:
        """Whether these may be asked as well. When not, none of them is noted."""
        if day != self._day:
            self._asked.clear()
            self._day = day
        found: dict[Block, frozenset[bytes]] = {}
        for key, digest in keys:
            if key.kind != "citizenId":
                continue
            block = (who, key.value[:BLOCK])
            known = found.get(block) or self._asked.get(block) or frozenset()
            found[block] = known | {digest}
            if len(found[block]) > MOST and digest not in known:
                return False
        self._asked.update(found)
        return True
