"""An operator brings a platform to live, pauses, watches and retires it; a served gateway of two workers obeys."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import pytest

from gateway.auditing import recorded, verifying
from gateway.governing import seen
from tests.conftest import House
from tests.journeys.operating import PLATFORM, City, Operators, city
from tests.journeys.test_workers import children, home, lives, started, until

__all__ = ["home"]

NAMES = "honourName organ awardedDate"
QUERY = f"""query($id: SubjectKey!) {{ subject(id: $id) {{
  honours {{ nodes {{ {NAMES} provenance {{ platform }} }} complete sources {{ platform status }} }} }} }}"""


@pytest.fixture
def rizhao() -> Iterator[City]:
    with city() as found:
        yield found


@pytest.fixture
def operators(home: Path, tmp_path: Path, rizhao: City) -> Operators:
    return Operators(home, tmp_path / "keys", rizhao.base)


def ask(house: House, url: str, example: str = "clean") -> dict[str, Any]:
    body = {"query": QUERY, "variables": {"id": house.key(example, name=example != "clean")}}
    answer: dict[str, Any] = httpx2.post(f"{url}/graphql", json=body, trust_env=False, timeout=30).json()
    return answer


def everywhere(house: House, url: str, example: str = "clean") -> list[dict[str, Any]]:
    """Answers over connections of their own, so that every worker is asked."""
    with ThreadPoolExecutor(8) as threads:
        return list(threads.map(lambda _: ask(house, url, example), range(16)))


def status(answer: dict[str, Any]) -> str | None:
    """What an answer says of the platform; None when it does not name it."""
    sources = answer["data"]["subject"]["honours"]["sources"]
    return next((source["status"] for source in sources if source["platform"] == PLATFORM), None)


def mine(answer: dict[str, Any]) -> list[dict[str, Any]]:
    """The records that came from the platform."""
    nodes = answer["data"]["subject"]["honours"]["nodes"]
    return [node for node in nodes if PLATFORM in {each["platform"] for each in node["provenance"]}]


def withheld(answer: dict[str, Any], coordinate: str) -> set[str]:
    return {entry["rule"] for entry in answer["extensions"]["withheld"] if entry["coordinate"] == coordinate}


def ready(url: str) -> dict[str, Any]:
    body: dict[str, Any] = httpx2.get(f"{url}/ready", trust_env=False, timeout=30).json()["platforms"]
    return body


def test_a_platform_from_draft_to_retirement(house: House, operators: Operators, rizhao: City, home: Path) -> None:
    """Registered by one, approved by another, asked in the shadow about organisations alone, live on every worker
    without a restart, paused by field and by type with the reason in each answer, and retired; all is recorded."""
    say, rule = operators.say, f"platform/{PLATFORM}/paused"
    with started(home, 2) as (_, url):
        assert {status(answer) for answer in everywhere(house, url)} == {None}

        wrong = say("register", operators.draft(("honourName:", "honorName:")), by="li", code=1)
        assert f"{PLATFORM}.yaml:18: " in wrong
        assert "`honourName`" in wrong
        assert "`platform.operator`" in say("register", operators.draft(), by="wang", code=1)
        assert "371100" in say("register", operators.draft(), by="zhou", code=1)
        say("register", operators.draft(), by="gao")
        assert "another person approves it" in say("approve", PLATFORM, by="gao", code=1)
        say("register", operators.draft(), by="li")
        assert "`li` may not approve" in say("approve", PLATFORM, by="li", code=1)
        assert "the approval of another person than `li` is missing" in say("live", PLATFORM, by="li", code=1)
        assert "region 371100" in say("approve", PLATFORM, by="zhou", code=1)
        assert "would answer: Honour.awardedDate, Honour.honourCode," in say("show", PLATFORM, by="wang")
        say("approve", PLATFORM, by="wang")

        assert "gateway 1 obeys step 4" in say("shadow", PLATFORM, by="li")
        assert {status(answer) for answer in everywhere(house, url)} == {None}
        person = everywhere(house, url, "debtor_person")
        assert {answer["data"]["subject"] is None for answer in person} == {False}
        until(lambda: bool(rizhao.seen))
        assert {(asked["code"], asked.get("sort")) for asked in rizhao.seen} == {(house.key("clean")["uscc"], "newest")}
        assert "credit_gateway_shadow_questions_total" in httpx2.get(f"{url}/metrics", trust_env=False).text
        until(lambda: "ANSWERED" in say("show", PLATFORM, by="li"))

        draft = home / "platforms" / f"{PLATFORM[:6]}-draft.yaml"
        draft.write_text("not: read", "utf-8")
        said = say("live", PLATFORM, by="li")
        draft.unlink()
        assert f"platforms/{draft.name} is asked by nobody" in said
        assert "gateway 0 obeys step 5" in said
        assert "gateway 1 obeys step 5" in said
        assert "awardedDate desc, organ" in say("show", PLATFORM, by="li")
        answers = everywhere(house, url)
        assert {status(answer) for answer in answers} == {"ANSWERED"}
        assert {node["honourName"] for answer in answers for node in mine(answer)} == {rizhao.name}

        (home / "platforms" / f"{PLATFORM}.yaml").write_text("nonsense: [", "utf-8")
        assert ready(url) == {"step": 5, "refused": None, "edited": [PLATFORM], "notLive": 0}
        assert "credit_gateway_platforms_edited" in httpx2.get(f"{url}/metrics", trust_env=False).text
        assert {status(answer) for answer in everywhere(house, url)} == {"ANSWERED"}

        say("pause", PLATFORM, "Honour.organ", "--note", "机关名称有误", by="li")
        rizhao.seen.clear()
        for answer in everywhere(house, url):
            assert {(node["honourName"], node["organ"]) for node in mine(answer)} == {(rizhao.name, None)}
            assert withheld(answer, "Honour.organ") == {rule}
        assert rizhao.seen
        assert all("organ" not in asked["fields"].split(",") for asked in rizhao.seen)
        assert all("sort" not in asked for asked in rizhao.seen), "what is paused orders nothing either"

        say("pause", PLATFORM, "Honour", by="wang")
        rizhao.seen.clear()
        for answer in everywhere(house, url):
            assert (status(answer), mine(answer), answer["data"]["subject"]["honours"]["complete"]) == (
                "DENIED",
                [],
                False,
            )
            assert rule in withheld(answer, "Honour.honourName")
        assert not rizhao.seen
        assert "platform.approver" in say("resume", PLATFORM, "Honour", by="li", code=1)
        say("resume", PLATFORM, "Honour", by="wang")
        say("resume", PLATFORM, "Honour.organ", by="li")
        assert {node["organ"] for node in mine(ask(house, url))} == {"日照市政府"}

        say("retire", PLATFORM, by="li")
        assert {status(answer) for answer in everywhere(house, url)} == {None}

    steps = [record["change"] for record in recorded.records(home) if "change" in record]
    assert {change["seq"] for change in steps} == set(range(1, 11))
    assert {change["by"] for change in steps if change["verb"] == "approve"} == {"wang"}
    assert [each.problem for each in verifying.verify_all(home).values() if each.problem] == []
    history = say("history", PLATFORM, by="li")
    assert "pause 371100-rizhao-honours Honour.organ  by li: 机关名称有误" in history
    assert say("history", by="zhou") == ""
    assert "state: retired" in say("show", PLATFORM, by="li")
    (home / "platforms" / f"{PLATFORM}.yaml").unlink()
    assert "is not there" in say("show", PLATFORM, "--declaration", by="li", code=2)
    assert say("show", PLATFORM, "--content", history.split("(")[1][:12], by="li") == operators.draft().read_text(
        "utf-8"
    )
    assert "no single version" in say("show", PLATFORM, "--content", "none", by="li", code=2)
    (home / "platforms" / f"{PLATFORM[:6]}-draft.yaml").write_text(operators.draft().read_text("utf-8"), "utf-8")
    assert "draft" in say("list", by="li")
    assert "`connector register` its file" in say("show", f"{PLATFORM[:6]}-draft", by="li")


def test_what_an_operator_is_told(house: House, operators: Operators, rizhao: City, home: Path) -> None:
    """Rows that do not map are told with reason and number, found by their own identity and by nothing else; who read
    what is told in numbers; neither to another region."""
    say = operators.say
    operators.bring_live()
    rizhao.day = "20260101-x"
    with started(home, 1) as (_, url):
        assert status(ask(house, url)) in ("INVALID", "NONE")
        until(lambda: "Honour.awardedDate" in say("rejected", PLATFORM, by="li"))
    told = say("rejected", PLATFORM, by="li")
    assert rizhao.day not in told
    assert house.key("clean")["uscc"] not in told
    found = say("rejected", PLATFORM, "--row", f"RZ-{house.key('clean')['uscc']}", by="li")
    assert "Honour.awardedDate" in found
    assert "Honour.awardedDate" not in say("rejected", PLATFORM, "--row", "RZ-1", by="li")
    used = say("usage", PLATFORM, by="li")
    assert [line.split()[0] for line in used.splitlines()[1:]] == ["public"]
    covered = say("coverage", "--type", "Honour", by="li")
    assert "371100" in covered
    assert "live" in covered
    say("pause", PLATFORM, "Honour.status", by="li")
    covered = say("coverage", "--type", "Honour", by="li")
    assert ("paused" in covered, "partly" in covered) == (True, False), "a field that decides about rows pauses all"
    for verb in ("usage", "rejected"):
        assert f"no platform `{PLATFORM}`" in say(verb, PLATFORM, by="zhou", code=2)
        assert f"no platform `{PLATFORM}`" in say(verb, PLATFORM, code=2)
    assert "371100" not in say("coverage", by="zhou")
    assert "370600" in say("coverage")
    assert rizhao.name not in json.dumps(list(recorded.records(home)), ensure_ascii=False)


def test_what_cannot_be_taken_up_closes_all_the_same(house: House, operators: Operators, home: Path) -> None:
    """A declaration that names a setting which is not there goes live nowhere, and the one before goes on, also in a
    gateway that is started then; yet what is paused behind it closes at once, and opens no sooner than all of it can be
    obeyed."""
    say = operators.say
    operators.bring_live()
    with started(home, 1) as (_, url):
        say("register", operators.draft(("env:RIZHAO_BASE", "env:RIZHAO_NEW"), ("1.0.0", "1.1.0")), by="li")
        assert "would answer: the same fields" in say("show", PLATFORM, by="li")
        say("approve", PLATFORM, by="wang")
        assert status(ask(house, url)) == "ANSWERED"
        assert "`env:RIZHAO_NEW` is not set" in say("live", PLATFORM, by="li", code=1)
        assert ready(url)["refused"] == {"seq": 6, "reason": "home"}
        assert ": step 6 is not obeyed (home); its log says why" in say("list", by="li")
        assert status(ask(house, url)) == "ANSWERED"
    with started(home, 1) as (_, url):
        assert ready(url)["refused"] == {"seq": 6, "reason": "home"}
        assert status(ask(house, url)) == "ANSWERED"
        assert "closed all the same" in say("pause", PLATFORM, "Honour", by="li", code=1)
        assert status(ask(house, url)) == "DENIED"
        say("resume", PLATFORM, "Honour", by="li", code=1)
        assert status(ask(house, url)) == "DENIED"
        say("register", operators.draft(("1.0.0", "1.2.0")), by="li", code=0)
        say("approve", PLATFORM, by="wang")
        say("live", PLATFORM, by="li")
        assert ready(url)["refused"] is None
        assert status(ask(house, url)) == "ANSWERED"


def test_a_worker_comes_back_after_a_platform_has_gone(operators: Operators, rizhao: City, home: Path) -> None:
    """What a worker began with is gone, a secret of a platform that was retired: it comes back all the same."""
    secret = home / "secrets" / "rizhao"
    secret.parent.mkdir(exist_ok=True)
    secret.write_text(rizhao.base, "utf-8")
    operators.bring_live(("env:RIZHAO_BASE", "secret:rizhao"))
    with started(home, 2) as (process, _):
        operators.say("retire", PLATFORM, by="li")
        secret.unlink()
        [first, second] = children(process)
        os.kill(second, signal.SIGKILL)
        until(lambda: not lives(second))
        until(lambda: [seen.obeys(each, 4, seen.STEP) for each in seen.running(home)] == [True, True])
        assert process.poll() is None
        assert first in children(process)
