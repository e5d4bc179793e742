"""A running demo inside this process: the province's processes, a home written for them, a gateway on a socket.

`running` is what `credit-gateway demo`, its `--check` and the tests stand on: the same house, the same real
sockets, the same files as in production.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
from ruamel.yaml import YAML

from deploy.demo import neighbour as demo_neighbour
from deploy.demo import province as demo_province
from deploy.demo.processes import START_WITHIN
from deploy.demo.province import Province
from deploy.demo.servers import postgres as demo_postgres
from gateway.app import Application, read
from gateway.checking import findings_of
from gateway.cli import neighbour, serving
from gateway.cli.homes import make_home, shipped
from gateway.cli.shipped import bring_along, remember
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
    declarations = sorted(path for path in demo_province.DECLARATIONS.iterdir() if path.is_file())
    if province.neighbour is not None:
        declarations.append(demo_neighbour.DECLARATIONS / f"{demo_neighbour.PLATFORM}.yaml")
    samples = demo_province.DECLARATIONS / "samples"
    bring_along(home, shipped("policies"), declarations)
    make_home(home)
    for declaration in declarations:
        if not (home / "platforms" / declaration.name).exists():
            shutil.copyfile(declaration, home / "platforms" / declaration.name)
    shutil.copytree(samples, home / "platforms" / samples.name, dirs_exist_ok=True)
    remember(home, shipped("policies"), declarations)
    with (home / "clients.yaml").open("w", encoding="utf-8") as file:
        file.write(MARK)
        YAML().dump(province.clients_document(), file)
    lines = [f"{name}={value}\n" for name, value in sorted(province.environment.items())]
    lines.append(f"CREDIT_GATEWAY_RESOURCE={settings.audience}\n")
    _private(home / "gateway.env", MARK + "".join(lines))
    if province.neighbour is not None:
        _private(home / "secrets" / "shanghai.pem", province.neighbour.key)
    (home / "examples.json").write_text(json.dumps(_examples(province), ensure_ascii=False), "utf-8")
    base = f"http://{settings.host}:{settings.port}"
    description = {"gateway": base, "graphql": f"{base}/graphql", **province.describe()}
    _private(home / "demo.json", json.dumps(description, ensure_ascii=False, indent=2) + "\n")
    return description


@contextlib.contextmanager
def running(
    home: Path, port: int = 0, seed: int = 1, subjects: int = 2000, postgres: bool = False, shanghai: bool = False
) -> Iterator[Running]:
    """A demo in the background of this process, asked over real sockets; `tests` and `--check` use it. With `shanghai`
    another gateway is one of its platforms."""
    if postgres:
        try:
            demo_postgres.programs()
        except demo_postgres.Missing as missing:
            raise DemoError(str(missing)) from None
    with contextlib.ExitStack() as stack:
        taken = stack.enter_context(serving.listening("127.0.0.1", port))
        port = taken.getsockname()[1]
        settings = load(home, host="127.0.0.1", port=port, resource=f"http://127.0.0.1:{port}/graphql")
        _refuse_foreign(settings.home)
        stack.enter_context(_sole(settings.home))
        province = stack.enter_context(
            demo_province.start(
                settings.home / "demo", seed, subjects, resource=settings.audience, postgres=postgres, shanghai=shanghai
            )
        )
        if province.neighbour is not None:
            neighbour.begin(province, province.neighbour)
        description = prepare(settings, province)
        stack.callback((settings.home / "demo.json").unlink, missing_ok=True)
        settings = load(home, host="127.0.0.1", port=port)  # now with the references that `prepare` wrote
        try:
            configuration = read(settings)
        except ValueError as error:
            findings = findings_of(error)
            hint = f"{settings.home} holds policies or platforms of another version, or with mistakes: mend them, or"
            raise DemoError("\n".join([*findings, f"{hint} give another --home"])) from None
        stack.enter_context(serving.in_background(Application(settings, configuration), taken))
        if province.neighbour is not None:  # it reads its home while this one does
            httpx2.get(f"{province.environment[demo_neighbour.VARIABLE]}/health", timeout=START_WITHIN, trust_env=False)
        yield Running(province, settings, description)


def _examples(province: Province) -> list[dict[str, Any]]:
    """The explorer's example questions, with the subject keys of this start in their variables."""
    found = []
    for example in json.loads(EXAMPLES.read_text("utf-8")):
        subject = province.subjects[example["subject"]]
        key = {word: subject[word] for word in ("uscc", "citizenId") if word in subject}
        found.append({**example, "variables": {"id": key}})
    return found


def _refuse_foreign(home: Path) -> None:
    clients = home / "clients.yaml"
    if clients.exists() and not clients.read_text("utf-8").startswith(MARK):
        raise DemoError(f"{home} is not a demo's home (its clients.yaml is somebody's work); give another --home")


@contextlib.contextmanager
def _sole(home: Path) -> Iterator[None]:
    """One demo on a home: a second one would write over the files that the first one's callers read."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (home / "demo.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise DemoError(f"a demo runs on {home} already; stop it, or give another --home") from None
        yield


def _private(path: Path, text: str) -> None:
    """Write a file that holds secrets of this start: whole, and for its owner alone."""
    draft = path.with_name(f".{path.name}.new")
    draft.touch(mode=0o600)
    draft.write_text(text, "utf-8")
    draft.replace(path)
