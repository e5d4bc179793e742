"""What is true in the demo province: licences, penalties, registrations and judgments, in catalogue words.

A fact holds catalogue fields with catalogue values (dates, 万元 as Decimal, codes); how a platform writes it
down, and what it loses on the way, is the business of `holdings`. So a fact is what an honest connector
must give back. Days are relative to `today`; nothing here knows a platform.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from deploy.demo import places, register
from deploy.demo.subjects import Subject

CHINA = ZoneInfo("Asia/Shanghai")
FOREVER = date.max

VIOLATIONS = (
    ("使用未经检定的计量器具", "《中华人民共和国计量法》第二十五条", "FINE"),
    ("未按规定公示年度报告", "《企业信息公示暂行条例》第十七条", "WARNING"),
    ("超标排放水污染物", "《中华人民共和国水污染防治法》第八十三条", "FINE"),
    ("违法超限运输", "《公路安全保护条例》第六十四条", "FINE"),
    ("生产经营不符合食品安全标准的食品", "《中华人民共和国食品安全法》第一百二十四条", "CONFISCATION"),
)
ENTERPRISE_TYPES = {
    "Enterprise": "有限责任公司（自然人投资或控股）",
    "NonEnterpriseLegalPerson": "非企业法人",
    "IndividualBusiness": "个体工商户",
    "FarmerCooperative": "农民专业合作社",
}
LICENCES = (
    ("食品经营许可证", "GENERAL", "预包装食品销售"),
    ("道路运输经营许可证", "GENERAL", "普通货物运输"),
    ("建筑业企业资质证书", "ACCREDITATION", "建筑工程施工总承包三级"),
    ("危险化学品经营许可证", "VERIFICATION", "危险化学品经营"),
)


LICENCE_STATUS = {"VALID": "ACTIVE", "INVALID": "EXPIRED", "REVOKED": "REVOKED", "OBJECTED": "OBJECTED"}


@dataclass(frozen=True, slots=True)
class Fact:
    """One record as it is. `named` marks those of the named examples, which no platform may write badly.

    `flaw` says which of its peculiarities the holding platform shall show in this record ("" for none).
    """

    type: str
    subject: Subject
    values: Mapping[str, Any]
    named: bool = False
    flaw: str = ""


def touched(day: date, draw: random.Random) -> datetime:
    """An instant on a working day, to the second."""
    return datetime.combine(day, time(9 + draw.randrange(8), draw.randrange(60), draw.randrange(60)), CHINA)


def counterparty(subject: Subject) -> dict[str, Any]:
    """The block about the party that licences and penalties have in common."""
    person = subject.principal
    if subject.natural:
        return {
            "counterpartyName": subject.name,
            "counterpartyType": "PERSON",
            "personIdType": "RESIDENT_ID",
            "personIdNo": subject.key,
        }
    sole = subject.kind == "IndividualBusiness"
    return {
        "counterpartyName": subject.name,
        "counterpartyType": "INDIVIDUAL_BUSINESS" if sole else "ORGANISATION",
        "uscc": subject.key,
        "regNo": f"{subject.area}2{int(subject.key[11:16], 36):08d}",
        "orgCode": subject.key[8:17],
        "legalRepresentative": person.name,
        "legalRepIdType": "RESIDENT_ID",
        "legalRepIdNo": person.citizen_id,
    }


def penalty(
    subject: Subject,
    office: places.Office,
    unit: places.Office,
    serial: int,
    draw: random.Random,
    today: date,
    **fixed: Any,
) -> dict[str, Any]:
    """The fields of an AdministrativePenalty; `fixed` prevails."""
    violation, basis, kind = draw.choice(VIOLATIONS)
    decided: date = fixed.get("decisionDate") or today - timedelta(days=draw.randrange(40, 2600))
    severity = draw.choices(("MINOR", "GENERAL", "SERIOUS"), (2, 6, 2))[0]
    years = {"MINOR": 1, "GENERAL": 1, "SERIOUS": 3}[severity]
    fine = None if kind == "WARNING" else Decimal(draw.randrange(1, 400)) / 20
    seized = Decimal(draw.randrange(1, 90)) / 100 if kind == "CONFISCATION" else None
    kinds = ("FINE", "CONFISCATION") if kind == "CONFISCATION" else (kind,)
    until = anniversary(decided, years)
    status = "ACTIVE"
    if draw.random() < 0.35:
        status = draw.choice(("OBJECTED", "REPAIRED", "REVOKED", "FROZEN"))
    elif until < today and draw.random() < 0.5:  # the others are past their publicity and still say "active"
        status = "EXPIRED"
    amount = "" if fine is None else f"罚款人民币{fine * 10000:.0f}元"
    values: dict[str, Any] = {
        **counterparty(subject),
        "documentNo": f"{office.short}罚〔{decided.year}〕{serial}号",
        "caseName": f"{subject.name}{violation}案",
        "violationType": violation,
        "facts": f"经查，当事人于{decided.year}年{violation}，事实清楚。",
        "basis": basis,
        "penaltyKinds": kinds,
        "content": "警告" if fine is None else amount,
        "fineAmountWan": fine,
        "confiscatedAmountWan": seized,
        "licenceWithheld": None,
        "decisionDate": decided,
        "effectiveUntil": None if fine is None else FOREVER if severity == "SERIOUS" else anniversary(decided, 1),
        "publishUntil": until,
        "conductEnd": decided - timedelta(days=draw.randrange(5, 120)),
        "authority": office.name,
        "authorityUscc": office.uscc,
        "sourceUnit": unit.name,
        "sourceUnitUscc": unit.uscc,
        "procedure": "SIMPLE" if kind == "WARNING" else "ORDINARY",
        "severity": severity,
        "status": status,
        "areaCode": subject.area,
        "sourceUpdatedAt": touched(min(decided + timedelta(days=draw.randrange(3, 30)), today), draw),
    }
    values |= fixed
    raised = min(values["decisionDate"] + timedelta(days=20), today) if values["status"] == "OBJECTED" else None
    return {"objectedOn": raised, **values}


def licence(
    subject: Subject,
    office: places.Office,
    unit: places.Office,
    serial: int,
    draw: random.Random,
    today: date,
    **fixed: Any,
) -> dict[str, Any]:
    """The fields of an AdministrativeLicence; `fixed` prevails."""
    certificate, kind, content = draw.choice(LICENCES)
    decided: date = fixed.get("decisionDate") or today - timedelta(days=draw.randrange(20, 1700))
    years = 4 if certificate == "道路运输经营许可证" else 5
    until = FOREVER if draw.random() < 0.2 else anniversary(decided, years)
    state = draw.choices(("VALID", "REVOKED", "OBJECTED"), (88, 6, 6))[0]
    state = state if until > today else "INVALID"
    values = {
        **counterparty(subject),
        "documentName": f"准予行政许可决定书（{certificate}）",
        "documentNo": f"{office.short}许准〔{decided.year}〕{serial}号",
        "licenceKind": kind,
        "certificateName": certificate,
        "certificateNo": f"JY{subject.area}{serial:06d}",
        "content": content,
        "decisionDate": decided,
        "validFrom": decided,
        "validTo": until,
        "authority": office.name,
        "authorityUscc": office.uscc,
        "state": state,
        "sourceUnit": unit.name,
        "sourceUnitUscc": unit.uscc,
        "remark": None,
        "status": LICENCE_STATUS[state],
        "areaCode": subject.area,
        "sourceUpdatedAt": touched(min(decided + timedelta(days=draw.randrange(1, 7)), today), draw),
    }
    return {**values, **fixed}


def registration(subject: Subject, draw: random.Random, today: date, **fixed: Any) -> dict[str, Any]:
    """The fields of a Registration as the authority of record holds it; `fixed` prevails."""
    registrar = places.REGISTRARS["3701" if subject.city == "3712" else subject.city]
    approved = min(subject.founded + timedelta(days=draw.randrange(0, 3000)), today - timedelta(days=20))
    capital = Decimal(draw.randrange(10, 5000))
    state = draw.choices(("EXISTING", "OPEN", "LICENCE_REVOKED", "DEREGISTERED", "SUSPENDED"), (60, 30, 4, 4, 2))[0]
    values = {
        "name": subject.name,
        "uscc": subject.key,
        "regNo": f"{subject.area}2{int(subject.key[11:16], 36):08d}",
        "entType": ENTERPRISE_TYPES[subject.kind],
        "legalRep": subject.principal.name,
        "regCapital": capital,
        "currency": "人民币",
        "estDate": subject.founded,
        "approvedDate": approved,
        "opFrom": subject.founded,
        "opTo": FOREVER if draw.random() < 0.6 else anniversary(subject.founded, 30),
        "scope": "许可项目：示例经营。一般项目：示例服务。",
        "address": subject.address,
        "areaCode": subject.area,
        "industryCode": subject.trade,
        "regOrgan": registrar.name,
        "regState": state,
        "legalRepPhone": f"000{draw.randrange(10**8):08d}",  # no Chinese number begins with 000
        "legalRepEmail": f"contact{subject.key[11:16]}@demo.example",
        "legalRepIdNo": subject.principal.citizen_id,
        "status": "ACTIVE",
        "sourceUpdatedAt": touched(approved + timedelta(days=3), draw),
        "changes": register.changes(subject, approved, draw),
        "shareholders": register.shareholders(subject, capital, draw),
    }
    return {**values, **fixed}


def judgment(subject: Subject, serial: int, draw: random.Random, today: date, **fixed: Any) -> dict[str, Any]:
    """The fields of a JudgmentDebtor; listed for two years from publication, `fixed` prevails."""
    filed: date = fixed.get("filedDate") or today - timedelta(days=draw.randrange(60, 1300))
    published = filed + timedelta(days=draw.randrange(20, 40))
    until = anniversary(published, 2)
    city = "3701" if subject.city == "3712" else subject.city
    county = subject.area if subject.area in places.CITIES[city][1] else next(iter(places.CITIES[city][1]))
    court = places.court(city, county)
    performance = draw.choice(("UNPERFORMED", "PARTLY_PERFORMED"))
    status = "ACTIVE" if until > today else "EXPIRED"
    values = {
        "name": subject.name,
        "partyType": "PERSON" if subject.natural else "ORGANISATION",
        "idOrOrgCode": subject.key,
        "legalRep": None if subject.natural else subject.principal.name,
        "sex": subject.principal.sex if subject.natural else None,
        "age": subject.principal.age(today) if subject.natural else None,
        "court": court,
        "province": "山东",
        "basisNo": f"（{filed.year - 1}）鲁{subject.area[2:]}民初{serial}号",
        "basisUnit": court,
        "caseNo": f"（{filed.year}）鲁{subject.area[2:]}执{serial}号",
        "filedDate": filed,
        "duty": f"支付货款人民币{draw.randrange(2, 90)}0000元",
        "performance": performance,
        "performedPart": "已支付部分款项" if performance == "PARTLY_PERFORMED" else None,
        "unperformedPart": "剩余款项" if performance == "PARTLY_PERFORMED" else "全部",
        "behaviour": "有履行能力而拒不履行生效法律文书确定义务",
        "publishDate": published,
        "publishUntil": until,
        "status": status,
        "sourceUpdatedAt": touched(min(published, today), draw),
    }
    return {**values, **fixed}


def anniversary(day: date, years: int) -> date:
    """The same day `years` later; 29 February falls on the 28th."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)
