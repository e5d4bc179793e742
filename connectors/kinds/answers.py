"""The JSON of an answer, whatever it means: read strictly, with exact decimals, without NaN, in bounded depth.

A web page instead of data, and what is no JSON, are Unavailable: something before the platform has answered.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec

from connectors.contract import ContractBroken, Unavailable
from connectors.mapping.texts import is_utf8, json_of
from connectors.transport.meaning import is_page
from connectors.transport.port import Answer

MAX_DEPTH = 32
# objects and lists in an answer: to make and search more of them would hold up all other questions
MOST_PARTS = 250_000
_HOLDERS = frozenset({dict, list})
_quick = msgspec.json.Decoder(float_hook=Decimal).decode


def parsed(answer: Answer, encoding: str = "utf-8") -> Any:
    """The JSON of an answer. Raises Unavailable for what is none, ContractBroken for what is nested too deep or has too
    many parts."""
    if is_page(answer) or answer.body.lstrip()[:1] == b"<":
        raise Unavailable("the platform answered with a page instead of data")
    if encoding != "utf-8" and is_utf8(answer.body):
        raise Unavailable("the platform's answer is not in the declared encoding")
    opened = answer.body.count(b"{") + answer.body.count(b"[")  # no answer has more parts, or is deeper, than that
    if opened > MOST_PARTS:
        raise ContractBroken(f"the answer holds more than {MOST_PARTS} objects and lists")
    try:
        body = _json(answer.body, encoding)
    except (ValueError, RecursionError, ArithmeticError):
        raise Unavailable("the platform's answer is not JSON") from None
    if opened > MAX_DEPTH and _deeper_than(body, MAX_DEPTH):
        raise ContractBroken(f"the answer is nested deeper than {MAX_DEPTH} levels")
    return body


def _json(body: bytes, encoding: str) -> Any:
    """Raises ValueError, RecursionError, ArithmeticError. What the quick reader refuses is judged by the strict one,
    which bears a mark before the text and halves of surrogate pairs; all else they read alike."""
    try:
        return _quick(body if encoding == "utf-8" else body.decode(encoding))
    except (ValueError, RecursionError, ArithmeticError):
        return json_of(body.decode(encoding).removeprefix("\ufeff"))


def _deeper_than(value: Any, levels: int) -> bool:
    level = [value] if type(value) in _HOLDERS else []
    for _ in range(levels):
        level = [
            child
            for item in level
            for child in (item.values() if type(item) is dict else item)
            if type(child) in _HOLDERS
        ]
        if not level:
            return False
    return True
