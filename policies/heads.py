"""What a policy file's own head asks of each of its rules, and what the catalogue asks of every rule, said to a space.

A head's days are not said here: who has one instant asks `Policy.valid` once, who has all of them cuts time there.
"""

from __future__ import annotations

from functools import partial

from policies.conditions import province_of, purpose_listed
from policies.dimensions import Place, Space
from policies.model import Catalogue
from policies.policyset import Policy


def require_head(space: Space, policy: Policy, bits: int) -> None:
    """Where and for what the file speaks is asked by each of its rules."""
    if policy.region is not None:
        space.places.require(bits, partial(_covered, policy.region))
    if policy.kind == "agreement":
        space.places.require(bits, partial(_between, policy))
        space.purposes.require(bits, partial(_agreed, policy.purposes))


def require_known(space: Space, c: Catalogue, rules: int) -> None:
    """No rule holds for a word that the catalogue has not got, nor for a kind that has no such records."""
    kinds = {name: record.kinds & c.kinds.keys() for name, record in c.types.items()}
    space.clients.require(rules, c.client_classes.__contains__)
    space.purposes.require(rules, lambda purpose: purpose is None or purpose in c.purposes)
    space.topics.require(rules, lambda topic: topic[1] in kinds.get(topic[0], ()))


def _covered(region: str, place: Place) -> bool:
    """Whether a policy of `region` speaks for the platform: one of the two codes begins with the other."""
    mine, other = region.removesuffix("00"), place[1]
    short = min(len(mine), len(other))
    return mine[:short] == other[:short]


def _between(agreement: Policy, place: Place) -> bool:
    return (agreement.consumer, agreement.provider) == (province_of(place[0]), province_of(place[1]))


def _agreed(purposes: frozenset[str], purpose: str | None) -> bool:
    return purpose_listed(purpose, purposes)
