"""Bytes -> Request: the body or the parameters of a GraphQL request, parsed strictly. Never a 500 for what comes.

Follows GraphQL over HTTP (working draft, section 5 and appendix A): a JSON object with `query` or `documentId`,
`operationName`, `variables`, `extensions`; as parameters of a URL, the last two are JSON themselves. What is not
UTF-8, not an object, nested beyond reason or of the wrong type is refused before any GraphQL code sees it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

import orjson

from gateway.errors import GatewayError
from gateway.model import Request
from policies.model import Words

MAX_DEPTH = 32
EXPECTED: Mapping[str, tuple[type, Words]] = {
    "query": (str, Words("文本", "text")),
    "documentId": (str, Words("文本", "text")),
    "operationName": (str, Words("文本或 null", "text or null")),
    "variables": (dict, Words("对象或 null", "an object or null")),
    "extensions": (dict, Words("对象或 null", "an object or null")),
}


@dataclass(frozen=True, slots=True)
class Incoming:
    """One HTTP request: raw header pairs, its body or why there is none, strictness and language, method and peer."""

    headers: list[tuple[bytes, bytes]]
    body: bytes | GatewayError
    strict: bool  # `Prefer: handling=strict`
    language: str  # zh | en
    method: str = "POST"
    peer: str | None = None  # the address that opened the connection


def receive(incoming: Incoming) -> Request:
    """Raises the error that came instead of a body, or MALFORMED_REQUEST naming the member, never its value."""
    if isinstance(incoming.body, GatewayError):
        raise incoming.body
    try:
        data = orjson.loads(incoming.body)
    except orjson.JSONDecodeError:
        raise _malformed("请求体不是 UTF-8 编码的 JSON", "the body is not JSON in UTF-8") from None
    if not isinstance(data, dict):
        raise _malformed("请求体不是 JSON 对象", "the body is not a JSON object")
    brackets = incoming.body.count(b"{") + incoming.body.count(b"[")
    if brackets > MAX_DEPTH and _too_deep(data):
        raise _malformed(f"请求体嵌套超过 {MAX_DEPTH} 层", f"the body is nested more than {MAX_DEPTH} deep")
    for name, (kind, words) in EXPECTED.items():
        value = data.get(name)
        if value is not None and not isinstance(value, kind):
            raise _malformed(f"`{name}` 应为{words.zh}", f"`{name}` is {words.en}")
    return Request(
        data.get("query") or "",
        data.get("variables") or {},
        data.get("operationName"),
        data.get("extensions") or {},
        incoming.strict,
        incoming.language,
        data.get("documentId"),
    )


def body_of(parameters: bytes) -> bytes | GatewayError:
    """The body that says what a URL's parameters say, or MALFORMED_REQUEST naming the parameter. An empty one is as
    good as none; one that is not a request's is nobody's business here."""
    body: dict[str, Any] = {}
    try:
        pairs = parse_qsl(parameters.decode("ascii"), strict_parsing=bool(parameters), errors="strict")
    except ValueError:
        return _malformed("查询参数不是百分号编码的 UTF-8", "the parameters are not UTF-8, percent-encoded")
    for name, value in pairs:
        if name == "access_token":  # RFC 9700, 4.3.2: addresses are logged and passed on
            chinese = "令牌不应写在网址中，请用请求头 `Authorization`"
            return _malformed(chinese, "a token never stands in the URL; send the header `Authorization`")
        if name not in EXPECTED:
            continue
        if name in body:
            return _malformed(f"`{name}` 出现多次", f"`{name}` is given more than once")
        if EXPECTED[name][0] is str:
            body[name] = value
            continue
        try:
            body[name] = orjson.loads(value)
        except orjson.JSONDecodeError:
            return _malformed(f"`{name}` 不是 JSON", f"`{name}` is not JSON")
    return orjson.dumps(body)


def _too_deep(data: Any) -> bool:
    level = [data]
    for _ in range(MAX_DEPTH):
        below: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                below.extend(item.values())
            elif isinstance(item, list):
                below.extend(item)
        if not below:
            return False
        level = below
    return any(isinstance(item, dict | list) for item in level)


def _malformed(zh: str, en: str) -> GatewayError:
    return GatewayError("MALFORMED_REQUEST", detail=Words(zh, en))
