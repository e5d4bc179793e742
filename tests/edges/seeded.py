"""An invented platform that sits the exam, honest or with one fault sown into its answers.

The server is a JSON API on a real socket, asked by the real kind `rest`. Who is examined by whom says `test_exam`.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from connectors.conformance.bench import Bench
from connectors.conformance.exam import CHECKS, examine, report
from connectors.conformance.outcome import Grade, Outcome, Report, Result
from connectors.contract import SubjectKey
from gateway.documents import Document
from tests.edges.crooked import Behaviour, Seen, raw
from tests.edges.invented import FIRM, HEAD, OTHER, TERMS, THIRD, Surroundings

KEY = "invented-key"
SOURCE = """\
samples: samples/invented.yaml
sources:
  main:
    kind: rest
    base: env:INVENTED_BASE
    auth: {kind: apiKey, header: X-Key, value: env:INVENTED_KEY}
    health: {path: /health}
    success: {path: code, is: ["200"]}
    errors: {"404": SubjectUnknown, "*": Unavailable}
    limits: {concurrency: 4, timeout: 2s, maxRows: 50, maxBytes: 64KiB}
types:
  Permit:
    request: {method: GET, path: /permits, query: {codes: "{subjects}", columns: "{projection}"}, join: ","}
    openRequest: {method: GET, path: /search, query: {columns: "{projection}"}}
    rows: rows
    total: total
    page: {number: page, size: size, rows: 20}
    key: [bh]
    subject: {uscc: {path: dm}}
    fields:
      holder:  {path: mc}
      number:  {path: wsh}
      decided: {path: jdrq, date: ["%Y-%m-%d", "%Y-%m-%d %H:%M:%S"]}
      until:   {path: jzrq, date: "%d/%m/%Y", never: ["31/12/2099"]}
      fine:    {path: fk, unit: {from: yuan, to: wan}}
      state:   {path: zt, vocabulary: {"1": ACTIVE, "2": REVOKED, "3": REPAIRED}}
    absent: [uscc, area, touched, points, young, kinds, changes, arrears]
    filters:
      decided: {ops: [range], params: [since, upto], date: "%Y-%m-%d"}
      number: {ops: [eq, in], params: [wsh], join: ","}
      holder: {ops: [contains], params: [mc]}
    order: {by: [decided desc, number], params: {sort: jdrq}}
    batch: 5
"""
SAMPLES = f"""\
Permit:
  - row: {{bh: P1, dm: {FIRM}, mc: 虚构一号有限公司, wsh: 虚罚2025-001, jdrq: 2025-06-30 23:30:00, jzrq: 03/04/2026,
           fk: 25000, zt: "1"}}
    live: true
    expect: {{holder: 虚构一号有限公司, decided: 2025-06-30, until: 2026-04-03, fine: 2.5, state: ACTIVE}}
"""


def row(number: str, code: str, decided: str, until: str, fine: int, state: str) -> dict[str, Any]:
    name = f"虚构{number[1:]}号有限公司" if number != "P1" else "虚构一号有限公司"
    document = f"虚罚2025-00{number[1:]}"
    return {
        "bh": number,
        "dm": code,
        "mc": name,
        "wsh": document,
        "jdrq": decided,
        "jzrq": until,
        "fk": fine,
        "zt": state,
    }


HELD = {
    FIRM: [
        row("P1", FIRM, "2025-06-30 23:30:00", "03/04/2026", 25000, "1"),
        row("P2", FIRM, "2025-06-30", "31/12/2099", 300, "2"),
        row("P3", FIRM, "2025-07-01", "05/06/2026", 1000, "1"),
        row("P4", FIRM, "2024-01-15", "07/08/2026", 40000, "3"),
        row("P5", FIRM, "2025-07-02 00:00:00", "09/10/2026", 2000, "1"),
    ],
    OTHER: [
        row("P6", OTHER, "2023-03-03", "11/12/2026", 500, "1"),
        row("P7", OTHER, "2025-06-30", "31/12/2099", 700, "2"),
    ],
    THIRD: [row("P8", THIRD, "2022-02-02", "01/02/2026", 900, "1")],
}


@dataclass
class Platform:
    """Answers as its `flaw` says; none is an honest platform."""

    flaw: str = ""
    asked: list[Mapping[str, str]] = field(default_factory=list)

    def behaviour(self) -> Behaviour:
        async def behave(seen: Seen, writer: asyncio.StreamWriter) -> None:
            if seen.path != "/health":
                self.asked.append(seen.query)
            status, body = self.answer(seen)
            writer.write(raw(json.dumps(body, ensure_ascii=False).encode(), status))

        return behave

    def answer(self, seen: Seen) -> tuple[str, dict[str, Any]]:
        flaw, query = self.flaw, seen.query
        if seen.headers.get("x-key") != KEY and flaw != "any key will do":
            return "500 Oops" if flaw == "a wrong key is a breakdown" else "401 No", {"code": "401"}
        if seen.path == "/health":
            return "200 OK", {"code": "200"}
        codes = query["codes"].split(",") if "codes" in query else [OTHER] if flaw == "a search that loses" else [*HELD]
        if flaw == "the first of a batch alone":
            codes = codes[:1]
        if flaw == "a long list is cut":
            codes = codes[:20]
        if not set(codes) & set(HELD) and flaw == "an unknown subject is an error":
            return "200 OK", {"code": "999"}
        rows = [dict(each) for code in codes for each in HELD.get(code, [])]
        if flaw == "rows of another subject" and THIRD not in codes:
            rows += HELD[THIRD]
        if flaw == "rows for anybody" and not rows:
            rows = [dict(each) for each in HELD[OTHER]]
        rows = self._filtered(rows, query)
        if "sort" in query and flaw != "an ignored order":
            rows.sort(key=lambda each: each["jdrq"], reverse=flaw != "the oldest first")
        if flaw == "keys that change":
            rows = [{**each, "bh": f"{each['bh']}-{len(self.asked)}"} for each in rows]
        page, size = int(query.get("page", "1")), int(query["size"])
        begin = int(query.get("after") or (page - 1) * size)
        follows = begin + size + (1 if flaw == "a cursor that skips" else 0)
        if page > 1 and flaw in {"a page that repeats", "a page that leaves out"}:
            begin += -1 if flaw == "a page that repeats" else 1
        total = len(rows) + (3 if flaw == "a total that is too high" else 0)
        if flaw in {"a page that repeats", "a page that leaves out"}:
            total = min(total, begin + len(rows[begin : begin + size])) if begin + size >= len(rows) else total
        if flaw == "yuan has become 万元":
            rows = [{**each, "fk": each["fk"] / 10000} for each in rows]
        names = query.get("columns", "").split(",")
        if flaw != "columns that nobody asked for":
            rows = [{name: each[name] for name in names} for each in rows]
        more = str(follows) if follows < len(rows) else None
        return "200 OK", {"code": "200", "total": total, "next": more, "rows": rows[begin : begin + size]}

    def _filtered(self, rows: list[dict[str, Any]], query: Mapping[str, str]) -> list[dict[str, Any]]:
        wanted = query.get("wsh", "").split(",")
        if "wsh" in query and self.flaw != "an ignored filter":
            rows = [each for each in rows if each["wsh"] in wanted]
        day = slice(None) if self.flaw == "a late row" else slice(10)  # with its time the last day is over at midnight
        if part := query.get("mc"):
            rows = [each for each in rows if part in each["mc"] and self.flaw != "a part that is not found"]
        if since := query.get("since"):
            rows = [each for each in rows if each["jdrq"][day] >= since]
        if upto := query.get("upto"):
            rows = [each for each in rows if each["jdrq"][day] <= upto]
        return rows


def declaration(folder: Path, edits: Mapping[str, str] | None = None, samples: str | None = SAMPLES) -> Document:
    """The platform's declaration in a folder, with its samples beside it."""
    text = HEAD + SOURCE
    for old, new in (edits or {}).items():
        assert old in text
        text = text.replace(old, new)
    if samples is not None:
        (folder / "samples").mkdir(exist_ok=True)
        (folder / "samples" / "invented.yaml").write_text(samples, "utf-8")
    else:
        text = text.replace("samples: samples/invented.yaml\n", "")
    return Document("370100-invented.yaml", text.encode(), folder)


def bench(document: Document, base: str | None = None) -> Bench:
    """A bench for it; without an address nobody is asked."""
    known = {"env:INVENTED_BASE": base or "", "env:INVENTED_KEY": KEY}
    subjects = [SubjectKey("uscc", FIRM), SubjectKey("uscc", OTHER)]
    return Bench(document, TERMS, Surroundings(known) if base else None, subjects)


async def sat(bench: Bench, *groups: int) -> Report:
    return await examine(bench, frozenset(groups))


async def one(bench: Bench, name: str) -> Report:
    """One check alone."""
    [check] = [check for check in CHECKS if check.name == name]
    await bench.open()
    try:
        outcome = await check.run(bench)
    finally:
        await bench.close()
    return report(bench, frozenset({check.group}), [Result(check.group, name, "", outcome or Outcome())])


def by_grade(report: Report, grade: Grade) -> dict[str, str]:
    """The names of the checks that came out so, with what they say."""
    return {
        each.name: "; ".join(problem.text for problem in each.outcome.problems)
        for each in report.results
        if each.group in report.asked and each.outcome.grade is grade
    }
