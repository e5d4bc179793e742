"""The verb `demo`: a province on this machine, its platforms as processes of their own, and a gateway before them.

It runs until it is stopped; `demo --check` asks each caller's questions, takes platforms away one by one, and
says line by line what was promised and whether it held.
"""

from __future__ import annotations

import json
import shutil
import signal
import sys
import threading
from pathlib import Path
from types import FrameType

import click

from gateway.cli.demo_check import run_checks
from gateway.cli.demonstration import EXAMPLES, Running, running
from gateway.cli.homes import home_option
from gateway.settings import load


@click.command()
@home_option
@click.option("--port", type=click.IntRange(0, 65535), default=None, help="The gateway's port (default 8000).")
@click.option("--seed", default=1, show_default=True, help="Another seed makes another population.")
@click.option("--subjects", type=click.IntRange(20, 200_000), default=2000, show_default=True)
@click.option("--postgres", is_flag=True, help="Qingdao's database is a real PostgreSQL (extra `demo-postgres`).")
@click.option("--check", "checking", is_flag=True, help="Ask, take platforms away, report, exit 0 or 1.")
def demo(home: Path | None, port: int | None, seed: int, subjects: int, postgres: bool, checking: bool) -> None:
    """Start a province: a gateway, its platforms and an issuer, all on this machine."""
    settings = load(home)
    wanted = 0 if checking and port is None else settings.port if port is None else port
    with running(settings.home, wanted, seed, subjects, postgres, shanghai=True) as house:
        if checking:
            sys.exit(0 if run_checks(house, click.echo) else 1)
        stop = threading.Event()

        def on_signal(number: int, frame: FrameType | None) -> None:
            stop.set()

        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, on_signal)
        _welcome(house)
        stop.wait()
        click.echo("stopping")


def _welcome(house: Running) -> None:
    said = house.description
    click.echo(f"\n{said['gateway']}  GraphiQL        {said['graphql']}  GraphQL")
    for platform in said["platforms"]:
        click.echo(f"  {platform['id']:<34}{platform['kind']:<8}pid {platform['pid']}")
    home = f" --home {house.settings.home}" if str(house.settings.home) != ".credit-gateway" else ""
    click.echo("\nquestions to paste into another shell:\n")
    for number, example in enumerate(json.loads(EXAMPLES.read_text("utf-8")), 1):
        purpose = f" --purpose {example['purpose']}" if example.get("purpose") else ""
        click.echo(f"# {number}. {example['title']['zh']} · {example['title']['en']}")
        click.echo(
            f"echo '{' '.join(example['query'].split())}' \\\n  | {_command()} query - --as {example['as']}"
            f"{purpose}{home} --var id={example['subject']}\n"
        )
    click.echo("stop with Ctrl-C")


def _command() -> str:
    """This command as it can be pasted into another shell in the same folder."""
    called = Path(sys.argv[0])
    if called.name != "credit-gateway":
        return f"{sys.executable} -m gateway"
    if shutil.which(called.name) == str(called):
        return called.name
    return str(called.relative_to(Path.cwd()) if called.is_relative_to(Path.cwd()) else called)
