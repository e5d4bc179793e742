"""`credit-gateway policy diff` as an officer uses it: a change made by hand, and what it opens and closes."""

from __future__ import annotations

import json
import shutil
import time
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from gateway.cli.policy import policy
from gateway.cli.policy.comparing import GAINS, lines_of, words_of
from gateway.cli.policy.shifts import Telling
from gateway.governing.bundles import Bundles
from gateway.governing.comparing import gains
from policies.analysis import check
from policies.bundles import PolicySet, assemble
from policies.difference import Difference, difference
from policies.findings import Refused
from policies.widening import unexcused
from tests.edges.drafts import SHIPPED, documents, texts

pytestmark = pytest.mark.reckoning

NATIONAL, SHANDONG, SHANGHAI = "rules/00-national.yaml", "rules/10-shandong.yaml", "rules/50-shanghai.yaml"
PENALTY = "catalogue/types/AdministrativePenalty.yaml"
LISTED = "types: [AdministrativePenalty, AdministrativeLicence, Registration, JudgmentDebtor]\n    fields: "
CLASSES = "{class: [PUBLIC, GOV_SHARED]}"
LONGER = (SHANGHAI, "valid: {from: 2026-10-01, until: 2028-10-01}", "valid: {from: 2026-10-01, until: 2030-10-01}")
SAYS_SO = (SHANGHAI, "kind: agreement\n", "kind: agreement\nwidens: true\n")
TAIL4 = (NATIONAL, "limit: pseudonym", "limit: tail4")
SHARED = (PENALTY, "class: RESTRICTED", "class: GOV_SHARED")
Edit = tuple[str, str, str]


@cache
def drafted(*edits: Edit, without: str = "") -> PolicySet:
    """The shipped set without its cases, changed by some words, or by a file that is taken away."""
    files = {path: text for path, text in texts().items() if not path.startswith("cases/") and path != without}
    for path, old, new in edits:
        assert old in files[path]
        files[path] = files[path].replace(old, new, 1)
    return assemble(documents(files))


reckoned: dict[str, Difference] = {}


def changed(new: PolicySet) -> Difference:
    """What a set changes in the shipped one; reckoned once, however often and in whatever words it is told."""
    if new.digest not in reckoned:
        reckoned[new.digest] = difference(drafted(), new)
    return reckoned[new.digest]


def lines(new: PolicySet, language: str = "en", full: bool = False) -> list[str]:
    found = changed(new)
    return list(lines_of(found, Telling(found, new.catalogue, language, full)))


def words(new: PolicySet, only: str | None = None) -> dict[str, Any]:
    found = changed(new)
    return words_of(found, Telling(found, new.catalogue, "en", False), only)


def failing(old: PolicySet, new: PolicySet) -> list[str]:
    return unexcused(old, new, difference(old, new))


def run(*arguments: str | Path) -> Result:
    result = CliRunner().invoke(policy, ["diff", *(str(argument) for argument in arguments)])
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result


def test_other_words_are_no_difference() -> None:
    """Nothing is opened or closed by a reason that is written anew."""
    same = drafted((NATIONAL, "en: A record under objection carries a mark", "en: It carries a mark"))
    assert len(lines(same)) == 1
    assert lines(same)[0].startswith("0 changes open access, 0 close it")
    assert failing(drafted(), same) == []


def test_a_wildcard_is_named() -> None:
    """Where an agreement lists a family of purposes in place of three, each purpose that is opened is named."""
    three = "purposes: [gov.licensing, gov.procurement, gov.bidding, finance.loan]"
    found = words(drafted((SHANGHAI, three, "purposes: [gov.*]")), GAINS)
    opened = {purpose for shift in found["gains"] if shift["what"] == "fields" for purpose in shift["purposes"]}
    assert {"gov.land", "gov.funding"} <= opened
    assert "gov.licensing" not in opened
    assert found["losses"] == []
    assert {pair["caller"] for shift in found["gains"] for pair in shift["places"]} == {"31"}


def test_a_class_too_many_is_named() -> None:
    """Where a grant is given the restricted class too, each field that it opens is named with its new mask."""
    more = "{class: [PUBLIC, GOV_SHARED, RESTRICTED]}"
    told = lines(drafted((SHANGHAI, LISTED + CLASSES, LISTED + more)))
    assert " open access, 0 close it" in told[0]
    phone = next(line for line in told if "Registration.legalRepPhone" in line)
    assert "GAINS  government  31 on 37  gov.licensing" in phone
    assert "deny -> allow  [agreement-37-31/shanghai-gov]" in phone
    assert "with credit.restricted" in phone
    assert "from 2026-10-01 until 2028-10-01" in phone
    assert any("JudgmentDebtor.idOrOrgCode" in line and "deny -> pseudonym" in line for line in told)


def test_an_agreement_kept_alive_is_named() -> None:
    """Where an agreement ends two years later, everything that stays open is told with those two years."""
    found = words(drafted(LONGER))
    assert {shift["what"] for shift in found["gains"]} == {"fields", "rows"}
    for shift in [*found["gains"], *found["losses"]]:
        assert "from 2028-10-01 until 2030-10-01" in shift["conditions"]
        assert shift["places"] == [{"caller": "31", "record": "37"}]


def test_another_catalogue_is_told() -> None:
    """A field of another class and a field that is new are told, and who gains them."""
    trial = (PENALTY, "\nfields:\n", "\nfields:\n  trial: {zh: 试, en: A trial, kind: text, class: PUBLIC}\n")
    found = words(drafted(SHARED, trial))
    changes = {change["word"]: change for change in found["catalogue"]}
    assert changes["AdministrativePenalty.trial"]["old"] is None
    assert len(changes) == 2
    new = [shift for shift in found["gains"] if "AdministrativePenalty.trial" in shift["fields"]]
    assert {shift["old"]["effect"] for shift in new} == {"absent"}
    assert {name for shift in found["gains"] for name in shift["fields"]} == set(changes)


def test_what_decides_nothing_by_itself_is_told() -> None:
    """Finer bands of money, evidence that is asked for no more: no decision is other, and the officer reads what is."""
    finer = ("catalogue/catalogue.yaml", 'bands: ["1", "10",', 'bands: ["1", "2", "5", "10",')
    freed = ("catalogue/purposes.yaml", "evidence: [operator, caseNo]", "evidence: [operator]")
    told = [line for line in lines(drafted(finer, freed)) if line.startswith("CATALOGUE")]
    assert len(told) == 2
    assert "CATALOGUE  ends of bands of money   1, 10, 50" in told[1]
    assert told[0].endswith("needs operator, caseNo -> needs operator")


def test_rows_are_told_with_their_ages() -> None:
    """A longer period shows records between the old age and the new one, and says by which rule."""
    longer = drafted((NATIONAL, 'age: ">= 5y"', 'age: ">= 7y"'))
    told = lines(longer, full=True)[1:]
    assert len(told) > 8 > len(lines(longer))
    assert lines(longer, full=True)[0].startswith(f"{len(told)} changes open access")
    assert lines(longer)[0].startswith(f"{len(lines(longer)) - 1} changes open access, 0 close it")
    assert all("5 years or more since the end of the conduct" in line for line in told)
    assert all("less than 7 years since the end of the conduct" in line for line in told)
    assert all("[national-baseline/retention-5y]" in line for line in told)
    assert any("不展示 -> 展示" in line for line in lines(longer, "zh"))


def test_hours_are_told() -> None:
    """A limit outside office hours is told with the hours in which it closes."""
    night = "during: {outsideHours: '08:00-18:00'}"
    shut = f"limit: deny\n    to: {{client: court}}\n    fields: {{class: RESTRICTED}}\n    {night}"
    rule = f"  - id: at-night\n    why: {{zh: 夜间, en: At night}}\n    {shut}\n\n  - id: restricted-ceiling"
    told = lines(drafted((NATIONAL, "  - id: restricted-ceiling", rule)))
    assert told[0].startswith("0 changes open access")
    assert all("00:00-08:00, 18:00-24:00" in line for line in told[1:])
    assert all("[national-baseline/at-night]" in line for line in told[1:])  # a loss is by the rule that closes


def test_gains_fail_unless_their_file_says_that_it_widens() -> None:
    """The file that opens is named; a mark with what it rests on lets it pass, and excuses no other file."""
    (line,) = failing(drafted(), drafted(LONGER))
    assert line.startswith("rules/50-shanghai.yaml:")
    assert "write `widens: true` and the `law` that it rests on" in line
    assert failing(drafted(), drafted(LONGER, SAYS_SO)) == []
    (line,) = failing(drafted(), drafted(LONGER, SAYS_SO, TAIL4))
    assert line.startswith("rules/00-national.yaml:")
    with pytest.raises(Refused, match="`widens` must say what it rests on"):
        drafted((NATIONAL, "kind: baseline", "kind: baseline\nwidens: true"))
    law = "kind: baseline\nwidens: true\nlaw: [{text: 试行办法, mark: K}]"
    assert failing(drafted(), drafted(TAIL4, (NATIONAL, "kind: baseline", law))) == []


def test_an_old_mark_excuses_no_new_change() -> None:
    """A `widens` that stood there before the change, and rests on the same, does not let the next change pass."""
    marked = drafted(SAYS_SO)
    (line,) = failing(marked, drafted(SAYS_SO, LONGER))
    assert "by what it rested on before" in line
    signed = (SHANGHAI, "date: 2026-09-18", "date: 2026-11-18")
    assert failing(marked, drafted(SAYS_SO, LONGER, signed)) == []


def grant(purpose: str) -> str:
    return f"""rules:
  - id: trial
    why: {{zh: 试, en: A trial}}
    assessment: pia-2025-departments
    grant: allow
    to: {{client: licensedFinancial, region: inside}}
    purposes: [{purpose}]
    during: {{from: 2026-01-01}}
    types: [AdministrativePenalty]
    fields: {{name: [procedure]}}
"""


def test_two_files_that_open_alike_are_two_openings() -> None:
    """Where two files open one field, each for a purpose of its own, each line names its rule, and the mark of one does
    not let the other pass."""
    meant = (NATIONAL, "kind: baseline", "kind: baseline\nwidens: true\nlaw: [{text: 试行办法, mark: K}]")
    both = drafted(
        meant, (NATIONAL, "rules:\n", grant("finance.guarantee")), (SHANDONG, "rules:\n", grant("finance.loan"))
    )
    (line,) = failing(drafted(), both)
    assert line.startswith(f"{SHANDONG}:")
    told = [line for line in lines(both) if "AdministrativePenalty.procedure" in line]
    assert told
    assert all("[national-baseline/trial]" in line for line in told if "finance.guarantee" in line)
    assert all("[shandong/trial]" in line for line in told if "finance.loan" in line)


QUOTA = "quota: {perDay: 20000, subjectsPerQuery: 200}"


def test_a_quota_that_rises_or_falls_away_opens() -> None:
    """No decision is another, but the partner may ask of more: it counts as an opening, and has to be meant."""
    tighter, none = (SHANGHAI, QUOTA, QUOTA.replace("20000", "100")), (SHANGHAI, f"{QUOTA}\n", "")
    assert gains(drafted(), drafted(tighter)) == ()
    assert gains(drafted(tighter), drafted()) == ("agreement-37-31: perDay 100 -> 20000",)
    assert gains(drafted(), drafted(none)) == (
        "agreement-37-31: perDay 20000 -> none",
        "agreement-37-31: subjectsPerQuery 200 -> none",
    )
    renamed = (SHANGHAI, "policy: agreement-37-31\n", "policy: another-37-31\n")
    assert "another-37-31: perDay 100 -> 20000" in gains(drafted(tighter), drafted(renamed))
    wider = (SHANGHAI, "purposes: [", "purposes: [gov.penalty, ")
    assert not any("perDay" in line for line in gains(drafted(wider), drafted()))  # fewer purposes are no opening
    (line,) = unexcused(drafted(tighter), drafted(), changed(drafted()))
    assert line.startswith("rules/50-shanghai.yaml:")


def test_a_lost_file_and_a_catalogue_fail_too() -> None:
    """What is open because a file is gone, or by the catalogue alone, is told by name and does not pass."""
    told = failing(drafted(), drafted(SHARED, without="rules/10-shandong.yaml"))
    assert any("`shandong` is gone, and what it closed is open" in line for line in told)
    assert any(line.startswith("catalogue/types/AdministrativePenalty.yaml:1: opens more") for line in told)
    meant = (PENALTY, "\nroles:\n", "\nwidens: true\nroles:\n")
    assert failing(drafted(), drafted(SHARED, meant)) == []


def test_a_set_is_meant_by_folder_home_or_digest(tmp_path: Path) -> None:
    """OLD and NEW are policies folders, homes, or the first digits of a bundle's digest; gains can fail the command."""
    home, draft = tmp_path / "home", tmp_path / "draft"
    shutil.copytree(SHIPPED, home / "policies", ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    shutil.copytree(home / "policies", draft)
    digest = Bundles(home).freeze(home / "policies").digest.removeprefix("sha256:")
    path, old, new = TAIL4
    (draft / path).write_text((draft / path).read_text("utf-8").replace(old, new), "utf-8")
    result = run(digest[:12], draft, "--home", home, "--fail-on", "gains", "--format", "json")
    assert result.exit_code == 1
    said = json.loads(result.stdout)
    assert said["old"] == f"sha256:{digest}"
    assert [shift["new"]["effect"] for shift in said["gains"]] == ["tail4"] * len(said["gains"]) != []
    assert said["unexcused"][0].startswith("rules/00-national.yaml:")
    assert run(home, draft).stdout.startswith(f"{len(said['gains'])} changes open access, 0 close it")
    wrong = run("0" * 12, draft, "--home", home)
    assert wrong.exit_code == 1
    assert "no such folder, and no bundle begins with" in wrong.stderr
    (draft / "rules/70-more.yml").write_text("policy: more\n", "utf-8")
    assert "70-more.yml:1: is not read; rename it to end in .yaml" in run(home, draft).stderr


@pytest.mark.parametrize(
    "change",
    [
        TAIL4,
        (NATIONAL, "AUTHORIZED}\n    except:\n", "AUTHORIZED}\n    except:\n      - {scopes: [credit.gov]}\n"),
        (NATIONAL, "court.*]\n    fields: {class: [PUBLIC,", "court.*]\n    fields: {class: [PUBLIC, RESTRICTED,"),
    ],
)  # fmt: skip
def test_a_comparison_takes_no_time(change: Edit) -> None:
    """The shipped set and one with a national rule changed are compared exactly for less work than `policy check` takes
    to walk through the questions of one of them."""
    old, new = drafted(), drafted(change)
    begun = time.process_time()
    difference(old, new)
    compared = time.process_time()
    check(new)
    assert compared - begun < time.process_time() - compared
