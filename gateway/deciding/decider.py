"""Plan + Caller + time -> Verdict: denied fields struck, masks chosen, row rules attached. Asks nobody.

Everything here depends on the caller and the question alone, never on data, so that a denial says nothing
about whether a record exists. A filter or order on a field needs that field in full. A natural person of
whom the caller may know nothing is unknowable: no part of the verdict mentions it. The policies are compiled,
and verdicts remembered, until the next instant at which any rule changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from itertools import product
from typing import Any

from cachetools import LRUCache

from connectors.contract import Condition, Platform
from connectors.registry import Registry
from gateway.caller import Terms
from gateway.deciding.agreed import Agreed
from gateway.deciding.consenting import Consented
from gateway.deciding.interpreted import InterpretedPolicies
from gateway.deciding.nesting import divided
from gateway.deciding.pausing import paused, without_paused
from gateway.deciding.registered import closed, parted
from gateway.deciding.shapes import Shape, shape_of
from gateway.deciding.sighting import Sights
from gateway.deciding.withholding import SILENCE, WithheldList
from gateway.model import Access, Branch, Caller, Part, Path, Plan, Ruling, Seek, Subject, Verdict
from policies.bundles import PolicySet
from policies.compiler import CompiledPolicies, DecisionRow
from policies.model import ALLOW, DENY, NO_GRANT, Decision, Facts, RecordType
from policies.rows import of_status_alone

AREA = "areaCode"


class Decider:
    """Decides under one policy set for one registry of platforms."""

    def __init__(self, policies: PolicySet, registry: Registry, province: str, plain: bool = False) -> None:
        """`plain` interprets each question anew."""
        self._policies = policies
        self.agreed = Agreed(policies)
        self._catalogue = policies.catalogue
        self._registry = registry
        self._province = province
        self._compile = InterpretedPolicies if plain else CompiledPolicies
        self._compiled: CompiledPolicies | InterpretedPolicies | None = None
        self._known: LRUCache[tuple[Facts, frozenset[str], Terms], bool] = LRUCache(20_000)
        self._rulings: LRUCache[Any, Ruling] = LRUCache(5_000)
        self._verdicts: LRUCache[Shape, Verdict] = LRUCache(2_000)
        self._sights = Sights(policies.catalogue, registry, province)

    def decide(self, plan: Plan, caller: Caller, at: datetime) -> Verdict:
        moment = self._policies_at(at).at  # equal questions of one span are one question
        consented = Consented(plan, caller, at)  # at this very instant: its end is no edge of the policies
        shape = shape_of(plan, caller, consented)
        known = self._verdicts.get(shape) if shape is not None else None
        if known is None:
            known = self._decide(plan, caller, consented, moment)
            if shape is not None:
                self._verdicts[shape] = known
        seen = self._sights.of(caller, moment, self._row) if plan.describes else None
        return replace(known, plan=plan, caller=caller, at=at, consents=consented.used(known.parts), seen=seen)

    def _decide(self, plan: Plan, caller: Caller, consented: Consented, at: datetime) -> Verdict:
        parts: list[Part] = []
        not_asked: dict[int, tuple[str, ...]] = {}
        cannot: dict[int, tuple[str, ...]] = {}
        apart: dict[int, tuple[str, ...]] = {}
        unknowable = self._unknowable(plan, caller, consented, at)
        withheld = WithheldList(plan)
        obligations: set[str] = set()
        for number, branch in enumerate(plan.branches):
            record = self._catalogue.types[branch.type]
            if branch.root in unknowable:
                facts = self._facts(caller, branch.subject, branch.type, consented, at)
                withheld.add(branch, record, self._unasked(branch, facts, caller.terms))
                continue
            kinds = branch.seek.kinds if branch.seek else (branch.subject.kind,)
            within, apart[number] = parted(self._registry.for_type(branch.type), caller.terms)
            key_kind = branch.subject.key.kind  # of another kind some hold no subjects
            holding = [platform for platform in within if key_kind in platform.claim(branch.type).keys]
            chosen = {platform.id for platform in self._registry.for_type(branch.type, branch.window.regions)}
            unasked, unable = set[str](), set[str]()
            for platform, kind in product(holding, kinds):
                if kind not in record.kinds:
                    continue
                if branch.seek and not _seekable(platform, branch.seek, branch.type):
                    unable.add(platform.id)
                    continue
                subject = replace(branch.subject, kind=kind)
                facts = self._facts(caller, subject, branch.type, consented, at, platform.region)
                window, covered = branch.window, caller.terms.covers(branch.type)
                dated = bool(window.since or window.until)
                key = (platform.id, facts, branch.fields, window.statuses, dated, window.counties, branch.seek, covered)
                ruling = self._rulings.get(key)
                if ruling is None:
                    ruling = self._rulings[key] = self._ruling(platform, record, branch, facts, caller.terms)
                if platform.id not in chosen:
                    closing = _closing(platform, record, ruling)
                    if closing is None:
                        unasked.add(platform.id)
                    else:
                        parts.append(Part(number, closing, self._where(platform, record, branch, closing, False)))
                    continue
                where = self._where(platform, record, branch, ruling, alone=len(holding) == 1)
                parts.append(Part(number, ruling, where))
                withheld.add(branch, record, ruling)
                for decision in ruling.decisions.values():
                    if decision.answered:
                        obligations |= decision.obligations
            not_asked[number] = tuple(sorted(unasked))
            cannot[number] = tuple(sorted(unable))
        for root in plan.roots:
            for path, subject in root.known:
                if path in unknowable:
                    withheld.add_subject(path, subject)
        access = {r.key: self.access(caller, r.arguments, at) for r in plan.roots if r.field == "access"}
        return Verdict(
            plan, self._policies.digest, caller, at, tuple(parts), frozenset(unknowable), withheld.entries(),
            frozenset(obligations), not_asked, cannot, apart, access,
        )  # fmt: skip

    def access(self, caller: Caller, arguments: Mapping[str, Any], at: datetime) -> tuple[Access, ...]:
        """What this caller may see of a kind of subject in the gateway's own province, field by field."""
        kind = self._catalogue.kinds[str(_value(arguments.get("kind")) or "Enterprise")]
        purposes = {purpose.enum: purpose.code for purpose in self._catalogue.purposes.values()}
        purpose = purposes.get(str(_value(arguments.get("purpose"))), caller.purpose)
        wanted = _value(arguments.get("type"))
        lines: list[Access] = []
        for record in self._catalogue.types.values():
            if (wanted and record.name != wanted) or kind.name not in record.kinds:
                continue
            facts = Facts(
                caller.client_class, caller.id, caller.region, caller.scopes, purpose, False, False,
                frozenset({kind.key}), kind.name, record.name, self._province, at,
            )  # fmt: skip
            row = self._row(facts, caller.terms)
            lines += [Access(f.coordinate, kind.name, row.decision(f.name)) for f in record.fields.values()]
        return tuple(lines)

    def _policies_at(self, at: datetime) -> CompiledPolicies | InterpretedPolicies:
        """The policies compiled for an instant. What was decided for another time is forgotten."""
        if self._compiled is None or not self._compiled.covers(at):
            self._compiled = self._compile(self._policies, at)
            self._known.clear()
            self._rulings.clear()
            self._verdicts.clear()
            self._sights.forget()
        return self._compiled

    def _row(self, facts: Facts, terms: Terms) -> DecisionRow:
        if terms.covers(facts.type):
            return self._policies_at(facts.at).row(facts)
        return closed(self._catalogue.types.get(facts.type))

    def _facts(
        self, caller: Caller, subject: Subject, type_name: str, consented: Consented, at: datetime, region: str = ""
    ) -> Facts:
        return Facts(
            client_class=caller.client_class,
            client_id=caller.id,
            region=caller.region,
            scopes=caller.scopes,
            purpose=caller.purpose,
            consent=type_name in consented.types(subject.key),
            own=caller.own is not None and caller.own == subject.key,
            given=subject.given if subject.key.value else frozenset(),
            kind=subject.kind,
            type=type_name,
            province=region or self._province,
            at=at,
        )

    def _unknowable(self, plan: Plan, caller: Caller, consented: Consented, at: datetime) -> set[Path]:
        found: set[Path] = set()
        for root in plan.roots:
            for path, subject in root.known:
                if subject.natural and not self._may_know(caller, subject, consented, at):
                    found.add(path)
        return found

    def _may_know(self, caller: Caller, subject: Subject, consented: Consented, at: datetime) -> bool:
        """Whether any field of any type at any platform is open to this caller for such a question."""
        facts = self._facts(caller, subject, "", consented, at)
        types, terms = consented.types(subject.key), caller.terms
        if (facts, types, terms) not in self._known:
            self._known[facts, types, terms] = any(
                self._row(
                    replace(facts, type=record.name, province=region, consent=record.name in types), terms
                ).answered
                for record in self._catalogue.types.values()
                if subject.kind in record.kinds
                for region in {platform.region for platform in parted(self._registry.for_type(record.name), terms)[0]}
            )
        return self._known[facts, types, terms]

    def _ruling(self, platform: Platform, record: RecordType, branch: Branch, facts: Facts, terms: Terms) -> Ruling:
        claim = platform.claim(record.name)
        row = without_paused(platform, record, self._row(facts, terms))
        decisions = divided(claim, {name: row.decision(name) for name in sorted(branch.fields)}, row.decision)
        denied = _closed(record, branch, row, decisions)
        rows = self._policies_at(facts.at).row_rules(facts)
        # who seeks names no subject yet, so that nobody could consent to this question
        opens = frozenset[str]() if branch.seek else self._consent_opens(facts, decisions, terms)
        if denied is not None:
            return Ruling(platform.id, facts, decisions, frozenset(), rows, denied, consent_opens=opens)
        needed = {key for key, each in decisions.items() if each.answered} | record.control - set(claim.not_applicable)
        date = record.roles.date
        dated = date is not None and row.decision(date).effect == ALLOW
        if dated and date is not None:
            needed.add(date)  # the default order; allowed, so within the promise
        needed |= set(_choosing(record, branch))
        if branch.subject.name and record.roles.subject_name:
            needed.add(record.roles.subject_name)  # the match check of the name that the question gives
        ordered = bool(claim.order) and all(row.decision(by.field).effect == ALLOW for by in claim.order)
        asked = frozenset(needed & claim.fields)
        return Ruling(platform.id, facts, decisions, asked, rows, None, dated, ordered, consent_opens=opens)

    def _consent_opens(self, facts: Facts, decisions: Mapping[str, Decision], terms: Terms) -> frozenset[str]:
        """Denied fields that the same question would be answered with the subject's consent: decided, not guessed."""
        denied = frozenset(name for name, decision in decisions.items() if not (decision.answered or paused(decision)))
        return frozenset() if facts.consent else denied & self._row(replace(facts, consent=True), terms).answered

    def _where(
        self, platform: Platform, record: RecordType, branch: Branch, ruling: Ruling, alone: bool
    ) -> tuple[Condition, ...]:
        """Conditions that the platform pushes down exactly; all of them are checked again on what comes back.

        States, and a date in which copies of one decision may differ, are pushed down only to a platform that is asked
        alone: a copy that is, say, repaired must come back to close the decision where another holds it as active.
        """
        filters = platform.claim(record.name).filters
        roles, window = record.roles, branch.window
        where: list[Condition] = []
        single = alone or not roles.identity or roles.date in roles.identity
        if roles.date and single and (window.since or window.until) and "range" in filters.get(roles.date, ()):
            where.append(Condition(roles.date, "range", (window.since, window.until)))
        if branch.seek is not None:
            where.append(Condition(branch.seek.field, branch.seek.op, branch.seek.values))
        if not alone or "in" not in filters.get(roles.status, ()):
            return tuple(where)
        hidden = {s for rule in ruling.rows if rule.effect == "hide" and of_status_alone(rule) for s in rule.status}
        vocabulary = self._catalogue.vocabularies[record.fields[roles.status].vocabulary or ""]
        wanted = set(window.statuses or vocabulary) - hidden
        if wanted != set(vocabulary):
            where.append(Condition(roles.status, "in", tuple(sorted(wanted))))
        return tuple(where)

    def _unasked(self, branch: Branch, facts: Facts, terms: Terms) -> Ruling:
        row = self._row(facts, terms)
        decisions = {name: row.decision(name) for name in sorted(branch.fields)}
        opens = self._consent_opens(facts, decisions, terms)
        return Ruling("", facts, decisions, frozenset(), (), consent_opens=opens)


def _closed(record: RecordType, branch: Branch, row: DecisionRow, decisions: Mapping[str, Decision]) -> Decision | None:
    """The decision that closes the whole ask: a filter on a field not held in full, or nothing answered."""
    filters = [*_choosing(record, branch), *([record.roles.status] if branch.window.statuses else [])]
    if (branch.window.since or branch.window.until) and record.roles.date:
        filters.append(record.roles.date)
    if branch.subject.name and record.roles.subject_name:  # who may not read a name may not try one either
        filters.append(record.roles.subject_name)
    for name in filters:
        decision = row.decision(name)
        if decision.effect != ALLOW:
            return replace(decision, effect=DENY)
    considered = decisions.values() or row.decisions.values()
    if not any(decision.answered for decision in considered):
        return next(iter(considered), Decision(DENY, NO_GRANT, SILENCE))
    return None


def _seekable(platform: Platform, seek: Seek, type_name: str) -> bool:
    """Whether a platform finds by this field without being told a subject."""
    claim = platform.claim(type_name)
    return claim.open and seek.op in claim.filters.get(seek.field, ())


def _choosing(record: RecordType, branch: Branch) -> list[str]:
    """Fields that choose the rows, beside state and date: what is sought, and the area where counties are asked."""
    found = [branch.seek.field] if branch.seek else []
    return [*found, AREA] if branch.window.counties and AREA in record.fields else found


def _closing(platform: Platform, record: RecordType, ruling: Ruling) -> Ruling | None:
    """The ask of a platform that `regions` leaves out, for control fields only: a decision that it holds as, say,
    repaired must not come back from another's copy. None where it cannot hold the same decision, or is closed."""
    identity = set(record.roles.identity)
    if ruling.denied is not None or not identity or not identity <= platform.claim(record.name).fields:
        return None
    return replace(ruling, decisions={}, asked=ruling.asked & record.control, closing=True)


def _value(item: Any) -> Any:
    return getattr(item, "value", item)
