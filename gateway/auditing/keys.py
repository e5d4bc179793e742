"""The keys of one gateway home: made once, kept in HOME/keys, readable by their owner alone.

`audit.key` (32 random bytes, hex) makes the keyed pseudonyms of the audit log; `checkpoint.key` (Ed25519,
PEM) signs its checkpoints, and `checkpoint.pub` is what an auditor takes away to check them. A key file
is written whole or not at all, never overwritten, and refused when others may read it. Old keys are kept
as long as the log: to change one, rename it (`checkpoint-2026.pub`), and the next start makes a new one.
No key ever appears in a message, a repr or a log.
"""

from __future__ import annotations

import base64
import contextlib
import hmac
import os
import secrets
import stat
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

PSEUDONYM_KEY = "audit.key"
SIGNING_KEY = "checkpoint.key"
PUBLIC_KEY = "checkpoint.pub"


class KeyFileError(ValueError):
    """A key file cannot be used; the message names the file and what to do."""


class Pseudonyms:
    """Keyed pseudonyms: the same subject has the same one, and nobody without the key can test a guess.

    HMAC-SHA-256 cut to 128 bits, base32, after the key's id: `a1:3f9c2b71:ONSWG4TFOQ...`. Identity numbers
    have too little entropy to be hashed without a key.
    """

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self.key_id = sha256(b"credit-gateway pseudonym key\n" + secret).hexdigest()[:8]

    def of(self, kind: str, value: str) -> str:
        """`kind` says what the value is (`uscc`, `citizenId`, `name`), so that equal digits do not meet."""
        message = f"{kind}\0{value}".encode("utf-8", "surrogatepass")
        digest = hmac.digest(self._secret, message, "sha256")
        return f"a1:{self.key_id}:{base64.b32encode(digest[:16]).decode().rstrip('=')}"


class Signer:
    """Signs checkpoints; `key_id` is the beginning of the public key's SHA-256."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private
        self.public = private.public_key()
        self.key_id = key_id(self.public)

    def sign(self, message: bytes) -> bytes:
        return self._private.sign(message)


def key_id(public: Ed25519PublicKey) -> str:
    return sha256(public.public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest()[:16]


def signed_by(public: Ed25519PublicKey, signature: bytes, message: bytes) -> bool:
    try:
        public.verify(signature, message)
    except InvalidSignature:
        return False
    return True


def pseudonyms(home: Path) -> Pseudonyms:
    """The pseudonym key of a home, made at the first call. Raises KeyFileError, OSError."""
    path = home / "keys" / PSEUDONYM_KEY
    raw = _load_or_create(path, lambda: secrets.token_hex(32).encode() + b"\n")
    try:
        secret = bytes.fromhex(raw.decode("ascii"))
    except ValueError:
        secret = b""
    if len(secret) != 32:
        raise KeyFileError(f"{path}: 64 hex digits are expected; restore the file from its backup")
    return Pseudonyms(secret)


def signer(home: Path) -> Signer:
    """The signing key of a home, made at the first call with its public half. Raises KeyFileError, OSError."""
    path = home / "keys" / SIGNING_KEY
    made = Ed25519PrivateKey.generate
    raw = _load_or_create(path, lambda: made().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    try:
        private = load_pem_private_key(raw, password=None)
    except ValueError:
        private = None
    if not isinstance(private, Ed25519PrivateKey):
        raise KeyFileError(f"{path}: an Ed25519 private key (PEM) is expected; restore the file from its backup")
    pem = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    public = home / "keys" / PUBLIC_KEY
    if _load_or_create(public, lambda: pem) != pem:
        raise KeyFileError(f"{public}: not the public half of `{SIGNING_KEY}`; rename the old one to keep it")
    return Signer(private)


def public_keys(home: Path) -> dict[str, Ed25519PublicKey]:
    """Every `checkpoint*.pub` of a home, the present one and old ones, by id. Raises KeyFileError."""
    return dict(map(read_public_key, sorted((home / "keys").glob("checkpoint*.pub"))))


def read_public_key(path: Path) -> tuple[str, Ed25519PublicKey]:
    """One public key file (PEM) and its id. Raises KeyFileError."""
    try:
        public = load_pem_public_key(path.read_bytes())
    except (OSError, ValueError):
        public = None
    if not isinstance(public, Ed25519PublicKey):
        raise KeyFileError(f"{path}: an Ed25519 public key (PEM) is expected")
    return key_id(public), public


def _load_or_create(path: Path, make: Callable[[], bytes]) -> bytes:
    """Two processes that start together get the same key: a link, unlike a rename, never replaces a file."""
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(make())
                file.flush()
                os.fsync(file.fileno())
            with contextlib.suppress(FileExistsError):  # another process was first: its key is the home's
                os.link(draft, path)
        finally:
            draft.unlink()
        sync_folder(path.parent)
    if path.suffix == ".key" and path.stat().st_mode & (stat.S_IRWXO | stat.S_IWGRP):
        raise KeyFileError(f"{path}: others may read or change this key; `chmod 600` it")
    return path.read_bytes()


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable, as fsync of a file does not."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
