"""Questions that cannot be answered as they stand: each is a typed error that says what to do and repeats no value."""

from __future__ import annotations

import json
import random
import time
from typing import Any

import pytest
from graphql import get_introspection_query

from policies import identifiers
from tests.conftest import House

PENALTIES = """query($id: SubjectKey!, $after: String, $first: Int = 1) { subject(id: $id) {
    administrativeLicences(first: $first, after: $after) {
        nodes { documentNo } pageInfo { endCursor hasNextPage } } } }"""


def codes(answer: dict[str, Any]) -> set[str]:
    return {error["extensions"]["code"] for error in answer.get("errors", [])}


def refused(answer: dict[str, Any]) -> str:
    """The one code of an answer that has no data."""
    assert "data" not in answer
    [code] = codes(answer)
    return code


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("query { platforms { id } } }", "GRAPHQL_PARSE_FAILED"),
        ("{ platforms { nam } }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ plattforms { id } }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ platforms }", "GRAPHQL_VALIDATION_FAILED"),
        ('{ subject(id: {usc: "1"}) { id } }', "GRAPHQL_VALIDATION_FAILED"),
        ("{ platforms(regions: [\"37\"]) { id } }", "GRAPHQL_VALIDATION_FAILED"),
        ("query A { platforms { id } } query B { platforms { id } }", "OPERATION_UNKNOWN"),
        ("mutation { x }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { x }", "GRAPHQL_VALIDATION_FAILED"),
        ("query($id: SubjectKey!) { subject(id: $id) { id } }", "BAD_VARIABLES"),
    ],
)  # fmt: skip
def test_documents(house: House, document: str, code: str) -> None:
    """What GraphQL refuses is refused by kind, and no message helps to rebuild a schema by suggestions."""
    answer = house.post({"query": document}).json()
    assert refused(answer) == code
    assert "Did you mean" not in json.dumps(answer)


def test_a_null_where_none_can_stand(house: House) -> None:
    """A variable that may be null and is, in the place of an argument that has a default and cannot be null."""
    query = (
        "query($id: SubjectKey!, $n: Int) { subject(id: $id) { administrativePenalties(first: $n) { totalCount } } }"
    )
    assert refused(house.ask(query, "penalised", n=None)) == "INVALID_ARGUMENT"
    assert house.ask(query, "penalised")["data"]["subject"]
    of_schema = 'query($n: String = "Query") { told: __type(name: $n) { name } }'
    assert refused(house.ask(of_schema, n=None)) == "INVALID_ARGUMENT"
    assert house.ask(of_schema)["data"]["told"] == {"name": "Query"}


def test_errors_name_the_place(house: House) -> None:
    """A validation error says line and column."""
    [error] = house.post({"query": "{\n  platforms { nam }\n}"}).json()["errors"]
    assert error["locations"] == [{"line": 2, "column": 15}]


@pytest.mark.parametrize(
    ("scalar", "given", "expected"),
    [("from: $it", "2026-1-1", "a date is text such as"), ("regions: $it", ["37"], "a region is the six digits of")],
)
def test_a_wrong_variable_is_told_what_is_expected(house: House, scalar: str, given: Any, expected: str) -> None:
    """As of a value in the document, of one in a variable it is said how it is written."""
    kind = "Date" if isinstance(given, str) else "[RegionCode!]"
    query = f"query($id: SubjectKey!, $it: {kind}) {{ subject(id: $id) {{ registrations({scalar}) {{ complete }} }} }}"
    [error] = house.ask(query, "clean", it=given)["errors"]
    assert error["extensions"]["code"] == "BAD_VARIABLES"
    assert expected in error["message"]


def test_errors_never_repeat_a_value(house: House) -> None:
    """Whatever is wrong with a key or a variable, the code that was sent stands nowhere in the answer."""
    person = house.key("debtor_person")["citizenId"]
    questions: list[tuple[str, Any]] = [
        ("query($id: SubjectKey!) { subject(id: $id) { id } }", {"id": {"citizenID": person}}),
        ("query($id: SubjectKey!) { subject(id: $id) { id } }", {"id": {"uscc": person}}),
        ("query($id: SubjectKey!) { subject(id: $id) { id } }", {"id": {"citizenId": person[:-1] + "?"}}),
        ("query($id: SubjectKey!) { subject(id: $id) { id } }", {"id": person}),
        ("query($id: SubjectKey!) { subject(id: $id) { id } }", {"id": {"citizenId": [person]}}),
        ("query($d: Date) { subject(id: {}) { administrativePenalties(from: $d) { complete } } }", {"d": person}),
        (f'{{ subject(id: {{citizenID: "{person}"}}) {{ id }} }}', {}),
        (f'{{ platforms(regions: ["{person}"]) {{ id }} }}', {}),
    ]
    for query, variables in questions:
        text = house.post({"query": query, "variables": variables}).text
        assert "errors" in text
        assert person not in text, text
        assert person[:-1] not in text, text


ALIASES = " ".join(f"a{n}: platforms {{ id }}" for n in range(61))
SPREADS = "query { ...F0 } " + " ".join(
    f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(40)
) + " fragment F40 on Query { platforms { id } }"  # fmt: skip


@pytest.mark.parametrize(
    ("document", "limit"),
    [
        ("{" + ALIASES + "}", "at most 60 aliases"),
        (SPREADS, "at most 100 spreads"),
        ("{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }", "a fragment spreads itself"),
        ("{ platforms " + "@skip(if: false) " * 61 + "{ id } }", "at most 60 directives"),
        ("{ __schema { types { " + "fields { type { " * 10 + "name" + " } }" * 10 + " } } }", "nested at most 20 deep"),
        ("{" + "platforms { id } " * 21 + "}", "at most 20 root fields"),
        ("{ platforms {" + "id " * 1_100 + "} }", "at most 1000 fields"),
        ("query A { platforms { id } }" + "".join(f"query Q{n} {{ __typename }}" for n in range(60)), "at most 60"),
    ],
)  # fmt: skip
def test_limits(house: House, document: str, limit: str) -> None:
    """A document beyond a limit is LIMIT_EXCEEDED and told which, before it is validated or planned."""
    answer = house.post({"query": document, "operationName": "A" if "query A" in document else None}).json()
    assert refused(answer) == "LIMIT_EXCEEDED"
    assert limit in answer["errors"][0]["message"]


@pytest.mark.parametrize(
    "document",
    ["{" + "a{" * 3_000 + "}" * 3_000 + "}", "{ platforms(regions: " + "[" * 3_000 + "]" * 3_000 + ") { id } }"],
)
def test_nesting_is_no_way_in(house: House, document: str) -> None:
    """Thousands of brackets are refused like any other bad document."""
    assert refused(house.post({"query": document}).json()) in {"GRAPHQL_PARSE_FAILED", "LIMIT_EXCEEDED"}


def test_bombs_cost_little(house: House) -> None:
    """A fragment bomb of 40 doublings is measured by its size: no dearer than fifty plain questions."""
    house.post({"query": "{ platforms { id } }"})

    def seconds(query: str, times: int = 1) -> float:
        begin = time.monotonic()
        for _ in range(times):
            house.post({"query": query})
        return time.monotonic() - begin

    plain = seconds("{ platforms { id } }", 50)
    assert min(seconds(SPREADS + " " * each) for each in range(5)) < plain  # the machine may be busy once


def test_too_many_subjects(house: House) -> None:
    """More than 200 subjects, and a page that is too long or negative, are refused with the bound."""
    keys = [house.key("clean")] * 201
    many = house.ask("query($ids: [SubjectKey!]!) { subjects(ids: $ids) { id } }", ids=keys)
    assert refused(many) == "LIMIT_EXCEEDED"
    for first in (-1, 201):
        assert refused(house.ask(PENALTIES, "many_pages", first=first)) == "INVALID_ARGUMENT"
    window = 'administrativePenalties(from: "2026-01-02", to: "2026-01-01") { complete }'
    backwards = f"query($id: SubjectKey!) {{ subject(id: $id) {{ {window} }} }}"
    assert refused(house.ask(backwards, "clean")) == "INVALID_ARGUMENT"


ID = "query($id: SubjectKey!) { subject(id: $id) { id kind } }"


def test_subject_keys(house: House) -> None:
    """A key is one code under its own name with a right check character; the message says which mistake it was."""
    uscc, person = house.key("clean")["uscc"], house.key("debtor_person")["citizenId"]
    wrong = uscc[:-1] + ("0" if uscc[-1] != "0" else "1")
    mistakes: list[tuple[dict[str, Any], str]] = [
        ({"uscc": wrong}, "check character"),
        ({"uscc": uscc[:-1]}, "18 characters"),
        ({"uscc": "111111111111111111"}, "check character"),
        ({"uscc": "00000000000000000X"}, "check character"),
        ({"uscc": "无"}, "18 characters"),
        ({"citizenId": person[:-1] + ("1" if person[-1] != "1" else "2")}, "check character"),
        ({"citizenId": "370203199013010013"}, "check character"),
        ({"citizenId": uscc}, "write it under `uscc`"),
        ({"uscc": uscc, "citizenId": person}, "exactly one"),
        ({}, "exactly one"),
        ({"name": "x"}, "exactly one"),
        ({"uscc": uscc, "name": "名" * 201}, "200 characters"),
    ]
    for key, words in mistakes:
        answer = house.ask(ID, key)
        assert refused(answer) == "INVALID_SUBJECT_KEY", key
        assert words in answer["errors"][0]["message"]
        assert answer["errors"][0]["path"] == ["subject"]


def test_an_id_given_as_a_uscc(house: House) -> None:
    """A citizen ID under `uscc` is told so; the rare one that is also a valid USCC is taken for what it is called,
    and treated as a person, the strictest kind."""
    rng = random.Random(32)
    both = one = None
    while both is None or one is None:
        head = f"370203{rng.randint(1950, 2000)}{rng.randint(1, 12):02}{rng.randint(1, 28):02}{rng.randint(0, 999):03}"
        made = head + identifiers.citizen_id_check(head)
        if identifiers.is_uscc(made):
            both = made
        else:
            one = made
    told = house.ask(ID, {"uscc": one})
    assert refused(told) == "INVALID_SUBJECT_KEY"
    assert "write it under `citizenId`" in told["errors"][0]["message"]
    taken = house.ask(ID, {"uscc": both})
    assert taken["data"] == {"subject": None}


def test_keys_as_people_type_them(house: House) -> None:
    """Full-width, lower case and blanks are the same code."""
    uscc = house.key("clean")["uscc"]
    wide = "".join(chr(ord(c) + 0xFEE0) for c in uscc)
    for typed in (uscc.lower(), f" {uscc} ", wide):
        assert house.ask(ID, {"uscc": typed})["data"]["subject"]["id"] == uscc


def test_batch_tells_which_key(house: House) -> None:
    """In a batch each wrong key is told with its position, and nothing is asked for the others."""
    keys = [house.key("clean"), {"uscc": "x"}, house.key("penalised"), {}]
    answer = house.ask("query($ids: [SubjectKey!]!) { subjects(ids: $ids) { id } }", ids=keys)
    assert refused(answer) == "INVALID_SUBJECT_KEY"
    assert [error["path"] for error in answer["errors"]] == [["subjects", 1], ["subjects", 3]]


def test_purposes(house: House) -> None:
    """A purpose that is unknown, not held, or not chosen among several is refused, each in its own words."""
    shanghai = "shanghai-market-bureau"
    all_of_them = house.headers(shanghai)
    cases = [
        ({**all_of_them, "Credit-Purpose": "gov.licencing"}, 400, "PURPOSE_UNKNOWN"),
        ({**all_of_them, "Credit-Purpose": "court.execution"}, 403, "PURPOSE_NOT_HELD"),
        (all_of_them, 400, "PURPOSE_REQUIRED"),
        ({"Credit-Purpose": "gov.licensing"}, 403, "PURPOSE_NOT_HELD"),
        ({"Authorization": "Bearer x"}, 401, "INVALID_TOKEN"),
        ({"Authorization": "Basic eDp5"}, 401, "INVALID_TOKEN"),
    ]
    for headers, status, code in cases:
        answer = house.post({"query": ID, "variables": {"id": house.key("clean")}}, headers)
        assert (answer.status_code, refused(answer.json())) == (status, code)
        if status == 401:
            assert answer.headers["WWW-Authenticate"].startswith("Bearer ")
    misspelt = house.post({"query": ID}, {**all_of_them, "Credit-Purpose": "gov.licencing"}).json()
    assert "gov.licensing" in misspelt["errors"][0]["message"]


def test_foreign_cursors(house: House) -> None:
    """A cursor works for its caller and its question alone; any other, or a damaged one, is INVALID_CURSOR."""
    first = house.ask(PENALTIES, "many_pages", as_="zhejiang-bureau", purpose="gov.licensing")
    cursor = first["data"]["subject"]["administrativeLicences"]["pageInfo"]["endCursor"]
    mine = house.ask(PENALTIES, "many_pages", as_="zhejiang-bureau", purpose="gov.licensing", after=cursor)
    assert mine["data"]["subject"]["administrativeLicences"]["nodes"]
    another_type = PENALTIES.replace("administrativeLicences(", "administrativeLicences(status: [ACTIVE], ")
    for answer in (
        house.ask(PENALTIES, "many_pages", after=cursor),
        house.ask(PENALTIES, "clean", as_="zhejiang-bureau", purpose="gov.licensing", after=cursor),
        house.ask(another_type, "many_pages", as_="zhejiang-bureau", purpose="gov.licensing", after=cursor),
        house.ask(PENALTIES, "many_pages", as_="zhejiang-bureau", purpose="gov.licensing", after=cursor[:-4]),
        house.ask(PENALTIES, "many_pages", as_="zhejiang-bureau", purpose="gov.licensing", after="x"),
        house.ask(PENALTIES, "many_pages", as_="zhejiang-bureau", purpose="gov.licensing", after="查"),
        house.ask(PENALTIES, "many_pages", as_="zhejiang-bureau", purpose="gov.licensing", after=""),
    ):
        assert refused(answer) == "INVALID_CURSOR"


def test_words_in_chinese(house: House) -> None:
    """With `Accept-Language: zh` an error's words are Chinese, and its code is the same."""
    chinese = house.post(
        {"query": ID, "variables": {"id": {"uscc": "x"}}}, {"Accept-Language": "zh-CN,en;q=0.5"}
    ).json()
    assert refused(chinese) == "INVALID_SUBJECT_KEY"
    assert chinese["errors"][0]["message"].startswith("主体标识无效")


def test_introspection_works(house: House) -> None:
    """GraphiQL's own introspection is within the limits and complete."""
    answer = house.post({"query": get_introspection_query(descriptions=True)}).json()
    assert "errors" not in answer
    assert {t["name"] for t in answer["data"]["__schema"]["types"]} >= {"AdministrativePenalty", "SubjectKey"}


def test_random_documents(house: House, caplog: pytest.LogCaptureFixture) -> None:
    """None of 300 mangled documents is answered with 5xx, and none leaves an internal error in the log."""
    rng = random.Random(300)
    words = [
        *PENALTIES.split(),
        "...",
        "fragment",
        "on",
        "{",
        "}",
        "@include(if: $first)",
        "null",
        "__typename",
        "@",
        '"',
    ]
    for _ in range(300):
        document = " ".join(rng.choice(words) for _ in range(rng.randint(1, 30)))
        if rng.random() < 0.5:
            at = rng.randrange(len(PENALTIES))
            document = PENALTIES[:at] + rng.choice(words) + PENALTIES[at + rng.randint(0, 9) :]
        answer = house.post({"query": document, "variables": {"id": house.key("clean")}})
        assert answer.status_code < 500, document
    assert "internal error" not in caplog.text
