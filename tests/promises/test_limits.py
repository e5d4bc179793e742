"""What a question may cost: bounded before it is validated, by counts and not by clocks, however it is written."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from graphql import Node, parse, visit
from graphql.language import Visitor
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.checking import read_policies
from gateway.errors import GatewayError
from gateway.model import Request
from gateway.reading import MAX_EFFORT, Reader, check_limits
from gateway.schema import Face
from tests.conftest import House

POLICIES = Path(__file__).parents[2] / "policies"


def work(document: str) -> tuple[int, int, str | None]:
    """Function calls of the limits pass, nodes of the document, and the code that refused it."""
    parsed = parse(document)

    class Counting(Visitor):
        nodes = 0

        def enter(self, node: Node, *_: Any) -> None:
            self.nodes += 1

    counting = Counting()
    visit(parsed, counting)
    calls, refused = 0, None

    def heard(frame: FrameType, event: str, _: Any) -> None:
        nonlocal calls
        calls += event == "call"

    before = sys.getprofile()
    sys.setprofile(heard)
    try:
        check_limits(parsed)
    except GatewayError as error:
        refused = error.code
    finally:
        sys.setprofile(before)
    return calls, counting.nodes, refused


def doublings(levels: int, times: int) -> Iterator[str]:
    """A bomb: every fragment spreads the next one `times` times."""
    yield "{ ...F0 }"
    for level in range(levels):
        yield f"fragment F{level} on Query {{ {f'...F{level + 1} ' * times} }}"
    yield f"fragment F{levels} on Query {{ __typename }}"


@pytest.mark.parametrize(("levels", "times"), [(10, 2), (58, 2), (20, 40), (58, 100)])
def test_a_bomb_costs_what_it_weighs(levels: int, times: int) -> None:
    """A fragment bomb of any size is refused with work in proportion to its text, not to what it would become."""
    calls, nodes, refused = work(" ".join(doublings(levels, times)))
    assert refused == "LIMIT_EXCEEDED"
    assert calls <= 20 * nodes


FRAGMENTS = st.lists(
    st.lists(st.tuples(st.sampled_from(["spread", "field", "nest"]), st.integers(0, 30)), min_size=1, max_size=9),
    min_size=1,
    max_size=31,
)


@given(FRAGMENTS)
@settings(max_examples=150)
def test_any_tangle_of_fragments_is_measured_in_bounded_work(fragments: list[list[tuple[str, int]]]) -> None:
    """Whatever fragments spread into each other, in circles too, measuring ends within a bound known beforehand."""
    words = {"spread": "...F{0}", "field": "f{0}", "nest": "g {{ ... {{ ...F{0} f{0} }} }}"}
    bodies = [" ".join(words[what].format(number) for what, number in body) for body in fragments]
    document = "{ ...F0 } " + " ".join(f"fragment F{n} on Query {{ {body} }}" for n, body in enumerate(bodies))
    calls, nodes, refused = work(document)
    assert refused in (None, "LIMIT_EXCEEDED")
    assert calls <= 20 * nodes + 4 * MAX_EFFORT


@pytest.mark.parametrize("written", ["[%s]", "[[%s]]", "{of: [%s]}", "[{of: [%s]}]"])
def test_long_lists_belong_into_variables(written: str) -> None:
    """Items of lists that a document spells out are counted wherever they stand, all of one document together."""
    few, many = (written % ("1, " * number) for number in (240, 510))
    assert work(f"{{ a(ids: {many}) }}")[2] == "LIMIT_EXCEEDED"
    assert work(f"{{ a(ids: {few}) b(ids: {few}) }}")[2] is None
    assert work(f"{{ a(ids: {few}) b(ids: {few}) c(ids: {few}) }}")[2] == "LIMIT_EXCEEDED"


def test_circles_are_refused_even_where_nobody_goes() -> None:
    """A fragment that spreads itself, at once or by others, is refused, also when no operation uses it."""
    for circle in ("fragment A on Query { ...A }", "fragment A on Query { ...B } fragment B on Query { a { ...A } }"):
        assert work("{ __typename } " + circle)[2] == "LIMIT_EXCEEDED"


REPEATED = ["id " * 120, "... { id } " * 120, "...I " * 95 + "id " * 20, "kind id " * 90]


@pytest.mark.parametrize("selection", REPEATED)
def test_fields_repeated_at_one_place(house: House, selection: str) -> None:
    """The same field over and over at one place, which validation would compare pair by pair, is refused before."""
    used = "fragment I on CreditSubject { id }" if "...I" in selection else ""
    query = f"query($id: SubjectKey!) {{ subject(id: $id) {{ {selection} }} }} {used}"
    [error] = house.ask(query, "clean")["errors"]
    assert error["extensions"]["code"] == "LIMIT_EXCEEDED"
    assert "repeated" in error["message"]


def test_the_same_field_at_many_places(house: House) -> None:
    """Twenty questions in one, each with the same fields, are within the limits."""
    roots = " ".join(f"a{n}: subject(id: $id) {{ id kind uscc name }}" for n in range(20))
    answer = house.ask(f"query($id: SubjectKey!) {{ {roots} }}", "clean")
    assert len({str(subject) for subject in answer["data"].values()}) == 1
    assert len(answer["data"]) == 20


@pytest.mark.parametrize(
    "document",
    [
        "{ ...A } fragment A on Query { " + " ".join(f"a{n}: __typename" for n in range(21)) + " }",
        "{ ... { ... on Query { " + "__typename " * 21 + "} } }",
        "{ ...A ...B } fragment A on Query { " + "__typename " * 11 + "} fragment B on Query { ...A }",
    ],
)
def test_roots_are_counted_where_they_end_up(house: House, document: str) -> None:
    """Root fields inside fragments count like any others."""
    [error] = house.post({"query": document}).json()["errors"]
    assert error["extensions"]["code"] == "LIMIT_EXCEEDED"
    assert "at most 20 root fields" in error["message"]


def test_subjects_are_counted_over_the_whole_question(house: House) -> None:
    """Two hundred subjects are the bound of a question, not of each of its fields."""
    keys = [house.key("clean")] * 100
    query = "query($ids: [SubjectKey!]!) { a: subjects(ids: $ids) { id } b: subjects(ids: $ids) { id } }"
    assert "errors" not in house.ask(query, ids=keys)
    one_more = query.replace("b:", 'c: subject(id: {uscc: "x"}) { id } b:')
    [error] = house.ask(one_more, ids=keys)["errors"]
    assert error["extensions"]["code"] == "LIMIT_EXCEEDED"
    assert error["path"] == ["b"]


def test_connections_are_counted_over_all_subjects(house: House) -> None:
    """Two hundred subjects with eleven connections each would be 2,200 asks of every platform: refused, none made."""
    connections = " ".join(f"a{n}: registrations(first: {n}) {{ complete }}" for n in range(1, 12))
    query = f"query($ids: [SubjectKey!]!) {{ subjects(ids: $ids) {{ {connections} }} }}"
    [error] = house.ask(query, ids=[house.key("clean")] * 200)["errors"]
    assert error["extensions"]["code"] == "LIMIT_EXCEEDED"
    assert "2000 record connections" in error["message"]


def test_introspection_does_not_multiply(house: House) -> None:
    """Introspection that would list the schema's fields of fields of fields is refused."""
    deep = "{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }"
    [error] = house.post({"query": deep}).json()["errors"]
    assert error["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"


def test_a_document_too_long_to_be_remembered_is_answered() -> None:
    """Whatever bound an operator sets for bodies, a document is read; what exceeds the memory is read each time."""
    reader = Reader(Face(read_policies(POLICIES).catalogue), capacity=20)
    for query in ("{ __typename }", "{ __typename } " + "#" * 50, "{ __typename }"):
        request = Request(query, {}, None, {}, False, "en")
        assert reader.read(request).digest == reader.read(request).digest
