"""A small consent service for development: a subject's consent as a signed token, its withdrawal, a status list.

`POST /consents` gives a consent and `POST /consents/{jti}/withdraw` takes it back; whoever reaches loopback
speaks for every invented subject here, which is all that makes it a demo. The token names its subject only by a
salted digest. What was given and withdrawn is kept in one file, so that a withdrawal outlives the process. Run by
the province: `python -m deploy.demo.consents`, settings (with the signing key) on stdin.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import time
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from joserfc import jws
from joserfc.jwk import ECKey
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from deploy.demo.servers import leash, web

CONSENT = "credit-consent+jwt"
LIST = "statuslist+jwt"
TTL = 60  # seconds for which the list says that it may be kept
SALT = 16  # bytes
DAY = 86_400
WORDS = {"client": str, "subject": (str, dict), "purpose": str, "types": list, "days": int, "starts": int}


class Unusable(ValueError):
    """What was posted is no consent; the text says what to do."""


class Desk:
    """Gives consents and remembers which were withdrawn; `book` is the file that keeps it."""

    def __init__(self, issuer: str, settings: Mapping[str, Any]) -> None:
        self.issuer = issuer
        self.subjects: Mapping[str, Mapping[str, str]] = settings["subjects"]
        self.key = ECKey.import_key(settings["key"])
        self.book = Path(settings["folder"]) / "consents.json"
        kept = json.loads(self.book.read_text("utf-8")) if self.book.exists() else {}
        self.given: dict[str, int] = kept.get("given", {})  # jti -> index in the list
        self.withdrawn: set[int] = set(kept.get("withdrawn", ()))

    @property
    def list_address(self) -> str:
        return f"{self.issuer}/status/1"

    def give(self, asked: Any) -> dict[str, Any]:
        """`{client, subject, purpose, types, days}`; `starts` is days from now, also negative. Raises Unusable."""
        if not isinstance(asked, dict) or set(asked) - set(WORDS):
            raise Unusable(f"a JSON object of {', '.join(WORDS)}")
        asked = {"days": 30, "starts": 0, **asked}
        for word, kind in WORDS.items():
            if not isinstance(asked.get(word), kind):  # type: ignore[arg-type]
                raise Unusable(f"`{word}` is missing or of the wrong type")
        subject = asked["subject"]
        key = self.subjects.get(subject) if isinstance(subject, str) else subject
        if key is None or len(key) != 1 or set(key) - {"uscc", "citizenId"}:
            raise Unusable("`subject` is the name of an example, or one of uscc and citizenId")
        if not 0 < asked["days"] <= 366:
            raise Unusable("`days` is 1 to 366")
        since = int(time.time()) + asked["starts"] * DAY
        identifier, salt = f"c-{secrets.token_hex(8)}", secrets.token_bytes(SALT)
        index = self.given[identifier] = len(self.given)
        self._keep()
        [(kind, value)] = key.items()
        claims = {
            "iss": self.issuer,
            "aud": asked["client"],
            "sub": _base64url(hashlib.sha256(salt + f"{kind}:{value}".encode()).digest()),
            "salt": _base64url(salt),
            "purpose": asked["purpose"],
            "types": asked["types"],
            "nbf": since,
            "exp": since + asked["days"] * DAY,
            "jti": identifier,
            "status": {"status_list": {"uri": self.list_address, "idx": index}},
        }
        return {"id": identifier, "token": self._signed(CONSENT, claims)}

    def withdraw(self, identifier: str) -> bool:
        """False when no such consent was given; withdrawing twice is as good as once."""
        if identifier not in self.given:
            return False
        self.withdrawn.add(self.given[identifier])
        self._keep()
        return True

    def status_list(self) -> str:
        """One bit for each consent, 1 when withdrawn, the first in the lowest bit (Token Status List)."""
        bits = bytearray(max(1, (len(self.given) + 7) // 8))
        for index in self.withdrawn:
            bits[index // 8] |= 1 << index % 8
        words = {"bits": 1, "lst": _base64url(zlib.compress(bytes(bits), 9))}
        claims = {"sub": self.list_address, "iat": int(time.time()), "ttl": TTL, "status_list": words}
        return self._signed(LIST, claims)

    def _signed(self, kind: str, claims: Mapping[str, Any]) -> str:
        header = {"alg": "ES256", "typ": kind, "kid": self.key.kid}
        return jws.serialize_compact(header, json.dumps(claims), self.key, algorithms=["ES256"])

    def _keep(self) -> None:
        draft = self.book.with_suffix(".new")
        draft.write_text(json.dumps({"given": self.given, "withdrawn": sorted(self.withdrawn)}), "utf-8")
        draft.replace(self.book)


def application(issuer: str, settings: Mapping[str, Any]) -> Starlette:
    """The service at the address `issuer`; settings: `key` (a private JWK), `folder`, `subjects`."""
    desk = Desk(issuer, settings)

    async def give(request: Request) -> Response:
        # a page elsewhere cannot send this type without asking first, and nobody here says yes
        if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
            return JSONResponse({"error": "send application/json"}, 415)
        try:
            return JSONResponse(desk.give(json.loads(await request.body())), 201)
        except Unusable as error:
            return JSONResponse({"error": str(error)}, 400)
        except (ValueError, RecursionError):
            return JSONResponse({"error": "not JSON"}, 400)

    async def withdraw(request: Request) -> Response:
        identifier = str(request.path_params["jti"])
        if not desk.withdraw(identifier):
            return JSONResponse({"error": "no such consent"}, 404)
        return JSONResponse({"id": identifier, "state": "WITHDRAWN"})

    async def status(request: Request) -> Response:
        return Response(desk.status_list(), media_type=f"application/{LIST}")

    async def jwks(request: Request) -> Response:
        return JSONResponse({"keys": [desk.key.as_dict(private=False)]})

    return Starlette(
        routes=[
            Route("/consents", give, methods=["POST"]),
            Route("/consents/{jti}/withdraw", withdraw, methods=["POST"]),
            Route("/status/1", status),
            Route("/jwks.json", jwks),
        ],
        # a page elsewhere that points its name at 127.0.0.1 still names itself in Host
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost", "[::1]"])],
    )


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


if __name__ == "__main__":
    settings = leash.settings()
    listening = web.open_socket("127.0.0.1", int(settings.get("port", 0)))
    web.serve(application(web.address(listening), settings), listening)
