"""What a partner's client is told before it asks, and settings that are refused rather than half obeyed."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest

from gateway.authenticating.challenges import metadata, metadata_path
from gateway.authenticating.clients import Clients, load_clients
from gateway.authenticating.following import Following
from gateway.checking import read_policies
from gateway.documents import DocumentError, load
from gateway.settings import SettingsError
from gateway.settings import load as load_settings
from tests.conftest import House, gateway_beside
from tests.promises.issuing import CATALOGUE

ALGORITHMS = ["ES256", "PS256", "EdDSA", "Ed25519"]


def told(house: House) -> dict[str, Any]:
    found: dict[str, Any] = house.client.get("/.well-known/oauth-protected-resource/graphql").json()
    return found


def test_the_metadata_is_complete(house: House) -> None:
    """Issuers, scopes, types of details, and how tokens may be bound stand at the address that challenges name."""
    found = told(house)
    assert found["resource"] == f"{house.url}/graphql"
    assert found["authorization_servers"] == [house.running.description["issuer"]]
    assert found["bearer_methods_supported"] == ["header"]
    assert found["authorization_details_types_supported"] == ["credit-query"]
    assert found["dpop_signing_alg_values_supported"] == ALGORITHMS
    assert found["dpop_bound_access_tokens_required"] is False
    assert found["tls_client_certificate_bound_access_tokens"] is False
    assert {"resource_name", "resource_name#zh"} <= found.keys()
    assert "credit.gov" in found["scopes_supported"]
    refused = house.post({"query": "{ __typename }"}, {"Authorization": "Bearer x"})
    assert (
        f'resource_metadata="{house.url}/.well-known/oauth-protected-resource/graphql"'
        in (refused.headers["WWW-Authenticate"])
    )


def test_the_fapi_profile_is_told_and_kept(house: House, tmp_path: Path) -> None:
    """Under the profile the demo's unbound tokens are refused and the metadata says why; the public is answered."""
    with gateway_beside(house, tmp_path, profile="fapi", get="on", resource=f"{house.url}/graphql") as strict:
        found = told(strict)
        assert (found["dpop_bound_access_tokens_required"], found["tls_client_certificate_bound_access_tokens"]) == (
            True,
            False,
        )
        headers = strict.headers("shanghai-market-bureau", "gov.licensing")
        refused = strict.post({"query": "{ __typename }"}, headers)
        assert refused.status_code == 401
        assert refused.headers["WWW-Authenticate"].startswith("DPoP ")
        assert strict.post({"query": "{ __typename }"}).status_code == 200
        token = headers["Authorization"].removeprefix("Bearer ")
        asked = strict.client.get("/graphql", params={"query": "{ __typename }", "access_token": token})
        assert asked.status_code == 400
        assert token not in asked.text


def test_certificates_are_told_of_where_a_proxy_shows_them() -> None:
    """Behind such a proxy bound tokens need no DPoP, and the metadata says both."""
    clients = Clients({}, {})
    found = metadata("https://g.example/graphql", clients, ["credit.gov"], certificates=True, always_bound=True)
    assert found["tls_client_certificate_bound_access_tokens"] is True
    assert found["dpop_bound_access_tokens_required"] is False


@pytest.mark.parametrize(
    ("resource", "path"),
    [
        ("https://g.example/graphql", "/.well-known/oauth-protected-resource/graphql"),
        ("https://g.example/credit/v1", "/.well-known/oauth-protected-resource/credit/v1"),
        ("https://g.example/", "/.well-known/oauth-protected-resource"),
        ("https://g.example", "/.well-known/oauth-protected-resource"),
    ],
)
def test_the_metadata_stands_where_the_standard_says(resource: str, path: str) -> None:
    """The well-known part goes before the path of the resource (RFC 9728, 3.1)."""
    assert metadata_path(resource) == path


REGISTRY = """\
issuers:
  - issuer: "https://a.example"
    jwks: "https://a.example/jwks.json"
    algorithms: [ES256, RS256]
    maxLifetime: 2h
clients: {}
"""


def test_the_fapi_profile_refuses_weaker_issuers(tmp_path: Path) -> None:
    """RS256 and tokens that live longer than an hour are refused at the start, by line; without the profile not."""
    path = tmp_path / "clients.yaml"
    path.write_text(REGISTRY, "utf-8")
    load_clients(load(path), CATALOGUE)
    with pytest.raises(DocumentError) as caught:
        load_clients(load(path), CATALOGUE, fapi=True)
    assert list(caught.value.findings) == [
        "clients.yaml:4: the profile `fapi` takes no `RS256`; use ES256, PS256, EdDSA",
        "clients.yaml:5: under the profile `fapi` a token lives for an hour at most; write `1h` or less",
    ]


async def test_the_fapi_profile_holds_for_a_changed_file_too(tmp_path: Path) -> None:
    """A running gateway does not obey a registry that its start would have refused, and obeys it when it is mended."""
    path, obeyed = tmp_path / "clients.yaml", list[Clients]()
    path.write_text(REGISTRY, "utf-8")
    following = Following(tmp_path, lambda: CATALOGUE, obeyed.append, fapi=True)
    task = asyncio.create_task(following.run())
    async with asyncio.timeout(20):
        while not following.problem:
            await asyncio.sleep(0.02)
        assert "`RS256`" in following.problem
        assert obeyed == []
        path.write_text(REGISTRY.replace(", RS256", "").replace("2h", "1h"), "utf-8")
        while not obeyed:
            await asyncio.sleep(0.02)
    task.cancel()


@pytest.mark.parametrize(
    ("words", "finding"),
    [
        ({"trusted_proxies": "proxy.example"}, "TRUSTED_PROXIES: addresses or networks are expected"),
        ({"trusted_proxies": "10.0.0.1/8"}, "TRUSTED_PROXIES: addresses or networks are expected"),
        ({"certificate_header": "Client-Cert"}, "TRUSTED_PROXIES: name the proxies that hand on `Client-Cert`"),
        ({"certificate_header": "Client Cert", "trusted_proxies": "::1"}, "CERTIFICATE_HEADER: the name of a header"),
        ({"certificate_header": "Authorization", "trusted_proxies": "::1"}, "CERTIFICATE_HEADER: the name of a header"),
        ({"profile": "fapi2"}, "PROFILE: one of plain, fapi is expected"),
        ({"dpop_nonce": "yes"}, "DPOP_NONCE: one of on, off is expected"),
    ],
)
def test_settings_of_trust_are_whole_or_refused(tmp_path: Path, words: dict[str, str], finding: str) -> None:
    """A header that nobody may send, a proxy that is no address, a profile that is none: each is named at the start."""
    with pytest.raises(SettingsError, match=finding):
        load_settings(tmp_path, **words)


def test_the_operators_example_is_read(tmp_path: Path) -> None:
    """What `deploy/IDENTITY.md` shows is taken as it stands: issuers with their secrets, and a gateway as a client."""
    root = Path(__file__).parents[2]
    paper = (root / "deploy/IDENTITY.md").read_text("utf-8")
    first, gateway = re.findall(r"^```yaml\n(.*?)^```", paper, re.MULTILINE | re.DOTALL)
    path = tmp_path / "clients.yaml"
    path.write_text(first + gateway.removeprefix("clients:\n"), "utf-8")
    clients = load_clients(load(path), read_policies(root / "policies").catalogue, fapi=True)
    assert len(clients.issuers) == 3
    whose = clients.issuer_of_opaque("any-opaque-token")
    assert whose is not None
    assert whose.issuer == "https://id.js.example.cn"
    gateway_entry = clients.find("https://id.sh.example.cn", "shandong-gateway")
    assert gateway_entry is not None
    assert gateway_entry.delegates is not None
