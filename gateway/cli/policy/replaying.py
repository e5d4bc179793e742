"""Which recorded questions a change would answer otherwise: each decided under both sets, with the facts of its time.

What a question would return more or less of are fields and the rules that hide records; the records themselves are not
in the log. Counts by caller, and never says whom a question was about.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from gateway.auditing.recorded import Asked, Record, asked
from policies.compiler import CompiledPolicies, compile_policies
from policies.conditions import SHANGHAI
from policies.difference import opens_more
from policies.model import ALLOW, Decision, Facts
from policies.policyset import PolicySet
from policies.row_space import RowSpace


@dataclass(slots=True)
class Replayed:
    """How many questions there were, and of each caller how many would return more, and less."""

    questions: int = 0
    more: dict[str, int] = field(default_factory=dict)
    less: dict[str, int] = field(default_factory=dict)

    def lines(self, since: datetime) -> Iterator[str]:
        total = f"{sum(self.more.values())} would have returned more, {sum(self.less.values())} less"
        yield f"replay of {self.questions} audited questions since {since.astimezone(SHANGHAI):%Y-%m-%d %H:%M}: {total}"
        for who in sorted({*self.more, *self.less}, key=lambda who: (-self.more.get(who, 0), who)):
            yield f"  {who}: {self.more.get(who, 0)} more, {self.less.get(who, 0)} less"


class _Again:
    """One set, compiled for each span of time that is asked about."""

    def __init__(self, policies: PolicySet) -> None:
        self.policies = policies
        self._compiled: list[CompiledPolicies] = []

    def at(self, instant: datetime) -> CompiledPolicies:
        found = next((one for one in self._compiled if one.covers(instant)), None)
        if found is None:
            found = compile_policies(self.policies, instant)
            self._compiled.append(found)
        return found


class _Change:
    """From one set to the other. What their row rules make of rows is reckoned once for each type and all its rows."""

    def __init__(self, before: _Again, after: _Again) -> None:
        self._before, self._after = before, after
        self._rows: dict[tuple[str, bool], RowSpace] = {}

    def returns_more(self, ask: Asked) -> bool:
        """Whether a question may return more: a field that is more open, or a row that is hidden no longer."""
        facts = ask.facts
        old, new = self._before.at(facts.at), self._after.at(facts.at)
        ladders, plain = [_ladders(one.policies, facts) for one in (self._before, self._after)], (ALLOW,)
        was, now = old.row(facts), new.row(facts)
        for name in ask.answers:
            first, second = _plain(was.decision(name)), _plain(now.decision(name))
            if first != second and opens_more(first, second, *(known.get(name, plain) for known in ladders)):
                return True
        space = self._space(facts) if now.answered else None
        return space is not None and any(
            shift.old is None for shift in space.shifts(old.row_rules(facts), new.row_rules(facts))
        )

    def _space(self, facts: Facts) -> RowSpace | None:
        """Every row of the type; None where one of the sets has no such rows."""
        catalogues = [one.policies.catalogue for one in (self._before, self._after)]
        if not all(facts.type in c.types and facts.kind in c.types[facts.type].kinds for c in catalogues):
            return None
        key = facts.type, any(c.kinds[facts.kind].natural for c in catalogues)
        if key not in self._rows:
            self._rows[key] = RowSpace([c.types[facts.type] for c in catalogues], catalogues, key[1])
        return self._rows[key]


def replay(old: PolicySet, new: PolicySet, recorded: Iterable[Record]) -> Replayed:
    """Recorded questions decided under both sets, each with the facts of its own time."""
    found, sets = Replayed(), (_Again(old), _Again(new))
    opening, closing = _Change(*sets), _Change(*reversed(sets))
    for record in recorded:
        asks = [ask for ask in asked(record) if not ask.ceiling]
        if not asks:
            continue
        found.questions += 1
        who = record["caller"]["id"]
        for change, counts in ((opening, found.more), (closing, found.less)):
            if any(change.returns_more(ask) for ask in asks):
                counts[who] = counts.get(who, 0) + 1
    return found


def _plain(decision: Decision) -> tuple[str, frozenset[str]]:
    return decision.effect, decision.obligations


def _ladders(policies: PolicySet, facts: Facts) -> dict[str, tuple[str, ...]]:
    record = policies.catalogue.types.get(facts.type)
    return {name: item.ladder for name, item in record.fields.items()} if record else {}
