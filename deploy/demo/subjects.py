"""The people and organisations of the demo province: all five kinds, every one invented and recognisably so.

`population` is a pure function of its seed. Names are made of cyclical characters and counting words
(王甲子, 青岛市南示例壹贰商贸有限公司), codes come from `codes`. It never draws on a list of real names.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from deploy.demo import codes, places

STEMS = "甲乙丙丁戊己庚辛壬癸"
BRANCHES = "子丑寅卯辰巳午未申酉戌亥"
SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
NUMERALS = "壹贰叁肆伍陆柒捌玖拾"
TRADES = {
    "商贸": "5191",
    "食品": "1411",
    "建筑": "4710",
    "运输": "5431",
    "化工": "2614",
    "机械": "3411",
    "餐饮": "6210",
}

_PLATFORMS = ("3702", "3702", "3702", "3706", "3706", "3706", "3707", "3707", "3710", "3710")  # where platforms are

RESERVED = range(80_000, 100_000)  # serials of the named examples and the offices

# kind -> (share per thousand, USCC prefixes)
KINDS: dict[str, tuple[int, tuple[str, ...]]] = {
    "Enterprise": (500, ("91",)),
    "NonEnterpriseLegalPerson": (60, ("12", "51", "52", "31")),
    "IndividualBusiness": (170, ("92",)),
    "FarmerCooperative": (40, ("93",)),
    "NaturalPerson": (230, ()),
}
_NON_ENTERPRISE = {
    "12": "示例{n}服务中心",
    "51": "示例{n}行业协会",
    "52": "示例{n}职业培训学校",
    "31": "示例{n}律师事务所",
}


@dataclass(frozen=True, slots=True)
class Person:
    name: str
    citizen_id: str

    @property
    def sex(self) -> str:
        return "MALE" if int(self.citizen_id[16]) % 2 else "FEMALE"

    @property
    def born(self) -> date:
        return date(int(self.citizen_id[6:10]), int(self.citizen_id[10:12]), int(self.citizen_id[12:14]))

    def age(self, at: date) -> int:
        return at.year - self.born.year - ((at.month, at.day) < (self.born.month, self.born.day))


@dataclass(frozen=True, slots=True)
class Subject:
    """A credit subject. `key` is its USCC, or the citizen ID of a natural person; `principal` is the
    legal representative of an organisation, and the person itself for a natural person."""

    kind: str
    key: str
    name: str
    area: str
    trade: str
    principal: Person
    founded: date

    @property
    def natural(self) -> bool:
        return self.kind == "NaturalPerson"

    @property
    def key_kind(self) -> Literal["uscc", "citizenId"]:
        return "citizenId" if self.natural else "uscc"

    @property
    def city(self) -> str:
        return self.area[:4]

    @property
    def address(self) -> str:
        # An organisation of the merged city keeps its old code and lives where the county now belongs.
        city = "3701" if self.city == "3712" else self.city
        county = places.CITIES[city][1].get(self.area) or places.RETIRED[self.area]
        return f"山东省{places.CITIES[city][0]}市{county}区示例路{int(self.principal.citizen_id[6:12]) % 900 + 1}号"


def population(seed: int, size: int, today: date, taken: Iterable[str]) -> Iterator[Subject]:
    """`size` subjects, always the same for the same arguments; nobody has an ID that is `taken`."""
    draw = random.Random(f"{seed}/subjects")
    kinds = list(KINDS)
    weights = [share for share, _ in KINDS.values()]
    people = _people(draw, today, set(taken))
    for serial in range(size):
        # The first five are one of each kind, so that the smallest province still has them all.
        kind = kinds[serial] if serial < len(kinds) else draw.choices(kinds, weights)[0]
        apart = serial if serial < RESERVED.start else serial + len(RESERVED)
        yield make(kind, apart, draw, next(people), today)


def make(kind: str, serial: int, draw: random.Random, principal: Person, today: date) -> Subject:
    """One subject of a kind; `serial` makes its code unique."""
    city = draw.choice((*places.CITIES, *_PLATFORMS))
    area = draw.choice(list(places.CITIES[city][1]))
    if city == "3701" and draw.random() < 0.2:
        area = draw.choice(list(places.RETIRED))
    trade = draw.choice(list(TRADES))
    founded = today - timedelta(days=draw.randrange(400, 7000))
    if kind == "NaturalPerson":
        return Subject(kind, principal.citizen_id, principal.name, area, trade, principal, founded)
    prefix = draw.choice(KINDS[kind][1])
    name = organisation_name(kind, prefix, area, trade, serial, principal)
    return Subject(kind, codes.uscc(prefix, area, serial), name, area, trade, principal, founded)


def organisation_name(kind: str, prefix: str, area: str, trade: str, serial: int, principal: Person) -> str:
    city = "3701" if area[:4] == "3712" else area[:4]
    place = places.CITIES[city][0] + (places.CITIES[city][1].get(area) or places.RETIRED[area])
    number = "".join(NUMERALS[int(digit)] for digit in f"{serial:04d}")
    if kind == "NonEnterpriseLegalPerson":
        return place + _NON_ENTERPRISE[prefix].format(n=number)
    if kind == "FarmerCooperative":
        return f"{place}示例{number}种植专业合作社"
    if kind == "IndividualBusiness":  # named after the person who runs it, as such businesses often are
        return f"{place}{principal.name}{trade}店（个体工商户）"
    branch = "（青岛）" if serial % 7 == 0 else ""
    return f"{place}示例{number}{trade}{branch}有限公司"


def _people(draw: random.Random, today: date, taken: set[str]) -> Iterator[Person]:
    """Endless distinct adults, aged 18 to about 38."""
    oldest = (today - date(1988, 1, 1)).days
    while True:
        born = today - timedelta(days=draw.randrange(19 * 366, oldest))
        code = codes.citizen_id(draw.choice(places.BIRTH_CITIES), born, draw.randrange(900, 1000))
        if code not in taken:
            taken.add(code)
            yield Person(draw.choice(SURNAMES) + draw.choice(STEMS) + draw.choice(BRANCHES), code)
