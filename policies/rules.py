"""Policies: reads the YAML files of `policies/rules/` into rules that the interpreter can hold against a question.

Promises: unknown words, fields, purposes, scopes and mask steps are refused with file and line; `records`
stands only under `rows`, so that grants and limits look at the question and never at data; a layer that
writes what it may not is refused (see `layers`). The order of files and rules never matters.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from policies.conditions import Condition, During, midnight, reach
from policies.findings import Document, Findings
from policies.layers import rights
from policies.model import DENY, Catalogue, RowRule
from policies.policyset import Policy, Quota, Row, Rule
from policies.rule_entries import ConditionEntry, PolicyFile, RecordsEntry, RowEntry, RuleEntry

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
        self.every = [field for record in catalogue.types.values() for field in record.fields.values()]

    def policy(self) -> Policy:
        file = self.file
        self._known(["purposes"], file.purposes, self._purposes(), "purpose")
        self._known(["obligations"], file.obligations, self.catalogue.obligations, "obligation")
        provinces = self.catalogue.provinces
        self._assessed([], file.assessment)
        if file.between is not None:
            self._known(["between", "provider"], [file.between.provider], provinces, "province")
            self._known(["between", "consumer"], [file.between.consumer], provinces, "province")
        if file.region is not None:
            self._known(["region"], [file.region[:2]], provinces, "province")
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
        when = self._condition(loc, entry)
        step = entry.grant or entry.limit or DENY
        self._known([*loc, "obligations"], entry.obligations, self.catalogue.obligations, "obligation")
        self._assessed(loc, entry.assessment)
        self._step(loc, entry, when, step)
        return Rule(
            id=f"{self.file.policy}/{entry.id}",
            why=entry.why.words(),
            law=tuple(law.basis() for law in entry.law),
            grants=entry.grant is not None,
            step=step,
            when=when,
            excepts=self._excepts(loc, entry.except_),
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
            self._known([*loc, verb, word], codes, self._codes(role, entry.types), what)
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
        return Row(rule, law, self._condition(loc, entry), self._excepts(loc, entry.except_), where)

    def _excepts(self, loc: Loc, entries: Sequence[ConditionEntry]) -> tuple[Condition, ...]:
        return tuple(self._condition([*loc, "except", index], entry) for index, entry in enumerate(entries))

    def _condition(self, loc: Loc, entry: ConditionEntry) -> Condition:
        c = self.catalogue
        to, fields, during = entry.to, entry.fields, entry.during
        self._known([*loc, "scopes"], entry.scopes, c.scopes, "scope")
        self._known([*loc, "purposes"], entry.purposes, self._purposes(), "purpose")
        self._known([*loc, "subjects"], entry.subjects, c.kinds, "kind of subject")
        self._known([*loc, "types"], entry.types, c.types, "record type")
        if to is not None:
            self._known([*loc, "to", "client"], to.client, c.client_classes, "class of client")
            self._known([*loc, "to", "region"], to.region, {"inside", "outside", *c.provinces}, "region")
        if fields is not None:
            types = [name for name in entry.types if name in c.types] or list(c.types)
            names = {field.name for name in types for field in c.types[name].fields.values()}
            self._known([*loc, "fields", "name"], fields.name, names, "field")
            self._known([*loc, "fields", "tag"], fields.tag, {tag for field in self.every for tag in field.tags}, "tag")
            self._known([*loc, "fields", "kind"], fields.kind, c.ladders, "kind of field")
        return Condition(
            clients=frozenset(to.client if to else ()),
            regions=frozenset(to.region if to else ()),
            ids=frozenset(to.id if to else ()),
            scopes=frozenset(entry.scopes),
            purposes=frozenset(entry.purposes),
            consent=entry.consent is not None,
            agreement=entry.agreement is not None,
            own=entry.self_ is not None,
            given=frozenset(entry.given),
            subjects=frozenset(entry.subjects),
            types=frozenset(entry.types),
            classes=frozenset(fields.cls if fields else ()),
            tags=frozenset(fields.tag if fields else ()),
            names=frozenset(fields.name if fields else ()),
            kinds=frozenset(fields.kind if fields else ()),
            during=During(
                from_=during.from_,
                until=during.until,
                hours=during.hours or during.outside_hours,
                outside_hours=during.outside_hours is not None,
                weekdays=frozenset(during.weekdays),
            )
            if during
            else None,
        )

    def _step(self, loc: Loc, entry: RuleEntry, when: Condition, step: str) -> None:
        """A mask must be a step of the ladder of every field that the rule reaches."""
        verb = "grant" if entry.grant is not None else "limit"
        steps = {step for ladder in self.catalogue.ladders.values() for step in ladder} | {DENY}
        self._known([*loc, verb], [step], steps, "step")
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

    def _known(self, loc: Loc, words: Sequence[str], known: Collection[str], what: str) -> None:
        for index, word in enumerate(words):
            if word not in known:
                self.findings.add(self.document, [*loc, index], f"unknown {what} `{word}`", word, known)

    def _purposes(self) -> set[str]:
        codes = set(self.catalogue.purposes)
        return codes | {f"{code.partition('.')[0]}.*" for code in codes}
