"""What a registry knows of an organisation's past and owners: changes of its registration, shareholders.

A tuple of parts in catalogue words for each; a business of one person has no shareholders. Days lie between the
founding and `until`.
"""

from __future__ import annotations

import random
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from deploy.demo.subjects import BRANCHES, STEMS, Subject

Parts = tuple[dict[str, Any], ...]


def changes(subject: Subject, until: date, draw: random.Random) -> Parts:
    """None, one or two changes, the older first."""
    former = f"何{draw.choice(STEMS)}{draw.choice(BRANCHES)}"
    possible = (
        ("法定代表人（负责人）变更", former, subject.principal.name),
        ("经营范围变更", "一般项目：示例服务。", "许可项目：示例经营。一般项目：示例服务。"),
        ("住所变更", subject.address.rpartition("路")[0] + "旧路1号", subject.address),
    )
    span = max((until - subject.founded).days, 2)
    chosen = draw.sample(possible, draw.choice((0, 1, 1, 2)))
    days = sorted(subject.founded + timedelta(days=draw.randrange(1, span)) for _ in chosen)
    return tuple(
        {"item": item, "before": before, "after": after, "date": day}
        for day, (item, before, after) in zip(days, chosen, strict=True)
    )


def shareholders(subject: Subject, capital: Decimal, draw: random.Random) -> Parts:
    """Who owns an enterprise or a cooperative: its principal and, now and then, another enterprise."""
    if subject.kind not in {"Enterprise", "FarmerCooperative"}:
        return ()
    principal = subject.principal
    share = draw.choice((Decimal(1), Decimal("0.6"), Decimal("0.51")))
    person: dict[str, Any] = {"name": principal.name, "kind": "PERSON", "idNo": principal.citizen_id}
    holding: dict[str, Any] = {"name": "山东示例控股（集团）有限公司", "kind": "ORGANISATION", "idNo": None}
    parts = [(person, share), (holding, 1 - share)]
    return tuple(
        {
            **who,
            "subscribed": capital * part,
            "paid": None if draw.random() < 0.2 else capital * part / 2,
            "date": subject.founded,
        }
        for who, part in parts
        if part
    )
