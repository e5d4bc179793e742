"""Compiled policies at their edges: the span they serve, what nobody has named, and what they remember."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from policies import dimensions
from policies.compiler import CompiledPolicies, compile_policies
from policies.interpreter import decide, row_rules, valid_until
from policies.model import DENY, NO_GRANT, Facts
from policies.policyset import PolicySet
from tests.edges.drafts import NOON, SHANGHAI, catalogue, facts, rules_of, shipped
from tests.edges.test_policy_rules import HEAD, rule
from tests.edges.trial_sets import share

END = datetime(2028, 10, 1, tzinfo=SHANGHAI)  # of the shipped agreement
MOMENT = timedelta(microseconds=1)
GOV = facts(
    client_class="government",
    region="310000",
    scopes=frozenset({"credit.gov", "credit.restricted"}),
    purpose="gov.licensing",
)


@pytest.fixture(scope="module")
def compiled() -> CompiledPolicies:
    return compile_policies(shipped(), NOON)


def same(policies: PolicySet, found: CompiledPolicies, question: Facts) -> bool:
    record = policies.catalogue.types[question.type]
    answers = {name: decide(policies, question, field) for name, field in record.fields.items()}
    return found.row(question).decisions == answers and found.row_rules(question) == row_rules(policies, question)


@pytest.mark.parametrize("at", [NOON - MOMENT, END, END + MOMENT, datetime(2020, 1, 1, tzinfo=UTC)])
def test_no_decision_for_another_time(compiled: CompiledPolicies, at: datetime) -> None:
    """Before the instant of compiling, and from the next change on, nothing is decided by what was compiled."""
    assert compiled.until == END
    assert not compiled.covers(at)
    question = replace(GOV, at=at)
    for ask in (
        lambda: compiled.row(question),
        lambda: compiled.row_rules(question),
        lambda: compiled.decide(question, catalogue().field("AdministrativePenalty.procedure")),
    ):
        with pytest.raises(ValueError, match=r"\Athe policies are not compiled for this time\Z"):
            ask()


@pytest.mark.parametrize("at", [NOON, NOON.astimezone(UTC), NOON + MOMENT, END - MOMENT])
def test_one_row_for_the_whole_span(compiled: CompiledPolicies, at: datetime) -> None:
    """From the instant of compiling until the next change a question is answered by the very same row."""
    assert compiled.covers(at)
    assert compiled.row(replace(GOV, at=at)) is compiled.row(GOV)
    assert compiled.row_rules(replace(GOV, at=at)) is compiled.row_rules(GOV)
    assert compiled.row(GOV).decision("procedure").answered


def test_the_end_of_an_agreement_is_seen_by_who_compiles_again() -> None:
    """At the very end of the agreement the policies compiled anew close what it opened, for ever."""
    after = compile_policies(shipped(), END)
    assert after.until is None
    assert not after.row(replace(GOV, at=END)).decision("procedure").answered


@pytest.mark.parametrize(
    "during", ['{hours: "08:00-18:00", weekdays: [mon]}', "{from: 2026-11-25, until: 2026-11-27}", "{weekdays: [tue]}"]
)
def test_a_span_ends_where_any_rule_may_change(during: str) -> None:
    """Hours, days of the week, first and last days end a span, each as the interpreter reckons it."""
    policies = rules_of(HEAD["baseline"] + rule(during=during))
    at: datetime | None = NOON
    for _ in range(6):
        if at is None:
            break
        found = compile_policies(policies, at)
        assert found.until == valid_until(policies, at)
        last = (found.until or at + timedelta(days=900)) - MOMENT
        assert same(policies, found, facts(at=at))
        assert same(policies, found, facts(at=last))
        at = found.until


@pytest.mark.parametrize(
    "unknown",
    [
        {"purpose": "gov.gossip"}, {"purpose": ""}, {"client_class": "friend"}, {"kind": "Robot"}, {"type": "Diary"},
        {"type": "Registration", "kind": "NaturalPerson"},
    ],
)  # fmt: skip
def test_the_unknown_is_denied(compiled: CompiledPolicies, unknown: dict[str, str]) -> None:
    """A purpose, client, kind or type that the catalogue has not got opens nothing, and the silence has a contact."""
    row = compiled.row(replace(GOV, **unknown))  # type: ignore[arg-type]
    assert row.answered == frozenset()
    assert set(row.effects) <= {compiled.effects.index(DENY)}
    denied = row.decision("documentNo")
    assert (denied.effect, denied.rule, denied.contact) == (DENY, NO_GRANT, "policy@credit.example")


def test_a_field_of_another_type_is_denied(compiled: CompiledPolicies) -> None:
    """A name, or a field, that the asked type has not got is denied although the type is open."""
    assert compiled.row(GOV).answered
    assert compiled.row(GOV).decision("no such field").rule == NO_GRANT
    field = catalogue().field("AdministrativePenalty.documentNo")
    assert compiled.decide(GOV, field).answered
    assert compiled.decide(replace(GOV, type="AdministrativeLicence"), field).rule == NO_GRANT
    assert compiled.decide(GOV, replace(field, ladder=("allow", "surname"))).rule == NO_GRANT


def crowd() -> Iterator[Facts]:
    """Callers and places that no rule names, many of them."""
    for number in range(max(80, share(300))):
        yield replace(
            GOV, client_id=f"client-{number}", province=f"{number % 90 + 10}", region=f"{number % 77 + 11}0000"
        )


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Values that keep coming do not grow the memory beyond its bound, and forgetting changes no answer."""
    monkeypatch.setattr(dimensions, "MOST", 16)
    found = compile_policies(shipped(), NOON)
    places = [*vars(found).values(), *vars(found._held).values()]
    grown = [value for value in places if isinstance(value, dimensions.Remembered)]
    space = vars(found._space).values()
    grown += [value.left for value in space if isinstance(value, dimensions.Dimension)]
    assert len(grown) == 13
    widest = 0
    for number, question in enumerate(crowd()):
        assert same(shipped(), found, question)
        found.row(replace(question, type=sorted(catalogue().types)[number % 26]))
        widest = max(widest, *map(len, grown))
    assert widest == 16


def test_rows_are_shared_by_whom_the_rules_cannot_tell_apart(compiled: CompiledPolicies) -> None:
    """Clients, cities and purposes that no rule tells apart are answered by one row, others by another."""
    row = compiled.row(GOV)
    assert compiled.row(replace(GOV, client_id="another", region="31", province="370600")) is row
    assert compiled.row(replace(GOV, kind="FarmerCooperative")) is row
    assert compiled.row(replace(GOV, purpose="gov.land")) is not row


def test_what_row_rules_look_at_parts_no_rows() -> None:
    """A fact that only a row rule tells apart changes the row rules in force, and not the row of decisions."""
    hidden = """rows:
  - id: repaired
    why: {zh: 修复, en: Repaired}
    hide: {status: [REPAIRED]}
    except: [{to: {client: court}}]
"""
    found = compile_policies(rules_of(HEAD["baseline"] + rule() + hidden), NOON)
    public, court = facts(), facts(client_class="court")
    assert found.row_rules(public) != found.row_rules(court)
    assert found.row(public) is found.row(court)
