"""The keys of the audit log: one for its pseudonyms, one that signs its checkpoints (files: `gateway.keyfiles`).

`audit.key` (32 random bytes, hex) makes the keyed pseudonyms of the audit log; `checkpoint.key` (Ed25519,
PEM) signs its checkpoints, and `checkpoint.pub` is what an auditor takes away to check them. Old keys are
kept as long as the log: to change one, rename it (`checkpoint-2026.pub`), and the next start makes a new one.
"""

from __future__ import annotations

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

from gateway.keyfiles import KeyFileError, load_or_create, secret
from policies.keyed import Keyed

PSEUDONYM_KEY = "audit.key"
SIGNING_KEY = "checkpoint.key"
PUBLIC_KEY = "checkpoint.pub"


class Pseudonyms:
    """Keyed pseudonyms: the same subject has the same one, and nobody without the key can test a guess.

    HMAC-SHA-256 cut to 128 bits, base32, after the key's id: `a1:3f9c2b71:ONSWG4TFOQ...`. Identity numbers
    have too little entropy to be hashed without a key.
    """

    def __init__(self, secret: bytes) -> None:
        """`secret` is 32 bytes."""
        self._keyed = Keyed(secret)
        self.key_id = sha256(b"credit-gateway pseudonym key\n" + secret).hexdigest()[:8]
        self._prefix = f"a1:{self.key_id}:"

    def of(self, kind: str, value: str) -> str:
        """`kind` says what the value is (`uscc`, `citizenId`, `name`), so that equal digits do not meet."""
        return self._prefix + self._keyed.letters(f"{kind}\0{value}".encode("utf-8", "surrogatepass"))


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
    return Pseudonyms(secret(home, PSEUDONYM_KEY))


def signer(home: Path) -> Signer:
    """The signing key of a home, made at the first call with its public half. Raises KeyFileError, OSError."""
    path = home / "keys" / SIGNING_KEY
    made = Ed25519PrivateKey.generate
    raw = load_or_create(path, lambda: made().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    try:
        private = load_pem_private_key(raw, password=None)
    except ValueError:
        private = None
    if not isinstance(private, Ed25519PrivateKey):
        raise KeyFileError(f"{path}: an Ed25519 private key (PEM) is expected; restore the file from its backup")
    pem = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    public = home / "keys" / PUBLIC_KEY
    if load_or_create(public, lambda: pem) != pem:
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
