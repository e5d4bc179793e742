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
REMARKED = 0.88  # a Chinese name with a remark about how it is written; any other remark is `NEARLY`
_BRACKETS = re.compile(r"[（(].*?[)）]")
_REMARK = re.compile(r"(?<=[\u3400-\u9fff）)])\s*[，,；;：:。]\s*|(?<=[\u3400-\u9fff）)])\s+")
# remarks that say how a value is written, and nothing of what it is
_HARMLESS = re.compile(
    r"格式|yyyy|\d+位|例如|如[:：]|必填|选填|可空|为空|多个|分隔|长期|单位[:：为]|保留|字典", re.IGNORECASE
)
_LAST = re.compile(r"[（(]([^（()）]*)[)）]\s*\Z")
_UNIT = re.compile(r"[\x00-\x7f]*|亿?万?[元人户]|人民币|[天日月年个%％]|代码_?\d")
_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_SMALL = frozenset({"of", "the", "a", "an", "in", "on", "to", "by", "and", "or", "that", "it", "is"})
_WHOSE = frozenset({"ent", "subject", "info", "data"})  # whose a thing is, which the record says already
_LEAST = 3  # letters of initials that are not a coincidence

Said = Mapping[str, tuple[float, str]]  # spelling -> its weight, and the manner in words


@cache
def plain(name: str) -> str:
    """A name of a column in capitals, without width, blanks and signs."""
    return "".join(sign for sign in unicodedata.normalize("NFKC", name).upper() if sign.isalnum())


@cache
def coded(name: str) -> str:
    """A name in capitals, without width and blanks: its signs belong to a code, CF_JG is not CFJG."""
    return "".join(unicodedata.normalize("NFKC", name).upper().split())


def unbracketed(name: str) -> str:
    return _BRACKETS.sub("", name).strip()


def harmless(name: str) -> bool:
    """Whether what stands in brackets at the end of a name is a unit, or says how values are written: 统一社会信用代码
    （处罚机关） is another code than 统一社会信用代码（18位）."""
    last = _LAST.search(name)
    return last is None or _UNIT.fullmatch(last[1].strip()) is not None or _HARMLESS.search(last[1]) is not None


def remarked(label: str) -> tuple[str, float]:
    """What stands in a label before a remark, after a sign or a blank, and how much it says; empty without one."""
    said, *remark = _REMARK.split(label, maxsplit=1)
    if not remark or not remark[0]:
        return "", 0.0
    return said, REMARKED if _HARMLESS.search(remark[0]) else NEARLY


def says(label: str, words: str) -> bool:
    """Whether a label is these words, perhaps with a remark about how values are written, and no others."""
    return (plain(unbracketed(label)) == words and harmless(label)) or remarked(label) == (words, REMARKED)


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
