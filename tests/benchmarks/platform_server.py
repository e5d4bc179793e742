"""A city's platform of our own: takes many subjects in one question, may be slow, counts what it answers.

`python -m tests.benchmarks.platform_server PORT RECORDS DELAY` answers `GET /<region>/xzcf?dm=CODE,CODE` after DELAY
seconds and `POST /graph/<region>` as a subgraph, and says at `/count` how many it has answered. It is on httptools and
uvloop, and its answers are joined from parts made beforehand.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

import httptools
import uvloop

from tests.benchmarks import records
from tests.benchmarks.upstream import subgraph_name

MARK = "\0"


class Answers:
    """What is answered; `count` is how often."""

    def __init__(self, amount: int, delay: float) -> None:
        self.count, self.delay = 0, delay
        self._amount = amount
        self._rows: dict[str, list[str]] = {}
        self._graphs: dict[str, bytes] = {}

    def of(self, target: str) -> bytes:
        """Raises KeyError for a place that is none."""
        parts = urlsplit(target)
        first, _, second = parts.path.strip("/").partition("/")
        if first == "count":
            return str(self.count).encode()
        self.count += 1
        if first == "graph":
            return self._graph(second)
        codes = parse_qs(parts.query)["dm"][0].split(",")
        pieces = self._pieces(first)
        rows = ",".join(code.join(pieces) for code in codes)
        return f'{{"code":"200","rows":[{rows}]}}'.encode()

    def _pieces(self, region: str) -> list[str]:
        if region not in self._rows:
            rows = records.rows(region, self._amount, MARK)
            text = json.dumps(rows, ensure_ascii=False, separators=(",", ":"))[1:-1]
            self._rows[region] = text.split(json.dumps(MARK)[1:-1])
        return self._rows[region]

    def _graph(self, region: str) -> bytes:
        if region not in self._graphs:
            found = {subgraph_name(region): [records.mapped(row) for row in records.rows(region, self._amount, "")]}
            self._graphs[region] = json.dumps({"data": found}, ensure_ascii=False, separators=(",", ":")).encode()
        return self._graphs[region]


class Connection(asyncio.Protocol):
    """One connection, one request at a time."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers
        self._parser: Any = httptools.HttpRequestParser(self)
        self._target = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is none by its type

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_url(self, url: bytes) -> None:
        self._target += url

    def on_message_complete(self) -> None:
        target, self._target = self._target.decode("ascii"), b""
        body = self._answers.of(target)
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        if self._answers.delay and not target.startswith("/count"):
            asyncio.get_running_loop().call_later(self._answers.delay, self._write, head + body)
        else:
            self._write(head + body)

    def _write(self, data: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)


async def serve(port: int, amount: int, delay: float) -> None:
    answers = Answers(amount, delay)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(answers), "127.0.0.1", port, backlog=1024)
    await server.serve_forever()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])))
