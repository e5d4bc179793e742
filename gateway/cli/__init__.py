"""The command line: one file per family of verbs, each thin: parse, call a room, print.

Exit codes: 0 done; 1 refused or found wrong; 2 a wrong command line; `query` adds 3 (partial) and 4 (denied).
Every verb takes `--home`. What a person can mend is said in one line, without a trace. A verb's file is
imported when the verb is called, so that asking does not wait for what serving needs.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping
from typing import Any

import click

from gateway.cli.told import is_mendable

VERBS = {
    "serve": "house",
    "demo": "demo",
    "check": "house",
    "init": "homes",
    "schema": "schema",
    "token": "querying",
    "query": "querying",
    "consent": "consents",
    "policy": "policy",
    "connector": "connector",
    "member": "registry",
    "client": "registry",
    "issuer": "registry",
    "audit": "audit",
    "store": "store",
}


class Verbs(click.Group):
    """Verbs by name, in the order in which a newcomer meets them, each with the module of `package` that holds it
    (`module:attribute` where that is called otherwise)."""

    def __init__(self, *args: Any, package: str, verbs: Mapping[str, str], **rest: Any) -> None:
        super().__init__(*args, **rest)
        self._package, self._verbs = package, verbs

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self._verbs)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self._verbs:
            return None
        module, _, attribute = self._verbs[cmd_name].partition(":")
        command: click.Command = getattr(importlib.import_module(f"{self._package}.{module}"), attribute or cmd_name)
        return command


@click.group(cls=Verbs, package="gateway.cli", verbs=VERBS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="credit-gateway")
def cli() -> None:
    """One question about a credit subject, answered by many platforms, decided before it is fetched."""


def main() -> None:
    try:
        cli(prog_name="credit-gateway")
    except Exception as error:
        if not is_mendable(error):
            raise
        click.echo(str(error), err=True)
        sys.exit(1)
