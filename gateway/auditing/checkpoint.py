"""A signed statement of how long the audit log was, and what its tree's root was, at one moment.

`checkpoint.json` is replaced whole, at most once a second and when the log closes. With it, a log whose
end was cut off or whose entries were changed cannot pass for the one that was written, not even by
somebody who may write the log's files but has no signing key. A copy kept elsewhere also tells when the
whole folder was put back to an earlier state.
"""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from gateway.auditing.keys import Signer, signed_by
from gateway.keyfiles import sync_folder

NAME = "checkpoint.json"
PURPOSE = b"credit-gateway audit checkpoint 1\n"  # signed too, so that no other signature can stand in


class CheckpointError(ValueError):
    """The checkpoint is missing, not readable, or not signed by a key of this home."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """`size` entries had the root `root` at `time` (UTC); `key` is the signing key's id.

    `log` is the number of the home's log that is meant, `logs` how many the home has, told by the first one alone.
    """

    size: int
    root: bytes
    time: datetime
    key: str
    log: int = 0
    logs: int = 1

    def signed_bytes(self) -> bytes:
        return PURPOSE + orjson.dumps(self._words(), option=orjson.OPT_SORT_KEYS)

    def as_json(self, signature: bytes) -> bytes:
        words = {**self._words(), "signature": base64.b64encode(signature).decode()}
        return orjson.dumps(words, option=orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)

    def _words(self) -> dict[str, Any]:
        words = {"size": self.size, "root": self.root.hex(), "time": self.time.isoformat(), "key": self.key}
        # a home with one log says neither
        return words | ({"log": self.log} if self.log else {}) | ({"logs": self.logs} if self.logs > 1 else {})


def write(folder: Path, size: int, root: bytes, signer: Signer, log: int = 0, logs: int = 1) -> Checkpoint:
    """Sign and put in place, durably, whole or not at all. Raises OSError; the old one then stays."""
    checkpoint = Checkpoint(size, root, datetime.now(UTC), signer.key_id, log, logs)
    draft = folder / f".{NAME}"
    with draft.open("wb") as file:
        file.write(checkpoint.as_json(signer.sign(checkpoint.signed_bytes())))
        file.flush()
        os.fsync(file.fileno())
    draft.replace(folder / NAME)
    sync_folder(folder)
    return checkpoint


def read(folder: Path, keys: Mapping[str, Ed25519PublicKey], log: int = 0) -> Checkpoint:
    """The checkpoint of log `log`, believed only when signed by one of `keys`. Raises CheckpointError."""
    path = folder / NAME
    try:
        words = orjson.loads(path.read_bytes())
        checkpoint = Checkpoint(
            size=int(words["size"]),
            root=bytes.fromhex(words["root"]),
            time=datetime.fromisoformat(words["time"]),
            key=str(words["key"]),
            log=int(words.get("log", 0)),
            logs=int(words.get("logs", 1)),
        )
        signature = base64.b64decode(words["signature"], validate=True)
    except FileNotFoundError:
        raise CheckpointError(f"{path}: missing; restore it from a backup of this log") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, binascii.Error):
        raise CheckpointError(f"{path}: not a checkpoint; restore it from a backup of this log") from None
    public = keys.get(checkpoint.key)
    if public is None:
        raise CheckpointError(f"{path}: signed by the unknown key `{checkpoint.key}`; its public half is needed")
    if not signed_by(public, signature, checkpoint.signed_bytes()):
        raise CheckpointError(f"{path}: the signature does not fit; the checkpoint was changed")
    if checkpoint.log != log:
        raise CheckpointError(f"{path}: signed for another log of this home; the log was put in another's place")
    return checkpoint
