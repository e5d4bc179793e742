"""An operator and a partner at the command line: every verb, by its exit code and what it prints."""

from __future__ import annotations

import importlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest

from gateway.cli.asking import AskingError, variables_of
from gateway.cli.told import MENDABLE, is_mendable
from tests.conftest import House

QUERY = (
    "query($id: SubjectKey!) { subject(id: $id) { name administrativePenalties { nodes { documentNo } complete } } }"
)
PERSON = "query($id: SubjectKey!) { subject(id: $id) { id judgmentDebtors { nodes { caseNo } complete } } }"


def run(*words: str, stdin: str = "", home: Path | None = None) -> subprocess.CompletedProcess[str]:
    place = ["--home", str(home)] if home else []
    command = [sys.executable, "-m", "gateway", *words, *place]
    return subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("made") / "home"
    assert run("init", home=home).returncode == 0
    return home


@pytest.fixture
def broken(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "home"))


def test_init_makes_a_home_that_checks(made: Path) -> None:
    """`init` makes a home, `check` finds it whole, and a second `init` changes nothing."""
    before = {path: path.read_bytes() for path in made.rglob("*") if path.is_file()}
    checked = run("check", home=made)
    assert checked.returncode == 0, checked.stderr
    assert checked.stdout.splitlines()[-1].startswith("ok: policy sha256:")
    again = run("init", home=made)
    assert again.returncode == 0
    assert "nothing was changed" in again.stdout
    assert {path: path.read_bytes() for path in made.rglob("*") if path.is_file()} == before


def test_without_a_home(tmp_path: Path) -> None:
    """A missing home is one line that names the command to make one, without a trace."""
    for verb in ("check", "serve"):
        refused = run(verb, home=tmp_path / "none")
        assert refused.returncode == 1
        assert "credit-gateway init" in refused.stderr
        assert "Traceback" not in refused.stderr


PLATFORM = """\
platform: 370300-zibo-credit
version: 1.0.0
region: "370300"
title: {zh: 淄博, en: Zibo}
owner: {office: 淄博市, contact: ops@zibo.example}
catalogue: ">=2026 <2027"
sources:
  api: {kind: rest, base: env:ZIBO_BASE, limits: {concurrency: 4, timeout: 2s, maxRows: 100}}
types:
  AdministrativeLicence:
    request: {method: GET, path: /x, query: {dm: "{subject}"}}
    rows: rows
    key: [id]
    subject: {uscc: {path: dm}}
    fields:
      documentNumber: {path: wsh}
"""


@pytest.mark.parametrize(
    ("file", "change", "expected"),
    [
        ("clients.yaml", ("clients: {}", "clientz: {}"), r"clients\.yaml:\d+: unknown word `clientz`.*`clients`"),
        ("policies/rules/00-national.yaml", ("rules:", "ruels:"), r"rules/00-national\.yaml:1: .*seal"),
        ("policies/manifest.yaml", ("sha256:", "sha257:"), r"manifest\.yaml:\d+"),
        ("platforms/370300-zibo-credit.yaml", None, r"370300-zibo-credit\.yaml:\d+: .*documentNumber.*`documentName`"),
    ],
)
def test_a_broken_file_refuses_the_start(
    broken: Path, file: str, change: tuple[str, str] | None, expected: str
) -> None:
    """A broken YAML file is told with file, line and the nearest right word, and neither `check` nor `serve` starts."""
    path = broken / file
    path.write_text(PLATFORM if change is None else path.read_text("utf-8").replace(*change, 1), "utf-8")
    for verb in ("check", "serve"):
        refused = run(verb, home=broken)
        assert refused.returncode == 1, refused.stdout
        assert re.search(expected, refused.stderr), refused.stderr
        assert "Traceback" not in refused.stderr


def test_a_platform_of_nowhere_is_refused(house: House, tmp_path: Path) -> None:
    """A platform whose region lies in no province of the catalogue has no law to be decided by; one of a retired code
    would be left out of questions by region, and of the limits of the city that has its area now."""
    home = Path(shutil.copytree(house.home, tmp_path / "home", ignore=shutil.ignore_patterns("audit", "demo")))
    path = home / "platforms" / "370600-yantai-credit.yaml"
    text = path.read_text("utf-8")
    for code in ("990600", "371200"):
        lies = text.replace('"370600"', f'"{code}"').replace("370600-", f"{code}-")
        path.with_name(f"{code}-yantai-credit.yaml").write_text(lies, "utf-8")
    path.unlink()
    refused = run("check", home=home)
    assert refused.returncode == 1
    assert re.search(r"371200-yantai-credit\.yaml:\d+: region `371200` is retired; write one of 370116", refused.stderr)
    assert re.search(r"990600-yantai-credit\.yaml:\d+: region `990600` lies in no province", refused.stderr)


def test_a_policy_file_cut_short_refuses_the_start(broken: Path) -> None:
    """A rule file that lost its last lines is still YAML; it must not load without its limits."""
    path = broken / "policies/rules/00-national.yaml"
    lines = path.read_text("utf-8").splitlines(keepends=True)
    path.write_text("".join(lines[: len(lines) // 2]), "utf-8")
    refused = run("serve", home=broken)
    assert refused.returncode == 1
    assert "rules/00-national.yaml:1" in refused.stderr


def test_schema_is_printed(made: Path) -> None:
    """`schema` prints the SDL of the home's catalogue."""
    printed = run("schema", home=made)
    assert printed.returncode == 0
    assert "type AdministrativePenalty implements CreditRecord" in printed.stdout
    assert "subject(id: SubjectKey!): CreditSubject" in printed.stdout


def test_query_exit_codes(house: House) -> None:
    """`query` prints the answer's JSON and exits 0 complete, 4 denied, 1 refused."""
    complete = run(
        *("query", "-", "--as", "shanghai-market-bureau", "--purpose", "gov.licensing", "--var", "id=penalised"),
        stdin=QUERY, home=house.home,
    )  # fmt: skip
    assert complete.returncode == 0, complete.stderr
    assert json.loads(complete.stdout)["extensions"]["complete"] is True
    denied = run("query", "-", "--as", "public", "--var", "id=debtor_person", stdin=PERSON, home=house.home)
    assert denied.returncode == 4
    assert json.loads(denied.stdout)["data"] == {"subject": None}
    wrong = run(
        "query", "-", "--as", "public", "--var", "id=penalised", stdin=QUERY.replace("name", "nam"), home=house.home
    )
    assert wrong.returncode == 1
    assert json.loads(wrong.stdout)["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    words = ("query", "-", "--as", "public", "--purpose", "gov.licensing", "--var", "id=penalised")
    not_held = run(*words, stdin=QUERY, home=house.home)  # said, not left out of the question in silence
    assert not_held.returncode == 4
    assert json.loads(not_held.stdout)["errors"][0]["extensions"]["code"] == "PURPOSE_NOT_HELD"
    unknown = run("query", "-", "--as", "shangai-market-bureau", stdin=QUERY, home=house.home)
    assert unknown.returncode == 1
    assert "did you mean `shanghai-market-bureau`?" in unknown.stderr


def test_query_exit_code_of_a_partial_answer(new_house: Callable[[], House]) -> None:
    """With a platform gone `query` exits 3, with and without `--strict`, and prints which one is missing."""
    house = new_house()
    house.running.province.kill("370600-yantai-credit")
    words = ("query", "-", "--as", "zhejiang-bureau", "--purpose", "gov.licensing", "--var", "id=penalised")
    for more in ((), ("--strict",)):
        partial = run(*words, *more, stdin=QUERY, home=house.home)
        assert partial.returncode == 3, partial.stderr
        errors = json.loads(partial.stdout)["errors"]
        assert "370600-yantai-credit" in {error["extensions"].get("platform") for error in errors}


AGREED = ("--purpose", "finance.loan", "--type", "Registration")
CONSENTED = "query($id: SubjectKey!) { subject(id: $id) { registrations { nodes { regState } } } }"


def test_consents_at_the_command_line(house: House, tmp_path: Path) -> None:
    """`--consent` takes names and files, `consent give` makes one; after `consent withdraw` the next answer says so."""
    words = ("query", "-", "--as", "shanghai-lender", "--purpose", "finance.loan", "--var", "id=clean")
    given = run("consent", "give", "shanghai-lender", "clean", *AGREED, home=house.home)
    assert given.returncode == 0, given.stderr
    file = tmp_path / "mine.jws"
    file.write_text(given.stdout, "ascii")

    def told() -> list[dict[str, str]]:
        asked = run(*words, "--consent", str(file), "--consent", "expired", stdin=CONSENTED, home=house.home)
        assert asked.returncode == 0, asked.stderr
        found: list[dict[str, str]] = json.loads(asked.stdout)["extensions"]["consents"]
        return found

    first, second = told()
    assert (first["state"], second["state"]) == ("VALID", "EXPIRED")
    done = run("consent", "withdraw", first["id"], home=house.home)
    assert (done.returncode, done.stderr) == (0, "")
    assert told()[0] == {"id": first["id"], "state": "WITHDRAWN"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("query", "-", "--as", "shanghai-lender", "--consent", "withdrawm"), "did you mean `withdrawn`?"),
        (("query", "-", "--as", "shanghai-lender", "--consent", "nothing.jws"), "credit-gateway consent give"),
        (("query", "-", "--as", "subject", "--subject", "repard"), "did you mean `repaired`?"),
        (("consent", "withdraw", "expird"), "did you mean `expired`?"),
        (("consent", "withdraw", "c-0"), "no such consent"),
        (("consent", "give", "shanghai-lendr", "clean", *AGREED), "did you mean `shanghai-lender`?"),
        (("consent", "give", "shanghai-lender", "claen", *AGREED), "did you mean `clean`?"),
    ],
)
def test_a_wrong_word_about_consents_tells_the_right_one(house: House, words: tuple[str, ...], said: str) -> None:
    """A name that nobody bears is one line with the nearest right one, without a trace."""
    refused = run(*words, stdin="{ access { coordinate } }", home=house.home)
    assert refused.returncode == 1
    assert said in refused.stderr
    assert "Traceback" not in refused.stderr


def test_token(house: House) -> None:
    """`token` prints an access token that the gateway accepts; a purpose that is not held is refused, with the nearest
    of those that are."""
    token = run("token", "court", "--purpose", "court.execution", home=house.home)
    assert token.returncode == 0, token.stderr
    headers = {"Authorization": f"Bearer {token.stdout.strip()}"}
    assert house.post({"query": "{ platforms { id } }"}, headers).status_code == 200
    refused = run("token", "court", "--purpose", "gov.licensing", home=house.home)
    assert refused.returncode == 1
    assert "no token: this client is not registered for that purpose; known: court.execution\n" in refused.stderr
    misspelt = run("query", "-", "--as", "court", "--purpose", "court.exekution", stdin=QUERY, home=house.home)
    assert misspelt.returncode == 1
    assert "did you mean `court.execution`?" in misspelt.stderr


def test_policy_verbs(made: Path) -> None:
    """`policy check` and `policy test` pass on the shipped rules; `explain` says a decision in words."""
    assert run("policy", "check", home=made).returncode == 0
    assert run("policy", "test", home=made).returncode == 0
    explained = run(
        *("policy", "explain", "--as", "31/government+credit.gov", "--purpose", "gov.licensing"),
        *("--field", "AdministrativePenalty.legalRepIdNo"),
        home=made,
    )
    assert explained.returncode == 0, explained.stderr
    assert "deny" in explained.stdout.lower()
    assert "national-baseline/restricted-ceiling" in explained.stdout


@pytest.fixture
def serving(house: House, tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`credit-gateway serve` as a process on a copy of the demo's home."""
    home = shutil.copytree(house.home, tmp_path / "home", ignore=shutil.ignore_patterns("audit", "demo"))
    command = [sys.executable, "-m", "gateway", "serve", "--home", str(home), "--port", "0"]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
    assert process.stdout is not None
    yield process, process.stdout.readline()
    process.kill()
    process.wait()


def test_serve(house: House, serving: tuple[subprocess.Popen[str], str]) -> None:
    """`serve` says where it listens, is healthy and ready, answers, and ends with 0 when it is asked to stop."""
    process, line = serving
    url = re.search(r"http://\S+", line)
    assert url, line
    with httpx2.Client(base_url=url[0], trust_env=False) as client:
        assert client.get("/health").text == "ok"
        assert client.get("/ready").json()["ready"] is True
        body = {"query": QUERY, "variables": {"id": house.key("penalised")}}
        answer = client.post("/graphql", json=body, headers=house.headers("zhejiang-bureau", "gov.licensing"))
        assert answer.json()["extensions"]["complete"] is True
        metadata = client.get("/.well-known/oauth-protected-resource/graphql").json()
        assert metadata["authorization_servers"] == [house.running.description["issuer"]]
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0


def test_two_gateways_cannot_share_a_home(house: House) -> None:
    """A second gateway on the same home is refused in one line: the audit log has one writer."""
    refused = run("serve", "--port", "0", home=house.home)
    assert refused.returncode == 1
    assert "Traceback" not in refused.stderr
    assert "audit" in refused.stderr


def test_a_second_demo_harms_nothing(house: House, tmp_path: Path) -> None:
    """A demo on the home of another, on somebody's own home, or on a taken port is refused and changes nothing."""
    before = {path: path.read_bytes() for path in house.home.glob("*.*") if path.is_file()}
    refused = run("demo", "--port", "0", home=house.home)
    assert refused.returncode == 1
    assert "already" in refused.stderr
    assert {path: path.read_bytes() for path in before} == before
    run("init", home=tmp_path / "mine")
    refused = run("demo", "--port", "0", home=tmp_path / "mine")
    assert refused.returncode == 1
    assert "not a demo's home" in refused.stderr
    refused = run("demo", "--port", str(house.running.settings.port), home=tmp_path / "other")
    assert refused.returncode == 1
    assert "--port" in refused.stderr
    assert house.ask(QUERY, "clean")["extensions"]["complete"] is True


def test_a_missing_reference_is_named(house: House, tmp_path: Path) -> None:
    """A platform whose address is not set refuses the start with its id and the reference, not with a value."""
    home = Path(shutil.copytree(house.home, tmp_path / "home", ignore=shutil.ignore_patterns("audit", "demo")))
    lines = (home / "gateway.env").read_text("utf-8").splitlines(keepends=True)
    (home / "gateway.env").write_text("".join(line for line in lines if not line.startswith("YANTAI_BASE")), "utf-8")
    refused = run("serve", "--port", "0", home=home)
    assert refused.returncode == 1
    assert "370600-yantai-credit" in refused.stderr
    assert "env:YANTAI_BASE" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_the_audit_log_of_a_running_house_verifies(house: House) -> None:
    """`audit verify` finds the log of a running gateway whole."""
    house.ask(QUERY, "penalised")
    verified = run("audit", "verify", home=house.home)
    assert verified.returncode == 0, verified.stdout + verified.stderr


@pytest.mark.parametrize(
    ("pair", "says"),
    [
        ("id", "write name=value"),
        ("id=1", "declares no variable `$id`, did you mean `ids`?"),
        ("ids=NaN", "JSON is expected for Int"),
        ("ids=\udcff", "not UTF-8"),
        ("key=91370600MA3DEM0010", 'a code is written {"uscc": "..."}'),
    ],
    ids=["no value", "not declared", "no number", "not UTF-8", "a bare code"],
)
def test_a_variable_that_does_not_fit_is_told(pair: str, says: str) -> None:
    """Of a variable without a value, or that the query has not got, the message says which of the two it is."""
    with pytest.raises(AskingError, match=re.escape(says)):
        variables_of("query($ids: Int, $key: SubjectKey) { platforms { id } }", [pair], {})


def test_a_text_may_begin_as_json_does() -> None:
    """A name or a number of a document is what was written, `[2026]` in front or not; what is JSON is read as JSON."""
    query = "query($name: String!, $where: [RegionCode!]) { platforms { id } }"
    given = variables_of(query, ["name=[2026]示例", 'where=["370200"]'], {})
    assert given == {"name": "[2026]示例", "where": ["370200"]}


def test_a_query_in_another_encoding_is_told(house: House, tmp_path: Path) -> None:
    """A query that an editor saved as GB18030 is one line that says what to do."""
    (tmp_path / "query.graphql").write_bytes("# 查询\n{ platforms { id } }".encode("gb18030"))
    refused = run("query", str(tmp_path / "query.graphql"), "--as", "public", home=house.home)
    assert refused.returncode == 1
    assert refused.stderr.strip().endswith("query.graphql is not UTF-8; save the query as UTF-8")


@pytest.mark.parametrize(("module", "name"), MENDABLE)
def test_an_error_that_is_told_in_one_line_is_where_the_table_says(module: str, name: str) -> None:
    """Each name is an error of the module that makes it, so that it is known whenever it can be raised."""
    error = getattr(importlib.import_module(module), name)
    assert issubclass(error, Exception)
    assert error.__module__ == module
    assert is_mendable(error.__new__(error))
    assert not is_mendable(ValueError("not of the house"))


ASKED = """
import sys
from gateway.cli import main

sys.argv[1:] = ["token", "court", "--home", sys.argv[1]]
try:
    main()
finally:
    print(sorted({"sqlalchemy", "strawberry"} & sys.modules.keys()))
"""


def test_a_refusal_imports_no_room_that_it_does_not_need(tmp_path: Path) -> None:
    """Who is refused before anything was read is told so at once, and not after a second of imports."""
    done = subprocess.run([sys.executable, "-c", ASKED, str(tmp_path)], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "start `credit-gateway demo" in done.stderr
    assert done.stdout == "[]\n"
