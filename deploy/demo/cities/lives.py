"""Who has which records at the four cities' platforms, beside permits and penalties, and who holds a copy of what.

A pure function of seed, subjects and day, with a draw of its own: what else is true of the province stays as it is.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import count
from typing import Any

from deploy.demo import places
from deploy.demo.cities import dealings, inspections, offices, praise, ratings
from deploy.demo.facts import Fact
from deploy.demo.subjects import Subject

Kept = tuple[str, Fact]  # the collection that holds a fact, and the fact
AT_HOME = {"3702": "qingdao", "3706": "yantai", "3707": "weifang", "3710": "weihai"}
SITES = ("3710", "3706", "3702")  # whose firms have building sites in Weihai
# The same honour comes from the department, the city, the province and the national system of enterprises.
HANDED_OVER = ("潍坊市社会信用中心", "山东省社会信用中心", "国家企业信用信息公示系统")


def lives(seed: int, subjects: Sequence[Subject], today: date) -> Iterator[Kept]:
    draw = random.Random(f"{seed}/cities")
    serials = count(1)
    cities = {"qingdao": _qingdao, "yantai": _yantai, "weifang": _weifang, "weihai": _weihai}
    for subject in subjects:
        for city, holds in cities.items():
            if draw.random() < (0.8 if AT_HOME.get(subject.city) == city else 0.08):
                for where, type_name, values in holds(subject, serials, draw, today):
                    yield f"{city}.{where}", Fact(type_name, subject, values)


def city_copies(facts: Sequence[Fact]) -> Iterator[Kept]:
    """The province's entries on the list of wage arrears that Weihai has too: one decision, two holders.

    Those of firms that build there: its own, and those of the cities around it."""
    for fact in facts:
        if fact.subject.city in SITES and fact.values["listCode"] == "WAGE_ARREARS":
            # who is responsible the city has in one column each, so it knows only the first
            values = {**fact.values, "counterpartyName": fact.subject.name, "sourceUnit": places.WEIHAI_CENTRE.name}
            values["sourceUnitUscc"] = places.WEIHAI_CENTRE.uscc
            yield "weihai.entries", Fact(fact.type, fact.subject, values, fact.named)


Found = Iterator[tuple[str, str, dict[str, Any]]]


def _qingdao(subject: Subject, serials: Iterator[int], draw: random.Random, today: date) -> Found:
    unit = places.QINGDAO_CENTRE
    if draw.random() < (0.1 if subject.natural else 0.4):
        yield "honours", "Honour", praise.honour(subject, offices.QINGDAO_MARKET, unit, draw, today)
    if draw.random() < 0.4:
        yield "promises", "CreditPromise", praise.promise(subject, offices.QINGDAO_MARKET, unit, draw, today)
    if subject.natural:
        return
    if draw.random() < 0.35:
        values = dealings.contract(subject, offices.QINGDAO_TRADING, next(serials), draw, today)
        yield "contracts", "ContractPerformance", values
    yield from _ratings(subject, offices.QINGDAO_ENVIRONMENT, draw, today)


def _yantai(subject: Subject, serials: Iterator[int], draw: random.Random, today: date) -> Found:
    unit = places.YANTAI_CENTRE
    if subject.natural:
        return
    for _ in range(draw.choice((0, 0, 1, 3))):
        yield "foods", "FoodDrugRecord", inspections.food(subject, unit, next(serials), draw, today)
    if draw.random() < 0.3:
        yield "safety", "SafetyRecord", inspections.safety(subject, offices.YANTAI_SAFETY, unit, draw, today)
    for _ in range(draw.choice((0, 0, 1, 2))):
        values = inspections.product(subject, offices.YANTAI_FOOD, unit, next(serials), draw, today)
        yield "products", "ProductQualityRecord", values


def _weifang(subject: Subject, serials: Iterator[int], draw: random.Random, today: date) -> Found:
    unit = places.WEIFANG_CENTRE
    if draw.random() < (0.1 if subject.natural else 0.4):
        values = praise.honour(subject, places.WEIFANG_OFFICES[0], places.WEIFANG_OFFICES[0], draw, today)
        yield "honours", "Honour", values
        if draw.random() < 0.2:
            yield from (("honours", "Honour", {**values, "sourceUnit": name}) for name in HANDED_OVER)
    if not subject.natural and draw.random() < 0.3:
        values = dealings.wages(subject, offices.WEIFANG_LABOUR, unit, next(serials), draw, today)
        yield "wages", "WageArrears", values
    if not subject.natural:
        yield from _ratings(subject, offices.WEIFANG_ENVIRONMENT, draw, today)
    if subject.kind in ratings.RURAL and draw.random() < (0.8 if subject.kind == "FarmerCooperative" else 0.25):
        yield "villages", "RuralCreditSummary", ratings.village(subject, offices.WEIFANG_FARMS, draw, today)


def _weihai(subject: Subject, serials: Iterator[int], draw: random.Random, today: date) -> Found:
    unit = places.WEIHAI_CENTRE
    if subject.kind != "FarmerCooperative":
        for _ in range(draw.choice((0, 0, 1, 2))):
            values = ratings.building(subject, offices.WEIHAI_BUILDING, unit, next(serials), draw, today)
            yield "buildings", "ConstructionRecord", values
    if not subject.natural and draw.random() < 0.35:
        values = dealings.wages(subject, offices.WEIHAI_LABOUR, unit, next(serials), draw, today)
        yield "wages", "WageArrears", values
    if not subject.natural and draw.random() < 0.25:
        values = dealings.wage_list_entry(subject, offices.WEIHAI_LABOUR, unit, next(serials), draw, today)
        yield "entries", "SeriousDishonestyEntry", values


def _ratings(subject: Subject, office: places.Office, draw: random.Random, today: date) -> Found:
    """Up to three years of ratings, of both schemes."""
    latest = today.year - 2
    for year in draw.sample((latest, latest - 1, 2020), draw.choice((0, 0, 1, 2, 3))):
        yield "ratings", "EnvironmentalRating", ratings.environment(subject, office, office, year, draw, today)
