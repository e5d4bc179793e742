"""Worked cases: `policies/cases/*.yaml` say who asks what and what must come of it. Here they are read.

A case is refused when it names what the set has not got, so that none passes by a slip of the pen; running
them is in `trials`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from policies.case_entries import (
    AskEntry,
    AskerEntry,
    CaseEntry,
    CaseFile,
    DefaultsEntry,
    ExpectEntry,
    ListEntry,
    NeverEntry,
)
from policies.condition_entries import Conditions
from policies.conditions import Condition
from policies.findings import Document, Findings
from policies.model import DENY, NO_GRANT, UNKNOWN_CONTROL, Facts, RecordType
from policies.policyset import PolicySet

ROW = "row"
ANY = "any"  # every effect but deny
REGION = "region"  # of the record's platform, beside the values of the row
OPEN_ENDED = "open-ended"  # a date that is known to have no end
Loc = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Case:
    """One case, ready to run. `effects` are by field name; `row` is shown, hidden, marked, or not asked."""

    where: str
    name: str
    facts: Facts
    born: date | None
    values: Mapping[str, Any]
    effects: Mapping[str, str]
    row: str | None
    because: Mapping[str, str]
    marks: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Never:
    """What no question may be answered with, whoever asks when: questions that fit `when` and no exception."""

    where: str
    name: str
    when: Condition
    excepts: tuple[Condition, ...]
    effects: frozenset[str]  # empty: any but deny


def load_cases(documents: Sequence[Document], policies: PolicySet) -> tuple[tuple[Case, ...], tuple[Never, ...]]:
    """Read case files against a set. Raises Refused with every finding."""
    findings = Findings()
    found: list[Case] = []
    nevers: list[Never] = []
    ids = [policy.id for policy in policies.policies]
    for document in documents:
        with findings.collecting():
            file = document.read(CaseFile)
            if file.policy_tests not in ids:
                findings.add(document, ["policyTests"], f"unknown policy `{file.policy_tests}`", file.policy_tests, ids)
            for index, entry in enumerate(file.cases):
                loc: Loc = ("cases", index)
                if entry.expect_never is not None:
                    nevers.append(_never(document, loc, entry.name, entry.expect_never, policies, findings))
                    continue
                question = _Question.of(entry)
                if entry.list_ is not None:
                    loc = (*loc, "list")
                    _completed(document, loc, entry.list_, policies, findings)
                found += _Reading(document, loc, question, policies, findings).case(file.defaults)
    findings.settle()
    return tuple(found), tuple(nevers)


@dataclass(frozen=True, slots=True)
class _Question:
    """A case as one question; of a list each field that it does not name is denied."""

    name: str
    at: datetime | None
    as_: AskerEntry
    ask: AskEntry
    expect: ExpectEntry

    @classmethod
    def of(cls, entry: CaseEntry) -> _Question:
        if entry.list_ is not None:
            expect = ExpectEntry.model_validate({"*": DENY, **entry.list_.effects})
            return cls(entry.name, entry.at, entry.list_.as_, entry.list_.ask, expect)
        if entry.as_ is None or entry.ask is None or entry.expect is None:
            raise ValueError(f"`{entry.name}` asks nothing")
        return cls(entry.name, entry.at, entry.as_, entry.ask, entry.expect)


def _completed(document: Document, loc: Loc, entry: ListEntry, policies: PolicySet, findings: Findings) -> None:
    """With `lacks`, every field stands in one of the two lists, and in one only."""
    record = policies.catalogue.types.get(entry.ask.type)
    if entry.lacks is None or record is None:
        return
    seen = entry.effects
    for index, name in enumerate(entry.lacks):
        if name not in record.fields:
            findings.add(document, [*loc, "lacks", index], f"unknown field `{name}`", name, record.fields)
        elif name in seen:
            findings.add(document, [*loc, "lacks", index], f"`{name}` stands in `sees` too; delete one")
    for name in record.fields:
        if name not in seen and name not in entry.lacks:
            findings.add(document, [*loc, "lacks"], f"`{name}` is in neither list; look who sees it, and write it down")


def _never(
    document: Document, loc: Loc, name: str, entry: NeverEntry, policies: PolicySet, findings: Findings
) -> Never:
    c, at = policies.catalogue, (*loc, "expectNever")
    reading = Conditions(document, c, findings)
    steps = {step for ladder in c.ladders.values() for step in ladder} | {ANY}
    reading.known([*at, "effect"], entry.effect, steps, "effect")
    effects = frozenset() if ANY in entry.effect else frozenset(entry.effect)
    when, excepts = reading.read(at, entry), reading.exceptions(at, entry.except_)
    return Never(document.where([*loc, "name"]), name, when, excepts, effects)


class _Reading:
    """One case being read against a set."""

    def __init__(self, document: Document, loc: Loc, entry: _Question, policies: PolicySet, findings: Findings) -> None:
        self.document, self.loc, self.entry, self.policies, self.findings = document, loc, entry, policies, findings

    def case(self, defaults: DefaultsEntry) -> list[Case]:
        """The case, or nothing when it has findings."""
        before = len(self.findings.found)
        entry, at = self.entry, self.entry.at or defaults.at
        record = self._words()
        values = {**defaults.record, **entry.ask.record}
        province = str(values.pop(REGION, None))
        self._known(("ask", "record", REGION), [province], self.policies.catalogue.provinces, "province")
        if at is None:
            self._add((), "`at` is missing, here and under `defaults`")
        if record is None or at is None:
            return []
        for name in entry.ask.record:
            self._known(("ask", "record", name), [name], [REGION, *record.fields], "field")
        effects = self._effects(record)
        if len(self.findings.found) > before:
            return []
        values = {name: date.max if value == OPEN_ENDED else value for name, value in values.items()}
        facts = self._facts(at, province)
        because, where = entry.expect.because, self.document.where([*self.loc[:2], "name"])
        marks = None if entry.expect.marks is None else frozenset(entry.expect.marks)
        return [Case(where, entry.name, facts, entry.ask.born, values, effects, entry.expect.row, because, marks)]

    def _words(self) -> RecordType | None:
        c, asker, ask = self.policies.catalogue, self.entry.as_, self.entry.ask
        self._known(("as", "client"), [asker.client], c.client_classes, "class of client")
        self._known(("as", "region"), [asker.region], c.provinces, "province")
        self._known(("as", "purpose"), [asker.purpose], c.purposes, "purpose")
        self._known(("as", "scopes"), asker.scopes, c.scopes, "scope")
        self._known(("ask", "type"), [ask.type], c.types, "record type")
        self._known(("ask", "subject"), [ask.subject], c.kinds, "kind of subject")
        return c.types.get(ask.type)

    def _effects(self, record: RecordType) -> Mapping[str, str]:
        expect = self.entry.expect
        named: dict[str, str] = expect.model_extra or {}
        self._known(("expect",), named, record.fields, "field")
        for name, effect in named.items():
            if name in record.fields:
                self._known(("expect", name), [effect], [*record.fields[name].ladder, DENY], "effect")
        self._known(("expect", "*"), [expect.every], ["allow", DENY], "effect")
        effects = {**(dict.fromkeys(record.fields, expect.every) if expect.every else {}), **named}
        self._known(("expect", "because"), expect.because, [ROW, *effects], "field of this case")
        rules = [rule.id for policy in self.policies.policies for rule in policy.rules]
        rules += [row.rule.rule for policy in self.policies.policies for row in policy.rows]
        for name, rule in expect.because.items():
            self._known(("expect", "because", name), [rule], [NO_GRANT, UNKNOWN_CONTROL, *rules], "rule")
        labels = {row.rule.label for policy in self.policies.policies for row in policy.rows if row.rule.label}
        self._known(("expect", "marks"), expect.marks or (), labels, "mark")
        if expect.marks and expect.row != "marked":
            self._add(("expect", "marks"), "`marks` are those of a marked row; write `row: marked`")
        if not effects and expect.row is None:
            self._add(("expect",), "nothing is expected; name a field, `*` or `row`")
        return effects

    def _facts(self, at: datetime, province: str) -> Facts:
        asker, ask = self.entry.as_, self.entry.ask
        key = self.policies.catalogue.kinds[ask.subject].key
        return Facts(
            client_class=asker.client,
            client_id=asker.id,
            region=asker.region,
            scopes=frozenset(asker.scopes),
            purpose=asker.purpose,
            consent=asker.consent,
            own=asker.self_,
            given=frozenset((key,) if ask.given is None else ask.given),
            kind=ask.subject,
            type=ask.type,
            province=province,
            at=at,
        )

    def _known(self, at: Loc, words: Collection[str | None], known: Collection[str], what: str) -> None:
        for word in words:
            if word is not None and word not in known:
                self._add(at, f"unknown {what} `{word}`", word, known)

    def _add(self, at: Loc, message: str, word: str | None = None, known: Collection[str] = ()) -> None:
        self.findings.add(self.document, [*self.loc, *at], message, word, known)
