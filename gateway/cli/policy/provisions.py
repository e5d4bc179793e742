"""`credit-gateway policy provisions`: what was provided to whom, as the audit has it; what is kept for three years.

One line for each record type of a platform and each subject of which anything was shown. Never says whom a record is
about: a subject is named by the log's own pseudonym. Thin: reads the logs of the home and lists.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import click

from gateway.auditing.recorded import Asked, Record, asked, records
from gateway.cli import policy_words as words
from gateway.cli.homes import home_option
from gateway.cli.matrix.telling import guarded
from gateway.settings import load as load_settings
from policies.interpreter import implicit
from policies.model import ALLOW, DENY
from policies.policyset import PolicySet

COLUMNS = (
    "at", "decision", "client", "class", "purpose", "type", "kind", "subject", "records", "fields", "platform",
    "agreement", "consents",
)  # fmt: skip


@click.command("provisions")
@home_option
@click.option("--since", required=True, help="A day such as 2026-11-01, or last-30d.")
@click.option("--format", "form", type=click.Choice(["text", "csv"]), default="text", show_default=True)
def provisions_verb(home: Path | None, since: str, form: str) -> None:
    """What was provided to whom, for what, under which agreement and consent: the record that is kept three years."""
    place = load_settings(home).home
    lines = _provisions(home, records(place, words.since(since, "--since")))
    if form == "csv":
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows([guarded(entry) for entry in line] for line in lines)
        return
    count = 0
    for line in lines:
        count += 1
        said = dict(zip(COLUMNS, line, strict=True))
        under = "".join(f", {what} {said[what]}" for what in ("agreement", "consents") if said[what])
        click.echo(
            f"{said['at']}  {said['client']} ({said['class']})  {said['purpose']}  {said['records']} {said['type']}"
            f" of {said['kind']} {said['subject']}: {said['fields']}{under}"
        )
    click.echo(f"{count} provisions")


def _provisions(home: Path | None, recorded: Iterable[Record]) -> Iterator[tuple[str, ...]]:
    sets: dict[str, PolicySet | None] = {}
    for record in recorded:
        for ask in asked(record):
            answered = {name: effect for name, (effect, _) in ask.answers.items() if effect != DENY}
            fields = " ".join(name if effect == ALLOW else f"{name}:{effect}" for name, effect in answered.items())
            for reply in ask.replies:
                if not (reply.shown and answered):
                    continue
                digest = record["policy"]
                if digest not in sets:
                    sets[digest] = words.set_of(home, digest)
                caller, facts = record["caller"], ask.facts
                consents = [entry["id"] for entry in record["consents"]] if facts.consent else []
                yield (
                    record["at"], record["decision"], caller["id"], caller["class"], facts.purpose or "",
                    facts.type, facts.kind, reply.subject or "", str(reply.shown), fields, ask.platform,
                    " ".join(_agreements(sets[digest], ask)), " ".join(consents),
                )  # fmt: skip


def _agreements(policies: PolicySet | None, ask: Asked) -> list[str]:
    """The agreements that cover the question; where the set is not here, those whose rules are recorded."""
    if policies is None:
        names = {rule.partition("/")[0] for _, rule in ask.answers.values()}
        return sorted(name for name in names if name.startswith("agreement"))
    return [
        policy.id
        for policy in policies.policies
        if policy.kind == "agreement" and policy.opens and next(implicit(policy, ask.facts), None) is None
    ]
