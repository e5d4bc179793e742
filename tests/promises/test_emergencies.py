"""One officer alone may close at once: a partner is suspended, some things for some hours; opening again needs two."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from click.testing import CliRunner

from gateway.cli.policy import policy
from gateway.governing.agreements import sign
from gateway.governing.office import Office
from gateway.governing.overlay import Glass, Suspension, digest_over, overlaid
from gateway.governing.sayings import Limit, Partner
from gateway.governing.statements import Refused
from policies.compiler import compile_policies
from policies.difference import RowsShift, difference
from policies.interpreter import decide
from tests.conftest import House, gateway_beside
from tests.edges.drafts import NOON, shipped
from tests.edges.trial_sets import Questions
from tests.promises.officers import NOTE, Chamber, Clock, obeyed, open_chamber
from tests.promises.small_sets import MORE, replaced, seal, write

QUESTIONS = 300
AGREEMENT = Partner(kind="agreement", id="agreement-37-31")
QUERY = "query($id: SubjectKey!) { subject(id: $id) { administrativePenalties { nodes { documentNo procedure } } } }"
BUREAU: Any = {"as_": "shanghai-market-bureau", "purpose": "gov.licensing"}


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def both(house: House, clock: Clock, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[House, Chamber]]:
    """A running gateway with officers; the shipped set is in force by pointer 1."""
    with gateway_beside(house, tmp_path_factory.mktemp("own"), now=clock) as beside:
        chamber = open_chamber(beside.home, clock)
        obeyed(beside.home, chamber.begin().seq)
        yield beside, chamber


def told(house: House, **who: Any) -> tuple[bool, set[str], str]:
    """Whether the procedure of a penalty is told, the rules that withhold something, the policies."""
    answer = house.ask(QUERY, "penalised", **who)
    nodes = answer["data"]["subject"]["administrativePenalties"]["nodes"]
    rules = {entry["rule"] for entry in answer["extensions"]["withheld"]}
    return any(node["procedure"] for node in nodes), rules, answer["extensions"]["policy"]


def test_a_suspended_agreement_closes_at_once(both: tuple[House, Chamber]) -> None:
    """The operator alone suspends an agreement: its clients lose what it opened and are told why, under a digest of
    its own; nobody else loses anything; two officers end it, one alone cannot. What was decided meanwhile is explained
    also afterwards."""
    gateway, chamber = both
    office, before = chamber.office, told(gateway, **BUREAU)
    public = told(gateway)
    assert before[0] is True
    course = office.suspend(AGREEMENT, chamber.key("sun-operator"), NOTE)
    obeyed(gateway.home, course.seq)
    found, rules, digest = told(gateway, **BUREAU)
    assert (found, digest) == (False, course.current.digest)
    assert "governing/suspended-agreement-37-31" in rules
    assert digest != before[2]
    assert told(gateway)[:2] == public[:2]
    asked = gateway.ask(QUERY, "penalised", **BUREAU)["extensions"]["decision"]
    bundle = course.current.bundle
    office.submit(bundle, chamber.key("gao-both"), NOTE, lifts=[AGREEMENT.id])
    with pytest.raises(Refused, match="approval of another person"):
        office.activate(bundle, chamber.key("sun-operator"))
    office.submit(bundle, chamber.key("li-author"), NOTE, lifts=[AGREEMENT.id])
    office.approve(bundle, chamber.key("wang-approver"))
    course = office.activate(bundle, chamber.key("sun-operator"))
    obeyed(gateway.home, course.seq)
    assert told(gateway, **BUREAU) == before
    said = CliRunner().invoke(policy, ["explain", "--home", str(gateway.home), "--decision", asked])
    assert said.exit_code == 0, said.output
    assert "governing/suspended-agreement-37-31" in said.output
    assert "decided again as it was recorded" in said.output


def test_a_suspended_client_is_told_nothing(both: tuple[House, Chamber]) -> None:
    """A suspended client is denied every field, published ones too; a change of policies does not end it."""
    gateway, chamber = both
    partner = Partner(kind="client", id="weihai-licensing-desk")
    course = chamber.office.suspend(partner, chamber.key("li-author"), NOTE)
    obeyed(gateway.home, course.seq)
    who = {"as_": "weihai-licensing-desk", "purpose": "gov.licensing"}
    assert told(gateway, **who)[:2] == (False, {"governing/suspended-weihai-licensing-desk"})
    assert told(gateway, **BUREAU)[0] is True
    after = chamber.change(gateway.home / "policies")
    assert after.current.suspended == (Suspension("client", "weihai-licensing-desk"),)
    obeyed(gateway.home, after.seq)
    assert told(gateway, **who)[0] is False


def test_a_break_glass_ends_by_itself(both: tuple[House, Chamber], clock: Clock) -> None:
    """What is closed for an hour is closed for an hour, for whom it says, and then open without anybody's doing."""
    gateway, chamber = both
    limit = Limit(regions=("31",), names=("procedure",))
    course = chamber.office.break_glass(limit, 1, chamber.key("zhao-lawyer"), NOTE)
    obeyed(gateway.home, course.seq)
    found, rules, digest = told(gateway, **BUREAU)
    assert (found, digest) == (False, course.current.digest)
    assert f"governing/break-glass-{course.seq}" in rules
    try:
        clock.ahead = timedelta(hours=1)
        assert told(gateway, **BUREAU)[0] is True
    finally:
        clock.ahead = timedelta()


@pytest.mark.parametrize("hours", [-1.0, 0.0, 4.01, 24.0])
def test_a_break_glass_is_short(both: tuple[House, Chamber], hours: float) -> None:
    """Longer than four hours, or not at all, is refused: what shall last is a change of policies."""
    _, chamber = both
    before = chamber.office.course().seq
    with pytest.raises(Refused, match="ends within 4 hours"):
        chamber.office.break_glass(Limit(ids=("public",)), hours, chamber.key("zhao-lawyer"), NOTE)
    assert chamber.office.course().seq == before


def test_nobody_of_another_province_closes_here(both: tuple[House, Chamber]) -> None:
    """An officer of a partner's province closes nothing of ours."""
    _, chamber = both
    with pytest.raises(Refused, match="may not suspend here"):
        chamber.office.suspend(AGREEMENT, chamber.key("chen-shanghai"), NOTE)


def test_each_suspension_is_ended_by_two(tmp_path: Path) -> None:
    """What two officers signed to end one suspension ends no later one, neither when it was used nor when it was not:
    who is suspended anew stays closed until two sign anew."""
    write(tmp_path / "home" / "policies")
    chamber = open_chamber(tmp_path / "home")
    bundle, office, key = chamber.begin().current.bundle, chamber.office, chamber.key("sun-operator")

    def signed() -> None:
        office.submit(bundle, chamber.key("li-author"), NOTE, lifts=[AGREEMENT.id])
        office.approve(bundle, chamber.key("wang-approver"))

    office.suspend(AGREEMENT, key, NOTE)
    signed()
    assert office.activate(bundle, key).current.suspended == ()
    office.suspend(AGREEMENT, key, NOTE)
    with pytest.raises(Refused, match="suspended anew"):
        office.activate(bundle, key)
    signed()
    office.suspend(AGREEMENT, key, NOTE)  # for another reason, which the two did not know of
    with pytest.raises(Refused, match="suspended anew"):
        office.activate(bundle, key)
    signed()
    assert office.activate(bundle, key).current.suspended == ()


def test_another_name_ends_no_suspension(tmp_path: Path) -> None:
    """An agreement is suspended by its name: a set in which it bears another one opens what is closed, which is told,
    needs the law officer, and is nothing that one officer goes back to alone."""
    path = "rules/50-shanghai.yaml"
    write(tmp_path / "home" / "policies", replaced(path, "policy: agreement-37-31", "policy: shanghai-37"))
    chamber = open_chamber(tmp_path / "home")
    office, key = chamber.office, chamber.key("sun-operator")
    before = chamber.begin().current.bundle
    draft = write(tmp_path / "draft")
    for person in ("wang-approver", "chen-shanghai"):
        signer = chamber.key(person)
        sign(draft / path, office.officer(signer)[0], signer, NOON.date())
    chamber.change(seal(draft))
    office.suspend(AGREEMENT, key, NOTE)
    with pytest.raises(Refused, match=r"opens: (.|\n)*shanghai-37/shanghai-gov(.|\n)*going back opens access"):
        office.rollback(before, key, NOTE)
    shutil.copytree(tmp_path / "home" / "policies", tmp_path / "again")
    for person in ("wang-approver", "chen-shanghai"):
        signer = chamber.key(person)
        sign(tmp_path / "again" / path, office.officer(signer)[0], signer, NOON.date())
    with pytest.raises(Refused, match=r"opens: (.|\n)*shanghai-37/shanghai-gov(.|\n)*say --widens"):
        office.submit(seal(tmp_path / "again"), chamber.key("li-author"), NOTE)
    assert office.standing().suspended == (Suspension("agreement", AGREEMENT.id),)


def test_one_goes_back_alone_only_to_what_is_closed_more(tmp_path: Path) -> None:
    """One officer rolls back to a set that was in force and opens nothing; to a wider one only with approvals."""
    write(tmp_path / "home" / "policies")
    chamber = open_chamber(tmp_path / "home")
    wide = chamber.begin().current.bundle
    tight = chamber.change(write(tmp_path / "tight", MORE)).current.bundle
    key = chamber.key("sun-operator")
    with pytest.raises(
        Refused, match=r"opens: AdministrativePenalty\.orgCode: deny -> allow(.|\n)*going back opens access"
    ):
        chamber.office.rollback(wide, key, NOTE)
    chamber.office.submit(wide, chamber.key("li-author"), NOTE, widens=True)
    for person in ("wang-approver", "zhao-lawyer"):
        chamber.office.approve(wide, chamber.key(person))
    assert chamber.office.rollback(wide, key, NOTE).current.bundle == wide
    course = chamber.office.rollback(tight, key, NOTE)
    assert (course.seq, course.current.bundle) == (4, tight)
    assert course.changes[-1].approvers == ()
    never = chamber.office.bundles.freeze(write(tmp_path / "never", {**MORE, "rules/32.yaml": OTHER})).digest
    with pytest.raises(Refused, match="never in force here"):
        chamber.office.rollback(never, key, NOTE)
    assert Office(chamber.home, "37").course().seq == 4


OTHER = """\
policy: weifang
kind: city
region: "3707"
title: {zh: 潍坊市, en: Weifang}
valid: {from: 2026-01-01}
rules:
  - id: no-case-names
    why: {zh: 案件名称不公开, en: Case names stay in the city}
    limit: deny
    to: anyone
    fields: {name: [caseName]}
"""


GLASS = Glass(7, {"regions": ["outside"], "classes": ["GOV_SHARED"]}, NOON, NOON + timedelta(hours=4))
LAID: dict[str, tuple[list[Suspension], list[Glass]]] = {
    "an agreement": ([Suspension("agreement", "agreement-37-31")], []),
    "a client": ([Suspension("client", "somebody")], []),
    "a limit": ([], [GLASS]),
    "both": ([Suspension("agreement", "agreement-37-31"), Suspension("client", "somebody")], [GLASS]),
}


@pytest.mark.parametrize("what", LAID)
def test_what_is_laid_over_opens_nothing(what: str) -> None:
    """Over the whole space of questions, exactly: a suspension or a break-glass closes something, and opens nothing to
    anybody: no field, no row, no duty less; and the compiled set decides as the interpreter."""
    policies, over = shipped(), overlaid(shipped(), *LAID[what])
    found = difference(policies, over)
    assert found.gains == []
    assert found.losses
    questions, compiled = Questions(over, Random(7)), compile_policies(over, NOON)
    for _ in range(QUESTIONS):
        facts = questions.ask(NOON)
        record = policies.catalogue.types.get(facts.type)
        for each in list(record.fields.values())[:6] if record else ():
            assert compiled.decide(facts, each) == decide(over, facts, each)


def test_a_suspended_agreement_leaves_nothing_of_its_own() -> None:
    """Every question of its clients that only the agreement opens is denied, as if it had never been concluded."""
    without = replace(
        shipped(), policies=tuple(policy for policy in shipped().policies if policy.id != "agreement-37-31")
    )
    over = overlaid(shipped(), *LAID["an agreement"])
    gains = difference(without, over).gains
    assert [shift for shift in gains if isinstance(shift, RowsShift) or shift.old.effect != shift.new.effect] == []


def test_the_digest_tells_what_is_laid_over() -> None:
    """Each suspension and each limit gives another digest; none gives the bundle's own."""
    bundle = shipped().digest
    glass = Glass(7, {"ids": ["public"]}, NOON, NOON + timedelta(hours=1))
    other = Glass(8, {"ids": ["public"]}, NOON, NOON + timedelta(hours=1))
    found = [
        digest_over(bundle, suspended, limits)
        for suspended in ([], [Suspension("client", "a")], [Suspension("agreement", "a")])
        for limits in ([], [glass], [other])
    ]
    assert found[0] == bundle
    assert len(set(found)) == 9
    assert overlaid(shipped(), [Suspension("client", "a")], [glass]).digest == found[4]
