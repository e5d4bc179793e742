"""What is closed in an emergency, above a bundle: suspended partners, and limits for a few hours. Limits only.

A suspended client is denied everything. A suspended agreement is in force no more: its consumer's clients are denied,
for its purposes and types, whatever is not public or is of a natural person; what is open to them anyway still obliges
as under the agreement, and a data subject still sees its own record. These are limits among the others, evaluated as
they are. What is laid over a set has a digest of its own, so that the audit says by which version was decided.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from gateway.governing.statements import canonical
from policies.conditions import OUTSIDE, Condition, purpose_listed
from policies.layers import SUBJECT
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
    contact = next((policy.contact for policy in policies.policies if policy.kind == "baseline"), None)
    first = min((policy.since for policy in policies.policies), default=datetime.max.replace(tzinfo=UTC))
    found: list[Policy] = []
    for policy in policies.policies:
        if policy.kind != AGREEMENT or policy.id not in closed:
            found.append(policy)
            continue
        found.append(replace(policy, rules=tuple(rule for rule in policy.rules if not rule.grants)))
        found += [_obliging(policy), _policy(f"suspended-{policy.id}", _closing(policy, policies), contact, first)]
        found[-1] = replace(found[-1], region=policy.provider)
    for each in suspended:
        if each.kind == CLIENT:
            rule = _rule(f"suspended-{each.partner}", Condition(ids=frozenset({each.partner})), (), _SUSPENDED)
            found.append(_policy(f"suspended-{each.partner}", (rule,), contact, first))
    for glass in limits:
        rule = _rule(f"break-glass-{glass.seq}", condition(glass.words), (), _CLOSED)
        found.append(_policy(f"break-glass-{glass.seq}", (rule,), contact, glass.since, glass.until))
    digest = digest_over(policies.digest, suspended, limits)
    return PolicySet(policies.catalogue, tuple(found), policies.cases, digest)


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


def _closing(agreement: Policy, policies: PolicySet) -> tuple[Rule, ...]:
    """Limits on all that only the agreement could open: what is not public, and whatever is of a natural person."""
    grants = [rule.when for rule in agreement.rules if rule.grants]
    every = any(not when.types for when in grants)
    when = Condition(
        regions=frozenset({agreement.consumer or ""}),
        purposes=agreement.purposes,
        types=frozenset() if every else frozenset().union(*(when.types for when in grants)),
    )
    natural = frozenset(kind.name for kind in policies.catalogue.kinds.values() if kind.natural)
    name, own = f"suspended-{agreement.id}", (Condition(clients=frozenset({SUBJECT}), own=True),)
    return (
        _rule(name, replace(when, classes=NOT_PUBLIC), own, _SUSPENDED),
        _rule(f"{name}-persons", replace(when, subjects=natural), own, _SUSPENDED),
    )


def _obliging(agreement: Policy) -> Policy:
    """The grants of a suspended agreement without its force: what is open anyway still obliges as it did."""
    consumer = agreement.consumer or ""
    kept: list[Rule] = []
    for rule in agreement.rules:
        when, listed = rule.when, agreement.purposes
        purposes = listed
        if when.purposes:
            purposes = frozenset(name for name in when.purposes if purpose_listed(name, listed))
            purposes |= frozenset(name for name in listed if purpose_listed(name, when.purposes))
        reached = not when.regions or bool({OUTSIDE, consumer} & when.regions)
        if rule.grants and purposes and reached:
            kept.append(replace(rule, when=replace(when, regions=frozenset({consumer}), purposes=purposes)))
    return replace(
        agreement, kind="province", region=agreement.provider, provider=None, consumer=None, purposes=frozenset(),
        rules=tuple(kept), rows=(),
    )  # fmt: skip


def _rule(name: str, when: Condition, excepts: tuple[Condition, ...], why: Words) -> Rule:
    return Rule(f"{NAME}/{name}", why, (), False, DENY, when, excepts, frozenset(), "in force by a signed pointer")


def _policy(
    name: str, rules: tuple[Rule, ...], contact: str | None, since: datetime, until: datetime | None = None
) -> Policy:
    """Limits as a file of the baseline."""
    return Policy(
        id=f"{NAME}-{name}", kind="baseline", title=rules[0].why, contact=contact, region=None, since=since,
        until=until, provider=None, consumer=None, purposes=frozenset(), quota=None, rules=rules, rows=(),
        where=rules[0].where,
    )  # fmt: skip
