"""The planner: one pass over the operation, root by root, connection by connection."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from graphql import FieldNode, GraphQLSchema

from gateway.cursors import Cursors, question_digest
from gateway.errors import GatewayError, Refusal
from gateway.model import Branch, Caller, Operation, Path, Plan, Root, Subject, Window
from gateway.planning.collecting import Collector, Selected
from gateway.planning.keys import subject_of
from policies.model import Catalogue, RecordType

SUBJECT_ROOTS = ("subject", "subjects")
SOURCE_UNIT = "sourceUnit"
MAX_BRANCHES = 2_000  # record connections of all subjects together; each is asked of several platforms


class Planner:
    """Plans operations against one schema and catalogue."""

    def __init__(
        self, schema: GraphQLSchema, catalogue: Catalogue, cursors: Cursors, *, max_subjects: int, max_first: int
    ) -> None:
        self._schema = schema
        self._catalogue = catalogue
        self._cursors = cursors
        self._max_subjects = max_subjects
        self._max_first = max_first
        self._by_connection = {record.connection: record for record in catalogue.types.values()}

    def plan(self, operation: Operation, caller: Caller) -> Plan:
        """Raises Refusal with every wrong key, argument and cursor; `caller` only opens its own cursors.

        Raises GatewayError LIMIT_EXCEEDED for the question as a whole: its subjects and their connections.
        """
        collector = Collector(self._schema, operation)
        roots: list[Root] = []
        branches: list[Branch] = []
        errors: list[GatewayError] = []
        room = self._max_subjects
        for key, nodes in collector.of("Query", [operation.node.selection_set]).items():
            name = nodes[0].name.value
            if name.startswith("__"):
                continue
            arguments = collector.arguments("Query", nodes[0])
            if name not in SUBJECT_ROOTS:
                roots.append(Root(key, name, arguments))
                continue
            given = [arguments["id"]] if name == "subject" else arguments["ids"]
            room -= len(given)
            if room < 0:
                detail = f"at most {self._max_subjects} subjects in one question"
                raise GatewayError("LIMIT_EXCEEDED", path=(key,), detail=detail)
            subjects = self._subjects(name, given, key, errors)
            fields: set[str] = set()
            selected: dict[str, Selected] = {}  # the selection depends on the kind alone: once for 200 subjects
            for index, subject in enumerate(subjects):
                path: Path = (key,) if name == "subject" else (key, index)
                if subject.kind not in selected:
                    selected[subject.kind] = collector.below(subject.kind, nodes)
                for response_key, chosen in selected[subject.kind].items():
                    try:
                        branch = self._branch(collector, caller, subject, path, response_key, chosen, fields)
                    except GatewayError as error:
                        errors.append(error)
                        continue
                    if branch is not None:
                        branches.append(branch)
                    if len(branches) > MAX_BRANCHES:
                        detail = f"at most {MAX_BRANCHES} record connections, those of all subjects counted"
                        raise GatewayError("LIMIT_EXCEEDED", path=path, detail=detail)
            roots.append(Root(key, name, arguments, tuple(subjects), frozenset(fields)))
        if errors:
            raise Refusal(errors[:20])
        return Plan(tuple(roots), tuple(branches))

    def _subjects(
        self, name: str, given: Sequence[Mapping[str, Any]], key: str, errors: list[GatewayError]
    ) -> list[Subject]:
        subjects: list[Subject] = []
        for index, item in enumerate(given):
            try:
                path: Path = (key,) if name == "subject" else (key, index)
                subjects.append(subject_of(self._catalogue, item, path))
            except GatewayError as error:
                errors.append(error)
        return [] if errors else subjects

    def _branch(
        self,
        collector: Collector,
        caller: Caller,
        subject: Subject,
        root: Path,
        key: str,
        nodes: list[FieldNode],
        fields: set[str],
    ) -> Branch | None:
        name = nodes[0].name.value
        path = (*root, key)
        derived = self._catalogue.kinds[subject.kind].derived.get(name)
        if derived is not None:
            fields.add(name)
            type_name, _, field = derived.partition(".")
            return Branch(path, root, subject, type_name, frozenset({field}), Window(first=1), derived=True)
        record = self._by_connection.get(name)
        if record is None:
            fields.add(name)
            return None
        arguments = collector.arguments(subject.kind, nodes[0])
        window = self._window(arguments, subject, record, caller, path)
        return Branch(path, root, subject, record.name, self._record_fields(collector, record, nodes), window)

    def _record_fields(self, collector: Collector, record: RecordType, nodes: list[FieldNode]) -> frozenset[str]:
        asked: set[str] = set()
        connection = collector.below(f"{record.name}Connection", nodes)
        for chosen in connection.values():
            name = chosen[0].name.value
            if name == "nodes":
                self._add(collector, record, chosen, asked)
            elif name == "edges":
                for inner in collector.below(f"{record.name}Edge", chosen).values():
                    if inner[0].name.value == "node":
                        self._add(collector, record, inner, asked)
        return frozenset(asked)

    def _add(self, collector: Collector, record: RecordType, nodes: list[FieldNode], asked: set[str]) -> None:
        for chosen in collector.below(record.name, nodes).values():
            name = chosen[0].name.value
            if name in record.fields:
                asked.add(name)
            elif name in record.objects:
                leaves = collector.below(record.objects[name].type, chosen).values()
                asked |= {f"{name}.{leaf[0].name.value}" for leaf in leaves} & record.fields.keys()
            elif name == "provenance":
                wanted = {inner[0].name.value for inner in collector.below("Provenance", chosen).values()}
                asked |= {SOURCE_UNIT} & wanted & record.fields.keys()
                if record.roles.updated and "sourceUpdatedAt" in wanted:
                    asked.add(record.roles.updated)

    def _window(
        self, arguments: Mapping[str, Any], subject: Subject, record: RecordType, caller: Caller, path: Path
    ) -> Window:
        first = arguments.get("first", 20)
        if not 0 <= first <= self._max_first:
            raise GatewayError("INVALID_ARGUMENT", path=path, detail=f"`first` is from 0 to {self._max_first}")
        since, until = _date(arguments.get("from")), _date(arguments.get("to"))
        if since and until and since > until:
            raise GatewayError("INVALID_ARGUMENT", path=path, detail="`from` is later than `to`")
        if (since or until) and record.roles.date is None:
            raise GatewayError("INVALID_ARGUMENT", path=path, detail="this record type has no date to filter by")
        window = Window(
            regions=tuple(arguments.get("regions") or ()),
            since=since,
            until=until,
            statuses=tuple(_name(item) for item in arguments.get("status") or ()),
            newest_first=_name(arguments.get("orderBy", "NEWEST_FIRST")) == "NEWEST_FIRST",
            first=first,
        )
        after = arguments.get("after")
        if after is None:
            return window
        question = question_digest(subject, record.name, window)
        position = self._cursors.open(caller.id, question, after, path)
        return replace(window, after=position)


def _date(value: str | None) -> date | None:
    return date.fromisoformat(value) if value else None


def _name(value: Any) -> str:
    return str(getattr(value, "value", value))
