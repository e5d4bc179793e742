"""The stacks that are compared: how each is started, asked, and its answer read.

A stack is started for one scenario and stopped after it. It says of itself why it cannot run here, and then the run
goes on without it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from tests.benchmarks import records, upstream
from tests.benchmarks.issuer import CLIENT, PURPOSE, SCOPES
from tests.benchmarks.processes import Child, start
from tests.benchmarks.records import Amount
from tests.benchmarks.upstream import Upstream

BIN = Path(sys.executable).parent


@dataclass(frozen=True, slots=True)
class Stage:
    """What a scenario has prepared for every stack: platforms, a home, tokens, a folder, the stack's core."""

    amount: Amount
    upstream: Upstream
    home: Path
    bases: Mapping[str, str]
    issuer: str
    keys: Mapping[str, Any]
    tokens: Sequence[str]
    folder: Path
    core: str | None
    extra: Mapping[str, Any] = field(default_factory=dict)


class Stack(Protocol):
    """`secured` stacks hide and mask as the policies say; the others answer everything that they are asked."""

    name: str
    secured: bool

    def missing(self) -> str | None: ...
    def start(self, stage: Stage, port: int) -> Child: ...
    def body(self, stage: Stage, subject: str, more: str = "") -> dict[str, Any]: ...
    def nodes(self, stage: Stage, answer: Mapping[str, Any]) -> list[Mapping[str, Any]]: ...


class Gateway:
    """The real thing, as an operator starts it."""

    name, secured = "ours", True

    def __init__(self, *options: str, name: str = "ours") -> None:
        self.name, self._options = name, options

    def missing(self) -> str | None:
        return None

    def start(self, stage: Stage, port: int) -> Child:
        command = [str(BIN / "credit-gateway"), "serve", "--home", str(stage.home), "--port", str(port)]
        return start(self.name, [*command, *self._options], stage.folder, stage.core)

    def body(self, stage: Stage, subject: str, more: str = "") -> dict[str, Any]:
        return {"query": records.question(stage.amount, more), "variables": {"id": {"uscc": subject}}}

    def nodes(self, stage: Stage, answer: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        found: list[Mapping[str, Any]] = answer["data"]["subject"][records.CONNECTION]["nodes"]
        return found


class Naive(Gateway):
    """Resolvers, the same question and the same answer; `bare` without token, policy, masks and audit."""

    def __init__(self, bare: bool) -> None:
        super().__init__(name="naive-bare" if bare else "naive")
        self.secured = not bare

    def start(self, stage: Stage, port: int) -> Child:
        settings = {
            "home": str(stage.home),
            "bases": dict(stage.bases),
            "issuer": stage.issuer,
            "keys": dict(stage.keys),
            "client": {"id": CLIENT, "class": "government", "region": "310000", "scopes": SCOPES, "purpose": PURPOSE},
            "bare": not self.secured,
        }
        path = stage.folder / f"{self.name}.json"
        path.write_text(json.dumps(settings), "utf-8")
        command = [sys.executable, "-m", "tests.benchmarks.naive_server", str(path), str(port)]
        return start(self.name, command, stage.folder, stage.core)


def port() -> int:
    return upstream.free_port()
