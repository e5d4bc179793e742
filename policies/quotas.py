"""Bounds of agreements that fall: decisions are the same, but a partner may ask of more subjects than before.

A bound stands while an agreement of the same two provinces has one that is no higher, for all purposes of the former
one that are agreed upon still.
"""

from __future__ import annotations

from collections.abc import Iterator

from policies.policyset import Policy, PolicySet

BOUNDS = (("perDay", "per_day"), ("subjectsPerQuery", "subjects_per_query"))


def looser(old: PolicySet, new: PolicySet) -> Iterator[tuple[Policy, str]]:
    """Each agreement of `new` whose partner is bound less than under `old`, and how, such as `perDay 5000 -> none`."""
    for was in old.policies:
        near = [policy for policy in new.policies if _between(policy) == _between(was)]
        still = was.purposes & frozenset[str]().union(*(policy.purposes for policy in near))
        if was.quota is None or not still:
            continue
        after = next((policy for policy in near if policy.id == was.id), near[0])
        bounding = [policy for policy in near if policy.quota and policy.purposes >= still]
        for word, name in BOUNDS:
            most = getattr(was.quota, name)
            left = [bound for policy in bounding if (bound := getattr(policy.quota, name)) is not None]
            if most is not None and min(left, default=most + 1) > most:
                yield after, f"{word} {most} -> {min(left, default='none')}"


def _between(policy: Policy) -> tuple[str | None, str | None] | None:
    return (policy.provider, policy.consumer) if policy.kind == "agreement" else None
