"""Which of a subject's records a question is about: the fields that choose them, held against each row.

The window (states, days, counties) and the name beside the key are checked here, whether or not a platform pushed them
down. A platform that has not got such a field, or a gateway that withholds it, cannot be narrowed: its rows are left
out, and what it said is no full answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from connectors.contract import Row
from connectors.delegation import Told
from gateway.model import Branch, Reply
from gateway.shaping.binding import Bound
from policies import identifiers
from policies.model import RecordType

AREA = "areaCode"


def choosing(record: RecordType, branch: Branch) -> frozenset[str]:
    """The fields by which the question chooses among the rows of its subject; none where it lets any row through."""
    window, roles = branch.window, record.roles
    found = (
        roles.status if window.statuses else None,
        roles.date if window.since or window.until else None,
        AREA if window.counties and AREA in record.fields else None,
        roles.subject_name if branch.subject.name else None,
    )
    return frozenset(name for name in found if name is not None)


def named_so(record: RecordType, branch: Branch, values: Mapping[str, Any]) -> bool:
    """Whether a row bears the name that the question gives beside the key, if any; no name is another name."""
    if not branch.subject.name or not record.roles.subject_name:
        return True
    held = values.get(record.roles.subject_name)
    return held is not None and identifiers.normalise_name(held) == identifiers.normalise_name(branch.subject.name)


def asked_for(record: RecordType, branch: Branch, values: Mapping[str, Any]) -> bool:
    """Whether the window holds a record, by the values that it is told with; what is not known meets no condition."""
    window, roles = branch.window, record.roles
    if window.statuses and values.get(roles.status) not in window.statuses:
        return False
    if window.since or window.until:
        when = values.get(roles.date or "")
        if when is None or (window.since and when < window.since) or (window.until and when > window.until):
            return False
    areas = (*window.counties, *window.once)  # a record keeps the code that its area had when it was made
    return not (window.counties and AREA in record.fields) or str(values.get(AREA)).startswith(areas)


def held(bound: Bound, reply: Reply, fields: frozenset[str], rows: Iterable[Row]) -> Reply:
    """The reply, which is no full answer where `rows` of it are left out because these fields did not come with them.
    Rows that a rule closes are not among them: what lacks would betray that they are there."""
    unknown = {name for row in rows for name in fields if row.values.get(name) is None}
    if bound.closing or not unknown:
        return reply
    entries = reply.told.withheld if reply.told is not None else ()
    closed = _named(bound, (each["coordinate"] for each in entries if each["effect"] in ("MASK", "DENY")))
    sources = reply.told.sources if reply.told is not None else ()
    absent = _named(bound, (coordinate for line in sources for coordinate in line["absent"]))
    lacking = sorted(unknown & (closed | absent | (fields - bound.platform.claim(bound.record.name).fields)))
    if not lacking:  # the platform has the field; this row has no value
        return reply
    told = reply.told or Told()
    told = replace(told, complete=False, reason=told.reason or _reason(lacking))
    status = "DENIED_BY_SOURCE" if closed.intersection(lacking) else "INVALID"
    return replace(reply, told=told, status=status if reply.status in ("ANSWERED", "STALE") else reply.status)


def _named(bound: Bound, coordinates: Iterable[str]) -> set[str]:
    """The type's own fields among these coordinates."""
    wanted = set(coordinates)
    return {name for name, field in bound.record.fields.items() if field.coordinate in wanted}


def _reason(fields: list[str]) -> dict[str, str]:
    zh, en = "、".join(f"`{name}`" for name in fields), ", ".join(f"`{name}`" for name in fields)
    return {
        "zh": f"未提供本次查询据以筛选记录的字段（{zh}），无法筛选的记录不予展示",
        "en": f"what the question chooses records by did not come ({en}): those that cannot be told are left out",
    }
