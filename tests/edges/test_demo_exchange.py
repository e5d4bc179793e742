"""The demo's authorization server exchanges what a gateway signs for a token, and nothing else (RFC 8693)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

from deploy.demo import issuer
from deploy.demo.exchanging import ACCESS_TOKEN, EXCHANGE, JWT
from tests.promises import exchanging
from tests.promises.peering import threaded

THERE = "https://sh.example/graphql"
KEYS = {name: ECKey.generate_key("P-256") for name in ("shandong", "qingdao", "plain", "stranger")}


def registered(name: str, **more: Any) -> dict[str, Any]:
    known = {"secret": "s" * 20, "scopes": ["credit.gov", "credit.finance"], "evidence": {}, "resource": THERE}
    return {**known, "purposes": ["gov.licensing", "gov.bidding"], "key": KEYS[name].as_dict(private=False), **more}


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    clients = {
        "shandong": registered("shandong", grants=[EXCHANGE]),
        "qingdao": registered("qingdao", grants=[EXCHANGE]),
        "plain": registered("plain"),
        "bureau": {**registered("plain"), "grants": [EXCHANGE]},
    }
    del clients["bureau"]["key"]
    with threaded(issuer.application, {"resource": THERE, "subjects": {}, "clients": clients}) as address:
        yield address


def subject(server: str, client: str = "shandong", key: str | None = None, **claims: Any) -> str:
    return exchanging.subject(KEYS[key or client], server, client, **claims)


def exchange(server: str, token: str, client: str = "shandong", **changes: Any) -> httpx2.Response:
    return exchanging.exchange(KEYS[client], server, client, token, **{"resource": THERE, **changes})


def claims_of(server: str, answer: httpx2.Response) -> dict[str, Any]:
    keys = KeySet.import_key_set(httpx2.get(f"{server}/jwks.json", trust_env=False).json())
    return dict(jwt.decode(answer.raise_for_status().json()["access_token"], keys, algorithms=["ES256"]).claims)


def test_the_token_names_who_asked_first_and_who_holds_it(server: str) -> None:
    """For the one purpose and resource; the gateways on the way stand within, and whatever else was said does not."""
    answer = exchange(server, subject(server, act={"sub": "https://qd.example", "decision": "d", "act": {"sub": "x"}}))
    said = answer.json()
    assert (said["issued_token_type"], said["token_type"], said["scope"]) == (ACCESS_TOKEN, "Bearer", "credit.gov")
    assert "refresh_token" not in said
    claims = claims_of(server, answer)
    assert (claims["sub"], claims["class"], claims["client_id"]) == ("bureau", "government", "shandong")
    assert claims["act"] == {"sub": "shandong", "act": {"sub": "https://qd.example", "act": {"sub": "x"}}}
    assert (claims["aud"], claims["scope"]) == (THERE, "credit.gov")
    assert claims["authorization_details"] == [{"type": "credit-query", "purposes": ["gov.licensing"]}]
    assert 0 < claims["exp"] - claims["iat"] <= 600
    nothing = claims_of(server, exchange(server, subject(server, purpose=None), purpose=None))
    assert (nothing["act"], nothing["authorization_details"][0]["purposes"]) == ({"sub": "shandong"}, [])


def test_scopes_that_are_not_asked_for_are_not_given(server: str) -> None:
    """Who asked first may have none: the client's own are not theirs."""
    answer = exchange(server, subject(server), scope=None)
    assert "scope" not in answer.json()
    assert not claims_of(server, answer)["scope"]


def test_the_server_says_that_it_exchanges(server: str) -> None:
    """In its metadata (RFC 8414)."""
    said = httpx2.get(f"{server}/.well-known/oauth-authorization-server", trust_env=False).json()
    assert EXCHANGE in said["grant_types_supported"]


OLD = int(time.time()) - 600


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": OLD + 60, "iat": OLD},
        {"exp": int(time.time()) + 3600},
        {"iat": None},
        {"exp": None},
        {"key": "stranger"},
        {"key": "qingdao"},
        {"client": "qingdao"},
        {"iss": "qingdao"},
        {"aud": THERE},
        {"aud": None},
        {"jti": None},
        {"jti": 7},
        {"sub": None},
        {"sub": "x" * 257},
        {"class": None},
        {"purpose": ["gov.licensing"]},
        {"typ": "JWT"},
        {"typ": "at+jwt"},
        {"act": "https://qd.example"},
        {"act": {"act": {"sub": "x"}}},
        {"act": {"sub": "a", "act": {"sub": "b", "act": {"sub": "c", "act": {"sub": "d"}}}}},
    ],
    ids=str,
)
def test_what_a_gateway_has_not_signed_so_is_not_exchanged(server: str, changes: dict[str, Any]) -> None:
    """Expired, too long, another's key, client, server or type, or one that does not say for whom."""
    answer = exchange(server, subject(server, **changes))
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    assert "access_token" not in answer.json()
    assert "bureau" not in answer.text


def test_a_subject_token_serves_once(server: str) -> None:
    """Whoever has seen one on its way gets nothing for it, nor does its owner a second time."""
    token = subject(server)
    assert exchange(server, token, client="qingdao").status_code == 400
    assert exchange(server, token).status_code == 200
    again = exchange(server, token)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_request")


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"purpose": "gov.bidding"}, "invalid_authorization_details"),
        ({"authorization_details": None}, "invalid_authorization_details"),
        ({"scope": "credit.restricted"}, "invalid_scope"),
        ({"resource": "https://elsewhere.example"}, "invalid_target"),
        ({"subject_token_type": ACCESS_TOKEN}, "invalid_request"),
        ({"subject_token": None}, "invalid_request"),
        ({"subject_token": "a.b.c"}, "invalid_request"),
        ({"requested_token_type": "urn:ietf:params:oauth:token-type:refresh_token"}, "invalid_request"),
        ({"actor_token": "x", "actor_token_type": JWT}, "invalid_request"),
        ({"grant_type": "client_credentials"}, "unauthorized_client"),
    ],
    ids=str,
)
def test_no_more_is_given_than_was_signed_and_registered(server: str, changes: dict[str, Any], error: str) -> None:
    """Neither another purpose, nor all of them, nor another scope, resource, kind of token or grant."""
    answer = exchange(server, subject(server), **changes)
    assert (answer.status_code, answer.json()["error"]) == (400, error)
    assert "access_token" not in answer.json()


def test_who_may_not_exchange_gets_nothing(server: str) -> None:
    """A client that is not registered for it, one with a secret, and one whose assertion is the subject token."""
    answer = exchange(server, subject(server, "plain"), "plain")
    assert (answer.status_code, answer.json()["error"]) == (400, "unauthorized_client")
    by_secret = {"client_assertion": None, "client_assertion_type": None, "client_secret": "s" * 20}
    answer = exchange(server, subject(server), client="shandong", **{**by_secret, "client_id": "bureau"})
    assert answer.json()["error"] == "invalid_client"
    for name in ("bureau", "shandong"):  # also where the asker's id is what the server calls the client
        answer = exchange(server, subject(server), client_assertion=subject(server, sub=name))
        assert answer.json().get("error") == "invalid_client"
