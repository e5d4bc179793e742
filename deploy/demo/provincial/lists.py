"""Entries on the provincial lists of serious dishonesty, with what follows from them and who is responsible.

`LISTS` has the lists that are kept here, `PERSONAL` those on which persons stand too. Codes are the catalogue's.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from deploy.demo.facts import anniversary
from deploy.demo.places import Office
from deploy.demo.provincial import offices
from deploy.demo.subjects import Subject


@dataclass(frozen=True, slots=True)
class Listing:
    """One list: its name, who keeps it, why one stands on it and what follows."""

    name: str
    office: Office
    reason: str
    measures: tuple[str, ...]


LISTS: Mapping[str, Listing] = {
    "TAX_MAJOR": Listing(
        "重大税收违法失信主体", offices.TAX, "虚开发票被依法处理", ("PUBLIC_FUNDS", "PREFERENCE", "PRUDENT_LENDING")
    ),
    "MARKET_SERIOUS": Listing(
        "市场监督管理严重违法失信名单",
        offices.MARKET,
        "被列入异常名录满三年未履行义务",
        ("MARKET_ACCESS", "COMMENDATION"),
    ),
    "WAGE_ARREARS": Listing(
        "拖欠农民工工资失信联合惩戒对象",
        offices.LABOUR,
        "拖欠工资经责令改正逾期未支付",
        ("PUBLIC_FUNDS", "MARKET_ACCESS"),
    ),
    "GOV_PROCUREMENT": Listing(
        "政府采购严重违法失信行为记录名单", offices.PURSE, "提供虚假材料谋取中标", ("PUBLIC_FUNDS", "KEY_SUPERVISION")
    ),
    "BIDDING": Listing(
        "招标投标领域严重失信名单", offices.REFORM, "串通投标情节严重", ("MARKET_ACCESS", "KEY_SUPERVISION")
    ),
    "OVERLOAD": Listing(
        "严重违法超限超载运输失信当事人名单",
        offices.TRANSPORT,
        "一年内违法超限运输超过三次",
        ("COMMENDATION", "KEY_SUPERVISION"),
    ),
    "SAFETY": Listing(
        "安全生产严重失信主体名单", offices.SAFETY, "发生较大生产安全事故", ("PUBLIC_FUNDS", "KEY_SUPERVISION")
    ),
    "COURT_DEBTOR": Listing(
        "失信被执行人名单", offices.COURT, "有履行能力而拒不履行", ("CONSUMPTION", "OFFICE", "PRUDENT_LENDING")
    ),
}
PERSONAL = ("TAX_MAJOR", "OVERLOAD", "COURT_DEBTOR")
ROLES = ("LEGAL_REPRESENTATIVE", "PRINCIPAL", "CONTROLLER")


def entry(subject: Subject, code: str, serial: int, draw: random.Random, today: date, **fixed: Any) -> dict[str, Any]:
    """The fields of a SeriousDishonestyEntry; published for three years, `fixed` prevails."""
    listing = LISTS[code]
    entered: date = fixed.get("inDate") or today - timedelta(days=draw.randrange(30, 1400))
    until = anniversary(entered, 3)
    chance = draw.random()
    status = "EXPIRED" if until <= today else "REPAIRED" if chance < 0.15 else "OBJECTED" if chance < 0.2 else "ACTIVE"
    left = {"EXPIRED": (until, "期满"), "REPAIRED": (today - timedelta(days=5), "信用修复")}.get(status, (None, None))
    person = subject.principal
    responsible = {"name": person.name, "role": draw.choice(ROLES), "idNo": person.citizen_id}
    values = {
        **offices.envelope(subject, listing.office, entered, draw, today),
        "status": status,
        "severity": "SERIOUS",
        "publishUntil": until,
        "listCode": code,
        "listName": listing.name,
        "name": subject.name,
        "uscc": None if subject.natural else subject.key,
        "personIdNo": subject.key if subject.natural else None,
        "reason": listing.reason,
        "factsSummary": f"当事人{listing.reason}，于{entered.year}年列入名单。",
        "decisionNo": f"{listing.office.short}列〔{entered.year}〕{serial}号",
        "organ": listing.office.name,
        "inDate": entered,
        "outDate": left[0],
        "outReason": left[1],
        "measures": listing.measures,
        "responsiblePersons": () if subject.natural else (responsible,),
    }
    return {**values, **fixed}
