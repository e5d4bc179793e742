"""What is wrong with policy files, gathered: a file's author sees every finding at once, with file and line.

A `Finding` is a value that `policy check` prints; `Refused` carries those that keep a set from loading.
Neither ever holds a value of a record.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from pydantic import BaseModel

M = TypeVar("M", bound=BaseModel)


class Document(Protocol):
    """What loaders are handed: one YAML file with its lines (see `gateway.documents`)."""

    name: str
    digest: str
    data: Any

    @property
    def stem(self) -> str: ...
    def read(self, model: type[M]) -> M: ...
    def problem(
        self, loc: Sequence[str | int], message: str, word: str | None = None, known: Iterable[str] = ()
    ) -> Exception: ...
    def where(self, loc: Sequence[str | int]) -> str: ...


class Refused(ValueError):
    """Policy files that cannot be used; each finding reads `file:line: what is wrong, what to do`."""

    def __init__(self, findings: Iterable[str]) -> None:
        self.findings = tuple(findings)
        super().__init__("\n".join(self.findings))


@dataclass(frozen=True, slots=True)
class Finding:
    """`level` is E (keeps the set from being used) or W (somebody should look)."""

    level: str
    text: str

    def __str__(self) -> str:
        return f"{self.level} {self.text}"


@dataclass(slots=True)
class Findings:
    """Collects findings over many files, so that one mistake does not hide the next."""

    found: list[str] = field(default_factory=list)

    def add(
        self,
        document: Document,
        loc: Sequence[str | int],
        message: str,
        word: str | None = None,
        known: Iterable[str] = (),
    ) -> None:
        self.found += of(document.problem(loc, message, word, known))

    @contextmanager
    def collecting(self) -> Iterator[None]:
        """A refusal inside the block becomes findings; the work goes on after it."""
        try:
            yield
        except ValueError as error:
            self.found += of(error)

    def settle(self) -> None:
        """Raises Refused when anything was found."""
        if self.found:
            raise Refused(dict.fromkeys(self.found))


def of(error: Exception) -> tuple[str, ...]:
    """The findings that an error of this package or of the document reader carries."""
    return tuple(getattr(error, "findings", (str(error),)))
