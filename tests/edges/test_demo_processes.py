"""The demo province as processes: they start together, end with their parent, and behave as platforms do."""

from __future__ import annotations

import json
import os
import select
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from ruamel.yaml import YAML

from deploy.demo.generator import QINGDAO, SHANDONG, WEIFANG
from deploy.demo.processes import START_WITHIN
from deploy.demo.province import Province, start
from gateway.authenticating.clients import load_clients
from gateway.documents import load
from tests.edges import drafts

ROOT = Path(__file__).resolve().parents[2]
GONE_WITHIN = 30.0  # seconds


@pytest.fixture(scope="module")
def province(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Province]:
    with start(tmp_path_factory.mktemp("province"), 3, 60) as running:
        yield running


@pytest.fixture
def web() -> Iterator[httpx2.Client]:
    with httpx2.Client(timeout=30, trust_env=False) as client:
        yield client


@pytest.fixture
def yantai(province: Province, web: httpx2.Client) -> Iterator[httpx2.Client]:
    """A client of Yantai's platform with its key, its recorder empty and its weather fair."""
    environment = province.environment
    web.base_url = httpx2.URL(environment["YANTAI_BASE"])
    web.headers["X-Api-Key"] = environment["YANTAI_API_KEY"]
    web.delete("/__recorder__")
    yield web
    web.put("/__weather__", json={})


def gone(pid: int) -> bool:
    """Whether a process ends in time (or is gone already); a zombie has ended."""
    try:
        watched = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([watched], [], [], GONE_WITHIN)[0])
    finally:
        os.close(watched)


def database_of(province: Province, platform: str) -> str:
    [url] = [source.url for source in province.platforms if source.platform == platform and source.kind == "sql"]
    return "file:" + url.partition("sqlite+aiosqlite:///")[2] + "?mode=ro"


def read_one(database: str, statement: str) -> Any:
    connection = sqlite3.connect(database, uri=True)
    try:
        return connection.execute(statement).fetchone()[0]
    finally:
        connection.close()


def test_a_whole_province_starts_in_seconds(tmp_path: Path) -> None:
    """2,000 subjects, eight sources and two services are up in the seconds that a start has, on loopback only, each a
    process of its own."""
    begun = time.monotonic()
    with start(tmp_path, 1, 2000) as province:
        assert time.monotonic() - begun < START_WITHIN
        pids = province.pids
        assert len(set(pids)) == 10
        addresses = [source.url for source in province.platforms if source.kind in {"graphql", "rest", "soap"}]
        assert all(address.startswith("http://127.0.0.1:") for address in [*addresses, province.issuer])
        said = province.describe()
        assert json.loads(json.dumps(said)) == said
    assert all(gone(pid) for pid in pids)


def test_children_die_with_a_killed_parent(tmp_path: Path) -> None:
    """When the parent is killed -9 and can tidy nothing up, no process stays behind."""
    code = (
        "import json, pathlib, sys; from deploy.demo.province import start;"
        "province = start(pathlib.Path(sys.argv[1]), 1, 20);"
        "print(json.dumps(province.pids), flush=True);"
        "sys.stdin.read()"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with parent:
        assert parent.stdout is not None
        pids = json.loads(parent.stdout.readline())
        assert len(pids) == 10
        assert all(Path(f"/proc/{pid}").exists() for pid in pids)
        parent.kill()
        assert all(gone(pid) for pid in pids)


def test_a_dead_custodian_takes_its_database_away(province: Province) -> None:
    """A database can be opened read only while its custodian lives, and not at all after kill -9, even unreaped."""
    database = database_of(province, QINGDAO)
    [pid] = [source.pid for source in province.platforms if source.platform == QINGDAO]
    assert read_one(database, "SELECT count(*) FROM SGS_XZCF") > 0
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        read_one(database, "DELETE FROM SGS_XZCF RETURNING 1")
    os.kill(pid, signal.SIGKILL)
    assert gone(pid)
    assert Path(f"/proc/{pid}").exists()  # nobody has reaped it yet
    with pytest.raises(sqlite3.OperationalError, match="unable to open"):
        read_one(database, "SELECT 1 FROM SGS_XZCF")
    province.restart(QINGDAO)
    assert database_of(province, QINGDAO) == database
    assert read_one(database, "SELECT count(*) FROM SGS_XZCF") > 0


def test_a_dead_custodian_takes_its_folder_away(province: Province) -> None:
    """Dropped files lie there whole, each with its checksum, while their custodian lives, and not after kill -9."""
    folder = Path(province.environment["WEIFANG_FOLDER"])
    names = sorted(path.name for path in folder.iterdir())
    files = [name for name in names if not name.endswith(".sha256")]
    assert [name[:4] for name in files] == ["hhmd", "hjxy", "ncxy", "tqgz", "xzcf", "xzxk"]
    assert names == sorted([*files, *(f"{name}.sha256" for name in files)])
    [pid] = [source.pid for source in province.platforms if source.platform == WEIFANG]
    os.kill(pid, signal.SIGKILL)
    assert gone(pid)
    assert Path(f"/proc/{pid}").exists()  # nobody has reaped it yet
    with pytest.raises(OSError, match=r"\[Errno"):
        next(folder.iterdir())
    province.restart(WEIFANG)
    assert sorted(path.name for path in folder.iterdir()) == names


def test_yantai_answers_in_small_pages_and_only_what_was_asked(province: Province, yantai: httpx2.Client) -> None:
    """A page has at most ten rows whatever is asked, and a row holds the asked columns only, in either letter case."""
    asked = {"dm": province.world.examples["many_pages"].key, "fields": "XK_WSH,RESOURCE_ID", "pageSize": "500"}
    pages = [yantai.get("/api/xzxk", params={**asked, "pageNo": number}).json() for number in (1, 2, 3, 4)]
    assert [(page["code"], page["total"], len(page["rows"])) for page in pages] == [
        ("200", 23, 10), ("200", 23, 10), ("200", 23, 3), ("200", 23, 0),
    ]  # fmt: skip
    names = [frozenset(row) for page in pages for row in page["rows"]]
    assert set(names) == {frozenset({"XK_WSH", "RESOURCE_ID"}), frozenset({"xk_wsh", "resource_id"})}


def test_yantai_refuses_inside_a_200(province: Province, yantai: httpx2.Client) -> None:
    """Parts of codes match nothing, and too many codes, unknown words and wrong keys are refused as cities refuse."""
    key = province.world.examples["many_pages"].key
    assert yantai.get("/api/xzxk", params={"dm": key[:17]}).json()["total"] == 0
    for params in ({"dm": ",".join([key] * 6)}, {"dm": ""}, {"dm": key, "name": "x"}, {"dm": key, "pageNo": "0"}):
        answer = yantai.get("/api/xzxk", params=params)
        assert (answer.status_code, answer.json()["code"]) == (200, "E400")
    assert yantai.get("/api/xzxk", params={"dm": key}, headers={"X-Api-Key": "wrong"}).status_code == 401


def test_a_platform_says_what_it_was_asked_and_fails_on_request(province: Province, yantai: httpx2.Client) -> None:
    """The recorder holds every question, and the weather makes the next answers fail in the wanted way."""
    asked = {"dm": province.world.examples["penalised"].key, "fields": "CF_WSH"}
    yantai.put("/__weather__", json={"code": "E500", "times": 1})
    assert yantai.get("/api/xzcf", params=asked).json()["code"] == "E500"
    yantai.put("/__weather__", json={"status": 503, "times": 1})
    assert yantai.get("/api/xzcf", params=asked).status_code == 503
    assert yantai.get("/api/xzcf", params=asked).json()["code"] == "200"
    seen = yantai.get("/__recorder__").json()["requests"]
    assert seen == [{"method": "GET", "path": "/api/xzcf", "query": asked, "body": ""}] * 3


def test_the_registry_of_clients_is_one_that_the_gateway_loads(province: Province, tmp_path: Path) -> None:
    """clients.yaml comes out as the gateway wants it, with every caller but the public one."""
    path = tmp_path / "clients.yaml"
    YAML(typ="safe").dump(province.clients_document(), path)
    clients = load_clients(load(path), drafts.catalogue())
    assert {client.id for client in clients.by_token.values()} == set(province.callers) - {"public"}
    assert [client.id for client in clients.by_token.values() if client.subject_claim] == ["subject"]


def test_a_killed_api_comes_back_at_its_address(province: Province, web: httpx2.Client) -> None:
    """The court's interface can be killed and restarted; callers find it where it was, with the same credentials."""
    environment = province.environment
    pair = (environment["SHANDONG_COURT_USER"], environment["SHANDONG_COURT_PASSWORD"])
    form = {"cardNum": province.world.examples["debtor_person"].key, "fields": "caseCode"}

    def ask() -> Any:
        return web.post(environment["SHANDONG_COURT_BASE"] + "/zxgk/query", data=form, auth=pair).json()["result"]

    before = ask()
    assert [list(row) for row in before] == [["caseCode"]]
    province.kill(SHANDONG, "court")
    with pytest.raises(httpx2.ConnectError):
        ask()
    province.restart(SHANDONG, "court")
    assert ask() == before
