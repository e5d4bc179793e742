"""What a test may do to a demo platform: read what it was asked, and make it misbehave on purpose.

`GET /__recorder__` gives every request since the last `DELETE /__recorder__`; `PUT /__weather__` sets how
the next answers go wrong. Both exist in the demo only: no real platform has them, no declaration uses them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

Endpoint = Callable[[Request], Awaitable[Response]]


class Rehearsal:
    """One platform's recorder and weather.

    Weather is a JSON object: `delay` in seconds, `status` (an HTTP error), `code` (an error inside a 200),
    `times` (how many answers; left out: until `{}` is put).
    """

    def __init__(self) -> None:
        self._seen: list[dict[str, Any]] = []
        self._weather: dict[str, Any] = {}

    def routes(self) -> list[Route]:
        return [
            Route("/__recorder__", self._recorder, methods=["GET", "DELETE"]),
            Route("/__weather__", self._forecast, methods=["PUT"]),
        ]

    def watch(self, endpoint: Endpoint) -> Endpoint:
        """The endpoint, recorded and under the weather."""

        async def watched(request: Request) -> Response:
            body = await request.body()
            self._seen.append(
                {
                    "method": request.method,
                    "path": request.url.path,
                    "query": dict(request.query_params),
                    "body": body.decode("utf-8", "replace"),
                }
            )
            weather = self._today()
            await asyncio.sleep(float(weather.get("delay", 0)))
            if "status" in weather:
                return JSONResponse({"code": "E503"}, status_code=int(weather["status"]))
            if "code" in weather:
                return JSONResponse({"code": weather["code"], "msg": "系统繁忙"})
            return await endpoint(request)

        return watched

    def _today(self) -> dict[str, Any]:
        weather = self._weather
        if "times" in weather:
            if weather["times"] <= 0:
                return {}
            self._weather = {**weather, "times": weather["times"] - 1}
        return weather

    async def _recorder(self, request: Request) -> Response:
        if request.method == "DELETE":
            self._seen.clear()
        return JSONResponse({"requests": self._seen})

    async def _forecast(self, request: Request) -> Response:
        self._weather = await request.json()
        return JSONResponse(self._weather)
