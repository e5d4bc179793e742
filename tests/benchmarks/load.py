"""The load: wrk on one thread, replaying requests that were written beforehand, and what it measured.

Requests are whole HTTP messages, made here and not in Lua, so that all stacks are asked by the same few instructions.
Latencies are those of answered requests; answers that are no 2xx are counted, time-outs and broken connections too.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tests.benchmarks.processes import pinned

CONNECTIONS = 32
_TIMES = ("p50", "p90", "p99", "longest")

SCRIPT = """\
local requests, count, at = {}, 0, 0
function init(arguments)
  local file = io.open(arguments[1], "rb")
  for item in file:read("*a"):gmatch("[^%z]+") do count = count + 1; requests[count] = item end
  file:close()
end
function request() at = at % count + 1; return requests[at] end
function done(summary, latency, _)
  local e = summary.errors
  io.write(string.format(
    '\\n@{"requests":%d,"microseconds":%d,"bytes":%d,"refused":%d,"broken":%d,"timeouts":%d,' ..
    '"p50":%.3f,"p90":%.3f,"p99":%.3f,"longest":%.3f}\\n',
    summary.requests, summary.duration, summary.bytes, e.status, e.connect + e.read + e.write, e.timeout,
    latency:percentile(50) / 1000, latency:percentile(90) / 1000, latency:percentile(99) / 1000, latency.max / 1000))
end
"""


class Unreached(RuntimeError):
    """Nobody was there to be asked."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One round. Latencies in milliseconds, `size` in bytes on the wire for each answer."""

    per_second: float  # answers with a 2xx
    p50: float | None  # None when nobody was answered
    p90: float | None
    p99: float | None
    longest: float | None
    requests: int
    refused: int  # answers that are no 2xx
    broken: int
    timeouts: int
    size: float

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def missing() -> str | None:
    """Why there can be no load here; None when there can."""
    return None if shutil.which("wrk") else "wrk is not installed"


def message(port: int, body: Mapping[str, Any], headers: Mapping[str, str]) -> bytes:
    """A whole POST of a GraphQL question."""
    content = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    lines = {
        "Host": f"127.0.0.1:{port}",
        "Content-Type": "application/json",
        "Accept": "application/json",
        "Content-Length": str(len(content)),
        **headers,
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"POST /graphql HTTP/1.1\r\n{head}\r\n".encode() + content


def run(
    port: int, requests: Sequence[bytes], folder: Path, seconds: float, core: str | None, connections: int = CONNECTIONS
) -> Measured:
    """Ask for so many seconds. `requests` are taken in turn and again from the first."""
    with asking(port, requests, folder, seconds, core, connections) as measured:
        return measured()


@contextlib.contextmanager
def asking(
    port: int, requests: Sequence[bytes], folder: Path, seconds: float, core: str | None, connections: int = CONNECTIONS
) -> Iterator[Callable[[], Measured]]:
    """Asks while the block runs, at most so many seconds; what is given waits for the end and says what was measured.
    A block that ends before stops the load. Two loads at once need two folders."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "load.lua").write_text(SCRIPT, "utf-8")
    (folder / "requests.bin").write_bytes(b"\0".join(requests))
    command = ["wrk", "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "--timeout", "10s"]
    command += ["-s", str(folder / "load.lua"), f"http://127.0.0.1:{port}/graphql", "--", str(folder / "requests.bin")]
    process = subprocess.Popen(pinned(command, core), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        yield lambda: _finished(process, seconds)
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def _finished(process: subprocess.Popen[bytes], seconds: float) -> Measured:
    """Raises Unreached when the load did not run."""
    said = process.communicate(timeout=seconds + 60)[0].decode("utf-8", "replace")
    line = next((line[1:] for line in said.splitlines() if line.startswith("@")), None)
    if line is None:
        raise Unreached(f"wrk: {said.strip()[-500:]}")
    found = json.loads(line)
    taken = found["microseconds"] / 1e6
    p50, p90, p99, longest = (found[name] if found["requests"] else None for name in _TIMES)
    return Measured(
        per_second=(found["requests"] - found["refused"]) / taken,
        p50=p50,
        p90=p90,
        p99=p99,
        longest=longest,
        requests=found["requests"],
        refused=found["refused"],
        broken=found["broken"],
        timeouts=found["timeouts"],
        size=found["bytes"] / max(1, found["requests"]),
    )
