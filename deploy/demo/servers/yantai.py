"""Yantai's platform, a REST interface as cities have them: `{code, total, rows, updateTime}`,
errors inside a 200.

It answers exact codes only, a few at a time, in pages that are smaller than some answers, and gives just
the columns that were asked (`fields`). It never matches by name or by part of a code. Run by the province:
`python -m deploy.demo.servers.yantai`, settings on stdin.
"""

from __future__ import annotations

import hmac
import json
import re
import time
from datetime import date
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from deploy.demo.servers import leash, web
from deploy.demo.servers.rehearsal import Endpoint, Rehearsal

PAGE = 10  # rows at most, whatever the caller asks
BATCH = 5  # codes in one question

# path -> table
PATHS = {f"/api/{table}": table for table in ("xzcf", "xzxk", "qydj", "spyp", "aqsc", "cpzl")}


class Refused(Exception):
    """A question that this platform does not answer; `code` goes into the 200."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Table:
    """One record type: rows by the code of their subject, newest first within a question."""

    def __init__(self, rows: list[dict[str, Any]]) -> None:
        self._by_code: dict[str, list[dict[str, Any]]] = {}
        for row in rows:
            self._by_code.setdefault(row["code"], []).append(row)

    def find(self, codes: list[str], since: str, until: str) -> list[dict[str, Any]]:
        found = [row for code in codes for row in self._by_code.get(code, ())]
        return [
            row["cells"] for row in found if (not since or row["day"] >= since) and (not until or row["day"] <= until)
        ]


def application(settings: dict[str, Any]) -> Starlette:
    """The platform for the rows in the file `settings["rows"]`; `apiKey` must come in `X-Api-Key`."""
    stored = json.loads(Path(settings["rows"]).read_text("utf-8"))
    tables = {path: Table(stored[name]) for path, name in PATHS.items()}
    rehearsal = Rehearsal()
    key = str(settings["apiKey"])

    def answering(table: Table) -> Endpoint:
        async def answer(request: Request) -> Response:
            if not hmac.compare_digest(request.headers.get("x-api-key", ""), key):
                return JSONResponse({"code": "E401", "msg": "未授权"}, status_code=401)
            try:
                return JSONResponse(question(table, dict(request.query_params)))
            except Refused as refused:
                return JSONResponse({"code": refused.code, "msg": str(refused)})

        return rehearsal.watch(answer)

    async def ping(request: Request) -> Response:
        return JSONResponse({"code": "200"})

    routes = [Route(path, answering(table), methods=["GET"]) for path, table in tables.items()]
    return Starlette(routes=[*routes, Route("/ping", ping), *rehearsal.routes()])


def question(table: Table, query: dict[str, str]) -> dict[str, Any]:
    """One page of the answer to `dm` (codes), `fields`, `jdrqq`/`jdrqz` (decided from/to), `pageNo`, `pageSize`."""
    codes = [code for code in query.pop("dm", "").split(",") if code]
    names = [name.lower() for name in query.pop("fields", "").split(",") if name]
    since, until = _day(query.pop("jdrqq", "")), _day(query.pop("jdrqz", ""))
    number, size = _count(query.pop("pageNo", "1")), min(_count(query.pop("pageSize", str(PAGE))), PAGE)
    if query:
        raise Refused("E400", "未知参数")
    if not codes or len(codes) > BATCH:
        raise Refused("E400", f"代码须为1至{BATCH}个")
    rows = table.find(codes, since, until)
    page = rows[(number - 1) * size : number * size]
    if names:
        page = [{name: value for name, value in row.items() if name.lower() in names} for row in page]
    return {"code": "200", "total": len(rows), "rows": page, "updateTime": time.time_ns() // 1_000_000}


def _day(text: str) -> str:
    try:
        return text and date.fromisoformat(text).isoformat()
    except ValueError:
        raise Refused("E400", "日期格式应为YYYY-MM-DD") from None


def _count(text: str) -> int:
    if not re.fullmatch("[1-9][0-9]{0,8}", text):
        raise Refused("E400", "分页参数错误")
    return int(text)


if __name__ == "__main__":
    given = leash.settings()
    web.serve(application(given), web.open_socket("127.0.0.1", int(given.get("port", 0))))
