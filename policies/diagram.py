"""An ordered decision diagram: a function of many finite words, held as small as it gets; nothing is sampled.

A point of the space is one value for each dimension. Each value leaves some bits of a number; what all of them leave
decides. Values that leave the same bits are one, and parts of the space that go on alike are one, so that a space of
many million points is walked in a few thousand steps. Nothing here knows what a bit means.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

L = TypeVar("L", bound=Hashable)
Values = tuple[Hashable, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Node(Generic[L]):
    """A choice at one dimension: values, and what they lead to. Values that lead nowhere are left out."""

    level: int
    branches: tuple[tuple[Values, Node[L] | Leaf[L]], ...]


@dataclass(frozen=True, slots=True)
class Leaf(Generic[L]):
    """What is so for every point that leads here."""

    found: L


class Diagram(Generic[L]):
    """One function. `dimensions`: for each the values and the bits that they leave.

    `settle` makes bits as few as can still matter, None when nothing can be found beyond; `leaf` is what is found at
    a point, None for nothing. Diagrams over the same dimensions that share `same` find equal functions to be one.
    """

    def __init__(
        self,
        dimensions: Sequence[Sequence[tuple[Hashable, int]]],
        settle: Callable[[int], int | None],
        leaf: Callable[[int], L | None],
        same: dict[Hashable, Node[L]] | None = None,
    ) -> None:
        self._classes = _classes(dimensions)
        self._settle = settle
        self._leaf = leaf
        self._known: dict[tuple[int, int], Node[L] | Leaf[L] | None] = {}
        self._same = {} if same is None else same

    def root(self, bits: int) -> Node[L] | Leaf[L] | None:
        """The function for these bits at the beginning; None when nothing is found anywhere. Equal ones are one."""
        return self._reckon(0, bits)

    def _reckon(self, level: int, bits: int) -> Node[L] | Leaf[L] | None:
        settled = self._settle(bits)
        if settled is None:
            return None
        key = (level, settled)
        if key not in self._known:
            self._known[key] = self._branch(level, settled)
        return self._known[key]

    def _branch(self, level: int, bits: int) -> Node[L] | Leaf[L] | None:
        if level == len(self._classes):
            found = self._leaf(bits)
            return None if found is None else Leaf(found)
        together: dict[Node[L] | Leaf[L] | None, list[Hashable]] = {}
        for values, left in self._classes[level]:
            together.setdefault(self._reckon(level + 1, bits & left), []).extend(values)
        if len(together) == 1:
            return next(iter(together))
        branches = tuple((tuple(values), below) for below, values in together.items() if below is not None)
        return self._same.setdefault((level, branches), Node(level, branches))


class Gathering:
    """The bits that `leaf` finds anywhere in a space, of one function after the other; dimensions as for a diagram."""

    def __init__(self, dimensions: Sequence[Sequence[tuple[Hashable, int]]], leaf: Callable[[int], int]) -> None:
        self._lefts = [[left for _, left in classes] for classes in _classes(dimensions)]
        self._leaf = leaf
        self._known: dict[tuple[int, int], int] = {}

    def found(self, bits: int, level: int = 0) -> int:
        """All that is found for these bits at the beginning."""
        if level == len(self._lefts):
            return self._leaf(bits)
        key = (level, bits)
        if key not in self._known:
            found = 0
            for below in {bits & left for left in self._lefts[level]}:
                found |= self.found(below, level + 1)
            self._known[key] = found
        return self._known[key]


def _classes(dimensions: Sequence[Sequence[tuple[Hashable, int]]]) -> list[list[tuple[Values, int]]]:
    """For each dimension its values, those that leave the same bits together."""
    found = []
    for values in dimensions:
        alike: dict[int, list[Hashable]] = {}
        for value, left in values:
            alike.setdefault(left, []).append(value)
        found.append([(tuple(same), left) for left, same in alike.items()])
    return found


Path = dict[int, Values]


def paths(root: Node[L] | Leaf[L] | None, path: Path | None = None) -> Iterator[tuple[Path, L]]:
    """Boxes that do not overlap, together all points at which something is found, each with what it is.

    A box is the values for each level; a level that is not named has all of its values.
    """
    if isinstance(root, Leaf):
        yield path or {}, root.found
    elif root is not None:
        for values, below in root.branches:
            yield from paths(below, {**(path or {}), root.level: values})
