"""The enterprise of which every line holds a record: an active, publishable record of each type that it can have.

Each lies at a platform that holds its type; its registration is written with those of the other named examples.
What is fixed here is what must hold for the promise; a line that only persons can have is left out.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from deploy.demo import facts, places
from deploy.demo.cities import dealings, inspections, offices, praise, ratings
from deploy.demo.examples import Held
from deploy.demo.facts import Fact, anniversary
from deploy.demo.provincial import finance, lists, market, people, taxes
from deploy.demo.subjects import Subject

EXAMPLE = "every_line"
LISTS = ("TAX_MAJOR", "SAFETY", "GOV_PROCUREMENT")  # a major tax violation is also an entry on its list
ACTIVE: Mapping[str, Any] = {"status": "ACTIVE"}


def named(found: Mapping[str, Subject], today: date) -> Iterator[Held]:
    """Every record of the example but its registration; the same for every seed."""
    subject, draw = found[EXAMPLE], random.Random("every line of one enterprise")
    day = today - timedelta(days=200)
    until = anniversary(day, 3)
    negative: dict[str, Any] = {**ACTIVE, "publishUntil": until}
    ended: dict[str, Any] = {"conductEnd": day - timedelta(days=30)}
    decided: dict[str, Any] = {**negative, **ended, "decisionDate": day, "severity": "GENERAL", "procedure": "ORDINARY"}
    granted: dict[str, Any] = {**ACTIVE, "decisionDate": day, "validTo": anniversary(day, 5), "state": "VALID"}
    removed: dict[str, Any] = {"outDate": None, "outReason": None}
    insured: dict[str, Any] = {**dict.fromkeys(people.LIST_PARTS), **ended, "fraud": None}
    owed: dict[str, Any] = {"period": f"{day.year - 1}年", "amountDue": Decimal("12.5"), "months": 3}
    built: dict[str, Any] = {"recordedDate": day, "qualification.validTo": until, "rating": "A"}
    qualified = dict(zip(("name", "level", "certNo"), ("建筑工程施工总承包", "三级", "D3示例"), strict=True))
    qualification: dict[str, Any] = {f"qualification.{part}": value for part, value in qualified.items()}
    listed_wages: dict[str, Any] = {f"listEntry.{part}": None for part in ("inDate", "organ", "outDate")}
    qingdao, weihai = places.QINGDAO_OFFICES[0], places.WEIHAI_OFFICES[0]
    green: dict[str, Any] = {"level": "SHANDONG_2021_GREEN", "validUntil": anniversary(today, 1)}
    fit: dict[str, Any] = {"inspectedDate": day, "severity": None}
    market_office, unit = offices.QINGDAO_MARKET, places.QINGDAO_CENTRE
    lines: tuple[tuple[str, str, Mapping[str, Any]], ...] = (
        (
            "qingdao.penalties",
            "AdministrativePenalty",
            facts.penalty(subject, qingdao, places.QINGDAO_CENTRE, 9701, draw, today, **decided),
        ),
        (
            "weihai.licences",
            "AdministrativeLicence",
            facts.licence(subject, weihai, places.WEIHAI_CENTRE, 9702, draw, today, **granted),
        ),
        ("court.debtors", "JudgmentDebtor", facts.judgment(subject, 9703, draw, today, filedDate=day)),
        (
            "qingdao.honours",
            "Honour",
            praise.honour(subject, market_office, unit, draw, today, **ACTIVE, awardedDate=day, validUntil=until),
        ),
        (
            "qingdao.promises",
            "CreditPromise",
            praise.promise(subject, market_office, unit, draw, today, **ACTIVE, promiseDate=day),
        ),
        (
            "qingdao.contracts",
            "ContractPerformance",
            dealings.contract(subject, offices.QINGDAO_TRADING, 9704, draw, today, **ACTIVE, periodFrom=day),
        ),
        (
            "yantai.foods",
            "FoodDrugRecord",
            inspections.food(
                subject,
                places.YANTAI_CENTRE,
                9705,
                draw,
                today,
                **negative,
                **fit,
                inspectionResult="PASSED",
                violation=None,
                ban=None,
            ),
        ),
        (
            "yantai.products",
            "ProductQualityRecord",
            inspections.product(
                subject,
                offices.YANTAI_FOOD,
                places.YANTAI_CENTRE,
                9706,
                draw,
                today,
                **negative,
                **fit,
                result="PASSED",
                itemFailed=None,
                recall=None,
            ),
        ),
        (
            "yantai.safety",
            "SafetyRecord",
            inspections.safety(
                subject, offices.YANTAI_SAFETY, places.YANTAI_CENTRE, draw, today, **negative, inDate=day
            ),
        ),
        (
            "weifang.wages",
            "WageArrears",
            dealings.wages(
                subject,
                offices.WEIFANG_LABOUR,
                places.WEIFANG_CENTRE,
                9707,
                draw,
                today,
                **ACTIVE,
                **listed_wages,
                overdueSince=day,
                conductEnd=day + timedelta(days=90),
            ),
        ),
        (
            "weifang.ratings",
            "EnvironmentalRating",
            ratings.environment(
                subject,
                offices.WEIFANG_ENVIRONMENT,
                offices.WEIFANG_ENVIRONMENT,
                today.year - 2,
                draw,
                today,
                **ACTIVE,
                **green,
            ),
        ),
        (
            "weifang.villages",
            "RuralCreditSummary",
            ratings.village(subject, offices.WEIFANG_FARMS, draw, today, **ACTIVE, ratedDate=day),
        ),
        (
            "weihai.buildings",
            "ConstructionRecord",
            ratings.building(
                subject,
                offices.WEIHAI_BUILDING,
                places.WEIHAI_CENTRE,
                9708,
                draw,
                today,
                **negative,
                **built,
                **qualification,
            ),
        ),
        (
            "centre.abnormal",
            "AbnormalOperation",
            market.abnormal(subject, draw, today, **ACTIVE, **removed, inDate=day, outOrgan=None),
        ),
        ("centre.ratings", "TaxCreditRating", taxes.rating(subject, taxes.latest_year(today), draw, today, level="M")),
        (
            "centre.violations",
            "MajorTaxViolation",
            taxes.violation(subject, draw, today, **negative, entryDate=day, removeDate=None),
        ),
        ("centre.arrears", "TaxArrears", taxes.arrears(subject, draw, today, **ACTIVE, noticeDate=day)),
        (
            "centre.customs",
            "CustomsCredit",
            {**market.customs(subject, 9710, market.ORDER_282, draw, today), **ACTIVE, "cancelled": False},
        ),
        (
            "centre.property",
            "IpRecord",
            market.property_record(subject, 9711, draw, today, **negative, recordedDate=day),
        ),
        (
            "centre.transport",
            "TransportRating",
            market.transport(subject, 9712, draw, today, **ACTIVE, sector="ROAD", rating="A", ratedDate=day),
        ),
        (
            "centre.insurance",
            "SocialInsuranceRecord",
            people.insurance(subject, 9713, draw, today, **ACTIVE, **insured, determinedDate=day, arrears=(owed,)),
        ),
        (
            "centre.misconduct",
            "EducationResearchRecord",
            people.misconduct(subject, 9714, draw, today, conductDate=day),
        ),
        (
            "centre.finance",
            "SmeFinanceSummary",
            finance.summary(subject, draw, today, summaryDate=(today - timedelta(days=5)).replace(day=1)),
        ),
    )
    listed = tuple(
        (
            "centre.lists",
            "SeriousDishonestyEntry",
            {**lists.entry(subject, code, serial, draw, today, inDate=day), **ACTIVE, **removed},
        )
        for serial, code in enumerate(LISTS, 9715)
    )
    for where, type_name, values in (*lines, *listed):
        yield Held(where, Fact(type_name, subject, values, named=True))
