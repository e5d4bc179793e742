"""Masks: one function for each step of the catalogue's ladders, named as the step. They reduce, never invent.

A value that a mask cannot handle is withheld (None) and never passed through. Masks of the tail4 sort are
still personal data; only a pseudonym hides who somebody is, and only under a key. Nothing here logs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from policies.conditions import SHANGHAI
from policies.identifiers import normalise
from policies.keyed import Keyed
from policies.model import ALLOW
from policies.person_names import COMPOUND, HAN
from policies.scrubbing import scrub

Pseudonym = Callable[[str], str]

PERSON_NAME = re.compile(rf"[{HAN}][{HAN}·]+\Z")
MOBILE = re.compile(r"(?:\+?86)?(1[0-9]{10})\Z")
# signs of streets, houses and villages: what holds one of them is no city and no county, unless it is named below
PLACES = "省市区县路街号村镇乡巷弄楼栋小社园校厂"
CITY = (
    rf"(?:[{HAN}]{{1,7}}(?:省|自治区|特别行政区))?"
    rf"(?:[^\W\d_{PLACES}]{{0,6}}?(?:景德镇|镇江|[新萍湘桐宁]乡|北镇)|[^\W\d_{PLACES}]{{1,9}}?)"
    "(?:自治州|地区|(?<![超集夜早菜闹])市(?![场部])|盟)"  # 超市, 集市 and 市场 are shops and markets
)
# counties whose names hold a sign that else begins a street, a house or a village (GB/T 2260)
NAMED = (
    "周村区|金乡县|市[中南北]区|鼓楼区|钟楼区|路[南北]区|路桥区|镇海区|北镇市|镇(?:赉|平|坪|安|巴|原|雄|康|远)县|"
    "镇(?:宁布依族苗族|沅彝族哈尼族拉祜族)自治县|[武新内]乡县|乡宁县|西乡县|西乡塘区|[宁湘桐]乡市|东乡区|东乡族自治县|小店区|小金县|"
    "社旗县|大厂回族自治县"
)
ADDRESS = re.compile(
    rf"(?P<city>{CITY})"
    rf"(?P<county>(?:{NAMED}|[^\W\d_旗{PLACES}]{{1,9}}?(?:自治县|新区|区|县|市|旗)))?"
)


class Pseudonyms:
    """Pseudonyms by HMAC-SHA-256, keyed for one partner and one purpose, so that no two partners can join.

    `key` is at least 32 secret bytes; `kid` names it in every value: `p1:<kid>:<26 letters of base32>`.
    """

    def __init__(self, key: bytes, kid: str) -> None:
        if len(key) < 32:
            raise ValueError("a pseudonym key has at least 32 bytes")
        if not re.match(r"[A-Za-z0-9_-]{1,32}\Z", kid):
            raise ValueError("a key id is up to 32 letters, digits, `_` and `-`")
        self._key, self.kid = key, kid

    def __repr__(self) -> str:  # a key must not reach a log by accident
        return f"Pseudonyms({self.kid})"

    def of(self, partner: str, purpose: str) -> Pseudonym:
        """The function that gives this partner's pseudonym of a value, for this purpose."""
        parts = [part.encode() for part in (partner, purpose)]
        context = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
        derived = Keyed(Keyed(self._key).digest(b"credit-gateway pseudonym" + context))
        prefix = f"p1:{self.kid}:"

        def pseudonym(value: str) -> str:
            return prefix + derived.letters(normalise(value).encode())

        return pseudonym


def mask(step: str, value: Any, bands: Sequence[str], pseudonym: Pseudonym) -> Any:
    """`value` reduced to `step`, or None when that cannot be done. `allow` returns it as it is.

    Lists are masked one by one and withheld whole when any part is. `bands` are the ends of the money bands.
    """
    if step == ALLOW or value is None:
        return value
    if isinstance(value, tuple | list):
        masked = tuple(mask(step, part, bands, pseudonym) for part in value)
        return None if None in masked else masked
    if step in {"month", "year"}:
        return month(value) if step == "month" else year(value)
    if step == "bucket":
        return bucket(value, bands)
    if not isinstance(value, str) or not value.strip() or step not in STEPS:
        return None
    return pseudonym(value) if step == "pseudonym" else TEXT[step](value)


def bears(step: str, value: Any) -> bool:
    """Whether a text can be what a step makes, and cannot be the value itself; of a scrubbed text nobody can tell."""
    return isinstance(value, str) and step in BORNE and BORNE[step].match(value) is not None


def surname(value: str) -> str | None:
    """The family name and a star for each other character: 张**."""
    name = "".join(value.split()).replace("•", "·").replace("・", "·")
    if not PERSON_NAME.match(name):
        return None
    kept = 2 if len(name) > 2 and name[:2] in COMPOUND else 1
    return name[:kept] + "*" * (len(name) - kept)


def tail4(value: str) -> str | None:
    """Stars and the last four characters; too short a value would show itself."""
    code = normalise(value)
    return "*" * (len(code) - 4) + code[-4:] if len(code) >= 12 else None


def keep3_4(value: str) -> str | None:
    """A mobile number of the mainland with its middle hidden: 138****1234."""
    found = MOBILE.match(re.sub(r"[\s-]", "", normalise(value)))
    return f"{found[1][:3]}****{found[1][-4:]}" if found else None


def county(value: str) -> str | None:
    """An address down to its county or district."""
    found = ADDRESS.match("".join(value.split()))
    return f"{found['city']}{found['county']}***" if found and found["county"] else None


def city(value: str) -> str | None:
    """An address down to its city."""
    found = ADDRESS.match("".join(value.split()))
    return f"{found['city']}***" if found else None


def month(value: Any) -> str | None:
    """The month of a day, `2026-03`; an open end has none."""
    day = _day(value)
    return f"{day:%Y-%m}" if day else None


def year(value: Any) -> str | None:
    """The year of a day, `2026`; an open end has none."""
    day = _day(value)
    return f"{day:%Y}" if day else None


def bucket(value: Any, bands: Sequence[str]) -> str | None:
    """The money band of an amount, lower end inclusive: `<1`, `10-50`, `>=5000`."""
    if isinstance(value, bool) or not isinstance(value, Decimal | int):
        return None
    amount = Decimal(value)
    if not amount.is_finite() or amount < 0 or not bands:
        return None
    above = next((index for index, end in enumerate(bands) if amount < Decimal(end)), len(bands))
    if above == 0:
        return f"<{bands[0]}"
    return f"{bands[above - 1]}-{bands[above]}" if above < len(bands) else f">={bands[-1]}"


TEXT: dict[str, Callable[[str], str | None]] = {
    "surname": surname, "tail4": tail4, "keep3_4": keep3_4, "county": county, "city": city, "scrub": scrub
}  # fmt: skip
BORNE = {
    "surname": re.compile(rf"[{HAN}]{{1,2}}\*+\Z"),
    "tail4": re.compile(r"\*{8,}[^*]{4}\Z"),
    "keep3_4": re.compile(r"1[0-9]{2}\*{4}[0-9]{4}\Z"),
    "county": re.compile(r"[^*]+\*{3}\Z"),
    "city": re.compile(rf"{CITY}\*{{3}}\Z"),
    "pseudonym": re.compile(r"p1:[A-Za-z0-9_-]{1,32}:[A-Z2-7]{26}\Z"),
    "month": re.compile(r"[0-9]{4}-[0-9]{2}\Z"),
    "year": re.compile(r"[0-9]{4}\Z"),
    "bucket": re.compile(r"(?:<[0-9.]+|[0-9.]+-[0-9.]+|>=[0-9.]+)\Z"),
}
STEPS = frozenset({*TEXT, "pseudonym", "month", "year", "bucket"})


def _day(value: Any) -> date | None:
    if isinstance(value, datetime):
        value = value.astimezone(SHANGHAI).date() if value.tzinfo else value.date()
    return value if isinstance(value, date) and value != date.max else None
