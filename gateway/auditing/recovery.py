"""What a gateway does with its log before it writes on: read all of it, and cut off what a crash tore.

Only the last line may be cut, only when the signed checkpoint does not speak of it, and what was cut is
kept in `repairs.jsonl`. Every other difference from what was written stops the start with `file:line`.
"""

from __future__ import annotations

import base64
import logging
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from gateway.auditing import checkpoint, entries
from gateway.auditing.entries import Flaw, LogDamaged
from gateway.auditing.keys import Signer
from gateway.auditing.tree import Frontier

_log = logging.getLogger("credit_gateway.audit")


def replay(folder: Path, believed: Mapping[str, Ed25519PublicKey], signer: Signer, log: int = 0) -> Frontier:
    """Rebuild the tree and hold it against the checkpoint; cut a torn tail. Raises LogDamaged, CheckpointError."""
    if not log and not entries.segments(folder) and not (folder / checkpoint.NAME).exists():
        checkpoint.write(folder, 0, Frontier().root, signer)  # before the first record: no log is ever without one
    signed = checkpoint.read(folder, believed, log)
    found = entries.scan(folder, {signed.size})
    advice = "run `credit-gateway audit verify` and restore the log from its backup"
    if found.flaw and not found.flaw.last:
        raise LogDamaged(f"{found.flaw}; {advice}")
    if found.tree.size < signed.size:
        place = found.flaw or f"{_end(folder)}: ends after {found.tree.size} of {signed.size} signed records"
        raise LogDamaged(f"{place}; {advice}")
    if found.roots[signed.size] != signed.root:
        raise LogDamaged(f"{_end(folder)}: the first {signed.size} records are not the signed ones; {advice}")
    if found.flaw:
        _cut(folder, found.flaw)
    return found.tree


def _cut(folder: Path, flaw: Flaw) -> None:
    """Cut off a torn last line; what was cut is kept in `repairs.jsonl`, on disk before the cut."""
    _log.warning("audit log repaired: %s", flaw)
    note = {
        "at": datetime.now(UTC).isoformat(),
        "file": flaw.line.path.name,
        "line": flaw.line.number,
        "offset": flaw.line.offset,
        "reason": flaw.reason,
        "removed": base64.b64encode(flaw.line.raw).decode(),
    }
    with (folder / "repairs.jsonl").open("ab") as file:
        file.write(orjson.dumps(note, option=orjson.OPT_APPEND_NEWLINE))
        file.flush()
        os.fsync(file.fileno())
    with flaw.line.path.open("r+b") as file:
        file.truncate(flaw.line.offset)
        os.fsync(file.fileno())


def _end(folder: Path) -> str:
    present = entries.segments(folder)
    return present[-1].name if present else entries.segment_name(0)
