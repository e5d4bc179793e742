"""Group 2: the mapping, tried on recorded samples. Nobody is asked.

What a row must mean is said by the operator (`expect`), because no machine knows whether 25000 is yuan or 万元, or
whether 03/04 is in March. So amounts and days that no sample expects are named. Of a row that does not map its
sample's name and the reason are told; of an expectation that fails, the values of that sample.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from connectors.conformance.bench import Bench
from connectors.conformance.outcome import Outcome, Verdict, undone
from connectors.conformance.samples import Recordable, Sample, meant, written
from connectors.contract import Row

FIX_SAMPLES = "record some rows and say `samples: [samples/FILE]`; connectors/README.md shows how"
_READ_BY_EYE = frozenset({"date", "timestamp", "money"})


async def rows(bench: Bench) -> Outcome:
    """Every sample row maps, except those that are expected not to."""
    if undo := _nothing(bench):
        return undo
    verdict, mapped, refused = Verdict(), 0, 0
    for wrong in bench.samples.wrong:
        verdict.fail(wrong, "mend the samples file where it says so")
    for sample in bench.samples.found:
        row, reason = read(bench, sample)
        mapped, refused = mapped + (row is not None), refused + (row is None)
        if row is None and sample.expect != "rejected":
            verdict.fail(f"{sample.where}: `{sample.name}`: {reason}", "mend the mapping, or say `expect: rejected`")
        elif row is not None and sample.expect == "rejected":
            verdict.fail(f"{sample.where}: `{sample.name}` maps, and should be rejected", "mend the mapping")
    seen = {sample.type for sample in bench.samples.found}
    for name in _types(bench):
        if name not in seen:
            verdict.warn(f"{name} has no sample", "record a row or two of it")
    return verdict.outcome(f"{mapped + refused} rows, {mapped} mapped, {refused} rejected")


async def values(bench: Bench) -> Outcome | None:
    """Dates, units, codes and nulls come out as the samples expect them."""
    if _nothing(bench) or not bench.samples.found:
        return None
    verdict, compared = Verdict(), 0
    for sample in bench.samples.found:
        if not isinstance(sample.expect, Mapping):
            continue
        row, _ = read(bench, sample)
        if row is not None:
            for field in sample.expect:
                compared += 1
                _compare(bench, verdict, sample, field, row)
    return verdict.outcome(f"{compared} values compared")


async def expected(bench: Bench) -> Outcome | None:
    """Each amount and each day is expected by some sample, and each field is filled by some."""
    if _nothing(bench) or not bench.samples.found:
        return None
    _, words = bench.declared()
    verdict, total = Verdict(), 0
    for name, each in words.types.items():
        mine = [sample for sample in bench.samples.found if sample.type == name]
        if not mine:
            continue
        good = [row for sample in mine if (row := read(bench, sample)[0]) is not None]
        said = {field for sample in mine if isinstance(sample.expect, Mapping) for field in sample.expect}
        terms = bench.terms.types[name].fields
        risky = [field for field in each.mapped if terms[field].kind in _READ_BY_EYE]
        total += len(risky)
        if missing := sorted(set(risky) - said):
            verdict.warn(
                f"{name}: no sample says what {', '.join(missing)} must be",
                "add them to `expect`: a wrong unit or swapped days would not be found otherwise",
            )
        if empty := sorted(field for field in each.mapped if not any(filled(row.values.get(field)) for row in good)):
            verdict.warn(
                f"{name}: no sample fills {', '.join(empty)}",
                "look whether the name is spelled as the platform spells it, and record a row that has it",
            )
    return verdict.outcome(f"{total} days and amounts")


async def keys(bench: Bench) -> Outcome | None:
    """Keys are unique among the samples and do not depend on the asked fields."""
    if _nothing(bench) or not bench.samples.found:
        return None
    verdict = Verdict()
    seen: Counter[tuple[str, str]] = Counter()
    for sample in bench.samples.found:
        row, _ = read(bench, sample)
        if row is None:
            continue
        seen[sample.type, row.id] += 1
        bare, reason = read(bench, sample, frozenset())
        if bare is None or bare.id != row.id:
            verdict.fail(f"{sample.where}: `{sample.name}`: the key changes with the asked fields {reason}")
    for (name, _), count in seen.items():
        if count > 1:
            verdict.fail(
                f"{name}: {count} samples have the same key",
                "name further columns under `key` until each row has one of its own",
            )
    return verdict.outcome(f"{len(seen)} keys")


def read(bench: Bench, sample: Sample, fields: frozenset[str] | None = None) -> tuple[Row | None, str]:
    """A sample's row in words of the catalogue, or why it does not map."""
    connector = bench.declared()[0].source(sample.type).connector
    if not isinstance(connector, Recordable):
        return None, "this kind of source reads no samples"
    return bench.samples.read(sample, connector.record(sample.type), fields)


def _compare(bench: Bench, verdict: Verdict, sample: Sample, field: str, row: Row) -> None:
    assert isinstance(sample.expect, Mapping)  # noqa: S101  # the caller looked
    term = bench.terms.types[sample.type].fields.get(field)
    at = f"{sample.where}: `{sample.name}`"
    if term is None:
        verdict.fail(f"{at}: unknown field `{sample.type}.{field}`", "write fields as the catalogue has them")
        return
    try:
        wanted = meant(sample.expect[field], term)
    except ValueError as reason:
        verdict.fail(f"{at}: `{field}`: {reason}", "mend the samples file where it says so")
        return
    if field not in row.values:
        verdict.fail(f"{at}: `{field}` is expected and not mapped", "map it, or leave it out of `expect`")
    elif row.values[field] != wanted:
        verdict.fail(
            f"{at}: `{field}` should be {written(wanted)} and becomes {written(row.values[field])}",
            "mend its words: unit, date format, vocabulary, null; or what is expected",
        )


def filled(value: Any) -> bool:
    return value is not None and not (isinstance(value, tuple) and all(each is None for each in value))


def _nothing(bench: Bench) -> Outcome | None:
    if bench.platform is None or bench.words is None:
        return undone("the declaration is not good", "mend it first")
    if not _types(bench):
        return Outcome("nothing is mapped: fields come by their names")
    if not bench.words.samples:
        return undone("there are no samples: whether the mapping is right was not tried", FIX_SAMPLES)
    kinds = {
        source.kind
        for name in _types(bench)
        if not isinstance((source := bench.platform.source(name)).connector, Recordable)
    }
    if kinds:
        return undone(f"kind {', '.join(sorted(kinds))} reads no samples")
    return None


def _types(bench: Bench) -> list[str]:
    """The record types whose fields a declaration maps."""
    platform, words = bench.declared()
    return [name for name in words.types if bench.kind_of(platform.source(name).kind).mapped]


def known(bench: Bench) -> Iterator[tuple[Sample, Row]]:
    """Samples that map and say what they mean, with their rows."""
    for sample in bench.samples.found:
        row, _ = read(bench, sample)
        if row is not None and isinstance(sample.expect, Mapping):
            yield sample, row
