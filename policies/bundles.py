"""Whole or nothing: a policy set is loaded by a manifest that names every file with its digest.

A file cut short at a line's end is valid YAML without its limits; such a file, a missing one and one too many
are all refused, and so is a set with any finding. Nothing here reads a disk: documents are handed in by their
path relative to the policies folder.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Annotated, Literal

from pydantic import Field

from policies.cases import load_cases
from policies.catalogue import load_catalogue
from policies.catalogue_entries import Strict
from policies.findings import Document, Findings, Refused
from policies.policyset import PolicySet
from policies.rules import load_rules

__all__ = ["FOLDERS", "MANIFEST", "PolicySet", "assemble", "manifest_text"]

MANIFEST = "manifest.yaml"
FOLDERS = ("catalogue", "catalogue/types", "rules", "cases")  # where a set's files lie
SEAL = "run `credit-gateway policy seal` when the change is meant"


class ManifestFile(Strict):
    """`version` is the format of this file; `files` are paths relative to the policies folder."""

    version: Literal["1"]
    files: dict[str, Annotated[str, Field(pattern="^sha256:[0-9a-f]{64}$")]]


def assemble(documents: Mapping[str, Document]) -> PolicySet:
    """The set that the documents make, `manifest.yaml` among them. Raises Refused with every finding."""
    manifest = documents.get(MANIFEST)
    if manifest is None:
        raise Refused([f"{MANIFEST}:1: missing, so nothing says which files belong to the set; {SEAL}"])
    findings = Findings()
    files: Mapping[str, str] = {}
    with findings.collecting():
        files = manifest.read(ManifestFile).files
    findings.settle()
    present = {path: document for path, document in documents.items() if path != MANIFEST}
    for path in sorted(files.keys() | present.keys()):
        if path not in present:
            findings.add(manifest, ["files", path], f"`{path}` is sealed but missing; bring it back, or {SEAL}")
        elif path not in files:
            findings.found.append(f"{path}:1: not in {MANIFEST}; take it away, or {SEAL}")
        elif files[path] != present[path].digest:
            findings.found.append(f"{path}:1: not the file that was sealed (cut or changed); {SEAL}")
        if path.rpartition("/")[0] not in FOLDERS or not path.endswith(".yaml"):
            findings.found.append(
                f"{path}:1: lies where nothing is read; known: {', '.join(FOLDERS)}; files end in .yaml"
            )
    findings.settle()
    catalogue = load_catalogue(_under(present, "catalogue"))
    policies = PolicySet(catalogue, load_rules(_under(present, "rules"), catalogue))
    cases, nevers = load_cases(_under(present, "cases"), policies)
    return PolicySet(catalogue, policies.policies, cases, _digest(files), nevers)


def manifest_text(documents: Mapping[str, Document]) -> str:
    """The manifest of these documents, in path order; a manifest among them is left out."""
    lines = [f"  {path}: {document.digest}" for path, document in sorted(documents.items()) if path != MANIFEST]
    head = "# Written by `credit-gateway policy seal`; a set loads only when every file is as it says.\n"
    return "\n".join([head + 'version: "1"', "files:", *lines]) + "\n"


def _under(documents: Mapping[str, Document], folder: str) -> list[Document]:
    return [document for path, document in sorted(documents.items()) if path.startswith(f"{folder}/")]


def _digest(files: Mapping[str, str]) -> str:
    lines: Iterable[str] = (f"{path} {digest}\n" for path, digest in sorted(files.items()))
    return "sha256:" + hashlib.sha256("".join(lines).encode()).hexdigest()
