"""The planner: one pass over the operation, root by root, connection by connection."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from graphql import FieldNode
from graphql.execution.values import VariableValues

from gateway.cursors import Cursors
from gateway.errors import GatewayError, Refusal
from gateway.model import SEVERAL, Branch, Caller, Operation, Path, Plan, Root, Subject, Window
from gateway.planning.fields import reads
from gateway.planning.keys import NO_ENTITY, represented, subject_of
from gateway.planning.seeking import Seeking
from gateway.planning.windows import Windows
from gateway.schema import Face
from gateway.schema.collecting import Collector, Selected, refuse_null
from gateway.subjects import Flaw
from policies.model import Catalogue, Words

ABOUT_SUBJECTS = {"subject": "id", "subjects": "ids", "creditReport": "id", "_entities": "representations"}
OPEN = ("search", "listing")
DESCRIBING = {"__schema", "__type", "_service"}
MAX_BRANCHES = 2_000  # record connections of all subjects together; each is asked of several platforms
NO_FIELDS: frozenset[str] = frozenset()
STATE = {"state", "outcomes", "complete"}  # fields of a report's section that need all of its types


class Planner:
    """Plans operations against one catalogue and its face."""

    def __init__(
        self, face: Face, catalogue: Catalogue, cursors: Cursors, *, max_subjects: int, max_first: int
    ) -> None:
        self._face = face
        self._catalogue = catalogue
        self._windows = Windows(catalogue, cursors, max_first)
        self._seeking = Seeking(catalogue, self._windows)
        self._max_subjects = max_subjects
        self._by_connection = {record.connection: record for record in catalogue.types.values()}
        self._sections = {section.name: section for section in catalogue.report}

    def plan(self, operation: Operation, caller: Caller) -> Plan:
        """Raises Refusal with every wrong key, argument and cursor; `caller` only opens its own cursors.

        Raises GatewayError LIMIT_EXCEEDED for the question as a whole: its subjects and their connections.
        """
        making = _Making(self._face.collector(operation), operation.values, caller, self._max_subjects)
        for key, nodes in making.collector.query.items():
            name = nodes[0].name.value
            making.describes |= name in DESCRIBING
            if name.startswith("__"):
                with making.noting():
                    refuse_null(nodes[0], operation.values, (key,))
                continue
            arguments: Mapping[str, Any] = {}
            subjects: tuple[Subject | Flaw, ...] | None = None
            parts: tuple[tuple[str, str], ...] = ()
            with making.noting():
                arguments = making.arguments("Query", nodes, (key,))
                if name in ABOUT_SUBJECTS:
                    given = arguments[ABOUT_SUBJECTS[name]]
                    given = given if name in SEVERAL else [given]
                    subjects = self._subjects(making, name, given, key)
                    parts = self._about(making, name, key, nodes, subjects)
                elif name in OPEN:
                    making.add(self._seeking.branch(name, arguments, key, making.collector, nodes, caller))
                elif name == "platforms":
                    arguments = {**arguments, "regions": self._windows.regions(arguments, (key,))}
            making.roots.append(Root(key, name, arguments, subjects, parts))
        if making.errors:
            raise Refusal(making.errors[:20])
        return Plan(tuple(making.roots), tuple(making.branches), making.describes)

    def _subjects(
        self, making: _Making, name: str, given: Sequence[Mapping[str, Any]], key: str
    ) -> tuple[Subject | Flaw, ...]:
        making.room -= len(given)
        if making.room < 0:
            most = self._max_subjects
            detail = Words(f"一次查询至多 {most} 个主体", f"at most {most} subjects in one question")
            raise GatewayError("LIMIT_EXCEEDED", path=(key,), detail=detail)
        subjects: list[Subject | Flaw] = []
        for index, item in enumerate(given):
            path: Path = (key, index) if name in SEVERAL else (key,)
            if name == "_entities":
                subjects.append(self._represented(item, path))
                continue
            with making.noting():
                subjects.append(subject_of(self._catalogue, item, path))
        return () if making.errors else tuple(subjects)

    def _represented(self, item: Mapping[str, Any], path: Path) -> Subject | Flaw:
        """The codes come from another graph's data: a wrong one is an error of its place, and spoils no other."""
        try:
            return represented(self._catalogue, item, path)
        except GatewayError as error:
            return Flaw(error.code, error.detail or NO_ENTITY)

    def _about(
        self, making: _Making, name: str, key: str, nodes: list[FieldNode], places: tuple[Subject | Flaw, ...]
    ) -> tuple[tuple[str, str], ...]:
        """Branches of known subjects. Returns the parts of a report."""
        subjects = [(index, subject) for index, subject in enumerate(places) if isinstance(subject, Subject)]
        if name == "creditReport":
            parts = making.collector.below("CreditReport", nodes)
            for _, subject in subjects:
                for part, chosen in parts.items():
                    if chosen[0].name.value == "subject":
                        self._subject(
                            making, subject, (key,), (key, part), making.collector.below(subject.kind, chosen)
                        )
                    elif chosen[0].name.value in self._sections:
                        self._section(making, subject, (key,), part, chosen)
            return tuple((part, chosen[0].name.value) for part, chosen in parts.items())
        selected: dict[str, Selected] = {}  # the selection depends on the kind alone: once for 200 subjects
        for index, subject in subjects:
            path: Path = (key, index) if name in SEVERAL else (key,)
            if subject.kind not in selected:
                selected[subject.kind] = making.collector.below(subject.kind, nodes)
            self._subject(making, subject, path, path, selected[subject.kind])
        return ()

    def _subject(self, making: _Making, subject: Subject, root: Path, path: Path, selected: Selected) -> None:
        for key, nodes in selected.items():
            name = nodes[0].name.value
            derived = self._catalogue.kinds[subject.kind].derived.get(name)
            if derived is not None:
                type_name, _, field = derived.partition(".")
                window = Window(first=1)
                asked = frozenset({field})
                making.add(Branch((*path, key), root, subject, type_name, asked, window, derived=True, cursors=False))
            elif name in self._by_connection:
                self._connection(making, subject, root, (*path, key), subject.kind, nodes)

    def _section(self, making: _Making, subject: Subject, root: Path, part: str, nodes: list[FieldNode]) -> None:
        section = self._sections[nodes[0].name.value]
        owner = f"{section.name[:1].upper()}{section.name[1:]}Section"
        selected = making.collector.below(owner, nodes)
        for key, chosen in selected.items():
            if chosen[0].name.value in self._by_connection:
                self._connection(making, subject, root, (*root, part, key), owner, chosen)
        if any(chosen[0].name.value in STATE for chosen in selected.values()):
            for name in section.types:
                making.add(Branch((*root, part), root, subject, name, NO_FIELDS, Window(first=0), implied=True))

    def _connection(
        self, making: _Making, subject: Subject, root: Path, path: Path, owner: str, nodes: list[FieldNode]
    ) -> None:
        record = self._by_connection[nodes[0].name.value]
        with making.noting():
            arguments = making.arguments(owner, nodes, path)
            window = self._windows.of(arguments, subject, record, making.caller, path)
            read = reads(making.collector, record, nodes)
            making.add(
                Branch(
                    path, root, subject, record.name, read.fields, window,
                    cursors=read.cursors, provenance=read.provenance,
                )
            )  # fmt: skip


@dataclass(slots=True)
class _Making:
    """A plan in the making."""

    collector: Collector
    values: VariableValues
    caller: Caller
    room: int
    describes: bool = False
    roots: list[Root] = field(default_factory=list)
    branches: list[Branch] = field(default_factory=list)
    errors: list[GatewayError] = field(default_factory=list)

    def arguments(self, owner: str, nodes: list[FieldNode], path: Path) -> dict[str, Any]:
        return self.collector.arguments(owner, nodes[0], self.values, path)

    @contextmanager
    def noting(self) -> Iterator[None]:
        """Keeps an error, so that the caller sees every one; a limit of the whole ends the planning."""
        try:
            yield
        except GatewayError as error:
            if error.code == "LIMIT_EXCEEDED":
                raise
            self.errors.append(error)

    def add(self, branch: Branch) -> None:
        self.branches.append(branch)
        if len(self.branches) > MAX_BRANCHES:
            detail = Words(
                f"所有主体的记录连接合计至多 {MAX_BRANCHES} 个",
                f"at most {MAX_BRANCHES} record connections, those of all subjects counted",
            )
            raise GatewayError("LIMIT_EXCEEDED", path=branch.root, detail=detail)
