"""What officers say, signed: a submission, an approval, an activation; each is one JSON text that is never edited.

    {"kind", "by", "at", "says", "signature"}      signed: the kind's purpose line, then the rest as canonical JSON

A statement's id is the SHA-256 of its canonical text, the signature in it. A text that is not canonical is refused, so
that one statement has one text. Whether its author may say such a thing is for `standing` to judge.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import orjson

from gateway.governing.officers import Officer, Officers
from gateway.governing.signing import Signer

SUBMISSION, APPROVAL, POINTER = "submission", "approval", "pointer"
KINDS = (SUBMISSION, APPROVAL, POINTER)
AHEAD = timedelta(minutes=5)  # by which an officer's clock may be ahead of ours
MAX_BYTES = 1 << 20


class Refused(ValueError):
    """A change, or a statement about one, that does not count. `reason` is one word, for metrics and health."""

    def __init__(self, reason: str, message: str) -> None:
        self.reason = reason
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Statement:
    """`by` is an officer's id, `at` when it was signed (UTC); `words` are what its kind says."""

    kind: str
    by: str
    at: datetime
    words: Mapping[str, Any]
    signature: bytes
    id: str = field(compare=False)

    @property
    def plain(self) -> dict[str, Any]:
        """As JSON has it; a pointer carries the statements that it rests on in this form."""
        return {
            **_body(self.kind, self.by, self.at, self.words),
            "signature": base64.b64encode(self.signature).decode(),
        }

    @property
    def raw(self) -> bytes:
        return canonical(self.plain)


def canonical(words: Any) -> bytes:
    return orjson.dumps(words, option=orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE)


def state(kind: str, officer: Officer, signer: Signer, at: datetime, words: Mapping[str, Any]) -> Statement:
    """Sign. `words` are JSON values; they are kept as they will be read again."""
    at = at.astimezone(UTC)
    said = orjson.loads(orjson.dumps(words))
    signature = signer.sign(_signed(kind, _body(kind, officer.id, at, said)))
    made = Statement(kind, officer.id, at, said, signature, "")
    return Statement(kind, officer.id, at, said, signature, sha256(made.raw).hexdigest())


def read(raw: bytes, kind: str, where: str) -> Statement:
    """A statement of this kind, not yet verified. Raises Refused, whose message begins with `where`."""
    try:
        words = orjson.loads(raw) if len(raw) <= MAX_BYTES else None
    except orjson.JSONDecodeError:
        words = None
    found = from_plain(words, kind, where)
    if found.raw != raw:
        raise Refused("unreadable", f"{where}: not as it was signed (cut or changed); restore the file")
    return found


def from_plain(words: Any, kind: str, where: str) -> Statement:
    """Raises Refused."""
    try:
        if set(words) != {"kind", "by", "at", "says", "signature"} or words["kind"] != kind:
            raise ValueError
        at = datetime.fromisoformat(words["at"])
        signature = base64.b64decode(words["signature"], validate=True)
        if at.tzinfo is None or not isinstance(words["says"], dict) or not isinstance(words["by"], str):
            raise ValueError
        return Statement(kind, words["by"], at, words["says"], signature, sha256(canonical(words)).hexdigest())
    except (KeyError, TypeError, ValueError, AttributeError, binascii.Error):
        raise Refused("unreadable", f"{where}: not a signed {kind} (cut or changed); restore the file") from None


def signatory(statement: Statement, officers: Officers, where: str) -> Officer:
    """Who signed it, proved by the registered key. Raises Refused."""
    officer = officers.by_id.get(statement.by)
    if officer is None:
        raise Refused(
            "signature",
            f"{where}: signed by `{statement.by}`, who is not in officers.yaml; who leaves keeps an entry with `until`",
        )
    body = _body(statement.kind, statement.by, statement.at, statement.words)
    if not officer.key.verifies(statement.signature, _signed(statement.kind, body)):
        raise Refused(
            "signature",
            f"{where}: the signature is not that of `{statement.by}`; "
            "who takes a new key gets a new entry, and the old one stays, with `until`",
        )
    return officer


def _body(kind: str, by: str, at: datetime, words: Mapping[str, Any]) -> dict[str, Any]:
    return {"kind": kind, "by": by, "at": at.isoformat(timespec="microseconds"), "says": dict(words)}


def _signed(kind: str, body: Mapping[str, Any]) -> bytes:
    return f"credit-gateway policy {kind} 1\n".encode() + canonical(body)
