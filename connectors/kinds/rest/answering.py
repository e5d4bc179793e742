"""What an HTTP answer means: rows and a total, or one error of the contract. Upstream text is never repeated.

A platform may answer 200 with an error inside (`success`, `errors`), an HTML page with 200, or JSON that is
not what was declared. JSON is read strictly: no NaN, exact decimals, bounded depth. Codes are looked up in
`errors`; a code of the body goes before the HTTP status, and `*` stands for any other code of the body.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from typing import Any

import msgspec

from connectors.contract import ConnectorError, ContractBroken, Unavailable
from connectors.mapping.paths import Look, expression
from connectors.mapping.texts import Unmappable, text_of
from connectors.sources import RestSource
from connectors.transport.meaning import by_status, error, is_page
from connectors.transport.port import Answer

MAX_DEPTH = 32
_HOLDERS = frozenset({dict, list})
_quick = msgspec.json.Decoder(float_hook=Decimal).decode


class Reading:
    """How the answers of one source are read."""

    def __init__(self, source: RestSource) -> None:
        self._errors = source.errors
        self._encoding = source.encoding
        self._success = source.success
        self._code: Look | None = expression(source.success.path) if source.success else None

    def body(self, answer: Answer) -> Any:
        """The JSON of a successful answer. Raises the error that the answer stands for."""
        if not 200 <= answer.status < 300:
            raise self._refused(answer)
        body = self._parsed(answer)
        if self._code is not None and self._success is not None:
            code = _code_text(self._code(body))
            if code not in self._success.is_:
                name = self._errors.get(code) or self._errors.get("*") or "Unavailable"
                raise error(name, "the platform reported an error inside a successful answer", answer.headers)
        return body

    def _refused(self, answer: Answer) -> ConnectorError:
        message = f"the platform answered with status {answer.status}"
        name = self._errors.get(str(answer.status)) or by_status(answer.status)
        if self._code is not None:
            with suppress(ConnectorError):  # a body that says nothing leaves it to the status
                name = self._errors.get(_code_text(self._code(self._parsed(answer)))) or name
        return error(name, message, answer.headers)

    def _parsed(self, answer: Answer) -> Any:
        if is_page(answer) or answer.body.lstrip()[:1] == b"<":
            raise Unavailable("the platform answered with a page instead of data")
        try:
            body = self._json(answer.body)
        except (ValueError, RecursionError, ArithmeticError):
            raise Unavailable("the platform's answer is not JSON") from None
        opened = answer.body.count(b"{") + answer.body.count(b"[")  # no answer is deeper than that
        if opened > MAX_DEPTH and _deeper_than(body, MAX_DEPTH):
            raise ContractBroken(f"the answer is nested deeper than {MAX_DEPTH} levels")
        return body

    def _json(self, body: bytes) -> Any:
        """Raises ValueError, RecursionError, ArithmeticError. What the quick reader refuses is judged by the strict
        one, which bears a mark before the text and halves of surrogate pairs; all else they read alike."""
        try:
            return _quick(body if self._encoding == "utf-8" else body.decode(self._encoding))
        except (ValueError, RecursionError, ArithmeticError):
            text = body.decode(self._encoding).removeprefix("\ufeff")
            return json.loads(text, parse_float=Decimal, parse_constant=_refuse_constant)


def rows_reader(look: Look) -> Callable[[Any], list[dict[str, Any]]]:
    """Reads the rows of an answer. Raises ContractBroken when there is no list of objects."""

    def read(body: Any) -> list[dict[str, Any]]:
        rows = look(body)
        if not isinstance(rows, list) or not set(map(type, rows)) <= {dict}:
            raise ContractBroken("the answer has no list of rows where the declaration says")
        return rows

    return read


def _code_text(code: Any) -> str:
    try:
        return "" if code is None else text_of(code)
    except Unmappable:
        return ""


def _refuse_constant(_: str) -> Any:
    raise ValueError("NaN and Infinity are not JSON")


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
