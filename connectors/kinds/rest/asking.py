"""A declared request, filled in: subjects, projection, filters and page numbers become one HTTP question.

Placeholders are replaced once and encoded for the place they stand in, so a value can never become syntax.
References (`env:NAME`, `secret:path`) in headers and parameters are resolved when the connector opens.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

from connectors.contract import BadRequest
from connectors.declaration import Request
from connectors.kinds.templates import PLACEHOLDER, Resolve, filled, placeholders, resolved
from connectors.sources import ApiKeyAuth, BasicAuth, RestSource
from connectors.spelling import is_reference
from connectors.transport.port import Question


def used_in(request: Request) -> frozenset[str]:
    """Every placeholder that a declared request uses."""
    return placeholders([request.path, request.query, request.form, request.json_])


def source_headers(source: RestSource, resolve: Resolve) -> dict[str, str]:
    """The headers of every question to a source, with its credentials."""
    headers = {"Accept": "application/json"} | {
        name: resolve(value) if is_reference(value) else value for name, value in source.headers.items()
    }
    match source.auth:
        case BasicAuth(user=user, password=password):
            pair = f"{resolve(user)}:{resolve(password)}".encode()
            headers["Authorization"] = "Basic " + base64.b64encode(pair).decode("ascii")
        case ApiKeyAuth(header=header, value=value):
            headers[header] = resolve(value)
    return headers


class Asking:
    """One declared request, ready to be filled in."""

    def __init__(self, request: Request, headers: Mapping[str, str], resolve: Resolve) -> None:
        self._method, self._path, self._join = request.method, request.path, request.join
        self._headers = headers
        self._query = resolved(request.query, resolve)
        self._form = None if request.form is None else resolved(request.form, resolve)
        self._json = None if request.json_ is None else resolved(request.json_, resolve)

    def question(self, subjects: Sequence[str], projection: Sequence[str], more: Mapping[str, str | int]) -> Question:
        """A question about these subjects; `more` joins the form, the JSON body or the query, as declared.

        Raises BadRequest for a subject that holds the sign that stands between subjects.
        """
        join = self._join if self._join is not None else ","
        if any(join and join in subject for subject in subjects):
            raise BadRequest("a subject's key holds the separator of the request")
        slots: dict[str, Any] = {
            "subject": subjects[0] if subjects else "",
            "subjects": join.join(subjects),
            "projection": ",".join(projection),
        }
        target = PLACEHOLDER.sub(lambda found: quote(str(slots[found[1]]), safe=""), self._path)
        query = filled(self._query, slots)
        headers, body = dict(self._headers), b""
        if self._form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            body = urlencode({**filled(self._form, slots), **more}).encode("ascii")
        elif self._json is not None:
            headers["Content-Type"] = "application/json"
            listed = slots if self._join is not None else {**slots, "subjects": list(subjects)}
            body = json.dumps({**filled(self._json, listed), **more}, ensure_ascii=False).encode()
        else:
            query = {**query, **more}
        if query:
            target += "?" + urlencode(query, quote_via=quote)
        return Question(self._method, target, headers, body)
