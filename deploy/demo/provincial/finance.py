"""The finance summary of a small enterprise: bands, and the ratings of several raters, each on its own scale.

Every month the province sums up what tax, insurance and utilities told it. `fixed` prevails.
"""

from __future__ import annotations

import random
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from deploy.demo.provincial.offices import CENTRE, envelope
from deploy.demo.subjects import Subject

AMOUNTS = ("NONE", "UNDER_1", "FROM_1_TO_10", "FROM_10_TO_50", "FROM_50_TO_100", "FROM_100_TO_500", "OVER_5000")
HEADS = ("UNDER_10", "FROM_10_TO_50", "FROM_50_TO_100", "FROM_100_TO_300")
RATERS = (("山东示例征信有限公司", "五级", ("优", "良", "中")), ("青岛示例评级有限公司", "九级", ("AA", "A", "BBB")))


def summary(subject: Subject, draw: random.Random, today: date, **fixed: Any) -> dict[str, Any]:
    """The fields of a SmeFinanceSummary, as of the first day of a month."""
    summed: date = fixed.get("summaryDate") or (today - timedelta(days=draw.randrange(5, 60))).replace(day=1)

    def owed() -> Decimal | None:
        return Decimal(draw.randrange(1, 90_000)) / 10_000 if draw.random() < 0.25 else None

    def rated(rater: str, scale: str, levels: tuple[str, ...]) -> dict[str, Any]:
        return {"rater": rater, "scale": scale, "level": draw.choice(levels), "date": summed - timedelta(days=40)}

    values = {
        **envelope(subject, CENTRE, summed, draw, today),
        "uscc": subject.key,
        "summaryDate": summed,
        "taxPaidBand": draw.choice(AMOUNTS),
        "invoiceTrend": draw.choice(("RISING", "STABLE", "FALLING", "UNKNOWN")),
        "socialInsuredCount": draw.choice(HEADS),
        "realEstatePledge": draw.random() < 0.3,
        "existingCreditLines": draw.choice(AMOUNTS),
        "financingDemand": draw.choice((None, "流动资金贷款", "设备更新贷款")),
        "utilityArrears.water": owed(),
        "utilityArrears.gas": owed(),
        "utilityArrears.power": owed(),
        "rating": tuple(rated(*rater) for rater in RATERS[: draw.randrange(3)]),
    }
    return {**values, **fixed}
