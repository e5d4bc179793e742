"""What a pause closes is closed, whatever stands in the way of the rest: read together with it, or before it."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest

from connectors.kinds.rest import Rest
from gateway.auditing import AuditLog
from gateway.authenticating.jwks import Jwks
from gateway.environment import store_of
from gateway.governing.signing import Signer, read_key
from gateway.receiving import Incoming
from gateway.registering.desk import Desk
from gateway.reloading import Reloading
from gateway.settings import load
from gateway.wiring import opened, rationed, read
from tests.conftest import House
from tests.edges.drafts import texts
from tests.journeys.operating import PLATFORM, Operators, city
from tests.promises.officers import Chamber, open_chamber
from tests.promises.small_sets import TWO_FIELDS, shipped_with

WHOLE: Mapping[str, frozenset[str]] = {"Honour": frozenset()}
NEW = ("env:RIZHAO_BASE", "env:RIZHAO_NEW"), ("1.0.0", "1.1.0")  # a setting that nobody has made


@dataclass
class Gateway:
    """The part of a process that follows steps and pointers, made to look by hand."""

    home: Path
    operators: Operators
    desk: Desk
    reloading: Reloading

    def key(self, name: str) -> Signer:
        return read_key(self.operators.keys / name)

    def pause(self, what: str = "Honour", verb: str = "pause") -> None:
        self.desk.pause(verb, PLATFORM, what, self.key("li"))

    def approve(self, *changes: tuple[str, str]) -> None:
        self.desk.register(self.operators.draft(*changes), self.key("li"))
        self.desk.step("approve", PLATFORM, self.key("wang"))

    def bring_live(self, *changes: tuple[str, str]) -> None:
        self.approve(*changes)
        self.desk.step("live", PLATFORM, self.key("li"))

    @property
    def paused(self) -> Mapping[str, frozenset[str]]:
        return self.reloading.known.registry.platforms[PLATFORM].paused


@pytest.fixture
def operators(house: House, tmp_path: Path) -> Operators:
    home = tmp_path / "home"
    shutil.copytree(house.home, home, ignore=shutil.ignore_patterns("audit", "demo"))
    found = Operators(home, tmp_path / "keys")
    found.bring_live()
    return found


@asynccontextmanager
async def running(operators: Operators, following: str = "") -> AsyncIterator[Gateway]:
    """`following` is the address of the store that is looked at afterwards, when it is another."""
    home, jwks = operators.home, Jwks()
    settings, audit = load(home), AuditLog.open(home)
    known = read(settings)

    def now() -> datetime:
        return datetime.now(UTC)

    corridor = await opened(settings, known, audit, now, jwks, rationed(settings))
    reloading = Reloading(replace(settings, store=following), known, corridor, audit, jwks, now, 0)
    store = store_of(settings)
    try:
        await reloading.look()
        if not following:
            await reloading.enrol()
        yield Gateway(home, operators, Desk(home, store, lambda: known.policies.catalogue), reloading)
    finally:
        store.close()
        await reloading.close()
        await jwks.close()
        await audit.close()


async def test_what_is_paused_is_not_asked_in_the_shadow_either(house: House, operators: Operators) -> None:
    """A version that is tried in the shadow is asked neither for a paused field nor, when all is paused, at all; and so
    it is behind what cannot be taken up."""
    names = "honourName organ"
    query = f"query($id: SubjectKey!) {{ subject(id: $id) {{ honours {{ nodes {{ {names} }} }} }} }}"
    body = orjson.dumps({"query": query, "variables": {"id": house.key("clean")}})
    with city() as rizhao:
        with (operators.home / "gateway.env").open("a", encoding="utf-8") as file:
            file.write(f"\nRIZHAO_BASE={rizhao.base}\n")
        async with running(operators) as gateway:

            async def asked() -> list[set[str]]:
                """The fields of the questions that come of one."""
                rizhao.seen.clear()
                await gateway.reloading.enrol()
                before = asyncio.all_tasks()
                answer = await gateway.reloading.corridor.answer(Incoming([], body, False, "en"))
                assert answer.data is not None
                if asking := asyncio.all_tasks() - before:  # those of shadows outlive the answer
                    await asyncio.wait(asking)
                return [{*seen["fields"].split(",")} for seen in rizhao.seen]

            gateway.approve(("1.0.0", "1.1.0"))
            gateway.desk.step("shadow", PLATFORM, gateway.key("li"))
            both = await asked()
            assert ["organ" in each for each in both] == [True, True]
            gateway.pause("Honour.organ")
            assert ["organ" in each for each in await asked()] == [False, False]
            gateway.pause()
            assert await asked() == []
            gateway.pause(verb="resume")
            assert len(await asked()) == 2
            gateway.approve(*NEW)
            gateway.desk.step("shadow", PLATFORM, gateway.key("li"))
            gateway.desk.step("retire", PLATFORM, gateway.key("li"))
            gateway.bring_live(*NEW)
            gateway.pause()
            assert await asked() == []


async def test_a_step_that_nobody_signed_opens_nothing(operators: Operators) -> None:
    """A pause is obeyed although what stands behind it in the row cannot be; when that is mended all of it is."""
    async with running(operators) as gateway:
        gateway.pause()
        gateway.pause(verb="resume")
        with sqlite3.connect(operators.home / "state" / "platforms.sqlite3") as database:
            [signed] = database.execute("SELECT raw FROM steps WHERE seq = 5").fetchone()
            database.execute("UPDATE steps SET raw = ? WHERE seq = 5", (signed.replace(b"Honour", b"Honors"),))
            database.commit()
            await gateway.reloading.enrol()
            assert gateway.paused == WHOLE
            assert gateway.reloading.enrolled.course.seq == 3
            declined = gateway.reloading.enrolled.declined
            assert declined is not None
            assert (declined.seq, declined.reason) == (5, "signature")
            database.execute("UPDATE steps SET raw = ? WHERE seq = 5", (signed,))
            database.commit()
        database.close()
        await gateway.reloading.enrol()
        assert gateway.reloading.enrolled.declined is None
        assert gateway.paused == {}


async def test_a_kind_that_fails_in_its_own_way_opens_nothing(
    operators: Operators, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever a connector raises when it is opened, what answers goes on, and a pause behind it is obeyed at once."""
    async with running(operators) as gateway:
        gateway.bring_live(("1.0.0", "1.1.0"))
        gateway.pause()

        async def broken(*_: object) -> None:
            raise RuntimeError(operators.home.name)

        monkeypatch.setattr(Rest, "open", broken)
        await gateway.reloading.enrol()
        assert gateway.paused == WHOLE
        declined = gateway.reloading.enrolled.declined
        assert declined is not None
        assert declined.reason == "internal"
        assert declined.message.startswith("RuntimeError; what was paused")


def with_officers(operators: Operators) -> Chamber:
    """Officers of policies beside those of platforms; what is shipped is in force by pointer 1."""
    lines = (operators.home / "officers.yaml").read_text("utf-8").splitlines()[1:]
    chamber = open_chamber(operators.home)
    with (operators.home / "officers.yaml").open("a", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    chamber.begin()
    return chamber


async def test_a_store_that_does_not_answer_holds_up_no_policy(operators: Operators, tmp_path: Path) -> None:
    """While the database of platforms hangs, a pointer is obeyed as ever."""
    chamber = with_officers(operators)
    asked: list[asyncio.StreamWriter] = []
    server = await asyncio.start_server(lambda _, writer: asked.append(writer), "127.0.0.1", 0)
    place = "127.0.0.1:{1}/store".format(*server.sockets[0].getsockname())
    async with running(operators, f"postgresql+psycopg://nobody@{place}") as gateway:
        following = asyncio.create_task(gateway.reloading.follow(lambda corridor: None))
        try:
            await until(lambda: bool(asked))
            tightened = shipped_with(tmp_path / "tightened", TWO_FIELDS)
            seq = (await asyncio.to_thread(chamber.change, tightened)).seq
            await until(lambda: gateway.reloading.governed.course.seq == seq)
        finally:
            following.cancel()
            server.close()
            for writer in asked:
                writer.transport.abort()
            await asyncio.wait((following,))


async def until(found: Callable[[], bool], seconds: float = 20) -> None:
    async with asyncio.timeout(seconds):
        while not found():
            await asyncio.sleep(0.02)


async def test_another_catalogue_opens_nothing(operators: Operators, tmp_path: Path) -> None:
    """What a pause closed behind a declaration that cannot be taken up stays closed when other policies come."""
    chamber = with_officers(operators)
    path = "catalogue/catalogue.yaml"
    year = texts()[path].partition('version: "')[2][:4]
    later = shipped_with(tmp_path / "later", {path: texts()[path].replace(f'version: "{year}.', f'version: "{year}.9')})
    async with running(operators) as gateway:
        gateway.bring_live(*NEW)
        gateway.pause()
        await gateway.reloading.enrol()
        assert gateway.paused == WHOLE
        before = gateway.reloading.known.policies.digest
        chamber.change(later, widens=True)
        await gateway.reloading.look()
        assert gateway.reloading.governed.declined is None
        assert gateway.reloading.known.policies.digest != before
        assert gateway.paused == WHOLE
