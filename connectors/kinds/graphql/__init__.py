"""Kind `graphql`: a GraphQL service, or a subgraph of Apollo Federation, asked by queries of just the needed fields.

Nothing but queries is sent, and no value stands in their text. No subject is judged here: a foreign subject's row is
reported as it is and dropped by the gateway.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any, ClassVar
from urllib.parse import urlsplit

import msgspec

from connectors.agreement import KindWords
from connectors.contract import Claim, ContractBroken, Deadline, Environment, Fetch, Page, Unavailable
from connectors.declaration import Key, TypeWords
from connectors.fields import FieldWords
from connectors.kinds.answers import parsed
from connectors.kinds.collecting import AskedType, Heard, collect
from connectors.kinds.credentials import Account
from connectors.kinds.graphql.answering import Reading, parts, told
from connectors.kinds.graphql.asking import Asking, posted
from connectors.kinds.graphql.inspecting import inspect
from connectors.kinds.graphql.selecting import Selection, lookup, selection
from connectors.kinds.paging import Layout, count_reader, freshness_reader, turning
from connectors.kinds.templates import Resolve
from connectors.mapping.conditions import to_params
from connectors.mapping.paths import Raw
from connectors.mapping.records import EXTRACTS, RecordMap, key_kind
from connectors.sources import GraphqlSource
from connectors.terms import FieldTerm, Terms
from connectors.transport.address import origin
from connectors.transport.port import Answer, Question

ACCEPT = "application/graphql-response+json, application/json;q=0.9"  # https://graphql.github.io/graphql-over-http


class Graphql:
    """One GraphQL service. See `connectors.contract.Connector` for the life of a connector."""

    words: ClassVar[KindWords]

    def __init__(self, source: GraphqlSource, types: Mapping[str, TypeWords], terms: Terms) -> None:
        self._source = source
        self._words = types
        self._types = {
            name: AskedType(name, words, terms, lookup, _layout(words), lists=True) for name, words in types.items()
        }
        # what is asked of an object is selected field by field: no object is given only whole
        self._claims = {name: replace(each.record.claim, whole={}) for name, each in self._types.items()}
        self._reading = Reading(source)
        self._account: Account[Questions] | None = None

    def claims(self) -> Mapping[str, Claim]:
        return self._claims

    def record(self, type_name: str) -> RecordMap:
        return self._types[type_name].record

    def recorded(self, type_name: str, answer: bytes) -> Sequence[Raw]:
        """The raw rows of a recorded body, whatever it was that was asked. Raises what such an answer stands for."""
        words, record = self._words[type_name], self.record(type_name)
        whole = selection(words, record, words.mapped, next(iter(words.subject)), None)
        data = self._reading.data(Answer(200, {}, answer)).data
        try:
            return [row for root in told(data, words.question) for row in replace(whole, tree={}).read(root)]
        except (AttributeError, KeyError, TypeError):
            raise ContractBroken("the answer has no rows where the declaration says") from None

    async def open(self, environment: Environment) -> None:
        """Raises ValueError, naming the reference and never its value, when `endpoint` is not usable."""
        endpoint = self._source.endpoint
        self._account = Account(self._source, environment, endpoint, self._prepare, parsed, ACCEPT, origin)

    async def close(self) -> None:
        account, self._account = self._account, None
        if account is not None:
            await account.close()

    async def health(self, deadline: Deadline) -> None:
        """Asks for the name of the query type, which every service has."""
        until = deadline.capped(self._source.limits.timeout)
        await self._open().ask(lambda mine: mine.health, self._reading.data, until, 1 << 16)

    async def fetch(self, ask: Fetch) -> AsyncIterator[Page]:
        """One page with the rows of every subject, in the order of the subjects."""
        each, kind = self._types[ask.type], key_kind(ask)

        async def send(
            chunk: Sequence[str], more: Mapping[str, Any], deadline: Deadline, most: int, heard: Heard
        ) -> Any:
            account = self._open()
            asking = account.prepared.asking(ask.type, not chunk)
            selected = account.prepared.selection(ask.type, ask.fields, kind)

            def write(mine: Questions) -> Question:
                return mine.question(ask, kind, chunk, more)

            answer = await account.ask(write, heard, deadline, most, ask.turn)
            return parts(answer, asking, selected, len(chunk) or 1)

        yield await collect(ask, each, self._source.limits, send, self._reading.data)

    def _open(self) -> Account[Questions]:
        if self._account is None:
            raise Unavailable("the source is not open")
        return self._account

    def _prepare(self, resolve: Resolve, headers: dict[str, str]) -> Questions:
        records = {name: each.record for name, each in self._types.items()}
        return Questions(self._words, records, resolve(self._source.endpoint), resolve, headers)


class Questions:
    """The questions of a source, with what references stand for at one time. Documents that were made are kept."""

    def __init__(
        self, words: Mapping[str, TypeWords], records: Mapping[str, RecordMap], endpoint: str,
        resolve: Resolve, headers: dict[str, str],
    ) -> None:  # fmt: skip
        self._words, self._records = words, records
        self._target, self._headers = urlsplit(endpoint).path or "/", headers | {"Content-Type": "application/json"}
        asked = {(name, False): each.question for name, each in words.items()}
        sought = {(name, True): each.openQuestion for name, each in words.items()}  # questions that name no subject
        self._asking = {
            key: Asking(key[0], question, 1 if key[1] else words[key[0]].batch or 1, resolve)
            for key, question in (asked | sought).items()
            if question is not None
        }
        self.selection = lru_cache(EXTRACTS)(self._selected)
        self._document = lru_cache(EXTRACTS)(self._documented)
        self.health = self._posted(posted("{__typename}") + b"{}}")

    def asking(self, type_name: str, anybody: bool) -> Asking:
        return self._asking[type_name, anybody]

    def question(self, ask: Fetch, kind: Key, chunk: Sequence[str], more: Mapping[str, Any]) -> Question:
        """A question about these subjects, or about nobody's in particular."""
        document = self._document(ask.type, ask.fields, kind, not chunk, frozenset(more), len(chunk) or 1)
        variables = self._asking[ask.type, not chunk].variables(chunk, more)
        return self._posted(document + msgspec.json.encode(variables) + b"}")

    def _posted(self, body: bytes) -> Question:
        return Question("POST", self._target, self._headers, body)

    def _selected(self, type_name: str, fields: frozenset[str], kind: Key) -> Selection:
        words = self._words[type_name]
        key = words.question.entities.key if words.question is not None and words.question.entities else None
        return selection(words, self._records[type_name], fields, kind, key)

    def _documented(
        self, type_name: str, fields: frozenset[str], kind: Key, anybody: bool, given: frozenset[str], count: int
    ) -> bytes:
        tree = self.selection(type_name, fields, kind).tree
        return posted(self._asking[type_name, anybody].document(tree, given, count))


def _layout(words: TypeWords) -> Layout:
    def of(place: str) -> Callable[[Any], Any]:
        look = lookup(place)
        return lambda part: look(part.root)

    def turned(place: str) -> Callable[[Any], Any]:
        look, flag = of(place), words.page is not None and place == words.page.more

        def read(part: Any) -> Any:
            found = look(part)
            if flag and not isinstance(found, bool):
                raise ContractBroken("the answer does not say whether there is more")
            return found

        return read

    return Layout(
        lambda part: part.selection.read(part.root),
        count_reader(of(words.total) if words.total else None),
        freshness_reader(words.asOf, of),
        turning(words.page, turned),
    )


def _filter(words: FieldWords, term: FieldTerm, each: TypeWords, name: str) -> object:
    return to_params(words, term, each.filters[name], lists=True)


Graphql.words = KindWords(
    "path",
    frozenset({"question"}),
    frozenset({"openQuestion", "rows", "total", "page"}),
    _filter,
    inspect,
    lookup,
)
