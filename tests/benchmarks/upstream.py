"""The platforms of the benchmark: nginx with canned answers, cheap enough that no stack waits for it.

`/<records>/rest/<region>/xzcf?dm=CODE` answers as a city's platform does, the asked code in each row;
`/<records>/graph/<region>` answers as a federation's subgraph. nginx counts what it answers (`stub_status`), also while
time is measured, which costs nothing. Own configuration in a folder of our own, own ports.
"""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks import records
from tests.benchmarks.processes import Child, pinned

SUBJECT = "$arg_dm"
LONGEST_PIECE = 3000  # bytes; a word of nginx's configuration has at most 4096

CONFIGURATION = """
daemon off; master_process off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log crit;
events {{ worker_connections 4096; }}
http {{
  access_log off; keepalive_requests 100000000; keepalive_timeout 600s; default_type application/json;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{port}; tcp_nodelay on;
    {secure}
    location = /count {{ stub_status; }}
{locations}
  }}
}}
"""


@dataclass(frozen=True, slots=True)
class Upstream:
    """A running upstream."""

    port: int
    secure_port: int | None = None

    def rest(self, region: str, count: int, secure: bool = False) -> str:
        """The base URL of a city's platform."""
        base = f"https://127.0.0.1:{self.secure_port}" if secure else f"http://127.0.0.1:{self.port}"
        return f"{base}/{count}/rest/{region}"

    def graph(self, region: str, count: int) -> str:
        """The URL of a subgraph."""
        return f"http://127.0.0.1:{self.port}/{count}/graph/{region}"

    def answered(self) -> int:
        """Requests answered since the start, this one included."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/count", timeout=5) as answer:
            found = re.search(r"\n\s*\d+ \d+ (\d+)", answer.read().decode())
        return int(found[1]) if found else 0


def missing() -> str | None:
    """Why it cannot run here; None when it can."""
    return None if shutil.which("nginx") else "nginx is not installed"


def start(folder: Path, counts: Sequence[int], core: str | None) -> tuple[Child, Upstream]:
    """nginx for answers of each of `counts` records."""
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    places = [place for count in counts for region in records.CITIES for place in _places(region, count)]
    text = CONFIGURATION.format(folder=folder, port=port, secure="", locations="\n".join(places))
    (folder / "nginx.conf").write_text(text, "utf-8")
    arguments = ["nginx", "-e", str(folder / "error.log"), "-p", str(folder), "-c", str(folder / "nginx.conf")]
    child = Child("nginx", subprocess.Popen(pinned(arguments, core), stdin=subprocess.DEVNULL))
    child.await_port(port)
    return child, Upstream(port)


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def subgraph_name(region: str) -> str:
    """The root field by which a subgraph answers."""
    return f"city{region}"


def _places(region: str, count: int) -> list[str]:
    graph = {"data": {subgraph_name(region): [records.mapped(row) for row in records.rows(region, count, "")]}}
    return [
        _place(f"/{count}/rest/{region}/xzcf", records.body(region, count, SUBJECT)),
        _place(f"/{count}/graph/{region}", json.dumps(graph, ensure_ascii=False, separators=(",", ":"))),
    ]


def _place(path: str, text: str) -> str:
    """A location that answers `text`, handed to nginx in pieces that it can read."""
    step = LONGEST_PIECE // 3  # characters; Chinese ones have three bytes
    starts = range(0, len(text), step)
    pieces, begin = [], 0
    for end in [*(text.find("{", start) for start in starts[1:]), len(text)]:
        if end > begin:
            pieces.append(text[begin:end])
            begin = end
    held = " ".join(f"set $piece{number} '{piece}';" for number, piece in enumerate(pieces))
    whole = "".join(f"${{piece{number}}}" for number in range(len(pieces)))
    return f"    location = {path} {{ {held} return 200 '{whole}'; }}"
