"""What the tax authority says: yearly ratings, major violations, notices of arrears.

A rating holds from 20 April for a year; a violation is published for three. `fixed` prevails everywhere.
"""

from __future__ import annotations

import random
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from deploy.demo.facts import anniversary
from deploy.demo.provincial.offices import TAX, envelope
from deploy.demo.subjects import Subject

NATURES = {
    "EVASION": "隐匿收入、少缴增值税",
    "FALSE_SPECIAL_INVOICES": "虚开增值税专用发票",
    "EXPORT_REFUND_FRAUD": "骗取出口退税",
    "ABSCONDED": "走逃失联",
}
KINDS = ("增值税", "企业所得税", "城镇土地使用税", "房产税")


def latest_year(today: date) -> int:
    """The last year whose ratings are out."""
    return today.year - (1 if (today.month, today.day) > (4, 20) else 2)


def rating(subject: Subject, year: int, draw: random.Random, today: date, **fixed: Any) -> dict[str, Any]:
    """The fields of a TaxCreditRating of one year."""
    level = fixed.get("level") or draw.choices("ABMCD", (25, 35, 25, 8, 7))[0]
    rated = date(year + 1, 4, 20)
    until = date(year + 2, 4, 19)
    values = {
        **envelope(subject, TAX, rated, draw, today),
        "status": "ACTIVE" if until >= today else "EXPIRED",
        "year": year,
        "level": level,
        "aListed": level == "A",
        "organ": TAX.name,
        "ratedDate": rated,
        "validFrom": rated,
        "validTo": until,
    }
    return {**values, **fixed}


def violation(subject: Subject, draw: random.Random, today: date, **fixed: Any) -> dict[str, Any]:
    """The fields of a MajorTaxViolation; a person's tax number is the identity number."""
    entered: date = fixed.get("entryDate") or today - timedelta(days=draw.randrange(40, 1500))
    until = anniversary(entered, 3)
    nature = draw.choice(list(NATURES))
    repaired = until > today and draw.random() < 0.2
    status = "REPAIRED" if repaired else "ACTIVE" if until > today else "EXPIRED"
    removed = None if status == "ACTIVE" else min(until, today - timedelta(days=3))
    person = subject.principal
    values = {
        **envelope(subject, TAX, entered, draw, today),
        "status": status,
        "severity": "SERIOUS",
        "publishUntil": until,
        "name": subject.name,
        "taxNo": subject.key,
        "address": subject.address,
        "legalRep": None if subject.natural else person.name,
        "legalRepSex": None if subject.natural else person.sex,
        "legalRepIdNo": None if subject.natural else person.citizen_id,
        "financeHead": None if subject.natural else draw.choice((None, "马财务")),
        "financeHeadIdNo": None,
        "agency": draw.choice((None, None, "山东示例税务师事务所")),
        "caseNature": nature,
        "facts": f"经检查，当事人于{entered.year - 1}年{NATURES[nature]}。",
        "basisAndHandling": "依照《中华人民共和国税收征收管理法》追缴税款，并处罚款。",
        "entryDate": entered,
        "removeDate": removed,
    }
    return {**values, **fixed}


def arrears(subject: Subject, draw: random.Random, today: date, **fixed: Any) -> dict[str, Any]:
    """The fields of a TaxArrears notice; whoever has paid is EXPIRED."""
    noticed: date = fixed.get("noticeDate") or today - timedelta(days=draw.randrange(20, 900))
    values = {
        **envelope(subject, TAX, noticed, draw, today),
        "status": "EXPIRED" if draw.random() < 0.4 else "ACTIVE",
        "taxType": draw.choice(KINDS),
        "balance": Decimal(draw.randrange(100, 900_000)) / 10_000,
        "noticeDate": noticed,
        "organ": TAX.name,
        "abnormalDate": noticed - timedelta(days=10) if draw.random() < 0.3 else None,
    }
    return {**values, **fixed}
