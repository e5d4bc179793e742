"""Texts with places to fill in: `{subject}`, `{subjects}`, `{projection}`, in whatever shape a question has.

A template is a text, or mappings and lists of texts. Placeholders are replaced once, so that a value can never
become a placeholder; whoever sends the result encodes it for the place where it stands. References
(`env:NAME`, `secret:path`) are resolved when the connector opens.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from connectors.spelling import is_reference

PLACEHOLDER = re.compile(r"\{(\w+)\}")
KNOWN = frozenset({"subject", "subjects", "projection"})
Resolve = Callable[[str], str]


class Literal(str):
    """What a reference stood for: braces in it are its own."""

    __slots__ = ()


def texts(template: Any) -> Iterator[str]:
    """Every text of a template."""
    if isinstance(template, str):
        yield template
    elif isinstance(template, dict | list):
        for value in template.values() if isinstance(template, dict) else template:
            yield from texts(value)


def placeholders(template: Any) -> frozenset[str]:
    """Every placeholder that a template uses."""
    return frozenset(name for text in texts(template) for name in parted(text)[1::2])


def parted(text: str) -> list[str]:
    """What stands between the placeholders of a text, and their names: text, name, text, name, …, text."""
    return [str(text)] if isinstance(text, Literal) else PLACEHOLDER.split(text)


def faults(used: Iterable[str], batch: int) -> Iterator[tuple[str, str]]:
    """What is wrong with the placeholders of a question: the word at fault (`batch`, or empty) and why."""
    names = frozenset(used)
    for name in sorted(names - KNOWN):
        known = ", ".join(f"`{{{word}}}`" for word in sorted(KNOWN))
        yield "", f"unknown placeholder `{{{name}}}`; known: {known}"
    if not names & {"subject", "subjects"}:
        yield "", "the request names no subject; put `{subject}` or `{subjects}` where it belongs"
    if "subject" in names and batch > 1:
        yield "batch", "`{subject}` is one at a time: write `batch: 1`, or `{subjects}` in the request"


def filled(template: Any, slots: Mapping[str, Any]) -> Any:
    """The template with its placeholders replaced; a text that is one placeholder becomes the slot's own value."""
    if isinstance(template, dict):
        return {key: filled(value, slots) for key, value in template.items()}
    if isinstance(template, list):
        return [filled(value, slots) for value in template]
    if not isinstance(template, str):
        return template
    if isinstance(template, Literal):
        return str(template)
    whole = PLACEHOLDER.fullmatch(template)
    if whole is not None:
        return slots[whole[1]]
    return PLACEHOLDER.sub(lambda found: str(slots[found[1]]), template)


def resolved(template: Any, resolve: Resolve) -> Any:
    """The template with its references resolved."""
    if isinstance(template, dict):
        return {key: resolved(value, resolve) for key, value in template.items()}
    if isinstance(template, list):
        return [resolved(value, resolve) for value in template]
    return Literal(resolve(template)) if is_reference(template) else template
