"""Single decisions: how conditions hold, what four callers see of one penalty, and what an explanation tells."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from policies.conditions import Condition, During, Question, purpose_listed, reach
from policies.interpreter import decide, explain, implicit, row_rules, valid_until
from policies.model import DENY, NO_GRANT, Decision, Facts, Field, FieldClass
from policies.policyset import PolicySet
from tests.edges.drafts import NOON, SHANGHAI, catalogue, catalogue_of, facts, rules_of, shipped, texts
from tests.edges.test_policy_rules import HEAD, rule

SHANGHAI_GOV = facts(
    client_class="government",
    region="310000",
    scopes=frozenset({"credit.gov", "credit.restricted"}),
    purpose="gov.licensing",
)
LATE = datetime(2029, 1, 1, tzinfo=SHANGHAI)
BOTH = frozenset({"credit.gov", "credit.self"})
ITSELF = facts(client_class="subject", scopes=frozenset({"credit.self"}), purpose="subject.access", own=True)


def decided(policies: PolicySet, question: Facts, name: str = "documentNo") -> Decision:
    return decide(policies, question, catalogue().types[question.type].fields[name])


def changed(question: Facts, **words: Any) -> Facts:
    return replace(question, **words)


def test_one_penalty_four_answers() -> None:
    """Shanghai, Zhejiang, the public and the subject itself each see something else of the same penalty."""
    fields = catalogue().types["AdministrativePenalty"].fields
    callers = {
        "Shanghai": SHANGHAI_GOV,
        "Zhejiang": changed(SHANGHAI_GOV, region="330000"),
        "public": facts(),
        "itself": ITSELF,
    }
    seen = {
        who: {name: decided(shipped(), question, name).effect for name in fields} for who, question in callers.items()
    }
    some = ("documentNo", "legalRepresentative", "procedure", "legalRepIdNo")
    assert {who: [effects[name] for name in some] for who, effects in seen.items()} == {
        "Shanghai": ["allow", "allow", "allow", "pseudonym"],
        "Zhejiang": ["allow", "allow", "deny", "deny"],
        "public": ["allow", "surname", "deny", "deny"],
        "itself": ["allow", "allow", "allow", "allow"],
    }
    assert set(seen["itself"].values()) == {"allow"}


def test_obligations_of_the_agreement_come_with_what_it_opens() -> None:
    """What Shanghai is shown under the agreement carries the agreement's obligations; what the public sees has none."""
    told = decided(shipped(), SHANGHAI_GOV, "procedure").obligations
    assert told == {"no-onward-transfer", "delete-within-30d", "log-subject-access"}
    assert decided(shipped(), facts()).obligations == frozenset()
    assert decided(shipped(), changed(SHANGHAI_GOV, region="33"), "procedure").obligations == frozenset()


def test_who_denies_is_named() -> None:
    """A denial names the limit that denies, and NO_GRANT only when no limit speaks; it says whom to ask."""
    denied = decided(shipped(), changed(SHANGHAI_GOV, region="330000"), "procedure")
    assert (denied.effect, denied.rule) == (DENY, "national-baseline/cross-region-needs-agreement")
    assert denied.contact == "policy@credit.example"
    silent = decided(shipped(), changed(SHANGHAI_GOV, region="37", purpose=None), "procedure")
    assert (silent.effect, silent.rule, silent.contact) == (DENY, NO_GRANT, "policy@credit.example")


@pytest.mark.parametrize(
    "unknown",
    [
        {"purpose": "gov.gossip"}, {"client_class": "friend"}, {"kind": "Robot"}, {"type": "Registration"},
        {"type": "Diary"},
    ],
)  # fmt: skip
def test_the_unknown_is_denied(unknown: dict[str, Any]) -> None:
    """A purpose, client, kind or type that the catalogue has not got, or a field of another type, opens nothing."""
    field = catalogue().field("AdministrativePenalty.documentNo")
    assert decide(shipped(), facts(), field).answered
    assert decide(shipped(), facts(**unknown), field).rule == NO_GRANT


def test_a_kind_without_such_records_is_denied() -> None:
    """A natural person has no registration, so nothing of one is opened, whatever the rules say."""
    field = catalogue().field("Registration.name")
    policies = rules_of(HEAD["baseline"] + rule(subjects="", fields="", to="{client: court, region: inside}"))
    asked = facts(client_class="court", region="37", type="Registration")
    assert decide(policies, asked, field).answered
    assert not decide(policies, changed(asked, kind="NaturalPerson"), field).answered


def test_a_prohibited_class_is_denied_to_everyone() -> None:
    """A field that is PROHIBITED for persons is opened to nobody about a person, by no grant at all."""
    path = "catalogue/types/JudgmentDebtor.yaml"
    text = texts()[path]
    closed = catalogue_of({path: text.replace("codes: [age], ", "codes: [age], person: PROHIBITED, ")})
    assert closed.field("JudgmentDebtor.age").person is FieldClass.PROHIBITED
    wide = HEAD["baseline"] + rule(
        subjects="", fields="", law="[{text: 某法, mark: K}]", to="{client: court, region: inside}"
    )
    policies = PolicySet(closed, rules_of(wide).policies)
    question = facts(client_class="court", region="37", type="JudgmentDebtor", kind="NaturalPerson")
    assert decide(policies, question, closed.field("JudgmentDebtor.sex")).answered
    assert decide(policies, question, closed.field("JudgmentDebtor.age")).rule == NO_GRANT


def test_an_agreement_is_of_its_two_provinces() -> None:
    """Shanghai's agreement with Shandong opens nothing of the records of a third province."""
    assert decided(shipped(), SHANGHAI_GOV, "procedure").answered
    assert not decided(shipped(), changed(SHANGHAI_GOV, province="33"), "procedure").answered


@pytest.mark.parametrize("region", ["3", "", "310", "37"])
def test_a_region_is_told_by_its_first_two_digits(region: str) -> None:
    """Only a region of the agreement's consumer is taken for it, whatever else a client's region may be."""
    assert decided(shipped(), changed(SHANGHAI_GOV, region=region), "procedure").answered == region.startswith(
        ("31", "37")
    )


@pytest.mark.parametrize(
    ("words", "holds", "fails"),
    [
        ({"to": "{client: court}"}, {"client_class": "court"}, {"client_class": "government"}),
        ({"to": "{id: one}"}, {"client_id": "one"}, {"client_id": "two"}),
        ({"to": "{region: inside}"}, {"region": "370200"}, {"region": "310000"}),
        ({"to": "{region: inside}"}, {"region": "37"}, {"region": None}),
        ({"to": "{region: outside}"}, {"region": None}, {"region": "37"}),
        ({"to": '{region: ["31", "33"]}'}, {"region": "33"}, {"region": None}),
        ({"scopes": "[credit.gov, credit.self]"}, {"scopes": BOTH}, {"scopes": frozenset({"credit.gov"})}),
        ({"purposes": "[gov.licensing]"}, {"purpose": "gov.licensing"}, {"purpose": "gov.land"}),
        ({"purposes": "[gov.*]"}, {"purpose": "gov.land"}, {"purpose": "court.execution"}),
        ({"purposes": "[gov.*]"}, {"purpose": "gov.land"}, {"purpose": None}),
        ({"consent": "required"}, {"consent": True}, {"consent": False}),
        ({"self": "required"}, {"own": True}, {"own": False}),
        ({"given": "[uscc, name]"}, {"given": frozenset({"uscc", "name"})}, {"given": frozenset({"name"})}),
        ({"types": "[AdministrativePenalty]"}, {}, {"type": "AdministrativeLicence"}),
        (
            {"fields": "{kind: code}", "types": "[AdministrativePenalty, AdministrativeLicence]"},
            {}, {"type": "AdministrativeLicence", "kind": "NaturalPerson"},
        ),
    ],
)  # fmt: skip
def test_each_word_holds_or_fails(words: dict[str, str], holds: dict[str, Any], fails: dict[str, Any]) -> None:
    """Each word of the vocabulary decides alone: with it the grant opens, without it nothing does."""
    policies = rules_of(HEAD["baseline"] + rule(**words))
    assert decided(policies, facts(**holds)).answered
    assert not decided(policies, facts(**fails)).answered


@pytest.mark.parametrize(
    ("during", "at", "answered"),
    [
        ('{hours: "08:00-18:00"}', "2026-11-24T08:00", True),
        ('{hours: "08:00-18:00"}', "2026-11-24T18:00", False),
        ('{outsideHours: "08:00-18:00"}', "2026-11-24T18:00", True),
        ('{outsideHours: "08:00-18:00"}', "2026-11-24T17:59", False),
        ('{hours: "22:00-06:00"}', "2026-11-24T23:00", True),
        ('{hours: "22:00-06:00"}', "2026-11-24T05:59", True),
        ('{hours: "22:00-06:00"}', "2026-11-24T12:00", False),
        ("{weekdays: [tue]}", "2026-11-24T12:00", True),
        ("{weekdays: [sat, sun]}", "2026-11-24T12:00", False),
        ("{from: 2026-11-25}", "2026-11-24T23:59", False),
        ("{from: 2026-11-25}", "2026-11-25T00:00", True),
        ("{until: 2026-11-25}", "2026-11-25T00:00", False),
    ],
)
def test_times_are_times_of_shanghai(during: str, at: str, answered: bool) -> None:
    """Hours and days are reckoned in Asia/Shanghai, from inclusive, until exclusive; hours may run over midnight."""
    policies = rules_of(HEAD["baseline"] + rule(during=during))
    moment = datetime.fromisoformat(at).replace(tzinfo=SHANGHAI)
    assert decided(policies, facts(at=moment)).answered is answered


def test_a_decision_holds_until_the_next_change() -> None:
    """`valid_until` is the next instant at which anything changes: an agreement's end, an hour, a midnight."""
    assert valid_until(shipped(), NOON) == datetime(2028, 10, 1, tzinfo=SHANGHAI)
    assert valid_until(shipped(), datetime(2028, 10, 1, tzinfo=SHANGHAI)) is None
    hours = rules_of(HEAD["baseline"] + rule(during='{hours: "08:00-18:00", weekdays: [mon]}'))
    edge, edges = NOON, []
    for _ in range(4):
        edge = valid_until(hours, edge) or edge
        edges.append(edge - NOON)
    assert edges == [timedelta(hours=n) for n in (6, 12, 20, 30)]


def test_between_two_changes_nothing_changes() -> None:
    """Every instant before `valid_until` is decided alike, and the instant itself may differ."""
    policies = rules_of(HEAD["baseline"] + rule(during='{outsideHours: "08:30-18:15", weekdays: [tue, sat]}'))
    at = datetime(2026, 11, 23, tzinfo=SHANGHAI)
    for _ in range(40):
        edge = valid_until(policies, at)
        assert edge is not None
        effects = {decided(policies, facts(at=at + (edge - at) * share / 5)).effect for share in range(5)}
        assert len(effects) == 1
        at = edge


def test_a_province_speaks_for_its_own_records() -> None:
    """Shandong's surnames rule does not reach a platform of another province; a city's limit reaches its own."""
    assert decided(shipped(), facts(province="31"), "legalRepresentative").effect == "allow"
    town = rules_of(HEAD["baseline"] + rule(), HEAD["city"] + rule(grant="", limit="deny"))
    effects = {
        place: decided(town, facts(province=place)).effect for place in ("370600", "370602", "370200", "37", "31")
    }
    assert effects == {"370600": DENY, "370602": DENY, "370200": "allow", "37": DENY, "31": "allow"}


def test_an_agreement_without_a_grant_is_not_in_force() -> None:
    """An agreement that only limits cannot open what other rules leave closed without one."""
    base = (
        HEAD["baseline"]
        + rule(grant="", limit="deny", except_="[{agreement: in-force}]")
        + rule(id="wide").removeprefix("rules:\n")
    )
    limiting = HEAD["agreement"] + rule(grant="", limit="deny", types="[Registration]")
    granting = HEAD["agreement"] + rule(types="[Registration]")
    assert not decided(rules_of(base, limiting), SHANGHAI_GOV).answered
    assert decided(rules_of(base, granting), SHANGHAI_GOV).answered


def test_a_step_that_is_not_there() -> None:
    """When a ladder loses a step, a limit that names it closes, and a grant that names it opens nothing."""
    less = rule(id="less", grant="", limit="surname", fields="{kind: name}").removeprefix("rules:\n")
    limiting = rules_of(HEAD["baseline"] + rule() + less)
    granting = rules_of(
        HEAD["baseline"] + rule(grant="surname", types="[AdministrativePenalty]", fields="{kind: name}")
    )
    for policies, named in ((limiting, "base/less"), (granting, NO_GRANT)):
        assert decided(policies, facts(), "legalRepresentative").effect == "surname"
        short = without_step(policies, "surname")
        field = short.catalogue.field("AdministrativePenalty.legalRepresentative")
        decision = decide(short, facts(), field)
        assert (decision.effect, decision.rule) == (DENY, named)


def without_step(policies: PolicySet, step: str) -> PolicySet:
    def shortened(field: Field) -> Field:
        return replace(field, ladder=tuple(known for known in field.ladder if known != step))

    types = {
        name: replace(record, fields={key: shortened(field) for key, field in record.fields.items()})
        for name, record in policies.catalogue.types.items()
    }
    return PolicySet(replace(policies.catalogue, types=types), policies.policies)


def test_an_explanation_names_the_nearest_change() -> None:
    """Without the restricted scope the number is denied, and it is said which scope would make it a pseudonym."""
    question = changed(SHANGHAI_GOV, scopes=frozenset({"credit.gov"}))
    field = catalogue().field("AdministrativePenalty.legalRepIdNo")
    found = explain(shipped(), question, field)
    assert found.ruling.decision.rule == "national-baseline/restricted-ceiling"
    assert [(c.rule.id, c.word, c.wants, c.effect) for c in found.nearest] == [
        ("agreement-37-31/shanghai-identity-match", "scopes", "credit.restricted", "pseudonym")
    ]


@pytest.mark.parametrize(
    ("question", "name", "word", "wants"),
    [
        (changed(SHANGHAI_GOV, purpose=None), "procedure", "purposes", "gov.licensing"),
        (changed(SHANGHAI_GOV, region="33"), "procedure", "region", "37"),
        (changed(SHANGHAI_GOV, client_class="publicBody"), "procedure", "client", "government"),
        (changed(SHANGHAI_GOV, at=LATE), "procedure", "valid", "2026-10-01/2028-10-01"),
        (facts(type="JudgmentDebtor", kind="NaturalPerson", given=frozenset({"citizenId"})), "caseNo", "given", "name"),
    ],
)  # fmt: skip
def test_each_kind_of_change_is_found_and_true(question: Facts, name: str, word: str, wants: str) -> None:
    """Purpose, region, client, time and what the question says: each is told where it alone would open the field."""
    field = catalogue().types[question.type].fields[name]
    found = explain(shipped(), question, field)
    assert found.ruling.decision.effect == DENY
    assert (word, wants) in {(change.word, change.wants) for change in found.nearest}
    assert all(change.effect != DENY for change in found.nearest)


def test_rows_follow_the_question() -> None:
    """Row rules in force depend on who asks: a subject that asks about itself is shown its repaired records."""
    names = {rule.rule.rpartition("/")[2] for rule in row_rules(shipped(), ITSELF)}
    assert names == {"objection", "objection-overdue"}
    assert "repaired" in {r.rule.rpartition("/")[2] for r in row_rules(shipped(), changed(ITSELF, own=False))}


def test_what_a_condition_can_reach() -> None:
    """Each field that a condition selects is told with its class, for organisations and again for a natural person."""
    classes = Condition(types=frozenset({"AdministrativePenalty"}), classes=frozenset({FieldClass.GOV_SHARED}))
    found = {(field.name, natural): cls for field, cls, natural in reach(catalogue(), classes)}
    fields = catalogue().types["AdministrativePenalty"].fields.values()
    assert found == {
        (field.name, natural): FieldClass.GOV_SHARED
        for field in fields
        for natural in (False, True)
        if field.class_for(natural) is FieldClass.GOV_SHARED
    }
    assert {natural for _, natural in found} == {False, True}
    persons = replace(classes, subjects=frozenset({"NaturalPerson"}))
    assert {natural for _, _, natural in reach(catalogue(), persons)} == {True}


def test_days_of_a_window_are_days_of_shanghai() -> None:
    """A window of days of the week may change at the next midnight of Shanghai, whatever day it is elsewhere."""
    late = datetime(2026, 11, 24, 17, tzinfo=UTC)  # the 25th, one o'clock in Shanghai
    assert list(During(weekdays=frozenset({"wed"})).changes(late)) == [datetime(2026, 11, 26, tzinfo=SHANGHAI)]


@pytest.mark.parametrize(
    ("word", "condition"),
    [
        ("client", Condition(clients=frozenset({"court"}))),
        ("region", Condition(regions=frozenset({"31"}))),
        ("id", Condition(ids=frozenset({"other"}))),
        ("scopes", Condition(scopes=frozenset({"credit.gov"}))),
        ("purposes", Condition(purposes=frozenset({"gov.*"}))),
        ("consent", Condition(consent=True)),
        ("agreement", Condition(agreement=True)),
        ("self", Condition(own=True)),
        ("given", Condition(given=frozenset({"name"}))),
        ("subjects", Condition(subjects=frozenset({"NaturalPerson"}))),
        ("types", Condition(types=frozenset({"Registration"}))),
        ("during", Condition(during=During(weekdays=frozenset({"sun"})))),
        ("fields", Condition(names=frozenset({"procedure"}))),
    ],
)
def test_what_fails_is_named_by_the_word_of_the_language(word: str, condition: Condition) -> None:
    """Each word of a condition that does not hold is told as officers write it, and the file's own head as well."""
    field = catalogue().types["AdministrativePenalty"].fields["documentNo"]
    assert list(condition.failing(Question(facts(), False, field, FieldClass.PUBLIC))) == [word]


def test_what_fails_of_a_files_head_is_named() -> None:
    """An agreement's provinces and purposes, a file's time and its region."""
    (deal,), (town,) = rules_of(HEAD["agreement"]).policies, rules_of(HEAD["city"]).policies
    assert list(implicit(deal, facts(at=LATE))) == ["valid", "between", "purposes"]
    assert list(implicit(town, facts(province="370200"))) == ["region of the record"]
    assert list(implicit(town, facts())) == []


def test_a_family_of_purposes_is_what_stands_before_the_first_dot() -> None:
    """`gov.*` lists whatever begins so, however many parts it has; no purpose is in no list."""
    assert purpose_listed("gov.land.use", frozenset({"gov.*"}))
    assert not purpose_listed("gov.land.use", frozenset({"gov.land.*", "court.*"}))
    assert not purpose_listed(None, frozenset({"gov.*"}))
