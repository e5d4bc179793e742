"""What a caller does not get, told once per (coordinate, rule, effect), with `*` in paths for lists.

Entries depend on the caller and the question alone. A row rule in force is told whether or not any row
meets it: "such records are not shown, if there are any", so that nobody learns that one exists.
"""

from __future__ import annotations

from collections.abc import Iterable

from gateway.model import Branch, Path, Plan, Ruling, Subject, Withheld
from policies.model import ALLOW, DENY, NO_GRANT, Decision, RecordType, RowRule, Words

SILENCE = Words("策略未授权", "no rule grants this")


class WithheldList:
    """Collects what is withheld: one entry per (coordinate, rule, effect), with `*` for lists."""

    def __init__(self, plan: Plan) -> None:
        self._batch = {root.key for root in plan.roots if root.field == "subjects"}
        self._found: dict[tuple[str, str, str, str | None, str], tuple[Decision | RowRule | None, set[int]]] = {}

    def add(self, branch: Branch, record: RecordType, ruling: Ruling) -> None:
        inner = "" if branch.derived else ".nodes.*"
        path = self._path(branch.path) + inner
        for name, decision in ruling.decisions.items():
            if decision.effect == ALLOW:
                continue
            effect, step = ("DENY", None) if decision.effect == DENY else ("MASK", decision.effect)
            field_path = path if branch.derived else f"{path}.{name}"
            self._note(record.fields[name].coordinate, field_path, effect, step, decision.rule, decision, branch.path)
        if ruling.denied is not None and all(decision.answered for decision in ruling.decisions.values()):
            self._note(record.name, path, "DENY", None, ruling.denied.rule, ruling.denied, branch.path)
        if ruling.denied is None:
            for rule in ruling.rows:
                if rule.effect == "hide":
                    self._note(record.name, path, "HIDE", None, rule.rule, rule, branch.path)

    def add_subject(self, path: Path, subject: Subject) -> None:
        self._note(subject.kind, self._path(path), "DENY", None, NO_GRANT, None, path)

    def entries(self) -> tuple[Withheld, ...]:
        entries = []
        for (coordinate, path, effect, step, rule), (source, subjects) in self._found.items():
            reason = source.reason if source is not None else SILENCE
            contact = source.contact if isinstance(source, Decision) else None
            entries.append(Withheld(coordinate, path, effect, step, rule, reason, contact, tuple(sorted(subjects))))
        return tuple(entries)

    def _note(
        self, coordinate: str, path: str, effect: str, step: str | None, rule: str,
        source: Decision | RowRule | None, place: Path,
    ) -> None:  # fmt: skip
        _, subjects = self._found.setdefault((coordinate, path, effect, step, rule), (source, set()))
        if place[0] in self._batch and len(place) > 1 and isinstance(place[1], int):
            subjects.add(place[1])

    def _path(self, path: Iterable[str | int]) -> str:
        return ".".join("*" if isinstance(part, int) else part for part in path)
