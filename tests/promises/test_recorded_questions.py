"""What the audit of a running gateway tells an officer: a decision explained, a change replayed, what was provided."""

from __future__ import annotations

import csv
import io
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from gateway.auditing.recorded import records
from gateway.checking import policy_documents
from gateway.cli.policy import policy
from gateway.cli.policy.replaying import replay
from gateway.governing.bundles import Bundles
from policies.bundles import assemble
from tests.promises.small_sets import seal

QUERY = """query($id: SubjectKey!) { subject(id: $id) {
    administrativePenalties { nodes { documentNo procedure legalRepIdNo } } } }"""
SHANGHAI = "rules/50-shanghai.yaml"
BUREAU, LICENSING = "shanghai-market-bureau", "gov.licensing"


@pytest.fixture(scope="module")
def asked(house: Any) -> dict[str, str]:
    """The ids of two decisions: a bureau's, and the public's."""
    return {"bureau": answered(house, as_=BUREAU, purpose=LICENSING), "public": answered(house)}


def answered(house: Any, **caller: str) -> str:
    """The decision of a question that was answered: a busy machine's gateway may refuse at first."""
    for _ in range(100):
        answer = house.ask(QUERY, "penalised", **caller)
        if answer.get("data") and answer["data"]["subject"]["administrativePenalties"]["nodes"]:
            return str(answer["extensions"]["decision"])
    raise AssertionError(answer)


@pytest.fixture
def home(house: Any, asked: dict[str, str], tmp_path: Path) -> Path:
    """A copy of the house's home, as an officer's own machine may hold it."""
    place = tmp_path / "home"
    shutil.copytree(house.home / "policies", place / "policies")
    shutil.copytree(house.home / "audit", place / "audit")
    return place


def run(*arguments: str | Path) -> Result:
    result = CliRunner().invoke(policy, [str(argument) for argument in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result


def change(folder: Path, path: str, old: str, new: str) -> None:
    """Another policy set, sealed."""
    text = (folder / path).read_text("utf-8")
    assert old in text
    (folder / path).write_text(text.replace(old, new, 1), "utf-8")
    seal(folder)


def secrets(house: Any, home: Path) -> list[str]:
    """What an explanation must not hold: the keys of the subject, and its pseudonyms in the log."""
    pseudonyms = {subject["id"] for record in records(home) for subject in record.get("subjects", ())}
    assert pseudonyms
    return [*house.key("penalised").values(), *pseudonyms]


def test_a_decision_is_explained_as_it_was(house: Any, home: Path, asked: dict[str, str]) -> None:
    """`explain --decision` tells who asked, and by which rule each field was given; and that it comes out the same."""
    result = run("explain", "--home", home, "--decision", asked["bureau"])
    assert result.exit_code == 0, result.output
    said = " ".join(result.output.split())
    assert f"decision {asked['bureau']}, " in said
    assert f"asked by {BUREAU} (310000/government+" in said
    assert "for gov.licensing, about 1 Enterprise" in said
    assert "allow AdministrativePenalty.procedure agreement-37-31/shanghai-gov" in said
    assert "pseudonym AdministrativePenalty.legalRepIdNo national-baseline/identifiers-masked" in said
    assert "every answer is decided again as it was recorded" in said
    for secret in secrets(house, home):
        assert secret not in result.output


def test_one_field_of_a_decision_is_explained_in_full(home: Path, asked: dict[str, str]) -> None:
    """With `--field`, the rules in words and the nearest change are told for the recorded facts."""
    result = run("explain", "--home", home, "--decision", asked["public"], "--field", "AdministrativePenalty.procedure")
    assert result.exit_code == 0, result.output
    assert "AdministrativePenalty.procedure  ->  DENY" in result.output
    assert "because  national-baseline/cross-region-needs-agreement" in result.output
    other = run("explain", "--home", home, "--decision", asked["public"], "--field", "Registration.name")
    assert other.exit_code == 1
    assert "`Registration.name` was not asked for" in other.output


def test_an_answer_for_which_nobody_was_asked_is_no_refusal(house: Any, tmp_path: Path) -> None:
    """Who asks about a person of whom it may not know is answered, and the explanation says so."""
    tried = (house.ask(QUERY, "debtor_person") for _ in range(100))  # a busy machine's gateway may refuse at first
    answer = next(answer for answer in tried if answer.get("data"))
    shutil.copytree(house.home / "policies", tmp_path / "policies")
    shutil.copytree(house.home / "audit", tmp_path / "audit")
    result = run("explain", "--home", tmp_path, "--decision", answer["extensions"]["decision"])
    assert result.exit_code == 1
    assert "was answered, and nobody was asked" in result.output
    assert "may not know" in result.output


def test_a_decision_of_another_set_needs_its_bundle(home: Path, asked: dict[str, str]) -> None:
    """When another set is in force, the decision is explained by the bundle of its own; without it, that is said."""
    before = home.parent / "before"
    shutil.copytree(home / "policies", before)
    change(home / "policies", SHANGHAI, "fields: {class: [PUBLIC, GOV_SHARED]}", "fields: {class: [PUBLIC]}")
    gone = run("explain", "--home", home, "--decision", asked["bureau"])
    assert gone.exit_code == 1
    assert "is neither in force here nor in" in gone.output
    Bundles(home).freeze(before)
    assert run("explain", "--home", home, "--decision", asked["bureau"]).exit_code == 0
    unknown = run("explain", "--home", home, "--decision", "no-such-decision")
    assert unknown.exit_code == 1
    assert "no such decision in the audit log" in unknown.output


def test_a_change_is_replayed(home: Path) -> None:
    """`diff --replay` counts the recorded questions that would return more and less, by caller."""
    draft = home.parent / "draft"
    shutil.copytree(home / "policies", draft)
    change(draft, SHANGHAI, "fields: {class: [PUBLIC, GOV_SHARED]}", "fields: {class: [PUBLIC]}")
    told = run("diff", home, draft, "--home", home, "--replay", "last-30d").output.splitlines()
    total = next(line for line in told if line.startswith("replay of "))
    assert " audited questions since " in total
    assert ": 0 would have returned more, " in total
    assert not total.endswith(" 0 less")
    assert any(line.startswith(f"  {BUREAU}: 0 more, ") for line in told)
    back = run("diff", draft, home, "--home", home, "--replay", "2026-01-01", "--format", "json")
    assert f'"{BUREAU}"' in back.output
    wrong = run("diff", home, draft, "--home", home, "--replay", "yesterday")
    assert wrong.exit_code == 2
    assert "last-30d" in wrong.output


def test_a_shorter_period_returns_less_and_no_more(home: Path) -> None:
    """Where records are hidden after fewer years the recorded questions return less, and none of them more."""
    shorter = home.parent / "shorter"
    shutil.copytree(home / "policies", shorter)
    change(shorter, "rules/00-national.yaml", 'age: ">= 5y"', 'age: ">= 3y"')
    old, new = (assemble(policy_documents(folder)) for folder in (home / "policies", shorter))
    assert (replay(old, new, records(home)).more, replay(new, old, records(home)).less) == ({}, {})
    assert replay(old, new, records(home)).less == replay(new, old, records(home)).more != {}


def test_what_was_provided_is_listed(house: Any, home: Path, asked: dict[str, str]) -> None:
    """`provisions` lists what left: to whom, for what, which fields, under which agreement; subjects by pseudonym."""
    result = run("provisions", "--home", home, "--since", "2026-01-01", "--format", "csv")
    assert result.exit_code == 0, result.output
    lines = list(csv.DictReader(io.StringIO(result.stdout)))
    mine = [line for line in lines if line["decision"] == asked["bureau"]]
    assert {line["agreement"] for line in mine} == {"agreement-37-31"}
    assert {line["client"] for line in mine} == {BUREAU}
    assert {line["purpose"] for line in mine} == {LICENSING}
    assert all("legalRepIdNo:pseudonym" in line["fields"].split() for line in mine)
    assert all(line["subject"] and int(line["records"]) > 0 for line in mine)
    assert not any(key in result.stdout for key in house.key("penalised").values())
    later = run("provisions", "--home", home, "--since", "2999-01-01").output
    assert later.splitlines()[-1] == "0 provisions"
