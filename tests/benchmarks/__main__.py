"""`make bench`: every scenario, every stack, side by side; a table here, everything else in `.bench/results-*.json`."""

from __future__ import annotations

import json
import os
import platform
import resource
import subprocess
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import click

from tests.benchmarks import deciding, load, measuring, running, table, upstream
from tests.benchmarks.peers import installing
from tests.benchmarks.peers.routers import PEERS
from tests.benchmarks.processes import ROOT
from tests.benchmarks.running import Found
from tests.benchmarks.scenarios import ALL, Scenario
from tests.benchmarks.stacks import OWN, Gateway
from tests.benchmarks.stage import Stack

RESULTS = ROOT / ".bench"
LIBRARIES = ("uvicorn", "uvloop", "httptools", "graphql-core", "strawberry-graphql", "orjson", "joserfc")
BUSY = 0.7  # processes that want a core when the run begins
STACKS: tuple[Stack, ...] = (*OWN, *PEERS)
NAMES = (*ALL, deciding.NAME)


@click.command()
@click.option("--scenario", "chosen", default="", help=f"Some of: {', '.join(NAMES)}; with commas; all when left out.")
@click.option("--only", default="", help=f"Some of: {', '.join(stack.name for stack in STACKS)}; with commas.")
@click.option("--rounds", type=click.IntRange(1), default=3, show_default=True)
@click.option("--seconds", type=click.FloatRange(1), default=5, show_default=True, help="Of one round.")
@click.option(
    "--build-router", is_flag=True, help="Compile the Rust router first, once; it takes half an hour and more."
)
def bench(chosen: str, only: str, rounds: int, seconds: float, build_router: bool) -> None:
    """Run the benchmark."""
    words = _words(chosen, NAMES, "scenario")
    scenarios = [ALL[name] for name in words if name != deciding.NAME]
    if scenarios and (reason := upstream.missing() or load.missing()):
        raise click.ClickException(f"{reason}: apt-get install nginx-light wrk")
    names = _words(only, [stack.name for stack in STACKS], "stack")
    _allow_files(4 * measuring.CROWD)
    busy = os.getloadavg()[0]
    if busy > BUSY:
        click.echo(f"this machine has other work (load {busy:.1f}): believe no figure but `cpu ms`, and that with care")
    if build_router:
        try:
            installing.build_router()
        except installing.Absent as absent:
            click.echo(f"hive-router: {absent}")
    path = RESULTS / f"results-{datetime.now().astimezone():%Y%m%d-%H%M%S}.json"
    written: dict[str, Any] = {"rounds": rounds, "seconds": seconds, "load": busy, **_versions(), "scenarios": []}
    failed = False
    for scenario in scenarios:
        stacks = _of(scenario, names)
        try:
            found = running.run(scenario, stacks, rounds, seconds, _tell)
        except (OSError, RuntimeError) as error:
            failed = True
            _tell("")
            click.echo(f"\n{scenario.name}: not measured: {error}")
            written["scenarios"].append({"scenario": scenario.name, "failed": str(error)})
        else:
            _tell("")
            click.echo(f"\n{scenario.name}: {scenario.title}")
            click.echo("\n".join(table.lines(found.rounds)))
            for name, why in found.left_out.items():
                click.echo(f"{name}: left out: {why}")
            written["scenarios"].append(_result(scenario, stacks, found))
        _write(path, written)
    if deciding.NAME in words:
        result = deciding.run(rounds, _tell)
        _tell("")
        click.echo(f"\n{deciding.NAME}: {result['title']}")
        click.echo("\n".join(deciding.lines(result)))
        written["scenarios"].append(result)
        _write(path, written)
    click.echo(f"\n{path.relative_to(ROOT)}")
    sys.exit(failed)


def _write(path: Path, written: Mapping[str, Any]) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(written, indent=1, ensure_ascii=False) + "\n", "utf-8")


def _result(scenario: Scenario, stacks: Iterable[Stack], found: Found) -> dict[str, Any]:
    return {
        "scenario": scenario.name,
        "title": scenario.title,
        "stacks": {stack.name: stack.configuration for stack in stacks},
        "summary": {name: table.summary(each) for name, each in found.rounds.items()},
        "rounds": found.rounds,
        "left_out": found.left_out,
    }


def _of(scenario: Scenario, names: Iterable[str]) -> list[Stack]:
    chosen = [stack for stack in STACKS if stack.name in names]
    taking_part = [stack for stack in chosen if scenario.only is None or stack.name in scenario.only]
    return [*taking_part, *(Gateway(workers) for workers in scenario.workers)]


def _words(said: str, known: Iterable[str], what: str) -> list[str]:
    words = [word.strip() for word in said.split(",") if word.strip()]
    unknown = [word for word in words if word not in known]
    if unknown:
        raise click.UsageError(f"no {what} `{unknown[0]}`; known: {', '.join(known)}")
    return words or list(known)


def _allow_files(count: int) -> None:
    """Each connection is an open file, here and in what is started from here."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = count if hard == resource.RLIM_INFINITY else min(count, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _tell(line: str) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r\033[K{line}", nl=False, err=True)
    elif line:
        click.echo(line, err=True)


def _versions() -> dict[str, Any]:
    found: dict[str, str] = {name: version(name) for name in LIBRARIES}
    for name in json.loads((installing.HERE / "package.json").read_text("utf-8"))["dependencies"]:
        with suppress(installing.Absent):
            found[name] = installing.version(name)
    return {
        "machine": {"python": platform.python_version(), "system": platform.platform(), "cores": os.cpu_count()},
        "commit": _said(["git", "-C", str(ROOT), "rev-parse", "HEAD"]),
        "nginx": _said(["nginx", "-v"]),
        "wrk": _said(["wrk", "-v"]),
        "versions": found,
    }


def _said(command: list[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return "not here"
    return (done.stdout + done.stderr).strip().partition("\n")[0]


if __name__ == "__main__":
    bench()
