"""What is to a subject's honour: honours, and promises that it gave to an authority. Both may be a person's too."""

from __future__ import annotations

import random
from datetime import date
from typing import Any

from deploy.demo.cities.records import ago, record
from deploy.demo.facts import FOREVER, anniversary
from deploy.demo.places import Office
from deploy.demo.subjects import Subject

HONOURS = {
    "TAX_A": "A级纳税人",
    "CONTRACT_CREDIT": "守合同重信用企业",
    "SAFETY_MODEL": "安全生产守信典型",
    "QUALITY_MODEL": "质量信用示范企业",
    "HARMONIOUS_LABOUR": "和谐劳动关系企业",
}
PERSONAL = {"MORAL_MODEL": "道德模范"}
PROMISES = (
    ("APPROVAL_SUBSTITUTE", "食品经营许可告知承诺"),
    ("TOLERANT_ACCEPTANCE", "建设工程规划许可容缺受理"),
    ("CREDIT_REPAIR", "行政处罚信息信用修复"),
    ("SECTOR_SELF_DISCIPLINE", "价格诚信自律"),
    ("VOLUNTARY_PUBLICITY", "主动公示信用承诺"),
    ("PROOF", "证明事项告知承诺"),
)
FULFILMENT = ("PENDING", "FULFILLED", "FULFILLED", "PARTLY_FULFILLED", "BROKEN", "NOT_CHECKED")


def honour(
    subject: Subject, office: Office, unit: Office, draw: random.Random, today: date, **fixed: Any
) -> dict[str, Any]:
    """The fields of an Honour; valid for three years, some without end, `fixed` prevails."""
    code, name = draw.choice(list((PERSONAL if subject.natural else HONOURS).items()))
    day: date = fixed.get("awardedDate") or ago(draw, today, 1800)
    until: date = fixed.get("validUntil") or (FOREVER if draw.random() < 0.25 else anniversary(day, 3))
    values = {
        **record(subject, unit, day, draw, today, until),
        "honourCode": code,
        "honourName": name,
        "year": day.year,
        "organ": office.name,
        "basis": f"{office.short}发〔{day.year}〕{draw.randrange(1, 90)}号",
        "awardedDate": day,
        "validUntil": until,
    }
    return {**values, **fixed}


def promise(
    subject: Subject, office: Office, unit: Office, draw: random.Random, today: date, **fixed: Any
) -> dict[str, Any]:
    """The fields of a CreditPromise; `fixed` prevails."""
    kind, matter = draw.choice(PROMISES)
    day: date = fixed.get("promiseDate") or ago(draw, today, 1500)
    values = {
        **record(subject, unit, day, draw, today),
        "promiseType": kind,
        "matter": matter,
        "promiseDate": day,
        "acceptingUnit": office.name,
        "fulfilment": draw.choice(FULFILMENT),
    }
    return {**values, **fixed}
