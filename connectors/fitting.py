"""Do the words of one field fit what the catalogue says of it? Every word that does not, at its place.

One origin, words that the field's kind can use and those that it cannot do without, codes of the catalogue, formats,
zones, checks. It opens nothing and never prints a value, only words of the vocabulary.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import combinations
from zoneinfo import ZoneInfo

from connectors.fields import FieldWords, Origin, SubjectWords
from connectors.mapping.paths import Lookup
from connectors.mapping.times import formats
from connectors.terms import FieldTerm, Terms

Loc = Sequence[str | int]

_PROBE = datetime(2003, 2, 1)  # noqa: DTZ001  # a day whose parts may be taken for each other
_TIMES = frozenset({"date", "timestamp"})
_NUMBERS = frozenset({"money", "number"})


class FieldFindings:
    """The findings of the fields of one type at a source of one kind; `say` makes a line of a place and a message,
    `nulls` are the type's words for nothing."""

    def __init__(
        self,
        name: str,
        terms: Terms,
        kind: str,
        origin: str,
        lookup: Lookup,
        say: Callable[..., str],
        nulls: Sequence[str] = (),
    ) -> None:
        self.name, self.terms, self.kind, self.nulls = name, terms, kind, nulls
        self.origin, self.lookup, self.say = origin, lookup, say

    def field(self, at: Loc, name: str, words: FieldWords, term: FieldTerm, origin: str) -> Iterator[str]:
        coordinate = f"`{self.name}.{name}`"
        if (
            sum([words.column is not None or words.path is not None, bool(words.first), bool(words.join)])
            + sum([words.const is not None, bool(words.when)])
            != 1
        ):
            yield self.say(at, f"{coordinate} needs exactly one of column or path, first, join, const, when")
        yield from self.origins(at, words.origins, origin)
        yield from self._fit(at, coordinate, words, term)
        yield from self._codes(at, words, term)
        yield from self.known(at, words)
        yield from self.zone((*at, "zone"), words.zone)
        for word, patterns in (("date", words.date), ("timestamp", words.timestamp)):
            yield from self.format((*at, word), patterns)
        nulls = (*self.nulls, *words.null)
        yield from self.said((*at, "vocabulary"), words.codes or (), nulls)
        yield from self.said((*at, "never"), words.never, nulls)
        for index, branch in enumerate(words.when):
            for match in branch.tests:
                yield from self.said((*at, "when", index), match.is_, nulls)

    def _fit(self, at: Loc, coordinate: str, words: FieldWords, term: FieldTerm) -> Iterator[str]:
        """Words that the field's kind cannot use, and words that it cannot do without."""
        given = words.model_fields_set
        computed = words.const is not None or bool(words.when)
        textual = term.kind not in _TIMES | _NUMBERS
        usable = {
            "date": term.kind == "date",
            "never": term.kind == "date",
            "unknown": term.kind == "date",
            "unknownBefore": term.kind == "date",
            "timestamp": term.kind == "timestamp",
            "zone": term.kind in _TIMES,
            "unit": term.kind == "money",
            "currency": term.kind == "money",
            "number": term.kind in _NUMBERS,
            "split": term.many,
            "vocabulary": textual and not computed,
            "vocabularyFile": textual and not computed,
            "other": (textual and not computed) or words.currency is not None,
            "check": textual and not computed,
            "convert": textual and not computed,
            "between": bool(words.join),
            "take": textual and not computed,
            "upper": textual and not computed,
            "const": textual,
            "when": textual,
            "else_": bool(words.when),
        }
        for word, fits in usable.items():
            if word in given and not fits:
                kind = f"a list of {term.kind}" if term.many else term.kind
                plain = word.rstrip("_")
                yield self.say((*at, plain), f"`{plain}` does not fit {coordinate}, which is of kind {kind}")
        if computed:
            return
        needed = {"date": words.date, "timestamp": words.timestamp, "money": words.unit}
        if term.kind in needed and not needed[term.kind]:
            word = "unit: {from: yuan, to: wan}" if term.kind == "money" else f"{term.kind}: [format]"
            yield self.say(at, f"{coordinate} is of kind {term.kind}: say how it is stored, `{word}`")
        if term.many and words.split is None and self.origin == "column":
            yield self.say(at, f"{coordinate} is a list: say what stands between the parts, `split`")

    def _codes(self, at: Loc, words: FieldWords, term: FieldTerm) -> Iterator[str]:
        codes = frozenset({"true", "false"}) if term.kind == "flag" else term.codes
        if codes is None:
            if words.other == "keepAsOther":
                yield self.say((*at, "other"), f"`{self.name}.{at[-1]}` has no codes, and so no code `OTHER`")
            return
        if words.other == "keep":
            yield self.say((*at, "other"), f"`{self.name}.{at[-1]}` has codes, and no other can be kept")
        targets: list[tuple[Loc, str | None]] = [
            *(((*at, "vocabulary", code), target) for code, target in (words.codes or {}).items()),
            ((*at, "other"), "OTHER" if words.other == "keepAsOther" else None),
            *(((*at, "when", index, "then"), branch.then) for index, branch in enumerate(words.when)),
            ((*at, "else"), words.else_),
            ((*at, "const"), words.const),
        ]
        for loc, target in targets:
            if target is not None and target not in codes:
                yield self.say(loc, f"`{target}` is not a code of `{self.name}.{at[-1]}`", target, codes)

    def origins(self, at: Loc, origins: Iterable[Origin], mine: str | None = None) -> Iterator[str]:
        mine = mine or self.origin
        for origin in origins:
            wrong = "path" if mine == "column" else "column"
            if getattr(origin, wrong) is not None:
                yield self.say((*at, wrong), f"`{wrong}` is not a word of kind {self.kind}; write `{mine}`")
            elif getattr(origin, mine) is None:
                yield self.say(at, f"say where the value is: `{mine}` is missing")
            elif mine == "path":
                try:
                    self.lookup(getattr(origin, mine))
                except ValueError as reason:
                    yield self.say((*at, mine), str(reason))

    def known(self, at: Loc, words: FieldWords | SubjectWords) -> Iterator[str]:
        for word, given, known in (
            ("check", words.check, self.terms.checks),
            ("convert", words.convert, self.terms.conversions),
        ):
            if given is not None and given not in known:
                yield self.say((*at, word), f"unknown {word} `{given}`", given, known)

    def said(self, at: Loc, texts: Iterable[str | None], nulls: Sequence[str] = ()) -> Iterator[str]:
        """A word for nothing is taken for that before anything else is made of it."""
        for text in texts:
            if text is not None and text in (*self.nulls, *nulls):
                message = f"`{text}` is a word for nothing (`null`), and never read as what it says here: take one out"
                yield self.say(at, message)

    def format(self, at: Loc, patterns: Sequence[str]) -> Iterator[str]:
        try:
            known = formats(patterns)
        except ValueError as error:
            yield self.say(at, str(error))
            return
        for one, other in combinations(known, 2):
            read = other.read(one.write(_PROBE))
            if read is not None and read.date() != _PROBE.date():
                message = f"`{one.pattern}` and `{other.pattern}` read one text as two different days: keep one of them"
                yield self.say(at, message)

    def zone(self, at: Loc, zone: str) -> Iterator[str]:
        try:
            ZoneInfo(zone)
        except (ValueError, OSError, KeyError):
            yield self.say(at, "unknown time zone; write a name such as `Asia/Shanghai`")
