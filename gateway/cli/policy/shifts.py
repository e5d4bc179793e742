"""What a change opens and closes, in lines for a person and in JSON for a machine.

Purposes, classes of client, scopes and fields are written as in the rules, so that they can be searched there; in
Chinese with their titles. Nothing here compares or decides.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import Any

from gateway.cli.matrix import telling
from gateway.cli.policy.ranges import FEW, Ranges
from policies.difference import ABSENT, Answer, FieldShift, RowsShift
from policies.model import NO_GRANT
from policies.row_space import Labels

SAID = {"scope", "given", "self", "consent"}  # facts that are so or not


class Telling(Ranges):
    """Lines for the shifts of one comparison."""

    def line(self, verb: str, shift: FieldShift | RowsShift) -> str:
        """Who gains or loses what, for which purpose, from which answer to which, under which conditions."""
        what = self._fields(shift)
        places = shift.where.get("place")
        conditions = "; ".join(self.conditions(shift))
        parts = (
            *(verb, self._clients(shift), self.places(places) if places else "", self._purpose(shift)),
            *(what, self._change(shift), f"({conditions})" if conditions else ""),
        )
        return "  ".join(part for part in parts if part)

    def rows(self, verb: str, alike: Sequence[RowsShift]) -> str:
        """Shifts of records by the same rules in one line: what they have in common, and where they lie."""
        first = alike[0]
        if len(alike) == 1:
            return self.line(verb, first)
        common = set.intersection(*(set(self.conditions(shift)) for shift in alike))
        conditions = [text for text in self.conditions(first) if text in common]
        conditions.append(self.word("situations", len(alike)))
        types = list(dict.fromkeys(name for shift in alike for name in shift.types))
        callers = list(dict.fromkeys(self._clients(shift) for shift in alike))
        what = f"{self.word('rows')} {self.few(types)}"
        return "  ".join((verb, "; ".join(callers), what, self._change(first), f"({'; '.join(conditions)})"))

    def conditions(self, shift: FieldShift | RowsShift) -> list[str]:
        """All that is asked beside caller, place and purpose; kinds of subject first."""
        found, kinds = [], self.catalogue.kinds
        if set(shift.kinds) != set(kinds):
            titles = [kinds[kind].title.zh if kind in kinds else kind for kind in shift.kinds]
            found.append(self.few(titles if self.language == "zh" else shift.kinds))
        for name, values in shift.where.items():
            word, _, which = name.partition(" ")
            if word in SAID:
                found.append(self.word(f"{word} {'yes' if True in values else 'no'}", which))
            elif word == "id":
                found.append(self.word("id", self.few(str(one) or self.word("other clients") for one in values)))
            elif word == "time":
                found.append(self.times(values))
        if isinstance(shift, RowsShift):
            found += [self.part(role, values) for role, values in shift.rows.items()]
        return found

    def outcome(self, labels: Labels) -> str:
        """What becomes of a row."""
        if labels is None:
            return self.word("hidden")
        return self.word("marked", ", ".join(labels)) if labels else self.word("shown")

    def _clients(self, shift: FieldShift | RowsShift) -> str:
        clients, known = shift.where.get("client"), self.catalogue.client_classes
        if clients is None:
            return self.word("anyone")
        names = [str(name) for name in clients]
        return "、".join(known[n].zh if n in known else n for n in names) if self.language == "zh" else "/".join(names)

    def _purpose(self, shift: FieldShift | RowsShift) -> str:
        listed = shift.where.get("purpose")
        if listed is None:
            return self.word("any purpose")
        missing = [code for code in self.found.facts["purpose"] if code not in listed]
        if len(missing) < min(FEW, len(listed)):
            return self.word("but", self.word("any purpose"), self._purposes(missing))
        return self._purposes(listed)

    def _purposes(self, codes: Iterable[Hashable]) -> str:
        asked = [None if code is None else str(code) for code in codes]
        return ", ".join(self.word("no purpose") if code is None else text for code, text in self._families(asked))

    def _families(self, codes: list[str | None]) -> list[tuple[str | None, str]]:
        found: list[tuple[str | None, str]] = []
        for code, missing in telling.families(codes, self.catalogue):
            found.append((code, self.word("but", code, ", ".join(missing)) if missing else str(code)))
        gone = [code for code in codes if code is not None and code not in self.catalogue.purposes]
        return [*found, *((code, code) for code in gone)]

    def _fields(self, shift: FieldShift | RowsShift) -> str:
        if isinstance(shift, FieldShift):
            return self.few(shift.fields)
        return f"{self.word('rows')} {self.few(shift.types)}"

    def _change(self, shift: FieldShift | RowsShift) -> str:
        if isinstance(shift, RowsShift):
            return f"{self.outcome(shift.old)} -> {self.outcome(shift.new)}  [{', '.join(shift.rules)}]"
        old, new = shift.old, shift.new
        by = old.rule if new.rule in {NO_GRANT, ABSENT} else new.rule  # a loss is by what closes, where anything does
        if old.effect != new.effect:
            return f"{old.effect} -> {new.effect}  [{by}]"
        return f"{old.effect}, {self.word('obliges')} {self._duties(old)} -> {self._duties(new)}  [{by}]"

    def _duties(self, answer: Answer) -> str:
        return ", ".join(sorted(answer.obligations)) or self.word("nothing")


def plain(shift: FieldShift | RowsShift, told: Telling) -> dict[str, Any]:
    """One shift for a machine: lists in full, null for all; conditions as they are told."""
    places = shift.where.get("place")
    pairs = [{"caller": pair[0], "record": pair[1]} for pair in places or () if isinstance(pair, tuple)]
    common: dict[str, Any] = {
        "what": "fields" if isinstance(shift, FieldShift) else "rows",
        "subjects": shift.kinds,
        "clients": shift.where.get("client"),
        "places": None if places is None else pairs,
        "purposes": shift.where.get("purpose"),
        "conditions": told.conditions(shift),
    }
    if isinstance(shift, RowsShift):
        ends = {"old": told.outcome(shift.old), "new": told.outcome(shift.new)}
        return {**common, "types": shift.types, **ends, "rules": shift.rules}
    answers = {
        name: {"effect": answer.effect, "obligations": sorted(answer.obligations), "rule": answer.rule}
        for name, answer in (("old", shift.old), ("new", shift.new))
    }
    return {**common, "fields": shift.fields, **answers}
