"""Many subjects in one question: in their order, each decided for itself, platforms asked in batches."""

from __future__ import annotations

from typing import Any

import httpx2

from policies import identifiers
from tests.conftest import House

QUERY = """query($ids: [SubjectKey!]!) { subjects(ids: $ids) { id kind
    administrativePenalties { nodes { documentNo procedure legalRepIdNo } complete }
    registrations { nodes { regState } complete } } }"""
SHANGHAI: Any = {"as_": "shanghai-market-bureau", "purpose": "gov.licensing"}


def keys_of(house: House, count: int) -> list[dict[str, str]]:
    subjects = house.running.province.world.subjects
    return [{subject.key_kind: subject.key} for subject in (subjects * 3)[:count]]


def requests(house: House) -> list[dict[str, Any]]:
    found = []
    for platform in house.running.description["platforms"]:
        if platform["kind"] in {"rest", "soap"}:
            found += httpx2.get(f"{platform['url']}/__recorder__", trust_env=False).json()["requests"]
    return found


def clear(house: House) -> None:
    for platform in house.running.description["platforms"]:
        if platform["kind"] in {"rest", "soap"}:
            httpx2.delete(f"{platform['url']}/__recorder__", trust_env=False)


def test_order_is_kept(house: House) -> None:
    """Two hundred mixed keys: every organisation stands where it was asked, every person as a pseudonym."""
    keys = keys_of(house, 200)
    answer = house.ask(QUERY, ids=keys, **SHANGHAI)
    subjects = answer["data"]["subjects"]
    assert len(subjects) == 200
    for key, subject in zip(keys, subjects, strict=True):
        if "uscc" in key:
            assert subject["id"] == key["uscc"]
        else:
            assert subject["id"].startswith("p1:")  # Shanghai may know of persons' penalties, never of their numbers
            assert key["citizenId"] not in str(subject)
    assert any("citizenId" in key for key in keys)
    public = house.ask(QUERY, ids=keys)["data"]["subjects"]
    assert [subject is None for subject in public] == ["citizenId" in key for key in keys]


def test_each_subject_gets_what_it_would_get_alone(house: House) -> None:
    """A batch is nothing but its questions: every subject's records are those of a question about it alone."""
    examples = ["clean", "penalised", "many_platforms", "repaired", "expired", "objected", "debtor_enterprise"]
    keys = [house.key(name) for name in examples]
    together = house.ask(QUERY, ids=[*keys, keys[0]], **SHANGHAI)["data"]["subjects"]
    alone = [house.ask(QUERY, ids=[key], **SHANGHAI)["data"]["subjects"][0] for key in keys]
    assert together == [*alone, alone[0]]


def test_platforms_are_asked_in_batches(house: House) -> None:
    """A hundred organisations cost an API that takes batches a few questions, and no key is asked twice."""
    keys = [key for key in keys_of(house, 200) if "uscc" in key][:100]
    clear(house)
    house.ask("query($ids: [SubjectKey!]!) { subjects(ids: $ids) { registrations { nodes { regState } } } }", ids=keys)
    asked = [request["query"]["dm"].split(",") for request in requests(house) if request["query"].get("pageNo") == "1"]
    codes = [code for batch in asked for code in batch]
    assert sorted(codes) == sorted({key["uscc"] for key in keys})
    assert len(asked) < len(codes) / 2


def test_withheld_names_the_subjects(house: House) -> None:
    """What is withheld from some subjects only carries their positions; one entry for each field, rule and effect."""
    keys = [house.key("clean"), house.key("debtor_person"), house.key("penalised"), house.key("clean_person")]
    answer = house.ask(QUERY, ids=keys, **SHANGHAI)
    entries = answer["extensions"]["withheld"]
    assert len({(e["coordinate"], e["rule"], e["effect"], e.get("step")) for e in entries}) == len(entries)
    masked = next(e for e in entries if e["coordinate"] == "AdministrativePenalty.legalRepIdNo")
    assert (masked["effect"], masked["subjects"]) == ("MASK", [0, 1, 2, 3])
    assert masked["path"] == "subjects.*.administrativePenalties.nodes.*.legalRepIdNo"
    minors = next(e for e in entries if e["rule"] == "national-baseline/minors")
    assert (minors["effect"], minors["subjects"]) == ("HIDE", [1, 3])


def test_persons_in_a_batch_betray_nothing(house: House) -> None:
    """Whether unknowable persons in a batch exist changes nothing but nothing: answers are equal, nobody is asked."""
    head = "37010119900307002"
    absent = {"citizenId": head + identifiers.citizen_id_check(head)}
    bodies = []
    for person in (house.key("debtor_person"), absent):
        clear(house)
        answer = house.ask(QUERY, ids=[person, house.key("penalised")])
        answer["extensions"].pop("decision")
        text = str(requests(house))
        assert person["citizenId"] not in text
        for source in answer["extensions"]["sources"]:
            source.pop("asOf")
        bodies.append(answer)
    assert bodies[0] == bodies[1]
    assert bodies[0]["data"]["subjects"][0] is None
    assert bodies[0]["data"]["subjects"][1] is not None
