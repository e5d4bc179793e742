"""A token that was verified is remembered, for less than a minute and never longer than it lives; a bad one never."""

from __future__ import annotations

from dataclasses import replace

import pytest
from joserfc.jwk import ECKey

from gateway.authenticating import callers, verified
from gateway.errors import GatewayError
from tests.promises.issuing import PSS, STRANGER, Door, signed


async def test_who_asks_again_is_the_very_same_caller(door: Door) -> None:
    """One token, purpose and evidence are one Caller, however the purpose is named; the issuer is asked once."""
    token = signed(door.claims())
    caller = await door.ask(token)
    for again in ((), ((b"Credit-Purpose", b"gov.licensing"),), ((b"x-credit-other", b"1"),)):
        assert await door.ask(token, *again) is caller
    lower = (b"AUTHORIZATION", b"bearer   " + token.encode() + b"\t")
    assert (await door.authenticator.authenticate([lower], {})) == caller
    assert await door.authenticator.authenticate([], {}) is await door.authenticator.authenticate([(b"a", b"b")], {})
    assert door.home.asked == 1


async def test_evidence_makes_another_caller(door: Door) -> None:
    """Who names another case is another Caller with that case, and many cases do not fill the memory."""
    details = [{"type": "credit-query", "purposes": ["court.execution"], "operator": "甲"}]
    token = signed(door.claims(client_id="court", scope=None, authorization_details=details))
    one = await door.ask(token, evidence={"caseNo": "1"})
    assert await door.ask(token, evidence={"caseNo": "1", "other": "x"}) is one
    for number in range(3 * verified.MAX_CALLERS):
        caller = await door.ask(token, evidence={"caseNo": f"{number}"})
        assert caller.evidence == {"operator": "甲", "caseNo": f"{number}"}
    [known] = door.authenticator._verified.values()
    assert len(known._callers) <= verified.MAX_CALLERS
    assert await door.code(token) == "EVIDENCE_REQUIRED"
    assert await door.code(token, evidence={"caseNo": "1", "operator": "乙"}) == "EVIDENCE_REQUIRED"


async def test_evidence_of_the_token_is_not_that_of_a_request(door: Door) -> None:
    """What one request said of its case is not believed of the next, which says nothing."""
    details = [{"type": "credit-query", "purposes": ["court.execution"], "operator": "甲", "caseNo": "1"}]
    token = signed(door.claims(client_id="court", scope=None, authorization_details=details))
    assert (await door.ask(token)).evidence["caseNo"] == "1"
    assert await door.code(token, evidence={"caseNo": "2"}) == "EVIDENCE_REQUIRED"
    assert (await door.ask(token, evidence={"caseNo": "1"})) is await door.ask(token)


async def test_a_remembered_token_ends_with_its_life(door: Door) -> None:
    """Not a second beyond its expiry and the skew is a token believed, however lately it was seen."""
    token = signed(door.claims())
    await door.ask(token)
    door.now += 629
    await door.ask(token)
    door.now += 1
    assert await door.code(token) == "INVALID_TOKEN"


async def test_a_withdrawn_key_is_believed_for_a_minute_at_most(door: Door) -> None:
    """Once its issuer has been seen to withdraw the key, a remembered token is refused within 60 seconds."""
    token, other = signed(door.claims()), signed(door.claims(), PSS, "PS256", kid="r1")
    await door.ask(token)
    door.monotonic += 290
    await door.ask(token)  # verified anew
    door.home.keys = [PSS.as_dict(private=False)]
    door.monotonic += 11
    await door.ask(other)  # the issuer's keys are five minutes old and fetched again
    assert door.home.asked == 2
    door.monotonic += 48
    assert (await door.ask(token)).id == "market-bureau-31"
    door.monotonic += 1
    assert await door.code(token) == "INVALID_TOKEN"


async def test_a_remembered_token_holds_no_other_purpose(door: Door) -> None:
    """Each request's purpose is held against the token, and what was refused once is refused again."""
    token = signed(door.claims(scope="credit.gov purpose:gov.licensing purpose:gov.procurement"))
    for _ in range(2):
        assert await door.code(token) == "PURPOSE_REQUIRED"
        for code in ("gov.licensing", "gov.procurement"):
            assert (await door.ask(token, (b"credit-purpose", code.encode()))).purpose == code
        assert await door.code(token, (b"credit-purpose", b"court.execution")) == "PURPOSE_NOT_HELD"
        assert await door.code(token, (b"credit-purpose", b"gov.licencing")) == "PURPOSE_UNKNOWN"


async def test_a_remembered_token_does_not_mend_its_request(door: Door) -> None:
    """Doubled headers and other schemes are refused although the token in them is remembered as good."""
    token = signed(door.claims())
    await door.ask(token)
    assert await door.code(token, (b"Authorization", b"Bearer " + token.encode())) == "MALFORMED_REQUEST"
    twice = [(b"credit-purpose", b"gov.licensing"), (b"Credit-Purpose", b"gov.licensing")]
    assert await door.code(token, *twice) == "MALFORMED_REQUEST"
    assert await door.code(token, (b"credit-consent", b"x"), (b"Credit-Consent", b"x")) == "MALFORMED_REQUEST"
    for scheme in (b"Digest ", b"DPoP   ", b"Bearer,", b"Bearer x"):
        with pytest.raises(GatewayError) as caught:
            await door.authenticator.authenticate([(b"authorization", scheme + token.encode())], {})
        assert caught.value.code == "INVALID_TOKEN"


async def test_refused_tokens_cost_no_good_one_its_place(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """A flood of bad tokens, well signed or not, leaves what is remembered as it was, and none of them is taken."""
    monkeypatch.setattr(callers, "REMEMBERED", 2)
    door.authenticator = door.new_authenticator()
    token = signed(door.claims())
    caller = await door.ask(token)
    for number in range(10):
        forged = signed(door.claims(jti=f"f-{number}"), STRANGER)
        expired = signed(door.claims(jti=f"e-{number}", exp=int(door.now) - 60, iat=int(door.now) - 120))
        odd = signed(door.claims(jti=f"o-{number}", authorization_details={}))
        for bad in (forged, expired, odd, odd):
            assert await door.code(bad) == "INVALID_TOKEN"
    assert await door.ask(token) is caller
    assert len(door.authenticator._verified) == 1


async def test_another_registry_remembers_nothing(door: Door) -> None:
    """When the registry changes, a token is held against the new one, though its issuer's keys are still known."""
    token = signed(door.claims())
    before = await door.ask(token)
    key = (door.home.address, "market-bureau")
    moved = replace(door.clients.by_token[key], region="320000")
    door.clients = replace(door.clients, by_token={**door.clients.by_token, key: moved})
    door.authenticator = door.new_authenticator()
    assert (before.region, (await door.ask(token)).region) == ("310000", "320000")
    door.clients = replace(door.clients, by_token={})
    door.authenticator = door.new_authenticator()
    assert await door.code(token) == "INVALID_TOKEN"


async def test_a_new_key_of_the_same_name_does_not_vouch_for_an_old_token(door: Door) -> None:
    """A key set that puts another key under the same id ends the belief in the old one's tokens as well."""
    token = signed(door.claims())
    await door.ask(token)
    door.home.keys = [ECKey.generate_key("P-256", {"kid": "k1"}).as_dict(private=False)]
    door.monotonic += 301
    assert await door.code(token) == "INVALID_TOKEN"
