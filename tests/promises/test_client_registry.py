"""Who may ask: the registry of issuers and clients is read strictly, or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.authenticating.clients import load_clients
from gateway.documents import DocumentError, load
from tests.promises.issuing import (
    CATALOGUE,
)


def test_the_registry_is_refused_with_every_finding(tmp_path: Path) -> None:
    """A registry with unknown words, unsafe addresses and doubled clients names each with file and line."""
    path = tmp_path / "clients.yaml"
    path.write_text(BROKEN, encoding="utf-8")
    with pytest.raises(DocumentError) as caught:
        load_clients(load(path), CATALOGUE)
    assert list(caught.value.findings) == [
        "clients.yaml:2: `issuer`: `https` is required; `http` only on loopback",
        "clients.yaml:3: `jwks`: an address without user, password and fragment is expected",
        "clients.yaml:7: unknown word `https://nobody.example` for `issuer`, did you mean `https://issuer.example`?",
        "clients.yaml:9: unknown word `goverment` for `class`, did you mean `government`?",
        "clients.yaml:12: unknown word `credit.gob` for `scopes`, did you mean `credit.gov`?",
        "clients.yaml:13: unknown word `gov.licencing` for `purposes`, did you mean `gov.licensing`?",
        "clients.yaml:10: no province has the code `99`",
        "clients.yaml:14: `subjectClaim` is for the class `subject` alone; remove it or change the class",
        "clients.yaml:15: `public` is who comes without a token; choose another id",
        "clients.yaml:22: `public` has this issuer and client id already",
    ]


BROKEN = """\
issuers:
  - {issuer: "http://issuer.example", jwks: "https://issuer.example/jwks.json"}
  - {issuer: "https://issuer.example", jwks: "https://me:secret@issuer.example/jwks.json"}
clients:
  # nobody vouches for this one
  bureau:
    issuer: "https://nobody.example"
    clientId: bureau
    class: goverment
    region: "990000"
    title: {zh: 甲, en: A}
    scopes: [credit.gob]
    purposes: [gov.licencing]
    subjectClaim: true
  public:
    issuer: "https://issuer.example"
    clientId: bureau
    class: public
    title: {zh: 乙, en: B}
  twin:
    issuer: "https://issuer.example"
    clientId: bureau
    class: court
    title: {zh: 丙, en: C}
"""


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("issuers: []\nclients: {a: {issuer: x}}\n", "clients.yaml:2: `clientId` is missing"),
        ('issuers: [{issuer: "https://a.example", jwk: x}]\nclients: {}\n', "unknown word `jwk`, did you mean `jwks`?"),
        (
            'issuers: [{issuer: "https://a.example", jwks: "https://a.example", algorithms: [HS256]}]\nclients: {}\n',
            "clients.yaml:1",
        ),
        (
            'issuers: [{issuer: "https://a.example", jwks: "https://a.example", maxLifetime: 10y}]\nclients: {}\n',
            "a length of time such as `30s`, `10m` or `1h` is expected",
        ),
        (
            'issuers: [{issuer: "https://a.example", jwks: "https://a.example", maxLifetime: 25h}]\nclients: {}\n',
            "between `1s` and `24h` is expected",
        ),
    ],
)
def test_the_registry_has_no_loose_ends(tmp_path: Path, text: str, finding: str) -> None:
    """Missing and unknown words, shared-secret algorithms and endless lifetimes are refused with the line."""
    path = tmp_path / "clients.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DocumentError) as caught:
        load_clients(load(path), CATALOGUE)
    assert finding in str(caught.value)
