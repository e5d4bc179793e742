"""The words of a platform's sources: where each kind is reached, with what credentials, within which bounds.

One model per kind (those to try things out with are in `connectors.sandboxes`), and nothing that acts on them. Every
setting and secret is a reference (`env:NAME` or `secret:path`), resolved only when a connector is opened; literals are
refused.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StrictBool

from connectors.identities import ClientCertificate, HttpAuth, NoAuth, PeerAuth, SoapAuth
from connectors.spelling import Block, Count, Expression, Reference, Seconds, Size, Texts, TextTemplates, UrlPath, Zone
from connectors.windows import LONGEST, Cron

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


def _cron(text: str) -> str:
    Cron.of(text)
    return text


Beside = Callable[[str], bytes]  # reads a file beside a declaration; raises ValueError, which says why it cannot


class LimitWords(Block):
    """The platform's own bounds: `timeout` for one call or statement, `maxRows` and `maxBytes` for one question.

    `perSecond` and `perDay` count calls, each page of an answer among them; for a database they count questions, and
    `maxBytes` its texts as they have come. A day is one of the zone `dayZone`.
    """

    concurrency: Count = 8
    perSecond: Annotated[float, Field(gt=0)] | None = None
    perDay: Count | None = None
    dayZone: Zone = "Asia/Shanghai"
    timeout: Seconds = 3.0
    maxRows: Count = 1000
    maxBytes: Size = 8 << 20

    def among(self, processes: int) -> LimitWords:
        """The share of one process: together all keep to the platform's bounds, with one call at once each at least.
        The calls of a day are not shared out: all processes count them together."""
        per_second = None if self.perSecond is None else self.perSecond / processes
        share = {"concurrency": max(1, self.concurrency // processes), "perSecond": per_second}
        return self.model_copy(update=share)


class BreakerWords(Block):
    failures: Count = 5
    window: Seconds = 30.0
    open: Seconds = 5.0


class RetryWords(Block):
    """`errors` are those after which a question is put again; others that may pass are left to the next question."""

    attempts: Count = 2
    within: Seconds = 0.8
    errors: tuple[Literal["Unavailable", "TimedOut", "RateLimited"], ...] = ("Unavailable", "TimedOut", "RateLimited")


class WindowWords(Block):
    """A planned window of maintenance: nothing is asked while it is open. See `connectors.windows` for `cron`."""

    cron: Annotated[str, AfterValidator(_cron)]
    lasts: Annotated[Seconds, Field(gt=0, le=LONGEST.total_seconds())]
    zone: Zone = "Asia/Shanghai"


class SourceWords(Block):
    limits: LimitWords = LimitWords()
    breaker: BreakerWords = BreakerWords()
    retry: RetryWords = RetryWords()
    maintenance: tuple[WindowWords, ...] = ()


class SqlSource(SourceWords):
    """A database, by its SQLAlchemy URL; opened read only. `columns` is the letter case in which it spells every table
    and column of the declaration; left out, they are spelt as they are written there. With `ca`, the authorities to
    trust, nothing is said to it but over TLS."""

    kind: Literal["sql"]
    url: Reference
    ca: Reference | None = None
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


class Success(Block):
    """Where a body says that the question was answered: JMESPath and the texts that mean yes."""

    path: Expression
    is_: Texts = Field(alias="is")


class Health(Block):
    """A request about nobody; any 2xx is healthy."""

    method: Literal["GET", "POST"] = "GET"
    path: UrlPath


class HttpSource(SourceWords):
    """What is asked over HTTP. `ca` holds the authorities to trust instead of the system's, `mtls` what we show.

    `plaintext: true` permits http:// beyond loopback (a closed network's own risk), `private: true` the addresses of
    closed networks.
    """

    ca: Reference | None = None
    mtls: ClientCertificate | None = None
    plaintext: StrictBool = False
    private: StrictBool = False
    headers: TextTemplates = Field(default_factory=dict)


class JsonSource(HttpSource):
    """What is asked over HTTP and answers in JSON. `errors` are codes of answers and of HTTP, and what they mean."""

    auth: HttpAuth = NoAuth(kind="none")
    errors: dict[str, ErrorName] = Field(default_factory=dict)


class RestSource(JsonSource):
    """A JSON API, by the base of its URLs."""

    kind: Literal["rest"]
    base: Reference
    encoding: Literal["utf-8", "gb18030"] = "utf-8"
    success: Success | None = None
    health: Health | None = None


class GraphqlSource(JsonSource):
    """A GraphQL service, by the URL to which questions are posted.

    `errorCode` is where one of the `errors` in an answer has its code; `errors` are those codes and HTTP's.
    """

    kind: Literal["graphql"]
    endpoint: Reference
    errorCode: Expression = "extensions.code"


class MessageCode(Block):
    """Where a message says that the question was answered: names of elements, and the texts that mean yes."""

    path: str
    is_: Texts = Field(alias="is")


class SoapSource(HttpSource):
    """A SOAP service, described by a WSDL file that stands beside the declaration and is pinned by its digest.

    Questions are UTF-8; `encoding` is that of the answers. `faults` are the codes of faults, of `success` and of HTTP.
    """

    kind: Literal["soap"]
    wsdl: str
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    endpoint: Reference
    encoding: Literal["utf-8", "gb18030"] = "utf-8"
    auth: SoapAuth = NoAuth(kind="none")
    success: MessageCode | None = None
    faults: dict[str, ErrorName] = Field(default_factory=dict)


class PeerSource(HttpSource):
    """Another gateway of this program. `resource` is its id: the audience that its tokens name."""

    kind: Literal["peer"]
    endpoint: Reference
    resource: Reference
    auth: PeerAuth
