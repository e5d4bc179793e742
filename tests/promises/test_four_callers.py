"""One fact, four callers, four answers, each of which says what it lacks and why."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import House, gateway_beside

PENALTY = """
query Penalty($id: SubjectKey!) {
  subject(id: $id) {
    id kind name uscc
    administrativePenalties {
      nodes { documentNo fineAmountWan decisionDate procedure legalRepresentative legalRepIdNo status }
      totalCount complete
      sources { platform status records }
    }
  }
}
"""
COORDINATE = "AdministrativePenalty."


def penalty(answer: dict[str, Any]) -> dict[str, Any]:
    [node] = answer["data"]["subject"]["administrativePenalties"]["nodes"]
    return node  # type: ignore[no-any-return]


def withheld(answer: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Fields that are denied or masked, by name."""
    entries = answer["extensions"]["withheld"]
    return {e["coordinate"].removeprefix(COORDINATE): e for e in entries if e["effect"] in ("DENY", "MASK")}


@pytest.fixture(scope="module")
def answers(house: House) -> dict[str, dict[str, Any]]:
    return {
        "shanghai": house.ask(PENALTY, "penalised", as_="shanghai-market-bureau", purpose="gov.licensing"),
        "zhejiang": house.ask(PENALTY, "penalised", as_="zhejiang-bureau", purpose="gov.licensing"),
        "public": house.ask(PENALTY, "penalised"),
        "subject": house.ask(PENALTY, "penalised", as_="subject", purpose="subject.access", subject="penalised"),
    }


def test_four_answers_differ(answers: dict[str, dict[str, Any]]) -> None:
    """Shanghai, Zhejiang, the public and the subject itself get four different answers about one penalty."""
    nodes = [tuple(sorted(penalty(answer).items(), key=str)) for answer in answers.values()]
    assert len(set(nodes)) == 4
    assert len({penalty(answer)["documentNo"] for answer in answers.values()}) == 1
    assert all(answer["extensions"]["complete"] for answer in answers.values())


def test_shanghai_by_agreement(answers: dict[str, dict[str, Any]]) -> None:
    """By the agreement Shanghai sees the procedure, and of the representative's ID only its own pseudonym."""
    node, told = penalty(answers["shanghai"]), withheld(answers["shanghai"])
    assert node["procedure"] is not None
    assert node["legalRepIdNo"].startswith("p1:")
    assert told["legalRepIdNo"]["effect"] == "MASK"
    assert told["legalRepIdNo"]["step"] == "pseudonym"
    assert set(told) == {"legalRepIdNo"}


def test_zhejiang_without_agreement(answers: dict[str, dict[str, Any]]) -> None:
    """Without an agreement Zhejiang sees public facts; what is closed is named with the rule that closes it."""
    node, told = penalty(answers["zhejiang"]), withheld(answers["zhejiang"])
    assert node["procedure"] is None
    assert node["legalRepIdNo"] is None
    assert node["legalRepresentative"] == penalty(answers["subject"])["legalRepresentative"]
    assert set(told) == {"procedure", "legalRepIdNo"}
    assert told["procedure"]["rule"] == "national-baseline/cross-region-needs-agreement"


def test_public(answers: dict[str, dict[str, Any]]) -> None:
    """The public sees the published facts, of the representative the surname alone."""
    node, told = penalty(answers["public"]), withheld(answers["public"])
    full = penalty(answers["subject"])["legalRepresentative"]
    assert node["legalRepresentative"] != full
    assert node["legalRepresentative"][0] == full[0]
    assert set(node["legalRepresentative"][1:]) == {"*"}
    assert set(told) == {"procedure", "legalRepIdNo", "legalRepresentative"}
    assert told["legalRepresentative"]["effect"] == "MASK"


def test_subject_itself(answers: dict[str, dict[str, Any]]) -> None:
    """The subject sees all of its own record in full, and nothing is withheld from it."""
    node = penalty(answers["subject"])
    assert all(value is not None for value in node.values())
    assert len(node["legalRepIdNo"]) in (15, 18)
    assert withheld(answers["subject"]) == {}


def test_subject_asking_for_another_gets_no_more_than_the_public(house: House) -> None:
    """A subject that asks about somebody else gets what the public gets, field for field."""
    other = house.ask(PENALTY, "penalised", as_="subject", purpose="subject.access", subject="clean")
    public = house.ask(PENALTY, "penalised")
    mine, everyone = penalty(other), penalty(public)
    assert {name for name, value in mine.items() if value is not None} <= {
        name for name, value in everyone.items() if value is not None
    }
    assert all(value in (None, everyone[name]) for name, value in mine.items())


def test_every_reason_is_told_in_both_languages(answers: dict[str, dict[str, Any]]) -> None:
    """Each withheld entry has a path, a rule and a reason in Chinese and English."""
    for answer in answers.values():
        for entry in answer["extensions"]["withheld"]:
            assert entry["path"].startswith("subject.")
            assert entry["rule"]
            assert entry["reason"]["zh"]
            assert entry["reason"]["en"]


def test_after_the_agreement_only_public_facts_remain(house: House, tmp_path: Path) -> None:
    """On the day after the agreement's end Shanghai sees what Zhejiang sees, and is told which rule closed it."""
    with gateway_beside(house, tmp_path, now=lambda: datetime(2028, 10, 2, tzinfo=UTC)) as later:
        shanghai = later.ask(PENALTY, "penalised", as_="shanghai-market-bureau", purpose="gov.licensing")
        zhejiang = later.ask(PENALTY, "penalised", as_="zhejiang-bureau", purpose="gov.licensing")
    node = penalty(shanghai)
    assert node == penalty(zhejiang)
    assert node["documentNo"] is not None
    assert node["procedure"] is None
    assert node["legalRepIdNo"] is None
    assert withheld(shanghai)["procedure"]["rule"] == "national-baseline/cross-region-needs-agreement"


def test_the_end_of_an_agreement_needs_no_restart(house: House, tmp_path: Path) -> None:
    """A running gateway closes what an agreement opened at the very instant of its end, and its clock may go back."""
    end = datetime(2028, 9, 30, 16, tzinfo=UTC)  # midnight of 1 October in Asia/Shanghai
    moment = timedelta(microseconds=1)
    clock, seen = [end], list[bool]()
    with gateway_beside(house, tmp_path, now=lambda: clock[0]) as later:
        for clock[0] in (end - moment, end, end + moment, end - moment, end):
            answer = later.ask(PENALTY, "penalised", as_="shanghai-market-bureau", purpose="gov.licensing")
            seen.append(penalty(answer)["procedure"] is not None)
    assert seen == [True, False, False, True, False]


def content(path: Path) -> bytes:
    """What a file holds; the audit log renames its own while we look."""
    with contextlib.suppress(FileNotFoundError):
        return path.read_bytes()
    return b""


def test_home_is_not_the_only_place_of_truth(house: House) -> None:
    """The home of a running demo holds no record of any subject: only configuration, keys and the audit log."""
    node = penalty(house.ask(PENALTY, "penalised"))
    needle = node["documentNo"].encode()
    kept = [path for path in Path(house.home).rglob("*") if path.is_file() and "demo" not in path.parts[-3:]]
    assert kept
    assert not [path for path in kept if needle in content(path)]
