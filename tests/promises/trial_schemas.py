"""Small random schemas: interfaces, unions, inputs, lists, never-null, defaults, oneOf, a scalar of their own."""

from __future__ import annotations

from functools import cache
from random import Random

from graphql import GraphQLSchema, build_schema

from gateway.schema import Face
from gateway.schema.collecting import Collectors

LEAVES = ("Int", "Float", "String", "Boolean", "ID", "Text", "Colour")
DEFAULTS = {"Int": ("1", "0"), "Float": ("1.5", "2"), "String": ('"a"', '""'), "Boolean": ("true",), "ID": ('"i"',),
            "Text": ('"t"',), "Colour": ("RED",)}  # fmt: skip
PAIR = ("Int", "Pair", "Either", "[Int!]", "String!")


class SchemaFace(Face):
    """The face of any schema: parse, validate, coerce and collect, as for the catalogue's."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema
        self._collectors = Collectors(schema)
        self._compiled = False


@cache
def schema(seed: int) -> GraphQLSchema:
    return build_schema(sdl(Random(seed)))


def sdl(random: Random) -> str:
    interfaces = [f"I{number}" for number in range(random.randint(1, 2))]
    objects = [f"T{number}" for number in range(random.randint(2, 4))]
    outputs = [*interfaces, *objects, "U"]

    def wrapped(name: str) -> str:
        form = random.choice(["{0}", "{0}", "{0}!", "[{0}]", "[{0}!]", "[{0}!]!", "[[{0}]]"])
        return form.format(name)

    def arguments() -> str:
        found = []
        for number in range(random.choice((0, 0, 0, 1, 2))):
            name = random.choice([*LEAVES, "In", "Pair", "Either"])
            kind = wrapped(name)
            default = ""
            if name in DEFAULTS and random.random() < 0.5:
                kind = random.choice([kind, f"{name}!"])
                value = random.choice(DEFAULTS[name])
                default = f" = {value}" if "[" not in kind else f" = [{'' if '[[' in kind else value}]"
            found.append(f"x{number}: {kind}{default}")
        return f"({', '.join(found)})" if found else ""

    def fields(letter: str, count: int, kinds: list[str]) -> list[str]:
        return [f"{letter}{number}{arguments()}: {wrapped(random.choice(kinds))}" for number in range(count)]

    of_interface = {
        name: fields("abc"[number], random.randint(1, 3), [*LEAVES, *outputs]) for number, name in enumerate(interfaces)
    }
    parts = [
        "scalar Text",
        "enum Colour { RED GREEN BLUE }",
        "input Either @oneOf { one: Int two: String three: Pair }",
    ]
    parts.append(f"input Pair {{ left: {random.choice(PAIR[:1] + PAIR[3:])} right: Float = 1 more: [In] }}")
    last = random.choice(["Int", "Int!"])
    parts.append(f"input In {{ n: Int! = 3 s: String t: Text c: [Colour!] = [RED] p: Pair e: Either r: {last} }}")
    parts += [f"interface {name} {{ {' '.join(lines)} }}" for name, lines in of_interface.items()]
    for number, name in enumerate(objects):
        mine = [each for each in interfaces if random.random() < 0.7]
        lines = [line for each in mine for line in of_interface[each]] + fields(
            "xyzw"[number % 2], random.randint(1, 4), [*LEAVES, *outputs]
        )
        parts.append(f"type {name}{' implements ' + ' & '.join(mine) if mine else ''} {{ {' '.join(lines)} }}")
    parts.append(f"union U = {' | '.join(random.sample(objects, 2))}")
    roots = [f"r{number}{arguments()}: {wrapped(name)}" for number, name in enumerate(outputs)]
    parts.append(f"type Query {{ {' '.join([*roots, *fields('q', 3, list(LEAVES))])} }}")
    return "\n".join(parts)
