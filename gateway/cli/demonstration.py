"""A running demo inside this process: the province's processes, a home written for them, a gateway on a socket.

`running` is what `credit-gateway demo`, its `--check` and the tests stand on: the same house, the same real
sockets, the same files as in production.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from deploy.demo import province as demo_province
from deploy.demo.province import Province
from gateway.app import Application, read
from gateway.cli.house import make_home, server
from gateway.settings import Settings, load

MARK = "# Written by `credit-gateway demo` at every start; changes here are lost.\n"
EXAMPLES = Path(demo_province.__file__).parent / "examples.json"


class DemoError(ValueError):
    """The demo cannot start here; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Running:
    """A running demo: the province, the gateway's settings and what demo.json says."""

    province: Province
    settings: Settings
    description: dict[str, Any]


def prepare(settings: Settings, province: Province) -> dict[str, Any]:
    """Write the demo's home: platforms, clients, references, examples, demo.json. Returns what demo.json says."""
    home = settings.home
    make_home(home)
    for declaration in sorted(demo_province.DECLARATIONS.glob("*.yaml")):
        if not (home / "platforms" / declaration.name).exists():
            shutil.copyfile(declaration, home / "platforms" / declaration.name)
    with (home / "clients.yaml").open("w", encoding="utf-8") as file:
        file.write(MARK)
        YAML().dump(province.clients_document(), file)
    lines = [f"{name}={value}\n" for name, value in sorted(province.environment.items())]
    lines.append(f"CREDIT_GATEWAY_RESOURCE={settings.audience}\n")
    _private(home / "gateway.env", MARK + "".join(lines))
    shutil.copyfile(EXAMPLES, home / "examples.json")
    base = f"http://{settings.host}:{settings.port}"
    description = {"gateway": base, "graphql": f"{base}/graphql", **province.describe()}
    _private(home / "demo.json", json.dumps(description, ensure_ascii=False, indent=2) + "\n")
    return description


@contextlib.contextmanager
def running(home: Path, port: int = 0, seed: int = 1, subjects: int = 2000) -> Iterator[Running]:
    """A demo in the background of this process, asked over real sockets; `tests` and `--check` use it."""
    with _listening(port) as listening:
        settings = load(home, port=listening.getsockname()[1])
        _refuse_foreign(settings.home)
        with demo_province.start(settings.home / "demo", seed, subjects, resource=settings.audience) as province:
            description = prepare(settings, province)
            settings = load(home, port=settings.port)  # now with the references that `prepare` wrote
            runner = server(settings, Application(settings, read(settings)))
            thread = threading.Thread(target=runner.run, kwargs={"sockets": [listening]}, daemon=True)
            started = threading.Event()
            startup = runner.startup

            async def announcing(sockets: list[socket.socket] | None = None) -> None:
                try:
                    await startup(sockets)
                finally:
                    started.set()

            runner.startup = announcing  # type: ignore[method-assign]  # uvicorn has no event for it
            thread.start()
            started.wait(60)
            if not runner.started:
                raise DemoError("the gateway did not start; its reason stands above")
            try:
                yield Running(province, settings, description)
            finally:
                runner.should_exit = True
                thread.join(20)
                with contextlib.suppress(FileNotFoundError):
                    (settings.home / "demo.json").unlink()


def _refuse_foreign(home: Path) -> None:
    clients = home / "clients.yaml"
    if clients.exists() and not clients.read_text("utf-8").startswith(MARK):
        raise DemoError(f"{home} is not a demo's home (its clients.yaml is somebody's work); give another --home")


def _private(path: Path, text: str) -> None:
    """Write a file that holds secrets of this start: whole, and for its owner alone."""
    draft = path.with_name(f".{path.name}.new")
    draft.touch(mode=0o600)
    draft.write_text(text, "utf-8")
    draft.replace(path)


@contextlib.contextmanager
def _listening(port: int) -> Iterator[socket.socket]:
    """The gateway's socket, taken first: its port is part of the audience that tokens must name."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind(("127.0.0.1", port))
    except OSError as error:
        listening.close()
        raise DemoError(f"port {port} cannot be taken ({error.strerror}); give another one: --port 8123") from None
    try:
        yield listening
    finally:
        listening.close()
