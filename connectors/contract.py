"""The contract between the gateway and one platform: what is asked, what comes back, what can go wrong.

Life of a connector, in order:
1. `registry.load` reads the declaration and builds the connector; nothing is opened.
2. `open(environment)` makes clients and pools; references are resolved here.
3. `fetch(ask)` yields pages, many asks at a time; each awaits `ask.turn()` before every call to the platform, stops by
   `ask.deadline` and, when cancelled, gives back what it held. Only asked fields may travel. Values are never logged.
4. `health(deadline)` asks the platform for nothing of anybody; at the end `close()` gives everything back.

The gateway puts bulkhead, pace, breaker and retries around each connector, and checks what comes back. What goes wrong
is one of the errors that `connectors.failures` draws.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol, TypeVar

from pydantic import BaseModel

from connectors.delegation import Afar, Delegation, Told
from connectors.failures import (
    AuthFailed as AuthFailed,
)
from connectors.failures import (
    BadRequest as BadRequest,
)
from connectors.failures import (
    ConnectorError as ConnectorError,
)
from connectors.failures import (
    ContractBroken as ContractBroken,
)
from connectors.failures import (
    Denied as Denied,
)
from connectors.failures import (
    LeftOut as LeftOut,
)
from connectors.failures import (
    Maintenance as Maintenance,
)
from connectors.failures import (
    QuotaUsedUp as QuotaUsedUp,
)
from connectors.failures import (
    RateLimited as RateLimited,
)
from connectors.failures import (
    SubjectUnknown as SubjectUnknown,
)
from connectors.failures import (
    TimedOut as TimedOut,
)
from connectors.failures import (
    Unavailable as Unavailable,
)
from connectors.windows import Window

M = TypeVar("M", bound=BaseModel)
API = 1  # raised when a kind of another package that was written for the contract before no longer fits
Turn = Callable[[], Awaitable[None]]  # waits until one more call may start


class Document(Protocol):
    """What the registry is handed: one YAML file with its lines (see `gateway.documents`)."""

    name: str
    digest: str
    data: Any

    @property
    def stem(self) -> str: ...
    def read(self, model: type[M]) -> M: ...
    def problem(
        self, loc: Sequence[str | int], message: str, word: str | None = None, known: Iterable[str] = ()
    ) -> Exception: ...
    def beside(self, name: str) -> bytes: ...
    def sibling(self, name: str) -> Document: ...


@dataclass(frozen=True, slots=True)
class SubjectKey:
    """A subject by its code, named explicitly and never guessed."""

    kind: Literal["uscc", "citizenId"]
    value: str

    def __repr__(self) -> str:  # a key must not reach a log by accident
        return f"SubjectKey({self.kind})"


@dataclass(frozen=True, slots=True)
class Condition:
    """`field op values`: `eq` one value, `in` any of them, `range` (from, until), inclusive, None is open; `contains`
    is one text within another, brackets, width and blanks apart: a platform may let too much through."""

    field: str
    op: Literal["eq", "in", "range", "contains"]
    values: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Order:
    """Rows by a field, what is smallest or earliest first, or last where `descending`. Unknown values come last in any
    case; `date.max` is later than any other day."""

    field: str
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Deadline:
    """An absolute instant on the monotonic clock, in seconds."""

    at: float

    @classmethod
    def within(cls, seconds: float) -> Deadline:
        return cls(time.monotonic() + seconds)

    def left(self) -> float:
        return max(0.0, self.at - time.monotonic())

    def capped(self, seconds: float) -> Deadline:
        """This one, or so many seconds from now where that comes first."""
        return Deadline(min(self.at, time.monotonic() + seconds))


@dataclass(frozen=True, slots=True)
class Fetch:
    """One question to one platform: permitted and control fields only, never "all".

    `subjects` are of one key kind; none is an open question, about organisations only (`uscc`). `ordered`: what is cut
    shall be what comes last in the order that the platform claims, whose fields need not be asked; else that order must
    decide nothing, as far as the platform lets it.
    """

    type: str
    fields: frozenset[str]
    subjects: tuple[SubjectKey, ...]
    where: tuple[Condition, ...] = ()
    limit: int = 1000
    deadline: Deadline = Deadline(float("inf"))
    request_id: str = ""
    turn: Turn = field(default=lambda: asyncio.sleep(0), repr=False, compare=False)  # the first is free
    delegation: Delegation | None = None  # for kinds that pass questions on, and no other
    ordered: bool = False  # the caller may read every field of the claimed order in full


@dataclass(slots=True)  # frozen ones take three times as long to make, and there are thousands
class Row:
    """One record in catalogue names and types; `id` is the platform's own stable row identity.

    Dates are `datetime.date` (open-ended: `date.max`), timestamps aware datetimes, money `Decimal` in the catalogue's
    unit, enums its codes, lists tuples; an unknown value is None. A list of objects is one tuple per field.
    """

    id: str
    subject: SubjectKey
    values: Mapping[str, Any]
    afar: Afar | None = None


class Rejected(str):
    """Why a row did not map: a coordinate and a reason, never a value. `row` is the row's identity at its platform, ""
    where that is what is wrong; nobody prints it, and it is kept as a keyed digest alone."""

    row: str

    def __new__(cls, reason: str, row: str = "") -> Rejected:
        made = super().__new__(cls, reason)
        made.row = row
        return made


@dataclass(frozen=True, slots=True)
class Page:
    """Rows, reasons (never values) for those that did not map, whether the platform holds more than was let in, and
    how many rows it gave that it has marked as deleted."""

    rows: Sequence[Row]
    rejected: Sequence[str] = ()
    truncated: bool = False
    as_of: datetime | None = None
    deleted: int = 0
    told: Mapping[SubjectKey, Told] = field(default_factory=dict)  # of each subject, where it is a gateway's answer


@dataclass(frozen=True, slots=True)
class Claim:
    """What a platform declares for one record type."""

    fields: frozenset[str]  # mapped catalogue fields
    absent: frozenset[str]  # said aloud: this platform has not got them
    not_applicable: Mapping[str, str]  # control field -> reason
    keys: frozenset[str]  # `uscc`, `citizenId`
    filters: Mapping[str, frozenset[str]]  # field -> operators pushed down exactly
    batch: int  # subjects in one question; 1 when it takes one at a time
    whole: Mapping[str, frozenset[str]] = field(default_factory=dict)  # objects given only whole -> their fields
    open: bool = False  # whether it answers questions that name no subject, by its filters alone
    order: tuple[Order, ...] = ()  # in which rows come when a question is `ordered`


class Environment(Protocol):
    """What a connector may reach: nothing global. `resolve` turns `env:NAME` or `secret:path` into text.

    `egress` are the hosts and networks that may be connected to, with commas between them; empty: all that is declared.
    """

    @property
    def egress(self) -> str: ...
    def resolve(self, reference: str) -> str: ...
    def now(self) -> datetime: ...


class Connector(Protocol):
    """One way into one platform. See the life above."""

    def claims(self) -> Mapping[str, Claim]: ...
    async def open(self, environment: Environment) -> None: ...
    async def close(self) -> None: ...
    async def health(self, deadline: Deadline) -> None: ...
    def fetch(self, ask: Fetch) -> AsyncIterator[Page]: ...


@dataclass(frozen=True, slots=True)
class Limits:
    """The platform's own bounds; seconds, rows, bytes, calls."""

    concurrency: int
    per_second: float | None
    timeout: float
    max_rows: int
    max_bytes: int
    per_day: int | None = None
    day_zone: str = "Asia/Shanghai"


@dataclass(frozen=True, slots=True)
class Breaker:
    failures: int
    window: float
    open: float


@dataclass(frozen=True, slots=True)
class Retry:
    attempts: int
    within: float
    errors: frozenset[str] = frozenset({"Unavailable", "TimedOut", "RateLimited"})


@dataclass(frozen=True, slots=True)
class Source:
    """One connector of a platform with its bounds; a platform may have several (a database and an API)."""

    name: str
    kind: str
    connector: Connector
    limits: Limits
    breaker: Breaker
    retry: Retry
    joined: bool = True  # whether questions of several callers may go out as one
    delegated: bool = False  # whether it is told on whose behalf it is asked
    windows: tuple[Window, ...] = ()  # in which nothing is asked


@dataclass(frozen=True, slots=True)
class Platform:
    """A registered platform. `id` is the stem of its declaration, `<region code>-<what it is>`."""

    id: str
    region: str
    title: Mapping[str, str]  # zh, en
    owner: str
    version: str
    sources: Mapping[str, Source]
    types: Mapping[str, str]  # record type -> source name
    authority_of: frozenset[str]
    stale_after: float | None  # seconds after which an answer is marked stale
    sandbox: bool = False  # its records are invented
    # record types with the fields that its operator has paused; none of them: all of the type
    paused: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def source(self, type_name: str) -> Source:
        return self.sources[self.types[type_name]]

    def claim(self, type_name: str) -> Claim:
        return self.source(type_name).connector.claims()[type_name]
