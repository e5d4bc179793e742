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
from policies.model import ALLOW, Decision, Facts, RowRule
from policies.policyset import PolicySet


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


def replay(old: PolicySet, new: PolicySet, recorded: Iterable[Record]) -> Replayed:
    """Recorded questions decided under both sets, each with the facts of its own time."""
    found, sets = Replayed(), (_Again(old), _Again(new))
    for record in recorded:
        asks = [ask for ask in asked(record) if not ask.ceiling]
        if not asks:
            continue
        found.questions += 1
        more = any(_more(sets[0], sets[1], ask) for ask in asks)
        less = any(_more(sets[1], sets[0], ask) for ask in asks)
        who = record["caller"]["id"]
        for so, counts in ((more, found.more), (less, found.less)):
            if so:
                counts[who] = counts.get(who, 0) + 1
    return found


def _more(before: _Again, after: _Again, ask: Asked) -> bool:
    """Whether a question may return more: a field that is more open, or a row rule that hides no longer."""
    facts = ask.facts
    old, new = before.at(facts.at), after.at(facts.at)
    ladders, plain = [_ladders(one.policies, facts) for one in (before, after)], (ALLOW,)
    was, now = old.row(facts), new.row(facts)
    for name in ask.answers:
        first, second = _plain(was.decision(name)), _plain(now.decision(name))
        if first != second and opens_more(first, second, *(known.get(name, plain) for known in ladders)):
            return True
    hidden, still = ({_bare(rule) for rule in one.row_rules(facts) if rule.effect == "hide"} for one in (old, new))
    return was.answered != frozenset() and not hidden <= still


def _plain(decision: Decision) -> tuple[str, frozenset[str]]:
    return decision.effect, decision.obligations


def _bare(rule: RowRule) -> str:
    return repr((rule.status, rule.severity, rule.procedure, rule.only_kinds, rule.negative, rule.minor,
                 rule.publicity_over, rule.older_than, rule.since, rule.overdue_after))  # fmt: skip


def _ladders(policies: PolicySet, facts: Facts) -> dict[str, tuple[str, ...]]:
    record = policies.catalogue.types.get(facts.type)
    return {name: item.ladder for name, item in record.fields.items()} if record else {}
