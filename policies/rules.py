"""Policies: reads the YAML files of `policies/rules/` into rules that the interpreter can hold against a question.

Promises: unknown words, fields, purposes, scopes and mask steps are refused with file and line; `records`
stands only under `rows`, so that grants and limits look at the question and never at data; a layer that
writes what it may not is refused (see `layers`). The order of files and rules never matters.
"""

from __future__ import annotations

from collections.abc import Sequence

from policies.condition_entries import Conditions
from policies.conditions import Condition, midnight, reach
from policies.findings import Document, Findings
from policies.layers import rights
from policies.model import DENY, Catalogue, RowRule
from policies.policyset import Policy, Quota, Row, Rule
from policies.rule_entries import PolicyFile, RecordsEntry, RowEntry, RuleEntry

Loc = list[str | int]


def load_rules(documents: Sequence[Document], catalogue: Catalogue) -> tuple[Policy, ...]:
    """Read policy files against a catalogue. Raises Refused with every finding of every file."""
    findings = Findings()
    policies: dict[str, Policy] = {}
    for document in documents:
        with findings.collecting():
            file = document.read(PolicyFile)
            if file.policy in policies:
                findings.add(document, ["policy"], f"`{file.policy}` stands also in {policies[file.policy].where}")
            policies[file.policy] = _Reading(document, file, catalogue, findings).policy()
            rights(document, file, policies[file.policy], catalogue, findings)
    findings.settle()
    return tuple(sorted(policies.values(), key=lambda policy: policy.rank))


class _Reading:
    """One file being turned into a Policy; findings are added, and nothing is decided by them."""

    def __init__(self, document: Document, file: PolicyFile, catalogue: Catalogue, findings: Findings) -> None:
        self.document, self.file, self.catalogue, self.findings = document, file, catalogue, findings
        self.conditions = Conditions(document, catalogue, findings)

    def policy(self) -> Policy:
        file = self.file
        self.conditions.known(["purposes"], file.purposes, self.conditions.purposes, "purpose")
        self.conditions.known(["obligations"], file.obligations, self.catalogue.obligations, "obligation")
        provinces = self.catalogue.provinces
        self._assessed([], file.assessment)
        if file.between is not None:
            self.conditions.known(["between", "provider"], [file.between.provider], provinces, "province")
            self.conditions.known(["between", "consumer"], [file.between.consumer], provinces, "province")
        if file.region is not None:
            self.conditions.known(["region"], [file.region[:2]], provinces, "province")
            if now := self.catalogue.now_of(file.region):  # no platform lies there: its limits would close nothing
                codes = " and ".join(f"`{code}`" for code in now)
                message = f"`{file.region}` is retired; write {codes}, a file for each"
                self.findings.add(self.document, ["region"], message)
        seen: set[str] = set()
        places = [("rules", i, rule.id) for i, rule in enumerate(file.rules)]
        places += [("rows", i, row.id) for i, row in enumerate(file.rows)]
        for section, index, name in places:
            if name in seen:
                self.findings.add(self.document, [section, index, "id"], f"`{name}` is used twice in this file")
            seen.add(name)
        return Policy(
            id=file.policy,
            kind=file.kind,
            title=file.title.words(),
            contact=file.owner.contact if file.owner else None,
            region=file.region,
            since=midnight(file.valid.from_),
            until=midnight(file.valid.until) if file.valid.until else None,
            provider=file.between.provider if file.between else None,
            consumer=file.between.consumer if file.between else None,
            purposes=frozenset(file.purposes),
            quota=Quota(file.quota.per_day, file.quota.subjects_per_query) if file.quota else None,
            rules=tuple(self._rule(index, entry) for index, entry in enumerate(file.rules)),
            rows=tuple(self._row(index, entry) for index, entry in enumerate(file.rows)),
            where=self.document.where(["policy"]),
            assessment=file.assessment,
            widens=self._widens(file),
        )

    def _widens(self, file: PolicyFile) -> tuple[str, ...]:
        """What a file that says `widens: true` rests on: laws in its head, and an agreement's two signatures."""
        if not file.widens:
            return ()
        rests = (*(law.text for law in file.law), *(f"{each.by} {each.date}" for each in file.signed))
        if not rests:
            self.findings.add(self.document, ["widens"], "`widens` must say what it rests on: write `law` beside it")
        return rests

    def _rule(self, index: int, entry: RuleEntry) -> Rule:
        loc: Loc = ["rules", index]
        when = self.conditions.read(loc, entry)
        step = entry.grant or entry.limit or DENY
        self.conditions.known([*loc, "obligations"], entry.obligations, self.catalogue.obligations, "obligation")
        self._assessed(loc, entry.assessment)
        self._step(loc, entry, when, step)
        return Rule(
            id=f"{self.file.policy}/{entry.id}",
            why=entry.why.words(),
            law=tuple(law.basis() for law in entry.law),
            grants=entry.grant is not None,
            step=step,
            when=when,
            excepts=self.conditions.exceptions(loc, entry.except_),
            obligations=frozenset((*entry.obligations, *self.file.obligations)),
            where=self.document.where([*loc, "id"]),
            assessment=entry.assessment,
        )

    def _row(self, index: int, entry: RowEntry) -> Row:
        loc: Loc = ["rows", index]
        verb = "hide" if entry.hide is not None else "mark"
        records = entry.hide or entry.mark or RecordsEntry()
        for word, role, codes, what in (
            ("status", "status", records.status, "status"),
            ("severity", "severity", records.severity, "severity"),
            ("procedure", "procedure", records.procedure, "procedure"),
            ("onlyKinds", "kinds", records.only_kinds, "kind of penalty"),
        ):
            self.conditions.known([*loc, verb, word], codes, self._codes(role, entry.types), what)
        rule = RowRule(
            rule=f"{self.file.policy}/{entry.id}",
            reason=entry.why.words(),
            effect=verb,
            label=records.as_,
            status=frozenset(records.status),
            severity=frozenset(records.severity),
            procedure=frozenset(records.procedure),
            only_kinds=frozenset(records.only_kinds),
            negative=records.negative,
            minor=records.minor,
            publicity_over=records.publicity_over,
            older_than=records.age,
            since=records.from_ if records.from_ not in (None, "conduct") else "retention_anchor",
            overdue_after=records.overdue.after_working_days if records.overdue else None,
        )
        law = tuple(law.basis() for law in entry.law)
        where = self.document.where([*loc, "id"])
        return Row(rule, law, self.conditions.read(loc, entry), self.conditions.exceptions(loc, entry.except_), where)

    def _step(self, loc: Loc, entry: RuleEntry, when: Condition, step: str) -> None:
        """A mask must be a step of the ladder of every field that the rule reaches."""
        verb = "grant" if entry.grant is not None else "limit"
        steps = {step for ladder in self.catalogue.ladders.values() for step in ladder} | {DENY}
        self.conditions.known([*loc, verb], [step], steps, "step")
        if step == DENY or step not in steps:
            return
        for reached, _, _ in reach(self.catalogue, when):
            if step not in reached.ladder:
                message = f"`{step}` is no step for `{reached.coordinate}`, which is of kind `{reached.kind}`"
                self.findings.add(self.document, [*loc, verb], message, step, reached.ladder)
                return

    def _codes(self, role: str, types: Sequence[str]) -> set[str]:
        """The codes of the fields that play a role, in these types or in all."""
        known = self.catalogue.types
        records = [known[name] for name in types if name in known] or list(known.values())
        played = ((record.fields, getattr(record.roles, role)) for record in records)
        vocabularies = {fields[name].vocabulary for fields, name in played if name is not None}
        return {code for name in vocabularies if name for code in self.catalogue.vocabularies[name]}

    def _assessed(self, loc: Loc, reference: str | None) -> None:
        known = self.catalogue.assessments
        if reference is not None and reference not in known:
            message = f"unknown assessment `{reference}`"
            self.findings.add(self.document, [*loc, "assessment"], message, reference, known)
