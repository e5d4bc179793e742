"""The processes of a run: started on a core of their own, awaited by a condition, ended by their own id.

What a process says is kept in a file and quoted only when it does not come up.
"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
START_WITHIN = 60.0  # seconds
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # whatever proxy the surroundings name
ORDINARY = ("PATH", "HOME", "LANG", "TMPDIR")  # of the surroundings, a stack sees only these


class NotStarted(RuntimeError):
    """A process did not come up; the text says why."""


@dataclass(slots=True)
class Child:
    """A process that runs until `stop`."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    ended: bool = False

    def await_port(self, port: int, within: float = START_WITHIN) -> None:
        """Returns when somebody listens on the port. Raises NotStarted."""
        until = time.monotonic() + within
        while time.monotonic() < until and self.process.poll() is None:
            with socket.socket() as asking:
                asking.settimeout(1)
                if asking.connect_ex(("127.0.0.1", port)) == 0:
                    return
            time.sleep(0.05)
        self.stop()
        raise NotStarted(f"{self.name} did not start: {self.words()}")

    def words(self) -> str:
        """Whether it has ended, and the last of what it said."""
        said = self.log.read_text("utf-8", "replace").strip()[-1500:]
        ended = self.process.poll()
        return f"{'' if ended is None else f'ended with {ended}; '}{said or 'no word'}"

    def memory(self) -> int:
        """Resident bytes of the process and of what it started."""
        return sum(int(words[21]) for words in self._family()) * os.sysconf("SC_PAGE_SIZE")

    def await_quiet(self, within: float = 10.0) -> None:
        """Returns when it works no more: what a load left behind must not slow whoever is asked next."""
        until, before = time.monotonic() + within, -1.0
        while time.monotonic() < until and (now := self.worked()) - before > 0.02:
            before = now
            time.sleep(0.1)

    def worked(self) -> float:
        """Seconds of the processor's time that it and what it started have used."""
        return sum(int(words[11]) + int(words[12]) for words in self._family()) / os.sysconf("SC_CLK_TCK")

    def _family(self) -> list[list[str]]:
        """proc(5)'s `stat` of each process of the session, from its third word."""
        found = []
        for path in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):
                words = path.read_text().rpartition(")")[2].split()
                if words[3] == str(self.process.pid):
                    found.append(words)
        return found

    def stop(self) -> None:
        """End it and what it started. Safe to call twice."""
        if self.ended:
            return
        self.ended = True
        self.process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(20)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def start(
    name: str,
    command: Sequence[str],
    folder: Path,
    core: str | None = None,
    environment: Mapping[str, str] | None = None,
    cwd: Path = ROOT,
) -> Child:
    """Start a process, its words in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / f"{name}.log"
    surroundings = {key: os.environ[key] for key in ORDINARY if key in os.environ} | dict(environment or {})
    with log.open("wb") as said:
        process = subprocess.Popen(
            pinned(command, core), cwd=cwd, env=surroundings, stdin=subprocess.DEVNULL, stdout=said, stderr=said,
            start_new_session=True,  # its children are of its session: they are counted and ended with it
        )  # fmt: skip
    return Child(name, process, log)


def pinned(command: Sequence[str], core: str | None) -> list[str]:
    """The command on one core, where a core is given and `taskset` is there."""
    return ["taskset", "-c", core, *command] if core is not None and shutil.which("taskset") else list(command)


def cores() -> tuple[str | None, str | None]:
    """The core for the stack and the one for load and upstream; None where there is only one."""
    known = sorted(os.sched_getaffinity(0))
    return (str(known[0]), str(known[1])) if len(known) > 1 else (None, None)


def free_port() -> int:
    """A port of loopback that nobody has, and that the system gives to nobody who asks for any before it is used."""
    lowest, highest = map(int, Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split())
    apart = [*range(10_000, lowest), *range(highest + 1, 65_536)] or [0]
    while True:
        with socket.socket() as taken, contextlib.suppress(OSError):
            taken.bind(("127.0.0.1", random.choice(apart)))
            return int(taken.getsockname()[1])
