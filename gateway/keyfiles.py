"""The key files of one home: made once, kept in HOME/keys, readable by their owner alone.

A key file is written whole or not at all, never overwritten, and refused when others may read it. No key
ever appears in a message, a repr or a log.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import stat
from collections.abc import Callable
from pathlib import Path


class KeyFileError(ValueError):
    """A key file cannot be used; the message names the file and what to do."""


def secret(home: Path, name: str) -> bytes:
    """32 random bytes of a home, kept as hex, made at the first call. Raises KeyFileError, OSError."""
    path = home / "keys" / name
    raw = load_or_create(path, lambda: secrets.token_hex(32).encode() + b"\n")
    try:
        key = bytes.fromhex(raw.decode("ascii"))
    except ValueError:
        key = b""
    if len(key) != 32:
        raise KeyFileError(f"{path}: 64 hex digits are expected; restore the file from its backup")
    return key


def derived(key: bytes, use: str) -> bytes:
    """A key of 32 bytes for one use, so that no two uses share one."""
    return hashlib.blake2b(use.encode(), key=key, digest_size=32, person=b"credit-gateway").digest()


def load_or_create(path: Path, make: Callable[[], bytes]) -> bytes:
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
