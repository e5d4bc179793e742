"""The pool on pyreqwest: the same promises, kept by a library in another thread.

It cannot trust a given authority alone: what it is given it trusts besides the system's store.
"""

from __future__ import annotations

import importlib
from datetime import timedelta
from pathlib import Path
from typing import Any

from connectors.contract import BadRequest, ContractBroken, Deadline, TimedOut, Unavailable
from connectors.transport.address import Address
from connectors.transport.port import Answer, Question
from connectors.transport.wording import OURS, Wording

KEEP_ALIVE = 15.0
_LONGEST = 86400.0
_CLIENT: Any = importlib.import_module("pyreqwest.client")  # while it is one of two it is no dependency
_ERRORS: Any = importlib.import_module("pyreqwest.exceptions")


class Pool:
    """See `connectors.transport.own.Pool`."""

    def __init__(self, base: str, connections: int, plaintext: bool = False, authority: str | None = None) -> None:
        address = Address.of(base, plaintext, authority)
        self._wording = Wording(address)
        self._base = f"{'https' if address.tls else 'http'}://{address.header}{address.prefix}"
        builder = (
            _CLIENT.ClientBuilder()
            .max_connections(connections)
            .pool_idle_timeout(timedelta(seconds=KEEP_ALIVE))
            .follow_redirects(False)
            .referer(False)
            .no_proxy()
            .http1_only()
            .gzip(False)
            .brotli(False)
            .zstd(False)
            .deflate(False)
        )
        if authority is not None:
            builder = builder.add_root_certificate_pem(Path(authority).read_bytes())
        self._client = builder.build()

    async def send(self, question: Question, deadline: Deadline, max_bytes: int) -> Answer:
        """The whole answer, whatever its status. Raises Unavailable, TimedOut, ContractBroken, BadRequest."""
        self._wording.write(question)
        left = deadline.left()
        if left <= 0:
            raise TimedOut("no time was left to ask")
        sent = question.headers.items()
        try:
            request = (
                self._client.request(question.method, self._base + question.target)
                .headers({n: v for n, v in sent if n.lower() not in OURS} | {"Accept-Encoding": "identity"})
                .timeout(timedelta(seconds=min(left, _LONGEST)))
            )
            if question.body or question.method not in {"GET", "HEAD"}:
                request = request.body_bytes(question.body)
            async with request.build_streamed() as response:
                headers = {name.lower(): value for name, value in response.headers.items()}
                codings = [value.strip().lower() for value in response.get_header_all("content-encoding")]
                if not {"", "identity"}.issuperset(codings) or headers.get("transfer-encoding") not in {
                    None,
                    "chunked",
                }:
                    raise ContractBroken("the answer is compressed although that was not asked for")
                if response.status < 200:
                    raise Unavailable("the platform switched protocols")
                body = bytearray()
                while (chunk := await response.body_reader.read_chunk()) is not None:
                    body += chunk
                    if len(body) > max_bytes:
                        raise ContractBroken(f"the answer is larger than {max_bytes} bytes")
                return Answer(response.status, headers, bytes(body))
        except _ERRORS.RequestTimeoutError:
            raise TimedOut("no whole answer by the deadline") from None
        except _ERRORS.BuilderError:
            raise BadRequest("a question holds what cannot be written") from None
        except _ERRORS.PyreqwestError as error:
            raise Unavailable(f"no answer: {type(error).__name__}") from None

    async def close(self) -> None:
        await self._client.close()
