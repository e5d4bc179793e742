"""How a field of the catalogue may be spelt as a column: a standard's code, Chinese, pinyin, its initials, English.

Each manner has a weight between 0 and 1, which says how seldom such a spelling means something else. Words that mean
the same (alike.csv) are taken for each other. Nothing here looks at a value.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

from connectors.suggesting.names import FieldName

CODE, LABEL, PINYIN, ENGLISH, INITIALS, NEARLY, SHORT, PARTLY = 0.99, 0.97, 0.95, 0.92, 0.9, 0.8, 0.7, 0.6
_BRACKETS = re.compile(r"[（(].*?[)）]")
_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_SMALL = frozenset({"of", "the", "a", "an", "in", "on", "to", "by", "and", "or", "that", "it", "is"})
_WHOSE = frozenset({"ent", "subject", "info", "data"})  # whose a thing is, which the record says already
_LEAST = 3  # letters of initials that are not a coincidence

Said = Mapping[str, tuple[float, str]]  # spelling -> its weight, and the manner in words


def plain(name: str) -> str:
    """A name of a column in capitals, without width, blanks and signs."""
    return "".join(sign for sign in unicodedata.normalize("NFKC", name).upper() if sign.isalnum())


def coded(name: str) -> str:
    """A name in capitals, without width and blanks: its signs belong to a code, CF_JG is not CFJG."""
    return "".join(unicodedata.normalize("NFKC", name).upper().split())


def unbracketed(name: str) -> str:
    return _BRACKETS.sub("", name).strip()


def spellings(field: FieldName) -> Said:
    """Every spelling of a field that is compared as a whole."""
    found: dict[str, tuple[float, str]] = {}

    def add(spelt: str, weight: float, manner: str) -> None:
        if spelt and found.get(spelt, (0.0, ""))[0] < weight:
            found[spelt] = (weight, manner)

    for code in field.standards:
        add(coded(code), CODE, "code of the standard")
        add(plain(code), NEARLY, "nearly a code of the standard")
    for said in _alike(unbracketed(field.zh)):
        add(plain(said), LABEL, "Chinese name")
        syllables = _syllables(said)
        add("".join(syllables).upper(), PINYIN, "pinyin")
        initials = "".join(each[0] for each in syllables).upper()
        add(initials, INITIALS if len(initials) >= _LEAST else SHORT, "initials")
    return found


@cache
def english(name: str) -> tuple[str, ...]:
    """The words of a name in one spelling, without small ones: `legal_person_id_no` is legal, rep, id, no."""
    words = [part.lower() for part in _PARTS.findall(unicodedata.normalize("NFKC", name))]
    text = " ".join(word for word in words if word not in _SMALL)
    for phrase, meant in _english_phrases():
        text = re.sub(rf"\b{re.escape(phrase)}\b", meant, text)
    return tuple(text.split())


def in_english(column: str, field: FieldName) -> float:
    """How well the English words of a column fit the name or the title of a field."""
    mine = _about(english(column))
    if not mine:
        return 0.0
    best = 0.0
    for said in (field.name, field.en):
        theirs = _about(english(said))
        shared = 2 * len(mine & theirs) / (len(mine) + len(theirs)) if theirs else 0.0
        best = max(best, ENGLISH if shared == 1 else PARTLY * shared)
    return best


def _about(words: Iterable[str]) -> frozenset[str]:
    said = frozenset(words)
    return said - _WHOSE or said


@cache
def _syllables(chinese: str) -> list[str]:
    from pypinyin import lazy_pinyin  # reads a dictionary of its own, which nobody else needs

    return [each for each in lazy_pinyin(chinese) if each.isascii() and each.isalnum()]


def _alike(chinese: str) -> Iterator[str]:
    """A Chinese name, and what it is with one of its parts said otherwise."""
    yield chinese
    for said, *others in _table():
        if not said.isascii() and said in chinese:
            yield from (chinese.replace(said, other) for other in others)


@cache
def _table() -> tuple[tuple[str, ...], ...]:
    with Path(__file__).with_name("alike.csv").open(encoding="utf-8", newline="") as file:
        return tuple(tuple(row) for row in list(csv.reader(file))[1:])


@cache
def _english_phrases() -> tuple[tuple[str, str], ...]:
    """Longest first, so that a phrase goes before the words in it."""
    pairs = [(other, said) for said, *others in _table() if said.isascii() for other in others]
    return tuple(sorted(pairs, key=lambda pair: -len(pair[0].split())))
