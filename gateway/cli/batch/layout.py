"""Where each field of the query goes: into a column, or, for a list of objects, into rows of a table of its own.

Follows from the query, so that tables and columns are the same whatever was found; only which fields are lists of
objects is seen in the answers, because a query does not say it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gateway.cli.batch.question import Shape

Path = tuple[str, ...]

RECORDS, PROVENANCE, SUBJECTS = "records", "provenance", "subjects"
TAKEN = frozenset({RECORDS, SUBJECTS, "withheld", "sources", "about", "wrong"})


@dataclass(frozen=True, slots=True)
class Place:
    """One field: its value goes into `column`, its items into `table`, or both are for what is `below`."""

    key: str
    column: str = ""
    table: str = ""
    below: tuple[Place, ...] = ()


class Layout:
    """`columns` by table, in the order of the query; `subject` and `records` are where values are looked for."""

    def __init__(self, root: Shape, listed: set[Path]) -> None:
        self.columns: dict[str, dict[str, None]] = {RECORDS: {}, PROVENANCE: {}, SUBJECTS: {}}
        self.subject: tuple[Place, ...] = ()
        self.records: dict[str, tuple[Place, ...]] = {}  # by connection
        for shape in root.below:
            if not shape.is_connection:
                self.subject += self._places([shape], (), (), listed, SUBJECTS)
                continue
            seen = _seen(shape, listed)
            self.records[shape.key] = self._places(_of_record(shape), (shape.key,), (), seen, RECORDS)
            rest = [item for item in shape.below if item.name not in ("nodes", "edges")]
            path = (shape.key,)
            self.subject += (Place(shape.key, below=self._places(rest, path, path, listed, SUBJECTS)),)

    def _places(
        self, shapes: Iterable[Shape], path: Path, own: Path, listed: set[Path], table: str
    ) -> tuple[Place, ...]:
        """`path` names columns of `table`; `own` is where a shape stands, in the record or below the subject."""
        found = []
        for shape in shapes:
            mine = (*own, shape.key)
            if shape.below and (mine in listed or (table == RECORDS and shape.name == PROVENANCE)):
                name = ".".join(mine) if ".".join(mine) not in TAKEN else f"{table}.{'.'.join(mine)}"
                self.columns.setdefault(name, {})
                found.append(Place(shape.key, table=name, below=self._places(shape.below, (), mine, listed, name)))
            elif shape.below:
                below = self._places(shape.below, (*path, shape.key), mine, listed, table)
                found.append(Place(shape.key, below=below))
            else:
                column = ".".join((*path, shape.key))
                self.columns[table][column] = None
                found.append(Place(shape.key, column=column))
        return tuple(found)


def _of_record(connection: Shape) -> list[Shape]:
    """What is asked of a record, under `nodes` and under `edges { node }` together."""
    found: dict[str, Shape] = {}
    for shape in connection.below:
        if shape.name in ("nodes", "edges"):
            nodes = [shape] if shape.name == "nodes" else [item for item in shape.below if item.name == "node"]
            for node in nodes:
                for inner in node.below:
                    found.setdefault(inner.key, inner)
    return list(found.values())


def _seen(connection: Shape, listed: set[Path]) -> set[Path]:
    """Paths below a record of this connection at which lists of objects were seen."""
    openings: list[Path] = []
    for shape in connection.below:
        if shape.name == "nodes":
            openings.append((connection.key, shape.key))
        elif shape.name == "edges":
            openings += [(connection.key, shape.key, node.key) for node in shape.below if node.name == "node"]
    return {
        path[len(opening) :]
        for path in listed
        for opening in openings
        if path[: len(opening)] == opening and len(path) > len(opening)
    }
