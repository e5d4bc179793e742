"""Operators of platforms with their keys on the command line, and a small platform that notes what it is asked."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from click.testing import CliRunner

from gateway.cli import cli
from gateway.cli.told import is_mendable

PLATFORM = "371100-rizhao-honours"
PEOPLE: Mapping[str, tuple[str, str]] = {
    "li": ("platform.operator", "371100"),
    "gao": ("platform.operator, platform.approver", "371100"),
    "wang": ("platform.approver", "370000"),
    "zhou": ("platform.operator", "370300"),
}
DECLARATION = """\
platform: 371100-rizhao-honours
version: 1.0.0
region: "371100"
title: {zh: 日照市荣誉库, en: Rizhao honours}
owner: {office: 日照市社会信用中心, contact: ops@rizhao.example}
catalogue: ">=2026 <2027"
sources:
  api: {kind: rest, base: env:RIZHAO_BASE}
types:
  Honour:
    request: {method: GET, path: /honours, query: {code: "{subject}", fields: "{projection}"}}
    rows: rows
    key: [id]
    subject:
      uscc: {path: code}
      citizenId: {path: code}
    fields:
      honourName: {path: name}
      honourCode: {path: kind, vocabulary: {A: CONTRACT_CREDIT}}
      year: {path: year}
      organ: {path: organ}
      awardedDate: {path: day, date: ["%Y-%m-%d"]}
      validUntil: {path: until, date: ["%Y-%m-%d"]}
      status: {const: ACTIVE}
    order: {by: [awardedDate desc, organ], params: {sort: newest}}
"""


@dataclass
class City:
    """A platform that holds one honour of whoever is asked about, and notes each question's parameters."""

    seen: list[Mapping[str, str]] = field(default_factory=list)
    day: str = "2026-03-01"
    name: str = "守合同重信用企业"
    base: str = ""

    def rows(self, code: str) -> list[Any]:
        words = {"id": f"RZ-{code}", "code": code, "name": self.name, "kind": "A", "year": 2026, "organ": "日照市政府"}
        return [{**words, "day": self.day, "until": "2099-03-01"}]


@contextmanager
def city() -> Iterator[City]:
    found = City()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:  # the library's name
            asked = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
            found.seen.append(asked)
            body = json.dumps({"rows": found.rows(asked["code"])}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    found.base = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Operators:
    """A home in whose officers.yaml these people stand, and what the command line says to each."""

    def __init__(self, home: Path, keys: Path, base: str = "http://127.0.0.1:1") -> None:
        self.home, self.keys = home, keys
        self.drafts = keys.parent / "drafts"
        keys.mkdir()
        self.drafts.mkdir()
        lines = ["officers:"]
        for name, (roles, region) in PEOPLE.items():
            public = CliRunner().invoke(cli, ["policy", "officer-key", str(keys / name)]).output.strip()
            lines.append(
                f'  {name}: {{name: {name.title()}, key: "{public}", roles: [{roles}], region: "37", '
                f'regions: ["{region}"]}}'
            )
        (home / "officers.yaml").write_text("\n".join(lines) + "\n", "utf-8")
        with (home / "gateway.env").open("a", encoding="utf-8") as file:
            file.write(f"\nRIZHAO_BASE={base}\n")

    def draft(self, *changes: tuple[str, str]) -> Path:
        """The declaration with texts replaced, in a folder of its operator's."""
        text = DECLARATION
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        path = self.drafts / f"{PLATFORM}.yaml"
        path.write_text(text, "utf-8")
        return path

    def say(self, verb: str, *words: str | Path, by: str | None = None, code: int = 0) -> str:
        """What the command line answers; a refusal is its one line."""
        key = ["--key", str(self.keys / by)] if by else []
        result = CliRunner().invoke(cli, ["connector", verb, *map(str, words), "--home", str(self.home), *key])
        refused = is_mendable(result.exception)
        assert refused or result.exception is None or isinstance(result.exception, SystemExit), result.exception
        assert (1 if refused else result.exit_code) == code, result.output + str(result.exception)
        return result.output + (str(result.exception) if refused else "")

    def bring_live(self, *changes: tuple[str, str]) -> None:
        """A whole life up to live, by the book."""
        self.say("register", self.draft(*changes), by="li")
        self.say("approve", PLATFORM, by="wang")
        self.say("live", PLATFORM, by="li")
