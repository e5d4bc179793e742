"""Kind `static`: rows that stand in a file beside the declaration, for tests and for lists that are short and rare.

The file is YAML or JSON, lists of rows by name (`rows` says which); every value in it is a text, as it is spelt, so
that a code never becomes a number. It is read once, when the declaration is. Every condition is applied here.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.events import AliasEvent

from connectors.agreement import Finding, KindWords
from connectors.contract import Claim, Condition, Deadline, Environment, Fetch, Page, Row, TimedOut
from connectors.declaration import TypeWords
from connectors.fields import FieldWords
from connectors.fitting import Loc
from connectors.mapping.conditions import TEXTUAL, NotInvertible, operators_alone, plain_signs
from connectors.mapping.paths import Raw, path
from connectors.mapping.records import RecordMap, key_kind
from connectors.mapping.values import name_of
from connectors.ordering import in_order
from connectors.sandboxes import StaticSource
from connectors.sources import Beside
from connectors.terms import FieldTerm, Terms

BATCH = 200


class Static:
    """One file of rows. See `connectors.contract.Connector` for the life of a connector."""

    words: ClassVar[KindWords]

    def __init__(self, source: StaticSource, types: Mapping[str, TypeWords], terms: Terms, beside: Beside) -> None:
        held, self._most, self._words = _read(beside(source.file)), source.limits.maxRows, types
        self._rows = {name: _listed(held, words.rows) for name, words in types.items()}
        self._records = {
            name: RecordMap(name, words, terms, path, words.batch or BATCH) for name, words in types.items()
        }

    def claims(self) -> Mapping[str, Claim]:
        return {name: record.claim for name, record in self._records.items()}

    def record(self, type_name: str) -> RecordMap:
        return self._records[type_name]

    def recorded(self, type_name: str, answer: bytes) -> Sequence[Raw]:
        """The raw rows of such a file. Raises ValueError."""
        return _listed(_read(answer), self._words[type_name].rows)

    async def open(self, environment: Environment) -> None: ...
    async def close(self) -> None: ...
    async def health(self, deadline: Deadline) -> None: ...

    async def fetch(self, ask: Fetch) -> AsyncIterator[Page]:
        """One page, in the declared order, else in that of the file."""
        record, kind = self._records[ask.type], key_kind(ask)
        record.admit(ask)
        await ask.turn()
        if not ask.deadline.left():
            raise TimedOut("the deadline has passed")
        look, codes = path(name_of(self._words[ask.type].subject[kind])), {each.value for each in ask.subjects}
        spelt = set(record.spelt(sorted(codes), kind))
        raw = [row for row in self._rows[ask.type] if not spelt or str(look(row)).strip().upper() in spelt]
        order = record.claim.order if ask.ordered else ()
        needed = ask.fields | {each.field for each in ask.where} | {each.field for each in order}
        mapped = record.rows(raw, replace(ask, fields=needed))
        record.judge(len(mapped.rows), len(mapped.rejected))
        rows = [
            Row(row.id, row.subject, {name: value for name, value in row.values.items() if name in ask.fields})
            for row in in_order(mapped.rows, order)
            if all(_holds(each, row.values.get(each.field)) for each in ask.where)
        ]
        room = min(ask.limit, self._most)
        yield Page(rows[:room], mapped.rejected, len(rows) > room, None, mapped.deleted)


def _holds(condition: Condition, value: Any) -> bool:
    if value is None:
        return False
    match condition.op:
        case "range":
            since, until = condition.values
            return (since is None or value >= since) and (until is None or value <= until)
        case "contains":
            return all(sign in str(value) for sign in plain_signs(condition.values[0]))
    return value in condition.values


def _read(raw: bytes) -> Any:
    """Raises ValueError, which says nothing of what stands in the file."""
    yaml = YAML(typ="base", pure=True)
    try:
        text = raw.decode("utf-8")
        if any(isinstance(event, AliasEvent) for event in yaml.parse(text)):
            raise ValueError("aliases are refused: write each row out")
        return yaml.load(text)
    except (YAMLError, UnicodeDecodeError, RecursionError):
        raise ValueError("neither YAML nor JSON in UTF-8") from None


def _listed(held: Any, name: str | None) -> list[dict[str, Any]]:
    rows = held.get(name) if isinstance(held, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ValueError(f"holds no list of rows under `{name}`")
    return rows


def _filter(words: FieldWords, term: FieldTerm, each: TypeWords, name: str) -> None:
    declared = each.filters[name]
    operators_alone(declared)
    if "contains" in declared.ops and term.kind not in TEXTUAL:
        raise NotInvertible("`contains` is possible for names and texts only")


def _inspect(words: TypeWords) -> Iterator[tuple[Loc, str]]:
    if words.asOf is not None:
        yield ("asOf",), "a file of rows does not say how fresh it is; leave `asOf` out"


def _described(source: StaticSource, types: Mapping[str, TypeWords], beside: Beside) -> Iterator[Finding]:
    try:
        held = _read(beside(source.file))
    except ValueError as reason:
        yield ("file",), f"`{source.file}`: {reason}" if source.file not in str(reason) else str(reason), None, ()
        return
    for name, words in types.items():
        if words.rows is None:
            continue  # said already
        try:
            _listed(held, words.rows)
        except ValueError as reason:
            yield (
                ("types", name, "rows"),
                f"`{source.file}` {reason}",
                words.rows,
                held if isinstance(held, dict) else (),
            )


Static.words = KindWords(
    "path", frozenset({"rows"}), frozenset(), _filter, _inspect, path, _described, order=lambda words, term: None
)
