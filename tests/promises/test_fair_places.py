"""One partner's flood does not shed another: places for requests are shared fairly, whoever came first."""

from __future__ import annotations

import contextlib
import socket
import time
from collections import Counter
from pathlib import Path
from random import Random

from gateway.rationing import Places
from tests.conftest import House, gateway_beside

MOST = 16
QUERY = "query($id: SubjectKey!) { subject(id: $id) { name } }"


def test_a_newcomer_finds_a_place() -> None:
    """Whoever floods alone leaves a quarter of the places; as soon as others ask it gets no more than half."""
    now = [0.0]
    places = Places(MOST, clock=lambda: now[0])
    assert [places.take("flood") for _ in range(MOST)] == [True] * 12 + [False] * 4
    assert [places.take("other") for _ in range(4)] == [True] * 4
    assert not places.take("third")  # full for once: the flood's requests end within a deadline
    for _ in range(5):
        places.leave("flood")
    assert [places.take("flood") for _ in range(2)] == [True, False]
    assert places.take("third")
    for _ in range(4):
        places.leave("other")
    places.leave("third")
    assert not places.take("flood")  # the others may be back at once
    now[0] += 2
    assert [places.take("flood") for _ in range(5)] == [True] * 4 + [False]


def test_no_crowd_takes_more_than_its_share() -> None:
    """Whatever comes and goes: never more than all places, never more than half for one while others ask, and nobody
    is turned away who holds less than half while places are free."""
    for most in (1, 2, 3, 7, 64):
        random, now = Random(most), [0.0]
        places = Places(most, clock=lambda now=now: now[0])  # type: ignore[misc]
        held, asked = Counter[str](), dict[str, float]()
        for _ in range(4_000):
            now[0] += random.choice((0.0, 0.01, 0.4))
            who = random.choices("abc", (8, 2, 1))[0]
            if random.random() < 0.45 and held[who]:
                places.leave(who)
                held[who] -= 1
                continue
            others = held.total() > held[who] or any(now[0] - at < 1.0 for name, at in asked.items() if name != who)
            free, before = held.total() < most, held[who]
            asked[who] = now[0]
            if places.take(who):
                held[who] += 1
                assert free
                assert before < (max(1, most // 2) if others else most)
            else:
                assert not free or before >= max(1, most // 2)


def hanging(house: House) -> socket.socket:
    """A request without a token whose body never arrives: it holds a place for as long as it is waited for."""
    host, port = house.url.removeprefix("http://").split(":")
    head = f"POST /graphql HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{{"
    connection = socket.create_connection((host, int(port)))
    connection.sendall(head.encode())
    return connection


def test_a_flood_of_one_does_not_shed_another(house: House, tmp_path: Path) -> None:
    """While one caller's requests take all that it can get, those of a client with a token are all answered, and the
    flood's own are refused with OVERLOADED."""
    with (
        gateway_beside(house, tmp_path, max_inflight=8, body_timeout=120.0) as gateway,
        contextlib.ExitStack() as flood,
    ):

        def shed(as_: str) -> bool:
            purpose = None if as_ == "public" else "gov.bidding"
            answer = gateway.ask(QUERY, "clean", as_=as_, purpose=purpose)
            return [error["extensions"]["code"] for error in answer.get("errors", ())] == ["OVERLOADED"]

        assert not shed("qingdao-trading-centre")  # from here on its token is known
        began = time.monotonic()
        while not shed("public"):
            assert time.monotonic() - began < 60
            flood.enter_context(hanging(gateway))
        assert not any(shed("qingdao-trading-centre") for _ in range(20))
        while not shed("public"):  # it may have more when the other has not asked for a second
            assert time.monotonic() - began < 60
            flood.enter_context(hanging(gateway))
            assert not shed("qingdao-trading-centre")
