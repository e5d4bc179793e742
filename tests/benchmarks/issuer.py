"""The issuer of the benchmark's access tokens: one key, its key set on a socket, tokens made beforehand.

Tokens are as RFC 9068 has them, for a client that is registered at the gateway. Nothing is issued while time is
measured.
"""

from __future__ import annotations

import json
import secrets
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from joserfc import jwt
from joserfc.jwk import ECKey

CLIENT = "bench-market-bureau"
SCOPES = ("credit.gov", "credit.restricted")
PURPOSE = "gov.licensing"
LIFETIME = 86_400  # seconds


class Issuer:
    """An issuer in a thread of this process. `url` is its name and address."""

    def __init__(self) -> None:
        self._key = ECKey.generate_key("P-256", {"kid": "bench", "alg": "ES256", "use": "sig"})
        self.keys = {"keys": [self._key.as_dict(private=False)]}
        text = json.dumps(self.keys).encode()

        class Answering(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_: object) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def token(self, audience: str, client: str = CLIENT) -> str:
        now = int(time.time())
        claims = {
            "iss": self.url, "sub": client, "client_id": client, "aud": audience, "iat": now, "exp": now + LIFETIME,
            "jti": secrets.token_hex(12), "scope": " ".join((*SCOPES, f"purpose:{PURPOSE}")),
        }  # fmt: skip
        return str(jwt.encode({"alg": "ES256", "typ": "at+jwt", "kid": "bench"}, claims, self._key))

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)
