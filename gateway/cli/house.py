"""Verbs about the house itself: check a home, serve it."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.app import Application, read
from gateway.auditing import logs
from gateway.cli import serving
from gateway.cli.homes import home_option
from gateway.cli.workers import Workers
from gateway.settings import MAX_WORKERS, load


@click.command()
@home_option
def check(home: Path | None) -> None:
    """Do catalogue, rules, cases, platforms and clients agree? Says what is wrong, where, and what to do."""
    known = read(load(home))
    for warning in known.warnings:
        click.echo(f"warning: {warning}")
    policies = known.policies
    fields = sum(len(record.fields) for record in policies.catalogue.types.values())
    click.echo(
        f"ok: policy {policies.digest[:19]}, {len(policies.catalogue.types)} record types with {fields} fields, "
        f"{len(known.registry.platforms)} platforms, {len(known.clients.by_token)} clients"
    )


@click.command()
@home_option
@click.option("--host", default=None, help="The address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=None, help="The port; 0 takes a free one.")
@click.option("--workers", type=click.IntRange(1, MAX_WORKERS), default=None, help="Processes, one a core (default 1).")
@click.option("--trusted-only", is_flag=True, help="Answer only the documents of HOME/documents.")
def serve(home: Path | None, host: str | None, port: int | None, workers: int | None, trusted_only: bool) -> None:
    """Serve a home. Refuses to start when it does not agree with itself."""
    settings = load(home, host=host, port=port, workers=workers, documents="trusted" if trusted_only else None)
    configuration = read(settings)
    for warning in configuration.warnings:
        click.echo(f"warning: {warning}", err=True)
    with serving.listening(settings.host, settings.port) as taken:
        settings = serving.on_socket(settings, taken)
        address = f"http://{settings.host}:{settings.port}"

        def ready() -> None:
            click.echo(f"listening on {address}")

        if settings.workers == 1:
            serving.serve(Application(settings, configuration), taken, ready)
        else:
            logs.found(settings.home, settings.workers)
            Workers(settings, configuration, taken).serve(ready)
