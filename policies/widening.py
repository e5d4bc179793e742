"""Is a change that opens more meant to? A file that widens says so, and what it rests on.

    widens: true
    law: [{text: ..., mark: T}]        # an agreement's two signatures do as well

Which file opens more is found by taking its change back. The mark counts for the change that it comes with: one that
stood there before, and rests on the same, excuses nothing. Nothing here keeps anything from being used.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from policies.difference import ABSENT, Answer, Difference, FieldShift, RowsShift, difference, opens_more
from policies.interpreter import decide, row_rules
from policies.model import ALLOW, DENY, Field, Words
from policies.policyset import Policy, PolicySet
from policies.quotas import looser

UNSAID = Words("", "")


def unexcused(old: PolicySet, new: PolicySet, found: Difference) -> list[str]:
    """The files that open more and do not say so, one line for each; nothing when every gain is meant."""
    before = {policy.id: policy for policy in old.policies}
    lines = [line for shift in found.gains for line in _of_shift(old, new, shift)]
    meant = [policy.id for policy in new.policies if policy.widens and not [*_unsaid(policy, before.get(policy.id))]]
    if meant:  # a shift is looked at where it is opened first, which may be by one of these, and elsewhere by another
        rest = new
        for name in meant:
            rest = _with(rest, before.get(name), name)
        lines += [line for shift in difference(old, rest).gains for line in _of_shift(old, rest, shift)]
    lines += [line for policy, _ in looser(old, new) for line in _unsaid(policy, before.get(policy.id))]
    return list(dict.fromkeys(lines))


def _of_shift(old: PolicySet, new: PolicySet, shift: FieldShift | RowsShift) -> Iterator[str]:
    before, after = ({policy.id: policy for policy in policies.policies} for policies in (old, new))
    changed = [name for name in sorted({*before, *after}) if _bare(before.get(name)) != _bare(after.get(name))]
    causes = [name for name in changed if _undone(old, _with(new, before.get(name), name), new, shift)]
    same_files = PolicySet(old.catalogue, new.policies)
    if not changed or (not causes and _undone(old, same_files, new, shift)):
        yield from _of_catalogue(old, new, shift)
        return
    for name in causes or changed:  # several files together when none alone
        policy = after.get(name)
        if policy is None:
            yield f"{before[name].where}: `{name}` is gone, and what it closed is open; keep it, and change it there"
        else:
            yield from _unsaid(policy, before.get(name))


def _unsaid(policy: Policy, before: Policy | None) -> Iterator[str]:
    if not policy.widens:
        yield f"{policy.where}: `{policy.id}` opens more; write `widens: true` and the `law` that it rests on"
    elif before is not None and before.widens == policy.widens:
        yield f"{policy.where}: `{policy.id}` opens more by what it rested on before; say what this change rests on"


def _of_catalogue(old: PolicySet, new: PolicySet, shift: FieldShift | RowsShift) -> Iterator[str]:
    types = [shift.example.type] if isinstance(shift, FieldShift) else shift.types
    for name in types:
        was, now = old.catalogue.types.get(name), new.catalogue.types.get(name)
        if now is None or not now.widens or (was is not None and was.widens and was.basis == now.basis):
            yield f"catalogue/types/{name}.yaml:1: opens more; write `widens: true`, and into `law` what it rests on"


def _undone(old: PolicySet, partly: PolicySet, new: PolicySet, shift: FieldShift | RowsShift) -> bool:
    """Whether what is gained is no longer so when a part of the change is taken back."""
    if isinstance(shift, RowsShift):
        return row_rules(partly, shift.example) != row_rules(new, shift.example)
    was, now = _field(old, shift), _field(partly, shift)
    if now is None:
        return True
    decision = decide(partly, shift.example, now)
    answer = (decision.effect, decision.obligations)
    before = _plain(shift.old)
    return answer == before or not opens_more(before, answer, was.ladder if was else (ALLOW,), now.ladder)


def _plain(answer: Answer) -> tuple[str, frozenset[str]]:
    return (DENY if answer.effect == ABSENT else answer.effect, answer.obligations)


def _field(policies: PolicySet, shift: FieldShift) -> Field | None:
    record = policies.catalogue.types.get(shift.example.type)
    fields = record.fields.values() if record and shift.example.kind in record.kinds else ()
    return next((field for field in fields if field.coordinate == shift.fields[0]), None)


def _with(policies: PolicySet, before: Policy | None, name: str) -> PolicySet:
    """The set with one file as it was."""
    kept = [policy for policy in policies.policies if policy.id != name]
    return PolicySet(policies.catalogue, (*kept, *([before] if before else [])))


def _bare(policy: Policy | None) -> Policy | None:
    """A file without what only explains."""
    if policy is None:
        return None
    rules = tuple(replace(rule, why=UNSAID, law=(), where="", assessment=None) for rule in policy.rules)
    rows = tuple(replace(row, rule=replace(row.rule, reason=UNSAID), law=(), where="") for row in policy.rows)
    return replace(
        policy, title=UNSAID, contact=None, quota=None, rules=rules, rows=rows, where="", widens=(), assessment=None
    )
