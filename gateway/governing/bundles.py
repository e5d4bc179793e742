"""HOME/bundles: policy sets under their digests, file by file as they were, added and never edited.

    HOME/bundles/<64 hex digits>/manifest.yaml, catalogue/, rules/, cases/

The digest is that of `policies.bundles`. Every reading reckons it anew from the files' bytes, before any of them is
parsed: a bundle of which one byte is missing or other is refused whole. What was parsed once is remembered by digest.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import TypeVar

from cachetools import LRUCache

from gateway import checking
from gateway.documents import Document, DocumentError
from gateway.governing import keeping
from gateway.governing.statements import Refused
from policies.bundles import MANIFEST, PolicySet, assemble
from policies.trials import CaseReport, run_cases

K = TypeVar("K")
T = TypeVar("T")

FOLDER = "bundles"
SEALED = re.compile(rb"(?m)^  ([^\s:]+): (sha256:[0-9a-f]{64})$")  # a line of a manifest
DIGEST = re.compile(r"sha256:[0-9a-f]{64}\Z")
KEPT = 8  # parsed sets: the one in force, the next, and those that a rollback would bring back

# What a digest names is the same wherever it lies, so that parsed sets are the process's, whichever home they are of.
_SETS: LRUCache[str, PolicySet] = LRUCache(KEPT)
_REPORTS: LRUCache[str, CaseReport] = LRUCache(KEPT)
_TURN = Lock()  # officers' verbs and a gateway's thread may share a process

Files = Mapping[str, bytes]  # by path relative to the policies folder, the manifest among them


def digest_of(files: Files) -> str:
    """The digest that names a set of files, reckoned from their bytes."""
    lines = (f"{path} {said}\n" for path, said in _digests(files))
    return "sha256:" + sha256("".join(lines).encode()).hexdigest()


def read_files(folder: Path) -> dict[str, bytes]:
    """Every YAML file of a policies folder, unread. Raises OSError."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*.yaml"))}


def documents_of(files: Files) -> dict[str, Document]:
    """Raises DocumentError with the findings of all files."""
    found: dict[str, Document] = {}
    findings: list[str] = []
    for path, raw in files.items():
        try:
            found[path] = Document(path, raw)
        except DocumentError as error:
            findings += error.findings
    if findings:
        raise DocumentError(findings)
    return found


def short(digest: str) -> str:
    """A digest as it is said to people: its first twelve digits."""
    return digest.removeprefix("sha256:")[:12]


class Bundles:
    """The bundles of one home."""

    def __init__(self, home: Path) -> None:
        self._folder = home / FOLDER

    def freeze(self, folder: Path) -> PolicySet:
        """Keep a sealed policies folder. Raises Refused or DocumentError when it is not whole, OSError."""
        files = read_files(folder)
        known = digest_of(files)
        policies = remembered(_SETS, known, lambda: assemble(documents_of(files)))
        if policies.digest != known:
            raise Refused("bundle", f"{folder}: changed while it was read; try again")
        require_whole(files, known)
        if not self._place(known).exists():
            keeping.tree(self._place(known), files)
        self.files(known)
        return policies

    def files(self, digest: str) -> dict[str, bytes]:
        """The bytes of a bundle, proved. Raises Refused."""
        try:
            files = read_files(self._place(digest))
        except OSError as error:
            raise Refused("bundle", f"bundle {short(digest)} cannot be read ({error.strerror})") from None
        require_whole(files, digest)
        return files

    def policies(self, digest: str) -> PolicySet:
        """The set of a bundle, its files proved at each call. Raises Refused, DocumentError, policies' Refused."""
        files = self.files(digest)
        return remembered(_SETS, digest, lambda: assemble(documents_of(files)))

    def tried(self, digest: str) -> CaseReport:
        """What came of the bundle's own cases: a bundle does not change, nor does what they say of it."""
        return remembered(_REPORTS, digest, lambda: run_cases(self.policies(digest)))

    def find(self, digits: str) -> str:
        """The whole digest of a bundle that is said by its first digits. Raises Refused."""
        wanted = digits.removeprefix("sha256:")
        names = [path.name for path in self._folder.glob("*") if path.is_dir() and not path.name.startswith(".")]
        found = [name for name in names if len(wanted) >= 6 and name.startswith(wanted)]
        if len(found) != 1:
            known = f"; known: {', '.join(sorted(name[:12] for name in names)[:12])}" if names else ""
            many = "several bundles begin" if found else "no bundle begins"
            raise Refused("bundle", f"{many} with `{wanted}` (six digits or more are expected){known}")
        return f"sha256:{found[0]}"

    def _place(self, digest: str) -> Path:
        if not DIGEST.match(digest):
            raise Refused("bundle", "a bundle's name is `sha256:` and 64 hex digits")
        return self._folder / digest.removeprefix("sha256:")


def lying(folder: Path) -> PolicySet:
    """The set of a folder; the same bytes are parsed once. Raises HomeError or DocumentError."""
    try:
        files = read_files(folder)
        known = digest_of(files)
        require_whole(files, known)
    except (OSError, Refused):
        return checking.read_policies(folder)  # which says what is wrong, and where
    return remembered(_SETS, known, lambda: assemble(documents_of(files)))


def require_whole(files: Files, digest: str) -> None:
    """Whether these bytes are the set of this digest, and its manifest says so to the last line. Raises Refused."""
    manifest = files.get(MANIFEST)
    if manifest is None:
        raise Refused("bundle", f"bundle {short(digest)} has no {MANIFEST}; restore it from its export")
    said = {(match[1].decode(), match[2].decode()) for match in SEALED.finditer(manifest)}
    if digest_of(files) != digest or said != set(_digests(files)) or not manifest.endswith(b"\n"):
        raise Refused("bundle", f"bundle {short(digest)} is not as it was frozen (cut or changed); restore it")


def remembered(known: LRUCache[K, T], digest: K, make: Callable[[], T]) -> T:
    """What was made once for a digest, or for a pair of them: it can never come out otherwise."""
    with _TURN:
        found = known.get(digest)
    if found is None:
        found = make()
        with _TURN:
            known[digest] = found
    return found


def _digests(files: Files) -> Iterator[tuple[str, str]]:
    for path, raw in sorted(files.items()):
        if path != MANIFEST:
            yield path, f"sha256:{sha256(raw).hexdigest()}"
