"""Platforms in memory that hold canaries, and give away all they hold, whatever they are asked.

Every value is one of a kind: found in any bytes, it says which field of which platform it came from. So whoever may
not see a field must never meet its canary. What is asked is written down; nothing else is kept.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from connectors.contract import (
    Breaker,
    Claim,
    Deadline,
    Environment,
    Fetch,
    Limits,
    Page,
    Platform,
    Retry,
    Row,
    Source,
    SubjectKey,
)
from connectors.registry import Registry
from policies.model import Catalogue, Field, RecordType

PLATFORMS = ("370200-canary", "370600-canary", "310000-canary")
COPIES = (
    "310000-canary"  # another province's: the decisions of the first platform, with other values where it may differ
)
# what the platforms beside the first hold
COPIED = ("Registration", "AdministrativePenalty", "JudgmentDebtor", "SeriousDishonestyEntry", "TaxArrears")
SHANGHAI = ZoneInfo("Asia/Shanghai")
EVER = 1e9
RARE = 0x9F00  # the first of 64 characters of which no three stand together anywhere
SHOWN = ("ACTIVE", "SERIOUS", "ORDINARY", "FINE")  # codes that no row rule hides by
DATED = ("date", "retention_anchor", "event", "recognition", "publication", "document", "objected")
FOUND = re.compile(
    rf"[{chr(RARE)}-{chr(RARE + 63)}]{{3}}|ZQX\d{{6}}|370299\d{{12}}|1990\d{{7}}|7\d{{3}}\.\d{{6}}|1234\d{{6}}"
    r"|(?:1[0-9]|20)\d\d-\d\d-\d\d(?:T\d\d:\d\d:\d\d)?"
)


class Place(NamedTuple):
    """Where a value is held: a field of one record of one subject at one platform."""

    platform: str
    type: str
    field: str
    subject: SubjectKey


@dataclass(slots=True)
class Canaries:
    """Makes values and knows them again. `subjects`: a kind for each key; `plain` are the area codes of firms."""

    catalogue: Catalogue
    subjects: Mapping[SubjectKey, str]
    held: dict[str, set[Place]] = field(default_factory=dict)  # what a value looks like in an answer -> its places
    rows: dict[tuple[str, str, SubjectKey], Row] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=count)
    _days: dict[bool, Iterator[int]] = field(default_factory=lambda: {True: count(), False: count()})

    def __post_init__(self) -> None:
        for platform in PLATFORMS:
            for record in self.catalogue.types.values():
                for subject, kind in self.subjects.items():
                    if kind in record.kinds and (platform == PLATFORMS[0] or record.name in COPIED):
                        self._fill(platform, record, subject)

    def found(self, text: str) -> set[Place]:
        """Where the canaries in a text are held."""
        held = self.held
        return {place for match in set(FOUND.findall(text)) for place in held.get(match, ())}

    def spoken(self, place: Place) -> list[str]:
        """How the canaries of a place look in an answer that shows them."""
        return [text for text, places in self.held.items() if place in places]

    def row(self, platform: str, record: RecordType, subject: SubjectKey) -> Row:
        return self.rows[platform, record.name, subject]

    def _fill(self, platform: str, record: RecordType, subject: SubjectKey) -> None:
        values: dict[str, Any] = {}
        for item in record.fields.values():
            place = Place(platform, record.name, item.name, subject)
            if platform == COPIES and item.name in record.roles.identity:
                values[item.name] = self.row(PLATFORMS[0], record, subject).values[item.name]
                for text in self.spoken(place._replace(platform=PLATFORMS[0])):
                    self.held[text].add(place)
            elif item.many:
                values[item.name] = (self._value(item, record, place), self._value(item, record, place))
            else:
                values[item.name] = self._value(item, record, place)
        self.rows[platform, record.name, subject] = Row(f"{platform}-{record.name}", subject, values)

    def _value(self, item: Field, record: RecordType, place: Place) -> Any:
        """A value that no other place has, as its kind must be; flags and codes of lists have too few to tell."""
        number = next(self._numbers)
        han = "".join(chr(RARE + (number >> shift) % 64) for shift in (12, 6, 0))
        code, identity, phone = f"ZQX{number:06}", f"370299{number:012}", f"1990{number:07}"
        match item.kind:
            case "flag":
                return True
            case "enum":
                return self._listed(item, record)
            case "date":
                return self._day(item, record, place)
            case "timestamp":
                found = datetime(2025, 3, 1, tzinfo=SHANGHAI) + timedelta(seconds=number * 61)
                self._note(place, *(f"{found.astimezone(zone):%Y-%m-%dT%H:%M:%S}" for zone in (SHANGHAI, UTC)))
                return found
            case "money":
                self._note(place, f"7{number // 1000 % 1000:03}.{number:06}"[:11])
                return Decimal(f"7{number // 1000 % 1000:03}.{number:06}")
            case "number":
                self._note(place, str(1_234_000_000 + number))
                return 1_234_000_000 + number
            case "name":
                self._note(place, han)
                return f"钱{han}"
            case "address":
                self._note(place, han)
                return f"山东省青岛市市南区{han}路1号"
            case "idNumber":
                self._note(place, identity)
                return identity
            case "phone":
                self._note(place, phone)
                return phone
            case "text":
                self._note(place, identity, phone)
                return f"按期整改，证件号码{identity}，电话{phone}。"
        if item.name == "areaCode" and place.subject.kind == "uscc":
            return "370202"  # everybody may know it, and questions are narrowed by it
        self._note(place, code)
        return code

    def _listed(self, item: Field, record: RecordType) -> str:
        """A code that hides no row where there is one: in force, and serious in every sense."""
        codes = list(self.catalogue.vocabularies[item.vocabulary or ""])
        return next((code for code in SHOWN if code in codes), codes[0])

    def _day(self, item: Field, record: RecordType, place: Place) -> date:
        """Days that rules look at are of late, or to come, so that no row is hidden; all others are long past."""
        lately = item.name in {getattr(record.roles, role) for role in DATED}
        first = date(2023, 1, 1) if lately else date(1910, 1, 1)
        if item.name == record.roles.publicity_end:
            first = date(2050, 1, 1)
        found = first + timedelta(days=next(self._days[lately]))
        self._note(place, found.isoformat())
        return found

    def _note(self, place: Place, *texts: str) -> None:
        for text in texts:
            assert FOUND.fullmatch(text), text
            self.held.setdefault(text, set()).add(place)


class Asked(NamedTuple):
    """What reached a platform: for which request, and which fields of what."""

    request: str
    platform: str
    type: str
    fields: frozenset[str]
    subjects: tuple[SubjectKey, ...]


class Generous:
    """A connector that answers each question with whole records. See `connectors.contract`."""

    def __init__(self, name: str, canaries: Canaries, asked: list[Asked], as_of: datetime, batch: int) -> None:
        self._name, self._canaries, self._asked, self._as_of = name, canaries, asked, as_of
        self._claims = {record.name: _claim(record, batch) for record in canaries.catalogue.types.values()}

    def claims(self) -> Mapping[str, Claim]:
        return self._claims

    async def open(self, environment: Environment) -> None:
        return

    async def close(self) -> None:
        return

    async def health(self, deadline: Deadline) -> None:
        return

    async def fetch(self, ask: Fetch) -> AsyncIterator[Page]:
        self._asked.append(Asked(ask.request_id, self._name, ask.type, ask.fields, ask.subjects))
        await ask.turn()
        known = self._canaries.subjects
        wanted: Sequence[SubjectKey] = ask.subjects or [key for key in known if key.kind == "uscc"]
        rows = self._canaries.rows
        keys = [(self._name, ask.type, subject) for subject in wanted]
        yield Page([rows[key] for key in keys if key in rows], (), False, self._as_of)


def _claim(record: RecordType, batch: int) -> Claim:
    roles = record.roles
    filters = {roles.status: frozenset({"in"})}
    for name, operator in ((roles.date, "range"), (roles.list, "in"), (roles.subject_name, "contains")):
        if name is not None:
            filters[name] = frozenset({operator})
    keys = frozenset({"uscc", "citizenId"})
    return Claim(frozenset(record.fields), frozenset(), {}, keys, filters, batch, {}, True)


def registry(canaries: Canaries, asked: list[Asked], as_of: datetime | None = None, batch: int = 1) -> Registry:
    """The platforms; what they are asked is appended to `asked`. `batch`: subjects that they take in one question."""
    platforms, fresh = {}, as_of or datetime.now(UTC)
    for name in PLATFORMS:
        source = Source(
            "all", "memory", Generous(name, canaries, asked, fresh, batch), Limits(10_000, None, 60.0, 1_000, 1 << 20),
            Breaker(1_000, EVER, EVER), Retry(1, 0.0),
        )  # fmt: skip
        types = dict.fromkeys(canaries.catalogue.types if name == PLATFORMS[0] else COPIED, "all")
        title = {"zh": "试", "en": name}
        platforms[name] = Platform(name, name[:6], title, "office", "1", {"all": source}, types, frozenset(), None)
    return Registry(platforms)
