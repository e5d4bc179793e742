"""`connector coverage`, `usage`, `rejected`: which records come from where, who read what, and what did not map.

Counts and names of the catalogue only. Where a region has operators, they alone see its platforms.
"""

from __future__ import annotations

from pathlib import Path

import click

from gateway import keyfiles
from gateway.auditing import recorded
from gateway.auditing.usage import usage as used
from gateway.cli import policy_words as words
from gateway.cli.connector.desks import Sight, at_the_desk, own_option, tell_who_lags
from gateway.cli.homes import home_option
from gateway.cli.registry.desk import told
from gateway.deciding.pausing import whole
from gateway.registering.tallying import REJECTED, day_of, row_key
from gateway.wiring import platforms_of

since_option = click.option(
    "--since", "since", default="last-30d", show_default=True, help="A day such as 2026-11-01, or last-30d."
)
# the best is told
STATES = LIVE, PARTLY, PAUSED, SHADOW, SANDBOX, ABSENT = "live", "partly", "paused", "shadow", "sandbox", "-"


@click.command()
@home_option
@own_option
@click.option("--type", "wanted", default=None, help="Only this record type.")
def coverage(home: Path | None, key: Path | None, wanted: str | None) -> None:
    """Which record types come from which region: live, partly (a field is paused), paused, shadow, sandbox."""
    with at_the_desk(home) as counter:
        sight = Sight.of(counter.settings, key)
        asked, shadows = platforms_of(counter.settings, counter.catalogue, counter.enrolled)
        words.known("--type", [wanted] if wanted else [], counter.catalogue.types)
        cells: dict[tuple[str, str], set[str]] = {}
        for registry, soon in ((asked, False), (shadows, True)):
            for each in filter(lambda each: sight.sees(each.id), registry.platforms.values()):
                for name in each.types:
                    state = SHADOW if soon else _state(each.paused.get(name), counter.catalogue.types[name].control)
                    cells.setdefault((name, each.region), set()).add(SANDBOX if each.sandbox else state)
        regions = sorted({region for _, region in cells})
        rows = [
            (name, *(min(cells.get((name, region), {ABSENT}), key=STATES.index) for region in regions))
            for name in counter.catalogue.types
            if wanted in (None, name)
        ]
        told(("type", *regions), rows)
        tell_who_lags(counter)


@click.command()
@home_option
@click.argument("platform")
@own_option
@since_option
def usage(home: Path | None, platform: str, key: Path | None, since: str) -> None:
    """Who read what from a platform: clients, purposes, record types and numbers, from the audit; no value."""
    begin = words.since(since, "--since")
    with at_the_desk(home) as counter:
        Sight.of(counter.settings, key).require(platform, counter.platforms)
        found = used(recorded.records(counter.settings.home, begin), platform)
        told(("client", "purpose", "type", "questions", "subjects", "fields", "rows shown"), [
            (*place, str(use.questions), str(use.subjects), str(len(use.fields)), str(use.rows))
            for place, use in sorted(found.items())
        ])  # fmt: skip


@click.command()
@home_option
@click.argument("platform")
@own_option
@since_option
@click.option("--row", default=None, help="The identity of a row of yours, parts joined by `|`: was it rejected?")
def rejected(home: Path | None, platform: str, key: Path | None, since: str, row: str | None) -> None:
    """Rows that did not map: why, how often, when, and digests by which you find them with --row; never a value."""
    begin = words.since(since, "--since")
    with at_the_desk(home) as counter:
        settings, store = counter.settings, counter.store
        Sight.of(counter.settings, key).require(platform, counter.platforms)
        digests = keyfiles.derived(keyfiles.secret(settings.home, "gateway.key"), REJECTED)
        wanted = row_key(digests, platform, row) if row is not None else None
        places: dict[tuple[str, str, str], tuple[int, list[str]]] = {}
        found = store.rejections(platform, day_of(begin.timestamp())) if store.present else []
        for (_, name, reason, day, digest), count in found:
            if wanted in (None, digest):
                total, known = places.get((name, reason, day), (0, []))
                places[name, reason, day] = total + count, [*known, digest] if digest else known
        told(("type", "day", "rows", "why", "row digests"), [
            (name, day, str(total), reason, " ".join(known))
            for (name, reason, day), (total, known) in sorted(places.items(), key=lambda item: (item[0][2], item[0]))
        ])  # fmt: skip


def _state(paused: frozenset[str] | None, control: frozenset[str]) -> str:
    if paused is None:
        return LIVE
    return PAUSED if whole(paused, control) else PARTLY
