"""A gateway's home on disk: the option that names it, and how an empty one is made (`init`). Imports nothing heavy."""

from __future__ import annotations

import shutil
from importlib.resources import files
from pathlib import Path

import click

from gateway.settings import DEFAULT_HOME, load

home_option = click.option(
    "--home",
    type=click.Path(path_type=Path, file_okay=False),
    default=None,
    help=f"The gateway's folder (default: CREDIT_GATEWAY_HOME, else {DEFAULT_HOME}).",
)

CLIENTS = """\
# Who may ask. Issuers: authorization servers whose tokens are accepted. Clients: what each may hold at most;
# class, region and ceilings are believed from here only, never from a token. Consent issuers: services whose signed
# consents open what needs one; their status lists are asked at `statusLists` (an address, or a folder ending in `/`)
# by every question that brings consents, unless `keepStatus` (at most 60s) lets a list serve longer.
issuers: []
#  - {issuer: "https://id.example.org", jwks: "https://id.example.org/jwks.json", algorithms: [ES256]}
#  - issuer: "https://id.example.net"  # its tokens cannot be read, or may be revoked: it is asked about them
#    introspection: {endpoint: "https://id.example.net/introspect", clientId: gateway, auth: private_key_jwt,
#                    secret: "secret:id-example-net.pem"}
consentIssuers: []
#  - issuer: "https://consent.example.org"
#    jwks: "https://consent.example.org/jwks.json"
#    statusLists: "https://consent.example.org/status/"
#    algorithms: [ES256]
#    maxLifetime: 366d
#    keepStatus: 0s
# Members are the organisations behind clients; quotas, a ceiling of record types and a state (live, sandbox, frozen)
# stand with a client. `credit-gateway member|client|issuer` changes this file, and running gateways obey.
#members:
#  market-bureau: {title: {zh: 某市场监管局, en: A market bureau}, uscc: "...", region: "310000"}
clients: {}
#  partner-bureau:
#    issuer: "https://id.example.org"
#    clientId: partner-bureau
#    class: government
#    region: "310000"
#    title: {zh: 某市场监管局, en: A market bureau}
#    scopes: [credit.gov]
#    purposes: [gov.licensing]
#    member: market-bureau
#    types: [AdministrativePenalty]
#    quota: {perMinute: 600, perDay: 100000, subjectsPerDay: 20000, perOperatorSubjectsPerDay: 200}
#    state: sandbox
"""
OFFICERS = """\
# Who may change the policies in force. `credit-gateway policy officer-key FILE` makes a key and prints its public half.
# Who leaves keeps the entry, with `until`. Whoever may write this file may become anybody: it is the operator's alone.
officers: {}
#  li-wen:
#    name: Li Wen
#    key: "ed25519:..."
#    roles: [policy.author]   # policy.approver, law.officer, operator
#    region: "37"
#    until: 2027-01-01
# Who operates platforms. As soon as somebody is `platform.operator` of a region, its platforms are asked only as two
# persons approved them: see platforms/README.md, "Registering a platform".
#  sun-lan:
#    name: Sun Lan
#    key: "ed25519:..."
#    roles: [platform.operator]   # platform.approver
#    region: "37"
#    regions: ["370200"]
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
        source = shipped("connectors")
        beside = source / "platforms"
        for path in (source / "README.md", *sorted(beside.glob("*.schema.json")), *sorted(beside.glob("_*"))):
            shutil.copyfile(path, home / "platforms" / path.name)
        shutil.copytree(beside / "samples", home / "platforms" / "samples")
        made.append("platforms/  templates to copy, one file per platform")
    for name, text in (("clients.yaml", CLIENTS), ("officers.yaml", OFFICERS), ("gateway.env", ENVIRONMENT)):
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
