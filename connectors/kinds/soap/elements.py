"""XML as it may come from a platform: read with nothing switched on that could reach, expand or exhaust anything.

A document type is refused before anything is parsed, so that there are no entities, external or nested; depth is
bounded; comments and processing instructions are dropped. Elements become texts and mappings by local name:
prefixes and namespaces say nothing here. An element that holds nothing is None.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from lxml import etree

from connectors.contract import ContractBroken, Unavailable
from connectors.mapping.paths import Look, below, within

MAX_DEPTH = 32
MOST_TAGS = 500_000  # in an answer: to read more of them would hold up all other questions
_TOO_DEEP = etree.XPath(f"boolean({'/*' * (MAX_DEPTH + 1)})")
_DECLARATION = re.compile(r"\s*<\?xml\b[^>]*\?>")
_NAME = re.compile(r"@?[^\W\d][\w\-]*")
_XSI = "{http://www.w3.org/2001/XMLSchema-instance}"
_NIL = f"{_XSI}nil"
OWN_TEXT = ""  # where a mapping keeps the text of an element that has attributes too


def tree(text: str) -> etree._Element:
    """The root of an XML text that has been decoded; what its declaration says of an encoding is past.

    Raises Unavailable when it is no whole XML, ContractBroken when it is XML that no message may be.
    """
    if "<!DOCTYPE" in text:
        raise ContractBroken("the answer holds a document type, which no message may")
    if text.count("<") > MOST_TAGS:
        raise ContractBroken(f"the answer holds more than {MOST_TAGS} tags")
    # a parser of its own: lxml's keep state, and answers are read side by side
    parser = etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        text = text.removeprefix("\ufeff")
        declared = _DECLARATION.match(text)
        root = etree.fromstring(text[declared.end() if declared else 0 :].encode(), parser)
    except (etree.XMLSyntaxError, ValueError):  # ValueError: half of a surrogate pair
        raise Unavailable("the platform's answer is not XML, or not all of it") from None
    if _TOO_DEEP(root):
        raise ContractBroken(f"the answer is nested deeper than {MAX_DEPTH} levels")
    return root


def local(element: etree._Element) -> str:
    """The name of an element without its namespace."""
    name: str = element.tag
    return name[name.rfind("}") + 1 :]


def plain(element: etree._Element) -> Any:
    """An element as text, as a mapping of what it holds (lists where a name comes again), or None."""
    found: dict[str, Any] = {}
    for child in element:
        name = local(child)
        # most elements are leaves without attributes: they are read on the spot, which halves the time of a row
        value = _own_text(child) if not len(child) and not child.keys() else plain(child)
        if name not in found:
            found[name] = value
        elif isinstance(found[name], list):
            found[name].append(value)
        else:
            found[name] = [found[name], value]
    for word, value in element.items():
        if not word.startswith(_XSI):
            found["@" + word.rpartition("}")[2]] = value
        elif word == _NIL and value in {"true", "1"}:
            return None
    text = _own_text(element)
    if not found:
        return text
    if not len(element):
        found[OWN_TEXT] = text
    return found


def _own_text(element: etree._Element) -> str | None:
    text: str | None = element.text
    return None if not text or text.isspace() else text  # an empty section of CDATA is a text of no characters


def lookup(text: str) -> Look:
    """Names of elements with dots between, the last perhaps `@name` of an attribute; found in either letter case.

    Raises ValueError when it is not that.
    """
    steps = text.split(".")
    if not all(map(_NAME.fullmatch, steps)) or any(step.startswith("@") for step in steps[:-1]):
        raise ValueError("write names of elements without prefix, dots between them, or `@name` for an attribute")

    def look(row: Any) -> Any:
        for step in steps:
            row = within(row, step)
        return row[OWN_TEXT] if isinstance(row, dict) and OWN_TEXT in row else row

    return look


def children(element: etree._Element, name: str) -> list[etree._Element]:
    """The child elements of a name as it is spelled, else in upper, else in lower case."""
    held: dict[str, list[etree._Element]] = {}
    for child in element:
        held.setdefault(local(child), []).append(child)
    return below(held, name) or []


def text_at(element: etree._Element, path: str) -> str | None:
    """The trimmed text at a path below an element, of the first where several are; None when there is none."""
    *way, last = path.split(".")
    for step in way:
        found = children(element, step)
        if not found:
            return None
        element = found[0]
    if last.startswith("@"):
        text = below({name.rpartition("}")[2]: value for name, value in element.items()}, last[1:])
    else:
        text = next((each.text for each in children(element, last)), None)
    return (text or "").strip() or None


def written(content: Mapping[str, Any]) -> str:
    """XML text with one root, from a mapping: names and texts, mappings, and lists for what comes again.

    Raises ValueError for a name or a text that XML cannot hold.
    """
    ((name, value),) = content.items()
    return str(etree.tostring(_element(name, value), encoding="unicode"))


def _element(name: str, value: Any) -> etree._Element:
    element = etree.Element(name)
    if not isinstance(value, dict):
        element.text = value
        return element
    for word, part in value.items():
        if word.startswith("@"):
            element.set(word[1:], part)
        else:
            for one in part if isinstance(part, list) else [part]:
                element.append(_element(word, one))
    return element
