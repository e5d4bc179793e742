"""Query bombs are refused before anything is made of them, with work that grows with their text and no further."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from gateway.checking import read_policies
from gateway.errors import GatewayError
from gateway.model import Request
from gateway.reading import Reader
from gateway.schema import Face
from tests.conftest import House
from tests.promises.bombs import BOMBS, Bomb
from tests.promises.test_denied_is_never_fetched import Recorder

A_CHARACTER, BESIDE = 15, 5_000  # function calls: for each character of what is sent, and beside
LONGEST = 6_000  # bytes of a refusal


@pytest.fixture(scope="module")
def face() -> Face:
    return Face(read_policies(Path(__file__).parents[2] / "policies").catalogue)


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused(house: House, name: str) -> None:
    """Whatever it would become, it is refused with the code of its kind and a short answer; nobody is asked."""
    bomb = BOMBS[name]
    with Recorder(house) as recorder:
        recorder.clear()
        answer = house.post({"query": bomb.query, "variables": bomb.variables})
        assert recorder.asked() == set()
    assert answer.status_code == 400
    assert {error["extensions"]["code"] for error in answer.json()["errors"]} == {bomb.code}
    assert len(answer.content) < LONGEST


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_costs_no_more_than_its_text(face: Face, name: str) -> None:
    """The work of reading it is in proportion to the bytes that were sent, and not to what they would become."""
    calls = work(Reader(face), BOMBS[name])
    sent = len(json.dumps(BOMBS[name]))
    assert calls <= A_CHARACTER * sent + BESIDE


def work(reader: Reader, bomb: Bomb) -> int:
    """Function calls until it was refused, or read."""
    calls = 0

    def heard(frame: FrameType, event: str, _: Any) -> None:
        nonlocal calls
        calls += event == "call"

    request = Request(bomb.query, bomb.variables, None, {}, False, "en")
    before = sys.getprofile()
    sys.setprofile(heard)
    try:
        reader.read(request)
    except GatewayError:
        pass
    finally:
        sys.setprofile(before)
    return calls
