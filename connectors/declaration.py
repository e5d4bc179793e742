"""The words of a platform's declaration: one YAML file, read strictly, no expressions, no literal secrets.

Holds the models of the file and nothing that acts on them. Codes are text; every setting and secret is a
reference (`env:NAME` or `secret:path`), resolved only when a connector is opened. What one file alone cannot
show (fields of the catalogue, words that fit another kind) is found by `connectors.agreement`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, StrictBool, model_validator

from connectors.sources import FileSource, FileWords, RestSource, SoapSource, SqlSource
from connectors.spelling import (
    Block,
    Count,
    Seconds,
    Share,
    Templates,
    Texts,
    TextTemplates,
    UrlPath,
    one_of,
)

Key = Literal["uscc", "citizenId"]
Op = Literal["eq", "in", "range", "contains"]


class Title(Block):
    zh: str
    en: str


class Owner(Block):
    office: str
    contact: str


class Origin(Block):
    """Where a value comes from: `column` of a table, or `path` into a row of JSON."""

    column: str | None = None
    path: str | None = None


class Match(Origin):
    """A value that equals one of the texts; `is: null` means that there is none."""

    is_: Annotated[tuple[str | None, ...], BeforeValidator(one_of)] = Field(alias="is")


class Branch(Origin):
    """A row of `when`: one test written flat, or several under `all`, and the code they lead to."""

    is_: Annotated[tuple[str | None, ...], BeforeValidator(one_of)] | None = Field(default=None, alias="is")
    all: tuple[Match, ...] = ()
    then: str

    @model_validator(mode="after")
    def _flat_or_all(self) -> Branch:
        if bool(self.all) == (self.is_ is not None):
            raise ValueError("write either `column`/`path` with `is`, or `all` with several tests")
        return self

    @property
    def tests(self) -> tuple[Match, ...]:
        if self.all:
            return self.all
        return (Match.model_construct(column=self.column, path=self.path, is_=self.is_ or ()),)


class Unit(Block):
    from_: Literal["yuan", "wan"] = Field(alias="from")
    to: Literal["wan"]


class FieldWords(Origin):
    """One catalogue field: exactly one origin (column | path | first | const | when) and its value words."""

    first: tuple[Origin, ...] = ()
    const: str | None = None
    when: tuple[Branch, ...] = ()
    else_: str | None = Field(default=None, alias="else")
    trim: StrictBool | None = None
    upper: StrictBool = False
    null: Texts = ()
    take: Count | None = None
    split: Annotated[str, Field(min_length=1)] | None = None
    vocabulary: dict[str, str] | None = None
    other: Literal["refuse"] | None = "refuse"
    check: str | None = None
    date: Texts = ()
    never: Texts = ()
    unknown: Texts = ()
    timestamp: Texts = ()
    zone: str = "Asia/Shanghai"
    unit: Unit | None = None
    number: Literal["text"] | None = None

    @property
    def origins(self) -> tuple[Origin, ...]:
        """Every place that is read, in order."""
        tests = tuple(test for branch in self.when for test in branch.tests)
        own = (self,) if self.column is not None or self.path is not None else ()
        return own + self.first + tests


class ObjectWords(Origin):
    """A nested object, or a list of them: `path` or `column` says where they lie (a text is read as JSON), and the
    fields then are paths within one of them. Without an origin the fields lie in the row itself: one object.
    """

    fields: dict[str, FieldWords] = Field(min_length=1)

    @property
    def apart(self) -> bool:
        return self.column is not None or self.path is not None


class SubjectWords(Origin):
    """The column that holds the subject's key; `where` selects the rows whose key is of this kind.

    `upper: true` compares without regard to case in the database (and cannot use a plain index there).
    """

    where: Match | None = None
    upper: StrictBool = False
    check: str | None = None


class AsOf(Origin):
    """How fresh the platform says it is: a path into the answer, or the newest value of a column."""

    table: str | None = None
    timestamp: Texts
    zone: str = "Asia/Shanghai"


class Filter(Block):
    """A condition on a field that the platform applies exactly. `params` and `date` are for kind rest."""

    ops: tuple[Op, ...]
    params: Texts = ()
    date: str | None = None
    join: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _short(cls, data: Any) -> Any:
        return {"ops": data} if isinstance(data, list) else data


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
    """Page numbers: the names of both parameters, rows on a page, the number of the first page."""

    number: str
    size: str
    rows: Annotated[int, Field(strict=True, ge=1, le=1000)] = 100
    first: Annotated[int, Field(strict=True, ge=0, le=1)] = 1


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


class TypeWords(Block):
    """One record type of the catalogue at this platform."""

    source: str | None = None
    table: str | None = None
    request: Request | None = None
    openRequest: Request | None = None
    rows: str | None = None
    total: str | None = None
    page: Paging | None = None
    key: Annotated[tuple[str, ...], Field(min_length=1)]
    subject: dict[Key, SubjectWords] = Field(min_length=1)
    null: Texts = ()
    trim: StrictBool = True
    fields: dict[str, FieldWords] = Field(min_length=1)
    objects: dict[str, ObjectWords] = Field(default_factory=dict)
    notApplicable: dict[str, Annotated[str, Field(min_length=8)]] = Field(default_factory=dict)
    absent: tuple[str, ...] = ()
    filters: dict[str, Filter] = Field(default_factory=dict)
    batch: Annotated[int, Field(strict=True, ge=1, le=1000)] | None = None
    asOf: AsOf | None = None
    maxRejected: Share = 0.05
    file: FileWords | None = None
    call: Call | None = None
    input: Templates = Field(default_factory=dict)
    embedded: Embedded | None = None

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


AnySource = Annotated[FileSource | RestSource | SoapSource | SqlSource, Field(discriminator="kind")]


class PlatformWords(Block):
    """The whole file; its name is the platform's id."""

    platform: Annotated[str, Field(pattern=r"^\d{6}-[a-z0-9]+(-[a-z0-9]+)*$")]
    version: Annotated[str, Field(pattern=r"^\d+\.\d+\.\d+$")]
    region: Annotated[str, Field(pattern=r"^\d{6}$")]
    title: Title
    owner: Owner
    catalogue: Annotated[str, Field(pattern=r"^(>=|<=|<|>|==)\d+(\.\d+)*( (>=|<=|<|>|==)\d+(\.\d+)*)*$")]
    authorityOf: tuple[str, ...] = ()
    staleAfter: Seconds | None = None
    mode: Literal["live", "sandbox"] = "live"
    sources: dict[str, AnySource] = Field(min_length=1)
    types: dict[str, TypeWords] = Field(min_length=1)
