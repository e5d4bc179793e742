"""What a client's registration closes is closed in every paper too: its schema, the matrix, the explanation."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from click.testing import CliRunner

from gateway.cli import cli
from gateway.cli.homes import make_home

CLIENTS = """\
issuers:
  - {issuer: "https://id.example.org", jwks: "https://id.example.org/jwks.json"}
clients:
  desk:
    issuer: "https://id.example.org"
    clientId: desk
    class: government
    region: "370100"
    title: {zh: 甲, en: A}
    scopes: [credit.gov]
    purposes: [gov.licensing]
    types: [AdministrativePenalty]
  closed:
    issuer: "https://id.example.org"
    clientId: closed
    class: court
    title: {zh: 乙, en: B}
    state: frozen
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("ceilings") / "home"
    make_home(place)
    (place / "clients.yaml").write_text(CLIENTS, "utf-8")
    return place


def said(home: Path, *words: str) -> str:
    done = CliRunner().invoke(cli, [*words, "--home", str(home)])
    assert (done.exit_code, done.exception) == (0, None), done.output
    return done.output


def test_a_schema_shows_no_type_beyond_the_ceiling(home: Path) -> None:
    """`schema --as` prints the types that the client is registered for, and of the others not a word."""
    shown = said(home, "schema", "--as", "desk", "--purpose", "gov.licensing")
    assert "type AdministrativePenalty " in shown
    assert "type Registration " not in shown
    assert "type Registration " in said(
        home, "schema", "--as", "37/government+credit.gov", "--purpose", "gov.licensing"
    )


def test_a_matrix_has_no_column_beyond_the_ceiling(home: Path) -> None:
    """A client is told of the types that it is registered for; under others a sheet says that its registration closes
    all, and a page has no column for it. A frozen client stands nowhere by itself."""
    one = said(home, "policy", "matrix", "--as", "desk", "--format", "csv")
    assert "note: desk may ask for AdministrativePenalty alone" in one
    assert "AdministrativePenalty.documentNo" in one
    assert "Registration." not in one
    every = said(home, "policy", "matrix", "--format", "csv", "--type", "Registration")
    rows = list(csv.reader(every[every.index("type,") :].splitlines()))
    [column] = [number for number, name in enumerate(rows[0]) if name == "desk"]
    assert "closed" not in rows[0]
    assert {row[column] for row in rows[2:]} == {"deny CLIENT_TYPES"}
    page = home / "page.html"
    said(home, "policy", "matrix", "--type", "Registration", "--out", str(page))
    assert "CLIENT_TYPES" not in page.read_text("utf-8")


def test_an_explanation_says_what_the_registration_closes(home: Path) -> None:
    """`policy explain` of a field beyond the ceiling says so before it says what the rules alone would."""
    beyond = said(home, "policy", "explain", "--as", "desk", "--field", "Registration.name")
    assert beyond.startswith("closed  CLIENT_TYPES: desk is not registered for `Registration`")
    within = said(home, "policy", "explain", "--as", "desk", "--field", "AdministrativePenalty.documentNo")
    assert "CLIENT_TYPES" not in within
