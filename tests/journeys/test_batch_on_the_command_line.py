"""A desk officer with a list in a spreadsheet: asked in chunks, interrupted, resumed, and read back as tables.

Real runs of the command against a running house. How often the gateway was asked is counted in its audit log.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
import pty
import re
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from python_calamine import CalamineWorkbook

from deploy.demo import codes
from gateway.cli.batch.guard import unguarded
from gateway.cli.batch.lists import read_list
from tests.conftest import House, gateway_beside
from tests.journeys.holding import door_before

QUERY = """query($ids: [SubjectKey!]!) { subjects(ids: $ids) { id name
    administrativePenalties { nodes { documentNo decisionDate provenance { platform region asOf } } complete }
    registrations { nodes { regState } complete } } }"""
AS = ("--as", "shanghai-market-bureau", "--purpose", "gov.licensing")
YANTAI = "370600-yantai-credit"


def command(home: Path, folder: Path, *words: str, query: str = QUERY, who: Sequence[str] = AS) -> list[str]:
    file = folder / "question.graphql"
    file.write_text(query, "utf-8")
    return [sys.executable, "-m", "gateway", "query", str(file), *who, "--home", str(home), *words]


def run(
    house: House, folder: Path, listed: Path, out: Path, *words: str, query: str = QUERY, who: Sequence[str] = AS
) -> subprocess.CompletedProcess[str]:
    asked = command(house.home, folder, "--subjects", str(listed), "--out", str(out), *words, query=query, who=who)
    return subprocess.run(asked, capture_output=True, text=True, timeout=120, check=False)


def listing(path: Path, keys: Sequence[Mapping[str, str]], encoding: str = "utf-8") -> Path:
    """A list as an office keeps it: Chinese column names, a number before, a remark behind."""
    lines = ["序号,统一社会信用代码,身份证号,名称,备注"]
    for number, key in enumerate(keys, 1):
        lines.append(f"{number},{key.get('uscc', '')},{key.get('citizenId', '')},{key.get('name', '')},投标人")
    path.write_bytes("\r\n".join([*lines, ""]).encode(encoding))
    return path


def bidders(house: House, count: int) -> list[dict[str, str]]:
    """The demo's example organisations, then codes that are valid and nobody's."""
    known = [{"uscc": str(known["uscc"])} for known in house.subjects.values() if "uscc" in known]
    return [*known, *({"uscc": codes.uscc("91", "370203", 70_000 + n)} for n in range(count))][:count]


def marked(name: str) -> str:
    """The query under a remark of its own, by which the audit log tells one test's questions from another's."""
    return f"# {name}\n{QUERY}"


def asked(house: House, query: str) -> int:
    """How many requests with this query the gateway recorded."""
    digest = hashlib.sha256(query.encode()).hexdigest()
    records = [
        json.loads(line)["record"]
        for path in sorted((house.home / "audit").glob("records-*.jsonl"))
        for line in path.read_text("utf-8").splitlines()
    ]
    return sum(record.get("document") == digest for record in records)


def codes_of(answer: Mapping[str, Any]) -> list[str]:
    return [entry["subject"].get("uscc") or entry["subject"]["citizenId"] for entry in answer["answers"]]


def sheet(path: Path, name: str) -> list[dict[str, Any]]:
    head, *rows = CalamineWorkbook.from_path(path).get_sheet_by_name(name).to_python()
    return [dict(zip([str(word) for word in head], row, strict=True)) for row in rows]


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [{name: unguarded(value) for name, value in row.items()} for row in csv.DictReader(file)]


def test_a_long_list_is_asked_in_chunks_and_keeps_its_order(house: House, tmp_path: Path) -> None:
    """450 subjects cost three questions; each stands in the output where it stood in the list, with its own answer."""
    query, keys = marked("order").replace("asOf", ""), bidders(house, 450)  # an API's is the moment of asking
    out = tmp_path / "result.json"
    done = run(house, tmp_path, listing(tmp_path / "list.csv", keys), out, "--jobs", "3", query=query)
    assert done.returncode == 0, done.stderr
    assert "450 complete, 0 partial, 0 refused" in done.stdout
    assert asked(house, query) == 3
    answer = json.loads(out.read_text("utf-8"))
    assert codes_of(answer) == [key["uscc"] for key in keys]
    assert [entry["subject"]["line"] for entry in answer["answers"]] == list(range(2, 452))
    assert all(entry["data"]["id"] == entry["subject"]["uscc"] for entry in answer["answers"])
    assert answer["complete"] is True
    assert len(answer["decisions"]) == 3
    assert list(answer) == [
        "policy", "decisions", "complete", "answers", "sources", "withheld", "obligations", "errors", "wrong"
    ]  # fmt: skip
    alone = house.ask(query, ids=keys[:5], as_=AS[1], purpose=AS[3])
    assert [entry["data"] for entry in answer["answers"][:5]] == alone["data"]["subjects"]
    assert answer["policy"] == alone["extensions"]["policy"]
    hidden = next(entry for entry in answer["withheld"] if entry["effect"] == "HIDE")
    assert max(hidden["subjects"]) > 200  # positions are those of the whole list
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert not (tmp_path / "result.json.partial").exists()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_what_was_answered_is_not_asked_again(house: House, tmp_path: Path, how: signal.Signals) -> None:
    """Stopped while its second question of three is on its way, the same command later asks only what is missing, and
    the output is the same."""
    query, keys = marked(how.name), bidders(house, 450)
    listed, out = listing(tmp_path / "list.csv", keys), tmp_path / "result.json"
    folder = tmp_path / "result.json.partial"
    with door_before(house, tmp_path) as door:
        asking = command(door.home, tmp_path, "--subjects", str(listed), "--out", str(out), "--jobs", "1", query=query)
        process = subprocess.Popen(asking, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        held = door.held.wait(60)
        process.send_signal(how)
        door.shut = how is signal.SIGKILL
        door.opened.set()
        _, said = process.communicate(timeout=60)
    assert held, said
    kept = len(list(folder.glob("answer-*.json")))
    assert kept == (1 if how is signal.SIGKILL else 2), said
    assert not out.exists()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    before = asked(house, query)
    if how is not signal.SIGKILL:
        assert process.returncode == 128 + how
        assert "run the same command again" in said
        assert before == kept  # the question under way came to its end and was kept
    done = run(house, tmp_path, listed, out, "--jobs", "1", query=query)
    assert done.returncode == 0, done.stderr
    assert asked(house, query) == before + 3 - kept
    assert codes_of(json.loads(out.read_text("utf-8"))) == [key["uscc"] for key in keys]
    assert not folder.exists()


def test_another_question_does_not_take_up_the_answers(house: House, tmp_path: Path) -> None:
    """A folder of answers belongs to its query, list, caller and purpose; anything else is refused and asks nothing."""
    listed, out = listing(tmp_path / "list.csv", bidders(house, 3)), tmp_path / "result.csv"
    with gateway_beside(house, tmp_path, max_inflight=0) as busy:
        readdress(busy)
        assert run(busy, tmp_path, listed, out, "--patience", "0").returncode == 3
    folder = tmp_path / "result.csv.partial"
    assert not folder.exists()  # nothing was answered, nothing is kept
    folder.mkdir(mode=0o700)
    (folder / "question.json").write_text('{"begun": "2026-11-24T00:00:00+00:00", "digests": {"query": "x"}}')
    (folder / "answer-000000-000003.json").write_text("{}")
    refused = run(house, tmp_path, listed, out)
    assert refused.returncode == 1
    assert "another question (differs: query, list, caller, purpose, options)" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert not out.exists()


def readdress(beside: House) -> None:
    """Let the command line, which reads demo.json, find the gateway beside the house."""
    path = beside.home / "demo.json"
    path.write_text(json.dumps({**json.loads(path.read_text("utf-8")), "graphql": f"{beside.url}/graphql"}), "utf-8")


def test_the_bound_is_learnt_from_the_gateway(house: House, tmp_path: Path) -> None:
    """A gateway that takes fewer subjects at once is asked in halves until it answers; a query too large is refused."""
    listed, out = listing(tmp_path / "list.csv", bidders(house, 150)), tmp_path / "result.json"
    with gateway_beside(house, tmp_path, max_subjects=60) as small:
        readdress(small)
        done = run(small, tmp_path, listed, out)
        assert done.returncode == 0, done.stderr
        assert "asking 38 subjects at a time" in done.stderr
        answer = json.loads(out.read_text("utf-8"))
        assert codes_of(answer) == [key["uscc"] for key in bidders(house, 150)]
        assert len(answer["decisions"]) == 4
        aliases = " ".join(f"a{n}: registrations {{ complete }}" for n in range(61))
        deep = QUERY.replace("id name", aliases)
        refused = run(small, tmp_path, listed, tmp_path / "deep.json", query=deep)
        assert refused.returncode == 1
        assert refused.stderr.count("LIMIT_EXCEEDED") <= 2  # no smaller chunk was tried
        assert not (tmp_path / "deep.json.partial").exists()


def test_a_busy_gateway_is_waited_for_within_bounds(house: House, tmp_path: Path) -> None:
    """503 with Retry-After is asked again until patience ends; then the chunk is left for the next run."""
    listed, out = listing(tmp_path / "list.csv", bidders(house, 3)), tmp_path / "result.json"
    with gateway_beside(house, tmp_path, max_inflight=0) as busy:
        readdress(busy)
        began = time.monotonic()
        left = run(busy, tmp_path, listed, out, "--patience", "2")
        assert left.returncode == 3
        assert time.monotonic() - began >= 2
        assert left.stderr.count("busy; asking again in 1 s") == 2
        assert "OVERLOADED" in left.stderr
        assert not out.exists()
    assert run(house, tmp_path, listed, out).returncode == 0


def test_a_dead_platform_is_said_and_can_be_asked_again(new_house: Callable[[], House], tmp_path: Path) -> None:
    """With a platform gone the output is partial and names it; `--retry-partial` asks again and makes it whole."""
    house = new_house()
    house.running.province.kill(YANTAI)
    query = marked("dead")
    listed, out = listing(tmp_path / "list.csv", bidders(house, 30)), tmp_path / "result.xlsx"
    partial = run(house, tmp_path, listed, out, query=query)
    assert partial.returncode == 3, partial.stderr
    assert "0 complete, 30 partial, 0 refused" in partial.stdout
    assert f"partial; {YANTAI} UNAVAILABLE" in partial.stderr
    assert "--retry-partial" in partial.stderr
    lines = {(row["platform"], row["type"]): row["status"] for row in sheet(out, "sources")}
    assert lines[YANTAI, "AdministrativePenalty"] == "UNAVAILABLE"
    assert {row["state"] for row in sheet(out, "subjects")} == {"partial"}
    assert any("PLATFORM_UNAVAILABLE" in str(row["value"]) for row in sheet(out, "about"))
    before = asked(house, query)
    assert run(house, tmp_path, listed, out, query=query).returncode == 3
    assert asked(house, query) == before  # nothing is missing, and nobody wanted to ask again
    house.running.province.restart(YANTAI)
    deadline = time.monotonic() + 60
    while not house.ask(QUERY, ids=[house.key("clean")], as_=AS[1], purpose=AS[3])["extensions"]["complete"]:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    whole = run(house, tmp_path, listed, out, "--retry-partial", query=query)
    assert whole.returncode == 0, whole.stderr
    assert asked(house, query) == before + 1
    assert {row["state"] for row in sheet(out, "subjects")} == {"complete"}
    assert not (tmp_path / "result.xlsx.partial").exists()


def test_persons_who_may_not_be_known_are_refused(house: House, tmp_path: Path) -> None:
    """The public gets no person's record: they are counted as refused; the organisations beside them are whole."""
    keys = [house.key("penalised"), house.key("debtor_person"), house.key("clean")]
    out = tmp_path / "mixed.json"
    mixed = run(house, tmp_path, listing(tmp_path / "mixed.csv", keys), out, who=("--as", "public"))
    assert mixed.returncode == 3, mixed.stderr
    assert "2 complete, 0 partial, 1 refused" in mixed.stdout
    assert [entry["data"] is None for entry in json.loads(out.read_text("utf-8"))["answers"]] == [False, True, False]
    listed = listing(tmp_path / "persons.csv", [house.key("debtor_person")])
    assert run(house, tmp_path, listed, tmp_path / "persons.json", who=("--as", "public")).returncode == 4


def test_lists_in_every_form_give_the_same_answer(house: House, tmp_path: Path) -> None:
    """A list in UTF-8, with a mark, in GB18030 and as a workbook is read as what it is, which is said."""
    keys = [house.key(name, name=True) for name in ("penalised", "many_platforms", "clean")]
    forms = {encoding: listing(tmp_path / f"{encoding}.csv", keys, encoding) for encoding in ("utf-8", "utf-8-sig")}
    forms["GB18030"] = listing(tmp_path / "gb.csv", keys, "gb18030")
    query = QUERY.replace("asOf", "")  # an API says when it read its data, which is now
    forms["first sheet"] = tmp_path / "list.xlsx"
    with xlsxwriter.Workbook(str(forms["first sheet"])) as book:
        page = book.add_worksheet()
        page.write_row(0, 0, ["名称", "统一社会信用代码"])
        for row, key in enumerate(keys, 1):
            page.write_row(row, 0, [key["name"], key["uscc"]])
    answers = []
    for form, path in forms.items():
        out = tmp_path / f"{path.stem}.json"
        done = run(house, tmp_path, path, out, query=query)
        assert done.returncode == 0, done.stderr
        assert form.removesuffix("-sig").lower() in done.stderr.lower()
        assert "records under another name" in done.stderr  # else a firm by its former name would look clean
        answers.append(json.loads(out.read_text("utf-8"))["answers"])
    assert answers[1:] == answers[:1] * 3
    assert [len(entry["data"]["administrativePenalties"]["nodes"]) > 0 for entry in answers[0]] == [True, True, False]


def test_a_name_that_a_spreadsheet_made_a_number_is_a_wrong_line(tmp_path: Path) -> None:
    """It would be another name, under which a subject has no records: a clean answer about nobody."""
    with xlsxwriter.Workbook(str(tmp_path / "list.xlsx")) as book:
        page = book.add_worksheet()
        for row, cells in enumerate([["uscc", "name"], ["91370100MA3DEM0018", 12345678], ["91370100MA3DEM0018", True]]):
            page.write_row(row, 0, cells)
    found = read_list(tmp_path / "list.xlsx")
    assert [(wrong.line, "the name is a number" in wrong.why) for wrong in found.wrong] == [(2, True), (3, True)]


def test_wrong_lines_are_told_and_nothing_is_asked(house: House, tmp_path: Path) -> None:
    """Each wrong line is told by its number and its fault, never by its value; `--skip-wrong` sets them apart."""
    query, firm, person = marked("wrong"), house.key("clean")["uscc"], house.key("debtor_person")["citizenId"]
    bad = firm[:-1] + ("0" if firm[-1] != "0" else "1")
    lines = ["uscc,citizenId,name", f"{firm},,", f"{bad},,某某", f"{firm},{person},", ",,无码", f"{firm.lower()},,"]
    lines += ["9.13702E+17,,", f"{person},,", f"{house.key('penalised')['uscc']},,", ",,"]
    listed, out = tmp_path / "list.csv", tmp_path / "result.xlsx"
    listed.write_text("\n".join(lines), "utf-8")
    refused = run(house, tmp_path, listed, out, query=query)
    assert refused.returncode == 1
    assert asked(house, query) == 0
    told = {int(number): why for number, why in re.findall(r"list\.csv:(\d+): (.*)", refused.stderr)}
    assert sorted(told) == [3, 4, 5, 6, 7, 8]
    assert "check character" in told[3]
    assert "exactly one" in told[4]
    assert "no code" in told[5]
    assert "repeats line 2" in told[6]
    assert "spreadsheet turned the code into a number" in told[7]
    assert "citizen ID; write it under `citizenId`" in told[8]
    assert "--skip-wrong" in refused.stderr
    for value in (firm, bad, person, "某某", "无码", "9.13702E+17"):
        assert value not in refused.stdout + refused.stderr
    skipped = run(house, tmp_path, listed, out, "--skip-wrong", query=query)
    assert skipped.returncode == 0, skipped.stderr
    assert [row["line"] for row in sheet(out, "subjects")] == [2, 9]
    assert [row["line"] for row in sheet(out, "wrong")] == [3, 4, 5, 6, 7, 8]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("91370202DEM8003960\n", "never guessed"),
        ("名称,地址\n某某,某地\n", "no column is called `uscc`"),
        ("uscc,统一社会信用代码\n,\n", "two columns are called `uscc`"),
        ("uscc\n\n", "holds no subject"),
        ("", "is empty"),
        ('uscc,name\n"91370202DEM8003960,x\n', "quotation mark"),
    ],
)
def test_a_file_that_is_no_list_is_refused(house: House, tmp_path: Path, text: str, words: str) -> None:
    """What cannot be read as a list is refused in words that say what to do, without repeating what stands in it."""
    listed = tmp_path / "list.csv"
    listed.write_text(text, "utf-8")
    refused = run(house, tmp_path, listed, tmp_path / "result.json")
    assert refused.returncode == 1
    assert words in refused.stderr
    assert "91370202DEM8003960" not in refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("query($id: SubjectKey!) { subject(id: $id) { id } }", "asks `subjects` and nothing beside it"),
        ("query($ids: [SubjectKey!]!) { subjects(ids: $ids) { id } platforms { id } }", "nothing beside it"),
        ('{ subjects(ids: [{uscc: "x"}]) { id } }', "variable of type [SubjectKey!]!"),
        ("query { subjects(ids: ", "the query: Syntax Error"),
        (QUERY.replace("name", "nam"), "GRAPHQL_VALIDATION_FAILED"),
    ],
)
def test_a_query_that_is_no_batch_is_refused(house: House, tmp_path: Path, query: str, words: str) -> None:
    """A query that cannot take a list is refused before or by the gateway; no folder and no output is left."""
    listed = listing(tmp_path / "list.csv", bidders(house, 2))
    refused = run(house, tmp_path, listed, tmp_path / "result.json", query=query)
    assert refused.returncode == 1
    assert words in refused.stderr
    assert not list(tmp_path.glob("result*"))


def test_an_output_is_never_overwritten(house: House, tmp_path: Path) -> None:
    """A result that is there already stays as it is, and `--out` without `--subjects` is refused."""
    listed, out = listing(tmp_path / "list.csv", bidders(house, 2)), tmp_path / "result.json"
    out.write_text("mine")
    refused = run(house, tmp_path, listed, out)
    assert refused.returncode == 1
    assert "is there already" in refused.stderr
    assert out.read_text() == "mine"
    listed = listed.rename(tmp_path / "tables.subjects.csv")  # where a table of the output would be put
    refused = run(house, tmp_path, listed, tmp_path / "tables.csv")
    assert (refused.returncode, "tables.subjects.csv is there already" in refused.stderr) == (1, True)
    single = subprocess.run(
        command(house.home, tmp_path, "--out", str(out)), capture_output=True, text=True, timeout=60, check=False
    )
    assert single.returncode == 1
    assert "go together" in single.stderr


def test_tables_say_what_json_says(house: House, tmp_path: Path) -> None:
    """Workbook and CSV hold the records of the JSON, codes as whole text, and every part under its own name."""
    keys = [house.key(name) for name in ("penalised", "many_platforms", "clean", "debtor_person")]
    listed = listing(tmp_path / "list.csv", keys)
    for ending in ("json", "xlsx", "csv"):
        done = run(house, tmp_path, listed, tmp_path / f"r.{ending}")
        assert done.returncode == 0, done.stderr
    answer = json.loads((tmp_path / "r.json").read_text("utf-8"))
    records = [
        (entry["subject"]["line"], node["documentNo"], len(node["provenance"]))
        for entry in answer["answers"]
        for node in entry["data"]["administrativePenalties"]["nodes"]
    ]
    assert len(records) >= 3
    book = tmp_path / "r.xlsx"
    assert CalamineWorkbook.from_path(book).sheet_names == [
        "records", "provenance", "withheld", "sources", "subjects", "about"
    ]  # fmt: skip
    sources = {name: sheet(book, name) for name in ("records", "provenance", "withheld", "sources", "subjects")}
    files = {name: table(tmp_path / ("r.csv" if name == "records" else f"r.{name}.csv")) for name in sources}
    for found in (sources, files):
        penalties = [row for row in found["records"] if row["connection"] == "administrativePenalties"]
        numbers = [str(int(row["record"])) for row in penalties]
        origins = [str(int(row["record"])) for row in found["provenance"]]
        assert records == [
            (int(row["line"]), row["administrativePenalties.documentNo"], origins.count(number))
            for row, number in zip(penalties, numbers, strict=True)
        ]
        assert {row["code"] for row in found["subjects"]} == {key.get("uscc") or key["citizenId"] for key in keys}
        assert {row["code"] for row in found["records"]} <= {key.get("uscc") or key["citizenId"] for key in keys}
        assert [row["platform"] for row in found["sources"]] == [line["platform"] for line in answer["sources"]]
        assert [row["rule"] for row in found["withheld"]] == [line["rule"] for line in answer["withheld"]]
        assert all(row["reason zh"] and row["reason en"] for row in found["withheld"])
    about = {str(row["what"]): row["value"] for row in sheet(book, "about")}
    assert about["policy"] == answer["policy"]
    assert about["complete"] is True
    assert str(about["command"]).startswith("credit-gateway query ")


def test_on_a_terminal_every_platform_has_a_line(house: House, tmp_path: Path) -> None:
    """On a terminal a bar counts subjects and each platform has a line with its state; nothing of a subject shows."""
    keys = bidders(house, 5)
    listed, out = listing(tmp_path / "list.csv", keys), tmp_path / "result.json"
    main, side = pty.openpty()
    words = command(house.home, tmp_path, "--subjects", str(listed), "--out", str(out))
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "160"}
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=side, env=environment)
    os.close(side)
    shown = b""
    try:
        while chunk := os.read(main, 4096):
            shown += chunk
    except OSError:  # the terminal's other side is closed
        pass
    finally:
        os.close(main)
    assert process.wait(60) == 0
    text = shown.decode("utf-8", "replace")
    assert "5/5" in text
    assert re.search(rf"{YANTAI}\s+.*answered", text)
    assert not any(key["uscc"] in text for key in keys)
