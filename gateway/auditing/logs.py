"""The logs of one home: one for each process that answers, because a Merkle tree has one order and one writer.

The first stands in `HOME/audit`, the others in `HOME/audit/worker-1`, `worker-2` and so on. Each has segments,
checkpoint and lock of its own. How many there ever were stands in the first one's signed checkpoint, and which
one it is in each other's: none can be taken away, or put in another's place, unseen. A home that had four and
now has one still has four to verify.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Mapping
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from gateway.auditing import checkpoint, entries, keys
from gateway.auditing.tree import EMPTY_ROOT

FOLDER = "audit"
_BELOW = "worker-"


class LogInUse(Exception):
    """Another process writes this log; two gateways never share a home."""


def folder_of(home: Path, log: int) -> Path:
    return below(home / FOLDER, log)


def below(folder: Path, log: int) -> Path:
    """Where log `log` stands, when the first stands in `folder`."""
    return folder / f"{_BELOW}{log}" if log else folder


def present(home: Path) -> list[int]:
    """The numbers of the logs that are there; the first always counts."""
    names = (path.name.removeprefix(_BELOW) for path in (home / FOLDER).glob(f"{_BELOW}*") if path.is_dir())
    return [0, *sorted(int(name) for name in names if name.isascii() and name.isdecimal() and int(name) > 0)]


def signed(folder: Path, believed: Mapping[str, Ed25519PublicKey]) -> int:
    """How many logs a home had, as the first one's checkpoint in `folder` says. Raises CheckpointError."""
    return checkpoint.read(folder, believed).logs


def check_all_there(home: Path, believed: Mapping[str, Ed25519PublicKey]) -> None:
    """Raises CheckpointError when a log that was signed for is gone."""
    for log in range(1, signed(home / FOLDER, believed)):
        checkpoint.read(folder_of(home, log), believed, log)


def found(home: Path, count: int) -> None:
    """Make a home ready for `count` processes, before any of them starts: its keys, and the logs it has not got.

    Raises LogInUse, checkpoint.CheckpointError, KeyFileError, OSError.
    """
    signer, believed = keys.signer(home), keys.public_keys(home)
    keys.pseudonyms(home)
    first = folder_of(home, 0)
    lock = take(first)
    try:
        if not entries.segments(first) and not (first / checkpoint.NAME).exists():
            checkpoint.write(first, 0, EMPTY_ROOT, signer)
        check_all_there(home, believed)
        standing = checkpoint.read(first, believed)
        for log in range(1, count):
            folder = folder_of(home, log)
            os.close(take(folder))
            if log >= standing.logs and not (folder / checkpoint.NAME).exists():
                checkpoint.write(folder, 0, EMPTY_ROOT, signer, log)
        if count > standing.logs:
            checkpoint.write(first, standing.size, standing.root, signer, logs=count)
    finally:
        os.close(lock)


def take(folder: Path) -> int:
    """The lock of one log, made with its folder. It is given back by closing it. Raises LogInUse."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.read(lock, 32).decode("ascii", "replace").strip()
        os.close(lock)
        raise LogInUse(
            f"another gateway (process {holder}) writes the audit log `{folder}`; stop it, or choose another home"
        ) from None
    os.ftruncate(lock, 0)
    os.write(lock, f"{os.getpid()}\n".encode())
    return lock
