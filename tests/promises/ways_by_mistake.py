"""Ways to a field by mistakes on purpose: what refuses them must not tell more than that they are refused.

See `tests.promises.ways_in`. A filter, an order or an argument that does not exist is such a way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from policies.model import RecordType
from tests.promises.canaries import PLATFORMS
from tests.promises.leaking import Sent
from tests.promises.ways_in import WAYS, Aim, posted, simple, way


def refused(name: str, after: Callable[[Aim, RecordType], str]) -> None:
    """A way by a mistake next to every field; `after` stands behind each."""
    simple(name, lambda aim: aim.connections(lambda r: f"nodes {{ {aim.chosen(r, after=after(aim, r))} }}"))


refused("an argument that the field has not", lambda *_: "(x: 1)")
refused("the field compared with itself", lambda *_: '(eq: "ZQX000001")')
refused("fields of a field", lambda *_: " { value raw }")
refused("a directive that nobody knows", lambda *_: " @unmask")
refused("@include without a condition", lambda *_: " @include")
refused("@deprecated where it may not stand", lambda *_: ' @deprecated(reason: "x")')
refused("@defer", lambda *_: " @defer")
refused("misspelt by a letter at its end", lambda *_: "x")
refused("a variable that is not declared", lambda *_: " @include(if: $nothing)")
refused("a fragment that does not exist", lambda *_: " ...Nothing")


def by_arguments(name: str, argument: Callable[[str, Any], str]) -> None:
    """A way by an argument named after each field, with the field's true value."""

    def found(aim: Aim) -> Iterable[Sent]:
        words = []
        for record, items in aim.each():
            row = aim.canaries.row(PLATFORMS[0], record, aim.subject).values
            words += [
                f"{record.connection}({argument(item.leaf, row[item.name])}) {{ totalCount nodes {{ id }} }}"
                for item in items
            ]
        yield aim.subject_of(" ".join(words))

    WAYS[name] = found


by_arguments("filtered by the field and its true value", lambda leaf, value: f'{leaf}: "{value}"')
by_arguments("filtered by the field's beginning", lambda leaf, value: f'{leaf}: {{startsWith: "{str(value)[:2]}"}}')
by_arguments("filtered through `where`", lambda leaf, value: f'where: {{{leaf}: {{eq: "{value}"}}}}')
by_arguments("ordered by the field", lambda leaf, _: f"orderBy: {leaf}")
by_arguments("ordered by the field's enum", lambda leaf, _: f'orderBy: "{leaf.upper()}_ASC"')
by_arguments("grouped by the field", lambda leaf, _: f"groupBy: [{leaf}]")
by_arguments("counted apart by the field", lambda leaf, _: f"distinctOn: {leaf}")


NO_SUCH_ARGUMENT = tuple(
    name for name in WAYS if name.startswith(("filtered ", "ordered ", "grouped ", "counted apart"))
)


@way("on a type that it is not of")
def _(aim: Aim) -> Iterable[Sent]:
    words = " ".join(f"... on {r.name} {{ {aim.chosen(r)} }}" for r in aim.records)
    yield aim.subject_of(words)


@way("under names that contradict each other")
def _(aim: Aim) -> Iterable[Sent]:
    def twice(record: RecordType) -> str:
        again = " ".join(f"id: {item.leaf}" for item in aim.targets[record.name] if "." not in item.name)
        return f"nodes {{ {aim.chosen(record)} {again} }}"

    yield aim.subject_of(aim.connections(twice))


@way("cut short behind the fields")
def _(aim: Aim) -> Iterable[Sent]:
    yield posted(
        {"query": f"query Q($id: SubjectKey!) {{ subject(id: $id) {{ {aim.nodes()} ", "variables": {"id": aim.key}}
    )


@way("as a mutation, a subscription")
def _(aim: Aim) -> Iterable[Sent]:
    for word in ("mutation", "subscription"):
        query = f"{word} Q($id: SubjectKey!) {{ subject(id: $id) {{ {aim.nodes()} }} }}"
        yield posted({"query": query, "variables": {"id": aim.key}})


def mistaken(name: str, variables: Callable[[Aim], Any]) -> None:
    """A way by variables that do not fit."""
    WAYS[name] = lambda aim: [aim.subject_of(aim.nodes(), variables=variables(aim))]


mistaken("no key at all", lambda aim: {"other": aim.key})
mistaken("a key of both sorts", lambda aim: {"id": {"uscc": aim.subject.value, "citizenId": aim.subject.value}})
mistaken("a key that is a list", lambda aim: {"id": [aim.key]})
mistaken(
    "a key with more than a key has", lambda aim: {"id": {**aim.key, "caller": "court", "purpose": "court.execution"}}
)
mistaken("a key in small letters and blanks", lambda aim: {"id": {aim.subject.kind: f" {aim.subject.value.lower()} "}})
mistaken("a key with a wrong check digit", lambda aim: {"id": {aim.subject.kind: aim.subject.value[:-1] + "0"}})
