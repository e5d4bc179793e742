"""The bench that every check of one exam works at: the declaration, its connectors, the test subjects, what came back.

Asks are put to the connector itself, past the gateway's guards, so that what a platform really gives is seen. They
keep to the platform's `perSecond`. Each error and each reason that comes back is kept, to be searched for values at
the end. Nothing is written anywhere.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import BaseModel

from connectors.agreement import KindWords
from connectors.conformance.asker import NAME, Asker
from connectors.conformance.pace import Pace
from connectors.conformance.samples import Recordable, Samples, read_samples
from connectors.contract import (
    Condition,
    Connector,
    ConnectorError,
    Deadline,
    Document,
    Environment,
    Fetch,
    Platform,
    Row,
    Source,
    SubjectKey,
    SubjectUnknown,
    Turn,
)
from connectors.declaration import PlatformWords
from connectors.delegation import Delegation
from connectors.delegation import Told as Beside
from connectors.kinds import KINDS
from connectors.kinds.admitted import words_with
from connectors.registry import Registry, load
from connectors.settling import settle
from connectors.spelling import DeclarationError
from connectors.terms import Terms

PATIENCE = 5.0  # seconds added to a platform's own time limit: an exam is not in a hurry
MOST_SUBJECTS = 6  # whose rows are the measure of a type
MOST_ASKED = 12  # about whom a type is asked to find them

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Told:
    """What came of one ask; `beside` is what another gateway says of its own answer, by subject."""

    rows: tuple[Row, ...] = ()
    rejected: tuple[str, ...] = ()
    truncated: bool = False
    error: ConnectorError | None = None
    beside: Mapping[SubjectKey, Beside] = field(default_factory=dict)

    @property
    def failed(self) -> bool:
        """Whether no answer came; that the platform knows no such subject is one."""
        return self.error is not None and not isinstance(self.error, SubjectUnknown)

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(row.id for row in self.rows)


class Edited:
    """A declaration with other words in place of some of its own."""

    def __init__(self, document: Document, words: PlatformWords) -> None:
        self._document, self._words = document, words

    def __getattr__(self, name: str) -> Any:
        return getattr(self._document, name)

    def read(self, model: type[M]) -> M:
        return self._words if issubclass(model, PlatformWords) else self._document.read(model)  # type: ignore[return-value]


@dataclass
class Bench:
    """One declaration under examination. `subjects` are test subjects that the platform knows; `asker` is on whose
    behalf a source is asked that answers on somebody's behalf alone."""

    document: Document
    terms: Terms
    environment: Environment | None = None  # None: the platform is not to be asked
    subjects: Sequence[SubjectKey] = ()
    faults: bool = False
    asker: Asker | None = None
    misread: tuple[str, ...] = ()  # findings of the words alone
    disagreed: tuple[str, ...] = ()  # findings against the catalogue
    written: PlatformWords | None = None  # the words as they stand in the file
    words: PlatformWords | None = None  # the same with everything written out
    platform: Platform | None = None
    samples: Samples = field(default_factory=lambda: Samples((), ()))
    heard: list[str] = field(default_factory=list)  # every text of an error or a reason that came back
    logged: list[str] = field(default_factory=list)  # every log line meanwhile
    contacted: set[tuple[str, int]] = field(default_factory=set)  # every address that was connected to
    ours: set[tuple[str, int]] = field(default_factory=set)  # those of our own proxies
    opened: dict[str, Connector] = field(default_factory=dict)  # by source; those that could not be are missing
    shut: dict[str, str] = field(default_factory=dict)  # source -> why it could not be opened
    recorded: dict[str, dict[SubjectKey, None]] = field(default_factory=dict)  # by type, the subjects of samples
    _paces: dict[float, Pace] = field(default_factory=dict)
    _base: dict[str, dict[SubjectKey, Told]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Reads the declaration and its samples; nothing is asked."""
        try:
            self.platform = _only(load([self.document], self.terms))
        except DeclarationError as error:
            self.disagreed = error.findings
        try:
            self.written = self.document.read(words_with(self.terms.kinds))
            self.words, _ = settle(self.document, self.written, self.terms)
        except ValueError as error:
            self.misread, self.disagreed = self.disagreed or getattr(error, "findings", ()), ()
        if self.platform is not None and self.words is not None:
            known = {name: self._recordable(name) for name in self.words.types}
            self.samples = read_samples(self.document, self.words.samples, known)
            self.recorded = self.recorded_subjects()
            self.subjects = self.subjects or list(dict.fromkeys(each for own in self.recorded.values() for each in own))

    def declared(self) -> tuple[Platform, PlatformWords]:
        """The platform of a declaration that was found good."""
        if self.platform is None or self.words is None:
            raise LookupError("the declaration is not good")
        return self.platform, self.words

    def _recordable(self, type_name: str) -> Recordable | None:
        platform, _ = self.declared()
        connector = platform.source(type_name).connector
        return connector if isinstance(connector, Recordable) else None

    def recorded_subjects(self) -> dict[str, dict[SubjectKey, None]]:
        """By type, the subjects of the samples, each once, whatever their rows are worth."""
        found: dict[str, dict[SubjectKey, None]] = {}
        for sample in self.samples.found:
            connector = self.declared()[0].source(sample.type).connector
            if isinstance(connector, Recordable):
                row, _ = self.samples.read(sample, connector.record(sample.type), frozenset())
                if row is not None:
                    found.setdefault(sample.type, {})[row.subject] = None
        return found

    # connectors of an exam

    async def open(self) -> None:
        """Opens every source; what cannot be opened is told by `shut`."""
        if self.platform is None or self.environment is None:
            return
        for name, source in self.platform.sources.items():
            try:
                await source.connector.open(self.environment)
                self.opened[name] = source.connector
            except (ValueError, LookupError) as error:
                self.shut[name] = str(error).strip("'\"")

    async def close(self) -> None:
        for connector in self.opened.values():
            await connector.close()

    def another(self, source: str, words: PlatformWords | None = None) -> Connector:
        """A connector of the same declaration, or of one with other words in place of `written`; not opened."""
        document = self.document if words is None else Edited(self.document, words)
        return _only(load([document], self.terms)).sources[source].connector

    @asynccontextmanager
    async def with_limits(self, type_name: str, **limits: int) -> AsyncIterator[Connector]:
        """A connector of a type's source with other limits, open."""
        platform, _ = self.declared()
        name = platform.types[type_name]
        if self.written is None or self.environment is None:
            raise LookupError("nobody is to be asked")
        source = self.written.sources[name]
        source = source.model_copy(update={"limits": source.limits.model_copy(update=limits)})
        words = self.written.model_copy(update={"sources": {**self.written.sources, name: source}})
        connector = self.another(name, words)
        await connector.open(self.environment)
        try:
            yield connector
        finally:
            await connector.close()

    # asking

    def kind_of(self, name: str) -> KindWords:
        """What a kind says of itself, a shipped one or one of another package."""
        words: KindWords = (KINDS.get(name) or self.terms.kinds[name]).words
        return words

    def types(self) -> list[str]:
        """The record types whose sources can be asked."""
        platform, _ = self.declared()
        return [name for name, source in platform.types.items() if source in self.opened]

    def ask(
        self,
        type_name: str,
        fields: frozenset[str] | None = None,
        subjects: Sequence[SubjectKey] = (),
        where: Sequence[Condition] = (),
        limit: int | None = None,
        seconds: float | None = None,
        ordered: bool = False,
    ) -> Fetch:
        """A question; all mapped fields and the declared `maxRows` when not said."""
        platform, _ = self.declared()
        source = platform.source(type_name)
        claim = platform.claim(type_name)
        return Fetch(
            type_name,
            claim.fields if fields is None else fields,
            tuple(subjects),
            tuple(where),
            source.limits.max_rows if limit is None else limit,
            Deadline.within(source.limits.timeout + PATIENCE if seconds is None else seconds),
            NAME,
            self._pace(source.limits.per_second),
            self._behalf(source),
            ordered=ordered,
        )

    async def told(self, ask: Fetch, connector: Connector | None = None) -> Told:
        """What came of a question, put to the opened connector of its type or to another one."""
        platform, _ = self.declared()
        asked = connector or self.opened[platform.types[ask.type]]
        rows: list[Row] = []
        rejected: list[str] = []
        beside: dict[SubjectKey, Beside] = {}
        truncated, error = False, None
        try:
            await ask.turn()
            async for page in asked.fetch(ask):
                rows += page.rows
                rejected += page.rejected
                truncated = truncated or page.truncated
                beside |= page.told
        except ConnectorError as failed:
            error = failed
            self.heard.append(str(failed))
        self.heard += rejected
        return Told(tuple(rows), tuple(rejected), truncated, error, beside)

    async def base(self, type_name: str) -> Mapping[SubjectKey, Told]:
        """What the platform tells of each test subject that is asked alone, without a condition, in all fields."""
        if type_name not in self._base:
            platform, _ = self.declared()
            keys = platform.claim(type_name).keys
            known: dict[SubjectKey, Told] = {}
            own = self.recorded.get(type_name, {})
            asked = sorted((each for each in self.subjects if each.kind in keys), key=lambda each: each not in own)
            for subject in asked[:MOST_ASKED]:
                told = await self.told(self.ask(type_name, subjects=[subject]))
                if told.rows or told.failed:
                    known[subject] = told
                if len(known) == MOST_SUBJECTS:
                    break
            self._base[type_name] = known
        return self._base[type_name]

    async def rows(self, type_name: str) -> list[Row]:
        """Every row of `base`."""
        return [row for told in (await self.base(type_name)).values() for row in told.rows]

    def _behalf(self, source: Source) -> Delegation | None:
        """Nobody is told of an asker but who must know of one."""
        if not source.delegated or self.asker is None:
            return None
        auth = getattr(self.declared()[1].sources[source.name], "auth", None)
        return self.asker.delegation(getattr(auth, "scopes", ()))

    def _pace(self, per_second: float | None) -> Turn:
        if per_second is None:
            return lambda: asyncio.sleep(0)
        return self._paces.setdefault(per_second, Pace(per_second)).turn


def _only(registry: Registry) -> Platform:
    (platform,) = registry.platforms.values()
    return platform
