"""Kinds `static` and `chaos`: rows of a file, and a source that fails on purpose, in a sandbox and nowhere else."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from textwrap import indent
from typing import Any

import pytest

import connectors.contract as contract
from connectors.contract import BadRequest, Condition, Connector, ConnectorError
from connectors.registry import Registry, load
from connectors.spelling import DeclarationError
from gateway.documents import Document
from gateway.fetching.checking import recheck
from tests.edges.invented import FIRM, HEAD, OTHER, PERSON, TERMS, THIRD, Surroundings, ask, pages, rows

ROWS = {
    "permits": [
        {"id": 7, "code": FIRM, "state": "1", "holder": "甲（青岛）公司", "day": "2026-01-02", "kinds": ["1"]},
        {"id": 8, "code": FIRM.lower(), "state": "2", "holder": "甲公司", "day": "2026-03-04", "kinds": []},
        {"id": 0x10, "code": OTHER, "state": "1", "holder": "乙公司", "day": "2026-01-05"},
        {"id": "c", "code": PERSON, "state": "2", "holder": "张三", "day": "2026-01-06"},
        {"id": "d", "code": THIRD, "state": "9", "holder": "丙公司", "day": "2026-01-07"},
    ]
}
SOURCES = "sources:\n  rows: {kind: static, file: rows.json, limits: {maxRows: 100}}\n"
STORM = "  storm: {kind: chaos, of: rows, %s}\n"
PERMIT = """\
source: rows
rows: permits
key: [id]
subject: {uscc: {path: code}}
fields:
  state: {path: state, vocabulary: {"1": ACTIVE, "2": REVOKED}}
  holder: {path: holder}
  decided: {path: day, date: "%Y-%m-%d"}
  kinds: {path: kinds, vocabulary: {"1": FINE}}
filters: {state: [eq, in], decided: [eq, range], holder: [contains]}
"""
SANDBOX = HEAD + "mode: sandbox\n"


def registered(
    folder: Path, sources: str = SOURCES, permit: str = PERMIT, held: str | None = None, head: str = SANDBOX
) -> Registry:
    (folder / "rows.json").write_text(json.dumps(ROWS, ensure_ascii=False) if held is None else held, "utf-8")
    text = f"{head}{sources}types:\n  Permit:\n{indent(permit, '    ')}"
    return load([Document("370100-invented.yaml", text.encode(), folder)], TERMS)


def answering(registry: Registry) -> Connector:
    return registry.platforms["370100-invented"].source("Permit").connector


async def test_rows_of_a_file_are_answered_as_texts(tmp_path: Path) -> None:
    """Codes stay texts, subjects are found in either letter case, and only asked fields come."""
    made = answering(registered(tmp_path))
    (page,) = await pages(made, ask("state", "kinds", subjects=(FIRM, OTHER)))
    assert [(row.id, row.subject.value) for row in page.rows] == [("7", FIRM), ("8", FIRM), ("16", OTHER)]
    assert page.rows[0].values == {"state": "ACTIVE", "kinds": ("FINE",)}
    (cut,) = await pages(made, ask(subjects=(FIRM,), limit=1))
    assert (len(cut.rows), cut.truncated) == (1, True)
    (odd,) = await pages(made, ask(subjects=(THIRD,)))
    assert (list(odd.rows), list(odd.rejected)) == (
        [], ["Permit.state has a code that the vocabulary does not know"]
    )  # fmt: skip


@pytest.mark.parametrize(
    "where",
    [
        (Condition("state", "in", ("ACTIVE",)),),
        (Condition("decided", "range", (date(2026, 1, 3), None)), Condition("state", "eq", ("REVOKED",))),
        (Condition("decided", "eq", (date(2026, 1, 2),)),),
        (Condition("holder", "contains", ("公司",)),),
    ],
)
async def test_conditions_are_applied_here(tmp_path: Path, where: tuple[Condition, ...]) -> None:
    """A condition gives what the gateway would keep of everything, also on a field that is not asked."""
    made = answering(registered(tmp_path))
    question = ask("state", "decided", "holder", subjects=(FIRM, OTHER), where=where)
    every = await pages(made, ask("state", "decided", "holder", subjects=(FIRM, OTHER)))
    assert recheck(question, await pages(made, question)) == (recheck(question, every)[0], 0)
    (narrow,) = await pages(made, ask("kinds", subjects=(FIRM, OTHER), where=where))
    assert len(narrow.rows) == sum(map(len, recheck(question, every)[0].values()))
    with pytest.raises(BadRequest):
        await rows(made, ask(where=(Condition("holder", "eq", ("甲公司",)),)))


WRONG = [
    ("no file", {"sources": SOURCES.replace("rows.json", "other.json")}, "9: `other.json` cannot be read"),
    ("a path", {"sources": SOURCES.replace("rows.json", "../x.json")}, "is not the name of a file beside this one"),
    ("no YAML", {"held": "{"}, "9: `rows.json`: neither YAML nor JSON"),
    ("aliases", {"held": "permits: [&a {x: 1}, *a]"}, "9: `rows.json`: aliases are refused"),
    ("another list", {"held": '{"permitts": []}'},
     "13: `rows.json` holds no list of rows under `permits`, did you mean `permitts`?"),
    ("rows that are texts", {"held": '{"permits": ["a"]}'}, "13: `rows.json` holds no list of rows"),
    ("a parameter", {"permit": PERMIT.replace("state: [eq, in]", "state: {ops: [eq], params: [zt]}")},
     "write the operators alone"),
    ("faults in a live platform", {"sources": SOURCES + STORM % "seed: 1", "head": HEAD},
     "9: faults on purpose are for `mode: sandbox` alone"),
    ("faults around nothing", {"sources": SOURCES + STORM.replace("of: rows", "of: row") % "seed: 1"},
     "10: `row` is no source that this could be around, did you mean `rows`?"),
    ("faults around faults", {"sources": SOURCES + STORM.replace("of: rows", "of: storm") % "seed: 1"},
     "10: `storm` is no source that this could be around"),
    ("a fault without a choice", {"sources": SOURCES + STORM % "faults: [{error: TimedOut}]"},
     "exactly one of `share`, `every`, `questions`"),
    ("a fault that is none", {"sources": SOURCES + STORM % "faults: [{error: Broken, every: 2}]"}, "unknown word"),
    ("words of another kind",
     {"sources": SOURCES + STORM % "seed: 1", "permit": PERMIT.replace("rows", "storm", 1) + "table: permits\n"},
     "`table` is a word of kind sql, this source is static"),
]  # fmt: skip


@pytest.mark.parametrize(("changed", "finding"), [case[1:] for case in WRONG], ids=[case[0] for case in WRONG])
def test_each_mistake_is_told_with_its_line(tmp_path: Path, changed: Mapping[str, Any], finding: str) -> None:
    """The finding says where and what; a platform in live use can never be given faults."""
    with pytest.raises(DeclarationError) as caught:
        registered(tmp_path, **changed)
    assert [line for line in caught.value.findings if finding in line], caught.value.findings


async def outcomes(made: Connector, count: int) -> list[str]:
    """What became of so many questions, one after the other."""
    found = []
    for _ in range(count):
        try:
            found.append(str(len(await rows(made, ask(subjects=(FIRM,))))))
        except ConnectorError as error:
            found.append(type(error).__name__)
    return found


async def test_faults_come_as_declared_and_the_same_each_time(tmp_path: Path) -> None:
    """By schedule, by number and by share; the same seed gives the same, from each opening on; another seed another."""
    faults = (
        "faults: [{error: RateLimited, every: 5}, {error: Denied, questions: [2, 3]}, {error: TimedOut, share: 30%}]"
    )
    permit = PERMIT.replace("source: rows", "source: storm")

    async def told(seed: int) -> list[str]:
        made = answering(registered(tmp_path, SOURCES + STORM % f"seed: {seed}, {faults}", permit))
        first = []
        for _ in range(2):
            await made.open(Surroundings({}))
            first.append(await outcomes(made, 200))
            await made.close()
        assert first[0] == first[1]
        return first[0]

    found, other = await told(1), await told(2)
    assert {found[at] for at in range(4, 200, 5)} == {"RateLimited"}
    assert (found[1], found[2]) == ("Denied", "Denied")
    counts = Counter(found)
    assert counts["2"] + counts["RateLimited"] + counts["Denied"] + counts["TimedOut"] == 200
    assert 20 < counts["TimedOut"] < 80
    assert found != other


async def test_no_answer_comes_after_the_deadline(tmp_path: Path) -> None:
    """Rows that lie in memory are late too where the time is over: the exam asks it of every kind."""
    for sources, permit in (
        (SOURCES, PERMIT),
        (SOURCES + STORM % "seed: 1", PERMIT.replace("source: rows", "source: storm")),
    ):
        made = answering(registered(tmp_path, sources, permit))
        with pytest.raises(contract.TimedOut):
            await rows(made, ask(seconds=0.0))


async def test_a_source_around_another_answers_as_that_one_but_late(tmp_path: Path) -> None:
    """Its claims are the other's, its bounds its own, and every error of the contract may be declared."""
    permit = PERMIT.replace("source: rows", "source: storm")
    made = registered(tmp_path, SOURCES + STORM % "latency: {least: 30ms, most: 40ms}, limits: {maxRows: 1}", permit)
    platform = made.platforms["370100-invented"]
    assert platform.claim("Permit") == answering(registered(tmp_path)).claims()["Permit"]
    assert (platform.source("Permit").kind, platform.sandbox) == ("chaos", True)
    begun = asyncio.get_running_loop().time()
    assert len(await rows(platform.source("Permit").connector, ask(subjects=(FIRM,)))) == 1
    assert asyncio.get_running_loop().time() - begun >= 0.03
    for name in (
        "Unavailable",
        "TimedOut",
        "AuthFailed",
        "SubjectUnknown",
        "BadRequest",
        "ContractBroken",
        "Maintenance",
    ):
        storm = STORM % f"faults: [{{error: {name}, every: 1}}]"
        with pytest.raises(getattr(contract, name)):
            await rows(answering(registered(tmp_path, SOURCES + storm, permit)), ask())
