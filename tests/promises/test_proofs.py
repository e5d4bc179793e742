"""A token bound to a key opens nothing without a fresh proof of that key, made for this very request, shown once."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import orjson
import pytest
from joserfc import jws
from joserfc.jwk import ECKey, OKPKey, RSAKey

from gateway import sharing
from gateway.authenticating.proofs import ProofRefused, Proofs
from gateway.authenticating.replays import Replays, ReplaysUnknown
from gateway.errors import GatewayError
from gateway.sharing import opened
from tests.promises.issuing import DEEP, RESOURCE, Door, raw, signed
from tests.promises.proving import Holder, ProvingDoor

BUREAU = "market-bureau-31"


@pytest.fixture
async def proving(door: Door, tmp_path: Path) -> AsyncIterator[ProvingDoor]:
    found = ProvingDoor(door.clients, door.home, door.other, tmp_path)
    yield found
    await found.authenticator.close()


@pytest.fixture
async def wanting(door: Door, tmp_path: Path) -> AsyncIterator[ProvingDoor]:
    """A door that wants a nonce of its own in every proof."""
    found = ProvingDoor(door.clients, door.home, door.other, tmp_path, nonce=True)
    yield found
    await found.authenticator.close()


async def test_a_bound_token_with_its_proof_is_as_good_as_any(proving: ProvingDoor) -> None:
    """Each request with a proof of its own is answered, and remembered tokens ask for a proof as well."""
    token = proving.bound()
    caller = await proving.show(token, proving.proof(token))
    assert caller.id == BUREAU
    assert await proving.show(token, proving.proof(token)) is caller
    assert await proving.show(token, proving.proof(token, htm="GET"), b"dpop", "GET") is caller
    assert proving.home.asked == 1


@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")  # the test's own signing goes by the old name
@pytest.mark.parametrize(
    ("key", "alg"),
    [
        (RSAKey.generate_key(2048), "PS256"),
        (OKPKey.generate_key("Ed25519"), "Ed25519"),
        (OKPKey.generate_key("Ed25519"), "EdDSA"),
    ],
)
async def test_proofs_of_the_other_algorithms(proving: ProvingDoor, key: Any, alg: str) -> None:
    """PS256 and Ed25519 proofs, the latter under both its names, are as good as ES256 ones."""
    holder = Holder(key, alg)
    token = proving.bound(holder)
    assert (await proving.show(token, holder.proof(proving.now, token))).id == BUREAU


async def test_a_stolen_bound_token_opens_nothing(proving: ProvingDoor) -> None:
    """As plain Bearer, without a proof, or with a thief's own proof a bound token is refused; remembered or not."""
    token, thief = proving.bound(), Holder()
    for _ in range(2):
        assert await proving.error(token, None, b"Bearer") == "invalid_token"
        assert await proving.error(token, proving.proof(token), b"Bearer") == "invalid_token"
        assert await proving.error(token, None) == "invalid_dpop_proof"
        assert await proving.error(token, thief.proof(proving.now, token)) == "invalid_token"
        assert (await proving.show(token, proving.proof(token))).id == BUREAU


async def test_an_unbound_token_is_no_dpop_token(proving: ProvingDoor) -> None:
    """A plain token under the scheme DPoP is refused, with a proof or without: nothing binds it to that key."""
    token = signed(proving.claims())
    assert await proving.error(token, proving.proof(token)) == "invalid_token"
    assert await proving.error(token, None) == "invalid_token"
    assert (await proving.show(token, None, b"Bearer")).id == BUREAU


async def test_a_proof_is_taken_once(proving: ProvingDoor) -> None:
    """The same proof again is refused, alone and among fifty at once, also for another token of the same key."""
    token, other = proving.bound(), proving.bound(jti="t-2")
    proof = proving.proof(token, jti="the-same-proof")
    await proving.show(token, proof)
    assert await proving.error(token, proof) == "invalid_dpop_proof"
    assert await proving.error(other, proving.proof(other, jti="the-same-proof")) == "invalid_dpop_proof"
    fresh = proving.proof(token)
    found = await asyncio.gather(*(proving.show(token, fresh) for _ in range(50)), return_exceptions=True)
    assert sum(not isinstance(each, GatewayError) for each in found) == 1


async def test_two_keys_may_use_the_same_id(proving: ProvingDoor) -> None:
    """Nobody can use up another's proofs by guessing their ids."""
    thief = Holder()
    theirs, mine = proving.bound(thief), proving.bound()
    await proving.show(theirs, thief.proof(proving.now, theirs, jti="proof-of-somebody"))
    assert (await proving.show(mine, proving.proof(mine, jti="proof-of-somebody"))).id == BUREAU


async def test_a_restart_does_not_forget(proving: ProvingDoor) -> None:
    """What was shown to one process of the home is known to the next, and to one beside it."""
    token = proving.bound()
    proof = proving.proof(token)
    await proving.show(token, proof)
    await proving.authenticator.close()
    proving.authenticator = proving.new_authenticator()
    assert await proving.error(token, proof) == "invalid_dpop_proof"
    beside = ProvingDoor(proving.clients, proving.home, proving.other, proving.path.parent)
    beside.now, beside.holder = proving.now, proving.holder
    fresh = beside.proof(token)
    await beside.show(token, fresh)
    assert await proving.error(token, fresh) == "invalid_dpop_proof"
    await beside.authenticator.close()


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"htm": "GET"}, id="another method"),
        pytest.param({"htm": "post"}, id="method in another case"),
        pytest.param({"htm": None}, id="no method"),
        pytest.param({"htu": "https://other.example/graphql"}, id="another host"),
        pytest.param({"htu": "http://gateway.example/graphql"}, id="another scheme"),
        pytest.param({"htu": "https://gateway.example:444/graphql"}, id="another port"),
        pytest.param({"htu": RESOURCE + "/x"}, id="another path"),
        pytest.param({"htu": "https://gateway.example@evil.example/graphql"}, id="a host that looks like it"),
        pytest.param({"htu": "https://me@gateway.example/graphql"}, id="with a user"),
        pytest.param({"htu": "/graphql"}, id="a path alone"),
        pytest.param({"htu": "urn:x"}, id="no address"),
        pytest.param({"htu": "https://[::1/graphql"}, id="a broken address"),
        pytest.param({"htu": [RESOURCE]}, id="address as list"),
        pytest.param({"htu": None}, id="no address at all"),
        pytest.param({"ath": None}, id="no ath"),
        pytest.param({"ath": "x" * 43}, id="ath of another token"),
        pytest.param({"ath": 1}, id="ath as number"),
        pytest.param({"jti": None}, id="no id"),
        pytest.param({"jti": "x"}, id="short id"),
        pytest.param({"jti": "x" * 300}, id="endless id"),
        pytest.param({"jti": 123456789}, id="id as number"),
        pytest.param({"jti": "not\nprintable"}, id="id with a line break"),
        pytest.param({"iat": None}, id="no time"),
        pytest.param({"iat": "1"}, id="time as text"),
        pytest.param({"iat": True}, id="time as flag"),
        pytest.param({"iat": 1e300}, id="endless time"),
    ],
)
async def test_a_proof_is_for_this_request(proving: ProvingDoor, changes: dict[str, Any]) -> None:
    """Another method, address or token, no id and no time: refused, and the challenge says that the proof is wrong."""
    token = proving.bound()
    refusal = await proving.refused(token, proving.proof(token, **changes))
    assert (refusal.code, refusal.status) == ("INVALID_TOKEN", 401)
    challenge = refusal.headers["WWW-Authenticate"]
    assert challenge.startswith('DPoP realm="credit-gateway", algs="ES256 PS256 EdDSA Ed25519", ')
    assert 'error="invalid_dpop_proof", error_description="' in challenge
    assert challenge.isascii()
    assert (await proving.show(token, proving.proof(token))).id == BUREAU


@pytest.mark.parametrize(
    "htu",
    [
        "https://GATEWAY.example/graphql",
        "HTTPS://gateway.example:443/graphql",
        RESOURCE + "?query=x#y",
        "https://gateway.example/%67raphql",
    ],
)
async def test_an_address_may_be_spelled_in_other_ways(proving: ProvingDoor, htu: str) -> None:
    """Query, fragment, case of the host, usual port and needless escapes do not matter (RFC 9449, 4.3)."""
    token = proving.bound()
    assert (await proving.show(token, proving.proof(token, htu=htu))).id == BUREAU


@pytest.mark.parametrize(
    ("age", "good"), [(0, True), (89, True), (91, False), (-29, True), (-31, False), (3600, False)]
)
async def test_a_proof_is_of_this_moment(proving: ProvingDoor, age: int, good: bool) -> None:
    """A proof lives for a minute; clocks may differ by 30 seconds."""
    token = proving.bound()
    proof = proving.proof(token, iat=int(proving.now) - age)
    if good:
        assert (await proving.show(token, proof)).id == BUREAU
    else:
        assert await proving.error(token, proof) == "invalid_dpop_proof"


def by_hand(holder: Holder, header: dict[str, Any], claims: dict[str, Any]) -> bytes:
    """A genuine signature over a header that a library would not sign."""
    part = raw(header, claims).rsplit(".", 1)[0]
    signature = jws.JWSRegistry.algorithms["ES256"].sign(part.encode(), holder.key)
    return f"{part}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}".encode()


WEAK = RSAKey.generate_key(2048).as_dict(private=False)
WRONG_HEADERS: dict[str, dict[str, Any]] = {
    "another type": {"typ": "JWT"},
    "an access token's type": {"typ": "at+jwt"},
    "no type": {"typ": None},
    "no algorithm": {"alg": "none"},
    "a shared secret's algorithm": {"alg": "HS256"},
    "another key's algorithm": {"alg": "PS256"},
    "a weaker algorithm": {"alg": "RS256"},
    "no key": {"jwk": None},
    "a key as text": {"jwk": "x"},
    "a key of no kind": {"jwk": {}},
    "a shared secret": {"jwk": {"kty": "oct", "k": "c2VjcmV0"}},
    "a key of another curve": {"jwk": ECKey.generate_key("P-384").as_dict(private=False)},
    "half a key": {"jwk": {"kty": "EC", "crv": "P-256", "x": "AA"}},
    "a key with another point": {"jwk": {"kty": "EC", "crv": "P-256", "x": "AA" * 16, "y": "AA" * 16}},
    "an RSA key with a dear exponent": {"jwk": {**WEAK, "e": WEAK["n"]}},
    "a key's address": {"jku": "https://evil.example/keys"},
    "a certificate": {"x5c": ["MIIB"]},
    "a key's name": {"kid": "k1"},
    "what must be understood": {"crit": ["exp"], "exp": 1},
}


@pytest.mark.parametrize("what", WRONG_HEADERS)
async def test_a_proof_brings_one_public_key(proving: ProvingDoor, what: str) -> None:
    """Type, algorithm and key of a proof are of the profile, and nothing else is in its header."""
    token = proving.bound()
    header = {"typ": "dpop+jwt", "alg": "ES256", "jwk": proving.holder.key.as_dict(private=False)}
    changed = {name: value for name, value in (header | WRONG_HEADERS[what]).items() if value is not None}
    proof = by_hand(proving.holder, changed, proving.holder.claims(proving.now, token))
    assert await proving.error(token, proof) in {"invalid_dpop_proof", "invalid_token"}
    good = by_hand(proving.holder, header, proving.holder.claims(proving.now, token))
    assert (await proving.show(token, good)).id == BUREAU


async def test_a_proof_that_holds_its_private_key_is_refused(proving: ProvingDoor) -> None:
    """A key that was sent along is anybody's key."""
    token = proving.bound()
    proof = proving.proof(token, header={"jwk": proving.holder.key.as_dict(private=True)})
    assert await proving.error(token, proof) == "invalid_dpop_proof"


async def test_a_forged_proof_is_refused(proving: ProvingDoor) -> None:
    """The holder's public key with a thief's signature, or with changed claims, proves nothing."""
    token, thief = proving.bound(), Holder()
    key = proving.holder.key.as_dict(private=False)
    assert await proving.error(token, thief.proof(proving.now, token, header={"jwk": key})) == "invalid_dpop_proof"
    head, _, tail = proving.proof(token).split(b".")
    claims = orjson.dumps(proving.holder.claims(proving.now, token))
    body = base64.urlsafe_b64encode(claims).rstrip(b"=")
    assert await proving.error(token, b".".join((head, body, tail))) == "invalid_dpop_proof"


@pytest.mark.parametrize("proof", [b"", b"x", b"a.b.c", b"\xff\xfe", b"." * 9, b"a" * 1_000_000, DEEP])
async def test_what_is_no_proof_is_refused(proving: ProvingDoor, proof: bytes) -> None:
    """Anything in the header is understood or refused; nothing of it is said back."""
    token = proving.bound()
    refusal = await proving.refused(token, proof)
    assert 'error="invalid_dpop_proof"' in refusal.headers["WWW-Authenticate"]
    assert len(refusal.headers["WWW-Authenticate"]) < 500


async def test_two_proofs_are_none(proving: ProvingDoor) -> None:
    """The header DPoP may stand once."""
    token = proving.bound()
    headers = [(b"authorization", b"DPoP " + token.encode()), *((b"DPoP", proving.proof(token)) for _ in range(2))]
    with pytest.raises(GatewayError) as caught:
        await proving.authenticator.authenticate(headers, {})
    assert caught.value.code == "MALFORMED_REQUEST"


async def test_a_proof_is_no_access_token_and_a_token_no_proof(proving: ProvingDoor) -> None:
    """Each is refused in the other's place, although both are signed well."""
    token = proving.bound()
    proof = proving.proof(token)
    assert await proving.error(proof.decode(), proof) == "invalid_token"
    assert await proving.error(token, token.encode()) == "invalid_dpop_proof"


async def test_a_nonce_is_asked_for_and_taken(wanting: ProvingDoor) -> None:
    """Without this gateway's nonce the challenge gives one; with it the proof is good, for minutes and no longer."""
    token = wanting.bound()
    refusal = await wanting.refused(token, wanting.proof(token))
    assert (refusal.code, refusal.cause) == ("INVALID_TOKEN", "")
    assert 'error="use_dpop_nonce"' in refusal.headers["WWW-Authenticate"]
    nonce = refusal.headers["DPoP-Nonce"]
    assert (await wanting.show(token, wanting.proof(token, nonce=nonce))).id == BUREAU
    wanting.now += 140
    assert (await wanting.show(token, wanting.proof(token, nonce=nonce))).id == BUREAU
    wanting.now += 170
    assert await wanting.error(token, wanting.proof(token, nonce=nonce)) == "use_dpop_nonce"
    again = (await wanting.refused(token, wanting.proof(token))).headers["DPoP-Nonce"]
    assert again != nonce


@pytest.mark.parametrize("nonce", ["", "x", "é", 1, ["x"], None, "A" * 24])
async def test_only_this_gateways_nonces_are_taken(wanting: ProvingDoor, nonce: Any) -> None:
    """A nonce of another kind, hand or home is asked for anew; a thief learns nothing from a nonce alone."""
    token = wanting.bound()
    assert await wanting.error(token, wanting.proof(token, nonce=nonce)) == "use_dpop_nonce"
    good = (await wanting.refused(token, wanting.proof(token))).headers["DPoP-Nonce"]
    thief = Holder()
    assert await wanting.error(token, thief.proof(wanting.now, token, nonce=good)) == "invalid_token"
    assert await wanting.error(token, wanting.proof(token, nonce=good, htm="GET")) == "invalid_dpop_proof"


async def test_when_nobody_knows_whether_a_proof_is_new_none_is_taken(proving: ProvingDoor) -> None:
    """A broken file, or a lock that stays: 503 for bound tokens, while others are answered; then it recovers."""
    token = proving.bound()
    proving.path.write_bytes(b"not a database" * 100)
    refusal = await proving.refused(token, proving.proof(token))
    assert (refusal.code, refusal.headers["Retry-After"]) == ("OVERLOADED", "1")
    assert (await proving.show(signed(proving.claims()), None, b"Bearer")).id == BUREAU
    proving.path.unlink()
    assert (await proving.show(token, proving.proof(token))).id == BUREAU
    locked = sqlite3.connect(proving.path, isolation_level=None)
    locked.execute("BEGIN EXCLUSIVE")
    assert (await proving.refused(token, proving.proof(token))).code == "OVERLOADED"
    locked.close()
    assert (await proving.show(token, proving.proof(token))).id == BUREAU


async def test_the_store_is_bounded_and_forgets(tmp_path: Path) -> None:
    """A full store takes nothing more; what has ended makes room, and nothing that still counts is forgotten."""
    path = tmp_path / "state" / "proofs.sqlite3"
    replays = Replays(path, most=64 << 10)
    taken = 0
    with contextlib.suppress(ReplaysUnknown):
        while taken < 100_000:
            await replays.first(taken.to_bytes(16, "big"), 100.0 + taken, 0.0)
            taken += 1
    assert 500 < taken < 5_000
    with pytest.raises(ReplaysUnknown, match="full"):
        await replays.first(b"one more than fit", 1e9, 0.0)
    assert path.stat().st_size <= 64 << 10
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert await replays.first(b"after all others", 1e9, 100.0 + taken / 2)
    assert not await replays.first((taken - 1).to_bytes(16, "big"), 1e9, 100.0 + taken / 2)
    await replays.close()


CHILD = """
import asyncio, sys
from pathlib import Path
from gateway import sharing
from gateway.authenticating.replays import Replays
sharing.WAIT = 60.0  # on a busy machine
async def main():
    replays = Replays(Path(sys.argv[1]))
    sys.stdin.readline()
    found = await asyncio.gather(*(replays.first(b"%016d" % n, 1e12, 0.0) for n in range(1000)))
    print(sum(found))
    await replays.close()
asyncio.run(main())
"""


def test_processes_share_one_memory(tmp_path: Path) -> None:
    """Of two processes that are shown the same thousand proofs at once, each proof is taken by one."""
    command = [sys.executable, "-c", CHILD, str(tmp_path / "proofs.sqlite3")]
    children = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    for child in children:
        assert child.stdin is not None
        child.stdin.write("\n")
        child.stdin.flush()
    assert sum(int(child.communicate(timeout=60)[0]) for child in children) == 1000


def test_a_new_file_is_opened_by_all_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of processes that start together on a new home none is told that the memory cannot be used."""
    monkeypatch.setattr(sharing, "WAIT", 60.0)  # on a busy machine

    def open_one(number: int) -> None:
        opened(tmp_path / f"{number // 6}.sqlite3", "CREATE TABLE IF NOT EXISTS shown (proof BLOB)").close()

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(open_one, range(6 * 25)))


async def test_who_leaves_does_not_hold_up_the_others(tmp_path: Path) -> None:
    """A request that goes away while its proof is written leaves the proof shown, and the others answered."""
    async with AsyncExitStack() as stack:
        replays = Replays(tmp_path / "proofs.sqlite3")
        stack.push_async_callback(replays.close)
        gone = asyncio.create_task(replays.first(b"1" * 16, 1e12, 0.0))
        await asyncio.sleep(0)
        others = [asyncio.create_task(replays.first(bytes([number]) * 16, 1e12, 0.0)) for number in range(9)]
        gone.cancel()
        assert all(await asyncio.gather(*others))
        assert not await replays.first(b"1" * 16, 1e12, 0.0)


async def test_a_name_that_is_no_address_fits_no_proof(door: Door, tmp_path: Path) -> None:
    """Where the gateway's resource is no web address, no proof fits it by having none either."""
    holder = Holder()
    proofs = Proofs("urn:credit:gateway", Replays(tmp_path / "proofs.sqlite3"))
    for htu in ("urn:credit:gateway", "urn:x", "x"):
        with pytest.raises(ProofRefused, match="htu"):
            await proofs.check(holder.proof(time.time(), "t", htu=htu), b"t", holder.jkt, "POST")
    await proofs.close()
