"""Every sentence of graphql-core's that a caller can meet is said in Chinese too, with names and without values."""

from __future__ import annotations

import ast
import inspect
import itertools
import re
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
from graphql import GraphQLError, GraphQLSyntaxError, Source, build_schema, parse, validate
from graphql.execution.values import get_variable_values
from graphql.language import lexer, parser
from graphql.validation import specified_rules

from gateway.schema.saying import in_chinese, misfit, said
from tests.promises.test_every_word_in_two_languages import whole

SECRET = "37060119900518902"
SCHEMA = build_schema("""
    directive @defer(if: Boolean = true, label: String) on FRAGMENT_SPREAD | INLINE_FRAGMENT
    directive @stream(if: Boolean = true, label: String, initialCount: Int = 0) on FIELD
    interface Being { name: String }
    type Dog implements Being { name: String age: Int friends: [Dog] barks(loud: Boolean!): Int }
    type Cat implements Being { name: String }
    input Key { code: String! other: Int }
    input One @oneOf { a: Int b: Int }
    type Query { dog: Dog dogs: [Dog] cat: Cat being: Being find(key: Key, one: One, n: Int!): Dog }
    type Mutation { dog: Dog dogs: [Dog] }
    type Subscription { dog: Dog dogs: [Dog] cat: Cat }
""")
ONLY_QUERIES = build_schema("type Query { a: Int }")
LONG = " ".join(f"{'x' * 60}{n}: ?" for n in range(20))  # conflicts that graphql-core cuts off in their middle
BROKEN: dict[str, list[str]] = {
    "ExecutableDefinitionsRule": ["type Foo { a: Int }", "schema { query: Query }"],
    "KnownOperationTypesRule": ["mutation { a }", "subscription { a }"],
    "UniqueOperationNamesRule": ["query A { cat { name } } query A { cat { name } }"],
    "LoneAnonymousOperationRule": ["{ cat { name } } query A { cat { name } }"],
    "SingleFieldSubscriptionsRule": [
        "subscription { dog { name } cat { name } }", "subscription S { dog { name } cat { name } }",
        "subscription S { __typename }", "subscription ($a: Boolean = true) { dog @skip(if: $a) { name } }",
    ],
    "KnownTypeNamesRule": ["query ($a: Foo) { cat { name } }"],
    "FragmentsOnCompositeTypesRule": ["{ ... on Int { a } }", "fragment A on Int { a } { ...A }"],
    "VariablesAreInputTypesRule": ["query ($a: Dog) { cat { name } }"],
    "ScalarLeafsRule": ["{ cat { name { a } } }", "{ cat }"],
    "FieldsOnCorrectTypeRule": ["{ cat { nam } }"],
    "UniqueFragmentNamesRule": ["{ ...A } fragment A on Query { cat { name } } fragment A on Query { dog { name } }"],
    "KnownFragmentNamesRule": ["{ ...A }"],
    "NoUnusedFragmentsRule": ["{ cat { name } } fragment A on Query { cat { name } }"],
    "PossibleFragmentSpreadsRule": [
        "{ cat { ... on Dog { name } } }", "{ cat { ...D } } fragment D on Dog { name }",
    ],
    "NoFragmentCyclesRule": [
        "fragment A on Query { ...A } { ...A }",
        "fragment A on Query { ...B } fragment B on Query { ...C } fragment C on Query { ...A } { ...A }",
    ],
    "UniqueVariableNamesRule": ["query ($a: Int, $a: Int) { cat { name } }"],
    "NoUndefinedVariablesRule": ["{ find(n: $a) { name } }", "query Q { find(n: $a) { name } }"],
    "NoUnusedVariablesRule": ["query ($a: Int) { cat { name } }", "query Q($a: Int) { cat { name } }"],
    "KnownDirectivesRule": ["{ cat @nope { name } }", "query @skip(if: true) { cat { name } }",
                            "query ($a: Int @skip(if: true)) { cat { ... @stream { name } } }"],
    "UniqueDirectivesPerLocationRule": ["{ cat @skip(if: true) @skip(if: true) { name } }"],
    "DeferStreamDirectiveOnRootField": [
        "mutation { ... @defer { dog { name } } }", "mutation { dogs @stream { name } }",
        "mutation { ...A @defer } fragment A on Mutation { dog { name } }",
    ],
    "DeferStreamDirectiveOnValidOperationsRule": [
        "subscription { dog { ... @defer { name } } }", "subscription { dogs @stream { name } }",
    ],
    "DeferStreamDirectiveLabel": [
        "query ($a: String) { cat { ... @defer(label: $a) { name } } }",
        '{ cat { ... @defer(label: "a") { name } ... @defer(label: "a") { name } } }',
    ],
    "StreamDirectiveOnListField": ["{ cat @stream { name } }"],
    "KnownArgumentNamesRule": ["{ cat(a: 1) { name } }", "{ cat @skip(unless: true, if: true) { name } }"],
    "UniqueArgumentNamesRule": ["{ find(n: 1, n: 2) { name } }"],
    "ValuesOfCorrectTypeRule": [
        f'{{ find(n: "{SECRET}") {{ name }} }}', f"{{ find(n: {SECRET}) {{ name }} }}", "{ find(n: null) { name } }",
        f'{{ find(key: "{SECRET}") {{ name }} }}', f'{{ find(key: {{cod: "{SECRET}"}}) {{ name }} }}',
        "{ find(key: {}) { name } }", "{ find(one: {a: 1, b: 2}) { name } }",
    ],
    "ProvidedRequiredArgumentsRule": ["{ find { name } }", "{ cat @skip { name } }"],
    "VariablesInAllowedPositionRule": [
        "query ($a: Int) { find(n: $a) { name } }", "query ($a: Int) { find(one: {a: $a}, n: 1) { name } }",
    ],
    "OverlappingFieldsCanBeMergedRule": [
        "{ dog { a: name a: age } }", "{ find(n: 1) { name } find(n: 2) { name } }",
        "{ being { ... on Dog { a: age } ... on Cat { a: name } } }",
        "{ a: dog { b: name c: age } a: dog { b: age c: name } }", "{ dogs @stream { name } dogs { name } }",
        "{ dogs @stream { name } dogs @stream { name } }",
        "{ a: dog { " + LONG.replace("?", "name") + "} a: dog { " + LONG.replace("?", "age") + "} }",
    ],
    "UniqueInputFieldNamesRule": ['{ find(n: 1, key: {code: "a", code: "b"}) { name } }'],
    "MaxIntrospectionDepthRule": ["{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }"],
}  # fmt: skip
SPELT_WRONG = [
    "", "{", "}", "{ a", "{ a(", "{ a(b: ) }", "{ a(b: 01) }", "{ a(b: 1x) }", "{ a(b: 1.) }", "{ a(b: .5) }",
    "{ a(b: -) }", "{ a(b: 1e) }", "{ a ? }", "{ 青 }", "{ \x00 }", "{ .. }", "{ a(b: 'x') }", '{ a(b: "x',
    '{ a(b: """x', '{ a(b: "\ud800") }', '{ a(b: """\ud800""") }', '{ a(b: "\n") }',
    '{ a(b: "\\q") }', '{ a(b: "\\u1") }',
    '{ a(b: "\\\'") }', '{ a(b: "\\u{12345678}") }', '{ a(b: "\\uD800") }', "query ($a: Int = $b) { a }", '"d" { a }',
    "enum A { true }", "query Q Q { a }", "fragment on on Q { a }", "{ ...on }", "extend { a }", '"d" extend type A @b',
    "query ($a) { a }", "query ($a: [Int) { a }", "{ a @ }", "x { a }", f"{{ {SECRET} }}", f'{{ "{SECRET}" }}',
    f"query {{ a }} {SECRET}", "{ a: }", "query ($) { a }", "union A = |", "directive @a on NOWHERE",
    "\ufffe", "{ a(b: \ud800) }",
    "{ " + "a " * 9_000 + "}", "{ a(b: " + "[" * 5_000,
]  # fmt: skip


@pytest.mark.parametrize("rule", specified_rules, ids=lambda rule: rule.__name__)
def test_every_rule(rule: Any) -> None:
    """For each rule of the specification, a document that breaks it is told so in either language, without a value."""
    schema = ONLY_QUERIES if rule.__name__ == "KnownOperationTypesRule" else SCHEMA
    for document in BROKEN[rule.__name__]:
        errors = validate(schema, parse(document), [rule], hide_suggestions=True)
        assert errors, document
        for error in errors:
            words = said(error)
            assert whole(words.zh, words.en), words
            assert "处有误" not in words.zh, words
            assert SECRET[:8] not in words.zh + words.en


@pytest.mark.parametrize("document", SPELT_WRONG, ids=range(len(SPELT_WRONG)))
def test_every_slip_of_syntax(document: str) -> None:
    """What cannot be parsed is told so in either language, with the sign that is wrong, and without a value."""
    with pytest.raises(GraphQLSyntaxError) as caught:
        parse(document, max_tokens=8_000)
    words = said(caught.value)
    assert whole(words.zh, words.en), words
    assert "处有误" not in words.zh, words
    assert SECRET[:8] not in words.zh + words.en


@pytest.mark.parametrize(
    ("declared", "value"),
    [
        ("Int!", None), ("Int!", {}), ("Int", SECRET), ("Int", int(SECRET)), ("Key", SECRET),
        ("Key", {"code": [SECRET]}),
        ("Key", {}), ("Key", {"cod": SECRET, "code": "x"}), ("[Key!]", [{"code": "x"}, None]), ("[Int]", [[SECRET]]),
        ("One", {"a": 1, "b": 2}), ("One", {"a": None}), ("Dog", SECRET), ("Boolean", SECRET), ("ID", [SECRET]),
        ("Int", ["x"] * 99),
    ],
)  # fmt: skip
def test_every_misfit_of_a_variable(declared: str, value: object) -> None:
    """A variable that does not fit is told by name, place and type in either language, never by its value."""
    [node] = parse(f"query ($v: {declared}) {{ cat {{ name }} }}").definitions
    errors = get_variable_values(SCHEMA, node.variable_definitions, {} if value == {} else {"v": value})  # type: ignore
    for error in errors if isinstance(errors, list) else []:
        words = misfit(node, error)  # type: ignore[arg-type]
        assert whole(words.zh, words.en), words
        assert SECRET[:8] not in words.zh + words.en


def test_too_many_misfits() -> None:
    """Where graphql-core gives up counting, that too is said in either language."""
    [node] = parse("query ($v: [Int]) { cat { name } }").definitions
    errors = get_variable_values(SCHEMA, node.variable_definitions, {"v": [{}] * 99}, max_errors=20)  # type: ignore
    assert isinstance(errors, list)
    assert [w for e in errors if not whole((w := misfit(node, e)).zh, w.en)] == []  # type: ignore[arg-type]


def test_an_unknown_sentence_is_told_by_its_place() -> None:
    """A sentence that a newer graphql-core may bring is not passed on in English to who asked for Chinese."""
    error = GraphQLError("Something new about 'this'.", source=Source("{\n  a }"), positions=[4])
    assert said(error).zh == "第 2 行第 3 列处有误"
    assert said(error).en == "Something new about 'this'."
    assert said(GraphQLError("Something new.")).zh == "此处有误"


# What graphql-core fills into its sentences outside quotes; all else is a name and stands here in quotes
FILLED = {
    "get_token_desc(self._lexer.token)": "Name 'name'",
    "node.name.value.capitalize()": "Defer",
    "field_name": " 'name'",
    "size": "9",
}
OURS = {"Unexpected error in directive.", ""}  # of a broken schema


def sentences(node: ast.expr) -> list[str]:
    """Every text that an expression can make."""
    match node:
        case ast.Constant(value=str(text)):
            return [text]
        case ast.IfExp(body=body, orelse=orelse):
            return [*sentences(body), *sentences(orelse)]
        case ast.BinOp(left=left, right=right):
            return [a + b for a, b in itertools.product(sentences(left), sentences(right))]
        case ast.JoinedStr(values=values):
            made = [""]
            for part in values:
                texts = sentences(part) if isinstance(part, ast.Constant) else [ast.unparse(part.value)]  # type: ignore
                bare = isinstance(part, ast.FormattedValue) and made[0].count("'") % 2 == 0
                if isinstance(part, ast.FormattedValue):
                    texts = [FILLED.get(texts[0], "'name'") if bare else "name"]
                made = [a + b for a, b in itertools.product(made, texts)]
            return made
    return [""]  # a suggestion, which is never said


def sources() -> Iterator[ModuleType]:
    yield from {inspect.getmodule(rule) for rule in specified_rules}  # type: ignore[misc]
    yield from (lexer, parser)


def test_every_sentence_of_the_library() -> None:
    """Each sentence in the sources of the lexer, the parser and the rules as they are installed has its Chinese."""
    found: set[str] = set()
    for module in sources():
        before = "Syntax Error: " if module in (lexer, parser) else ""
        for node in ast.walk(ast.parse(inspect.getsource(module))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                place = {"GraphQLError": 0, "ValidationAbortedError": 0, "GraphQLSyntaxError": 2}.get(node.func.id)
                if place is not None and not isinstance(node.args[place], ast.Name):
                    found |= {before + sentence for sentence in sentences(node.args[place])}
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) in {"msg", "message"}:
                found |= {before + sentence for sentence in sentences(node.value)} - OURS
    assert len(found) >= 70
    unsaid = {sentence for sentence in found - OURS if "处有误" in said(GraphQLError(sentence)).zh}
    assert unsaid == set()


def test_nothing_is_said_twice_or_for_nothing() -> None:
    """The Chinese of a sentence names exactly the names that the sentence names."""
    for english in ("Cannot query field 'a' on type 'B'.", "Fragment 'a' cannot be spread here as objects of type 'B' "
                    "can never be of type 'C'.", "Cannot spread fragment 'a' within itself via 'b', 'c'."):  # fmt: skip
        chinese = in_chinese(english)
        assert chinese is not None
        assert sorted(re.findall("'.'", chinese)) == sorted(re.findall("'.'", english))
