"""What is closed in an emergency, above a bundle: suspended partners, and limits for a few hours. Limits only.

A suspended client is denied everything. A suspended agreement loses its grants, and a limit says so to its consumer's
clients, for the agreement's purposes and types; a data subject of that province still sees its own record. Both are
policies of one limit, evaluated as all others are. What is laid over a set has a digest of its own, so that a record of
the audit says by which version it was decided.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Any

from gateway.governing.statements import canonical
from policies.conditions import Condition
from policies.model import DENY, FieldClass, Words
from policies.policyset import Policy, PolicySet, Rule

AGREEMENT, CLIENT = "agreement", "client"
NAME = "governing"  # of the policies that are laid over a set
NOT_PUBLIC = frozenset({FieldClass.AUTHORIZED, FieldClass.GOV_SHARED, FieldClass.RESTRICTED})


@dataclass(frozen=True, slots=True)
class Suspension:
    """A partner that is closed: the id of an agreement or of a client."""

    kind: str
    partner: str

    @property
    def plain(self) -> Mapping[str, Any]:
        return {"suspended": self.kind, "partner": self.partner}


@dataclass(frozen=True, slots=True)
class Glass:
    """A limit that ends by itself. `words`: `clients`, `regions`, `ids`, `types`, `classes`, `names`, each a list."""

    seq: int
    words: Mapping[str, Sequence[str]]
    since: datetime
    until: datetime

    @property
    def plain(self) -> Mapping[str, Any]:
        return {"limit": dict(self.words), "seq": self.seq, "until": self.until.isoformat()}


def digest_over(bundle: str, suspended: Sequence[Suspension], limits: Sequence[Glass]) -> str:
    """The digest of a bundle with what is laid over it; its own when nothing is."""
    if not suspended and not limits:
        return bundle
    words = [*(each.plain for each in suspended), *(each.plain for each in limits)]
    return "sha256:" + sha256(bundle.encode() + b"\n" + canonical(words)).hexdigest()


def overlaid(policies: PolicySet, suspended: Sequence[Suspension], limits: Sequence[Glass]) -> PolicySet:
    """The set with what is laid over it. A partner that the set does not know closes nothing."""
    closed = {each.partner for each in suspended if each.kind == AGREEMENT}
    kept = [
        replace(policy, rules=tuple(rule for rule in policy.rules if not rule.grants))
        if policy.kind == AGREEMENT and policy.id in closed
        else policy
        for policy in policies.policies
    ]
    contact = next((policy.contact for policy in policies.policies if policy.kind == "baseline"), None)
    first = min((policy.since for policy in policies.policies), default=None)
    added: list[Policy] = []
    for each in suspended:
        agreement = next((p for p in policies.policies if p.kind == AGREEMENT and p.id == each.partner), None)
        if first is not None and (each.kind == CLIENT or agreement is not None):
            added.append(
                _policy(f"suspended-{each.partner}", _closing(each, agreement), contact, first, None, agreement)
            )
    for glass in limits:
        rule = _rule(f"break-glass-{glass.seq}", condition(glass.words), (), _CLOSED)
        added.append(_policy(f"break-glass-{glass.seq}", rule, contact, glass.since, glass.until, None))
    digest = digest_over(policies.digest, suspended, limits)
    return PolicySet(policies.catalogue, (*kept, *added), policies.cases, digest)


def condition(words: Mapping[str, Sequence[str]]) -> Condition:
    """Raises KeyError or ValueError for a word or a class that is not known."""
    found = {name: frozenset(values) for name, values in words.items()}
    classes = frozenset(FieldClass(name) for name in found.pop("classes", ()))
    clients, regions, ids = (found.pop(name, frozenset()) for name in ("clients", "regions", "ids"))
    types, names = (found.pop(name, frozenset()) for name in ("types", "names"))
    if found:
        raise KeyError(", ".join(sorted(found)))
    return Condition(clients=clients, regions=regions, ids=ids, types=types, classes=classes, names=names)


_SUSPENDED = Words("该合作方已被暂停", "this partner is suspended")
_CLOSED = Words("紧急限制，限时有效", "closed in an emergency, for a few hours")


def _closing(each: Suspension, agreement: Policy | None) -> Rule:
    name = f"suspended-{each.partner}"
    if agreement is None:
        return _rule(name, Condition(ids=frozenset({each.partner})), (), _SUSPENDED)
    grants = [rule.when for rule in agreement.rules if rule.grants]
    every = any(not when.types for when in grants)
    when = Condition(
        regions=frozenset({agreement.consumer or ""}),
        purposes=agreement.purposes,
        types=frozenset() if every else frozenset().union(*(when.types for when in grants)),
        classes=NOT_PUBLIC,
    )
    return _rule(name, when, (Condition(own=True),), _SUSPENDED)


def _rule(name: str, when: Condition, excepts: tuple[Condition, ...], why: Words) -> Rule:
    return Rule(f"{NAME}/{name}", why, (), False, DENY, when, excepts, frozenset(), "in force by a signed pointer")


def _policy(
    name: str, rule: Rule, contact: str | None, since: datetime, until: datetime | None, agreement: Policy | None
) -> Policy:
    """One rule as a file of the baseline; for an agreement, of its provider's records alone."""
    return Policy(
        id=f"{NAME}-{name}", kind="baseline", title=rule.why, contact=contact,
        region=agreement.provider if agreement else None, since=since, until=until, provider=None, consumer=None,
        purposes=frozenset(), quota=None, rules=(rule,), rows=(), where=rule.where,
    )  # fmt: skip
