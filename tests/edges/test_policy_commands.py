"""`credit-gateway policy` as an officer uses it: in a home of her own, edited by hand."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gateway.cli.policy import policy
from gateway.cli.policy_words import strangers
from tests.edges.drafts import SHIPPED, rules_of
from tests.edges.test_policy_rules import HEAD, rule

pytestmark = pytest.mark.reckoning

NATIONAL = "policies/rules/00-national.yaml"
CLIENTS = """
issuers:
  - {issuer: "https://id.example", jwks: "https://id.example/jwks.json"}
clients:
  shanghai-market-bureau:
    issuer: https://id.example
    clientId: shanghai-market-bureau
    class: government
    region: "310000"
    title: {zh: 上海某市场监管局, en: A market bureau of Shanghai}
    scopes: [credit.gov]
    purposes: [gov.licensing]
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    place = tmp_path / "home"
    shutil.copytree(SHIPPED, place / "policies", ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    (place / "clients.yaml").write_text(CLIENTS, "utf-8")
    return place


def run(*arguments: str | Path) -> Result:
    result = CliRunner().invoke(policy, [str(argument) for argument in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result


def edit(home: Path, path: str, old: str, new: str) -> None:
    file = home / path
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), "utf-8")


def test_the_shipped_set_passes(home: Path) -> None:
    """Check and test of what is shipped succeed, and say how many cases passed."""
    assert run("check", "--home", home).exit_code == 0
    tested = run("test", "--home", home)
    assert tested.exit_code == 0
    assert " passed, 0 failed" in tested.output


def test_without_a_home_the_shipped_set_is_meant(tmp_path: Path) -> None:
    """Before there is a home, the verbs speak of the shipped policies and say so."""
    result = run("check", "--home", tmp_path / "none")
    assert result.exit_code == 0
    assert "these are the shipped policies" in result.output


def test_an_unsealed_change_is_told_and_can_be_tested(home: Path) -> None:
    """A change that is not sealed keeps the set from being used; its cases run all the same, then it is sealed."""
    edit(home, NATIONAL, "en: A record under objection carries a mark", "en: It carries a mark")
    checked = run("check", "--home", home)
    assert checked.exit_code == 1
    assert "rules/00-national.yaml:1: not the file that was sealed" in checked.output
    assert run("test", "--home", home).exit_code == 0
    assert run("seal", "--home", home).exit_code == 0
    assert run("check", "--home", home).exit_code == 0


def test_a_change_that_fails_a_case_is_not_sealed(home: Path) -> None:
    """Opening identity numbers fails a worked case: the test says which, and the manifest stays as it was."""
    before = (home / "policies/manifest.yaml").read_bytes()
    edit(home, NATIONAL, "limit: pseudonym", "limit: tail4")
    tested = run("test", "--home", home)
    assert tested.exit_code == 1
    assert "cases/50-shanghai.yaml:" in tested.output
    sealed = run("seal", "--home", home)
    assert sealed.exit_code == 1
    assert "not sealed" in sealed.output
    assert (home / "policies/manifest.yaml").read_bytes() == before


def test_a_slip_is_told_with_its_line_by_every_verb(home: Path) -> None:
    """A word that is not of the language is named with file, line and the nearest right word."""
    edit(home, NATIONAL, "scopes: [credit.self]", "scopes: [credit.slef]")
    for verb in (["check"], ["test"], ["seal"], ["explain", "--as", "public", "--field", "Registration.name"]):
        result = run(*verb, "--home", home)
        assert result.exit_code == 1
        assert "unknown scope `credit.slef`, did you mean `credit.self`?" in result.output
        assert "rules/00-national.yaml:" in result.output


def test_a_file_that_is_never_read_is_told(home: Path) -> None:
    """A rule file with another ending would be passed over in silence, so it is told."""
    (home / "policies/rules/60-limits.yml").write_text("policy: x\n", "utf-8")
    result = run("check", "--home", home)
    assert result.exit_code == 1
    assert "60-limits.yml" in result.output


def test_explain_tells_rule_reason_and_the_nearest_change(home: Path) -> None:
    """A denied number is explained by its limit, in words, with the scope that would make it a pseudonym."""
    result = run(
        "explain", "--home", home, "--as", "31/government+credit.gov", "--purpose", "gov.licensing", "--field",
        "AdministrativePenalty.legalRepIdNo", "--at", "2026-11-24T10:00",
    )  # fmt: skip
    assert result.exit_code == 0
    lines = [" ".join(line.split()) for line in result.output.splitlines()]
    assert lines[0].startswith("AdministrativePenalty.legalRepIdNo -> DENY")
    assert "2026-11-24 10:00 Asia/Shanghai" in lines[1]
    assert lines[2] == "because national-baseline/restricted-ceiling: Restricted fields need a named purpose"
    assert "waits agreement-37-31/shanghai-identity-match for scopes credit.restricted -> pseudonym" in lines


def test_explain_knows_registered_clients_and_chinese(home: Path) -> None:
    """A client's class, region and scopes are read from clients.yaml, and rules are told in Chinese when asked."""
    result = run(
        "explain", "--home", home, "--as", "shanghai-market-bureau", "--purpose", "gov.licensing",
        "--field", "AdministrativePenalty.procedure", "--at", "2026-11-24T10:00", "--language", "zh",
    )  # fmt: skip
    assert result.exit_code == 0
    assert "AdministrativePenalty.procedure  ->  ALLOW" in result.output
    assert "agreement-37-31/shanghai-gov: 上海行政机关准入和投标核查" in result.output
    assert "山东省的记录，上海市的客户" in result.output
    assert "refused" not in result.output
    other = run(
        "explain", "--home", home, "--as", "shanghai-market-bureau", "--purpose", "gov.procurement",
        "--field", "AdministrativePenalty.procedure",
    )  # fmt: skip
    assert other.output.startswith("refused  shanghai-market-bureau is not registered for `gov.procurement`")


def test_a_client_that_is_not_there_is_told(home: Path) -> None:
    """A limit on a client by a slip of the pen closes to nobody: the check names the nearest client that there is."""
    limit = rule(grant="", limit="deny", to="{id: [shanghai-market-buro, public]}")
    (found,) = strangers(home, rules_of(HEAD["province"] + limit))
    assert str(found).startswith("W rules/0.yaml:")
    assert "whom clients.yaml has not got, did you mean `shanghai-market-bureau`?" in str(found)
    (home / "clients.yaml").unlink()
    assert [*strangers(home, rules_of(HEAD["province"] + limit))] == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"--as": "31/goverment"}, "did you mean `government`?"),
        ({"--as": "shanghai-market-buro"}, "did you mean `shanghai-market-bureau`?"),
        ({"--as": "31/government+credit.gvo"}, "did you mean `credit.gov`?"),
        ({"--as": "shanghai-market-bureau+credit.restricted"}, "unknown word `credit.restricted`"),
        ({"--field": "Registration.nam"}, "did you mean `Registration.name`?"),
        ({"--purpose": "gov.licence"}, "did you mean `gov.licensing`?"),
        ({"--subject": "NaturalPerson"}, "has no records of `NaturalPerson`"),
        ({"--at": "tomorrow"}, "an instant such as"),
    ],
)
def test_a_wrong_word_on_the_command_line(home: Path, changes: dict[str, str], said: str) -> None:
    """A wrong word is answered with the nearest right one, and with exit code 2."""
    words = {"--as": "public", "--field": "Registration.name"} | changes
    result = run("explain", "--home", home, *(part for pair in words.items() for part in pair))
    assert result.exit_code == 2
    assert said in " ".join(result.output.split())
