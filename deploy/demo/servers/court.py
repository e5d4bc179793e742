"""The province's court interface: judgment debtors in the words of the executing courts' public list.

One code at a time, in the body of a POST, so that a person's ID number stands in no URL and no access log;
an unknown code is the error `E1004` inside a 200. Run by the province: `python -m deploy.demo.servers.court`.
"""

from __future__ import annotations

import base64
import hmac
import json
import time
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from deploy.demo.servers import leash, web
from deploy.demo.servers.rehearsal import Rehearsal


def application(settings: dict[str, Any]) -> Starlette:
    """The interface for the rows in the file `settings["rows"]`, behind HTTP Basic (`user`, `password`)."""
    debtors: dict[str, list[dict[str, Any]]] = {}
    for row in json.loads(Path(settings["rows"]).read_text("utf-8")):
        debtors.setdefault(row["code"], []).append(row["cells"])
    rehearsal = Rehearsal()
    pair = f"{settings['user']}:{settings['password']}".encode()
    expected = b"Basic " + base64.b64encode(pair)

    async def query(request: Request) -> Response:
        if not hmac.compare_digest(request.headers.get("authorization", "").encode(), expected):
            return JSONResponse({"code": "401"}, status_code=401)
        form = dict(parse_qsl((await request.body()).decode("utf-8", "replace")))
        code = form.get("cardNum", "")
        if not code or "," in code:
            return JSONResponse({"code": "E1001", "msg": "证件号码错误"})
        if code not in debtors:
            return JSONResponse({"code": "E1004", "msg": "无此当事人"})
        names = [name for name in form.get("fields", "").split(",") if name]
        rows = debtors[code]
        if names:
            rows = [{name: row[name] for name in names if name in row} for row in rows]
        return JSONResponse({"code": "200", "result": rows, "updateTime": time.time_ns() // 1_000_000})

    async def ping(request: Request) -> Response:
        return JSONResponse({"code": "200"})

    route = Route("/zxgk/query", rehearsal.watch(query), methods=["POST"])
    return Starlette(routes=[route, Route("/ping", ping), *rehearsal.routes()])


if __name__ == "__main__":
    given = leash.settings()
    web.serve(application(given), web.open_socket("127.0.0.1", int(given.get("port", 0))))
