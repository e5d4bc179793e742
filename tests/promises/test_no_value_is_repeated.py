"""No error repeats a value that the caller sent: a mistyped question with a citizen ID in it stays between two."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from gateway.checking import read_policies
from gateway.cursors import Cursors
from gateway.errors import GatewayError, refused
from gateway.model import Caller, Request
from gateway.planning import Planner
from gateway.reading import Reader
from gateway.schema import Face

POLICIES = Path(__file__).parents[2] / "policies"
PUBLIC = Caller("public", "public", None, frozenset(), None, {}, None)

SECRETS = st.one_of(
    st.from_regex(r"[1-9][0-9]{16}[0-9X]", fullmatch=True),  # the shape of a citizen ID
    st.from_regex(r"[1-9][0-9]{16}", fullmatch=True),  # a number
    st.from_regex(r"91[0-9]{6}[A-HJ-N]{9}[0-9]", fullmatch=True),  # a credit code
    st.text("甲乙丙丁戊己庚辛", min_size=4, max_size=6),
    st.text("甲乙丙'\"\\ \n,;:{}[]", min_size=8, max_size=12),
)
TEXTS = st.sampled_from(
    [
        json.dumps,
        lambda secret: f'"""{secret}"""',
        lambda secret: f"[{json.dumps(secret)}]",
        lambda secret: f"{{a: {json.dumps(secret)}}}",
        lambda secret: secret,
        lambda secret: f"_{secret}",  # a name, as an enum's value or a field is one
        lambda secret: f'"{secret}',
        lambda secret: f'"\\{secret}"',
    ]
)
PLACES = st.sampled_from(
    [
        "{{ subject(id: {0}) {{ id }} }}",
        "{{ subject(id: {{uscc: {0}}}) {{ id }} }}",
        "{{ subject(id: {{citizenId: {0}, name: 1}}) {{ id }} }}",
        "{{ subject(id: {{uscc: {0}, uscc: {0}}}) {{ id }} }}",
        "{{ subject(id: {{citizenID: {0}}}) {{ id }} }}",
        "{{ subjects(ids: [{0}, {{}}]) {{ id }} }}",
        "{{ platforms(regions: {0}) {{ id }} }}",
        "{{ platforms(type: {0}) {{ id }} }}",
        "{{ platforms(at: {0}) {{ id }} }}",
        "{{ platforms {{ id @skip(if: {0}) }} }}",
        "{{ platforms {{ id @unknown(if: {0}) }} }}",
        '{{ subject(id: {{uscc: "0"}}) {{ registrations(first: {0}, after: {0}) {{ complete }} }} }}',
        '{{ subject(id: {{uscc: "0"}}) {{ administrativePenalties(from: {0}, status: [{0}]) {{ complete }} }} }}',
        "query($a: Int = {0}) {{ platforms(first: $a) {{ id }} }}",
        "query($a: [RecordType!] = [{0}]) {{ platforms(type: $a) {{ id }} }}",
        "{{ platforms {{ id }} }} {0}",
        "{0} {{ platforms {{ id }} }}",
        "{{ platforms {{ {0} }} }}",
        "{{ platforms {0} }}",
        "{{ ... on {0} {{ id }} }}",
        "{{ ...{0} }}",
        "fragment {0} on Query {{ __typename }} {{ __typename }}",
    ]
)
DECLARED = [
    "SubjectKey!", "[SubjectKey!]!", "Date", "RegionCode", "[RegionCode!]", "RecordType", "Int!", "String", "Boolean!",
]  # fmt: skip
USES = {
    "SubjectKey!": "subject(id: $v) { id }",
    "[SubjectKey!]!": "subjects(ids: $v) { id }",
    "Date": 'subject(id: {uscc: "0"}) { administrativePenalties(from: $v) { complete } }',
    "RegionCode": "platforms(regions: [$v]) { id }",
    "[RegionCode!]": "platforms(regions: $v) { id }",
    "RecordType": "platforms(type: $v) { id }",
    "Int!": 'subject(id: {uscc: "0"}) { administrativePenalties(first: $v) { complete } }',
    "String": 'subject(id: {uscc: "0"}) { administrativePenalties(after: $v) { complete } }',
    "Boolean!": "platforms { id @skip(if: $v) }",
}


@pytest.fixture(scope="module")
def rooms() -> tuple[Reader, Planner]:
    catalogue = read_policies(POLICIES).catalogue
    face = Face(catalogue)
    return Reader(face), Planner(face, catalogue, Cursors(b"k" * 32), max_subjects=200, max_first=200)


def told(rooms: tuple[Reader, Planner], query: str, variables: dict[str, Any]) -> str | None:
    """The words of the refusal in both languages; None when the question is planned."""
    reader, planner = rooms
    try:
        planner.plan(reader.read(Request(query, variables, None, {}, False, "en")), PUBLIC)
    except GatewayError as error:
        errors = [refused(error, language).errors for language in ("en", "zh")]
        return json.dumps(errors, ensure_ascii=False)
    return None


@given(place=PLACES, text=TEXTS, secret=SECRETS)
@example(place="{{ platforms {{ {0} }} }}", text="_{}".format, secret="37060119900518902X")
@example(place="{{ platforms(type: {0}) {{ id }} }}", text=json.dumps, secret="甲乙丙丁")
@settings(max_examples=500, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
def test_documents(rooms: tuple[Reader, Planner], place: str, text: Any, secret: str) -> None:
    """A value in a document, of whatever type and wherever it stands, is in no error, nor is any long part of it."""
    words = told(rooms, place.format(text(secret)), {})
    if words is not None:
        assert leaked(secret, words) == []


@given(declared=st.sampled_from(DECLARED), secret=SECRETS, data=st.data())
@settings(max_examples=300)
def test_variables(rooms: tuple[Reader, Planner], declared: str, secret: str, data: st.DataObject) -> None:
    """A variable that does not fit is told by its name, place and type, never by its value or its keys."""
    number = int("".join(filter(str.isdecimal, secret)) or 7)
    shapes = [secret, number, [secret], {"uscc": secret}, {"uscc": [secret]}, {secret: 1}, {"name": {secret: secret}},
              [{"citizenId": secret}, secret], {"uscc": number}, float(number), None]  # fmt: skip
    value = data.draw(st.sampled_from(shapes))
    words = told(rooms, f"query($v: {declared}) {{ {USES[declared]} }}", {"v": value})
    if words is not None:
        assert leaked(secret, words) == []
        assert "Did you mean" not in words


def leaked(secret: str, words: str) -> list[str]:
    """Pieces of eight characters, or the whole of a short one, that stand in the words."""
    size = min(8, len(secret))
    pieces = {secret[start : start + size] for start in range(len(secret) - size + 1)}
    return sorted(piece for piece in pieces if piece in words or json.dumps(piece, ensure_ascii=False)[1:-1] in words)
