"""On whose behalf an exam asks another gateway: a test asker of its own, for a purpose that the operator names.

All that is said of it is so: who asks is the exam, on the way is this gateway alone, and in place of a decision's id
stands one of the exam, so that the other gateway's audit shows each such question as what it is. It bears no consent.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from connectors.delegation import Delegation, Hop
from connectors.kinds.peer.wanting import PURPOSE

NAME = "connector-check"
GOVERNMENT = "government"


@dataclass(frozen=True, slots=True)
class Asker:
    """`gateway` is this gateway's id, by which the other one has registered it."""

    gateway: str
    purpose: str | None = None
    client_class: str = GOVERNMENT
    evidence: Mapping[str, str] = field(default_factory=dict, repr=False)
    exam: str = field(default_factory=lambda: f"exam-{secrets.token_hex(8)}")

    def delegation(self, scopes: Iterable[str]) -> Delegation:
        """For a source whose tokens are asked for with these scopes."""
        return Delegation(
            asker=NAME,
            client_class=self.client_class,
            scopes=frozenset(scope for scope in scopes if not scope.startswith(PURPOSE)),
            purpose=self.purpose,
            evidence=tuple(sorted(self.evidence.items())),
            consents=(),
            policies=(),
            hops=(Hop(self.gateway, self.exam),),
        )
