"""The words of sources to try things out with: rows in a file, and another source made slow and faulty on purpose."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from connectors.sources import ErrorName, SourceWords
from connectors.spelling import Block, Count, Seconds, Share


class StaticSource(SourceWords):
    """Rows in a file beside the declaration, YAML or JSON: tiny lists, and rows to try things out with."""

    kind: Literal["static"]
    file: str


class Fault(Block):
    """A fault of some questions: of a `share`, of each so many (`every: 5`), or of those with these numbers, from 1."""

    error: ErrorName
    share: Share | None = None
    every: Count | None = None
    questions: tuple[Count, ...] = ()

    @model_validator(mode="after")
    def _one_choice(self) -> Fault:
        if (self.share is not None) + (self.every is not None) + bool(self.questions) != 1:
            raise ValueError("say which questions fail: exactly one of `share`, `every`, `questions`")
        return self


class Latency(Block):
    """How long a question waits before it is put: any time between the two."""

    least: Seconds = 0.0
    most: Seconds


class ChaosSource(SourceWords):
    """Another source of the same declaration, `of`, made slow and faulty: what its types say is said to that one.

    The same `seed` gives the same faults, question by question, from each opening on.
    """

    kind: Literal["chaos"]
    of: str
    seed: Annotated[int, Field(strict=True)] = 1
    latency: Latency | None = None
    faults: tuple[Fault, ...] = ()
