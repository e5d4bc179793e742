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
from gateway.checking import kinds_of, read_platforms
from gateway.cli.connector.desks import Counter, Sight, at_the_desk, own_option, tell_who_lags
from gateway.cli.governing.options import clock
from gateway.cli.homes import home_option
from gateway.cli.registry.desk import told
from gateway.documents import suggestion
from gateway.governing.bundles import short
from gateway.registering.contents import name_of, proved
from gateway.registering.standing import Standing, Version
from gateway.settings import load
from gateway.wiring import drafts_of, platforms_of

DRAFT = "draft"  # a file that nobody has put live, in a region that has operators


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
        rows, drafts = [], drafts_of(counter.settings, enrolled).unasked
        for name in sorted({*asked.platforms, *enrolled.course.platforms, *drafts}):
            each, standing = asked.platforms.get(name), enrolled.course.platforms.get(name)
            if sight.sees(name):
                rows.append((name, *_cells(name, each, standing)))
        told(("platform", "version", "state", "kinds", "region", "types", "title"), rows)
        tell_who_lags(counter)


@click.command()
@home_option
@click.argument("platform")
@own_option
@click.option("--declaration", is_flag=True, help="Print the file that waits for approval, else the one that answers.")
@click.option("--content", default=None, help="Of a declaration: the version whose digest in `history` begins so.")
@click.option("--beside", default=None, help="Of a declaration: print this file that was registered with it instead.")
def show(
    home: Path | None, platform: str, key: Path | None, declaration: bool, content: str | None, beside: str | None
) -> None:
    """What one platform says that it answers, type by type, and how it came to be asked."""
    with at_the_desk(home) as counter:
        Sight.of(counter.settings, key).require(platform, counter.platforms)
        standing = counter.enrolled.course.platforms.get(platform)
        if declaration or content or beside:
            _print(counter, platform, standing, content, beside)
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
        elif each is None:
            click.echo(f"state: {DRAFT}; its region has operators: `connector register` its file")
        tell_who_lags(counter)


def _cells(name: str, each: Platform | None, standing: Standing | None) -> tuple[str, ...]:
    states = standing.states if standing else ("file",) if each else (DRAFT,)
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
    _tell_changes(counter, standing)
    for pause in standing.paused:
        what = f"{pause.type}.{pause.field}" if pause.field else pause.type
        click.echo(f"paused: {what}, by {pause.by}, {clock(pause.at)}")
    for (_, name, outcome, day), count in sorted(counter.store.shadows(standing.platform, "")):
        click.echo(f"shadow: {day} {name} {outcome} {count}")


def _tell_changes(counter: Counter, standing: Standing) -> None:
    """What would be answered by what waits and is not by what answers, and the other way round."""
    if standing.candidate is None:
        return
    try:
        after = _answered(counter, standing.platform, standing.candidate)
        before = _answered(counter, standing.platform, standing.live) if standing.live else set()
    except ValueError as error:  # gone from the store, or of another catalogue
        click.echo(f"would answer nothing: {error}")
        return
    for words, names in (("would answer", after - before), ("would answer no more", before - after)):
        if names:
            click.echo(f"{words}: {', '.join(sorted(names))}")
    if before == after:
        click.echo("would answer: the same fields, otherwise declared")


def _answered(counter: Counter, platform: str, version: Version) -> set[str]:
    """Its fields, as `Type.field`. Raises Refused, DocumentError."""
    document = proved(platform, version.content, counter.store.files(version.content))
    read = read_platforms((document,), counter.catalogue, kinds=counter.kinds)
    (found,) = read.platforms.values()
    return {f"{name}.{field}" for name in found.types for field in found.claim(name).fields}


def _said(version: Version) -> str:
    approved = f", approved by {version.approved_by}" if version.approved_by else ", not approved"
    ready = f", readiness {version.readiness}" if version.readiness else ""
    return f"{version.version} ({short(version.content)}){ready}, by {version.by}{approved}, {clock(version.at)}"


def _print(counter: Counter, platform: str, standing: Standing | None, digits: str | None, beside: str | None) -> None:
    """A declaration as it was registered, or as the file lies; what was registered beside it is named."""
    content = _content(counter, platform, standing, digits)
    if content is None:
        file = counter.settings.home / "platforms" / name_of(platform)
        files = {file.name: file.read_bytes()} if file.is_file() else {}
    else:
        files = counter.store.files(content)
        proved(platform, content, files)
    wanted = beside or name_of(platform)
    if wanted not in files:
        message = f"`{wanted}` is not there{suggestion(wanted, files)}; `connector history` names every version"
        raise click.BadParameter(message, param_hint="--beside" if beside else "PLATFORM")
    click.echo(files[wanted].decode("utf-8", "replace"), nl=False)
    for name in sorted(files.keys() - {wanted, name_of(platform)}):
        click.echo(f"beside it: {name}, {len(files[name])} bytes; `--beside {name}` prints it", err=True)


def _content(counter: Counter, platform: str, standing: Standing | None, digits: str | None) -> str | None:
    """The digest that is meant: by its first digits, of what waits, of what answers; None where there is none."""
    if digits is None:
        version = (standing.candidate or standing.live) if standing else None
        return version.content if version else None
    steps = [done.step for done in counter.enrolled.course.steps if done.step.platform == platform]
    known = {short(step.content): step.content for step in steps if step.content}
    found = {full for name, full in known.items() if name.startswith(digits.removeprefix("sha256:")[: len(name)])}
    if len(found) != 1:
        message = f"no single version of {platform} begins so{suggestion(digits, known)}"
        raise click.BadParameter(message, param_hint="--content")
    return found.pop()
