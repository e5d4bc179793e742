"""Kind `peer` with `exchange: true` (RFC 8693): what is exchanged for a token, what is taken for one, whose it is."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs

import pytest
from joserfc import jwt

from connectors.contract import AuthFailed, Connector, ConnectorError, ContractBroken, Deadline, Denied
from connectors.delegation import Delegation, Hop
from connectors.kinds.credentials import oauth2
from connectors.spelling import DeclarationError
from tests.edges.another_gateway import (
    BEHALF,
    EXCHANGING,
    HERE,
    KEY,
    NODE,
    THERE,
    answer,
    only,
    peer,
    question,
    records,
)
from tests.edges.crooked import Seen, Server
from tests.edges.invented import REST_SOURCE, REST_TYPE, registered

GRANT = "urn:ietf:params:oauth:grant-type:token-exchange"
JWT, ACCESS = "urn:ietf:params:oauth:token-type:jwt", "urn:ietf:params:oauth:token-type:access_token"
GIVEN = {"issued_token_type": ACCESS}
QINGDAO = Hop("https://qd.example/graphql", "d-0")


def exchanging(**told: Any) -> Any:
    return peer(answer(records(NODE)), source=EXCHANGING, told={**GIVEN, **told})


def forms(server: Server) -> list[dict[str, str]]:
    asked = [parse_qs(seen.body.decode()) for seen in server.seen if seen.path == "/token"]
    return [{name: value for name, [value] in form.items()} for form in asked]


def shown(server: Server) -> list[str]:
    """The tokens that questions bore, by their numbers."""
    return [seen.headers["authorization"].rpartition("-")[2] for seen in server.seen if seen.path == "/graphql"]


async def test_what_is_exchanged_says_who_asked_first() -> None:
    """We sign it by our key, for a minute and for that server, beside the assertion of who we are; what is asked for is
    one access token, for the other gateway and the purpose."""
    behalf = replace(BEHALF, hops=(QINGDAO, HERE))
    async with exchanging() as (server, asked):
        await only(asked, question(behalf=behalf))
        [form] = forms(server)
    subject = jwt.decode(form.pop("subject_token"), KEY)
    assert subject.header == {"alg": "ES256", "typ": "asker+jwt"}
    claims = dict(subject.claims)
    assert 0 < claims.pop("exp") - claims.pop("iat") <= 60
    assert len(claims.pop("jti")) > 16
    assert claims == {
        "iss": "shandong", "aud": f"{server.base}/token", "sub": "bureau", "class": "government",
        "purpose": "gov.licensing", "act": {"sub": QINGDAO.gateway},
    }  # fmt: skip
    client = jwt.decode(form.pop("client_assertion"), KEY)
    assert (client.header["typ"], client.claims["sub"]) == ("JWT", "shandong")
    assert json.loads(form.pop("authorization_details")) == [{"type": "credit-query", "purposes": ["gov.licensing"]}]
    assert form == {
        "grant_type": GRANT, "subject_token_type": JWT, "requested_token_type": ACCESS, "resource": THERE,
        "scope": "credit.gov", "client_id": "shandong",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    }  # fmt: skip


async def test_a_token_is_one_askers_for_one_purpose() -> None:
    """Two askers, two classes, two purposes, two ways never share one; the same question again needs no other."""
    others: list[Delegation] = [
        replace(BEHALF, asker="bank"), replace(BEHALF, client_class="court"), replace(BEHALF, purpose="gov.bidding"),
        replace(BEHALF, purpose=None), replace(BEHALF, hops=(QINGDAO, HERE)),
    ]  # fmt: skip
    async with exchanging() as (server, asked):
        for behalf in (BEHALF, *others, BEHALF, *others):
            await only(asked, question(behalf=behalf))
        assert shown(server) == ["1", "2", "3", "4", "5", "6"] * 2
        assert len({form["subject_token"] for form in forms(server)}) == 6
        assert "purpose" not in jwt.decode(forms(server)[4]["subject_token"], KEY).claims


async def test_tokens_that_are_kept_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The one that served longest ago is forgotten, and all go over the same connections; one that is forgotten while
    it is on its way still comes to whoever waits for it."""
    monkeypatch.setattr(oauth2, "KEPT", 2)
    async with exchanging() as (server, asked):
        for asker in ("a", "b", "c", "c", "b", "a"):
            await only(asked, question(behalf=replace(BEHALF, asker=asker)))
        assert shown(server) == ["1", "2", "3", "3", "2", "4"]
        assert len({id(seen.reader) for seen in server.seen}) == 2  # one to the gateway, one to the server
        many = [replace(BEHALF, asker=f"asker-{number}") for number in range(8)]
        pages = await asyncio.gather(*(only(asked, question(behalf=behalf)) for behalf in many))
        assert all(page.rows for page in pages)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"issued_token_type": None}, ContractBroken),
        ({"issued_token_type": "urn:ietf:params:oauth:token-type:refresh_token"}, ContractBroken),
        ({"token_type": "N_A"}, AuthFailed),
        ({"scope": "credit.gov credit.finance"}, Denied),
        ({"scope": ["credit.gov"]}, ContractBroken),
    ],
)
async def test_what_is_no_answer_to_it_is_no_token(told: dict[str, Any], expected: type[ConnectorError]) -> None:
    """Another kind of token, or one for more than was asked, is never shown to anybody."""
    async with exchanging(**told) as (server, asked):
        with pytest.raises(expected):
            await only(asked, question())
        assert {seen.path for seen in server.seen} == {"/token"}


async def test_who_has_no_scopes_is_given_none() -> None:
    """None are asked for, and a server that gives its usual ones has given more: to this asker's cost alone."""
    nobody = question(behalf=replace(BEHALF, scopes=frozenset()))
    async with exchanging() as (server, asked):
        assert (await only(asked, nobody)).rows
        assert "scope" not in forms(server)[0]
    async with exchanging(scope="credit.gov") as (server, asked):
        with pytest.raises(Denied):
            await only(asked, nobody)
        assert shown(server) == []
        assert (await only(asked, question())).rows


async def test_a_token_for_less_is_taken() -> None:
    """A server may narrow what was asked for; the other gateway decides by what is left."""
    async with exchanging(scope="") as (_, asked):
        assert (await only(asked, question())).rows


@pytest.mark.parametrize("code", ["invalid_request", "invalid_grant", "invalid_scope", "access_denied"])
async def test_an_asker_that_is_refused_is_no_failure_of_the_platform(code: str) -> None:
    """The server takes nothing on this asker's behalf: told as such, and everybody else goes on being asked for."""
    async with exchanging(error=code) as (_, asked):
        with pytest.raises(Denied) as refused:
            await only(asked, question())
    assert refused.value.told is not None
    assert (refused.value.told.reason or {})["en"] == "it takes no such question from this gateway"


@pytest.mark.parametrize("code", ["invalid_client", "unauthorized_client", "unsupported_grant_type"])
async def test_a_server_that_does_not_exchange_refuses_us(code: str) -> None:
    """Then no question can be asked at all: an operator's affair."""
    async with exchanging(error=code) as (_, asked):
        with pytest.raises(AuthFailed):
            await only(asked, question())


async def test_health_is_asked_on_nobodys_behalf() -> None:
    """So without a token; where tokens are our own, with one."""

    async def asked_for_health(asked: Connector, server: Server) -> list[Seen]:
        await asked.health(Deadline.within(5))
        return server.seen

    async with exchanging() as (server, asked):
        [seen] = await asked_for_health(asked, server)
        assert (seen.path, seen.headers.get("authorization")) == ("/health", None)
    async with peer(answer(records(NODE))) as (server, asked):
        assert [seen.path for seen in await asked_for_health(asked, server)] == ["/token", "/health"]


def test_only_another_gateway_is_asked_so() -> None:
    """No other kind of platform is told of an asker: it has no such word."""
    auth = "    auth: {kind: oauth2, token: /t, client: 'secret:c', secret: 'secret:s', exchange: true}\n"
    with pytest.raises(DeclarationError, match="exchange"):
        registered(REST_SOURCE + auth, REST_TYPE)
