"""The words by which the gateway proves to a platform who it is: one model for each way that platforms ask for.

Nothing here acts. Every user name, key and secret is a reference (`env:NAME` or `secret:path`), read when a source is
opened and again when the platform refuses what it stood for; literals are refused. Whatever the way, a client's
certificate may be shown beside it (`mtls`).
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, StrictBool, model_validator

from connectors.spelling import Block, Expression, Reference, Seconds, Texts, UrlPath, Zone, is_reference

_PLACE = re.compile(r"\{(\w*)\}")


class NoAuth(Block):
    kind: Literal["none"]


class BasicAuth(Block):
    kind: Literal["basic"]
    user: Reference
    password: Reference


class ApiKeyAuth(Block):
    kind: Literal["apiKey"]
    header: str
    value: Reference


def _endpoint(value: Any) -> Any:
    if isinstance(value, str) and (value.startswith("/") or is_reference(value)):
        return value
    raise ValueError(
        "write a path below `base`, which begins with `/`, or a reference to a whole URL, `env:NAME` or `secret:path`"
    )


class OAuth2Auth(Block):
    """A token of the client credentials grant (RFC 6749, 4.4), shown as a bearer token (RFC 6750).

    `token` is the endpoint. `method` is how the client proves itself there: with `secret` in a header or in the form,
    or with a JWT that is signed by `key`, a private key in PEM (RFC 7523); `audience` is that JWT's, left out: the
    endpoint's address.
    """

    kind: Literal["oauth2"]
    token: Annotated[str, BeforeValidator(_endpoint)]
    client: Reference
    method: Literal["client_secret_basic", "client_secret_post", "private_key_jwt"] = "client_secret_basic"
    secret: Reference | None = None
    key: Reference | None = None
    keyId: str | None = None
    algorithm: Literal["RS256", "PS256", "ES256"] = "RS256"
    audience: Reference | None = None
    scopes: Texts = ()

    @model_validator(mode="after")
    def _one_proof(self) -> OAuth2Auth:
        wanted, other = ("key", "secret") if self.method == "private_key_jwt" else ("secret", "key")
        if getattr(self, wanted) is None or getattr(self, other) is not None:
            raise ValueError(f"`method: {self.method}` takes `{wanted}`, and no `{other}`")
        return self


class PeerAuth(OAuth2Auth):
    """As whom another gateway is asked. With `exchange: true` every asker and purpose has a token of its own, by token
    exchange (RFC 8693): what is exchanged is a JWT that `key` signs too, which says who asked first; the token names
    that asker (`sub`) and this gateway (`act`). Left out, a token is good for its purpose, whoever asks.
    """

    exchange: StrictBool = False


class Signature(Block):
    """What is hashed: a text with `{appKey}`, `{time}`, `{nonce}` and `{secret}`, which an `hmac` has as its key.

    The digest is written in hexadecimal; `upper: true` in capitals.
    """

    hash: Literal["md5", "sha256", "sm3", "hmac-sha256", "hmac-sm3"]
    of: str
    upper: StrictBool = False

    @model_validator(mode="after")
    def _made_of(self) -> Signature:
        keyed = self.hash.startswith("hmac-")
        known, needed = {"appKey", "time", "nonce", "secret"}, {"time"} if keyed else {"time", "secret"}
        names = set(_PLACE.findall(self.of))
        if not needed <= names <= known - ({"secret"} if keyed else set()):
            wanted = " and ".join(f"`{{{name}}}`" for name in sorted(needed))
            raise ValueError(f"`of` holds {wanted}, and beside them only `{{appKey}}` and `{{nonce}}`")
        return self


class SignedNames(Block):
    """What the platform calls the parts of a signed question; no nonce is sent where it has no name."""

    appKey: str = "appKey"
    time: str = "requestTime"
    sign: str = "sign"
    nonce: str | None = None


class Rotating(Block):
    """Short-lived secrets instead of the lasting one: `first` gives one for the lasting secret, `next` one for the
    `refresh` secret that came with the last. Both are asked with the signature of any question.

    `secret` and `refresh` are JMESPath in the answer. Each holds for the declared time, or as long as `until` and
    `refreshUntil` say there, in milliseconds since 1970.
    """

    method: Literal["GET", "POST"] = "GET"
    first: UrlPath
    next: UrlPath | None = None
    secret: Expression
    refresh: Expression | None = None
    until: Expression | None = None
    refreshUntil: Expression | None = None
    lifetime: Seconds = 600.0
    refreshLifetime: Seconds = 3600.0

    @model_validator(mode="after")
    def _both(self) -> Rotating:
        if (self.next is None) != (self.refresh is None):
            raise ValueError("`next` is asked with `refresh`: write both, or neither")
        return self


class AppKeyAuth(Block):
    """Every question bears the key of an application, the time, and a signature over both (`sign`).

    `time` is `epochMillis`, `epochSeconds` or a format, in `zone`; `at` is where the three stand.
    """

    kind: Literal["appKey"]
    appKey: Reference
    secret: Reference
    sign: Signature
    time: str = "epochMillis"
    zone: Zone = "Asia/Shanghai"
    at: Literal["header", "query", "body"] = "header"
    names: SignedNames = SignedNames()
    rotating: Rotating | None = None

    @model_validator(mode="after")
    def _a_nonce_is_sent(self) -> AppKeyAuth:
        if ("nonce" in _PLACE.findall(self.sign.of)) != (self.names.nonce is not None):
            raise ValueError("a nonce that is signed is sent: write `{nonce}` in `sign.of` and its name in `names`")
        return self


class WsseAuth(Block):
    """The username token of WS-Security (OASIS WSS UsernameToken Profile 1.1).

    `digest: true` sends a digest of the password with a nonce and the time; `false` sends the password itself.
    """

    kind: Literal["wsseUsername"]
    user: Reference
    password: Reference
    digest: StrictBool = True


class ClientCertificate(Block):
    """A certificate of the client and its private key, in PEM: where their files lie, or what those hold."""

    cert: Reference
    key: Reference


HttpAuth = Annotated[NoAuth | BasicAuth | ApiKeyAuth | OAuth2Auth | AppKeyAuth, Field(discriminator="kind")]
SoapAuth = Annotated[NoAuth | BasicAuth | ApiKeyAuth | OAuth2Auth | WsseAuth, Field(discriminator="kind")]
