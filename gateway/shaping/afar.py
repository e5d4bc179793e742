"""What another gateway said, in our answer: lines of its platforms, what it withheld, and values that it had masked.

A platform of another gateway is `<that gateway's id here>/<its id there>`. A masked value is shown as it came where we
would show the value itself, or where our own step is no stricter than the one it bears; otherwise it is withheld,
because nothing can be masked twice. Fields that we alone needed, to decide, are not told of: the caller asked for none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import orjson

from connectors.contract import Row
from connectors.delegation import Afar
from gateway.model import FULL, SEVERITY, Branch, Path, Replies, Reply, Verdict
from gateway.shaping.binding import Bound, ready
from policies.masks import bears
from policies.model import ALLOW, Catalogue, RecordType
from policies.scrubbing import scrub


def origins(bound: Bound, row: Row) -> list[str]:
    """The platforms that hold a row: those that a gateway names, else the one that gave it."""
    if row.afar is None or not row.afar.platforms:
        return [bound.platform.id]
    return [_named(bound, platform) for platform in row.afar.platforms]


def lines(bound: Bound, reply: Reply, shown: Mapping[str, set[str]]) -> Iterator[dict[str, Any]]:
    """A line for each platform that a gateway says it asked; of its records only those that we show are counted."""
    if reply.told is None:
        return
    asked = {bound.record.fields[name].coordinate for name in bound.shows}
    for each in reply.told.sources:
        name, status = _named(bound, each["platform"]), each["status"]
        status = status if status in SEVERITY else "INVALID"
        if bound.closing and status in FULL:
            continue
        records = len(shown.get(name, ()))
        yield {
            "platform": name,
            "region": each["region"],
            "type": bound.record.name,
            "status": "NONE" if status == "ANSWERED" and not records else status,
            "records": records,
            "asOf": ready(each["asOf"]),
            "absent": sorted(asked.intersection(each["absent"])),
            **({"reason": each["reason"]} if "reason" in each else {}),
        }


def masked(bound: Bound, afar: Afar, name: str) -> Any:
    """A value that was masked before it came, as it may be shown; None where it may not."""
    steps, value = afar.masked.get(name, (frozenset[str](), None))
    effect = bound.effects.get(name)
    if value is None or effect is None or effect == ALLOW:
        return None if effect is None else value
    if effect == "scrub":
        return scrub(value) if isinstance(value, str) else None
    ladder = bound.record.fields[name].ladder
    strict = [step for step in steps if step in ladder and ladder.index(step) >= ladder.index(effect)]
    parts = value if isinstance(value, list | tuple) else [value]
    borne = all(part is None or any(bears(step, part) for step in strict) for part in parts)
    return value if borne else None


def obligations(replies: Replies) -> Iterator[frozenset[str]]:
    return (reply.told.obligations for reply in replies.by_part.values() if reply.told is not None)


def withheld(catalogue: Catalogue, verdict: Verdict, replies: Replies) -> list[dict[str, Any]]:
    """Entries of what gateways withheld of that which we would have answered, once for each (platform, coordinate,
    rule, effect)."""
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    several = {root.key for root in verdict.plan.roots if root.several}
    for number, part in enumerate(verdict.parts):
        reply, branch, ruling = replies.by_part.get(number), verdict.plan.branches[part.branch], part.ruling
        if reply is None or reply.told is None or ruling.closing:
            continue
        record = catalogue.types[branch.type]
        answered = {record.fields[name].coordinate: name for name, each in ruling.decisions.items() if each.answered}
        for each in reply.told.withheld:
            coordinate = each["coordinate"]
            if "." in coordinate and coordinate not in answered:
                continue
            key = (ruling.platform, coordinate, each["effect"], each.get("step"), each["rule"])
            path = _path(branch, record, coordinate, answered.get(coordinate))
            entry = found.setdefault(key, {**each, "platform": ruling.platform, "path": _told(path)})
            if _told(path) != entry["path"]:
                entry.setdefault("paths", [entry["path"]])
                entry["paths"] = list(dict.fromkeys([*entry["paths"], _told(path)]))
            if path[0] in several and len(path) > 1 and isinstance(path[1], int):
                entry["subjects"] = sorted({*entry.get("subjects", ()), path[1]})
    return list(found.values())


def joined(own: orjson.Fragment, others: Sequence[Mapping[str, Any]]) -> orjson.Fragment:
    """Our own entries, which are JSON already, and those of others."""
    if not others:
        return own
    first, more = orjson.dumps(own), orjson.dumps(others)
    return orjson.Fragment(more if first == b"[]" else first[:-1] + b"," + more[1:])


def _named(bound: Bound, platform: str) -> str:
    return f"{bound.platform.id}/{platform}"


def _path(branch: Branch, record: RecordType, coordinate: str, name: str | None) -> Path:
    if coordinate != record.name and name is None:
        return branch.root  # the subject itself
    if name is None:
        return branch.path if branch.derived or branch.implied else (*branch.path, "nodes", 0)
    if branch.derived:
        return branch.path
    parent, _, leaf = name.rpartition(".")
    within: Iterable[str | int] = (parent, 0) if parent and record.objects[parent].many else (parent,) if parent else ()
    return (*branch.path, "nodes", 0, *within, leaf)


def _told(path: Path) -> str:
    return ".".join("*" if isinstance(part, int) else part for part in path)
