"""Serving an application on a socket: in this process until it is asked to stop, or behind it in a thread.

The socket is taken first, so that a port that is in use is one line and port 0 is known before anybody
asks. Then the rooms are opened; what refuses there is an ordinary exception. Asked to stop, the server
finishes requests in flight for at most 15 s, then platforms and audit log are closed.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace

import uvicorn

from gateway.app import Application
from gateway.cli.heads import bounded_heads
from gateway.settings import Settings

DRAIN = 15  # seconds
START_WITHIN = 60  # seconds
# Net new objects until the youngest are searched for cycles, and times that until the next older are. Validating
# leaves cycles: the middle search is rare, so that few documents are at work when it comes and stay with the oldest,
# where only a halt of all answers frees them. To go through all that is remembered takes some tenths of a second: that
# is done when four million objects have come that did not go.
COLLECTED = (5_000, 20, 40)


class ListenError(ValueError):
    """The port cannot be taken; the message says what to do."""


class WorkerError(Exception):
    """One process of several cannot start, or did not stop; the message says why."""


@contextlib.contextmanager
def listening(host: str, port: int, shared: bool = False) -> Iterator[socket.socket]:
    """A bound socket; closed at the end. `shared` with others of this gateway's processes. Raises ListenError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    taken = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # accepted sockets inherit it; without it head and body of an answer wait for each other, 40 ms at a time
    taken.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if shared:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        taken.bind((host, port))
    except OSError as error:
        taken.close()
        reason = error.strerror or "no such address"
        raise ListenError(f"{host}, port {port} cannot be taken ({reason}); give another one: --port 8123") from None
    try:
        yield taken
    finally:
        taken.close()


def on_socket(settings: Settings, taken: socket.socket) -> Settings:
    """The settings with the port that was taken, which is part of the audience when `resource` is not set."""
    return replace(settings, port=taken.getsockname()[1])


def set_logging(settings: Settings) -> None:
    logging.basicConfig(level=settings.log_level.upper(), format="%(levelname)s %(name)s: %(message)s")
    for library in ("alembic", "httpx2", "httpcore2", "aiosqlite", "sqlalchemy", "zeep"):
        logging.getLogger(library).setLevel(logging.WARNING)  # they log addresses and values, and these hold codes


def serve(application: Application, taken: socket.socket, ready: Callable[[], None], alive: int | None = None) -> None:
    """Serve until SIGINT or SIGTERM, or until the pipe `alive` ends; `ready` is called when the first request can be
    answered."""

    def settled() -> None:
        # what stands now stands for as long as the process: to go through it again at each collection would halt all
        # answers for a tenth of a second
        gc.collect()
        gc.freeze()
        gc.set_threshold(*COLLECTED)
        ready()

    runner = _Runner(application.settings, application, settled, alive)
    for number in (signal.SIGINT, signal.SIGTERM):
        # uvicorn raises what it caught again when it has drained; by then there is nothing left to interrupt
        signal.signal(number, lambda *_: None)
    _turn(application, runner, taken)


@contextlib.contextmanager
def in_background(application: Application, taken: socket.socket) -> Iterator[None]:
    """Serve from a thread until the block ends. Raises what refused the start."""
    started = threading.Event()
    failures: list[BaseException] = []
    runner = _Runner(application.settings, application, started.set)

    def work() -> None:
        try:
            _turn(application, runner, taken)
        except BaseException as error:  # noqa: BLE001  # raised again by the thread that waits
            failures.append(error)
        finally:
            started.set()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    started.wait(START_WITHIN)
    try:
        if failures or not runner.started:
            raise failures[0] if failures else TimeoutError("the gateway did not start in time")
        yield
    finally:
        runner.should_exit = True
        thread.join(DRAIN + 5)


def _turn(application: Application, runner: _Runner, taken: socket.socket) -> None:
    """An event loop of uvicorn's choice (uvloop, where it is installed) until the server ends."""
    with asyncio.Runner(loop_factory=runner.config.get_loop_factory()) as loop:
        loop.run(_run(application, runner, taken))


async def _run(application: Application, runner: uvicorn.Server, taken: socket.socket) -> None:
    async with application.opened():
        await runner.serve([taken])


class _Runner(uvicorn.Server):
    """A uvicorn server that says when it has started."""

    def __init__(
        self, settings: Settings, application: Application, ready: Callable[[], None], alive: int | None = None
    ) -> None:
        set_logging(settings)
        self._ready = ready
        self._alive = alive
        super().__init__(
            uvicorn.Config(
                application,
                log_level="warning",
                access_log=False,
                server_header=False,
                proxy_headers=False,  # who is a trusted proxy is told by its own address, never by a header
                timeout_graceful_shutdown=DRAIN,
                timeout_keep_alive=15,
                lifespan="off",
                http=bounded_heads(application.settings.body_timeout),
                ws="none",
            )
        )

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self._alive is not None:
            asyncio.get_running_loop().add_reader(self._alive, self._abandoned, self._alive)
        self._ready()

    def _abandoned(self, alive: int) -> None:
        asyncio.get_running_loop().remove_reader(alive)
        self.should_exit = True
