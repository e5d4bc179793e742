"""What a token that was exchanged says of whom its holder asks for (RFC 8693, 4.1), held against the question.

Its issuer names who asked first (`sub`), and as actors the gateway that holds it, by the id of its client, and within
that the gateways before, by their own ids. Such a token opens a question on that behalf, that way and for its purpose,
and no other; neither is a question without a word of whom it is for. What differs is not told.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from connectors.delegation import MOST_HOPS
from gateway.authenticating.delegating import OnBehalf, refused
from gateway.authenticating.signatures import TokenRefused, text
from gateway.authenticating.tokens import Token


class _Actor(msgspec.Struct):
    sub: str
    iss: str | None = None
    act: _Actor | None = None


@dataclass(frozen=True, slots=True)
class Exchanged:
    """`own` tells whether the actor is the client that the token is of; `gateways` are those before it, the first one
    first."""

    asker: str
    client_class: str | None  # where the issuer names it
    own: bool
    gateways: tuple[str, ...]

    def agree(self, behalf: OnBehalf | None, purposeless: bool) -> None:
        """Returns when the question is the one that the token is for; `purposeless` where it leaves the token's purpose
        out. Raises GatewayError DELEGATION_REFUSED."""
        if not self.own:
            raise refused("令牌的 `act.sub` 不是本客户端", "the token's `act.sub` is not this client")
        if behalf is None:
            raise refused(
                "令牌只供代为查询，须附 `extensions.delegation`",
                "the token is for somebody's question: say whose in `extensions.delegation`",
            )
        if behalf.delegated.asker != self.asker:
            raise refused("令牌是为另一查询人签发的", "the token is for another asker")
        if self.client_class not in (None, behalf.client_class):
            raise refused("令牌是为另一类客户签发的", "the token is for an asker of another class")
        if tuple(hop.gateway for hop in behalf.delegated.hops[:-1]) != self.gateways:
            raise refused("途经的网关与令牌所载不一致", "the gateways on the way are not those of the token")
        if purposeless:
            raise refused("令牌是为某一目的签发的，须写明该目的", "the token is for a purpose: say which")


def read(token: Token) -> Exchanged | None:
    """None for a token that names no actor, and for a client that asks for nobody else. Raises TokenRefused."""
    if token.client.delegates is None or "act" not in token.claims:
        return None
    try:
        actor = msgspec.convert(token.claims["act"], _Actor)
    except (msgspec.ValidationError, RecursionError):
        raise TokenRefused("`act` is not an actor") from None
    client_class = text(token.claims, "class") if "class" in token.claims else None
    own = actor.sub == token.client.client_id and actor.iss in (None, token.client.issuer)
    gateways: list[str] = []
    while (before := actor.act) is not None:
        gateways.append(before.sub)
        actor = before
    if len(gateways) >= MOST_HOPS:
        raise TokenRefused("`act` is longer than any way")
    return Exchanged(token.subject, client_class, own, tuple(reversed(gateways)))
