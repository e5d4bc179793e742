"""What a bundle opens that another did not, from its rules alone: coarse, and never silent about an opening.

Any grant that is new or other, any limit or row rule that is gone or other, any head of a file that is other, and any
change of the catalogue counts as an opening. What is only added to close, and a grant that is only taken away, do not.
A change of wording (`why`, `law`, titles, contacts, assessments) opens nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from policies.model import Words
from policies.policyset import Policy, PolicySet, Row, Rule

NOTHING = Words("", "")


def gains(old: PolicySet, new: PolicySet, catalogue_changed: bool) -> tuple[str, ...]:
    """One line for each opening, in the order of names."""
    found = ["the catalogue is another"] if catalogue_changed else []
    before, after = _by_id(old), _by_id(new)
    for name in sorted(before.keys() | after.keys()):
        found += _of_policy(before.get(name), after.get(name))
    return tuple(found)


def _of_policy(old: Policy | None, new: Policy | None) -> Iterator[str]:
    if old is not None and new is not None and _head(old) != _head(new):
        yield f"{new.id}: the head of the file is another"
    before, after = _rules(old), _rules(new)
    for name in sorted(before.keys() | after.keys()):
        was, now = before.get(name), after.get(name)
        if was == now:
            continue
        if isinstance(now, Rule) and now.grants:
            yield f"{name}: the grant is {'another' if was else 'new'}"
        elif was is not None and not (isinstance(was, Rule) and was.grants):
            yield f"{name}: the limit is {'another' if now else 'gone'}"


def _rules(policy: Policy | None) -> Mapping[str, Rule | Row]:
    """By id, without what only explains."""
    if policy is None:
        return {}
    rules: dict[str, Rule | Row] = {
        rule.id: replace(rule, why=NOTHING, law=(), assessment=None, where="") for rule in policy.rules
    }
    for row in policy.rows:
        rules[row.rule.rule] = replace(row, rule=replace(row.rule, reason=NOTHING), law=(), where="")
    return rules


def _head(policy: Policy) -> Policy:
    return replace(policy, title=NOTHING, contact=None, assessment=None, rules=(), rows=(), where="")


def _by_id(policies: PolicySet) -> Mapping[str, Policy]:
    return {policy.id: policy for policy in policies.policies}
