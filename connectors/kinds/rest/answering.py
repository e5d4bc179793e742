"""What an HTTP answer means: rows and a total, or one error of the contract. Upstream text is never repeated.

A platform may answer 200 with an error inside (`success`, `errors`), an HTML page with 200, or JSON that is
not what was declared. Codes are looked up in `errors`; a code of the body goes before the HTTP status, and `*`
stands for any other code of the body.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from connectors.contract import ConnectorError, ContractBroken
from connectors.kinds.answers import parsed
from connectors.mapping.paths import Look, expression
from connectors.mapping.texts import text_if_any
from connectors.sources import RestSource
from connectors.transport.meaning import by_status, error
from connectors.transport.port import Answer


class Reading:
    """How the answers of one source are read."""

    def __init__(self, source: RestSource) -> None:
        self._errors = source.errors
        self._encoding = source.encoding
        self._success = source.success
        self._code: Look | None = expression(source.success.path) if source.success else None

    def body(self, answer: Answer) -> Any:
        """The JSON of a successful answer. Raises the error that the answer stands for."""
        self.good(answer)
        body = parsed(answer, self._encoding)
        if self._code is not None and self._success is not None:
            code = text_if_any(self._code(body))
            if code not in self._success.is_:
                name = self._errors.get(code) or self._errors.get("*") or "Unavailable"
                raise error(name, "the platform reported an error inside a successful answer", answer.headers)
        return body

    def good(self, answer: Answer) -> None:
        """Raises the error that an answer without a good status stands for."""
        if not 200 <= answer.status < 300:
            raise self._refused(answer)

    def _refused(self, answer: Answer) -> ConnectorError:
        message = f"the platform answered with status {answer.status}"
        name = self._errors.get(str(answer.status)) or by_status(answer.status)
        if self._code is not None:
            with suppress(ConnectorError):  # a body that says nothing leaves it to the status
                name = self._errors.get(text_if_any(self._code(parsed(answer, self._encoding)))) or name
        return error(name, message, answer.headers)


def rows_reader(look: Look) -> Callable[[Any], list[dict[str, Any]]]:
    """Reads the rows of an answer. Raises ContractBroken when there is no list of objects."""

    def read(body: Any) -> list[dict[str, Any]]:
        rows = look(body)
        if not isinstance(rows, list) or not set(map(type, rows)) <= {dict}:
            raise ContractBroken("the answer has no list of rows where the declaration says")
        return rows

    return read
