"""Which catalogue fields a selection reads out of a record connection, those of nested objects too."""

from __future__ import annotations

from graphql import FieldNode

from gateway.planning.collecting import Collector
from policies.model import RecordType

SOURCE_UNIT = "sourceUnit"


def record_fields(collector: Collector, record: RecordType, nodes: list[FieldNode]) -> frozenset[str]:
    """By name; nothing that the operation does not read."""
    asked: set[str] = set()
    for chosen in collector.below(f"{record.name}Connection", nodes).values():
        name = chosen[0].name.value
        if name == "nodes":
            _add(collector, record, chosen, asked)
        elif name == "edges":
            for inner in collector.below(f"{record.name}Edge", chosen).values():
                if inner[0].name.value == "node":
                    _add(collector, record, inner, asked)
    return frozenset(asked)


def _add(collector: Collector, record: RecordType, nodes: list[FieldNode], asked: set[str]) -> None:
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
