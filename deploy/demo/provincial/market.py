"""Market and industry: abnormal operation, intellectual property, customs levels, transport ratings.

A record of intellectual property is a right, a pledge on one or an infringement. A customs level belongs to the
scheme that was in force when it was given. `fixed` prevails everywhere.
"""

from __future__ import annotations

import random
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from deploy.demo.facts import anniversary
from deploy.demo.provincial.offices import CUSTOMS, MARKET, TRANSPORT, envelope
from deploy.demo.subjects import Subject

REASONS = ("未按规定期限公示年度报告", "通过登记的住所无法联系", "公示信息隐瞒真实情况")
ORDER_282 = date(2026, 4, 1)
OLD_LEVELS = ("OLD_ADVANCED", "OLD_DISHONEST", "OLD_OTHER", "OLD_OTHER")
LEVELS = ("ADVANCED_CERTIFIED", "CERTIFIED", "REGULAR", "REGULAR", "DISHONEST", "SERIOUSLY_DISHONEST")
RIGHTS = {"INVENTION": "一种示例装置", "UTILITY_MODEL": "示例连接件", "TRADEMARK": "示例商标", "COPYRIGHT": "示例软件"}
IP_PARTS = (
    *("right.kind", "right.no", "right.name"),
    *("pledge.no", "pledge.pledgor", "pledge.pledgee", "pledge.state"),
    *("infringement.decisionNo", "infringement.organ", "infringement.result"),
)


def abnormal(subject: Subject, draw: random.Random, today: date, **fixed: Any) -> dict[str, Any]:
    """The fields of an AbnormalOperation; what was removed is EXPIRED."""
    entered: date = fixed.get("inDate") or today - timedelta(days=draw.randrange(40, 1500))
    gone = draw.random() < 0.5
    values = {
        **envelope(subject, MARKET, entered, draw, today),
        "status": "EXPIRED" if gone else "ACTIVE",
        "reason": draw.choice(REASONS),
        "inDate": entered,
        "inOrgan": MARKET.name,
        "outReason": "补报年度报告并公示" if gone else None,
        "outDate": entered + timedelta(days=30) if gone else None,
        "outOrgan": MARKET.name if gone else None,
    }
    return {**values, **fixed}


def property_record(subject: Subject, serial: int, draw: random.Random, today: date, **fixed: Any) -> dict[str, Any]:
    """The fields of an IpRecord: of a right or pledge ten years, of an infringement three."""
    recorded: date = fixed.get("recordedDate") or today - timedelta(days=draw.randrange(40, 1800))
    kind = draw.choices(("right", "pledge", "infringement"), (6, 2, 2))[0]
    right = draw.choice(list(RIGHTS))
    number = f"ZL{recorded.year}{serial:07d}"
    parts: dict[str, Any] = dict.fromkeys(IP_PARTS)
    if kind != "infringement":
        parts |= {"right.kind": right, "right.no": number, "right.name": RIGHTS[right]}
    if kind == "pledge":
        parts |= {
            "pledge.no": f"Y{recorded.year}37{serial:06d}",
            "pledge.pledgor": subject.name,
            "pledge.pledgee": "山东示例银行股份有限公司",
            "pledge.state": draw.choice(("VALID", "VALID", "CANCELLED")),
        }
    if kind == "infringement":
        parts |= {
            "infringement.decisionNo": f"鲁知处字〔{recorded.year}〕{serial}号",
            "infringement.organ": MARKET.name,
            "infringement.result": "责令停止侵权，罚款人民币30000元",
        }
    until = anniversary(recorded, 3 if kind == "infringement" else 10)
    values = {
        **envelope(subject, MARKET, recorded, draw, today),
        **parts,
        "status": "ACTIVE" if until > today else "EXPIRED",
        "severity": draw.choice(("GENERAL", "SERIOUS")) if kind == "infringement" else None,
        "publishUntil": until,
        "recordNo": f"ZSCQ-{recorded.year}-{serial:06d}",
        "recordedDate": recorded,
        "listCode": "IP_SERIOUS" if kind == "infringement" and draw.random() < 0.3 else None,
    }
    return {**values, **fixed}


def customs(subject: Subject, serial: int, rated: date, draw: random.Random, today: date) -> dict[str, Any]:
    """The fields of a CustomsCredit; the scheme is the one in force on the day."""
    old = rated < ORDER_282
    return {
        **envelope(subject, CUSTOMS, rated, draw, today),
        "status": "EXPIRED" if old else "ACTIVE",
        "customsCode": f"{subject.area[:4]}9{serial:05d}",
        "firstRegDate": subject.founded,
        "scheme": "BEFORE_2026_04" if old else "FROM_2026_04",
        "level": draw.choice(OLD_LEVELS if old else LEVELS),
        "ratedDate": rated,
        "cancelled": draw.random() < 0.1,
        "tradeVolume": Decimal(draw.randrange(10, 900_000)) / 10,
    }


def transport(subject: Subject, serial: int, draw: random.Random, today: date, **fixed: Any) -> dict[str, Any]:
    """The fields of a TransportRating, of a carrier or of a lorry that was overloaded."""
    rated: date = fixed.get("ratedDate") or today - timedelta(days=draw.randrange(30, 1400))
    overloaded = draw.random() < 0.4
    sector = "OVERLOADING" if overloaded else draw.choice(("ROAD", "WATER", "HIGHWAY_BUILDING", "DRIVER_TRAINING"))
    values = {
        **envelope(subject, TRANSPORT, rated, draw, today),
        "status": "ACTIVE" if anniversary(rated, 2) > today else "EXPIRED",
        "recordNo": f"JTXY{rated.year}{serial:06d}",
        "sector": sector,
        "rating": draw.choice(("C", "D") if overloaded else ("AA", "A", "A", "B", "C")),
        "year": rated.year - 1,
        "ratedDate": rated,
        "organ": TRANSPORT.name,
        "plateNo": f"鲁示{serial % 100_000:05d}" if overloaded else None,
        "transportCertNo": f"{subject.area}示{serial:06d}" if overloaded else None,
    }
    return {**values, **fixed}
