"""The surface that partners build on: a snapshot of the schema, and what every type of it promises."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest
from graphql import GraphQLNonNull, GraphQLObjectType, build_schema

from gateway.checking import read_policies
from gateway.schema import Face
from policies.bundles import PolicySet

ROOT = Path(__file__).parents[2]
SNAPSHOT = Path(__file__).with_name("schema.graphql")


@pytest.fixture(scope="module")
def policies() -> PolicySet:
    return read_policies(ROOT / "policies")


@pytest.fixture(scope="module")
def face(policies: PolicySet) -> Face:
    return Face(policies.catalogue)


def test_schema_is_the_one_that_was_looked_at(face: Face) -> None:
    """A change of the schema is seen before a partner sees it."""
    again = "if the change is meant: .venv/bin/credit-gateway schema --home none > tests/edges/schema.graphql"
    assert face.sdl() == SNAPSHOT.read_text("utf-8"), again


def test_every_catalogue_field_is_in_the_schema(face: Face, policies: PolicySet) -> None:
    """Every field of the catalogue can be asked under its coordinate, and is nullable: withholding never spreads."""
    for record in policies.catalogue.types.values():
        for item in record.fields.values():
            made = face.graphql.type_map[item.owner]
            assert isinstance(made, GraphQLObjectType)
            assert not isinstance(made.fields[item.leaf].type, GraphQLNonNull), item.coordinate


def test_descriptions_carry_the_law_s_words(face: Face, policies: PolicySet) -> None:
    """A field's description has its Chinese name, the standards' codes of both generations and its class."""
    for record in policies.catalogue.types.values():
        for item in record.fields.values():
            made = face.graphql.type_map[item.owner]
            assert isinstance(made, GraphQLObjectType)
            description = made.fields[item.leaf].description or ""
            assert item.title.zh in description, item.coordinate
            assert item.cls.value in description, item.coordinate
            assert all(code in description for code in item.codes), item.coordinate


def test_snapshot_is_a_whole_schema() -> None:
    """The printed schema can be read by any tool: it builds again, with every kind of subject in it."""
    built = build_schema(SNAPSHOT.read_text("utf-8"))
    kinds = {"Enterprise", "NonEnterpriseLegalPerson", "IndividualBusiness", "FarmerCooperative", "NaturalPerson"}
    assert kinds <= built.type_map.keys()
    interface = built.type_map["CreditSubject"]
    assert {kind.name for kind in built.get_implementations(interface).objects} == kinds  # type: ignore[arg-type]


def test_a_document_that_is_forgotten_is_freed_at_once(face: Face) -> None:
    """It leaves no ring behind, which only a collection would free, with a halt of all answers."""
    gc.collect()
    gc.disable()
    try:
        for number in range(50):
            face.parse(f"{{ a{number}: platforms {{ id }} }}")
        assert gc.collect() < 50
    finally:
        gc.enable()
