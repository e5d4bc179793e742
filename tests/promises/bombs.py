"""Documents and variables that would cost much if they were worked on: what refuses them costs little.

Data for the tests of limits and for `make leaks`, which times them. Each is named, and bears the code of its refusal.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

TOO_LONG = "GRAPHQL_PARSE_FAILED"  # of more tokens, or deeper, than is read at all
KEY = '{uscc: "91370203DEM801006B"}'


class Bomb(NamedTuple):
    """What is sent, and what it is refused with."""

    query: str
    variables: Mapping[str, Any]
    code: str = "LIMIT_EXCEEDED"


def chain(levels: int, times: int) -> str:
    """Every fragment spreads the next one `times` times."""
    fragments = [f"fragment F{n} on Query {{ {f'...F{n + 1} ' * times} }}" for n in range(levels)]
    return " ".join(["{ ...F0 }", *fragments, f"fragment F{levels} on Query {{ __typename }}"])


def nested(levels: int, before: str, inner: str, after: str) -> str:
    return before * levels + inner + after * levels


def subject(inner: str) -> str:
    return f"{{ subject(id: {KEY}) {{ {inner} }} }}"


OVERLAPPING = " ".join(f"... on CreditSubject {{ a{n}: id ...S }}" for n in range(160))
BOMBS: Mapping[str, Bomb] = {
    "fragments nested 200 levels": Bomb(chain(200, 1), {}),
    "fragments doubling 58 times": Bomb(chain(58, 2), {}),
    "fragments of 100 spreads, 58 levels": Bomb(chain(58, 100), {}, TOO_LONG),
    "a fragment in itself": Bomb("{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }", {}),
    "1,000 aliases": Bomb(subject(" ".join(f"a{n}: id" for n in range(1_000))), {}),
    "1,000 aliases of a root": Bomb("{ " + " ".join(f"a{n}: platforms {{ id }}" for n in range(1_000)) + " }", {}),
    "1,000 directives": Bomb(subject("id " + "@include(if: true) " * 1_000), {}),
    "1,000 fields with a directive": Bomb(subject("id @skip(if: false) " * 1_000), {}, TOO_LONG),
    "3,000 deep": Bomb(nested(3_000, "{ a ", "", "}"), {}, TOO_LONG),
    "3,000 inline fragments deep": Bomb("{ " + nested(3_000, "... { ", "__typename", " }") + " }", {}, TOO_LONG),
    "160 spreads that overlap": Bomb(subject(OVERLAPPING) + " fragment S on CreditSubject { id kind uscc name }", {}),
    "one field 5,000 times": Bomb(subject("id " * 5_000), {}),
    "a list of 1,000 subjects": Bomb(
        "query($ids: [SubjectKey!]!) { subjects(ids: $ids) { id } }", {"ids": [{"uscc": "91370203DEM801006B"}] * 1_000}
    ),
    "a list of 1,000 subjects in the document": Bomb(f"{{ subjects(ids: [{f'{KEY} ' * 1_000}]) {{ id }} }}", {}),
    "objects 2,000 deep in an argument": Bomb(
        f"{{ subject(id: {nested(2_000, '{uscc: ', '1', '}')}) {{ id }} }}", {}, TOO_LONG
    ),
    "lists 2,000 deep in an argument": Bomb(
        f"{{ subjects(ids: {nested(2_000, '[', '', ']')}) {{ id }} }}", {}, TOO_LONG
    ),
    "2,000 operations": Bomb(" ".join(f"query Q{n} {{ __typename }}" for n in range(2_000)), {}, TOO_LONG),
    "2,000 variables": Bomb(
        f"query({' '.join(f'$v{n}: Int' for n in range(2_000))}) {{ __typename }}", {}, TOO_LONG
    ),
    "introspection that multiplies": Bomb(
        "{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }", {},
        "GRAPHQL_VALIDATION_FAILED",
    ),
}  # fmt: skip
