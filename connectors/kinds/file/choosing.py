"""Which files of a folder count: names, dates, and the proof that a file is whole.

The newest file is the one with the latest date in its name (20261123, 2026-11-1, 2026年1月5日, or a month); of files
of one date, and where names hold none, the one that was changed last: so a late correction wins. A date in the future
is a typing error and does not count. Links and anything but plain files are left alone. Nothing here looks into
a file's rows, and no name of a file is told, only the declared pattern.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from pathlib import Path
from zoneinfo import ZoneInfo

from connectors.contract import ContractBroken
from connectors.sources import FileWords

CHINA = ZoneInfo("Asia/Shanghai")
SETTLED = timedelta(seconds=2)  # since its last change, a file without checksum is taken for whole
SKEW = timedelta(hours=1)  # by which the clock of a file server may be ahead

DATE = re.compile(  # with signs between its parts it may lack their zeros
    r"(?<!\d)(20\d\d)(?:([-_.])(\d\d?)\2(\d\d?)|年(\d\d?)月(?:(\d\d?)日?)?"
    r"|[-_.]?(0[1-9]|1[0-2])(?:[-_.]?(0[1-9]|[12]\d|3[01]))?)(?!\d)"
)
_DIGEST = re.compile(r"^([0-9A-Fa-f]{64})(?:[ \t]+\*?(.+?))?\s*$", re.MULTILINE)
_PLAIN = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class NotWhole(Exception):
    """A file that is not, or not yet, what its sender meant: `lasting` until it changes, `moved` while it was read."""

    def __init__(self, sent: Sent, reason: str, lasting: bool = False, moved: bool = False) -> None:
        super().__init__(reason)
        self.sent, self.lasting, self.moved = sent, lasting, moved


@dataclass(frozen=True, slots=True)
class Sent:
    """A file as it lies there; two that are equal are the same file with the same content."""

    name: str
    size: int
    changed: int  # nanoseconds since 1970
    inode: int
    proof: tuple[str, int, int] | None  # the checksum's file: name, size, changed
    period: datetime  # the end of the day or month in the name, else the last change

    @property
    def touched(self) -> datetime:
        return datetime.fromtimestamp(self.changed / 1e9, CHINA)

    @property
    def as_of(self) -> datetime:
        """As of when the content is: the end of the period in the name, or the last change when that was before."""
        return min(self.period, self.touched)


def look(folder: Path, words: FileWords, now: datetime) -> list[Sent]:
    """The files of a declared pattern, newest first. Raises OSError when the folder cannot be read."""
    with os.scandir(folder) as entries:
        files = {entry.name: entry for entry in entries if entry.is_file(follow_symlinks=False)}
    found = []
    for name, entry in files.items():
        if not fnmatchcase(name, words.name) or name.startswith((".", "~$")):  # hidden, or a spreadsheet's own lock
            continue
        if words.checksum is not None and fnmatchcase(name, words.checksum):
            continue
        try:
            seen, proof = entry.stat(follow_symlinks=False), _proof(name, files, words)
        except FileNotFoundError:
            continue  # it went meanwhile
        touched = datetime.fromtimestamp(seen.st_mtime, CHINA)
        period = period_in(name, now) or touched
        found.append(Sent(name, seen.st_size, seen.st_mtime_ns, seen.st_ino, proof, period))
    return sorted(found, key=lambda sent: (sent.period, sent.changed, sent.name), reverse=True)


def _proof(name: str, files: Mapping[str, os.DirEntry[str]], words: FileWords) -> tuple[str, int, int] | None:
    """The file with the checksum of a file, by its whole name or its name without ending."""
    for part in (name, name.rpartition(".")[0]) if words.checksum else ():
        beside = files.get((words.checksum or "").replace("*", part))
        if beside is not None and beside.name != name:
            seen = beside.stat(follow_symlinks=False)
            return beside.name, seen.st_size, seen.st_mtime_ns
    return None


def batches(found: Sequence[Sent], words: FileWords) -> list[tuple[Sent, ...]]:
    """What may be answered from, best first: the newest file alone, or all files from the oldest on."""
    if words.complete == "whole":
        return [(sent,) for sent in found]
    oldest_first = tuple(reversed(found))
    return [oldest_first[:count] for count in range(len(found), 0, -1)]


def period_in(name: str, now: datetime) -> datetime | None:
    """The end of the last day or month that a name holds, unless it begins in the future."""
    for year, _, *parts in reversed(DATE.findall(name)):
        month, day = [*filter(None, parts), ""][:2]
        try:
            begin = datetime(int(year), int(month), int(day or 1), tzinfo=CHINA)
        except ValueError:
            continue
        if begin <= now:
            return begin + timedelta(days=1) if day else (begin + timedelta(days=32)).replace(day=1)
    return None


def read(folder: Path, sent: Sent, words: FileWords, most: int, now: datetime) -> bytes:
    """A file's bytes, proven whole. Raises NotWhole, and ContractBroken when it is larger than `most` bytes."""
    if words.checksum is None and -SKEW < now - sent.touched < SETTLED:
        raise NotWhole(sent, "is still being written")
    if words.checksum is not None and sent.proof is None:
        raise NotWhole(sent, "has no checksum beside it", lasting=True)
    if not sent.size:
        raise NotWhole(sent, "is empty", lasting=True)
    if sent.size > most:
        raise ContractBroken("the file is larger than `maxBytes`")
    try:
        content = _content(folder / sent.name, most, sent)
        if sent.proof is not None:
            digests = _DIGEST.findall(_content(folder / sent.proof[0], 1 << 20, None).decode("utf-8", "replace"))
            mine = [digest for digest, of in digests if of in {"", sent.name}]
            if hashlib.sha256(content).hexdigest() not in map(str.lower, mine):
                raise NotWhole(sent, "does not have the checksum beside it", lasting=True)
    except OSError as error:
        raise NotWhole(
            sent, f"cannot be read ({type(error).__name__})", moved=isinstance(error, FileNotFoundError)
        ) from None
    return content


def _content(path: Path, most: int, sent: Sent | None) -> bytes:
    """At most `most` bytes of a plain file; with `sent`, only if it is that one before and after."""
    with open(path, "rb", opener=lambda name, flags: os.open(name, _PLAIN)) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError("no plain file")
        content = file.read(most)
        after = os.fstat(file.fileno())
    if sent is not None and (len(content), after.st_size, after.st_mtime_ns, after.st_ino) != (
        sent.size, sent.size, sent.changed, sent.inode,
    ):  # fmt: skip
        raise NotWhole(sent, "changed while it was read", moved=True)
    return content
