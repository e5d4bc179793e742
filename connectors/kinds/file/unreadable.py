"""Why the bytes of a file give no rows, whatever their format."""

from __future__ import annotations


class Unreadable(Exception):
    """Bytes that are not of the declared format or encoding; the text holds none of them. `number` is the file's."""

    def __init__(self, reason: str, number: int = 0) -> None:
        super().__init__(reason)
        self.number = number


class Stopped(Exception):
    """The source was closed while a file was read."""
