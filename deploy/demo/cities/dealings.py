"""What a subject owes others: the performance of its public contracts, wages, and the list of those who owe wages.

Wages that are still owed have no end of conduct. No worker is named, only how many there are.
"""

from __future__ import annotations

import random
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from deploy.demo.cities.records import SEVERITIES, ago, record
from deploy.demo.facts import FOREVER, anniversary
from deploy.demo.places import Office
from deploy.demo.subjects import Subject

CONTRACT_STATES = ("RUNNING", "PERFORMED", "PERFORMED", "PARTLY_PERFORMED", "BREACHED", "TERMINATED")
PROJECTS = ("示例道路改造工程", "示例中学食堂食材采购", "示例园区绿化养护", "示例办公设备采购")
BUYERS = ("示例市公共资源交易采购人甲", "示例区教育采购人乙", "示例镇人民政府（演示）")


def contract(
    subject: Subject, unit: Office, serial: int, draw: random.Random, today: date, **fixed: Any
) -> dict[str, Any]:
    """The fields of a ContractPerformance; `fixed` prevails."""
    begins = ago(draw, today, 1500)
    state = draw.choice(CONTRACT_STATES)
    values = {
        **record(subject, unit, begins, draw, today),
        "contractNo": f"GGZY-{begins.year}-{serial:05d}",
        "project": draw.choice(PROJECTS),
        "counterparty": draw.choice(BUYERS),
        "amount": Decimal(draw.randrange(20, 90_000)) / 20,
        "performance": state,
        "disputes": "因质量问题协商中" if state == "BREACHED" else None,
        "periodFrom": begins,
        "periodTo": FOREVER if draw.random() < 0.1 else anniversary(begins, 2),
    }
    return {**values, **fixed}


def wages(
    subject: Subject, office: Office, unit: Office, serial: int, draw: random.Random, today: date, **fixed: Any
) -> dict[str, Any]:
    """The fields of a WageArrears; `fixed` prevails. Every third debtor was put on the list."""
    since: date = fixed.get("overdueSince") or ago(draw, today, 1300, 120)
    paid = FOREVER if draw.random() < 0.5 else min(since + timedelta(days=draw.randrange(40, 300)), today)
    listed = since + timedelta(days=90) if draw.random() < 0.33 else None
    values = {
        **record(subject, unit, since, draw, today),
        "severity": draw.choice(SEVERITIES),
        "workers": draw.randrange(2, 120),
        "amount": Decimal(draw.randrange(20, 9000)) / 20,
        "orderNo": f"{office.short}改〔{since.year}〕{serial}号",
        "overdueSince": since,
        "conductEnd": paid,
        "listEntry.inDate": listed,
        "listEntry.organ": office.name if listed else None,
        "listEntry.outDate": listed + timedelta(days=190) if listed and paid != FOREVER else None,
    }
    return {**values, **fixed}


def wage_list_entry(
    subject: Subject, office: Office, unit: Office, serial: int, draw: random.Random, today: date, **fixed: Any
) -> dict[str, Any]:
    """The fields of a SeriousDishonestyEntry on the list of wage arrears; published for three years."""
    entered: date = fixed.get("inDate") or ago(draw, today, 1300)
    until = anniversary(entered, 3)
    common = record(subject, unit, entered, draw, today, until)
    left = min(until, today) if common["status"] in {"EXPIRED", "REPAIRED"} else None
    values = {
        **common,
        "severity": "SERIOUS",
        "publishUntil": until,
        "listCode": "WAGE_ARREARS",
        "listName": "拖欠农民工工资失信联合惩戒对象",
        "name": subject.name,
        "reason": "拖欠工资经责令改正逾期未支付",
        "factsSummary": f"当事人拖欠工资，于{entered.year}年列入名单。",
        "decisionNo": f"{office.short}列〔{entered.year}〕{serial}号",
        "organ": office.name,
        "inDate": entered,
        "outDate": left,
        "outReason": {"EXPIRED": "期满", "REPAIRED": "信用修复"}.get(common["status"]),
        "measures": ("PUBLIC_FUNDS", "MARKET_ACCESS"),
        "responsiblePersons": ({"name": subject.principal.name, "role": "LEGAL_REPRESENTATIVE"},),
    }
    return {**values, **fixed}
