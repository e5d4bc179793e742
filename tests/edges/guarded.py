"""A guard around a source that is never asked: tests bring asks of their own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

from connectors.contract import (
    Breaker,
    Claim,
    ConnectorError,
    Deadline,
    Environment,
    Fetch,
    Limits,
    Page,
    Retry,
    Source,
)
from gateway.fetching.guard import Guard


class Nobody:
    """A connector that is never asked."""

    def claims(self) -> Mapping[str, Claim]:
        return {}

    async def open(self, environment: Environment) -> None: ...
    async def close(self) -> None: ...
    async def health(self, deadline: Deadline) -> None: ...

    def fetch(self, ask: Fetch) -> AsyncIterator[Page]:
        raise NotImplementedError


def guard(
    concurrency: int = 4,
    per_second: float | None = None,
    attempts: int = 1,
    failures: int = 1_000_000,
    timeout: float = 5.0,
    within: float = 2.0,
    open_: float = 30.0,
    usual: float = 0.0,
) -> Guard:
    limits = Limits(concurrency, per_second, timeout, 100, 1 << 20)
    source = Source("main", "none", Nobody(), limits, Breaker(failures, 30.0, open_), Retry(attempts, within))
    return Guard(source, usual=usual)


async def outcome(guarded: Guard, ask: object, seconds: float = 5.0, type_name: str = "T") -> str:
    """The name of the error that one ask ends with, or `ok`."""
    try:
        await guarded.call(ask, type_name, Deadline.within(seconds))  # type: ignore[arg-type]
    except ConnectorError as error:
        return type(error).__name__
    return "ok"
