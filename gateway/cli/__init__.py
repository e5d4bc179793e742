"""The command line: one file per family of verbs, each thin: parse, call a room, print.

Exit codes: 0 done; 1 refused or found wrong; 2 a wrong command line; `query` adds 3 (partial) and 4 (denied).
Every verb takes `--home`. What a person can mend is said in one line, without a trace.
"""

from __future__ import annotations

import sys

import click

from deploy.demo.processes import NotReady
from gateway.auditing.entries import LogDamaged
from gateway.auditing.log import LogInUse
from gateway.checking import HomeError
from gateway.cli.asking import AskingError, query, token
from gateway.cli.audit import audit
from gateway.cli.demo import demo
from gateway.cli.demonstration import DemoError
from gateway.cli.house import check, init, schema, serve
from gateway.cli.policy import policy
from gateway.cli.serving import ListenError
from gateway.documents import DocumentError
from gateway.keyfiles import KeyFileError
from gateway.settings import SettingsError
from policies.findings import Refused

KNOWN = (
    HomeError,
    DocumentError,
    Refused,
    KeyFileError,
    SettingsError,
    AskingError,
    DemoError,
    ListenError,
    NotReady,
    LogInUse,
    LogDamaged,
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="credit-gateway")
def cli() -> None:
    """One question about a credit subject, answered by many platforms, decided before it is fetched."""


for verb in (serve, demo, check, init, schema, token, query, policy, audit):
    cli.add_command(verb)


def main() -> None:
    try:
        cli(prog_name="credit-gateway")
    except KNOWN as error:
        click.echo(str(error), err=True)
        sys.exit(1)
