"""Which consent covers which asked subject, for this caller's purpose, at this instant: the one fact `consent`.

Authenticating has verified the consents; they all name this caller as their grantee. What is matched here is
the rest: subject, purpose, record type and time. Nothing is remembered from one request to the next.
"""

from __future__ import annotations

from datetime import datetime

from connectors.contract import SubjectKey
from gateway.model import Caller, Consent, Plan

NOTHING: frozenset[str] = frozenset()


class Consented:
    """The consents that matter to one plan, by subject."""

    def __init__(self, plan: Plan, caller: Caller, at: datetime) -> None:
        instant = at.timestamp()
        fitting = [c for c in caller.consents if c.purpose == caller.purpose and instant < c.until]
        keys = {subject.key for root in plan.roots for subject in root.subjects or ()} if fitting else ()
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

    def standing_on(self, key: SubjectKey, type_name: str) -> list[Consent]:
        """The consents that make the fact true for a subject and a record type."""
        return [consent for consent in self._by_subject.get(key, ()) if type_name in consent.types]
