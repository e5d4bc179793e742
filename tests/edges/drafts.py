"""Policy sets made for a test: the shipped files as texts, changed by a word or two, loaded as they would be.

`texts()` are the shipped files; `documents` puts a manifest to texts; `facts` is a question.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import policies
from gateway.checking import policy_documents
from gateway.documents import Document
from policies.bundles import MANIFEST, PolicySet, assemble, manifest_text
from policies.catalogue import load_catalogue
from policies.model import Catalogue, Facts
from policies.rules import load_rules

SHIPPED = Path(policies.__file__).parent
SHANGHAI = ZoneInfo("Asia/Shanghai")
NOON = datetime(2026, 11, 24, 12, tzinfo=SHANGHAI)

QUESTION = Facts(
    client_class="public",
    client_id="somebody",
    region=None,
    scopes=frozenset(),
    purpose=None,
    consent=False,
    own=False,
    given=frozenset({"uscc"}),
    kind="Enterprise",
    type="AdministrativePenalty",
    province="37",
    at=NOON,
)


def facts(**changes: Any) -> Facts:
    """The public's question about an enterprise's penalties in Shandong, changed."""
    return replace(QUESTION, **changes)


@cache
def texts() -> Mapping[str, str]:
    """The shipped files by path, without the manifest."""
    return {path: (SHIPPED / path).read_text("utf-8") for path in policy_documents(SHIPPED) if path != MANIFEST}


@cache
def shipped() -> PolicySet:
    return assemble(policy_documents(SHIPPED))


@cache
def catalogue() -> Catalogue:
    return shipped().catalogue


@cache
def document(path: str, text: str) -> Document:
    """One file, read once for all tests that leave it as it is."""
    return Document(path, text.encode())


def documents(files: Mapping[str, str]) -> dict[str, Document]:
    """Documents with a manifest that fits them."""
    read = {path: document(path, text) for path, text in files.items()}
    return {**read, MANIFEST: Document(MANIFEST, manifest_text(read).encode())}


def catalogue_of(changes: Mapping[str, str]) -> Catalogue:
    """The shipped catalogue with some files replaced or added."""
    files = {path: text for path, text in texts().items() if path.startswith("catalogue/")} | dict(changes)
    return load_catalogue([document(path, text) for path, text in files.items()])


def rules_of(*files: str) -> PolicySet:
    """A set of these policy files alone, without cases, over the shipped catalogue."""
    read = [document(f"rules/{number}.yaml", text) for number, text in enumerate(files)]
    return PolicySet(catalogue(), load_rules(read, catalogue()))
