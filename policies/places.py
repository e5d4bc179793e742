"""Where a caller and a record can be, cut by the codes that rules name: one place for all that no rule tells apart."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from typing import NamedTuple

from policies.conditions import INSIDE, OUTSIDE
from policies.dimensions import Place
from policies.policyset import PolicySet

LONGEST = 6  # digits of an area's code
ELSEWHERE = ""  # what a province stands for that stands for all that no rule names


class Places(NamedTuple):
    """`pairs`: a caller's region and a record's. `rest`: codes that stand for all of an area that is not named."""

    pairs: list[Place]
    rest: Mapping[str, str]


def places(versions: Iterable[PolicySet]) -> Places:
    """Every pair of a caller's region (None: not known) and a record's that rules could tell from all others.

    A province stands for itself and, where a rule names a place within it, has one more for the rest of it. Two
    provinces that no rule names stand for all such: a caller of one may ask for records of the other.
    """
    codes: set[str] = set()
    provinces: set[str] = set()
    for policies in versions:
        provinces |= policies.catalogue.provinces.keys()
        codes |= set(_codes(policies))
    named = sorted({code[:2] for code in codes})
    others = sorted(provinces - set(named))[:2]
    rest = dict.fromkeys(others, ELSEWHERE)
    found: list[str] = []
    for province in named:
        for area, whole in _inside(province, codes):
            found.append(area)
            if whole is not None:
                rest[area] = whole
    found += others
    return Places(list(product([None, *found], found)), rest)


def _codes(policies: PolicySet) -> Iterator[str]:
    for policy in policies.policies:
        yield from (code for code in (policy.provider, policy.consumer, policy.region) if code)
        for condition in policy.conditions:
            for region in condition.regions - {INSIDE, OUTSIDE}:
                yield from policies.catalogue.codes_of(region)


def _inside(province: str, codes: Iterable[str]) -> Iterator[tuple[str, str | None]]:
    """The province, each named place within it, and one within each of these that is not named, with its area."""
    short = {code.removesuffix("00") for code in codes if code.startswith(province)}
    within = sorted(code for code in short if len(code) > 2)
    yield province, None
    if not within:
        return
    starts = sorted({province, *(code[:4] for code in within), *within})
    for code in starts:
        if len(code) > 2:
            yield code.ljust(LONGEST, "0"), None
        if len(code) < LONGEST:
            free = (f"{code}{number:02}" for number in range(99, 0, -1))
            found = next((area for area in free if not any(other.startswith(area) for other in within)), None)
            if found is not None:
                yield found.ljust(LONGEST, "0"), code
