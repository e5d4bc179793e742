"""A document's text -> its normal form: what two documents share that ask the same and differ in spelling alone.

White space, comments and the operation's name are dropped; numbers and texts in the selections become slots. A slot
keeps what validity hangs on: its kind, and that it is the same slot wherever the same literal stands. So
`first: 1`, `first: "1"` and `a(first: 1) a(first: 2)` never share a form. A text that is anything out of the
ordinary (escapes, block strings, several operations, a character that is no token) has no normal form: it is then
read for itself. Nothing here decides whether a document is valid.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Kind = Literal["Int", "Float", "String"]
Slot = tuple[Kind, str]  # the literal's text; that of a string without its quotes

TOKEN = re.compile(
    r"(?:[ \t\n\r,\ufeff]|#[^\n\r\ud800-\udfff]*)*"
    r"(?:([_A-Za-z][_0-9A-Za-z]*|\.\.\.|[!$&()\[\]{}:=@|])"
    r'|"(?!"")([ !#-\[\]-\ud7ff\ue000-\U0010ffff]*)"(?!")'
    r"|(-?(?:0|[1-9][0-9]*)((?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?))(?![0-9A-Za-z_.])"
    r"|(\Z))"
)
LONGEST = 20_000  # characters; the parser stops at fewer tokens than a longer text is likely to hold
SEPARATOR = "\x00"  # no token holds it


@dataclass(frozen=True, slots=True)
class Normal:
    """`key` is equal for documents of one form; `slots` are this document's literals, each once."""

    key: str
    slots: tuple[Slot, ...]
    name: str | None  # the operation's


def normalise(text: str) -> Normal | None:
    """The normal form of a document with one operation; None for anything out of the ordinary."""
    if len(text) > LONGEST:
        return None
    parts: list[str] = []
    slots: dict[Slot, str] = {}
    position = depth = operations = 0
    rounds = 0  # open brackets of variable definitions and directives, outside of selections
    before = ""
    name: str | None = None
    for match in TOKEN.finditer(text):
        if match.start() != position:
            return None
        position = match.end()
        word, string, number, fraction, end = match.groups()
        if word is not None:
            if word == "{":
                if rounds:
                    return None  # an object as a default value
                if not depth and before in {"", "}"}:
                    operations += 1
                depth += 1
            elif word == "}":
                depth -= 1
            elif not depth:
                if word == "(":
                    rounds += 1
                elif word == ")":
                    rounds -= 1
                elif before in {"", "}"}:
                    operations += word != "fragment"
                    before = "query is next" if word == "query" else word
                    parts.append(word)
                    continue
                elif before == "query is next" and word.isidentifier():
                    name, before = word, word
                    continue
            before = word
        elif end is not None:
            break
        else:
            slot: Slot = ("String", string) if string is not None else ("Float" if fraction else "Int", number)
            if not depth:
                word = f'"{string}"' if string is not None else number
            else:
                word = slots.get(slot)
                if word is None:
                    word = slots[slot] = f"\x01{slot[0]}{len(slots)}"
            before = "value"
        parts.append(word)
    if position != len(text) or depth or operations != 1:
        return None
    return Normal(SEPARATOR.join(parts), tuple(slots), name)
