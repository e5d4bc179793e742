"""The words of a platform's declaration: one YAML file, read strictly, no expressions, no literal secrets.

Holds the models of the file and nothing that acts on them; the words of single fields are in `connectors.fields`.
Codes are text; every setting and secret is a reference (`env:NAME` or `secret:path`), resolved only when a
connector is opened. What is said once for many fields is written into each of them by `connectors.settling`. What
one file alone cannot show (fields of the catalogue, words that fit another kind) is found by `connectors.agreement`.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, StrictBool, model_validator

from connectors.fields import MAPPED, AsOf, FieldWords, Match, ObjectWords, Origin, SubjectWords
from connectors.ordering import OrderWords
from connectors.questions import Question
from connectors.sandboxes import ChaosSource, StaticSource
from connectors.sources import FileSource, FileWords, GraphqlSource, PeerSource, RestSource, SoapSource, SqlSource
from connectors.spelling import Block, Codes, Day, Listed, Seconds, Share, Templates, Texts, TextTemplates, UrlPath

Key = Literal["uscc", "citizenId"]
Op = Literal["eq", "in", "range", "contains"]


class Title(Block):
    zh: str
    en: str


class Owner(Block):
    office: str
    contact: str


class Filter(Listed):
    """A condition on a field that the platform applies exactly. `params`, `date` and `join` are for kinds over HTTP."""

    ops: tuple[Op, ...]
    params: Texts = ()
    date: str | None = None
    join: str | None = None


class Request(Block):
    """A question by template. `{subject}`, `{subjects}` and `{projection}` are filled in, encoded."""

    method: Literal["GET", "POST"] = "GET"
    path: UrlPath
    query: TextTemplates = Field(default_factory=dict)
    form: TextTemplates | None = None
    json_: Templates | None = Field(default=None, alias="json")
    join: str | None = None

    @model_validator(mode="after")
    def _one_body(self) -> Request:
        if self.form is not None and self.json_ is not None:
            raise ValueError("write `form` or `json`, not both")
        if self.method == "GET" and (self.form is not None or self.json_ is not None):
            raise ValueError("a GET has no body: write `method: POST`, or move the words to `query`")
        return self


class Paging(Block):
    """How the platform turns pages: by `number`, by `offset`, by a `cursor` that `next` gives, or by the `link` to the
    next page that each one holds. `size` names the parameter for `rows` on a page, `first` is the first number.

    `more` is where a page says whether there is another.
    """

    number: str | None = None
    offset: str | None = None
    cursor: str | None = None
    link: str | None = None
    next: str | None = None
    size: str | None = None
    rows: Annotated[int, Field(strict=True, ge=1, le=1000)] = 100
    first: Annotated[int, Field(strict=True, ge=0, le=1)] | None = None
    more: str | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Paging:
        ways = [word for word in ("number", "offset", "cursor", "link") if getattr(self, word) is not None]
        if len(ways) != 1:
            raise ValueError("say how pages are turned: exactly one of `number`, `offset`, `cursor`, `link`")
        if (self.next is not None) != (ways == ["cursor"]):
            raise ValueError("`next` is where a page holds the `cursor` of the next one: both, or neither")
        if self.size is None and ways in (["number"], ["offset"]):
            raise ValueError("`size` is missing: the parameter that says how many rows a page has")
        if self.first is not None and ways != ["number"]:
            raise ValueError("`first` is the `number` of the first page")
        if "rows" in self.model_fields_set and self.size is None:
            raise ValueError("`rows` is sent as `size`: name that parameter, or leave both out")
        return self

    @property
    def params(self) -> tuple[str, ...]:
        """The parameters that are sent for a page."""
        return tuple(name for name in (self.number, self.offset, self.cursor, self.size) if name is not None)

    @property
    def places(self) -> tuple[tuple[str, str], ...]:
        """What is read in the answer: the word and the place."""
        found = {"link": self.link, "next": self.next, "more": self.more}
        return tuple((word, place) for word, place in found.items() if place is not None)


class Call(Block):
    """Which operation of a WSDL is called; `service` and `port` when it has several.

    `join` stands between subjects; left out, each is an element of its own.
    """

    operation: str
    service: str | None = None
    port: str | None = None
    join: Annotated[str, Field(min_length=1)] | None = None


class Embedded(Block):
    """A whole XML document inside an element of the answer: as text, or as base64 of bytes in `encoding`."""

    path: str
    rows: str
    encoding: Literal["utf-8", "gb18030"] | None = None


class Defaults(Block):
    """What is said once for all types. A type's `trim`, `maxRejected` and `batch`, and a field's `zone` and words of
    time, go before these; null words of all three add up. Words of time reach the fields of their kind only.
    """

    null: Texts = ()
    """Words that mean nothing; those of types and fields add up."""
    trim: StrictBool = True
    maxRejected: Share = 0.05
    """When a larger share of rows does not map, the platform has changed."""
    batch: Annotated[int, Field(strict=True, ge=1, le=1000)] | None = None
    zone: str = "Asia/Shanghai"
    """The time zone of times that do not say theirs."""
    date: Texts = ()
    """How days are stored, where a field does not say."""
    never: Texts = ()
    """Days and words that mean "without end"."""
    unknown: Texts = ()
    """Days and words that mean "not known"."""
    unknownBefore: Day | None = None
    """Earlier days are not known."""
    timestamp: Texts = ()
    """How instants are stored, where a field does not say."""


class TypeWords(Block):
    """One record type of the catalogue at this platform. `deleted` are rows that the platform has only marked as
    deleted: they are left out.
    """

    model_config = ConfigDict(json_schema_extra=MAPPED)

    source: str | None = None
    """Which of `sources` answers; left out when there is one."""
    remote: str | None = None
    """Kind peer: the type there, by the name that it has in the catalogue of both."""
    keys: tuple[Key, ...] = ()
    """Kind peer: by which keys subjects are asked about; left out: by all."""
    table: str | None = None
    """Kind sql: a table or view, as it is spelt; schema first."""
    request: Request | None = None
    """Kind rest: the question about subjects."""
    openRequest: Request | None = None
    """Kind rest: the question that names no subject, by its filters."""
    rows: str | None = None
    """Where the rows are in an answer."""
    total: str | None = None
    """Where an answer says how many rows there are."""
    page: Paging | None = None
    """How an answer is turned over; left out, one page holds everything."""
    question: Question | None = None
    """Kind graphql: the query about subjects."""
    openQuestion: Question | None = None
    """Kind graphql: the query that names no subject, by its filters."""
    key: Annotated[tuple[str, ...], Field(min_length=1)] = ()
    """Columns or paths that together identify a row, for good."""
    subject: dict[Key, SubjectWords] = Field(default_factory=dict, min_length=1)
    """The key of the subject, one entry for each kind of key."""
    deleted: Match | None = None
    """Rows that the platform has only marked as deleted: they are left out."""
    null: Texts = ()
    """Words that mean nothing, beside the database's own null."""
    trim: StrictBool = True
    """Whether blanks around a text mean nothing."""
    fields: dict[str, FieldWords] = Field(default_factory=dict, min_length=1)
    """Catalogue fields: where each is, and how it is read."""
    objects: dict[str, ObjectWords] = Field(default_factory=dict)
    """Nested objects of the catalogue: where each lies, and its fields."""
    notApplicable: dict[str, Annotated[str, Field(min_length=8)]] = Field(default_factory=dict)
    """Fields that decide whether a row may be shown and that you have not got: why the rules on them do not matter."""
    absent: tuple[str, ...] = ()
    """Other fields that you have not got, said aloud."""
    filters: dict[str, Filter] = Field(default_factory=dict)
    """Conditions that the platform applies exactly."""
    batch: Annotated[int, Field(strict=True, ge=1, le=1000)] | None = None
    """How many subjects one question may name."""
    order: OrderWords | None = None
    """In which order rows come, so that the first of them are told where there are more than `maxRows`."""
    asOf: AsOf | None = None
    """How fresh the data are."""
    maxRejected: Share = 0.05
    """When a larger share of rows does not map, the platform has changed."""
    file: FileWords | None = None
    """Kind file: which files, and how they are built."""
    call: Call | None = None
    """Kind soap: the operation."""
    input: Templates = Field(default_factory=dict)
    """Kind soap: the operation's elements."""
    embedded: Embedded | None = None
    """Kind soap: an XML document inside the answer."""

    @property
    def open(self) -> bool:
        """Whether it answers questions that name no subject."""
        return self.openRequest is not None or self.openQuestion is not None

    @property
    def mapped(self) -> dict[str, FieldWords]:
        """Every mapped field by its name in the record, `object.field` in a nested object."""
        nested = {f"{key}.{leaf}": words for key, each in self.objects.items() for leaf, words in each.fields.items()}
        return self.fields | nested

    def origins(self, name: str) -> tuple[Origin, ...]:
        """Where in the row itself the value of a mapped field is read."""
        parent, _, _ = name.rpartition(".")
        if parent and self.objects[parent].apart:
            return (self.objects[parent],)
        return self.mapped[name].origins


AnySource = Annotated[
    ChaosSource | FileSource | GraphqlSource | PeerSource | RestSource | SoapSource | SqlSource | StaticSource,
    Field(discriminator="kind"),
]


class PlatformWords(Block):
    """The whole file; its name is the platform's id. `vocabularies` are codes of the platform's and what they mean, by
    names that fields may use."""

    platform: Annotated[str, Field(pattern=r"^[0-9]{6}-[a-z0-9]+(-[a-z0-9]+)*$", examples=["370200-licences"])]
    version: Annotated[str, Field(pattern=r"^\d+\.\d+\.\d+$", examples=["1.0.0"])]
    region: Annotated[str, Field(pattern=r"^[0-9]{6}$", examples=["370200"])]
    """GB/T 2260, in quotes; the platform's id begins with it."""
    title: Title
    owner: Owner
    catalogue: Annotated[
        str, Field(pattern=r"^(>=|<=|<|>|==)\d+(\.\d+)*( (>=|<=|<|>|==)\d+(\.\d+)*)*$", examples=[">=2026 <2027"])
    ]
    authorityOf: tuple[str, ...] = ()
    """Types whose conflicts with other copies this platform decides."""
    staleAfter: Seconds | None = None
    """An answer whose `asOf` is older is marked stale."""
    mode: Literal["live", "sandbox"] = "live"
    """Whether its records are real; a sandbox is asked by sandbox clients alone."""
    samples: Texts = ()
    """Files below this one's folder with invented rows and what they mean, for `connector check` alone."""
    sources: dict[str, AnySource] = Field(min_length=1)
    """Where the platform is reached, by names of your own."""
    vocabularies: dict[str, Codes] = Field(default_factory=dict)
    """Your codes and the catalogue's, by names that fields use."""
    defaults: Defaults = Defaults()
    """What is said once for all types."""
    types: dict[str, TypeWords] = Field(min_length=1)
    """Record types of the catalogue that the platform answers."""


def source_of(words: TypeWords, platform: PlatformWords) -> str:
    """The name of the source that answers a type; the only one when it is not said."""
    only = next(iter(platform.sources)) if len(platform.sources) == 1 else ""
    return words.source or only


def beneath(name: str, platform: PlatformWords) -> AnySource:
    """The words of the source in whose words types are written: the named one, or that which it is around."""
    source = platform.sources[name]
    return platform.sources.get(source.of, source) if isinstance(source, ChaosSource) else source
