"""The ways of asking a platform, side by side: interleaved rounds in one process on one core, plain and with TLS.

`python -m tests.benchmarks.transport [--rounds 9] [--seconds 1] [--asyncio]`. nginx answers 1 KB on the other core.
For every round the processor's time is taken as well as the wall's: other work on the machine disturbs it less.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import click

from connectors.contract import Deadline
from connectors.transport.port import Question, Transport
from tests.benchmarks import processes
from tests.benchmarks.processes import Child, cores, free_port
from tests.edges.crooked import Authority

CANDIDATES = {"httpcore2": "former", "pyreqwest": "library", "own": "own"}
HEADERS = {"Accept": "application/json", "X-Api-Key": "invented", "X-Request-Id": "0123456789abcdef"}
BODY = '{"rows":[' + ",".join('{"wsh":"(2026)0001","jdrq":"2026-01-01","cfje":"1.50"}' for _ in range(18)) + "]}"
CONFIGURATION = """
daemon off; master_process off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log crit;
events {{ worker_connections 1024; }}
http {{
  access_log off; keepalive_requests 100000000; keepalive_timeout 600s; default_type application/json;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{plain}; listen 127.0.0.1:{secure} ssl; tcp_nodelay on;
    ssl_certificate {certificate}; ssl_certificate_key {certificate};
    location / {{ return 200 '{body}'; }}
  }}
}}
"""


def platform(folder: Path, authority: Authority, core: str | None) -> tuple[Child, dict[str, str]]:
    """nginx, and its base URLs by what they are called in the table."""
    ports = {"plain": free_port(), "secure": free_port()}
    certificate = authority.certificate("localhost")
    text = CONFIGURATION.format(folder=folder, certificate=certificate, body=BODY, **ports)
    (folder / "nginx.conf").write_text(text, "utf-8")
    arguments = ["nginx", "-e", str(folder / "error.log"), "-p", str(folder), "-c", str(folder / "nginx.conf")]
    child = processes.start("nginx", arguments, folder, core)
    child.await_port(ports["secure"])
    return child, {"plain": f"http://localhost:{ports['plain']}", "TLS": f"https://localhost:{ports['secure']}"}


async def measured(pool: Transport, concurrency: int, seconds: float) -> tuple[float, float]:
    """Requests a second, and microseconds of the processor for each."""
    until, answered = time.monotonic() + seconds, 0

    async def ask() -> None:
        nonlocal answered
        number = 0
        while time.monotonic() < until:
            number += 1
            question = Question("GET", f"/things?code=91370000{number:09d}", HEADERS)
            answer = await pool.send(question, Deadline.within(5), 1 << 20)
            if answer.status != 200 or len(answer.body) != len(BODY):
                raise RuntimeError("a wrong answer")
            answered += 1

    began, worked = time.perf_counter(), time.process_time()
    await asyncio.gather(*(ask() for _ in range(concurrency)))
    return answered / (time.perf_counter() - began), (time.process_time() - worked) / answered * 1e6


async def compare(bases: dict[str, str], authority: str, rounds: int, seconds: float, names: Sequence[str]) -> None:
    for wire, base in bases.items():
        for concurrency in (32, 4):
            pools = {
                name: importlib.import_module(f"connectors.transport.{CANDIDATES[name]}").Pool(
                    base, concurrency, authority=authority
                )
                for name in names
            }
            for pool in pools.values():
                await measured(pool, concurrency, 0.3)
            found: dict[str, list[tuple[float, float]]] = {name: [] for name in names}
            for number in range(rounds):
                for name in (*names[number % len(names) :], *names[: number % len(names)]):
                    found[name].append(await measured(pools[name], concurrency, seconds))
            table(f"{wire}, {concurrency} at a time", found)
            for pool in pools.values():
                await pool.close()


def table(title: str, found: dict[str, list[tuple[float, float]]]) -> None:
    """Rates; and how many times `own` is faster, by the wall and by the processor, as medians of pairs of rounds."""
    click.echo(
        f"\n{title}\n{'':10}{'min':>8}{'median':>8}{'max':>8}  req/s{'us':>8} of cpu   own is x faster (wall, cpu)"
    )
    for name, each in found.items():
        rates, costs = [rate for rate, _ in each], [cost for _, cost in each]
        pairs = list(zip(found.get("own", each), each, strict=True))
        wall = statistics.median(own[0] / other[0] for own, other in pairs)
        cpu = statistics.median(other[1] / own[1] for own, other in pairs)
        click.echo(
            f"{name:10}{min(rates):8.0f}{statistics.median(rates):8.0f}{max(rates):8.0f}{statistics.median(costs):15.1f}"
            f"{wall:18.2f}{cpu:8.2f}"
        )


def main() -> None:
    words = argparse.ArgumentParser(description="compare the transports")
    words.add_argument("--rounds", type=int, default=9)
    words.add_argument("--seconds", type=float, default=1.0)
    words.add_argument("--asyncio", action="store_true", help="asyncio's own loop instead of uvloop")
    words.add_argument("--only", nargs="*", default=list(CANDIDATES), choices=list(CANDIDATES))
    asked = words.parse_args()
    if shutil.which("nginx") is None:
        raise SystemExit("skipped: nginx is not installed")
    ours, theirs = cores()
    if ours is not None:
        os.sched_setaffinity(0, {int(ours)})
    loop = None if asked.asyncio else importlib.import_module("uvloop").new_event_loop
    with tempfile.TemporaryDirectory() as folder:
        authority = Authority(Path(folder))
        child, bases = platform(Path(folder), authority, theirs)
        try:
            with asyncio.Runner(loop_factory=loop) as runner:
                runner.run(compare(bases, str(authority.file), asked.rounds, asked.seconds, asked.only))
        finally:
            child.stop()


if __name__ == "__main__":
    main()
