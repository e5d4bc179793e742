"""Whatever the gateway says to a caller, it says whole in Chinese or whole in English, as the caller prefers."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from gateway.errors import TABLE, GatewayError
from gateway.rationing import rations
from policies.model import Words
from tests.conftest import House

GATEWAY = Path(__file__).parents[2] / "gateway"
CHINESE = re.compile(r"[\u3400-\u9fff]")
# Names, codes and words to be written, the same in every language
TOLD = re.compile(r"`[^`]*`|'[^']*'|\"[^\"]*\"|\b[A-Z][A-Z_]{3,}\b|\b[a-z]+\.[a-z]+\b")
TERMS = {"application/graphql-response+json", "application/json", "Credit-Purpose", "GB/T", "JSON", "UTF-8", "Unicode",
         "null"}  # fmt: skip


def leftover(words: str) -> list[str]:
    """What of a Chinese sentence is still English."""
    bare = TOLD.sub("", words)
    for term in TERMS:
        bare = bare.replace(term, "")
    return re.findall(r"[A-Za-z]{2,}(?: [A-Za-z]+)*", bare)


def whole(zh: str, en: str) -> bool:
    return bool(CHINESE.search(TOLD.sub("", zh))) and leftover(zh) == [] and not CHINESE.search(TOLD.sub("", en))


ID = {"query": "query($id: SubjectKey!) { subject(id: $id) { id } }", "variables": {"id": {}}}
MANY = "query($i: [SubjectKey!]!) { subjects(ids: $i) { id } }"
LIST = "query($id: SubjectKey!) { subject(id: $id) { registrations(%s) { complete } } }"
BODIES: list[tuple[str, Any]] = [
    ("MALFORMED_REQUEST", []),
    ("MALFORMED_REQUEST", {"query": 1}),
    ("MALFORMED_REQUEST", {"query": ""}),
    ("MALFORMED_REQUEST", {"query": "{ __typename }", "variables": [1]}),
    ("MALFORMED_REQUEST", {"query": "{ __typename }", "extensions": {"consents": 1}}),
    ("MALFORMED_REQUEST", {"query": "{ __typename }", "variables": json.loads('{"a":' * 40 + "1" + "}" * 40)}),
    ("TOO_LARGE", {"query": "#" * 300_000}),
    ("PERSISTED_QUERY_NOT_FOUND", {"documentId": "sha256:" + "0" * 64}),
    ("MALFORMED_REQUEST", {"documentId": "sha256:0"}),
    ("GRAPHQL_PARSE_FAILED", {"query": "{"}),
    ("GRAPHQL_PARSE_FAILED", {"query": "a" * 9 + "{ b" * 9}),
    ("GRAPHQL_VALIDATION_FAILED", {"query": "{ platforms { nam } x }"}),
    ("GRAPHQL_VALIDATION_FAILED", {"query": '{ platforms(regions: "37") { id } }'}),
    ("GRAPHQL_VALIDATION_FAILED", {"query": '{ subject(id: {usc: "1"}) { id } }'}),
    ("OPERATION_UNKNOWN", {"query": "query A { __typename } query B { __typename }"}),
    ("OPERATION_UNKNOWN", {"query": "query A { __typename }", "operationName": "B"}),
    ("BAD_VARIABLES", {**ID, "variables": {}}),
    ("BAD_VARIABLES", {**ID, "variables": {"id": {"uscc": 1}}}),
    ("BAD_VARIABLES", {"query": "query($r: RegionCode!) { platforms(regions: [$r]) { id } }", "variables": {"r": ""}}),
    ("LIMIT_EXCEEDED", {"query": "{" + " a { b" * 30 + "}" * 31}),
    ("LIMIT_EXCEEDED", {"query": "{" + "id " * 1_001 + "}"}),
    ("LIMIT_EXCEEDED", {"query": "{" + "__typename " * 21 + "}"}),
    ("LIMIT_EXCEEDED", {"query": "{ ...A } fragment A on Query { ...A }"}),
    ("LIMIT_EXCEEDED", {"query": "{ a { " + "id " * 200 + "} }"}),
    ("LIMIT_EXCEEDED", {"query": "{ __typename }" + "query A { a }" * 60}),
    ("LIMIT_EXCEEDED", {"query": MANY, "variables": {"i": [{}] * 201}}),
    ("LIMIT_EXCEEDED", {"query": "{ __typename }", "extensions": {"consents": ["x"] * 201}}),
    ("DELEGATION_REFUSED", {**ID, "extensions": {"delegation": {}}}),
    ("INVALID_SUBJECT_KEY", ID),
    ("INVALID_SUBJECT_KEY", {**ID, "variables": {"id": {"uscc": "x"}}}),
    ("INVALID_SUBJECT_KEY", {**ID, "variables": {"id": {"citizenId": "1" * 18}}}),
    ("INVALID_ARGUMENT", {"query": LIST % "first: -1"}),
    ("INVALID_ARGUMENT", {"query": LIST % 'from: "2026-02-01", to: "2026-01-01"'}),
    ("INVALID_ARGUMENT", {"query": LIST % 'regions: ["NOWHERE"]'}),
    ("INVALID_ARGUMENT", {"query": LIST % 'regions: ["990000"]'}),
    ("INVALID_ARGUMENT", {"query": '{ search(name: "x") { complete } }'}),
    ("INVALID_ARGUMENT", {"query": '{ search(name: "青岛", kind: [NaturalPerson]) { complete } }'}),
    ("INVALID_CURSOR", {"query": LIST % 'after: "x"'}),
]  # fmt: skip
HEADERS: list[tuple[str, dict[str, str]]] = [
    ("INVALID_TOKEN", {"Authorization": "Bearer x"}),
    ("INVALID_TOKEN", {"Authorization": "Basic eDp5"}),
    ("PURPOSE_UNKNOWN", {"Credit-Purpose": "gov.licencing"}),
    ("PURPOSE_UNKNOWN", {"Credit-Purpose": "x"}),
    ("PURPOSE_NOT_HELD", {"Credit-Purpose": "gov.licensing"}),
    ("PURPOSE_REQUIRED", {"as": "shanghai-market-bureau"}),
    ("EVIDENCE_REQUIRED", {"as": "court", "purpose": "court.execution"}),
    ("NOT_ACCEPTABLE", {"Accept": "text/html"}),
    ("UNSUPPORTED_MEDIA_TYPE", {"Content-Type": "text/plain"}),
    ("METHOD_NOT_ALLOWED", {"method": "GET"}),
]
# What the world must break first: their words are drawn from the table as the gateway draws them.
BROKEN: dict[str, dict[str, Any]] = {
    "ISSUER_UNAVAILABLE": {}, "TOO_MANY_NEW_DOCUMENTS": {}, "OVERLOADED": {}, "AUDIT_UNAVAILABLE": {}, "INCOMPLETE": {},
    "CLIENT_FROZEN": {}, "QUOTA_EXCEEDED": {"detail": rations.PERSONS_DAY}, "INTERNAL": {"reference": "0"},
    "CROSS_SITE": {}, "DOCUMENT_NOT_TRUSTED": {},
    **{code: {"platform": "`p`"} for code in TABLE if code.startswith("PLATFORM_")},
}  # fmt: skip


def both(house: House, body: Any, headers: dict[str, str]) -> tuple[httpx2.Response, httpx2.Response]:
    asked = dict(headers)
    method, caller = asked.pop("method", "POST"), asked.pop("as", "public")
    asked = {**house.headers(caller, asked.pop("purpose", None)), **asked}
    if "Content-Type" not in asked:
        asked["Content-Type"] = "application/json"
    raw = json.dumps(body).encode()
    zh, en = (
        house.client.request(method, "/graphql", content=raw, headers={**asked, "Accept-Language": language})
        for language in ("zh-CN, en;q=0.8", "en, zh;q=0.8")
    )
    return zh, en


def key(house: House, body: Any) -> Any:
    """A list is asked about somebody."""
    if isinstance(body, dict) and "$id" in str(body.get("query")) and "variables" not in body:
        return {**body, "variables": {"id": house.key("clean")}}
    return body


@pytest.mark.parametrize(
    ("code", "body", "headers"),
    [(code, body, {}) for code, body in BODIES]
    + [(code, {**ID, "extensions": {"evidence": {"operator": "甲"}}}, headers) for code, headers in HEADERS],
)
def test_every_refusal(house: House, code: str, body: Any, headers: dict[str, str]) -> None:
    """The same refusal is said in Chinese without a word of English, and in English without a word of Chinese."""
    zh, en = both(house, key(house, body), headers)
    assert zh.status_code == en.status_code
    told = [(a["message"], b["message"]) for a, b in zip(zh.json()["errors"], en.json()["errors"], strict=True)]
    assert {error["extensions"]["code"] for answer in (zh, en) for error in answer.json()["errors"]} == {code}
    assert [words for words in told if not whole(*words)] == []
    for header in ("WWW-Authenticate", "Retry-After", "Allow"):
        assert zh.headers.get(header, "") == en.headers.get(header, "")
        assert zh.headers.get(header, "").isascii()


def test_no_code_is_left_out() -> None:
    """Each code of the table is provoked here in both languages, or its words are looked at as they stand."""
    assert {code for code, _ in [*BODIES, *HEADERS]} | BROKEN.keys() == TABLE.keys()
    errors = {code: GatewayError(code, **params) for code, params in BROKEN.items()}
    assert [code for code, e in errors.items() if not whole(e.words("zh"), e.words("en"))] == []


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("zh", "zh"), ("zh-CN", "zh"), ("zh-Hans-CN", "zh"), ("ZH-tw", "zh"), ("zh, en", "zh"), ("zh;q=0.9", "zh"),
        ("en;q=0.5, zh;q=0.9", "zh"), ("zh-CN,zh;q=0.9,en;q=0.8", "zh"), ("en;q=0, zh;q=0.1", "zh"),
        ("en;q=x, zh;q=0.1", "zh"),
        ("", "en"), ("en", "en"), ("*", "en"), ("en, zh", "en"), ("zh;q=0.5, en;q=0.9", "en"), ("zh;q=0", "en"),
        ("zh;q=2", "en"), ("zha", "en"), ("fr", "en"), ("fr, zh;q=0.5", "en"), (";;,,=", "en"), ("中文", "en"),
    ],
)  # fmt: skip
def test_the_language_is_what_the_caller_prefers(house: House, accepted: str, language: str) -> None:
    """Chinese is said to whoever puts Chinese first, by quality and then by order; English to everybody else."""
    header = {b"Accept-Language": accepted.encode()}
    [error] = house.client.request("GET", "/graphql", headers=header).json()["errors"]
    assert error["message"] == getattr(TABLE["METHOD_NOT_ALLOWED"], language)


def test_a_platform_that_failed(house: House) -> None:
    """An error of one platform beside the data names the platform, in the language that was asked for."""
    error = GatewayError("PLATFORM_TIMEOUT", platform="jinan")
    assert error.as_graphql("zh")["message"] == "平台 jinan 未按时答复"
    assert error.as_graphql("en")["message"] == "jinan did not answer in time"


def code_of_the_gateway() -> Iterator[tuple[str, ast.Call]]:
    for path in sorted(GATEWAY.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.Call):
                yield f"{path.relative_to(GATEWAY)}:{node.lineno}", node


def test_no_error_is_made_of_bare_text() -> None:
    """No error of the gateway is given a text of one language for its detail."""
    bare = [
        f"{place} {ast.unparse(keyword.value)}"
        for place, call in code_of_the_gateway()
        for keyword in call.keywords
        if keyword.arg == "detail" and isinstance(keyword.value, ast.Constant | ast.JoinedStr)
    ]
    assert bare == []


PAIRS = {"Words", "_malformed", "_exceeded", "_needed", "NotACode"}


def text(node: ast.expr) -> str | None:
    """A text of the code, without what is filled in; None for what is not a text."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(filled(p.value) if isinstance(p, ast.FormattedValue) else text(p) or "" for p in node.values)
    return None


def filled(node: ast.expr) -> str:
    return "…" if ast.unparse(node).endswith((".zh", ".en")) else ""


def test_every_pair_of_words_is_two_languages() -> None:
    """Wherever the code pairs words, the first are Chinese, the second English, and both name the same things."""
    pairs = [
        (place, *(text(argument) for argument in call.args))
        for place, call in code_of_the_gateway()
        if isinstance(call.func, ast.Name) and call.func.id in PAIRS and len(call.args) == 2
    ]
    known = [(place, zh, en) for place, zh, en in pairs if zh and en and leftover(en)]
    assert len(known) >= 30
    assert [(place, zh) for place, zh, en in known if not whole(zh, en)] == []
    assert [place for place, zh, en in known if set(re.findall(r"`\w+`", zh)) != set(re.findall(r"`\w+`", en))] == []


def test_the_frames_of_the_table_are_two_languages() -> None:
    """Each row of the table has a Chinese frame for its Chinese detail."""
    nothing = dict.fromkeys(("limit", "detail", "reference", "platform"), "")
    frames = {code: Words(e.zh.format_map(nothing), e.en.format_map(nothing)) for code, e in TABLE.items()}
    assert [code for code, words in frames.items() if not whole(words.zh, words.en)] == []
    slots = {code: (re.findall(r"{\w+}", entry.zh), re.findall(r"{\w+}", entry.en)) for code, entry in TABLE.items()}
    assert [code for code, (zh, en) in slots.items() if zh != en] == []
