"""Who is rated how: environmental credit, builders, and villages with their households and farms.

Shandong rated with three colours until 2020 and with four since 2021; a level belongs to its scheme.
"""

from __future__ import annotations

import random
from datetime import date
from typing import Any

from deploy.demo.cities.records import SEVERITIES, ago, record
from deploy.demo.facts import anniversary
from deploy.demo.places import Office
from deploy.demo.subjects import Subject

COLOURS = {"SHANDONG": ("GREEN", "YELLOW", "RED"), "SHANDONG_2021": ("GREEN", "BLUE", "YELLOW", "BLACK")}
QUALIFICATIONS = (("建筑工程施工总承包", "三级"), ("市政公用工程施工总承包", "二级"))
BEHAVIOURS = (("L0101", "+2"), ("B0203", "-5"))
RURAL = {
    "NaturalPerson": "HOUSEHOLD",
    "Enterprise": "FAMILY_FARM",
    "IndividualBusiness": "FAMILY_FARM",
    "FarmerCooperative": "COOPERATIVE",
}
STATES = ("RATED", "RATED", "NOT_RATED", "WITHDRAWN")
BANDS = ("NONE", "UNDER_1", "FROM_1_TO_10", "FROM_10_TO_50", "FROM_50_TO_100", "FROM_100_TO_500")


def environment(
    subject: Subject, office: Office, unit: Office, year: int, draw: random.Random, today: date, **fixed: Any
) -> dict[str, Any]:
    """The fields of an EnvironmentalRating of `year`, rated in the spring after it; `fixed` prevails."""
    scheme = "SHANDONG" if year < 2021 else "SHANDONG_2021"
    day = date(year + 1, draw.randrange(1, 4), draw.randrange(1, 29))
    until = anniversary(day, 2)
    values = {
        **record(subject, unit, day, draw, today, until),
        "scheme": scheme,
        "level": f"{scheme}_{draw.choice(COLOURS[scheme])}",
        "score": str(draw.randrange(-12, 13)),
        "period": f"{year}年度",
        "organ": office.name,
        "ratedDate": day,
        "validUntil": until,
    }
    return {**values, **fixed}


def building(
    subject: Subject, office: Office, unit: Office, serial: int, draw: random.Random, today: date, **fixed: Any
) -> dict[str, Any]:
    """The fields of a ConstructionRecord: a qualification of a firm, a conduct of anybody; `fixed` prevails."""
    day: date = fixed.get("recordedDate") or ago(draw, today, 1500)
    qualified = not subject.natural and draw.random() < 0.5
    until = anniversary(day, 5 if qualified else 1)
    qualification, level = draw.choice(QUALIFICATIONS)
    behaviour, score = draw.choice(BEHAVIOURS)
    values = {
        **record(subject, unit, day, draw, today, until),
        "severity": None if qualified else draw.choice(SEVERITIES),
        "publishUntil": until,
        "recordNo": f"{office.short}建〔{day.year}〕{serial}号",
        "recordedDate": day,
        "organ": office.name,
        "project": "示例安置房工程",
        "role": "项目经理" if subject.natural else "施工总承包",
        "rating": None if qualified else draw.choice(("AA", "A", "B", "C", "D")),
        "year": day.year,
        "qualification.name": qualification if qualified else None,
        "qualification.level": level if qualified else None,
        "qualification.certNo": f"D3{subject.area}{serial:05d}" if qualified else None,
        "qualification.validTo": until if qualified else None,
        "behaviour.code": None if qualified else behaviour,
        "behaviour.score": None if qualified else score,
    }
    return {**values, **fixed}


def village(subject: Subject, unit: Office, draw: random.Random, today: date, **fixed: Any) -> dict[str, Any]:
    """The fields of a RuralCreditSummary; `fixed` prevails."""
    day: date = fixed.get("ratedDate") or ago(draw, today, 1100)
    number = draw.randrange(1, 40)
    values = {
        **record(subject, unit, day, draw, today),
        "subjectKind": RURAL[subject.kind],
        "ratedDate": day,
        "villageName": f"示例{number}村",
        "villageRating": draw.choice(STATES),
        "townName": f"示例{number % 7}镇",
        "townRating": draw.choice(STATES),
        "householdRating": draw.choice(STATES),
        "baseInfo": f"{draw.randrange(1, 6)}口人，耕地{draw.randrange(2, 90)}亩",
        "loanBand": draw.choice(BANDS),
        "assetsRegistered": draw.choice((None, "大棚2座", "农机1台")),
        "qualitySafety": draw.choice((None, "抽检合格")),
    }
    return {**values, **fixed}
