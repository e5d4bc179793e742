"""Kind `peer` against a real HTTP server: what another gateway is asked, how it is read, what it is never asked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs

import pytest
from joserfc import jwt

import connectors.contract as contract
from connectors.contract import ContractBroken, Denied, LeftOut, SubjectKey, TimedOut
from connectors.delegation import MOST_HOPS, Afar, Hop
from connectors.spelling import DeclarationError
from tests.edges.another_gateway import (
    BEHALF,
    HERE,
    KEY,
    LINE,
    NODE,
    SOURCE,
    THERE,
    TYPE,
    answer,
    mask,
    only,
    peer,
    question,
    records,
)
from tests.edges.crooked import Seen, Server, hang, raw
from tests.edges.invented import FIRM, OTHER, Surroundings, registered


async def test_only_asked_fields_travel_and_on_whose_behalf() -> None:
    """The document holds the asked fields and no other; purpose, consents, evidence and the way stand beside it."""
    async with peer(answer(records(NODE), None)) as (server, asked):
        await only(asked, question("state", "arrears.months", subjects=(FIRM, OTHER)))
        [token, asking] = server.seen
    body = json.loads(asking.body)
    assert "nodes { id provenance { platform } state arrears { months } }" in body["query"]
    assert body["variables"]["ids"] == [{"uscc": FIRM}, {"uscc": OTHER}]
    assert asking.headers["credit-purpose"] == "gov.licensing"
    within = body["extensions"]["delegation"].pop("within")
    assert 0 < within < 5
    assert body["extensions"] == {
        "delegation": {
            "sub": "bureau", "class": "government", "scopes": ["credit.gov", "credit.restricted"],
            "policies": ["agreement-31-37"], "act": {"sub": HERE.gateway, "decision": "d-1"},
        },
        "evidence": {"operator": "li"}, "consents": ["a.b.c"],
    }  # fmt: skip
    form = {name: value for name, [value] in parse_qs(token.body.decode()).items()}
    claims = jwt.decode(form["client_assertion"], KEY).claims
    assert (claims["sub"], claims["aud"]) == ("shandong", f"{server.base}/token")
    assert (form["resource"], form["scope"]) == (THERE, "credit.gov")
    assert json.loads(form["authorization_details"]) == [{"type": "credit-query", "purposes": ["gov.licensing"]}]


async def test_a_token_serves_its_purpose_and_no_other() -> None:
    """Asked for once for each purpose; without a purpose the question names none."""
    async with peer(answer(records(NODE))) as (server, asked):
        for purpose in ("gov.licensing", "gov.licensing", "gov.bidding", None):
            await only(asked, question(behalf=replace(BEHALF, purpose=purpose)))
        tokens = [seen for seen in server.seen if seen.path == "/token"]
        questions = [seen for seen in server.seen if seen.path == "/graphql"]
    assert len(tokens) == 3
    assert [seen.headers["authorization"][-1] for seen in questions] == ["1", "1", "2", "3"]
    assert [seen.headers.get("credit-purpose") for seen in questions][-1] is None


async def test_values_come_in_catalogue_types() -> None:
    """Dates, amounts, numbers, flags, codes, objects: read strictly, and a row that is not so is rejected."""
    node = {
        **NODE, "decided": "2026-03-01", "until": "9999-12-31", "fine": "12.50", "points": 6, "young": True,
        "kinds": ["FINE"], "changes": [{"item": "a", "on": "2026-01-02"}, {"item": None, "on": None}],
        "arrears": {"months": 2, "amount": "1"},
    }  # fmt: skip
    names = ("state", "decided", "until", "fine", "points", "young", "kinds", "changes.item", "changes.on",
             "arrears.months", "arrears.amount")  # fmt: skip
    async with peer(answer(records(node, {**NODE, "id": "r2", "state": "MELTED"}))) as (_, asked):
        page = await only(asked, question(*names))
    [row] = page.rows
    assert dict(row.values) == {
        "state": "ACTIVE", "decided": date(2026, 3, 1), "until": date.max, "fine": Decimal("12.50"), "points": 6,
        "young": True, "kinds": ("FINE",), "changes.item": ("a", None), "changes.on": (date(2026, 1, 2), None),
        "arrears.months": 2, "arrears.amount": Decimal("1"),
    }  # fmt: skip
    assert row.afar is not None
    assert row.afar.platforms == ("310000-permits",)
    assert page.rejected == ["Permit.state has a code that the catalogue does not know"]


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("fine", "1E+999999999", "is not a number"),  # as digits it would fill the memory
        ("fine", "NaN", "is not a number"),
        ("fine", "-Infinity", "is not a number"),
        ("points", 2**40, "is not a whole number of 32 bits"),
        ("touched", "9999-12-31T23:59:59Z", "is earlier or later than any time"),
        ("touched", "0001-01-01T00:00:00+08:05:43", "is earlier or later than any time"),  # nothing, in many a table
        ("touched", "2026-03-01T00:00:00", "has no zone"),
    ],
)
async def test_a_value_that_no_answer_can_tell_is_rejected(name: str, value: Any, reason: str) -> None:
    """As of any other platform: one row from afar must not take the whole answer away."""
    async with peer(answer(records({**NODE, name: value}, {**NODE, "id": "r2"}))) as (_, asked):
        page = await only(asked, question("state", name))
    assert [row.id for row in page.rows] == ["r2"]
    assert page.rejected == [f"Permit.{name} {reason}"]


async def test_an_age_that_no_answer_can_tell_breaks_the_contract() -> None:
    """Left out it would let what is stale pass for fresh, and told it would end the whole answer."""
    line = {**LINE, "asOf": "9999-12-31T23:59:59Z"}
    async with peer(answer(records(NODE, lines=(line,)))) as (_, asked):
        with pytest.raises(ContractBroken, match="asOf"):
            await only(asked, question())


async def test_a_masked_value_is_never_the_value() -> None:
    """What is masked there comes apart from the row's values, for the subjects that it is masked for."""
    withheld = [{**mask("Permit.holder", "surname"), "subjects": [0]}, mask("PermitArrears.amount", "bucket")]
    nodes = [{**NODE, "holder": "张*", "decided": "2026-03-01", "arrears": {"amount": "<1"}}]
    async with peer(answer(records(*nodes), records(*nodes), withheld=withheld)) as (_, asked):
        page = await only(asked, question("holder", "decided", "arrears.amount", subjects=(FIRM, OTHER)))
    first, second = page.rows
    assert dict(first.values) == {"decided": date(2026, 3, 1)}
    assert first.afar is not None
    assert first.afar.masked["holder"] == (frozenset({"surname"}), "张*")
    assert first.afar.masked["arrears.amount"] == (frozenset({"bucket"}), "<1")
    assert second.values["holder"] == "张*"  # nobody says that it is masked for this subject
    assert [entry["coordinate"] for entry in page.told[SubjectKey("uscc", OTHER)].withheld] == ["PermitArrears.amount"]


async def test_what_is_withheld_in_another_way_is_not_the_value_either() -> None:
    """A later version may have another effect than MASK: what stands in the place is nothing to decide by."""
    withheld = [mask("Permit.holder", "", "ROUND")]
    async with peer(answer(records({**NODE, "holder": "虚构"}), withheld=withheld)) as (_, asked):
        [row] = (await only(asked, question("holder"))).rows
    assert row.values == {}
    assert row.afar is not None
    assert row.afar.masked["holder"] == (frozenset({""}), "虚构")


async def test_the_other_sides_words_are_made_plain() -> None:
    """Whatever of them is passed on: no signs that mislead a reader, and no more than a sentence."""
    stray, long = "\u202ekeep", "x" * 500
    told = answer(
        records({**NODE, "provenance": [{"platform": stray}]}, lines=({**LINE, "platform": stray},)),
        obligations=[stray, long], withheld=[{**mask("Permit.holder", stray), "remedy": stray, "contact": stray}],
    )  # fmt: skip
    async with peer(told) as (_, asked):
        page = await only(asked, question("holder"))
    [said] = page.told.values()
    assert said.obligations == {"keep", long[:400]}
    assert (page.rows[0].afar or Afar()).platforms == ("keep",)
    assert "\u202e" not in str((said.withheld, said.sources))


async def test_what_the_other_side_lacks_is_told() -> None:
    """Its platforms' lines, its obligations; an unknown person; and a withheld field that decides about rows."""
    lines = ({**LINE, "status": "TIMEOUT"},)
    told = answer(
        records(lines=lines, complete=False), None, obligations=["delete-within-30d"],
        withheld=[{**mask("Permit.state", "", "DENY"), "subjects": [0]}],
    )  # fmt: skip
    async with peer(told) as (_, asked):
        page = await only(asked, question("holder", "state", subjects=(FIRM, OTHER)))
    first, second = (page.told[SubjectKey("uscc", code)] for code in (FIRM, OTHER))
    assert (first.complete, first.status, first.sources[0]["status"]) == (False, "DENIED_BY_SOURCE", "TIMEOUT")
    assert "`state`" in (first.reason or {})["en"]
    assert first.obligations == {"delete-within-30d"}
    assert (second.complete, second.status) == (False, "DENIED_BY_SOURCE")
    async with peer(answer(records(lines=({**LINE, "absent": ["Permit.state"]},)))) as (_, asked):
        page = await only(asked, question("holder", "state"))
    [lacking] = page.told.values()
    assert (lacking.complete, lacking.status) == (False, "INVALID")


async def test_an_error_within_an_answer_is_a_hole_in_it() -> None:
    """A value that the other side failed to tell is no unknown value: its subject's records are not complete. What its
    platforms failed in is told by their lines."""

    def failed(code: str, *path: str | int) -> dict[str, Any]:
        return {"message": "geheim", "path": ["subjects", *path], "extensions": {"code": code}}

    async def complete(*errors: Mapping[str, Any]) -> list[bool]:
        told = {**answer(records(NODE), records(NODE), complete=False), "errors": errors}
        async with peer(told) as (_, asked):
            page = await only(asked, question("state", "points", subjects=(FIRM, OTHER)))
        return [each.complete for each in page.told.values()]

    assert await complete(failed("INTERNAL", 1, "records", "nodes", 0, "points")) == [True, False]
    assert await complete({"message": "geheim"}) == [False, False]
    assert await complete(failed("PLATFORM_TIMEOUT", 0, "records")) == [True, True]


async def test_every_page_of_a_subject_is_read() -> None:
    """A subject with more records is asked about again, alone, until it has no more or the rows are enough."""

    def reply(body: Mapping[str, Any]) -> Any:
        number = int(body["variables"].get("after", "0"))
        nodes = [{**NODE, "id": f"{number}-{each}"} for each in range(40)]
        few = len(body["variables"]["ids"]) > 1
        page = records(*nodes, after=str(number + 1) if number < (1 if few else endless) else None)
        return answer(records({**NODE, "id": "alone"}), page) if few else answer(page)

    endless = 1
    async with peer(reply) as (server, asked):
        page = await only(asked, question(subjects=(OTHER, FIRM)))
        assert (len(page.rows), page.truncated, len(server.seen)) == (81, False, 3)
        endless = 99
        page = await only(asked, question(subjects=(FIRM,)))
        assert (len(page.rows), page.truncated) == (100, True)


async def test_what_one_page_lacked_the_next_does_not_mend() -> None:
    """Pages of one subject are questions of their own: what any of them lacks or withholds, the whole does."""

    def reply(body: Mapping[str, Any]) -> Any:
        if body["variables"].get("after"):
            return answer(records({**NODE, "id": "r2"}), obligations=["second"])
        first = records(NODE, after="1", lines=({**LINE, "status": "TIMEOUT", "asOf": None},), complete=False)
        return answer(first, obligations=["first"], withheld=[mask("Permit.state", "", "DENY")])

    async with peer(reply) as (_, asked):
        page = await only(asked, question("holder", "state"))
    [told] = page.told.values()
    assert len(page.rows) == 2
    assert (told.complete, told.status) == (False, "DENIED_BY_SOURCE")
    assert {line["status"] for line in told.sources} == {"TIMEOUT", LINE["status"]}
    assert "`state`" in (told.reason or {})["en"]
    assert [entry["coordinate"] for entry in told.withheld] == ["Permit.state"]
    assert told.obligations == {"first", "second"}


async def test_no_more_is_asked_for_than_may_come() -> None:
    """Subjects go in questions of the declared batch, each for as many rows as are still let in; the cut is told."""

    def reply(body: Mapping[str, Any]) -> Any:
        nodes = [{**NODE, "id": f"r{number}"} for number in range(body["variables"]["first"])]
        return answer(*(records(*nodes[:1]) for _ in body["variables"]["ids"]))

    codes = tuple(f"91370000INVENTED{number}Z" for number in range(5))
    async with peer(reply, f"{TYPE}batch: 2\n") as (server, asked):
        page = await only(asked, question(subjects=codes))
        assert (len(page.rows), page.truncated, len(page.told)) == (5, False, 5)
        assert [_asked_for(seen) for seen in server.seen if seen.path == "/graphql"] == [(2, 100), (2, 98), (1, 96)]
        server.seen.clear()
        page = await only(asked, question(subjects=codes, limit=3))
        assert (len(page.rows), page.truncated, len(page.told)) == (3, True, 4)
        assert [_asked_for(seen) for seen in server.seen] == [(2, 3), (2, 1)]


def _asked_for(seen: Seen) -> tuple[int, int]:
    variables = json.loads(seen.body)["variables"]
    return len(variables["ids"]), variables["first"]


async def test_a_cursor_that_stands_still_is_no_endless_question() -> None:
    """A page that leads to itself, without rows, is the end of patience and not of time."""
    async with peer(answer(records(after="1"))) as (server, asked):
        with pytest.raises(ContractBroken, match="cursor"):
            await only(asked, question())
        assert len(server.seen) == 3


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        ("403", "PURPOSE_NOT_HELD", "Denied"),
        ("400", "EVIDENCE_REQUIRED", "Denied"),
        ("403", "CLIENT_FROZEN", "Denied"),
        ("403", "DELEGATION_REFUSED", "Denied"),
        ("403", "SOMETHING_NEW", "Denied"),
        ("429", "QUOTA_EXCEEDED", "QuotaUsedUp"),
        ("503", "OVERLOADED", "RateLimited"),
        ("503", "ISSUER_UNAVAILABLE", "Unavailable"),
        ("500", "INTERNAL", "Unavailable"),
        ("502", "", "Unavailable"),
        ("400", "GRAPHQL_VALIDATION_FAILED", "ContractBroken"),
        ("400", "LIMIT_EXCEEDED", "BadRequest"),
    ],
)
async def test_refusals_keep_their_meaning(status: str, code: str, expected: str) -> None:
    """Each code of the common table is one error of the contract, and its text stays there."""
    body = json.dumps({"errors": [{"message": f"geheim {FIRM}", "extensions": {"code": code}}]}).encode()
    async with peer(raw(body, f"{status} x")) as (_, asked):
        with pytest.raises(getattr(contract, expected)) as caught:
            await only(asked, question())
    assert "geheim" not in str(caught.value)
    assert FIRM not in str(caught.value)


@pytest.mark.parametrize(("code", "after"), [("QUOTA_EXCEEDED", None), ("OVERLOADED", 30.0)])
async def test_a_quota_that_one_has_used_up_holds_up_nobody_else(code: str, after: float | None) -> None:
    """It may be one operator's, or an agreement's: whoever asks next is asked for, where a gateway that is busy is left
    alone by all."""
    body = json.dumps({"errors": [{"message": "x", "extensions": {"code": code}}]}).encode()
    async with peer(raw(body, "429 Busy", extra="Retry-After: 30\r\n")) as (_, asked):
        with pytest.raises(contract.RateLimited) as caught:
            await only(asked, question())
    assert caught.value.after == after


async def test_a_token_that_is_no_longer_believed_is_replaced_once() -> None:
    """A 401 costs one more token and one more question; a second one says that our credentials are wrong."""
    refusals = [1, 0, 1, 1]

    def reply(body: Mapping[str, Any]) -> Any:
        return raw(b"{}", "401 Unauthorized") if refusals.pop(0) else answer(records(NODE))

    async with peer(reply) as (server, asked):
        assert (await only(asked, question())).rows
        with pytest.raises(contract.AuthFailed):
            await only(asked, question())
        assert [seen.path for seen in server.seen].count("/token") == 3


@pytest.mark.parametrize(
    "told",
    [b"<html>", b"{}", b'{"data": null}', json.dumps(answer(records(NODE), records(NODE))).encode(), b"[" * 9999],
)
async def test_nonsense_is_no_answer(told: bytes) -> None:
    """What is no gateway's answer, or about other subjects than were asked, is a failure of that platform."""
    async with peer(raw(told)) as (_, asked):
        with pytest.raises((contract.Unavailable, contract.ContractBroken)):
            await only(asked, question())


async def test_what_is_told_of_another_firm_is_not_this_ones() -> None:
    """Rows do not say whose they are, but the answer does: one that a proxy gave to the wrong question is none."""
    mine, anothers = ({**records(NODE), "uscc": code} for code in (FIRM, OTHER))
    async with peer(answer(mine)) as (server, asked):
        assert (await only(asked, question())).rows
        assert "subjects(ids: $ids) { uscc records:" in json.loads(server.seen[-1].body)["query"]
    async with peer(answer(anothers)) as (_, asked):
        with pytest.raises(ContractBroken, match="other subjects"):
            await only(asked, question())


async def test_a_slow_gateway_is_cut_off() -> None:
    """By the deadline, as any other platform."""
    async with peer(hang) as (_, asked):
        with pytest.raises(TimedOut):
            await only(asked, question(seconds=0.2))


async def test_who_has_asked_already_is_not_asked_again() -> None:
    """A gateway on the way, or one hop too many: nothing is sent, and the reason is told."""
    far = tuple(Hop(f"https://g{number}.example", "d") for number in range(MOST_HOPS))
    async with peer(answer(records(NODE))) as (server, asked):
        with pytest.raises(LeftOut) as looped:
            await only(asked, question(behalf=replace(BEHALF, hops=(Hop(THERE, "d-0"), HERE))))
        with pytest.raises(LeftOut) as distant:
            await only(asked, question(behalf=replace(BEHALF, hops=(*far, HERE))))
        assert not server.seen
        assert (await only(asked, question(behalf=replace(BEHALF, hops=far)))).rows
    assert looped.value.told is not None
    assert looped.value.told.complete
    assert distant.value.told is not None
    assert not distant.value.told.complete


async def test_a_purpose_that_is_not_ours_closes_no_breaker() -> None:
    """An authorization server that grants no token for a purpose has refused that purpose, not this gateway."""

    async def behave(seen: Seen, writer: Any) -> None:
        writer.write(raw(b'{"error": "invalid_authorization_details"}', "400 Bad Request"))

    async with Server(behave) as server, peer(answer()) as (_, asked):
        known = {
            "env:ENDPOINT": server.base, "env:RESOURCE": THERE, "env:TOKEN": f"{server.base}/token",
            "env:CLIENT": "shandong", "secret:sh.pem": KEY.as_pem(private=True).decode(),
        }  # fmt: skip
        await asked.close()
        await asked.open(Surroundings(known))
        with pytest.raises(Denied):
            await only(asked, question())


@pytest.mark.parametrize(
    ("permit", "says"),
    [
        ("remote: Licence\n", "a type has one name"),
        ("batch: 5\n", "`remote` is missing"),
        ("remote: Permit\nkey: [id]\n", "`key` is no word of kind peer"),
        ("remote: Permit\nfilters: {state: [eq]}\n", "`filters` is no word of kind peer"),
        ("remote: Permit\nbatch: 500\n", "at most 200 subjects"),
        ("remote: Permit\nabsent: [nothing]\n", "unknown field `Permit.nothing`"),
    ],
)
def test_a_declaration_says_what_is_wrong(permit: str, says: str) -> None:
    """With file and line, as of any other kind."""
    with pytest.raises(DeclarationError, match=says):
        registered(SOURCE, permit)


def test_a_gateway_has_all_fields_but_those_said_to_be_absent() -> None:
    """Fields come by their names; questions of several callers are never joined there."""
    registry = registered(SOURCE, 'remote: Permit\nabsent: [changes]\nnotApplicable: {state: "decided there alone"}\n')
    [platform] = registry.platforms.values()
    claim, source = platform.claim("Permit"), platform.source("Permit")
    assert "state" in claim.fields
    assert "changes.item" not in claim.fields
    assert (source.joined, source.delegated, claim.open) == (False, True, False)
