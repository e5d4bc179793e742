"""What the province's lines hold of the named examples; the promises stand in `examples.PROMISES`."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from decimal import Decimal

from deploy.demo.examples import Held
from deploy.demo.provincial import finance, lists, taxes
from deploy.demo.provincial.lives import held
from deploy.demo.subjects import Subject

# example -> the list that it stands on
LISTED = {"listed": "MARKET_SERIOUS", "bidder_listed": "BIDDING", "wage_arrears": "WAGE_ARREARS"}
RATED = {"rated_a": "A", "bidder_clean": "B", "bidder_listed": "C", "borrower": "B"}


def named(found: Mapping[str, Subject], today: date) -> Iterable[Held]:
    """Every record of the examples in `centre`; the same for every seed."""
    draw = random.Random("the lines of the named examples")
    for example, level in RATED.items():
        values = taxes.rating(found[example], taxes.latest_year(today), draw, today, level=level)
        yield held("ratings", "TaxCreditRating", found[example], values, named=True)
    for number, (example, code) in enumerate(LISTED.items()):
        entered = today - timedelta(days=200 + number)
        entry = lists.entry(found[example], code, 9501 + number, draw, today, inDate=entered)
        entry |= {"status": "ACTIVE", "outDate": None, "outReason": None}
        yield held("lists", "SeriousDishonestyEntry", found[example], entry, named=True)
    told = {
        "taxPaidBand": "FROM_10_TO_50",
        "invoiceTrend": "RISING",
        "socialInsuredCount": "FROM_10_TO_50",
        "utilityArrears.water": None,
        "utilityArrears.gas": None,
        "utilityArrears.power": Decimal("0.35"),
        "rating": tuple(
            {"rater": rater, "scale": scale, "level": levels[0], "date": today - timedelta(days=60)}
            for rater, scale, levels in finance.RATERS
        ),
    }
    summed = (today - timedelta(days=5)).replace(day=1)
    values = finance.summary(found["borrower"], draw, today, summaryDate=summed, **told)
    yield held("finance", "SmeFinanceSummary", found["borrower"], values, named=True)
