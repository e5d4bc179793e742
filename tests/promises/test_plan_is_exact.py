"""What is planned is what the answer reads: no field more, none less, however the question is written.

The recount is graphql-core's own executor: it reads an answer whose records listen to which of their fields
are read. It shares nothing with the planner but the schema.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st

from gateway.checking import read_policies
from gateway.cursors import Cursors
from gateway.errors import GatewayError
from gateway.model import Caller, Operation, Plan, Request
from gateway.planning import Planner
from gateway.reading import Reader
from gateway.schema import Face
from policies import identifiers
from policies.model import Catalogue

pytestmark = pytest.mark.reckoning

POLICIES = Path(__file__).parents[2] / "policies"
ENTERPRISE = "91370203MA3DEM001"
PERSON = "37020319900101001"
KEYS = {
    "Enterprise": {"uscc": ENTERPRISE + identifiers.uscc_check(ENTERPRISE)},
    "NaturalPerson": {"citizenId": PERSON + identifiers.citizen_id_check(PERSON)},
}
PUBLIC = Caller("public", "public", None, frozenset(), None, {}, None)
FLAGS = {"yes": True, "no": False}

Read = dict[tuple[str | int, ...], frozenset[str]]  # response path of a connection -> catalogue fields


@pytest.fixture(scope="module")
def rooms() -> tuple[Catalogue, Face, Reader, Planner]:
    catalogue = read_policies(POLICIES).catalogue
    face = Face(catalogue)
    planner = Planner(face, catalogue, Cursors(b"k" * 32), max_subjects=200, max_first=200)
    return catalogue, face, Reader(face), planner


class Listening(dict[str, Any]):
    """A mapping that notes which of its entries are read."""

    def __init__(self, *args: Any, **entries: Any) -> None:
        super().__init__(*args, **entries)
        self.read: set[str] = set()

    def get(self, name: str, default: Any = None) -> Any:
        self.read.add(name)
        return super().get(name, default)


class Made(dict[str, Any]):
    """Connections by response key, each made when it is first read."""

    def __init__(self, make: Callable[[str], dict[str, Any]]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, key: str) -> dict[str, Any]:
        made = self[key] = self._make(key)
        return made


def recount(catalogue: Catalogue, face: Face, operation: Operation, name: str, kinds: dict[str, list[str]]) -> Read:
    """The catalogue fields that graphql-core reads out of each connection, and those of the subject itself."""
    by_connection = {record.connection: record for record in catalogue.types.values()}
    page = {"hasNextPage": False, "hasPreviousPage": False, "startCursor": None, "endCursor": None}

    def connection(key: str) -> dict[str, Any]:
        record = by_connection[key.partition("_")[0]]
        origin = Listening(platform="p", region="370000", authority=True)
        node = Listening(__typename=record.name, id="r", type=record.name, marks=[], provenance=[origin])
        nested = {name: Listening() for name in record.objects}
        node |= {name: [nested[name]] if record.objects[name].many else nested[name] for name in nested}
        edges = [{"cursor": "c", "node": node}]
        made = {"nodes": [node], "edges": edges, "pageInfo": page, "totalCount": 1, "sources": [], "complete": True}
        return {**made, "listening": (record, node, origin, nested)}

    def subject(kind: str) -> dict[str, Any]:
        fields = Listening(id="s", kind=kind, uscc=None)
        return {"__typename": kind, "fields": fields, "connections": Made(connection)}

    tree: dict[str, Any] = {}
    for key, found in kinds.items():
        subjects = [subject(kind) for kind in found]
        tree[key] = subjects if key.startswith("subjects") else subjects[0]
    _, errors = face.run(operation, tree)
    assert errors == ()
    counted: Read = {}
    for key, found in kinds.items():
        for index, kind in enumerate(found):
            root: tuple[str | int, ...] = (key, index) if key.startswith("subjects") else (key,)
            one = tree[key][index] if key.startswith("subjects") else tree[key]
            derived = catalogue.kinds[kind].derived
            counted[root] = frozenset(derived[field] for field in one["fields"].read & derived.keys())
            for response, made in one["connections"].items():
                record, node, origin, nested = made["listening"]
                read = node.read & record.fields.keys()
                read |= {f"{name}.{leaf}" for name, item in nested.items() for leaf in item.read} & record.fields.keys()
                if "sourceUnit" in origin.read and "sourceUnit" in record.fields:
                    read |= {"sourceUnit"}
                if "sourceUpdatedAt" in origin.read and record.roles.updated:
                    read |= {record.roles.updated}
                counted[(*root, response)] = frozenset(read)
    return counted


def planned(plan: Plan, counted: Read) -> Read:
    """The same of a plan. A subject's own field is a branch of one field, its path the response key."""
    found: dict[tuple[str | int, ...], frozenset[str]] = {
        (root.key, index) if root.field == "subjects" else (root.key,): frozenset()
        for root in plan.roots
        for index in range(len(root.subjects or ()))
    }
    for branch in plan.branches:
        if branch.derived:
            [field] = branch.fields
            found[branch.root] |= {f"{branch.type}.{field}"}
        else:
            assert branch.path not in found
            found[branch.path] = branch.fields
    return found


class Writer:
    """Writes random, valid selections; what it calls by another name it names so that names never collide."""

    def __init__(self, draw: Callable[[st.SearchStrategy[Any]], Any], catalogue: Catalogue) -> None:
        self._draw = draw
        self._catalogue = catalogue
        self.fragments: list[str] = []

    def several(self, *makers: Callable[[], str]) -> str:
        chosen = self._draw(st.lists(st.sampled_from(makers), min_size=1, max_size=4))
        return " ".join(make() for make in chosen)

    def when(self) -> str:
        words = ["", "", "", "@skip(if: $yes)", "@skip(if: $no)", "@include(if: $yes)", "@include(if: $no)"]
        return str(self._draw(st.sampled_from([*words, "@include(if: $yes) @skip(if: $no)", "@skip(if: true)"])))

    def within(self, types: list[str], make: Callable[[str], str]) -> str:
        """A fragment, inline or named, on one of the types."""
        on = self._draw(st.sampled_from(types))
        body = f"{{ {make(on)} __typename }}"
        form = self._draw(st.sampled_from(["inline", "bare", "named"]))
        if form == "named":
            name = f"F{len(self.fragments)}"
            self.fragments.append(f"fragment {name} on {on} {body}")
            return f"...{name} {self.when()} "
        return f"... {f'on {on}' if form == 'inline' or on != types[0] else ''} {self.when()} {body}"

    def field(self, names: list[str]) -> str:
        name = self._draw(st.sampled_from(names))
        name, _, below = name.partition(" ")
        alias = self._draw(st.sampled_from(["", f"{name}_x: "]))
        return f"{alias}{name} {self.when()} {below}"

    def subject(self, on: str = "CreditSubject", depth: int = 2) -> str:
        makers = [
            lambda: self.field(["id", "kind", "uscc", "name", "__typename"]), self.connection, self.connection,
        ]  # fmt: skip
        if depth:
            # inside a concrete kind only that kind, or the interface, can follow
            types = ["CreditSubject", *(KEYS if on == "CreditSubject" else [on])]
            makers.append(
                lambda: self.within(sorted(types, key=lambda t: t != on), lambda t: self.subject(t, depth - 1))
            )
        return self.several(*makers)

    def connection(self) -> str:
        record = self._draw(st.sampled_from(sorted(self._catalogue.types.values(), key=lambda r: r.name)))

        def node() -> str:
            return f"{{ {self.record(record.name)} }}"

        body = self.several(
            lambda: f"nodes {self.when()} {node()}",
            lambda: f"n: nodes {node()}",
            lambda: f"edges {self.when()} {{ cursor e: node {node()} node {self.when()} {node()} }}",
            lambda: "complete totalCount pageInfo { hasNextPage } sources { platform }",
        )
        form = self._draw(st.sampled_from(["{0}", "{0}_2: {0}(first: 2)", "{0}_3: {0}(first: 3)"]))
        return f"{form.format(record.connection)} {self.when()} {{ {body} }}"

    def record(self, type_name: str, on: str | None = None, depth: int = 2) -> str:
        fields = sorted(
            f"{name.replace('.', ' { ')} }}" if "." in name else name
            for name in self._catalogue.types[type_name].fields
        )
        interface = on == "CreditRecord"
        makers = [
            lambda: self.field(["id", "status", "marks", "__typename"] if interface else [*fields, "id", "marks"]),
            lambda: f"provenance {self.when()} {{ platform {self.field(['sourceUnit', 'sourceUpdatedAt', 'asOf'])} }}",
        ]
        if depth:
            types = sorted(["CreditRecord", type_name], key=lambda t: t != (on or type_name))
            makers.append(lambda: self.within(types, lambda t: self.record(type_name, t, depth - 1)))
        return self.several(*makers)


@given(st.data())
@settings(
    max_examples=80,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
def test_the_plan_holds_what_the_answer_reads(
    rooms: tuple[Catalogue, Face, Reader, Planner], data: st.DataObject
) -> None:
    """Aliases, fragments, type conditions, `@skip`, `@include`, a chosen operation: the plan is exact through all."""
    catalogue, face, reader, planner = rooms
    writer = Writer(data.draw, catalogue)
    kinds = {"subject": ["Enterprise"], "subject_p": ["NaturalPerson"], "subjects": list(KEYS)}
    chosen = data.draw(st.lists(st.sampled_from(sorted(kinds)), min_size=1, unique=True))
    roots = {
        "subject": lambda: f"subject(id: $one) {{ {writer.subject()} }}",
        "subject_p": lambda: f"subject_p: subject(id: $two) {{ {writer.subject()} }}",
        "subjects": lambda: f"subjects(ids: [$one, $two]) {{ {writer.subject()} }}",
    }
    body = " ".join(roots[key]() for key in chosen)
    unused = "x: __typename @skip(if: $yes) @include(if: $no) y: subject(id: $one) @skip(if: true) { id name } "
    unused += "z: subject(id: $two) @skip(if: true) { name }"
    head = "($one: SubjectKey!, $two: SubjectKey!, $yes: Boolean!, $no: Boolean!)"
    document = (
        f"query Asked{head} {{ {body} {unused} }} "
        f'query Other {{ subject(id: {{uscc: "0"}}) {{ name registrations {{ nodes {{ address }} }} }} }} '
        + " ".join(writer.fragments)
    )
    document = re.sub(r"\s+", " ", document)
    variables = {"one": KEYS["Enterprise"], "two": KEYS["NaturalPerson"], **FLAGS}
    try:
        operation = reader.read(Request(document, variables, "Asked", {}, False, "en"))
    except GatewayError as error:
        assert error.code == "LIMIT_EXCEEDED"  # noqa: PT017  # a document that grew beyond the limits is no example
        reject()
    counted = recount(catalogue, face, operation, "Asked", {key: kinds[key] for key in chosen})
    assert planned(planner.plan(operation, PUBLIC), counted) == counted
