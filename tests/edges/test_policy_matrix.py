"""`credit-gateway policy matrix` as an officer uses it: who is meant, what is written where, what is refused."""

from __future__ import annotations

import csv
import io
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gateway.cli.policy import policy
from tests.edges.drafts import SHIPPED, catalogue
from tests.edges.test_policy_commands import CLIENTS

pytestmark = pytest.mark.reckoning

AT = ("--at", "2026-11-24T10:00")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    place = tmp_path / "home"
    shutil.copytree(SHIPPED, place / "policies", ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    (place / "clients.yaml").write_text(CLIENTS, "utf-8")
    return place


def run(home: Path, *arguments: str | Path) -> Result:
    result = CliRunner().invoke(policy, ["matrix", "--home", str(home), *AT, *(str(word) for word in arguments)])
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result


def sheet(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_everybody_is_meant_when_nobody_is_named(home: Path) -> None:
    """Without `--as` the registered clients are told, the public, and a subject about itself and about others."""
    (first, *lines) = sheet(run(home, "--format", "csv").stdout)
    callers = list(first)[8:]
    assert callers == ["shanghai-market-bureau", "public", "subject+credit.self (self)", "subject+credit.self (other)"]
    assert first["shanghai-market-bureau"] == "none; gov.licensing"
    assert first["public"] == "none"
    assert {line["type"] for line in lines} == set(catalogue().types)


def test_a_caller_is_named_as_explain_names_it(tmp_path: Path) -> None:
    """Before there is a home, callers are named by region, class and scopes, each with scopes of its own."""
    callers = ("37/government+credit.gov", "35/government", "public")
    result = run(tmp_path / "none", *(part for who in callers for part in ("--as", who)), "--format", "csv")
    assert list(sheet(result.stdout)[0])[8:] == list(callers)
    assert "these are the shipped policies" in result.stderr
    line = next(line for line in sheet(result.stdout) if line["field"] == "AdministrativePenalty.procedure")
    assert line[callers[0]].startswith("allow national-baseline/government-sharing | deny NO_GRANT [none; ")
    assert line[callers[1]] == "deny national-baseline/cross-region-needs-agreement"


def test_type_purpose_and_kind_narrow_it(home: Path) -> None:
    """What is named is told and nothing else, also a purpose that is not registered for a caller."""
    result = run(
        home, "--type", "JudgmentDebtor", "--kind", "NaturalPerson", "--purpose", "court.execution", "--format", "csv"
    )
    lines = sheet(result.stdout)[1:]
    assert {(line["type"], line["subjects"]) for line in lines} == {("JudgmentDebtor", "NaturalPerson")}
    assert {line["given"] for line in lines} == {"", "key", "key+name"}
    shown = run(home, "--type", "JudgmentDebtor", "--purpose", "court.execution", "--as", "shanghai-market-bureau")
    assert "not registered: such a question is refused" in shown.stdout


@pytest.mark.parametrize("ending", ["html", "csv", "xlsx"])
def test_a_file_is_written_whole_in_the_format_of_its_name(home: Path, tmp_path: Path, ending: str) -> None:
    """`--out` decides the format by its ending, leaves no draft beside it, and says what was written of which set."""
    out = tmp_path / f"matrix.{ending}"
    result = run(home, "--out", out)
    assert result.exit_code == 0
    assert f"wrote {out}: policy set " in result.stdout
    begin = {"html": b"<!doctype html>", "csv": b"\xef\xbb\xbftype,", "xlsx": b"PK"}[ending]
    assert out.read_bytes().startswith(begin)
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_a_pipe_gets_plain_text(home: Path) -> None:
    """The table has no colour codes and no folded lines where nobody looks at a terminal."""
    text = run(home, "--type", "Registration", "--language", "zh").stdout
    assert "\x1b" not in text
    assert "可见" in text
    assert "national-baseline/public-facts" in text


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--type", "Registraton"], "did you mean `Registration`?"),
        (["--purpose", "gov.licence"], "did you mean `gov.licensing`?"),
        (["--kind", "NaturalPersn"], "did you mean `NaturalPerson`?"),
        (["--as", "31/goverment"], "did you mean `government`?"),
        (["--as", "31/government+credit.gvo"], "did you mean `credit.gov`?"),
        (["--type", "Registration", "--kind", "NaturalPerson"], "none of these record types has records"),
        (["--format", "xlsx"], "say --out FILE"),
    ],
)
def test_a_wrong_word_is_told(home: Path, words: list[str], said: str) -> None:
    """A wrong word is answered with the nearest right one or with what to do, and exit code 2."""
    result = run(home, *words)
    assert result.exit_code == 2
    assert said in " ".join(result.output.replace("│", " ").split())
