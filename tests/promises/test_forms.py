"""A recognised form is a proof: what it accepts the full validation accepts; what it binds is what its own text says.

The referee is a reader that keeps nothing and asks graphql-core each time. Documents are random and then marred, over
the gateway's schema and over small random ones; a reader that remembers is held against the referee text by text.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from functools import cache
from random import Random
from typing import Any

import pytest
from graphql import GraphQLError, GraphQLSchema, parse, validate

from gateway.errors import GatewayError, Refusal
from gateway.model import Operation, Request
from gateway.reading import Reader
from gateway.reading import reader as reading
from gateway.reading.lifting import MOST
from gateway.reading.limits import MAX_ITEMS, check_limits
from gateway.reading.normalising import LONGEST, normalise
from gateway.reading.proving import prove
from gateway.reading.turns import KNOWN, Turns, Work
from gateway.schema import Face
from tests.edges.drafts import catalogue
from tests.promises.trial_answers import by_the_collector, by_the_executor
from tests.promises.trial_documents import NUMBERS, TEXTS, Draft, Writer, marred, plain_words, relit, respelt, written
from tests.promises.trial_schemas import SchemaFace, schema

pytestmark = pytest.mark.reckoning

SCHEMAS, DRAFTS, CHANGES = 25, 10, 13


class Ungoverned(Turns):
    """Nobody waits."""

    async def take(self, caller: str) -> Work:
        return KNOWN


@cache
def face() -> Face:
    """The gateway's, without its resolvers, so that every field gives whatever is of its type."""
    found = Face(catalogue())
    own = [kind for name, kind in found.graphql.type_map.items() if not name.startswith("__")]
    for kind in own:  # those of introspection are every schema's
        for field in getattr(kind, "fields", {}).values():
            if hasattr(field, "resolve"):
                field.resolve = None
        if hasattr(kind, "is_type_of"):
            kind.is_type_of = None
    return found


def asks(text: str, variables: dict[str, Any] | None = None, name: str | None = None) -> Request:
    return Request(text, variables or {}, name, {}, False, "en")


def told(error: GatewayError) -> Any:
    errors = error.errors if isinstance(error, Refusal) else (error,)
    return [(each.as_graphql("zh"), each.as_graphql("en"), each.status) for each in errors]


def outcome(reader: Reader, request: Request) -> Any:
    try:
        return reader.read(request)
    except GatewayError as error:
        return told(error)


class Pair:
    """A reader that remembers and its referee; `same` sends both one request."""

    def __init__(self, face: Face, capacity: int = 2_000_000) -> None:
        self.face = face
        self.quick = Reader(face, capacity, Ungoverned())
        self.plain = Reader(face, 0, Ungoverned(), plain=True)
        self.seen: Counter[str] = Counter()

    def same(self, request: Request) -> bool:
        """Whether it was read; both must say the same of it, and ask the same."""
        quick, plain = outcome(self.quick, request), outcome(self.plain, request)
        if not isinstance(quick, Operation) or not isinstance(plain, Operation):
            assert quick == plain, request
            self.seen[plain[0][1]["extensions"]["code"]] += 1
            return False
        assert quick.digest == plain.digest
        asked = by_the_executor(self.face.graphql, plain)
        assert by_the_executor(self.face.graphql, quick) == asked, request
        self.seen["read"] += 1
        self._collected(quick, asked, request)
        self._collected(quick, asked, request)  # from what was kept
        return True

    def _collected(self, operation: Operation, asked: Any, request: Request) -> None:
        try:
            found, wrong = by_the_collector(self.face.graphql, operation, self.face.collector(operation))
        except GatewayError as error:  # a condition is null
            assert error.code == "INVALID_ARGUMENT"  # noqa: PT017  # that it is one is what is proved
            assert None in operation.values.coerced.values()
            return
        if not asked[2]:
            assert (found, wrong) == (asked[0], 0), request
        else:
            assert wrong, request  # an error of the executor's is one of arguments: all values are good
            self.seen["null"] += 1


def other(random: Random) -> Any:
    def exchanged(literal: str) -> str:
        if random.random() < 0.06:
            return random.choice(["1", '"1"', "1.5", "2147483648", "1e999", '"\\u0041"', "-0", "00"])
        if literal.startswith('"'):
            return written(random.choice(TEXTS), "String")
        return written(random.choice([n for n in NUMBERS if isinstance(n, float) is ("." in literal)]), "Float")

    return exchanged


def valid(given: GraphQLSchema, text: str) -> bool:
    return not validate(given, parse(text), hide_suggestions=True)


def test_a_proof_is_sound_on_random_schemas(monkeypatch: pytest.MonkeyPatch) -> None:
    """Over thousands of documents and their variants, each answer of a reader that remembers is that of one that does
    not: refused with the same errors at the same places, or asking the same fields with the same arguments."""
    proofs: Counter[bool] = Counter()

    def counting(*given: Any) -> Any:
        found = prove(*given)
        proofs[found is not None] += 1
        return found

    monkeypatch.setattr(reading, "prove", counting)
    seen: Counter[str] = Counter()
    texts = shared = 0
    for number in range(SCHEMAS):
        pair = Pair(SchemaFace(schema(number)))
        random = Random(number)
        names = [name for name in pair.face.graphql.type_map if not name.startswith("__")]
        names += [f"{letter}{count}" for letter in "abcqrxyv" for count in range(3)]
        for draft in range(DRAFTS):
            drawn = Writer(pair.face.graphql, random, wrong=0.02 if draft % 3 == 0 else 0.0, nulls=0.15).draw(2)
            texts += variants(pair, drawn, random, names)
        seen += pair.seen
        shared += sum(known.shared for known in pair.quick._texts.values())
    assert seen["read"] > 0.3 * texts
    assert seen["GRAPHQL_VALIDATION_FAILED"] > 0.15 * texts
    assert min(seen["GRAPHQL_PARSE_FAILED"], seen["BAD_VARIABLES"], seen["LIMIT_EXCEEDED"] + 1, seen["null"]) > 0
    assert proofs[True] > 0.05 * texts
    assert proofs[False] > 0.05 * texts
    assert shared > 1.2 * proofs[True]  # a form serves more than the text that it was proved for


def variants(pair: Pair, drawn: Draft, random: Random, names: list[str]) -> int:
    """The document, its form with other literals and other spelling, and what becomes of it when it is marred."""
    count = 0
    for change in range(CHANGES):
        text = drawn.text
        if change % 2:
            text = relit(text, random, other(random))
        if change % 5 == 4:
            text = respelt(text, random)
        if change % 4 == 2:
            text = marred(text, random, names)
        variables = dict(drawn.variables)
        if random.random() < 0.2 and variables:
            variables[random.choice(sorted(variables))] = random.choice([None, 1, "1", [], {}, 2**31, 1.5, True, "RED"])
        name = random.choice([None, None, None, None, None, drawn.name, drawn.name, "Another", ""])
        count += 1
        pair.same(asks(text, variables, name))
        if random.random() < 0.2:
            pair.same(asks(text, variables, name))
    return count


@pytest.mark.parametrize("wrong", [0.0, 0.03])
def test_what_is_proved_is_valid(wrong: float) -> None:
    """Whatever `prove` accepts, the full validation accepts, as far as it does not hang on a literal's value."""
    proved = refused = missed = 0
    for number in range(30):
        given, random = schema(number), Random(f"proof {number}")
        names = [*given.type_map, *(f"{letter}{count}" for letter in "abcqrxyv" for count in range(3))]
        for _ in range(12):
            drawn = Writer(given, random, wrong=wrong).draw(2)
            for text in (drawn.text, marred(drawn.text, random, names), marred(drawn.text, random, names)):
                try:
                    document = parse(text)
                    check_limits(document)
                except (GraphQLError, GatewayError):
                    continue
                proof = prove(given, document)
                errors = validate(given, document, hide_suggestions=True)
                if proof is None:
                    missed, refused = missed + (not errors), refused + bool(errors)
                    continue
                proved += 1
                assert not [each for each in errors if not of_a_value(each)], text
                assert validate(given, parse_of(proof), hide_suggestions=True) == [], text
    assert proved > 150
    assert refused > 100
    assert missed < proved  # what is plainly in order is mostly proved


def parse_of(proof: Any) -> Any:
    """A form's own document: it is valid too, by the same rules."""
    return proof.document


def of_a_value(error: GraphQLError) -> bool:
    """Whether only the value of a literal is wrong, which is judged when it is bound."""
    return "32-bit" in error.message or "non numeric" in error.message


def gateway_words(coordinate: str, scalar: str) -> Any:
    ours = {"Date": ("2024-01-01", "2025-12-31", "1999-01-01", "never"), "RegionCode": ("370000", "BLUE_ZONE", "37")}
    return ours.get(scalar) or plain_words(coordinate, scalar)


def test_documents_of_the_gateway() -> None:
    """Over the gateway's own schema as well, a form that is shared says what each text says for itself."""
    pair, random = Pair(face()), Random(8)
    names = ["Enterprise", "CreditSubject", "registrations", "nodes", "first", "id", "name", "status", "uscc", "from"]
    texts = 0
    for draft in range(25):
        writer = Writer(face().graphql, random, gateway_words, wrong=0.01 if draft % 3 == 0 else 0.0)
        texts += variants(pair, writer.draw(3), random, names)
    assert pair.seen["read"] > texts / 4
    assert pair.seen["GRAPHQL_VALIDATION_FAILED"] > texts / 8


SUBJECT = '{{ subject(id: {{uscc: "1"}}) {{ {0} }} }}'
TRAPS = [
    "registrations(first: 1) { complete }",
    'registrations(first: "1") { complete }',
    "registrations(first: 1.0) { complete }",
    "registrations(first: 1) { complete } registrations(first: 2) { complete }",
    "registrations(first: 1) { complete } registrations(first: 1) { complete }",
    "registrations(first: 2) { complete } registrations(first: 2) { complete }",
    'registrations(from: "2024-01-01") { complete } registrations(from: "2024-01-02") { complete }',
    'registrations(from: "2024-01-01", to: "2024-01-01") { complete }',
    'registrations(from: "2024-01-01", to: "2024-01-02") { complete }',
    'registrations(from: "2024-01-01", to: "x") { complete }',
    'registrations(regions: ["370000", "370200"]) { complete }',
    'registrations(regions: ["370000", "370000"]) { complete }',
    'registrations(regions: "370000", after: "370000") { complete }',
    "registrations(first: 2147483647) { complete }",
    "registrations(first: 2147483648) { complete }",
    "registrations(first: 99999999999999999999) { complete }",
    "registrations(first: -1) { complete }",
    "registrations(first: null) { complete }",
    "registrations(first: 01) { complete }",
]


@pytest.mark.parametrize("first", range(len(TRAPS)))
def test_the_trap_of_normal_forms(first: int) -> None:
    """Literals of another kind, or that conflict, never pass by a form that was proved for others, in any order."""
    pair = Pair(face())
    for text in [TRAPS[first], *TRAPS, *reversed(TRAPS)]:
        pair.same(asks(SUBJECT.format(text)))
    assert pair.seen["read"] >= 3
    assert pair.seen["GRAPHQL_VALIDATION_FAILED"] >= 3


@pytest.mark.parametrize(
    "text",
    [
        "query : { __typename }", "query ... { __typename }", "query ! { __typename }", "query A B { __typename }",
        "query } { __typename }", "query { { __typename }", "query 1 { __typename }", 'query "A" { __typename }',
        "query {} { __typename }", "query @skip(if: true) { __typename }", "query A @a { __typename }", "query",
        "mutation { __typename }", "subscription { __typename }", "fragment { __typename }", "{ __typename } }",
        "{ __typename } { __typename }", "query { __typename } query { __typename }", "{ __typename } #\ud800",
        "query ( { __typename }", "query () { __typename }", "query : A { __typename }", "query A : { __typename }",
        "{ __typename ... }", "{ __typename } query", "{ __typename } fragment", "{ __typename } $", "", "#",
    ],
)  # fmt: skip
def test_no_token_is_overlooked(text: str) -> None:
    """A text with a token too many, too few or out of place is never taken for the one that it resembles."""
    pair = Pair(face())
    for known in ("{ __typename }", "query { __typename }", "query A { __typename }"):
        assert pair.same(asks(known))
    assert not pair.same(asks(text))
    assert not pair.same(asks(text))


ONE_FORM = [
    'query Q($n: Int) { subject(id: {uscc: "1"}) { registrations(first: $n, from: "2024-01-01") { complete } } }',
    'query Other($n: Int) { subject(id: {uscc: "2"}) { registrations(first: $n, from: "2025-01-01") { complete } } }',
    'query($n: Int) {\n # a: {(1) } "\n subject(id: {,uscc: "3"})\r\n{registrations(first:$n,,from:"2023-01-01")'
    "{complete}}}\n",
    '\ufeffquery\tQ ($n:Int){subject(id:{uscc:"2024-01-01 "}){registrations(first:$n from:"1999-12-31"){complete}}}#e',
]
OTHER_FORMS = [
    ONE_FORM[0].replace('"2024-01-01"', '"1"'),  # equal literals are one slot
    ONE_FORM[0].replace("first: $n", "first: $n, orderBy: OLDEST_FIRST"),
    ONE_FORM[0].replace("first: $n", "first: $n, orderBy: NEWEST_FIRST"),
    ONE_FORM[0].replace("$n: Int", "$n: Int = 1"),
    ONE_FORM[0].replace("$n: Int", "$n: Int = 2"),
    ONE_FORM[0].replace("complete", "totalCount"),
    ONE_FORM[0].replace("complete", "c: complete"),
    ONE_FORM[0].replace("first: $n, ", ""),
    ONE_FORM[0].replace('"1"', "1"),
]


def test_spelling_makes_no_form() -> None:
    """White space, comments, commas, the operation's name and the literals make no new form; all else does."""
    keys = {normal.key for text in ONE_FORM if (normal := normalise(text))}
    assert len(keys) == 1
    others = [normal.key for text in OTHER_FORMS if (normal := normalise(text))]
    assert len(others) == len(OTHER_FORMS) == len({*others, *keys}) - 1
    pair = Pair(face())
    for text in ONE_FORM:
        assert pair.same(asks(text, {"n": 3}))
    assert len(pair.quick._proved) == 1
    assert len({id(known.forms[None]) for known in pair.quick._texts.values()}) == 1


@pytest.mark.parametrize(
    "literal",
    [
        '"\\u0031"',
        '"a\\"b"',
        '"""1"""',
        '"a\tb"',
        '"\ue000"',
        '"\U0001f600"',
        '""',
        '"#"',
        '"{"',
        '"\\n"',
        '""""""',
        '"',
    ],
)
def test_what_is_out_of_the_ordinary(literal: str) -> None:
    """Escapes, block strings and signs that are rare are read for themselves, or as they would be."""
    pair = Pair(face())
    for text in ('"1"', literal, '"1"', literal):
        pair.same(asks(SUBJECT.format("id").replace('"1"', text)))
    if "\\" in literal or literal.startswith('"""'):
        assert normalise(SUBJECT.format("id").replace('"1"', literal)) is None


def test_long_and_manifold_documents_are_read_alone() -> None:
    """What holds very many literals, or is very long, is read for itself: to bind it would cost more."""
    pair = Pair(face())

    def listed(count: int) -> str:
        regions = ", ".join(f'"3{number:05}"' for number in range(count))
        return SUBJECT.format(f"registrations(regions: [{regions}]) {{ complete }}")

    for count in (2, MOST - 1, MOST, MOST + 1, MAX_ITEMS):
        assert pair.same(asks(listed(count)))
    assert [known.shared for known in pair.quick._texts.values()] == [True, True, False, False, False]
    assert pair.same(asks(SUBJECT.format("id") + " " * LONGEST))
    assert normalise(SUBJECT.format("id") + " " * LONGEST) is None


def test_errors_are_of_the_own_text() -> None:
    """A wrong literal or variable is told at its own line and column, in words of its own text, form shared or not."""
    pair = Pair(face())
    good = 'query Q($n: Int) { subject(id: {uscc: "1"}) { registrations(first: $n, from: "2024-01-01") { complete } } }'
    pair.same(asks(good, {"n": 1}))
    for place in ("", "\n\n  ", "# c\n"):
        bad = place + good.replace("2024-01-01", "never")
        [(zh, en, status)] = outcome(pair.quick, asks(bad, {"n": 1}))
        before = bad[: bad.index('"never"')]
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        assert en["locations"] == [{"line": line, "column": column}]
        assert "a date is text such as" in en["message"]
        assert zh["message"] != en["message"]
        assert status == 400
        assert not pair.same(asks(bad, {"n": 1}))
        assert not pair.same(asks(place + good.replace("Q(", "Another("), {"n": "x"}))
    assert pair.seen == {"read": 1, "GRAPHQL_VALIDATION_FAILED": 3, "BAD_VARIABLES": 3}
    assert len(pair.quick._proved) == 1


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ("query($no: Boolean = true) { a: __typename @skip(if: $no) }", True),
        ("query($no: Boolean = true) { ...F } fragment F on Query { ... { __typename @include(if: $no) } }", True),
        ("query A($no: Boolean = true) { ...F @skip(if: $no) } fragment F on Query { __typename }", True),
        ("query A($no: String) { search(name: \"x\", after: $no) { complete } } query B($no: Boolean!) { ...F } "
         "fragment F on Query { __typename @skip(if: $no) }", False),
    ],
)  # fmt: skip
def test_a_condition_is_never_null(text: str, refused: bool) -> None:
    """A variable whose default lets it be null is no condition: refused before anything is asked, in both walks."""
    for reader in (Reader(face()), Reader(face(), plain=True)):
        operation = reader.read(asks(text, {"no": None}, "A" if "query A" in text else None))
        if not refused:
            assert face().collector(operation).query
            continue
        with pytest.raises(GatewayError) as caught:
            face().collector(operation)
        assert told(caught.value)[0][1]["extensions"]["code"] == "INVALID_ARGUMENT"


def test_no_variable_is_taken_for_a_literal() -> None:
    """What a request calls by the name that a form gives a literal, in whatever way, changes nothing."""
    pair = Pair(face())
    text = SUBJECT.format('registrations(first: 3, from: "2024-01-01") { complete }')
    pair.same(asks(text))
    [proved] = pair.quick._proved.values()
    assert len(proved.places) == 3
    for name in proved.places:
        assert pair.same(asks(text, {name: "2020-02-02"}))
        assert pair.same(asks(text.replace("3", "4"), {name: None}))


class Counted(Face):
    """Counts how often documents are parsed and validated."""

    parsed = validated = 0

    def parse(self, query: str) -> Any:
        self.parsed += 1
        return super().parse(query)

    def validate(self, document: Any) -> None:
        self.validated += 1
        super().validate(document)


@pytest.mark.parametrize(
    ("text", "variables", "code"),
    [
        ("{", {}, "GRAPHQL_PARSE_FAILED"),
        ("{ nowhere }", {}, "GRAPHQL_VALIDATION_FAILED"),
        (SUBJECT.format('registrations(from: "never") { complete }'), {}, "GRAPHQL_VALIDATION_FAILED"),
        ("{ " + "a { " * 30 + "b" + " }" * 31, {}, "LIMIT_EXCEEDED"),
        ("query($n: String!) { search(name: $n) { complete } }", {}, "BAD_VARIABLES"),
    ],
)  # fmt: skip
def test_what_was_refused_is_remembered(text: str, variables: dict[str, Any], code: str) -> None:
    """A refused text costs its reading once; afterwards it is refused with the same error, in the caller's language."""
    counted = Counted(catalogue())
    reader = Reader(counted)
    first = outcome(reader, asks(text, variables))
    cost = counted.parsed, counted.validated
    assert {each[1]["extensions"]["code"] for each in first} == {code}
    assert all(zh["message"] != en["message"] for zh, en, _ in first)
    for _ in range(5):
        assert outcome(reader, asks(text, variables)) == first
    assert (counted.parsed, counted.validated) == cost
    asyncio.run(reader.turn(asks(text, variables), "who is refused waits for nothing"))


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many texts come, no more than a capacity is remembered of those read and of those refused."""
    capacity = 50_000
    monkeypatch.setattr(reading, "REFUSED", capacity)
    reader = Reader(face(), capacity, Ungoverned())
    for number in range(400):
        outcome(reader, asks(f"{{ a{number}: __typename }}"))
        outcome(reader, asks(SUBJECT.format(f'registrations(from: "20{number:02}-01-01") {{ complete }}')))
        outcome(reader, asks(f"{{ nowhere{number} }}"))
        outcome(reader, asks("{ " + " ".join(f"b{number}{each}: __typename" for each in range(30)) + " }"))
    for known in (reader._texts, reader._proved, reader._refused):
        assert 0 < known.currsize <= known.maxsize
        assert len(known) < 1_600
    assert reader._texts.maxsize == reader._proved.maxsize == capacity
    assert sum(map(len, reader._texts)) < capacity
    assert json.dumps(outcome(reader, asks("{ nowhere0 }"))[0][1])  # what was forgotten is told anew
