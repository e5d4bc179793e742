"""The shaper: connections, subjects, sources, withheld and errors; then the schema reads the tree out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from connectors.contract import Platform
from connectors.registry import Registry
from gateway.cursors import Cursors, question_digest
from gateway.errors import GatewayError
from gateway.model import Answer, Branch, Operation, Path, Replies, Request, Root, Ruling, Subject, Verdict
from gateway.schema import Face
from gateway.shaping.merging import Merger, Record, ready
from gateway.shaping.telling import FULL, access, consent, platforms, sources_and_errors, withheld
from policies.bundles import PolicySet
from policies.masks import Pseudonyms


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
        is_open: Callable[[str], bool],
    ) -> None:
        self._face = face
        self._catalogue = policies.catalogue
        self._registry = registry
        self._cursors = cursors
        self._pseudonyms = pseudonyms
        self._record_key = record_key
        self._is_open = is_open
        self._claimed = {(p.id, name): p.claim(name).fields for p in registry.platforms.values() for name in p.types}

    def shape(self, request: Request, operation: Operation, verdict: Verdict, replies: Replies) -> Answer:
        """Raises nothing for what platforms did; with `Prefer: handling=strict` a partial answer has no data."""
        caller = verdict.caller
        pseudonym = self._pseudonyms.of(caller.id, caller.purpose or "")
        merger = Merger(caller.id, self._record_key, pseudonym, self._catalogue.bands, verdict.at)
        parts: dict[int, list[int]] = {}
        for number, part in enumerate(verdict.parts):
            parts.setdefault(part.branch, []).append(number)
        connections: dict[Path, dict[str, Any]] = {}
        branches: dict[Path, list[Branch]] = {}
        shown: dict[int, int] = {}
        for number, branch in enumerate(verdict.plan.branches):
            if branch.root in verdict.unknowable:
                continue
            branches.setdefault(branch.root, []).append(branch)
            mine = parts.get(number, [])
            connections[branch.path], counts = self._connection(number, branch, mine, verdict, replies, merger)
            shown |= counts
        tree = {root.key: self._root(root, verdict, branches, connections, pseudonym) for root in verdict.plan.roots}
        complete = all(connection["complete"] for connection in connections.values()) and not verdict.unknowable
        sources, errors = sources_and_errors(connections, request.language)
        extensions = {
            "complete": complete,
            "sources": sources,
            "withheld": [withheld(item) for item in verdict.withheld],
            "obligations": sorted(verdict.obligations),
            "policy": verdict.policy,
        }
        if caller.given_consents:
            extensions["consents"] = [consent(item) for item in caller.given_consents]
        if request.strict and not complete:
            refused = GatewayError("INCOMPLETE")
            extensions["sources"] = [{**source, "records": 0} for source in sources]  # none of them is shown
            return Answer(None, (refused.as_graphql(request.language), *errors), extensions, False, refused.status)
        data, found = self._face.run(operation.document, request.operation_name, operation.variables, tree)
        own = tuple(GatewayError("INTERNAL", path=e.path, detail="schema", cause=e.message) for e in found)
        return Answer(
            data, (*(e.as_graphql(request.language) for e in own), *errors), extensions, complete, shown=shown
        )

    def _root(
        self,
        root: Root,
        verdict: Verdict,
        branches: Mapping[Path, list[Branch]],
        connections: Mapping[Path, dict[str, Any]],
        pseudonym: Callable[[str], str],
    ) -> Any:
        if root.field == "platforms":
            return platforms(self._registry, root, self._is_open)
        if root.field == "access":
            return [access(line) for line in verdict.access[root.key]]
        made = []
        for index, subject in enumerate(root.subjects or ()):
            path: Path = (root.key,) if root.field == "subject" else (root.key, index)
            known = path not in verdict.unknowable
            made.append(self._subject(subject, branches.get(path, []), connections, pseudonym) if known else None)
        return made[0] if root.field == "subject" else made

    def _subject(
        self,
        subject: Subject,
        branches: list[Branch],
        connections: Mapping[Path, dict[str, Any]],
        pseudonym: Callable[[str], str],
    ) -> dict[str, Any]:
        code = pseudonym(subject.key.value) if subject.natural else subject.key.value
        fields: dict[str, Any] = {
            "id": code,
            "kind": subject.kind,
            "uscc": None if subject.natural else subject.key.value,
        }
        mine: dict[str | int, Any] = {}
        for branch in branches:
            connection = connections[branch.path]
            if branch.derived:
                [name] = branch.fields
                origin = f"{branch.type}.{name}"
                label = next(k for k, v in self._catalogue.kinds[subject.kind].derived.items() if v == origin)
                fields[label] = connection["nodes"][0].get(name) if connection["nodes"] else None
            else:
                mine[branch.path[-1]] = connection
        return {"__typename": subject.kind, "fields": fields, "connections": mine}

    def _connection(
        self, number: int, branch: Branch, parts: list[int], verdict: Verdict, replies: Replies, merger: Merger
    ) -> tuple[dict[str, Any], dict[int, int]]:
        """The connection's tree, and how many rows of each part are shown in it."""
        record = self._catalogue.types[branch.type]
        heard = [
            (verdict.parts[i].ruling, self._registry.platforms[verdict.parts[i].ruling.platform], replies.by_part[i])
            for i in parts
        ]
        records = merger.merge(record, branch, heard)
        records.sort(key=lambda item: item.id)
        records.sort(key=lambda item: item.order, reverse=branch.window.newest_first)
        shown: dict[str, set[str]] = {}
        for item in records:
            for platform_id in item.platforms:
                shown.setdefault(platform_id, set()).add(item.id)
        sources = [
            self._source(platform, ruling, reply.status, len(shown.get(platform.id, ())), ready(reply.as_of))
            for ruling, platform, reply in heard
        ]
        for platform_id in verdict.not_asked.get(number, ()):
            platform = self._registry.platforms[platform_id]
            sources.append(_line(platform, record.name, "NOT_ASKED"))
        complete = all(source["status"] in FULL for source in sources)
        counts = {i: len(shown.get(platform.id, ())) for i, (_, platform, _) in zip(parts, heard, strict=True)}
        return {**self._page(branch, verdict, records, sources, complete), "shown": shown}, counts

    def _source(
        self, platform: Platform, ruling: Ruling, status: str, records: int, as_of: str | None
    ) -> dict[str, Any]:
        """ANSWERED becomes NONE when nothing is shown, so that a hidden row is not betrayed by its status."""
        claimed, fields = self._claimed[platform.id, ruling.type], self._catalogue.types[ruling.type].fields
        absent = [
            fields[name].coordinate
            for name, decision in sorted(ruling.decisions.items())
            if decision.answered and name not in claimed
        ]
        status = "NONE" if status == "ANSWERED" and not records else status
        return _line(platform, ruling.type, status, records, as_of, absent)

    def _page(
        self, branch: Branch, verdict: Verdict, records: list[Record], sources: list[dict[str, Any]], complete: bool
    ) -> dict[str, Any]:
        window = branch.window
        rest = [item for item in records if window.after is None or _later(item, window.after, window.newest_first)]
        page = rest[: window.first]
        question = question_digest(branch.subject, branch.type, window)
        edges = [
            {
                "cursor": self._cursors.seal(verdict.caller.id, question, (item.order, item.id)),
                "node": {
                    "__typename": branch.type,
                    "id": item.id,
                    "type": branch.type,
                    "marks": list(item.marks),
                    "provenance": item.provenance,
                    **item.values,
                },
            }
            for item in page
        ]
        return {
            "edges": edges,
            "nodes": [edge["node"] for edge in edges],
            "pageInfo": {
                "hasNextPage": len(rest) > len(page),
                "hasPreviousPage": len(rest) < len(records),
                "startCursor": edges[0]["cursor"] if edges else None,
                "endCursor": edges[-1]["cursor"] if edges else None,
            },
            "totalCount": len(records) if complete else None,
            "sources": sources,
            "complete": complete,
        }


def _line(
    platform: Platform,
    type_name: str,
    status: str,
    records: int = 0,
    as_of: str | None = None,
    absent: Sequence[str] = (),
) -> dict[str, Any]:
    return {
        "platform": platform.id,
        "region": platform.region,
        "type": type_name,
        "status": status,
        "records": records,
        "asOf": as_of,
        "absent": list(absent),
    }


def _later(item: Record, after: tuple[str, str], newest_first: bool) -> bool:
    order, record = after
    if item.order != order:
        return item.order < order if newest_first else item.order > order
    return item.id > record
