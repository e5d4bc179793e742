"""The text of a YAML file as plain data, and the line of every key and item in it.

libyaml (by PyYAML) finds the words, in a tenth of the time that a reader in Python takes, and every command begins by
reading the policies; what a plain word means ruamel.yaml says, by YAML 1.2: `no` and `08:00` are text. Refused, with
the line: a key that stands twice or is no text, a tag, a second document, and what goes beyond `MAX_ALIASES` or
`MAX_DEPTH`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import yaml
from ruamel.yaml import YAML
from ruamel.yaml.nodes import ScalarNode

MAX_ALIASES = 64
MAX_DEPTH = 64
READER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # where PyYAML was built without libyaml: the same, slowly
CORE = "tag:yaml.org,2002:"
WORDS = frozenset(CORE + kind for kind in ("bool", "float", "int", "null", "timestamp"))
MAY_BEGIN_A_WORD = frozenset("~+-.0123456789tTfFnN")
MERGE = "<<"
WIDE_BLANK = re.compile(r" *[^\S \t]\s*[\w-]+:")  # before a word
WIDE_COLON = re.compile(r"[- ]*[\w-]+：")


class Misread(ValueError):
    """What is wrong with a text, and on which line of it (from 1)."""

    def __init__(self, line: int, problem: str) -> None:
        self.line = line
        super().__init__(problem)


@dataclass(slots=True)
class Place:
    """The line of a key or an item (from 1), and the places of what stands within its value, by key or number."""

    line: int
    within: dict[str | int, Place] = field(default_factory=dict)


def read(text: str) -> tuple[Any, Place]:
    """What a text says, and where. Raises Misread."""
    try:
        return _Reading(text).document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        lines = text.splitlines()
        for number in (mark.line, mark.line - 1) if mark else ():  # what is wide is found out on the line after it
            line = lines[number] if 0 <= number < len(lines) else ""
            if number == mark.line and "\t" in line[: len(line) - len(line.lstrip())]:
                raise Misread(number + 1, "a tab stands here: indent with blanks") from None
            if WIDE_BLANK.match(line):
                raise Misread(number + 1, "a wide blank stands here: indent with plain blanks") from None
            if WIDE_COLON.match(line):
                raise Misread(number + 1, "a wide colon stands here: write a plain one and a blank") from None
        raise Misread(mark.line + 1 if mark else 1, (error.problem or "not YAML").splitlines()[0]) from None
    except yaml.YAMLError as error:
        raise Misread(1, str(error).splitlines()[0]) from None


class _Reading:
    """One walk over a text's events. Aliases share what they stand for: nothing is expanded."""

    def __init__(self, text: str) -> None:
        self._events: Iterator[Any] = iter(yaml.parse(text, READER))
        self._anchors: dict[str, tuple[Any, Place]] = {}
        self._aliases = 0

    def document(self) -> tuple[Any, Place]:
        next(self._events)  # the stream's start
        start = next(self._events)
        if isinstance(start, yaml.StreamEndEvent):
            return None, Place(1)
        if start.version not in (None, (1, 2)):
            raise _misread(start, "files are read as YAML 1.2; leave `%YAML` out")
        found = self._value(next(self._events), 0)
        next(self._events)  # the document's end
        more = next(self._events)
        if not isinstance(more, yaml.StreamEndEvent):
            raise _misread(more, "another document begins; a file holds one")
        return found

    def _value(self, event: Any, depth: int) -> tuple[Any, Place]:
        if isinstance(event, yaml.AliasEvent):
            return self._meant_by(event)
        if depth > MAX_DEPTH:
            raise _misread(event, f"more than {MAX_DEPTH} levels; write it flatter")
        place = Place(event.start_mark.line + 1)
        data: Any
        if isinstance(event, yaml.ScalarEvent):
            data = _scalar(event)
        elif isinstance(event, yaml.SequenceStartEvent):
            _untagged(event, "seq")
            data = self._items(place, depth)
        else:
            _untagged(event, "map")
            data = self._entries(place, depth)
        if event.anchor is not None:
            self._anchors[event.anchor] = data, place
        return data, place

    def _items(self, place: Place, depth: int) -> list[Any]:
        data: list[Any] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            value, found = self._value(event, depth + 1)
            place.within[len(data)] = Place(event.start_mark.line + 1, found.within)
            data.append(value)
        return data

    def _entries(self, place: Place, depth: int) -> dict[str, Any]:
        data: dict[str, Any] = {}
        merged: Sequence[Any] | None = None
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            merging = isinstance(event, yaml.ScalarEvent) and event.value == MERGE and event.implicit[0]
            key = MERGE if merging else self._key(event, depth)
            if key in data or (merging and merged is not None):
                raise _misread(event, f'found duplicate key "{key}"')
            value, found = self._value(next(self._events), depth + 1)
            if merging:
                merged = value if isinstance(value, list) else [value]
                if not all(isinstance(each, dict) for each in merged):
                    raise _misread(event, f"`{MERGE}` takes mappings")
                continue
            data[key] = value
            place.within[key] = Place(event.start_mark.line + 1, found.within)
        for each in merged or ():  # what stands here prevails, then what was merged first
            data = data | {key: value for key, value in each.items() if key not in data}
        return data

    def _key(self, event: Any, depth: int) -> str:
        key, _ = self._value(event, depth + 1)
        if key is None:
            return "null"  # as a key it can only mean the word
        if not isinstance(key, str):  # `0123` would arrive as 123
            raise _misread(event, "a key is text: write it in quotes")
        return key

    def _meant_by(self, event: Any) -> tuple[Any, Place]:
        self._aliases += 1
        if self._aliases > MAX_ALIASES:
            raise Misread(1, f"more than {MAX_ALIASES} aliases; write the values out")
        if event.anchor not in self._anchors:
            raise _misread(event, f"found undefined alias '{event.anchor}'")
        return self._anchors[event.anchor]


def _misread(event: Any, problem: str) -> Misread:
    return Misread(event.start_mark.line + 1, problem)


def _untagged(event: Any, kind: str) -> None:
    if event.tag not in (None, CORE + kind):
        raise _misread(event, "a tag such as `!x` is not allowed; write the plain value")


def _scalar(event: Any) -> Any:
    if event.tag is not None or not event.implicit[0]:
        _untagged(event, "str")
        return event.value
    word = event.value
    if word and word[0] not in MAY_BEGIN_A_WORD:
        return word
    try:
        return _meaning(word)
    except ValueError:
        raise _misread(
            event, "looks like a day or a number and is none: no calendar has it, or it is text and stands in quotes"
        ) from None


@lru_cache(maxsize=1 << 12)
def _meaning(word: str) -> Any:
    """What stands without quotes: text, a number, a day, true, false or nothing. Raises ValueError."""
    reader = YAML(typ="safe", pure=True)
    tag = reader.resolver.resolve(ScalarNode, word, (True, False))
    return reader.constructor.construct_document(ScalarNode(tag, word)) if str(tag) in WORDS else word
