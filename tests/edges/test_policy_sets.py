"""Whole sets: the manifest, the worked cases as they are shipped, and what a second look finds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache

import pytest

from policies.analysis import check, run_cases
from policies.bundles import MANIFEST, assemble, manifest_text
from policies.cases import Case
from policies.findings import Refused
from policies.policyset import PolicySet
from policies.trials import CaseReport
from tests.edges.drafts import NOON, SHIPPED, documents, rules_of, shipped, texts
from tests.edges.test_policy_rules import HEAD, rule

pytestmark = pytest.mark.reckoning

NATIONAL = "rules/00-national.yaml"
CASES = "cases/50-shanghai.yaml"
GOV = "{client: government, region: inside}"


def replaced(path: str, old: str, new: str) -> Mapping[str, str]:
    assert old in texts()[path]
    return {**texts(), path: texts()[path].replace(old, new, 1)}


@cache
def report() -> CaseReport:
    return run_cases(shipped())


@pytest.mark.parametrize("case", shipped().cases, ids=lambda case: case.name)
def test_shipped_case(case: Case) -> None:
    """Each worked case of the shipped policies comes out as it says."""
    result = next(result for result in report().results if result.case is case)
    assert result.failures == ()


def test_what_must_never_be_is_not() -> None:
    """What the shipped policies say must never be is so for no question, at no time."""
    assert len(shipped().nevers) >= 9
    assert [result.failures for result in report().results if result.failures] == []


def test_every_field_and_rule_is_spoken_of() -> None:
    """No field is in no case, and no rule decides in none."""
    assert report().unasserted == ()
    assert report().idle_rules == ()


def test_nothing_is_found_in_the_shipped_set() -> None:
    """The shipped set has no errors and no warnings."""
    assert [str(finding) for finding in check(shipped(), NOON)] == []


def test_the_shipped_manifest_fits() -> None:
    """The manifest in the package is the one that its files give; `credit-gateway policy seal` writes it."""
    assert (SHIPPED / MANIFEST).read_text("utf-8") == manifest_text(documents(texts()))


def test_a_missing_manifest_is_refused() -> None:
    """Without a manifest nothing says which files belong to the set."""
    files = documents(texts())
    del files[MANIFEST]
    with pytest.raises(Refused, match="policy seal"):
        assemble(files)


def test_a_missing_an_added_and_a_changed_file_are_refused() -> None:
    """Each is named with its file and with what to do."""
    sealed = documents(texts())
    missing = {path: document for path, document in sealed.items() if path != NATIONAL}
    added = sealed | {"rules/60-more.yaml": sealed[NATIONAL]}
    changed = sealed | {NATIONAL: documents(replaced(NATIONAL, "limit: deny", "limit: pseudonym"))[NATIONAL]}
    for files, said in (
        (missing, "sealed but missing"),
        (added, "not in manifest.yaml"),
        (changed, "not the file that"),
    ):
        with pytest.raises(Refused, match=said) as caught:
            assemble(files)
        assert "credit-gateway policy seal" in str(caught.value)


@pytest.mark.parametrize("path", ["rules/more/60.yaml", "notes.yaml", "rules/60.yml"])
def test_a_file_where_nothing_is_read_is_refused(path: str) -> None:
    """A file outside the known folders would be sealed and never read, so it is refused."""
    with pytest.raises(Refused, match="where nothing is read"):
        assemble(documents({**texts(), path: "a: b\n"}))


def test_another_file_is_another_digest() -> None:
    """The digest names the set: a comment changes it, the order of files does not."""
    commented = assemble(documents({**texts(), NATIONAL: texts()[NATIONAL] + "# note\n"}))
    turned = assemble(documents(dict(sorted(texts().items(), reverse=True))))
    assert commented.digest != shipped().digest == turned.digest


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("policyTests: agreement-37-31", "policyTests: agreement-3731", "did you mean `agreement-37-31`?"),
        ("client: government", "client: goverment", "did you mean `government`?"),
        ("purpose: gov.licensing", "purpose: gov.licence", "did you mean `gov.licensing`?"),
        ("fineAmountWan: allow", "fineAmount: allow", "did you mean `fineAmountWan`?"),
        ("procedure: allow", "procedure: surname", "unknown effect `surname`"),
        ("row: hidden", "row: gone", "unknown word `gone`"),
        ("national-baseline/publicity-over}", "national-baseline/publicity}", "did you mean `national-baseline/public"),
        ('record: {region: "37", ', 'record: {region: "30", ', "unknown province `30`"),
        ("  at: 2026-11-24T10:00+08:00\n", "", "`at` is missing"),
        ("  at: 2026-11-24T10:00+08:00\n", "  at: 2026-11-24T10:00\n", "timezone"),
    ],
)  # fmt: skip
def test_a_slip_in_a_case_is_refused(old: str, new: str, said: str) -> None:
    """A case that names what the set has not got is refused, so that none passes by a slip of the pen."""
    with pytest.raises(ValueError, match=r"cases/50-shanghai.yaml:\d+: ") as caught:
        assemble(documents(replaced(CASES, old, new)))
    assert said in str(caught.value)


def test_a_case_that_fails_says_how() -> None:
    """A failing case tells the field, what was expected, what came, and by which rule."""
    policies = assemble(documents(replaced(CASES, "legalRepIdNo: pseudonym", "legalRepIdNo: allow")))
    failures = [failure for result in run_cases(policies).results for failure in result.failures]
    assert failures == [
        "AdministrativePenalty.legalRepIdNo: expected allow, got pseudonym by national-baseline/identifiers-masked"
    ]


BIDS = "cases/70-guangdong.yaml"


def test_the_marks_of_a_row_are_expected_whole() -> None:
    """A case that lists marks fails when one more or one less comes; a mark that no rule gives is refused."""
    fewer = assemble(documents(replaced(BIDS, "[OBJECTED, OBJECTION_OVERDUE]", "[OBJECTED]")))
    [said] = [failure for result in run_cases(fewer).results for failure in result.failures]
    assert said == "row: expected the marks OBJECTED, got OBJECTED, OBJECTION_OVERDUE"
    for old, new, wanted in (
        ("OBJECTION_OVERDUE]", "OBJECTION_LATE]", "unknown mark `OBJECTION_LATE`, did you mean `OBJECTION_OVERDUE`?"),
        ("row: marked, marks", "row: shown, marks", "write `row: marked`"),
    ):
        with pytest.raises(Refused, match=r"cases/70-guangdong.yaml:\d+: ") as caught:
            assemble(documents(replaced(BIDS, old, new)))
        assert wanted in str(caught.value)


RULES = [rule.id for _, rule in (*shipped().grants, *shipped().limits)]
ROWS = [row.rule.rule for policy in shipped().policies for row in policy.rows]


@cache
def needing() -> Mapping[str, tuple[Case, ...]]:
    """By rule the cases in which it decides."""
    found: dict[str, list[Case]] = {rule: [] for rule in (*RULES, *ROWS)}
    for case in shipped().cases:
        idle = run_cases(replace(shipped(), cases=(case,), nevers=())).idle_rules
        for needed in found.keys() - set(idle):
            found[needed].append(case)
    return {rule: tuple(cases) for rule, cases in found.items()}


@pytest.mark.parametrize("dropped", sorted({*RULES, *ROWS} - {"national-baseline/authorised-ceiling"}))
def test_the_cases_guard_every_rule(dropped: str) -> None:
    """Whichever rule is taken out of the shipped files, at least one case in which it decides fails."""
    policies = [
        replace(
            policy,
            rules=tuple(rule for rule in policy.rules if rule.id != dropped),
            rows=tuple(row for row in policy.rows if row.rule.rule != dropped),
        )
        for policy in shipped().policies
    ]
    assert not run_cases(PolicySet(shipped().catalogue, tuple(policies), needing()[dropped])).passed


def found(*files: str) -> str:
    return "\n".join(str(finding) for finding in check(rules_of(*files), NOON))


def test_what_a_second_look_finds() -> None:
    """Limits that never limit, grants that open nothing, agreements without an expiry case or near their end."""
    swallowed = rule(grant="", limit="deny", to="{client: court}", except_="[{to: {client: [court, government]}}]")
    assert "`base/open` never limits" in found(HEAD["baseline"] + swallowed)
    closed = rule() + rule(id="shut", grant="", limit="deny", subjects="", fields="").removeprefix("rules:\n")
    assert "`base/open` opens nothing: limits close all of it" in found(HEAD["baseline"] + closed)
    unfit = rule(types="[AdministrativePenalty]", fields="{class: AUTHORIZED}", to=GOV)
    assert "no question about any field of the catalogue fits it" in found(HEAD["baseline"] + unfit)
    assert "no case asks what `deal` leaves open after its end" in found(HEAD["agreement"] + rule())
    assert "`deal` ends on 2026-12-31" in found(HEAD["agreement"].replace("2028-01-01", "2026-12-31") + rule())
    assert "`deal` ended on 2026-11-01" in found(HEAD["agreement"].replace("2028-01-01", "2026-11-01") + rule())
    assert "is opened to nobody" in found(HEAD["baseline"] + rule())
    masked = rule() + rule(id="less", grant="", limit="month", fields="{kind: date}").removeprefix("rules:\n")
    assert "which is PUBLIC, and states no `law`" in found(HEAD["baseline"] + masked)
