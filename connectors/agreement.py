"""Does a declaration agree with the catalogue? Every disagreement, each with file, line and what to do.

Checks what one YAML file alone cannot show: types, fields, codes and keys of the catalogue; control fields
that are neither mapped nor excused; value words that do not fit a field's kind; filters that cannot be exact.
It opens nothing and never prints a value, only words of the vocabulary.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from connectors.contract import Document
from connectors.declaration import PlatformWords, TypeWords, beneath, source_of
from connectors.fields import FieldWords, ObjectWords
from connectors.fitting import FieldFindings, Loc
from connectors.mapping.conditions import NotInvertible
from connectors.mapping.paths import Lookup, path
from connectors.ordering import NotSortable
from connectors.sandboxes import ChaosSource
from connectors.sources import Beside
from connectors.spelling import in_range
from connectors.terms import FieldTerm, Terms, TypeTerm

Finding = tuple[Loc, str, str | None, Iterable[str]]  # place, message, the word at fault, those that are known

MAPPED = frozenset({"key", "subject", "fields"})  # without these words no row can be read
# how rows of a mapped kind are read
READING = MAPPED | {"null", "trim", "objects", "filters", "order", "asOf", "deleted", "maxRejected"}


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
    # what of a source and its types does not go together
    paired: Callable[[Any, Mapping[str, TypeWords]], Iterable[Finding]] = lambda source, types: ()
    mapped: bool = True  # whether the declaration says how fields are read; else they come by their names
    delegated: bool = False  # whether it is told on whose behalf it is asked
    # of a kind that orders rows itself: raises NotSortable for a field by which it cannot; others take their platform's
    # word for it, and ask for it by `params`
    order: Callable[[FieldWords, FieldTerm], object] | None = None


def findings(document: Document, words: PlatformWords, terms: Terms, kinds: Mapping[str, KindWords]) -> Iterator[str]:
    """Every finding of one declaration, as `file:line: message` lines."""

    def say(loc: Loc, message: str, word: str | None = None, known: Iterable[str] = ()) -> str:
        return str(document.problem(loc, message, word, known))

    if words.platform != document.stem:
        yield say(("platform",), f"`{words.platform}` is not the file's name; both are the platform's id")
    if not words.platform.startswith(words.region):
        yield say(("region",), f"the platform's id begins with another region than `{words.region}`")
    elif terms.provinces and words.region[:2] not in terms.provinces:
        yield say(("region",), f"region `{words.region}` lies in no province of the catalogue")
    elif now := terms.retired.get(words.region):  # questions by region and a city's limits name those of now
        yield say(("region",), f"region `{words.region}` is retired; write one of {', '.join(now)}")
    if not in_range(words.catalogue, terms.version):
        yield say(("catalogue",), f"written for catalogue {words.catalogue}, this is {terms.version}: review the file")
    for index, name in enumerate(words.authorityOf):
        if name not in words.types:
            yield say(("authorityOf", index), f"`{name}` is not a type of this platform", name, words.types)
    unfit = list(_chaos(words))
    yield from (say(loc, message, word, known) for loc, message, word, known in unfit)
    for name, each in words.types.items():
        if unfit:
            return  # what its types would be held against is not known
        if name not in terms.types:
            yield say(("types", name), f"unknown record type `{name}`", name, terms.types)
            continue
        source = source_of(each, words)
        if source not in words.sources:
            loc = ("types", name, "source") if each.source else ("types", name)
            yield say(loc, "say which source answers this type (`source:`)", each.source, words.sources)
            continue
        kind = beneath(source, words).kind
        yield from _TypeFindings(name, each, terms, kind, kinds, say).all()
    for name, owner in words.sources.items():
        mine = {key: each for key, each in words.types.items() if source_of(each, words) == name}
        paired, described = kinds[owner.kind].paired(owner, mine), kinds[owner.kind].described
        for at, message, word, known in (*paired, *(described(owner, mine, document.beside) if described else ())):
            yield say(at if at[0] == "types" else ("sources", name, *at), message, word, known)


def _chaos(words: PlatformWords) -> Iterator[Finding]:
    """Faults on purpose are for invented records, and around another source of the same file."""
    for name, source in words.sources.items():
        if isinstance(source, ChaosSource):
            if words.mode != "sandbox":
                yield ("sources", name, "kind"), "faults on purpose are for `mode: sandbox` alone", None, ()
            others = [key for key, each in words.sources.items() if not isinstance(each, ChaosSource)]
            if source.of not in others:
                yield (
                    ("sources", name, "of"),
                    f"`{source.of}` is no source that this could be around",
                    source.of,
                    others,
                )


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
        self.each = FieldFindings(name, terms, kind, kinds[kind].origin, kinds[kind].lookup, say, words.null)
        self.at: tuple[str | int, ...] = ("types", name)

    def all(self) -> Iterator[str]:
        yield from self._kind_words()
        yield from self._subjects()
        yield from self._coverage()
        for name, words in self.words.fields.items():
            term = self.term.fields.get(name)
            if term is not None:
                yield from self.each.field((*self.at, "fields", name), name, words, term, self.kinds[self.kind].origin)
        for name, each in self.words.objects.items():
            yield from self._object(name, each)
        yield from self._filters()
        yield from self._order()

    def _kind_words(self) -> Iterator[str]:
        mine = self.kinds[self.kind]
        given = self.words.model_fields_set
        for word in sorted((mine.needs | (MAPPED if mine.mapped else frozenset())) - given):
            yield self.say(self.at, f"`{word}` is missing (kind {self.kind})")
        for word in sorted(READING & given) if not mine.mapped else ():
            yield self.say((*self.at, word), f"`{word}` is no word of kind {self.kind}: fields come by their names")
        foreign = {word for other in self.kinds.values() for word in other.needs | other.may} - mine.needs - mine.may
        for word in sorted(foreign & given):
            *others, last = (name for name, other in self.kinds.items() if word in other.needs | other.may)
            owners = f"{', '.join(others)} and {last}" if others else last
            yield self.say((*self.at, word), f"`{word}` is a word of kind {owners}, this source is {self.kind}")
        if self.words.asOf is not None:
            yield from self.each.format((*self.at, "asOf", "timestamp"), self.words.asOf.timestamp)
            yield from self.each.origins((*self.at, "asOf"), [self.words.asOf])
            yield from self.each.zone((*self.at, "asOf", "zone"), self.words.asOf.zone)
        for loc, message in mine.inspect(self.words):
            yield self.say((*self.at, *loc), message)

    def _subjects(self) -> Iterator[str]:
        for key, words in self.words.subject.items():
            at = (*self.at, "subject", key)
            if key not in self.term.keys:
                yield self.say(at, f"`{self.name}` has no subjects keyed by `{key}`", key, self.term.keys)
            yield from self.each.known(at, words)
            yield from self.each.origins(at, [words, words.where] if words.where else [words])
            yield from self.each.said((*at, "where"), words.where.is_ if words.where is not None else ())
        if self.words.deleted is not None:
            yield from self.each.origins((*self.at, "deleted"), [self.words.deleted])
            yield from self.each.said((*self.at, "deleted"), self.words.deleted.is_)

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
        needed = self.term.control if self.kinds[self.kind].mapped else frozenset[str]()
        for name in sorted(needed - mapped - set(self.words.notApplicable)):
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
            yield from self.each.origins(at, [each])
        origin = "path" if each.apart else self.kinds[self.kind].origin
        known = [full.partition(".")[2] for full in self.term.fields if full.startswith(f"{name}.")]
        for leaf, words in each.fields.items():
            term, place = self.term.fields.get(f"{name}.{leaf}"), (*at, "fields", leaf)
            if term is None:
                yield self.say(place, f"unknown field `{self.name}.{name}.{leaf}`", leaf, known)
                continue
            single = replace(term, many=False) if self.term.objects[name] else term
            yield from self.each.field(place, f"{name}.{leaf}", words, single, origin)

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
        yield from self._parameters()

    def _parameters(self) -> Iterator[str]:
        """A parameter holds one condition, or one page: whatever is written second takes the place of the first."""
        holders: dict[str, list[str]] = {}
        for name, each in self.words.filters.items():
            for parameter in each.params:
                holders.setdefault(parameter, []).append(name)
        turned = self.words.page.params if self.words.page is not None else ()
        for parameter, names in holders.items():
            for name in dict.fromkeys(names):
                others = [f"the filter `{other}`" for other in dict.fromkeys(names) if other != name]
                others += ["this filter's other end"] if names.count(name) > 1 else []
                others += ["`page`"] if parameter in turned else []
                if others:
                    message = f"its parameter `{parameter}` is that of {' and '.join(others)} too, and holds one value"
                    loc = (*self.at, "filters", name)
                    yield self.say(loc, f"`{self.name}.{name}`: {message}; leave one out, the gateway checks all rows")

    def _order(self) -> Iterator[str]:
        words, sorts = self.words.order, self.kinds[self.kind].order
        if words is None:
            return
        if words.params and sorts is not None:
            message = f"kind {self.kind} needs no `params` to order rows; write the fields alone"
            yield self.say((*self.at, "order", "params"), message)
        for index, by in enumerate(words.terms):
            at, coordinate = (*self.at, "order"), f"`{self.name}.{by.field}`"
            mapped, term = self.words.fields.get(by.field), self.term.fields.get(by.field)
            if term is None:
                yield self.say(at, f"unknown field {coordinate}", by.field, self.term.fields)
            elif mapped is None:
                yield self.say(at, f"{coordinate} is ordered by but not mapped; map it or leave it out")
            elif by.field in {each.field for each in words.terms[:index]}:
                yield self.say(at, f"{coordinate} is ordered by twice; keep one")
            elif term.many or term.codes is not None or term.kind == "flag":
                yield self.say(
                    at, f"{coordinate}: lists, codes and flags have no order; order by a day, a number or a text"
                )
            elif sorts is not None:
                try:
                    sorts(mapped, term)
                except NotSortable as reason:
                    yield self.say(at, f"{coordinate}: {reason}")
                except ValueError:
                    continue  # a bad format is found where it stands
