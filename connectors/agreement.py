"""Does a declaration agree with the catalogue? Every disagreement, each with file, line and what to do.

Checks what one YAML file alone cannot show: types, fields, codes and keys of the catalogue; control fields
that are neither mapped nor excused; value words that do not fit a field's kind; filters that cannot be exact.
It opens nothing and never prints a value, only words of the vocabulary.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from zoneinfo import ZoneInfo

from connectors.contract import Document, FieldTerm, Terms, TypeTerm
from connectors.declaration import FieldWords, ObjectWords, Origin, PlatformWords, TypeWords
from connectors.mapping.conditions import NotInvertible
from connectors.mapping.paths import Lookup, path
from connectors.mapping.times import formats
from connectors.sources import Beside
from connectors.spelling import in_range

Loc = Sequence[str | int]
Finding = tuple[Loc, str, str | None, Iterable[str]]  # place, message, the word at fault, those that are known

_TIMES = frozenset({"date", "timestamp"})
_NUMBERS = frozenset({"money", "number"})


@dataclass(frozen=True, slots=True)
class KindWords:
    """What a kind of source says about itself: its origin word and its words in a type."""

    origin: str  # `column` or `path`
    needs: frozenset[str]
    may: frozenset[str]
    filter: Callable[[FieldWords, FieldTerm, TypeWords, str], object]  # raises NotInvertible
    inspect: Callable[[TypeWords], Iterable[tuple[Loc, str]]]  # findings of its own, by place
    lookup: Lookup = path  # of origins that are paths; raises ValueError
    # findings that need a file beside the declaration; such a kind is built with what reads it
    described: Callable[[Any, Mapping[str, TypeWords], Beside], Iterable[Finding]] | None = None
    joined: bool = True  # whether questions of several callers may go out as one


def findings(document: Document, words: PlatformWords, terms: Terms, kinds: Mapping[str, KindWords]) -> Iterator[str]:
    """Every finding of one declaration, as `file:line: message` lines."""

    def say(loc: Loc, message: str, word: str | None = None, known: Iterable[str] = ()) -> str:
        return str(document.problem(loc, message, word, known))

    if words.platform != document.stem:
        yield say(("platform",), f"`{words.platform}` is not the file's name; both are the platform's id")
    if not words.platform.startswith(words.region):
        yield say(("region",), f"the platform's id begins with another region than `{words.region}`")
    if not in_range(words.catalogue, terms.version):
        yield say(("catalogue",), f"written for catalogue {words.catalogue}, this is {terms.version}: review the file")
    for index, name in enumerate(words.authorityOf):
        if name not in words.types:
            yield say(("authorityOf", index), f"`{name}` is not a type of this platform", name, words.types)
    for name, each in words.types.items():
        if name not in terms.types:
            yield say(("types", name), f"unknown record type `{name}`", name, terms.types)
            continue
        source = source_of(each, words)
        if source not in words.sources:
            loc = ("types", name, "source") if each.source else ("types", name)
            yield say(loc, "say which source answers this type (`source:`)", each.source, words.sources)
            continue
        kind = words.sources[source].kind
        yield from _TypeFindings(name, each, terms, kind, kinds, say).all()
    for name, described in ((name, kinds[each.kind].described) for name, each in words.sources.items()):
        if described is not None:
            mine = {key: each for key, each in words.types.items() if source_of(each, words) == name}
            for at, message, word, known in described(words.sources[name], mine, document.beside):
                yield say(at if at[0] == "types" else ("sources", name, *at), message, word, known)


def source_of(words: TypeWords, platform: PlatformWords) -> str:
    """The name of the source that answers a type; the only one when it is not said."""
    only = next(iter(platform.sources)) if len(platform.sources) == 1 else ""
    return words.source or only


class _TypeFindings:
    """The findings of one type; `say` makes a line of a place and a message."""

    def __init__(
        self,
        name: str,
        words: TypeWords,
        terms: Terms,
        kind: str,
        kinds: Mapping[str, KindWords],
        say: Callable[..., str],
    ) -> None:
        self.name, self.words, self.terms, self.say = name, words, terms, say
        self.term: TypeTerm = terms.types[name]
        self.kind, self.kinds = kind, kinds
        self.at: tuple[str | int, ...] = ("types", name)

    def all(self) -> Iterator[str]:
        yield from self._kind_words()
        yield from self._subjects()
        yield from self._coverage()
        for name, words in self.words.fields.items():
            term = self.term.fields.get(name)
            if term is not None:
                yield from self._field((*self.at, "fields", name), name, words, term, self.kinds[self.kind].origin)
        for name, each in self.words.objects.items():
            yield from self._object(name, each)
        yield from self._filters()

    def _kind_words(self) -> Iterator[str]:
        mine = self.kinds[self.kind]
        given = self.words.model_fields_set
        for word in sorted(mine.needs - given):
            yield self.say(self.at, f"`{word}` is missing (kind {self.kind})")
        foreign = {word for other in self.kinds.values() for word in other.needs | other.may} - mine.needs - mine.may
        for word in sorted(foreign & given):
            owners = " and ".join(name for name, other in self.kinds.items() if word in other.needs | other.may)
            yield self.say((*self.at, word), f"`{word}` is a word of kind {owners}, this source is {self.kind}")
        if self.words.asOf is not None:
            yield from self._format((*self.at, "asOf", "timestamp"), self.words.asOf.timestamp)
            yield from self._origins((*self.at, "asOf"), [self.words.asOf])
            yield from self._zone((*self.at, "asOf", "zone"), self.words.asOf.zone)
        for loc, message in mine.inspect(self.words):
            yield self.say((*self.at, *loc), message)

    def _subjects(self) -> Iterator[str]:
        for key, words in self.words.subject.items():
            at = (*self.at, "subject", key)
            if key not in self.term.keys:
                yield self.say(at, f"`{self.name}` has no subjects keyed by `{key}`", key, self.term.keys)
            yield from self._check(at, words.check)
            yield from self._origins(at, [words, words.where] if words.where else [words])

    def _coverage(self) -> Iterator[str]:
        lists: list[tuple[str, Iterable[str]]] = [
            ("fields", self.words.fields),
            ("notApplicable", self.words.notApplicable),
            ("absent", self.words.absent),
            ("filters", self.words.filters),
        ]
        for word, names in lists:
            for name in names:
                if name not in self.term.fields and not (word == "absent" and name in self.term.objects):
                    message = f"unknown field `{self.name}.{name}`"
                    yield self.say((*self.at, word, name), message, name, self.term.fields)
        mapped = set(self.words.mapped)
        for name in sorted(self.term.control - mapped - set(self.words.notApplicable)):
            message = (
                f"`{self.name}.{name}` decides which rows may be shown: map it, or say under `notApplicable` why not"
            )
            yield self.say((*self.at, "fields"), message)
        for name in sorted(set(self.words.notApplicable) - self.term.control):
            if name in self.term.fields:
                message = f"`{self.name}.{name}` is no control field; list it under `absent`"
                yield self.say((*self.at, "notApplicable", name), message)
        for name in sorted(mapped & (set(self.words.absent) | set(self.words.notApplicable))):
            message = f"`{self.name}.{name}` is mapped and also said to be missing; keep one"
            yield self.say((*self.at, "fields", name), message)

    def _object(self, name: str, each: ObjectWords) -> Iterator[str]:
        at = (*self.at, "objects", name)
        if name not in self.term.objects:
            yield self.say(at, f"`{self.name}` has no object `{name}`", name, self.term.objects)
            return
        if each.apart:
            yield from self._origins(at, [each])
        origin = "path" if each.apart else self.kinds[self.kind].origin
        known = [full.partition(".")[2] for full in self.term.fields if full.startswith(f"{name}.")]
        for leaf, words in each.fields.items():
            term, place = self.term.fields.get(f"{name}.{leaf}"), (*at, "fields", leaf)
            if term is None:
                yield self.say(place, f"unknown field `{self.name}.{name}.{leaf}`", leaf, known)
                continue
            single = replace(term, many=False) if self.term.objects[name] else term
            yield from self._field(place, f"{name}.{leaf}", words, single, origin)

    def _field(
        self, at: tuple[str | int, ...], name: str, words: FieldWords, term: FieldTerm, origin: str
    ) -> Iterator[str]:
        coordinate = f"`{self.name}.{name}`"
        if (
            sum([words.column is not None or words.path is not None, bool(words.first), bool(words.when)])
            + (words.const is not None)
            != 1
        ):
            yield self.say(at, f"{coordinate} needs exactly one of column or path, first, const, when")
        yield from self._origins(at, words.origins, origin)
        yield from self._fit(at, coordinate, words, term)
        yield from self._codes(at, words, term)
        yield from self._check(at, words.check)
        yield from self._zone((*at, "zone"), words.zone)
        for word, patterns in (("date", words.date), ("timestamp", words.timestamp)):
            yield from self._format((*at, word), patterns)

    def _fit(self, at: Loc, coordinate: str, words: FieldWords, term: FieldTerm) -> Iterator[str]:
        """Words that the field's kind cannot use, and words that it cannot do without."""
        given = words.model_fields_set
        computed = words.const is not None or bool(words.when)
        textual = term.kind not in _TIMES | _NUMBERS
        usable = {
            "date": term.kind == "date",
            "never": term.kind == "date",
            "unknown": term.kind == "date",
            "timestamp": term.kind == "timestamp",
            "zone": term.kind in _TIMES,
            "unit": term.kind == "money",
            "number": term.kind in _NUMBERS,
            "split": term.many,
            "vocabulary": textual and not computed,
            "other": textual and not computed,
            "check": textual and not computed,
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
        if term.many and words.split is None and self.kinds[self.kind].origin == "column":
            yield self.say(at, f"{coordinate} is a list: say what stands between the parts, `split`")

    def _codes(self, at: tuple[str | int, ...], words: FieldWords, term: FieldTerm) -> Iterator[str]:
        codes = frozenset({"true", "false"}) if term.kind == "flag" else term.codes
        if codes is None:
            return
        targets: list[tuple[Loc, str | None]] = [
            *(((*at, "vocabulary", code), target) for code, target in (words.vocabulary or {}).items()),
            *(((*at, "when", index, "then"), branch.then) for index, branch in enumerate(words.when)),
            ((*at, "else"), words.else_),
            ((*at, "const"), words.const),
        ]
        for loc, target in targets:
            if target is not None and target not in codes:
                yield self.say(loc, f"`{target}` is not a code of `{self.name}.{at[-1]}`", target, codes)

    def _filters(self) -> Iterator[str]:
        for name in self.words.filters:
            words, term = self.words.fields.get(name), self.term.fields.get(name)
            if term is None:
                continue
            if words is None:
                message = f"`{self.name}.{name}` is filtered but not mapped; map it or leave the filter out"
                yield self.say((*self.at, "filters", name), message)
                continue
            try:
                self.kinds[self.kind].filter(words, term, self.words, name)
            except NotInvertible as reason:
                yield self.say((*self.at, "filters", name), f"`{self.name}.{name}`: {reason}")
            except ValueError:
                continue  # a bad format is found where it stands

    def _origins(self, at: Loc, origins: Iterable[Origin], mine: str | None = None) -> Iterator[str]:
        mine = mine or self.kinds[self.kind].origin
        for origin in origins:
            wrong = "path" if mine == "column" else "column"
            if getattr(origin, wrong) is not None:
                yield self.say((*at, wrong), f"`{wrong}` is not a word of kind {self.kind}; write `{mine}`")
            elif getattr(origin, mine) is None:
                yield self.say(at, f"say where the value is: `{mine}` is missing")
            elif mine == "path":
                try:
                    self.kinds[self.kind].lookup(getattr(origin, mine))
                except ValueError as reason:
                    yield self.say((*at, mine), str(reason))

    def _check(self, at: Loc, check: str | None) -> Iterator[str]:
        if check is not None and check not in self.terms.checks:
            yield self.say((*at, "check"), f"unknown check `{check}`", check, self.terms.checks)

    def _format(self, at: Loc, patterns: Sequence[str]) -> Iterator[str]:
        try:
            formats(patterns)
        except ValueError as error:
            yield self.say(at, str(error))

    def _zone(self, at: Loc, zone: str) -> Iterator[str]:
        try:
            ZoneInfo(zone)
        except (ValueError, OSError, KeyError):
            yield self.say(at, "unknown time zone; write a name such as `Asia/Shanghai`")
