"""Several processes that answer on one port, one for each core; this one only watches over them.

1. The port is held here from the beginning to the end, by a socket that never listens: who else wants it is
   refused in one line. Each worker listens on a socket of its own (SO_REUSEPORT), and only when it can answer.
   The kernel then spreads connections evenly; from one shared queue the first worker awake takes whole bursts.
2. Workers are forked before any thread or loop exists here, so that all answer by the one configuration that was
   read and checked, also one that is started again after the files have changed.
3. A worker that dies is started again, at most once a second. One that cannot start ends all, with its reason.
4. Asked to stop, each drains as a single gateway does; what still runs after that is killed, and the end is bad.
   When this process dies, the workers see it and drain too.

Nothing is shared while requests are answered; each worker has an audit log of its own.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkProcess
from types import FrameType

from gateway.app import Application, Configuration
from gateway.cli import serving
from gateway.cli.told import is_mendable
from gateway.settings import Settings

PAUSE = 1.0  # seconds between two starts of one worker
KILLED_AFTER = serving.DRAIN + 5  # seconds

_log = logging.getLogger("credit_gateway.workers")
_fork = multiprocessing.get_context("fork")


@dataclass(slots=True)
class _Worker:
    process: ForkProcess
    reports: Connection  # one line: empty when it answers, else why it cannot
    started: float  # monotonic seconds
    answering: bool = False


class Workers:
    """`serve` runs until SIGTERM or SIGINT. `taken` is the socket that holds the port."""

    def __init__(self, settings: Settings, configuration: Configuration, taken: socket.socket) -> None:
        self._settings = settings
        self._configuration = configuration
        self._taken = taken
        self._running: dict[int, _Worker] = {}
        self._due: dict[int, float] = dict.fromkeys(range(settings.workers), 0.0)  # when to start, by number
        self._asked = False  # to stop
        self._stopping: float | None = None  # since when
        self._alive, self._watched = os.pipe()  # ends when this process ends; nothing is ever written
        self._woken, waker = socket.socketpair()
        self._woken.setblocking(False)
        waker.setblocking(False)
        self._waker = waker
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)  # not before it was bound: that was for it alone

    def serve(self, ready: Callable[[], None]) -> None:
        """`ready` is called once, when all workers answer. Raises WorkerError."""
        serving.set_logging(self._settings)
        signal.set_wakeup_fd(self._waker.fileno())
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._hear)
        told = False
        try:
            while self._running or self._stopping is None:
                self._start_due()
                self._watch()
                if self._asked and self._stopping is None:
                    self._stop()
                if not told and all(map(self._answers, range(self._settings.workers))):
                    told = True
                    ready()
        finally:
            self._kill()

    def _answers(self, number: int) -> bool:
        return number in self._running and self._running[number].answering

    def _hear(self, number: int, frame: FrameType | None) -> None:
        self._asked = True

    def _stop(self) -> None:
        self._stopping = time.monotonic()
        self._due.clear()
        for worker in self._running.values():
            worker.process.terminate()

    def _start_due(self) -> None:
        now = time.monotonic()
        for number in [number for number, due in self._due.items() if due <= now]:
            del self._due[number]
            reports, end = _fork.Pipe(duplex=False)
            process = _fork.Process(target=self._work, args=(number, end), name=f"worker-{number}")
            process.start()
            end.close()
            self._running[number] = _Worker(process, reports, now)

    def _watch(self) -> None:
        """Wait for whatever comes first: a signal, a report, an end, a start that is due, the end of patience."""
        until = [*self._due.values(), *([self._stopping + KILLED_AFTER] if self._stopping else [])]
        by_reports = {worker.reports: number for number, worker in self._running.items() if not worker.answering}
        by_end = {worker.process.sentinel: number for number, worker in self._running.items()}
        come = wait([self._woken, *by_reports, *by_end], max(0.0, min(until) - time.monotonic()) if until else None)
        if self._stopping and time.monotonic() >= self._stopping + KILLED_AFTER:
            raise serving.WorkerError(f"workers did not stop within {KILLED_AFTER} s and were killed")
        if self._woken in come:
            self._woken.recv(4096)
        for reports in by_reports.keys() & set(come):
            self._heard(by_reports[reports], self._running[by_reports[reports]])
        for sentinel in by_end.keys() & set(come):
            self._ended(by_end[sentinel], self._running.pop(by_end[sentinel]))

    def _heard(self, number: int, worker: _Worker) -> None:
        try:
            reason = worker.reports.recv()
        except EOFError:  # it died; its end is told below or in the next turn
            worker.process.join()
            return
        if reason and not self._stopping:
            raise serving.WorkerError(reason)
        worker.answering = True
        if self._stopping:
            worker.process.terminate()  # it may have been asked before it could hear

    def _ended(self, number: int, worker: _Worker) -> None:
        worker.process.join()
        worker.reports.close()
        if self._stopping:
            return
        how = f"worker {number} (process {worker.process.pid}) ended with {worker.process.exitcode}"
        if not worker.answering:
            raise serving.WorkerError(f"{how} before it could answer")
        _log.error("%s and is started again", how)
        self._due[number] = worker.started + PAUSE

    def _kill(self) -> None:
        """Whatever still runs, when all ends otherwise than by a drain."""
        for worker in self._running.values():
            worker.process.terminate() if worker.answering else worker.process.kill()
        until = time.monotonic() + (0 if self._stopping else KILLED_AFTER)
        for worker in self._running.values():
            worker.process.join(max(0.0, until - time.monotonic()))
            worker.process.kill()
            worker.process.join()

    def _work(self, number: int, reports: Connection) -> None:
        """In the worker. Raises SystemExit when it cannot start."""
        signal.set_wakeup_fd(-1)
        os.close(self._watched)
        self._taken.close()
        settings = self._settings
        try:
            application = Application(settings, self._configuration, worker=number)
            with serving.listening(settings.host, settings.port, shared=True) as own:
                serving.serve(application, own, lambda: reports.send(""), self._alive)
        except Exception as error:  # noqa: BLE001  # whatever it is, the process that watches ends all
            mendable = is_mendable(error)
            if not mendable:
                traceback.print_exc()
            reports.send(str(error) if mendable else f"worker {number}: {type(error).__name__}")
            sys.exit(1)
