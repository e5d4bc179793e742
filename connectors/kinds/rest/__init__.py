"""Kind `rest`: a JSON API over HTTP, asked by template, one subject or a batch at a time, page by page.

Only declared parameters travel, and no subject is judged here: a foreign subject's row is reported as it is
and dropped by the gateway.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, ClassVar

from connectors.agreement import Finding, KindWords
from connectors.contract import Claim, Deadline, Environment, Fetch, Page, Unavailable
from connectors.declaration import Key, Request, TypeWords
from connectors.fields import FieldWords
from connectors.fitting import Loc
from connectors.identities import AppKeyAuth
from connectors.kinds.collecting import AskedType, Heard, collect
from connectors.kinds.credentials import Account
from connectors.kinds.credentials.signing import writer
from connectors.kinds.paging import FOLLOWED, Layout, count_reader, freshness_reader, turning
from connectors.kinds.rest.answering import Reading, rows_reader
from connectors.kinds.rest.asking import Asking, Outline, following, used_in
from connectors.kinds.templates import Resolve, faults
from connectors.mapping.conditions import to_params
from connectors.mapping.paths import Raw, expression, head, path
from connectors.mapping.records import EXTRACTS, RecordMap, key_kind
from connectors.mapping.values import name_of
from connectors.sources import RestSource
from connectors.terms import FieldTerm, Terms
from connectors.transport.port import Answer, Question


class Rest:
    """One JSON API. See `connectors.contract.Connector` for the life of a connector."""

    words: ClassVar[KindWords]

    def __init__(self, source: RestSource, types: Mapping[str, TypeWords], terms: Terms) -> None:
        self._source = source
        self._words = types
        self._types = {name: AskedType(name, words, terms, path, _layout(words)) for name, words in types.items()}
        self._claims = {name: each.record.claim for name, each in self._types.items()}
        self._reading = Reading(source)
        self._account: Account[Questions] | None = None

    def claims(self) -> Mapping[str, Claim]:
        return self._claims

    def record(self, type_name: str) -> RecordMap:
        return self._types[type_name].record

    def recorded(self, type_name: str, answer: bytes) -> Sequence[Raw]:
        """The raw rows of a recorded body. Raises what such an answer stands for."""
        return self._types[type_name].layout.rows(self._reading.body(Answer(200, {}, answer)))

    async def open(self, environment: Environment) -> None:
        """Raises ValueError, naming the reference and never its value, when `base` is not usable."""
        self._account = Account(self._source, environment, self._source.base, self._prepare, self._reading.body)

    async def close(self) -> None:
        account, self._account = self._account, None
        if account is not None:
            await account.close()

    async def health(self, deadline: Deadline) -> None:
        """Asks the declared health path; without one, only that the source is open is known."""
        health, until = self._source.health, deadline.capped(self._source.limits.timeout)
        account = self._open()
        if health is not None:
            await account.ask(lambda mine: mine.health, self._reading.good, until, 1 << 16)

    async def fetch(self, ask: Fetch) -> AsyncIterator[Page]:
        """One page with the rows of every subject, in the order of the subjects."""
        each = self._types[ask.type]

        async def send(
            chunk: Sequence[str], more: Mapping[str, str | int], deadline: Deadline, most: int, heard: Heard
        ) -> Any:
            def write(mine: Questions) -> Question:
                outline = mine.outline(ask.type, ask.fields, key_kind(ask), not chunk)
                return mine.followed(outline.question(chunk, {k: v for k, v in more.items() if k}), more.get(FOLLOWED))

            return await self._open().ask(write, heard, deadline, most, ask.turn)

        yield await collect(ask, each, self._source.limits, send, self._reading.body)

    def _open(self) -> Account[Questions]:
        if self._account is None:
            raise Unavailable("the source is not open")
        return self._account

    def _prepare(self, resolve: Resolve, headers: dict[str, str]) -> Questions:
        records = {name: each.record for name, each in self._types.items()}
        return Questions(self._words, records, self._source, resolve, headers)


class Questions:
    """The questions of a source, with what references stand for at one time."""

    def __init__(
        self, words: Mapping[str, TypeWords], records: Mapping[str, RecordMap], source: RestSource,
        resolve: Resolve, headers: dict[str, str],
    ) -> None:  # fmt: skip
        asked = {(name, False): each.request for name, each in words.items()}
        sought = {(name, True): each.openRequest for name, each in words.items()}  # questions that name no subject
        self._records, self._base, health = records, resolve(source.base), source.health
        self._asking = {
            key: Asking(request, headers, resolve) for key, request in (asked | sought).items() if request is not None
        }
        self.health = Question(health.method if health else "GET", health.path if health else "/", headers)
        self.outline = lru_cache(EXTRACTS)(self._outlined)

    def followed(self, first: Question, link: str | int | None) -> Question:
        """The question for the page that the link leads to; without one, that for the first page. Raises
        ContractBroken."""
        return first if link is None else following(self._base, first, str(link))

    def _outlined(self, type_name: str, fields: frozenset[str], kind: Key, anybody: bool) -> Outline:
        names = self._records[type_name].names(fields, kind)
        return Outline(self._asking[type_name, anybody], list(dict.fromkeys(head(name) or name for name in names)))


def _layout(words: TypeWords) -> Layout:
    if words.request is None or words.rows is None:
        raise ValueError("kind rest needs `request` and `rows`")
    return Layout(
        rows_reader(expression(words.rows)),
        count_reader(expression(words.total) if words.total else None),
        freshness_reader(words.asOf, path),
        turning(words.page, expression),
    )


def _filter(words: FieldWords, term: FieldTerm, each: TypeWords, name: str) -> object:
    return to_params(words, term, each.filters[name])


def _inspect(words: TypeWords) -> Iterator[tuple[Loc, str]]:
    places: list[tuple[Loc, str | None]] = [(("rows",), words.rows), (("total",), words.total)]
    places += [(("page", word), place) for word, place in (words.page.places if words.page else ())]
    for loc, place in places:
        try:
            expression(place or "@")
        except ValueError:
            yield loc, f"`{loc[-1]}`: not a JMESPath expression"
    if words.request is None:
        return
    used = used_in(words.request)
    for word, message in faults(used, words.batch or 1):
        yield (word or "request",), message
    if words.openRequest is not None and (wrong := used_in(words.openRequest) - {"projection"}):
        yield ("openRequest",), f"it names no subject, and `{{{sorted(wrong)[0]}}}` has nothing to stand for"
    if "projection" in used:
        origins = [*words.key, *(name_of(origin) for name in words.mapped for origin in words.origins(name))]
        for origin in origins:
            if head(origin) is None:
                yield ("request",), f"`{{projection}}` needs plain names, `{origin}` is not one"


def _paired(source: RestSource, types: Mapping[str, TypeWords]) -> Iterator[Finding]:
    if not isinstance(source.auth, AppKeyAuth):
        return
    try:
        writer(source.auth.time)
    except ValueError as reason:
        yield ("auth", "time"), str(reason), None, ()
    if source.auth.at != "body":
        return
    if source.auth.rotating is not None and source.auth.rotating.method == "GET":
        yield ("auth", "rotating"), "the signature goes into the body (`at: body`): write `method: POST`", None, ()
    for name, words in types.items():
        for word in ("request", "openRequest"):
            request: Request | None = getattr(words, word)
            if request is not None and request.form is None and request.json_ is None:
                message = "the signature goes into the body (`at: body`): write `form` or `json`"
                yield ("types", name, word), message, None, ()


Rest.words = KindWords(
    "path",
    frozenset({"request", "rows"}),
    frozenset({"total", "page", "openRequest"}),
    _filter,
    _inspect,
    paired=_paired,
)
