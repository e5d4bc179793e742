"""A partner province at work: one question in many shapes, each answered in full or told what it lacks."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import House

SHANGHAI: Any = {"as_": "shanghai-market-bureau", "purpose": "gov.licensing"}


def test_one_question_many_platforms(house: House) -> None:
    """One question is answered by databases, APIs, a SOAP and a GraphQL service at once, each named with its status."""
    query = """query($id: SubjectKey!) { subject(id: $id) {
        kind name areaCode uscc
        registrations { nodes { regState regCapital } complete }
        administrativeLicences { nodes { documentNo } complete }
        administrativePenalties { nodes { documentNo } complete }
        judgmentDebtors { nodes { caseNo } complete } } }"""
    answer = house.ask(query, "many_platforms", **SHANGHAI)
    subject = answer["data"]["subject"]
    assert subject["name"] == house.subjects["many_platforms"]["name"]
    assert subject["uscc"] == house.key("many_platforms")["uscc"]
    assert all(
        subject[name]["nodes"] for name in ("registrations", "administrativeLicences", "administrativePenalties")
    )
    assert answer["extensions"]["complete"] is True
    asked = {(source["platform"], source["type"]) for source in answer["extensions"]["sources"]}
    assert len({platform for platform, _ in asked}) == 6
    assert ("370000-shandong-province", "JudgmentDebtor") in asked


def test_shapes_of_one_question(house: House) -> None:
    """Aliases, fragments, type conditions and directives give the same facts as the plain question."""
    plain = house.ask(
        "query($id: SubjectKey!) { subject(id: $id) { administrativePenalties { nodes { documentNo status } } } }",
        "many_platforms", **SHANGHAI,
    )  # fmt: skip
    shaped = house.ask(
        """query Shaped($id: SubjectKey!, $yes: Boolean = true, $no: Boolean = false) {
          firm: subject(id: $id) {
            ... on Enterprise { ...Penalties }
            ... on NaturalPerson { judgmentDebtors { nodes { caseNo } } }
            registrations @include(if: $no) { nodes { regState } }
          }
        }
        fragment Penalties on CreditSubject {
          fines: administrativePenalties {
            nodes { ...Number ... on CreditRecord { status } __typename facts @skip(if: $yes) }
            edges { node { documentNo } }
          }
        }
        fragment Number on AdministrativePenalty { no: documentNo }""",
        "many_platforms", **SHANGHAI,
    )  # fmt: skip
    nodes = plain["data"]["subject"]["administrativePenalties"]["nodes"]
    fines = shaped["data"]["firm"]["fines"]
    assert [(n["documentNo"], n["status"]) for n in nodes] == [(n["no"], n["status"]) for n in fines["nodes"]]
    assert [e["node"]["documentNo"] for e in fines["edges"]] == [n["documentNo"] for n in nodes]
    assert {n["__typename"] for n in fines["nodes"]} == {"AdministrativePenalty"}
    assert "registrations" not in shaped["data"]["firm"]
    assert {source["type"] for source in shaped["extensions"]["sources"]} == {"AdministrativePenalty"}


def test_filters(house: House) -> None:
    """Dates, states and regions narrow the question; platforms outside the regions are NOT_ASKED, not missing."""
    query = """query($id: SubjectKey!) { subject(id: $id) {
        all: administrativePenalties(orderBy: OLDEST_FIRST) { nodes { documentNo decisionDate } totalCount }
        none: administrativePenalties(to: "1999-12-31") { nodes { documentNo } totalCount complete }
        revoked: administrativePenalties(status: [OBJECTED]) { totalCount }
        yantai: administrativePenalties(regions: ["370600"]) {
          nodes { provenance { platform } } complete sources { platform status } } } }"""
    subject = house.ask(query, "many_platforms", **SHANGHAI)["data"]["subject"]
    days = [node["decisionDate"] for node in subject["all"]["nodes"]]
    assert days == sorted(days)
    assert subject["all"]["totalCount"] == len(days) > 1
    assert subject["none"] == {"nodes": [], "totalCount": 0, "complete": True}
    assert subject["revoked"]["totalCount"] == 0
    status = {source["platform"]: source["status"] for source in subject["yantai"]["sources"]}
    assert status.pop("370600-yantai-credit") == "ANSWERED"
    assert set(status.values()) == {"NOT_ASKED"}
    assert subject["yantai"]["complete"] is True
    query = """query($id: SubjectKey!, $day: Date) {
        subject(id: $id) { since: administrativePenalties(from: $day) { totalCount } } }"""
    since = house.ask(query, "many_platforms", day=days[1], **SHANGHAI)["data"]["subject"]["since"]["totalCount"]
    assert since == len([day for day in days if day >= days[1]])


def test_public_lookup_of_a_judgment_debtor(house: House) -> None:
    """The public finds a listed debtor by name and ID together, never the ID; by the ID alone, or under another
    name, it learns nothing."""
    query = """query($id: SubjectKey!) { subject(id: $id) { id
        judgmentDebtors { nodes { name caseNo court performance idOrOrgCode } complete } } }"""
    both = house.ask(query, house.key("debtor_person", name=True))
    [node] = both["data"]["subject"]["judgmentDebtors"]["nodes"]
    assert node["name"] == house.subjects["debtor_person"]["name"]
    assert node["caseNo"]
    assert node["idOrOrgCode"] is None
    person = house.key("debtor_person")
    assert person["citizenId"] not in str(both)
    other = house.ask(query, {**person, "name": "别人"})
    assert other["data"]["subject"]["judgmentDebtors"] == {"nodes": [], "complete": True}
    clean = house.ask(query, house.key("clean_person", name=True))
    assert clean["data"]["subject"]["judgmentDebtors"] == {"nodes": [], "complete": True}
    alone = house.ask(query, person)
    assert alone["data"]["subject"] is None
    blank = house.ask(query, {**person, "name": "　"})
    assert blank["data"]["subject"] is None


@pytest.mark.parametrize("name", [" ", "　", "\u200b", "\ufeff{}\u200b"])
def test_what_nobody_sees_is_no_other_name(house: House, name: str) -> None:
    """An empty cell of a spreadsheet holds blanks, and a copied name ends in a sign of no width: neither is the name of
    another firm, whose records would be left out of an answer that calls itself complete."""
    query = "query($id: SubjectKey!) { subject(id: $id) { name administrativePenalties { nodes { documentNo } } } }"
    plain = house.ask(query, "penalised", **SHANGHAI)
    beside = {**house.key("penalised"), "name": name.format(house.subjects["penalised"]["name"])}
    named = house.ask(query, beside, **SHANGHAI)
    assert named["data"] == plain["data"]
    assert named["data"]["subject"]["administrativePenalties"]["nodes"]


def test_platforms_and_access(house: House) -> None:
    """Before asking, a partner sees who can be asked of what, and what it may see and why not."""
    query = """{ platforms(type: AdministrativePenalty) { id region title { zh en } types authorityOf status }
        mine: access(type: AdministrativePenalty) { coordinate effect step rule reason { en } }
        bids: access(type: AdministrativePenalty, purpose: COURT_EXECUTION) { coordinate effect } }"""
    answer = house.ask(query, **SHANGHAI)["data"]
    assert [p["id"] for p in answer["platforms"]] == [
        "370200-qingdao-double-publicity", "370600-yantai-credit", "370700-weifang-drop", "371000-weihai-credit",
    ]  # fmt: skip
    effects = {line["coordinate"]: line for line in answer["mine"]}
    assert effects["AdministrativePenalty.legalRepIdNo"]["step"] == "pseudonym"
    assert effects["AdministrativePenalty.documentNo"]["effect"] == "ALLOW"
    closed = {line["coordinate"]: line["effect"] for line in answer["bids"]}
    assert closed["AdministrativePenalty.procedure"] == "DENY"


def test_a_hidden_record_leaves_no_trace(house: House) -> None:
    """A subject whose only penalty is repaired looks like one that never had any: no count, no status betrays it."""
    query = """query($id: SubjectKey!) { subject(id: $id) {
        administrativePenalties { nodes { documentNo } totalCount complete sources { platform status records } } } }"""
    repaired = house.ask(query, "repaired", **SHANGHAI)["data"]["subject"]
    assert repaired == house.ask(query, "clean", **SHANGHAI)["data"]["subject"]
    assert {source["status"] for source in repaired["administrativePenalties"]["sources"]} == {"NONE"}


def test_an_objection_is_marked(house: House) -> None:
    """A penalty under objection is answered with its mark, and one that is long unsettled says that it is overdue."""
    query = "query($id: SubjectKey!) { subject(id: $id) { administrativePenalties { nodes { status marks } } } }"
    [node] = house.ask(query, "objected", **SHANGHAI)["data"]["subject"]["administrativePenalties"]["nodes"]
    assert node == {"status": "OBJECTED", "marks": ["OBJECTED", "OBJECTION_OVERDUE"]}


def test_what_a_platform_has_not_got_is_said(house: House) -> None:
    """An asked field that a platform does not have is named under `absent`, so that a null is never a riddle."""
    query = """query($id: SubjectKey!) {
        subject(id: $id) { judgmentDebtors { nodes { caseNo sourceUnit } sources { absent } } } }"""
    answer = house.ask(query, "debtor_enterprise", **SHANGHAI)
    [source] = answer["extensions"]["sources"]
    assert source["absent"] == ["JudgmentDebtor.sourceUnit"]
    assert answer["data"]["subject"]["judgmentDebtors"]["sources"] == [{"absent": ["JudgmentDebtor.sourceUnit"]}]


def test_expired_records_are_not_shared(house: House) -> None:
    """A penalty whose publicity and retention are over is answered to its subject alone."""
    query = (
        "query($id: SubjectKey!) { subject(id: $id) { administrativePenalties { nodes { documentNo } totalCount } } }"
    )
    callers: tuple[Any, ...] = (
        SHANGHAI,
        {"as_": "public"},
        {"as_": "qingdao-trading-centre", "purpose": "gov.bidding"},
    )
    for caller in callers:
        assert house.ask(query, "expired", **caller)["data"]["subject"]["administrativePenalties"]["totalCount"] == 0
    own = house.ask(query, "expired", as_="subject", purpose="subject.access", subject="expired")
    assert own["data"]["subject"]["administrativePenalties"]["totalCount"] == 1


def test_partner_learns_whom_it_can_ask(house: House) -> None:
    """Each platform says which fields it can answer and which not, whether it can be searched, and how fresh it was."""
    query = """query($type: RecordType) { platforms(type: $type) { id coverage {
        type fields absent open asOf staleAfter } } }"""
    house.ask("query($id: SubjectKey!) { subject(id: $id) { name } }", "clean")
    found = {
        (platform["id"], line["type"]): line
        for platform in house.ask(query, type="Registration")["data"]["platforms"]
        for line in platform["coverage"]
    }
    registry = found["370000-shandong-province", "Registration"]
    assert "Registration.name" in registry["fields"]
    assert registry["open"] is True
    assert registry["asOf"] is not None
    assert registry["staleAfter"] == 36 * 3600
    city = found["370600-yantai-credit", "Registration"]
    assert city["open"] is False
    assert not set(city["fields"]) & set(city["absent"])
