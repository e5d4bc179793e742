"""A policy set written in another language, Cedar, for an engine that knows nothing of this house.

    permit  for every grant: the step that it opens, and all stricter ones
    forbid  for every limit: all steps more generous than its own

An action is a step of a ladder, so the effect of a question is the most generous step that Cedar allows. Facts of the
question travel in the context, instants as numbers; a field is an entity in the group of its ladder. All is written
from the description of the language (policies/README.md) alone: this reads the values of a set and asks none of its
code what holds. What it has no words for it refuses to export.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from policies.conditions import Condition, During
from policies.model import Catalogue, Facts, Field
from policies.policyset import Policy, PolicySet, Rule

SHANGHAI = ZoneInfo("Asia/Shanghai")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
SILENT = "NO_GRANT"
VOCABULARY = {
    Condition: {"clients", "regions", "ids", "scopes", "purposes", "consent", "agreement", "own", "given", "subjects",
                "types", "classes", "tags", "names", "kinds", "during"},
    During: {"from_", "until", "hours", "outside_hours", "weekdays"},
}  # fmt: skip
CLASS = "(if context.natural then resource.person else resource.class)"
INSIDE = (
    "(context.caller has province && context.record has province && context.caller.province == context.record.province)"
)
ANSWER, ROWS = 'action in Action::"answer"', 'action == Action::"rows"'
Ladder = tuple[str, ...]


def exported(policies: PolicySet) -> Iterator[str]:
    """The set as Cedar policies, each annotated with the id of its rule."""
    c = policies.catalogue
    ladders = sorted({field.ladder for record in c.types.values() for field in record.fields.values()})
    known = [
        "context.type == resource.type",
        "resource.kinds.contains(context.kind)",
        'Catalogue::"it".clients.contains(context.caller.class)',
        '(!(context has purpose) || Catalogue::"it".purposes.contains(context.purpose))',
        f'{CLASS} != "PROHIBITED"',
    ]
    yield _policy("forbid", SILENT, ANSWER, [], [" && ".join(known)])
    agreements = [p for p in policies.policies if p.kind == "agreement" and any(rule.grants for rule in p.rules)]
    in_force = f"({_any(_all(_head(agreement)) for agreement in agreements)})"
    for policy in policies.policies:
        for rule in policy.rules:
            when = [*_head(policy), *_written(rule.when, in_force)]
            excepts = [] if rule.grants else [_all(_written(each, in_force)) for each in rule.excepts]
            for actions, group in _reached(rule, ladders):
                among = f"resource in [{', '.join(f'Ladder::{_text(_name(ladder))}' for ladder in group)}]"
                narrow = [] if len(group) == len(ladders) else [among]
                yield _policy("permit" if rule.grants else "forbid", rule.id, actions, [*narrow, *when], excepts)
        for row in policy.rows:
            when = [*_head(policy), *_written(row.when, in_force)]
            excepts = [_all(_written(each, in_force)) for each in row.excepts]
            yield _policy("permit", row.rule.rule, ROWS, when, excepts)


def _reached(rule: Rule, ladders: Iterable[Ladder]) -> Iterator[tuple[str, list[Ladder]]]:
    """The actions that a rule opens or closes, and on which ladders. Off the ladder a grant opens nothing, and a limit
    closes all."""
    whole, parts = [], dict[Ladder, list[Ladder]]()
    for ladder in ladders:
        place = ladder.index(rule.step) if rule.step in ladder else len(ladder)
        steps = ladder[place:] if rule.grants else ladder[:place]
        if steps == ladder:
            whole.append(ladder)
        elif steps:
            parts.setdefault(steps, []).append(ladder)
    if whole:
        yield ANSWER, whole
    for steps, group in parts.items():
        yield f"action in [{', '.join(f'Action::{_text(step)}' for step in steps)}]", group


def _head(policy: Policy) -> list[str]:
    """What the file's own head asks of every question."""
    said = [f"context.at >= {_instant(policy.since)}"]
    if policy.until is not None:
        said.append(f"context.at < {_instant(policy.until)}")
    if policy.region is not None:  # a province's or city's code; where less is known of the place, it may be there
        code = policy.region[:-2] if policy.region.endswith("00") else policy.region
        shorter = [code[:length] for length in range(len(code))]
        said.append(f'(context.place like "{code}*" || {_listed(shorter)}.contains(context.place))')
    if policy.kind == "agreement":
        for side, province in (("record", policy.provider), ("caller", policy.consumer)):
            named = f"context.{side} has province"
            said.append(f"{named} && context.{side}.province == {_text(province)}" if province else f"!({named})")
        said.append(_purposes(policy.purposes))
    return said


def _written(condition: Condition, in_force: str) -> list[str]:
    """The words of a condition, each as one expression."""
    _require_known(condition)
    said = []
    if condition.clients:
        said.append(_among("context.caller.class", condition.clients))
    if condition.regions:
        codes = condition.regions - {"inside", "outside"}
        places = [f"context.caller has province && {_among('context.caller.province', codes)}"]
        places += [INSIDE] if "inside" in condition.regions else []
        places += [f"!{INSIDE}"] if "outside" in condition.regions else []
        said.append(f"({_any(places)})")
    if condition.ids:
        said.append(f"principal in [{', '.join(f'Client::{_text(client)}' for client in sorted(condition.ids))}]")
    if condition.scopes:
        said.append(f"context.caller.scopes.containsAll({_listed(condition.scopes)})")
    if condition.purposes:
        said.append(_purposes(condition.purposes))
    said += ["context.consent"] if condition.consent else []
    said += [in_force] if condition.agreement else []
    said += ["context.own"] if condition.own else []
    if condition.given:
        said.append(f"context.given.containsAll({_listed(condition.given)})")
    if condition.subjects:
        said.append(_among("context.kind", condition.subjects))
    if condition.types:
        said.append(_among("context.type", condition.types))
    if condition.during is not None:
        said.append(_all(_within(condition.during)))
    asked = [
        _among(CLASS, condition.classes) if condition.classes else "",
        f"resource.tags.containsAny({_listed(condition.tags)})" if condition.tags else "",
        _among("resource.name", condition.names) if condition.names else "",
        _among("resource.kind", condition.kinds) if condition.kinds else "",
    ]
    return said + (["resource is Field", *filter(None, asked)] if any(asked) else [])


def _within(during: During) -> Iterator[str]:
    _require_known(during)
    if during.from_ is not None:
        yield f"context.at >= {_instant(datetime.combine(during.from_, time(), SHANGHAI))}"
    if during.until is not None:
        yield f"context.at < {_instant(datetime.combine(during.until, time(), SHANGHAI))}"
    if during.weekdays:
        yield _among("context.weekday", during.weekdays)
    if during.hours is not None:
        start, end = (_clock(clock) for clock in during.hours)
        over_midnight = "||" if start >= end else "&&"
        hours = f"(context.clock >= {start} {over_midnight} context.clock < {end})"
        yield f"!{hours}" if during.outside_hours else hours


def _purposes(listed: Iterable[str]) -> str:
    named = " || ".join(
        f"context.purpose like {_text(each)}" if each.endswith(".*") else f"context.purpose == {_text(each)}"
        for each in sorted(listed)
    )
    return f"(context has purpose && ({named or 'false'}))"


def context(facts: Facts, natural: bool) -> dict[str, Any]:
    local = facts.at.astimezone(SHANGHAI)
    return {
        "caller": {"class": facts.client_class, "scopes": sorted(facts.scopes), **_province(facts.region)},
        "record": _province(facts.province),
        "place": facts.province,
        "consent": facts.consent,
        "own": facts.own,
        "given": sorted(facts.given),
        "kind": facts.kind,
        "natural": natural,
        "type": facts.type,
        "at": _instant(facts.at),
        "clock": _clock(local.time()),
        "weekday": WEEK[local.weekday()],
        **({} if facts.purpose is None else {"purpose": facts.purpose}),
    }


def entities(c: Catalogue) -> Iterator[dict[str, Any]]:
    for record in c.types.values():
        for field in record.fields.values():
            attributes = {
                "type": record.name, "name": field.name, "kind": field.kind, "class": field.cls.value,
                "person": field.person.value, "tags": sorted(field.tags),
                "kinds": sorted(record.kinds & c.kinds.keys()),
            }  # fmt: skip
            ladder = {"type": "Ladder", "id": _name(field.ladder)}
            yield {"uid": {"type": "Field", "id": key(field)}, "attrs": attributes, "parents": [ladder]}
    known = {"clients": sorted(c.client_classes), "purposes": sorted(c.purposes)}
    yield {"uid": {"type": "Catalogue", "id": "it"}, "attrs": known, "parents": []}
    for step in {step for record in c.types.values() for field in record.fields.values() for step in field.ladder}:
        yield {"uid": action(step), "attrs": {}, "parents": [action("answer")]}


def _policy(effect: str, rule: str, scope: str, when: Sequence[str], excepts: Sequence[str]) -> str:
    return (
        f"@id({_text(rule)})\n{effect} (principal, {scope}, resource)\nwhen {{ {_all(when)} }}"
        f"{f' unless {{ {_any(excepts)} }}' if excepts else ''};"
    )


def _require_known(words: Condition | During) -> None:
    if unknown := {field.name for field in fields(words)} - VOCABULARY[type(words)]:
        raise ValueError(f"the export to Cedar has no words for {', '.join(sorted(unknown))}")


def action(name: str) -> dict[str, str]:
    return {"type": "Action", "id": name}


def key(field: Field) -> str:
    return f"{field.type}/{field.name}"


def _name(ladder: Ladder) -> str:
    return ">".join(ladder)


def _province(region: str | None) -> dict[str, str]:
    """The first two digits of a region's code; nothing where there is none."""
    return {"province": region[:2]} if region else {}


def _instant(at: datetime) -> int:
    return (at - EPOCH) // MICROSECOND


def _clock(clock: time) -> int:
    return (datetime.combine(EPOCH, clock) - datetime.combine(EPOCH, time())) // MICROSECOND


def _text(word: str) -> str:
    return json.dumps(word, ensure_ascii=False)


def _listed(words: Iterable[str]) -> str:
    return f"[{', '.join(map(_text, sorted(words)))}]"


def _among(value: str, words: Iterable[str]) -> str:
    known = sorted(words)
    return f"{value} == {_text(known[0])}" if len(known) == 1 else f"{_listed(known)}.contains({value})"


def _all(expressions: Iterable[str]) -> str:
    return " && ".join(expressions) or "true"


def _any(expressions: Iterable[str]) -> str:
    return " || ".join(f"({each})" for each in expressions) or "false"
