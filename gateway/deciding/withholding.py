"""What a caller does not get, told once per (coordinate, rule, effect), with `*` in paths for lists.

Entries depend on the caller and the question alone. A row rule in force is told whether or not any row
meets it: "such records are not shown, if there are any", so that nobody learns that one exists.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from gateway.model import Branch, Path, Plan, Ruling, Subject, Withheld
from policies.model import ALLOW, DENY, NO_GRANT, Decision, RecordType, RowRule, Words
from policies.rows import can_match

SILENCE = Words("策略未授权", "no rule grants this")


@dataclass(slots=True)
class _Told:
    """One entry in the making: where it applies and, in a batch, to which subjects."""

    source: Decision | RowRule | None
    paths: dict[str, None] = field(default_factory=dict)  # a set that keeps the order
    subjects: set[int] = field(default_factory=set)
    consent_opens: bool = True  # everywhere: a remedy is told only where it is one


class WithheldList:
    """Collects what is withheld: one entry per (coordinate, rule, effect)."""

    def __init__(self, plan: Plan) -> None:
        self._batch = {root.key for root in plan.roots if root.several}
        self._told: dict[tuple[str, str, str | None, str], _Told] = {}

    def add(self, branch: Branch, record: RecordType, ruling: Ruling) -> None:
        path = branch.path if branch.derived or branch.implied else (*branch.path, "nodes", 0)
        for name, decision in ruling.decisions.items():
            if decision.effect == ALLOW:
                continue
            effect, step = ("DENY", None) if decision.effect == DENY else ("MASK", decision.effect)
            place = path if branch.derived else (*path, *_steps(record, name))
            opens = name in ruling.consent_opens
            self._note(record.fields[name].coordinate, effect, step, decision.rule, decision, place, opens)
        if ruling.denied is not None:
            answered = [decision for decision in ruling.decisions.values() if decision.answered]
            if answered or not ruling.decisions:  # a filter, or the whole type, closed what the fields did not
                self._note(record.name, "DENY", None, ruling.denied.rule, ruling.denied, path)
            return
        for rule in ruling.rows:
            if rule.effect == "hide" and can_match(rule, record, branch.subject.natural):
                self._note(record.name, "HIDE", None, rule.rule, rule, path)

    def add_subject(self, path: Path, subject: Subject) -> None:
        self._note(subject.kind, "DENY", None, NO_GRANT, None, path)

    def entries(self) -> tuple[Withheld, ...]:
        entries = []
        for (coordinate, effect, step, rule), told in self._told.items():
            reason = told.source.reason if told.source is not None else SILENCE
            contact = told.source.contact if isinstance(told.source, Decision) else None
            subjects = tuple(sorted(told.subjects))
            remedy = "consent" if told.consent_opens else None
            paths = tuple(told.paths)
            entries.append(Withheld(coordinate, paths, effect, step, rule, reason, contact, subjects, remedy))
        return tuple(entries)

    def _note(
        self,
        coordinate: str,
        effect: str,
        step: str | None,
        rule: str,
        source: Decision | RowRule | None,
        place: Path,
        consent_opens: bool = False,
    ) -> None:
        told = self._told.setdefault((coordinate, effect, step, rule), _Told(source))
        told.consent_opens &= consent_opens
        told.paths[".".join("*" if isinstance(part, int) else part for part in place)] = None
        if place[0] in self._batch and len(place) > 1 and isinstance(place[1], int):
            told.subjects.add(place[1])


def _steps(record: RecordType, name: str) -> Path:
    """The steps to a field within its record; an item of a list of objects is a step of its own."""
    parent, _, leaf = name.rpartition(".")
    if not parent:
        return (leaf,)
    return (parent, 0, leaf) if record.objects[parent].many else (parent, leaf)
