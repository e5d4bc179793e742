"""What a declaration claims, its platform sees; what it does not claim, the gateway does: the same answer either way.

One set of 10,000 records lies behind every kind of source. Each random question is put to each of them, what the
platform saw of it is read on the platform's own side, and the answer is held against the records themselves. The table
in connectors/README.md says what came out.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.contract import Claim, Condition, Deadline, Fetch, SubjectKey
from deploy.demo.codes import uscc
from gateway.fetching.checking import recheck
from tests.promises import pushing
from tests.promises.pushing import COLUMN, MOST, PLACES, STATES, TRADES, Heard, Record, Stage, Staged, newest, records
from tests.promises.pushing_gateway import on_gateway, on_static

STAGES: dict[str, Stage] = {**pushing.STAGES, "`peer`": on_gateway, "`static`, 500 records": on_static}
FEW = {"`static`, 500 records": 500}  # a file that is read whole is for such lists
NOBODY = uscc("91", "370000", 99_999)
RECORDS, SUBJECTS, QUESTIONS = 10_000, 2_000, 500
OPERATORS = ("eq", "in", "range", "contains")
CLAIMS = ("projection", *OPERATORS, "order", "limit", "batch")
README = Path(__file__).parents[2] / "connectors" / "README.md"


@dataclass(frozen=True)
class Question:
    subjects: tuple[str, ...]
    fields: frozenset[str]
    where: tuple[Condition, ...]
    limit: int


@pytest.fixture(scope="module")
def stock() -> list[Record]:
    return records(RECORDS, SUBJECTS)


def questions(stock: Sequence[Record], number: int) -> Iterator[Question]:
    """Random ones, the same each time; some find nothing, some more than they may have."""
    drawn = random.Random(7)
    for each in range(number):
        subjects = {drawn.choice(stock).code for _ in range(drawn.randrange(1, 10))}
        if drawn.random() < 0.1:
            subjects.add(NOBODY)
        asked = frozenset(drawn.sample(sorted(COLUMN), drawn.randrange(1, len(COLUMN))))
        drawn_operators = drawn.sample(OPERATORS, drawn.choice((0, 1, 1, 2)))
        where = {each.field: each for each in (condition(drawn, name) for name in drawn_operators)}  # one for a field
        yield Question(tuple(sorted(subjects)), asked, tuple(where.values()), 5 if each % 7 == 0 else MOST)


def condition(drawn: random.Random, operator: str) -> Condition:
    states = sorted(set(STATES.values()))
    if operator == "eq":
        return Condition("state", "eq", (drawn.choice(states),))
    if operator == "in":
        return Condition("state", "in", tuple(drawn.sample(states, 2)))
    if operator == "contains":
        return Condition("holder", "contains", (drawn.choice(PLACES) + drawn.choice(TRADES)[: drawn.randrange(2)],))
    since = date(2015, 1, 1) + timedelta(days=drawn.randrange(4000))
    until = since + timedelta(days=drawn.randrange(-10, 2000))
    return Condition("decided", "range", drawn.choice(((since, until), (since, None), (None, until), (since, since))))


def local(stock: Mapping[str, Sequence[Record]], question: Question, key: str) -> dict[str, dict[str, Any]]:
    """What the records themselves answer; `stock` by subject. They are told apart by `key`, or else by their ids."""
    chosen = (record for code in question.subjects for record in stock.get(code, ()))
    kept = [record for record in chosen if all(meets(record.values, each) for each in question.where)]
    return {
        record.values[key] if key else record.id: {name: record.values[name] for name in question.fields}
        for record in kept
    }


def first(stock: Mapping[str, Sequence[Record]], expected: Mapping[str, Any], limit: int) -> set[str]:
    """Those of the expected rows that a limit leaves where they come in their order."""
    found = [each for records in stock.values() for each in records if each.id in expected]
    return {each.id for each in sorted(found, key=lambda each: newest(each.cells))[:limit]}


def meets(values: dict[str, Any], asked: Condition) -> bool:
    value = values[asked.field]
    if asked.op == "contains":
        return asked.values[0] in value
    if asked.op == "range":
        since, until = asked.values
        return value is not None and (since is None or value >= since) and (until is None or value <= until)
    return value in asked.values


async def put(staged: Staged, claim: Claim, question: Question) -> tuple[dict[str, dict[str, Any]], bool, Fetch]:
    """Asks as the gateway does: what is claimed goes along, the rest is done here. Rows, and whether any were cut."""
    pushed = tuple(each for each in question.where if each.op in claim.filters.get(each.field, ()))
    needed = question.fields | {each.field for each in question.where} | ({staged.key} if staged.key else set())
    limit = question.limit if pushed == question.where else MOST
    keys = tuple(SubjectKey("uscc", code) for code in question.subjects)
    sent = Fetch(
        "Permit", needed, keys, pushed, limit, Deadline.within(20), delegation=staged.behalf, ordered=bool(claim.order)
    )
    pages = [page async for page in staged.connector.fetch(sent)]
    assert not [reason for page in pages for reason in page.rejected]
    kept, _ = recheck(replace(sent, where=question.where), pages)
    rows = {
        row.values[staged.key] if staged.key else row.id: dict(row.values) for each in kept.values() for row in each
    }
    cut = any(page.truncated for page in pages)
    return {key: {name: row[name] for name in question.fields} for key, row in rows.items()}, cut, sent


def seen(
    sent: Fetch, question: Question, claim: Claim, heard: Sequence[Heard], cut: bool
) -> Iterator[tuple[str, bool]]:
    """For every claim that this question tries: whether the platform saw it, in each statement that there was."""
    if not heard:  # it was read before: what is claimed is done here
        yield from ((name, False) for name in ("projection", "order", "limit", "batch"))
        yield from ((each.op, False) for each in question.where)
        return
    needed = {"ID", "CODE", *(COLUMN[name] for name in sent.fields)}
    yield "projection", all(each.columns == needed for each in heard)
    pushed = {COLUMN[each.field] for each in sent.where}
    assert all(each.conditions == pushed for each in heard), "no condition but those that are claimed"
    for each in question.where:
        yield each.op, each in sent.where
    yield "order", all(each.ordered for each in heard)
    yield "limit", all(each.limited for each in heard)
    if len(sent.subjects) > 1:
        assert cut or sum(each.subjects for each in heard) == len(sent.subjects)
        yield "batch", all(1 < each.subjects <= claim.batch for each in heard[:-1]) and heard[0].subjects > 1


@pytest.mark.parametrize("kind", STAGES)
async def test_claims_are_seen_and_answers_are_the_same(
    kind: str, stock: list[Record], tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """What is claimed is seen at the platform, and the answer to each random question is that of the records."""
    told: defaultdict[str, Counter[bool]] = defaultdict(Counter)
    by_code: dict[str, list[Record]] = {}
    stock = stock[: FEW.get(kind)]
    for record in stock:
        by_code.setdefault(record.code, []).append(record)
    async with STAGES[kind](stock, tmp_path, request) as staged:
        claim = staged.connector.claims()["Permit"]
        assert claim.batch == 4
        for question in questions(stock, QUESTIONS):
            staged.take()
            rows, cut, sent = await put(staged, claim, question)
            expected = local(by_code, question, staged.key)
            if cut:
                assert len(rows) == sent.limit < len(expected)
                assert rows.items() <= expected.items()
                if claim.order and len(question.subjects) <= claim.batch:
                    assert rows.keys() == first(by_code, expected, sent.limit)
            else:
                assert rows == expected
            heard = staged.take()
            assert kind in FEW or len(heard) == -(-len(question.subjects) // claim.batch) or (cut and heard)
            for name, was in seen(sent, question, claim, heard, cut):
                told[name][was] += 1
    assert all(len(told[name]) == 1 for name in CLAIMS), told
    cells = " | ".join("seen" if told[name][True] else "compensated" for name in CLAIMS)
    line = f"| {kind} | {cells} |"
    assert line in README.read_text("utf-8").splitlines(), f"connectors/README.md should say\n{line}"


def test_the_table_is_whole() -> None:
    """The table in the operator's handbook has a line for every kind that is tried, and no other."""
    text = README.read_text("utf-8")
    _, _, table = text.partition(f"| kind | {' | '.join(CLAIMS)} |\n")
    lines = [line.split(" | ")[0].removeprefix("| ") for line in table.split("\n\n")[0].splitlines()[1:]]
    assert lines == list(STAGES)
