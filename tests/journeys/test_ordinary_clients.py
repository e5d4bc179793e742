"""Clients that partners have already: each asks a served gateway as its own documents say, and nothing is special."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from gql import Client, gql
from gql.transport.exceptions import TransportQueryError
from gql.transport.requests import RequestsHTTPTransport

from tests.conftest import House

ROOT = Path(__file__).parents[2]
CLIENTS = ROOT / "tests/clients"
SDL = ROOT / "tests/edges/schema.graphql"
CALLER, PURPOSE = "shanghai-market-bureau", "gov.licensing"
ASKED = """query Check($id: SubjectKey!) { subject(id: $id) { __typename id name
    administrativePenalties { nodes { id documentNo } complete } } }"""


def run(*command: str | Path, within: Path = CLIENTS) -> str:
    """What a program of Node's says. Its own words are shown where it fails."""
    words = [str(ROOT / ".venv/bin/node"), *map(str, command)]
    done = subprocess.run(words, cwd=within, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def documents(found: dict[str, Any]) -> list[str]:
    return [node["documentNo"] for node in found["administrativePenalties"]["nodes"]]


@pytest.fixture(autouse=True)
def nearby(monkeypatch: pytest.MonkeyPatch) -> None:
    """Some of them ask by way of a proxy where the machine has one, which does not know this gateway."""
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "127.0.0.1")


@pytest.fixture
def headers(house: House) -> dict[str, str]:
    return house.headers(CALLER, PURPOSE)


@pytest.fixture
def expected(house: House) -> list[str]:
    """The penalties that a plain question finds."""
    return documents(house.ask(ASKED, "penalised", as_=CALLER, purpose=PURPOSE)["data"]["subject"])


def test_gql(house: House, headers: dict[str, str], expected: list[str]) -> None:
    """Python's gql reads the schema by introspection, checks a question by it, asks, and raises what is refused."""
    transport = RequestsHTTPTransport(url=f"{house.url}/graphql", headers=headers)
    with Client(transport=transport, fetch_schema_from_transport=True) as session:
        asked = gql(ASKED)
        asked.variable_values = {"id": house.key("penalised")}
        found = session.execute(asked)
        assert documents(found["subject"]) == expected != []
        asked.variable_values = {"id": {"uscc": "1"}}
        with pytest.raises(TransportQueryError) as refused:
            session.execute(asked)
    assert refused.value.errors is not None
    assert refused.value.errors[0]["extensions"]["code"] == "INVALID_SUBJECT_KEY"


@pytest.mark.parametrize("client", ["apollo", "urql"])
def test_persisted_queries(house: House, headers: dict[str, str], expected: list[str], client: str) -> None:
    """Apollo Client and urql send a document's digest, then the document where it is not known, then never again."""
    text = ASKED.replace("Check", f"Check_{client}")  # a document that nobody has sent
    variables = json.dumps({"id": house.key("penalised")})
    said = run(f"{client}.mjs", f"{house.url}/graphql", json.dumps(headers), text, variables)
    first, second = map(json.loads, said.splitlines())
    assert (first["error"], second["error"]) == (None, None)
    assert documents(first["data"]["subject"]) == documents(second["data"]["subject"]) == expected != []
    assert ["query" in body for body in first["sent"]] == [False, True]
    assert ["query" in body for body in second["sent"]] == [False]


def test_relay(house: House, headers: dict[str, str], tmp_path: Path) -> None:
    """relay-compiler takes the schema's connections for its own, and what it makes of a fragment reads page by page."""
    folder = Path(shutil.copytree(CLIENTS / "relay", tmp_path / "relay"))
    shutil.copy(SDL, folder / "schema.graphql")
    run(CLIENTS / "node_modules/relay-compiler/cli.js", "relay.config.json", within=folder)
    read = "import(process.argv[1]).then((made) => console.log(made.default.params.text))"
    first, more = (
        run("--no-warnings", "-e", read, folder / f"src/__generated__/{name}.graphql.js")
        for name in ("PenaltiesQuery", "PenaltiesPageQuery")
    )
    pages = [house.ask(first, "many_platforms", as_=CALLER, purpose=PURPOSE)]
    while (page := pages[-1]["data"]["subject"]["administrativePenalties"])["pageInfo"]["hasNextPage"]:
        after = page["pageInfo"]["endCursor"]
        pages.append(house.ask(more, "many_platforms", after=after, first=1, as_=CALLER, purpose=PURPOSE))
    edges = [e for page in pages for e in page["data"]["subject"]["administrativePenalties"]["edges"]]
    whole = house.ask(ASKED, "many_platforms", as_=CALLER, purpose=PURPOSE)["data"]["subject"]
    assert [edge["node"]["documentNo"] for edge in edges] == documents(whole)
    assert len(pages) == len(edges) > 1


def test_typed_code(tmp_path: Path) -> None:
    """graphql-codegen makes types of a question with which a right program compiles; a wrong code, a field that was
    not asked, and a withheld field taken for a value do not."""
    for name in ("check.graphql", "sample.ts"):
        shutil.copy(CLIENTS / "types" / name, tmp_path)
    run("codegen.mjs", SDL, tmp_path / "check.graphql", tmp_path / "types.ts")
    options = "--strict --noEmit --module esnext --moduleResolution bundler --target es2022 --skipLibCheck"
    run(CLIENTS / "node_modules/typescript/bin/tsc", *options.split(), "sample.ts", within=tmp_path)
    assert "documentNo: string | null" in (tmp_path / "types.ts").read_text("utf-8")


def test_supergraph(house: House, headers: dict[str, str], expected: list[str]) -> None:
    """The schema composes without a hint with another subgraph; Apollo Gateway asks the one for what it lacks in the
    other, in both directions, and policy is the same as for a plain question. Who composes as the public composes what
    the public may see."""
    code, fields = house.key("penalised")["uscc"], "documentNo procedure legalRepIdNo"
    found = json.loads(run("supergraph.mjs", f"{house.url}/graphql", json.dumps(headers), code, fields))
    assert found["hints"] == []
    credit = found["inward"]["data"]["company"].pop("credit")
    plain = house.ask(
        "query($id: SubjectKey!) { subject(id: $id) { name administrativePenalties { "
        f"nodes {{ {fields} }} complete }} }} }}",
        "penalised", as_=CALLER, purpose=PURPOSE,
    )["data"]["subject"]  # fmt: skip
    assert credit == {**plain, "employees": 12}
    assert documents(credit) == expected
    assert found["outward"]["data"]["subject"] == {"name": plain["name"], "employees": 12}
    assert ["_entities" in asked for asked in found["asked"]] == [True, False]
    assert set(fields.split()) <= set(found["shown"])
    public = json.loads(run("supergraph.mjs", f"{house.url}/graphql", "{}", code, "documentNo"))
    assert documents(public["inward"]["data"]["company"]["credit"]) == expected
    assert set(fields.split()) & set(public["shown"]) == {"documentNo"}
