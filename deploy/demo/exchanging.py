"""The development issuer's token exchange (RFC 8693): a gateway gets a token that names whom it asks for.

What is exchanged is a JWT that the gateway has signed with its registered key (`typ` asker+jwt): who asked first, as
`sub`, its `class`, the `purpose`, and the gateways on the way before it as `act`. The token has the same `sub` and
`class`, the one purpose, and as `act` the client, within it those gateways. Nobody else's token is taken.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from authlib.oauth2.rfc6749 import InvalidRequestError, UnauthorizedClientError
from authlib.oauth2.rfc6749.grants import BaseGrant, TokenEndpointMixin
from authlib.oauth2.rfc7523 import JWTBearerClientAssertion
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey
from joserfc.jwt import ClaimsOption

from deploy.demo.granting import InvalidDetails, granted
from deploy.demo.once import LEEWAY, Once

EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS_TOKEN, JWT = (f"urn:ietf:params:oauth:token-type:{kind}" for kind in ("access_token", "jwt"))
TYPE = "asker+jwt"
LONGEST = 120  # seconds that a subject token may live
MOST_BEFORE = 3  # gateways on the way before the one that asks
MOST_TEXT = 256  # characters of a name: gateways take no longer one


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asked first, in authlib's eyes the user. `claims` are what the token says of it beside `sub`."""

    id: str
    purposes: list[str]
    claims: Mapping[str, Any]

    def get_user_id(self) -> str:
        return self.id


class SubjectTokens:
    """Reads what gateways sign. `audiences` are this issuer's names."""

    def __init__(self, audiences: Sequence[str]) -> None:
        self._audience = ClaimsOption(essential=True, values=list(audiences))
        self._once = Once()

    def read(self, token: str, client: str, key: ECKey) -> Asker:
        """Raises OAuth2Error `invalid_request` (RFC 8693, 2.2.2), which says nothing of the token."""
        try:
            signed = jwt.decode(token, key, algorithms=["ES256"])
            claims = signed.claims
            kind = signed.header.get("typ")
            registry = jwt.JWTClaimsRegistry(
                leeway=int(LEEWAY), iss={"essential": True, "value": client}, aud=self._audience,
                exp={"essential": True}, iat={"essential": True},
            )  # fmt: skip
            registry.validate(claims)
        except (JoseError, ValueError, TypeError):
            raise InvalidRequestError("the subject token is not one of this client's, or not valid now") from None
        said = [claims.get(name) for name in ("sub", "class", "jti")]
        purpose = claims.get("purpose", "")
        if kind != TYPE or not all(_text(value) for value in said) or not isinstance(purpose, str):
            raise InvalidRequestError("the subject token does not say for whom it is")
        if not 0 < claims["exp"] - claims["iat"] <= LONGEST:
            raise InvalidRequestError(f"a subject token lives for {LONGEST} seconds at most")
        act = {"sub": client, **({"act": _before(claims["act"])} if "act" in claims else {})}
        if not self._once.first(client, claims["jti"], claims["exp"]):
            raise InvalidRequestError("the subject token was shown before")
        return Asker(claims["sub"], [purpose] if purpose else [], {"class": claims["class"], "act": act})


class Exchange(BaseGrant, TokenEndpointMixin):  # type: ignore[misc]  # authlib is untyped
    """RFC 8693 for clients that are registered for it and prove themselves by their key."""

    GRANT_TYPE = EXCHANGE
    TOKEN_ENDPOINT_AUTH_METHODS = (JWTBearerClientAssertion.CLIENT_AUTH_METHOD,)

    def validate_token_request(self) -> None:
        client = self.authenticate_token_endpoint_client()
        if not client.check_grant_type(self.GRANT_TYPE):
            raise UnauthorizedClientError("this client may not exchange tokens")
        self.request.client = client
        client.usual = ()  # its scopes are not those of whoever asked first
        self.validate_requested_scope()
        asked = self.request.payload.data
        if not asked.get("subject_token") or asked.get("subject_token_type") != JWT:
            raise InvalidRequestError(f"`subject_token` is wanted, of the type {JWT}")
        if "actor_token" in asked or asked.get("requested_token_type", ACCESS_TOKEN) != ACCESS_TOKEN:
            raise InvalidRequestError("the actor is the client, and what is given is an access token")
        detail = granted(self.server.resource_of(client), client.registered, asked)
        asker = self.server.subject_tokens.read(asked["subject_token"], client.id, client.key())
        if detail["purposes"] != asker.purposes:
            raise InvalidDetails("the purpose is another than that of the subject token")
        client.claims = {**asker.claims, "authorization_details": [detail]}
        self.request.user = asker

    def create_token_response(self) -> tuple[int, dict[str, Any], Any]:
        request = self.request
        token = self.generate_token(request.user, request.payload.scope, include_refresh_token=False)
        details = request.client.claims["authorization_details"]
        token |= {"issued_token_type": ACCESS_TOKEN, "authorization_details": details}
        return 200, token, self.TOKEN_RESPONSE_HEADER


def _before(act: Any) -> dict[str, Any]:
    """The gateways on the way, each with its name alone. Raises OAuth2Error."""
    names: list[str] = []
    while act is not None:
        if not isinstance(act, dict) or not _text(act.get("sub")) or len(names) == MOST_BEFORE:
            raise InvalidRequestError("`act` of the subject token does not name the gateways on the way")
        names.append(act["sub"])
        act = act.get("act")
    found: dict[str, Any] = {}
    for name in reversed(names):
        found = {"sub": name, **({"act": found} if found else {})}
    return found


def _text(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= MOST_TEXT
