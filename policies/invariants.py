"""What must never be, decided over every question that can be put to a set; a counterexample is named.

An invariant is held against the questions as a limit that closes nothing: it is one more bit, and so is each of its
exceptions. What is found is a question that the interpreter answers with an effect that may not be.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from policies.cases import Never
from policies.diagram import Diagram, paths
from policies.interpreter import decide
from policies.model import ALLOW, DENY, Decision, Facts, Field, Words
from policies.policyset import Policy, PolicySet, Rule
from policies.whole_space import WholeSpace

UNSAID = Words("", "")


class Counterexample(NamedTuple):
    """A question that fits an invariant, the field, and what is decided."""

    facts: Facts
    field: Field
    decision: Decision


def broken(policies: PolicySet, nevers: Iterable[Never]) -> Iterator[tuple[Never, Counterexample | None]]:
    """Each invariant with a question that breaks it; None when there is none."""
    asked = tuple(nevers)
    watched = PolicySet(policies.catalogue, (*policies.policies, *(_watch(policies, asked) if asked else ())))
    space = WholeSpace(watched)
    bits = {rule.rule.id: rule for rule in space.numbering.rules[0]}
    for number, never in enumerate(asked):
        watch = bits[str(number)]
        yield never, _first(space, policies, never, watch.bit, watch.excepts)


def _watch(policies: PolicySet, nevers: tuple[Never, ...]) -> Iterator[Policy]:
    """A file of limits that let everything pass, as long as any other file is valid."""
    rules = tuple(
        Rule(str(n), UNSAID, (), False, ALLOW, never.when, never.excepts, frozenset({str(n)}), never.where)
        for n, never in enumerate(nevers)
    )
    since = min(policy.since for policy in policies.policies) if policies.policies else None
    if since is not None:
        yield Policy("", "baseline", UNSAID, None, None, since, None, None, None, frozenset(), None, rules, (), "")


def _first(space: WholeSpace, policies: PolicySet, never: Never, watch: int, excepts: int) -> Counterexample | None:
    c = policies.catalogue
    diagrams: dict[tuple[str, ...], Diagram[str]] = {}
    for record in c.types.values():
        for kind in (name for name in c.kinds if name in record.kinds):
            for field in record.fields.values():
                bits, (ladder,) = space.of_field(record.name, kind, field.name)
                if not bits & watch:
                    continue
                if ladder not in diagrams:
                    diagrams[ladder] = _diagram(space, never, watch, excepts, ladder)
                for path, _ in paths(diagrams[ladder].root(bits)):
                    facts = space.facts(path, record.name, kind)
                    return Counterexample(facts, field, decide(policies, facts, field))
    return None


def _diagram(space: WholeSpace, never: Never, watch: int, excepts: int, ladder: tuple[str, ...]) -> Diagram[str]:
    def settle(bits: int) -> int | None:
        (half,) = space.halves(bits)
        return half if half & watch else None

    def leaf(bits: int) -> str | None:
        held = space.held(bits)
        if not held & watch or held & excepts:
            return None
        effect = space.decision(bits, 0, ladder).effect
        return effect if effect != DENY and (not never.effects or effect in never.effects) else None

    return Diagram(space.dimensions, settle, leaf)
