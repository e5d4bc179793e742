"""Who is believed: access tokens, their issuers' keys, purposes and evidence, against an issuer on a real socket."""

from __future__ import annotations

import asyncio
import base64
import hmac
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import pytest
from joserfc import jws
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from gateway.authenticating import Authenticator
from gateway.authenticating.clients import Clients, load_clients
from gateway.authenticating.jwks import Jwks
from gateway.documents import DocumentError, load
from gateway.errors import GatewayError
from gateway.model import Caller
from policies.model import Catalogue, Purpose, Words

RESOURCE = "https://gateway.example/graphql"
WORDS = Words("甲", "A")
CATALOGUE = Catalogue(
    version="test",
    kinds={},
    purposes={
        code: Purpose(code, WORDS, evidence)
        for code, evidence in {
            "gov.licensing": (),
            "gov.procurement": (),
            "court.execution": ("operator", "caseNo"),
            "subject.access": (),
        }.items()
    },
    client_classes=dict.fromkeys(("government", "court", "subject", "public"), WORDS),
    scopes=dict.fromkeys(("credit.gov", "credit.restricted", "credit.self"), WORDS),
    obligations={},
    types={},
    vocabularies={},
    ladders={},
    bands=(),
    provinces={"31": WORDS, "37": WORDS},
)
SIGNING = ECKey.generate_key("P-256", {"kid": "k1", "alg": "ES256", "use": "sig"})
PSS = RSAKey.generate_key(2048, {"kid": "r1", "use": "sig"})
EDWARDS = OKPKey.generate_key("Ed25519", {"kid": "e1", "use": "sig"})
STRANGER = ECKey.generate_key("P-256", {"kid": "k1"})


@dataclass
class Issuer:
    """A key set on a real socket; what it says and whether it says anything can be changed under way."""

    keys: list[dict[str, Any]]
    status: str = "200 OK"
    headers: str = ""
    body: bytes | None = None
    mute: bool = False
    asked: int = 0
    server: asyncio.Server | None = None
    address: str = ""
    release: asyncio.Event = field(default_factory=asyncio.Event)

    async def open(self) -> None:
        self.server = await asyncio.start_server(self.answer, "127.0.0.1", 0)
        self.address = f"http://127.0.0.1:{self.server.sockets[0].getsockname()[1]}"

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        self.asked += 1
        if self.mute:
            await self.release.wait()
        body = self.body if self.body is not None else orjson.dumps({"keys": self.keys})
        head = f"HTTP/1.1 {self.status}\r\ncontent-length: {len(body)}\r\n{self.headers}connection: close\r\n\r\n"
        writer.write(head.encode() + body)
        await writer.drain()
        writer.close()

    async def close(self) -> None:
        self.release.set()
        assert self.server is not None
        self.server.close()
        await self.server.wait_closed()


class House:
    """An authenticator with two issuers, the clients of `clients.yaml` below, and a clock that can be moved."""

    def __init__(self, clients: Clients, home: Issuer, other: Issuer) -> None:
        self.home, self.other = home, other
        self.now, self.monotonic = time.time(), 1000.0
        self.jwks = Jwks(clock=lambda: self.monotonic)
        self.clients = clients
        self.door = self.new_door()

    def new_door(self) -> Authenticator:
        return Authenticator(self.clients, CATALOGUE, RESOURCE, self.jwks, clock=lambda: self.now)

    def claims(self, **changes: Any) -> dict[str, Any]:
        claims: dict[str, Any] = {
            "iss": self.home.address,
            "aud": RESOURCE,
            "exp": int(self.now) + 600,
            "iat": int(self.now),
            "sub": "officer-7",
            "client_id": "market-bureau",
            "jti": "t-1",
            "scope": "credit.gov purpose:gov.licensing",
        }
        claims |= changes
        return {name: value for name, value in claims.items() if value is not None}

    async def ask(self, token: str, *more: tuple[bytes, bytes], **extensions: Any) -> Caller:
        return await self.door.authenticate([(b"authorization", b"Bearer " + token.encode()), *more], extensions)

    async def refusal(self, token: str, *more: tuple[bytes, bytes], **extensions: Any) -> GatewayError:
        """The refusal, after it was seen to say nothing of why."""
        with pytest.raises(GatewayError) as caught:
            await self.ask(token, *more, **extensions)
        if caught.value.code == "INVALID_TOKEN":
            assert caught.value.words() == "the access token is not valid here"
            assert caught.value.cause
            assert 'error="invalid_token"' in caught.value.headers["WWW-Authenticate"]
        return caught.value

    async def code(self, token: str, *more: tuple[bytes, bytes], **extensions: Any) -> str:
        return (await self.refusal(token, *more, **extensions)).code


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    home = Issuer([key.as_dict(private=False) for key in (SIGNING, PSS, EDWARDS)])
    other = Issuer([ECKey.generate_key("P-256", {"kid": "o1"}).as_dict(private=False)])
    await home.open()
    await other.open()
    path = tmp_path / "clients.yaml"
    path.write_text(REGISTRY.replace("HOME", home.address).replace("OTHER", other.address), encoding="utf-8")
    house = House(load_clients(load(path), CATALOGUE), home, other)
    yield house
    await house.jwks.close()
    await home.close()
    await other.close()


REGISTRY = """\
issuers:
  - {issuer: "HOME", jwks: "HOME/jwks.json"}
  - {issuer: "OTHER", jwks: "OTHER/jwks.json", algorithms: [ES256], maxLifetime: 10m}
clients:
  market-bureau-31:
    issuer: "HOME"
    clientId: market-bureau
    class: government
    region: "310000"
    title: {zh: 市场监管局, en: Market bureau}
    scopes: [credit.gov]
    purposes: [gov.licensing, gov.procurement]
  court-37:
    issuer: "HOME"
    clientId: court
    class: court
    region: "370000"
    title: {zh: 法院, en: Court}
    scopes: [credit.restricted]
    purposes: [court.execution]
  citizens-app:
    issuer: "HOME"
    clientId: app
    class: subject
    title: {zh: 本人查询, en: Own record}
    scopes: [credit.self]
    purposes: [subject.access]
    subjectClaim: true
  other-bureau:
    issuer: "OTHER"
    clientId: other
    class: government
    region: "370000"
    title: {zh: 外省, en: Other}
"""


def signed(claims: Mapping[str, Any] | bytes, key: Any = SIGNING, alg: str = "ES256", **header: Any) -> str:
    words = {"alg": alg, "typ": "at+jwt", "kid": "k1", **header}
    payload = claims if isinstance(claims, bytes) else orjson.dumps(claims)
    registry = jws.JWSRegistry(algorithms=[alg], strict_check_header=False)
    return jws.serialize_compact({k: v for k, v in words.items() if v is not None}, payload, key, registry=registry)


def raw(header: Any, claims: Any, signature: bytes = b"") -> str:
    parts = (orjson.dumps(header), orjson.dumps(claims), signature)
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


def by_hand(header: dict[str, Any], house: House, key: ECKey) -> str:
    """A genuine ES256 signature over a header that a library would not sign."""
    part = raw(header, house.claims()).rsplit(".", 1)[0]
    signature = jws.JWSRegistry.algorithms["ES256"].sign(part.encode(), key)
    return part + "." + base64.urlsafe_b64encode(signature).rstrip(b"=").decode()


async def test_a_good_token_becomes_the_registered_client(house: House) -> None:
    """Class and region come from the registry; scopes and purposes are those that token and registry share."""
    token = signed(house.claims(scope="credit.gov credit.restricted purpose:gov.licensing", region="370000"))
    caller = await house.ask(token)
    assert caller == Caller(
        id="market-bureau-31",
        client_class="government",
        region="310000",
        scopes=frozenset({"credit.gov"}),
        purpose="gov.licensing",
        evidence={},
        own=None,
        issuer=house.home.address,
        token_id="t-1",
    )


@pytest.mark.parametrize(("key", "alg", "kid"), [(PSS, "PS256", "r1"), (EDWARDS, "Ed25519", "e1")])
async def test_the_other_algorithms_of_the_profile_are_accepted(house: House, key: Any, alg: str, kid: str) -> None:
    """PS256 and Ed25519 tokens are as good as ES256 ones."""
    assert (await house.ask(signed(house.claims(), key, alg, kid=kid))).id == "market-bureau-31"


async def test_eddsa_is_read_as_ed25519(house: House) -> None:
    """The algorithm's old name still works, and means the one curve."""
    header = {"alg": "EdDSA", "typ": "at+jwt", "kid": "e1"}
    part = raw(header, house.claims()).rsplit(".", 1)[0]
    signature = EDWARDS.private_key.sign(part.encode())  # type: ignore[union-attr]
    token = part + "." + base64.urlsafe_b64encode(signature).rstrip(b"=").decode()
    assert (await house.ask(token)).id == "market-bureau-31"


async def test_without_a_token_the_caller_is_the_public(house: House) -> None:
    """Nobody is asked, nothing is held."""
    caller = await house.door.authenticate([(b"host", b"x")], {})
    assert (caller.id, caller.client_class, caller.purpose, caller.scopes) == ("public", "public", None, frozenset())
    assert house.home.asked == 0


async def test_unsigned_tokens_are_refused(house: House) -> None:
    """`alg: none`, in any spelling, opens nothing."""
    for alg in ("none", "None", "NONE", ""):
        assert await house.code(raw({"alg": alg, "typ": "at+jwt", "kid": "k1"}, house.claims())) == "INVALID_TOKEN"


async def test_a_public_key_is_never_a_shared_secret(house: House) -> None:
    """HS256 over any form of the issuer's public key is refused."""
    der = SIGNING.as_der(private=False)
    for secret in (SIGNING.as_pem(private=False), der, orjson.dumps(SIGNING.as_dict(private=False)), b""):
        part = raw({"alg": "HS256", "typ": "at+jwt", "kid": "k1"}, house.claims()).rsplit(".", 1)[0]
        signature = base64.urlsafe_b64encode(hmac.digest(secret, part.encode(), "sha256")).rstrip(b"=").decode()
        assert await house.code(f"{part}.{signature}") == "INVALID_TOKEN"


@pytest.mark.filterwarnings("ignore:Key size should be")
async def test_a_shared_secret_in_a_key_set_is_not_taken(house: House) -> None:
    """Symmetric, private, encryption and weak keys that an issuer publishes are passed over."""
    secret = OctKey.generate_key(256, {"kid": "s"})
    weak = RSAKey.generate_key(1024, {"kid": "w"})
    private = ECKey.generate_key("P-256", {"kid": "p"})
    sealing = ECKey.generate_key("P-256", {"kid": "c", "use": "enc"})
    house.home.keys = [
        SIGNING.as_dict(private=False),
        secret.as_dict(private=True),
        weak.as_dict(private=False),
        private.as_dict(private=True),
        sealing.as_dict(private=False),
    ]
    sealing_as_signer = ECKey.import_key({k: v for k, v in sealing.as_dict(private=True).items() if k != "use"})
    for key, alg, kid in (
        (secret, "HS256", "s"),
        (weak, "PS256", "w"),
        (private, "ES256", "p"),
        (sealing_as_signer, "ES256", "c"),
    ):
        assert await house.code(signed(house.claims(), key, alg, kid=kid)) == "INVALID_TOKEN"
    assert (await house.ask(signed(house.claims()))).id == "market-bureau-31"


@pytest.mark.parametrize(
    "kid", ["../../etc/passwd", "k1' OR '1'='1", "k1\x00", "http://127.0.0.1/k", "", "k" * 200, 1, None, ["k1"]]
)
async def test_a_key_id_only_looks_up(house: House, kid: Any) -> None:
    """A key id is compared, never opened, queried or followed; a wrong one is refused."""
    assert await house.code(raw({"alg": "ES256", "typ": "at+jwt", "kid": kid}, house.claims(), b"s" * 64)) == (
        "INVALID_TOKEN"
    )


@pytest.mark.parametrize("word", ["jku", "jwk", "x5u", "x5c", "crit", "b64", "zip", "cty"])
async def test_a_token_never_brings_its_own_key(house: House, word: str) -> None:
    """`jku`, `jwk`, `x5u`, `x5c`, `crit` and every word outside the profile refuse the token, well signed or not."""
    value: Any = {
        "jku": house.other.address + "/jwks.json",
        "x5u": house.other.address,
        "jwk": STRANGER.as_dict(private=False),
        "x5c": ["MIIB"],
        "crit": ["exp"],
    }.get(word, "x")
    for key in (SIGNING, STRANGER):
        refusal = await house.refusal(by_hand({"alg": "ES256", "typ": "at+jwt", "kid": "k1", word: value}, house, key))
        assert (refusal.code, refusal.cause) == ("INVALID_TOKEN", "a header word outside the profile")
    assert house.other.asked == 0


async def test_a_strangers_signature_is_refused(house: House) -> None:
    """The right key id with another key behind it is not enough, nor is a changed claim."""
    assert await house.code(signed(house.claims(), STRANGER)) == "INVALID_TOKEN"
    head, _, tail = signed(house.claims()).split(".")
    body = base64.urlsafe_b64encode(orjson.dumps(house.claims(sub="officer-8"))).rstrip(b"=").decode()
    assert await house.code(f"{head}.{body}.{tail}") == "INVALID_TOKEN"


@pytest.mark.parametrize("typ", ["JWT", "id+jwt", "client-authentication+jwt", "dpop+jwt", "", None, 1, ["at+jwt"]])
async def test_only_access_tokens_are_access_tokens(house: House, typ: Any) -> None:
    """An ID token, a client assertion, a proof or an untyped token is refused although it is genuine."""
    header = {"alg": "ES256", "kid": "k1", **({} if typ is None else {"typ": typ})}
    refusal = await house.refusal(by_hand(header, house, SIGNING))
    assert (refusal.code, refusal.cause) == ("INVALID_TOKEN", "not an access token (`typ` is not at+jwt)")


async def test_the_media_type_form_of_the_type_is_accepted(house: House) -> None:
    """RFC 9068 allows `application/at+jwt`, in any case."""
    assert (await house.ask(signed(house.claims(), typ="application/AT+JWT"))).id == "market-bureau-31"


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
        pytest.param({"authorization_details": {"type": "credit-query"}}, id="details as object"),
        pytest.param({"authorization_details": [{"type": "credit-query", "purposes": "gov.licensing"}]}, id="purposes"),
        pytest.param({"authorization_details": [{"purposes": []}]}, id="details without type"),
        pytest.param({"authorization_details": [{"type": "x"}] * 40}, id="endless details"),
    ],
)
async def test_genuine_tokens_outside_the_profile_are_refused(house: House, changes: dict[str, Any]) -> None:
    """A good signature does not help a token with a claim that is missing, wrong, or of the wrong type."""
    refusal = await house.refusal(signed(house.claims(**changes)))
    assert refusal.code == "INVALID_TOKEN"
    assert "signature" not in refusal.cause


@pytest.mark.parametrize(
    "payload", [b"[]", b"null", b'"x"', b"\xff\xfe", b"{", b'{"iss":' + b"[" * 2000, b'{"exp":NaN}', b""]
)
async def test_payloads_that_are_no_claims_are_refused(house: House, payload: bytes) -> None:
    """Broken UTF-8, deep JSON, lists and nothing at all are refused like any bad token."""
    assert await house.code(signed(payload)) == "INVALID_TOKEN"


@pytest.mark.parametrize(
    "token", ["a", "a.b", "a.b.c", "a.b.c.d", "...", "eyJ.eyJ.sig", raw(["alg"], {}), raw("alg", {})]
)
async def test_what_is_no_token_is_refused(house: House, token: str) -> None:
    """Text that only looks like a token, and headers that are no objects, are refused like any bad token."""
    assert await house.code(token) == "INVALID_TOKEN"


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
async def test_time_is_bounded(house: House, issued: int, lives: int, good: bool) -> None:
    """Expired, future and ten-year tokens are refused; clocks may differ by 30 seconds."""
    start = int(house.now) + issued
    token = signed(house.claims(iat=start, exp=start + lives))
    if good:
        assert (await house.ask(token)).id == "market-bureau-31"
    else:
        assert await house.code(token) == "INVALID_TOKEN"


async def test_not_before_is_kept(house: House) -> None:
    """A token that begins later is refused until then."""
    token = signed(house.claims(nbf=int(house.now) + 120))
    assert await house.code(token) == "INVALID_TOKEN"
    house.now += 100
    assert (await house.ask(token)).id == "market-bureau-31"


async def test_a_remembered_token_still_expires(house: House) -> None:
    """A token that was verified before is refused once its time is over."""
    token = signed(house.claims())
    await house.ask(token)
    house.now += 631
    assert await house.code(token) == "INVALID_TOKEN"


async def test_an_issuer_speaks_only_for_its_own_clients(house: House) -> None:
    """A genuine token of one issuer for a client of another is refused, also with the other's lifetime rules."""
    assert await house.code(signed(house.claims(client_id="other"))) == "INVALID_TOKEN"
    foreign = ECKey.generate_key("P-256", {"kid": "o2"})
    house.other.keys = [foreign.as_dict(private=False)]
    claims = house.claims(iss=house.other.address, client_id="market-bureau")
    assert await house.code(signed(claims, foreign, kid="o2")) == "INVALID_TOKEN"
    claims = house.claims(iss=house.other.address, client_id="other")
    assert (await house.ask(signed(claims, foreign, kid="o2"))).id == "other-bureau"
    assert await house.code(signed({**claims, "exp": claims["iat"] + 601}, foreign, kid="o2")) == "INVALID_TOKEN"


async def test_an_issuer_keeps_to_its_algorithms(house: House) -> None:
    """A key of an issuer does not count under an algorithm that the registry does not list for it."""
    house.other.keys = [PSS.as_dict(private=False)]
    claims = house.claims(iss=house.other.address, client_id="other")
    assert await house.code(signed(claims, PSS, "PS256", kid="r1")) == "INVALID_TOKEN"
    assert await house.code(signed(house.claims(), PSS, "RS256", kid="r1")) == "INVALID_TOKEN"


async def test_a_doubled_header_is_refused(house: House) -> None:
    """Two Authorization headers, or two purposes, are no request: 400."""
    token = signed(house.claims())
    assert await house.code(token, (b"Authorization", b"Bearer " + token.encode())) == "MALFORMED_REQUEST"
    twice = [(b"credit-purpose", b"gov.licensing"), (b"Credit-Purpose", b"gov.procurement")]
    assert await house.code(token, *twice) == "MALFORMED_REQUEST"


@pytest.mark.parametrize("value", [b"Basic YTpi", b"DPoP abc", b"", b"Bearer", b"bearer", b"Digest x", b"\xff\xfe"])
async def test_other_schemes_are_challenged(house: House, value: bytes) -> None:
    """What is not Bearer is answered 401 with the scheme and where to learn more (RFC 6750, RFC 9728)."""
    with pytest.raises(GatewayError) as caught:
        await house.door.authenticate([(b"authorization", value)], {})
    assert caught.value.status == 401
    assert caught.value.headers["WWW-Authenticate"] == (
        'Bearer realm="credit-gateway", '
        'resource_metadata="https://gateway.example/.well-known/oauth-protected-resource/graphql"'
    )


@pytest.mark.parametrize(
    "value", [b"Bearer \xff\xfe.\xff.\xff", b"Bearer a b", b"Bearer " + b"a" * 1_000_000, b"Bearer ,"]
)
async def test_broken_and_huge_credentials_are_refused(house: House, value: bytes) -> None:
    """Bad UTF-8 and a megabyte of token are refused before anything is parsed or asked."""
    with pytest.raises(GatewayError) as caught:
        await house.door.authenticate([(b"authorization", value)], {})
    assert caught.value.code == "INVALID_TOKEN"
    assert house.home.asked == 0


async def test_a_purpose_must_be_held(house: House) -> None:
    """The header chooses among the token's purposes and never adds one, for a client or for the public: 403."""
    token = signed(house.claims())
    assert (await house.ask(token, (b"credit-purpose", b"gov.licensing"))).purpose == "gov.licensing"
    assert await house.code(token, (b"credit-purpose", b"gov.procurement")) == "PURPOSE_NOT_HELD"
    with pytest.raises(GatewayError) as caught:
        await house.door.authenticate([(b"credit-purpose", b"gov.licensing")], {})
    assert (caught.value.code, caught.value.status) == ("PURPOSE_NOT_HELD", 403)


async def test_the_registry_is_the_ceiling_of_purposes(house: House) -> None:
    """A purpose that an issuer puts into a token counts only when the client is registered for it."""
    details = [{"type": "credit-query", "purposes": ["court.execution"], "operator": "a", "caseNo": "b"}]
    token = signed(house.claims(scope="purpose:court.execution", authorization_details=details))
    assert (await house.ask(token)).purpose is None
    assert await house.code(token, (b"credit-purpose", b"court.execution")) == "PURPOSE_NOT_HELD"


async def test_of_several_purposes_one_is_chosen(house: House) -> None:
    """Several purposes and no choice: 400; with a choice, that one."""
    details = [{"type": "credit-query", "purposes": ["gov.licensing", "gov.procurement"]}, {"type": "other"}]
    token = signed(house.claims(scope=None, authorization_details=details))
    assert await house.code(token) == "PURPOSE_REQUIRED"
    assert (await house.ask(token, (b"credit-purpose", b"gov.procurement"))).purpose == "gov.procurement"


@pytest.mark.parametrize(
    ("word", "said"),
    [
        (b"gov.licencing", "unknown purpose `gov.licencing`, did you mean `gov.licensing`?"),
        (b"GOV_LICENSING", "unknown purpose `GOV_LICENSING`, did you mean `gov.licensing`?"),
        (b"\xff\xfe", "unknown purpose"),
        ("gov.\u202elicensing".encode(), "unknown purpose"),
        (b"x" * 5000, "unknown purpose"),
    ],
)
async def test_an_unknown_purpose_gets_the_nearest_word(house: House, word: bytes, said: str) -> None:
    """A misspelt purpose is answered with the right one; a word unfit to be said back is not repeated."""
    with pytest.raises(GatewayError) as caught:
        await house.ask(signed(house.claims()), (b"credit-purpose", word))
    assert (caught.value.code, caught.value.words()) == ("PURPOSE_UNKNOWN", said)


async def test_evidence_is_required_and_kept(house: House) -> None:
    """Evidence comes from the token or the request, all of it, and a request cannot contradict the token."""
    details = [{"type": "credit-query", "purposes": ["court.execution"], "operator": "法官甲"}]
    token = signed(house.claims(client_id="court", scope=None, authorization_details=details))
    assert await house.code(token) == "EVIDENCE_REQUIRED"
    assert await house.code(token, evidence={"caseno": "x"}) == "EVIDENCE_REQUIRED"
    assert await house.code(token, evidence="caseNo") == "EVIDENCE_REQUIRED"
    assert await house.code(token, evidence={"caseNo": "(2026)鲁01执1号", "operator": "乙"}) == "EVIDENCE_REQUIRED"
    caller = await house.ask(token, evidence={"caseNo": "(2026)鲁01执1号", "other": "ignored"})
    assert caller.evidence == {"operator": "法官甲", "caseNo": "(2026)鲁01执1号"}


@pytest.mark.parametrize(
    "value", ["", " ", "x" * 129, "a\nb", "a\x00b", "\u202eb", "a\u2028b", "\ud800", 7, None, ["x"], {}]
)
async def test_evidence_is_short_printable_text(house: House, value: Any) -> None:
    """Control and bidirectional characters, other types and long text are refused, without being repeated."""
    token = signed(house.claims(client_id="court", scope="purpose:court.execution"))
    with pytest.raises(GatewayError) as caught:
        await house.ask(token, evidence={"operator": "甲", "caseNo": value})
    assert caught.value.code == "EVIDENCE_REQUIRED"
    assert "`caseNo`" in caught.value.words()


async def test_a_subjects_key_is_believed_from_registered_clients_only(house: House) -> None:
    """The data subject's own key counts when the client is registered to vouch for it; else it is nothing."""
    claim = {"citizenId": "370100199001010014"}
    mine = {"client_id": "app", "scope": "credit.self purpose:subject.access"}
    caller = await house.ask(signed(house.claims(**mine, credit_subject=claim)))
    assert caller.own is not None
    assert (caller.own.kind, caller.own.value) == ("citizenId", "370100199001010014")
    assert (await house.ask(signed(house.claims(credit_subject=claim, jti="t-2")))).own is None
    for wrong in ({}, {"uscc": "a", "citizenId": "b"}, {"name": "x"}, {"uscc": 1}, {"uscc": ""}, "x", [claim]):
        assert await house.code(signed(house.claims(**mine, credit_subject=wrong))) == "INVALID_TOKEN"


async def test_a_new_key_is_fetched_at_most_once_in_30_seconds(house: House) -> None:
    """A rotated key is found, and made-up key ids do not turn the gateway against its issuer."""
    await house.ask(signed(house.claims()))
    assert house.home.asked == 1
    fresh = ECKey.generate_key("P-256", {"kid": "k2"})
    house.home.keys.append(fresh.as_dict(private=False))
    token = signed(house.claims(), fresh, kid="k2")
    assert await house.code(token) == "INVALID_TOKEN"  # just asked: not again
    house.monotonic += 31
    assert (await house.ask(token)).id == "market-bureau-31"
    for number in range(20):
        assert await house.code(signed(house.claims(), STRANGER, kid=f"x{number}")) == "INVALID_TOKEN"
    assert house.home.asked == 2


async def test_requests_share_one_fetch(house: House) -> None:
    """Fifty requests at once ask the issuer once."""
    tokens = [signed(house.claims(jti=f"t-{number}")) for number in range(50)]
    callers = await asyncio.gather(*(house.ask(token) for token in tokens))
    assert {caller.id for caller in callers} == {"market-bureau-31"}
    assert house.home.asked == 1


async def test_keys_outlive_their_issuer_for_an_hour_only(house: House) -> None:
    """While the issuer is down its keys serve for an hour after they were fetched, then nobody is believed."""
    await house.ask(signed(house.claims()))
    house.home.status = "503 Service Unavailable"
    for step, good in ((200, True), (200, True), (3100, True), (200, False)):
        house.monotonic += step
        house.door = house.new_door()  # nothing remembered
        token = signed(house.claims())
        if good:
            assert (await house.ask(token)).id == "market-bureau-31"
        else:
            assert await house.code(token) == "INVALID_TOKEN"
    house.home.status = "200 OK"
    house.monotonic += 31
    assert (await house.ask(signed(house.claims()))).id == "market-bureau-31"


async def test_a_withdrawn_key_is_not_believed_after_five_minutes(house: House) -> None:
    """A key that its issuer took back is unknown at the next refresh."""
    await house.ask(signed(house.claims()))
    house.home.keys = [PSS.as_dict(private=False)]
    house.monotonic += 301
    house.door = house.new_door()
    assert await house.code(signed(house.claims())) == "INVALID_TOKEN"


@pytest.mark.parametrize(
    "fault",
    [
        {"status": "302 Found", "headers": "location: /elsewhere\r\n"},
        {"body": b"x" * 70_000},
        {"body": b"<html>"},
        {"body": b'{"keys":{}}'},
        {"body": b'{"keys":[]}'},
        {"body": b"[]"},
        {"headers": "content-encoding: gzip\r\n"},
    ],
)
async def test_a_faulty_key_set_is_not_taken(house: House, fault: dict[str, Any]) -> None:
    """Redirects, endless, compressed and odd answers are not keys; the issuer's tokens are refused meanwhile."""
    for name, value in fault.items():
        setattr(house.home, name, value)
    assert await house.code(signed(house.claims())) == "INVALID_TOKEN"
    assert house.home.asked == 1


async def test_a_hanging_issuer_holds_nobody_for_long(house: House) -> None:
    """One total deadline ends the wait, whatever the issuer drips."""
    house.home.mute = True
    started = time.monotonic()
    assert await house.code(signed(house.claims())) == "INVALID_TOKEN"
    assert time.monotonic() - started < 5


def test_the_registry_is_refused_with_every_finding(tmp_path: Path) -> None:
    """A registry with unknown words, unsafe addresses and doubled clients names each with file and line."""
    path = tmp_path / "clients.yaml"
    path.write_text(BROKEN, encoding="utf-8")
    with pytest.raises(DocumentError) as caught:
        load_clients(load(path), CATALOGUE)
    assert list(caught.value.findings) == [
        "clients.yaml:2: `issuer`: `https` is required; `http` only on loopback",
        "clients.yaml:3: `jwks`: an address without user, password and fragment is expected",
        "clients.yaml:7: unknown word `https://nobody.example` for `issuer`, did you mean `https://issuer.example`?",
        "clients.yaml:9: unknown word `goverment` for `class`, did you mean `government`?",
        "clients.yaml:12: unknown word `credit.gob` for `scopes`, did you mean `credit.gov`?",
        "clients.yaml:13: unknown word `gov.licencing` for `purposes`, did you mean `gov.licensing`?",
        "clients.yaml:10: no province has the code `99`",
        "clients.yaml:14: `subjectClaim` is for the class `subject` alone; remove it or change the class",
        "clients.yaml:15: `public` is who comes without a token; choose another id",
        "clients.yaml:22: `public` has this issuer and client id already",
    ]


BROKEN = """\
issuers:
  - {issuer: "http://issuer.example", jwks: "https://issuer.example/jwks.json"}
  - {issuer: "https://issuer.example", jwks: "https://me:secret@issuer.example/jwks.json"}
clients:
  # nobody vouches for this one
  bureau:
    issuer: "https://nobody.example"
    clientId: bureau
    class: goverment
    region: "990000"
    title: {zh: 甲, en: A}
    scopes: [credit.gob]
    purposes: [gov.licencing]
    subjectClaim: true
  public:
    issuer: "https://issuer.example"
    clientId: bureau
    class: public
    title: {zh: 乙, en: B}
  twin:
    issuer: "https://issuer.example"
    clientId: bureau
    class: court
    title: {zh: 丙, en: C}
"""


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("issuers: []\nclients: {a: {issuer: x}}\n", "clients.yaml:2: `clientId` is missing"),
        ('issuers: [{issuer: "https://a.example", jwk: x}]\nclients: {}\n', "unknown word `jwk`, did you mean `jwks`?"),
        (
            'issuers: [{issuer: "https://a.example", jwks: "https://a.example", algorithms: [HS256]}]\nclients: {}\n',
            "clients.yaml:1",
        ),
        (
            'issuers: [{issuer: "https://a.example", jwks: "https://a.example", maxLifetime: 10y}]\nclients: {}\n',
            "a length of time such as `30s`, `10m` or `1h` is expected",
        ),
        (
            'issuers: [{issuer: "https://a.example", jwks: "https://a.example", maxLifetime: 25h}]\nclients: {}\n',
            "between `1s` and `24h` is expected",
        ),
    ],
)
def test_the_registry_has_no_loose_ends(tmp_path: Path, text: str, finding: str) -> None:
    """Missing and unknown words, shared-secret algorithms and endless lifetimes are refused with the line."""
    path = tmp_path / "clients.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DocumentError) as caught:
        load_clients(load(path), CATALOGUE)
    assert finding in str(caught.value)
