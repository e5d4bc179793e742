"""A proof of possession shown to one process of a gateway is known to the others, and to those that come after."""

from __future__ import annotations

import shutil
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2

from tests.conftest import House
from tests.journeys.registering import CLIENT, published, register, token
from tests.journeys.test_workers import recorded, started
from tests.promises.proving import Holder


def test_no_worker_takes_what_another_took(house: House, tmp_path: Path) -> None:
    """Of one proof shown forty times at once to two workers one is answered, and after a restart none is."""
    home = Path(shutil.copytree(house.home, tmp_path / "home", ignore=shutil.ignore_patterns("audit", "demo")))
    holder = Holder()

    def proof(url: str, held: str) -> bytes:
        return holder.proof(time.time(), held, htu=f"{url}/graphql")

    def show(url: str, held: str, shown: bytes) -> int:
        headers = {"Authorization": f"DPoP {held}", "DPoP": shown.decode()}
        body = {"query": "{ __typename }"}
        return httpx2.post(f"{url}/graphql", json=body, headers=headers, trust_env=False, timeout=30).status_code

    with published() as issuer:
        register(home, {"issuer": issuer, "jwks": f"{issuer}/jwks.json"}, CLIENT)
        with started(home, 2) as (_, url), ThreadPoolExecutor(8) as threads:
            held = token(issuer, url, jkt=holder.jkt)
            first = proof(url, held)
            statuses = Counter(threads.map(lambda _: show(url, held, first), range(40)))
            assert statuses == {200: 1, 401: 39}
            assert set(threads.map(lambda _: show(url, held, proof(url, held)), range(20))) == {200}
            assert set(recorded(home).values()) == {"audit", "worker-1"}
            last = proof(url, held)
            assert show(url, held, last) == 200
        with started(home, 1, url.rpartition(":")[2]):
            assert [show(url, held, shown) for shown in (last, proof(url, held))] == [401, 200]
