"""`make bench`: every scenario, every stack, side by side; a table here, everything else in `.bench/results-*.json`."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import sys
import tempfile
from datetime import datetime
from pathlib import Path

import click

from tests.benchmarks import home, load, records, running, table, upstream
from tests.benchmarks.issuer import Issuer
from tests.benchmarks.processes import ROOT, cores
from tests.benchmarks.records import Amount
from tests.benchmarks.stacks import Gateway, Naive, Stage

RESULTS = ROOT / ".bench"
SCENARIOS = {"four": Amount(4, 5)}
STACKS = (Gateway(), Naive(bare=False), Naive(bare=True))


@click.command()
@click.option("--scenario", "chosen", default="", help="Comma-separated names; all when left out.")
@click.option("--only", default="", help="Comma-separated names of stacks; all when left out.")
@click.option("--rounds", type=click.IntRange(1), default=3, show_default=True)
@click.option("--seconds", type=click.FloatRange(1), default=5, show_default=True, help="Of one round.")
def bench(chosen: str, only: str, rounds: int, seconds: float) -> None:
    """Run the benchmark."""
    if reason := upstream.missing() or load.missing():
        raise click.ClickException(reason)
    names = [name for name in chosen.split(",") if name] or list(SCENARIOS)
    wanted = [stack for stack in STACKS if not only or stack.name in only.split(",")]
    stack_core, load_core = cores()
    results = []
    for name in names:
        amount = SCENARIOS[name]
        with contextlib.ExitStack() as stack_of:
            folder = Path(stack_of.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
            issuer = Issuer()
            stack_of.callback(issuer.close)
            child, platforms = upstream.start(folder / "nginx", [amount.records], load_core)
            stack_of.callback(child.stop)
            bases = {region: platforms.rest(region, amount.records) for region in amount.regions}
            place = home.make(folder / "home", home.Plan(bases, issuer.url))
            tokens = [issuer.token(home.AUDIENCE)]
            stage = Stage(amount, platforms, place, bases, issuer.url, issuer.keys, tokens, folder, stack_core)
            found, left_out = running.run(wanted, stage, records.subjects(), rounds, seconds, load_core)
        click.echo(f"\n{name}")
        click.echo("\n".join(table.lines(found)))
        for stack, why in left_out.items():
            click.echo(f"{stack}: left out: {why}")
        results.append({"scenario": name, "rounds": found, "left_out": left_out})
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"results-{datetime.now().astimezone():%Y%m%d-%H%M%S}.json"
    machine = {"python": sys.version, "platform": platform.platform(), "cores": os.cpu_count()}
    path.write_text(json.dumps({"machine": machine, "scenarios": results}, indent=1, ensure_ascii=False), "utf-8")
    click.echo(f"\n{path.relative_to(ROOT)}")


if __name__ == "__main__":
    bench()
