"""What is wrong with a question that one declaration shows by itself: places that are none, arguments that nobody
gives, a subject that is not named.
"""

from __future__ import annotations

from collections.abc import Iterator

from connectors.declaration import TypeWords
from connectors.fitting import Loc
from connectors.kinds.graphql.selecting import ABOVE, grown, lookup, way
from connectors.kinds.templates import KNOWN, placeholders
from connectors.mapping.values import name_of
from connectors.questions import Question

Found = Iterator[tuple[Loc, str]]


def inspect(words: TypeWords) -> Found:
    """The findings of one type, each with its place in it."""
    places: list[tuple[Loc, str | None]] = [(("rows",), words.rows), (("total",), words.total)]
    places += [(("key", index), part) for index, part in enumerate(words.key)]
    places += [(("page", word), place) for word, place in (words.page.places if words.page else ())]
    if words.page is not None and words.page.link is not None:
        yield ("page", "link"), "GraphQL has no links from page to page; write `cursor` and where its `next` lies"
    for loc, place in places:
        if place is not None and (wrong := _wrong(place, above=loc[0] == "key")):
            yield loc, wrong
    yield from _origins(words)
    for word, question in (("question", words.question), ("openQuestion", words.openQuestion)):
        if question is not None:
            yield from _question(word, question, words)


def _question(word: str, question: Question, words: TypeWords) -> Found:
    if question.field is not None and (wrong := _wrong(question.field)):
        yield (word, "field"), wrong
    if question.entities is not None:
        for part in ("type", "key"):
            if wrong := _wrong(getattr(question.entities, part)):
                yield (word, "entities", part), wrong
    used: set[str] = set()
    names: dict[str, str] = {}
    for place, argument in question.arguments.items():
        loc = (word, "arguments", place)
        if wrong := _wrong(place) or _wrong(argument.on or "any"):
            yield loc, wrong
        if argument.on is not None and not f"{words.rows}.".startswith(f"{argument.on}."):
            yield (*loc, "on"), "`on` is a field on the way to the rows; `rows` does not lead through it"
        if other := names.get(place.replace(".", "_")):
            yield loc, f"its variable has the name of that of `{other}`"
        names[place.replace(".", "_")] = place
        used |= placeholders(argument.value)
    known = KNOWN - {"projection"} if word == "question" and question.entities is None else frozenset[str]()
    for name in sorted(used - known):
        yield (word, "arguments"), f"`{{{name}}}` stands for nothing here"
    if known and not used & known:
        yield (word,), "the question names no subject; put `{subject}` or `{subjects}` where it belongs"
    if used >= {"subject", "subjects"}:
        yield (word, "arguments"), "write `{subject}` or `{subjects}`, not both"
    if word == "openQuestion" and question.entities is not None:
        yield (word,), "entities are asked by their key, and an open question has none"
    yield from _given(word, question, words)


def _given(word: str, question: Question, words: TypeWords) -> Found:
    """Filters, pages and the order put values into arguments that have none."""
    places: list[tuple[Loc, str]] = [(("page",), name) for name in (words.page.params if words.page else ())]
    places += [(("order", "params", name), name) for name in (words.order.params if words.order else ())]
    for name, each in words.filters.items():
        if "contains" not in each.ops or word == "openQuestion":  # what contains a text is sought among all subjects
            places += [(("filters", name), param) for param in each.params]
        elif words.openQuestion is None:
            yield ("filters", name), "`contains` seeks without a subject: write an `openQuestion`, or leave it out"
    for loc, place in places:
        argument = question.arguments.get(place)
        if argument is None or argument.value is not None:
            yield loc, f"`{place}` is not among the `arguments` of `{word}` that have no value"


def _origins(words: TypeWords) -> Found:
    rows = tuple((words.rows or "").split("."))
    ends: list[tuple[str, ...]] = []
    for name in words.mapped:
        parent = words.objects.get(name.partition(".")[0])
        outer = f"{name_of(parent)}." if parent is not None and parent.apart else ""
        inner = words.mapped[name].origins if outer else words.origins(name)
        ends += [tuple(f"{outer}{name_of(origin)}".split(".")) for origin in inner]
    ends += [tuple(name_of(each).split(".")) for each in words.subject.values()]
    for end in ends:
        if words.rows and end[0] == ABOVE + rows[0]:
            yield ("fields",), f"`{'.'.join(end)}` leads from the root field into the rows; write it from the row down"
    try:
        grown([end for end in ends if not end[0].startswith(ABOVE)])
    except ValueError as reason:
        yield ("fields",), str(reason)


def _wrong(place: str, above: bool = False) -> str:
    try:
        (lookup if above else way)(place)
    except ValueError as reason:
        return f"`{place}`: {reason}"
    return ""
