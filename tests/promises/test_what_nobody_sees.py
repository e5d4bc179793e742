"""What no rule may ever open, asked of the shipped policies field by field: persons, identity numbers, consent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product

from policies.interpreter import decide
from policies.model import DENY, Facts, Field, FieldClass
from tests.edges.drafts import NOON, shipped

C = shipped().catalogue
MARKET = ("licensedFinancial", "creditBureau", "creditService", "association", "enterprise")
PURPOSES = (None, "finance.loan", "finance.guarantee", "bureau.report", "market.counterparty", "gov.bidding")


def opened(
    clients: tuple[str, ...], consent: bool, concerns: Callable[[Field, bool], bool], region: str = "37"
) -> Iterator[tuple[Facts, Field]]:
    """What is answered of the fields that a promise concerns: of every type and kind, with every scope there is.

    `concerns` is told whether the subject is a natural person.
    """
    for client, purpose, record in product(clients, PURPOSES, C.types.values()):
        for kind in sorted(record.kinds):
            facts = Facts(
                client_class=client,
                client_id="somebody",
                region=region,
                scopes=frozenset(C.scopes),
                purpose=purpose,
                consent=consent,
                own=False,
                given=frozenset({"uscc", "citizenId", "name"}),
                kind=kind,
                type=record.name,
                province="37",
                at=NOON,
            )
            for field in record.fields.values():
                if concerns(field, C.kinds[kind].natural) and decide(shipped(), facts, field).effect != DENY:
                    yield facts, field


def test_the_public_and_other_provinces_markets_learn_of_no_person_but_a_judgment_debtor() -> None:
    """Article 20: of a person only a judgment debtor's published fields answer, also to a lender with consent."""
    for clients, region in ((("public",), "37"), (MARKET, "31")):
        told = {facts.type for facts, _ in opened(clients, True, lambda field, natural: natural, region)}
        assert told == {"JudgmentDebtor"}


def test_the_market_sees_no_identity_number() -> None:
    """No lender, bureau, association or enterprise gets an identity number in any form, also with consent."""

    def number(field: Field, natural: bool) -> bool:
        return "identifier" in field.tags and (natural or "ofSubject" not in field.tags)

    assert list(opened((*MARKET, "public"), True, number)) == []


def test_nobody_sees_the_authorised_without_consent() -> None:
    """Without consent no authorised field is answered to anybody but the subject itself."""

    def authorised(field: Field, natural: bool) -> bool:
        return field.class_for(natural) is FieldClass.AUTHORIZED

    assert list(opened(tuple(C.client_classes), False, authorised)) == []


def test_a_bid_sees_no_insurance_loans_or_wages() -> None:
    """For a bid nothing is told of insurance, wages, finance and research, to whomever asks, also with consent."""
    closed = {"SocialInsuranceRecord", "WageArrears", "SmeFinanceSummary", "EducationResearchRecord"}
    told = opened(("government", "publicBody"), True, lambda field, natural: field.type in closed)
    assert [facts for facts, _ in told if facts.purpose == "gov.bidding"] == []
