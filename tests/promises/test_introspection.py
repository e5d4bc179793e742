"""Tokens that only their issuer can read, and signed ones that it may revoke: asked about, believed for seconds."""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus

import orjson
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey

from gateway.authenticating import asking
from gateway.authenticating.asking import SecretError
from gateway.errors import GatewayError
from tests.promises.introspecting import OPAQUE, SECRET, Introspected, IntrospectingDoor, registry
from tests.promises.issuing import SIGNING, signed

Open = Callable[..., Any]


@pytest.fixture
async def opened(tmp_path: Path) -> AsyncIterator[Open]:
    """Opens a door whose registry says `auth`, `more` of the first issuer's introspection, `others` of the second."""
    async with AsyncExitStack() as stack:

        async def open_door(
            auth: str = "client_secret_basic", more: str = "", others: str = "", secret: str = SECRET
        ) -> IntrospectingDoor:
            home = Introspected([SIGNING.as_dict(private=False)])
            other = Introspected([ECKey.generate_key("P-256", {"kid": "o1"}).as_dict(private=False)])
            for issuer in (home, other):
                await issuer.open()
                stack.push_async_callback(issuer.close)
            door = IntrospectingDoor(registry(tmp_path, home, other, auth, more, others), home, other, secret)
            stack.push_async_callback(lambda: door.authenticator.close())
            return door

        yield open_door


async def test_an_opaque_token_becomes_the_registered_client(opened: Open) -> None:
    """What its issuer says of a token counts as a signed token's claims do: class and region are the registry's."""
    door = await opened()
    details = [{"type": "credit-query", "purposes": ["gov.procurement"]}]
    caller = await door.ask(door.opaque(authorization_details=details, scope="credit.gov credit.restricted"))
    assert (caller.id, caller.region, caller.scopes) == ("market-bureau-31", "310000", frozenset({"credit.gov"}))
    assert (caller.purpose, caller.token_id, caller.issuer) == ("gov.procurement", "t-1", door.home.address)
    assert await door.ask(signed(door.claims())) != caller  # signed ones stay as good, and are not asked about
    assert [question["token"] for question in door.home.questions] == [OPAQUE]


async def test_what_an_issuer_may_leave_out_is_filled_in(opened: Open) -> None:
    """Without `iss`, `sub` and `jti` the record names the issuer that was asked, the client and the token's digest."""
    door = await opened()
    caller = await door.ask(door.opaque(iss=None, sub=None, jti=None))
    assert (caller.id, caller.issuer) == ("market-bureau-31", door.home.address)
    assert OPAQUE not in (caller.token_id or OPAQUE)
    assert len(caller.token_id or "") == 43


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"aud": None}, id="no audience"),
        pytest.param({"aud": "https://other.example/graphql"}, id="another audience"),
        pytest.param({"iss": "https://other.example"}, id="another issuer"),
        pytest.param({"iss": 1}, id="issuer as number"),
        pytest.param({"exp": None}, id="no expiry"),
        pytest.param({"iat": None}, id="no issue time"),
        pytest.param({"exp": 10**10}, id="endless"),
        pytest.param({"client_id": None}, id="no client"),
        pytest.param({"client_id": "other"}, id="another issuer's client"),
        pytest.param({"scope": {"credit.gov": True}}, id="scope as object"),
        pytest.param({"scope": ["credit.gov"]}, id="scope as list"),
        pytest.param({"token_type": "refresh_token"}, id="a refresh token"),
        pytest.param({"token_type": 5}, id="kind as number"),
        pytest.param({"cnf": {"jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}}, id="bound by DPoP"),
        pytest.param({"nbf": 10**10}, id="not yet"),
    ],
)
async def test_an_opaque_token_is_held_to_the_same_profile(opened: Open, changes: dict[str, Any]) -> None:
    """`active: true` alone opens nothing: every claim is checked as in a signed token, and asked for once."""
    door = await opened()
    token = door.opaque(**changes)
    assert [await door.code(token) for _ in range(3)] == ["INVALID_TOKEN"] * 3
    assert len(door.home.questions) == 1


async def test_a_token_that_is_not_active_is_refused(opened: Open) -> None:
    """What its issuer does not know opens nothing, and asking again in vain does not ask the issuer again."""
    door = await opened()
    assert [await door.code("unknown-token-of-some-length") for _ in range(5)] == ["INVALID_TOKEN"] * 5
    assert len(door.home.questions) == 1
    assert await door.code("short") == "INVALID_TOKEN"
    assert len(door.home.questions) == 1


async def test_a_revoked_token_is_refused_within_five_seconds(opened: Open) -> None:
    """An answer is believed for four seconds from when it was asked for, and the next question is a new one."""
    door = await opened()
    token = door.opaque()
    caller = await door.ask(token)
    door.home.active.clear()
    door.monotonic += 3.9
    assert await door.ask(token) is caller
    door.monotonic += 0.2
    assert await door.code(token) == "INVALID_TOKEN"
    assert len(door.home.questions) == 2


async def test_who_is_still_good_stays_the_very_same_caller(opened: Open) -> None:
    """Asked about again and found unchanged, a token is the same Caller; with less it is another one."""
    door = await opened()
    token = door.opaque()
    caller = await door.ask(token)
    door.monotonic += 4.1
    assert await door.ask(token) is caller
    door.monotonic += 4.1
    door.opaque(scope="purpose:gov.licensing")
    assert (await door.ask(token)).scopes == frozenset()


@pytest.mark.parametrize("kind", ["signed", "always"])
async def test_a_signed_token_can_be_revoked_too(opened: Open, kind: str) -> None:
    """Where the registry says so, a signed token is good only while its issuer calls it active, to five seconds."""
    door = await opened(more=f", ask: {kind}, keepStatus: 5s")
    token = signed(door.claims())
    assert await door.code(token) == "INVALID_TOKEN"
    door.monotonic += 5
    door.home.active[token] = {"client_id": "market-bureau"}
    caller = await door.ask(token)
    door.home.active.clear()
    door.monotonic += 4.9
    assert await door.ask(token) is caller
    door.monotonic += 0.2
    assert await door.code(token) == "INVALID_TOKEN"
    assert await door.code("opaque-token-that-nobody-knows") == "INVALID_TOKEN"
    assert any(question["token"].startswith("opaque") for question in door.home.questions) is (kind == "always")


@pytest.mark.parametrize(
    "said",
    [{"client_id": "other"}, {"sub": "x"}, {"iss": "https://x.example"}, {"jti": "t-2"}, {"act": {"sub": "other"}}],
)
async def test_an_answer_about_another_token_is_not_believed(opened: Open, said: dict[str, Any]) -> None:
    """When the issuer's word and the signed token differ in who holds it, neither is believed."""
    door = await opened(more=", ask: signed")
    token = signed(door.claims(act={"sub": "market-bureau"}))
    door.home.active[token] = said
    assert await door.code(token) == "INVALID_TOKEN"


@pytest.mark.parametrize("said", [{"cnf": {"jkt": "A" * 43}}, {"act": {"sub": "market-bureau"}}])
async def test_a_binding_that_only_the_issuer_tells_is_not_passed_over(opened: Open, said: dict[str, Any]) -> None:
    """A key or an actor of which the signed token says nothing is another word of who holds it: refused."""
    door = await opened(more=", ask: signed")
    token = signed(door.claims())
    door.home.active[token] = said
    assert await door.code(token) == "INVALID_TOKEN"


async def test_a_forged_token_is_not_asked_about(opened: Open) -> None:
    """Only what is signed well is worth a question; nobody makes the gateway ask by inventing tokens."""
    door = await opened(more=", ask: always")
    stranger = ECKey.generate_key("P-256", {"kid": "k1"})
    assert await door.code(signed(door.claims(), stranger)) == "INVALID_TOKEN"
    assert door.home.questions == []


OTHERS = (
    ', introspection: {endpoint: "OTHER/introspect", clientId: gw, auth: client_secret_basic, secret: "secret:issuer"'
)


async def test_an_opaque_token_is_shown_to_one_issuer_only(opened: Open) -> None:
    """With several issuers a token's beginning tells whose it is; no other issuer ever sees it, nobody guesses."""
    door = await opened(more=", prefix: sd_", others=OTHERS + ", prefix: sh_}")
    mine, theirs = door.opaque("sd_" + OPAQUE), "sh_" + OPAQUE
    door.other.active[theirs] = door.claims(iss=door.other.address, client_id="other")
    assert (await door.ask(mine)).id == "market-bureau-31"
    assert (await door.ask(theirs)).id == "other-bureau"
    for token in (OPAQUE, "sd" + OPAQUE, "SD_" + OPAQUE):
        assert await door.code(token) == "INVALID_TOKEN"
    assert [question["token"] for question in door.home.questions] == [mine]
    assert [question["token"] for question in door.other.questions] == [theirs]


async def test_an_issuer_speaks_for_its_own_clients_in_answers_too(opened: Open) -> None:
    """What one region's issuer says about a client of another region opens nothing."""
    door = await opened(more=", prefix: sd_", others=OTHERS + ", prefix: sh_}")
    for claims in (door.claims(), door.claims(iss=door.other.address), door.claims(iss=None)):
        token = f"sh_{OPAQUE}-{len(door.other.active)}"
        door.other.active[token] = claims
        assert await door.code(token) == "INVALID_TOKEN"


async def test_without_an_issuer_for_them_opaque_tokens_are_refused(opened: Open) -> None:
    """Where no issuer declares opaque tokens, none is sent anywhere."""
    door = await opened(more=", ask: signed")
    assert await door.code(OPAQUE) == "INVALID_TOKEN"
    assert door.home.questions + door.other.questions == []


async def test_requests_share_one_question(opened: Open) -> None:
    """Fifty requests with one token ask once, also when the first of them goes away while it waits."""
    door = await opened()
    door.home.hold = asyncio.Event()
    first = asyncio.create_task(door.code(OPAQUE))
    while not door.home.questions:
        await asyncio.sleep(0.005)
    first.cancel()
    rest = [asyncio.create_task(door.code(OPAQUE)) for _ in range(49)]
    await asyncio.sleep(0)
    door.home.hold.set()
    assert set(await asyncio.gather(*rest)) == {"INVALID_TOKEN"}
    assert len(door.home.questions) == 1


async def test_a_flood_of_unknown_tokens_holds_up_no_good_one(opened: Open) -> None:
    """Unknown tokens wait for each other, a few at a time; one that was good a moment ago has its own line."""
    door = await opened()
    token = door.opaque()
    caller = await door.ask(token)
    door.home.hold = asyncio.Event()
    flood = [asyncio.create_task(door.code(f"{OPAQUE}-{number}")) for number in range(3 * asking.AT_ONCE)]
    while len(door.home.questions) < 1 + asking.AT_ONCE:
        await asyncio.sleep(0.005)
    door.monotonic += 4.1
    assert await door.ask(token) is caller
    assert len(door.home.questions) == 2 + asking.AT_ONCE
    door.home.hold.set()
    assert set(await asyncio.gather(*flood)) == {"INVALID_TOKEN"}


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param({"status": "302 Found", "headers": "location: /elsewhere\r\n"}, id="redirect"),
        pytest.param({"status": "401 Unauthorized"}, id="this gateway is not known"),
        pytest.param({"status": "500 Oh"}, id="broken"),
        pytest.param({"said": b"x" * 70_000}, id="endless"),
        pytest.param({"said": b"<html>"}, id="HTML"),
        pytest.param({"said": b"[]"}, id="list"),
        pytest.param({"said": b"{}"}, id="nothing"),
        pytest.param({"said": b'{"active":"true"}'}, id="active as text"),
        pytest.param({"said": b'{"active":1}'}, id="active as number"),
        pytest.param({"headers": "content-encoding: gzip\r\n"}, id="compressed"),
    ],
)
async def test_an_odd_answer_is_no_answer(opened: Open, fault: dict[str, Any]) -> None:
    """Redirects, errors, endless, compressed and doubtful answers believe nobody: 503, and mended it works at once."""
    door = await opened()
    token = door.opaque()
    sound = {name: getattr(door.home, name) for name in fault}
    for name, value in fault.items():
        setattr(door.home, name, value)
    refusal = await door.refusal(token)
    assert (refusal.code, refusal.headers["Retry-After"]) == ("ISSUER_UNAVAILABLE", "5")
    for name, value in sound.items():
        setattr(door.home, name, value)
    assert (await door.ask(token)).id == "market-bureau-31"


async def test_an_issuer_that_is_gone_believes_nobody(opened: Open) -> None:
    """A token that was good five seconds ago is refused when its issuer cannot be asked any more."""
    door = await opened()
    token = door.opaque()
    await door.ask(token)
    await door.home.close()
    await door.ask(token)
    door.monotonic += 4.1
    assert await door.code(token) == "ISSUER_UNAVAILABLE"


async def test_a_hanging_issuer_is_waited_for_two_seconds_at_most(opened: Open) -> None:
    """One total deadline ends the question, the wait for a place in line included."""
    door = await opened()
    door.home.mute = True
    started = time.monotonic()
    codes = await asyncio.gather(*(door.code(f"{OPAQUE}-{number}") for number in range(2 * asking.AT_ONCE)))
    assert set(codes) == {"ISSUER_UNAVAILABLE"}
    assert time.monotonic() - started < 2 * asking.TIMEOUT  # a wait and then a question of two seconds each are four


async def test_no_answer_is_taken_for_another_tokens(opened: Open) -> None:
    """Bytes beyond an answer are never the next one's: each question has a connection of its own."""
    door = await opened()
    smuggled = orjson.dumps({"active": True, **door.claims()})
    head = f"HTTP/1.1 200 OK\r\ncontent-length: {len(smuggled)}\r\n\r\n".encode()
    door.home.said = b'{"active":false}'
    door.home.headers = f"content-length: 16\r\n\r\n{door.home.said.decode()}{head.decode()}{smuggled.decode()}\r\nx: "
    for number in range(4):
        assert await door.code(f"{OPAQUE}-{number}") in {"INVALID_TOKEN", "ISSUER_UNAVAILABLE"}
    assert door.home.connections == 4


async def test_the_gateway_asks_by_its_secret(opened: Open) -> None:
    """Client id and secret travel encoded (RFC 6749, 2.3.1) in the header, not in the form, with the token's kind."""
    door = await opened()
    await door.ask(door.opaque())
    assert door.home.questions == [{"token": OPAQUE, "token_type_hint": "access_token"}]
    [credentials] = door.home.credentials
    pair = base64.b64decode(credentials.removeprefix("Basic ")).decode().split(":")
    assert [unquote_plus(part) for part in pair] == ["gate way", SECRET]


@pytest.mark.parametrize("form", ["jwk", "pem"])
async def test_the_gateway_asks_by_its_key(opened: Open, form: str) -> None:
    """With `private_key_jwt` each question bears an assertion of its own, for this issuer, that lives for a minute."""
    key = ECKey.generate_key("P-256", {"kid": "gateway-1"})
    held = orjson.dumps(key.as_dict(private=True)).decode() if form == "jwk" else key.as_pem(private=True).decode()
    door = await opened("private_key_jwt", secret=held)
    await door.ask(door.opaque())
    await door.code("another-token-of-some-length")
    tokens = [jwt.decode(question["client_assertion"], key) for question in door.home.questions]
    assert {question["client_assertion_type"] for question in door.home.questions} == {
        "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    }
    for token in tokens:
        assert token.claims["iss"] == token.claims["sub"] == "gate way"
        assert token.claims["aud"] == door.home.address
        assert token.claims["exp"] - token.claims["iat"] == 60
        assert token.header["kid"] == ("gateway-1" if form == "jwk" else key.thumbprint())
    assert len({token.claims["jti"] for token in tokens}) == 2


UNUSABLE = {
    "nothing": "",
    "a word": "secret-value",
    "no key": "{}",
    "half a key": "{",
    "a shared secret": orjson.dumps(OctKey.generate_key(256).as_dict(private=True)).decode(),
    "a public key": orjson.dumps(SIGNING.as_dict(private=False)).decode(),
    "another curve": ECKey.generate_key("P-384").as_pem(private=True).decode(),
}


@pytest.mark.parametrize("what", UNUSABLE)
async def test_a_secret_that_cannot_be_used_is_refused_at_the_start(opened: Open, what: str) -> None:
    """A public, symmetric or unreadable key is named by its reference; what it holds is never said."""
    secret = UNUSABLE[what]
    with pytest.raises(SecretError) as caught:
        await opened("private_key_jwt", secret=secret)
    assert "`secret:issuer` holds no private key" in str(caught.value)
    assert secret == "" or secret not in str(caught.value)


async def test_broken_credentials_never_reach_an_issuer(opened: Open) -> None:
    """Bytes that no token has, and tokens beyond the bound, are refused before anybody is asked."""
    door = await opened()
    for value in (
        b"Bearer \xff\xfe" + OPAQUE.encode(),
        b"Bearer " + b"a" * 8193,
        b"Bearer a b" * 9,
        b"Bearer =aaaa" * 9,
    ):
        with pytest.raises(GatewayError) as caught:
            await door.authenticator.authenticate([(b"authorization", value)], {})
        assert caught.value.code == "INVALID_TOKEN"
    assert door.home.questions == []
