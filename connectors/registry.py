"""Which platform answers what: declarations become platforms, all checked before any of them is used.

`load` collects every finding of every file and raises them together; nothing is opened until `open`. A
registry is immutable: a changed set of declarations is a new registry.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from difflib import get_close_matches
from typing import Any
from zoneinfo import ZoneInfo

from connectors.agreement import findings
from connectors.contract import Breaker, Document, Environment, Limits, Platform, Retry, Source
from connectors.declaration import PlatformWords, beneath, source_of
from connectors.kinds import KINDS
from connectors.kinds.admitted import words_with
from connectors.settling import settle
from connectors.sources import Beside
from connectors.spelling import DeclarationError
from connectors.terms import Terms
from connectors.windows import Cron, Window

_log = logging.getLogger(__name__)


class Registry:
    """The registered platforms by id. Open before asking; close gives everything back."""

    def __init__(self, platforms: Mapping[str, Platform]) -> None:
        self.platforms = platforms

    def for_type(self, type_name: str, regions: tuple[str, ...] = ()) -> tuple[Platform, ...]:
        """Platforms that answer a record type, in order of their ids, of any of the regions (none: all).

        A province covers its cities and the other way round: a question for 370000 asks 370200 as well,
        and a question for 370200 asks the province's platform.
        """
        wanted = [region_prefix(region) for region in regions]
        return tuple(
            platform
            for _, platform in sorted(self.platforms.items())
            if type_name in platform.types
            and (not regions or any(_overlap(region_prefix(platform.region), prefix) for prefix in wanted))
        )

    def pausing(self, paused: Mapping[str, Mapping[str, frozenset[str]]]) -> Registry:
        """The same platforms and their connectors, with what their operators have paused: fields by record type."""
        return Registry({name: replace(each, paused=paused.get(name, {})) for name, each in self.platforms.items()})

    async def open(self, environment: Environment) -> None:
        """Opens every source. Raises ValueError for a setting that cannot be used, with everything closed."""
        try:
            for platform in self.platforms.values():
                for name, source in platform.sources.items():
                    try:
                        await source.connector.open(environment)
                    except (ValueError, LookupError) as error:
                        raise ValueError(f"{platform.id}, source `{name}`: {error}") from None
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Closes every source; one that cannot be closed keeps no other open, and is told in the log."""
        for platform in self.platforms.values():
            for name, source in platform.sources.items():
                try:
                    await source.connector.close()
                except Exception as error:  # noqa: BLE001  # whatever it is
                    _log.error("%s, source `%s` cannot be closed: %s", platform.id, name, type(error).__name__)


def load(documents: Sequence[Document], terms: Terms, processes: int = 1) -> Registry:
    """Build a registry from declarations, for one of `processes` that ask the same platforms.

    Raises DeclarationError with every finding of every file.
    """
    found: list[str] = []
    platforms: dict[str, Platform] = {}
    known = {**KINDS, **terms.kinds}
    kinds, model = {name: kind.words for name, kind in known.items()}, words_with(terms.kinds)
    for document in documents:
        try:
            unknown = list(_unknown_kinds(document, known))
            if unknown:
                found += unknown
                continue
            words = document.read(model)
        except ValueError as error:
            found += getattr(error, "findings", (str(error),))
            continue
        words, shared = settle(document, words, terms)
        mine = [*shared, *findings(document, words, terms, kinds)]
        if words.platform in platforms:
            mine.append(str(document.problem(("platform",), f"`{words.platform}` is declared twice")))
        found += mine
        if not mine:
            platforms[words.platform] = _platform(words, terms, document.beside, processes)
    if found:
        raise DeclarationError(found)
    return Registry(platforms)


def region_prefix(region: str) -> str:
    """The digits of a GB/T 2260 code that say something: pairs of zeros at the end stand for "all below"."""
    while region.endswith("00"):
        region = region[:-2]
    return region


def _overlap(one: str, other: str) -> bool:
    return one.startswith(other) or other.startswith(one)


def _unknown_kinds(document: Document, known: Mapping[str, Any]) -> Iterator[str]:
    sources = document.data.get("sources")
    for name, source in sources.items() if isinstance(sources, dict) else ():
        if isinstance(source, dict) and isinstance(kind := source.get("kind"), str) and kind not in known:
            message = f"unknown kind `{kind}`"
            if not get_close_matches(kind, known):
                message += "; one of another package must be named in the setting CREDIT_GATEWAY_KINDS"
            yield str(document.problem(("sources", name, "kind"), message, kind, known))


def _platform(words: PlatformWords, terms: Terms, beside: Beside, processes: int) -> Platform:
    owners = {name: source_of(each, words) for name, each in words.types.items()}
    sources: dict[str, Source] = {}
    for name, declared in words.sources.items():
        source = declared.model_copy(update={"limits": declared.limits.among(processes)})
        types = {key: each for key, each in words.types.items() if owners[key] == name}
        limits, breaker, retry = source.limits, source.breaker, source.retry
        inner = beneath(name, words)
        kind = KINDS.get(inner.kind) or terms.kinds[inner.kind]
        files = () if kind.words.described is None else (beside,)
        connector = kind(inner.model_copy(update={"limits": limits}), types, terms, *files)
        if inner is not declared:
            connector = KINDS[declared.kind](declared, connector)
        sources[name] = Source(
            name=name,
            kind=source.kind,
            connector=connector,
            limits=Limits(
                limits.concurrency,
                limits.perSecond,
                limits.timeout,
                limits.maxRows,
                limits.maxBytes,
                limits.perDay,
                limits.dayZone,
            ),
            breaker=Breaker(breaker.failures, breaker.window, breaker.open),
            retry=Retry(retry.attempts, retry.within, frozenset(retry.errors)),
            joined=kind.words.joined,
            delegated=kind.words.delegated,
            windows=tuple(
                Window(Cron.of(each.cron), timedelta(seconds=each.lasts), ZoneInfo(each.zone))
                for each in source.maintenance
            ),
        )
    return Platform(
        id=words.platform,
        region=words.region,
        title={"zh": words.title.zh, "en": words.title.en},
        owner=f"{words.owner.office} ({words.owner.contact})",
        version=words.version,
        sources=sources,
        types=owners,
        authority_of=frozenset(words.authorityOf),
        stale_after=words.staleAfter,
        sandbox=words.mode == "sandbox",
    )
