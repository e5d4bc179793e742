"""The words of a platform's sources: where each kind is reached, with what credentials, within which bounds.

One model per kind and nothing that acts on them. Every setting and secret is a reference (`env:NAME` or
`secret:path`), resolved only when a connector is opened; literals are refused.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StrictBool

from connectors.spelling import Block, Count, Expression, Reference, Seconds, Size, Texts, TextTemplates, UrlPath

ErrorName = Literal[
    "Unavailable",
    "TimedOut",
    "RateLimited",
    "AuthFailed",
    "Denied",
    "SubjectUnknown",
    "BadRequest",
    "ContractBroken",
    "Maintenance",
]


Beside = Callable[[str], bytes]  # reads a file beside a declaration; raises ValueError, which says why it cannot


class LimitWords(Block):
    """The platform's own bounds: `timeout` for one call or statement, `maxRows` and `maxBytes` for one question.

    `perSecond` counts calls, each page of an answer among them; for a database it counts questions.
    """

    concurrency: Count = 8
    perSecond: Annotated[float, Field(gt=0)] | None = None
    timeout: Seconds = 3.0
    maxRows: Count = 1000
    maxBytes: Size = 8 << 20

    def among(self, processes: int) -> LimitWords:
        """The share of one process: together all keep to the platform's bounds, with one call at once each at least."""
        per_second = None if self.perSecond is None else self.perSecond / processes
        share = {"concurrency": max(1, self.concurrency // processes), "perSecond": per_second}
        return self.model_copy(update=share)


class BreakerWords(Block):
    failures: Count = 5
    window: Seconds = 30.0
    open: Seconds = 5.0


class RetryWords(Block):
    attempts: Count = 2
    within: Seconds = 0.8


class SourceWords(Block):
    limits: LimitWords = LimitWords()
    breaker: BreakerWords = BreakerWords()
    retry: RetryWords = RetryWords()


class SqlSource(SourceWords):
    """A database, by its SQLAlchemy URL; opened read only. `columns` is the letter case in which it spells every table
    and column of the declaration; left out, they are spelt as they are written there."""

    kind: Literal["sql"]
    url: Reference
    columns: Literal["upper", "lower"] | None = None


class FileSource(SourceWords):
    """A folder into which files are dropped. `maxBytes` bounds one file as it is unpacked, `maxRecords` its rows."""

    kind: Literal["file"]
    folder: Reference
    encoding: Literal["utf-8", "gb18030"] = "utf-8"
    maxBytes: Size = 128 << 20
    maxRecords: Count = 500_000


def _file_name(text: str) -> str:
    if "/" in text or text.startswith("."):
        raise ValueError("a name in the folder itself is expected, such as `redlist-*.xlsx`: no path, no hidden file")
    return text


def _beside(text: str) -> str:
    if _file_name(text).count("*") != 1 or text == "*":
        raise ValueError("write where the digest lies with `*` for the file's name, such as `*.sha256`")
    return text


class PackageWords(Block):
    """Where the records of an XML package are (GB/T 39443 §5.5: a header and a body): names of elements from the root
    on, without prefixes. `total` is where the header says how many there are; the elements `optional` may be missing
    from all records.
    """

    records: str
    total: str | None = None
    optional: Texts = ()


class FileWords(Block):
    """How one record type lies in the folder: `name` is a pattern; the row `headerRow` (from 1) holds the names of
    the columns, the `skipRows` below it explain them. `complete: changes` means that each file adds to those before.
    """

    name: Annotated[str, AfterValidator(_file_name)]
    format: Literal["csv", "tsv", "xlsx", "parquet", "xml"] | None = None
    encoding: Literal["utf-8", "gb18030"] | None = None
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] | None = None
    sheet: str | None = None
    headerRow: Count = 1
    skipRows: Annotated[int, Field(strict=True, ge=0)] = 0
    checksum: Annotated[str, AfterValidator(_beside)] | None = None
    complete: Literal["whole", "changes"] = "whole"
    fillDown: Texts = ()
    package: PackageWords | None = None

    @property
    def form(self) -> str | None:
        """`format`, or what the name's ending says; None when it says nothing."""
        endings = {"csv": "csv", "tsv": "tsv", "xlsx": "xlsx", "xls": "xlsx", "parquet": "parquet", "xml": "xml"}
        return self.format or endings.get(self.name.rpartition(".")[2].lower())

    @property
    def records(self) -> bool:
        """Whether the format holds records only: neither notes nor rows that explain."""
        return self.form in {"parquet", "xml"}


class NoAuth(Block):
    kind: Literal["none"]


class BasicAuth(Block):
    kind: Literal["basic"]
    user: Reference
    password: Reference


class ApiKeyAuth(Block):
    kind: Literal["apiKey"]
    header: str
    value: Reference


class Success(Block):
    """Where a body says that the question was answered: JMESPath and the texts that mean yes."""

    path: Expression
    is_: Texts = Field(alias="is")


class Health(Block):
    """A request about nobody; any 2xx is healthy."""

    method: Literal["GET", "POST"] = "GET"
    path: UrlPath


class RestSource(SourceWords):
    """A JSON API. `ca` is a file of the authorities to trust instead of the system's.

    `plaintext: true` permits http:// beyond loopback (a closed network's own risk).
    """

    kind: Literal["rest"]
    base: Reference
    ca: Reference | None = None
    plaintext: StrictBool = False
    encoding: Literal["utf-8", "gb18030"] = "utf-8"
    auth: Annotated[NoAuth | BasicAuth | ApiKeyAuth, Field(discriminator="kind")] = NoAuth(kind="none")
    headers: TextTemplates = Field(default_factory=dict)
    success: Success | None = None
    errors: dict[str, ErrorName] = Field(default_factory=dict)
    health: Health | None = None


class WsseAuth(Block):
    """The username token of WS-Security (OASIS WSS UsernameToken Profile 1.1).

    `digest: true` sends a digest of the password with a nonce and the time; `false` sends the password itself.
    """

    kind: Literal["wsseUsername"]
    user: Reference
    password: Reference
    digest: StrictBool = True


class MessageCode(Block):
    """Where a message says that the question was answered: names of elements, and the texts that mean yes."""

    path: str
    is_: Texts = Field(alias="is")


class SoapSource(SourceWords):
    """A SOAP service, described by a WSDL file that stands beside the declaration and is pinned by its digest.

    Questions are UTF-8; `encoding` is that of the answers. `faults` are the codes of faults, of `success` and of
    HTTP. For `ca` and `plaintext` see kind rest.
    """

    kind: Literal["soap"]
    wsdl: str
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    endpoint: Reference
    ca: Reference | None = None
    plaintext: StrictBool = False
    encoding: Literal["utf-8", "gb18030"] = "utf-8"
    auth: Annotated[NoAuth | WsseAuth, Field(discriminator="kind")] = NoAuth(kind="none")
    success: MessageCode | None = None
    faults: dict[str, ErrorName] = Field(default_factory=dict)
