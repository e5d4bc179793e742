"""What an answer says of itself: sources, failures, what was withheld, what may be seen, whom one can ask."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from connectors.contract import Platform
from connectors.registry import Registry
from gateway.errors import GatewayError
from gateway.model import Access, GivenConsent, Root, Withheld, join
from gateway.shaping.binding import ready
from gateway.shaping.connections import Connection
from policies.model import ALLOW, DENY, Catalogue, RecordType

AsOf = Callable[[str, str], datetime | None]
Status = Callable[[str], str | None]  # of a platform that should not be asked now

FAILED = frozenset({"TIMEOUT", "UNAVAILABLE", "BUSY", "MAINTENANCE", "DENIED_BY_SOURCE", "INVALID", "TRUNCATED"})


def sources_and_errors(
    connections: Iterable[Connection], language: str
) -> tuple[list[dict[str, Any]], list[Mapping[str, Any]]]:
    """One line per platform and type over the whole answer, and one error for each that failed, of its worst state."""
    lines: dict[tuple[str, str], dict[str, Any]] = {}
    errors: dict[tuple[str, str], Mapping[str, Any]] = {}
    seen: dict[tuple[str, str], set[str]] = {}  # ids: a record asked for under two names is one record
    for connection in connections:
        for source in connection.sources:
            key = (source["platform"], source["type"])
            line = lines.setdefault(key, {**source, "absent": []})
            seen.setdefault(key, set()).update(connection.shown.get(source["platform"], ()))
            line["records"] = len(seen[key])
            before = line["status"]
            join(line, source)
            if source["status"] in FAILED and (key not in errors or line["status"] != before):
                failure = GatewayError(
                    f"PLATFORM_{source['status']}", path=connection.branch.path, platform=source["platform"]
                )
                errors[key] = failure.as_graphql(language)
    return [lines[key] for key in sorted(lines)], [errors[key] for key in sorted(errors)]


def platforms(
    registry: Registry, catalogue: Catalogue, root: Root, sandbox: bool, status: Status, as_of: AsOf
) -> list[dict[str, Any]]:
    """The root field `platforms`: coverage, freshness, health of those that this client's questions can reach."""
    wanted = getattr(root.arguments.get("type"), "value", root.arguments.get("type"))
    regions = tuple(root.arguments.get("regions") or ())
    types = {name for platform in registry.platforms.values() for name in platform.types if wanted in (None, name)}
    named = (platform for name in types for platform in registry.for_type(name, regions))
    found = {platform.id: platform for platform in named if platform.sandbox == sandbox}
    return [
        {
            "id": platform.id,
            "region": platform.region,
            "title": dict(platform.title),
            "types": sorted(platform.types),
            "authorityOf": sorted(platform.authority_of),
            "coverage": [_coverage(platform, catalogue.types[name], as_of) for name in sorted(platform.types)],
            "status": status(platform.id),
        }
        for platform in sorted(found.values(), key=lambda item: item.id)
    ]


def _coverage(platform: Platform, record: RecordType, as_of: AsOf) -> dict[str, Any]:
    claim = platform.claim(record.name)
    stale_after = platform.stale_after
    filters = [(name, op) for name, ops in claim.filters.items() for op in ops]
    return {
        "type": record.name,
        "fields": [record.fields[name].coordinate for name in sorted(claim.fields)],
        "absent": [record.fields[name].coordinate for name in sorted(claim.absent)],
        "open": claim.open and any(op == "contains" or name == record.roles.list for name, op in filters),
        "asOf": ready(as_of(platform.id, record.name)),
        "staleAfter": None if stale_after is None else int(stale_after),
    }


def withheld(item: Withheld) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "coordinate": item.coordinate,
        "path": item.paths[0],
        "effect": item.effect,
        "rule": item.rule,
        "reason": {"zh": item.reason.zh, "en": item.reason.en},
    }
    if len(item.paths) > 1:
        entry["paths"] = list(item.paths)
    if item.step:
        entry["step"] = item.step
    if item.contact:
        entry["contact"] = item.contact
    if item.remedy:
        entry["remedy"] = item.remedy
    if item.subjects:
        entry["subjects"] = list(item.subjects)
    return entry


def consent(item: GivenConsent) -> dict[str, Any]:
    return {"id": item.id, "state": item.state}


def access(line: Access) -> dict[str, Any]:
    decision = line.decision
    effect = {ALLOW: "ALLOW", DENY: "DENY"}.get(decision.effect, "MASK")
    return {
        "coordinate": line.coordinate,
        "effect": effect,
        "step": decision.effect if effect == "MASK" else None,
        "rule": decision.rule,
        "reason": {"zh": decision.reason.zh, "en": decision.reason.en},
        "contact": decision.contact,
    }
