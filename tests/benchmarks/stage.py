"""What a scenario has prepared for every stack, and the ways in which its question may vary."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from tests.benchmarks.processes import Child
from tests.benchmarks.records import Amount


@dataclass(frozen=True, slots=True)
class Ask:
    """A variation of the question: only some cities, further selections, some fields left out."""

    regions: tuple[str, ...] = ()
    more: tuple[str, ...] = ()
    left_out: frozenset[str] = frozenset()

    def fields(self, names: Iterable[str]) -> list[str]:
        return [name for name in names if name not in self.left_out]


WHOLE = Ask()


@dataclass(frozen=True, slots=True)
class Stage:
    """Platforms by region (`bases` for REST, `graphs` for subgraphs), a home, tokens, a folder, the stack's core.

    `answered` counts what the platforms have answered so far; `hidden` are fields that this scenario's rules mask
    beyond those that the shipped ones do; `authority` is the certificate to trust where platforms speak TLS.
    """

    amount: Amount
    bases: Mapping[str, str]
    graphs: Mapping[str, str]
    answered: Callable[[], int]
    home: Path
    issuer: str
    keys: Mapping[str, Any]
    tokens: Sequence[str]
    folder: Path
    core: str | None
    load_core: str | None
    authority: Path | None = None
    hidden: frozenset[str] = frozenset()


class Stack(Protocol):
    """One of those that are compared. `secured` ones hide and mask as the policies say; the others answer all."""

    name: str
    configuration: str
    secured: bool
    tls: bool

    def missing(self) -> str | None: ...
    def start(self, stage: Stage, port: int) -> Child: ...
    def body(self, stage: Stage, subject: str, ask: Ask) -> dict[str, Any]: ...
    def nodes(self, stage: Stage, answer: Mapping[str, Any]) -> list[Mapping[str, Any]]: ...
