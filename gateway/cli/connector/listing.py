"""`connector kinds`, `list` and `show`: what can be declared, what is, and what one platform says that it answers."""

from __future__ import annotations

from pathlib import Path

import click

from connectors.kinds import KINDS
from connectors.registry import Registry
from gateway import checking
from gateway.cli import policy_words
from gateway.cli.homes import home_option
from gateway.cli.registry.desk import told
from gateway.documents import suggestion
from gateway.settings import load


def _registry(home: Path | None) -> Registry:
    policies = policy_words.draft(policy_words.folder(home))
    return checking.read_platforms(load(home).home / "platforms", policies.catalogue)


@click.command()
def kinds() -> None:
    """The kinds of sources that a declaration may name."""
    told(("kind", "values by", "a type needs", "and may have"), [
        (name, kind.words.origin, ", ".join(sorted(kind.words.needs)), ", ".join(sorted(kind.words.may)))
        for name, kind in KINDS.items()
    ])  # fmt: skip


@click.command("list")
@home_option
def listed(home: Path | None) -> None:
    """The platforms of a home."""
    told(("platform", "version", "kinds", "region", "types", "title"), [
        (name, each.version, ", ".join(sorted({source.kind for source in each.sources.values()})), each.region,
         str(len(each.types)), each.title["zh"])
        for name, each in sorted(_registry(home).platforms.items())
    ])  # fmt: skip


@click.command()
@home_option
@click.argument("platform")
def show(home: Path | None, platform: str) -> None:
    """What one platform says that it answers, type by type."""
    found = _registry(home).platforms
    if platform not in found:
        raise click.BadParameter(f"no platform `{platform}`{suggestion(platform, found)}", param_hint="PLATFORM")
    each = found[platform]
    click.echo(f"{each.id} {each.version}  region {each.region} {each.title['zh']}  {each.owner}")
    told(("type", "source", "keys", "fields", "absent", "filters", "batch"), [
        (name, f"{source} ({each.sources[source].kind})", ", ".join(sorted(claim.keys)), str(len(claim.fields)),
         str(len(claim.absent)), ", ".join(sorted(claim.filters)) or "-", str(claim.batch))
        for name, source in sorted(each.types.items()) for claim in [each.claim(name)]
    ])  # fmt: skip
