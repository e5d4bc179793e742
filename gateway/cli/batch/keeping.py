"""The folder beside an output that is not whole yet: one file per answered chunk, readable by its owner alone.

It belongs to one question (query, list, caller, purpose and what else was asked) and to one run at a time. A file
is whole or absent, whatever stops the run. It holds answers, so it is removed when the output is whole, and its
answers are not taken up again when they are more than a day old.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson

from gateway.cli.asking import AskingError

FRESH = timedelta(hours=24)
Range = tuple[int, int]  # positions in the list of subjects, the end left out


@dataclass(frozen=True, slots=True)
class Chunk:
    """One answer: `status` of HTTP, `body` as the gateway gave it, `at` when it came."""

    range: Range
    status: int
    at: str
    body: Mapping[str, Any]


class Kept:
    """An open folder of answers. Made by `keep`."""

    def __init__(self, folder: Path, begun: str) -> None:
        self.folder = folder
        self.begun = begun

    def ranges(self) -> list[Range]:
        """What is answered, in order of the list."""
        return sorted(_range(path) for path in self.folder.glob("answer-*.json"))

    def missing(self, count: int) -> list[Range]:
        """What is not answered yet of `count` subjects, in order."""
        gaps, place = [], 0
        for start, end in [*self.ranges(), (count, count)]:
            if start > place:
                gaps.append((place, start))
            place = max(place, end)
        return gaps

    def save(self, range_: Range, status: int, body: Mapping[str, Any]) -> Chunk:
        """Raises AskingError when the disk does not take it."""
        chunk = Chunk(range_, status, datetime.now(UTC).isoformat(timespec="seconds"), body)
        try:
            _write(self._path(range_), {"status": chunk.status, "at": chunk.at, "body": chunk.body})
        except OSError:
            raise AskingError(f"{self.folder} cannot be written; is the disk full?") from None
        return chunk

    def load(self, range_: Range) -> Chunk:
        """Raises AskingError for a file that is not as it was written."""
        try:
            data = orjson.loads(self._path(range_).read_bytes())
            return Chunk(range_, data["status"], data["at"], data["body"])
        except (OSError, ValueError, KeyError, TypeError):
            raise AskingError(f"{self._path(range_)} is damaged; delete it to ask that chunk again") from None

    def chunks(self) -> Iterator[Chunk]:
        """Every answer in order of the list, one at a time: all together they may not fit into memory."""
        for range_ in self.ranges():
            yield self.load(range_)

    def forget(self, range_: Range) -> None:
        self._path(range_).unlink(missing_ok=True)

    def remove(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    def _path(self, range_: Range) -> Path:
        return self.folder / f"answer-{range_[0]:06}-{range_[1]:06}.json"


@contextlib.contextmanager
def keep(out: Path, asked: Mapping[str, Any]) -> Iterator[Kept]:
    """The folder for `out`, made or found. `asked` are the parts of the question, by words for a person.

    Raises AskingError when the folder is of another question, is too old, or is in use by another run.
    """
    folder = out.with_name(out.name + ".partial")
    digests = {part: hashlib.sha256(orjson.dumps(value)).hexdigest() for part, value in asked.items()}
    made = not folder.exists()
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        folder.chmod(0o700)  # one that was there may be open to others, or be somebody else's, who is refused
        lock = (folder / "lock").open("w")
    except OSError:
        raise AskingError(f"{folder} cannot be made; name a folder that can be written to with --out") from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise AskingError(f"another run is at work on {folder}; wait for it, or name another --out") from None
        if made or not (folder / "question.json").exists():
            begun = datetime.now(UTC).isoformat(timespec="seconds")
            _write(folder / "question.json", {"begun": begun, "digests": digests})
        else:
            begun = _same(folder, digests)
        yield Kept(folder, begun)


def _same(folder: Path, digests: Mapping[str, str]) -> str:
    """When it was begun, if the folder is of this question and fresh."""
    try:
        known = orjson.loads((folder / "question.json").read_bytes())
        begun, theirs = datetime.fromisoformat(known["begun"]), dict(known["digests"])
    except (OSError, ValueError, KeyError, TypeError):
        raise AskingError(f"{folder} is damaged; delete it to ask everything again") from None
    differing = [part for part in {**digests, **theirs} if digests.get(part) != theirs.get(part)]
    if differing:
        raise AskingError(
            f"{folder} holds answers to another question (differs: {', '.join(differing)}); "
            "finish that one, delete the folder, or name another --out"
        )
    if datetime.now(UTC) - begun > FRESH:
        raise AskingError(f"{folder} was begun more than a day ago ({known['begun']}); delete it to ask again")
    return str(known["begun"])


def _range(path: Path) -> Range:
    _, start, end = path.stem.split("-")
    return int(start), int(end)


def _write(path: Path, data: Mapping[str, Any]) -> None:
    draft = path.with_suffix(".new")
    draft.touch(mode=0o600)
    draft.write_bytes(orjson.dumps(data))
    draft.replace(path)
