"""`connector kinds`, `list` and `show`: what can be declared, what is, and what one platform says that it answers.

What is told of a platform is what is asked: the declaration that was put live, or the file where nobody operates its
region. Where somebody does, they alone see its platforms.
"""

from __future__ import annotations

from pathlib import Path

import click

from connectors.contract import Platform
from connectors.kinds import KINDS
from connectors.kinds.admitted import offered, package
from gateway.checking import kinds_of
from gateway.cli.connector.desks import Counter, Sight, at_the_desk, own_option
from gateway.cli.governing.options import clock
from gateway.cli.homes import home_option
from gateway.cli.registry.desk import told
from gateway.governing.bundles import short
from gateway.registering.contents import name_of
from gateway.registering.standing import Standing, Version
from gateway.settings import load
from gateway.wiring import platforms_of


@click.command()
@home_option
def kinds(home: Path | None) -> None:
    """The kinds of sources that a declaration may name: the shipped ones, and those that the settings admit."""
    others = kinds_of(load(home))
    told(("kind", "values by", "a type needs", "and may have", "of"), [
        (name, kind.words.origin, ", ".join(sorted(kind.words.needs)), ", ".join(sorted(kind.words.may)),
         package(offered(name)) if name in others else "this gateway")
        for name, kind in {**KINDS, **others}.items()
    ])  # fmt: skip


@click.command("list")
@home_option
@own_option
def listed(home: Path | None, key: Path | None) -> None:
    """The platforms of a home: what is asked, and what was registered."""
    with at_the_desk(home) as counter:
        sight, enrolled = Sight.of(counter.settings, key), counter.enrolled
        asked, _ = platforms_of(counter.settings, counter.catalogue, enrolled)
        rows = []
        for name in sorted({*asked.platforms, *enrolled.course.platforms}):
            each, standing = asked.platforms.get(name), enrolled.course.platforms.get(name)
            if sight.sees(name):
                rows.append((name, *_cells(name, each, standing)))
        told(("platform", "version", "state", "kinds", "region", "types", "title"), rows)


@click.command()
@home_option
@click.argument("platform")
@own_option
@click.option("--declaration", is_flag=True, help="Print the file that waits for approval, else the one that answers.")
def show(home: Path | None, platform: str, key: Path | None, declaration: bool) -> None:
    """What one platform says that it answers, type by type, and how it came to be asked."""
    with at_the_desk(home) as counter:
        Sight.of(counter.settings, key).require(platform, counter.platforms)
        standing = counter.enrolled.course.platforms.get(platform)
        if declaration:
            click.echo(_text(counter, platform, standing), nl=False)
            return
        asked, _ = platforms_of(counter.settings, counter.catalogue, counter.enrolled)
        each = asked.platforms.get(platform)
        if each is not None:
            click.echo(f"{each.id} {each.version}  region {each.region} {each.title['zh']}  {each.owner}")
            told(("type", "source", "keys", "fields", "absent", "filters", "order", "batch"), [
                (name, f"{source} ({each.sources[source].kind})", ", ".join(sorted(claim.keys)),
                 str(len(claim.fields)), str(len(claim.absent)), ", ".join(sorted(claim.filters)) or "-",
                 ", ".join(by.field + " desc" * by.descending for by in claim.order) or "-", str(claim.batch))
                for name, source in sorted(each.types.items()) for claim in [each.claim(name)]
            ])  # fmt: skip
        if standing is not None:
            _tell(counter, standing)


def _cells(name: str, each: Platform | None, standing: Standing | None) -> tuple[str, ...]:
    states = standing.states if standing else ("file",)
    paused = ["paused in part"] if standing and standing.live and standing.paused else []
    version = next((v.version for v in (standing.live, standing.candidate) if v), "-") if standing else "-"
    if each is None:
        return version, ", ".join(states), "-", name[:6], "-", "-"
    kinds = ", ".join(sorted({source.kind for source in each.sources.values()}))
    return each.version, ", ".join([*states, *paused]), kinds, each.region, str(len(each.types)), each.title["zh"]


def _tell(counter: Counter, standing: Standing) -> None:
    click.echo(f"state: {', '.join(standing.states)}")
    for word, version in (("live", standing.live), ("waits", standing.candidate)):
        if version is not None:
            click.echo(f"{word}: {_said(version)}")
    for pause in standing.paused:
        what = f"{pause.type}.{pause.field}" if pause.field else pause.type
        click.echo(f"paused: {what}, by {pause.by}, {clock(pause.at)}")
    for (_, name, outcome, day), count in sorted(counter.store.shadows(standing.platform, "")):
        click.echo(f"shadow: {day} {name} {outcome} {count}")


def _said(version: Version) -> str:
    approved = f", approved by {version.approved_by}" if version.approved_by else ", not approved"
    ready = f", readiness {version.readiness}" if version.readiness else ""
    return f"{version.version} ({short(version.content)}){ready}, by {version.by}{approved}, {clock(version.at)}"


def _text(counter: Counter, platform: str, standing: Standing | None) -> str:
    version = (standing.candidate or standing.live) if standing else None
    if version is None:
        return (counter.settings.home / "platforms" / name_of(platform)).read_text("utf-8")
    return counter.store.files(version.content)[name_of(platform)].decode()
