"""Impact assessments: nothing personal is provided without one that was made before and is still kept."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from policies.analysis import check
from policies.bundles import assemble
from policies.findings import Refused
from tests.edges.drafts import NOON, SHANGHAI, documents, rules_of, shipped, texts
from tests.edges.test_policy_rules import HEAD, rule

pytestmark = pytest.mark.reckoning

DATA = "catalogue/assessments.yaml"
NATIONAL = "rules/00-national.yaml"
BOUND = "rules/50-shanghai.yaml"


def errors(path: str, old: str, new: str, at: datetime | None = NOON) -> list[str]:
    assert old in texts()[path]
    files = {**texts(), path: texts()[path].replace(old, new, 1)}
    return [finding.text for finding in check(assemble(documents(files)), at) if finding.level == "E"]


def refused(path: str, old: str, new: str) -> str:
    with pytest.raises(ValueError, match=rf"{path}:\d+: ") as caught:
        errors(path, old, new)
    return str(caught.value)


def test_an_agreement_names_an_assessment() -> None:
    """An agreement without one is an error at its own line."""
    [said] = errors(BOUND, "assessment: pia-2026-37-31\n", "")
    assert said == (
        "rules/50-shanghai.yaml:2: `agreement-37-31` provides data to another province and names no `assessment`; "
        "write the reference of one"
    )


def test_a_grant_that_reaches_personal_data_names_one() -> None:
    """So does a grant of the baseline or of a province that reaches a person, or a field about one."""
    [said] = errors(NATIONAL, "    assessment: pia-2025-departments\n", "")
    line = texts()[NATIONAL].splitlines().index("  - id: government-sharing") + 1
    assert said.startswith(
        f"{NATIONAL}:{line}: `national-baseline/government-sharing` reaches personal data and names no"
    )


@pytest.mark.parametrize(
    ("words", "needed"),
    [
        ({"types": "[JudgmentDebtor]"}, True),  # of an enterprise too, who represents it
        ({"subjects": "[NaturalPerson]", "law": "[{text: 某法, mark: T}]", "types": "[JudgmentDebtor]"}, True),
        ({"fields": "{name: [documentNo]}"}, False),  # nothing of a person
        ({"grant": "", "limit": "deny"}, False),  # a limit provides nothing
        ({"to": "{client: subject}", "self": "required", "subjects": "[NaturalPerson]"}, False),  # of oneself
    ],
)
def test_what_needs_one(words: dict[str, str], needed: bool) -> None:
    """A grant that opens data about a natural person to somebody else, and nothing but that."""
    found = [finding.text for finding in check(rules_of(HEAD["baseline"] + rule(**words)), NOON)]
    assert any("names no `assessment`" in text for text in found) is needed


def test_an_unknown_reference_is_refused() -> None:
    """A reference that the data file has not got keeps the set from loading, with the nearest right one."""
    said = refused(NATIONAL, "assessment: pia-2025-published", "assessment: pia-2025-publish")
    assert "unknown assessment `pia-2025-publish`, did you mean `pia-2025-published`?" in said
    assert "unknown assessment `pia-2026-37-99`" in refused(BOUND, "pia-2026-37-31", "pia-2026-37-99")


def test_an_assessment_stands_where_it_belongs() -> None:
    """A limit has none, and only an agreement has one for the whole file."""
    with pytest.raises(ValueError, match="only a grant has an `assessment`"):
        rules_of(HEAD["baseline"] + rule(grant="", limit="deny", assessment="pia-2025-published"))
    with pytest.raises(Refused, match="`assessment` is a word of agreements"):
        rules_of(HEAD["baseline"] + "assessment: pia-2025-published\n" + rule())


def test_an_assessment_comes_before_what_it_assesses() -> None:
    """One that was made after the agreement came into force is an error."""
    [said] = errors(DATA, "date: 2026-09-02", "date: 2026-10-02")
    assert "`pia-2026-37-31` was made on 2026-10-02, after `agreement-37-31` came into force" in said


def test_an_assessment_is_kept_for_three_years() -> None:
    """A shorter time is refused at its line; on the last day it still holds, on the next it is an error."""
    refusal = refused(DATA, "date: 2025-05-12\n", "date: 2029-01-01\n")
    assert f"{DATA}:6: `pia-2025-published`: an assessment is kept for three years at least" in refusal
    last = datetime(2031, 12, 31, 23, 59, tzinfo=SHANGHAI)
    assert [text for text in errors(DATA, "E", "E", last) if "assessment" in text] == []
    after = errors(DATA, "E", "E", datetime(2032, 1, 1, tzinfo=SHANGHAI))
    assert len(after) == 17
    assert all("was kept until 2031-12-31; make it anew" in text for text in after)


def test_every_assessment_is_used() -> None:
    """The data file holds no reference that nobody names, and each says who keeps it and since when."""
    named = {policy.assessment for policy in shipped().policies}
    named |= {rule.assessment for policy in shipped().policies for rule in policy.rules}
    assert named - {None} == shipped().catalogue.assessments.keys()
    for found in shipped().catalogue.assessments.values():
        assert found.office
        assert found.made < date(2026, 10, 1) < found.kept_until
