"""Changing HOME/clients.yaml by command: checked before it is written, written whole, and written down with who did it.

Comments, order and spelling of what is not changed stay. Each change is one line of HOME/clients.log before it counts:
when, which officer, what, and the digests of the file before and after. A file that was changed by hand in between
shows as a line whose `before` is not the `after` of the line above it. One change at a time.
"""

from __future__ import annotations

import fcntl
import io
import os
import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from gateway.authenticating.clients import Clients, load_clients
from gateway.authenticating.following import FILE
from gateway.documents import Document, load, suggestion
from gateway.keyfiles import sync_folder
from policies.model import Catalogue

LOG = "clients.log"
OFFICER = re.compile(r"[^\s\x00-\x1f\x7f](?:[^\x00-\x1f\x7f]{0,62}[^\s\x00-\x1f\x7f])?")
SECTIONS = {"member": "members", "client": "clients", "issuer": "issuers"}  # of the file, by the verb that changes them


class LedgerError(ValueError):
    """A change that cannot be made; the message says why and what to do."""


class Ledger:
    """The registry file of one home."""

    def __init__(self, home: Path, catalogue: Catalogue) -> None:
        self._home, self._catalogue = home, catalogue

    @property
    def clients(self) -> Clients:
        """The registry as it stands. Raises DocumentError."""
        return load_clients(load(self._home / FILE, self._home), self._catalogue)

    def entries(self, kind: str) -> dict[str, Any]:
        """The entries of one section as they are written, by id; an issuer's id is its name."""
        data = load(self._home / FILE, self._home).data.get(SECTIONS[kind]) or {}
        return {each["issuer"]: each for each in data} if isinstance(data, list) else dict(data)

    def add(self, officer: str, kind: str, name: str, entry: dict[str, Any]) -> None:
        """Raises LedgerError when there is one, DocumentError when the file would not be right with it."""

        def change(section: Any) -> None:
            if isinstance(section, CommentedSeq):
                section.fa.set_block_style()
                section.append({"issuer": name, **entry})
            else:
                section.fa.set_block_style()
                section[name] = entry

        self._change(officer, f"{kind} add", kind, name, change, there=False)

    def set_state(self, officer: str, kind: str, name: str, state: str) -> None:
        def change(section: Any) -> None:
            section[_place(section, name)]["state"] = state

        self._change(officer, f"{kind} set-state {state}", kind, name, change)

    def remove(self, officer: str, kind: str, name: str) -> None:
        def change(section: Any) -> None:
            del section[_place(section, name)]

        self._change(officer, f"{kind} remove", kind, name, change)

    def _change(
        self, officer: str, did: str, kind: str, name: str, change: Callable[[Any], None], there: bool = True
    ) -> None:
        if not OFFICER.fullmatch(officer):
            raise LedgerError("who does this? `--officer` is 1 to 64 printable characters")
        with self._alone():
            known = self.entries(kind)
            if there and name not in known:
                raise LedgerError(f"{FILE}: there is no {kind} `{name}`{suggestion(name, known)}")
            if not there and name in known:
                raise LedgerError(f"{FILE}: `{name}` is registered already; remove it first")
            before = (self._home / FILE).read_bytes()
            after = _edited(before, SECTIONS[kind], change)
            document = Document(FILE, after, self._home)
            load_clients(document, self._catalogue)
            line = {
                "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
                "officer": officer,
                "did": did,
                "id": name,
                "before": Document(FILE, before).digest,
                "after": document.digest,
            }
            self._write_down(orjson.dumps(line) + b"\n")
            self._replace(after)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with (self._home / f".{FILE}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _write_down(self, line: bytes) -> None:
        descriptor = os.open(self._home / LOG, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(descriptor, line)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _replace(self, text: bytes) -> None:
        place = self._home / FILE
        draft = place.with_name(f".{FILE}.{secrets.token_hex(8)}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, place.stat().st_mode & 0o777)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(place)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise
        sync_folder(self._home)


def _edited(raw: bytes, section: str, change: Callable[[Any], None]) -> bytes:
    """The text with one section changed, all else as it was written."""
    yaml = YAML(typ="rt")
    yaml.preserve_quotes = True
    yaml.width = 4096  # no line is folded that its author did not fold
    yaml.indent(mapping=2, sequence=4, offset=2)
    tree = yaml.load(raw.decode())
    if tree.get(section) is None:
        tree[section] = CommentedSeq() if section == "issuers" else CommentedMap()
    change(tree[section])
    written = io.StringIO()
    yaml.dump(tree, written)
    return written.getvalue().encode()


def _place(section: Any, name: str) -> Any:
    """Where an entry stands: its key, or its number in the list of issuers."""
    if isinstance(section, CommentedMap):
        return name
    return next(number for number, each in enumerate(section) if each["issuer"] == name)
