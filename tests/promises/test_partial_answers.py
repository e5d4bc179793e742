"""A failing platform makes an answer partial, by the deadline, with the platform named and nothing of it repeated."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.conftest import House, gateway_beside

QINGDAO, YANTAI, SHANDONG = "370200-qingdao-double-publicity", "370600-yantai-credit", "370000-shandong-province"
QUERY = """query($id: SubjectKey!) { subject(id: $id) {
    registrations { nodes { regState provenance { platform } } complete }
    administrativePenalties { nodes { documentNo provenance { platform } } totalCount complete }
    judgmentDebtors { nodes { caseNo } complete } } }"""
SHANGHAI: Any = {"as_": "shanghai-market-bureau", "purpose": "gov.licensing"}
DEADLINE = 2.0  # seconds: of what is well, nothing takes as long on a busy machine
LATE = 3.0  # seconds after it, on a busy machine; what is slow here would take twenty


def weather(house: House, source: str, **words: Any) -> None:
    """How a REST platform answers from now on; no words: as it should."""
    [url] = [p["url"] for p in house.running.description["platforms"] if p["source"] == source]
    httpx2.put(f"{url}/__weather__", json=words, trust_env=False).raise_for_status()


@pytest.fixture(scope="module")
def quick(house: House, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A gateway of its own before the same platforms, whose deadline comes first, with breakers that forgive."""

    def forgiving(home: Path) -> None:
        for path in (home / "platforms").glob("3*.yaml"):
            text = path.read_text("utf-8").replace(
                "    limits: {", "    breaker: {failures: 1000, window: 1s, open: 1s}\n    limits: {"
            )
            path.write_text(re.sub(r"timeout: \d+s", "timeout: 20s", text), "utf-8")

    with gateway_beside(house, tmp_path_factory.mktemp("quick"), forgiving, deadline=DEADLINE) as found:
        yield found


@pytest.fixture(autouse=True)
def fair_weather(house: House, quick: House) -> None:
    """Every test begins under a clear sky, with no breaker open from the one before."""
    for source in ("api", "court"):
        weather(house, source)
    until_complete(quick)


def until_complete(gateway: House) -> dict[str, Any]:
    """Asks until every platform answers again."""
    until = time.monotonic() + 30
    while not (answer := gateway.ask(QUERY, "many_platforms", **SHANGHAI))["extensions"]["complete"]:
        assert time.monotonic() < until, answer["extensions"]["sources"]
    return answer


def status_of(answer: dict[str, Any], platform: str) -> set[str]:
    return {source["status"] for source in answer["extensions"]["sources"] if source["platform"] == platform}


FAULTS: dict[str, tuple[dict[str, Any], str]] = {
    "an error inside a 200": ({"code": "E500"}, "UNAVAILABLE"),
    "status 500": ({"status": 500}, "UNAVAILABLE"),
    "status 503": ({"status": 503}, "UNAVAILABLE"),
    "status 429": ({"status": 429}, "BUSY"),
    "status 403": ({"status": 403}, "DENIED_BY_SOURCE"),
    "status 401": ({"status": 401}, "UNAVAILABLE"),
    "too slow": ({"delay": 30}, "TIMEOUT"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_one_platform_fails(house: House, quick: House, fault: str) -> None:
    """Whatever one platform does, the others' records are all there, and the answer names who failed and how."""
    words, status = FAULTS[fault]
    whole = quick.ask(QUERY, "many_platforms", **SHANGHAI)
    assert whole["extensions"]["complete"] is True
    weather(house, "api", **words)
    begin = time.monotonic()
    answer = quick.ask(QUERY, "many_platforms", **SHANGHAI)
    assert time.monotonic() - begin < DEADLINE + LATE
    weather(house, "api")
    assert answer["extensions"]["complete"] is False
    assert status_of(answer, YANTAI) == {status}
    assert status_of(answer, QINGDAO) == {"ANSWERED"}
    penalties = answer["data"]["subject"]["administrativePenalties"]
    assert penalties["totalCount"] is None
    expected = [
        node["documentNo"]
        for node in whole["data"]["subject"]["administrativePenalties"]["nodes"]
        if QINGDAO in {p["platform"] for p in node["provenance"]}
    ]
    assert [node["documentNo"] for node in penalties["nodes"]] == expected
    failures = [error for error in answer["errors"] if error["extensions"]["platform"] == YANTAI]
    assert {error["extensions"]["code"] for error in failures} == {f"PLATFORM_{status}"}
    assert all(error["path"][0] == "subject" for error in failures)


def test_nothing_of_a_failing_platform_is_repeated(house: House, quick: House) -> None:
    """Neither the address of a platform, nor a word that it said, nor the kind of our connector is in an answer."""
    for words, _ in FAULTS.values():
        if "delay" not in words:
            weather(house, "api", **words)
            text = json.dumps(quick.ask(QUERY, "many_platforms", **SHANGHAI))
            for platform in house.running.description["platforms"]:
                address = platform["url"].partition("://")[2] or platform["url"]
                assert address not in text
            for leak in ("127.0.0.1", "E500", "httpcore", "Error", "sqlite", "Traceback"):
                assert leak not in text, leak


def test_two_platforms_fail_at_once(house: House, quick: House) -> None:
    """Two failures are two names; what is left is still answered."""
    weather(house, "api", status=500)
    weather(house, "court", status=500)
    answer = quick.ask(QUERY, "many_platforms", **SHANGHAI)
    lost = {(s["platform"], s["type"]) for s in answer["extensions"]["sources"] if s["status"] == "UNAVAILABLE"}
    assert lost == {(YANTAI, "Registration"), (YANTAI, "AdministrativePenalty"), (SHANDONG, "JudgmentDebtor")}
    assert answer["data"]["subject"]["judgmentDebtors"] == {"nodes": [], "complete": False}
    assert answer["data"]["subject"]["administrativePenalties"]["nodes"]


def test_a_locked_database_holds_nobody(house: House, quick: House) -> None:
    """A platform whose database is locked is missing by the deadline like any other, and is back when it is free."""
    [url] = [p["url"] for p in house.running.description["platforms"] if p["source"] == "registry"]
    with contextlib.closing(sqlite3.connect(url.partition("///")[2], isolation_level=None)) as owner:
        owner.execute("BEGIN EXCLUSIVE")
        begin = time.monotonic()
        answer = quick.ask(QUERY, "many_platforms", **SHANGHAI)
        assert time.monotonic() - begin < DEADLINE + LATE
        owner.execute("ROLLBACK")
    assert answer["data"]["subject"]["registrations"]["complete"] is False
    assert answer["data"]["subject"]["administrativePenalties"]["complete"] is True
    until_complete(quick)


def test_strict(house: House, quick: House) -> None:
    """With `Prefer: handling=strict` a partial answer is INCOMPLETE without data, and says who was missing."""
    strict = {"Prefer": "handling=strict"}
    assert quick.ask(QUERY, "many_platforms", headers=strict, **SHANGHAI)["data"]["subject"] is not None
    weather(house, "api", status=500)
    response = quick.post(
        {"query": QUERY, "variables": {"id": house.key("many_platforms")}},
        {**house.headers("shanghai-market-bureau", "gov.licensing"), **strict},
    )
    answer = response.json()
    assert response.status_code == 503
    assert answer.get("data") is None
    assert answer["errors"][0]["extensions"]["code"] == "INCOMPLETE"
    assert YANTAI in {error["extensions"].get("platform") for error in answer["errors"]}
    assert "documentNo" not in json.dumps(answer.get("data"))


def test_not_complete_is_said_where_it_is_missing(house: House, quick: House) -> None:
    """Only the connections that lost a platform are incomplete; the others say that they are whole."""
    weather(house, "court", status=500)
    subject = quick.ask(QUERY, "many_platforms", **SHANGHAI)["data"]["subject"]
    assert {name: subject[name]["complete"] for name in subject} == {
        "registrations": True,
        "administrativePenalties": True,
        "judgmentDebtors": False,
    }


def test_the_breaker_opens_and_closes(house: House, tmp_path: Path) -> None:
    """After its failures a platform is left alone, `platforms` says so, and it is asked again when time is up."""

    def nervous(home: Path) -> None:
        path = home / "platforms" / f"{YANTAI}.yaml"
        words = (
            "    breaker: {failures: 2, window: 30s, open: 5s}\n    retry: {attempts: 1, within: 1ms}\n    limits: {"
        )
        path.write_text(path.read_text("utf-8").replace("    limits: {", words), "utf-8")

    def asked() -> int:
        [url] = [p["url"] for p in house.running.description["platforms"] if p["source"] == "api"]
        return len(httpx2.get(f"{url}/__recorder__", trust_env=False).json()["requests"])

    status = "{ platforms { id status } }"
    with gateway_beside(house, tmp_path, nervous) as own:
        weather(house, "api", status=500)
        own.ask(QUERY, "many_platforms", **SHANGHAI)  # registrations and penalties: two failures
        found = {p["id"]: p["status"] for p in own.ask(status)["data"]["platforms"]}
        assert [platform for platform, told in found.items() if told] == [YANTAI]
        assert found[YANTAI] == "UNAVAILABLE"
        before = asked()
        assert status_of(own.ask(QUERY, "many_platforms", **SHANGHAI), YANTAI) == {"UNAVAILABLE"}
        assert asked() == before
        weather(house, "api")
        until_complete(own)
        assert asked() > before
        assert {p["status"] for p in own.ask(status)["data"]["platforms"]} == {None}


async def test_a_caller_who_leaves_takes_no_place_with_him(house: House, quick: House) -> None:
    """Forty callers who hang up while a platform is slow leave every slot free for the next."""
    weather(house, "api", delay=30)
    headers = house.headers("shanghai-market-bureau", "gov.licensing")
    body = {"query": QUERY, "variables": {"id": house.key("many_platforms")}}
    async with httpx2.AsyncClient(base_url=quick.url, trust_env=False) as client:
        asks = [asyncio.create_task(client.post("/graphql", json=body, headers=headers)) for _ in range(40)]
        await asyncio.sleep(0.2)
        for ask in asks:
            ask.cancel()
        await asyncio.gather(*asks, return_exceptions=True)
    weather(house, "api")
    await asyncio.to_thread(until_complete, quick)
