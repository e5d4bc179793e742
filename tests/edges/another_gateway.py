"""Another gateway as a server of a test: its answers in pieces, and a connector of kind `peer` that asks it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from joserfc.jwk import ECKey

from connectors.contract import Connector, Fetch, Page
from connectors.delegation import Delegation, Hop
from tests.edges.crooked import Behaviour, Seen, Server, hang, raw
from tests.edges.invented import FIRM, ask, connector, in_use, pages, registered

KEY = ECKey.generate_key("P-256", {"kid": "sd-1"})
SOURCE = """\
sources:
  main:
    kind: peer
    endpoint: env:ENDPOINT
    resource: env:RESOURCE
    auth: {kind: oauth2, token: env:TOKEN, client: env:CLIENT, method: private_key_jwt,
           algorithm: ES256, key: secret:sh.pem, scopes: [credit.gov, credit.finance]}
    limits: {timeout: 5s, maxRows: 100, maxBytes: 64KiB}
"""
EXCHANGING = SOURCE.replace("key: secret:sh.pem", "key: secret:sh.pem, exchange: true")
TYPE = "remote: Permit\n"
HERE, THERE = Hop("https://sd.example/graphql", "d-1"), "https://sh.example/graphql"
BEHALF = Delegation(
    "bureau", "government", frozenset({"credit.gov", "credit.restricted"}), "gov.licensing", (("operator", "li"),),
    ("a.b.c",), ("agreement-31-37",), (HERE,),
)  # fmt: skip
NODE = {"id": "r1", "provenance": [{"platform": "310000-permits"}], "state": "ACTIVE"}
LINE: dict[str, Any] = {
    "platform": "310000-permits",
    "region": "310000",
    "status": "ANSWERED",
    "asOf": None,
    "absent": [],
    "reason": None,
}


def records(*nodes: Mapping[str, Any], after: str | None = None, lines: Any = (LINE,), complete: bool = True) -> Any:
    turning = {"hasNextPage": after is not None, "endCursor": after}
    return {"records": {"nodes": nodes, "pageInfo": turning, "sources": lines, "complete": complete}}


def answer(*subjects: Any, **beside: Any) -> dict[str, Any]:
    return {"data": {"subjects": subjects}, "extensions": beside}


def mask(coordinate: str, step: str, effect: str = "MASK") -> dict[str, Any]:
    return {
        "coordinate": coordinate,
        "effect": effect,
        "step": step,
        "rule": "sh/r",
        "reason": {"zh": "因", "en": "why"},
    }


def settings(base: str) -> dict[str, str]:
    """Those of SOURCE, for a gateway at `base` and an authorization server at its `/token`."""
    return {
        "env:ENDPOINT": f"{base}/graphql", "env:RESOURCE": THERE, "env:TOKEN": f"{base}/token",
        "env:CLIENT": "shandong", "secret:sh.pem": KEY.as_pem(private=True).decode(),
    }  # fmt: skip


def with_tokens(behaviour: Behaviour, told: Mapping[str, Any] | None = None) -> Behaviour:
    """A server that gives tokens, with what is `told` of them, and else does as it is told."""
    issued = 0

    async def behave(seen: Seen, writer: Any) -> None:
        nonlocal issued
        if seen.path != "/token":
            await behaviour(seen, writer)
            return
        issued += 1
        token = {"access_token": f"token-no-{issued}", "token_type": "Bearer", "expires_in": 600, **(told or {})}
        writer.write(raw(json.dumps(token).encode(), "400 Refused" if "error" in token else "200 OK"))

    return behave


@asynccontextmanager
async def peer(
    reply: Any, permit: str = TYPE, source: str = SOURCE, told: Mapping[str, Any] | None = None
) -> AsyncIterator[tuple[Server, Connector]]:
    """A gateway that answers what `reply` makes of a question, with an authorization server at `/token`."""

    async def answering(seen: Seen, writer: Any) -> None:
        if reply is hang:
            await hang(seen, writer)
        else:
            found = reply(json.loads(seen.body)) if callable(reply) else reply
            writer.write(found if isinstance(found, bytes) else raw(json.dumps(found).encode()))

    made = connector(registered(source, permit))
    async with Server(with_tokens(answering, told)) as server, in_use(made, settings(server.base)) as asked:
        yield server, asked


def question(*fields: str, subjects: tuple[str, ...] = (FIRM,), behalf: Delegation = BEHALF, **more: Any) -> Fetch:
    return replace(ask(*fields, subjects=subjects, **more), delegation=behalf)


async def only(asked: Connector, fetch: Fetch) -> Page:
    [page] = await pages(asked, fetch)
    return page
