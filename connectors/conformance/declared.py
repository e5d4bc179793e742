"""Group 1: the declaration itself is right. It is only read, its lines are told, and nobody is asked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from connectors.conformance.bench import Bench
from connectors.conformance.outcome import Outcome, Verdict, undone
from connectors.fields import FieldWords
from connectors.kinds.templates import texts
from connectors.spelling import is_reference, no_literal_secrets
from connectors.terms import FieldTerm

FIX_FILE = "mend the file where it says so"
_URL_SECRET = re.compile(r"://[^/\s:@]+:[^/\s@]+@")


async def words(bench: Bench) -> Outcome:
    """Schema, unknown words, the catalogue's range: whatever the file alone and its sources show."""
    verdict = Verdict()
    for finding in bench.misread:
        verdict.fail(finding, FIX_FILE)
    return verdict.outcome(f"catalogue {bench.terms.version}")


async def secrets(bench: Bench) -> Outcome:
    """No password, token or key is written into the file."""
    verdict = Verdict()
    fix = "write a reference, `env:NAME` or `secret:path`, and change the secret: it has been in a file"
    references = set()
    for text in texts(bench.document.data):
        if is_reference(text):
            references.add(text)
        elif _URL_SECRET.search(text):
            verdict.fail("an address in the file holds a password", fix)
    try:
        no_literal_secrets(_less_paths(bench.document.data))
    except ValueError as found:
        verdict.fail(str(found), fix)
    return verdict.outcome(f"{len(references)} references")


async def fields(bench: Bench) -> Outcome:
    """Every mapped field exists in the catalogue and its words fit its kind."""
    if bench.misread:
        return undone("the file cannot be read as a declaration", FIX_FILE)
    verdict = Verdict()
    for finding in bench.disagreed:
        verdict.fail(finding, FIX_FILE)
    if bench.platform is None or bench.words is None:
        return verdict.outcome()
    mapped = sum(len(bench.platform.claim(name).fields) for name in bench.words.types)
    said = sum(len(bench.platform.claim(name).absent) for name in bench.words.types)
    unsaid = {name: gap for name in bench.words.types if (gap := _unsaid(bench, name))}
    count = sum(map(len, unsaid.values()))
    for name, gap in unsaid.items():
        verdict.warn(f"{name}: nothing is said of {', '.join(gap)}", "map them, or list them under `absent`")
    return verdict.outcome(f"{mapped} fields, {said} said absent, {count} not mentioned")


async def vocabularies(bench: Bench) -> Outcome:
    """Each code of the catalogue can come out of the mapping; those that cannot are named."""
    if bench.platform is None or bench.words is None:
        return undone("the declaration is not good", FIX_FILE)
    verdict, fields = Verdict(), 0
    for name, each in bench.words.types.items():
        for field, words in each.mapped.items():
            term = bench.terms.types[name].fields[field]
            if term.codes is None:
                continue
            fields += 1
            missing = sorted(term.codes - produced(words, term))
            if missing:
                verdict.warn(
                    f"{name}.{field} never gives {', '.join(missing)}",
                    "add the platform's code for it, or be sure that the platform has no such case",
                )
    return verdict.outcome(f"{fields} fields with codes")


def produced(words: FieldWords, term: FieldTerm) -> frozenset[str]:
    """The catalogue codes that a field's words can give."""
    if words.const is not None or words.when:
        given = [words.const, words.else_, *(branch.then for branch in words.when)]
        return frozenset(code for code in given if code is not None)
    if not isinstance(words.vocabulary, Mapping):
        return term.codes or frozenset()
    return frozenset(words.vocabulary.values()) | ({"OTHER"} if words.other == "keepAsOther" else set())


def _unsaid(bench: Bench, name: str) -> list[str]:
    platform, _ = bench.declared()
    claim = platform.claim(name)
    return sorted(bench.terms.types[name].fields.keys() - claim.fields - claim.absent - claim.not_applicable.keys())


def _less_paths(data: Any) -> Any:
    """Without what is a place and not a secret: a path such as `/oauth/token`, the words of record types."""
    if isinstance(data, dict):
        return {key: _less_paths(value) for key, value in data.items() if key not in {"fields", "objects", "filters"}}
    if isinstance(data, list):
        return [_less_paths(value) for value in data]
    return None if not isinstance(data, str) or data.startswith("/") or data == "" else data
