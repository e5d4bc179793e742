"""Tokens of an authorization server: asked for once, shown with every question, renewed before they end.

They are those of the client credentials grant (RFC 6749, 4.4), or, where one is wanted on somebody's behalf, of token
exchange (RFC 8693).
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import quote_plus, urlencode

from cachetools import LRUCache

from connectors.contract import AuthFailed, ContractBroken, Deadline, Denied, Turn, Unavailable
from connectors.identities import OAuth2Auth
from connectors.kinds.credentials.assertions import Asker, Assertions
from connectors.kinds.credentials.keeping import Fetching, Keeper, Lent
from connectors.kinds.credentials.references import References
from connectors.transport.meaning import by_status, error
from connectors.transport.port import Answer, Question, Transport

MOST = 64 * 1024  # bytes of an answer
KEPT = 1000  # tokens at a time
UNSAID = 300.0  # seconds that a token holds whose end is not told
_JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
_ACCESS_TOKEN, _JWT = (f"urn:ietf:params:oauth:token-type:{kind}" for kind in ("access_token", "jwt"))
_NOT_OURS = frozenset({"unauthorized_client", "unsupported_grant_type"})  # a way to ask that is not for us
_NOT_US = _NOT_OURS | {"invalid_client", "invalid_grant", "invalid_scope", "access_denied"}
_NOT_THIS = frozenset({"invalid_scope", "invalid_authorization_details"})  # RFC 9396, 5
_NOT_FOR_THEM = _NOT_THIS | {"invalid_request", "invalid_grant", "access_denied"}  # RFC 8693, 2.2.2

Proof = Callable[[], tuple[dict[str, str], dict[str, str]]]  # parameters of the form, and headers


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a token is wanted for. `scopes` are those of the declaration where none are said; `narrowed` are parameters
    that say for which question: to refuse them is to refuse the question, and not us. So it is with an `asker`, whom
    the token shall name."""

    scopes: tuple[str, ...] | None = None
    narrowed: tuple[tuple[str, str], ...] = ()
    asker: Asker | None = None


USUAL = Wanted()


class Bearer:
    """One token, by what asks for it."""

    def __init__(self, fetch: Fetching[str], timeout: float) -> None:
        self._keeper = Keeper(fetch, timeout)

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


class Tokens:
    """Our tokens of one server, each for what it is wanted for. `endpoint` is the target below the transport, `address`
    the endpoint's whole URL. Of too many the one that served longest ago is forgotten: it holds nothing open, and one
    that is on its way still comes to whoever waits for it."""

    def __init__(
        self,
        words: OAuth2Auth,
        references: References,
        transport: Transport,
        endpoint: str,
        address: str,
        timeout: float,
        now: Callable[[], datetime],
    ) -> None:
        self._transport, self._endpoint, self._timeout, self._scopes = transport, endpoint, timeout, words.scopes
        client = references.text(words.client)
        self._assertions = Assertions(words, references, client, address, now) if words.key is not None else None
        self._prove = _proof(words, references, client, self._assertions)
        self._known: LRUCache[Wanted, Bearer] = LRUCache(KEPT)

    def of(self, wanted: Wanted) -> Bearer:
        found = self._known.get(wanted)
        if found is None:
            found = self._known[wanted] = Bearer(partial(self._asked, wanted), self._timeout)
        return found

    def close(self) -> None:
        for bearer in self._known.values():
            bearer.close()

    async def _asked(self, wanted: Wanted, deadline: Deadline) -> Lent[str]:
        scopes = self._scopes if wanted.scopes is None else wanted.scopes
        form, headers = self._prove()
        form |= self._granted_by(wanted.asker) | ({"scope": " ".join(scopes)} if scopes else {}) | dict(wanted.narrowed)
        headers |= {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"}
        question = Question("POST", self._endpoint, headers, urlencode(form).encode("ascii"))
        began = time.monotonic()
        told = _told(await self._transport.send(question, deadline, MOST), wanted)
        token, kind, lasts = told.get("access_token"), told.get("token_type"), told.get("expires_in", UNSAID)
        if not isinstance(token, str) or not token.isascii() or not token.isprintable() or " " in token:
            raise Unavailable("the token endpoint gave no token")
        if not isinstance(kind, str) or kind.lower() != "bearer":
            raise AuthFailed("the token endpoint gave a token of another kind than `Bearer`")
        if wanted.asker is not None:
            _exchanged(told, scopes)
        try:
            seconds = float(lasts)
        except (TypeError, ValueError):
            seconds = UNSAID
        return Lent.lasting(token, max(1.0, min(seconds, 86_400.0)) - (time.monotonic() - began))

    def _granted_by(self, asker: Asker | None) -> dict[str, str]:
        if asker is None:
            return {"grant_type": "client_credentials"}
        if self._assertions is None:
            raise AuthFailed("tokens are exchanged for what a key signs, and there is none")
        return {
            "grant_type": _EXCHANGE,
            "subject_token": self._assertions.of_asker(asker),
            "subject_token_type": _JWT,
            "requested_token_type": _ACCESS_TOKEN,
        }


def _exchanged(told: Mapping[str, Any], scopes: tuple[str, ...]) -> None:
    """Returns when the answer is one to what was asked (RFC 8693, 2.2.1)."""
    if told.get("issued_token_type") != _ACCESS_TOKEN:
        raise ContractBroken("the token endpoint exchanged for something else than an access token")
    granted = told.get("scope", "")
    if not isinstance(granted, str):
        raise ContractBroken("the token endpoint gave scopes that are no text")
    if not set(granted.split()) <= set(scopes):  # its usual ones perhaps, which others may have
        raise Denied("the token endpoint gave a token for more than was asked")


def _told(answer: Answer, wanted: Wanted) -> Mapping[str, Any]:
    try:
        told = json.loads(answer.body)
    except (ValueError, RecursionError):
        told = None
    told = told if isinstance(told, dict) else {}
    if not 200 <= answer.status < 300:
        code = str(told.get("error"))
        refused = code in _NOT_US or answer.status == 401  # RFC 6749, 5.2
        name = "AuthFailed" if refused else by_status(answer.status)
        if code in (_NOT_FOR_THEM if wanted.asker else _NOT_THIS if wanted.narrowed else ()):
            name = "Denied"
        raise error(name, f"the token endpoint answered with status {answer.status}", answer.headers)
    return told


def _proof(words: OAuth2Auth, references: References, client: str, assertions: Assertions | None) -> Proof:
    if assertions is not None:
        said = {"client_id": client, "client_assertion_type": _JWT_BEARER}
        return lambda: ({**said, "client_assertion": assertions.of_client()}, {})
    secret = references.text(words.secret or "")
    if words.method == "client_secret_post":
        return lambda: ({"client_id": client, "client_secret": secret}, {})
    pair = f"{quote_plus(client)}:{quote_plus(secret)}".encode()  # both encoded first: RFC 6749, 2.3.1
    header = "Basic " + base64.b64encode(pair).decode("ascii")
    return lambda: ({}, {"Authorization": header})
