"""Ways to a field that one may not see: a table of named ways, and those that lie in how a selection is written.

A way makes requests that reach for every field of an aim at once. `WAYS` is filled here and by the two modules beside
it, `ways_of_asking` and `ways_on_the_wire`; `tests.promises.test_nothing_leaks` walks them all.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.contract import SubjectKey
from policies.model import Catalogue, Field, RecordType
from tests.promises.canaries import Canaries
from tests.promises.leaking import KEYED, Sent

ALIASES = 55  # at most 60 in a document


@dataclass(frozen=True)
class Aim:
    """The fields of one subject that some voice may not see, and all that an attacker may know beside."""

    subject: SubjectKey
    kind: str
    targets: Mapping[str, Sequence[Field]]  # by record type
    catalogue: Catalogue
    canaries: Canaries
    others: Sequence[SubjectKey]
    cursors: Sequence[str] = ()  # of other voices, for the same questions
    consents: Sequence[str] = ()  # genuine ones, of other subjects

    @property
    def key(self) -> dict[str, str]:
        return {self.subject.kind: self.subject.value}

    @property
    def records(self) -> list[RecordType]:
        return [self.catalogue.types[name] for name in self.targets]

    def each(self) -> Iterable[tuple[RecordType, Sequence[Field]]]:
        return [(self.catalogue.types[name], items) for name, items in self.targets.items()]

    def chosen(self, record: RecordType, *, alias: bool = False, after: str = "", only: Iterable[Field] = ()) -> str:
        """The selection of a record's target fields, objects with theirs, and its state, which opens most records.
        `after` is put behind each field."""
        words, inside = [f"__typename id {record.roles.status}"], dict[str, list[str]]()
        for number, item in enumerate(only or self.targets[record.name]):
            word = f"x{number}_{item.leaf}: {item.leaf}{after}" if alias else f"{item.leaf}{after}"
            parent = item.name.rpartition(".")[0]
            inside.setdefault(parent, []).append(word)
        words += inside.pop("", [])
        words += [f"{parent} {{ __typename {' '.join(leaves)} }}" for parent, leaves in inside.items()]
        return " ".join(words)

    def connections(self, inner: Callable[[RecordType], str], arguments: str = "", directive: str = "") -> str:
        """Every connection, `inner` within its braces."""
        return " ".join(f"{record.connection}{arguments} {directive} {{ {inner(record)} }}" for record in self.records)

    def nodes(self, **how: Any) -> str:
        return self.connections(lambda record: f"nodes {{ {self.chosen(record, **how)} }}")

    def ask(self, body: str, variables: Any = None, name: str | None = None, **how: Any) -> Sent:
        """A question with this body for the aim's subject, as `$id`."""
        asked = {"query": f"query Q($id: SubjectKey!) {{ {body} }}", "variables": {"id": self.key}}
        return posted(
            asked | ({"operationName": name} if name else {}) | ({"variables": variables} if variables else {}), **how
        )

    def subject_of(self, inner: str, **how: Any) -> Sent:
        return self.ask(f"subject(id: $id) {{ __typename kind {inner} }}", **how)


Way = Callable[[Aim], Iterable[Sent]]
WAYS: dict[str, Way] = {}


def way(name: str) -> Callable[[Way], Way]:
    """Puts a way into the table under its name."""

    def put(found: Way) -> Way:
        assert name not in WAYS, name
        WAYS[name] = found
        return found

    return put


def posted(asked: Mapping[str, Any], said: Iterable[str] = (KEYED,), **how: Any) -> Sent:
    return Sent(json.dumps(asked).encode(), said=frozenset(said), **how)


def simple(name: str, inner: Callable[[Aim], str]) -> None:
    """A way that is one selection inside `subject`."""
    WAYS[name] = lambda aim: [aim.subject_of(inner(aim))]


def wrapped(name: str, before: str, after: str) -> None:
    """A way that puts something around the fields of each record."""
    simple(name, lambda aim: aim.connections(lambda record: f"nodes {{ {before} {aim.chosen(record)} {after} }}"))


simple("plainly", lambda aim: aim.nodes())
simple("by edges", lambda aim: aim.connections(lambda record: f"edges {{ cursor node {{ {aim.chosen(record)} }} }}"))
simple("by edges and nodes at once", lambda aim: aim.connections(
    lambda record: f"edges {{ node {{ {aim.chosen(record)} }} }} nodes {{ {aim.chosen(record)} }}"))  # fmt: skip
wrapped("inline fragment", "... {", "}")
wrapped("nested inline fragments", "... { ... { ... { ... { ... {", "} } } } }")
wrapped("inline fragment on the interface", "... on CreditRecord { id ...", "}")
wrapped("@include(if: true)", "... @include(if: true) {", "}")
wrapped("@skip(if: false)", "... @skip(if: false) {", "}")
wrapped("@include and @skip together", "... @include(if: true) @skip(if: false) {", "}")
wrapped("left out by @skip(if: true), and asked beside", "... @skip(if: true) { marks }", "")
WAYS["inline fragment on the interface"] = lambda aim: [aim.subject_of(aim.connections(
    lambda record: f"nodes {{ __typename ... on CreditRecord {{ ... on {record.name} {{ {aim.chosen(record)} }} }} }}"
))]  # fmt: skip
simple("inline fragment on the record's type", lambda aim: aim.connections(
    lambda record: f"nodes {{ ... on {record.name} {{ {aim.chosen(record)} }} }}"))  # fmt: skip
simple("inline fragment on the subject's type", lambda aim: f"... on {aim.kind} {{ {aim.nodes()} }}")
simple(
    "inline fragment on the subject's interface",
    lambda aim: f"... on CreditSubject {{ ... on {aim.kind} {{ {aim.nodes()} }} }}",
)
simple("inside and outside of a fragment", lambda aim: f"{aim.nodes()} ... on {aim.kind} {{ {aim.nodes()} }}")
simple("each connection twice under aliases", lambda aim: " ".join(
    f"{name}: {record.connection}(first: {first}) {{ nodes {{ {aim.chosen(record)} }} }}"
    for record in aim.records for name, first in ((f"a_{record.connection}", 1), (f"b_{record.connection}", 2))
))  # fmt: skip
simple("with marks, provenance, status and type beside", lambda aim: aim.connections(
    lambda record: "complete totalCount pageInfo { hasNextPage endCursor } sources { platform status records asOf } "
    f"nodes {{ type marks provenance {{ platform }} {aim.chosen(record)} }}"))  # fmt: skip
simple("@include on the connection", lambda aim: aim.connections(
    lambda record: f"nodes {{ {aim.chosen(record)} }}", directive="@include(if: true)"))  # fmt: skip


@way("alias on each field")
def _(aim: Aim) -> Iterable[Sent]:
    for part in aliased(aim):
        inner = " ".join(
            f"{record.connection} {{ nodes {{ {aim.chosen(record, alias=True, only=only)} }} }}"
            for record, only in part
        )
        yield aim.subject_of(inner)


@way("under names that everybody may see")
def _(aim: Aim) -> Iterable[Sent]:
    for part in aliased(aim):
        yield aim.subject_of(
            " ".join(
                f"{record.connection} {{ nodes {{ __typename "
                + " ".join(f"status_{item.name}x: {item.leaf}" for item in only if "." not in item.name)
                + " } }"
                for record, only in part
            )
        )


def aliased(aim: Aim) -> Iterable[list[tuple[RecordType, list[Field]]]]:
    """The targets in parts that have no more fields than a document may have aliases."""
    part: list[tuple[RecordType, list[Field]]] = []
    size = 0
    for record, items in aim.each():
        for start in range(0, len(items), ALIASES // 2):
            some = list(items[start : start + ALIASES // 2])
            if size + len(some) > ALIASES:
                yield part
                part, size = [], 0
            part.append((record, some))
            size += len(some)
    yield part


def fragments(aim: Aim, spread: str, body: Callable[[RecordType], str]) -> Sent:
    """A question in which each record's fields lie in fragments of its own."""
    inner = aim.connections(lambda record: f"nodes {{ __typename {spread.format(record.name)} }}")
    texts = " ".join(body(record) for record in aim.records)
    query = f"query Q($id: SubjectKey!) {{ subject(id: $id) {{ __typename {inner} }} }} {texts}"
    return posted({"query": query, "variables": {"id": aim.key}})


@way("a named fragment for each record type")
def _(aim: Aim) -> Iterable[Sent]:
    yield fragments(aim, "...F{0}", lambda r: f"fragment F{r.name} on {r.name} {{ {aim.chosen(r)} }}")


@way("a named fragment on the interface of records")
def _(aim: Aim) -> Iterable[Sent]:
    yield fragments(
        aim, "...F{0}", lambda r: f"fragment F{r.name} on CreditRecord {{ ... on {r.name} {{ {aim.chosen(r)} }} }}"
    )


@way("fragments within fragments")
def _(aim: Aim) -> Iterable[Sent]:
    yield fragments(
        aim, "...F{0}",
        lambda r: f"fragment F{r.name} on {r.name} {{ ...G{r.name} }} "
        f"fragment G{r.name} on {r.name} {{ {aim.chosen(r)} }}",
    )  # fmt: skip


@way("a spread with @include")
def _(aim: Aim) -> Iterable[Sent]:
    yield fragments(
        aim, "...F{0} @include(if: true)", lambda r: f"fragment F{r.name} on {r.name} {{ {aim.chosen(r)} }}"
    )


@way("one fragment for the whole subject")
def _(aim: Aim) -> Iterable[Sent]:
    fragment = f"fragment S on {aim.kind} {{ __typename {aim.nodes()} }}"
    query = f"query Q($id: SubjectKey!) {{ subject(id: $id) {{ ...S }} }} {fragment}"
    yield posted({"query": query, "variables": {"id": aim.key}})


@way("a fragment on the whole query")
def _(aim: Aim) -> Iterable[Sent]:
    fragment = f"fragment S on Query {{ subject(id: $id) {{ __typename {aim.nodes()} }} }}"
    query = f"query Q($id: SubjectKey!) {{ ...S }} {fragment}"
    yield posted({"query": query, "variables": {"id": aim.key}})


def declared(aim: Aim, variables: str, before: str, given: Mapping[str, Any]) -> Sent:
    """A question with more variables, `before` the fields of each record in a fragment of its own."""
    inner = aim.connections(lambda record: f"nodes {{ __typename ... {before} {{ {aim.chosen(record)} }} }}")
    query = f"query Q($id: SubjectKey!, {variables}) {{ subject(id: $id) {{ __typename {inner} }} }}"
    return posted({"query": query, "variables": {"id": aim.key, **given}})


@way("@include by a variable")
def _(aim: Aim) -> Iterable[Sent]:
    yield declared(aim, "$on: Boolean!", "@include(if: $on)", {"on": True})


@way("@skip by a variable")
def _(aim: Aim) -> Iterable[Sent]:
    yield declared(aim, "$off: Boolean!", "@skip(if: $off)", {"off": False})


@way("@include by a variable's default")
def _(aim: Aim) -> Iterable[Sent]:
    yield declared(aim, "$on: Boolean! = true", "@include(if: $on)", {})


@way("first without, then with, by the same document")
def _(aim: Aim) -> Iterable[Sent]:
    for on in (False, True):
        yield declared(aim, "$on: Boolean! = false", "@include(if: $on)", {"on": on})


@way("the key as a variable's default")
def _(aim: Aim) -> Iterable[Sent]:
    key = f'{{{aim.subject.kind}: "{aim.subject.value}"}}'
    yield posted({"query": f"query Q($id: SubjectKey! = {key}) {{ subject(id: $id) {{ __typename {aim.nodes()} }} }}"})


@way("another's key as a variable's default, overridden")
def _(aim: Aim) -> Iterable[Sent]:
    key = f'{{{aim.others[0].kind}: "{aim.others[0].value}"}}'
    query = f"query Q($id: SubjectKey! = {key}) {{ subject(id: $id) {{ __typename {aim.nodes()} }} }}"
    yield from (posted({"query": query}), posted({"query": query, "variables": {"id": aim.key}}))


@way("the key as a literal")
def _(aim: Aim) -> Iterable[Sent]:
    key = f'{{{aim.subject.kind}: "{aim.subject.value}"}}'
    yield posted({"query": f"{{ subject(id: {key}) {{ __typename {aim.nodes()} }} }}"})


@way("the key in parts, its code a variable")
def _(aim: Aim) -> Iterable[Sent]:
    query = f"query Q($code: String!) {{ subject(id: {{{aim.subject.kind}: $code}}) {{ __typename {aim.nodes()} }} }}"
    yield posted({"query": query, "variables": {"code": aim.subject.value}})


@way("one of several operations, by its name")
def _(aim: Aim) -> Iterable[Sent]:
    query = (
        "query Harmless { platforms { id } } "
        f"query Q($id: SubjectKey!) {{ subject(id: $id) {{ __typename {aim.nodes()} }} }}"
    )
    for name in ("Q", "Harmless", None, "q"):
        yield posted({"query": query, "variables": {"id": aim.key}, "operationName": name})
