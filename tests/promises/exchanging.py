"""Token exchange as a gateway asks for it, made by hand: what it signs, and the form that it sends (RFC 8693, 2.1)."""

from __future__ import annotations

import json
import time
from typing import Any
from uuid import uuid4

import httpx2
from joserfc import jwt
from joserfc.jwk import ECKey

from deploy.demo.exchanging import EXCHANGE, JWT

BY_KEY = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def signed(key: ECKey, server: str, client: str, typ: str = "JWT", **claims: Any) -> str:
    """A claim that is None is left out."""
    now = int(time.time())
    said = {"iss": client, "aud": f"{server}/token", "iat": now, "exp": now + 60, "jti": uuid4().hex, **claims}
    return jwt.encode(
        {"alg": "ES256", "typ": typ}, {name: value for name, value in said.items() if value is not None}, key
    )


def subject(key: ECKey, server: str, client: str, **claims: Any) -> str:
    said = {"sub": "bureau", "class": "government", "purpose": "gov.licensing", "typ": "asker+jwt", **claims}
    return signed(key, server, client, **said)


def exchange(key: ECKey, server: str, client: str, token: str, **changes: Any) -> httpx2.Response:
    """`key` proves the client; of the form, what changes to None is left out."""
    purpose = changes.pop("purpose", "gov.licensing")
    form = {
        "grant_type": EXCHANGE, "subject_token": token, "subject_token_type": JWT, "client_id": client,
        "client_assertion_type": BY_KEY, "client_assertion": signed(key, server, client, sub=client),
        "authorization_details": json.dumps([{"type": "credit-query", "purposes": [purpose] if purpose else []}]),
        "scope": "credit.gov", **changes,
    }  # fmt: skip
    form = {name: value for name, value in form.items() if value is not None}
    return httpx2.post(f"{server}/token", data=form, trust_env=False)
