"""Two gateways with an authorization server that is not ours between them: what one asks for, the other believes.

The server is the certified `oidc-provider`, to which the grant was added by the standard (RFC 8693).
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from connectors.contract import AuthFailed
from connectors.delegation import Hop, acting
from deploy.demo.exchanging import EXCHANGE
from gateway.authenticating import Authenticator
from gateway.authenticating.clients import load_clients
from gateway.documents import load
from gateway.errors import GatewayError
from tests.edges import another_gateway as far
from tests.edges.crooked import Seen, Server, raw
from tests.edges.invented import Surroundings, connector, registered
from tests.journeys.test_partner_connects import running
from tests.promises.issuing import CATALOGUE

BEFORE = Hop("https://qd.example/graphql", "d-0")
FOR_ISSUER = far.EXCHANGING.replace("exchange: true", "exchange: true, audience: env:ISSUER")
REGISTRY = f"""\
issuers: [{{issuer: "ISSUER", jwks: "ISSUER/jwks", algorithms: [ES256]}}]
clients:
  sd: {{issuer: "ISSUER", clientId: shandong, class: government, region: "370000", title: {{zh: 鲁, en: SD}},
       scopes: [credit.gov], purposes: [gov.licensing],
       delegates: {{gateway: "{far.HERE.gateway}", classes: [government]}}}}
"""


class Today(Surroundings):
    """With this machine's own clock, as that server has it."""

    def now(self) -> datetime:
        return datetime.now(UTC)


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    client = {
        "client_id": "shandong", "grant_types": [EXCHANGE], "jwks": {"keys": [far.KEY.as_dict(private=False)]},
        "authorization_details_types": ["credit-query"],
    }  # fmt: skip
    with running("provider.mjs", {"clients": [client], "opaque": [], "tls": {}}) as address:
        yield address


@asynccontextmanager
async def asking(issuer: str, key: Any = far.KEY) -> AsyncIterator[tuple[Server, Any]]:
    """Our asking side before a gateway that only notes what it is shown."""

    async def behave(seen: Seen, writer: Any) -> None:
        writer.write(raw(json.dumps(far.answer(far.records(far.NODE))).encode()))

    async with Server(behave) as server:
        asked = connector(registered(FOR_ISSUER, "remote: Permit\n"))
        known = {**far.settings(server.base), "env:TOKEN": f"{issuer}/token", "env:ISSUER": issuer}
        await asked.open(Today({**known, "secret:sh.pem": key.as_pem(private=True).decode()}))
        try:
            yield server, asked
        finally:
            await asked.close()


@pytest.mark.parametrize("hops", [(far.HERE,), (BEFORE, far.HERE)], ids=["straight", "on the way"])
async def test_what_one_gateway_gets_the_other_believes(issuer: str, tmp_path: Path, hops: tuple[Hop, ...]) -> None:
    """The token of that server names who asked first and the whole way, and opens this question and no other."""
    async with asking(issuer) as (server, asked):
        await far.only(asked, far.question(behalf=replace(far.BEHALF, hops=hops)))
        [seen] = server.seen
    path = tmp_path / "clients.yaml"
    path.write_text(REGISTRY.replace("ISSUER", issuer), "utf-8")
    there = Authenticator(load_clients(load(path, tmp_path), CATALOGUE), CATALOGUE, far.THERE)
    headers = [(name.encode(), value.encode()) for name, value in seen.headers.items()]
    said = json.loads(seen.body)["extensions"]
    del said["consents"]
    try:
        caller = await there.authenticate(headers, said)
        assert caller.delegated is not None
        assert (caller.id, caller.purpose, caller.delegated.asker) == ("sd", "gov.licensing", "bureau")
        assert caller.delegated.hops == hops
        for other in ({"sub": "bank"}, {"act": acting((Hop("https://x.example", "d"), far.HERE))}):
            with pytest.raises(GatewayError) as refused:
                await there.authenticate(headers, {"delegation": {**said["delegation"], **other}})
            assert refused.value.code == "DELEGATION_REFUSED"
    finally:
        await there.close()


async def test_that_server_believes_our_key_alone(issuer: str) -> None:
    """Whoever signs with another gets nothing, and is told that it is our credentials."""
    async with asking(issuer, far.KEY.generate_key("P-256")) as (server, asked):
        with pytest.raises(AuthFailed):
            await far.only(asked, far.question())
        assert server.seen == []
