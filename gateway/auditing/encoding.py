"""A record's bytes, put together from pieces: what repeats from request to request is encoded once.

Rulings and callers come again and again as the very same objects, so their canonical bytes are kept beside
them. A piece holds its object, so that no other can come under the same identity; when too many are held all
are let go. The bytes are those of `canonical` over the whole record: sorted keys, one line. Never kept: a
caller with consents, with a key of its own or with somebody behind it, a subject, or anything else that one request
alone has said.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.contract import SubjectKey
from gateway.auditing.keys import Pseudonyms
from gateway.auditing.record import Record, caller_words, canonical, instant, ruling_words, terms
from gateway.model import Caller, Replies, Ruling, Verdict

MOST_RULINGS = 4096
MOST_CALLERS = 16_384


class _Ruled:
    """A ruling's bytes before and behind its replies. Equal to another when both say the same of the question:
    decisions and row rules follow from the facts, and a batch of two hundred subjects repeats few of them."""

    __slots__ = ("_hash", "_said", "after", "before", "denied", "ruling")

    def __init__(self, ruling: Ruling) -> None:
        words = ruling_words(ruling)
        behind = {name: words.pop(name) for name in ("rows", "type")}  # `replies` sorts before these
        self.ruling = ruling
        self.before = canonical(words)[:-1] + b',"replies":'
        self.after = b"," + canonical(behind)[1:]
        self.denied = ruling.denied is not None
        rule = ruling.denied.rule if ruling.denied else None
        self._said = (ruling.platform, ruling.facts, frozenset(ruling.decisions), ruling.asked, rule)
        self._hash = hash(self._said)

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Ruled) and self._said == other._said


class Encoder:
    """Encodes the records of one log. Used by one thread."""

    def __init__(self, pseudonyms: Pseudonyms) -> None:
        self._pseudonyms = pseudonyms
        self._rulings: dict[int, _Ruled] = {}
        self._callers: dict[int, tuple[Caller, bytes]] = {}

    def encode(self, record: Record) -> bytes:
        """The record's canonical bytes, without a newline. Raises TypeError, ValueError for what JSON cannot say."""
        at = instant(record.at)
        words: dict[str, Any] = {
            "decision": record.decision,
            "document": record.document,
            "outcome": {
                "complete": record.outcome.complete,
                "errors": record.outcome.errors,
                "ms": round(record.outcome.milliseconds, 3),
                "status": record.outcome.status,
            },
        }
        head = b'"at":"%b","caller":%b,' % (at.encode(), self._caller(record.caller))
        verdict = record.verdict
        if verdict is None:
            return b"{" + head + canonical(words)[1:]
        places, subjects = self._subjects(verdict)
        words |= {
            "consents": [{"id": consent.id, "issuer": consent.issuer} for consent in verdict.consents],
            "decidedAt": at if verdict.at is record.at else instant(verdict.at),
            "policy": verdict.policy,
            "roots": [
                {"field": root.field, "terms": terms(root.arguments, self._pseudonyms) if root.subjects is None else {}}
                for root in verdict.plan.roots
            ],
            "subjects": subjects,
            "unknowable": len(verdict.unknowable),
        }
        asks = self._asks(verdict, record.replies, record.shown or {}, places)
        return b'{"asks":[%b],%b%b' % (asks, head, canonical(words)[1:])

    def _caller(self, caller: Caller | None) -> bytes:
        if caller is None:
            return b"null"
        kept = self._callers.get(id(caller))
        if kept is not None:
            return kept[1]
        raw = canonical(caller_words(caller, self._pseudonyms))
        if caller.own is None and not caller.given_consents and caller.delegated is None:
            if len(self._callers) >= MOST_CALLERS:
                self._callers.clear()
            self._callers[id(caller)] = caller, raw
        return raw

    def _ruled(self, ruling: Ruling) -> _Ruled:
        kept = self._rulings.get(id(ruling))
        if kept is None:
            if len(self._rulings) >= MOST_RULINGS:
                self._rulings.clear()
            kept = self._rulings[id(ruling)] = _Ruled(ruling)
        return kept

    def _subjects(self, verdict: Verdict) -> tuple[dict[SubjectKey, int], list[dict[str, str]]]:
        """Each subject once, and its place in that list."""
        places: dict[SubjectKey, int] = {}
        subjects: list[dict[str, str]] = []
        for subject in (
            *(subject for root in verdict.plan.roots for _, subject in root.known),
            *(branch.subject for branch in verdict.plan.branches if branch.seek is None),
        ):
            if subject.key not in places:
                places[subject.key] = len(subjects)
                name = self._pseudonyms.of(subject.key.kind, subject.key.value)
                subjects.append({"id": name, "kind": subject.kind})
        return places, subjects

    def _asks(
        self, verdict: Verdict, replies: Replies | None, shown: Mapping[int, int], places: Mapping[SubjectKey, int]
    ) -> bytes:
        """One entry per ruling (equal ones once), whose replies name a subject by its place."""
        asks: dict[_Ruled, list[Any]] = {}
        spots = [places.get(branch.subject.key) for branch in verdict.plan.branches]
        by_part = replies.by_part if replies else {}
        for number, part in enumerate(verdict.parts):
            ruled = self._ruled(part.ruling)
            reply = by_part.get(number)
            status = reply.status if reply else "DENIED" if ruled.denied else "NOT_ASKED"
            received = len(reply.rows) + reply.rejected if reply else 0
            asks.setdefault(ruled, []).append([spots[part.branch], status, received, shown.get(number, 0)])
        return b",".join([ruled.before + canonical(said) + ruled.after for ruled, said in asks.items()])
