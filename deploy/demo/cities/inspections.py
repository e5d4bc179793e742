"""What inspectors found: food and drugs, products, work safety. Good results are records too.

A bar from an occupation runs for five years, or for life after a prison sentence (食品安全法 135); a bar for life
has no end, and its publicity has none.
"""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any

from deploy.demo.cities.records import SEVERITIES, ago, record
from deploy.demo.facts import FOREVER, anniversary
from deploy.demo.places import Office
from deploy.demo.subjects import Subject

RESULTS = ("PASSED", "PASSED", "PASSED", "FAILED", "RECTIFIED", "OTHER")
GRADES = ("A", "B", "C", "D")
PRODUCTS = (
    ("示例饼干", "GB/T 20980", "菌落总数"),
    ("示例童鞋", "GB 30585", "邻苯二甲酸酯"),
    ("示例水泵", "GB/T 5657", "流量"),
)
ACCIDENTS = (None, "GENERAL", "GENERAL", "MAJOR", "GRAVE")


def food(subject: Subject, unit: Office, serial: int, draw: random.Random, today: date, **fixed: Any) -> dict[str, Any]:
    """The fields of a FoodDrugRecord; `fixed` prevails."""
    day: date = fixed.get("inspectedDate") or ago(draw, today, 1200)
    result = draw.choice(RESULTS)
    ban: dict[str, Any] | None = None
    if result == "FAILED" and draw.random() < 0.5:
        life = draw.random() < 0.4
        ban = {
            "person": subject.principal.name,
            "validFrom": day,
            "validTo": FOREVER if life else anniversary(day, 5),
            "basis": "《中华人民共和国食品安全法》第一百三十五条",
        }
    until: date = ban["validTo"] if ban else anniversary(day, 3)
    values = {
        **record(subject, unit, day, draw, today, until),
        "severity": draw.choice(SEVERITIES) if result == "FAILED" else None,
        "publishUntil": until,
        "licenceNo": f"JY1{subject.area}{serial:07d}",
        "facility": subject.address,
        "inspectedDate": day,
        "inspectionResult": result,
        "inspectionGrade": draw.choice(GRADES),
        "violation": "经营超过保质期的食品" if result == "FAILED" else None,
        "ban": ban,
    }
    return {**values, **fixed}


def product(
    subject: Subject, office: Office, unit: Office, serial: int, draw: random.Random, today: date, **fixed: Any
) -> dict[str, Any]:
    """The fields of a ProductQualityRecord; `fixed` prevails."""
    name, standard, item = draw.choice(PRODUCTS)
    day: date = fixed.get("inspectedDate") or ago(draw, today, 1400)
    result = draw.choice(RESULTS)
    until = anniversary(day, 3)
    values = {
        **record(subject, unit, day, draw, today, until),
        "severity": draw.choice(SEVERITIES) if result == "FAILED" else None,
        "publishUntil": until,
        "product": name,
        "batch": f"{day - timedelta(days=40):%Y%m%d}-{serial}",
        "standard": standard,
        "result": result,
        "itemFailed": item if result == "FAILED" else None,
        "inspectedDate": day,
        "organ": office.name,
        "recall": "已召回" if result == "FAILED" else None,
    }
    return {**values, **fixed}


def safety(
    subject: Subject, office: Office, unit: Office, draw: random.Random, today: date, **fixed: Any
) -> dict[str, Any]:
    """The fields of a SafetyRecord; published for three years, `fixed` prevails."""
    entered: date = fixed.get("inDate") or ago(draw, today, 1400)
    until = anniversary(entered, 3)
    values = {
        **record(subject, unit, entered, draw, today, until),
        "severity": "SERIOUS",
        "publishUntil": until,
        "unit": subject.name,
        "principal": subject.principal.name,
        "address": subject.address,
        "behaviour": "未按规定组织安全生产培训，造成事故。",
        "reportingOrgan": office.name,
        "reason": "发生生产安全责任事故",
        "inDate": entered,
        "accidentGrade": draw.choice(ACCIDENTS),
    }
    return {**values, **fixed}
