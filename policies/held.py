"""Grants and limits as bits: which of them hold, as one number, becomes the decision for a field of some ladder.

Bits may be shared by equal rules, and by exceptions that are written alike. Nothing here knows why a bit holds.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from policies.dimensions import Remembered
from policies.model import DENY, NO_GRANT, SILENCE, Decision
from policies.policyset import Policy, PolicySet, Rule


class Numbered(NamedTuple):
    """A rule with its bit and the bits of its exceptions, any of which cancels it."""

    bit: int
    excepts: int
    policy: Policy
    rule: Rule


class _Steps(NamedTuple):
    """For each step of a ladder, and for deny after the last, the bits of grants that open to it, limits that close."""

    opens: list[int]
    closes: list[int]


class HeldRules:
    """The rules of one set; of several that hold an effect, the first is the one that is named."""

    def __init__(self, rules: Iterable[Numbered], policies: PolicySet) -> None:
        self._rules = tuple(rules)
        self._limits = [(rule.bit, rule.excepts) for rule in self._rules if rule.excepts]
        contact = next((policy.contact for policy in policies.policies if policy.kind == "baseline"), None)
        self.silence = Decision(DENY, NO_GRANT, SILENCE, contact=contact)
        self._steps = Remembered[tuple[str, ...], _Steps](self._on_ladder)

    def decision(self, held: int, ladder: tuple[str, ...]) -> Decision:
        """Most generous of the grants, then strictest with the limits, on bits."""
        held, effect, holding = self._effect(held, ladder)
        if not holding:
            return self.silence
        policy, rule = next((policy, rule) for bit, _, policy, rule in self._rules if holding & bit)
        if effect == len(ladder):
            return Decision(DENY, rule.id, rule.why, contact=policy.contact)
        steps = self._steps[ladder]
        taken = held & sum((*steps.opens, *steps.closes))  # without grants of a step that is not there
        words = (rule.obligations for bit, _, _, rule in self._rules if taken & bit)
        return Decision(ladder[effect], rule.id, rule.why, frozenset().union(*words), policy.contact)

    def deciding(self, held: int, ladder: tuple[str, ...]) -> tuple[int, int]:
        """The bits of all rules that hold the effect where it is, and of the grants that open anything then."""
        held, effect, holding = self._effect(held, ladder)
        return holding, held & sum(self._steps[ladder].opens) if effect < len(ladder) else 0

    def _effect(self, held: int, ladder: tuple[str, ...]) -> tuple[int, int, int]:
        """What holds when exceptions have cancelled theirs, the place of the effect, and the bits that hold it."""
        for bit, excepts in self._limits:
            if held & excepts:
                held &= ~bit
        opens, closes = self._steps[ladder]
        opened = next((step for step, bits in enumerate(opens) if held & bits), len(ladder))
        closed = max((step for step, bits in enumerate(closes) if held & bits), default=0)
        effect = max(opened, closed)
        return held, effect, held & (opens[effect] | closes[effect])

    def _on_ladder(self, ladder: tuple[str, ...]) -> _Steps:
        """A grant of a step that is not there opens nothing; such a limit denies."""
        opens, closes = [0] * (len(ladder) + 1), [0] * (len(ladder) + 1)
        for bit, _, _, rule in self._rules:
            step = ladder.index(rule.step) if rule.step in ladder else len(ladder)
            if not rule.grants:
                closes[step] |= bit
            elif step < len(ladder):
                opens[step] |= bit
        return _Steps(opens, closes)
