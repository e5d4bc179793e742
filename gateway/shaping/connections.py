"""One record connection as a tree: merged records, one page of them, and what each platform contributed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from operator import attrgetter
from typing import Any

from connectors.contract import Platform, SubjectKey
from connectors.registry import Registry
from gateway.cursors import Cursors, question_digest
from gateway.errors import GatewayError
from gateway.model import FULL, Branch, Part, Position, Replies, Reply, Ruling, Verdict, join
from gateway.shaping import afar
from gateway.shaping.binding import Binder, Bound, ready
from gateway.shaping.merging import Merger, Record, by_ids
from gateway.shaping.narrowing import choosing, held
from policies import identifiers
from policies.model import Catalogue

BY_ID, BY_ORDER = attrgetter("id"), attrgetter("order")
APART = {
    True: {"zh": "沙箱客户端不查询正式平台", "en": "a sandbox client is not asked of live platforms"},
    False: {"zh": "正式客户端不查询沙箱平台", "en": "a live client is not asked of sandbox platforms"},
}
NOBODY = {"zh": "该网关未询问任何平台", "en": "this gateway asked none of its platforms"}
UNABLE = {
    "zh": "该平台不能这样检索；请按主体代码查询",
    "en": "this platform cannot be searched so; ask about a subject by its code",
}
REMEMBERED = 200  # shown records with contradictory dates that a cursor remembers


@dataclass(frozen=True, slots=True)
class Connection:
    """`tree` is read out by the schema; `shown` are ids of shown records by platform; `counts` the same by part."""

    branch: Branch
    tree: dict[str, Any]
    shown: dict[str, set[str]]
    counts: dict[int, int]

    @property
    def sources(self) -> list[dict[str, Any]]:
        sources: list[dict[str, Any]] = self.tree["sources"]
        return sources

    @property
    def complete(self) -> bool:
        return bool(self.tree["complete"])


class Connections:
    """Makes connections for any caller; holds no data."""

    def __init__(self, catalogue: Catalogue, registry: Registry, cursors: Cursors) -> None:
        self._catalogue = catalogue
        self._registry = registry
        self._cursors = cursors
        self._binder = Binder(catalogue)

    def at(self, registry: Registry) -> Connections:
        """The same for other platforms."""
        return Connections(self._catalogue, registry, self._cursors)

    def connection(
        self, number: int, parts: Sequence[int], verdict: Verdict, replies: Replies, merger: Merger
    ) -> Connection:
        """The connection of branch `number`, whose parts are numbered `parts`. Raises GatewayError INVALID_CURSOR."""
        branch = verdict.plan.branches[number]
        record = self._catalogue.types[branch.type]
        mine = [(i, verdict.parts[i]) for i in parts]
        heard = [(self._bound(part.ruling), self._of_kind(branch, part, replies.by_part[i])) for i, part in mine]
        if chosen := choosing(record, branch):
            opened = zip(heard, merger.open_rows(record, heard), strict=True)
            heard = [(bound, held(bound, reply, chosen, rows)) for (bound, reply), rows in opened]
        records = merger.merge(record, branch, heard)
        records.sort(key=BY_ID)
        records.sort(key=BY_ORDER, reverse=branch.window.newest_first)
        shown: dict[str, set[str]] = {}
        for item in records:
            for platform_id in item.platforms:
                shown.setdefault(platform_id, set()).add(item.id)
        sources = [_source(bound, reply, len(shown.get(bound.platform.id, ()))) for bound, reply in heard]
        sources += [line for bound, reply in heard for line in afar.lines(bound, reply, shown)]
        apart = APART[verdict.caller.terms.sandbox]
        for left_out, why in ((verdict.not_asked, None), (verdict.unable, UNABLE), (verdict.apart, apart)):
            for name in left_out.get(number, ()):
                line = _line(self._registry.platforms[name], record.name, "NOT_ASKED")
                sources.append({**line, "reason": why} if why else line)
        sources = _once(sources)
        complete = not verdict.unable.get(number) and all(source["status"] in FULL for source in sources)
        complete = complete and all(reply.told is None or reply.told.complete for _, reply in heard)
        counts = {i: len(shown.get(part.ruling.platform, ())) for i, part in mine}
        if branch.seek is not None:  # each kind is a part of its own
            kinds = Counter((name, self._kind(item.subject)) for item in records for name in set(item.platforms))
            counts = {i: kinds[part.ruling.platform, part.ruling.facts.kind] for i, part in mine}
        tree = self._page(branch, verdict, records, sources, complete, ordered=not by_ids(branch, heard))
        return Connection(branch, tree, shown, counts)

    def _of_kind(self, branch: Branch, part: Part, reply: Reply) -> Reply:
        """A reply to an open question holds subjects of every kind; each kind is shown under its own ruling."""
        if branch.seek is None:
            return reply
        kind = part.ruling.facts.kind
        return replace(reply, rows=tuple(row for row in reply.rows if self._kind(row.subject) == kind))

    def _kind(self, subject: SubjectKey) -> str:
        """Of an organisation that was sought."""
        return identifiers.kind_of(self._catalogue, "uscc", subject.value)

    def _bound(self, ruling: Ruling) -> Bound:
        return self._binder.of(ruling, self._registry.platforms[ruling.platform])

    def _page(
        self, branch: Branch, verdict: Verdict, records: list[Record], sources: list[dict[str, Any]], complete: bool,
        ordered: bool,
    ) -> dict[str, Any]:  # fmt: skip
        window = branch.window
        rest = records
        seen: tuple[str, ...] = ()
        if window.after is not None:
            if ordered is not (window.after.order is not None):  # by another purpose or policy: no place in this order
                raise GatewayError("INVALID_CURSOR", path=branch.path)
            seen = window.after.seen
            rest = [item for item in records if _later(item, window.after, window.newest_first) and item.id not in seen]
        page = rest[: window.first]
        cursors: list[str | None] = [None] * len(page)
        if branch.cursors:
            cursors = list(self._sealed(branch, verdict.caller.partner, page, seen, ordered))
        edges = [{"cursor": cursor, "node": _node(branch, item)} for cursor, item in zip(cursors, page, strict=True)]
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

    def _sealed(
        self, branch: Branch, caller: str, page: list[Record], seen: tuple[str, ...], ordered: bool
    ) -> Iterator[str]:
        question = question_digest(branch.subject, branch.type, branch.window, branch.seek)
        for item in page:
            if item.shifting:
                seen = (*seen, item.id)[-REMEMBERED:]
            yield self._cursors.seal(caller, question, Position(item.order if ordered else None, item.id, seen))


def _node(branch: Branch, item: Record) -> dict[str, Any]:
    return {
        "__typename": branch.type,
        "id": item.id,
        "type": branch.type,
        "subject": item.subject,
        "marks": list(item.marks),
        "provenance": item.provenance,
        **item.values,
    }


def _source(bound: Bound, reply: Reply, records: int) -> dict[str, Any]:
    """ANSWERED becomes NONE when nothing is shown, so that a hidden row is not betrayed by its status. A platform
    that was asked only whether it closes what others hold contributed nothing: it was not asked for records."""
    status, name = _of_reply(reply), bound.record.name
    reason = {"reason": reply.told.reason} if reply.told is not None and reply.told.reason is not None else {}
    if status == "NOT_ASKED" and not reason:
        reason = {"reason": NOBODY}
    if bound.closing and status in FULL:
        return _line(bound.platform, name, "NOT_ASKED") | reason
    status = "NONE" if status == "ANSWERED" and not records else status
    line = _line(bound.platform, name, status, records, ready(reply.as_of), bound.absent) | reason
    return line if reply.until is None else {**line, "reason": _planned(reply.until)}


def _of_reply(reply: Reply) -> str:
    """A gateway that says it lacks something, and of no platform what, has not answered in full; one that has asked no
    platform of its own has not found that there is nothing."""
    told = reply.told
    if told is None or reply.status not in FULL:
        return reply.status
    statuses = {line["status"] for line in told.sources}
    if not told.complete and statuses <= FULL:
        return "INVALID"
    return reply.status if reply.rows or statuses - {"NOT_ASKED"} else "NOT_ASKED"


def _planned(until: datetime) -> dict[str, str]:
    """`until` is in the platform's zone; the hours' distance from UTC says which."""
    words = f"{until:%Y-%m-%d %H:%M} (UTC{until:%z})"
    return {"zh": f"计划维护至 {words}", "en": f"planned maintenance until {words}"}


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


def _once(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One line per platform; an open question asks it once per kind of subject, and another gateway may say a line for
    each page."""
    found: dict[str, dict[str, Any]] = {}
    for line in lines:
        join(found.setdefault(line["platform"], line), line)
    return list(found.values())


def _later(item: Record, after: Position, newest_first: bool) -> bool:
    if after.order is not None and item.order != after.order:
        return item.order < after.order if newest_first else item.order > after.order
    return item.id > after.record
