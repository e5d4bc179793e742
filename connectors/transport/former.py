"""The pool: keep-alive HTTP/1.1 connections to one platform, on the engine that httpx2 itself is built on.

It asks for bodies without compression and refuses any other, counts bytes while they arrive, and puts one
deadline around everything from the wait for a connection to the last byte, so that a dripping platform is
cut as well as a silent one. A connection that broke off, was cut, or holds surplus bytes is closed.
TLS is verified, against the system's trust store if nothing else is said; surroundings (proxies, netrc) are never read.
"""

from __future__ import annotations

import asyncio
import ipaddress
import math
import ssl
from collections.abc import Mapping
from urllib.parse import urlsplit

import httpcore2
import httpx2

from connectors.contract import ContractBroken, Deadline, TimedOut, Unavailable
from connectors.transport.framing import WatchedNetwork
from connectors.transport.port import Answer, Question

KEEP_ALIVE = 15.0
_BROKEN = (httpcore2.NetworkError, httpcore2.ProtocolError, httpcore2.TimeoutException, OSError)


class Pool:
    """Connections to `base`, an http or https URL with an optional path before every target.

    `authority` is a file of certificates; when given, it alone is trusted instead of the system's store.
    Raises ValueError for a base that is no such URL, or is plain HTTP beyond loopback without `plaintext`,
    and for an authority that cannot be read.
    """

    def __init__(self, base: str, connections: int, plaintext: bool = False, authority: str | None = None) -> None:
        parts = urlsplit(base)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.query:
            raise ValueError("not an http or https URL without user and query")
        try:
            self._host, self._port = parts.hostname.encode("idna"), parts.port
        except ValueError:
            raise ValueError("an http or https URL with a wrong host or port") from None
        if parts.scheme == "http" and not plaintext and not _is_loopback(parts.hostname):
            raise ValueError("plain http beyond loopback; use https, or declare `plaintext: true`")
        self._scheme, self._prefix = parts.scheme.encode(), parts.path.rstrip("/")
        self._pool = httpcore2.AsyncConnectionPool(
            ssl_context=_trust(authority) if parts.scheme == "https" else None,
            max_connections=connections,
            keepalive_expiry=KEEP_ALIVE,
            network_backend=WatchedNetwork(),
        )

    async def send(self, question: Question, deadline: Deadline, max_bytes: int) -> Answer:
        """The whole answer, whatever its status. Raises Unavailable, TimedOut, ContractBroken."""
        left = deadline.left()
        if left <= 0:
            raise TimedOut("no time was left to ask")
        try:
            async with asyncio.timeout(left if math.isfinite(left) else None):
                return await self._send(question, max_bytes)
        except TimeoutError:
            raise TimedOut("no whole answer by the deadline") from None
        except _BROKEN as error:
            raise Unavailable(f"no answer: {type(error).__name__}") from None

    async def close(self) -> None:
        await self._pool.aclose()

    async def _send(self, question: Question, max_bytes: int) -> Answer:
        url = httpcore2.URL(
            scheme=self._scheme,
            host=self._host,
            port=self._port,
            target=(self._prefix + question.target).encode("ascii"),
        )
        headers = {**question.headers, "Accept-Encoding": "identity"}
        if question.method != "GET":
            headers["Content-Length"] = str(len(question.body))
        async with self._pool.stream(
            question.method, url, headers=[*headers.items()], content=question.body or None
        ) as response:
            names = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}
            _refuse_compressed(names)
            if response.status < 200:
                raise Unavailable("the platform switched protocols")
            body = bytearray()
            async for chunk in response.aiter_stream():
                body += chunk
                if len(body) > max_bytes:
                    raise ContractBroken(f"the answer is larger than {max_bytes} bytes")
            return Answer(response.status, names, bytes(body))


def _trust(authority: str | None) -> ssl.SSLContext:
    if authority is None:
        return httpx2.create_ssl_context(trust_env=False)
    try:
        return ssl.create_default_context(cafile=authority)
    except OSError:  # ssl.SSLError is one
        raise ValueError("the certificates of `ca` cannot be read") from None


def _refuse_compressed(headers: Mapping[str, str]) -> None:
    """A megabyte can unfold to a gigabyte: nothing is ever unpacked."""
    if headers.get("content-encoding", "identity").strip().lower() not in {"", "identity"}:
        raise ContractBroken("the answer is compressed although that was not asked for")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
