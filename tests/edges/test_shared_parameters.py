"""A parameter of a question holds one condition: declarations that would lose the other are refused, by both lines."""

from __future__ import annotations

import pytest

from connectors.registry import load
from connectors.spelling import DeclarationError
from tests.edges.invented import REST_SOURCE, TERMS, declaration
from tests.edges.test_kind_graphql import ROOT
from tests.edges.test_kind_graphql import SOURCE as GRAPHQL_SOURCE
from tests.edges.test_kind_rest import BATCH, FIELDS, PAGED

RANGE = 'decided: {ops: [range], params: [from, to], date: "%Y%m%d"}'
BY_LINES = f"filters:\n  {RANGE}\n  state: {{ops: [eq], params: [to]}}\n"

SHARED = [
    ("two filters of an API", REST_SOURCE, BATCH.replace("params: [zt]", "params: [to]"),
     ["`Permit.decided`: its parameter `to` is that of the filter `state` too",
      "`Permit.state`: its parameter `to` is that of the filter `decided` too"]),
    ("two filters of a GraphQL service", GRAPHQL_SOURCE, ROOT.replace("[where.states]", "[where.since]"),
     ["`Permit.state`: its parameter `where.since` is that of the filter `decided` too",
      "`Permit.decided`: its parameter `where.since` is that of the filter `state` too"]),
    ("both ends of a range", REST_SOURCE, BATCH.replace("[from, to]", "[day, day]"),
     ["`Permit.decided`: its parameter `day` is that of this filter's other end too"]),
    ("a filter and a page", REST_SOURCE, PAGED + "filters: {state: {ops: [eq], params: [pageNo]}}\n",
     ["`Permit.state`: its parameter `pageNo` is that of `page` too"]),
]  # fmt: skip


def refused(source: str, permit: str) -> list[str]:
    with pytest.raises(DeclarationError) as caught:
        load([declaration(source, permit)], TERMS)
    return list(caught.value.findings)


@pytest.mark.parametrize(("source", "permit", "told"), [case[1:] for case in SHARED], ids=[case[0] for case in SHARED])
def test_what_would_be_overwritten_is_refused(source: str, permit: str, told: list[str]) -> None:
    """Nothing else is found fault with; each of the two is named at its own place."""
    found = refused(source, permit)
    assert len(found) == len(told)
    for words in told:
        assert sum(words in line and "holds one value; leave one out" in line for line in found) == 1


def test_both_lines_are_named() -> None:
    """Each of the two filters is told with the line on which it stands."""
    permit = BATCH.partition("batch: 2\n")[0] + BY_LINES + FIELDS
    whole = declaration(REST_SOURCE, permit)
    lines = [line.partition(": ")[0] for line in refused(REST_SOURCE, permit)]
    assert lines == [whole.where(("types", "Permit", "filters", name)) for name in ("decided", "state")]
    assert len(set(lines)) == 2
