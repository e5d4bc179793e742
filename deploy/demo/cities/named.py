"""What the four cities hold of the named examples; the promises stand in `examples.PROMISES`."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal

from deploy.demo import places
from deploy.demo.cities import dealings, offices, praise, ratings
from deploy.demo.cities.lives import Kept
from deploy.demo.facts import FOREVER, Fact, anniversary
from deploy.demo.subjects import Subject


def named(found: Mapping[str, Subject], today: date) -> Iterator[Kept]:
    """Every such record of the examples; the same for every seed."""
    draw = random.Random("what cities hold of the named examples")
    awarded = today - timedelta(days=220)
    honour = {"honourCode": "CONTRACT_CREDIT", "honourName": "守合同重信用企业", "status": "ACTIVE"}
    fixed = {**honour, "awardedDate": awarded, "validUntil": anniversary(awarded, 3)}
    held_by = {
        "qingdao": ("honoured", offices.QINGDAO_MARKET, places.QINGDAO_CENTRE),
        "weifang": ("many_platforms", places.WEIFANG_OFFICES[0], places.WEIFANG_CENTRE),
    }
    for city, (example, office, unit) in held_by.items():
        values = praise.honour(found[example], office, unit, draw, today, **fixed)
        yield f"{city}.honours", Fact("Honour", found[example], values, named=True)

    for serial, example in ((9601, "wage_arrears"), (9602, "many_platforms")):
        since = today - timedelta(days=300)
        owed = {"workers": 23, "amount": Decimal("46.5"), "overdueSince": since, "status": "ACTIVE"}
        paid = FOREVER if example == "wage_arrears" else since + timedelta(days=60)
        on_list = since + timedelta(days=90) if example == "wage_arrears" else None
        owed |= {
            "conductEnd": paid,
            "listEntry.inDate": on_list,
            "listEntry.organ": offices.WEIHAI_LABOUR.name if on_list else None,
            "listEntry.outDate": None,
        }
        subject, unit = found[example], places.WEIHAI_CENTRE
        values = dealings.wages(subject, offices.WEIHAI_LABOUR, unit, serial, draw, today, **owed)
        yield "weihai.wages", Fact("WageArrears", subject, values, named=True)

    # Blue where it lives, by the scheme of today; green in the city of its branch, by the one that ended in 2020.
    for city, example, office, year, level in (
        ("qingdao", "rated_blue", offices.QINGDAO_ENVIRONMENT, today.year - 2, "SHANDONG_2021_BLUE"),
        ("weifang", "rated_blue", offices.WEIFANG_ENVIRONMENT, 2020, "SHANDONG_GREEN"),
        ("weifang", "borrower", offices.WEIFANG_ENVIRONMENT, today.year - 2, "SHANDONG_2021_GREEN"),
    ):
        subject = found[example]
        told = {"level": level, "status": "ACTIVE", "validUntil": anniversary(today, 1)}
        values = ratings.environment(subject, office, office, year, draw, today, **told)
        yield f"{city}.ratings", Fact("EnvironmentalRating", subject, values, named=True)
