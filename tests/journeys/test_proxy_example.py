"""The proxy of `deploy/nginx.conf`, run as it stands but for its addresses and files, in front of a gateway."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from tests.benchmarks.certificates import make
from tests.conftest import House, gateway_beside
from tests.journeys.registering import CLIENT, published, register, token

CONF = (Path(__file__).parents[2] / "deploy/nginx.conf").read_text("utf-8")
MAIN = "daemon off; pid {0}/pid; error_log {0}/error.log; events {{}} http {{ access_log off; {1} }}"
TEMPORARY = "".join(f"{kind}_temp_path {{0}}/{kind}; " for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))


@contextlib.contextmanager
def proxy(folder: Path, gateway: str, shown: Path, authority: Path) -> Iterator[str]:
    """The example before this gateway, on a free port; the files are its certificate and the partners' authority.

    nginx inherits the socket, as from an nginx that it takes the place of: nobody else can have the port in between.
    """
    taken = socket.create_server(("127.0.0.1", 0))
    taken.setblocking(False)
    port = taken.getsockname()[1]
    changes = {
        "server 127.0.0.1:8000": f"server {gateway.removeprefix('http://')}",
        "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
        "/etc/ssl/credit.example.cn.pem": str(shown),
        "/etc/ssl/credit.example.cn.key": str(shown),
        "/etc/ssl/partners-authorities.pem": str(authority),
    }
    text = CONF
    for before, after in changes.items():
        assert text.count(before) == 1
        text = text.replace(before, after)
    path = folder / "nginx.conf"
    path.write_text(MAIN.format(folder, TEMPORARY.format(folder) + "\n" + text), "utf-8")
    with taken:
        environment = {**os.environ, "NGINX": f"{taken.fileno()};"}
        process = subprocess.Popen(
            ["nginx", "-c", str(path)], stderr=subprocess.PIPE, pass_fds=[taken.fileno()], env=environment
        )
    try:
        yield f"https://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.communicate(timeout=20)


@pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx is not installed: make load")
def test_a_certificate_reaches_the_gateway_through_nginx(house: House, tmp_path: Path) -> None:
    """The holder of the certificate is let in; without it, and with the header written by hand, nobody is. What is the
    operator's alone is not shown outside."""
    for name in ("server", "partner"):
        (tmp_path / name).mkdir()
    authority, shown = make(tmp_path / "server")
    partners, mine = make(tmp_path / "partner")
    der = x509.load_pem_x509_certificate(mine.read_bytes()).public_bytes(Encoding.DER)
    thumbprint = base64.urlsafe_b64encode(hashlib.sha256(der).digest()).decode().rstrip("=")
    trust, holding = (
        ssl.create_default_context(cafile=str(authority)),
        ssl.create_default_context(cafile=str(authority)),
    )
    holding.load_cert_chain(mine)
    with published() as issuer, contextlib.ExitStack() as stack:

        def edit(home: Path) -> None:
            register(home, {"issuer": issuer, "jwks": f"{issuer}/jwks.json"}, CLIENT)

        gateway = stack.enter_context(
            gateway_beside(house, tmp_path, edit, certificate_header="Client-Cert", trusted_proxies="127.0.0.1")
        )
        url = stack.enter_context(proxy(tmp_path, gateway.url, shown, partners))
        held = {"Authorization": f"Bearer {token(issuer, gateway.url, **{'x5t#S256': thumbprint})}"}

        def ask(context: ssl.SSLContext, **more: str) -> int:
            with httpx2.Client(verify=context, trust_env=False, timeout=30) as client:
                return client.post(f"{url}/graphql", json={"query": "{ __typename }"}, headers=held | more).status_code

        assert ask(holding) == 200
        assert ask(trust) == 401
        assert ask(trust, **{"Client-Cert": f":{base64.b64encode(der).decode()}:"}) == 401
        with httpx2.Client(verify=trust, base_url=url, trust_env=False, timeout=30) as client:
            paths = ("/metrics", "/ready", "/policy/changes.json", "/health")
            assert [client.get(path).status_code for path in paths] == [404, 404, 200, 200]
