"""What a question selects: the origins of the asked fields as a tree of GraphQL names, and how such an answer is read.

A place is names with dots between them, `organ.name`, from the row down; `/name` begins at the root field instead,
where a row's subject may stand above it. Names are exact. A place inside a list gives a list. An answer must have the
shape that was asked, name by name: GraphQL leaves nothing out, so what is missing was not answered by it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.contract import ContractBroken
from connectors.declaration import Key, TypeWords
from connectors.mapping.paths import Look
from connectors.mapping.records import RecordMap
from connectors.mapping.values import name_of

Tree = dict[str, "Tree"]
Way = tuple[str, ...]

ABOVE = "/"  # what a row carries from its root field, under a name that no field has
_NAME = re.compile(r"(?!__)[A-Za-z_]\w*", re.ASCII)


def way(text: str) -> Way:
    """The names of a place. Raises ValueError for what GraphQL cannot name."""
    names = tuple(text.split("."))
    if not all(_NAME.fullmatch(name) for name in names):
        raise ValueError("names of GraphQL are expected, with dots between them")
    return names


def lookup(text: str) -> Look:
    """Finds a place in a row. Raises ValueError."""
    names = way(text.removeprefix(ABOVE))
    if text.startswith(ABOVE):
        names = (ABOVE, *names)

    def look(row: Any) -> Any:
        for name in names:
            row = _below(row, name)
        return row

    return look


def _below(value: Any, name: str) -> Any:
    if type(value) is dict:
        return value.get(name)
    if isinstance(value, list):
        found = [_below(each, name) for each in value]
        return [each for each in found if each is not None]
    return None


@dataclass(frozen=True, slots=True)
class Selection:
    """What is selected below the root field, the way from there to the rows, and what rows carry from above."""

    tree: Tree
    rows: Way
    above: tuple[str, ...]

    def read(self, root: Any) -> list[dict[str, Any]]:
        """The rows below the value of a root field. Raises ContractBroken when its shape is not what was asked."""
        if not _fits(self.tree, root):
            raise ContractBroken("the answer has not the shape of the question")
        found = []
        for item in root if isinstance(root, list) else [root]:
            rows = _rows(item, self.rows)
            if self.above and item is not None:
                carried = {name: item[name] for name in self.above}
                rows = [{**row, ABOVE: carried} for row in rows]
            found += rows
        return found


def selection(words: TypeWords, record: RecordMap, fields: Iterable[str], kind: Key, entity: str | None) -> Selection:
    """For one set of asked fields. `entity` is the key of an entity, which is always asked."""
    rows, below, above = way(words.rows) if words.rows else (), list[str](), [entity] if entity is not None else []
    for place in _places(words, record, frozenset(fields), kind):
        (above if place.startswith(ABOVE) else below).append(place.removeprefix(ABOVE))
    envelope = [words.total, words.asOf.path if words.asOf is not None else None]
    envelope += [place for _, place in words.page.places] if words.page else []
    tree = grown([*(rows + way(place) for place in below), *(way(each) for each in [*above, *envelope] if each)])
    return Selection(tree, rows, tuple(dict.fromkeys(place.partition(".")[0] for place in above)))


def _places(words: TypeWords, record: RecordMap, fields: frozenset[str], kind: Key) -> Iterable[str]:
    """The key, the subject, and the origins of the asked fields; of an object that lies apart, only those asked."""
    apart = {name: each for name, each in words.objects.items() if each.apart}
    yield from record.names([name for name in fields if name.partition(".")[0] not in apart], kind)
    for name, each in apart.items():
        for leaf, inner in each.fields.items():
            if f"{name}.{leaf}" in fields:
                yield from (f"{name_of(each)}.{name_of(origin)}" for origin in inner.origins)


def grown(ways: Iterable[Sequence[str]]) -> Tree:
    """One tree of several ways. Raises ValueError when a name is both a value and an object."""
    tree: Tree = {}
    ends = set()
    for each in ways:
        node = tree
        for name in each:
            node = node.setdefault(name, {})
        ends.add(tuple(each))
    for end in ends:
        node = tree
        for name in end:
            node = node[name]
        if node:
            raise ValueError(f"`{'.'.join(end)}` is asked as a value, and as an object that has values")
    return tree


def _fits(tree: Mapping[str, Any], value: Any) -> bool:
    if type(value) is dict:
        return all(name in value and (not below or _fits(below, value[name])) for name, below in tree.items())
    if isinstance(value, list):
        return all(_fits(tree, each) for each in value)
    return value is None


def _rows(item: Any, names: Way) -> list[dict[str, Any]]:
    """Nothing where the platform says null without an error; but what is null in a list was taken out of it."""
    level, listed = [] if item is None else [item], False
    for name in names:
        below = [each[name] for each in level]
        level = []
        for each in below:
            listed = listed or isinstance(each, list)
            if each is not None or listed:
                level += each if isinstance(each, list) else [each]
        if not all(type(each) is dict for each in level):
            raise ContractBroken("a row of the answer is null")
    return level
