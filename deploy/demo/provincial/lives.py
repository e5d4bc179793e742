"""What the province's lines say of everybody who is not a named example, and where it is held.

Drawn apart from the cities' lives, so that neither changes the other. A major tax violation is also an entry on the
list of its name: one decision in two lines. Some entries come twice, from the department and from a city's centre.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import count
from typing import Any

from deploy.demo import places
from deploy.demo.examples import Held
from deploy.demo.facts import Fact, anniversary
from deploy.demo.provincial import finance, lists, market, people, taxes
from deploy.demo.subjects import Subject

LONG = ("WAGE_ARREARS", "TAX_MAJOR")  # lists that are longer than a page in the smallest province too
LONG_FOR = 9  # organisations on each of them at least, where there are as many
SMALL = {"Enterprise", "IndividualBusiness", "FarmerCooperative"}


def lives(seed: int, subjects: Sequence[Subject], today: date) -> Iterator[Held]:
    """Every record of these subjects, by collection of `centre`."""
    draw = random.Random(f"{seed}/provincial lives")
    serial = count(1)
    organisations = [subject for subject in subjects if not subject.natural]
    for number, subject in enumerate(organisations[: LONG_FOR * len(LONG)]):
        entered = today - timedelta(days=60 + 10 * number)
        entry = lists.entry(subject, LONG[number % len(LONG)], next(serial), draw, today, inDate=entered)
        entry |= {"status": "ACTIVE", "outDate": None, "outReason": None}
        yield held("lists", "SeriousDishonestyEntry", subject, entry)
        if entry["listCode"] == "TAX_MAJOR":
            values = taxes.violation(subject, draw, today, entryDate=entered, status="ACTIVE", removeDate=None)
            yield held("violations", "MajorTaxViolation", subject, values)
    for subject in subjects:
        yield from _listed(subject, serial, draw, today)
        if draw.random() < 0.05:
            values = people.insurance(subject, next(serial), draw, today)
            yield held("insurance", "SocialInsuranceRecord", subject, values)
        if subject.natural:
            yield from _person(subject, subjects, serial, draw, today)
        else:
            yield from _organisation(subject, serial, draw, today)
        carrier = subject.trade == "运输" and subject.kind != "FarmerCooperative"
        if carrier and draw.random() < 0.5:
            values = market.transport(subject, next(serial), draw, today)
            yield held("transport", "TransportRating", subject, values)
    for subject in [each for each in subjects if each.natural][:1]:  # persons stand on lists, whatever is drawn
        fixed = {"inDate": today - timedelta(days=90), "status": "ACTIVE", "outDate": None, "outReason": None}
        entry = lists.entry(subject, "OVERLOAD", next(serial), draw, today, **fixed)
        yield held("lists", "SeriousDishonestyEntry", subject, entry, named=True)


def held(name: str, type_name: str, subject: Subject, values: dict[str, Any], named: bool = False) -> Held:
    """A record in one of the sheets of `centre`."""
    return Held(f"centre.{name}", Fact(type_name, subject, values, named))


def _listed(subject: Subject, serial: Iterator[int], draw: random.Random, today: date) -> Iterator[Held]:
    if draw.random() < 0.02:
        values = taxes.violation(subject, draw, today)
        yield held("violations", "MajorTaxViolation", subject, values)
        same = {word: values[word] for word in ("status", "publishUntil")}
        entry = lists.entry(subject, "TAX_MAJOR", next(serial), draw, today, inDate=values["entryDate"], **same)
        yield held("lists", "SeriousDishonestyEntry", subject, entry)
    if draw.random() < 0.05:
        code = draw.choice(lists.PERSONAL if subject.natural else tuple(lists.LISTS))
        entry = lists.entry(subject, code, next(serial), draw, today)
        yield held("lists", "SeriousDishonestyEntry", subject, entry)
        if draw.random() < 0.15:
            passed = {"sourceUnit": places.QINGDAO_CENTRE.name, "sourceUnitUscc": places.QINGDAO_CENTRE.uscc}
            yield held("lists", "SeriousDishonestyEntry", subject, {**entry, **passed})


def _person(
    subject: Subject, subjects: Sequence[Subject], serial: Iterator[int], draw: random.Random, today: date
) -> Iterator[Held]:
    if draw.random() < 0.08:
        fixed = {}
        if draw.random() < 0.2:  # a pupil
            fixed["conductDate"] = anniversary(subject.principal.born, 18) - timedelta(days=draw.randrange(30, 300))
        values = people.misconduct(subject, next(serial), draw, today, **fixed)
        yield held("misconduct", "EducationResearchRecord", subject, values)
    if draw.random() < 0.2:
        values = people.profession(subject, draw.choice(subjects), next(serial), draw, today)
        yield held("professions", "ProfessionalRecord", subject, values)


def _organisation(subject: Subject, serial: Iterator[int], draw: random.Random, today: date) -> Iterator[Held]:
    if draw.random() < 0.06:
        yield held("abnormal", "AbnormalOperation", subject, market.abnormal(subject, draw, today))
    if draw.random() < 0.4:
        newest = taxes.latest_year(today)
        for year in range(newest, newest - draw.randrange(1, 4), -1):
            yield held("ratings", "TaxCreditRating", subject, taxes.rating(subject, year, draw, today))
    if draw.random() < 0.04:
        yield held("arrears", "TaxArrears", subject, taxes.arrears(subject, draw, today))
    if draw.random() < 0.06:
        number = next(serial)
        for rated in (market.ORDER_282 - timedelta(days=400), market.ORDER_282 + timedelta(days=30)):
            if rated < today:
                values = market.customs(subject, number, rated, draw, today)
                yield held("customs", "CustomsCredit", subject, values)
    if draw.random() < 0.08:
        values = market.property_record(subject, next(serial), draw, today)
        yield held("property", "IpRecord", subject, values)
    if subject.kind in SMALL and draw.random() < 0.3:
        yield held("finance", "SmeFinanceSummary", subject, finance.summary(subject, draw, today))
    if subject.kind in {"Enterprise", "NonEnterpriseLegalPerson"} and draw.random() < 0.01:
        values = people.misconduct(subject, next(serial), draw, today)
        yield held("misconduct", "EducationResearchRecord", subject, values)
