"""Answers put together into tables and files: an invented answer of two chunks, and the files that it becomes.

The expected files stand in `batch_golden/`, written as a spreadsheet would get them.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from gateway.cli.batch.keeping import Kept, keep
from gateway.cli.batch.lists import Subject, Wrong
from gateway.cli.batch.question import Question, question_of
from gateway.cli.batch.tables import Tables, _lines
from gateway.cli.batch.whole import Whole, whole_of
from gateway.cli.batch.writing import MAX_TEXT, beside, write_json, write_tables

GOLDEN = Path(__file__).parent / "batch_golden"
QUERY = """query($ids: [SubjectKey!]!, $n: Int = 2) { subjects(ids: $ids) { id title: name
    permits(first: $n) { ...P complete }
    fines { edges { node { number amount } } pageInfo { hasNextPage } complete } } }
    fragment P on PermitConnection { nodes { number kinds place { city } provenance { platform region }
        changes { at items { what } } } }"""
SUBJECTS = (
    Subject(2, "uscc", "91370000INVENTED1A", None),
    Subject(4, "uscc", "370000000000000012", "=甲"),
    Subject(5, "citizenId", "370000199001010001", None),
)
WRONG = (Wrong(3, "holds no code"),)
SEAL = "sha256:ab"


def permit(number: str, *platforms: str) -> dict[str, Any]:
    return {
        "number": number,
        "kinds": ["A", "B"],
        "place": {"city": "@city"},
        "provenance": [{"platform": name, "region": "370200"} for name in platforms],
        "changes": [
            {"at": "2026-01-01", "items": [{"what": "+1"}, {"what": "name"}]},
            {"at": "2026-02-01", "items": []},
        ],
    }


def body(nodes: list[Any], status: str, policy: str = SEAL) -> dict[str, Any]:
    complete = status in ("ANSWERED", "NONE") and None not in nodes
    source = {"platform": "one", "region": "370200", "type": "Permit", "status": status, "records": 2, "asOf": None}
    withheld = {
        "coordinate": "Permit.number", "path": "subjects.*.permits.nodes.*.number", "effect": "MASK", "step": "tail4",
        "rule": "r/1", "reason": {"zh": "理由", "en": "reason"}, "subjects": [0],
    }  # fmt: skip
    error = {"message": "one timed out", "path": ["subjects", 0, "permits"], "extensions": {"code": "PLATFORM_TIMEOUT"}}
    extensions = {
        "complete": complete, "sources": [{**source, "absent": []}], "withheld": [withheld], "policy": policy,
        "obligations": ["no-onward-transfer"], "decision": f"d{len(nodes)}",
    }  # fmt: skip
    return {"data": {"subjects": nodes}, "extensions": extensions, "errors": [error] if status == "TIMEOUT" else []}


def node(name: str, permits: list[Any], fines: list[Any], complete: bool = True) -> dict[str, Any]:
    edges = [{"node": fine} for fine in fines]
    return {
        "id": name,
        "title": name,
        "permits": {"nodes": permits, "complete": complete},
        "fines": {"edges": edges, "pageInfo": {"hasNextPage": bool(fines)}, "complete": complete},
    }


FIRST = [
    node("甲", [permit("=1+1", "one", "two"), permit("00123456789012", "one")], []),
    node("乙", [], [{"number": "-1", "amount": 1.5}]),
]


@pytest.fixture
def kept(tmp_path: Path) -> Any:
    with keep(tmp_path / "result.csv", {"query": QUERY}) as found:
        found.save((0, 2), 200, body(FIRST, "ANSWERED"))
        found.save((2, 3), 200, body([None], "ANSWERED"))
        yield found


def question() -> Question:
    return question_of(QUERY, {})


def tables(kept: Kept) -> tuple[Whole, Tables]:
    whole = whole_of(question(), kept.chunks())
    return whole, Tables(question(), whole, SUBJECTS, WRONG, [["command", "credit-gateway query"]])


def test_the_files_are_those_that_are_kept_as_examples(kept: Kept, tmp_path: Path) -> None:
    """Two chunks become exactly the golden CSV files: columns by the query, lists in tables of their own."""
    out = tmp_path / "result.csv"
    write_tables(out, kept, tables(kept)[1])
    written = {path.name: path.read_bytes() for path in tmp_path.glob("*.csv")}
    assert written == {path.name: path.read_bytes() for path in GOLDEN.glob("*.csv")}


def test_a_workbook_holds_the_same_cells_as_the_files(kept: Kept, tmp_path: Path) -> None:
    """Every sheet read back holds what its CSV file holds, as text that is no formula; numbers stay numbers."""
    _, found = tables(kept)
    write_tables(tmp_path / "result.xlsx", kept, found)
    book = CalamineWorkbook.from_path(tmp_path / "result.xlsx")
    assert book.sheet_names == [table.name for table in found.tables]
    for name in book.sheet_names:
        with beside(GOLDEN / "result.csv", name).open(encoding="utf-8-sig", newline="") as file:
            golden = [[cell.removeprefix("'") for cell in row] for row in csv.reader(file)]
        cells = [[plain(cell) for cell in row] for row in book.get_sheet_by_name(name).to_python()]
        assert cells == golden[: len(cells)]
        assert not any(any(row) for row in golden[len(cells) :])
    assert book.get_sheet_by_name("records").to_python()[1][4] == "=1+1"


def plain(cell: Any) -> str:
    if isinstance(cell, bool):
        return str(cell).lower()
    return format(cell, "g") if isinstance(cell, float) else str(cell)


def test_json_holds_the_answers_as_they_came(kept: Kept, tmp_path: Path) -> None:
    """The JSON output has one entry a subject in the list's order, and positions of the whole list."""
    whole, _ = tables(kept)
    write_json(tmp_path / "result.json", kept, question(), whole, SUBJECTS, WRONG)
    answer = json.loads((tmp_path / "result.json").read_text("utf-8"))
    assert [entry["data"] for entry in answer["answers"]] == [*FIRST, None]
    assert [entry["state"] for entry in answer["answers"]] == ["complete", "complete", "refused"]
    assert answer["answers"][1]["subject"] == {"line": 4, "uscc": SUBJECTS[1].code, "name": "=甲"}
    assert answer["withheld"][0]["subjects"] == [0, 2]
    assert answer["sources"][0]["records"] == 4
    assert answer["decisions"] == ["d2", "d1"]
    assert (answer["complete"], answer["policy"]) == (False, SEAL)
    assert answer["wrong"] == [{"line": 3, "why": "holds no code"}]


def test_a_partial_chunk_vouches_only_for_what_says_so(tmp_path: Path) -> None:
    """In a partial chunk a subject counts as complete only when each thing asked of it says that it is complete."""
    query = "query($ids: [SubjectKey!]!) { subjects(ids: $ids) { id permits { nodes { number } complete } } }"
    nodes = [{"id": "1", "permits": {"nodes": [], "complete": value}} for value in (True, False)]
    with keep(tmp_path / "result.json", {}) as found:
        found.save((0, 2), 200, body(nodes, "TIMEOUT"))
        whole = whole_of(question_of(query, {}), found.chunks())
        assert whole.states == ["complete", "partial"]
        assert whole.mendable == [(0, 2)]
        silent = whole_of(question_of(query.replace("complete", ""), {}), found.chunks())
        assert silent.states == ["partial", "partial"]
        assert (silent.exit_code, silent.complete) == (3, False)


def test_positions_in_errors_are_those_of_the_list(tmp_path: Path) -> None:
    """An error of a later chunk points at its subject in the whole list."""
    with keep(tmp_path / "result.json", {}) as found:
        found.save((0, 2), 200, body(FIRST, "ANSWERED"))
        found.save((2, 3), 200, body(FIRST[:1], "TIMEOUT"))
        whole = whole_of(question(), found.chunks())
    assert [error["path"] for error in whole.errors] == [["subjects", 2, "permits"]]
    assert whole.sources[0]["status"] == "TIMEOUT"


def test_why_a_platform_did_not_answer_is_told_of_the_whole(tmp_path: Path) -> None:
    """The reason of the worst chunk is that of the whole, whichever chunk comes first."""
    closed, reason = body(FIRST[:1], "MAINTENANCE"), {"zh": "计划维护", "en": "planned maintenance"}
    closed["extensions"]["sources"][0]["reason"] = reason
    with keep(tmp_path / "result.json", {}) as found:
        found.save((0, 2), 200, body(FIRST, "ANSWERED"))
        found.save((2, 3), 200, closed)
        whole = whole_of(question(), found.chunks())
    assert [(line["status"], line["reason"]) for line in whole.sources] == [("MAINTENANCE", reason)]
    assert ["sources", "one", "MAINTENANCE", "计划维护", "planned maintenance"] in [
        [table, row[0], row[3], *row[-2:]] for table, row in Tables(question(), whole, SUBJECTS, (), []).rows(())
    ]


def test_what_each_gateway_withholds_is_told_apart(tmp_path: Path) -> None:
    """The same rule here and at another gateway, for other subjects: two entries, and who could open it is told."""
    answer = body(FIRST, "ANSWERED")
    [own] = answer["extensions"]["withheld"]
    answer["extensions"]["withheld"].append({**own, "platform": "peer", "remedy": "consent", "subjects": [1]})
    with keep(tmp_path / "result.json", {}) as found:
        found.save((0, 2), 200, answer)
        whole = whole_of(question(), found.chunks())
    assert [(each.get("platform"), each["subjects"]) for each in whole.withheld] == [(None, [0]), ("peer", [1])]
    rows = [row for table, row in Tables(question(), whole, SUBJECTS, (), []).rows(()) if table == "withheld"]
    assert [row[-3:] for row in rows] == [[None, None, "2"], ["consent", "peer", "4"]]


def test_a_subject_with_an_error_of_its_own_is_not_complete(tmp_path: Path) -> None:
    """Also where every platform answered, and where another subject is why the chunk is partial."""
    answer = body([*FIRST, None], "ANSWERED")
    error = {"message": "m", "path": ["subjects", 1, "fines", "edges", 0], "extensions": {"code": "INTERNAL"}}
    answer["errors"] = [error]
    with keep(tmp_path / "result.json", {}) as found:
        found.save((0, 3), 200, answer)
        whole = whole_of(question(), found.chunks())
    assert whole.states == ["complete", "partial", "refused"]


def test_two_policies_are_never_one_complete_answer(tmp_path: Path) -> None:
    """When the policy changed between two chunks, the older chunk is to be asked again and the whole is partial."""
    with keep(tmp_path / "result.json", {}) as found:
        found.save((0, 2), 200, body(FIRST, "ANSWERED", "sha256:old"))
        found.save((2, 3), 200, body(FIRST[:1], "ANSWERED"))
        whole = whole_of(question(), found.chunks())
    assert (whole.policy, whole.complete, whole.exit_code) == (SEAL, False, 3)
    assert whole.mendable == [(0, 2)]
    assert whole.states == ["partial", "partial", "complete"]


def test_a_text_that_is_longer_than_a_cell_says_that_it_is_cut(tmp_path: Path) -> None:
    """A text beyond what a cell takes is cut with words, never dropped."""
    long = "长" * (MAX_TEXT + 1)
    with keep(tmp_path / "result.xlsx", {}) as found:
        found.save((0, 2), 200, body([node(long, [], []), FIRST[1]], "ANSWERED"))
        found.save((2, 3), 200, body([None], "ANSWERED"))
        write_tables(tmp_path / "result.xlsx", found, tables(found)[1])
    rows = CalamineWorkbook.from_path(tmp_path / "result.xlsx").get_sheet_by_name("subjects").to_python()
    assert len(str(rows[1][7])) == MAX_TEXT
    assert str(rows[1][7]).endswith(".json and .csv hold all]")


def test_line_numbers_are_told_as_runs_that_fit_into_a_cell() -> None:
    """Runs of lines are written as one span; what does not fit into one cell goes on in the next row, whole."""
    assert list(_lines([5, 2, 3, 4, 9])) == ["2-5, 9"]
    texts = list(_lines(range(2, 40_000, 2)))
    assert len(texts) > 1
    assert [int(number) for text in texts for number in text.split(", ")] == list(range(2, 40_000, 2))
    assert all(len(text) <= MAX_TEXT for text in texts)
