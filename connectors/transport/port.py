"""What a kind needs of a transport: one question, one answer, whole, by a deadline and below a size.

A transport raises `Unavailable`, `TimedOut` or `ContractBroken` of the contract, `AuthFailed` where our certificate is
refused, `BadRequest` for a question that cannot be written without becoming another one (a line break in a header),
and nothing else. It follows no redirect, keeps no cookie, reads no proxy or credential from its surroundings, and never
shares connections between platforms. Its messages hold neither address, header nor body.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from connectors.contract import Deadline


@dataclass(frozen=True, slots=True)
class Question:
    """One HTTP request. `target` is the encoded path and query below the transport's base URL."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP response, whole. Header names are in lower case; of a repeated header the last one counts."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Transport(Protocol):
    """Sends questions to one platform, many at a time."""

    async def send(self, question: Question, deadline: Deadline, max_bytes: int) -> Answer: ...
    async def close(self) -> None: ...
