"""Through the whole house: one record per request, refusals too, on disk before the answer, without a value."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.conftest import House

PENALTY = """query($id: SubjectKey!) { subject(id: $id) {
    administrativePenalties { nodes { documentNo procedure legalRepIdNo } complete } } }"""
DEBTOR = "query($id: SubjectKey!) { subject(id: $id) { judgmentDebtors { nodes { caseNo } } } }"


def records(house: House) -> dict[str, dict[str, Any]]:
    """Every record on disk, by its decision."""
    found = {}
    for path in sorted(Path(house.home, "audit").glob("*.jsonl")):
        for line in path.read_text("utf-8").splitlines():
            record = json.loads(line)["record"]
            found[record["decision"]] = record
    return found


def test_an_answer_is_recorded_before_it_is_read(house: House) -> None:
    """The record is on disk when the caller has the answer: who, why, what of whom, by which rule, how it ended."""
    answer = house.ask(PENALTY, "penalised", as_="shanghai-market-bureau", purpose="gov.licensing")
    record = records(house)[answer["extensions"]["decision"]]
    assert record["caller"]["id"] == "shanghai-market-bureau"
    assert record["caller"]["purpose"] == "gov.licensing"
    assert record["policy"] == answer["extensions"]["policy"]
    assert record["outcome"]["status"] == 200
    assert record["outcome"]["complete"] is True
    fields = record["asks"][0]["fields"]
    assert fields["legalRepIdNo"][0] == "pseudonym"
    assert fields["procedure"] == ["allow", "agreement-37-31/shanghai-gov"]


def test_refusals_are_recorded(house: House) -> None:
    """What is refused leaves a record too: a bad body, a bad token, a bad question, a denied person."""
    bad = house.client.post("/graphql", content=b"[]", headers={"Content-Type": "application/json"}).json()
    token = house.post({"query": DEBTOR}, {"Authorization": "Bearer x"}).json()
    question = house.post({"query": "{ x }"}).json()
    denied = house.ask(DEBTOR, "debtor_person")
    kept = records(house)
    expected = [
        (bad, ["MALFORMED_REQUEST"]),
        (token, ["INVALID_TOKEN"]),
        (question, ["GRAPHQL_VALIDATION_FAILED"]),
        (denied, []),
    ]
    for answer, codes in expected:
        record = kept[answer["extensions"]["decision"]]
        assert record["outcome"]["errors"] == codes
        assert record["outcome"]["complete"] is False
    assert kept[denied["extensions"]["decision"]]["unknowable"] == 1


def test_every_answer_has_its_own_record(house: House) -> None:
    """A hundred answers are a hundred records: none is missing, none stands for two."""
    before = len(records(house))
    decisions = {house.ask(PENALTY, "clean")["extensions"]["decision"] for _ in range(100)}
    kept = records(house)
    assert len(decisions) == 100
    assert decisions <= kept.keys()
    assert len(kept) == before + 100


def test_the_court_s_evidence_is_recorded(house: House) -> None:
    """Where the purpose requires an operator and a case number, the record names both."""
    answer = house.ask(DEBTOR, "debtor_person", as_="court", purpose="court.execution")
    evidence = records(house)[answer["extensions"]["decision"]]["caller"]["evidence"]
    assert set(evidence) == {"operator", "caseNo"}
    assert all(evidence.values())


def test_no_value_reaches_the_log(house: House) -> None:
    """Neither a subject's key, nor a name, nor any value that was answered or searched for stands in the log."""
    for example in ("penalised", "debtor_person"):
        house.ask(PENALTY, house.key(example, name=True), as_="subject", purpose="subject.access", subject=example)
    answer = house.ask(PENALTY, "penalised", as_="subject", purpose="subject.access", subject="penalised")
    [node] = answer["data"]["subject"]["administrativePenalties"]["nodes"]
    log = b"".join(path.read_bytes() for path in Path(house.home, "audit").iterdir() if path.is_file())
    known = [value for example in house.subjects.values() for value in (example.get("uscc"), example.get("citizenId"))]
    known += [example["name"] for example in house.subjects.values()]
    known += [node["documentNo"], node["legalRepIdNo"]]
    assert not [value for value in known if value and value.encode() in log]
