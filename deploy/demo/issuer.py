"""A small authorization server for development: authlib's client-credentials grant, RFC 9068 tokens, loopback only.

It issues ES256 access tokens (`typ` at+jwt) for the demo's callers, who have secrets, and for gateways, who have keys
(RFC 7523) and may exchange what they say of whom they ask for (RFC 8693, see `exchanging`), with
`authorization_details` of type `credit-query` (RFC 9396): the purposes, and the evidence `operator` and `caseNo`. It
refuses scopes and purposes that a caller is not registered for, another resource (RFC 8707) and any host but this
machine.
Keys are made at start and live in memory; production points the gateway at a real server instead. Run by
the province: `python -m deploy.demo.issuer`, settings on stdin.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs

from authlib.oauth2 import AuthorizationServer, OAuth2Request
from authlib.oauth2.rfc6749 import ClientMixin, InvalidClientError, InvalidRequestError
from authlib.oauth2.rfc6749.grants import ClientCredentialsGrant
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload
from authlib.oauth2.rfc7523 import JWTBearerClientAssertion
from authlib.oauth2.rfc9068 import JWTBearerTokenGenerator
from joserfc.jwk import ECKey, KeySet
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from deploy.demo.exchanging import EXCHANGE, Exchange, SubjectTokens
from deploy.demo.granting import DETAIL_TYPE, granted
from deploy.demo.once import Once
from deploy.demo.servers import leash, web

LIFETIME = 600  # seconds
GRANT = "client_credentials"
BY_KEY = JWTBearerClientAssertion.CLIENT_AUTH_METHOD
ASSERTED = ("JWT", "client-authentication+jwt")
AUTHENTICATION = ("client_secret_basic", "client_secret_post")


class Asked(OAuth2Request):  # type: ignore[misc]
    """A token request: authlib reads its parameters from `payload` and, for client_secret_post, from `form`."""

    def __init__(self, issuer: str, form: dict[str, str], headers: dict[str, str]) -> None:
        super().__init__("POST", f"{issuer}/token", headers=headers)
        self.payload = BasicOAuth2Payload(form)

    @property
    def form(self) -> dict[str, str]:
        data: dict[str, str] = self.payload.data
        return data


class Client(ClientMixin):  # type: ignore[misc]
    """A registered caller as it asks now; one object per request, `claims` are what its token will add."""

    def __init__(self, client_id: str, registered: Mapping[str, Any]) -> None:
        self.id = client_id
        self.registered = registered
        self.usual: Sequence[str] = registered["scopes"]
        self.claims: dict[str, Any] = {}

    def get_client_id(self) -> str:
        return self.id

    def key(self) -> ECKey:
        """The public key that it has registered; one of nobody's where it has none."""
        return ECKey.import_key(self.registered.get("key") or ECKey.generate_key("P-256").as_dict(private=False))

    def get_allowed_scope(self, scope: str | None) -> str | None:
        """The usual scopes, all registered ones, when none is asked; None, which is a refusal, when one is not
        registered."""
        asked = scope.split() if scope else self.usual
        return " ".join(asked) if set(asked) <= set(self.registered["scopes"]) else None

    def check_client_secret(self, client_secret: str) -> bool:
        return hmac.compare_digest(client_secret.encode(), str(self.registered["secret"]).encode())

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        """Who has registered a key has no secret, and the other way round."""
        return method == BY_KEY if "key" in self.registered else method in AUTHENTICATION

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type in self.registered.get("grants", (GRANT,))


class ClientCredentials(ClientCredentialsGrant):  # type: ignore[misc]
    """RFC 6749, section 4.4, with RFC 8707 and RFC 9396."""

    GRANT_TYPE = GRANT
    TOKEN_ENDPOINT_AUTH_METHODS = (*AUTHENTICATION, BY_KEY)

    def validate_token_request(self) -> None:
        super().validate_token_request()
        client: Client = self.request.client
        asked = self.request.payload.data
        client.claims["authorization_details"] = [granted(self.server.resource_of(client), client.registered, asked)]
        hint = asked.get("login_hint")
        if self.server.subjects and client.registered.get("self"):
            client.claims["credit_subject"] = self._subject(hint or client.registered["self"])
        elif hint:
            raise InvalidRequestError("login_hint is for the credit subject only")

    def create_token_response(self) -> tuple[int, dict[str, Any], Any]:
        status, token, headers = super().create_token_response()
        # RFC 9396, section 7: the answer says what was granted
        token["authorization_details"] = self.request.client.claims["authorization_details"]
        return status, token, headers

    def _subject(self, example: str) -> Mapping[str, str]:
        """Development only: whoever holds the secret says which of the named subjects it is."""
        try:
            found: Mapping[str, str] = self.server.subjects[example]
        except KeyError:
            raise InvalidRequestError("login_hint names no example subject of the demo") from None
        return found


class ByKey(JWTBearerClientAssertion):  # type: ignore[misc]
    """RFC 7523, section 2.2: a gateway signs with the key that it has registered, and each assertion serves once."""

    def __init__(self, issuer: str) -> None:
        super().__init__()
        self._audiences = [issuer, f"{issuer}/token"]
        self._once = Once()

    def get_audiences(self) -> list[str]:
        return self._audiences

    def extract_assertion(self, assertion: str) -> tuple[dict[str, Any], dict[str, Any]]:
        """Of a type for this, or of none: what a gateway signs of its asker does not say who it is (RFC 8725, 3.11)."""
        header, claims = super().extract_assertion(assertion)
        if header.get("typ", "JWT") not in ASSERTED:
            raise InvalidClientError(description="The JWT is of another type than a client's assertion.")
        return header, claims

    def validate_jti(self, claims: Mapping[str, Any], jti: str) -> bool:
        return self._once.first(str(claims["sub"]), jti, claims["exp"])

    def resolve_client_public_key(self, client: Client) -> ECKey:
        return client.key()


class Tokens(JWTBearerTokenGenerator):  # type: ignore[misc]
    """RFC 9068 tokens signed by the one key of this run; the key set makes joserfc write `kid`."""

    def __init__(self, issuer: str, resource_of: Callable[[Client], str], keys: KeySet) -> None:
        super().__init__(issuer, alg="ES256", expires_generator=LIFETIME)
        self.resource_of = resource_of
        self.keys = keys

    def get_jwks(self) -> KeySet:
        return self.keys

    def get_audiences(self, client: Client, user: Any, scope: str) -> str:
        return self.resource_of(client)

    def get_extra_claims(self, client: Client, grant_type: str, user: Any, scope: str) -> dict[str, Any]:
        return client.claims


class Issuer(AuthorizationServer):  # type: ignore[misc]
    """authlib's server on Starlette's requests and answers; it keeps nothing that it issues."""

    def __init__(self, issuer: str, settings: Mapping[str, Any]) -> None:
        super().__init__()
        self.resource = str(settings["resource"])
        self.subjects: Mapping[str, Mapping[str, str]] = settings["subjects"]
        self.registered: Mapping[str, Mapping[str, Any]] = settings["clients"]
        self.keys = KeySet([ECKey.generate_key("P-256", {"use": "sig", "alg": "ES256"}, auto_kid=True)])
        self.register_token_generator("default", Tokens(issuer, self.resource_of, self.keys))
        self.register_client_auth_method(BY_KEY, ByKey(issuer))
        self.register_grant(ClientCredentials)
        self.register_grant(Exchange)
        self.subject_tokens = SubjectTokens([issuer, f"{issuer}/token"])

    def resource_of(self, client: Client) -> str:
        """What a client's tokens are for: the gateway of this demo, or the other one that it asks."""
        return str(client.registered.get("resource", self.resource))

    def query_client(self, client_id: str) -> Client | None:
        found = self.registered.get(client_id)
        return Client(client_id, found) if found else None

    def save_token(self, token: Any, request: Any) -> None:
        """Tokens are self-contained and short; none is kept."""

    def send_signal(self, name: str, *args: Any, **kwargs: Any) -> None:
        """Nobody listens."""

    def create_oauth2_request(self, request: Any) -> Any:
        return request

    def handle_response(self, status: int, body: Any, headers: Any) -> Response:
        return JSONResponse(body, status, dict(headers))


def application(issuer: str, settings: Mapping[str, Any]) -> Starlette:
    """The server at the address `issuer`; settings: `resource`, `clients`, `subjects`."""
    server = Issuer(issuer, settings)

    async def token(request: Request) -> Response:
        fields = parse_qs((await request.body()).decode("utf-8", "replace"), keep_blank_values=True)
        asked = Asked(issuer, {name: values[0] for name, values in fields.items()}, _titled(request))
        answer: Response
        if any(len(values) > 1 for values in fields.values()):  # RFC 6749, section 3.2
            answer = server.handle_error_response(asked, InvalidRequestError("a parameter is given twice"))
            return answer
        try:
            answer = server.create_token_response(asked)
        except UnicodeError:  # authlib decodes the Basic header without looking
            answer = server.handle_error_response(asked, InvalidClientError(status_code=401))
        return answer

    async def metadata(request: Request) -> Response:  # RFC 8414
        return JSONResponse(
            {
                "issuer": issuer,
                "token_endpoint": f"{issuer}/token",
                "jwks_uri": f"{issuer}/jwks.json",
                "grant_types_supported": [GRANT, EXCHANGE],
                "response_types_supported": [],
                "token_endpoint_auth_methods_supported": [*AUTHENTICATION, "private_key_jwt"],
                "token_endpoint_auth_signing_alg_values_supported": ["ES256"],
                "authorization_details_types_supported": [DETAIL_TYPE],
                "scopes_supported": sorted(
                    {scope for client in server.registered.values() for scope in client["scopes"]}
                ),
            }
        )

    async def jwks(request: Request) -> Response:
        return JSONResponse(server.keys.as_dict(private=False))

    return Starlette(
        routes=[
            Route("/.well-known/oauth-authorization-server", metadata),
            Route("/jwks.json", jwks),
            Route("/token", token, methods=["POST"]),
        ],
        # a page elsewhere that points its name at 127.0.0.1 still names itself in Host
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost", "[::1]"])],
    )


def _titled(request: Request) -> dict[str, str]:
    """authlib looks headers up by their canonical spelling."""
    return {name.title(): value for name, value in request.headers.items()}


if __name__ == "__main__":
    given = leash.settings()
    listening = web.open_socket(str(given.get("host", "127.0.0.1")), int(given.get("port", 0)))
    web.serve(application(web.address(listening), given), listening)
