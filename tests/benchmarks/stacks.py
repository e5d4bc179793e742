"""The stacks of our own: the real gateway, and what a team would write instead."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from tests.benchmarks import records
from tests.benchmarks.issuer import SCOPES
from tests.benchmarks.processes import Child, start
from tests.benchmarks.stage import Ask, Stage

COMMAND = Path(sys.executable).parent / "credit-gateway"


class Gateway:
    """The gateway as an operator starts it, or its plain walk, which it is held against."""

    configuration = "`credit-gateway serve`, everything on: JWT, policy, masks, audit on disk"
    secured, tls = True, True

    def __init__(self, workers: int = 1, plain: bool = False) -> None:
        self.name = "ours-plain" if plain else "ours" if workers == 1 else f"ours-{workers}-workers"
        self._environment = {"CREDIT_GATEWAY_WALK": "plain"} if plain else {}
        self._options = [] if workers == 1 else ["--workers", str(workers)]

    def missing(self) -> str | None:
        if self._options and "--workers" not in _options():
            return "`credit-gateway serve` has no option --workers"
        return None

    def start(self, stage: Stage, port: int) -> Child:
        home = stage.folder / f"home-{self.name}"  # one home is one gateway's
        shutil.copytree(stage.home, home)
        command = [str(COMMAND), "serve", "--home", str(home), "--port", str(port), *self._options]
        return start(self.name, command, stage.folder, stage.core, self._environment)

    def body(self, stage: Stage, subject: str, ask: Ask) -> dict[str, Any]:
        return {"query": records.question(stage.amount, ask), "variables": {"id": {"uscc": subject}}}

    def nodes(self, stage: Stage, answer: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        found: list[Mapping[str, Any]] = answer["data"]["subject"][records.CONNECTION]["nodes"]
        return found


class Naive(Gateway):
    """Resolvers, the same question and the same answer; `bare` without token, policy, masks and audit."""

    def __init__(self, bare: bool) -> None:
        super().__init__()
        self.name = "naive-bare" if bare else "naive"
        self.configuration = "Strawberry on uvicorn and uvloop" + (
            "" if bare else ", JWT, policy, masks, audit on disk"
        )
        self.secured = not bare

    def start(self, stage: Stage, port: int) -> Child:
        settings = {
            "home": str(stage.home),
            "bases": dict(stage.bases),
            "issuer": stage.issuer,
            "keys": dict(stage.keys),
            "client": {"class": "government", "region": "310000", "scopes": SCOPES},
            "bare": not self.secured,
            "authority": str(stage.authority) if stage.authority else None,
        }
        path = stage.folder / f"{self.name}.json"
        path.write_text(json.dumps(settings), "utf-8")
        command = [sys.executable, "-m", "tests.benchmarks.naive_server", str(path), str(port)]
        return start(self.name, command, stage.folder, stage.core)


OWN = (Gateway(), Gateway(plain=True), Naive(bare=False), Naive(bare=True))


@cache
def _options() -> str:
    return subprocess.run([str(COMMAND), "serve", "--help"], capture_output=True, text=True, check=True).stdout
