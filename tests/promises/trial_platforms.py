"""Platforms in memory whose answers are a function of a seed and of what is asked: rows of every kind, and every fault.

Nothing here is real, and nothing is kept: the same question gets the same answer, whoever asks and however often. Some
values are odd on purpose (a number beyond 32 bits, a code that no list has, a text where a date should be).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from random import Random
from typing import Any

from connectors.contract import (
    AuthFailed,
    BadRequest,
    Breaker,
    Claim,
    ContractBroken,
    Deadline,
    Denied,
    Environment,
    Fetch,
    Limits,
    Maintenance,
    Order,
    Page,
    Platform,
    RateLimited,
    Retry,
    Row,
    Source,
    SubjectKey,
    SubjectUnknown,
    TimedOut,
    Unavailable,
)
from connectors.registry import Registry
from policies import identifiers
from policies.model import Catalogue, Field, RecordType
from tests.edges.drafts import NOON, catalogue

TYPES = (
    "Registration",
    "AdministrativePenalty",
    "JudgmentDebtor",
    "SeriousDishonestyEntry",
    "SmeFinanceSummary",
    "TaxArrears",
)
REGIONS = ("370000", "370200", "370600", "310000")
NAMES = ("多处运输有限公司", "海滨贸易（青岛）公司", "张三", "欧阳小明", "王·五", "海滨 贸易", "")
FAULTS = (
    Unavailable,
    TimedOut,
    RateLimited,
    Denied,
    SubjectUnknown,
    BadRequest,
    ContractBroken,
    Maintenance,
    RuntimeError,
)
EVER = 1e9


def organisation(prefix: str, number: int) -> SubjectKey:
    first = f"{prefix}3702{number:02}MA3DEM{number:03}"
    return SubjectKey("uscc", first + identifiers.uscc_check(first))


def person(born: str, number: int) -> SubjectKey:
    first = f"370203{born}{number:03}"
    return SubjectKey("citizenId", first + identifiers.citizen_id_check(first))


SUBJECTS = (
    *(organisation(prefix, number) for number, prefix in enumerate(["91", "91", "91", "92", "93", "12", "51"], 1)),
    person("19900101", 1), person("20100228", 2), person("20080229", 3),
)  # fmt: skip


@cache
def small_catalogue() -> Catalogue:
    """The shipped catalogue with few types and a dozen fields in each, every kind of field among them."""
    whole, random = catalogue(), Random(7)
    types = {name: _small(whole.types[name], random) for name in TYPES}
    report = tuple(replace(part, types=tuple(name for name in part.types if name in types)) for part in whole.report)
    return replace(whole, types=types, report=report)


def _small(record: RecordType, random: Random) -> RecordType:
    roles = record.roles
    kept = record.control | {
        roles.date,
        roles.updated,
        roles.subject_name,
        roles.list,
        "sourceUnit",
        "areaCode",
        "name",
    }
    rare = {
        f.name for f in record.fields.values() if f.kind in {"number", "flag", "phone", "idNumber", "address", "money"}
    }
    kept |= set(random.sample(sorted(rare), min(5, len(rare))))
    kept |= set(random.sample(sorted(record.fields), 6))
    fields = {name: item for name, item in record.fields.items() if name in kept or "." in name}
    return replace(record, fields=fields)


class Invented:
    """A connector of one platform. See `connectors.contract`."""

    def __init__(self, name: str, claims: Mapping[str, Claim], world: World) -> None:
        self.name, self._claims, self._world = name, claims, world
        self.asks: list[tuple[Any, ...]] = []

    def claims(self) -> Mapping[str, Claim]:
        return self._claims

    async def open(self, environment: Environment) -> None:
        return

    async def close(self) -> None:
        return

    async def health(self, deadline: Deadline) -> None:
        return

    async def fetch(self, ask: Fetch) -> AsyncIterator[Page]:
        self.asks.append((self.name, ask.type, ask.fields, ask.subjects, ask.where, ask.ordered))
        random = Random(f"{self._world.seed} {self.name} {ask.type} {[key.value for key in ask.subjects]}")
        await ask.turn()
        if random.random() < self._world.faulty:
            kind = random.choice(FAULTS)
            if random.random() < 0.01:
                raise AuthFailed("no")
            if random.random() < 0.05:
                await asyncio.Event().wait()  # never
            raise kind("no")
        rows = [row for key in ask.subjects or SUBJECTS[:7] for row in self._world.rows(self.name, ask.type, key)]
        extra = random.random() < 0.1
        cut = [
            Row(row.id, row.subject, row.values if extra else {n: v for n, v in row.values.items() if n in ask.fields})
            for row in rows
        ]
        as_of = random.choice([None, NOON, NOON - timedelta(days=1), NOON - timedelta(days=400)])
        if random.random() < 0.005:
            as_of = datetime(2026, 1, 1)  # noqa: DTZ001  # without a zone: against the contract
        rejected = ["a reason"] * random.choice([0] * 25 + [1, 2])
        middle = len(cut) // 2
        yield Page(cut[:middle], (), False, as_of)
        yield Page(cut[middle:], rejected, random.random() < 0.04, as_of)


class World:
    """All that the platforms of one seed hold."""

    def __init__(self, seed: int, faulty: float = 0.1) -> None:
        self.seed, self.faulty = seed, faulty
        self._rows: dict[tuple[str, str, SubjectKey], list[Row]] = {}

    def rows(self, platform: str, type_name: str, subject: SubjectKey) -> list[Row]:
        key = (platform, type_name, subject)
        if key not in self._rows:
            self._rows[key] = self._made(platform, small_catalogue().types[type_name], subject)
        return self._rows[key]

    def _made(self, platform: str, record: RecordType, subject: SubjectKey) -> list[Row]:
        """Rows of one subject at one platform. The same decision is often held by several platforms."""
        random = Random(f"{self.seed} {platform} {record.name} {subject.value}")
        rows = []
        for number in random.sample(range(6), random.choice([0, 1, 1, 2, 3, 5])):
            decision = Random(f"{self.seed} {record.name} {subject.value} {number}")
            values = _values(record, decision)
            for name in values:
                if random.random() < 0.12 and name not in record.roles.identity:
                    values[name] = _value(record.fields[name], random)
            rows.append(Row(f"{platform}-{number}", subject if random.random() > 0.02 else SUBJECTS[0], values))
        return rows


def _values(record: RecordType, random: Random) -> dict[str, Any]:
    values = {name: _value(item, random) for name, item in record.fields.items()}
    for parent, nested in record.objects.items():
        if nested.many:
            count = random.choice([0, 1, 2, 3])
            for name, item in record.fields.items():
                if name.startswith(f"{parent}."):
                    single = replace(item, many=False)
                    values[name] = (
                        tuple(_value(single, random) for _ in range(count)) if random.random() > 0.1 else None
                    )
    return values


def _value(item: Field, random: Random) -> Any:
    if random.random() < 0.07:
        return None
    if item.many:
        single = replace(item, many=False)
        return tuple(_value(single, random) for _ in range(random.choice([0, 1, 2])))
    if random.random() < 0.002:
        return random.choice(["ODD", 2**40, 1.5, True, "2024", Decimal("1.50"), date(2024, 2, 29)])
    match item.kind:
        case "name":
            return random.choice([*NAMES, "司马相如", "A B"])
        case "idNumber":
            return random.choice([SUBJECTS[7].value, SUBJECTS[0].value, "123", "37020319900101001X"])
        case "phone":
            return random.choice(["13812345678", "0532-1234567", "+86 139 1234 5678"])
        case "address":
            return random.choice(["山东省青岛市市南区香港中路1号", "青岛市", "somewhere", "山东省烟台市芝罘区一路"])
        case "date":
            return random.choice(
                [date.max, date(2026, 11, 24), date(2010, 2, 28) + timedelta(days=random.randrange(7000))]
            )
        case "timestamp":
            return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=random.randrange(9000))
        case "money":
            return random.choice([Decimal("0.10"), Decimal("12.5"), Decimal("99999"), Decimal("-1"), Decimal("1E+2")])
        case "flag":
            return random.random() < 0.5
        case "number":
            return random.choice([0, 1, 42, 2**31 - 1, 2**31, -(2**31) - 1])
        case "enum":
            codes = list(small_catalogue().vocabularies[item.vocabulary or ""])
            return random.choice([*codes[:4] * 10, "NO_SUCH_CODE"])
        case "code":
            return random.choice(["370202", "370600", "371002", "AB-1", "甲〔2024〕1号", "甲〔2024〕2号"])
    return random.choice(["甲", "乙 ", "x\u202ey", ""])


def registry(seed: int, world: World) -> Registry:
    """A few platforms, each with some of the types and most of the fields."""
    random, known = Random(f"registry {seed}"), small_catalogue()
    platforms = {}
    for region in REGIONS:
        name = f"{region}-trial"
        mine = [each for each in TYPES if random.random() < 0.75] or ["Registration"]
        claims = {each: _claim(known.types[each], random) for each in mine}
        source = Source(
            "db", "sql", Invented(name, claims, world), Limits(1_000, None, 0.02, 1_000, 1 << 20),
            Breaker(1_000, EVER, EVER), Retry(1, 0.0),
        )  # fmt: skip
        title = {"zh": "试", "en": name}
        authority = frozenset(each for each in mine if random.random() < 0.3)
        stale_after = random.choice([None, 3600.0, 86400.0 * 30])
        platforms[name] = Platform(
            name, region, title, "office", "1", {"db": source}, dict.fromkeys(mine, "db"), authority, stale_after
        )
    return Registry(platforms)


def _claim(record: RecordType, random: Random) -> Claim:
    roles = record.roles
    absent = {name for name in record.fields if name not in record.control and random.random() < 0.1}
    fields = record.fields.keys() - absent
    filters: dict[str, frozenset[str]] = {}
    if roles.date in fields and random.random() < 0.5:
        filters[str(roles.date)] = frozenset({"range"})
    if random.random() < 0.5:
        filters[roles.status] = frozenset({"in"})
    if roles.list and random.random() < 0.8:
        filters[roles.list] = frozenset({"in"})
    if roles.subject_name in fields and random.random() < 0.8:
        filters[str(roles.subject_name)] = frozenset({"contains"})
    whole = {
        parent: frozenset(name for name in fields if name.startswith(f"{parent}."))
        for parent in record.objects
        if random.random() < 0.4
    }
    apart = Random(f"{record.name} {sorted(fields)}")  # what else is drawn stays as it is
    orders = [Order(str(each), apart.random() < 0.5) for each in (roles.date, roles.updated, "name") if each in fields]
    keys = {small_catalogue().kinds[kind].key for kind in record.kinds}
    not_applicable: dict[str, str] = {}
    return Claim(
        frozenset(fields), frozenset(absent), not_applicable, frozenset(keys), filters, random.choice([1, 1, 3]), whole,
        random.random() < 0.8, tuple(orders[apart.randrange(3) :]),
    )  # fmt: skip
