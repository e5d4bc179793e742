"""Do catalogue, rules, cases and platforms agree? `serve` refuses to start when they do not; `check` explains.

Reads a home: policies (whole or nothing, by manifest) and platform declarations, each refused with
file:line and the nearest right word. Opens nothing and asks nobody.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from connectors.kinds.admitted import admitted
from connectors.registry import Registry
from connectors.registry import load as load_platforms
from connectors.suggesting.names import FieldName, Names
from connectors.terms import Conversion, FieldTerm, Terms, TypeTerm
from gateway.documents import Document, DocumentError, load
from gateway.schema.records import ENVELOPE
from gateway.settings import Settings
from policies import identifiers
from policies.bundles import PolicySet, assemble
from policies.interpreter import covers
from policies.model import Catalogue


class HomeError(ValueError):
    """The home is not there or not whole; the message says which command mends it."""


def policy_documents(folder: Path) -> dict[str, Document]:
    """Every YAML file of a policies folder by its relative path, the manifest included."""
    found: dict[str, Document] = {}
    findings: list[str] = []
    for path in sorted(folder.rglob("*.yaml")):
        try:
            found[path.relative_to(folder).as_posix()] = load(path, folder)
        except DocumentError as error:
            findings += error.findings
    if findings:
        raise DocumentError(findings)
    return found


def read_policies(folder: Path) -> PolicySet:
    """Raises HomeError or DocumentError."""
    if not folder.is_dir():
        raise HomeError(f"{folder} is missing; `credit-gateway init` makes a home")
    return assemble(policy_documents(folder))


def kinds_of(settings: Settings) -> Mapping[str, Any]:
    """The kinds of other packages that the settings name. Raises HomeError."""
    try:
        return admitted(filter(None, map(str.strip, settings.kinds.split(","))))
    except ValueError as error:
        raise HomeError(f"CREDIT_GATEWAY_KINDS: {error}") from None


def read_platforms(
    documents: Sequence[Document], catalogue: Catalogue, processes: int = 1, kinds: Mapping[str, Any] | None = None
) -> Registry:
    """For one of `processes` that share the platforms' limits, with `kinds` of other packages. Raises DocumentError."""
    return load_platforms(documents, terms_of(catalogue, kinds), processes)


def terms_of(catalogue: Catalogue, kinds: Mapping[str, Any] | None = None) -> Terms:
    """The catalogue in the words that connectors understand, with `kinds` of other packages."""
    keys = {kind.name: kind.key for kind in catalogue.kinds.values()}
    return Terms(
        version=catalogue.version,
        types={
            record.name: TypeTerm(
                fields={
                    item.name: FieldTerm(
                        kind=item.kind,
                        codes=frozenset(catalogue.vocabularies[item.vocabulary]) if item.vocabulary else None,
                        many=item.many,
                    )
                    for item in record.fields.values()
                },
                control=record.control,
                keys=frozenset(keys[kind] for kind in record.kinds),
                updated=record.roles.updated,
                objects={nested.name: nested.many for nested in record.objects.values()},
                connection=record.connection,
                owners={nested.name: nested.type for nested in record.objects.values()},
            )
            for record in catalogue.types.values()
        },
        checks={
            "uscc": identifiers.is_uscc,
            "citizenId": identifiers.is_citizen_id,
            "gbt2260": identifiers.is_area_code,
        },
        conversions={"citizenId18": Conversion(identifiers.citizen_id_today, identifiers.citizen_id_before)},
        kinds=kinds or {},
        provinces=frozenset(catalogue.provinces),
        retired=catalogue.retired,
    )


def names_of(catalogue: Catalogue) -> Names:
    """What the catalogue calls its fields, for suggestions; those of nested objects are left out."""
    return {
        record.name: {
            each.name: FieldName(
                name=each.name,
                zh=each.title.zh,
                en=each.title.en,
                kind=each.kind,
                many=each.many,
                standards=each.codes,
                labels={
                    words.zh: code for code, words in catalogue.vocabularies.get(each.vocabulary or "", {}).items()
                },
            )
            for each in record.fields.values()
            if "." not in each.name
        }
        for record in catalogue.types.values()
    }


def findings_of(error: ValueError) -> tuple[str, ...]:
    """What a loader found, line by line; an error of another sort is raised again."""
    found: tuple[str, ...] | None = getattr(error, "findings", None)
    if found is None:
        raise error
    return found


def findings(catalogue: Catalogue) -> list[str]:
    """What is wrong although every file can be read: the schema's own words, a name for two connections."""
    found: list[str] = []
    for record in catalogue.types.values():
        for name in sorted(ENVELOPE & record.fields.keys()):
            found.append(f"{record.name}.{name}: the name belongs to the schema's envelope; rename the field")
    connections = [record.connection for record in catalogue.types.values()]
    for name in sorted({name for name in connections if connections.count(name) > 1}):
        found.append(f"connection `{name}` is named by several record types; a name serves one")
    return found


def warnings(policies: PolicySet, registry: Registry) -> list[str]:
    """What an operator should know and what does not stop the gateway."""
    now = datetime.now(UTC)
    told = [
        f"no platform answers {name}; its connection is empty and complete"
        for name in policies.catalogue.types
        if all(platform.sandbox for platform in registry.for_type(name))
    ]
    told += [
        f"agreement {policy.id} ended on {policy.until:%Y-%m-%d}; its grants are closed"
        for policy in policies.policies
        if policy.kind == "agreement" and policy.until is not None and policy.until <= now
    ]
    places = {platform.region for platform in registry.platforms.values()}
    told += [
        f"policy {policy.id} limits records of {policy.region}, where no platform lies: is that the code?"
        for policy in policies.policies
        if policy.kind == "city" and policy.region and not any(covers(policy.region, place) for place in places)
    ]
    return told
