"""A partner whose key set is all there is of its issuer, and a gateway's home that it is registered in."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from tests.promises.issuing import SIGNING, signed

CLIENT = "holder"


class _Keys(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = json.dumps({"keys": [SIGNING.as_dict(private=False)]}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing is logged."""


@contextlib.contextmanager
def published() -> Iterator[str]:
    """The key that tests sign tokens with, on a socket; its address is the issuer's name."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Keys) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def register(home: Path, issuer: dict[str, Any], *clients: str) -> None:
    """Add an issuer, and clients that may do what the Shanghai bureau may; the gateway goes by its own address."""
    settings = (home / "gateway.env").read_text("utf-8").splitlines()
    (home / "gateway.env").write_text("\n".join(line for line in settings if "_RESOURCE=" not in line), "utf-8")
    yaml, path = YAML(), home / "clients.yaml"
    registry = yaml.load(path)
    registry["issuers"].append(issuer)
    like = registry["clients"]["shanghai-market-bureau"]
    for client in clients:
        registry["clients"][f"partner-{client}"] = {**like, "issuer": issuer["issuer"], "clientId": client}
    yaml.dump(registry, path)


def token(issuer: str, gateway: str, **cnf: str) -> str:
    """For ten minutes, at the gateway of this address, bound to what `cnf` says."""
    now = int(time.time())
    claims = {"iss": issuer, "aud": f"{gateway}/graphql", "iat": now, "exp": now + 600, "sub": "officer-7"}
    return signed({**claims, "client_id": CLIENT, "jti": "t-1", "scope": "credit.gov", "cnf": cnf})
