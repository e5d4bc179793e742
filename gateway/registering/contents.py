"""A declaration as it is approved: its file and those that lie beside it, byte for byte, under one digest.

What is read beside a declaration (a WSDL, a list of codes) is noted while it is read; nothing else belongs to it. A
declaration that comes back from the store is held against its digest before a word of it is believed.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from gateway.documents import Document
from gateway.governing.bundles import digest_of, short
from gateway.governing.statements import Refused

Files = Mapping[str, bytes]  # by name; the declaration is `<platform>.yaml`


class Noted(Document):
    """A declaration in a folder; `files` grows by what is read beside it. Raises DocumentError."""

    def __init__(self, path: Path) -> None:
        raw = path.read_bytes()
        super().__init__(path.name, raw, path.parent)
        self.files: dict[str, bytes] = {path.name: raw}

    def beside(self, name: str) -> bytes:
        self.files[name] = found = super().beside(name)
        return found


class Kept(Document):
    """A declaration out of a store, which knows only the files that were kept with it."""

    def __init__(self, platform: str, files: Files) -> None:
        super().__init__(name_of(platform), files[name_of(platform)])
        self._files = files

    def beside(self, name: str) -> bytes:
        if name not in self._files:
            raise ValueError(f"`{name}` was not registered with this declaration")
        return self._files[name]


def name_of(platform: str) -> str:
    return f"{platform}.yaml"


def proved(platform: str, digest: str, files: Files) -> Kept:
    """The declaration of this digest. Raises Refused, DocumentError."""
    if not files:
        raise Refused(
            "content", f"the declaration {short(digest)} of {platform} is gone from the store; register it anew"
        )
    if digest_of(files) != digest or name_of(platform) not in files:
        raise Refused("content", f"the declaration {short(digest)} of {platform} was changed in the store; restore it")
    return Kept(platform, files)


def differs(folder: Path, files: Files) -> bool:
    """Whether a platform's files in a folder are others than those kept; files that are not there are no others."""
    for name, raw in files.items():
        try:
            if (folder / name).read_bytes() != raw:
                return True
        except FileNotFoundError:
            continue
        except OSError:
            return True
    return False
