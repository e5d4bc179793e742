"""The verbs of a change as officers type them, on a home on which no gateway runs."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gateway.cli.policy import policy
from gateway.cli.told import is_mendable
from tests.promises.officers import Chamber, open_chamber
from tests.promises.small_sets import MORE, small, write

PROCEDURE = "AdministrativePenalty.procedure"
NOTE = ("--note", "青岛以外亦收紧", "Yantai closes a code too")


@pytest.fixture(scope="module")
def chamber(tmp_path_factory: pytest.TempPathFactory) -> Chamber:
    home = tmp_path_factory.mktemp("verbs") / "home"
    write(home / "policies")
    write(home.parent / "draft", MORE)
    return open_chamber(home)


def run(chamber: Chamber, verb: str, *arguments: str | Path, by: str | None = None) -> Result:
    words = [verb, *map(str, arguments), "--home", str(chamber.home), *(["--key", str(chamber.path(by))] if by else [])]
    return CliRunner().invoke(policy, words)


def said(result: Result) -> str:
    """What a person reads: the output, or the words of a refusal that is said in one line."""
    refused = is_mendable(result.exception)
    assert refused or result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.output + (str(result.exception) if refused else "")


def test_a_change_on_the_command_line(chamber: Chamber, tmp_path: Path) -> None:
    """Submit, approve, activate, history, export: each says what it did, and the export is the same bytes."""
    draft = chamber.home.parent / "draft"
    assert "no change yet" in said(run(chamber, "history"))
    submitted = said(run(chamber, "submit", draft, *NOTE, by="li-author"))
    assert "cases: 2 passed" in submitted
    assert "opens: nothing" in submitted
    digest = submitted.split("policy set ")[1][:12]
    assert "approval of another person" in said(run(chamber, "activate", digest, by="sun-operator"))
    assert "it may be activated" in said(run(chamber, "approve", digest, by="wang-approver"))
    activated = said(run(chamber, "activate", digest, by="sun-operator"))
    assert f"activated: pointer 1, policy set {digest}" in activated
    assert "no gateway runs on this home" in activated
    told = said(run(chamber, "history"))
    assert "by sun-operator; submitted by li-author, approved by wang-approver" in told
    assert "青岛以外亦收紧 / Yantai closes a code too" in told
    out = tmp_path / "out"
    assert "exported" in said(run(chamber, "export", digest, out))
    assert {path: (out / path).read_text("utf-8") for path in {**small(), **MORE}} == {**small(), **MORE}
    assert "is not empty" in said(run(chamber, "export", digest, out))


def test_what_was_to_come_and_will_not_is_told(tmp_path: Path) -> None:
    """Who closes something while an activation waits reads that it is withdrawn, and so does who reads the history."""
    write(tmp_path / "home" / "policies")
    chamber = open_chamber(tmp_path / "home")
    digest = said(run(chamber, "submit", *NOTE, by="li-author")).split("policy set ")[1][:12]
    run(chamber, "approve", digest, by="wang-approver")
    assert "waits: " in said(run(chamber, "activate", digest, "--at", "2100-01-01T00:00", by="sun-operator"))
    closed = said(run(chamber, "suspend", "agreement-37-31", *NOTE, by="li-author"))
    assert f"withdrawn: policy set {digest}, which waited for 2100-01-01 00:00:00 Asia/Shanghai" in closed
    assert said(run(chamber, "history")).count("withdrawn by pointer 2, before its time") == 1


def test_what_is_wrong_is_said_in_a_line(chamber: Chamber, tmp_path: Path) -> None:
    """A key of nobody, no such bundle, a note in one language, a set that is not sealed: each says what to do."""
    made = run(chamber, "officer-key", tmp_path / "new.key")
    assert made.exit_code == 2  # `--home` is no option of this verb
    stranger = CliRunner().invoke(policy, ["officer-key", str(tmp_path / "new.key")])
    assert stranger.output.startswith("ed25519:")
    words = ["submit", str(chamber.home.parent / "draft"), *NOTE, "--home", str(chamber.home)]
    refused = CliRunner().invoke(policy, [*words, "--key", str(tmp_path / "new.key")])
    assert "nobody in officers.yaml has the key ed25519:" in said(refused)
    assert "no bundle begins with `0123456`" in said(run(chamber, "approve", "0123456", by="wang-approver"))
    assert "both languages" in said(run(chamber, "submit", "0123456", "--note", "变更", " ", by="li-author"))
    other = write(tmp_path / "other")
    (other / "rules/10-shandong.yaml").write_text("policy: x\n", "utf-8")
    assert "rules/10-shandong.yaml:1: not the file that was sealed" in said(
        run(chamber, "submit", other, *NOTE, by="li-author")
    )


def test_the_end_of_a_suspension_is_no_small_thing(chamber: Chamber) -> None:
    """Who submits or approves the end of a suspension reads that it opens again what was closed."""
    assert "suspended" in said(run(chamber, "suspend", "agreement-37-31", *NOTE, by="li-author"))
    submitted = said(run(chamber, "submit", "--lift", "agreement-37-31", *NOTE, by="li-author"))
    opens = "opens: what the suspension of agreement-37-31 closed"
    assert opens in submitted
    digest = submitted.split("policy set ")[1][:12]
    assert opens in said(run(chamber, "approve", digest, by="wang-approver"))


def test_an_explanation_of_the_draft_says_what_is_in_force(tmp_path: Path) -> None:
    """`explain` looks at HOME/policies: who is told that a suspended partner may have a field reads that it may not."""
    write(tmp_path / "home" / "policies")
    chamber = open_chamber(tmp_path / "home")
    question = ("explain", "--as", "31/government+credit.gov", "--purpose", "gov.licensing", "--field", PROCEDURE)
    digest = chamber.begin().current.bundle.removeprefix("sha256:")[:12]
    assert "note:" not in said(run(chamber, *question))
    run(chamber, "suspend", "agreement-37-31", *NOTE, by="li-author")
    told = said(run(chamber, *question))
    assert f"policy set {digest} is in force, closed above it: agreement-37-31" in told
