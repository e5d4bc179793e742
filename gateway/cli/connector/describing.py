"""`connector schema`: the words of declarations for editors, as the file that stands beside the templates."""

from __future__ import annotations

from pathlib import Path

import click

from connectors.describing import written
from gateway import checking
from gateway.cli import policy_words
from gateway.cli.homes import home_option


@click.command()
@home_option
def schema(home: Path | None) -> None:
    """The JSON Schema of declarations, by which editors complete and explain their words."""
    policies = policy_words.draft(policy_words.folder(home))
    click.echo(written(checking.terms_of(policies.catalogue)), nl=False)
