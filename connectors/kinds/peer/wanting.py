"""What a token for another gateway is wanted for, so that it is good for no more than its question.

`resource` names the gateway (RFC 8707), `authorization_details` the purpose (RFC 9396). A server that knows purposes as
scopes is asked for those: list them under `scopes`. Where tokens are exchanged, each is one asker's besides, and nobody
has none. No caller's own token is ever shown to anybody.
"""

from __future__ import annotations

import orjson

from connectors.delegation import Delegation
from connectors.identities import PeerAuth
from connectors.kinds.credentials.assertions import Asker
from connectors.kinds.credentials.oauth2 import Wanted

PURPOSE = "purpose:"  # a scope that stands for a purpose


class Wanting:
    """`resource` is the other gateway's id."""

    def __init__(self, auth: PeerAuth, resource: str) -> None:
        self.exchanged = auth.exchange
        self._scopes, self._resource = frozenset(auth.scopes), resource

    def by(self, delegation: Delegation) -> Wanted:
        """For questions on this behalf: for the purpose alone, with scopes that whoever asks has too."""
        asker = None
        if self.exchanged:
            before = tuple(hop.gateway for hop in delegation.hops[:-1])  # the last one is this gateway
            asker = Asker(delegation.asker, delegation.client_class, delegation.purpose, before)
        return self._narrowed(delegation.purpose, delegation.scopes, asker)

    def nobody(self) -> Wanted | None:
        """For questions on nobody's behalf."""
        return None if self.exchanged else self._narrowed(None, frozenset(), None)

    def _narrowed(self, purpose: str | None, held: frozenset[str], asker: Asker | None) -> Wanted:
        scopes, narrowed = held & self._scopes, {"resource": self._resource}
        if any(scope.startswith(PURPOSE) for scope in self._scopes):
            scopes |= {f"{PURPOSE}{purpose}"} & self._scopes
        else:
            purposes = [] if purpose is None else [purpose]
            narrowed["authorization_details"] = orjson.dumps([{"type": "credit-query", "purposes": purposes}]).decode()
        return Wanted(tuple(sorted(scopes)), tuple(narrowed.items()), asker)
