"""How the officer's verbs are told what is meant: the set on disk, a caller, an instant, a word of the catalogue.

A caller is said in one way by all verbs. Every wrong word is answered with the nearest right one. Reads files
of the home; writes nothing and decides nothing.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NoReturn

import click

from gateway.authenticating.clients import PUBLIC, Client, load_clients
from gateway.caller import FROZEN
from gateway.checking import policy_documents
from gateway.cli.homes import shipped
from gateway.documents import Document, load, suggestion
from gateway.governing.bundles import Bundles, short
from gateway.governing.journal import Journal
from gateway.governing.office import Office
from gateway.governing.recalling import recalled
from gateway.governing.statements import Refused
from gateway.settings import load as load_settings
from policies.bundles import MANIFEST, PolicySet, assemble, manifest_text
from policies.conditions import SHANGHAI
from policies.findings import Finding, of
from policies.matrix import Asker
from policies.model import Words
from policies.policyset import Row, Rule

SUBJECT = "subject"
LAST = "last-"
CALLER = "REGION/CLASS such as 31/government, a class, or a client's id; `+credit.gov,credit.restricted`: its scopes."
language_option = click.option(
    "--language", type=click.Choice(["zh", "en"]), default="en", show_default=True, help="The language of the rules."
)
at_option = click.option(
    "--at", "moment", default=None, help="An instant such as 2026-11-24T10:00 (Shanghai); now when not said."
)


def folder(home: Path | None) -> Path:
    """HOME/policies, or the shipped ones, said aloud."""
    place = load_settings(home).home
    found = place / "policies"
    if not place.exists():
        found = shipped("policies")
        click.echo(f"note: {place} does not exist; these are the shipped policies", err=True)
    return _readable(found)


def read(place: Path) -> tuple[PolicySet | None, list[Finding]]:
    """The set as it lies there. One that is only not sealed is read all the same, so that the rest can be checked."""
    try:
        documents = policy_documents(place)
    except ValueError as error:
        return None, [Finding("E", text) for text in of(error)]
    try:
        return assemble(documents), []
    except ValueError as error:
        findings = [Finding("E", text) for text in of(error)]
    try:
        return assemble(_sealed(documents)), findings
    except ValueError as error:
        inside = [Finding("E", text) for text in of(error)]
        return None, list(dict.fromkeys([*findings, *inside]))


def draft(place: Path) -> PolicySet:
    """The set as if it were sealed: what `test`, `explain`, `matrix` and `seal` work on."""
    try:
        return assemble(_sealed(policy_documents(place)))
    except ValueError as error:
        fail(of(error))


def draft_told(home: Path | None, policies: PolicySet) -> None:
    """Say so when what lies in HOME/policies is not what answers are decided by. What cannot be read says nothing."""
    settings = load_settings(home)
    if not Journal(settings.home).place.exists():
        return
    with contextlib.suppress(ValueError, OSError):
        standing = Office(settings.home, settings.province).standing()
        closed = [each.partner for each in standing.suspended]
        closed += [f"break-glass {each.seq}" for each in standing.limits_at(datetime.now(UTC))]
        if closed or standing.bundle != policies.digest:
            above = f", closed above it: {', '.join(closed)}" if closed else ""
            said = f"policy set {short(standing.bundle)} is in force{above}"
            click.echo(f"note: this is the draft in HOME/policies; {said}", err=True)


def set_at(home: Path | None, reference: str) -> PolicySet:
    """The set that a word means: a policies folder, a home, or the first digits of the digest of one of its bundles."""
    place = Path(reference)
    if place.is_dir():
        return draft(_readable(place / "policies" if (place / "policies").is_dir() else place))
    bundles = Bundles(load_settings(home).home)
    try:
        return bundles.policies(bundles.find(reference))
    except (Refused, ValueError) as error:
        fail([f"{reference}: no such folder, and {text}" for text in of(error)])


def set_of(home: Path | None, digest: str) -> PolicySet | None:
    """The set of a whole digest: the one that lies in the home, or one that was in force; None when it is not here."""
    settings = load_settings(home)
    with contextlib.suppress(ValueError, OSError):  # a draft that is broken says nothing of what is kept
        lying = assemble(policy_documents(settings.home / "policies"))
        if lying.digest == digest:
            return lying
    with contextlib.suppress(ValueError, OSError):
        return recalled(settings.home, settings.province, digest)
    return None


def caller(home: Path | None, text: str, policies: PolicySet) -> Asker:
    """A caller said as REGION/CLASS, as a class, or as a client's id, each with `+SCOPE,SCOPE` where that is meant.

    A client has its registered scopes unless some of them are said; a class has none but those.
    """
    c = policies.catalogue
    who, plus, listed = text.partition("+")
    scopes = frozenset(filter(None, listed.split(",")))
    known("--as", sorted(scopes), c.scopes)
    region, slash, client_class = who.rpartition("/")
    if slash or who in c.client_classes:
        known("--as", [client_class], c.client_classes)
        known("--as", [region[:2]] if region else [], c.provinces)
        title = c.client_classes[client_class]
        if region:
            place = c.provinces[region[:2]]
            title = Words(f"{place.zh}{title.zh}", f"{title.en}, {place.en}")
        may_hold = frozenset[str]() if client_class == PUBLIC else None
        return Asker(text, title, client_class, "", region or None, scopes, may_hold, own=client_class == SUBJECT)
    clients = registered(home, policies)
    if clients is None:
        known("--as", [who], c.client_classes)
    found = {client.id: client for client in clients or ()}
    known("--as", [who], found)
    client = found[who]
    known("--as", sorted(scopes), client.scopes)
    return replace(_asker(client), name=text, scopes=scopes if plus else client.scopes)


def everybody(home: Path | None, policies: PolicySet) -> list[Asker]:
    """Every client that is not frozen, then the public; and a subject about itself, where no client vouches for one."""
    askers = [_asker(client) for client in registered(home, policies) or () if client.terms.state != FROZEN]
    askers.append(caller(home, PUBLIC, policies))
    if not any(asker.own for asker in askers):
        wanted = {scope for _, rule in policies.grants if rule.when.own for scope in rule.when.scopes}
        askers.append(caller(home, "+".join(filter(None, (SUBJECT, ",".join(sorted(wanted))))), policies))
    return askers


def registered(home: Path | None, policies: PolicySet) -> list[Client] | None:
    """The clients of HOME/clients.yaml; None when there is no such file."""
    place = load_settings(home).home / "clients.yaml"
    return list(load_clients(load(place), policies.catalogue).by_token.values()) if place.exists() else None


def strangers(home: Path | None, policies: PolicySet) -> Iterator[Finding]:
    """Clients that rules name and clients.yaml has not got: such a grant opens to nobody, and such a limit closes to
    nobody. Nothing is said where that file is not there, or not whole."""
    clients: list[Client] | None = None
    with contextlib.suppress(ValueError):
        clients = registered(home, policies)
    known_here = [PUBLIC, *(client.id for client in clients or ())]
    for rule, name, where in _rules(policies) if clients is not None else ():
        for stranger in sorted({word for each in (rule.when, *rule.excepts) for word in each.ids} - {*known_here}):
            said = (
                f"`{name}` names client `{stranger}`, whom clients.yaml has not got{suggestion(stranger, known_here)}"
            )
            yield Finding("W", f"{where}: {said}")


def _rules(policies: PolicySet) -> Iterator[tuple[Rule | Row, str, str]]:
    for policy in policies.policies:
        yield from ((rule, rule.id, rule.where) for rule in policy.rules)
        yield from ((row, row.rule.rule, row.where) for row in policy.rows)


def instant(moment: str | None) -> datetime:
    """The instant said, in Shanghai unless it says otherwise; now when none is."""
    if moment is None:
        return datetime.now(UTC)
    try:
        at = datetime.fromisoformat(moment)
    except ValueError:
        raise click.BadParameter("an instant such as 2026-11-24T10:00 is expected", param_hint="--at") from None
    return at if at.tzinfo else at.replace(tzinfo=SHANGHAI)


def since(text: str, option: str) -> datetime:
    """`last-30d`, or a day or instant in Shanghai."""
    days = text.removeprefix(LAST).removesuffix("d")
    if text.startswith(LAST) and text.endswith("d") and days.isdecimal() and len(days) < 5:
        return datetime.now(UTC) - timedelta(days=int(days))
    try:
        return instant(text)
    except click.BadParameter:
        raise click.BadParameter("a day such as 2026-11-01, or last-30d, is expected", param_hint=option) from None


def known(option: str, words: Iterable[str], choices: Iterable[str]) -> None:
    """Refuses a word that is not among the choices, with the nearest that is."""
    right = list(choices)
    for word in words:
        if word not in right:
            raise click.BadParameter(f"unknown word `{word}`{suggestion(word, right)}", param_hint=option)


def fail(findings: Iterable[str]) -> NoReturn:
    """Say what was found, and end with 1."""
    for text in findings:
        click.echo(text, err=True)
    sys.exit(1)


def _readable(place: Path) -> Path:
    stray = sorted(path.name for path in place.rglob("*.yml"))
    if stray:
        fail([f"{name}:1: is not read; rename it to end in .yaml" for name in stray])
    return place


def _sealed(documents: Mapping[str, Document]) -> dict[str, Document]:
    return {**documents, MANIFEST: Document(MANIFEST, manifest_text(documents).encode())}


def _asker(client: Client) -> Asker:
    return Asker(
        client.id, client.title, client.client_class, client.id, client.region, client.scopes, client.purposes,
        own=client.subject_claim, types=client.terms.types,
    )  # fmt: skip
