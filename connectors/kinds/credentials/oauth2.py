"""Tokens of the client credentials grant: asked for once, shown with every question, renewed before they end."""

from __future__ import annotations

import base64
import json
import secrets
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote_plus, urlencode

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from connectors.contract import AuthFailed, Deadline, Turn, Unavailable
from connectors.identities import OAuth2Auth
from connectors.kinds.credentials.keeping import Keeper, Lent
from connectors.kinds.credentials.references import References
from connectors.transport.meaning import by_status, error
from connectors.transport.port import Answer, Question, Transport

MOST = 64 * 1024  # bytes of an answer
UNSAID = 300.0  # seconds that a token holds whose end is not told
ASSERTED_FOR = 60  # seconds that a client's JWT holds
_JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_NOT_US = frozenset({"invalid_client", "unauthorized_client", "invalid_grant", "invalid_scope", "access_denied"})
_NOT_THIS = frozenset({"invalid_scope", "invalid_authorization_details"})  # RFC 9396, 5

Proof = Callable[[], tuple[dict[str, str], dict[str, str]]]  # parameters of the form, and headers


class Bearer:
    """`endpoint` is the target below the transport, `address` the endpoint's whole URL. `narrowed` are parameters that
    say for which question a token is wanted: to refuse them is to refuse the question, and not us.
    """

    def __init__(
        self,
        words: OAuth2Auth,
        references: References,
        transport: Transport,
        endpoint: str,
        address: str,
        timeout: float,
        now: Callable[[], datetime],
        narrowed: Mapping[str, str] | None = None,
    ) -> None:
        self._transport, self._endpoint, self._narrowed = transport, endpoint, dict(narrowed or {})
        self._scopes = " ".join(words.scopes)
        self._prove = _proof(words, references, address, now)
        self._keeper = Keeper(self._asked, timeout)

    async def ready(self, deadline: Deadline, turn: Turn) -> str:
        return await self._keeper.get(deadline, turn)

    def signed(self, question: Question, credential: str) -> Question:
        headers = {**question.headers, "Authorization": f"Bearer {credential}"}
        return Question(question.method, question.target, headers, question.body)

    async def renewed(self, refused: str, deadline: Deadline, turn: Turn) -> bool:
        await self._keeper.renewed(refused, deadline, turn)
        return True

    def close(self) -> None:
        self._keeper.close()

    async def _asked(self, deadline: Deadline) -> Lent[str]:
        form, headers = self._prove()
        form |= (
            {"grant_type": "client_credentials"} | ({"scope": self._scopes} if self._scopes else {}) | self._narrowed
        )
        headers |= {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"}
        question = Question("POST", self._endpoint, headers, urlencode(form).encode("ascii"))
        began = time.monotonic()
        answer = await self._transport.send(question, deadline, MOST)
        told = _told(answer, bool(self._narrowed))
        token, kind, lasts = told.get("access_token"), told.get("token_type"), told.get("expires_in", UNSAID)
        if not isinstance(token, str) or not token.isascii() or not token.isprintable() or " " in token:
            raise Unavailable("the token endpoint gave no token")
        if not isinstance(kind, str) or kind.lower() != "bearer":
            raise AuthFailed("the token endpoint gave a token of another kind than `Bearer`")
        try:
            seconds = float(lasts)
        except (TypeError, ValueError):
            seconds = UNSAID
        return Lent.lasting(token, max(1.0, min(seconds, 86_400.0)) - (time.monotonic() - began))


def _told(answer: Answer, narrowed: bool) -> Mapping[str, Any]:
    try:
        told = json.loads(answer.body)
    except (ValueError, RecursionError):
        told = None
    told = told if isinstance(told, dict) else {}
    if not 200 <= answer.status < 300:
        refused = told.get("error") in _NOT_US or answer.status == 401  # RFC 6749, 5.2
        name = "AuthFailed" if refused else by_status(answer.status)
        if narrowed and told.get("error") in _NOT_THIS:
            name = "Denied"
        raise error(name, f"the token endpoint answered with status {answer.status}", answer.headers)
    return told


def _proof(words: OAuth2Auth, references: References, address: str, now: Callable[[], datetime]) -> Proof:
    client = references.text(words.client)
    if words.key is not None:
        return _assertion(words, references, client, address, now)
    secret = references.text(words.secret or "")
    if words.method == "client_secret_post":
        return lambda: ({"client_id": client, "client_secret": secret}, {})
    pair = f"{quote_plus(client)}:{quote_plus(secret)}".encode()  # both encoded first: RFC 6749, 2.3.1
    header = "Basic " + base64.b64encode(pair).decode("ascii")
    return lambda: ({}, {"Authorization": header})


def _assertion(
    words: OAuth2Auth, references: References, client: str, address: str, now: Callable[[], datetime]
) -> Proof:
    try:
        key = (ECKey if words.algorithm == "ES256" else RSAKey).import_key(references.pem(words.key or ""))
        usable = key.is_private and getattr(key, "curve_name", "P-256") == "P-256"
    except (JoseError, ValueError, TypeError):
        usable = False
    if not usable:
        raise ValueError(f"`{words.key}` holds no private key for {words.algorithm} in PEM")
    audience = address if words.audience is None else references.text(words.audience)
    header = {"alg": words.algorithm, "typ": "JWT"} | ({"kid": words.keyId} if words.keyId else {})

    def prove() -> tuple[dict[str, str], dict[str, str]]:
        at = int(now().timestamp())
        claims = {"iss": client, "sub": client, "aud": audience, "jti": secrets.token_urlsafe(16)}
        signed = jwt.encode(header, {**claims, "iat": at, "exp": at + ASSERTED_FOR}, key, algorithms=[words.algorithm])
        return {"client_id": client, "client_assertion_type": _JWT_BEARER, "client_assertion": signed}, {}

    return prove
