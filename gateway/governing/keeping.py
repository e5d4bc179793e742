"""Files that are written once, whole or not at all, and survive a power cut: how everything here reaches the disk.

A file is written beside its place, made durable, and renamed or linked into it. `once` never replaces a file;
`replace` puts a new one in its place in one step, so that a reader sees the old or the new one and never a part. What
cannot be written leaves nothing beside it: tried again and again it would take a full disk's last room.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from gateway.keyfiles import sync_folder


def once(path: Path, raw: bytes) -> None:
    """Raises FileExistsError when another text stands there; the same text again is no error."""
    with contextlib.suppress(FileNotFoundError):
        if path.read_bytes() == raw:
            return
    draft = _draft(path, raw)
    try:
        os.link(draft, path)
    except FileExistsError:
        if path.read_bytes() != raw:
            raise
    finally:
        draft.unlink()
    sync_folder(path.parent)


def replace(path: Path, raw: bytes, durable: bool = True) -> None:
    draft = _draft(path, raw, durable)
    try:
        draft.replace(path)
    except BaseException:
        draft.unlink()
        raise
    if durable:
        sync_folder(path.parent)


def tree(folder: Path, files: Mapping[str, bytes]) -> None:
    """A folder with these files by relative path. Raises OSError; when a folder stands there, it stays."""
    folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = folder.with_name(f".{folder.name}.{secrets.token_hex(8)}")
    try:
        for name, raw in files.items():
            path = draft / name
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _write(path, raw)
        for place in [path for path in draft.rglob("*") if path.is_dir()]:
            sync_folder(place)
        sync_folder(draft)
        draft.rename(folder)
    except OSError:  # the disk's, or somebody was first
        shutil.rmtree(draft, ignore_errors=True)
        if not folder.is_dir():
            raise
    sync_folder(folder.parent)


@contextlib.contextmanager
def alone(path: Path) -> Iterator[None]:
    """One writer at a time, over all processes of this machine; the others wait."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _draft(path: Path, raw: bytes, durable: bool = True) -> Path:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    _write(draft, raw, durable)
    return draft


def _write(path: Path, raw: bytes, durable: bool = True) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(raw)
            file.flush()
            if durable:
                os.fsync(file.fileno())
    except BaseException:
        path.unlink()
        raise
