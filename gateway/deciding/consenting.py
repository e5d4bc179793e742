"""Which consent covers which asked subject, for this caller's purpose, at this instant: the one fact `consent`.

Authenticating has verified the consents; they all name this caller as their grantee. What is matched here is
the rest: subject, purpose, record type and time. Nothing is remembered from one request to the next.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from connectors.contract import SubjectKey
from gateway.model import Caller, Consent, Part, Plan

NOTHING: frozenset[str] = frozenset()


class Consented:
    """The consents that matter to one plan, by subject."""

    def __init__(self, plan: Plan, caller: Caller, at: datetime) -> None:
        self._plan = plan
        instant = at.timestamp()
        fitting = [c for c in caller.consents if c.purpose == caller.purpose and instant < c.until]
        keys = {subject.key for root in plan.roots for _, subject in root.known} if fitting else ()
        self._by_subject: dict[SubjectKey, list[Consent]] = {}
        for consent in fitting:
            for key in keys:
                if consent.covers(key):
                    self._by_subject.setdefault(key, []).append(consent)
                    break  # a digest is one subject's
        self._types = {key: NOTHING.union(*(c.types for c in found)) for key, found in self._by_subject.items()}

    def types(self, key: SubjectKey) -> frozenset[str]:
        """The record types for which a consent of this subject is there."""
        return self._types.get(key, NOTHING)

    def used(self, parts: Iterable[Part]) -> tuple[Consent, ...]:
        """The consents that make the fact true for what may be asked, each once; asks that only close count too."""
        found: dict[Consent, None] = {}
        for part in parts:
            if part.ruling.facts.consent and part.ruling.denied is None:
                mine = self._by_subject.get(self._plan.branches[part.branch].subject.key, ())
                found |= dict.fromkeys(consent for consent in mine if part.ruling.type in consent.types)
        return tuple(found)
