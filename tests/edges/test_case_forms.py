"""The forms of a case beside the single question: a list of all that somebody sees, and what must never be."""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from pathlib import Path
from xml.etree.ElementTree import fromstring

import pytest
from click.testing import CliRunner

from gateway.cli.policy import policy
from gateway.cli.policy.checking import junit_xml
from policies.bundles import PolicySet, assemble
from policies.compiler import compile_policies
from policies.conditions import Question
from policies.findings import Refused
from policies.interpreter import agreement_in_force
from policies.invariants import broken
from policies.model import ALLOW, DENY
from policies.trials import CaseReport, run_cases
from tests.edges.drafts import NOON, documents, texts
from tests.edges.trial_edits import drawn

HEAD = "policyTests: national-baseline\ndefaults: {at: 2026-11-24T10:00+08:00, record: {region: '37'}}\ncases:\n"
ASKS = "as: {client: public}, ask: {type: AdministrativePenalty, subject: Enterprise}"
PENALTY = "catalogue/types/AdministrativePenalty.yaml"


@cache
def with_case(case: str, *edits: tuple[str, str, str]) -> PolicySet:
    """The shipped rules with this case alone, and some words otherwise."""
    files = {path: text for path, text in texts().items() if not path.startswith("cases/")}
    for path, old, new in edits:
        assert old in files[path]
        files[path] = files[path].replace(old, new, 1)
    return assemble(documents({**files, "cases/00-trial.yaml": HEAD + f"  - {case}\n"}))


def tried(case: str, *edits: tuple[str, str, str]) -> CaseReport:
    return run_cases(with_case(case, *edits))


def never(words: str) -> str:
    return f"{{name: never, expectNever: {{{words}}}}}"


@cache
def sides() -> tuple[list[str], list[str]]:
    """What the public sees of an enterprise's penalties, as a list says it, and what it lacks."""
    policies = with_case(f"{{name: x, list: {{{ASKS}, sees: []}}}}")
    (case,) = policies.cases
    row = compile_policies(policies, case.facts.at).row(case.facts)
    effects = {name: decision.effect for name, decision in row.decisions.items()}
    shown = [name if effect == ALLOW else f"{{{name}: {effect}}}" for name, effect in effects.items() if effect != DENY]
    return shown, [name for name, effect in effects.items() if effect == DENY]


def test_a_list_holds_all_that_is_seen() -> None:
    """A list passes when it names every field that is seen, a masked one with its step, and no other."""
    entries, _ = sides()
    assert any(entry.endswith(": surname}") for entry in entries)
    whole = f"{{name: x, list: {{{ASKS}, sees: [{', '.join(entries)}]}}}}"
    assert tried(whole).passed
    less = f"{{name: x, list: {{{ASKS}, sees: [{', '.join(entries[1:])}]}}}}"
    (failure,) = tried(less).results[0].failures
    assert failure.startswith(f"AdministrativePenalty.{entries[0]}: expected deny, got allow by ")
    new = (PENALTY, "\nfields:\n", "\nfields:\n  trial: {zh: 试, en: A trial, kind: text, class: PUBLIC}\n")
    (failure,) = tried(whole, new).results[0].failures
    assert failure.startswith("AdministrativePenalty.trial: expected deny, got allow")


def test_a_list_of_both_sides_breaks_on_any_new_field() -> None:
    """With `lacks`, every field stands in one of the lists; one that nobody has looked at is refused with its line."""
    seen_names, denied = sides()
    assert tried(f"{{name: x, list: {{{ASKS}, sees: [{', '.join(seen_names)}], lacks: [{', '.join(denied)}]}}}}").passed
    with pytest.raises(Refused, match=r"cases/00-trial.yaml:4: `.*` is in neither list; look who sees it"):
        with_case(f"{{name: x, list: {{{ASKS}, sees: [], lacks: [{', '.join(denied)}]}}}}")
    with pytest.raises(Refused, match="unknown field `statu`, did you mean `status`"):
        with_case(f"{{name: x, list: {{{ASKS}, sees: [], lacks: [statu]}}}}")


def test_what_must_never_be_is_decided_over_everything() -> None:
    """Nobody sees the last digits of an identity number; where a limit lets them through, the question is named."""
    words = never("to: anyone, fields: {tag: identifier}, subjects: NaturalPerson, effect: [tail4, surname]")
    assert tried(words).passed
    (result,) = tried(words, ("rules/00-national.yaml", "limit: pseudonym", "limit: tail4")).results
    (failure,) = result.failures
    assert "personIdNo: is tail4 by national-baseline/identifiers-masked for " in failure
    assert "/government+credit.restricted: purpose gov." in failure
    assert "subject NaturalPerson; at 20" in failure


def test_never_without_consent() -> None:
    """Authorised fields are never told without consent, but to oneself; the exception is written as on a limit."""
    fits = "to: anyone, fields: {class: AUTHORIZED}, effect: any"
    allowed = "except: [{consent: required}, {to: {client: subject}, self: required}]"
    assert tried(never(f"{fits}, {allowed}")).passed
    (failure,) = tried(never(f"{fits}, except: [{{consent: required}}]")).results[0].failures
    assert "/subject+credit.self: purpose subject.access; " in failure
    assert "about itself" in failure
    (failure,) = tried(never(f"{fits}, except: [{{to: {{client: subject}}, self: required}}]")).results[0].failures
    assert "consent" in failure


@pytest.mark.parametrize(
    ("case", "said"),
    [
        (never("fields: {class: PUBLIC}, effect: any"), "`expectNever` must say `to`"),
        (never("to: anyone, effect: alow"), "unknown effect `alow`, did you mean `allow`?"),
        (never("to: {client: lender}, effect: any"), "unknown class of client `lender`"),
        (never("to: anyone, effect: any, except: [{scopes: [credit.gvo]}]"), "unknown scope `credit.gvo`"),
        ("{name: x}", "write `as`, `ask` and `expect`, or `expectNever`, or `list`"),
        (f"{{name: x, {ASKS}}}", "write `as`, `ask` and `expect`, or `expectNever`, or `list`"),
        (f"{{name: x, list: {{{ASKS}, sees: [nme]}}}}", "unknown field `nme`"),
    ],
)
def test_a_slip_in_a_form_is_told_with_its_line(case: str, said: str) -> None:
    """A form that is not whole, or names what is not there, is refused with file, line and the nearest right word."""
    with pytest.raises(ValueError, match=r"cases/00-trial.yaml:\d+: ") as refused:
        with_case(case)
    assert said in str(refused.value)


def test_invariants_are_exact() -> None:
    """In small random worlds an invariant is broken as soon as one of many questions breaks it, and its
    counterexample is a question that fits and is answered so."""
    found = kept = 0
    for seed in range(80):
        asking = drawn(seed)
        policies = asking.draw()
        never_ = asking.never(policies.catalogue)
        ((_, example),) = broken(policies, [never_])
        if example is not None:
            facts = example.facts
            cls = example.field.class_for(policies.catalogue.kinds[facts.kind].natural)
            question = Question(facts, agreement_in_force(policies, facts), example.field, cls)
            assert never_.when.holds(question)
            assert not any(condition.holds(question) for condition in never_.excepts)
            assert example.decision.effect in (never_.effects or set(example.field.ladder))
            found += 1
            continue
        kept += 1
        instants = [NOON - timedelta(days=1), NOON]
        compiled = {at: compile_policies(policies, at) for at in instants}
        for facts in asking.questions(policies, instants):
            row = compiled[facts.at].row(facts)
            for name in row.answered if never_.when.types <= {facts.type} else ():
                field = policies.catalogue.types[facts.type].fields[name]
                cls = field.class_for(policies.catalogue.kinds[facts.kind].natural)
                question = Question(facts, agreement_in_force(policies, facts), field, cls)
                fits = never_.when.holds(question) and not any(c.holds(question) for c in never_.excepts)
                assert not fits or (never_.effects and row.decision(name).effect not in never_.effects)
    assert found > 10
    assert kept > 10


def test_coverage_is_told_in_percent_and_for_a_server(tmp_path: Path) -> None:
    """`policy test` says which share of rules and fields cases need; a CI server gets a suite with each failure."""
    report = tried(never("to: anyone, fields: {class: AUTHORIZED}, effect: any"))
    suite = fromstring(junit_xml(report.results))
    (case,) = suite
    assert (suite.get("tests"), suite.get("failures"), case.get("classname")) == ("1", "1", "cases/00-trial.yaml")
    assert case.find("failure") is not None
    target = tmp_path / "cases.xml"
    result = CliRunner().invoke(policy, ["test", "--home", str(tmp_path / "none"), "--junit", str(target)])
    assert "rules: 100 % of " in result.output
    assert "fields: 100 % of " in result.output
    assert fromstring(target.read_bytes()).get("failures") == "0"
