"""What an auditor does with a log: recompute the tree, hold it against signed checkpoints, prove an entry.

Reads only, works on a copy as well as beside a running gateway, and needs no secret: the public key is
enough. With a checkpoint that was copied elsewhere earlier (a witness), a log that was put back to an
earlier state as a whole is found too.
"""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from gateway.auditing import checkpoint, entries, keys, logs, tree


@dataclass(frozen=True, slots=True)
class Verification:
    """`size` and `root` of the log as read; `problem` is the first thing that is wrong, None when nothing is.

    `signed` of the entries stand under the checkpoint; those after it are at most the last second of a
    gateway that runs or crashed.
    """

    size: int
    root: bytes
    signed: int
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Proof:
    """That the entry with this `leaf` stands at `index` in the log whose signed checkpoint has `size` and `root`."""

    index: int
    leaf: bytes
    size: int
    root: bytes
    path: tuple[bytes, ...]

    def holds(self) -> bool:
        return tree.verify_inclusion(self.leaf, self.index, self.size, self.path, self.root)


def verify_all(
    home: Path, trusted: Mapping[str, Ed25519PublicKey] | None = None, witness: Path | None = None
) -> dict[int, Verification]:
    """Check all logs of a home, those that are there and those that a checkpoint speaks of, by number."""
    believed = trusted if trusted is not None else keys.public_keys(home)
    numbers = set(logs.present(home))
    for folder in (home / logs.FOLDER, *([witness] if witness else [])):
        with contextlib.suppress(checkpoint.CheckpointError):  # the first log's own verification says it
            numbers |= set(range(logs.signed(folder, believed)))
    return {log: verify(home, believed, witness, log) for log in sorted(numbers)}


def verify(
    home: Path, trusted: Mapping[str, Ed25519PublicKey] | None = None, witness: Path | None = None, log: int = 0
) -> Verification:
    """Check one log of a home. `trusted` are the public keys to believe (the home's own by default), by id;
    `witness` is a folder that holds earlier checkpoints as `audit` does. Raises OSError, KeyFileError."""
    folder = logs.folder_of(home, log)
    believed = trusted if trusted is not None else keys.public_keys(home)
    try:
        # before the log is read: a running gateway only adds to it
        signed = checkpoint.read(folder, believed, log)
        marks = [signed]
        # the witness may be older than this log; the first log it must have
        if witness and (log == 0 or (logs.below(witness, log) / checkpoint.NAME).exists()):
            marks.append(checkpoint.read(logs.below(witness, log), believed, log))
    except checkpoint.CheckpointError as error:
        found = entries.scan(folder)
        return Verification(found.tree.size, found.tree.root, 0, str(found.flaw or error))
    found = entries.scan(folder, {mark.size for mark in marks})
    size, root = found.tree.size, found.tree.root

    def result(problem: str | None) -> Verification:
        return Verification(size, root, min(signed.size, size), problem)

    unfinished = found.flaw and found.flaw.last and not found.flaw.line.whole and size >= signed.size
    if found.flaw and not unfinished:
        return result(str(found.flaw))
    for mark in marks:
        if size < mark.size:
            return result(f"the log ends after {size} of the {mark.size} records signed at {mark.time.isoformat()}")
        if found.roots[mark.size] != mark.root:
            return result(f"the first {mark.size} records are not those signed at {mark.time.isoformat()}")
    return result(None)


def prove(home: Path, index: int, log: int = 0) -> Proof:
    """The inclusion proof of one entry of a log under the present checkpoint; reads the whole log.

    Raises IndexError for an entry that is not (yet) signed, CheckpointError, LogDamaged, OSError.
    """
    folder = logs.folder_of(home, log)
    signed = checkpoint.read(folder, keys.public_keys(home), log)
    if not 0 <= index < signed.size:
        raise IndexError(index)
    leaves = []
    for line, _ in zip(entries.lines(folder), range(signed.size), strict=False):
        leaves.append(tree.leaf_hash(entries.body_of(line.raw)))
    proof = Proof(index, leaves[index], signed.size, signed.root, tuple(tree.prove_inclusion(leaves, index)))
    if not proof.holds():
        raise entries.LogDamaged(f"{entries.segments(folder)[0].name}: the log does not fit its checkpoint")
    return proof


def last(home: Path, count: int) -> list[Mapping[str, Any]]:
    """The last `count` entries of all logs, oldest first, as `{index, leaf, record}`, beyond the first log with its
    number as `log`; a line torn at the end is left out. Raises LogDamaged for a line that is not JSON, OSError.
    """
    found = [
        {"log": log, **line} if log else line
        for log in logs.present(home)
        for line in _last(logs.folder_of(home, log), count)
    ]
    if len(found) > count:  # more than one log; times are UTC, in one form
        found.sort(key=lambda line: str(line["record"]["at"]))
    return found[max(len(found) - count, 0) :]


def _last(folder: Path, count: int) -> list[Mapping[str, Any]]:
    tail: list[entries.Line] = []
    for path in reversed(entries.segments(folder)):
        if len(tail) >= count:
            break
        tail = [*deque((line for line in entries.lines_of(path) if line.whole), maxlen=count), *tail]
    try:
        return [orjson.loads(line.raw) for line in tail[max(len(tail) - count, 0) :]]
    except orjson.JSONDecodeError:
        raise entries.LogDamaged("a record is not JSON; run `credit-gateway audit verify` to find it") from None
