"""Group 4: is what the declaration claims true? Questions are derived from it, and answers held against each other.

The measure is what the platform itself tells when it is asked about one test subject, without a condition, in all
fields (`Bench.base`). No value of a record is told, only how many rows are wrong and in what way.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from itertools import islice

from connectors.conformance.bench import Bench, Told
from connectors.conformance.mapped import known
from connectors.conformance.outcome import Grade, Outcome, Verdict, undone
from connectors.conformance.samples import meant
from connectors.conformance.strangers import strangers
from connectors.contract import AuthFailed, ContractBroken, Maintenance, RateLimited, Row, SubjectKey, TimedOut

FIX_SUBJECT = "name one that the platform knows: --subject CODE, or a sample of it"
FIX_ERROR = {
    ContractBroken: "see that the declaration reads what the platform gives, and spells tables, columns and places so",
    AuthFailed: "the platform refuses our credential: see what the references of the source hold",
}
NOBODYS = (AuthFailed, Maintenance, RateLimited, TimedOut)  # errors that say nothing of who is asked about
FEW = 12  # subjects in one question to another gateway, which keeps count of whom it is asked about


async def answers(bench: Bench) -> Outcome:
    """Asked about a subject, the platform tells rows of that subject, each once, and the same ones the next time."""
    if undo := nobody(bench):
        return undo
    verdict, total, rejected = Verdict(), 0, 0
    for name in bench.types():
        base = await bench.base(name)
        for subject, told in base.items():
            total, rejected = total + len(told.rows), rejected + len(told.rejected)
            _judge(verdict, name, subject, told)
        rows = [row.id for told in base.values() for row in told.rows]
        if repeated := sum(count - 1 for count in Counter(rows).values()):
            verdict.fail(
                f"{name}: {repeated} rows come twice",
                "see that `key` identifies a row, that pages do not overlap, and that no other subject's rows come",
            )
        if not rows and not any(told.failed for told in base.values()):
            verdict.warn(f"{name}: no test subject has a row; its claims are not proved", FIX_SUBJECT)
        tried = {subject.kind for subject, told in base.items() if told.rows}
        for kind in sorted(bench.declared()[0].claim(name).keys - tried) if tried else ():
            verdict.warn(f"{name}: no test subject with a `{kind}` has a row; such are not proved", FIX_SUBJECT)
        rich = richest(base)
        if rich is not None:
            again = await bench.told(bench.ask(name, subjects=[rich]))
            if sorted(again.ids) != sorted(base[rich].ids):
                verdict.fail(
                    f"{name}: asked twice, other rows come or bear other keys", "name columns under `key` that stay"
                )
    if not total and verdict.outcome().grade is not Grade.FAIL:
        return undone("no test subject has a row of any type: there is nothing to hold the claims against", FIX_SUBJECT)
    return verdict.outcome(f"{total} rows of {len(bench.subjects)} test subjects, {rejected} did not map")


async def as_expected(bench: Bench) -> Outcome | None:
    """A row that a sample expects is told by the platform with the same meaning."""
    verdict, compared = Verdict(), 0
    for sample, row in known(bench):
        if not sample.live or sample.type not in bench.types() or not isinstance(sample.expect, Mapping):
            continue
        live = next((each for each in await bench.rows(sample.type) if each.id == row.id), None)
        if live is None:
            verdict.fail(
                f"{sample.where}: `{sample.name}`: the platform does not tell this row",
                "name its subject with --subject, or leave out `live: true`",
            )
        for field, said in sample.expect.items() if live is not None else ():
            term = bench.terms.types[sample.type].fields.get(field)
            if live is None or term is None or field not in live.values:
                continue
            compared += 1
            try:
                differs = live.values[field] != meant(said, term)
            except ValueError:
                continue  # told by group 2
            if differs:
                verdict.fail(
                    f"{sample.where}: `{sample.name}`: the platform tells another `{field}` of this row",
                    "record the sample anew, or see what the platform changed: a unit, a date's order, a code",
                )
    return verdict.outcome(f"{compared} values") if compared else None


async def projection(bench: Bench) -> Outcome | None:
    """Asked for some fields, the same rows come with the same values, and with no other field."""
    verdict, asked = Verdict(), 0
    async for name, subject, base in fruitful(bench):
        fields = sorted(bench.declared()[0].claim(name).fields)
        whole = {row.id: row for row in base.rows}
        for some in (fields[::2], fields[1::2], []):
            asked += 1
            told = await bench.told(bench.ask(name, frozenset(some), [subject]))
            if told.failed:
                verdict.fail(f"{name}: asked for {len(some)} of its fields: {type(told.error).__name__}")
                continue
            if more := {field for row in told.rows for field in row.values} - set(some):
                verdict.fail(
                    f"{name}: {', '.join(sorted(more))} comes without having been asked for",
                    "the kind must give asked fields alone",
                )
            spare = len(base.rejected)  # a row that did not map may map when less of it is read
            if whole.keys() - set(told.ids) or len(told.ids) > len(whole) + spare:
                verdict.fail(f"{name}: with fewer fields asked, other rows come", "`{projection}` must not choose rows")
            elif any(row.id in whole and _other(row, whole[row.id], some) for row in told.rows):
                verdict.fail(
                    f"{name}: with fewer fields asked, a value changes",
                    "see that `{projection}` names every column that a field needs",
                )
    return verdict.outcome(f"{asked} questions") if asked else None


async def batch(bench: Bench) -> Outcome | None:
    """As many subjects as are claimed give in one question what each gives alone, wherever in the list they stand."""
    verdict, asked = Verdict(), 0
    platform, _ = bench.declared()
    for name in bench.types():
        claim, base = platform.claim(name), await bench.base(name)
        most = min(claim.batch, FEW) if platform.source(name).delegated else claim.batch
        for kind in sorted(claim.keys):
            mine = [subject for subject, told in base.items() if subject.kind == kind and told.rows]
            if not mine:
                continue
            pads = strangers(mine[0].kind, bench.terms.checks.get(kind))
            room = max(most - len(mine), 1)
            listed = [*mine[1:], *islice(pads, room), mine[0]]
            asked += 1
            told = await bench.told(bench.ask(name, subjects=listed))
            if told.failed:
                verdict.fail(
                    f"{name}: {len(listed)} subjects in one question: {type(told.error).__name__}",
                    "lower `batch`, or declare the code for an unknown subject as SubjectUnknown",
                )
                continue
            alone = Counter((row.subject, row.id) for subject in mine for row in base[subject].rows)
            together = Counter((row.subject, row.id) for row in told.rows)
            if told.truncated or together == alone:
                continue
            lost, more = (alone - together).total(), (together - alone).total()
            verdict.fail(
                f"{name}: of {len(listed)} subjects together {lost} rows are missing, {more} too many",
                f"declare `batch` as the platform keeps it (now {claim.batch}), and the sign between codes (`join`)",
            )
    return verdict.outcome(f"{asked} lists") if asked else None


async def limit(bench: Bench) -> Outcome | None:
    """What is cut is said to be cut; what is whole is not."""
    verdict, asked = Verdict(), 0
    async for name, subject, base in fruitful(bench):
        count = len(base.rows) + len(base.rejected)
        if count < 2:
            continue
        for most in (1, count):
            asked += 1
            told = await bench.told(bench.ask(name, subjects=[subject], limit=most))
            if told.failed:
                verdict.fail(f"{name}: a question for {most} rows: {type(told.error).__name__}")
            elif len(told.rows) > most:
                verdict.fail(f"{name}: {len(told.rows)} rows come where {most} were asked for", "the kind must cut")
            elif told.truncated != (most < count):
                wrong = "is cut and does not say so" if most < count else "is whole and says that it is cut"
                verdict.fail(f"{name}: an answer {wrong}", "see that `total` is the number of rows that are found")
        asked += 1
        async with bench.with_limits(name, maxRows=1) as few:
            told = await bench.told(bench.ask(name, subjects=[subject]), few)
        if told.failed or len(told.rows) > 1 or not told.truncated:
            verdict.fail(f"{name}: with `maxRows: 1` an answer is not cut with a mark", "the kind must keep `maxRows`")
    return verdict.outcome(f"{asked} questions") if asked else None


async def unknown(bench: Bench) -> Outcome | None:
    """A subject that the platform cannot know is no error, and nobody's rows come for it."""
    verdict, asked = Verdict(), 0
    platform, _ = bench.declared()
    for name in bench.types():
        for kind in sorted(platform.claim(name).keys):
            stranger = next(strangers(kind, bench.terms.checks.get(kind)), None)
            if stranger is None:
                continue
            asked += 1
            told = await bench.told(bench.ask(name, subjects=[stranger]))
            if told.rows:
                verdict.fail(
                    f"{name}: {len(told.rows)} rows come for a subject that does not exist",
                    "see that the request names the subject where the platform looks for it",
                )
            elif told.failed:
                verdict.fail(
                    f"{name}: an unknown subject is {type(told.error).__name__}", await _why(bench, name, told)
                )
    return verdict.outcome(f"{asked} questions") if asked else None


async def _why(bench: Bench, name: str, told: Told) -> str:
    """What to do about an unknown subject's error. One that comes whoever is asked about is none of the subject's: to
    declare it as SubjectUnknown would hide a wrong credential, or a platform that is down, as no records."""
    base = await bench.base(name)
    if isinstance(told.error, NOBODYS) or (base and all(each.failed for each in base.values())):
        return "it says nothing of the subject: see why the platform does not answer"
    return "declare the platform's code for it as SubjectUnknown"


def nobody(bench: Bench) -> Outcome | None:
    """Why nothing can be asked, if that is so."""
    if bench.platform is None or not bench.opened:
        return undone("no source is open", "see groups 1 and 3")
    return None if bench.subjects else undone("there is no test subject", FIX_SUBJECT)


async def fruitful(bench: Bench) -> AsyncIterator[tuple[str, SubjectKey, Told]]:
    """Each type of which a test subject has rows, with the subject that has most of them and what is told of it."""
    for name in bench.types():
        base = await bench.base(name)
        subject = richest(base)
        if subject is not None:
            yield name, subject, base[subject]


def richest(base: Mapping[SubjectKey, Told]) -> SubjectKey | None:
    """The subject with the most rows."""
    found = [subject for subject, told in base.items() if told.rows]
    return max(found, key=lambda subject: len(base[subject].rows), default=None)


def _judge(verdict: Verdict, name: str, subject: SubjectKey, told: Told) -> None:
    """One subject's answer by itself."""
    if told.failed:
        fix = next((words for kind, words in FIX_ERROR.items() if isinstance(told.error, kind)), "")
        verdict.fail(f"{name}: a test subject: {type(told.error).__name__}: {told.error}", fix)
    if foreign := sum(row.subject != subject for row in told.rows):
        verdict.fail(
            f"{name}: {foreign} rows of another subject come",
            "see that the request names the subject where the platform looks for it, and that it matches exactly",
        )
    if told.truncated:
        verdict.warn(f"{name}: a test subject has more rows than `maxRows`", "name one with fewer")


def _other(row: Row, whole: Row, fields: Sequence[str]) -> bool:
    return any(row.values.get(field) != whole.values.get(field) for field in fields)
