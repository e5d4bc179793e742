"""What `check` says of a declaration of kind `graphql`: the line, what is wrong and what to write instead."""

from __future__ import annotations

import re

import pytest

from connectors.registry import load
from connectors.spelling import DeclarationError
from tests.edges.invented import TERMS, declaration
from tests.edges.test_kind_graphql import ALIASED, ENTITIES, ROOT, SOURCE

WRONG = [
    ("root and entities", ROOT.replace("field: permits,", "field: permits, entities: {type: Firm, key: code},"),
     "write either `field`, the root field that is asked, or `entities`"),
    ("neither", ROOT.replace("field: permits, ", ""), "write either `field`"),
    ("a root field that is an expression", ROOT.replace("field: permits,", 'field: "permits(x: 1)",'),
     "`permits(x: 1)`: names of GraphQL are expected"),
    ("introspection", ROOT.replace("field: permits,", "field: __schema,"), "`__schema`: names of GraphQL"),
    ("a type that is none", ROOT.replace('type: "[String!]!"', 'type: "[String!"'), "write a type of GraphQL"),
    ("a literal secret", ROOT.replace("arguments: {", "arguments: {token: {type: String, value: hunter2}, "),
     "`token` looks like a credential"),
    ("no subject", ROOT.replace('value: "{subjects}"', "value: all"), "the question names no subject"),
    ("a projection", ROOT.replace("{subjects}", "{projection}"), "`{projection}` stands for nothing here"),
    ("both sorts of subject", ROOT.replace("arguments: {", 'arguments: {one: {type: String, value: "{subject}"}, '),
     "write `{subject}` or `{subjects}`, not both"),
    ("a filter of no argument", ROOT.replace("params: [where.states]", "params: [states]"),
     "`states` is not among the `arguments` of `question` that have no value"),
    ("a page of no argument", ROOT.replace("cursor: after", "cursor: before"), "`before` is not among the `arguments`"),
    ("a filter that is joined", ROOT.replace("params: [where.states]", 'params: [where.states], join: ","'),
     "`join` is not needed"),
    ("an argument of a field elsewhere", ALIASED.replace("on: permits}", "on: name}"),
     "`rows` does not lead through it"),
    ("two variables of one name", ROOT.replace("arguments: {", "arguments: {where_states: {type: Int}, "),
     "its variable has the name of that of"),
    ("a path that is an expression", ROOT.replace("path: holder.name", 'path: "holder[0].name"'),
     "names of GraphQL are expected"),
    ("a value that is an object too", ROOT.replace("path: holder.name", "path: changes"),
     "`changes` is asked as a value, and as an object that has values"),
    ("a subject that leads into the rows", ALIASED.replace("path: /code", "path: /permits.code"),
     "leads from the root field into the rows"),
    ("an entity's subject in variables",
     ENTITIES.replace("arguments: {", 'arguments: {x: {type: String, value: "{subject}"}, '),
     "`{subject}` stands for nothing here"),
    ("a search without an open question",
     ROOT.replace("filters:\n", "filters:\n  holder: {ops: [contains], params: [after]}\n"),
     "write an `openQuestion`"),
    ("pages by links", ROOT.replace("cursor: after", "link: next").replace("next: pageInfo.endCursor, ", ""),
     "GraphQL has no links"),
    ("a word of another kind", ROOT + "request: {path: /x}\n", "`request` is a word of kind rest"),
    ("a column", ROOT.replace("{path: day,", "{column: day,"), "write `path`"),
]  # fmt: skip


@pytest.mark.parametrize(("permit", "finding"), [case[1:] for case in WRONG], ids=[case[0] for case in WRONG])
def test_each_mistake_is_told_with_its_line(permit: str, finding: str) -> None:
    """The finding names the file, a line within it and what to do; nothing that is wrong is opened."""
    with pytest.raises(DeclarationError) as caught:
        load([declaration(SOURCE, permit)], TERMS)
    told = [line for line in caught.value.findings if finding in line]
    assert told, caught.value.findings
    assert all(re.match(r"370100-invented\.yaml:\d+: ", line) for line in caught.value.findings)


def test_what_is_right_is_not_found_fault_with() -> None:
    """The declarations that the tests of this kind ask by have no findings."""
    for permit in (ROOT, ALIASED, ENTITIES):
        assert load([declaration(SOURCE, permit)], TERMS).platforms
