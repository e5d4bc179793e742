"""Signatures of officers: a port of two small protocols, with Ed25519 behind it.

Another algorithm (SM2) is one more entry of `READERS` and one more kind of private key file; what is signed, and how a
key is written into the registry (`ed25519:BASE64`), stays. A private key is a PEM file of its owner, given on the
command line, readable by nobody else, and never kept by a gateway. No key ever appears in a message.
"""

from __future__ import annotations

import base64
import binascii
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from gateway.keyfiles import KeyFileError, sync_folder

ED25519 = "ed25519"


class Signer(Protocol):
    """A private key. `public` is its other half as the registry writes it, `ALGORITHM:BASE64`."""

    @property
    def public(self) -> str: ...
    def sign(self, message: bytes) -> bytes: ...


class Verifier(Protocol):
    """A public key."""

    def verifies(self, signature: bytes, message: bytes) -> bool: ...


class Ed25519Signer:
    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private
        raw = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.public = f"{ED25519}:{base64.b64encode(raw).decode()}"

    def sign(self, message: bytes) -> bytes:
        return self._private.sign(message)


class Ed25519Verifier:
    def __init__(self, raw: bytes) -> None:
        """Raises ValueError when these are not the bytes of a key."""
        self._public = Ed25519PublicKey.from_public_bytes(raw)

    def verifies(self, signature: bytes, message: bytes) -> bool:
        try:
            self._public.verify(signature, message)
        except InvalidSignature:
            return False
        return True


READERS: dict[str, Callable[[bytes], Verifier]] = {ED25519: Ed25519Verifier}


def verifier(written: str) -> Verifier:
    """The public key that is written `ALGORITHM:BASE64`. Raises ValueError, which says what is expected."""
    algorithm, _, text = written.partition(":")
    try:
        raw = base64.b64decode(text, validate=True)
        if base64.b64encode(raw).decode() != text:  # one key has one spelling, so that two people cannot have the same
            raise ValueError
        return READERS[algorithm](raw)
    except (KeyError, ValueError, binascii.Error):
        raise ValueError(
            f"a public key such as `{ED25519}:...` is expected; `credit-gateway policy officer-key` makes one"
        ) from None


def make_key(path: Path) -> Signer:
    """A new private key in a file that was not there. Raises KeyFileError."""
    private = Ed25519PrivateKey.generate()
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise KeyFileError(f"{path}: cannot be made ({error.strerror}); a key is never overwritten") from None
    with os.fdopen(descriptor, "wb") as file:
        file.write(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        file.flush()
        os.fsync(file.fileno())
    sync_folder(path.parent)
    return Ed25519Signer(private)


def read_key(path: Path) -> Signer:
    """An officer's private key. Raises KeyFileError."""
    try:
        mode, raw = path.stat().st_mode, path.read_bytes()
    except OSError as error:
        raise KeyFileError(f"{path}: cannot be read ({error.strerror}); give the file of your private key") from None
    try:
        private = load_pem_private_key(raw, password=None)
    except (ValueError, TypeError):
        private = None
    if not isinstance(private, Ed25519PrivateKey):
        raise KeyFileError(f"{path}: an Ed25519 private key (PEM) is expected; `policy officer-key` makes one")
    if mode & (stat.S_IRWXO | stat.S_IRWXG):
        raise KeyFileError(f"{path}: others may read or change this key; `chmod 600` it")
    return Ed25519Signer(private)
