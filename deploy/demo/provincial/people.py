"""Insurance, schools and professions: what is restricted or told with consent only.

Of a person these are the closest records there are, so that every rule about persons has something to bite on: some
misconduct was a pupil's. `fixed` prevails everywhere.
"""

from __future__ import annotations

import random
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from deploy.demo.facts import anniversary
from deploy.demo.provincial.offices import JUSTICE, LABOUR, SCHOOLS, SCIENCE, envelope
from deploy.demo.subjects import Subject

OCCUPATIONS = {
    "LAWYER": ("律师执业证", "执业律师"),
    "TEACHER": ("教师资格证书", "高级中学"),
    "CPA": ("注册会计师证书", "执业会员"),
    "CONSTRUCTOR": ("建造师注册证书", "一级"),
    "TOUR_GUIDE": ("导游证", "中级"),
}
MISCONDUCT = {
    "EXAM_CHEATING": ("取消考试成绩，暂停报考三年", SCHOOLS),
    "EXAM_VIOLATION": ("取消单科成绩", SCHOOLS),
    "PLAGIARISM": ("撤稿，五年内不得申报科研项目", SCIENCE),
    "FABRICATION": ("追回科研经费，三年内不得申报科研项目", SCIENCE),
}
LIST_PARTS = ("listEntry.inDate", "listEntry.organ", "listEntry.outDate")


def insurance(subject: Subject, serial: int, draw: random.Random, today: date, **fixed: Any) -> dict[str, Any]:
    """The fields of a SocialInsuranceRecord: arrears of an organisation, or a fraud of anybody."""
    determined: date = fixed.get("determinedDate") or today - timedelta(days=draw.randrange(40, 1800))
    fraud = subject.natural or draw.random() < 0.3
    months = draw.randrange(2, 9)
    owed = {
        "period": f"{determined.year - 1}年",
        "amountDue": Decimal(draw.randrange(50, 9000)) / 100,
        "months": months,
    }
    lasting = not fraud and draw.random() < 0.3
    listed = draw.random() < 0.4
    values = {
        **envelope(subject, LABOUR, determined, draw, today),
        **dict.fromkeys(LIST_PARTS),
        "status": "ACTIVE" if draw.random() < 0.8 else "REPAIRED",
        "severity": "SERIOUS" if listed else "GENERAL",
        "decisionNo": f"鲁人社认〔{determined.year}〕{serial}号",
        "determinedDate": determined,
        "conductEnd": date.max if lasting else determined - timedelta(days=draw.randrange(20, 200)),
        "insuredCount": None if subject.natural else draw.randrange(1, 400),
        "fraud": "伪造材料骗取社会保险待遇" if fraud else None,
        "arrears": () if fraud else (owed,) if months < 6 else (owed, {**owed, "period": f"{determined.year}年"}),
    }
    if listed:
        values |= {"listEntry.inDate": determined + timedelta(days=15), "listEntry.organ": LABOUR.name}
    return {**values, **fixed}


def misconduct(subject: Subject, serial: int, draw: random.Random, today: date, **fixed: Any) -> dict[str, Any]:
    """The fields of an EducationResearchRecord; recorded for three years."""
    kind = draw.choice(list(MISCONDUCT) if subject.natural else ["PLAGIARISM", "FABRICATION"])
    handling, office = MISCONDUCT[kind]
    conduct: date = fixed.get("conductDate") or today - timedelta(days=draw.randrange(100, 1900))
    begun = min(conduct + timedelta(days=60), today - timedelta(days=1))
    until = anniversary(begun, 3)
    values = {
        **envelope(subject, office, begun, draw, today),
        "status": "ACTIVE" if until > today else "EXPIRED",
        "severity": draw.choice(("GENERAL", "SERIOUS")),
        "name": subject.name,
        "personIdNo": subject.key if subject.natural else None,
        "misconductType": kind,
        "conductDate": conduct,
        "decisionNo": f"{office.short}信处〔{begun.year}〕{serial}号",
        "handling": handling,
        "organ": office.name,
        "validFrom": begun,
        "validTo": until,
    }
    return {**values, **fixed}


def profession(
    subject: Subject, unit: Subject | None, serial: int, draw: random.Random, today: date, **fixed: Any
) -> dict[str, Any]:
    """The fields of a ProfessionalRecord; `unit` is where the person practises."""
    occupation = draw.choice(list(OCCUPATIONS))
    certificate, level = OCCUPATIONS[occupation]
    issued: date = fixed.get("issuedDate") or today - timedelta(days=draw.randrange(100, 400))
    disciplined = draw.random() < 0.3
    discipline = {
        "decisionNo": f"鲁业惩〔{today.year}〕{serial}号",
        "content": "通报批评",
        "organ": "山东示例行业协会",
        "date": issued + timedelta(days=90),
    }
    state = draw.choices(("VALID", "SUSPENDED", "REVOKED", "CANCELLED", "EXPIRED"), (80, 6, 5, 5, 4))[0]
    values = {
        **envelope(subject, JUSTICE, issued, draw, today),
        "status": "ACTIVE" if state in {"VALID", "SUSPENDED"} else "EXPIRED",
        "occupation": occupation,
        "certNo": f"37{issued.year}{serial:07d}",
        "certName": certificate,
        "level": level,
        "organ": JUSTICE.name,
        "issuedDate": issued,
        "state": state,
        "practiceUnitUscc": unit.key if unit is not None and not unit.natural else None,
        "discipline": (discipline,) if disciplined else (),
    }
    return {**values, **fixed}
