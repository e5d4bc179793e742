"""A document may be asked by its digest: one of the home's, or one that somebody has sent with its digest before.

Two ways of saying it are understood, and no others: `documentId: "sha256:<hex>"` (GraphQL over HTTP, working draft,
appendix A) and `extensions.persistedQuery` (automatic persisted queries, version 1). Where only the documents of the
home may be asked, their text is as good as their digest; every other text is refused before it is parsed.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from typing import Any

from cachetools import LRUCache

from gateway.errors import GatewayError
from gateway.model import Request
from policies.model import Words

HEX = re.compile(r"[0-9a-f]{64}\Z")
SCHEME = "sha256:"
CAPACITY = 1_000_000  # characters of texts that clients have sent with their digest

NOT_A_DIGEST = Words(
    "文档标识应为 64 位小写十六进制的 `SHA-256` 摘要",
    "a document's id is its `SHA-256` digest in 64 small hexadecimal digits",
)
ONE_OF_TWO = Words("`documentId` 与 `query` 只能给出其一", "give `documentId` or `query`, not both")
OTHER_DIGEST = Words("`query` 与所给的文档标识不符", "`query` has not the digest that was given with it")
MISSING = Words("缺少 `query` 或文档标识", "`query` is missing, and so is a document's id")
SIGNAL = "PersistedQueryNotFound"  # what clients of automatic persisted queries wait for


class Named:
    """Texts by digest. `trusted` are the home's; with `only`, nothing else may be asked."""

    def __init__(self, trusted: Iterable[str] = (), *, only: bool = False) -> None:
        self._trusted = {digest(text): text for text in trusted}
        self._only = only
        self._sent: LRUCache[str, str] = LRUCache(CAPACITY, getsizeof=len)

    def text(self, request: Request) -> str:
        """The document that a request means. Raises GatewayError MALFORMED_REQUEST, PERSISTED_QUERY_NOT_FOUND,
        DOCUMENT_NOT_TRUSTED."""
        wanted = _wanted(request)
        if wanted is None:
            if not request.query:
                raise GatewayError("MALFORMED_REQUEST", detail=MISSING)
            if self._only and digest(request.query) not in self._trusted:
                raise GatewayError("DOCUMENT_NOT_TRUSTED")
            return request.query
        known = self._trusted.get(wanted) or (None if self._only else self._sent.get(wanted))
        if known is not None:
            if request.query and request.query != known:
                raise GatewayError("MALFORMED_REQUEST", detail=OTHER_DIGEST)
            return known
        if not request.query:
            raise GatewayError("PERSISTED_QUERY_NOT_FOUND", signal="" if request.document_id else SIGNAL)
        if digest(request.query) != wanted:
            raise GatewayError("MALFORMED_REQUEST", detail=OTHER_DIGEST)
        if self._only:
            raise GatewayError("DOCUMENT_NOT_TRUSTED")
        return request.query

    def keep(self, request: Request) -> None:
        """Remember a text that came with its digest and was understood."""
        if request.query and not self._only and len(request.query) <= CAPACITY:
            wanted = _wanted(request)
            if wanted is not None and wanted not in self._trusted:
                self._sent[wanted] = request.query


def digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _wanted(request: Request) -> str | None:
    """The digest that a request names. Raises GatewayError MALFORMED_REQUEST."""
    if request.document_id is not None:
        if request.query:
            raise GatewayError("MALFORMED_REQUEST", detail=ONE_OF_TWO)
        if not request.document_id.startswith(SCHEME):
            raise GatewayError("MALFORMED_REQUEST", detail=NOT_A_DIGEST)
        return _hex(request.document_id.removeprefix(SCHEME))
    said: Any = request.extensions.get("persistedQuery")
    if not isinstance(said, Mapping) or said.get("version") != 1:
        return None  # an extension that is not understood is ignored, as the draft asks
    return _hex(said.get("sha256Hash"))


def _hex(said: Any) -> str:
    if not isinstance(said, str) or not HEX.match(said):
        raise GatewayError("MALFORMED_REQUEST", detail=NOT_A_DIGEST)
    return said
