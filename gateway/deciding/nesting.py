"""Objects that a platform gives only whole: when one of their fields is denied, none of them is asked.

A list of objects in a text column, or below one name of a JSON answer, cannot be asked for in part. To ask for the
whole and cut it afterwards would let the denied field travel.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from connectors.contract import Claim
from policies.model import DENY, Decision


def divided(
    claim: Claim, decisions: Mapping[str, Decision], decide: Callable[[str], Decision]
) -> Mapping[str, Decision]:
    """The decisions on the asked fields, where a denied neighbour closes the fields of its object too."""
    found = dict(decisions)
    for leaves in claim.whole.values():
        mine = [name for name in leaves if name in decisions and decisions[name].answered]
        closing = next((known for known in map(decide, sorted(leaves)) if not known.answered), None) if mine else None
        if closing is not None:
            found |= {name: replace(closing, effect=DENY) for name in mine}
    return found
