"""Ways to a field by what is around the question: HTTP, headers, claims that nobody signed, and digests of documents.

See `tests.promises.ways_in`.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from tests.promises.leaking import Sent
from tests.promises.ways_in import WAYS, Aim, way


def plain(aim: Aim) -> dict[str, Any]:
    """The question of every way here, as JSON's objects."""
    query = f"query Q($id: SubjectKey!) {{ subject(id: $id) {{ __typename kind {aim.nodes()} }} }}"
    return {"query": query, "variables": {"id": aim.key}}


def headed(name: str, headers: Callable[[Aim], Mapping[str, str]]) -> None:
    """A way by headers."""
    WAYS[name] = lambda aim: [Sent(json.dumps(plain(aim)).encode(), headers(aim))]


def extended(name: str, extensions: Callable[[Aim], Mapping[str, Any]]) -> None:
    """A way by the request's extensions."""
    WAYS[name] = lambda aim: [Sent(json.dumps({**plain(aim), "extensions": extensions(aim)}).encode())]


headed("as the older media type", lambda _: {"Accept": "application/json"})
headed("as whatever there is", lambda _: {"Accept": "*/*"})
headed("as a page", lambda _: {"Accept": "text/html"})
headed("in Chinese", lambda _: {"Accept-Language": "zh-CN"})
headed("in a language that nobody speaks", lambda _: {"Accept-Language": "x-klingon, *;q=0.1"})
headed("strictly", lambda _: {"Prefer": "handling=strict"})
headed("leniently", lambda _: {"Prefer": "handling=lenient, return=representation"})
headed("with another purpose named", lambda _: {"Credit-Purpose": "court.execution"})
headed("with a purpose of all", lambda _: {"Credit-Purpose": "*"})
headed(
    "as another client by its name", lambda _: {"Client-Id": "court", "X-Client-Id": "court", "X-Credit-Class": "court"}
)
headed(
    "as behind a proxy", lambda _: {"X-Forwarded-For": "127.0.0.1", "Forwarded": "for=127.0.0.1", "X-Real-IP": "::1"}
)
headed("as an administrator", lambda _: {"X-Admin": "true", "X-Debug": "1", "Apollo-Query-Plan-Experimental": "1"})
headed(
    "with a certificate in a header",
    lambda _: {"X-SSL-Client-Cert": "MIIB", "X-Forwarded-Client-Cert": "Subject=court"},
)
headed("with a trace asked for", lambda _: {"apollo-federation-include-trace": "ftv1", "Traceparent": "00-1-1-01"})
headed("only what changed", lambda _: {"If-None-Match": "*", "Range": "bytes=0-10"})
headed("from a page of another site", lambda _: {"Origin": "https://elsewhere.example", "Sec-Fetch-Site": "cross-site"})
headed("as another method", lambda _: {"X-HTTP-Method-Override": "GET"})
headed("with a consent that is none", lambda _: {"Credit-Consent": "e30.e30.e30"})
headed("with another's consent in the header", lambda aim: {"Credit-Consent": aim.consents[0]})
headed("with no token", lambda _: {"Authorization": ""})
headed("with a token that is none", lambda _: {"Authorization": "Bearer e30.e30.e30"})
headed("with a password", lambda _: {"Authorization": "Basic Y291cnQ6Y291cnQ="})
headed("to another host", lambda _: {"X-Original-URL": "/admin", "X-Forwarded-Host": "court.example"})

extended("with another's consent in the extensions", lambda aim: {"consents": [aim.consents[0]]})
extended("with consents by the dozen", lambda aim: {"consents": [*aim.consents, "x", ""] * 3})
extended(
    "with claims in the extensions",
    lambda _: {"purpose": "court.execution", "scope": "credit.restricted", "client_id": "court"},
)
extended(
    "with evidence that nobody asked for", lambda _: {"evidence": {"operator": "法官", "caseNo": "（2026）鲁示执1号"}}
)
extended(
    "with the policy named", lambda _: {"policy": "off", "masks": False, "plan": True, "debug": True, "tracing": True}
)
extended("with a persisted query that it is not", lambda _: {"persistedQuery": {"version": 1, "sha256Hash": "0" * 64}})


def written(name: str, body: Callable[[dict[str, Any]], bytes], **how: Any) -> None:
    """A way by how the body is written."""
    WAYS[name] = lambda aim: [Sent(body(plain(aim)), about=json.dumps(plain(aim)), **how)]


def dumped(asked: dict[str, Any], **how: Any) -> bytes:
    return json.dumps(asked, **how).encode()


written("its letters escaped", lambda asked: "".join(
    f"\\u{ord(c):04x}" if c.isalpha() and n % 3 == 0 and c in "gkpqwyz" else c for n, c in enumerate(json.dumps(asked))
).encode())  # fmt: skip
written("the question twice, the second counts", lambda asked: b'{"query": "{ __typename }", ' + dumped(asked)[1:])
written("the question twice, the first does not", lambda asked: dumped(asked)[:-1] + b', "query": "{ __typename }"}')
written("with a purpose in the body", lambda asked: dumped({**asked, "purpose": "court.execution", "caller": "court"}))
written("with a purpose among the variables", lambda asked: dumped(
    {**asked, "variables": {**asked["variables"], "purpose": "court.execution"}}))  # fmt: skip
written("with a purpose in a comment", lambda asked: dumped(
    {**asked, "query": "# Credit-Purpose: court.execution\n" + asked["query"]}))  # fmt: skip
written("with commas and new lines between", lambda asked: dumped(
    {**asked, "query": asked["query"].replace(" ", ",\n\t")}))  # fmt: skip
written("with a mark before it", lambda asked: dumped({**asked, "query": "\ufeff" + asked["query"]}))
written("in a list, as a batch", lambda asked: dumped([asked, asked]))  # type: ignore[arg-type]
written("compressed", lambda asked: gzip.compress(dumped(asked)), headers={"Content-Encoding": "gzip"})
written("as a form", lambda asked: urlencode({k: json.dumps(v) for k, v in asked.items()}).encode(),
        headers={"Content-Type": "application/x-www-form-urlencoded"})  # fmt: skip
written("as GraphQL's own type", lambda asked: asked["query"].encode(), headers={"Content-Type": "application/graphql"})
written("as text", dumped, headers={"Content-Type": "text/plain"})
written("in chunks", lambda asked: b"%x\r\n%s\r\n0\r\n\r\n" % (len(dumped(asked)), dumped(asked)),
        headers={"Transfer-Encoding": "chunked"})  # fmt: skip
written("by another method", dumped, method="PUT")
written("to the path with a slash", dumped, path="/graphql/")
written("to the path in capitals", dumped, path="/GraphQL")
written("with parameters beside the body", dumped, path="/graphql?operationName=Q&debug=1")
written("signed by nobody", dumped, signed=False)


@way("in the address")
def _(aim: Aim) -> list[Sent]:
    asked = plain(aim)
    words = {"query": asked["query"], "variables": json.dumps(asked["variables"])}
    return [addressed(words, asked), addressed({**words, "extensions": '{"policy": "off"}'}, asked)]


def addressed(words: Mapping[str, str], asked: Mapping[str, Any]) -> Sent:
    return Sent(b"", method="GET", path="/graphql?" + urlencode(words), about=json.dumps(asked))


@way("by the digest of a document that others sent")
def _(aim: Aim) -> list[Sent]:
    asked = plain(aim)
    digest = hashlib.sha256(asked["query"].encode()).hexdigest()
    persisted = {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": digest}}}
    asks: list[dict[str, Any]] = [
        {"variables": asked["variables"], **persisted},
        {**asked, **persisted},
        {"variables": asked["variables"], **persisted},
        {"variables": asked["variables"], "documentId": f"sha256:{digest}"},
    ]
    return [Sent(json.dumps(each).encode(), about=json.dumps(asked)) for each in asks]
