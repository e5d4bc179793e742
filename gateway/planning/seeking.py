"""Open questions -> Branch: `search` by name and `listing` by list. Organisations only; nobody enumerates persons."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from graphql import FieldNode

from gateway.errors import GatewayError
from gateway.model import ANYBODY, Branch, Caller, Path, Seek
from gateway.planning.fields import of_provenance, reads
from gateway.planning.windows import Windows
from gateway.schema.collecting import Collector
from policies import identifiers
from policies.model import Catalogue, RecordType, Words

MOST = 100  # characters of a name, normalised
CHINESE = re.compile(r"[\u3400-\u9fff]{2}")  # less would find half of a platform
NO_LISTS = Words("没有记录类型设有名单", "no record type keeps lists")
NO_NAME = Words(
    f"`name`：名称的一部分，至少两个汉字，至多 {MOST} 个字符",
    f"`name`: a part of a name, two Chinese characters at least and {MOST} characters at most",
)
NO_PERSONS = Words("`kind`：仅限法人和其他组织，不检索自然人", "`kind`: organisations only; persons are not searched")


class Seeking:
    """Plans open questions; knows from the catalogue which type bears names and which bears lists."""

    def __init__(self, catalogue: Catalogue, windows: Windows) -> None:
        self._catalogue = catalogue
        self._windows = windows
        self._kinds = tuple(kind.name for kind in catalogue.kinds.values() if not kind.natural)
        self._listed = next((record for record in catalogue.types.values() if record.roles.list), None)

    def branch(
        self,
        name: str,
        arguments: Mapping[str, Any],
        key: str,
        collector: Collector,
        nodes: list[FieldNode],
        caller: Caller,
    ) -> Branch:
        """Raises GatewayError INVALID_ARGUMENT or INVALID_CURSOR."""
        path: Path = (key,)
        if name == "search":
            return self._search(arguments, path, collector, nodes, caller)
        record = self._listed
        if record is None or record.roles.list is None:
            raise GatewayError("INVALID_ARGUMENT", path=path, detail=NO_LISTS)
        seek = Seek(record.roles.list, "in", (_name(arguments["list"]),), self._sought(record))
        window = self._windows.of({**arguments, "from": arguments.get("since")}, ANYBODY, record, caller, path, seek)
        read = reads(collector, record, nodes)
        return Branch(
            path, path, ANYBODY, record.name, read.fields, window, seek=seek,
            cursors=read.cursors, provenance=read.provenance,
        )  # fmt: skip

    def _search(
        self, arguments: Mapping[str, Any], path: Path, collector: Collector, nodes: list[FieldNode], caller: Caller
    ) -> Branch:
        sought = identifiers.normalise_name(arguments["name"])
        if len(sought) > MOST or not CHINESE.search(sought):
            raise GatewayError("INVALID_ARGUMENT", path=path, detail=NO_NAME)
        wanted = [_name(kind) for kind in arguments.get("kind") or self._kinds]
        if any(self._catalogue.kinds[kind].natural for kind in wanted):
            raise GatewayError("INVALID_ARGUMENT", path=path, detail=NO_PERSONS)
        origins = {label: origin for kind in wanted for label, origin in self._catalogue.kinds[kind].derived.items()}
        type_name, _, field = origins["name"].partition(".")
        record = self._catalogue.types[type_name]
        seek = Seek(field, "contains", (sought,), tuple(kind for kind in self._sought(record) if kind in wanted))
        window = self._windows.of(arguments, ANYBODY, record, caller, path, seek)
        fields = {field}
        for inner in (inner for chosen in self._matches(collector, nodes) for inner in chosen):
            label = inner[0].name.value
            if label in origins:
                fields.add(origins[label].partition(".")[2])
            elif label == "provenance":
                fields |= of_provenance(collector, record, inner)
        return Branch(path, path, ANYBODY, record.name, frozenset(fields), window, seek=seek)

    def _matches(self, collector: Collector, nodes: list[FieldNode]) -> Any:
        """The selections of matches, below `nodes` and below `edges { node }`."""
        for chosen in collector.below("SubjectMatchConnection", nodes).values():
            name = chosen[0].name.value
            if name == "nodes":
                yield collector.below("SubjectMatch", chosen).values()
            elif name == "edges":
                for inner in collector.below("SubjectMatchEdge", chosen).values():
                    if inner[0].name.value == "node":
                        yield collector.below("SubjectMatch", inner).values()

    def _sought(self, record: RecordType) -> tuple[str, ...]:
        return tuple(kind for kind in self._kinds if kind in record.kinds)


def _name(value: Any) -> str:
    return str(getattr(value, "value", value))
