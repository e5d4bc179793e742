"""Whatever breaks at a platform, and however: the others answer, the deadline holds, nothing of it is repeated.

Here platforms are killed, databases spoilt, and an interface sends what it likes over a real socket.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import sqlite3
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import House, gateway_beside, open_house
from tests.edges.crooked import Behaviour, Seen, Server, always, hang, raw

QINGDAO, YANTAI, SHANDONG = "370200-qingdao-double-publicity", "370600-yantai-credit", "370000-shandong-province"
PLATFORMS = (QINGDAO, YANTAI, SHANDONG)
QUERY = """query($id: SubjectKey!) { subject(id: $id) {
    registrations { nodes { regState provenance { platform } } complete }
    administrativePenalties { nodes { documentNo provenance { platform } } totalCount complete }
    judgmentDebtors { nodes { caseNo provenance { platform } } complete } } }"""
SHANGHAI: Any = {"as_": "shanghai-market-bureau", "purpose": "gov.licensing"}
DEADLINE = 2.0  # seconds: of what is well, nothing takes as long on a busy machine
LATE = 3.0  # seconds after it, on a busy machine; who is silent here is so without end
SECRET = "upstream-words"  # what a crooked platform says and nobody may repeat
LEAKS = re.compile(
    rf"{SECRET}|127\.0\.0\.1|localhost|sqlite|no such|locked|SGS_XZCF|qydj|credit\.db|/proc/"
    r"|Traceback|Exception|Error\b"
)


def forgiving(home: Path) -> None:
    """Breakers that never stay open: each test finds the platforms as it made them."""
    for path in (home / "platforms").glob("3*.yaml"):
        words = "    breaker: {failures: 1000, window: 1s, open: 1ms}\n    limits: {"
        text = path.read_text("utf-8").replace("    limits: {", words)
        path.write_text(re.sub(r"timeout: \d+s", "timeout: 20s", text), "utf-8")


@pytest.fixture(scope="module")
def fragile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house that may be damaged, asked through a gateway whose deadline comes before that of any platform."""
    folder = tmp_path_factory.mktemp("fragile")
    with (
        open_house(folder / "home", subjects=30) as house,
        gateway_beside(house, folder, forgiving, deadline=DEADLINE) as gateway,
    ):
        yield gateway


def ask(house: House) -> dict[str, Any]:
    """The answer, which came by the deadline and repeats nothing that only a platform knows."""
    begin = time.monotonic()
    response = house.post(
        {"query": QUERY, "variables": {"id": house.key("many_platforms")}},
        house.headers(SHANGHAI["as_"], SHANGHAI["purpose"]),
    )
    assert time.monotonic() - begin < DEADLINE + LATE
    assert not LEAKS.search(response.text), LEAKS.search(response.text)
    for platform in house.running.description["platforms"]:
        assert platform["url"].rpartition("://")[2] not in response.text
    answer: dict[str, Any] = response.json()
    return answer


def ask_of(server: Server, gateway: House) -> dict[str, Any]:
    """The first answer for which the server was asked: all sides share this process, and where that stood still for
    the whole deadline nobody was asked anything."""
    asked = len(server.seen)
    for _ in range(3):
        answer = ask(gateway)
        if len(server.seen) > asked:
            return answer
    raise AssertionError(f"the server was not asked: {answer['extensions']}")


def until_complete(house: House) -> dict[str, Any]:
    until = time.monotonic() + 30
    while not (answer := ask(house))["extensions"]["complete"]:
        assert time.monotonic() < until, answer["extensions"]["sources"]
    return answer


def statuses(answer: dict[str, Any], platform: str) -> dict[str, str]:
    found = answer["extensions"]["sources"]
    return {source["type"]: source["status"] for source in found if source["platform"] == platform}


def told(answer: dict[str, Any]) -> set[tuple[str, str]]:
    return {(error["extensions"]["platform"], error["extensions"]["code"]) for error in answer.get("errors", ())}


def records(answer: dict[str, Any], without: str = "") -> dict[str, list[tuple[str, ...]]]:
    """By connection: each record as its number and its platforms, less one platform."""
    found: dict[str, list[tuple[str, ...]]] = {}
    for name, connection in answer["data"]["subject"].items():
        found[name] = []
        for node in connection["nodes"]:
            platforms = [p["platform"] for p in node["provenance"] if p["platform"] != without]
            if platforms:
                number = node.get("documentNo") or node.get("caseNo") or ""
                found[name].append((number, *platforms))
    return found


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_platform_dies(fragile: House, platform: str) -> None:
    """A killed platform is named UNAVAILABLE for every type that it holds; all records of the others are there."""
    whole = until_complete(fragile)
    province = fragile.running.province
    province.kill(platform)
    try:
        answer = ask(fragile)
    finally:
        province.restart(platform)
    assert answer["extensions"]["complete"] is False
    assert set(statuses(answer, platform).values()) == {"UNAVAILABLE"}
    assert told(answer) == {(platform, "PLATFORM_UNAVAILABLE")}
    assert records(answer) == records(whole, without=platform)
    assert records(until_complete(fragile)) == records(whole)


def test_all_platforms_die(fragile: House) -> None:
    """When nobody is left the answer is empty and says three times why; it is no error of the gateway."""
    whole = until_complete(fragile)
    province = fragile.running.province
    for platform in PLATFORMS:
        province.kill(platform)
    try:
        answer = ask(fragile)
    finally:
        for platform in PLATFORMS:
            province.restart(platform)
    assert told(answer) == {(platform, "PLATFORM_UNAVAILABLE") for platform in PLATFORMS}
    assert not any(records(answer).values())
    assert records(until_complete(fragile)) == records(whole)


# -- databases


def database(house: House, platform: str) -> Path:
    sources = {(platform, "database"), (platform, "registry")}
    [url] = [p["url"] for p in house.running.description["platforms"] if (p["id"], p["source"]) in sources]
    return Path(url.partition(":///")[2])


@contextlib.contextmanager
def renamed(path: Path, table: str) -> Iterator[None]:
    """A table that is gone until the end of the block."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as owner:
        owner.execute(f"ALTER TABLE {table} RENAME TO {table}_GONE")
        yield
        owner.execute(f"ALTER TABLE {table}_GONE RENAME TO {table}")


@contextlib.contextmanager
def overwritten(path: Path) -> Iterator[None]:
    """A file that is no database any more."""
    kept = path.read_bytes()
    path.write_bytes(SECRET.encode() * 1000)
    yield
    path.write_bytes(kept)


def test_a_table_is_gone(fragile: House) -> None:
    """A table that is not what was declared is INVALID; the other source of the same platform still answers."""
    whole = until_complete(fragile)
    with renamed(database(fragile, SHANDONG), "qydj_jbxx"):
        answer = ask(fragile)
    assert statuses(answer, SHANDONG)["Registration"] == "INVALID"
    assert statuses(answer, SHANDONG)["JudgmentDebtor"] in {"NONE", "ANSWERED"}
    assert told(answer) == {(SHANDONG, "PLATFORM_INVALID")}
    connections = answer["data"]["subject"]
    assert connections["registrations"]["complete"] is False
    assert connections["judgmentDebtors"]["complete"] is True
    assert records(answer)["administrativePenalties"] == records(whole)["administrativePenalties"]


def test_a_broken_table_is_left_alone_by_itself(fragile: House, tmp_path: Path) -> None:
    """A table that stays broken is asked no more for a while; the other tables of its database are."""

    def nervous(home: Path) -> None:
        path = home / "platforms" / f"{QINGDAO}.yaml"
        text = re.sub("breaker: .*", "breaker: {failures: 2, window: 30s, open: 4s}", path.read_text("utf-8"))
        path.write_text(text, "utf-8")

    def status(gateway: House) -> str | None:
        found = gateway.ask("{ platforms { id status } }")["data"]["platforms"]
        told: dict[str, str | None] = {platform["id"]: platform["status"] for platform in found}
        return told[QINGDAO]

    query = QUERY.replace("judgmentDebtors", "administrativeLicences").replace("caseNo", "documentNo")
    with gateway_beside(fragile, tmp_path, nervous, deadline=DEADLINE) as gateway:
        with renamed(database(fragile, QINGDAO), "SGS_XZCF"):
            for _ in range(2):
                assert status(gateway) is None
                gateway.ask(query, "many_platforms", **SHANGHAI)
            assert status(gateway) == "UNAVAILABLE"
        answer = gateway.ask(query, "many_platforms", **SHANGHAI)  # the table is back, and is not asked yet
        assert statuses(answer, QINGDAO)["AdministrativePenalty"] == "INVALID"
        assert statuses(answer, QINGDAO)["AdministrativeLicence"] in {"NONE", "ANSWERED"}
        until_complete(gateway)
        assert status(gateway) is None


def test_a_database_file_is_spoilt(fragile: House) -> None:
    """A file that is no database is a platform that cannot be reached, and not a word of it is repeated."""
    whole = until_complete(fragile)
    with overwritten(database(fragile, QINGDAO)):
        answer = ask(fragile)
    assert set(statuses(answer, QINGDAO).values()) == {"UNAVAILABLE"}
    assert records(answer) == records(whole, without=QINGDAO)
    until_complete(fragile)


# -- an interface that sends what it likes


async def reset(seen: Seen, writer: Any) -> None:
    raise ConnectionResetError


async def cut(seen: Seen, writer: Any) -> None:
    writer.write(raw(SECRET.encode() * 10)[:120])
    await writer.drain()
    raise ConnectionResetError


async def drip(seen: Seen, writer: Any) -> None:
    for byte in raw(b'{"code": "200", "total": 0, "rows": []}'):
        writer.write(bytes([byte]))
        await writer.drain()
        await asyncio.sleep(0.05)


def body(**words: Any) -> Behaviour:
    return always(raw(json.dumps({"code": "200", "total": 1, "updateTime": 1, **words}).encode()))


CROOKED: dict[str, tuple[Behaviour, str]] = {
    "a page instead of data": (always(raw(f"<html>{SECRET}</html>".encode(), content_type="text/html")), "UNAVAILABLE"),
    "a page that says it is data": (always(raw(f"<html>{SECRET}</html>".encode())), "UNAVAILABLE"),
    "a gateway's error page": (
        always(raw(SECRET.encode(), status="502 Bad Gateway", content_type="text/html")),
        "UNAVAILABLE",
    ),
    "garbage": (always(raw(b'{"code": "200", "rows": [{"upstream-words')), "UNAVAILABLE"),
    "bytes that are no text": (always(raw(b"\xff\xfe\x00\x80" * 9)), "UNAVAILABLE"),
    "no HTTP at all": (always(SECRET.encode() + b"\r\n\r\n"), "UNAVAILABLE"),
    "rows that are no list": (body(rows=SECRET), "INVALID"),
    "rows that do not map": (body(rows=[{"CF_WSH": SECRET}]), "INVALID"),
    "another place": (
        always(raw(b"", status="302 Found", extra="Location: http://elsewhere.example/upstream-words\r\n")),
        "UNAVAILABLE",
    ),
    "a reset": (reset, "UNAVAILABLE"),
    "half an answer": (cut, "UNAVAILABLE"),
    "a byte at a time": (drip, "TIMEOUT"),
    "nothing": (hang, "TIMEOUT"),
}


@pytest.fixture
async def crooked(fragile: House, tmp_path: Path) -> AsyncIterator[tuple[Server, House]]:
    """A server in the place of Yantai's interface, and a gateway before it."""
    async with Server(hang) as server:

        def elsewhere(home: Path) -> None:
            path = home / "gateway.env"
            text = re.sub("(?m)^YANTAI_BASE=.*$", f"YANTAI_BASE={server.base}", path.read_text("utf-8"))
            path.write_text(text, "utf-8")

        with gateway_beside(fragile, tmp_path, elsewhere, deadline=DEADLINE) as gateway:
            yield server, gateway


async def test_an_interface_sends_what_it_likes(fragile: House, crooked: tuple[Server, House]) -> None:
    """Pages, garbage, halves, drips and silence: each is named for what it is, and the others' records are there."""
    server, gateway = crooked
    whole = records(await asyncio.to_thread(until_complete, fragile), without=YANTAI)
    for fault, (behaviour, status) in CROOKED.items():
        server.behaviour = behaviour
        answer = await asyncio.to_thread(ask_of, server, gateway)
        assert set(statuses(answer, YANTAI).values()) == {status}, fault
        assert told(answer) == {(YANTAI, f"PLATFORM_{status}")}, fault
        assert records(answer) == whole, fault


async def test_a_platform_is_closed_by_plan(fragile: House, tmp_path: Path) -> None:
    """While a declared window is open the platform is not asked, the answer says until when, and so does the list of
    platforms; the records of the others are there."""
    whole = records(await asyncio.to_thread(until_complete, fragile), without=YANTAI)
    async with Server(hang) as server:

        def closed(home: Path) -> None:
            env, path = home / "gateway.env", home / "platforms" / f"{YANTAI}.yaml"
            env.write_text(
                re.sub("(?m)^YANTAI_BASE=.*$", f"YANTAI_BASE={server.base}", env.read_text("utf-8")), "utf-8"
            )
            words = '    base: env:YANTAI_BASE\n    maintenance: [{cron: "* * * * *", lasts: 1d}]\n'
            path.write_text(path.read_text("utf-8").replace("    base: env:YANTAI_BASE\n", words), "utf-8")

        with gateway_beside(fragile, tmp_path, closed, deadline=DEADLINE) as gateway:
            answer = await asyncio.to_thread(ask, gateway)
            listed = await asyncio.to_thread(gateway.ask, "{ platforms { id status } }")
        assert server.seen == []
    assert set(statuses(answer, YANTAI).values()) == {"MAINTENANCE"}
    assert told(answer) == {(YANTAI, "PLATFORM_MAINTENANCE")}
    assert records(answer) == whole
    reasons = [source["reason"] for source in answer["extensions"]["sources"] if source["platform"] == YANTAI]
    for reason in reasons:
        assert re.fullmatch(r"planned maintenance until \d{4}-\d\d-\d\d \d\d:\d\d \(UTC\+0800\)", reason["en"])
        assert reason["zh"].startswith("计划维护至 ")
    assert {each["status"] for each in listed["data"]["platforms"] if each["id"] == YANTAI} == {"MAINTENANCE"}
