"""What a demo's home got from its version of the program, so that a newer one can bring its own.

Policies are a set: they are brought along whole, and only while nobody has changed any of them. A platform's file is
brought along by itself, while nobody has changed it. What somebody wrote is never touched.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable
from pathlib import Path

RECORD = "shipped.json"
Digests = dict[str, str]


def bring_along(home: Path, policies: Path, platforms: Iterable[Path]) -> None:
    """Takes away what is as an older version wrote it and as this one does not, so that it is made anew."""
    record = home / RECORD
    known: dict[str, Digests] = json.loads(record.read_text("utf-8")) if record.exists() else {}
    mine = _policies(home / "policies")
    if mine and mine == known.get("policies") and mine != _policies(policies):
        shutil.rmtree(home / "policies")
    for source in platforms:
        target = home / "platforms" / source.name
        if target.exists() and _digest(target) == known.get("platforms", {}).get(source.name):
            target.unlink()


def remember(home: Path, policies: Path, platforms: Iterable[Path]) -> None:
    """Writes down what stands in the home as this version ships it."""
    mine, shipped = _policies(home / "policies"), _policies(policies)
    kept = {
        source.name: _digest(source)
        for source in platforms
        if _digest(home / "platforms" / source.name) == _digest(source)
    }
    known = {"policies": mine if mine == shipped else {}, "platforms": kept}
    (home / RECORD).write_text(json.dumps(known, indent=1) + "\n", "utf-8")


def _policies(folder: Path) -> Digests:
    return {path.relative_to(folder).as_posix(): _digest(path) for path in sorted(folder.rglob("*.yaml"))}


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
