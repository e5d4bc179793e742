"""What one caller may see at all, of whomever: the decisions behind the schema that it is shown.

A field counts as seen when any question of this caller, for its purpose, may be answered with it: of any kind of
subject, with the subject's consent, with its name beside the key, and of itself where the caller is a subject; at any
platform that it may be answered from. Nothing of it decides an answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from itertools import product
from typing import Any

from cachetools import LRUCache

from connectors.registry import Registry
from gateway.caller import Caller, Terms
from gateway.deciding.registered import parted
from gateway.model import Seen
from policies import identifiers
from policies.compiler import DecisionRow
from policies.model import ALLOW, Catalogue, Facts, RecordType, SubjectKind

REMEMBERED = 32  # callers: each holds a schema of its own
NAMELESS, NAMED = frozenset[str](), frozenset({"name"})

Row = Callable[[Facts, Terms], DecisionRow]


class Sights:
    """Sights under one policy set, of one registry of platforms in one province."""

    def __init__(self, catalogue: Catalogue, registry: Registry, province: str) -> None:
        self._catalogue = catalogue
        self._registry = registry
        self._province = province
        self._known: LRUCache[Any, Seen] = LRUCache(REMEMBERED)

    def forget(self) -> None:
        """The policies are others now."""
        self._known.clear()

    def of(self, caller: Caller, at: datetime, row: Row) -> Seen:
        """The same object for equal callers, as long as it is remembered."""
        own = identifiers.kind_of(self._catalogue, caller.own.kind, caller.own.value) if caller.own else None
        key = (
            caller.client_class, caller.id, caller.region, caller.scopes, caller.purpose, own,
            caller.terms.state, caller.terms.types,
        )  # fmt: skip
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._seen(caller, own, at, row)
        return found

    def _seen(self, caller: Caller, own: str | None, at: datetime, row: Row) -> Seen:
        asked = Facts(
            caller.client_class, caller.id, caller.region, caller.scopes, caller.purpose, False, False, NAMELESS,
            "", "", self._province, at,
        )  # fmt: skip
        keyed, sought = dict[tuple[str, str], Mapping[str, str]](), dict[tuple[str, str], Mapping[str, str]]()
        for record in self._catalogue.types.values():
            within, _ = parted(self._registry.for_type(record.name), caller.terms)
            provinces = sorted({self._province, *(platform.region for platform in within)})
            for kind in (self._catalogue.kinds[name] for name in sorted(record.kinds)):
                selves = (False, True) if kind.name == own else (False,)
                plain = list(_facts(asked, record, kind, provinces, (False,), (False,), (NAMELESS,)))
                given = [frozenset({kind.key}) | name for name in (NAMELESS, NAMED)]
                known = _facts(asked, record, kind, provinces, (False, True), selves, given)
                sought[record.name, kind.name] = _effects(row(facts, caller.terms) for facts in plain)
                keyed[record.name, kind.name] = _effects(row(facts, caller.terms) for facts in known)
        return Seen(keyed, sought)


def _facts(
    asked: Facts,
    record: RecordType,
    kind: SubjectKind,
    provinces: Iterable[str],
    consents: Iterable[bool],
    selves: Iterable[bool],
    given: Iterable[frozenset[str]],
) -> Iterable[Facts]:
    for province, consent, own, beside in product(provinces, consents, selves, given):
        yield Facts(
            asked.client_class, asked.client_id, asked.region, asked.scopes, asked.purpose, consent, own, beside,
            kind.name, record.name, province, asked.at,
        )  # fmt: skip


def _effects(rows: Iterable[DecisionRow]) -> dict[str, str]:
    """Fields that any of these answers, each in full where any of them gives it in full."""
    found: dict[str, str] = {}
    for row in {id(row.decisions): row for row in rows}.values():
        for name, decision in row.decisions.items():
            if decision.answered and found.get(name) != ALLOW:
                found[name] = decision.effect
    return found
