"""A question to another gateway: one document for each set of fields, and beside it on whose behalf it is asked.

The delegation travels in the body of a request whose token is the asking gateway's own. `sub` is who asked first, `act`
the gateways since, nested as RFC 8693, 4.1 has it: the present one outermost. `within` are the seconds in which an
answer is of use, so that the other gateway cuts off its slow platforms and still answers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import orjson

from connectors.contract import Deadline, SubjectKey
from connectors.delegation import Delegation, acting
from connectors.terms import TypeTerm

ACCEPT = "application/graphql-response+json"
PAGE = 100  # records of one subject in one answer
ON_THE_WAY = 0.1  # of the time that is left: what the way there and back may take
_WORDS = "{ zh en }"


def document(term: TypeTerm, fields: frozenset[str]) -> str:
    """The operation that asks for these fields of one record type."""
    return _document(term.connection, fields)


@lru_cache(256)
def _document(connection: str, fields: frozenset[str]) -> str:
    return (
        "query Delegated($ids: [SubjectKey!]!, $first: Int!, $after: String) { subjects(ids: $ids) { uscc "
        f"records: {connection}(first: $first, after: $after) {{ "
        f"nodes {{ id provenance {{ platform }} {_selected(fields)} }} pageInfo {{ hasNextPage endCursor }} "
        f"sources {{ platform region status asOf absent reason {_WORDS} }} complete }} }} }}"
    )


def body(
    text: str, subjects: Sequence[SubjectKey], first: int, after: str | None, delegation: Delegation, until: Deadline
) -> bytes:
    variables: dict[str, Any] = {"ids": [{key.kind: key.value} for key in subjects], "first": first}
    if after is not None:
        variables["after"] = after
    extensions: dict[str, Any] = {"delegation": words_of(delegation) | {"within": _useful(until)}}
    if delegation.evidence:
        extensions["evidence"] = dict(delegation.evidence)
    if delegation.consents:
        extensions["consents"] = list(delegation.consents)
    return orjson.dumps({"query": text, "variables": variables, "extensions": extensions})


def headers_of(purpose: str | None) -> Mapping[str, str]:
    headers = {"Accept": ACCEPT, "Content-Type": "application/json"}
    return headers if purpose is None else {**headers, "Credit-Purpose": purpose}


def words_of(delegation: Delegation) -> dict[str, Any]:
    return {
        "sub": delegation.asker,
        "class": delegation.client_class,
        "scopes": sorted(delegation.scopes),
        "policies": list(delegation.policies),
        "act": acting(delegation.hops),
    }


def _useful(until: Deadline) -> float:
    """Seconds; `until` is finite, a source has a time limit."""
    return round(until.left() * (1 - ON_THE_WAY), 3)


def _selected(fields: Iterable[str]) -> str:
    """Names, and those of an object in its braces."""
    own, nested = [], dict[str, list[str]]()
    for name in sorted(fields):
        parent, _, leaf = name.rpartition(".")
        nested.setdefault(parent, []).append(leaf) if parent else own.append(name)
    return " ".join([*own, *(f"{parent} {{ {' '.join(leaves)} }}" for parent, leaves in nested.items())])
