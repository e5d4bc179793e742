"""Which access tokens are believed: the attacks that must fail, and the few tokens that pass."""

from __future__ import annotations

import base64
import hmac
from typing import Any

import orjson
import pytest
from joserfc.jwk import ECKey

from gateway.errors import GatewayError
from gateway.model import Caller
from tests.promises.issuing import (
    DEEP,
    EDWARDS,
    PSS,
    RESOURCE,
    SIGNING,
    STRANGER,
    Door,
    by_hand,
    raw,
    signed,
)


async def test_a_good_token_becomes_the_registered_client(door: Door) -> None:
    """Class and region come from the registry; scopes and purposes are those that token and registry share."""
    token = signed(door.claims(scope="credit.gov credit.restricted purpose:gov.licensing", region="370000"))
    caller = await door.ask(token)
    assert caller == Caller(
        id="market-bureau-31",
        client_class="government",
        region="310000",
        scopes=frozenset({"credit.gov"}),
        purpose="gov.licensing",
        evidence={},
        own=None,
        issuer=door.home.address,
        token_id="t-1",
    )


@pytest.mark.parametrize(("key", "alg", "kid"), [(PSS, "PS256", "r1"), (EDWARDS, "Ed25519", "e1")])
async def test_the_other_algorithms_of_the_profile_are_accepted(door: Door, key: Any, alg: str, kid: str) -> None:
    """PS256 and Ed25519 tokens are as good as ES256 ones."""
    assert (await door.ask(signed(door.claims(), key, alg, kid=kid))).id == "market-bureau-31"


async def test_eddsa_is_read_as_ed25519(door: Door) -> None:
    """The algorithm's old name still works, and means the one curve."""
    header = {"alg": "EdDSA", "typ": "at+jwt", "kid": "e1"}
    part = raw(header, door.claims()).rsplit(".", 1)[0]
    signature = EDWARDS.private_key.sign(part.encode())  # type: ignore[union-attr]
    token = part + "." + base64.urlsafe_b64encode(signature).rstrip(b"=").decode()
    assert (await door.ask(token)).id == "market-bureau-31"


async def test_without_a_token_the_caller_is_the_public(door: Door) -> None:
    """Nobody is asked, nothing is held."""
    caller = await door.authenticator.authenticate([(b"host", b"x")], {})
    assert (caller.id, caller.client_class, caller.purpose, caller.scopes) == ("public", "public", None, frozenset())
    assert door.home.asked == 0


async def test_unsigned_tokens_are_refused(door: Door) -> None:
    """`alg: none`, in any spelling, opens nothing."""
    for alg in ("none", "None", "NONE", ""):
        assert await door.code(raw({"alg": alg, "typ": "at+jwt", "kid": "k1"}, door.claims())) == "INVALID_TOKEN"


async def test_a_public_key_is_never_a_shared_secret(door: Door) -> None:
    """HS256 over any form of the issuer's public key is refused."""
    der = SIGNING.as_der(private=False)
    for secret in (SIGNING.as_pem(private=False), der, orjson.dumps(SIGNING.as_dict(private=False)), b""):
        part = raw({"alg": "HS256", "typ": "at+jwt", "kid": "k1"}, door.claims()).rsplit(".", 1)[0]
        signature = base64.urlsafe_b64encode(hmac.digest(secret, part.encode(), "sha256")).rstrip(b"=").decode()
        assert await door.code(f"{part}.{signature}") == "INVALID_TOKEN"


@pytest.mark.parametrize(
    "kid", ["../../etc/passwd", "k1' OR '1'='1", "k1\x00", "http://127.0.0.1/k", "", "k" * 200, 1, None, ["k1"]]
)
async def test_a_key_id_only_looks_up(door: Door, kid: Any) -> None:
    """A key id is compared, never opened, queried or followed; a wrong one is refused."""
    assert await door.code(raw({"alg": "ES256", "typ": "at+jwt", "kid": kid}, door.claims(), b"s" * 64)) == (
        "INVALID_TOKEN"
    )


@pytest.mark.parametrize("word", ["jku", "jwk", "x5u", "x5c", "crit", "b64", "zip", "cty"])
async def test_a_token_never_brings_its_own_key(door: Door, word: str) -> None:
    """`jku`, `jwk`, `x5u`, `x5c`, `crit` and every word outside the profile refuse the token, well signed or not."""
    value: Any = {
        "jku": door.other.address + "/jwks.json",
        "x5u": door.other.address,
        "jwk": STRANGER.as_dict(private=False),
        "x5c": ["MIIB"],
        "crit": ["exp"],
        "b64": True,
    }.get(word, "x")
    for key in (SIGNING, STRANGER):
        refusal = await door.refusal(by_hand({"alg": "ES256", "typ": "at+jwt", "kid": "k1", word: value}, door, key))
        assert (refusal.code, refusal.cause) == ("INVALID_TOKEN", "a header word outside the profile")
    assert door.other.asked == 0


async def test_a_strangers_signature_is_refused(door: Door) -> None:
    """The right key id with another key behind it is not enough, nor is a changed claim."""
    assert await door.code(signed(door.claims(), STRANGER)) == "INVALID_TOKEN"
    head, _, tail = signed(door.claims()).split(".")
    body = base64.urlsafe_b64encode(orjson.dumps(door.claims(sub="officer-8"))).rstrip(b"=").decode()
    assert await door.code(f"{head}.{body}.{tail}") == "INVALID_TOKEN"


@pytest.mark.parametrize("typ", ["JWT", "id+jwt", "client-authentication+jwt", "dpop+jwt", "", None, 1, ["at+jwt"]])
async def test_only_access_tokens_are_access_tokens(door: Door, typ: Any) -> None:
    """An ID token, a client assertion, a proof or an untyped token is refused although it is genuine."""
    header = {"alg": "ES256", "kid": "k1", **({} if typ is None else {"typ": typ})}
    refusal = await door.refusal(by_hand(header, door, SIGNING))
    assert (refusal.code, refusal.cause) == ("INVALID_TOKEN", "`typ` is not at+jwt")


async def test_the_media_type_form_of_the_type_is_accepted(door: Door) -> None:
    """RFC 9068 allows `application/at+jwt`, in any case."""
    assert (await door.ask(signed(door.claims(), typ="application/AT+JWT"))).id == "market-bureau-31"


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"aud": "https://other.example/graphql"}, id="another audience"),
        pytest.param({"aud": RESOURCE + "/"}, id="almost the audience"),
        pytest.param({"aud": ["https://other.example"]}, id="other audiences"),
        pytest.param({"aud": [RESOURCE, 1]}, id="audiences of a wrong type"),
        pytest.param({"aud": {"x": RESOURCE}}, id="audience as object"),
        pytest.param({"aud": None}, id="no audience"),
        pytest.param({"iss": "http://127.0.0.1:1"}, id="unknown issuer"),
        pytest.param({"iss": None}, id="no issuer"),
        pytest.param({"iss": ["x"]}, id="issuer as list"),
        pytest.param({"client_id": "nobody"}, id="unknown client"),
        pytest.param({"client_id": "market-bureau-31"}, id="the registry's id instead of the issuer's"),
        pytest.param({"client_id": None}, id="no client"),
        pytest.param({"client_id": 7}, id="client as number"),
        pytest.param({"sub": None}, id="no subject"),
        pytest.param({"sub": ""}, id="empty subject"),
        pytest.param({"jti": None}, id="no id"),
        pytest.param({"jti": 5}, id="id as number"),
        pytest.param({"jti": "x" * 300}, id="endless id"),
        pytest.param({"exp": None}, id="no expiry"),
        pytest.param({"exp": "9999999999"}, id="expiry as text"),
        pytest.param({"exp": True}, id="expiry as flag"),
        pytest.param({"iat": None}, id="no issue time"),
        pytest.param({"scope": {"credit.gov": True}}, id="scope as object"),
        pytest.param({"scope": ["credit.gov"]}, id="scope as list"),
        pytest.param({"scope": 5}, id="scope as number"),
        pytest.param({"scope": "credit.gov\ncredit.restricted"}, id="scope with a line break"),
        pytest.param({"cnf": {"jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}}, id="bound by DPoP"),
        pytest.param({"cnf": {"x5t#S256": "bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2"}}, id="bound by certificate"),
        pytest.param({"cnf": {}}, id="bound to nothing"),
        pytest.param({"cnf": "x"}, id="bound to a word"),
        pytest.param({"cnf": {"jkt": "short"}}, id="bound to no thumbprint"),
        pytest.param({"cnf": {"jwk": {"kty": "EC"}}}, id="bound in another way"),
        pytest.param({"authorization_details": {"type": "credit-query"}}, id="details as object"),
        pytest.param({"authorization_details": [{"type": "credit-query", "purposes": "gov.licensing"}]}, id="purposes"),
        pytest.param({"authorization_details": [{"purposes": []}]}, id="details without type"),
        pytest.param({"authorization_details": [{"type": "x"}] * 40}, id="endless details"),
    ],
)
async def test_genuine_tokens_outside_the_profile_are_refused(door: Door, changes: dict[str, Any]) -> None:
    """A good signature does not help a token with a claim that is missing, wrong, or of the wrong type."""
    refusal = await door.refusal(signed(door.claims(**changes)))
    assert refusal.code == "INVALID_TOKEN"
    assert "signature" not in refusal.cause


@pytest.mark.parametrize(
    "payload", [b"[]", b"null", b'"x"', b"\xff\xfe", b"{", b'{"iss":' + b"[" * 2000, b'{"exp":NaN}', b""]
)
async def test_payloads_that_are_no_claims_are_refused(door: Door, payload: bytes) -> None:
    """Broken UTF-8, deep JSON, lists and nothing at all are refused like any bad token."""
    assert await door.code(signed(payload)) == "INVALID_TOKEN"


@pytest.mark.parametrize(
    "token",
    ["a", "a.b", "a.b.c", "a.b.c.d", "...", "eyJ.eyJ.sig", raw(["alg"], {}), raw("alg", {}), DEEP.decode()],
)
async def test_what_is_no_token_is_refused(door: Door, token: str) -> None:
    """Text that only looks like a token, and headers that are no objects, are refused like any bad token."""
    assert await door.code(token) == "INVALID_TOKEN"


@pytest.mark.parametrize(
    ("issued", "lives", "good"),
    [
        (0, 600, True),
        (-600, 580, True),  # ended 20 s ago: within the skew
        (-600, 560, False),
        (20, 600, True),  # the issuer's clock is 20 s ahead
        (60, 600, False),
        (0, 3600, True),
        (0, 3601, False),
        (0, 10 * 365 * 86400, False),
        (0, 0, False),
        (0, -5, False),
    ],
)
async def test_time_is_bounded(door: Door, issued: int, lives: int, good: bool) -> None:
    """Expired, future and ten-year tokens are refused; clocks may differ by 30 seconds."""
    start = int(door.now) + issued
    token = signed(door.claims(iat=start, exp=start + lives))
    if good:
        assert (await door.ask(token)).id == "market-bureau-31"
    else:
        assert await door.code(token) == "INVALID_TOKEN"


async def test_not_before_is_kept(door: Door) -> None:
    """A token that begins later is refused until then."""
    token = signed(door.claims(nbf=int(door.now) + 120))
    assert await door.code(token) == "INVALID_TOKEN"
    door.now += 100
    assert (await door.ask(token)).id == "market-bureau-31"


async def test_a_remembered_token_still_expires(door: Door) -> None:
    """A token that was verified before is refused once its time is over."""
    token = signed(door.claims())
    await door.ask(token)
    door.now += 631
    assert await door.code(token) == "INVALID_TOKEN"


async def test_an_issuer_speaks_only_for_its_own_clients(door: Door) -> None:
    """A genuine token of one issuer for a client of another is refused, also with the other's lifetime rules."""
    assert await door.code(signed(door.claims(client_id="other"))) == "INVALID_TOKEN"
    foreign = ECKey.generate_key("P-256", {"kid": "o2"})
    door.other.keys = [foreign.as_dict(private=False)]
    claims = door.claims(iss=door.other.address, client_id="market-bureau")
    assert await door.code(signed(claims, foreign, kid="o2")) == "INVALID_TOKEN"
    claims = door.claims(iss=door.other.address, client_id="other")
    assert (await door.ask(signed(claims, foreign, kid="o2"))).id == "other-bureau"
    assert await door.code(signed({**claims, "exp": claims["iat"] + 601}, foreign, kid="o2")) == "INVALID_TOKEN"


async def test_an_issuer_keeps_to_its_algorithms(door: Door) -> None:
    """A key of an issuer does not count under an algorithm that the registry does not list for it."""
    door.other.keys = [PSS.as_dict(private=False)]
    claims = door.claims(iss=door.other.address, client_id="other")
    for token in (signed(claims, PSS, "PS256", kid="r1"), signed(door.claims(), PSS, "RS256", kid="r1")):
        refusal = await door.refusal(token)
        assert (refusal.code, refusal.cause) == ("INVALID_TOKEN", "the algorithm is not one of this issuer's")


async def test_a_doubled_header_is_refused(door: Door) -> None:
    """Two Authorization headers, or two purposes, are no request: 400."""
    token = signed(door.claims())
    assert await door.code(token, (b"Authorization", b"Bearer " + token.encode())) == "MALFORMED_REQUEST"
    twice = [(b"credit-purpose", b"gov.licensing"), (b"Credit-Purpose", b"gov.procurement")]
    assert await door.code(token, *twice) == "MALFORMED_REQUEST"


@pytest.mark.parametrize("value", [b"Basic YTpi", b"DPoP", b"", b"Bearer", b"bearer", b"Digest x", b"\xff\xfe"])
async def test_other_schemes_are_challenged(door: Door, value: bytes) -> None:
    """Without a token under a known scheme: 401 with both schemes and where to learn more (RFC 6750, 9449, 9728)."""
    with pytest.raises(GatewayError) as caught:
        await door.authenticator.authenticate([(b"authorization", value)], {})
    assert caught.value.status == 401
    where = 'resource_metadata="https://gateway.example/.well-known/oauth-protected-resource/graphql"'
    assert caught.value.headers["WWW-Authenticate"] == (
        f'Bearer realm="credit-gateway", {where}, '
        f'DPoP realm="credit-gateway", algs="ES256 PS256 EdDSA Ed25519", {where}'
    )


@pytest.mark.parametrize(
    "value", [b"Bearer \xff\xfe.\xff.\xff", b"Bearer a b", b"Bearer " + b"a" * 1_000_000, b"Bearer ,"]
)
async def test_broken_and_huge_credentials_are_refused(door: Door, value: bytes) -> None:
    """Bad UTF-8 and a megabyte of token are refused before anything is parsed or asked."""
    with pytest.raises(GatewayError) as caught:
        await door.authenticator.authenticate([(b"authorization", value)], {})
    assert caught.value.code == "INVALID_TOKEN"
    assert door.home.asked == 0


async def test_a_subjects_key_is_believed_from_registered_clients_only(door: Door) -> None:
    """The data subject's own key counts when the client is registered to vouch for it; else it is nothing."""
    claim = {"citizenId": "370100199001010014"}
    mine = {"client_id": "app", "scope": "credit.self purpose:subject.access"}
    caller = await door.ask(signed(door.claims(**mine, credit_subject=claim)))
    assert caller.own is not None
    assert (caller.own.kind, caller.own.value) == ("citizenId", "370100199001010014")
    assert (await door.ask(signed(door.claims(credit_subject=claim, jti="t-2")))).own is None
    for wrong in ({}, {"uscc": "a", "citizenId": "b"}, {"name": "x"}, {"uscc": 1}, {"uscc": ""}, "x", [claim]):
        assert await door.code(signed(door.claims(**mine, credit_subject=wrong))) == "INVALID_TOKEN"
