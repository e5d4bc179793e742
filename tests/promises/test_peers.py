"""Another gateway is one more platform: each decides by its own policies, and a hop can only close.

Two gateways in a ring, Shandong's and Shanghai's, each with a database and policies of its own, on real sockets.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from joserfc.jwk import ECKey

from tests.promises.exchanging import exchange, subject
from tests.promises.peer_homes import FIRM, PENALTIES, RESOURCES, SHANDONG, SHANGHAI
from tests.promises.peering import Pair, pair

QUERY = """query($id: SubjectKey!) { subject(id: $id) { administrativePenalties(orderBy: OLDEST_FIRST) {
    nodes { documentNo procedure caseName facts legalRepresentative legalRepIdNo provenance { platform } }
    sources { platform status records reason { en } } complete } } }"""
LOAN = """query($id: SubjectKey!) { subject(id: $id) { smeFinanceSummaries { nodes { financingDemand }
    sources { platform status } complete } } }"""
HOP = {"sub": RESOURCES["37"], "decision": "d"}
BOOK = f"{SHANGHAI}/310000-shanghai-book"


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    with pair(tmp_path_factory.mktemp("peers")) as found:
        yield found


def penalties(answer: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = answer["data"]["subject"]["administrativePenalties"]
    return found


def by_number(answer: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    return {node["documentNo"]: node for node in penalties(answer)["nodes"]}


def lines(answer: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    return {line["platform"]: line for line in penalties(answer)["sources"]}


def withheld(answer: Mapping[str, Any], coordinate: str) -> list[dict[str, Any]]:
    entries = [e for e in answer["extensions"]["withheld"] if e["coordinate"] == coordinate]
    return [entry for entry in entries if entry.get("platform") == SHANGHAI]


def test_a_ring_of_gateways_answers_once(both: Pair) -> None:
    """A question goes round no further than to whoever has not asked: told, and complete where it can be."""
    answer = both.shandong.ask(QUERY, "bureau", "gov.licensing")
    assert set(by_number(answer)) == {"鲁-1", "沪-1"}
    assert [each["platform"] for each in by_number(answer)["沪-1"]["provenance"]] == [BOOK]
    found = lines(answer)
    assert (found[SHANGHAI]["status"], found[SHANGHAI]["records"]) == ("ANSWERED", 1)
    assert (found[BOOK]["status"], found[BOOK]["records"]) == ("ANSWERED", 1)
    left_out = found[f"{SHANGHAI}/{SHANDONG}"]
    assert left_out["status"] == "NOT_ASKED"
    assert "on the question's way already" in left_out["reason"]["en"]
    assert penalties(answer)["complete"]
    assert answer["extensions"]["complete"]
    assert "errors" not in answer
    assert "delete-within-30d" in answer["extensions"]["obligations"]


def test_whose_tokens_are_its_own_asks_too(both: Pair) -> None:
    """Shanghai's gateway exchanges nothing: its token is for the purpose, and it is believed as it is registered."""
    answer = both.shanghai.ask(QUERY, "sh-bureau", "gov.licensing")
    decision = answer["extensions"]["decision"]
    far = next(record for record in both.shandong.records if _act(record).get("decision") == decision)
    assert (far["caller"]["id"], far["caller"]["delegated"]["sub"]) == ("gateway-31", "sh-bureau")


def test_each_hop_records_its_own_decision(both: Pair) -> None:
    """The far side's record says who asked first, by which gateway's decision, and what it decided itself."""
    answer = both.shandong.ask(QUERY, "bureau", "gov.licensing")
    decision = answer["extensions"]["decision"]
    near = next(record for record in both.shandong.records if record["decision"] == decision)
    far = next(record for record in both.shanghai.records if _act(record).get("decision") == decision)
    assert near["caller"]["id"] == "bureau"
    assert "delegated" not in near["caller"]
    caller = far["caller"]
    assert (caller["id"], caller["class"], caller["region"]) == ("gateway-37", "government", "370000")
    assert (caller["purpose"], caller["scopes"]) == ("gov.licensing", ["credit.gov"])
    assert caller["delegated"]["sub"] == "bureau"
    assert caller["delegated"]["act"] == {"sub": RESOURCES["37"], "decision": decision}
    assert "agreement-31-37" in caller["delegated"]["policies"]
    [here] = [ask for ask in near["asks"] if ask["platform"] == SHANGHAI]
    [there] = [ask for ask in far["asks"] if ask["platform"].endswith("book")]
    assert here["fields"]["facts"][0] == "allow"
    assert there["fields"]["facts"] == ["deny", "shanghai-closes/facts-stay"]
    [back] = [ask for ask in far["asks"] if ask["platform"] == SHANDONG]
    assert {reply[1] for reply in back["replies"]} == {"NOT_ASKED"}


def test_every_policy_that_a_question_stands_on_is_recorded_there(both: Pair) -> None:
    """What is asked for under two names goes in one question: on the other side's record stand the policies of both,
    the agreement too, though it opens nothing of the first."""
    twice = """query($id: SubjectKey!) { subject(id: $id) { open: administrativePenalties { nodes { documentNo } }
        shared: administrativePenalties { nodes { procedure } } } }"""
    answer = both.shandong.ask(twice, "bureau", "gov.licensing")
    decision = answer["extensions"]["decision"]
    [far] = [record for record in both.shanghai.records if _act(record).get("decision") == decision]
    assert {"national-baseline", "agreement-31-37"} <= set(far["caller"]["delegated"]["policies"])


def test_what_is_denied_here_is_never_asked_there(both: Pair) -> None:
    """A field that this side denies is not in the other side's question, nor in its record."""
    answer = both.shandong.ask(QUERY, "bureau", "gov.licensing")
    own = [e for e in answer["extensions"]["withheld"] if e["coordinate"] == f"{PENALTIES}.legalRepIdNo"]
    assert [entry["effect"] for entry in own] == ["DENY"]
    for record in filter(_act, both.shanghai.records):
        for ask in record["asks"]:
            assert "legalRepIdNo" not in {*ask["fields"], *ask["asked"]}


def test_what_is_denied_or_masked_there_stays_so(both: Pair) -> None:
    """With the other side's own reason; a value from one side never fills what the other withholds."""
    answer = both.shandong.ask(QUERY, "bureau", "gov.licensing")
    near, far = by_number(answer)["鲁-1"], by_number(answer)["沪-1"]
    assert (near["facts"], far["facts"]) == ("事实", None)
    assert (near["legalRepresentative"], far["legalRepresentative"]) == ("张三", "王*")
    [denied] = withheld(answer, f"{PENALTIES}.facts")
    assert (denied["effect"], denied["rule"]) == ("DENY", "shanghai-closes/facts-stay")
    assert denied["reason"]["en"] == "The facts stay in the city"
    assert denied["path"] == "subject.administrativePenalties.nodes.*.facts"
    [mask] = withheld(answer, f"{PENALTIES}.legalRepresentative")
    assert (mask["effect"], mask["step"]) == ("MASK", "surname")


def test_the_purpose_travels(both: Pair) -> None:
    """The other side decides for the purpose of whoever asked first."""
    licensing = both.shandong.ask(QUERY, "bureau", "gov.licensing")
    procurement = both.shandong.ask(QUERY, "bureau", "gov.procurement")
    assert by_number(licensing)["沪-1"]["caseName"] == "案 沪-1"
    assert by_number(procurement)["沪-1"]["caseName"] is None
    assert by_number(procurement)["鲁-1"]["caseName"] == "案 鲁-1"
    [entry] = withheld(procurement, f"{PENALTIES}.caseName")
    assert entry["reason"]["en"] == "Procurement sees no case names"


def test_two_callers_cannot_join_what_comes_from_afar(both: Pair) -> None:
    """The other side's pseudonyms are one caller's each, though one gateway asks for both."""
    answers = [both.shandong.ask(QUERY, each, "gov.procurement") for each in ("bureau", "second-bureau")]
    names = [by_number(answer)["沪-1"]["legalRepresentative"] for answer in answers]
    assert all(name.startswith("p1:") for name in names)
    assert len(set(names)) == 2


def test_the_consent_travels(both: Pair) -> None:
    """What a consent alone opens is answered with it, which both sides verify, and without it is not even asked for."""
    before = len(both.shanghai.records)
    without = both.shandong.ask(LOAN, "bank", "finance.loan")
    assert without["data"]["subject"]["smeFinanceSummaries"]["nodes"] == []
    assert len(both.shanghai.records) == before
    consent = both.consent("bank", ["SmeFinanceSummary"])
    answer = both.shandong.ask(LOAN, "bank", "finance.loan", consents=[consent])
    assert answer["data"]["subject"]["smeFinanceSummaries"]["nodes"] == [{"financingDemand": "贷款"}]
    record = both.shanghai.records[-1]
    assert [each["id"] for each in record["consents"]] == [answer["extensions"]["consents"][0]["id"]]
    assert (record["caller"]["class"], record["caller"]["delegated"]["sub"]) == ("licensedFinancial", "bank")
    assert {ask["consent"] for ask in record["asks"]} == {True}


def test_a_withheld_control_field_closes_and_is_told(both: Pair) -> None:
    """What decides whether a record may be shown, and does not come, hides it; the answer says that it lacks."""
    answer = both.shandong.ask(QUERY, "bureau", "gov.bidding")
    line = lines(answer)[SHANGHAI]
    assert line["status"] == "DENIED_BY_SOURCE"
    assert "`severity`" in line["reason"]["en"]
    assert not penalties(answer)["complete"]
    assert "鲁-1" in by_number(answer)
    assert "PLATFORM_DENIED_BY_SOURCE" in {error["extensions"]["code"] for error in answer["errors"]}


def test_a_withheld_field_that_chooses_is_told(both: Pair) -> None:
    """What the question chooses records by, here the name beside the code, and does not come, leaves them out; the
    answer says that it lacks, and does not where the name comes."""
    named = QUERY.replace("id: $id", f'id: {{uscc: "{FIRM}", name: "虚构公司"}}').replace("($id: SubjectKey!)", "")
    whole = both.shandong.ask(named, "bureau", "gov.licensing")
    assert (set(by_number(whole)), penalties(whole)["complete"]) == ({"鲁-1", "沪-1"}, True)
    lacking = both.shandong.ask(named, "bureau", "gov.procurement")
    assert set(by_number(lacking)) == {"鲁-1"}
    line = lines(lacking)[SHANGHAI]
    assert line["status"] == "DENIED_BY_SOURCE"
    assert "`counterpartyName`" in line["reason"]["en"]
    assert not penalties(lacking)["complete"]


def test_questions_of_two_callers_are_never_joined(both: Pair) -> None:
    """Asked at once, about one subject, for two purposes: the other side gets each question by itself."""
    before = len(both.shanghai.records)
    purposes = ["gov.licensing", "gov.procurement"] * 6
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda purpose: both.shandong.ask(QUERY, "bureau", purpose), purposes))
    for purpose, answer in zip(purposes, answers, strict=True):
        assert (by_number(answer)["沪-1"]["caseName"] is None) is (purpose == "gov.procurement")
    asked = both.shanghai.records[before:]
    decided = {answer["extensions"]["decision"]: purpose for purpose, answer in zip(purposes, answers, strict=True)}
    assert {_act(record)["decision"]: record["caller"]["purpose"] for record in asked} == decided


@pytest.mark.parametrize(
    ("as_", "change"),
    [
        (None, {}),
        ("sh-bureau", {}),
        ("sh-bureau", {"act": {**HOP, "act": {**HOP, "sub": RESOURCES["31"]}}}),
    ],
)
def test_an_ordinary_client_speaks_for_itself_alone(both: Pair, as_: str | None, change: dict[str, Any]) -> None:
    """Whoever is not registered as a gateway is refused when it says that it asks for somebody else."""
    said = {"sub": "bank", "class": "court", "act": HOP, "within": 1, **change}
    answer = both.shanghai.ask(QUERY, as_, "gov.licensing" if as_ else None, delegation=said)
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["DELEGATION_REFUSED"]
    assert answer.get("data") is None


def test_a_token_on_somebodys_behalf_opens_nothing_for_another(both: Pair) -> None:
    """The very token that answers for one asker and purpose is refused for another, and for the gateway itself."""
    key = ECKey.import_key((both.shandong.home / "secrets/peer.pem").read_bytes())
    got = exchange(key, both.shandong.tokens, "gateway-37", subject(key, both.shandong.tokens, "gateway-37"))
    headers = {"Authorization": f"Bearer {got.json()['access_token']}", "Credit-Purpose": "gov.licensing"}
    said = {"sub": "bureau", "class": "government", "scopes": ["credit.gov"], "act": HOP, "within": 9}

    def asked(delegation: Mapping[str, Any] | None, purpose: str = "gov.licensing") -> Any:
        extensions = {} if delegation is None else {"delegation": delegation}
        body = {"query": QUERY, "variables": {"id": {"uscc": FIRM}}, "extensions": extensions}
        found = both.shanghai.client.post("/graphql", json=body, headers={**headers, "Credit-Purpose": purpose}).json()
        return [error["extensions"]["code"] for error in found.get("errors", [])], found.get("data")

    assert asked(said)[1]["subject"]["administrativePenalties"]["nodes"]
    for other in ({**said, "sub": "bank"}, {**said, "class": "licensedFinancial"}, None):
        assert asked(other) == (["DELEGATION_REFUSED"], None)
    nested = {**HOP, "act": {"sub": "https://qd.example", "decision": "d-0"}}
    assert asked({**said, "act": nested}) == (["DELEGATION_REFUSED"], None)
    assert asked(said, "gov.bidding") == (["PURPOSE_NOT_HELD"], None)


def test_a_gateway_that_is_away_is_one_platform_less(both: Pair) -> None:
    """The rest is answered, in time, and the answer says what it lacks."""
    both.shanghai.stop()  # this is the last test of these two
    answer = both.shandong.ask(QUERY, "bureau", "gov.licensing")
    assert set(by_number(answer)) == {"鲁-1"}
    assert lines(answer)[SHANGHAI]["status"] in {"UNAVAILABLE", "TIMEOUT"}
    assert not answer["extensions"]["complete"]
    assert FIRM not in str(answer["errors"])


def _act(record: Mapping[str, Any]) -> Mapping[str, Any]:
    caller = record["caller"] or {}
    act: Mapping[str, Any] = caller.get("delegated", {}).get("act", {})
    return act
