"""A newcomer beside a load: one question every so often on a connection of its own, its status and how long it took."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from statistics import median

EVERY = 0.05  # seconds
WITHIN = 10.0  # seconds; who waits longer has got no answer


@dataclass(slots=True)
class Probe:
    """What newcomers met: (status, milliseconds); status 0 is no answer."""

    met: list[tuple[int, float]] = field(default_factory=list)

    def answered(self) -> list[float]:
        return [taken for status, taken in self.met if 200 <= status < 300]

    def shed(self) -> list[float]:
        return [taken for status, taken in self.met if status >= 300]

    def lost(self) -> int:
        return sum(status == 0 for status, _ in self.met)


def middle(values: Sequence[float]) -> float | None:
    return round(median(values), 2) if values else None


@contextlib.contextmanager
def probing(port: int, requests: Sequence[bytes]) -> Iterator[Probe]:
    """Newcomers come while the block runs; all of them have been answered, or given up, when it has ended."""
    probe, over = Probe(), threading.Event()

    def come() -> None:
        with ThreadPoolExecutor(int(WITHIN / EVERY)) as people:
            number = 0
            while not over.wait(EVERY):
                people.submit(_ask, port, requests[number % len(requests)], probe.met.append)
                number += 1

    thread = threading.Thread(target=come)
    thread.start()
    try:
        yield probe
    finally:
        over.set()
        thread.join()


def _ask(port: int, request: bytes, tell: Callable[[tuple[int, float]], None]) -> None:
    start, status = time.perf_counter(), 0
    with (
        contextlib.suppress(OSError, ValueError, IndexError),
        socket.create_connection(("127.0.0.1", port), WITHIN) as way,
    ):
        way.sendall(request)
        status = int(way.recv(65536).split(b" ", 2)[1])
    tell((status, (time.perf_counter() - start) * 1000))
