"""Settings -> a home that was read -> every room, wired once; and wired anew when other policies come into force.

`read` refuses a home that does not agree with itself. For other policies of the same catalogue only a new decider is
needed (`redecided`); for another catalogue the platforms are read and opened anew, and every room that knows its words
is made anew beside the one that answers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from connectors.registry import Registry
from gateway import authenticating, checking, keyfiles
from gateway.auditing import AuditLog
from gateway.authenticating.asking import SecretError
from gateway.authenticating.clients import Clients, load_clients
from gateway.authenticating.jwks import Jwks
from gateway.cursors import Cursors
from gateway.deciding import Decider
from gateway.documents import DocumentError, load
from gateway.environment import Environment, store_of
from gateway.fetching import Calls, Fetcher, Shadowing
from gateway.governing.obeying import Governed, begin
from gateway.governing.officers import load_officers
from gateway.pipeline import Corridor
from gateway.planning import Planner
from gateway.rationing import Counts, Rations
from gateway.rationing.counts import Unavailable
from gateway.reading import Named, Reader
from gateway.reading.trusting import trusted
from gateway.registering import enrolment as registering
from gateway.registering.answering import Drafts, closed, declared, drafts
from gateway.registering.enrolment import Enrolled
from gateway.registering.standing import Course
from gateway.registering.tallying import REJECTED, Tallies
from gateway.schema import Face
from gateway.settings import Settings
from gateway.shaping import Shaper
from policies.masks import Pseudonyms
from policies.model import Catalogue, FieldClass
from policies.policyset import PolicySet


@dataclass(frozen=True, slots=True)
class Configuration:
    """A home that was read and agrees with itself."""

    governed: Governed
    enrolled: Enrolled
    registry: Registry
    shadows: Registry  # platforms that are not live yet
    clients: Clients
    documents: tuple[str, ...]  # texts that are read before anybody asks them
    warnings: tuple[str, ...]

    @property
    def policies(self) -> PolicySet:
        return self.governed.policies


def read(settings: Settings, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> Configuration:
    """Raises HomeError, DocumentError or Refused with every finding of the files that could be read."""
    home = settings.home
    if not home.is_dir():
        raise checking.HomeError(f"{home} is missing; `credit-gateway init --home {home}` makes a home")
    store = store_of(settings)
    try:
        enrolled = registering.begin(home, store, now)
    finally:
        store.close()
    governed = begin(home, settings.province, now)
    try:
        return configured(settings, governed, enrolled)
    except DocumentError as error:
        found = as_obeyed(settings, governed, enrolled, error)
        if found is None:
            raise
        return found


def as_obeyed(settings: Settings, governed: Governed, enrolled: Enrolled, why: ValueError) -> Configuration | None:
    """The configuration by which this home answered last, where it is another: what one region put live must not keep
    the gateway of all from starting, nor what was retired a worker from coming back. None when it is the same; raises
    what that refuses.
    """
    before = registering.before(settings.home, enrolled)
    if before is None:
        return None
    found = configured(settings, governed, before)
    told = f"the platforms' steps after {before.course.seq} are not obeyed: {why}"
    return replace(found, warnings=(*found.warnings, told))


def configured(settings: Settings, governed: Governed, enrolled: Enrolled) -> Configuration:
    """The home read for these policies and platforms. Raises HomeError or DocumentError with every finding."""
    home, policies = settings.home, governed.policies
    findings: list[str] = []
    registry, clients, shadows = None, None, Registry({})
    warnings: tuple[str, ...] = ()
    try:
        registry, shadows = platforms_of(settings, policies.catalogue, enrolled)
        findings += checking.findings(policies.catalogue)
        warnings = drafts_of(settings, enrolled).warnings
    except ValueError as error:
        findings += checking.findings_of(error)
    try:
        clients = load_clients(load(home / "clients.yaml", home), policies.catalogue, fapi=settings.fapi)
    except ValueError as error:
        findings += checking.findings_of(error)
    documents, wrong = trusted(home / "documents", policies.catalogue)
    findings += wrong
    if findings or registry is None or clients is None:
        raise DocumentError(findings)
    warnings = (*checking.warnings(policies, registry), *warnings)
    return Configuration(governed, enrolled, registry, shadows, clients, documents, warnings)


def pseudonyms_of(secret: bytes, kid: str) -> Pseudonyms:
    """Pseudonyms under the key of this id, derived from a home's secret: no value of one id joins one of another. The
    first id is derived as it was before keys had ids."""
    return Pseudonyms(keyfiles.derived(secret, "pseudonyms" if kid == "k1" else f"pseudonyms {kid}"), kid)


def wire(
    settings: Settings,
    known: Configuration,
    audit: AuditLog,
    now: Callable[[], datetime],
    jwks: Jwks | None = None,
    rations: Rations | None = None,
    before: Fetcher | None = None,
) -> Corridor:
    """Every room, once. A `jwks` that is handed in is its owner's to close; `rations` go on counting, and so does what
    the fetcher `before` counted."""
    catalogue = known.policies.catalogue
    secret = keyfiles.secret(settings.home, "gateway.key")
    plain = settings.walk == "plain"
    face = Face(catalogue, compiled=not plain)
    _ = face.descriptions.whole  # read now, while nobody waits
    cursors = Cursors(keyfiles.derived(secret, "cursors"))
    pseudonyms = pseudonyms_of(secret, settings.pseudonym_key)
    tallies = before.tallies if before else Tallies(keyfiles.derived(secret, REJECTED))
    fetcher = _fetcher(settings, known, tallies, before)
    named = Named(known.documents, only=settings.documents == "trusted")
    reader = Reader(face, plain=plain, named=named)
    for text in known.documents:
        reader.trust(text)
    return Corridor(
        authenticator=authenticating.wired(
            settings, known.clients, catalogue, Environment(settings).resolve,
            keyfiles.derived(secret, "dpop nonces"), jwks,
        ),
        reader=reader,
        planner=Planner(
            face, catalogue, cursors, max_subjects=settings.max_subjects, max_first=settings.max_first
        ),
        decider=decider(settings, known),
        fetcher=fetcher,
        shaper=Shaper(
            face, known.policies, known.registry, cursors, pseudonyms,
            keyfiles.derived(secret, "record ids"), fetcher.status, fetcher.as_of,
        ),
        audit=audit,
        deadline=settings.deadline,
        now=now,
        rations=rations or rationed(settings),
    )  # fmt: skip


def rationed(settings: Settings) -> Rations:
    """The counts of a process, for the thread that answers. Raises HomeError."""
    key = keyfiles.derived(keyfiles.secret(settings.home, "gateway.key"), "quotas")
    try:
        return Rations(Counts(settings.home), key, settings.persons_per_operator)
    except Unavailable as error:
        raise checking.HomeError(str(error)) from None


async def opened(
    settings: Settings,
    known: Configuration,
    audit: AuditLog,
    now: Callable[[], datetime],
    jwks: Jwks,
    rations: Rations,
    before: Fetcher | None = None,
) -> Corridor:
    """Open the platforms and wire the rooms, in a thread. Raises HomeError, with everything closed."""
    await _open(settings, known)
    try:
        return await asyncio.to_thread(wire, settings, known, audit, now, jwks, rations, before)
    except BaseException as error:
        await known.registry.close()
        await known.shadows.close()
        if isinstance(error, SecretError):
            raise checking.HomeError(f"{error}; set it in {settings.home}/secrets or the environment") from None
        raise


async def replanted(settings: Settings, known: Configuration, corridor: Corridor) -> Corridor:
    """The corridor for other platforms under the same policies: what knows no platform stays as it is, and so does what
    it has learnt. Raises HomeError, with everything closed."""
    await _open(settings, known)
    fetcher = _fetcher(settings, known, corridor.fetcher.tallies, corridor.fetcher)
    shaper = corridor.shaper.at(known.registry, fetcher.status, fetcher.as_of)
    return replace(corridor, decider=decider(settings, known), fetcher=fetcher, shaper=shaper)


async def _open(settings: Settings, known: Configuration) -> None:
    try:
        await known.registry.open(Environment(settings))
        await known.shadows.open(Environment(settings))
    except BaseException as error:
        await known.registry.close()  # what cannot be opened has closed its own
        if not isinstance(error, ValueError):
            raise
        # a reference that is not set, an address that cannot be one
        raise checking.HomeError(f"{error}; set it in {settings.home}/gateway.env or the environment") from None


def _fetcher(settings: Settings, known: Configuration, tallies: Tallies, before: Fetcher | None) -> Fetcher:
    public = _public(known.policies.catalogue)
    calls = before.calls if before else Calls(settings.home)
    shadowing = Shadowing(known.shadows, public, tallies, calls) if known.shadows.platforms else None
    return Fetcher(known.registry, tallies, shadowing, before, settings.audience, calls, settings.deadline)


def redecided(known: Configuration, governed: Governed) -> Configuration | None:
    """The configuration for other policies of the same catalogue; None when the catalogue is another."""
    if governed.policies.catalogue != known.policies.catalogue:
        return None
    # the rooms that stay and the new decider speak of the very same entries
    policies = replace(governed.policies, catalogue=known.policies.catalogue)
    return replace(known, governed=replace(governed, policies=policies))


def paused(known: Configuration, enrolled: Enrolled) -> Configuration | None:
    """The configuration where only pauses are others; None when other declarations are asked."""
    if enrolled.course.answering != known.enrolled.course.answering:
        return None
    registry, shadows = (each.pausing(enrolled.course.paused) for each in (known.registry, known.shadows))
    return replace(known, enrolled=enrolled, registry=registry, shadows=shadows)


def closing(known: Configuration, course: Course) -> Configuration | None:
    """The configuration with what a course closes and nothing that it opens; None when that is closed already."""
    registry, shadows = closed(known.registry, course), closed(known.shadows, course)
    same = registry is known.registry and shadows is known.shadows
    return None if same else replace(known, registry=registry, shadows=shadows)


def platforms_of(settings: Settings, catalogue: Catalogue, enrolled: Enrolled) -> tuple[Registry, Registry]:
    """The platforms that are asked, with what is paused, and those that are not live yet; nothing is opened.

    Raises HomeError or DocumentError with every finding.
    """
    found = declared(settings.home / "platforms", enrolled, load_officers(settings.home))
    kinds = checking.kinds_of(settings)
    asked = checking.read_platforms(found.asked, catalogue, settings.workers, kinds)
    shadows = checking.read_platforms(found.shadows, catalogue, settings.workers, kinds)
    return asked.pausing(found.paused), shadows.pausing(found.paused)


def drafts_of(settings: Settings, enrolled: Enrolled) -> Drafts:
    """The files of HOME/platforms that are not what answers; none where the officers cannot be read."""
    try:
        return drafts(settings.home / "platforms", enrolled, load_officers(settings.home))
    except DocumentError:
        return Drafts()


def _public(catalogue: Catalogue) -> dict[str, frozenset[str]]:
    """By record type, the fields that are public for organisations."""
    return {
        name: frozenset(each.name for each in record.fields.values() if each.class_for(False) is FieldClass.PUBLIC)
        for name, record in catalogue.types.items()
    }


def decider(settings: Settings, known: Configuration) -> Decider:
    return Decider(known.policies, known.registry, settings.province, settings.walk == "plain")
