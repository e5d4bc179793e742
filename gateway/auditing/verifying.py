"""What an auditor does with a log: recompute the tree, hold it against signed checkpoints, prove an entry.

Reads only, works on a copy as well as beside a running gateway, and needs no secret: the public key is
enough. With a checkpoint that was copied elsewhere earlier (a witness), a log that was put back to an
earlier state as a whole is found too.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from gateway.auditing import checkpoint, entries, keys, tree
from gateway.auditing.log import FOLDER


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


def verify(
    home: Path, trusted: Mapping[str, Ed25519PublicKey] | None = None, witness: Path | None = None
) -> Verification:
    """Check a home's whole log. `trusted` are the public keys to believe (the home's own by default), by id;
    `witness` is a folder that holds an earlier `checkpoint.json`. Raises OSError, KeyFileError."""
    folder = home / FOLDER
    believed = trusted if trusted is not None else keys.public_keys(home)
    try:
        # before the log is read: a running gateway only adds to it
        signed = checkpoint.read(folder, believed)
        marks = [signed] + ([checkpoint.read(witness, believed)] if witness else [])
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


def prove(home: Path, index: int) -> Proof:
    """The inclusion proof of one entry under the present checkpoint; reads the whole log.

    Raises IndexError for an entry that is not (yet) signed, CheckpointError, LogDamaged, OSError.
    """
    folder = home / FOLDER
    signed = checkpoint.read(folder, keys.public_keys(home))
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
    """The last `count` entries, oldest first, as `{index, leaf, record}`; a line torn at the end is left out.

    Raises LogDamaged for a line that is not JSON, OSError.
    """
    tail: list[entries.Line] = []
    for path in reversed(entries.segments(home / FOLDER)):
        if len(tail) >= count:
            break
        tail = [*deque((line for line in entries.lines_of(path) if line.whole), maxlen=count), *tail]
    try:
        return [orjson.loads(line.raw) for line in tail[max(len(tail) - count, 0) :]]
    except orjson.JSONDecodeError:
        raise entries.LogDamaged("a record is not JSON; run `credit-gateway audit verify` to find it") from None
