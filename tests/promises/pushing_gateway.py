"""The records behind a second gateway of this program, and behind a file that holds them whole: two stages more.

The gateway is a real one, with a home, policies and a database of its own and a real authorization server. What it was
asked is read from the bytes that came over its socket, and held against the statements that its own database got.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from textwrap import indent

import pytest
from starlette.types import Message, Receive, Scope, Send

from connectors.kinds.peer.wire import asked_in
from connectors.registry import load as load_platforms
from deploy.demo import issuer
from gateway.app import Application, read
from gateway.cli import serving
from gateway.documents import Document
from gateway.settings import load
from tests.edges import another_gateway
from tests.edges.another_gateway import HERE, KEY, THERE
from tests.edges.invented import HEAD, SQL_SOURCE, TERMS, Now, connector, in_use, registered
from tests.promises import small_sets
from tests.promises.peering import threaded
from tests.promises.pushing import ANY, COLUMN, MOST, Heard, Record, Staged, fields, into_sqlite, traced

CLIENT, PURPOSE, SCOPES = "shandong", "gov.licensing", ["credit.gov"]
BEHALF = replace(another_gateway.BEHALF, scopes=frozenset(SCOPES), evidence=(), consents=())
PERMIT = """\
type: Permit
connection: permits
title: {zh: 虚构许可, en: Invented permit}
negative: false
subjects: [Enterprise]
owner: {zh: 虚构机关, en: Invented office}
law: [{text: 虚构, mark: E}]
roles: {status: state, date: decided, identity: [number]}
fields:
  state:   {zh: 状态, en: State, kind: enum, vocabulary: RecordStatus, class: PUBLIC}
  holder:  {zh: 名称, en: Holder, kind: name, class: PUBLIC}
  number:  {zh: 文号, en: Number, kind: code, class: PUBLIC}
  decided: {zh: 日期, en: Decided on, kind: date, class: PUBLIC}
  until:   {zh: 截止, en: Valid until, kind: date, class: PUBLIC}
  area:    {zh: 区划, en: Area, kind: code, class: PUBLIC}
"""
POLICIES = {
    "catalogue/types/Permit.yaml": PERMIT,
    "catalogue/report.yaml": small_sets.REPORT.replace("[Registration]", "[Registration, Permit]"),
    "rules/00-national.yaml": small_sets.NATIONAL.partition("rows:")[0],  # every row is shown
}
OWN = {COLUMN[name] for name in ("state", "decided", "number")}  # by which it judges, orders and merges rows itself
BOOK = HEAD.replace("370100-invented", "310000-book").replace("370100", "310000")


class Overheard(Application):
    """A gateway that keeps the bytes of every question, as they come."""

    bodies: list[bytes]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        whole = bytearray()

        async def heard() -> Message:
            message = await receive()
            if message["type"] == "http.request" and scope["path"] == "/graphql":
                whole.extend(message.get("body", b""))
                if not message.get("more_body"):
                    self.bodies.append(bytes(whole))
            return message

        await super().__call__(scope, heard, send)


def _home(home: Path, stock: Sequence[Record], tokens: str) -> Path:
    small_sets.write(home / "policies", POLICIES)
    for name in ("platforms", "secrets"):
        (home / name).mkdir()
    book = f"{BOOK}{SQL_SOURCE}types:\n  Permit:\n" + indent(f"table: pushed\n{fields('column')}batch: 200\n", "    ")
    (home / "platforms" / "310000-book.yaml").write_text(book.replace("maxRows: 100", f"maxRows: {MOST}"), "utf-8")
    into_sqlite(home / "pushed.db", stock)
    client = {
        "issuer": tokens, "clientId": CLIENT, "class": "government", "region": "370000",
        "title": {"zh": "虚构网关", "en": "Invented gateway"}, "scopes": SCOPES, "purposes": [PURPOSE],
        "delegates": {"gateway": HERE.gateway, "classes": ["government"]},
    }  # fmt: skip
    known = {"issuer": tokens, "jwks": f"{tokens}/jwks.json", "algorithms": ["ES256"], "maxLifetime": "10m"}
    (home / "clients.yaml").write_text(json.dumps({"issuers": [known], "clients": {CLIENT: client}}), "utf-8")
    (home / "gateway.env").write_text(
        f"CREDIT_GATEWAY_RESOURCE={THERE}\nCREDIT_GATEWAY_PROVINCE=31\n"
        f"INVENTED_URL=sqlite+aiosqlite:///{home / 'pushed.db'}\n"
    )
    return home


@asynccontextmanager
async def on_gateway(stock: Sequence[Record], folder: Path, request: pytest.FixtureRequest) -> AsyncIterator[Staged]:
    """Its records bear other ids for each asker: they are told apart by a field that is different in each."""
    registration = {
        "secret": "s" * 20, "key": KEY.as_dict(private=False), "scopes": SCOPES, "purposes": [PURPOSE],
        "evidence": {}, "resource": THERE,
    }  # fmt: skip
    clients = {"resource": "", "subjects": {}, "clients": {CLIENT: registration}}
    source = another_gateway.SOURCE.replace("maxRows: 100, maxBytes: 64KiB", f"maxRows: {MOST}, maxBytes: 8MiB")
    made = connector(registered(source, f"{another_gateway.TYPE}batch: 4\n"))
    with ExitStack() as stack:
        tokens = stack.enter_context(threaded(issuer.application, clients))
        taken = stack.enter_context(serving.listening("127.0.0.1", 0))
        settings = serving.on_socket(load(_home(folder / "home", stock, tokens)), taken)
        gateway = Overheard(settings, read(settings))
        gateway.bodies = []
        async with traced() as statements:
            stack.enter_context(serving.in_background(gateway, taken))
            base = f"http://127.0.0.1:{settings.port}"
            there = {**another_gateway.settings(base), "env:TOKEN": f"{tokens}/token"}

            def take() -> list[Heard]:
                bodies, gateway.bodies = gateway.bodies, []
                asked = [_heard(each) for each in bodies]
                for here, there in zip(asked, statements(), strict=True):  # what it asks is what it was asked
                    assert (there.subjects, there.conditions) == (here.subjects, frozenset())
                    assert here.columns <= there.columns <= here.columns | OWN
                return asked

            async with in_use(made, there, Now):
                yield Staged(made, take, behalf=BEHALF, key="number")


def _heard(question: bytes) -> Heard:
    body = json.loads(question)
    columns = {COLUMN[name] for name in asked_in(question) if name in COLUMN}
    words = {name for word in ("filter", "where", "orderBy") if word in body["query"] for name in [word]}
    return Heard(
        len(body["variables"]["ids"]), frozenset({"ID", "CODE"} | columns), frozenset(words), False,
        body["variables"]["first"] <= MOST,
    )  # fmt: skip


@asynccontextmanager
async def on_static(stock: Sequence[Record], folder: Path, request: pytest.FixtureRequest) -> AsyncIterator[Staged]:
    """Nobody is asked anything: the gateway reads the file with the declaration and does all else itself."""
    rows = [{name: cell for name, cell in each.cells.items() if cell is not None} for each in stock]
    (folder / "pushed.json").write_text(json.dumps({"pushed": rows}, ensure_ascii=False), "utf-8")
    source = f"sources:\n  main: {{kind: static, file: pushed.json, limits: {{maxRows: {MOST}}}}}\n"
    permit = indent(f"rows: pushed\n{fields('path')}{ANY}", "    ")
    text = f"{HEAD}{source}types:\n  Permit:\n{permit}"
    made = connector(load_platforms([Document("370100-invented.yaml", text.encode(), folder)], TERMS))
    async with in_use(made, {}) as asked:
        yield Staged(asked, list)
