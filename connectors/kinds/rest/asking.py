"""A declared request, filled in: subjects, projection, filters and page numbers become one HTTP question.

Placeholders are replaced once and encoded for the place they stand in, so a value can never become syntax.
References (`env:NAME`, `secret:path`) in headers and parameters are resolved when the connector opens.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote, quote_plus, unquote, urljoin, urlsplit

from connectors.contract import BadRequest, ContractBroken
from connectors.declaration import Request
from connectors.kinds.templates import Resolve, filled, parted, placeholders, resolved
from connectors.transport.port import Question

Encode = Callable[[str], str]
_OF_URLS = "%:/?[]@!$&'()*+,;=~"  # what is encoded or stands as it is (RFC 3986, 2)


def used_in(request: Request) -> frozenset[str]:
    """Every placeholder that a declared request uses."""
    return placeholders([request.path, request.query, request.form, request.json_])


class Asking:
    """One declared request with its references resolved."""

    def __init__(self, request: Request, headers: Mapping[str, str], resolve: Resolve) -> None:
        self.method, self.path = request.method, request.path
        self.join = request.join if request.join is not None else ","
        self.listed = request.join is None  # in JSON, where subjects need no sign between them
        self.query = resolved(request.query, resolve)
        self.form = None if request.form is None else resolved(request.form, resolve)
        self.json = None if request.json_ is None else resolved(request.json_, resolve)
        self.headers = dict(headers)  # one mapping for all its questions, so that a transport may know it again
        if self.form is not None:
            self.headers["Content-Type"] = "application/x-www-form-urlencoded"
        elif self.json is not None:
            self.headers["Content-Type"] = "application/json"


class Outline:
    """A request for one projection, in which all is written but the subjects, the conditions and the page."""

    def __init__(self, asking: Asking, projection: Sequence[str]) -> None:
        self._asking, self._projection = asking, ",".join(projection)
        fixed = {"join": asking.join, "projection": self._projection}
        self._path = Gapped(asking.path, literal=str, value=_quoted, **fixed)
        self._query = Pairs(asking.query, _quoted, **fixed)
        self._form = None if asking.form is None else Pairs(asking.form, _with_plus, **fixed)

    def question(self, subjects: Sequence[str], more: Mapping[str, str | int]) -> Question:
        """A question about these subjects; `more` joins the form, the JSON body or the query, as declared.

        Raises BadRequest for a subject that holds the sign that stands between subjects.
        """
        asking, body = self._asking, b""
        if asking.join and any(asking.join in subject for subject in subjects):
            raise BadRequest("a subject's key holds the separator of the request")
        if self._form is not None:
            body, more = self._form.written(subjects, more).encode("ascii"), {}
        elif asking.json is not None:
            slots: dict[str, Any] = {
                "subject": subjects[0] if subjects else "",
                "subjects": list(subjects) if asking.listed else asking.join.join(subjects),
                "projection": self._projection,
            }
            body, more = json.dumps({**filled(asking.json, slots), **more}, ensure_ascii=False).encode(), {}
        target, query = self._path.filled(subjects), self._query.written(subjects, more)
        return Question(asking.method, f"{target}?{query}" if query else target, asking.headers, body)


class Gapped:
    """An encoded text with gaps for subjects. Signs are encoded one by one, so each part may be by itself."""

    def __init__(self, template: str, *, literal: Encode, value: Encode, join: str, projection: str) -> None:
        parts = parted(template)
        self._parts = [value(projection) if at % 2 else literal(part) for at, part in enumerate(parts)]
        self._gaps = [(at, name) for at, name in enumerate(parts) if at % 2 and name != "projection"]
        self._value, self._join = value, value(join)

    def filled(self, subjects: Sequence[str]) -> str:
        parts = self._parts.copy()
        for at, name in self._gaps:
            parts[at] = self._join.join(map(self._value, subjects if name == "subjects" else subjects[:1]))
        return "".join(parts)


class Pairs:
    """The parameters of a query or a form, encoded, with gaps; further ones join them or take their place."""

    def __init__(self, pairs: Mapping[str, str], encode: Encode, *, join: str, projection: str) -> None:
        self._encode = encode
        self._lines = {
            name: (f"{encode(name)}=", Gapped(text, literal=encode, value=encode, join=join, projection=projection))
            for name, text in pairs.items()
        }

    def written(self, subjects: Sequence[str], more: Mapping[str, str | int]) -> str:
        lines = {name: start + text.filled(subjects) for name, (start, text) in self._lines.items()}
        for name, value in more.items():
            lines[name] = f"{self._encode(name)}={self._encode(str(value))}"
        return "&".join(lines.values())


def _quoted(text: str) -> str:
    return text if text.isascii() and text.isalnum() else quote(text, safe="")


def _with_plus(text: str) -> str:
    return text if text.isascii() and text.isalnum() else quote_plus(text, safe="")


def following(base: str, first: Question, link: str) -> Question:
    """The question that a link to another page stands for. Raises ContractBroken for one that leads out of `base`."""
    try:
        here, there = urlsplit(base), urlsplit(urljoin(base.rstrip("/") + first.target, link))
        same = (there.scheme, there.netloc.lower()) == (here.scheme, here.netloc.lower())
    except ValueError:
        same = False
    below = here.path.rstrip("/") + "/"
    if not same or not there.path.startswith(below) or ".." in unquote(there.path).split("/"):
        raise ContractBroken("the link to the next page leads out of the declared `base`")
    headers = {name: value for name, value in first.headers.items() if name != "Content-Type"}
    target = there.path[len(below) - 1 :] + (f"?{there.query}" if there.query else "")
    return Question("GET", quote(target, safe=_OF_URLS), headers)  # some platforms do not encode their links
