"""Who may ask: the registry of issuers and clients is read strictly, or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.authenticating.clients import Clients, load_clients
from gateway.caller import Quota, Terms
from gateway.documents import DocumentError, load
from tests.edges.drafts import catalogue
from tests.promises.issuing import CATALOGUE


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


ASKED = """\
issuers:
  - issuer: "https://a.example"
    introspection:
      endpoint: "https://a.example/introspect"
      clientId: gateway
      auth: private_key_jwt
      secret: "secret:a.pem"
      prefix: a_
  - issuer: "https://b.example"
    jwks: "https://b.example/jwks.json"
    introspection:
      endpoint: "https://b.example/introspect"
      clientId: gateway
      auth: client_secret_basic
      secret: "env:B_SECRET"
      ask: signed
      keepStatus: 5s
  - issuer: "https://c.example"
    introspection:
      endpoint: "https://c.example/introspect"
      clientId: gateway
      auth: private_key_jwt
      secret: "secret:a.pem"
      prefix: ab_
clients: {}
"""


def test_issuers_that_are_asked_stand_beside_those_that_sign(tmp_path: Path) -> None:
    """An issuer has keys, an introspection endpoint or both; an opaque token's beginning tells whose it is."""
    path = tmp_path / "clients.yaml"
    path.write_text(ASKED, encoding="utf-8")
    clients = load_clients(load(path), CATALOGUE)
    points = {name: issuer.introspection for name, issuer in clients.issuers.items()}
    first, second = points["https://a.example"], points["https://b.example"]
    assert first is not None
    assert second is not None
    assert (first.opaque, first.signed, first.keep, clients.issuers["https://a.example"].jwks) == (True, False, 4, "")
    assert (second.opaque, second.signed, second.keep) == (False, True, 5)
    whose = {token: clients.issuer_of_opaque(token) for token in ("a_1", "ab_1", "b_1", "a")}
    assert {token: issuer and issuer.issuer for token, issuer in whose.items()} == {
        "a_1": "https://a.example", "ab_1": "https://c.example", "b_1": None, "a": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("before", "after", "finding"),
    [
        ('"secret:a.pem"\n      prefix: a_', "hunter2", "7: `secret`: a literal is refused here; write a reference"),
        ("https://a.example/introspect", "http://a.example/i", "4: `endpoint`: `https` is required"),
        ("private_key_jwt", "client_secret_post", "6: unknown word `client_secret_post` for `auth`"),
        ("prefix: ab_", "keepStatus: 1s", "19: `prefix` is missing: of two such issuers"),
        ("prefix: ab_", "prefix: a_b", "24: `prefix`: tokens that begin so are another issuer's already"),
        ("prefix: ab_", "prefix: a.b", "24: `prefix`"),
        ("ask: signed", "ask: alwys", "16: unknown word `alwys` for `ask`, did you mean `always`?"),
        ('    jwks: "https://b.example/jwks.json"\n', "", "15: `ask`: without `jwks` no signed token is believed"),
        ("keepStatus: 5s", "keepStatus: 6s", "17: `keepStatus`: between `0s` and `5s` is expected"),
        ("introspection:\n      endpoint", "introspektion:\n      endpoint", "3: unknown word `introspektion`"),
    ],
)
def test_issuers_that_are_asked_are_read_as_strictly(tmp_path: Path, before: str, after: str, finding: str) -> None:
    """Literal secrets, unsafe addresses, prefixes that leave a token to two issuers, long beliefs are named by line."""
    assert before in ASKED
    path = tmp_path / "clients.yaml"
    path.write_text(ASKED.replace(before, after), encoding="utf-8")
    with pytest.raises(DocumentError) as caught:
        load_clients(load(path), CATALOGUE)
    assert f"clients.yaml:{finding}" in str(caught.value)


def test_an_issuer_has_some_way_to_be_believed(tmp_path: Path) -> None:
    """Neither keys nor introspection: such an issuer is refused, not silently useless."""
    path = tmp_path / "clients.yaml"
    path.write_text('issuers:\n  - {issuer: "https://a.example"}\nclients: {}\n', encoding="utf-8")
    with pytest.raises(DocumentError, match=r"clients.yaml:2: `jwks` or `introspection` is needed"):
        load_clients(load(path), CATALOGUE)


CONSENTS = """\
issuers: []
consentIssuers:
  - {issuer: "https://consent.example", jwks: "https://consent.example/jwks.json", statusLists: "https://consent.example/s/"}
  - issuer: "https://other.example"
    jwks: "https://other.example/jwks.json"
    statusLists: "https://lists.example/1"
    algorithms: [EdDSA]
    maxLifetime: 30d
    keepStatus: 60s
clients: {}
"""


def test_consent_issuers_stand_beside_the_issuers(tmp_path: Path) -> None:
    """A consent service has keys, lists, algorithms and bounds of its own; unsaid, no list is ever kept."""
    path = tmp_path / "clients.yaml"
    path.write_text(CONSENTS, encoding="utf-8")
    clients = load_clients(load(path), CATALOGUE)
    assert clients.issuers == {}
    first, second = clients.consent_issuers.values()
    assert (first.algorithms, second.algorithms) == (frozenset({"ES256", "Ed25519"}), frozenset({"Ed25519"}))
    assert (first.max_lifetime, second.max_lifetime) == (366 * 86_400, 30 * 86_400)
    assert (first.keep_status, second.keep_status) == (0, 60)
    assert second.status_lists == "https://lists.example/1"


@pytest.mark.parametrize(
    ("before", "after", "finding"),
    [
        ("consentIssuers:", "consentIsuers:", "2: unknown word `consentIsuers`, did you mean `consentIssuers`?"),
        ('statusLists: "https://lists', 'statuslist: "https://lists', "6: unknown word `statuslist`, did you mean `s"),
        ("https://lists", "http://lists", "6: `statusLists`: `https` is required; `http` only on loopback"),
        ("https://consent.example/s/", "https://me@consent.example/s/", "3: `statusLists`: an address without user"),
        ('https://other.example"', 'https://consent.example"', "4: this issuer stands twice; keep one entry"),
        ("[EdDSA]", "[RS256]", "7: unknown word `RS256`"),
        ("30d", "1101d", "8: `maxLifetime`: between `1s` and `1100d` is expected"),
        ("60s", "61s", "9: `keepStatus`: between `0s` and `60s` is expected"),
        ("60s", "1", "9: `keepStatus`"),
    ],
)
def test_consent_issuers_are_read_as_strictly(tmp_path: Path, before: str, after: str, finding: str) -> None:
    """Unknown words, unsafe addresses, doubled issuers, weak algorithms, boundless times are named with their line."""
    assert before in CONSENTS
    path = tmp_path / "clients.yaml"
    path.write_text(CONSENTS.replace(before, after), encoding="utf-8")
    with pytest.raises(DocumentError) as caught:
        load_clients(load(path), CATALOGUE)
    assert f"clients.yaml:{finding}" in str(caught.value)


MEMBERS = """\
issuers:
  - {issuer: "https://issuer.example", jwks: "https://issuer.example/jwks.json"}
members:
  jinan-bureau:
    title: {zh: 济南示例局, en: Jinan bureau}
    uscc: "11370100MB283456XQ"
    region: "370100"
  jinan-scores:
    title: {zh: 济南示例征信, en: Jinan scores}
    uscc: "91370100MA3DEMA04A"
    region: "370100"
    state: sandbox
clients:
  desk:
    issuer: "https://issuer.example"
    clientId: desk
    class: government
    title: {zh: 窗口, en: Desk}
    member: jinan-bureau
    types: [AdministrativePenalty]
    attestation: att-1
    quota: {perMinute: 60, perDay: 1000, perOperatorSubjectsPerDay: 50}
  scores:
    issuer: "https://issuer.example"
    clientId: scores
    class: creditBureau
    title: {zh: 评分, en: Scores}
    member: jinan-scores
    contract: c-2026-17
    quota: {subjectsPerDay: 500}
"""


def members(tmp_path: Path, text: str) -> Clients:
    path = tmp_path / "clients.yaml"
    path.write_text(text, encoding="utf-8")
    return load_clients(load(path), catalogue())


def test_a_client_stands_on_its_members_terms(tmp_path: Path) -> None:
    """Ceiling, quotas, papers and state are read; of a client's state and its member's the stricter one counts."""
    clients = members(tmp_path, MEMBERS)
    desk, scores = clients.by_token.values()
    assert (desk.member, desk.attestation, desk.contract) == ("jinan-bureau", "att-1", None)
    assert desk.terms == Terms("live", frozenset({"AdministrativePenalty"}), Quota(60, 1000, None, 50))
    assert (scores.contract, scores.terms) == ("c-2026-17", Terms("sandbox", None, Quota(subjects_per_day=500)))
    assert {name: member.state for name, member in clients.members.items()} == {
        "jinan-bureau": "live",
        "jinan-scores": "sandbox",
    }
    frozen = members(tmp_path, MEMBERS.replace("state: sandbox", "state: frozen"))
    assert [client.terms.state for client in frozen.by_token.values()] == ["live", "frozen"]
    assert desk.terms.covers("AdministrativePenalty")
    assert not desk.terms.covers("Registration")


@pytest.mark.parametrize(
    ("before", "after", "finding"),
    [
        ("member: jinan-bureau", "member: jinan-burau", "19: unknown word `jinan-burau` for `member`, did you mean `j"),
        ("[AdministrativePenalty]", "", "20: `types`: nothing is written"),  # it would be a ceiling no more
        ("{subjectsPerDay: 500}", "{subjectsPerDay: }", "30: `subjectsPerDay`: nothing is written"),
        ("[AdministrativePenalty]", "[AdministrativePenalties]", "20: unknown word `AdministrativePenalties` for `ty"),
        ('"11370100MB283456XQ"', '"11370100MB283456XR"', "6: `uscc`: a character or the check character is wrong"),
        ('"91370100MA3DEMA04A"', '"11370100MB283456XQ"', "10: `jinan-bureau` has this code already"),
        ('region: "370100"\n  jinan', 'region: "990100"\n  jinan', "7: no province has the code `99`"),
        ("    contract: c-2026-17\n", "", "23: `contract` is missing: the class `creditBureau` asks under a contract"),
        ("    quota: {subjectsPerDay: 500}\n", "", "23: `quota` is missing: the class `creditBureau` has agreed quot"),
        ("{subjectsPerDay: 500}", "{perDay: 500}", "23: `quota` is missing"),
        ("class: creditBureau", "class: creditService", None),
        ("perMinute: 60", "perMinute: 0", "22: `perMinute`"),
        ("perMinute", "perMinut", "22: unknown word `perMinut`, did you mean `perMinute`?"),
        ("state: sandbox", "state: frosen", "12: unknown word `frosen` for `state`, did you mean `frozen`?"),
    ],
)
def test_members_and_terms_are_read_as_strictly(tmp_path: Path, before: str, after: str, finding: str | None) -> None:
    """Unknown members and types, impossible codes, and whoever passes data on without contract or quota: refused."""
    assert before in MEMBERS
    text = MEMBERS.replace(before, after, 1)
    if finding is None:
        members(tmp_path, text)
        return
    with pytest.raises(DocumentError) as caught:
        members(tmp_path, text)
    assert f"clients.yaml:{finding}" in str(caught.value)
