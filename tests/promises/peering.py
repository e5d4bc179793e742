"""Two gateways that ask each other, Shandong's and Shanghai's, each with its own platform and policies, on sockets.

One authorization server and one consent service, the demo's, serve both. Each gateway is the other's registered client,
with a key of its own: Shandong's exchanges what it says of its asker for a token, and gets no other, Shanghai's has one
for each purpose. No subject here exists.
"""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import uvicorn
from joserfc.jwk import ECKey

from deploy.demo import consents, issuer
from deploy.demo.exchanging import EXCHANGE
from deploy.demo.servers import web
from gateway.app import Application, read
from gateway.auditing import recorded
from gateway.cli import serving
from gateway.settings import load
from tests.promises.peer_homes import FIRM, PURPOSES, RESOURCES, make_home


@dataclass
class Gateway:
    """One of the two, and the shortest way to ask it."""

    region: str
    home: Path
    stack: contextlib.ExitStack
    tokens: str
    client: httpx2.Client = field(init=False)

    def ask(
        self, query: str, as_: str | None, purpose: str | None = None, code: str = FIRM, **extensions: Any
    ) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self.token(as_, purpose)}"} if as_ else {}
        if purpose:
            headers["Credit-Purpose"] = purpose
        body = {"query": query, "variables": {"id": {"uscc": code}}, "extensions": extensions}
        found: dict[str, Any] = self.client.post("/graphql", json=body, headers=headers).json()
        return found

    def token(self, client: str, purpose: str | None) -> str:
        details = json.dumps([{"type": "credit-query", "purposes": [purpose] if purpose else []}])
        form = {"grant_type": "client_credentials", "client_id": client, "client_secret": "s" * 20}
        answer = httpx2.post(f"{self.tokens}/token", data={**form, "authorization_details": details}, trust_env=False)
        return str(answer.raise_for_status().json()["access_token"])

    @property
    def records(self) -> list[Mapping[str, Any]]:
        return list(recorded.records(self.home))

    def stop(self) -> None:
        self.stack.close()


@dataclass
class Pair:
    shandong: Gateway
    shanghai: Gateway
    consent_service: str

    def consent(self, client: str, types: list[str]) -> str:
        asked = {"client": client, "subject": {"uscc": FIRM}, "purpose": "finance.loan", "types": types, "days": 30}
        answer = httpx2.post(f"{self.consent_service}/consents", json=asked, trust_env=False)
        return str(answer.raise_for_status().json()["token"])


@contextlib.contextmanager
def pair(folder: Path) -> Iterator[Pair]:
    keys = {region: ECKey.generate_key("P-256", {"kid": region}) for region in RESOURCES}
    with contextlib.ExitStack() as stack:
        tokens = stack.enter_context(threaded(issuer.application, _issuer_settings(keys)))
        key = ECKey.generate_key("P-256", {"use": "sig", "alg": "ES256"}, auto_kid=True).as_dict(private=True)
        service = {"key": key, "folder": str(folder), "subjects": {}}
        asking = stack.enter_context(threaded(consents.application, service))
        sockets = {region: stack.enter_context(serving.listening("127.0.0.1", 0)) for region in RESOURCES}
        found = {}
        for region, other in (("37", "31"), ("31", "37")):
            taken = sockets[region]
            home = make_home(folder / region, region, keys[region], tokens, asking)
            port = sockets[other].getsockname()[1]
            (home / "gateway.env").write_text(
                f"CREDIT_GATEWAY_RESOURCE={RESOURCES[region]}\nCREDIT_GATEWAY_PROVINCE={region}\n"
                f"BOOK=sqlite+aiosqlite:///{home / 'book.sqlite3'}\nPEER=http://127.0.0.1:{port}/graphql\n"
                f"PEER_RESOURCE={RESOURCES[other]}\nTOKENS={tokens}/token\nCLIENT=gateway-{region}\n"
            )
            settings = serving.on_socket(load(home), taken)
            inner = stack.enter_context(contextlib.ExitStack())
            inner.enter_context(serving.in_background(Application(settings, read(settings)), taken))
            gateway = Gateway(region, home, inner, tokens)
            gateway.client = stack.enter_context(
                httpx2.Client(base_url=f"http://127.0.0.1:{settings.port}", timeout=30, trust_env=False)
            )
            found[region] = gateway
        yield Pair(found["37"], found["31"], asking)


def _issuer_settings(keys: Mapping[str, ECKey]) -> dict[str, Any]:
    def client(region: str, scopes: list[str], purposes: list[str], **more: Any) -> dict[str, Any]:
        return {
            "secret": "s" * 20,
            "scopes": scopes,
            "purposes": purposes,
            "evidence": {},
            "resource": RESOURCES[region],
            **more,
        }

    both = ["credit.gov", "credit.finance"]
    return {
        "resource": "", "subjects": {},
        "clients": {
            "bureau": client("37", ["credit.gov"], PURPOSES[:3]),
            "second-bureau": client("37", ["credit.gov"], PURPOSES[:3]),
            "bank": client("37", ["credit.finance"], PURPOSES[3:]),
            "sh-bureau": client("31", ["credit.gov"], PURPOSES[:3]),
            "gateway-37": client("31", both, PURPOSES, key=keys["37"].as_dict(private=False), grants=[EXCHANGE]),
            "gateway-31": client("37", both, PURPOSES, key=keys["31"].as_dict(private=False)),
        },
    }  # fmt: skip


@contextlib.contextmanager
def threaded(application: Any, settings: Mapping[str, Any]) -> Iterator[str]:
    """A server of the demo in a thread of this process; yields its address."""
    listening = web.open_socket("127.0.0.1", 0)
    address = web.address(listening)
    config = uvicorn.Config(application(address, settings), log_level="warning", access_log=False, lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=lambda: server.run(sockets=[listening]), daemon=True)
    thread.start()
    try:
        yield address
    finally:
        server.should_exit = True
        thread.join(10)
