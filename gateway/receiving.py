"""Bytes -> Request: the body of a GraphQL request, parsed strictly. Never a 500 for what somebody sends.

Follows GraphQL over HTTP (working draft, section 5): a JSON object with `query`, `operationName`,
`variables`, `extensions`. What is not UTF-8, not an object, nested beyond reason or of the wrong type is
refused before any GraphQL code sees it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from gateway.errors import GatewayError
from gateway.model import Request
from policies.model import Words

MAX_DEPTH = 32
EXPECTED: Mapping[str, tuple[type, Words]] = {
    "query": (str, Words("文本", "text")),
    "operationName": (str, Words("文本或 null", "text or null")),
    "variables": (dict, Words("对象或 null", "an object or null")),
    "extensions": (dict, Words("对象或 null", "an object or null")),
}


@dataclass(frozen=True, slots=True)
class Incoming:
    """One HTTP request: raw header pairs, its body or why there is none, strictness and language."""

    headers: list[tuple[bytes, bytes]]
    body: bytes | GatewayError
    strict: bool  # `Prefer: handling=strict`
    language: str  # zh | en


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
    query = data.get("query")
    if not query:
        raise _malformed("缺少 `query`", "`query` is missing")
    return Request(
        query,
        data.get("variables") or {},
        data.get("operationName"),
        data.get("extensions") or {},
        incoming.strict,
        incoming.language,
    )


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
