"""On whose behalf another gateway is asked: the caller's purpose and consents, the policies it stands on, and the way.

What is passed on can only close: the other side decides by its own rules. Only the consents of the asked subjects and
type go along, and of the caller no more than its id, its class and what the purpose requires.
"""

from __future__ import annotations

from collections.abc import Sequence

from connectors.contract import SubjectKey
from connectors.delegation import Delegation, Hop
from gateway.model import Ruling, Verdict


def delegation(verdict: Verdict, rulings: Sequence[Ruling], subjects: Sequence[SubjectKey], hop: Hop) -> Delegation:
    """For one question about these subjects, under rulings on the same facts; `hop` is this gateway."""
    caller, ruling = verdict.caller, rulings[0]
    before = caller.delegated
    consents = verdict.consents if ruling.facts.consent else ()
    answered = [decision.rule for each in rulings for decision in each.decisions.values() if decision.answered]
    return Delegation(
        asker=caller.id if before is None else before.asker,
        client_class=caller.client_class,
        scopes=caller.scopes,
        purpose=caller.purpose,
        evidence=tuple(sorted(caller.evidence.items())),
        consents=tuple(
            consent.token
            for consent in consents
            if ruling.type in consent.types and any(consent.covers(key) for key in subjects)
        ),
        policies=tuple(sorted({rule.rpartition("/")[0] for rule in answered if "/" in rule})),
        hops=(*(() if before is None else before.hops), hop),
    )
