"""GraphQL over HTTP: bytes in, bytes out, a bare ASGI application.

Bounds come before any parsing: method, media types, size, time for the body to arrive, requests in flight.
Media types follow GraphQL over HTTP (working draft, section 6): under `application/graphql-response+json`
the status tells of refusals; under `application/json` a well-formed request that GraphQL refuses gets 200.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import orjson
from starlette.types import Receive, Scope, Send

from gateway.errors import GatewayError
from gateway.model import Answer
from gateway.pipeline import Corridor, refused
from gateway.receiving import Incoming

GRAPHQL_TYPE = "application/graphql-response+json"
JSON_TYPE = "application/json"
GRAPHQL_REFUSALS = frozenset(
    {"GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED", "OPERATION_UNKNOWN", "BAD_VARIABLES", "LIMIT_EXCEEDED",
     "INVALID_SUBJECT_KEY", "INVALID_ARGUMENT", "INVALID_CURSOR"}
)  # fmt: skip


class Endpoint:
    """`/graphql`. `max_body` in bytes, `body_timeout` in seconds, `max_inflight` requests at once."""

    def __init__(self, corridor: Corridor, *, max_body: int, body_timeout: float, max_inflight: int) -> None:
        self._corridor = corridor
        self._max_body = max_body
        self._body_timeout = body_timeout
        self._max_inflight = max_inflight
        self._inflight = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers: list[tuple[bytes, bytes]] = scope["headers"]
        language = _language(headers)
        media = _media_type(headers)
        if self._inflight >= self._max_inflight:  # shed at once, before any work: nothing was asked, nothing to record
            overloaded = refused(GatewayError("OVERLOADED", headers={"Retry-After": "1"}), language)
            await _send(send, overloaded, media or GRAPHQL_TYPE)
            return
        self._inflight += 1
        try:
            body = await self._body(scope, receive, headers, media)
            answer = await self._corridor.answer(Incoming(headers, body, _strict(headers), language))
            await _send(send, answer, media or GRAPHQL_TYPE)
        finally:
            self._inflight -= 1

    async def _body(
        self, scope: Scope, receive: Receive, headers: list[tuple[bytes, bytes]], media: str | None
    ) -> bytes | GatewayError:
        if scope["method"] != "POST":
            return GatewayError("METHOD_NOT_ALLOWED", headers={"Allow": "POST"})
        if media is None:
            return GatewayError("NOT_ACCEPTABLE")
        content_type, _, parameters = _header(headers, b"content-type").partition(";")
        if content_type.strip().lower() != JSON_TYPE or not _is_utf8(parameters):
            return GatewayError("UNSUPPORTED_MEDIA_TYPE")
        if _header(headers, b"content-encoding").strip().lower() not in ("", "identity"):
            return GatewayError("UNSUPPORTED_MEDIA_TYPE")
        chunks, size = [], 0
        try:
            async with asyncio.timeout(self._body_timeout):
                while True:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        return GatewayError("MALFORMED_REQUEST", detail="the body did not arrive")
                    chunk = message.get("body", b"")
                    size += len(chunk)
                    if size > self._max_body:
                        return GatewayError("TOO_LARGE", limit=self._max_body, headers={"Connection": "close"})
                    chunks.append(chunk)
                    if not message.get("more_body"):
                        return b"".join(chunks)
        except TimeoutError:
            late = "the body did not arrive in time"
            return GatewayError("MALFORMED_REQUEST", detail=late, headers={"Connection": "close"})


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
    """The answer's media type by `Accept`, None when neither fits."""
    accepted = _header(headers, b"accept")
    if not accepted.strip():
        return GRAPHQL_TYPE
    weights: Mapping[str, float] = {
        part.split(";")[0].strip().lower(): _weight(part) for part in accepted.split(",") if part.strip()
    }
    for media in (GRAPHQL_TYPE, JSON_TYPE):
        if weights.get(media, 0) > 0 and weights[media] == max(weights.get(m, 0) for m in (GRAPHQL_TYPE, JSON_TYPE)):
            return media
    return JSON_TYPE if weights.get("*/*", 0) > 0 or weights.get("application/*", 0) > 0 else None


def _weight(part: str) -> float:
    for parameter in part.split(";")[1:]:
        name, _, value = parameter.strip().partition("=")
        if name == "q":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0


def _is_utf8(parameters: str) -> bool:
    charset = [p.strip().lower() for p in parameters.split(";") if p.strip().lower().startswith("charset=")]
    return all(item.removeprefix("charset=").strip('"') in ("utf-8", "utf8") for item in charset)


def _strict(headers: list[tuple[bytes, bytes]]) -> bool:
    """RFC 7240: `Prefer: handling=strict`."""
    preferences = _header(headers, b"prefer").replace(";", ",").split(",")
    return any(item.replace(" ", "").replace('"', "").lower() == "handling=strict" for item in preferences)


def _language(headers: list[tuple[bytes, bytes]]) -> str:
    """`zh` when `Accept-Language` puts Chinese first, else `en`."""
    parts = [part for part in _header(headers, b"accept-language").split(",") if part.strip()]
    ranked = sorted(parts, key=_weight, reverse=True)
    return "zh" if ranked and ranked[0].strip().lower().startswith("zh") else "en"
