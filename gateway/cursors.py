"""Page cursors, sealed: what a caller holds says nothing and works for nobody else and no other question.

A cursor is AES-256-GCM over (order key, record id), bound to the caller and to the digest of the question. Its
nonce is an HMAC of all that it seals, so that no nonce is ever used for two different texts, and the same answer
has the same cursors. It holds no value that the caller was not shown. A cursor of another home, caller or question
does not open.
"""

from __future__ import annotations

import base64
import hashlib
import hmac

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway.errors import GatewayError
from gateway.model import Path, Position, Seek, Subject, Window


class Cursors:
    """Seals and opens with one 32-byte key of the home."""

    def __init__(self, key: bytes) -> None:
        self._aead = AESGCM(key)
        self._nonces = hashlib.sha256(b"nonces of cursors" + key).digest()

    def seal(self, caller: str, question: bytes, position: Position) -> str:
        plain, bound = orjson.dumps([position.order, position.record, *position.seen]), _bound(caller, question)
        nonce = hmac.digest(self._nonces, bound + plain, "sha256")[:12]
        sealed = self._aead.encrypt(nonce, plain, bound)
        return base64.urlsafe_b64encode(nonce + sealed).rstrip(b"=").decode()

    def open(self, caller: str, question: bytes, cursor: str, path: Path) -> Position:
        """Raises GatewayError INVALID_CURSOR."""
        try:
            raw = base64.b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
            order, record, *seen = orjson.loads(self._aead.decrypt(raw[:12], raw[12:], _bound(caller, question)))
            return Position(order, record, tuple(seen))
        except (ValueError, InvalidTag):
            raise GatewayError("INVALID_CURSOR", path=path) from None


def question_digest(subject: Subject, type_name: str, window: Window, seek: Seek | None = None) -> bytes:
    """What a cursor is bound to: everything that decides the sequence of records, page size excepted."""
    parts = [
        subject.key.kind,
        subject.key.value,
        subject.name or "",
        type_name,
        ",".join(window.regions),
        str(window.since),
        str(window.until),
        ",".join(sorted(window.statuses)),
        str(window.newest_first),
        *([seek.field, *seek.values, *seek.kinds] if seek else []),
    ]
    return hashlib.sha256(orjson.dumps(parts)).digest()


def _bound(caller: str, question: bytes) -> bytes:
    return hashlib.sha256(caller.encode()).digest() + question
