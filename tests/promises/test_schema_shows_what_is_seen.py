"""The schema printed for a caller and a purpose holds what is decided for it, no more and no less, and is whole."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from random import Random

import pytest
from click.testing import CliRunner, Result
from graphql import (
    BreakingChangeType,
    DocumentNode,
    FieldDefinitionNode,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    build_schema,
    find_breaking_changes,
    parse,
    value_from_ast_untyped,
)

from gateway.cli.schema import schema
from gateway.schema import Face, sight, view
from policies.compiler import compile_policies
from policies.interpreter import decide
from policies.model import ALLOW, DENY, Facts, Field
from policies.policyset import PolicySet
from tests.edges.drafts import NOON, catalogue, facts, rules_of, shipped
from tests.edges.test_policy_rules import HEAD, rule
from tests.edges.trial_sets import Questions, Sets
from tests.promises.officers import open_chamber
from tests.promises.small_sets import MORE, write

LICENSING = ("--as", "31/government+credit.gov,credit.restricted", "--purpose", "gov.licensing")


@cache
def face() -> Face:
    return Face(catalogue())


@cache
def whole() -> DocumentNode:
    return parse(face().sdl())


def viewed(policies: PolicySet, asked: Facts) -> GraphQLSchema:
    """The schema that graphql-core makes of the SDL; it refuses what is not whole."""
    compiled = compile_policies(policies, asked.at)
    sought = replace(asked, given=frozenset(), own=False, consent=False)
    seen = sight(catalogue(), compiled, asked), sight(catalogue(), compiled, sought, keyed=False)
    return build_schema(view(whole(), catalogue(), *seen))


def decided(policies: PolicySet, asked: Facts, field: Field) -> dict[str, str]:
    """The effect for each kind of subject that such records can be of, as the interpreter decides it."""
    kinds = [catalogue().kinds[name] for name in sorted(catalogue().types[field.type].kinds)]
    return {
        kind.name: decide(
            policies, replace(asked, type=field.type, kind=kind.name, given=asked.given | {kind.key}), field
        ).effect
        for kind in kinds
    }


def shown(found: GraphQLSchema, field: Field) -> FieldDefinitionNode | None:
    owner = found.get_type(field.owner)
    if not isinstance(owner, GraphQLObjectType) or field.leaf not in owner.fields:
        return None
    node: FieldDefinitionNode | None = owner.fields[field.leaf].ast_node
    return node


def told(node: FieldDefinitionNode, kinds: Mapping[str, str]) -> dict[str, str]:
    """What the field's directives say of each kind of subject that is in the schema."""
    effects = dict.fromkeys(kinds, ALLOW)
    for directive in node.directives or ():
        said = {argument.name.value: value_from_ast_untyped(argument.value) for argument in directive.arguments or ()}
        effect = said["step"] if directive.name.value == "masked" else DENY
        effects |= dict.fromkeys(said.get("kinds", kinds), effect)
    return effects


def callers(random: Random, policies: PolicySet, many: int) -> Iterator[Facts]:
    """At most so many askers, no two of whom see the same."""
    compiled, known, asking = compile_policies(policies, NOON), list[object](), Questions(policies, random)
    for _ in range(60):
        given = frozenset({"name"}) if random.random() < 0.3 else frozenset[str]()
        asked = replace(asking.ask(NOON), given=given)
        found = sight(catalogue(), compiled, asked)
        if asked.purpose in {None, *catalogue().purposes} and found not in known:
            known.append(found)
            yield asked
        if len(known) == many:
            return


def compared(policies: PolicySet, asked: Facts) -> tuple[int, int]:
    """How many fields are shown, and how many of them not in full, when all is as it is decided."""
    found, present, reduced = viewed(policies, asked), 0, 0
    every = [field for record in catalogue().types.values() for field in record.fields.values()]
    effects = {field: decided(policies, asked, field) for field in every}
    known = {kind for each in effects.values() for kind, effect in each.items() if effect != DENY}
    assert known == {kind for kind in catalogue().kinds if found.get_type(kind)}
    for field in every:
        node = shown(found, field)
        assert (node is not None) is (set(effects[field].values()) != {DENY}), field.coordinate
        if node is not None:
            here = {kind: effect for kind, effect in effects[field].items() if kind in known}
            assert told(node, here) == here, field.coordinate
            present += 1
            reduced += set(here.values()) != {ALLOW}
    for record in catalogue().types.values():
        seen = any(set(effects[field].values()) != {DENY} for field in record.fields.values())
        assert (found.get_type(record.name) is not None) is seen
        assert (found.get_type(f"{record.name}Connection") is not None) is seen
    broken = find_breaking_changes(found, face().graphql)
    assert [change for change in broken if change.type is not BreakingChangeType.DIRECTIVE_REMOVED] == []
    return present, reduced


def test_every_field_that_is_not_denied_and_no_other() -> None:
    """For random callers a field stands in their schema just when it is not denied for every kind of subject; its
    directives say what is decided for each kind; and whoever asks by that schema asks rightly by the whole one."""
    random = Random(11)
    counts = [compared(shipped(), asked) for asked in callers(random, shipped(), 5)]
    for _ in range(3):
        policies = Sets(random).draw(catalogue())
        counts += [compared(policies, asked) for asked in callers(random, policies, 2)]
    assert sum(reduced > 0 for _, reduced in counts) > 3
    assert len({present for present, _ in counts}) > 4


def test_a_caller_that_sees_nothing() -> None:
    """Where no rule opens anything the schema is still whole: one can ask which platforms there are, and what one may
    see."""
    found = viewed(rules_of(), facts(given=frozenset()))
    assert found.query_type is not None
    assert set(found.query_type.fields) == {"platforms", "access", "_service"}
    assert not found.get_type("SubjectKind")
    assert not found.get_type("CreditRecord")


def test_no_argument_filters_by_what_is_not_given_in_full() -> None:
    """A date that is reduced to its month cannot be filtered by, in this caller's schema; one that is whole can."""
    opened = HEAD["baseline"] + rule(types="[AdministrativePenalty, AbnormalOperation]")
    months = rule(
        id="months", grant="", limit="month", types="[AdministrativePenalty]", fields="{name: [decisionDate]}"
    ).removeprefix("rules:\n")
    found = viewed(rules_of(opened + months), facts(given=frozenset()))
    for owner in ("CreditSubject", "Enterprise"):
        subject = found.get_type(owner)
        assert isinstance(subject, GraphQLObjectType | GraphQLInterfaceType)
        assert {"from", "to"}.isdisjoint(subject.fields["administrativePenalties"].args)
        assert {"from", "to", "status"} <= subject.fields["abnormalOperations"].args.keys()


def test_what_is_found_without_a_key_is_decided_without_one() -> None:
    """A name that only who gives the key may see is in the subject's type; there is no search that would show it."""
    keyed = rule(types="[Registration]", fields="{name: [name]}", given="[uscc]")
    found = viewed(rules_of(HEAD["baseline"] + keyed), facts(given=frozenset()))
    assert found.query_type is not None
    assert {"subject", "subjects"} <= found.query_type.fields.keys()
    assert {"search", "listing"}.isdisjoint(found.query_type.fields)
    assert shown(found, catalogue().field("Registration.name"))
    assert not found.get_type("SubjectMatch")
    assert not shown(found, catalogue().field("Registration.regCapital"))


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(schema, [str(argument) for argument in arguments])


def test_the_verb_says_whose_schema_it_is(tmp_path: Path) -> None:
    """The first line names caller, purpose and policy set, and until when it holds; at any instant until then every
    word is the same."""
    home = ("--home", tmp_path / "none")
    first = run(*home, *LICENSING, "--at", "2026-11-24T10:00")
    later = run(*home, *LICENSING, "--at", "2027-11-24T10:00")
    assert first.exit_code == 0, first.output
    assert first.stdout == later.stdout
    line = first.stdout.partition("\n")[0]
    assert LICENSING[1] in line
    assert f"purpose gov.licensing; policy set {shipped().digest[7:19]}" in line
    assert build_schema(first.stdout)


def test_the_schema_is_of_the_set_that_is_in_force(tmp_path: Path) -> None:
    """Where a change was activated, the schema is by what the gateways obey, not by what lies in HOME/policies."""
    write(tmp_path / "home" / "policies")
    chamber = open_chamber(tmp_path / "home")
    chamber.begin()
    course = chamber.change(write(tmp_path / "draft", MORE))
    assert course.seq == 2
    found = run("--home", chamber.home, "--as", "public")
    assert found.exit_code == 0, found.output
    assert f"policy set {course.current.bundle[7:19]}" in found.stdout.partition("\n")[0]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--purpose", "gov.licensing"), "say whose schema is meant: `--as CALLER`"),
        (("--as", "31/goverment"), "did you mean `government`?"),
        (("--as", "31/government", "--purpose", "gov.licencing"), "did you mean `gov.licensing`?"),
        (("--as", "public", "--purpose", "gov.licensing"), "`public` may not ask for it; it may ask for: none"),
    ],
)
def test_a_wrong_word_is_answered_with_the_right_one(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    """What is not known, or may not be asked, is refused with what is meant or allowed; nothing is printed."""
    found = run("--home", tmp_path / "none", *arguments)
    assert found.exit_code == 2
    assert said in found.stderr
    assert not found.stdout
