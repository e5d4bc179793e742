"""The platforms of the benchmark: nginx with canned answers, cheap enough that no stack waits for it.

`/rest/<region>/xzcf?dm=CODE` answers as a city's platform does, the asked code in each row; `/graph/<region>` answers
as a federation's subgraph. nginx counts what it answers (`stub_status`), also while time is measured, which costs
nothing. What nginx cannot do, take many subjects or wait, a small server of our own does (`platform_server`).
"""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks import processes, records
from tests.benchmarks.processes import Child

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


@dataclass(slots=True)
class Upstream:
    """A running upstream: its process, and the URLs of its platforms by region."""

    child: Child
    bases: Mapping[str, str]
    graphs: Mapping[str, str]
    counter: str
    asked: int = 0  # how often the counter was, which nginx counts too

    def answered(self) -> int:
        """Questions answered since the start."""
        with processes.DIRECT.open(self.counter, timeout=30) as answer:
            said = answer.read().decode()
        found = re.search(r"\n\s*\d+ \d+ (\d+)", said)
        if found is None:
            return int(said)
        self.asked += 1
        return int(found[1]) - self.asked


def missing() -> str | None:
    """Why nginx cannot run here; None when it can."""
    return None if shutil.which("nginx") else "nginx is not installed"


def canned(folder: Path, amount: records.Amount, core: str | None, certificate: Path | None = None) -> Upstream:
    """nginx. With a `certificate` (a file that holds its key too) platforms and subgraphs are reached over TLS."""
    folder.mkdir(parents=True, exist_ok=True)
    port, secure_port = processes.free_port(), processes.free_port()
    secure = ""
    if certificate is not None:
        secure = (
            f"listen 127.0.0.1:{secure_port} ssl; ssl_certificate {certificate}; ssl_certificate_key {certificate};"
        )
    places = [place for region in amount.regions for place in _places(region, amount.records)]
    text = CONFIGURATION.format(folder=folder, port=port, secure=secure, locations="\n".join(places))
    (folder / "nginx.conf").write_text(text, "utf-8")
    command = ["nginx", "-e", str(folder / "error.log"), "-p", str(folder), "-c", str(folder / "nginx.conf")]
    child = processes.start("nginx", command, folder, core)
    child.await_port(port)
    place = f"http://127.0.0.1:{port}" if certificate is None else f"https://127.0.0.1:{secure_port}"
    return Upstream(
        child,
        {region: f"{place}/rest/{region}" for region in amount.regions},
        {region: f"{place}/graph/{region}" for region in amount.regions},
        f"http://127.0.0.1:{port}/count",
    )


def patient(folder: Path, amount: records.Amount, core: str | None, delay: float = 0.0) -> Upstream:
    """The server of our own, which takes batches and waits `delay` seconds before it answers."""
    port = processes.free_port()
    command = [sys.executable, "-m", "tests.benchmarks.platform_server", str(port), str(amount.records), str(delay)]
    child = processes.start("platforms", command, folder, core)
    child.await_port(port)
    place = f"http://127.0.0.1:{port}"
    return Upstream(
        child,
        {region: f"{place}/{region}" for region in amount.regions},
        {region: f"{place}/graph/{region}" for region in amount.regions},
        f"{place}/count",
    )


def subgraph_name(region: str) -> str:
    """The root field by which a subgraph answers."""
    return f"city{region}"


def _places(region: str, count: int) -> list[str]:
    graph = {"data": {subgraph_name(region): [records.mapped(row) for row in records.rows(region, count, "")]}}
    return [
        _place(f"/rest/{region}/xzcf", records.body(region, count, SUBJECT)),
        _place(f"/graph/{region}", json.dumps(graph, ensure_ascii=False, separators=(",", ":"))),
    ]


def _place(path: str, text: str) -> str:
    """A location that answers `text`, handed to nginx in pieces that it can read."""
    step = LONGEST_PIECE // 3  # characters; Chinese ones have three bytes
    pieces, begin = [], 0
    for end in [*(text.find("{", start) for start in range(step, len(text), step)), len(text)]:
        if end > begin:
            pieces.append(text[begin:end])
            begin = end
    held = " ".join(f"set $piece{number} '{piece}';" for number, piece in enumerate(pieces))
    whole = "".join(f"${{piece{number}}}" for number in range(len(pieces)))
    return f"    location = {path} {{ {held} return 200 '{whole}'; }}"
