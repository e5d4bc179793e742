"""A partner connects by the standards alone: its own authorization server and client, neither of them ours.

The server is the certified `oidc-provider`, the client `openid-client`; between them and the gateway lie real sockets,
and TLS where a certificate is shown. The client is told nothing but the gateway's address, its own id and its keys.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest
from joserfc.jwk import ECKey

from tests.benchmarks.certificates import make
from tests.conftest import House, gateway_beside
from tests.journeys.registering import register

ROOT = Path(__file__).parents[2]
NODE = str(ROOT / ".venv/bin/node")
CLIENTS = ROOT / "tests/clients"
QUERY = """query($id: SubjectKey!) { subject(id: $id) {
    administrativePenalties { nodes { documentNo procedure } complete } } }"""
WAYS = {"signed": "plain", "opaque": "plain", "dpop-signed": "dpop", "dpop-opaque": "dpop", "mtls": "mtls"}
OPAQUE = ("opaque", "dpop-opaque", "mtls")
WITHIN = 5.0  # seconds from a token's revocation


@contextlib.contextmanager
def running(program: str, config: Mapping[str, Any]) -> Iterator[str]:
    """A program of `tests/clients` until the block ends; yields the line that it prints when it answers."""
    process = subprocess.Popen(
        [NODE, program, json.dumps(config)],
        cwd=CLIENTS, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, process.communicate()[1]
        yield line.strip()
    finally:
        process.communicate(timeout=30)  # its standard input ends


def key_of(name: str) -> ECKey:
    return ECKey.generate_key("P-256", {"kid": name, "alg": "ES256", "use": "sig"})


def registered(way: str, key: ECKey) -> dict[str, Any]:
    """What the authorization server knows of a client."""
    return {
        "client_id": way,
        "jwks": {"keys": [key.as_dict(private=False)]},
        "authorization_details_types": ["credit-query"],
        "dpop_bound_access_tokens": way.startswith("dpop"),
        "tls_client_certificate_bound_access_tokens": way == "mtls",
    }


def pem(path: Path) -> dict[str, str]:
    text = path.read_text()
    return {"cert": text, "key": text}


@dataclass(frozen=True, slots=True)
class Journey:
    """The steps of one partner."""

    steps: list[dict[str, Any]]

    def __getitem__(self, step: str) -> dict[str, Any]:
        [found] = [each for each in self.steps if each["step"] == step]
        return found

    def each(self, step: str) -> list[dict[str, Any]]:
        return [each for each in self.steps if each["step"] == step]


@pytest.fixture(scope="module")
def journeys(house: House, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Journey]]:
    """All ways at once, each by a partner's client in a process of its own."""
    folder = tmp_path_factory.mktemp("partner")
    for name in ("server", "client"):
        (folder / name).mkdir()
    shown, partners = (pem(make(folder / name)[1]) for name in ("server", "client"))
    keys = {way: key_of(way) for way in (*WAYS, "credit-gateway")}
    known = [registered(way, key) for way, key in keys.items()]
    with contextlib.ExitStack() as stack:
        issuer = stack.enter_context(running("provider.mjs", {"clients": known, "opaque": OPAQUE, "tls": shown}))

        def edit(home: Path) -> None:
            """Register the partner's server and clients, as an operator would."""
            (home / "secrets").mkdir(exist_ok=True)
            (home / "secrets/partner.jwk").write_bytes(orjson.dumps(keys["credit-gateway"].as_dict(private=True)))
            asked = {
                "endpoint": f"{issuer}/token/introspection", "clientId": "credit-gateway",
                "auth": "private_key_jwt", "secret": "secret:partner.jwk",
            }  # fmt: skip
            register(home, {"issuer": issuer, "jwks": f"{issuer}/jwks", "introspection": asked}, *WAYS)

        gateway = stack.enter_context(
            gateway_beside(
                house, folder, edit, dpop_nonce="on", certificate_header="Client-Cert", trusted_proxies="127.0.0.1"
            )
        )
        front = stack.enter_context(running("front.mjs", {"to": gateway.url, "tls": shown}))
        yield _asked(gateway, issuer, front, keys, partners)


def _asked(
    gateway: House, issuer: str, front: str, keys: Mapping[str, ECKey], tls: dict[str, str]
) -> dict[str, Journey]:
    processes = {}
    for way, kind in WAYS.items():
        order = {
            "way": kind, "id": way, "issuer": issuer, "key": keys[way].as_dict(private=True),
            "gateway": f"{front if kind == 'mtls' else gateway.url}/graphql", "purpose": "gov.licensing",
            "question": {"query": QUERY, "variables": {"id": gateway.key("penalised")}}, "revoke": way in OPAQUE,
            **({"tls": tls, "thief": f"{gateway.url}/graphql"} if kind == "mtls" else {}),
        }  # fmt: skip
        processes[way] = subprocess.Popen(
            [NODE, "partner.mjs", json.dumps(order)],
            cwd=CLIENTS, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
    found = {}
    for way, process in processes.items():
        said, wrong = process.communicate(timeout=90)
        assert process.returncode == 0, f"{way}: {said}\n{wrong}"
        found[way] = Journey([json.loads(line) for line in said.splitlines()])
    return found


@pytest.mark.parametrize("way", WAYS)
def test_a_partner_is_let_in(journeys: dict[str, Journey], way: str) -> None:
    """From one refusal to the answer: metadata, discovery, a token for this gateway and purpose, its rights."""
    journey = journeys[way]
    assert (journey["refused"]["status"], journey["refused"]["schemes"]) == (401, ["Bearer", "DPoP"])
    assert journey["discovered"]["dpop"] == ["ES256", "PS256", "EdDSA", "Ed25519"]
    token = journey["token"]
    assert token["kind"].lower() == ("dpop" if way.startswith("dpop") else "bearer")
    assert token["signed"] is (way not in OPAQUE)
    assert token["details"] == [{"type": "credit-query", "purposes": ["gov.licensing"]}]
    answer = journey["answer"]
    assert answer["status"] == 200, answer
    nodes = answer["body"]["data"]["subject"]["administrativePenalties"]["nodes"]
    assert nodes
    assert all(node["procedure"] for node in nodes)  # what the public is not told, and this region by its agreement is
    assert {entry["effect"] for entry in answer["body"]["extensions"]["withheld"]} <= {"HIDE"}


@pytest.mark.parametrize("way", [way for way in WAYS if WAYS[way] != "plain"])
def test_a_stolen_bound_token_opens_nothing(journeys: dict[str, Journey], way: str) -> None:
    """Without its key or certificate, under Bearer, the very token that was good a moment ago is refused."""
    stolen = journeys[way]["stolen"]
    assert stolen["status"] == 401
    assert 'error="invalid_token"' in stolen["challenge"]


@pytest.mark.parametrize("way", OPAQUE)
def test_a_revoked_token_is_refused_within_five_seconds(journeys: dict[str, Journey], way: str) -> None:
    """The partner gives its token back at its own server, and the gateway believes it no longer."""
    journey = journeys[way]
    *good, last = journey.each("after")
    assert last["status"] == 401
    assert {each["status"] for each in good} <= {200}
    assert all(each["asked"] - journey["revoked"]["at"] < WITHIN for each in good)
