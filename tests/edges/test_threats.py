"""deploy/SECURITY.md keeps its word: each attack has a defence, each defence a test that exists, or says `not yet`."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAPER = ROOT / "deploy" / "SECURITY.md"
OPEN = "not yet"
NODE = re.compile(r"(tests/\w+/test_\w+\.py)::(test_\w+)")

# What nobody defends yet. A row may leave this list when it is defended; none may come into it unseen.
NOT_YET = {"CSRF on a console", "session fixation"}

# The attacks that were thought of before anything was built, by group: each stands in the first cell of a row.
ATTACKS = {
    "Tokens": (
        "alg none", "HS256", "kid", "jku", "ID token", "audience", "issuer speaking for", "bound token as Bearer",
        "DPoP replay", "another URL", "doubled Authorization", "10-year", "scope as object",
        "header, variable or comment", "consent expired", "consent withdrawn", "another subject, grantee or purpose",
    ),
    "Reaching a denied field": (
        "alias", "fragment", "inline fragment on the interface", "@include", "defaults", "operationName", "batch",
        "_entities", "node", "edges", "filters", "order", "cursor", "count", "error text", "suggestion", "timing",
        "introspection", "cache of another caller", "tested by search",
    ),
    "Amplification": (
        "alias", "field", "directive", "fragment", "list", "fan-out", "slow clients", "sequential identifiers",
    ),
    "Upstream": (
        "extra fields", "another subject's row", "duplicate rows", "script", "bidi", "NUL", "huge", "compressed",
        "deep JSON", "NaN", "truncated", "wrong type", "HTML with 200", "XXE", "entity bombs", "redirects", "desync",
        "dripping", "hanging",
    ),
    "Configuration": (
        "platform's URL", "WSDL", "JWKS", "DNS rebinding", "literal secrets", "a city file that grants",
        "unsigned agreement", "cut at any byte", "rollback", "one officer",
    ),
    "Console": ("CSRF", "XSS", "session fixation", "another city's platform"),
    "Audit": (
        "edit", "delete", "reorder", "truncate", "re-chain", "forge time", "newline", "bidi", "disk full", "flooding",
    ),
}  # fmt: skip


@cache
def tables() -> dict[str, list[list[str]]]:
    """The rows of each group's table: attack, defence, tests."""
    found: dict[str, list[list[str]]] = {}
    group = ""
    for line in PAPER.read_text("utf-8").splitlines():
        if line.startswith("## "):
            group = line[3:]
        elif line.startswith("| ") and group in ATTACKS:
            row = [cell.strip() for cell in line.strip().strip("|").split("|")]
            if row[0] != "attack":
                found.setdefault(group, []).append(row)
    return found


@cache
def functions_of(path: str) -> frozenset[str]:
    tree = ast.parse((ROOT / path).read_bytes())
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


@pytest.mark.parametrize("group", ATTACKS)
def test_every_attack_has_its_row(group: str) -> None:
    """Each attack that was thought of stands in the table of its group, with a defence in words."""
    rows = tables()[group]
    assert [attack for attack in ATTACKS[group] if not any(attack in row[0] for row in rows)] == []
    assert [row[0] for row in rows if len(row) != 3 or len(row[1]) < 7] == []
    assert len({row[0] for row in rows}) == len(rows)


@pytest.mark.parametrize("group", ATTACKS)
def test_every_defence_has_a_test_that_exists(group: str) -> None:
    """The last cell of a row holds nothing but tests of this house that exist, or says that there is none yet."""
    missing = []
    for attack, _, cell in tables()[group]:
        named = [word.strip().strip("`") for word in cell.split(",")]
        if named == [OPEN]:
            continue
        nodes = [NODE.fullmatch(word) for word in named]
        missing += [attack for node in nodes if not node or node[2] not in functions_of(node[1])]
    assert missing == []


def test_what_is_open_is_known_to_be_open() -> None:
    """Rows without a test are those of the list above, no more and no fewer."""
    undefended = {row[0] for rows in tables().values() for row in rows if OPEN in row[2]}
    assert undefended == NOT_YET
