"""`credit-gateway audit`: check that the audit logs of a home are those that were written, and read their end.

A home has one log for each process that answered in it; all are read. Thin: parses, calls `gateway.auditing`,
prints. Works beside a running gateway and on a copied folder; it never writes. Exit code 0: whole;
1: not whole, or it cannot be read.
"""

from __future__ import annotations

import sys
from pathlib import Path

import click
import orjson

from gateway import settings
from gateway.auditing import entries, keys, verifying
from gateway.keyfiles import KeyFileError


@click.group()
def audit() -> None:
    """The audit log: verify it, show its end."""


_home = click.option(
    "--home",
    type=click.Path(path_type=Path, file_okay=False),
    default=None,
    help="The gateway's home (default: the environment's).",
)


@audit.command()
@_home
@click.option(
    "--key",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="Trust this public key only, instead of HOME/keys/checkpoint*.pub.",
)
@click.option(
    "--witness",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="A folder with an earlier checkpoint.json that was kept elsewhere.",
)
def verify(home: Path | None, key: Path | None, witness: Path | None) -> None:
    """Recompute each log's Merkle tree and hold it against its signed checkpoint."""
    try:
        trusted = dict([keys.read_public_key(key)]) if key else None
        results = verifying.verify_all(_place(home), trusted, witness)
    except (OSError, KeyFileError) as error:
        _fail(str(error))
    for log, result in results.items():
        name = f"worker-{log}: " if log else ""
        if result.problem:
            click.echo(f"{name}{result.problem}", err=True)
            continue
        click.echo(f"{name}whole: {result.size} records, root {result.root.hex()}")
        if result.signed < result.size:
            unsigned = result.size - result.signed
            click.echo(f"{name}the last {unsigned} records are not yet under a signed checkpoint")
    if any(result.problem for result in results.values()):
        sys.exit(1)


@audit.command()
@_home
@click.option("--last", "count", type=click.IntRange(1), default=10, show_default=True, help="How many records.")
def show(home: Path | None, count: int) -> None:
    """Print the last records, oldest first, one JSON line each."""
    try:
        for line in verifying.last(_place(home), count):
            click.echo(orjson.dumps(line).decode())
    except (OSError, entries.LogDamaged) as error:
        _fail(str(error))


def _place(home: Path | None) -> Path:
    return settings.load(home).home


def _fail(message: str) -> None:
    click.echo(message, err=True)
    sys.exit(1)
