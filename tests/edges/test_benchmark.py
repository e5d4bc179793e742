"""The benchmark cannot rot: what it compares still answers alike. Nothing is timed; no nginx, wrk or npm is needed."""

from __future__ import annotations

import contextlib
import json

from graphql import build_schema, parse, validate

from tests.benchmarks import comparing, deciding, records
from tests.benchmarks.peers import federation
from tests.benchmarks.processes import free_port
from tests.benchmarks.records import Amount
from tests.benchmarks.running import prepared
from tests.benchmarks.scenarios import Scenario
from tests.benchmarks.stacks import OWN

SMALL = Scenario("small", "2 platforms that take two subjects at once", Amount(2, 3), batch=2)


def test_the_stacks_of_our_own_answer_alike() -> None:
    """The gateway and what is compared with it give every record that the platforms hold, masked in the same way."""
    subject = records.subjects(1)[0]
    with contextlib.ExitStack() as opened:
        stage = opened.enter_context(prepared(SMALL))
        shown = []
        for stack in OWN:
            port = free_port()
            child = stack.start(stage, port)
            opened.callback(child.stop)
            child.await_port(port)
            said = comparing.compare(stack, stage, json.loads(comparing.ask(stack, stage, port, subject)))
            shown += [said] if stack.secured else []
            assert comparing.calls_per_answer(stack, stage, port, records.subjects(2)) == SMALL.amount.platforms
    assert len(shown) == sum(stack.secured for stack in OWN)
    assert all(each == shown[0] for each in shown)
    assert len(shown[0]) == SMALL.amount.total


def test_the_federation_can_be_asked_the_same() -> None:
    """The question to the peers is valid for the supergraph that they are given."""
    urls = {region: f"http://127.0.0.1/graph/{region}" for region in SMALL.amount.regions}
    schema = build_schema(federation.supergraph(urls))
    assert validate(schema, parse(federation.question(urls, " ".join(records.COLUMNS)))) == []


def test_the_deciders_decide_alike() -> None:
    """The set that decisions are timed with has the size that is said; ours and Cedar's engine answer it alike, and a
    round gives a figure for each of them."""
    trial = deciding.scale(deciding.FEW)
    assert trial.size == {"rules": 50, "fields": 400, "clients": deciding.FEW, "purposes": 20}
    assert deciding.scale().size["clients"] == 40
    result = deciding.run(1, lambda _: None, deciding.FEW)
    assert all(result["summary"][name]["decision us"]["min"] > 0 for name in deciding.CONTESTANTS)
    assert len(deciding.lines(result)) == 1 + len(deciding.CONTESTANTS)
