"""A token that names whom a gateway asks for (RFC 8693, 4.1) opens that question and no other."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from gateway.authenticating.clients import load_clients
from gateway.documents import load
from tests.promises.issuing import CATALOGUE, RESOURCE, SIGNING, Door, Issuer, signed
from tests.promises.test_every_word_in_two_languages import whole

THERE, BEFORE = "https://sd.example/graphql", "https://qd.example/graphql"
CLIENT = "shandong"  # what the issuer calls the gateway of Shandong
REGISTRY = f"""\
issuers: [{{issuer: "HOME", jwks: "HOME/jwks.json"}}]
clients:
  shandong-gateway:
    issuer: "HOME"
    clientId: {CLIENT}
    class: government
    region: "370000"
    title: {{zh: 山东, en: Shandong}}
    scopes: [credit.gov]
    purposes: [gov.licensing, gov.procurement]
    delegates: {{gateway: "{THERE}", classes: [government, court, public]}}
  bureau-31:
    issuer: "HOME"
    clientId: bureau
    class: government
    region: "310000"
    title: {{zh: 局, en: Bureau}}
    purposes: [gov.licensing]
"""
PURPOSE = (b"credit-purpose", b"gov.licensing")
DETAILS = [{"type": "credit-query", "purposes": ["gov.licensing"]}]
BOUND = {"client_id": CLIENT, "sub": "bureau", "act": {"sub": CLIENT}, "scope": "credit.gov",
         "authorization_details": DETAILS}  # fmt: skip
SAID = {"sub": "bureau", "class": "government", "within": 2, "act": {"sub": THERE, "decision": "d-1"}}
FAR = {"sub": THERE, "decision": "d-1", "act": {"sub": BEFORE, "decision": "d-0"}}


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    home = Issuer([SIGNING.as_dict(private=False)])
    await home.open()
    path = tmp_path / "clients.yaml"
    path.write_text(REGISTRY.replace("HOME", home.address), "utf-8")
    door = Door(load_clients(load(path, tmp_path), CATALOGUE), home, home)
    yield door
    await door.authenticator.close()
    await door.jwks.close()
    await home.close()


def token(door: Door, **changes: Any) -> str:
    return signed(door.claims(**{**BOUND, **changes}))


async def test_it_opens_the_question_that_it_is_for(door: Door) -> None:
    """The client is the one that holds it; who asked first, and the way, are those of both."""
    caller = await door.ask(token(door), PURPOSE, delegation=SAID)
    assert (caller.id, caller.region, caller.purpose) == ("shandong-gateway", "370000", "gov.licensing")
    assert caller.delegated is not None
    assert caller.delegated.asker == "bureau"
    nested = {"sub": CLIENT, "iss": door.home.address, "act": {"sub": BEFORE}}
    caller = await door.ask(token(door, act=nested), PURPOSE, delegation={**SAID, "act": FAR})
    assert caller.delegated is not None
    assert [hop.gateway for hop in caller.delegated.hops] == [BEFORE, THERE]


@pytest.mark.parametrize(
    ("claims", "said", "says"),
    [
        ({}, {"sub": "bank"}, "for another asker"),
        ({"sub": CLIENT}, {}, "for another asker"),
        ({"sub": "bank"}, {}, "for another asker"),
        ({"class": "court"}, {}, "an asker of another class"),
        ({}, {"act": FAR}, "not those of the token"),
        ({"act": {"sub": CLIENT, "act": {"sub": BEFORE}}}, {}, "not those of the token"),
        ({"act": {"sub": CLIENT, "act": {"sub": RESOURCE}}}, {"act": FAR}, "not those of the token"),
        ({"act": {"sub": "another-gateway"}}, {}, "`act.sub` is not this client"),
        ({"act": {"sub": THERE}}, {}, "`act.sub` is not this client"),
        ({"act": {"sub": CLIENT, "iss": "https://elsewhere.example"}}, {}, "`act.sub` is not this client"),
        ({"act": {"sub": "another-gateway", "act": {"sub": CLIENT}}}, {"act": FAR}, "`act.sub` is not this client"),
    ],
)
async def test_it_opens_no_other(door: Door, claims: dict[str, Any], said: dict[str, Any], says: str) -> None:
    """Another asker, class or way, or an actor that is another gateway: refused, and nothing of the token is told."""
    refusal = await door.refusal(token(door, **claims), PURPOSE, delegation={**SAID, **said})
    assert refusal.code == "DELEGATION_REFUSED"
    assert says in refusal.words()
    assert whole(refusal.words("zh"), refusal.words("en"))
    told = refusal.words() + refusal.words("zh")
    assert not re.search("bureau|bank|court|shandong|another-gateway|example", told.replace("`act.sub`", ""))


async def test_an_id_is_no_longer_than_a_token_may_name(door: Door) -> None:
    """What is taken on an asker's word can be passed on: its id fits into the token that names it at the next gateway.
    A longer one is refused as this question's fault, by a token of the gateway's own as well."""
    longest = "x" * 256
    caller = await door.ask(token(door, sub=longest), PURPOSE, delegation={**SAID, "sub": longest})
    assert caller.delegated is not None
    assert caller.delegated.asker == longest
    own = token(door, act=None, sub=CLIENT)
    assert await door.code(own, PURPOSE, delegation={**SAID, "sub": longest + "x"}) == "DELEGATION_REFUSED"


async def test_without_a_word_of_whom_it_is_for_it_opens_nothing(door: Door) -> None:
    """A gateway that has a token on somebody's behalf does not ask for itself with it."""
    refusal = await door.refusal(token(door), PURPOSE)
    assert (refusal.code, "say whose" in refusal.words()) == ("DELEGATION_REFUSED", True)


async def test_it_is_for_its_purpose(door: Door) -> None:
    """For another there is no such purpose in it, and none at all is another too."""
    assert await door.code(token(door), (b"credit-purpose", b"gov.procurement"), delegation=SAID) == "PURPOSE_NOT_HELD"
    refusal = await door.refusal(token(door), delegation=SAID)
    assert (refusal.code, "say which" in refusal.words()) == ("DELEGATION_REFUSED", True)
    without = token(door, authorization_details=None)
    assert (await door.ask(without, delegation=SAID)).purpose is None


@pytest.mark.parametrize(
    "act",
    [
        None, "shandong", [], {}, {"sub": 1}, {"sub": CLIENT, "act": "x"}, {"sub": CLIENT, "act": {"iss": "x"}},
        {"sub": CLIENT, "act": {"sub": "a", "act": {"sub": "b", "act": {"sub": "c"}}}},
    ],
)  # fmt: skip
async def test_an_actor_that_cannot_be_read_is_no_actor(door: Door, act: Any) -> None:
    """Nor is its token then one without an actor."""
    claims = door.claims(**BOUND) | {"act": act}
    assert await door.code(signed(claims), PURPOSE, delegation=SAID) == "INVALID_TOKEN"


async def test_tokens_without_an_actor_serve_as_before(door: Door) -> None:
    """A gateway's own token is for whom it says; and who asks for itself may hold a token that an actor got for it."""
    own = token(door, act=None, sub=CLIENT)
    for asker in ("bureau", "bank"):
        caller = await door.ask(own, PURPOSE, delegation={**SAID, "sub": asker})
        assert caller.delegated is not None
        assert caller.delegated.asker == asker
    assert (await door.ask(own, PURPOSE)).delegated is None
    ordinary = token(door, client_id="bureau", sub="officer-7", act={"sub": "portal"})
    assert (await door.ask(ordinary, PURPOSE)).id == "bureau-31"
    assert await door.code(ordinary, PURPOSE, delegation=SAID) == "DELEGATION_REFUSED"
