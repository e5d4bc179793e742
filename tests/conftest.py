"""The house on real sockets: a running demo province with its platforms as processes, asked over HTTP.

`house` is one for the whole run and is never damaged; a test that kills something starts its own with
`new_house`. Tokens come from the demo's issuer, as a partner's would.
"""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest
from hypothesis import settings

from gateway.app import Application, Configuration, read
from gateway.cli import serving
from gateway.cli.asking import Demo
from gateway.cli.demonstration import Running, running
from gateway.settings import load
from tests.edges.databases import Counterpart, Mariadb, Postgres, served

# Every run draws the same, and no clock judges it: whether a change is good is no matter of luck, and none of load.
settings.load_profile("ci")

SUBJECTS = 120
FRESH = 120.0  # seconds for which a token is used again; the issuer's live for minutes, and so does the house


@dataclass
class House:
    """A running demo and the shortest way to ask it."""

    running: Running
    demo: Demo
    client: httpx2.Client
    tokens: dict[tuple[str, str | None, str | None], tuple[float, str]] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return str(self.running.description["gateway"])

    @property
    def home(self) -> Path:
        return self.running.settings.home

    @property
    def subjects(self) -> Mapping[str, Mapping[str, Any]]:
        return self.demo.subjects

    def key(self, example: str, name: bool = False) -> dict[str, str]:
        """The subject key of a named example, with its name beside it when asked."""
        known = self.subjects[example]
        words = ("uscc", "citizenId", "name") if name else ("uscc", "citizenId")
        return {word: known[word] for word in words if word in known}

    def token(self, caller: str, purpose: str | None = None, subject: str | None = None) -> str:
        key = (caller, purpose, subject)
        taken, token = self.tokens.get(key, (float("-inf"), ""))
        if time.monotonic() - taken > FRESH:
            token = self.demo.token(caller, purpose, {}, subject)
            self.tokens[key] = time.monotonic(), token
        return token

    def headers(self, caller: str, purpose: str | None = None, subject: str | None = None) -> dict[str, str]:
        if caller == "public":
            return {}
        found = {"Authorization": f"Bearer {self.token(caller, purpose, subject)}"}
        return found | ({"Credit-Purpose": purpose} if purpose else {})

    def post(self, body: Any, headers: Mapping[str, str] | None = None) -> httpx2.Response:
        accept = {"Accept": "application/graphql-response+json"}
        return self.client.post("/graphql", json=body, headers={**accept, **(headers or {})})

    def ask(
        self,
        query: str,
        id: Any = None,
        *,
        as_: str = "public",
        purpose: str | None = None,
        subject: str | None = None,
        headers: Mapping[str, str] | None = None,
        consents: Sequence[str] = (),
        **variables: Any,
    ) -> dict[str, Any]:
        """The body of the answer. `id` is an example's name or a subject key; `subject` is whom a caller is;
        `consents` are tokens."""
        if id is not None:
            variables["id"] = self.key(id) if isinstance(id, str) else id
        asked = {**self.headers(as_, purpose, subject), **(headers or {})}
        body = {"query": query, "variables": variables, "extensions": {"consents": list(consents)} if consents else {}}
        answer: dict[str, Any] = self.post(body, asked).json()
        return answer


@contextlib.contextmanager
def open_house(home: Path, subjects: int = SUBJECTS) -> Iterator[House]:
    with (
        running(home, subjects=subjects) as alive,
        httpx2.Client(base_url=alive.description["gateway"], timeout=30, trust_env=False) as client,
    ):
        yield House(alive, Demo.of(home), client)


@contextlib.contextmanager
def gateway_beside(
    house: House,
    folder: Path,
    edit: Callable[[Path], None] = lambda home: None,
    now: Callable[[], datetime] | None = None,
    change: Callable[[Configuration], Configuration] = lambda known: known,
    **overrides: Any,
) -> Iterator[House]:
    """Another gateway before the same platforms: on a copy of the home that `edit` may change, with another clock
    or settings; `change` puts others in their place. Its tokens are the house's."""
    left = shutil.ignore_patterns("audit", "demo", "state")  # what the house is writing
    home = Path(shutil.copytree(house.home, folder / "beside", ignore=left))
    edit(home)
    with contextlib.ExitStack() as stack:
        taken = stack.enter_context(serving.listening("127.0.0.1", 0))
        settings = serving.on_socket(load(home, **overrides), taken)
        stack.enter_context(serving.in_background(Application(settings, change(read(settings)), now), taken))
        url = f"http://127.0.0.1:{settings.port}"
        client = stack.enter_context(httpx2.Client(base_url=url, timeout=30, trust_env=False))
        description = {**house.running.description, "gateway": url}
        yield House(Running(house.running.province, settings, description), house.demo, client, house.tokens)


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with open_house(tmp_path_factory.mktemp("house")) as found:
        yield found


@pytest.fixture
def new_house(tmp_path: Path) -> Iterator[Callable[[], House]]:
    """Starts a house of the test's own, which it may damage."""
    with contextlib.ExitStack() as stack:
        yield lambda: stack.enter_context(open_house(tmp_path / "home"))


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Counterpart]:
    with served(Postgres) as server:
        yield server


@pytest.fixture(scope="session")
def mariadb() -> Iterator[Counterpart]:
    with served(Mariadb) as server:
        yield server
