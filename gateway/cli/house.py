"""Verbs about the house itself: make a home, check it, serve it, show its schema."""

from __future__ import annotations

import shutil
from importlib.resources import files
from pathlib import Path

import click

from gateway import checking
from gateway.app import Application, read
from gateway.cli import serving
from gateway.schema import Face
from gateway.settings import DEFAULT_HOME, load

home_option = click.option(
    "--home",
    type=click.Path(path_type=Path, file_okay=False),
    default=None,
    help=f"The gateway's folder (default: CREDIT_GATEWAY_HOME, else {DEFAULT_HOME}).",
)

CLIENTS = """\
# Who may ask. Issuers: authorization servers whose tokens are accepted. Clients: what each may hold at most;
# class, region and ceilings are believed from here only, never from a token.
issuers: []
#  - {issuer: "https://id.example.org", jwks: "https://id.example.org/jwks.json", algorithms: [ES256]}
clients: {}
#  partner-bureau:
#    issuer: "https://id.example.org"
#    clientId: partner-bureau
#    class: government
#    region: "310000"
#    title: {zh: 某市场监管局, en: A market bureau}
#    scopes: [credit.gov]
#    purposes: [gov.licensing]
"""
ENVIRONMENT = """\
# KEY=VALUE lines beneath the process's environment: settings (CREDIT_GATEWAY_...) and what platform files
# refer to as env:NAME. Secrets belong into files under secrets/, referred to as secret:path.
"""


def shipped(package: str) -> Path:
    """The folder of one of our packages, in a checkout or an installed wheel."""
    return Path(str(files(package)))


def make_home(home: Path) -> list[str]:
    """Make what is missing; nothing that stands there is touched. Returns what was made, for a person."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    made = []
    if not (home / "policies").exists():
        source = shipped("policies")
        for path in sorted([*source.rglob("*.yaml"), source / "README.md"]):
            target = home / "policies" / path.relative_to(source)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
        made.append("policies/  the shipped catalogue, rules and cases")
    if not (home / "platforms").exists():
        (home / "platforms").mkdir()
        for name in ("platforms/_template.yaml", "README.md"):
            shutil.copyfile(shipped("connectors") / name, home / "platforms" / Path(name).name)
        made.append("platforms/  a template to copy, one file per platform")
    for name, text in (("clients.yaml", CLIENTS), ("gateway.env", ENVIRONMENT)):
        if not (home / name).exists():
            (home / name).write_text(text, "utf-8")
            made.append(name)
    (home / "secrets").mkdir(mode=0o700, exist_ok=True)
    return made


@click.command()
@home_option
def init(home: Path | None) -> None:
    """Make a home: policies, platforms, clients, settings. What exists is kept."""
    place = load(home).home
    made = make_home(place)
    for line in made:
        click.echo(f"made {place}/{line}")
    if not made:
        click.echo(f"{place} is whole already; nothing was changed")


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
def serve(home: Path | None, host: str | None, port: int | None) -> None:
    """Serve a home. Refuses to start when it does not agree with itself."""
    settings = load(home, host=host, port=port)
    configuration = read(settings)
    for warning in configuration.warnings:
        click.echo(f"warning: {warning}", err=True)
    with serving.listening(settings.host, settings.port) as taken:
        settings = serving.on_socket(settings, taken)
        address = f"http://{settings.host}:{settings.port}"
        application = Application(settings, configuration)
        serving.serve(application, taken, lambda: click.echo(f"listening on {address}"))


@click.command()
@home_option
def schema(home: Path | None) -> None:
    """Print the GraphQL schema (SDL) of a home's catalogue, or of the shipped one where there is no home."""
    place = load(home).home / "policies"
    policies = checking.read_policies(place if place.is_dir() else shipped("policies"))
    click.echo(Face(policies.catalogue).sdl(), nl=False)
