"""HOME/governing: the signed statements of a home, and the pointer that every gateway follows.

    pointer.json                            what is in force, or will be at its time; replaced in one step
    history/000001.json ...                 every pointer there ever was
    submissions/<id>.json                   what was submitted
    approvals/<submission>-<officer>.json   who approved it

A new pointer is written only when the one before it stands in history, so that a process killed at any moment leaves
the old pointer or the new one, and a row without gaps. Nothing is judged here.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from gateway.governing import keeping
from gateway.governing.statements import APPROVAL, POINTER, SUBMISSION, Refused, Statement, read

FOLDER = "governing"


class Journal:
    """The statements of one home. Reading raises Refused for a text that is cut or changed."""

    def __init__(self, home: Path) -> None:
        self.folder = home / FOLDER
        self.place = self.folder / "pointer.json"

    @contextlib.contextmanager
    def changing(self) -> Iterator[None]:
        """One change at a time; what a killed process left half done is finished first."""
        with keeping.alone(self.folder / "lock"):
            standing = self.pointer()
            if standing is not None:
                self._remember(standing)
            yield

    def pointer(self) -> Statement | None:
        """The pointer as it stands, or None when there never was one."""
        try:
            return read(self.place.read_bytes(), POINTER, "pointer.json")
        except FileNotFoundError:
            return None
        except OSError as error:
            raise Refused("unreadable", f"pointer.json cannot be read ({error.strerror})") from None

    def past(self, seq: int) -> Statement:
        """Pointer `seq`, from history."""
        path = self._past(seq)
        try:
            return read(path.read_bytes(), POINTER, f"history/{path.name}")
        except OSError:
            raise Refused("gap", f"history/{path.name} is missing; restore governing/history") from None

    def publish(self, pointer: Statement) -> None:
        """Within `changing`. It is in force, or waits, when this returns."""
        keeping.replace(self.place, pointer.raw)
        self._remember(pointer)

    def submit(self, submission: Statement) -> None:
        keeping.once(self.folder / "submissions" / f"{submission.id}.json", submission.raw)

    def approve(self, submission: Statement, approval: Statement) -> None:
        keeping.replace(self.folder / "approvals" / f"{submission.id}-{approval.by}.json", approval.raw)

    def submissions(self) -> list[Statement]:
        """Every submission, the oldest first."""
        found = [
            read(path.read_bytes(), SUBMISSION, f"submissions/{path.name}")
            for path in sorted((self.folder / "submissions").glob("[!.]*.json"))
        ]
        return sorted(found, key=lambda statement: statement.at)

    def approvals(self, submission: Statement) -> list[Statement]:
        paths = sorted((self.folder / "approvals").glob(f"{submission.id}-*.json"))
        return [read(path.read_bytes(), APPROVAL, f"approvals/{path.name}") for path in paths]

    def _remember(self, pointer: Statement) -> None:
        with contextlib.suppress(FileExistsError):  # another pointer of this number: whoever follows the row refuses it
            keeping.once(self._past(int(pointer.words["seq"])), pointer.raw)

    def _past(self, seq: int) -> Path:
        return self.folder / "history" / f"{seq:06}.json"
