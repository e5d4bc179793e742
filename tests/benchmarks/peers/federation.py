"""The same records as a federation: one subgraph for each city, a supergraph of them, the question in its words.

Each city answers by a root field of its own, so that a router asks all of them at once and plans nothing clever: the
best case for a federation. A router has no rule that hides or masks a field for this caller; it is asked for what the
caller may see, the masked field in clear.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tests.benchmarks import records
from tests.benchmarks.upstream import subgraph_name

TYPES = {name: "[String]" if name == "penaltyKinds" else "String" for name in records.COLUMNS}

HEAD = """\
schema
  @link(url: "https://specs.apollo.dev/link/v1.0")
  @link(url: "https://specs.apollo.dev/join/v0.3", for: EXECUTION)
{ query: Query }

directive @join__enumValue(graph: join__Graph!) repeatable on ENUM_VALUE
directive @join__field(graph: join__Graph, requires: join__FieldSet, provides: join__FieldSet, type: String, external: Boolean, override: String, usedOverridden: Boolean) repeatable on FIELD_DEFINITION | INPUT_FIELD_DEFINITION
directive @join__graph(name: String!, url: String!) on ENUM_VALUE
directive @join__implements(graph: join__Graph!, interface: String!) repeatable on OBJECT | INTERFACE
directive @join__type(graph: join__Graph!, key: join__FieldSet, extension: Boolean! = false, resolvable: Boolean! = true, isInterfaceObject: Boolean! = false) repeatable on OBJECT | INTERFACE | UNION | ENUM | INPUT_OBJECT | SCALAR
directive @join__unionMember(graph: join__Graph!, member: String!) repeatable on UNION
directive @link(url: String, as: String, for: link__Purpose, import: [link__Import]) repeatable on SCHEMA

scalar join__FieldSet
scalar link__Import
enum link__Purpose { SECURITY EXECUTION }
"""  # noqa: E501  # the specification's own words


def supergraph(urls: Mapping[str, str]) -> str:
    """The supergraph's SDL; `urls` are the subgraphs' by region."""
    graphs = {region: subgraph_name(region).upper() for region in urls}
    members = " ".join(
        f'{graph} @join__graph(name: "{subgraph_name(region)}", url: "{urls[region]}")'
        for region, graph in graphs.items()
    )
    held = " ".join(f"@join__type(graph: {graph})" for graph in graphs.values())
    roots = " ".join(
        f"{subgraph_name(region)}(id: ID!): [Penalty] @join__field(graph: {graph})" for region, graph in graphs.items()
    )
    return f"{HEAD}\nenum join__Graph {{ {members} }}\ntype Query {held} {{ {roots} }}\n" + _penalty(held)


def subgraph(region: str) -> str:
    """A subgraph's SDL."""
    return (
        'extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@shareable"])\n'
        f"type Query {{ {subgraph_name(region)}(id: ID!): [Penalty] }}\n{_penalty('@shareable')}"
    )


def question(regions: Iterable[str], fields: str) -> str:
    """One question to all of these cities."""
    asked = " ".join(f"{subgraph_name(region)}(id: $id) {{ {fields} }}" for region in regions)
    return f"query Penalties($id: ID!) {{ {asked} }}"


def nodes(answer: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Every record of an answer."""
    found: Sequence[Sequence[Mapping[str, Any]]] = list(answer["data"].values())
    return [node for rows in found for node in rows]


def _penalty(directives: str) -> str:
    fields = " ".join(f"{name}: {kind}" for name, kind in TYPES.items())
    return f"type Penalty {directives} {{ {fields} }}\n"
