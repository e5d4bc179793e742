"""Whose keys are believed, and for how long: key sets over a real socket, faults and rotation included."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest
from joserfc.jwk import ECKey, OctKey, RSAKey

from tests.promises.issuing import (
    PSS,
    SIGNING,
    STRANGER,
    Door,
    signed,
)


@pytest.mark.filterwarnings("ignore:Key size should be")
async def test_a_shared_secret_in_a_key_set_is_not_taken(door: Door) -> None:
    """Symmetric, private, encryption and weak keys that an issuer publishes are passed over."""
    secret = OctKey.generate_key(256, {"kid": "s"})
    weak = RSAKey.generate_key(1024, {"kid": "w"})
    private = ECKey.generate_key("P-256", {"kid": "p"})
    sealing = ECKey.generate_key("P-256", {"kid": "c", "use": "enc"})
    door.home.keys = [
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
        assert await door.code(signed(door.claims(), key, alg, kid=kid)) == "INVALID_TOKEN"
    assert (await door.ask(signed(door.claims()))).id == "market-bureau-31"


async def test_a_new_key_is_fetched_at_most_once_in_30_seconds(door: Door) -> None:
    """A rotated key is found, and made-up key ids do not turn the gateway against its issuer."""
    await door.ask(signed(door.claims()))
    assert door.home.asked == 1
    fresh = ECKey.generate_key("P-256", {"kid": "k2"})
    door.home.keys.append(fresh.as_dict(private=False))
    token = signed(door.claims(), fresh, kid="k2")
    assert await door.code(token) == "INVALID_TOKEN"  # just asked: not again
    door.monotonic += 31
    assert (await door.ask(token)).id == "market-bureau-31"
    for number in range(20):
        assert await door.code(signed(door.claims(), STRANGER, kid=f"x{number}")) == "INVALID_TOKEN"
    assert door.home.asked == 2


async def test_requests_share_one_fetch(door: Door) -> None:
    """Fifty requests at once ask the issuer once."""
    tokens = [signed(door.claims(jti=f"t-{number}")) for number in range(50)]
    callers = await asyncio.gather(*(door.ask(token) for token in tokens))
    assert {caller.id for caller in callers} == {"market-bureau-31"}
    assert door.home.asked == 1


async def test_keys_outlive_their_issuer_for_an_hour_only(door: Door) -> None:
    """While the issuer is down its keys serve for an hour after they were fetched, then nobody is believed."""
    await door.ask(signed(door.claims()))
    door.home.status = "503 Service Unavailable"
    for step, good in ((200, True), (200, True), (3100, True), (200, False)):
        door.monotonic += step
        door.authenticator = door.new_authenticator()  # nothing remembered
        token = signed(door.claims())
        if good:
            assert (await door.ask(token)).id == "market-bureau-31"
        else:
            assert await door.code(token) == "ISSUER_UNAVAILABLE"
    door.home.status = "200 OK"
    door.monotonic += 31
    assert (await door.ask(signed(door.claims()))).id == "market-bureau-31"


async def test_a_withdrawn_key_is_not_believed_after_five_minutes(door: Door) -> None:
    """A key that its issuer took back is unknown at the next refresh."""
    await door.ask(signed(door.claims()))
    door.home.keys = [PSS.as_dict(private=False)]
    door.monotonic += 301
    door.authenticator = door.new_authenticator()
    assert await door.code(signed(door.claims())) == "INVALID_TOKEN"


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
async def test_a_faulty_key_set_is_not_taken(door: Door, fault: dict[str, Any]) -> None:
    """Redirects, endless, compressed and odd answers are not keys; the issuer's tokens are refused meanwhile."""
    for name, value in fault.items():
        setattr(door.home, name, value)
    assert await door.code(signed(door.claims())) == "ISSUER_UNAVAILABLE"
    assert door.home.asked == 1


async def test_a_hanging_issuer_holds_nobody_for_long(door: Door) -> None:
    """One total deadline ends the wait, whatever the issuer drips."""
    door.home.mute = True
    started = time.monotonic()
    assert await door.code(signed(door.claims())) == "ISSUER_UNAVAILABLE"
    assert time.monotonic() - started < 5
