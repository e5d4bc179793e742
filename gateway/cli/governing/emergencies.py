"""`rollback`, `suspend`, `break-glass`: one officer alone, at once, and only ever to close."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import click

from gateway.authenticating.clients import Client, load_clients
from gateway.cli import policy_words as words
from gateway.cli.governing import options
from gateway.cli.homes import home_option
from gateway.documents import load, suggestion
from gateway.governing.office import Office
from gateway.governing.sayings import Limit, Partner
from gateway.governing.signing import read_key
from gateway.governing.standing import LONGEST_GLASS
from gateway.settings import Settings
from policies.model import FieldClass
from policies.policyset import PolicySet

HOURS = LONGEST_GLASS.total_seconds() / 3600


@click.command("rollback")
@click.argument("digest")
@home_option
@options.key_option
@options.note_option
@options.wait_option
def rollback_verb(digest: str, home: Path | None, key: Path, note: tuple[str, str], wait: float) -> None:
    """Back to a set that was in force before; by one officer when that opens nothing, else submit and approve it."""
    settings, office = options.office(home)
    course = office.rollback(digest, read_key(key), options.noted(note))
    options.published(settings, course, wait, "rolled back")


@click.command("suspend")
@click.argument("partner")
@home_option
@options.key_option
@options.note_option
@options.wait_option
def suspend_verb(partner: str, home: Path | None, key: Path, note: tuple[str, str], wait: float) -> None:
    """Close an agreement, or a client, at once. `submit --lift PARTNER` ends it, by two persons."""
    settings, office = options.office(home)
    found = _partner(settings, office, partner)
    course = office.suspend(found, read_key(key), options.noted(note))
    options.published(settings, course, wait, f"suspended {found.kind} {found.id}")


@click.command("break-glass")
@home_option
@options.key_option
@options.note_option
@options.wait_option
@click.option("--client", "clients", multiple=True, help="A class of clients, such as government.")
@click.option("--region", "regions", multiple=True, help="Clients of this province, two digits; inside, outside.")
@click.option("--id", "ids", multiple=True, help="A client's id.")
@click.option("--type", "types", multiple=True, help="A record type.")
@click.option("--class", "classes", multiple=True, help="A class of fields, such as RESTRICTED.")
@click.option("--field", "names", multiple=True, help="A field by name.")
@click.option(
    "--hours", type=click.FloatRange(0, HOURS, min_open=True), required=True, help=f"For how long, at most {HOURS:g}."
)
def break_glass_verb(
    home: Path | None, key: Path, note: tuple[str, str], wait: float, hours: float, **closed: tuple[str, ...]
) -> None:
    """Close what the words say, at once and for a few hours: across words all must hold, inside one any."""
    settings, office = options.office(home)
    if not any(closed.values()):
        raise click.UsageError("say what is closed: --client, --region, --id, --type, --class or --field")
    policies = _in_force(office)
    c = policies.catalogue
    names = {field.name for record in c.types.values() for field in record.fields.values()}
    for word, choices in (
        ("clients", c.client_classes), ("regions", {"inside", "outside", *c.provinces}), ("types", c.types),
        ("classes", [cls.value for cls in FieldClass]), ("names", names),
        ("ids", {"public", *(client.id for client in _clients(settings, policies))}),
    ):  # fmt: skip
        option = {"classes": "class", "names": "field"}.get(word, word.removesuffix("s"))
        words.known(f"--{option}", closed[word], choices)
    course = office.break_glass(Limit.model_validate(closed), hours, read_key(key), options.noted(note))
    options.published(settings, course, wait, f"closed for {hours:g} hours")


def _partner(settings: Settings, office: Office, name: str) -> Partner:
    policies = _in_force(office)
    agreements = [policy.id for policy in policies.policies if policy.kind == "agreement"]
    clients = [client.id for client in _clients(settings, policies)]
    if name in agreements:
        return Partner(kind="agreement", id=name)
    if name in clients:
        return Partner(kind="client", id=name)
    near = suggestion(name, [*agreements, *clients])
    raise click.BadParameter(f"no agreement and no client is called `{name}`{near}", param_hint="PARTNER")


def _clients(settings: Settings, policies: PolicySet) -> Collection[Client]:
    path = settings.home / "clients.yaml"
    return load_clients(load(path, settings.home), policies.catalogue).by_token.values() if path.exists() else ()


def _in_force(office: Office) -> PolicySet:
    return office.bundles.policies(office.standing().bundle)
