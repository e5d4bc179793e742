"""The demo's authorization server: what its tokens say, what it refuses, and that it serves this machine only."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from deploy.demo.province import Province, start

ROOT = Path(__file__).resolve().parents[2]
RESOURCE = "https://gateway.example/graphql"


@pytest.fixture(scope="module")
def province(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Province]:
    with start(tmp_path_factory.mktemp("province"), 3, 20, resource=RESOURCE) as running:
        yield running


@pytest.fixture
def web() -> Iterator[httpx2.Client]:
    with httpx2.Client(timeout=30, trust_env=False) as client:
        yield client


def token_request(province: Province, web: httpx2.Client, caller: str, **asked: Any) -> httpx2.Response:
    secret = province.callers[caller].secret
    assert secret is not None
    form = {"grant_type": "client_credentials", **asked}
    return web.post(province.token_endpoint, data=form, auth=(caller, secret))


def claims_of(province: Province, web: httpx2.Client, answer: httpx2.Response) -> tuple[dict[str, Any], dict[str, Any]]:
    """The verified header and claims of a token answer."""
    keys = KeySet.import_key_set(web.get(province.jwks_uri).json())
    token = jwt.decode(answer.json()["access_token"], keys, algorithms=["ES256"])
    return dict(token.header), dict(token.claims)


def details(**words: Any) -> str:
    return json.dumps([{"type": "credit-query", **words}])


def test_the_issuer_describes_itself(province: Province, web: httpx2.Client) -> None:
    """Its metadata (RFC 8414) names it as its tokens do, and its keys are public halves only."""
    said = web.get(province.issuer + "/.well-known/oauth-authorization-server").json()
    assert (said["issuer"], said["token_endpoint"]) == (province.issuer, province.token_endpoint)
    assert said["jwks_uri"] == province.jwks_uri
    [key] = web.get(province.jwks_uri).json()["keys"]
    assert {"kid", "kty", "crv", "x", "y"} <= set(key)
    assert "d" not in key


def test_the_issuer_gives_access_tokens_of_the_profile(province: Province, web: httpx2.Client) -> None:
    """A token is an RFC 9068 token for the one resource, ten minutes long, with exactly the asked purpose."""
    answer = token_request(
        province, web, "shanghai-market-bureau", authorization_details=details(purposes=["gov.bidding"])
    )
    header, claims = claims_of(province, web, answer)
    assert (header["typ"], header["alg"]) == ("at+jwt", "ES256")
    assert header["kid"]
    assert claims["iss"] == province.issuer
    assert claims["aud"] == RESOURCE
    assert claims["exp"] - claims["iat"] == 600
    assert claims["client_id"] == claims["sub"] == "shanghai-market-bureau"
    assert set(claims["scope"].split()) == {"credit.gov", "credit.restricted"}
    assert claims["authorization_details"] == [{"type": "credit-query", "purposes": ["gov.bidding"]}]
    assert claims["jti"] != claims_of(province, web, token_request(province, web, "shanghai-market-bureau"))[1]["jti"]


def test_evidence_travels_in_the_token(province: Province, web: httpx2.Client) -> None:
    """The court's token carries operator and case number, its own when asked, invented ones otherwise."""
    asked = details(purposes=["court.execution"], operator="judge-7", caseNo="case-9")
    for given, operator in ((asked, "judge-7"), (None, "demo-judge-01")):
        more = {"authorization_details": given} if given else {}
        _, claims = claims_of(province, web, token_request(province, web, "court", **more))
        [detail] = claims["authorization_details"]
        assert detail["operator"] == operator
        assert detail["caseNo"]


def test_the_subject_is_one_of_the_named_examples(province: Province, web: httpx2.Client) -> None:
    """The subject's token says whose record is its own; no other client's token ever does."""
    for hint, example in (({}, "debtor_person"), ({"login_hint": "clean"}, "clean")):
        subject = province.world.examples[example]
        _, claims = claims_of(province, web, token_request(province, web, "subject", **hint))
        assert claims["credit_subject"] == {subject.key_kind: subject.key}
    assert token_request(province, web, "subject", login_hint="nobody").json()["error"] == "invalid_request"
    assert token_request(province, web, "court", login_hint="clean").json()["error"] == "invalid_request"
    assert "credit_subject" not in claims_of(province, web, token_request(province, web, "court"))[1]


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        ({"scope": "credit.restricted"}, "invalid_scope"),
        ({"authorization_details": details(purposes=["court.execution"])}, "invalid_authorization_details"),
        ({"authorization_details": details(purposes="gov.bidding")}, "invalid_authorization_details"),
        ({"authorization_details": details(region="370000")}, "invalid_authorization_details"),
        ({"authorization_details": "{"}, "invalid_authorization_details"),
        ({"authorization_details": "[" * 5000}, "invalid_authorization_details"),
        ({"authorization_details": json.dumps([{"type": "payment"}])}, "invalid_authorization_details"),
        ({"resource": "https://elsewhere.example"}, "invalid_target"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"scope": ["credit.gov", "credit.gov"]}, "invalid_request"),
    ],
    ids=["scope", "purpose", "shape", "word", "json", "deep", "type", "resource", "grant", "twice"],
)
def test_the_issuer_refuses_what_is_not_registered(
    province: Province, web: httpx2.Client, asked: dict[str, Any], error: str
) -> None:
    """A client gets no scope, purpose, resource or grant that it is not registered for, and no token with it."""
    answer = token_request(province, web, "qingdao-trading-centre", **asked)
    assert (answer.status_code, answer.json()["error"]) == (400, error)
    assert "access_token" not in answer.json()


def test_the_issuer_refuses_strangers(province: Province, web: httpx2.Client) -> None:
    """A wrong secret, an unknown client and a request by another name of this machine get no token."""
    form = {"grant_type": "client_credentials"}
    assert web.post(province.token_endpoint, data=form, auth=("court", "wrong")).status_code == 401
    assert web.post(province.token_endpoint, data=form, auth=("nobody", "x")).status_code == 401
    assert web.get(province.jwks_uri, headers={"Host": "rebound.example"}).status_code == 400
    garbage = {"Authorization": "Basic //46eA=="}  # bytes that are no text
    assert web.post(province.token_endpoint, data=form, headers=garbage).status_code == 401
    posted = {**form, "client_id": "court", "client_secret": province.callers["court"].secret}
    assert web.post(province.token_endpoint, data=posted).status_code == 200


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "gateway.example"])
def test_the_issuer_serves_this_machine_only(host: str) -> None:
    """On any address but loopback the development issuer refuses to start, and says why."""
    ended = subprocess.run(
        [sys.executable, "-m", "deploy.demo.issuer"],
        cwd=ROOT,
        input=json.dumps({"host": host, "resource": RESOURCE, "clients": {}, "subjects": {}}).encode() + b"\n",
        capture_output=True,
        timeout=60,
    )
    assert (ended.returncode, ended.stdout) == (2, b"")
    assert f"`{host}` is not a loopback address" in ended.stderr.decode()
