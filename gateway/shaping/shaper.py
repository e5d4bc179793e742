"""The shaper: connections, subjects, sources, withheld and errors; then the schema reads the tree out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import copy
from typing import Any

import orjson
from cachetools import LRUCache

from connectors.registry import Registry
from gateway.cursors import Cursors
from gateway.errors import GatewayError
from gateway.model import Answer, Caller, Operation, Path, Replies, Request, Root, Subject, Verdict, Withheld
from gateway.schema import Face
from gateway.shaping import afar
from gateway.shaping.connections import Connection, Connections
from gateway.shaping.merging import Merger
from gateway.shaping.reporting import report
from gateway.shaping.telling import AsOf, Status, access, consent, platforms, sources_and_errors, withheld
from policies import identifiers
from policies.bundles import PolicySet
from policies.keyed import Keyed
from policies.masks import Pseudonyms

Made = Mapping[Path, list[Connection]]  # by the response path of their subject


class _Once(dict[str, str]):
    """A function's answers for as long as one request lives."""

    def __init__(self, of: Callable[[str], str]) -> None:
        self._of = of

    def __missing__(self, value: str) -> str:
        found = self[value] = self._of(value)
        return found


class Shaper:
    """Shapes answers; holds keys, never data."""

    def __init__(
        self,
        face: Face,
        policies: PolicySet,
        registry: Registry,
        cursors: Cursors,
        pseudonyms: Pseudonyms,
        record_key: bytes,
        status: Status,
        as_of: AsOf,
    ) -> None:
        self._face = face
        self._catalogue = policies.catalogue
        self._registry = registry
        self._connections = Connections(policies.catalogue, registry, cursors)
        self._pseudonyms = pseudonyms
        self._ids = Keyed(record_key)
        self._status, self._as_of = status, as_of
        self._keyed: LRUCache[tuple[str, str], Callable[[str], str]] = LRUCache(1_000)
        self._withheld: LRUCache[int, tuple[tuple[Withheld, ...], orjson.Fragment]] = LRUCache(1_000)
        self._sections = {section.name: section for section in policies.catalogue.report}

    def at(self, registry: Registry, status: Status, as_of: AsOf) -> Shaper:
        """The same for other platforms."""
        found = copy(self)
        found._registry, found._status, found._as_of = registry, status, as_of
        found._connections = self._connections.at(registry)
        return found

    def shape(self, request: Request, operation: Operation, verdict: Verdict, replies: Replies) -> Answer:
        """With `Prefer: handling=strict` a partial answer has no data. Raises nothing for what platforms did, and
        GatewayError INVALID_CURSOR for a cursor of records in another order."""
        caller = verdict.caller
        pseudonym = self._pseudonym(caller)
        merger = Merger(caller.partner, self._ids, pseudonym, verdict.at)
        parts: dict[int, list[int]] = {}
        for number, part in enumerate(verdict.parts):
            parts.setdefault(part.branch, []).append(number)
        made = [
            self._connections.connection(number, parts.get(number, []), verdict, replies, merger)
            for number, branch in enumerate(verdict.plan.branches)
            if branch.root not in verdict.unknowable
        ]
        by_root: dict[Path, list[Connection]] = {}
        for connection in made:
            by_root.setdefault(connection.branch.root, []).append(connection)
        tree = {root.key: self._root(root, verdict, by_root, pseudonym) for root in verdict.plan.roots}
        flaws = [
            GatewayError(flaw.code, path=path, detail=flaw.detail)
            for root in verdict.plan.roots
            for path, flaw in root.flaws
        ]
        data, found = self._face.run(operation, tree, verdict.seen)
        own = tuple(GatewayError("INTERNAL", path=e.path, reference="schema", cause=e.message) for e in found)
        complete = all(connection.complete for connection in made) and not (verdict.unknowable or flaws or own)
        sources, failures = sources_and_errors(made, request.language)
        errors = [*(flaw.as_graphql(request.language) for flaw in (*own, *flaws)), *failures]
        extensions = {
            "complete": complete,
            "sources": sources,
            "withheld": afar.joined(self._told(verdict.withheld), afar.withheld(self._catalogue, verdict, replies)),
            "obligations": sorted(verdict.obligations.union(*afar.obligations(replies))),
            "policy": verdict.policy,
        }
        if caller.given_consents:
            extensions["consents"] = [consent(item) for item in caller.given_consents]
        if request.strict and not complete:
            refused = GatewayError("INCOMPLETE")
            extensions["sources"] = [{**source, "records": 0} for source in sources]  # none of them is shown
            return Answer(None, (refused.as_graphql(request.language), *errors), extensions, False, refused.status)
        shown = {number: count for connection in made for number, count in connection.counts.items()}
        return Answer(data, tuple(errors), extensions, complete, shown=shown)

    def _pseudonym(self, caller: Caller) -> Callable[[str], str]:
        """This caller's, for its purpose; within one answer a value that comes again is not reckoned again."""
        key = (caller.partner, caller.purpose or "")
        if key not in self._keyed:
            self._keyed[key] = self._pseudonyms.of(*key)
        return _Once(self._keyed[key]).__getitem__

    def _told(self, items: tuple[Withheld, ...]) -> orjson.Fragment:
        """The entries as JSON. A remembered verdict brings the very same entries again."""
        known = self._withheld.get(id(items))
        if known is None or known[0] is not items:
            known = self._withheld[id(items)] = (items, orjson.Fragment(orjson.dumps([withheld(i) for i in items])))
        return known[1]

    def _root(self, root: Root, verdict: Verdict, made: Made, pseudonym: Callable[[str], str]) -> Any:
        match root.field:
            case "platforms":
                sandbox = verdict.caller.terms.sandbox
                return platforms(self._registry, self._catalogue, root, sandbox, self._status, self._as_of)
            case "access":
                return [access(line) for line in verdict.access[root.key]]
            case "listing":
                return made[root.key,][0].tree
            case "search":
                return self._matches(made[root.key,][0])
            case "_service":
                return {"sdl": self._face.descriptions.of(verdict.seen).subgraph} if verdict.seen else None
            case "creditReport":
                [(path, subject)] = root.known
                known = path not in verdict.unknowable
                return self._report(root, subject, made.get(path, []), pseudonym) if known else None
        trees = {
            path: self._subject(subject, made.get(path, []), path, pseudonym)
            for path, subject in root.known
            if path not in verdict.unknowable
        }
        if not root.several:
            return trees.get((root.key,))
        return [trees.get((root.key, index)) for index in range(len(root.subjects or ()))]

    def _report(self, root: Root, subject: Subject, made: list[Connection], pseudonym: Callable[[str], str]) -> Any:
        subjects = {
            key: self._subject(
                subject, [each for each in made if each.branch.path[:2] == (root.key, key)], (root.key, key), pseudonym
            )
            for key, name in root.parts
            if name == "subject"
        }
        applies = {record.name: subject.kind in record.kinds for record in self._catalogue.types.values()}
        sections = [each for each in made if each.branch.path[1] not in subjects]
        return report(root, subjects, self._sections, sections, applies)

    def _subject(
        self, subject: Subject, made: list[Connection], path: Path, pseudonym: Callable[[str], str]
    ) -> dict[str, Any]:
        code = pseudonym(subject.key.value) if subject.natural else subject.key.value
        fields: dict[str, Any] = {
            "id": code,
            "kind": subject.kind,
            "uscc": None if subject.natural else subject.key.value,
            "citizenId": subject.key.value if subject.key.kind == "citizenId" else None,
        }
        mine: dict[str | int, Any] = {}
        for connection in made:
            if connection.branch.derived:
                fields |= self._derived(subject.kind, connection)
            elif connection.branch.path[:-1] == path:
                mine[connection.branch.path[-1]] = connection.tree
        return {"__typename": subject.kind, "fields": fields, "connections": mine}

    def _derived(self, kind: str, connection: Connection) -> dict[str, Any]:
        nodes = connection.tree["nodes"]
        origins = self._catalogue.kinds[kind].derived
        return {
            label: nodes[0].get(origin.partition(".")[2]) if nodes else None
            for label, origin in origins.items()
            if origin in {f"{connection.branch.type}.{name}" for name in connection.branch.fields}
        }

    def _matches(self, connection: Connection) -> dict[str, Any]:
        """Search results: each record of the type that bears names, as the subject that it is of."""

        def match(node: Mapping[str, Any]) -> dict[str, Any]:
            code = node["subject"].value
            kind = identifiers.kind_of(self._catalogue, "uscc", code)
            labels = self._catalogue.kinds[kind].derived
            found = {label: node.get(origin.partition(".")[2]) for label, origin in labels.items()}
            return {"uscc": code, "kind": kind, **found, "provenance": node["provenance"]}

        edges = [{**edge, "node": match(edge["node"])} for edge in connection.tree["edges"]]
        return {**connection.tree, "edges": edges, "nodes": [edge["node"] for edge in edges]}
