"""The audit log that a running gateway writes: append-only, and on disk before any answer leaves.

1. `AuditLog.open` takes the log for this process alone, reads it to the end and holds it against its
   signed checkpoint. A line torn by a crash is cut off and noted in `repairs.jsonl`; anything else that
   differs from what was written refuses the start with `file:line`.
2. `append` returns after the record was fsynced. Records that wait while the disk works are written and
   fsynced together (group commit), in the order in which they came.
3. When the disk refuses, the log goes back to its last good byte and every record of that batch raises
   AuditUnavailable: the caller gets 503, never an unrecorded answer. The next append tries again.
4. A checkpoint is signed at most once a second while the log grows, and by `close`.

One event loop writes one log, and each process of a home has its own (see `logs`).
Never edits, never deletes, never holds a value (see `record`).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway.auditing import checkpoint, entries, keys, logs
from gateway.auditing.checkpoint import Checkpoint
from gateway.auditing.encoding import Encoder
from gateway.auditing.keys import Pseudonyms, Signer
from gateway.auditing.record import Record, canonical
from gateway.auditing.recovery import replay
from gateway.auditing.tree import Frontier, leaf_hash
from gateway.errors import GatewayError
from gateway.keyfiles import sync_folder

MAX_WAITING = 10_000  # records; above, the disk has stopped and memory must not fill
SEGMENT_BYTES = 256 << 20  # a new file is begun above this; whole files can be archived
CHECKPOINT_EVERY = 1.0  # seconds

_log = logging.getLogger("credit_gateway.audit")


class AuditUnavailable(GatewayError):
    """The record could not be made durable: 503, and no answer. `cause` is for the operator's log."""

    def __init__(self, cause: str) -> None:
        super().__init__("AUDIT_UNAVAILABLE", cause=cause, headers={"Retry-After": "1"})


@dataclass(frozen=True, slots=True)
class Receipt:
    """Where a record stands in the log. `leaf` is its Merkle leaf hash, hex: proof that it was recorded."""

    index: int
    leaf: str


Batch = list[tuple[bytes, asyncio.Future[Receipt]]]


class AuditLog:
    """The log of one home. Make it with `open`; `close` flushes, signs and gives the home back."""

    def __init__(
        self,
        known: Checkpoint,
        folder: Path,
        lock: int,
        tree: Frontier,
        signer: Signer,
        pseudonyms: Pseudonyms,
        segment_bytes: int,
    ) -> None:
        self._encoder = Encoder(pseudonyms)
        self._known = known
        self._folder = folder
        self._lock = lock
        self._tree = tree  # replaced as a whole, so that the signing thread always sees a whole one
        self._signer = signer
        self._segment_bytes = segment_bytes
        filled = [path for path in entries.segments(folder) if path.stat().st_size]
        self._file = _open_segment(filled[-1] if filled else folder / entries.segment_name(tree.size))
        self._offset = os.fstat(self._file).st_size
        self._torn = False  # bytes may stand after `_offset`
        self._waiting: Batch = []
        self._idle = asyncio.Event()  # nothing waits, nothing is being written
        self._idle.set()
        self._closing = asyncio.Event()
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="audit")
        self._signing: asyncio.Task[None] | None = None
        self._signed = tree.size
        self._signed_at = time.monotonic()

    @classmethod
    def open(cls, home: Path, *, log: int = 0, segment_bytes: int = SEGMENT_BYTES) -> AuditLog:
        """Take, check and, after a crash, repair a log of `home`; makes the first one and the keys at the first start.

        Raises logs.LogInUse, entries.LogDamaged, checkpoint.CheckpointError, KeyFileError, OSError.
        """
        folder = logs.folder_of(home, log)
        lock = logs.take(folder)
        try:
            signer, pseudonyms = keys.signer(home), keys.pseudonyms(home)
            believed = keys.public_keys(home)
            tree = replay(folder, believed, signer, log)
            if log == 0:
                logs.check_all_there(home, believed)
            known = checkpoint.read(folder, believed, log)
            return cls(known, folder, lock, tree, signer, pseudonyms, segment_bytes)
        except BaseException:
            os.close(lock)
            raise

    @property
    def size(self) -> int:
        return self._tree.size

    @property
    def root(self) -> bytes:
        return self._tree.root

    async def append(self, record: Record) -> Receipt:
        """Record one request; returns when it is on disk. Raises AuditUnavailable."""
        try:
            body = self._encoder.encode(record)
        except (TypeError, ValueError) as error:
            raise AuditUnavailable(f"the record cannot be written as JSON: {type(error).__name__}") from error
        return await self._append(body)

    async def note(self, words: Mapping[str, Any]) -> Receipt:
        """Record what is no request: a change that this process obeys from now on. Raises AuditUnavailable."""
        return await self._append(canonical(words))

    async def _append(self, body: bytes) -> Receipt:
        if len(body) > entries.MAX_RECORD:
            raise AuditUnavailable(f"the record is larger than {entries.MAX_RECORD} bytes")
        if self._closing.is_set():
            raise AuditUnavailable("the audit log is closed")
        if len(self._waiting) >= MAX_WAITING:
            raise AuditUnavailable(f"{MAX_WAITING} records wait for the disk")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Receipt] = loop.create_future()
        self._waiting.append((body, future))
        if self._idle.is_set():
            self._idle.clear()
            loop.call_soon(self._hand_over, loop)  # who comes in the same turn of the loop is written along
        return await future

    async def close(self) -> None:
        """Write what waits, sign the last checkpoint, give the log back. Safe to call twice."""
        if self._closing.is_set():
            return
        self._closing.set()
        await self._idle.wait()
        if self._signing is not None:
            await self._signing
        await asyncio.get_running_loop().run_in_executor(self._threads, self._sign)
        self._threads.shutdown()
        os.close(self._file)
        os.close(self._lock)

    def _hand_over(self, loop: asyncio.AbstractEventLoop) -> None:
        batch, self._waiting = self._waiting, []
        self._threads.submit(self._write, batch, loop)

    def _write(self, batch: Batch, loop: asyncio.AbstractEventLoop) -> None:
        """In a thread: the loop is woken once, when all of the batch is on disk or none of it."""
        receipts: list[Receipt] = []
        cause = ""
        try:
            receipts = self._commit([body for body, _ in batch])
        except Exception as error:  # noqa: BLE001 - whatever went wrong, those who wait must hear of it
            cause = f"{type(error).__name__}: {error}"
        loop.call_soon_threadsafe(self._written, batch, receipts, cause, loop)

    def _written(self, batch: Batch, receipts: list[Receipt], cause: str, loop: asyncio.AbstractEventLoop) -> None:
        """`cause` says why nothing was written; empty when it was."""
        if cause:
            _log.error("audit batch of %d records not written: %s", len(batch), cause)
        for place, (_, future) in enumerate(batch):
            if future.done():  # who stopped waiting is recorded all the same
                continue
            if cause:
                future.set_exception(AuditUnavailable(cause))
            else:
                future.set_result(receipts[place])
        if self._waiting:
            self._hand_over(loop)
        else:
            self._idle.set()
        if not cause and (self._signing is None or self._signing.done()):
            self._signing = loop.create_task(self._sign_when_due())

    def _commit(self, bodies: list[bytes]) -> list[Receipt]:
        """In a thread: all of them on disk, or none and an OSError."""
        if self._torn:
            self._rewind()
        if self._offset >= self._segment_bytes:
            self._roll()
        tree = self._tree.copy()
        receipts, chunks = [], []
        for body in bodies:
            leaf = leaf_hash(body)
            receipts.append(Receipt(tree.size, leaf.hex()))
            chunks.append(entries.line_of(tree.size, leaf, body))
            tree.append(leaf)
        data = b"".join(chunks)
        self._torn = True
        try:
            _write_all(self._file, data)
            os.fsync(self._file)
        except OSError:
            with contextlib.suppress(OSError):  # tried again before the next batch
                self._rewind()
            raise
        self._offset += len(data)
        self._tree = tree
        self._torn = False
        return receipts

    def _rewind(self) -> None:
        """Back to the last good byte. Pages that a failed fsync left in doubt are dropped with it."""
        os.ftruncate(self._file, self._offset)
        os.fsync(self._file)
        self._torn = False

    def _roll(self) -> None:
        file = _open_segment(self._folder / entries.segment_name(self._tree.size))
        os.close(self._file)
        self._file, self._offset = file, os.fstat(file).st_size

    async def _sign_when_due(self) -> None:
        while self._signed < self._tree.size and not self._closing.is_set():
            due = self._signed_at + CHECKPOINT_EVERY - time.monotonic()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._closing.wait(), max(due, 0.0))
                return  # `close` signs the last one
            await asyncio.get_running_loop().run_in_executor(self._threads, self._sign)

    def _sign(self) -> None:
        """In a thread. A checkpoint that cannot be written leaves the old one: later records are only unsigned."""
        tree = self._tree
        try:
            checkpoint.write(self._folder, tree.size, tree.root, self._signer, self._known.log, self._known.logs)
            self._signed = tree.size
        except OSError as error:
            _log.error("audit checkpoint of %d records not written: %s", tree.size, error)
        self._signed_at = time.monotonic()


def _open_segment(path: Path) -> int:
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    sync_folder(path.parent)
    return file


def _write_all(file: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(file, view) :]
