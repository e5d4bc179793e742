"""A secret in a declaration is refused wherever one can stand: each reference of each template, by its line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.declaration import PlatformWords
from gateway.documents import Document, DocumentError

PLATFORMS = Path(__file__).parents[2] / "connectors/platforms"
REFERENCE = re.compile(r"\b(?:env:[A-Z_]+|secret:[\w./-]+)")
LITERAL = "hunter2-10.1.2.3"


def places() -> Iterator[tuple[str, int, str]]:
    """Every reference of every template: the file, the line, and the text with a literal in its place."""
    for path in sorted(PLATFORMS.glob("_*.yaml")):
        lines = path.read_text("utf-8").splitlines()
        for number, line in enumerate(lines):
            for found in REFERENCE.finditer(line.partition(" #")[0] if not line.startswith("#") else ""):
                if line[: found.start()].endswith("sysId: "):  # a number or a name as a rule: either may stand there
                    continue
                wrong = line[: found.start()] + LITERAL + line[found.end() :]
                yield path.name, number + 1, "\n".join([*lines[:number], wrong, *lines[number + 1 :]]) + "\n"


PLACES = list(places())


@pytest.mark.parametrize(("name", "line", "text"), PLACES, ids=[f"{name}:{line}" for name, line, _ in PLACES])
def test_a_literal_is_refused_at_its_line(name: str, line: int, text: str) -> None:
    """Addresses, users, passwords, keys and tokens are references; the message says where, and repeats nothing."""
    with pytest.raises(DocumentError) as caught:
        Document(name, text.encode()).read(PlatformWords)
    assert f"{name}:{line}: " in str(caught.value)
    assert "`env:NAME` or `secret:path`" in str(caught.value)
    assert LITERAL not in str(caught.value)


NAMED = ["Authorization", "X-Api-Key", "cookie", "access_token", "client_secret", "passwd", "PWD", "appKey", "sign"]


@pytest.mark.parametrize("name", NAMED)
@pytest.mark.parametrize("place", ["headers", "query", "form", "json", "deep json", "input", "deep input"])
def test_what_is_named_like_a_credential_is_a_reference(name: str, place: str) -> None:
    """In headers, parameters, bodies and messages a literal under such a name is refused, at any depth."""
    path, soap = PLATFORMS / "_template.yaml", PLATFORMS / "_template-soap.yaml"
    text = (soap if "input" in place else path).read_text("utf-8")
    words = f'{{"{name}": "{LITERAL}"}}'
    if place == "headers":
        text = text.replace("headers: {X-App: credit-gateway}", f"headers: {words}")
    elif place == "query":
        text = text.replace('query: {codes: "{subjects}", fields: "{projection}"}', f"query: {words}")
    elif "input" in place:
        line = next(each for each in text.splitlines() if each.startswith("    input:"))
        text = text.replace(line, f"    input:\n      {words[1:-1] if place == 'input' else f'a: {{b: [{words}]}}'}", 1)
    else:
        body = words if "deep" not in place else f"{{a: {{b: [{words}]}}}}"
        body = f"{place.removeprefix('deep ')}: {body}"
        text = text.replace(
            "method: GET\n      path: /api/v2/registrations", f"method: POST\n      path: /a\n      {body}"
        )
    assert LITERAL in text
    with pytest.raises(DocumentError) as caught:
        Document("a.yaml", text.encode()).read(PlatformWords)
    assert f"`{name}` looks like a credential" in str(caught.value)
    assert LITERAL not in str(caught.value)
