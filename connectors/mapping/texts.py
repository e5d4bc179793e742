"""Raw scalars as text: what counts as nothing, what is removed, and the error of a value that does not map. Texts of
JSON as what they hold.

Removed from every text: control characters, bidirectional overrides and lone surrogates. None of them means
anything in a credit record; they only mislead a reader or break an encoder. A reason never holds a value.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import UUID

_STRAY = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,99}")  # as Python writes them
_CHINESE = re.compile(r"[\u4e00-\u9fff]")

_WIDEST = 40

Convert = Callable[[Any], Any]


class Unmappable(ValueError):
    """A value that the declaration gives no meaning to; its text is the reason, without the value."""


def cleaner(trim: bool, nulls: frozenset[str], then: Convert | None = None) -> Convert:
    """A function that makes texts plain and null words None, and gives whatever is not None to `then`.

    Lists and other values pass unchanged. Null words are compared after trimming, and also with integers
    (`-1` in `null`).
    """
    numbers = frozenset(int(word) for word in nulls if _INTEGER.fullmatch(word))
    texts = None if then is text_of else then  # which gives a text as it is

    def clean(raw: Any) -> Any:
        if isinstance(raw, str):
            text = raw if raw.isprintable() else _STRAY.sub("", raw)  # nothing stray is printable
            if trim:
                text = text.strip()
            if text in nulls:
                return None
            return text if texts is None else texts(text)
        if raw is None or (isinstance(raw, int) and raw in numbers and not isinstance(raw, bool)):
            return None
        return raw if then is None else then(raw)

    return clean


def text_of(raw: Any) -> str:
    """The text of one scalar: numbers without exponent, booleans as JSON spells them."""
    if isinstance(raw, str):
        return raw
    if isinstance(raw, bool):
        return "true" if raw else "false"
    if isinstance(raw, int):
        return str(raw)
    if isinstance(raw, float):
        raw = Decimal(repr(raw))
    if isinstance(raw, Decimal):
        text = str(raw)
        if len(text) <= _WIDEST and "E" not in text and raw.is_finite():
            return text.removesuffix(".0")  # a code that was kept as a binary fraction
        if not raw.is_finite() or abs(raw.adjusted()) > _WIDEST or len(raw.as_tuple().digits) > _WIDEST:
            raise Unmappable("is not a number of a sensible size")  # `1e999999` would become a megabyte of text
        return format(raw, "f")
    if isinstance(raw, UUID):  # the type that a database has for it
        return str(raw)
    if hasattr(raw, "isoformat"):
        return str(raw.isoformat())
    raise Unmappable("is not a single value")


def text_if_any(raw: Any) -> str:
    """As `text_of`; empty for nothing, and for what has no text."""
    try:
        return "" if raw is None else text_of(raw)
    except Unmappable:
        return ""


def json_of(text: str) -> Any:
    """What a text of JSON holds, with exact decimals; NaN and Infinity are none. Raises ValueError, RecursionError."""
    return json.loads(text, parse_float=Decimal, parse_constant=_refuse_constant)


def _refuse_constant(_: str) -> Any:
    raise ValueError("NaN and Infinity are not JSON")


def is_utf8(content: bytes) -> bool:
    """Whether bytes are Chinese in UTF-8. Many such texts pass for others in GB 18030, where that was declared."""
    try:
        return _CHINESE.search(content.decode("utf-8")) is not None
    except UnicodeDecodeError:
        return False


def half_width(text: str) -> str:
    """Full-width digits and signs as their plain forms, for dates and numbers only."""
    return text if text.isascii() else unicodedata.normalize("NFKC", text)
