"""A door before a gateway that lets the first question through and holds the second until it is told what to do."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx2

from tests.conftest import House

PATIENCE = 60.0  # seconds


@dataclass
class Door:
    """`home` is where a command is told to ask here. The first answer is in the asker's hands once a second question
    is `held`; what is held goes through when the door is `opened`, and is lost when it is `shut` before."""

    home: Path
    held: threading.Event = field(default_factory=threading.Event)
    opened: threading.Event = field(default_factory=threading.Event)
    shut: bool = False
    questions: int = 0


@contextmanager
def door_before(house: House, folder: Path) -> Iterator[Door]:
    door = Door(folder / "door")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # the library's name
            body = self.rfile.read(int(self.headers["Content-Length"]))
            door.questions += 1
            if door.questions > 1:
                door.held.set()
                if not door.opened.wait(PATIENCE) or door.shut:
                    return
            kept = ("authorization", "credit-purpose", "content-type", "accept")
            headers = {name: value for name, value in self.headers.items() if name.lower() in kept}
            answer = httpx2.post(f"{house.url}/graphql", content=body, headers=headers, trust_env=False, timeout=30)
            self.send_response(answer.status_code)
            self.send_header("Content-Type", answer.headers["Content-Type"])
            self.send_header("Content-Length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing is logged."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        told = json.loads((house.home / "demo.json").read_text("utf-8"))
        told["graphql"] = f"http://127.0.0.1:{server.server_address[1]}/graphql"
        door.home.mkdir()
        (door.home / "demo.json").write_text(json.dumps(told), "utf-8")
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield door
        finally:
            door.shut = not door.opened.is_set()
            door.opened.set()
            server.shutdown()
