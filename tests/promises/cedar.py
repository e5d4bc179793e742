"""Cedar's engine as a referee: it holds the export of a policy set and answers the questions that we answer.

The most generous step of a field's ladder that Cedar allows is the effect. Cedar tells what determined each answer, so
the rule that is named can be compared too. Nothing here asks the house's own deciding.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import cedarpy

from policies.model import Facts, Field
from policies.policyset import PolicySet
from tests.promises.cedar_export import SILENT, action, context, entities, exported, key

LAYERS = ("baseline", "province", "city", "agreement")  # of several rules that say the same, the first is named
DENY = "deny"
Point = tuple[Facts, Field]


@dataclass(frozen=True, slots=True)
class Ruled:
    """What Cedar says of one field: the effect, and the rule that holds it there; NO_GRANT where none does."""

    effect: str
    rule: str


class Referee:
    """Cedar's engine with one policy set. Raises ValueError where Cedar would skip a rule that it cannot evaluate."""

    def __init__(self, policies: PolicySet) -> None:
        self.text = "\n".join(exported(policies))
        self._policies = cedarpy.PolicySet.from_str(self.text)
        self._entities = cedarpy.Entities.from_json_str(json.dumps(list(entities(policies.catalogue))))
        self._natural = frozenset(kind.name for kind in policies.catalogue.kinds.values() if kind.natural)
        self._order = {
            rule.id: (LAYERS.index(policy.kind), policy.id, rule.id)
            for policy in policies.policies
            for rule in policy.rules
        }

    def decide(self, facts: Facts, field: Field) -> Ruled:
        """One field of the catalogue, in one question."""
        return self.decide_all([(facts, field)])[0]

    def decide_all(self, points: Sequence[Point]) -> list[Ruled]:
        """Many points in one call of the engine."""
        requests = []
        for facts, field in points:
            asked = self._asked(facts)
            resource = {"type": "Field", "id": key(field)}
            requests += [{**asked, "action": action(step), "resource": resource} for step in field.ladder]
        answers = iter(list(self._answers(requests)))
        return [self._ruled(field, [next(answers) for _ in field.ladder]) for _, field in points]

    def row_rules(self, questions: Sequence[Facts]) -> list[frozenset[str]]:
        """For each question the ids of the row rules that are in force."""
        of_rows = {"action": action("rows"), "resource": {"type": "Record", "id": "any"}}
        answers = self._answers([{**self._asked(facts), **of_rows} for facts in questions])
        return [frozenset(reasons) for _, reasons in answers]

    def _asked(self, facts: Facts) -> dict[str, Any]:
        said = json.dumps(context(facts, facts.kind in self._natural), ensure_ascii=False)
        return {"principal": {"type": "Client", "id": facts.client_id}, "context": said}

    def _answers(self, requests: list[dict[str, Any]]) -> Iterator[tuple[bool, list[str]]]:
        for result in cedarpy.is_authorized_batch(requests, self._policies, self._entities):
            if result.diagnostics.errors or result.decision is cedarpy.Decision.NoDecision:
                raise ValueError(f"cedar cannot evaluate a question: {result.diagnostics.errors}")
            yield result.allowed, list(result.diagnostics.id_annotations_by_reason.values())

    def _ruled(self, field: Field, answers: Sequence[tuple[bool, list[str]]]) -> Ruled:
        """What forbids the step before holds the effect; where nothing does, the grants that open its own step."""
        effect = next((number for number, (allowed, _) in enumerate(answers) if allowed), len(answers))
        holding = answers[effect - 1][1] if effect else []
        if not holding and effect < len(answers):
            holding = answers[effect][1]
        named = SILENT if SILENT in holding else min(holding, key=self._order.__getitem__, default=SILENT)
        return Ruled((*field.ladder, DENY)[effect], named)
