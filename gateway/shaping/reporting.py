"""The credit report, by section: found, none found, not permitted, not answered and not asked are kept apart.

A section says FOUND when any type of it was found, and NONE_FOUND only when every type was asked, permitted and
answered, and held nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from gateway.model import FULL, Path, Root
from gateway.shaping.connections import Connection
from policies.model import ReportSection

# a section's state is the first of these that any of its types has
ORDER = ("FOUND", "NOT_ANSWERED", "NOT_PERMITTED", "NOT_ASKED", "NONE_FOUND")


def report(
    root: Root,
    subject: Mapping[str, Any],
    sections: Mapping[str, ReportSection],
    made: Iterable[Connection],
    applies: Mapping[str, bool],
) -> dict[str, Any]:
    """The tree of a `creditReport`; `subject` is the tree of its subject by response key, `applies` says for which
    record types the subject can have records at all."""
    below: dict[Path, list[Connection]] = {}
    for connection in made:
        path = connection.branch.path
        below.setdefault(path if connection.branch.implied else path[:-1], []).append(connection)
    parts: dict[str, Any] = {}
    for key, name in root.parts:
        if name == "subject":
            parts[key] = subject[key]
        elif name in sections:
            parts[key] = _section(sections[name], below.get((root.key, key), []), applies)
    return {"parts": parts}


def _section(section: ReportSection, made: list[Connection], applies: Mapping[str, bool]) -> dict[str, Any]:
    asked = {connection.branch.type: connection for connection in made if connection.branch.implied}
    outcomes = [
        {
            "type": name,
            "state": outcome(asked[name]) if name in asked else "NOT_ASKED",
            "records": asked[name].tree["totalCount"] if name in asked else None,
        }
        for name in section.types
        if applies[name]
    ]
    states = {line["state"] for line in outcomes} or {"NOT_ASKED"}
    shown = [connection for connection in made if not connection.branch.implied]
    return {
        "title": {"zh": section.title.zh, "en": section.title.en},
        "state": next(state for state in ORDER if state in states),
        "complete": bool(outcomes) and all(connection.complete for connection in asked.values()),
        "outcomes": outcomes,
        "connections": {connection.branch.path[-1]: connection.tree for connection in shown},
    }


def outcome(connection: Connection) -> str:
    """What became of one record type, over all its platforms."""
    if any(connection.shown.values()):
        return "FOUND"
    statuses = {source["status"] for source in connection.sources}
    if statuses - FULL - {"DENIED"}:
        return "NOT_ANSWERED"
    if "DENIED" in statuses:
        return "NOT_PERMITTED"
    return "NONE_FOUND" if statuses - {"NOT_ASKED"} else "NOT_ASKED"
