"""What a bundle opens that another did not, in lines for people: from the exact difference over every question.

Shifts that open the same fields in the same way are one line, with how many kinds of question it is for; `policy diff`
tells each. What the difference cannot see, because it decides nothing by itself (bands, codes, evidence that a purpose
asks for), counts as an opening when the catalogue says it otherwise; so does a quota of an agreement that falls.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from policies.difference import FieldShift, RowsShift, difference
from policies.policyset import PolicySet
from policies.quotas import looser

MOST = 100  # lines; a change that opens more is not read line by line
FEW = 4


def gains(old: PolicySet, new: PolicySet) -> tuple[str, ...]:
    """One line for each opening; none when nothing is opened to anybody, at any time."""
    found = [] if _alike(old, new) else ["the catalogue is another"]
    found += [f"{policy.id}: {bound}" for policy, bound in looser(old, new)]
    counted = Counter(_line(shift) for shift in difference(old, new).gains)
    found += [f"{line}{f' ({count} kinds of question)' if count > 1 else ''}" for line, count in counted.items()]
    return (*found[:MOST], *([f"and {len(found) - MOST} more"] if len(found) > MOST else []))


def _alike(old: PolicySet, new: PolicySet) -> bool:
    return old.catalogue == replace(new.catalogue, version=old.catalogue.version)


def _line(shift: FieldShift | RowsShift) -> str:
    if isinstance(shift, RowsShift):
        return f"rows of {_few(shift.types)}, by {', '.join(shift.rules)}"
    told, rule = f"{shift.old.effect} -> {shift.new.effect}", shift.new.rule
    released = sorted(shift.old.obligations - shift.new.obligations)
    if shift.old.effect == shift.new.effect and released:
        told = f"obliges no more to {', '.join(released)}"
    return f"{_few(shift.fields)}: {told}, by {rule}"


def _few(names: tuple[str, ...]) -> str:
    return ", ".join(names[:FEW]) + (f" and {len(names) - FEW} more" if len(names) > FEW else "")
