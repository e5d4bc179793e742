"""Officers change what is in force on the command line, and a served gateway of two workers obeys."""

from __future__ import annotations

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import pytest
from click.testing import CliRunner

from gateway.cli import cli
from gateway.cli.told import is_mendable
from gateway.governing import seen
from tests.conftest import House
from tests.journeys.test_workers import children, home, lives, started, until
from tests.promises.small_sets import TWO_FIELDS, shipped_with

__all__ = ["home"]

ROLES = {"li": "policy.author, policy.approver", "wang": "policy.approver, operator", "zhao": "law.officer"}
FIELDS = "documentNo caseName decisionDate procedure"
QUERY = f"query($id: SubjectKey!) {{ subject(id: $id) {{ administrativePenalties {{ nodes {{ {FIELDS} }} }} }} }}"
NOTE = ("--note", "两项一并关闭", "Two fields are closed together")


class Officers:
    """A home, the keys of its officers, and what the command line says to each."""

    def __init__(self, home: Path, keys: Path) -> None:
        self.home, self.keys = home, keys
        keys.mkdir()
        lines = ["officers:"]
        for name, roles in ROLES.items():
            public = CliRunner().invoke(cli, ["policy", "officer-key", str(keys / name)]).output.strip()
            lines.append(f'  {name}: {{name: {name.title()}, key: "{public}", roles: [{roles}], region: "37"}}')
        (home / "officers.yaml").write_text("\n".join(lines) + "\n", "utf-8")

    def say(self, verb: str, *words: str | Path, by: str | None = None, code: int = 0) -> str:
        """What the command line answers; a refusal is its one line."""
        key = ["--key", str(self.keys / by)] if by else []
        result = CliRunner().invoke(cli, ["policy", verb, *map(str, words), "--home", str(self.home), *key])
        refused = is_mendable(result.exception)
        assert refused or result.exception is None or isinstance(result.exception, SystemExit), result.exception
        assert (1 if refused else result.exit_code) == code, result.output + str(result.exception)
        return result.output + (str(result.exception) if refused else "")


@pytest.fixture
def officers(home: Path, tmp_path: Path) -> Officers:
    return Officers(home, tmp_path / "keys")


def told(house: House, url: str, count: int = 16) -> set[tuple[Any, ...]]:
    """What answers to the public say, each over a connection of its own, so that every worker is asked: which of the
    fields are there, the rules that withheld the others, the policies."""

    def one(_: int) -> tuple[Any, ...]:
        body = {"query": QUERY, "variables": {"id": house.key("penalised")}}
        answer = httpx2.post(f"{url}/graphql", json=body, trust_env=False, timeout=30)
        data = answer.json()
        nodes = data["data"]["subject"]["administrativePenalties"]["nodes"]
        there = {name for node in nodes for name in FIELDS.split() if node[name] is not None}
        rules = {entry["rule"] for entry in data["extensions"]["withheld"]}
        return (frozenset(there), frozenset(rules), data["extensions"]["policy"][7:19])

    with ThreadPoolExecutor(8) as threads:
        return set(threads.map(one, range(count)))


def test_a_change_from_draft_to_export(house: House, officers: Officers, home: Path, tmp_path: Path) -> None:
    """Two officers bring a change into force on both workers; a worker that dies comes back with it; what opens again
    needs three; history and export tell what was done, byte for byte."""
    say = officers.say
    draft = shipped_with(tmp_path / "draft", TWO_FIELDS)
    with started(home, 2) as (process, url):
        [(fields, _, first)] = told(house, url)
        assert {"documentNo", "caseName"} <= fields
        say("submit", home / "policies", *NOTE, by="li")
        say("approve", first, by="wang")
        said = say("activate", first, by="wang")
        assert "gateway 0 obeys pointer 1" in said
        assert "gateway 1 obeys pointer 1" in said

        said = say("submit", draft, *NOTE, by="li")
        assert "opens: nothing" in said
        second = said.partition("policy set ")[2][:12]
        assert "`li` wrote this change; another person approves it" in say("approve", second, by="li", code=1)
        say("activate", second, by="wang", code=1)
        assert "it may be activated" in say("approve", second, by="wang")
        assert "gateway 1 obeys pointer 2" in say("activate", second, by="wang")
        [(fields, rules, policy)] = told(house, url)
        assert (fields & {"documentNo", "caseName"}, policy) == (set(), second)
        assert "two-fields/closed" in rules

        killed = children(process)[1]
        os.kill(killed, signal.SIGKILL)
        until(lambda: not lives(killed))
        until(lambda: len(children(process)) == 2 and killed not in children(process))
        until(lambda: [seen.obeys(each, 2) for each in seen.running(home)] == [True, True])
        assert {policy for _, _, policy in told(house, url)} == {second}

        said = say("rollback", first, *NOTE, by="wang", code=1)
        assert "AdministrativePenalty.documentNo, AdministrativePenalty.caseName: deny -> allow" in said
        assert "`policy submit" in said
        say("submit", first, *NOTE, "--widens", by="li")
        assert "law.officer" in say("approve", first, by="wang")
        say("approve", first, by="zhao")
        say("rollback", first, *NOTE, by="wang")
        assert {policy for _, _, policy in told(house, url)} == {first}
        assert "rolled back: pointer 4" in say("rollback", second, *NOTE, by="wang")
        assert {policy for _, _, policy in told(house, url)} == {second}

    history = say("history")
    assert history.count("两项一并关闭 / Two fields are closed together") == 4
    assert "AdministrativePenalty.documentNo, AdministrativePenalty.caseName: deny -> allow" in history
    say("export", second, tmp_path / "out")
    paths = sorted(path.relative_to(draft) for path in draft.rglob("*.yaml"))
    assert [(tmp_path / "out" / path).read_bytes() for path in paths] == [(draft / path).read_bytes() for path in paths]
