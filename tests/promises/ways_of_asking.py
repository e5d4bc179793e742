"""Ways to a field by what is asked of the gateway: its roots, windows, filters, orders, counts and cursors.

See `tests.promises.ways_in`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from policies.model import RecordType
from tests.promises.canaries import PLATFORMS, Place
from tests.promises.leaking import KEYED, NAMED, OPEN, Sent
from tests.promises.ways_in import WAYS, Aim, posted, simple, way

COMPARED = ("on the true day alone", "on a wrong day alone")


def batch(name: str, keys: Callable[[Aim], list[dict[str, str]]]) -> None:
    def found(aim: Aim) -> Iterable[Sent]:
        inner = f"__typename ... on {aim.kind} {{ {aim.nodes()} }}"
        query = f"query Q($ids: [SubjectKey!]!) {{ subjects(ids: $ids) {{ {inner} }} }}"
        yield posted({"query": query, "variables": {"ids": keys(aim)}})

    WAYS[name] = found


def beside_others(aim: Aim) -> list[dict[str, str]]:
    return [*({other.kind: other.value} for other in aim.others), aim.key]  # type: ignore[list-item]


batch("in a batch of one", lambda aim: [aim.key])
batch("in a batch beside others", beside_others)
batch("the same subject many times", lambda aim: [aim.key] * 5)


def entities(name: str, about: Callable[[Aim], list[dict[str, str]]], said: tuple[str, ...] = (KEYED,)) -> None:
    """A way by the door that other graphs come by."""

    def found(aim: Aim) -> Iterable[Sent]:
        inner = f"__typename ... on {aim.kind} {{ {aim.nodes()} }} ... on CreditSubject {{ id kind uscc }}"
        query = f"query Q($them: [_Any!]!) {{ _entities(representations: $them) {{ {inner} }} }}"
        them = [{"__typename": aim.kind, **more} for more in about(aim)]
        yield posted({"query": query, "variables": {"them": them}}, said=said)

    WAYS[name] = found


entities("as an entity of another graph", lambda aim: [aim.key])
entities("as an entity, beside what is none", lambda aim: [{}, aim.key, {"uscc": "1"}, aim.key])
entities("as an entity with fields that it claims", lambda aim: [{**aim.key, "kind": "Enterprise", "id": "1"}])
entities("as an entity with its name", lambda aim: [{**aim.key, "name": true_name(aim)}], (KEYED, NAMED))


@way("two roots at once")
def _(aim: Aim) -> Iterable[Sent]:
    yield aim.ask(" ".join(f"{name}: subject(id: $id) {{ __typename {aim.nodes()} }}" for name in ("a", "b")))


@way("another subject first, this one under an alias")
def _(aim: Aim) -> Iterable[Sent]:
    other = f'{{{aim.others[0].kind}: "{aim.others[0].value}"}}'
    yield aim.ask(f"a: subject(id: {other}) {{ id kind }} b: subject(id: $id) {{ __typename {aim.nodes()} }}")


def report(aim: Aim, inner: Callable[[Aim, RecordType], str], counts: str = "") -> Sent:
    """The whole report; `inner` is what is selected of a record in a section."""
    words = []
    for part in aim.catalogue.report:
        held = [record for record in aim.records if record.name in part.types]
        lists = " ".join(f"{record.connection} {{ nodes {{ {inner(aim, record)} }} }}" for record in held)
        words.append(f"{part.name} {{ state {counts} {lists} }}")
    return aim.ask(f"creditReport(id: $id) {{ {' '.join(words)} }}")


@way("by the report's sections")
def _(aim: Aim) -> Iterable[Sent]:
    yield report(aim, lambda aim, record: aim.chosen(record))


@way("by the subject of a report")
def _(aim: Aim) -> Iterable[Sent]:
    yield aim.ask(f"creditReport(id: $id) {{ subject {{ __typename {aim.nodes()} }} basics {{ state }} }}")


@way("by a report and by the subject at once")
def _(aim: Aim) -> Iterable[Sent]:
    yield aim.ask(f"creditReport(id: $id) {{ basics {{ state }} }} subject(id: $id) {{ __typename {aim.nodes()} }}")


def windowed(name: str, arguments: str) -> None:
    """A way by the arguments of every connection."""
    WAYS[name] = lambda aim: [
        aim.subject_of(aim.connections(lambda record: f"totalCount nodes {{ {aim.chosen(record)} }}", arguments))
    ]


windowed("oldest first", "(orderBy: OLDEST_FIRST)")
windowed("newest first, one at a time", "(orderBy: NEWEST_FIRST, first: 1)")
windowed("no records at all", "(first: 0)")
windowed("as many as can be", "(first: 200)")
windowed("by regions", '(regions: ["370200"])')
windowed("by a county", '(regions: ["370202"])')
windowed("by a set of regions", "(regions: [JIAODONG])")
WAYS["by a set of regions"] = lambda aim: [
    aim.subject_of(aim.connections(lambda r: f"totalCount nodes {{ {aim.chosen(r)} }}", '(regions: ["JIAODONG"])'))
]
windowed("by status", "(status: [ACTIVE])")
windowed("by all other statuses", "(status: [OBJECTED, EXPIRED])")


def dated(name: str, arguments: Callable[[str], str]) -> None:
    """A way by a date: the true day of each record, as one platform holds it."""

    def found(aim: Aim) -> Iterable[Sent]:
        words = []
        for record in aim.records:
            day = record.roles.date and aim.canaries.row(PLATFORMS[0], record, aim.subject).values[record.roles.date]
            words.append(
                f"{record.connection}{arguments(day.isoformat()) if day else ''} "
                f"{{ totalCount complete nodes {{ {aim.chosen(record)} }} }}"
            )
        yield aim.subject_of(" ".join(words))

    WAYS[name] = found


dated("from the true day on", lambda day: f'(from: "{day}")')
dated("until the true day", lambda day: f'(to: "{day}")')
dated("on the true day alone", lambda day: f'(from: "{day}", to: "{day}")')
dated("by the true day, state and order", lambda day: f'(from: "{day}", status: [ACTIVE], orderBy: OLDEST_FIRST)')
dated("on a wrong day alone", lambda _: '(from: "1999-12-31", to: "1999-12-31")')
dated("long after the true day", lambda _: '(from: "2049-12-31")')

simple("counts alone, under filters", lambda aim: aim.connections(
    lambda record: f"totalCount complete ... on {record.name}Connection {{ nodes {{ {aim.chosen(record)} }} }}",
    "(status: [ACTIVE], first: 1)"))  # fmt: skip
simple("sources alone beside it", lambda aim: aim.connections(
    lambda record: f"sources {{ platform status records }} nodes {{ {aim.chosen(record)} }}"))  # fmt: skip


def turned(aim: Aim, cursor: str) -> Sent:
    inner = aim.connections(lambda record: f"nodes {{ {aim.chosen(record)} }}", "(first: 1, after: $after)")
    query = f"query Q($id: SubjectKey!, $after: String) {{ subject(id: $id) {{ __typename {inner} }} }}"
    return posted({"query": query, "variables": {"id": aim.key, "after": cursor}})


@way("by cursors of other callers")
def _(aim: Aim) -> Iterable[Sent]:
    yield from (turned(aim, cursor) for cursor in aim.cursors[:2])


@way("by a cursor that was changed")
def _(aim: Aim) -> Iterable[Sent]:
    yield from (turned(aim, cursor[:-2] + "AA") for cursor in aim.cursors[:1])


@way("by a cursor of one's own making")
def _(aim: Aim) -> Iterable[Sent]:
    yield turned(aim, "eyJvcmRlciI6IjIwMjMtMDEtMDEifQ")


@way("with the subject's name beside its code")
def _(aim: Aim) -> Iterable[Sent]:
    for name in ("钱某", "", aim.subject.value, true_name(aim)):
        yield posted(
            {
                "query": f"query Q($id: SubjectKey!) {{ subject(id: $id) {{ __typename {aim.nodes()} }} }}",
                "variables": {"id": {**aim.key, "name": name}},
            },
            said=(KEYED, NAMED),
        )


def true_name(aim: Aim) -> str:
    registered = aim.catalogue.types["Registration"]
    key = (PLATFORMS[0], registered.name, aim.subject)
    return str(aim.canaries.rows[key].values["name"]) if key in aim.canaries.rows else "钱多多"


@way("found by its true values")
def _(aim: Aim) -> Iterable[Sent]:
    """Every text that is held of the subject, as a name to search by."""
    for record, items in aim.each():
        place = [Place(PLATFORMS[0], record.name, item.name, aim.subject) for item in items if item.kind == "name"]
        for text in [text for each in place for text in aim.canaries.spoken(each)][:1]:
            yield searched(text, record)


def searched(text: str, record: RecordType) -> Sent:
    matches = "totalCount complete nodes { __typename uscc name areaCode }"
    query = f"query S($name: String!) {{ search(name: $name) {{ {matches} }} }}"
    about = f"{query} {record.name} " + " ".join(item.leaf for item in record.fields.values() if item.kind == "name")
    return posted({"query": query, "variables": {"name": text}}, said=(OPEN,), about=about)


@way("from the list of dishonest subjects")
def _(aim: Aim) -> Iterable[Sent]:
    for record in aim.records:
        if record.roles.list:
            held = aim.canaries.rows.get((PLATFORMS[0], record.name, aim.subject))
            code = held.values[record.roles.list] if held else "COURT_DEBTOR"
            for more in ("", ', since: "2023-01-01"', ', regions: ["370200"], first: 1'):
                query = f"{{ listing(list: {code}{more}) {{ totalCount nodes {{ {aim.chosen(record)} }} }} }}"
                yield posted({"query": query}, said=(OPEN,), about=f"{query} {record.name}")


def schema(name: str, root: Callable[[RecordType], str]) -> None:
    """A way by the schema, all record types at once: as many in a document as it may have roots."""

    def found(aim: Aim) -> Iterable[Sent]:
        for start in range(0, len(aim.records), 20):
            some = aim.records[start : start + 20]
            words = " ".join(f"r{number}: {root(record)}" for number, record in enumerate(some))
            about = " ".join(f"{record.name} {aim.chosen(record)}" for record in some)
            yield posted({"query": f"{{ {words} }}"}, about=about)

    WAYS[name] = found


schema("what may be seen, by `access`", lambda r: f"access(type: {r.name}) {{ coordinate effect rule }}")
schema("who holds it, by `platforms`", lambda r: f"platforms(type: {r.name}) {{ id }}")
schema(
    "the type by introspection",
    lambda r: f'__type(name: "{r.name}") {{ fields {{ name description type {{ name }} }} }}',
)


@way("by `node` and an opaque id")
def _(aim: Aim) -> Iterable[Sent]:
    words = " ".join(f"... on {r.name} {{ {aim.chosen(r)} }}" for r in aim.records)
    yield posted({"query": f'{{ node(id: "{aim.subject.value}") {{ __typename {words} }} }}'})


@way("as a subgraph's entity")
def _(aim: Aim) -> Iterable[Sent]:
    query = (
        "query E($representations: [_Any!]!) { _entities(representations: $representations) "
        f"{{ __typename ... on {aim.kind} {{ {aim.nodes()} }} }} }}"
    )
    found = {"__typename": aim.kind, **aim.key}
    yield posted({"query": query, "variables": {"representations": [found]}})


@way("as a subgraph's entity, by the interface")
def _(aim: Aim) -> Iterable[Sent]:
    inner = f"... on CreditSubject {{ ... on {aim.kind} {{ {aim.nodes()} }} }}"
    query = f"query E($r: [_Any!]!) {{ _entities(representations: $r) {{ {inner} }} }}"
    for name in ("CreditSubject", aim.kind):
        yield posted({"query": query, "variables": {"r": [{"__typename": name, "id": aim.key, **aim.key}]}})
