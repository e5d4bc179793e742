"""GraphQL over HTTP: bytes in, bytes out, a bare ASGI application.

Bounds come before any parsing: method, media types, size, time for the body to arrive, requests in flight.
Whoever is refused before its body was read to the end is also hung up on: nobody reads what is still coming.
Media types follow GraphQL over HTTP (working draft, section 6): under `application/graphql-response+json`
the status tells of refusals; under `application/json` a well-formed request that GraphQL refuses gets 200.
GET is answered where the operator allows it, and never to a page of another site: no browser can be made to ask.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import orjson
from starlette.types import Receive, Scope, Send

from gateway.errors import GatewayError, refused
from gateway.model import Answer
from gateway.pipeline import Corridor
from gateway.rationing import Places
from gateway.receiving import Incoming, body_of
from policies.model import Words

GRAPHQL_TYPE = "application/graphql-response+json"
JSON_TYPE = "application/json"
GRAPHQL_REFUSALS = frozenset(
    {"GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED", "OPERATION_UNKNOWN", "BAD_VARIABLES", "LIMIT_EXCEEDED",
     "INVALID_SUBJECT_KEY", "INVALID_ARGUMENT", "INVALID_CURSOR", "PERSISTED_QUERY_NOT_FOUND", "DOCUMENT_NOT_TRUSTED"}
)  # fmt: skip
QUALITY = re.compile(r"0(\.[0-9]{0,3})?|1(\.0{0,3})?")  # RFC 9110, 12.4.2

NOT_ARRIVED = Words("请求体未到达", "the body did not arrive")
TOO_LATE = Words("请求体未按时到达", "the body did not arrive in time")


class Endpoint:
    """`/graphql`. `max_body` in bytes, `body_timeout` in seconds, `max_inflight` requests at once, `get` when questions
    may stand in the URL. A request walks one corridor from its beginning to its end, whatever is swapped meanwhile."""

    def __init__(
        self, corridor: Corridor, *, max_body: int, body_timeout: float, max_inflight: int, get: bool = False
    ) -> None:
        self.corridor = corridor
        self.outcomes: Counter[str] = Counter()  # how requests ended
        self._methods = ("GET", "POST") if get else ("POST",)
        self._max_body = max_body
        self._body_timeout = body_timeout
        self._places = Places(max_inflight)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers: list[tuple[bytes, bytes]] = scope["headers"]
        language = _language(headers)
        media = _media_type(headers)
        who = self.corridor.authenticator.recognised(headers)
        if not self._places.take(who):  # shed at once, before any work: nothing was asked, nothing to record
            overloaded = _hung_up("OVERLOADED", {"Retry-After": "1"})
            self.outcomes["overloaded"] += 1
            await _send(send, refused(overloaded, language), media or GRAPHQL_TYPE)
            return
        try:
            body = await self._body(scope, receive, headers, media)
            peer = scope["client"][0] if scope.get("client") else None
            incoming = Incoming(headers, body, _strict(headers), language, scope["method"], peer)
            answer = await self.corridor.answer(incoming)
            self.outcomes[_outcome(answer)] += 1
            await _send(send, answer, media or GRAPHQL_TYPE)
        finally:
            self._places.leave(who)

    async def _body(
        self, scope: Scope, receive: Receive, headers: list[tuple[bytes, bytes]], media: str | None
    ) -> bytes | GatewayError:
        if scope["method"] not in self._methods:
            return _hung_up("METHOD_NOT_ALLOWED", {"Allow": ", ".join(self._methods)})
        if media is None:
            return _hung_up("NOT_ACCEPTABLE")
        if scope["method"] == "GET":
            return _hung_up("CROSS_SITE") if _from_another_site(headers) else body_of(scope["query_string"])
        content_type, _, parameters = _header(headers, b"content-type").partition(";")
        if content_type.strip().lower() != JSON_TYPE or not _is_utf8(parameters):
            return _hung_up("UNSUPPORTED_MEDIA_TYPE")
        if _header(headers, b"content-encoding").strip().lower() not in ("", "identity"):
            return _hung_up("UNSUPPORTED_MEDIA_TYPE")
        declared = _header(headers, b"content-length")
        if declared.isdecimal() and int(declared) > self._max_body:  # said beforehand: not a byte of it is awaited
            return _hung_up("TOO_LARGE", limit=self._max_body)
        chunks, size = [], 0
        try:
            async with asyncio.timeout(self._body_timeout):
                while True:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        return GatewayError("MALFORMED_REQUEST", detail=NOT_ARRIVED)
                    chunk = message.get("body", b"")
                    size += len(chunk)
                    if size > self._max_body:
                        return _hung_up("TOO_LARGE", limit=self._max_body)
                    chunks.append(chunk)
                    if not message.get("more_body"):
                        return b"".join(chunks)
        except TimeoutError:
            return _hung_up("MALFORMED_REQUEST", detail=TOO_LATE)


def _hung_up(
    code: str, headers: Mapping[str, str] | None = None, detail: Words | None = None, limit: int = 0
) -> GatewayError:
    return GatewayError(code, headers={**(headers or {}), "Connection": "close"}, detail=detail, limit=limit)


def _outcome(answer: Answer) -> str:
    """How a request ended, in one of four words."""
    if answer.status >= 500:
        return "failed"
    return "refused" if answer.data is None else "answered" if answer.complete else "partial"


async def _send(send: Send, answer: Answer, media: str) -> None:
    status = answer.status
    codes = {error["extensions"]["code"] for error in answer.errors}
    if media == JSON_TYPE and answer.data is None and codes and codes <= GRAPHQL_REFUSALS:
        status = 200
    body: dict[str, Any] = {"errors": list(answer.errors)} if answer.errors else {}
    if answer.data is not None or status == 200:
        body = {"data": answer.data, **body}
    if answer.data is None and codes <= GRAPHQL_REFUSALS:
        body.pop("data", None)
    body["extensions"] = dict(answer.extensions)
    raw = orjson.dumps(body)
    headers = {
        "Content-Type": f"{media}; charset=utf-8",
        "Content-Length": str(len(raw)),
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        **answer.headers,
    }
    pairs = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": pairs})
    await send({"type": "http.response.body", "body": raw})


def _header(headers: list[tuple[bytes, bytes]], name: bytes) -> str:
    return ",".join(value.decode("latin-1") for key, value in headers if key == name)


def _media_type(headers: list[tuple[bytes, bytes]]) -> str | None:
    """The answer's media type by `Accept` (RFC 9110, 12.5.1), None when neither is wanted.

    A type's quality is that of the most specific range that names it. At equal quality what is named goes
    before what a wildcard lets in, and then the newer type; under a mere wildcard it is the older one, as
    clients who do not know of the newer send `*/*`. Without the header it is the newer one.
    """
    return _best_type(_header(headers, b"accept"))


@lru_cache(256)  # clients say the same with every request
def _best_type(accepted: str) -> str | None:
    if not accepted.strip():
        return GRAPHQL_TYPE
    ranges: dict[str, float] = {}
    for part in accepted.split(","):
        name = part.partition(";")[0].strip().lower()
        ranges[name] = max(ranges.get(name, 0.0), _weight(part))

    def quality(media: str) -> float:
        return next((ranges[name] for name in (media, "application/*", "*/*") if name in ranges), 0.0)

    named = [media for media in (GRAPHQL_TYPE, JSON_TYPE) if media in ranges]
    best = max([*named, JSON_TYPE, GRAPHQL_TYPE], key=quality)  # the first of the best
    return best if quality(best) > 0 else None


def _weight(part: str) -> float:
    for parameter in part.split(";")[1:]:
        name, _, value = (word.strip() for word in parameter.partition("="))
        if name.lower() == "q":
            return float(value) if QUALITY.fullmatch(value) else 0.0
    return 1.0


def _from_another_site(headers: list[tuple[bytes, bytes]]) -> bool:
    """Whether a page of another site makes a browser ask (Fetch Metadata, W3C). Browsers that do not say so yet send
    `Origin` with what a page asks; other clients send neither."""
    site = _header(headers, b"sec-fetch-site")
    return site not in ("same-origin", "none") if site else bool(_header(headers, b"origin"))


def _is_utf8(parameters: str) -> bool:
    charset = [p.strip().lower() for p in parameters.split(";") if p.strip().lower().startswith("charset=")]
    return all(item.removeprefix("charset=").strip('"') in ("utf-8", "utf8") for item in charset)


def _strict(headers: list[tuple[bytes, bytes]]) -> bool:
    """RFC 7240: `Prefer: handling=strict`."""
    preferences = _header(headers, b"prefer").replace(";", ",").split(",")
    return any(item.replace(" ", "").replace('"', "").lower() == "handling=strict" for item in preferences)


def _language(headers: list[tuple[bytes, bytes]]) -> str:
    """`zh` when `Accept-Language` puts Chinese first, else `en`."""
    return _first_language(_header(headers, b"accept-language"))


@lru_cache(256)
def _first_language(accepted: str) -> str:
    parts = [part for part in accepted.split(",") if _weight(part) > 0]
    ranked = sorted(parts, key=_weight, reverse=True)
    first = re.split("[-;]", ranked[0])[0].strip().lower() if ranked else ""
    return "zh" if first == "zh" else "en"
