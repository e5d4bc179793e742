"""What may not be written down: words of `catalogue/prohibited.yaml` held against a name and its titles.

Promises: a word counts in every case and spelling of a name (camelCase, SCREAMING_SNAKE_CASE, a title); what the
regulations forbid stands in the file, or nothing loads. Nothing here reads a value: it looks at names alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from policies.catalogue_entries import ClosedEntry
from policies.findings import Document, Findings

# 条例 第四十二条 and 征信业管理条例 第十四条: no officer may take these out
BY_REGULATION = ("religion", "genes", "fingerprints", "bloodType", "disease", "medicalHistory")


def closed(entries: Mapping[str, ClosedEntry], name: str, zh: str, en: str) -> str | None:
    """The category of `entries` that a name and its titles belong to and its law, or None: it may be written."""
    spoken = _spoken(name) + _spoken(en.lower())
    for entry in entries.values():
        if any(f" {word} " in spoken for word in entry.en) or any(word in zh for word in entry.zh):
            return f"{entry.zh[0]}, {entry.law.text}"
    return None


def whole(document: Document, entries: Mapping[str, ClosedEntry], findings: Findings) -> None:
    """Add a finding for each category of the regulations that the file leaves out, and for words that never match."""
    for category in BY_REGULATION:
        if category not in entries:
            findings.add(document, ["prohibited"], f"`{category}` must stand here: the regulations forbid it")
    for name, entry in entries.items():
        for index, word in enumerate(entry.en):
            if _spoken(word) != f" {word} ":
                loc: list[str | int] = ["prohibited", name, "en", index]
                findings.add(document, loc, f"`{word}` would match nothing; write lower-case words")


def _spoken(words: str) -> str:
    """camelCase, SCREAMING_SNAKE_CASE and English words as one lower-case sentence, with a blank at each end."""
    apart = words.lower() if words.isupper() else re.sub(r"([A-Z])", r" \1", words).lower()
    return f" {' '.join(re.findall('[a-z]+', apart))} "
