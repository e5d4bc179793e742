"""Who may ask can be changed while the gateway answers: within a second, with the officer's name, never by halves."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import orjson
import pytest
from click.testing import CliRunner, Result

from gateway.authenticating import following
from gateway.authenticating.clients import Clients
from gateway.authenticating.following import FILE, Following
from gateway.authenticating.ledger import Ledger, LedgerError
from gateway.cli import cli
from gateway.cli.homes import make_home
from gateway.documents import DocumentError
from gateway.wiring import Configuration
from tests.conftest import House, gateway_beside
from tests.edges.drafts import catalogue

QUERY = "query($id: SubjectKey!) { subject(id: $id) { name } }"
BUREAU = "shanghai-market-bureau"
AT_ONCE = 1.0  # seconds that a change may take, by the gateway's own pauses
PATIENCE = 30.0  # seconds, on a machine that is busy with other tests


@pytest.fixture
def beside(house: House, tmp_path: Path) -> Iterator[House]:
    with gateway_beside(house, tmp_path) as found:
        yield found


def codes(house: House, as_: str = BUREAU) -> list[str]:
    answer = house.ask(QUERY, "clean", as_=as_, purpose="gov.licensing")
    return [error["extensions"]["code"] for error in answer.get("errors", ())]


def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds."""
    began = time.monotonic()
    while not holds():
        assert time.monotonic() - began < PATIENCE
        time.sleep(0.02)


def test_a_frozen_client_is_turned_away_within_a_second(beside: House) -> None:
    """Freezing counts for the very token that was good before, for one client alone, and is undone as fast."""
    assert 2 * following.PAUSE < AT_ONCE
    desk = Ledger(beside.home, catalogue())
    assert codes(beside) == codes(beside, "weihai-licensing-desk") == []
    desk.set_state("officer-wang", "client", BUREAU, "frozen")
    until(lambda: codes(beside) == ["CLIENT_FROZEN"])
    assert codes(beside, "weihai-licensing-desk") == []
    desk.set_state("officer-wang", "client", BUREAU, "live")
    until(lambda: codes(beside) == [])


def test_a_frozen_issuer_vouches_for_nobody(beside: House) -> None:
    """Its tokens stop being good, and the gateway's own description no longer sends anybody to it."""
    described = "/.well-known/oauth-protected-resource/graphql"
    [issuer] = beside.client.get(described).json()["authorization_servers"]
    assert codes(beside) == []
    Ledger(beside.home, catalogue()).set_state("officer-wang", "issuer", issuer, "frozen")
    until(lambda: codes(beside) == ["INVALID_TOKEN"])
    assert beside.client.get(described).json()["authorization_servers"] == []


def test_a_quota_that_is_agreed_counts_from_then_on(beside: House) -> None:
    """A client that is given a quota hears of it with its next answers, and of nothing else when it is used up."""
    place = beside.home / "clients.yaml"
    text = place.read_text("utf-8")
    quota = "quota: {perDay: 40, subjectsPerDay: 1}"
    place.write_text(text.replace("class: government", quota + "\n    class: government"), "utf-8")

    def ask(example: str) -> httpx2.Response:
        body = {"query": QUERY, "variables": {"id": beside.key(example)}}
        return beside.post(body, beside.headers(BUREAU, "gov.licensing"))

    until(lambda: "RateLimit" in ask("clean").headers)
    assert '"subjects";q=1;w=86400;qu="subjects"' in ask("clean").headers["RateLimit-Policy"]
    over = ask("penalised")
    assert (over.status_code, over.json()["errors"][0]["extensions"]["code"]) == (429, "QUOTA_EXCEEDED")
    assert int(over.headers["Retry-After"]) <= 86_400
    assert '"subjects";r=0' in over.headers["RateLimit"]


def test_a_broken_file_changes_nothing(beside: House, caplog: pytest.LogCaptureFixture) -> None:
    """While the file cannot be read in every word the last good registry stays, readiness says so and the log says
    where; mended, it counts again."""
    place = beside.home / "clients.yaml"
    good = place.read_text("utf-8")
    with caplog.at_level(logging.ERROR):
        place.write_text(good.replace("class: government", "class: goverment"), "utf-8")
        until(lambda: beside.client.get("/ready").json()["clients"] is not None)
    assert "did you mean `government`?" in caplog.text
    assert codes(beside) == []
    place.write_text(good, "utf-8")
    until(lambda: beside.client.get("/ready").json()["clients"] is None)
    place.unlink()
    until(lambda: beside.client.get("/ready").json()["clients"] is not None)
    assert codes(beside) == []


def test_a_worker_that_comes_back_knows_who_was_frozen(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that begins with what was read long ago turns away whoever was frozen since, with its first answer."""

    def meanwhile(known: Configuration) -> Configuration:
        Ledger(tmp_path / "beside", catalogue()).set_state("officer-wang", "client", BUREAU, "frozen")
        os.utime(tmp_path / "beside" / FILE, (0, 0))  # not just now
        return known

    monkeypatch.setattr(following, "PAUSE", 60.0)  # what is changed later is not looked for in this test
    with gateway_beside(house, tmp_path, change=meanwhile) as beside:
        assert codes(beside) == ["CLIENT_FROZEN"]


async def test_what_could_not_be_obeyed_is_tried_again(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that waits for a secret, or that could not be read for a moment, counts as soon as it can be obeyed,
    though nobody touches it again."""
    monkeypatch.setattr(following, "PAUSE", 0.01)
    monkeypatch.setattr(following, "AGAIN", 0.01)
    tries: list[Clients] = []

    def obey(clients: Clients) -> None:
        tries.append(clients)
        if len(tries) < 3:
            raise ValueError("`secret:introspection` is not set")

    followed = Following(home, catalogue, obey)
    running = asyncio.create_task(followed.run())
    try:
        async with asyncio.timeout(30):
            while len(tries) < 3 or followed.problem:
                await asyncio.sleep(0.01)
    finally:
        running.cancel()
        await asyncio.wait((running,))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("registry") / "home"
    make_home(home)
    return home


@pytest.fixture
def home(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "home"))


def run(home: Path, *words: str) -> Result:
    return CliRunner().invoke(cli, [*words, "--home", str(home)])


def log(home: Path) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in (home / "clients.log").read_bytes().splitlines()]


WANG = ("--officer", "officer-wang")
ISSUER = "https://id.example.org"
ADD = (
    ("issuer", "add", ISSUER, "--jwks", f"{ISSUER}/jwks.json", "--algorithm", "ES256", *WANG),
    ("member", "add", "jinan-bureau", "--title", "济南示例局", "Jinan bureau", "--uscc", "11370100MB283456XQ",
     "--region", "370100", *WANG),
    ("client", "add", "jinan-desk", "--title", "济南窗口", "Jinan desk", "--issuer", ISSUER, "--class", "government",
     "--region", "370100", "--member", "jinan-bureau", "--scope", "credit.gov", "--purpose", "gov.licensing",
     "--type", "AdministrativePenalty", "--quota", "perDay=100", "--quota", "perMinute=5", *WANG),
)  # fmt: skip


def test_an_officer_registers_a_partner_by_command(home: Path) -> None:
    """Issuer, member and client are added, shown and listed; a client begins in the sandbox; every step is written down
    with the officer, and each line's file is the one that the next line changed."""
    for words in ADD:
        done = run(home, *words)
        assert (done.exit_code, done.exception) == (0, None), done.output
    assert "jinan-desk is sandbox" in done.output
    listed = run(home, "client", "list").output
    assert listed.splitlines()[1].split()[:5] == ["jinan-desk", "sandbox", "government", "370100", "jinan-bureau"]
    assert run(home, "client", "set-state", "jinan-desk", "live", *WANG).exit_code == 0
    assert run(home, "member", "set-state", "jinan-bureau", "frozen", *WANG).exit_code == 0
    shown = run(home, "client", "show", "jinan-desk").output
    assert "perDay: 100" in shown
    assert "in effect: frozen" in shown
    assert run(home, "member", "list").output.splitlines()[1].split()[:2] == ["jinan-bureau", "frozen"]
    assert run(home, "issuer", "list").output.splitlines()[1].split()[:2] == [ISSUER, "live"]
    for kind, name in (("client", "jinan-desk"), ("member", "jinan-bureau"), ("issuer", ISSUER)):
        assert run(home, kind, "remove", name, *WANG).exit_code == 0
    lines = log(home)
    assert [line["did"] for line in lines][2:5] == ["client add", "client set-state live", "member set-state frozen"]
    assert {line["officer"] for line in lines} == {"officer-wang"}
    assert [line["after"] for line in lines[:-1]] == [line["before"] for line in lines[1:]]
    assert Ledger(home, catalogue()).clients.by_token == {}


def test_what_is_not_changed_stays_as_it_was_written(home: Path) -> None:
    """Comments, order, quotation marks and blank lines of the rest of the file survive a change byte by byte."""
    place = home / "clients.yaml"
    place.write_text(WRITTEN, "utf-8")
    Ledger(home, catalogue()).set_state("王某", "client", "second", "frozen")
    assert place.read_text("utf-8") == WRITTEN.replace("    state: live\n", "    state: frozen\n")
    assert [(line["officer"], line["id"]) for line in log(home)] == [("王某", "second")]


WRITTEN = """\
# the provincial registry, kept by the operator
issuers:
  - {issuer: "https://id.example.org", jwks: "https://id.example.org/jwks.json"}   # flow stays flow

clients:
  # the first partner
  first:
    issuer: "https://id.example.org"
    clientId: 'first'
    class: government
    title: {zh: 甲, en: A}
    scopes: [credit.gov]

  second:   # came later
    issuer: "https://id.example.org"
    clientId: second
    class: court
    title: {zh: 乙, en: B}
    state: live
"""


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("client", "set-state", "secnd", "frozen", *WANG), "there is no client `secnd`, did you mean `second`?"),
        (("client", "show", "secnd"), "there is no client `secnd`, did you mean `second`?"),
        (("issuer", "remove", ISSUER, *WANG), "clients.yaml:6: unknown word `https://id.example.org` for `issuer`"),
        (("client", "set-state", "second", "frozen", "--officer", " "), "who does this?"),
        (("issuer", "add", ISSUER, "--jwks", f"{ISSUER}/jwks.json", *WANG), "is registered already"),
        (("member", "add", "x", "--title", "甲", "A", "--uscc", "1", "--region", "370100", *WANG), "`uscc`"),
        (("client", "add", "third", "--title", "丙", "C", "--issuer", ISSUER, "--class", "creditBureau", *WANG),
         "`contract` is missing"),
        (("client", "add", "third", "--title", "丙", "C", "--issuer", ISSUER, "--class", "court", "--quota", "perday=1",
          *WANG), "did you mean `perDay`?"),
    ],
)  # fmt: skip
def test_a_change_that_would_not_be_right_is_not_made(home: Path, words: tuple[str, ...], said: str) -> None:
    """It is refused with the place and the nearest right word; neither the file nor the log of changes is touched."""
    place = home / "clients.yaml"
    place.write_text(WRITTEN, "utf-8")
    refused = run(home, *words)
    assert refused.exit_code != 0
    assert isinstance(refused.exception, LedgerError | DocumentError | SystemExit)
    assert said in f"{refused.output}{refused.exception}"
    assert place.read_text("utf-8") == WRITTEN
    assert not (home / "clients.log").exists()
    assert {path.name for path in home.glob(".clients.yaml.*")} <= {".clients.yaml.lock"}
