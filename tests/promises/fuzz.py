"""`make fuzz`: a hundred thousand and more requests that nobody should send, against a gateway that serves for itself.

Tells by seed what came back, how long the slowest took and by how much the gateway's memory grew from a tenth of the
way to the end. The first seed fills what the gateway remembers, up to its bounds; from then on memory must stay. Ends
with 1 when anything is wrong.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

import click

from tests.benchmarks.processes import ROOT, Child, free_port, start
from tests.conftest import House, open_house
from tests.promises.fuzzing import PURPOSE, Drawing, Findings, Sent, schema_of, send

CALLERS = (("shanghai-market-bureau", PURPOSE), ("zhejiang-bureau", PURPOSE))
KEYS = ("clean", "penalised", "debtor_person")
LINES = 4  # connections at once
CHUNK = 500
GROWTH, FILLING = 64 << 20, 512 << 20  # bytes


def drawing(house: House, seed: int) -> Drawing:
    return Drawing(schema_of(house.home), Random(seed), tokens(house), [house.key(name) for name in KEYS])


def tokens(house: House) -> list[str]:
    return [house.token(*caller) for caller in CALLERS]


async def run(house: House, address: tuple[str, int], drawn: Drawing, count: int, found: Findings) -> None:
    """Send `count` requests over several connections."""
    while count > 0:
        drawn.tokens = await asyncio.to_thread(tokens, house)  # they live for minutes
        lines: list[list[tuple[str, Sent]]] = [[drawn.draw() for _ in range(CHUNK // LINES)] for _ in range(LINES)]
        await asyncio.gather(*(send(*address, line, found) for line in lines))
        count -= CHUNK


@contextmanager
def served(house: House, folder: Path) -> Iterator[tuple[Child, int]]:
    """A gateway in a process of its own on a copy of the house's home."""
    home = shutil.copytree(house.home, folder / "fuzzed", ignore=shutil.ignore_patterns("audit", "demo"))
    port = free_port()
    command = [str(ROOT / ".venv/bin/credit-gateway"), "serve", "--home", str(home), "--port", str(port)]
    child = start("gateway", command, folder)
    try:
        child.await_port(port)
        yield child, port
    finally:
        child.stop()


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    options.add_argument("--requests", type=int, default=40_000, help="for each seed")
    options.add_argument("--seeds", default="1,2,3")
    chosen = options.parse_args()
    failed = False
    with (
        tempfile.TemporaryDirectory() as name,
        open_house(Path(name) / "home") as house,
        served(house, Path(name)) as (child, port),
    ):
        for number, seed in enumerate(map(int, chosen.seeds.split(","))):
            most = GROWTH if number else FILLING
            found = of_seed(house, child, ("127.0.0.1", port), seed, chosen.requests, most)
            failed = failed or bool(found.wrong)
    sys.exit(1 if failed else 0)


def of_seed(house: House, child: Child, address: tuple[str, int], seed: int, count: int, most: int) -> Findings:
    """What came of a seed's requests, told; memory may grow by `most` bytes."""
    found, warm = Findings(), count // 10
    asyncio.run(run(house, address, drawing(house, seed), warm, found))
    before = child.memory()
    asyncio.run(run(house, address, drawing(house, -seed), count - warm, found))
    grown = child.memory() - before
    log = child.log.read_text("utf-8", "replace")
    if "Traceback" in log or "internal error" in log:
        found.wrong.append("the gateway's log has an internal error")
    if grown > most:
        found.wrong.append(f"memory grew by {grown >> 20} MiB")
    total, slowest = sum(found.statuses.values()), f"slowest {found.slowest:.2f} s"
    click.echo(f"seed {seed}: {total} requests, {slowest}, memory {grown / 2**20:+.1f} MiB")
    click.echo("  " + ", ".join(f"{what}: {times}" for what, times in sorted(found.statuses.items())))
    found.wrong += found.slow
    for line in sorted(set(found.wrong))[:20]:
        click.echo(f"  wrong: {line} ({found.wrong.count(line)} x)")
    return found


if __name__ == "__main__":
    main()
