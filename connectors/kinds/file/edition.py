"""A staged file in use: the table that questions are answered from, closed when the last of them has left.

While it is retired it still answers those that began with it, never a new one. It holds no thread and no file.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from connectors.contract import Unavailable
from connectors.kinds.file.choosing import Sent
from connectors.kinds.file.staging import Staged
from connectors.kinds.sql.database import Database
from connectors.kinds.sql.tables import Table

_PATIENCE = 600.0  # seconds; a question's own deadline is always shorter


class Edition:
    """`batch` are the files that it was made of, the newest last."""

    def __init__(self, batch: tuple[Sent, ...], staged: Staged, table: Table) -> None:
        self.batch, self.table, self.counts = batch, table, staged.counts
        self.database = Database(staged.url, 1, _PATIENCE)
        self._keeper = staged.keeper
        self._users, self._retired = 0, False

    @property
    def as_of(self) -> datetime:
        return max(sent.as_of for sent in self.batch)

    def lies_in(self, found: Sequence[Sent]) -> bool:
        """Whether files of the same names still lie in the folder: one that was taken away is not answered from."""
        return {sent.name for sent in self.batch} <= {sent.name for sent in found}

    @contextmanager
    def used(self) -> Iterator[None]:
        """Holds the table while a question is answered. Raises Unavailable when it is gone."""
        if self._retired:
            raise Unavailable("the source was closed")
        self._users += 1
        try:
            yield
        finally:
            self._users -= 1
            self._end()

    def retire(self) -> None:
        self._retired = True
        self._end()

    def _end(self) -> None:
        if self._retired and not self._users:
            self._keeper.close()  # with its last connection the table is gone
