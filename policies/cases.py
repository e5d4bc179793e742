"""Worked cases: `policies/cases/*.yaml` say who asks what and what must come of it. Here they are read.

A case is refused when it names what the set has not got, so that none passes by a slip of the pen; running
them is in `trials`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from policies.catalogue_entries import Strict
from policies.findings import Document, Findings
from policies.model import DENY, NO_GRANT, UNKNOWN_CONTROL, Facts, RecordType
from policies.policyset import PolicySet
from policies.rule_entries import Day, Many, PolicyId

ROW = "row"
REGION = "region"  # of the record's platform, beside the values of the row
OPEN_ENDED = "open-ended"  # a date that is known to have no end
Loc = tuple[str | int, ...]


class AskerEntry(Strict):
    client: str
    id: str = "case"
    region: str | None = None
    scopes: Many = ()
    purpose: str | None = None
    consent: bool = False
    self_: bool = Field(False, alias="self")


class AskEntry(Strict):
    type: str
    subject: str
    given: tuple[Literal["uscc", "citizenId", "name"], ...] | None = None  # else the key alone
    born: Day | None = None
    record: Mapping[str, Any] = Field(default_factory=dict)


class ExpectEntry(BaseModel):
    """`row`, `marks`, `because`, and beside them one effect for each field; `*` is every field that is not named."""

    model_config = ConfigDict(extra="allow", frozen=True)
    __pydantic_extra__: dict[str, str] = Field(init=False)
    row: Literal["shown", "hidden", "marked"] | None = None
    marks: Many | None = None  # every label of a marked row, in any order
    every: str | None = Field(None, alias="*")
    because: Mapping[str, str] = Field(default_factory=dict)


class DefaultsEntry(Strict):
    at: AwareDatetime | None = None
    record: Mapping[str, Any] = Field(default_factory=dict)


class CaseEntry(Strict):
    name: Annotated[str, Field(min_length=1)]
    as_: AskerEntry = Field(alias="as")
    at: AwareDatetime | None = None
    ask: AskEntry
    expect: ExpectEntry


class CaseFile(Strict):
    policy_tests: PolicyId = Field(alias="policyTests")
    defaults: DefaultsEntry = DefaultsEntry()
    cases: Annotated[tuple[CaseEntry, ...], Field(min_length=1)]


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


def load_cases(documents: Sequence[Document], policies: PolicySet) -> tuple[Case, ...]:
    """Read case files against a set. Raises Refused with every finding."""
    findings = Findings()
    found: list[Case] = []
    ids = [policy.id for policy in policies.policies]
    for document in documents:
        with findings.collecting():
            file = document.read(CaseFile)
            if file.policy_tests not in ids:
                findings.add(document, ["policyTests"], f"unknown policy `{file.policy_tests}`", file.policy_tests, ids)
            for index, entry in enumerate(file.cases):
                found += _Reading(document, ("cases", index), entry, policies, findings).case(file.defaults)
    findings.settle()
    return tuple(found)


class _Reading:
    """One case being read against a set."""

    def __init__(self, document: Document, loc: Loc, entry: CaseEntry, policies: PolicySet, findings: Findings) -> None:
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
        because, where = entry.expect.because, self.document.where([*self.loc, "name"])
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
