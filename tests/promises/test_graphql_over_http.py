"""GraphQL over HTTP by its own audits, questions by GET and documents by their digest: what any client may rely on."""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from gateway.settings import SettingsError, load
from tests.conftest import House, gateway_beside

ROOT = Path(__file__).parents[2]
AUDITS = 61
ASKED = "query Known($id: SubjectKey!) { subject(id: $id) { kind } }"
OTHER = "{ platforms { id } }"
FAR = {"Sec-Fetch-Site": "cross-site"}


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def persisted(text: str) -> dict[str, Any]:
    return {"persistedQuery": {"version": 1, "sha256Hash": digest(text)}}


def code(reply: httpx2.Response) -> str:
    return str(reply.json()["errors"][0]["extensions"]["code"])


@pytest.fixture(scope="module")
def open_house(house: House, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A gateway that answers GET too."""
    with gateway_beside(house, tmp_path_factory.mktemp("get"), get="on") as beside:
        yield beside


@pytest.fixture(scope="module")
def strict_house(house: House, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A gateway that answers nothing but the one document of its home."""

    def edit(home: Path) -> None:
        (home / "documents").mkdir()
        (home / "documents/known.graphql").write_text(ASKED, "utf-8")

    with gateway_beside(house, tmp_path_factory.mktemp("trusted"), edit, documents="trusted") as beside:
        yield beside


def test_every_audit_is_ok(open_house: House) -> None:
    """All audits of GraphQL over HTTP, what a server must do, should do and may do, are ok."""
    run = [str(ROOT / ".venv/bin/node"), "audits.mjs", f"{open_house.url}/graphql"]
    said = subprocess.run(run, cwd=ROOT / "tests/clients", capture_output=True, text=True, timeout=120, check=True)
    audits = [json.loads(line) for line in said.stdout.splitlines()]
    assert [audit for audit in audits if audit["status"] != "ok"] == []
    assert Counter(audit["status"] for audit in audits) == {"ok": AUDITS}


def test_a_question_in_the_url(open_house: House) -> None:
    """With GET on, the parameters say what a body would: the same answer to the same caller."""
    variables = {"id": open_house.key("clean")}
    asked = {"query": ASKED, "variables": json.dumps(variables), "operationName": "Known"}
    headers = open_house.headers("shanghai-market-bureau", "gov.licensing")
    by_get = open_house.client.get("/graphql", params=asked, headers=headers)
    assert by_get.json()["data"] == open_house.ask(ASKED, "clean")["data"]
    assert by_get.headers["Cache-Control"] == "no-store"
    assert by_get.headers["X-Content-Type-Options"] == "nosniff"


def test_get_is_off_unless_it_is_said(house: House) -> None:
    """A question in a URL stays in logs of proxies, so an operator must want it."""
    refused = house.client.get("/graphql", params={"query": OTHER})
    assert (refused.status_code, refused.headers["Allow"], code(refused)) == (405, "POST", "METHOD_NOT_ALLOWED")


@pytest.mark.parametrize(
    "headers", [FAR, {"Sec-Fetch-Site": "same-site"}, {"Origin": "https://other.example"}, {"Origin": "null"}]
)
def test_no_page_of_another_site_asks(open_house: House, headers: dict[str, str]) -> None:
    """A browser can be made to send GET by any page; such a question is refused before it is read."""
    refused = open_house.client.get("/graphql", params={"query": OTHER}, headers=headers)
    assert (refused.status_code, code(refused)) == (403, "CROSS_SITE")
    own = open_house.client.get("/graphql", params={"query": OTHER}, headers={"Sec-Fetch-Site": "same-origin"})
    assert own.status_code == 200


@pytest.mark.parametrize(
    ("parameters", "told"),
    [
        ("query=%ff", "percent-encoded"), ("query=a&query=b", "`query` is given more than once"),
        ("query=a&variables=%7B", "`variables` is not JSON"), ("query=a&variables=1", "`variables` is an object"),
        ("", "`query` is missing"), ("q", "percent-encoded"),
        ("extensions=%5B%5D&query=a", "`extensions` is an object"),
        ("query=a&variables=" + "%5B" * 1_500, "`variables` is not JSON"),
        ("query=a&variables=" + "%5B" * 40 + "%5D" * 40, "nested more than"),
        ("query=a&variables=%7B%22a%22%3A" + "%5B" * 40 + "%5D" * 40 + "%7D", "nested more than"),
    ],
)  # fmt: skip
def test_wrong_parameters_are_named(open_house: House, parameters: str, told: str) -> None:
    """What cannot be read as a question says which parameter is wrong, and never its value."""
    refused = open_house.client.get(f"/graphql?{parameters}")
    assert (refused.status_code, code(refused)) == (400, "MALFORMED_REQUEST")
    assert told in refused.json()["errors"][0]["message"]


def test_a_document_is_sent_once(house: House) -> None:
    """Automatic persisted queries: unknown at first, then sent with its digest, then the digest is enough."""
    text, variables = ASKED + " # once", {"id": house.key("clean")}
    asked = {"variables": variables, "extensions": persisted(text)}
    first = house.post(asked)
    assert (first.status_code, code(first)) == (400, "PERSISTED_QUERY_NOT_FOUND")
    assert first.json()["errors"][0]["message"] == "PersistedQueryNotFound"  # the word that some clients wait for
    sent = house.post({**asked, "query": text})
    again, named = house.post(asked), house.post({"documentId": f"sha256:{digest(text)}", "variables": variables})
    assert sent.json()["data"] == again.json()["data"] == named.json()["data"] != {}
    assert house.ask(text, "clean")["data"] == again.json()["data"]


def test_older_clients_are_told_of_an_unknown_document_with_200(house: House) -> None:
    """Who accepts `application/json` alone reads errors only from a 200."""
    reply = house.client.post(
        "/graphql", json={"extensions": persisted("{ nowhere }")}, headers={"Accept": "application/json"}
    )
    assert (reply.status_code, code(reply)) == (200, "PERSISTED_QUERY_NOT_FOUND")


def test_nothing_is_remembered_under_a_wrong_digest(house: House) -> None:
    """Nobody can put another text behind a digest, nor a text that is no document."""
    forged = house.post({"query": OTHER, "extensions": persisted(ASKED + " # forged")})
    assert (forged.status_code, code(forged)) == (400, "MALFORMED_REQUEST")
    assert code(house.post({"extensions": persisted(ASKED + " # forged")})) == "PERSISTED_QUERY_NOT_FOUND"
    broken = "{ nowhere }"
    assert code(house.post({"query": broken, "extensions": persisted(broken)})) == "GRAPHQL_VALIDATION_FAILED"
    assert code(house.post({"extensions": persisted(broken)})) == "PERSISTED_QUERY_NOT_FOUND"


@pytest.mark.parametrize(
    "body",
    [
        {"documentId": digest(ASKED)}, {"documentId": "sha256:x"}, {"documentId": ""},
        {"documentId": f"sha256:{digest(ASKED)}", "query": ASKED},
        {"documentId": f"md5:{digest(ASKED)}"}, {"extensions": {"persistedQuery": {"version": 1}}},
        {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": digest(ASKED).upper()}}},
    ],
)  # fmt: skip
def test_what_is_no_digest_is_refused(house: House, body: dict[str, Any]) -> None:
    """A document's id of another form, and an id beside a text, are mistakes that are told."""
    refused = house.post(body)
    assert (refused.status_code, code(refused)) == (400, "MALFORMED_REQUEST")


def test_an_extension_of_another_version_is_ignored(house: House) -> None:
    """What is not understood in `extensions` changes nothing."""
    reply = house.post({"query": OTHER, "extensions": {"persistedQuery": {"version": 2, "sha256Hash": 1}}})
    assert reply.status_code == 200


def test_trusted_documents_alone(strict_house: House) -> None:
    """A gateway of trusted documents answers them by text or digest, and refuses all else before it is parsed."""
    variables = {"id": strict_house.key("clean")}
    by_text = strict_house.post({"query": ASKED, "variables": variables})
    by_digest = strict_house.post({"extensions": persisted(ASKED), "variables": variables})
    by_id = strict_house.post({"documentId": f"sha256:{digest(ASKED)}", "variables": variables})
    assert by_text.json()["data"] == by_digest.json()["data"] == by_id.json()["data"] != {}
    for body in (
        {"query": OTHER},
        {"query": ASKED + " "},
        {"query": OTHER, "extensions": persisted(OTHER)},
        {"query": "{"},
    ):
        refused = strict_house.post(body)
        assert (refused.status_code, code(refused)) == (403, "DOCUMENT_NOT_TRUSTED")
    assert code(strict_house.post({"extensions": persisted(OTHER)})) == "PERSISTED_QUERY_NOT_FOUND"


@pytest.mark.parametrize("setting", ["get", "documents", "walk"])
def test_a_setting_of_another_word_is_refused(tmp_path: Path, setting: str) -> None:
    """A misspelled setting never means the laxer choice."""
    (tmp_path / "gateway.env").write_text(f"CREDIT_GATEWAY_{setting.upper()}=trustd\n", "utf-8")
    with pytest.raises(SettingsError, match=f"CREDIT_GATEWAY_{setting.upper()}: one of "):
        load(tmp_path)
