"""A question as the bytes that go over the wire, in one piece, or a refusal to write it.

A line break or NUL in a method, target or header would let a value become a second request: such a question
is refused before anything is sent. How a body is framed and that answers come uncompressed is said here alone.
"""

from __future__ import annotations

import re

from connectors.contract import BadRequest
from connectors.transport.address import Address
from connectors.transport.port import Question

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
OURS = frozenset({"accept-encoding", "content-length"})
_FRAMING = frozenset(
    {"connection", "expect", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"}
)
_KEPT = 64  # different sets of headers; a platform has a handful


class Wording:
    """Writes questions to one address. Sets of headers that come again are checked and written once."""

    def __init__(self, address: Address) -> None:
        self._prefix, self._host = address.prefix, address.header
        self._heads: dict[tuple[object, ...], tuple[str, bytes]] = {}

    def write(self, question: Question) -> bytes:
        """Head and body. Raises BadRequest for what cannot be written."""
        key = (question.method, *question.headers.items())
        start, rest = self._heads.get(key) or self._learn(key, question)
        target, body = question.target, question.body
        if not target.isascii() or not target.isprintable() or " " in target or not target.startswith("/"):
            raise BadRequest("the target of a question holds what cannot be written")
        head = (start + target).encode("ascii") + rest
        if body or question.method not in {"GET", "HEAD"}:
            return b"%bContent-Length: %d\r\n\r\n%b" % (head, len(body), body)
        return head + b"\r\n"

    def _learn(self, key: tuple[object, ...], question: Question) -> tuple[str, bytes]:
        names = [name.lower() for name in question.headers]
        if not _TOKEN.fullmatch(question.method) or len(set(names)) < len(names) or not _FRAMING.isdisjoint(names):
            raise BadRequest("a question frames itself; its headers must not")
        lines = [" HTTP/1.1\r\n", "Accept-Encoding: identity\r\n"]
        if "host" not in names:
            lines.append(f"Host: {self._host}\r\n")
        for name, value in question.headers.items():
            if not _TOKEN.fullmatch(name) or not value.isascii() or not value.replace("\t", " ").isprintable():
                raise BadRequest("a header of a question holds what cannot be written")
            if name.lower() not in OURS:
                lines.append(f"{name}: {value}\r\n")
        if len(self._heads) >= _KEPT:
            self._heads.clear()
        self._heads[key] = head = f"{question.method} {self._prefix}", "".join(lines).encode("ascii")
        return head
