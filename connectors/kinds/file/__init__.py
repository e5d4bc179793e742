"""Kind `file`: files that a department drops into a folder each night, asked as if they were tables: CSV, workbooks,
Parquet, and packages in XML.

The newest whole file of each type is staged in memory with its mapped columns only (`staging`) and then answered
by the machinery of kind `sql`. What counts as newest and whole says `choosing`, what happens when a file is not,
`drop`. Nothing is ever written: not into the folder, not beside the gateway.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar

from connectors.agreement import KindWords
from connectors.contract import Claim, Deadline, Environment, Fetch, Page, TimedOut, Unavailable
from connectors.declaration import TypeWords
from connectors.fields import FieldWords
from connectors.fitting import Loc
from connectors.kinds.file.cells import kept, names_in
from connectors.kinds.file.drop import Drop, Place
from connectors.kinds.file.staging import Staging
from connectors.kinds.sql.tables import Table
from connectors.mapping.conditions import to_source
from connectors.mapping.paths import Raw
from connectors.mapping.records import RecordMap, key_kind
from connectors.mapping.sorting import sorted_as
from connectors.mapping.times import NATIVE
from connectors.ordering import NotSortable
from connectors.sources import FileSource
from connectors.terms import FieldTerm, Terms

WATCHED = 15.0  # seconds between looks when nobody asks: a new file need not wait for a question to be staged
STAGING = 600.0  # seconds that such a look may take
THREADS = 4
STAGED_AT_ONCE = 2
_TEXTS, _SHEETS = frozenset({"csv", "tsv"}), frozenset({"csv", "tsv", "xlsx"})
_OF_FORMATS = {
    "sheet": frozenset({"xlsx"}),
    "encoding": _TEXTS | {"xml"},
    "delimiter": _TEXTS,
    "headerRow": _SHEETS,
    "skipRows": _SHEETS,
    "fillDown": _SHEETS,
    "package": frozenset({"xml"}),
}


@dataclass(frozen=True, slots=True)
class _Opened:
    place: Place
    threads: ThreadPoolExecutor
    drops: Mapping[str, Drop]
    watching: asyncio.Task[None]


class File:
    """One folder. See `connectors.contract.Connector` for the life of a connector."""

    words: ClassVar[KindWords]

    def __init__(self, source: FileSource, types: Mapping[str, TypeWords], terms: Terms) -> None:
        self._source, self._terms = source, terms
        self._types = {name: _as_table(name, words) for name, words in types.items()}
        self._claims = {name: self._table(name).record.claim for name in types}
        self._opened: _Opened | None = None

    def claims(self) -> Mapping[str, Claim]:
        return self._claims

    def record(self, type_name: str) -> RecordMap:
        return self._table(type_name).record

    def recorded(self, type_name: str, answer: bytes) -> Sequence[Raw]:
        """The raw rows of a file, staged as it would be. Raises ContractBroken; ValueError for an unreadable one."""
        words = self._types[type_name]
        if words.file is None:
            raise ValueError("the type has no `file`")
        return Staging(words, words.file, self._terms, self._source).everything(answer)

    async def open(self, environment: Environment) -> None:
        """Begins to watch the folder, which need not be there yet. Raises ValueError that names the reference only."""
        source, drops = self._source, dict[str, Drop]()
        folder = Path(environment.resolve(source.folder))
        if not folder.is_absolute():
            raise ValueError(f"`{source.folder}` is not the absolute path of a folder")
        threads = ThreadPoolExecutor(THREADS, thread_name_prefix="dropped-files")
        place = Place(folder, threads, environment.now, source.maxBytes, asyncio.Semaphore(STAGED_AT_ONCE))
        for name, words in self._types.items():
            if words.file is not None:  # the agreement has seen to it
                staging = Staging(words, words.file, self._terms, source)
                drops[name] = Drop(words.file, place, staging, partial(self._table, name))
        self._opened = _Opened(place, threads, drops, asyncio.ensure_future(_watch(drops)))

    async def close(self) -> None:
        opened, self._opened = self._opened, None
        if opened is not None:
            opened.watching.cancel()
            await asyncio.gather(opened.watching, return_exceptions=True)
            await asyncio.gather(*(drop.close() for drop in opened.drops.values()))
            opened.threads.shutdown(wait=False, cancel_futures=True)

    async def health(self, deadline: Deadline) -> None:
        """Whether the folder can be listed."""
        place = self._open().place
        try:
            async with asyncio.timeout(deadline.capped(self._source.limits.timeout).left()):
                await asyncio.get_running_loop().run_in_executor(place.threads, _listed, place.folder)
        except TimeoutError:
            raise TimedOut("the folder did not answer by the deadline") from None
        except OSError as error:
            raise Unavailable(f"the folder cannot be reached ({type(error).__name__})") from None

    async def fetch(self, ask: Fetch) -> AsyncIterator[Page]:
        """Pages as of kind sql, from one file to the end, with the file's own date unless a column says better."""
        ask = replace(ask, deadline=ask.deadline.capped(self._source.limits.timeout))
        opened = self._open()
        edition = await opened.drops[ask.type].edition(ask.deadline)
        with edition.used():
            lost = [f"{ask.type}.subject of a row that may belong here cannot be read: digits are lost, or cells moved"]
            asked, kind = [subject.value for subject in ask.subjects], key_kind(ask)
            spelt = edition.table.record.spelt(asked, kind)
            lost *= edition.counts.concern(ask.subjects, spelt, edition.table.blind(ask))
            dated = min(edition.as_of, now := opened.place.now())  # the clock of a file server may be ahead
            async for page in edition.table.pages(edition.database, ask, self._source.limits.maxRows, now):
                yield replace(page, rejected=[*lost, *page.rejected], as_of=page.as_of or dated)
                lost = []

    def _table(self, name: str) -> Table:
        return Table(name, self._types[name], self._terms, kept)

    def _open(self) -> _Opened:
        if self._opened is None:
            raise Unavailable("the source is not open")
        return self._opened


async def _watch(drops: Mapping[str, Drop]) -> None:
    """Stages what comes, asked or not. Whoever asks is told what is wrong, so that nothing is lost here."""
    while True:
        for drop in drops.values():
            with suppress(Exception):
                await drop.edition(Deadline.within(STAGING))
        await asyncio.sleep(WATCHED)


def _listed(folder: Path) -> None:
    next(folder.iterdir(), None)


def _as_table(name: str, words: TypeWords) -> TypeWords:
    """The words of the staged table, called as its type is: its subjects' codes stand there in capitals already."""
    subject = {kind: each.model_copy(update={"upper": False}) for kind, each in words.subject.items()}
    return words.model_copy(update={"table": name, "subject": subject})


def _filter(words: FieldWords, term: FieldTerm, each: TypeWords, name: str) -> object:
    return to_source(words, term, each.filters[name], each.trim)


def _order(words: FieldWords, term: FieldTerm) -> None:
    if not sorted_as(words, term).textual:
        raise NotSortable("a number may be a text in a file, and sorts otherwise there; order by a day or a text")


def _inspect(words: TypeWords) -> Iterator[tuple[Loc, str]]:
    file, names = words.file, names_in(words)
    for field, each in words.fields.items():
        for word, patterns in (("date", each.date), ("timestamp", each.timestamp)):
            if NATIVE in patterns:
                message = f"`{NATIVE}` is a database's; a workbook's own dates are read under any format, write one"
                yield ("fields", field, word), message
    if words.asOf is not None and words.asOf.table is not None:
        yield ("asOf", "table"), "a file has one table: leave `table` out, or the whole of `asOf`: files have dates"
    if len({name.casefold() for name in names}) < len(names):
        yield ("fields",), "two columns differ in letter case only: write each in one way"
    if file is None:
        return
    if file.form is None:
        yield ("file", "name"), "the name's ending says no format: add `format: csv`, `tsv`, `xlsx`, `parquet` or `xml`"
    for word, formats in _OF_FORMATS.items():
        if word in file.model_fields_set and file.form is not None and file.form not in formats:
            yield ("file", word), f"`{word}` means nothing in a {file.form} file; leave it out"
    if file.form == "xml" and file.package is None:
        yield ("file",), "say where the records of the package are: `package: {records: Package.Body.Record}`"
    if file.form == "parquet" and find_spec("pyarrow") is None:
        yield ("file",), "Parquet needs pyarrow beside the gateway: `pip install 'credit-gateway[parquet]'`"
    for name in file.package.optional if file.package is not None else ():
        if name not in names:
            yield ("file", "package", "optional"), f"`{name}` is optional but not mapped; write it as it is mapped"
    for name in file.fillDown:
        if name not in names:
            yield ("file", "fillDown"), f"`{name}` is filled down but not mapped; write a column as it is mapped"


File.words = KindWords("column", frozenset({"file"}), frozenset(), _filter, _inspect, order=_order)
