"""Who may write what: the rights of the four layers, checked in every file and never left to convention.

A baseline or a province opens non-public fields inside the record's own province only; an agreement opens them
to its consumer, while it is valid, for its purposes; a city only tightens; a data subject is let in only as
itself. Nothing here decides a question.
"""

from __future__ import annotations

from collections.abc import Sequence

from policies.conditions import INSIDE, Condition, reach
from policies.findings import Document, Findings
from policies.model import Catalogue, FieldClass
from policies.policyset import Policy, Rule
from policies.rule_entries import PolicyFile

SUBJECT = "subject"
OPEN = {"public", SUBJECT}  # classes of client that anybody can belong to


def rights(document: Document, file: PolicyFile, policy: Policy, catalogue: Catalogue, findings: Findings) -> None:
    """Add a finding for everything that this file's layer may not write."""
    _head(document, file, findings)
    for index, rule in enumerate(policy.rules):
        if rule.grants:
            _grant(document, index, policy, rule, catalogue, findings)
        _exceptions(document, ["rules", index], rule.excepts, findings)
    for index, row in enumerate(policy.rows):
        _exceptions(document, ["rows", index], row.excepts, findings)
        if policy.kind == "city" and row.rule.effect != "hide":
            findings.add(document, ["rows", index], "a city may only tighten: write `hide`")


def _head(document: Document, file: PolicyFile, findings: Findings) -> None:
    agreement = file.kind == "agreement"
    for word, written in (
        ("between", file.between),
        ("purposes", file.purposes),
        ("signed", file.signed),
        ("reciprocal", file.reciprocal),
        ("quota", file.quota),
        ("obligations", file.obligations),
        ("assessment", file.assessment),
    ):
        if written and not agreement:
            findings.add(document, [word], f"`{word}` is a word of agreements; a {file.kind} has none")
        elif not written and agreement and word in {"between", "purposes", "signed"}:
            findings.add(document, ["policy"], f"an agreement must say `{word}`")
    if agreement and file.valid.until is None:
        findings.add(document, ["valid"], "an agreement must end: write `until`")
    if file.valid.until is not None and file.valid.until <= file.valid.from_:
        findings.add(document, ["valid", "until"], "`until` must be after `from`")
    if file.between is not None and file.between.provider == file.between.consumer:
        findings.add(document, ["between"], "provider and consumer must be two provinces")
    if file.signed and len({signature.by for signature in file.signed}) < 2:
        findings.add(document, ["signed"], "an agreement needs the signatures of both sides")
    if file.kind in {"baseline", "province"} and file.owner is None:
        findings.add(document, ["policy"], "`owner` is missing: whom does a partner ask?")
    digits = {"province": {2}, "city": {4, 6}}.get(file.kind)
    if digits is None and file.region is not None:
        findings.add(document, ["region"], f"`region` is a word of provinces and cities; a {file.kind} has none")
    elif digits is not None and len(file.region or "") not in digits:
        shape = "two digits" if file.kind == "province" else "four or six digits"
        findings.add(document, ["region" if file.region else "policy"], f"a {file.kind} must say `region`, {shape}")


def _grant(
    document: Document, index: int, policy: Policy, rule: Rule, catalogue: Catalogue, findings: Findings
) -> None:
    loc: list[str | int] = ["rules", index]
    when = rule.when
    if policy.kind == "city":
        findings.add(
            document, [*loc, "grant"], "a city may only tighten: write limits, or ask the province for the grant"
        )
        return
    reached = list(reach(catalogue, when))
    if (
        not rule.law
        and any(natural for _, _, natural in reached)
        and not when.own
        and (not when.clients or when.clients & OPEN)
    ):
        findings.add(document, loc, f"`{rule.id}` opens fields of natural persons to the public: state its `law`")
    if all(cls is FieldClass.PUBLIC for _, cls, _ in reached):
        return
    if not when.clients:
        findings.add(document, [*loc, "to"], f"`{rule.id}` opens more than public fields: name the classes of `client`")
    if SUBJECT in when.clients and not when.own:
        findings.add(document, loc, f"`{rule.id}` lets any subject read anyone: write `self: required`")
    if when.clients == {SUBJECT} and when.own:
        return
    if policy.kind != "agreement" and when.regions != {INSIDE} and when.regions != {policy.region}:
        message = f"`{rule.id}` opens more than public fields across provinces: write `region: inside`, or an agreement"
        findings.add(document, [*loc, "to"], message)


def _exceptions(document: Document, loc: Sequence[str | int], excepts: Sequence[Condition], findings: Findings) -> None:
    for index, condition in enumerate(excepts):
        if SUBJECT in condition.clients and not condition.own:
            message = "an exception for a subject must carry `self: required`, or any subject may read anyone"
            findings.add(document, [*loc, "except", index], message)
