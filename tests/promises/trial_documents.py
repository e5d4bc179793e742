"""Random documents of any schema, and small changes to them: what a reader may meet, valid, nearly valid and not.

A document is written along the schema: fields, fragments, `@skip` and `@include`, literals and variables mixed. Then
`relit` sends the same form with other literals, and `marred` changes a token or two. All is a function of the generator
that is given. `Words` says which texts a scalar may be drawn from.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLNonNull,
    GraphQLSchema,
    Lexer,
    Source,
    TokenKind,
    get_named_type,
    get_nullable_type,
    is_abstract_type,
    is_composite_type,
    is_enum_type,
    is_input_object_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
)
from graphql.pyutils import Undefined

Words = Callable[[str, str], Sequence[Any]]  # coordinate of an argument, name of a scalar -> values to draw from
NUMBERS = (0, 1, 2, 3, -1, 20, 2**31 - 1, 10**20, 1.5, -0.0, 1e300)
TEXTS = ("", "a", "b", "RED", "x y", "甲", "2024-01-01", "\x7f")
PIECES = ("$", "!", "(", ")", "...", ":", "=", "@", "[", "]", "{", "|", "}", "&", "on", "query", "mutation", "fragment",
          "null", "true", "false", "RED", "1", "-0", "1.5", '"1"', '""', '"""b"""', "@skip(if: true)",
          "@include(if: $v0)", "@deprecated", "__typename", "{ __typename }", "#c\n", ",", "99999999999", "first: 1",
          "subscription")  # fmt: skip


def plain_words(coordinate: str, scalar: str) -> Sequence[Any]:
    return {"Int": NUMBERS[:7], "Float": NUMBERS, "Boolean": (True, False)}.get(scalar, TEXTS)


@dataclass(slots=True)
class Draft:
    """A document with values for its variables."""

    text: str
    variables: dict[str, Any]
    name: str | None = None


@dataclass(slots=True)
class _Variable:
    kind: Any
    written: str
    has_default: bool
    coordinate: str


@dataclass(slots=True)
class Writer:
    """Writes one document. `wrong` is the share of places at which something may be out of order."""

    schema: GraphQLSchema
    random: Random
    words: Words = plain_words
    wrong: float = 0.0
    weights: Mapping[str, int] = field(default_factory=dict)  # coordinate -> how much more often than others
    chances: Mapping[str, float] = field(default_factory=dict)  # name of an argument that may be left out -> its chance
    nulls: float = 0.06
    _variables: dict[str, _Variable] = field(default_factory=dict)
    _fragments: dict[str, tuple[str, str, dict[str, Any]]] = field(default_factory=dict)  # name -> type, text, scope
    _spread: set[str] = field(default_factory=set)
    _written: int = 0

    def draw(self, depth: int = 4) -> Draft:
        chance = self.random
        body = self.selection(self.schema.query_type, depth, {})
        name = chance.choice(["", "", " Asked", " B1", " fragment"])
        declared = []
        for variable, known in self._variables.items():
            default = ""
            if known.has_default:
                default = f" = {self.literal(get_nullable_type(known.kind), known.coordinate, variables=False)}"
            declared.append(f"${variable}: {known.written}{default}")
        if self._off():
            declared.append(chance.choice(["$unused: Int", "$v0: Int", "$odd: Query", "$bad: Int! = null", "$c: [Int"]))
        head = f"({', '.join(declared)})" if declared else ""
        fragments = "".join(
            f" fragment {each} on {kind} {text}"
            for each, (kind, text, _) in self._fragments.items()
            if each in self._spread or self._off()
        )
        if self._off():
            fragments += chance.choice(
                [" fragment Loop on Query { ...Loop }", " query Second { __typename }", " { a }"]
            )
        short = not name and not head and chance.random() < 0.5
        text = f"{body}{fragments}" if short else f"query{name}{head} {body}{fragments}"
        return Draft(text, self.values(), name.strip() or None)

    def values(self) -> dict[str, Any]:
        """Values for the variables of what was drawn, anew with each call."""
        return {name: value for name, known in self._variables.items() for value in self._given(known)}

    def selection(self, kind: Any, depth: int, scope: dict[str, Any]) -> str:
        chance, parts = self.random, list[str]()
        for _ in range(chance.randint(1, 2 if depth > 3 else 3)):
            dice = chance.random() if depth > -2 else 1.0
            if dice < 0.08:
                parts.append(f"... {self._when()}{self.selection(kind, depth - 1, scope)}")
            elif dice < 0.18:
                on = chance.choice(self._near(kind))
                parts.append(f"... on {on} {self._when()}{self.selection(self.schema.type_map[on], depth - 1, scope)}")
            elif dice < 0.27:
                parts.append(self._named(kind, depth, scope))
            else:
                parts.append(self._field(kind, depth, scope))
        parts = [part for part in parts if part]
        return "{ " + " ".join(parts or [f"t{self._number()}: __typename"]) + " }"

    def literal(self, kind: Any, coordinate: str, variables: bool = True, default: bool = False) -> str:
        """A value of an input type, with variables in it where they are wanted."""
        chance = self.random
        if variables and chance.random() < 0.35:
            return f"${self._variable(kind, default, coordinate)}"
        plain = get_nullable_type(kind)
        if chance.random() < self.nulls and (plain is kind or self._off()):
            return "null"
        if is_list_type(plain):
            if chance.random() < 0.1:
                return self.literal(get_nullable_type(plain.of_type), coordinate, False)
            items = [self.literal(plain.of_type, coordinate, variables) for _ in range(chance.choice((0, 1, 1, 2, 3)))]
            return f"[{', '.join(items)}]"
        if is_input_object_type(plain):
            names = self._members(plain)
            given = (
                f"{name}: {self.literal(plain.fields[name].type, f'{plain.name}.{name}', variables)}" for name in names
            )
            return "{" + ", ".join(given) + "}"
        if self._off():
            return chance.choice(
                [
                    "1",
                    '"1"',
                    "1.5",
                    "RED",
                    "2147483648",
                    "-2147483649",
                    "true",
                    "[1]",
                    "{a: 1}",
                    "null",
                    '"""x"""',
                    '"\\u0041"',
                ]
            )
        if is_enum_type(plain):
            return str(chance.choice(list(plain.values)))
        return written(chance.choice(self.words(coordinate, plain.name)), plain.name)

    def value(self, kind: Any, coordinate: str) -> Any:
        """The same as JSON, for a variable."""
        chance, plain = self.random, get_nullable_type(kind)
        if chance.random() < self.nulls and (plain is kind or self._off()):
            return None
        if self._off():
            return chance.choice([1, "1", 1.5, True, [], {}, None, "RED", {"a": 1}, [None], 2**40])
        if is_list_type(plain):
            return [self.value(plain.of_type, coordinate) for _ in range(chance.choice((0, 1, 1, 2)))]
        if is_input_object_type(plain):
            return {name: self.value(plain.fields[name].type, f"{plain.name}.{name}") for name in self._members(plain)}
        if is_enum_type(plain):
            return chance.choice(list(plain.values))
        found = chance.choice(self.words(coordinate, plain.name))
        return int(found) if plain.name == "Int" and isinstance(found, float) else found

    def _field(self, kind: Any, depth: int, scope: dict[str, Any]) -> str:
        chance = self.random
        fields = getattr(kind, "fields", {}) if is_composite_type(kind) else {}
        known = [n for n, f in fields.items() if depth > 0 or is_leaf_type(get_named_type(f.type))]
        if not known or chance.random() < 0.06:
            return self._put(scope, "__typename", "__typename", ("__typename", ""), self._when())
        weights = [self.weights.get(f"{kind.name}.{n}", 1) for n in known]
        [name] = chance.choices(known, weights)
        found = fields[name]
        if self._off():
            wrong = ["nowhere", "__schema { types { name } }", '__type(name: "Query") { name }', f"{name}x"]
            return str(chance.choice(wrong))
        arguments = self.arguments(found.args, f"{kind.name}.{name}")
        named = get_named_type(found.type)
        below = f" {self.selection(named, depth - 1, {})}" if is_composite_type(named) else ""
        if self._off():
            below = chance.choice(["", " { x }", " { __typename }"])
        same = (name, arguments) if not below else (name, arguments, self._number())
        return self._put(scope, name, f"{name}{arguments}", same, f"{self._when()}{below}")

    def arguments(self, known: Mapping[str, GraphQLArgument], coordinate: str) -> str:
        chance, parts = self.random, list[str]()
        for name, argument in known.items():
            default = argument.default is not None or argument.default_value is not Undefined
            needed = is_non_null_type(argument.type) and not default
            if (needed and not self._off()) or (not needed and chance.random() < self.chances.get(name, 0.3)):
                parts.append(f"{name}: {self.literal(argument.type, f'{coordinate}.{name}', True, default)}")
        if self._off():
            parts.append(chance.choice(["first: 1", "nothing: 2", *parts]))
        return f"({', '.join(parts)})" if parts else ""

    def _put(self, scope: dict[str, Any], key: str, written: str, same: Any, rest: str) -> str:
        """A field under its name, or under another one where something else stands there already."""
        if (scope.get(key, same) != same and not self._off()) or self.random.random() < 0.12:
            key = f"a{self._number()}"
            written = f"{key}: {written}"
        scope[key] = same
        return f"{written} {rest}"

    def _named(self, kind: Any, depth: int, scope: dict[str, Any]) -> str:
        """A spread of a fragment, new or written before."""
        chance, near = self.random, self._near(kind)
        fitting = [name for name, (on, _, _) in self._fragments.items() if on in near]
        if not fitting or chance.random() < 0.5:
            name = f"F{self._number()}"
            on, mine = chance.choice(near), dict(scope)
            text = self.selection(self.schema.type_map[on], depth - 1, mine)
            self._fragments[name] = on, text, mine
        else:
            name = chance.choice(fitting)
            mine = self._fragments[name][2]
            differ = any(scope.get(key, same) != same or len(same) == 3 for key, same in mine.items())
            if differ and not self._off():
                return ""
        scope |= mine
        self._spread.add(name)
        return f"...{name} {self._when()}"

    def _near(self, kind: Any) -> list[str]:
        """Types to which an object of this type may belong."""
        if self._off():
            return [name for name, each in self.schema.type_map.items() if not name.startswith("__")]
        if not is_composite_type(kind):
            return [kind.name]
        possible: Sequence[Any] = self.schema.get_possible_types(kind) if is_abstract_type(kind) else [kind]
        return sorted(
            {kind.name, *(each.name for each in possible), *(i.name for each in possible for i in each.interfaces)}
        )

    def _when(self) -> str:
        chance = self.random
        if chance.random() > 0.1:
            return ""
        words = []
        for word in chance.sample(["skip", "include"], chance.choice((1, 1, 2))):
            boolean = self.schema.type_map["Boolean"]
            condition = chance.choice(["true", "false", "$", "$"])
            if condition == "$":
                condition = f"${self._variable(GraphQLNonNull(boolean), False, '@.if')}"
            words.append(f"@{word}(if: {condition})")
        if self._off():
            words.append(
                chance.choice(
                    ["@skip", "@nothing", "@skip(if: 1)", "@include(if: null)", "@skip(unless: true)", *words]
                )
            )
        return f"{' '.join(words)} "

    def _variable(self, kind: Any, default: bool, coordinate: str) -> str:
        """A variable that may stand where this type is wanted: one that is there, or a new one."""
        chance = self.random
        for name, known in self._variables.items():
            if str(known.kind) == str(kind) and chance.random() < (0.7 if coordinate == "@.if" else 0.3):
                return name
        name, written = f"v{len(self._variables)}", str(kind)
        has_default = False
        plain = get_nullable_type(kind)
        if plain is kind:
            written += chance.choice(["", "", "!"])
            has_default = chance.random() < 0.2
        elif default or chance.random() < 0.15:
            written = str(plain) if chance.random() < 0.6 else written
            has_default = not default or chance.random() < 0.3
        if self._off():
            written = chance.choice(["Int", "String!", "[Int]", "Nothing", "Query", "Boolean", str(plain)])
        self._variables[name] = _Variable(kind, written, has_default, coordinate)
        return name

    def _given(self, known: _Variable) -> Sequence[Any]:
        """A value, or none where it may be left out."""
        if (known.has_default or not known.written.endswith("!") or self._off()) and self.random.random() < 0.2:
            return ()
        kind = known.kind if known.written.endswith("!") else get_nullable_type(known.kind)
        return (self.value(kind, known.coordinate),)

    def _members(self, kind: Any) -> list[str]:
        names = list(kind.fields)
        if kind.is_one_of and not self._off():
            return [self.random.choice(names)]
        needed = [
            n
            for n, f in kind.fields.items()
            if is_non_null_type(f.type) and f.default is None and f.default_value is Undefined
        ]
        weighted = [
            n for n in names if n in needed or self.random.random() < self.weights.get(f"{kind.name}.{n}", 50) / 100
        ]
        return [n for n in weighted if not self._off()] or needed

    def _number(self) -> int:
        self._written += 1
        return self._written

    def _off(self) -> bool:
        return self.wrong > 0 and self.random.random() < self.wrong


def written(value: Any, scalar: str) -> str:
    """A value as a literal."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {written(item, scalar)}" for name, item in value.items()) + "}"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
    return repr(int(value)) if scalar == "Int" else repr(value)


def tokens(text: str) -> list[tuple[int, int, TokenKind]]:
    """Where the tokens of a text stand; none of those behind something that is no token."""
    found: list[tuple[int, int, TokenKind]] = []
    lexer = Lexer(Source(text))
    try:
        while (token := lexer.advance()).kind is not TokenKind.EOF:
            found.append((token.start, token.end, token.kind))
    except Exception:  # noqa: BLE001  # a text that is no document
        return found
    return found


LITERALS = {TokenKind.INT, TokenKind.FLOAT, TokenKind.STRING}


def relit(text: str, random: Random, other: Callable[[str], str]) -> str:
    """The same form with other literals: of each that stands there in `other`'s words, or as it is."""
    parts: list[str] = []
    at = 0
    for start, end, kind in tokens(text):
        if kind in LITERALS and random.random() < 0.7:
            parts += [text[at:start], other(text[start:end])]
            at = end
    return "".join(parts) + text[at:]


def marred(text: str, random: Random, names: Sequence[str]) -> str:
    """One or two tokens gone, doubled, exchanged, or replaced by something else that might stand there."""
    for _ in range(random.choice((1, 1, 1, 2))):
        found = tokens(text)
        if not found:
            return text
        start, end, kind = random.choice(found)
        dice = random.random()
        if dice < 0.2:
            text = text[:start] + text[end:]
        elif dice < 0.3:
            text = f"{text[:end]} {text[start:end]}{text[end:]}"
        elif dice < 0.4:
            text = f"{text[:start]}{random.choice(PIECES)} {text[start:]}"
        elif dice < 0.7 and kind is TokenKind.NAME:
            mine = [text[s:e] for s, e, k in found if k is TokenKind.NAME]
            text = text[:start] + random.choice([*mine, *names]) + text[end:]
        elif dice < 0.85:
            other, last, _ = random.choice(found)
            text = text[:start] + text[other:last] + text[end:]
        else:
            text = text[:start] + random.choice(PIECES) + text[end:]
    return text


def respelt(text: str, random: Random) -> str:
    """The same document with other white space, commas and comments."""
    parts, at = list[str](), 0
    for start, end, _ in tokens(text):
        gap = random.choice([" ", "  ", "\n", ",", "\t", ' # 1 "x" {\n', "\ufeff", "\r\n", ", ,"])
        parts += [gap if at < start or random.random() < 0.2 else text[at:start], text[start:end]]
        at = end
    return "".join(parts) + random.choice(["", "\n", " # end"])
