"""Kind `ndjson`: a file to which a platform appends one JSON object a line; the example of a kind in its own package.

It shows all that is needed: the words of a source, the class with its five verbs, what it says of itself. It claims no
filter, so that the gateway filters by itself, and lets the house's own mapping read the rows.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal

from connectors.agreement import KindWords
from connectors.contract import Claim, ContractBroken, Deadline, Environment, Fetch, Page, Unavailable
from connectors.declaration import TypeWords
from connectors.fields import FieldWords
from connectors.mapping.conditions import NotInvertible
from connectors.mapping.paths import path
from connectors.mapping.records import RecordMap
from connectors.sources import SourceWords
from connectors.spelling import Reference
from connectors.terms import FieldTerm, Terms


class NdjsonSource(SourceWords):
    """What stands under `sources:` beside the words that every source has (`limits`, `breaker`, `retry`, ...)."""

    kind: Literal["ndjson"]
    path: Reference


class Ndjson:
    api = 1
    source = NdjsonSource
    words: ClassVar[KindWords]

    def __init__(self, source: NdjsonSource, types: Mapping[str, TypeWords], terms: Terms) -> None:
        self._source, self._file = source, Path()
        self._records = {name: RecordMap(name, words, terms, path, batch=200) for name, words in types.items()}

    def claims(self) -> Mapping[str, Claim]:
        return {name: record.claim for name, record in self._records.items()}

    async def open(self, environment: Environment) -> None:
        self._file = Path(environment.resolve(self._source.path))

    async def close(self) -> None:
        return

    async def health(self, deadline: Deadline) -> None:
        if not self._file.is_file():
            raise Unavailable("the file is not there")

    async def fetch(self, ask: Fetch) -> AsyncIterator[Page]:
        await ask.turn()
        record, asked = self._records[ask.type], set(ask.subjects)
        mapped = record.rows(await asyncio.to_thread(self._lines), ask)  # only asked fields are read out of a row
        rows = [row for row in mapped.rows if not asked or row.subject in asked]
        record.judge(len(mapped.rows), len(mapped.rejected))  # too many that do not map: the platform has changed
        yield Page(rows[: ask.limit], truncated=len(rows) > ask.limit)

    def _lines(self) -> list[dict[str, Any]]:
        try:
            found = [json.loads(line) for line in self._file.read_text("utf-8").splitlines() if line.strip()]
        except OSError as error:
            raise Unavailable(f"the file cannot be read ({type(error).__name__})") from None
        except ValueError:
            raise ContractBroken("a line of the file is not JSON") from None
        if not all(isinstance(each, dict) for each in found):
            raise ContractBroken("a line of the file is not an object")
        return found


def _no_filter(words: FieldWords, term: FieldTerm, each: TypeWords, name: str) -> None:
    raise NotInvertible("this kind filters nothing; leave the filter out")


Ndjson.words = KindWords(
    origin="path", needs=frozenset(), may=frozenset(), filter=_no_filter, inspect=lambda words: (), lookup=path
)
