"""Group 4, of a platform that is itself a gateway: what it keeps back from everybody, and what it has masked.

What it withholds or masks is its own affair and no fault of a declaration. But a field that it has not got, or gives
nobody, belongs under `absent`, so that it is not asked for in vain; and a value that it has masked is none. What it
says of its own answer comes with each subject's rows: without that an answer of ours would hide what it lacks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from connectors.conformance.bench import Bench, Told
from connectors.conformance.outcome import Outcome, Verdict
from connectors.contract import SubjectKey
from connectors.delegation import Told as Beside

FIX_ABSENT = "list under `absent` what it gives for no purpose and by no consent"
FIX_DECIDES = "say under `notApplicable` why its own rules may decide alone, or have it opened for this gateway there"
SILENT = frozenset({"NOT_ASKED"})  # its platforms that say nothing about fields


async def never_given(bench: Bench) -> Outcome | None:
    """A field that comes for no test subject is said to be absent; a masked value never passes for the value; and no
    rows come without what is said of them."""
    verdict, given = Verdict(), 0
    platform, _ = bench.declared()
    for name in bench.types():
        base, claim, term = await bench.base(name), platform.claim(name), bench.terms.types[name]
        fields = term.coordinates(name)
        untold = [subject for subject, each in base.items() if each.rows and subject not in each.beside]
        if untold and platform.source(name).delegated:
            verdict.fail(f"{name}: rows come without what the gateway says of its answer", "the kind must pass that on")
        told = [beside for subject, each in base.items() if (beside := each.beside.get(subject)) is not None]
        if not told:
            continue
        never = frozenset.intersection(*(_closed(each, fields) for each in told)) & claim.fields
        given += len(claim.fields - never)
        decides = never & term.control - claim.not_applicable.keys()
        for these, what, fix in (
            (decides, "without what decides about rows, none is shown here: it never gives", FIX_DECIDES),
            (never - decides, "of no test subject it gives", FIX_ABSENT),
        ):
            if these:
                verdict.warn(f"{name}: {what} {', '.join(sorted(these))}", fix)
        if mistaken := sorted(set(_mistaken(base, fields))):
            text = f"{name}: what it has masked is taken for the value: {', '.join(mistaken)}"
            verdict.fail(text, "the kind must keep such values apart")
    return verdict.outcome(f"{given} fields are given") if given or verdict.problems else None


def _closed(told: Beside, fields: Mapping[str, str]) -> frozenset[str]:
    """The fields that an answer about one subject lacks altogether: denied, or at none of its platforms."""
    denied = {each["coordinate"] for each in told.withheld if each["effect"] == "DENY"}
    lines = [set(each["absent"]) for each in told.sources if each["status"] not in SILENT]
    lacking = set.intersection(*lines) if lines else set()
    return frozenset(fields[each] for each in denied | lacking if each in fields)


def _mistaken(base: Mapping[SubjectKey, Told], fields: Mapping[str, str]) -> Sequence[str]:
    """Fields of rows that have a value although it was masked."""
    found = []
    for subject, told in base.items():
        beside = told.beside.get(subject)
        masks = {each["coordinate"] for each in beside.withheld if each["effect"] == "MASK"} if beside else set()
        masked = {fields[each] for each in masks if each in fields}
        found += [name for row in told.rows for name in masked if row.values.get(name) is not None]
    return found
