"""Which subjects of a decided question are asked under which agreement, where its file sets a quota.

A subject counts when an ask about it stands on the agreement: it answers a field that is not public, or one that a rule
of the agreement decides. What anybody may have is not counted, and neither is what is denied.
"""

from __future__ import annotations

from weakref import WeakKeyDictionary

from connectors.contract import SubjectKey
from gateway.errors import GatewayError
from gateway.model import Ruling, UnderAgreement, Verdict
from policies.conditions import province_of, purpose_listed
from policies.model import FieldClass, Words
from policies.policyset import Policy, PolicySet


class Agreed:
    """The quotas of one policy set's agreements."""

    def __init__(self, policies: PolicySet) -> None:
        self._catalogue = policies.catalogue
        self._policies = tuple(p for p in policies.policies if p.kind == "agreement" and p.quota is not None)
        self._near: dict[tuple[str | None, str | None], tuple[Policy, ...]] = {}
        self._standing: WeakKeyDictionary[Ruling, frozenset[str]] = WeakKeyDictionary()

    def under(self, verdict: Verdict) -> tuple[UnderAgreement, ...]:
        """Raises GatewayError LIMIT_EXCEEDED for more subjects in one question than an agreement allows."""
        caller = verdict.caller
        near = self._near.get((caller.region, caller.purpose))
        if near is None:
            near = self._near[caller.region, caller.purpose] = tuple(
                policy
                for policy in self._policies
                if caller.region is not None
                and policy.consumer == province_of(caller.region)
                and purpose_listed(caller.purpose, policy.purposes)
            )
        return tuple(found for policy in near if (found := self._of(policy, verdict)) is not None)

    def _of(self, policy: Policy, verdict: Verdict) -> UnderAgreement | None:
        keys: dict[SubjectKey, None] = {}
        for part in verdict.parts:
            branch = verdict.plan.branches[part.branch]
            if branch.seek is None and branch.subject.key not in keys and policy.id in self._stands(part.ruling):
                keys[branch.subject.key] = None
        quota = policy.quota
        if not keys or quota is None:
            return None
        most = quota.subjects_per_query
        if most is not None and len(keys) > most:
            detail = Words(
                f"协议约定一次查询至多 {most} 个主体", f"the agreement has at most {most} subjects in one question"
            )
            raise GatewayError("LIMIT_EXCEEDED", detail=detail)
        return None if quota.per_day is None else UnderAgreement(policy.id, quota.per_day, tuple(keys))

    def _stands(self, ruling: Ruling) -> frozenset[str]:
        """The agreements that an ask stands on."""
        found = self._standing.get(ruling)
        if found is None:
            found = self._standing[ruling] = frozenset(p.id for p in self._policies if self._leans(ruling, p))
        return found

    def _leans(self, ruling: Ruling, policy: Policy) -> bool:
        facts = ruling.facts
        between = (province_of(facts.region), province_of(facts.province)) == (policy.consumer, policy.provider)
        if ruling.denied is not None or not between or not policy.valid(facts.at):
            return False
        record, natural = self._catalogue.types[facts.type], self._catalogue.kinds[facts.kind].natural
        return any(
            decision.answered
            and (
                decision.rule.startswith(f"{policy.id}/")
                or record.fields[name].class_for(natural) is not FieldClass.PUBLIC
            )
            for name, decision in ruling.decisions.items()
        )
