"""The whole demo province as data: who lives there, what is true of them, and what each platform holds.

`generate` is a pure function of seed, size and day: the same arguments give the same province, to the byte.
It opens no socket and no file; `province` makes it real.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from itertools import count, cycle
from typing import Any

from deploy.demo import every_line, examples, facts, places
from deploy.demo.cities import jinan
from deploy.demo.cities import lives as cities
from deploy.demo.cities.named import named as city_examples
from deploy.demo.examples import Held
from deploy.demo.facts import Fact
from deploy.demo.holdings import blocks, centre, qingdao, shandong, weifang, weihai, yantai
from deploy.demo.holdings.sheet import Holding
from deploy.demo.provincial.lives import lives
from deploy.demo.provincial.named import named as provincial_examples
from deploy.demo.spelling import Pen
from deploy.demo.subjects import Subject, population

JINAN = "370100-jinan-register"
QINGDAO = "370200-qingdao-double-publicity"
YANTAI = "370600-yantai-credit"
WEIFANG = "370700-weifang-drop"
WEIHAI = "371000-weihai-credit"
SHANDONG = "370000-shandong-province"

# the first word of a city's collection -> its platform and source
CITIES = {
    "qingdao": (QINGDAO, "database"),
    "yantai": (YANTAI, "api"),
    "weifang": (WEIFANG, "folder"),
    "weihai": (WEIHAI, "exchange"),
    "jinan": (JINAN, "register"),
}
# where a fact is held -> (platform, source, record type, the flaws that its rows may have)
COLLECTIONS: Mapping[str, tuple[str, str, str, Mapping[str, Any]]] = {
    "qingdao.penalties": (QINGDAO, "database", "AdministrativePenalty", qingdao.PENALTY_FLAWS),
    "qingdao.licences": (QINGDAO, "database", "AdministrativeLicence", qingdao.LICENCE_FLAWS),
    "yantai.penalties": (YANTAI, "api", "AdministrativePenalty", yantai.PENALTY_FLAWS),
    "yantai.licences": (YANTAI, "api", "AdministrativeLicence", yantai.LICENCE_FLAWS),
    "yantai.registrations": (YANTAI, "api", "Registration", yantai.REGISTRATION_FLAWS),
    "weifang.penalties": (WEIFANG, "folder", "AdministrativePenalty", weifang.PENALTY_FLAWS),
    "weifang.licences": (WEIFANG, "folder", "AdministrativeLicence", weifang.LICENCE_FLAWS),
    "weihai.penalties": (WEIHAI, "exchange", "AdministrativePenalty", weihai.PENALTY_FLAWS),
    "weihai.licences": (WEIHAI, "exchange", "AdministrativeLicence", weihai.LICENCE_FLAWS),
    "court.debtors": (SHANDONG, "court", "JudgmentDebtor", shandong.DEBTOR_FLAWS),
    "registry.registrations": (SHANDONG, "registry", "Registration", shandong.REGISTRATION_FLAWS),
    **{f"centre.{name}": (SHANDONG, "centre", sheet.type, sheet.flaws) for name, sheet in centre.SHEETS.items()},
    **{where: (*CITIES[where.partition(".")[0]], block.type, block.flaws) for where, block in blocks.BLOCKS.items()},
}
ONE_FLAW_IN = 40  # records; few enough that no platform looks broken
FIRST_FLAW = 9  # the tenth record, so that a small province has some too


@dataclass(frozen=True, slots=True)
class World:
    """`held` has the holdings by collection, `quirks` how often each peculiarity was written."""

    today: date
    subjects: tuple[Subject, ...]
    examples: Mapping[str, Subject]
    held: Mapping[str, tuple[Holding, ...]]
    quirks: Mapping[str, int]

    def holdings(self, platform: str, type_name: str) -> tuple[Holding, ...]:
        """What one platform holds of one record type."""
        for where, (of_platform, _, of_type, _) in COLLECTIONS.items():
            if (of_platform, of_type) == (platform, type_name):
                return self.held[where]
        raise KeyError(f"{platform} has no {type_name}")

    def contents(self, platform: str, source: str) -> Any:
        """What the server of one source is given, ready for JSON."""
        held = self.held
        if platform == QINGDAO:
            tables = qingdao.database(held["qingdao.licences"], held["qingdao.penalties"])
            return tables | blocks.tables(held)
        if platform == YANTAI:
            return {
                "xzcf": yantai.stored(held["yantai.penalties"]),
                "xzxk": yantai.stored(held["yantai.licences"]),
                "qydj": yantai.stored(held["yantai.registrations"]),
                **blocks.stored("yantai", held),
            }
        if platform == WEIFANG:
            return weifang.files(held, self.today) | weifang.files(held, self.today, blocks.SHEETS)
        if platform == WEIHAI:
            items = weihai.stored({"xzcf": held["weihai.penalties"], "xzxk": held["weihai.licences"]})
            return items | blocks.stored("weihai", held)
        if platform == JINAN:
            return blocks.stored("jinan", held)
        if source == "court":
            return shandong.stored(held["court.debtors"])
        if source == "centre":
            return centre.database(held)
        return shandong.database(held["registry.registrations"])


def generate(seed: int = 1, subjects: int = 2000, today: date | None = None) -> World:
    """The province of `subjects` subjects, the named examples among them; days are relative to `today`."""
    today = today or datetime.now(facts.CHINA).date()
    named = examples.people_and_organisations(today)
    taken = {person for subject in named.values() for person in (subject.key, subject.principal.citizen_id)}
    others = tuple(population(seed, max(subjects - len(named), 0), today, taken))
    known: dict[str, list[Fact]] = {where: [] for where in COLLECTIONS}
    for item in examples.held(named, today):
        known[item.where].append(item.fact)
    provincial = (*provincial_examples(named, today), *every_line.named(named, today))
    for item in (*provincial, *lives(seed, others, today)):
        known[item.where].append(item.fact)
    for item in _lives(seed, others, today):
        known[item.where].append(item.fact)
    for where, fact in (*city_examples(named, today), *cities.lives(seed, others, today)):
        known[where].append(fact)
    for where, fact in (*jinan.named(named, today), *jinan.lives(seed, others, today)):
        known[where].append(fact)
    for where, fact in cities.city_copies(known["centre.lists"]):
        known[where].append(fact)
    pens = {where: Pen() for where in COLLECTIONS}
    held = {where: _write(where, tuple(_flawed(where, found)), pens[where]) for where, found in known.items()}
    quirks = sum((pen.used for pen in pens.values()), Counter[str]())
    return World(today, (*named.values(), *others), named, held, quirks)


def _lives(seed: int, subjects: tuple[Subject, ...], today: date) -> Iterator[Held]:
    """What happened to everybody who is not a named example."""
    draw = random.Random(f"{seed}/lives")
    serial = count(1)
    for subject in subjects:
        if not subject.natural:
            values = facts.registration(subject, draw, today)
            yield Held("registry.registrations", Fact("Registration", subject, values))
            if subject.city == "3706" or draw.random() < 0.05:
                copy = dict(values)
                if draw.random() < 0.3:  # nobody told the city of the latest change
                    copy |= {"legalRep": "何旧任", "approvedDate": subject.founded}
                yield Held("yantai.registrations", Fact("Registration", subject, copy))
        if draw.random() < 0.3:
            for _ in range(draw.randrange(1, 4)):
                yield from _penalty(subject, next(serial), draw, today)
        if draw.random() < 0.4:
            for _ in range(draw.randrange(1, 4)):
                yield _licence(subject, next(serial), draw, today)
        if draw.random() < 0.06:
            values = facts.judgment(subject, next(serial), draw, today)
            yield Held("court.debtors", Fact("JudgmentDebtor", subject, values))


def _penalty(subject: Subject, serial: int, draw: random.Random, today: date) -> Iterator[Held]:
    city = _city(subject, draw)
    offices, unit = places.DECIDING[city]
    fixed: dict[str, Any] = {}
    office = draw.choice(offices)
    if subject.natural and draw.random() < 0.1:  # decided a few months before the eighteenth birthday
        fixed["decisionDate"] = facts.anniversary(subject.principal.born, 18) - timedelta(days=draw.randrange(1, 200))
    values = facts.penalty(subject, office, unit, serial, draw, today, **fixed)
    yield Held(f"{city}.penalties", Fact("AdministrativePenalty", subject, values))
    if city == "qingdao" and draw.random() < 0.12:
        # The same decision reached Yantai too, and sometimes only one of them heard that it was repaired.
        status = "REPAIRED" if draw.random() < 0.2 else values["status"]
        yield Held("yantai.penalties", Fact("AdministrativePenalty", subject, {**values, "status": status}))


def _licence(subject: Subject, serial: int, draw: random.Random, today: date) -> Held:
    city = _city(subject, draw)
    offices, unit = places.DECIDING[city]
    values = facts.licence(subject, draw.choice(offices), unit, serial, draw, today)
    return Held(f"{city}.licences", Fact("AdministrativeLicence", subject, values))


def _city(subject: Subject, draw: random.Random) -> str:
    """Where something happens to a subject: mostly at home, where that has a platform; Weihai has only its own."""
    if subject.city == "3710":
        return "weihai"
    if subject.city == "3707" and draw.random() < 0.9:
        return "weifang"
    here = draw.random() < (0.9 if subject.city == "3702" else 0.1 if subject.city == "3706" else 0.5)
    return "qingdao" if here else "yantai"


def _flawed(where: str, found: list[Fact]) -> Iterator[Fact]:
    """Every so often the next flaw in turn, never in a named example."""
    flaws = cycle(COLLECTIONS[where][3])
    for number, fact in enumerate(found):
        flaw = next(flaws) if number % ONE_FLAW_IN == FIRST_FLAW and not fact.named else ""
        yield Fact(fact.type, fact.subject, fact.values, fact.named, flaw)


def _write(where: str, found: tuple[Fact, ...], pen: Pen) -> tuple[Holding, ...]:
    writers: dict[str, Callable[[Sequence[Fact], Pen], list[Holding]]] = {
        "qingdao.penalties": qingdao.penalties,
        "qingdao.licences": qingdao.licences,
        "yantai.penalties": yantai.penalties,
        "yantai.licences": yantai.licences,
        "yantai.registrations": yantai.registrations,
        "weifang.penalties": weifang.penalties,
        "weifang.licences": weifang.licences,
        "weihai.penalties": weihai.penalties,
        "weihai.licences": weihai.licences,
        "court.debtors": shandong.debtors,
        "registry.registrations": shandong.registrations,
        **{f"centre.{name}": partial(centre.rows, name) for name in centre.SHEETS},
    }
    if where in blocks.BLOCKS:
        return tuple(blocks.BLOCKS[where].rows(found, pen))
    return tuple(writers[where](found, pen))
