"""What a declaration says once for many fields, written into each of them: defaults, vocabularies by name and by file.

After `settle` every type and field says everything itself, and nothing behind it needs to know that it was said
elsewhere. A vocabulary's file is CSV in UTF-8 beside the declaration, read once, when the declaration is: its first
row names the columns, its first column holds the platform's codes, its second the catalogue's; others are notes.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from connectors.contract import Document
from connectors.declaration import Defaults, PlatformWords, TypeWords, beneath, source_of
from connectors.fields import FieldWords, ObjectWords
from connectors.sources import SqlSource
from connectors.spelling import Block, Codes
from connectors.terms import Terms, TypeTerm

_BY_KIND = {"date": ("date", "never", "unknown", "unknownBefore", "zone"), "timestamp": ("timestamp", "zone")}
_OF_TYPES = ("trim", "maxRejected", "batch")

Place = tuple[str | int, ...]


def settle(document: Document, words: PlatformWords, terms: Terms) -> tuple[PlatformWords, list[str]]:
    """The same declaration with everything written out, and what is wrong with the words that were shared."""
    settling = _Settling(document, words, terms)
    types = {name: settling.type(name, _spelt(each, words)) for name, each in words.types.items()}
    settling.idle()
    return words.model_copy(update={"types": types}), settling.found


class _Settling:
    def __init__(self, document: Document, words: PlatformWords, terms: Terms) -> None:
        self._document, self._terms = document, terms
        self._shared, self._defaults = words.vocabularies, words.defaults
        self._used: set[str] = set()
        self._files: dict[str, Codes] = {}
        self.found: list[str] = []

    def type(self, name: str, words: TypeWords) -> TypeWords:
        term = self._terms.types.get(name)
        given, at = words.model_fields_set, ("types", name)
        update: dict[str, Any] = {word: getattr(self._defaults, word) for word in _OF_TYPES if word not in given}
        if self._defaults.batch is None or words.request is not None or words.call is not None:
            update.pop("batch", None)  # how many subjects a request takes is its own affair
        update["null"] = (*self._defaults.null, *words.null)
        update["fields"] = self._fields((*at, "fields"), "", words.fields, term)
        update["objects"] = {
            key: each.model_copy(update={"fields": self._object((*at, "objects", key), key, each, term)})
            for key, each in words.objects.items()
        }
        settled = words.model_copy(update=update)
        settled.__pydantic_fields_set__.difference_update(set(update) - given)  # what was said stays what was said
        return settled

    def idle(self) -> None:
        for name in sorted(set(self._shared) - self._used):
            self._say(("vocabularies", name), f"no field uses the vocabulary `{name}`; leave it out")

    def _object(self, at: Place, name: str, words: ObjectWords, term: TypeTerm | None) -> Mapping[str, FieldWords]:
        return self._fields((*at, "fields"), f"{name}.", words.fields, term)

    def _fields(
        self, at: Place, prefix: str, fields: Mapping[str, FieldWords], term: TypeTerm | None
    ) -> dict[str, FieldWords]:
        kinds = {} if term is None else {name: each.kind for name, each in term.fields.items()}
        return {name: self._field((*at, name), each, kinds.get(prefix + name, "")) for name, each in fields.items()}

    def _field(self, at: Place, words: FieldWords, kind: str) -> FieldWords:
        update = _timely(self._defaults, words, kind)
        if isinstance(words.vocabulary, str):
            update["vocabulary"] = self._named(at, words.vocabulary)
        if words.vocabularyFile is not None:
            update["vocabulary"] = self._filed(at, words.vocabularyFile)
            if words.vocabulary is not None:
                self._say((*at, "vocabularyFile"), "write `vocabulary` or `vocabularyFile`, not both")
        return words.model_copy(update=update) if update else words

    def _named(self, at: Place, name: str) -> Codes:
        self._used.add(name)
        if name not in self._shared:
            self._say((*at, "vocabulary"), f"`{name}` is not one of `vocabularies`", name)
        return self._shared.get(name, {})

    def _filed(self, at: Place, name: str) -> Codes:
        if name not in self._files:
            self._files[name] = {}
            try:
                self._files[name] = dict(_codes(name, self._document.beside(name)))
            except ValueError as reason:
                self._say((*at, "vocabularyFile"), str(reason))
        return self._files[name]

    def _say(self, at: Place, message: str, word: str | None = None) -> None:
        known = self._shared if word is not None else ()
        self.found.append(str(self._document.problem(at, message, word, known)))


def _spelt(words: TypeWords, platform: PlatformWords) -> TypeWords:
    """A type with its table and columns in the letter case of its database."""
    name = source_of(words, platform)
    source = beneath(name, platform) if name in platform.sources else None
    if not isinstance(source, SqlSource) or source.columns is None:
        return words
    turn = str.upper if source.columns == "upper" else str.lower
    turned: TypeWords = _turned(words, turn)
    return turned.model_copy(update={"key": tuple(map(turn, words.key))})


def _turned(value: Any, turn: Callable[[str], str]) -> Any:
    """The same words with every `column` and `table` turned."""
    if isinstance(value, dict):
        return {key: _turned(each, turn) for key, each in value.items()}
    if isinstance(value, tuple):
        return tuple(_turned(each, turn) for each in value)
    if not isinstance(value, Block):
        return value
    update = {name: _turned(getattr(value, name), turn) for name in value.model_fields_set}
    names = {word: getattr(value, word, None) for word in ("column", "table")}
    update |= {word: turn(name) for word, name in names.items() if name is not None}
    return value.model_copy(update=update)


def _timely(defaults: Defaults, words: FieldWords, kind: str) -> dict[str, Any]:
    """The defaults of a date or a timestamp that the field does not say itself."""
    if words.const is not None or words.when:
        return {}
    given, said = words.model_fields_set, defaults.model_fields_set
    return {word: getattr(defaults, word) for word in _BY_KIND.get(kind, ()) if word in said and word not in given}


def _codes(name: str, content: bytes) -> Iterator[tuple[str, str]]:
    """The rows of a vocabulary's file. Raises ValueError with file and line."""
    try:
        table = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True)
        lines = [(table.line_num, [cell.strip() for cell in cells]) for cells in table]
    except UnicodeDecodeError:
        raise ValueError(f"`{name}` is not UTF-8; save it as CSV in UTF-8") from None
    except csv.Error:
        raise ValueError(f"`{name}` is not well-formed CSV") from None
    seen: set[str] = set()
    for number, cells in lines[1:]:
        if not any(cells):
            continue
        if len(cells) < 2 or not (cells[0] and cells[1]):
            raise ValueError(f"`{name}`, line {number}: a code of yours and one of the catalogue are expected")
        if cells[0] in seen:
            raise ValueError(f"`{name}`, line {number}: the code stands there twice")
        seen.add(cells[0])
        yield cells[0], cells[1]
    if not seen:
        raise ValueError(f"`{name}` holds no codes below its first row")
