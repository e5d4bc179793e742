"""What a selection reads out of a record connection: catalogue fields, those of nested objects too, and dear parts."""

from __future__ import annotations

from dataclasses import dataclass

from graphql import FieldNode

from gateway.schema.collecting import Collector
from policies.model import RecordType

SOURCE_UNIT = "sourceUnit"
CURSORS = frozenset({"startCursor", "endCursor"})


@dataclass(frozen=True, slots=True)
class Reads:
    """`fields` by name, nothing that the operation does not read; whether it reads any cursor, and any provenance."""

    fields: frozenset[str]
    cursors: bool
    provenance: bool


def reads(collector: Collector, record: RecordType, nodes: list[FieldNode]) -> Reads:
    """Found once for a selection, and then kept."""
    return collector.once(record.name, nodes, lambda: _reads(collector, record, nodes))


def _reads(collector: Collector, record: RecordType, nodes: list[FieldNode]) -> Reads:
    asked: set[str] = set()
    cursors = provenance = False
    for chosen in collector.below(f"{record.name}Connection", nodes).values():
        name = chosen[0].name.value
        if name == "nodes":
            provenance |= _add(collector, record, chosen, asked)
        elif name == "edges":
            for inner in collector.below(f"{record.name}Edge", chosen).values():
                if inner[0].name.value == "node":
                    provenance |= _add(collector, record, inner, asked)
                cursors |= inner[0].name.value == "cursor"
        elif name == "pageInfo":
            told = {inner[0].name.value for inner in collector.below("PageInfo", chosen).values()}
            cursors |= not CURSORS.isdisjoint(told)
    return Reads(frozenset(asked), cursors, provenance)


def _add(collector: Collector, record: RecordType, nodes: list[FieldNode], asked: set[str]) -> bool:
    """Notes the fields of one selection of records; says whether it reads provenance."""
    provenance = False
    for chosen in collector.below(record.name, nodes).values():
        name = chosen[0].name.value
        if name in record.fields:
            asked.add(name)
        elif name in record.objects:
            leaves = collector.below(record.objects[name].type, chosen).values()
            asked |= {f"{name}.{leaf[0].name.value}" for leaf in leaves} & record.fields.keys()
        elif name == "provenance":
            provenance = True
            asked |= of_provenance(collector, record, chosen)
    return provenance


def of_provenance(collector: Collector, record: RecordType, nodes: list[FieldNode]) -> set[str]:
    """The record's fields that a selection of its provenance reads."""
    wanted = {inner[0].name.value for inner in collector.below("Provenance", nodes).values()}
    asked = {SOURCE_UNIT} & wanted & record.fields.keys()
    if record.roles.updated and "sourceUpdatedAt" in wanted:
        asked.add(record.roles.updated)
    return asked
