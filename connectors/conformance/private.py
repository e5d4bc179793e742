"""Group 6: does more travel, or stay behind, than was asked for? Questions and answers are read on the wire.

The names of columns that nobody asked for may not stand in a question, nor their values come in an answer where the
platform can be asked for less. No value of a record may stand in a log line, an error or a reason. What is told of a
leak is where it was, never what.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from typing import Any, Protocol, runtime_checkable

from connectors.conformance.bench import Bench
from connectors.conformance.between import Exchange, address_of, between
from connectors.conformance.claimed import nobody, richest
from connectors.conformance.contacts import addresses, references
from connectors.conformance.faulted import SAID
from connectors.conformance.outcome import Outcome, Verdict
from connectors.conformance.samples import Recordable
from connectors.contract import ConnectorError, Fetch
from connectors.kinds.templates import texts
from connectors.mapping.paths import head

SHORTEST = 6  # characters of a value that is looked for: shorter ones stand everywhere
FIX_PROJECTION = "name the asked columns in the request, `{projection}`, if the platform can be asked for some of them"


@runtime_checkable
class Worded(Protocol):
    """A kind that can say the words in which it puts a question to its platform."""

    def worded(self, ask: Fetch) -> str: ...


@runtime_checkable
class Legible(Protocol):
    """A kind without a mapping, whose questions and answers can be read on the wire in fields of the catalogue. Both
    raise ValueError."""

    def asked_in(self, question: bytes) -> Collection[str]: ...
    def given_in(self, answer: bytes) -> Collection[str]: ...


async def asked(bench: Bench) -> Outcome | None:
    """A field that is not asked for is not in the question, and its value not in the answer."""
    if undo := nobody(bench):
        return undo
    verdict, questions = Verdict(), 0
    for source, connector in bench.opened.items():
        types = [name for name in bench.types() if bench.declared()[0].types[name] == source]
        if isinstance(connector, Worded):
            for name in types:
                for ask in await _few(bench, name):
                    questions += 1
                    _question(bench, verdict, ask, connector.worded(ask))
        elif address_of(bench, source) is not None:
            async with between(bench, source) as (proxy, tapped):
                for name in types:
                    for ask in await _few(bench, name):
                        questions += 1
                        proxy.seen.clear()
                        await bench.told(ask, tapped)
                        _wire(bench, verdict, ask, proxy.seen)
    return verdict.outcome(f"{questions} questions read") if questions else None


async def told(bench: Bench) -> Outcome | None:
    """Log lines, errors and reasons hold no value of a record and no word of the platform's own."""
    if undo := nobody(bench):
        return undo
    verdict = Verdict()
    values = {value: where for name in bench.types() for value, where in await _values(bench, name)}
    looked = re.compile("|".join(map(re.escape, sorted(values, key=len, reverse=True))) or r"(?!)")
    for what, lines in (("an error or a reason", bench.heard), ("a log line", bench.logged)):
        for line in lines:
            if found := looked.search(line):
                verdict.fail(f"{what} holds a value of {values[found[0]]}", "say what is wrong without the value")
            if SAID in line:
                verdict.fail(f"{what} repeats words of a broken answer", "upstream text must not be repeated")
    return verdict.outcome(f"{len(bench.heard)} errors and reasons, {len(bench.logged)} log lines")


async def contacts(bench: Bench) -> Outcome | None:
    """Nobody is connected to but those whom the declaration's own references name."""
    if undo := nobody(bench):
        return undo
    _, words = bench.declared()
    verdict, named = Verdict(), []
    for source in bench.opened:
        for reference in references(words.sources[source].model_dump(by_alias=True)):
            with suppress(ValueError, LookupError):
                named.append(bench.environment.resolve(reference) if bench.environment is not None else "")
    known, literal = await addresses(named)
    strange = bench.contacted - known - bench.ours
    for host, port in sorted(strange):
        text = f"{host}:{port} was connected to, which no reference of the declaration names"
        tell = verdict.fail if literal else verdict.warn  # a name may lead elsewhere by now
        tell(text, "a kind reaches its own platform alone")
    return verdict.outcome(f"{len(bench.contacted - bench.ours)} addresses")


async def _few(bench: Bench, name: str) -> list[Fetch]:
    """Questions for one field each, and for none, about a subject that has rows."""
    subject = richest(await bench.base(name))
    if subject is None:
        return []
    fields = sorted(bench.declared()[0].claim(name).fields)
    return [bench.ask(name, frozenset(some), [subject]) for some in ([], fields[:1], fields[-1:])]


def _question(bench: Bench, verdict: Verdict, ask: Fetch, text: str) -> bool:
    """Whether the question names columns at all; those that are not needed are failures."""
    needed, others = _names(bench, ask)
    for name in others:
        if _stands(name, text):
            verdict.fail(f"{ask.type}: `{name}` is asked for though nobody may need it", "ask for `fields` alone")
    return any(_stands(name, text) for name in needed)


def _wire(bench: Bench, verdict: Verdict, ask: Fetch, seen: Sequence[Exchange]) -> None:
    connector = bench.opened[bench.declared()[0].types[ask.type]]
    if isinstance(connector, Legible):
        _legible(bench, verdict, ask, seen, connector)
        return
    _, others = _names(bench, ask)
    for exchange in seen:
        chosen = _question(bench, verdict, ask, exchange.asked)
        if not chosen:
            verdict.warn(f"{ask.type}: the platform is asked for all that it has", FIX_PROJECTION)
            continue
        if not isinstance(connector, Recordable):
            continue
        try:
            rows = connector.recorded(ask.type, exchange.answer)
        except (ConnectorError, ValueError):
            continue
        came = {str(key).upper() for row in rows for key in row}
        if more := sorted(name for name in others if name.upper() in came):
            verdict.fail(
                f"{ask.type}: {', '.join(more[:3])} comes though it was not asked for",
                "let the platform give the named columns alone, or leave `{projection}` out: it claims what is not so",
            )


def _legible(bench: Bench, verdict: Verdict, ask: Fetch, seen: Sequence[Exchange], connector: Legible) -> None:
    spare = bench.terms.types[ask.type].fields.keys() - ask.fields
    for exchange in seen:
        with suppress(ValueError):
            asked = spare.intersection(connector.asked_in(exchange.body))
            for name in sorted(asked):
                verdict.fail(f"{ask.type}: `{name}` is asked for though nobody may need it", "ask for `fields` alone")
            if more := sorted(spare.intersection(connector.given_in(exchange.answer)) - asked):
                text = f"{ask.type}: {', '.join(more[:3])} comes though it was not asked for"
                verdict.fail(text, "let the platform give the asked fields alone")


def _names(bench: Bench, ask: Fetch) -> tuple[set[str], set[str]]:
    """The platform's names that a question needs, and those of other mapped fields less the request's own words."""
    platform, words = bench.declared()
    connector = platform.source(ask.type).connector
    if not isinstance(connector, Recordable):
        return set(), set()
    record, kind = connector.record(ask.type), ask.subjects[0].kind
    needed = _heads(record.names(ask.fields, kind))
    every = {each for key in words.types[ask.type].subject for each in _heads(record.names(record.claim.fields, key))}
    spoken = " ".join(texts(_spoken(words.types[ask.type].model_dump(by_alias=True))))
    return needed, {name for name in every - needed if not _stands(name, spoken)}


def _spoken(words: dict[str, Any]) -> list[Any]:
    """The literal words of a question: of templates the names too, because they are sent."""
    found = [
        words.get(part)
        for part in ("request", "openRequest", "question", "openQuestion", "call", "input", "table", "page")
    ]
    return [*found, *_keys(found)]


def _keys(data: Any) -> Iterator[str]:
    for value in data.values() if isinstance(data, dict) else data if isinstance(data, list) else ():
        yield from _keys(value)
    if isinstance(data, dict):
        yield from map(str, data)


def _heads(names: Sequence[str]) -> set[str]:
    return {head(name) or name for name in names if not name.startswith("@")}


def _stands(name: str, text: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text, re.I) is not None


async def _values(bench: Bench, name: str) -> list[tuple[str, str]]:
    """Every text of the rows of a type that is long enough to mean something, with the field that it is of."""
    terms = bench.terms.types[name].fields
    found = [(subject.value, f"{name}'s subject") for subject in await bench.base(name)]
    for row in await bench.rows(name):
        for field, value in row.values.items():
            if terms[field].codes is None and terms[field].kind in {"name", "text", "code"}:
                each = value if isinstance(value, tuple) else (value,)
                found += [(text, f"{name}.{field}") for text in each if isinstance(text, str) and len(text) >= SHORTEST]
    return found


class Listening(logging.Handler):
    """Keeps every log line of an exam."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__(logging.DEBUG)
        self._lines = lines
        self.setFormatter(logging.Formatter("%(name)s %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.append(self.format(record))
