"""Child processes on a leash: started with settings on stdin, ready by a line on stdout, gone with the parent.

The parent holds the write end of each child's stdin and never closes it while the child shall live; when
the parent ends, in whatever way, the kernel closes it and the child ends. A child's stderr goes to a log
file in its folder and is quoted only when it does not come up.
"""

from __future__ import annotations

import json
import select
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

START_WITHIN = 30.0  # seconds
ROOT = Path(__file__).resolve().parents[2]  # what holds the package `deploy`, in a checkout as in a wheel


class NotReady(RuntimeError):
    """A demo process did not come up; the text ends with the last lines of its log."""


class Child:
    """One process: `python -m module`, its log in `folder`. `announced` is its ready line, empty until it has come."""

    def __init__(self, name: str, module: str, folder: Path, settings: Mapping[str, Any]) -> None:
        self.name = name
        self.announced: Mapping[str, Any] = {}
        self._module = module
        self._folder = folder
        self._settings = dict(settings)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        return int(self.announced["pid"])

    @property
    def url(self) -> str:
        return str(self.announced["url"])

    def start(self, **changed: Any) -> None:
        """Start it and hand it its settings; `wait` tells when it can be asked."""
        self._settings.update(changed)
        self._folder.mkdir(parents=True, exist_ok=True)
        self.announced = {}
        with (self._folder / "stderr.log").open("wb") as log:
            process = subprocess.Popen(  # noqa: S603  # our own interpreter and our own module
                [sys.executable, "-m", self._module],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for the parent, which lets its children go in good order
            )
        self._process = process
        leash = cast("IO[bytes]", process.stdin)
        with suppress(BrokenPipeError):  # it died at once; `wait` says why
            leash.write(json.dumps(self._settings).encode() + b"\n")
            leash.flush()

    def wait(self, deadline: float) -> None:
        """Take the ready line, by `deadline` on the monotonic clock. Raises NotReady."""
        if self._process is None:
            raise NotReady(f"the demo process `{self.name}` was not started")
        words = cast("IO[bytes]", self._process.stdout)
        readable, _, _ = select.select([words], [], [], max(0.0, deadline - time.monotonic()))
        line = words.readline() if readable else b""
        if not line:
            log = (self._folder / "stderr.log").read_text("utf-8", "replace")
            self.kill()
            raise NotReady(f"the demo process `{self.name}` did not start: {log[-2000:].strip() or 'no word in time'}")
        self.announced = json.loads(line)

    def kill(self) -> None:
        """SIGKILL, as an accident would; returns when the process is gone."""
        if self._process is not None:
            self._process.kill()
            self._release(self._process)

    def let_go(self) -> None:
        """Close the leash without waiting: the process ends by itself."""
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()

    def stop(self) -> None:
        """Let it go and wait; a process that does not end within 5 s is killed."""
        if self._process is None:
            return
        self.let_go()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
        self._release(self._process)

    def _release(self, process: subprocess.Popen[bytes]) -> None:
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()
        self._process = None


@dataclass(frozen=True, slots=True)
class Source:
    """One source of a platform and the process that is it; `variable` is its address in the environment."""

    platform: str
    source: str
    kind: str
    region: str
    variable: str
    child: Child

    @property
    def url(self) -> str:
        """A base URL, the SQLAlchemy URL of a database, or the path of a folder."""
        return self.child.url

    @property
    def pid(self) -> int:
        return self.child.pid

    def describe(self) -> dict[str, Any]:
        return {
            "id": self.platform,
            "source": self.source,
            "kind": self.kind,
            "region": self.region,
            "url": self.url,
            "pid": self.pid,
        }
