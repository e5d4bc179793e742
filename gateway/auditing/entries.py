"""How one record lies on disk, and how a whole log is read back: one line of JSON each, in segments.

A line is `{"index":7,"leaf":"<hex>","record":{...}}`. The Merkle leaf covers the bytes of the record
alone; index and leaf only help to name the line that was damaged, the tree decides. A segment is
`records-<index of its first line>.jsonl`, so that years of log can be archived file by file. Reading
changes nothing; what a flaw means is for the reader to say (`log` at a start, `verifying` for an auditor).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import orjson

from gateway.auditing.tree import Frontier, leaf_hash

MAX_RECORD = 4 << 20  # bytes; a batch of the most subjects at many platforms stays far below
_MAX_LINE = MAX_RECORD + 256
_LEAF = b',"leaf":"'
_RECORD = b'","record":'


class LogDamaged(Exception):
    """The log is not the one that was written; the message is `file:line: what is wrong, what to do`."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line as read, `number` from 1; `raw` still has its newline, when it has one."""

    path: Path
    number: int
    offset: int
    raw: bytes

    @property
    def whole(self) -> bool:
        return self.raw.endswith(b"\n")


@dataclass(frozen=True, slots=True)
class Flaw:
    """The first line that is not what was written; `last` when nothing follows it."""

    line: Line
    reason: str
    last: bool

    def __str__(self) -> str:
        return f"{self.line.path.name}:{self.line.number}: {self.reason}"


@dataclass(slots=True)
class Scan:
    """A log read to its end or to its first flaw. `roots` are the roots at the sizes that were asked for."""

    tree: Frontier = field(default_factory=Frontier)
    roots: dict[int, bytes] = field(default_factory=dict)
    flaw: Flaw | None = None


def segment_name(first: int) -> str:
    return f"records-{first:012}.jsonl"


def segments(folder: Path) -> list[Path]:
    return sorted(folder.glob("records-*.jsonl"))


def line_of(index: int, leaf: bytes, body: bytes) -> bytes:
    return b'{"index":%d,"leaf":"%s","record":%s}\n' % (index, leaf.hex().encode(), body)


def body_of(raw: bytes) -> bytes:
    """The record's own bytes within a line that `scan` found whole."""
    return raw[raw.index(_RECORD) + len(_RECORD) : -2]


def scan(folder: Path, sizes: Collection[int] = ()) -> Scan:
    """Read every line, rebuild the tree and stop at the first flaw. Raises OSError."""
    found = Scan()
    tree = found.tree
    if 0 in sizes:
        found.roots[0] = tree.root
    reading = lines(folder)
    for line in reading:
        reason = _fault(line, tree.size)
        if reason:
            found.flaw = Flaw(line, reason, last=next(reading, None) is None)
            break
        tree.append(leaf_hash(body_of(line.raw)))
        if tree.size in sizes:
            found.roots[tree.size] = tree.root
    return found


def lines(folder: Path) -> Iterator[Line]:
    for path in segments(folder):
        yield from lines_of(path)


def lines_of(path: Path) -> Iterator[Line]:
    with path.open("rb") as file:
        number = offset = 0
        while raw := file.readline(_MAX_LINE):
            number += 1
            yield Line(path, number, offset, raw)
            offset += len(raw)


def _fault(line: Line, index: int) -> str:
    """What is wrong with a line that should hold entry `index`; empty when nothing is."""
    raw = line.raw
    if not line.whole:
        return "cut off before its end"
    if line.number == 1 and line.path.name != segment_name(index):
        return f"the file begins elsewhere than at entry {index}; entries before it are missing or came twice"
    head = b'{"index":%d%s' % (index, _LEAF)
    start = len(head) + 64
    if not raw.startswith(head) or raw[start : start + len(_RECORD)] != _RECORD or not raw.endswith(b"}\n"):
        return f"not entry {index}; entries were removed, moved or overwritten here"
    body = raw[start + len(_RECORD) : -2]
    if raw[len(head) : start] != leaf_hash(body).hex().encode():
        return "the record does not fit its hash; it was changed"
    try:
        orjson.loads(body)
    except orjson.JSONDecodeError:
        return "the record is not JSON"
    return ""
