"""What references stood for when a source was opened, so that it can be told whether they stand for it still.

A secret in a file may be exchanged while the gateway runs (`secret:path`, and the file of certificates that a setting
names); a setting of the environment cannot. Values are compared and never told.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from connectors.kinds.templates import Resolve
from connectors.transport.address import PEM


class References:
    """Resolves references and remembers what they stood for. Both ways of reading raise ValueError."""

    def __init__(self, resolve: Resolve) -> None:
        self._resolve = resolve
        self._known: dict[tuple[Resolve, str], str] = {}

    def text(self, reference: str) -> str:
        return self._kept(self._resolve, reference)

    def pem(self, reference: str) -> str:
        """What a reference holds in PEM, or the file that it names does."""
        return self._kept(self._read, reference)

    def changed(self) -> bool:
        """Whether any of them stands for something else by now. One that cannot be read at the moment does not: it is
        being exchanged."""
        try:
            return any(read(reference) != value for (read, reference), value in self._known.items())
        except (ValueError, LookupError, OSError):
            return False

    def _kept(self, read: Callable[[str], str], reference: str) -> str:
        value = self._known[read, reference] = read(reference)
        return value

    def _read(self, reference: str) -> str:
        value = self._resolve(reference)
        if value.lstrip().startswith(PEM):
            return value
        try:
            return Path(value).read_text("ascii")
        except (OSError, ValueError):
            raise ValueError(f"`{reference}` is neither PEM nor the path of a file with it") from None
