"""The exam: every check that a connector sits, in order, as one literal list. Adding a check is a function and a line.

Checks work at a `Bench` and give an `Outcome`, or None when there is nothing of that sort to be checked. They ask
only about the test subjects that were named, and change nothing at the platform.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass

from connectors.conformance import (
    claimed,
    connected,
    contacts,
    declared,
    faulted,
    filtered,
    mapped,
    ordered,
    private,
    withheld,
)
from connectors.conformance.bench import Bench
from connectors.conformance.outcome import GROUPS, Grade, Outcome, Problem, Report, Result, Verdict, undone
from connectors.contract import ConnectorError

Run = Callable[[Bench], Awaitable[Outcome | None]]


@dataclass(frozen=True, slots=True)
class Check:
    """`name` is for machines and stays; `title` is for people."""

    group: int
    name: str
    title: str
    run: Run


CHECKS = (
    Check(1, "words", "schema, unknown words, catalogue range", declared.words),
    Check(1, "secrets", "no literal secrets", declared.secrets),
    Check(1, "fields", "every mapped field exists, its kind fits", declared.fields),
    Check(1, "vocabularies", "vocabularies cover the catalogue's codes", declared.vocabularies),
    Check(2, "rows", "rows map", mapped.rows),
    Check(2, "values", "dates, units, codes and nulls are as expected", mapped.values),
    Check(2, "expected", "each day and amount is expected, each field filled", mapped.expected),
    Check(2, "keys", "keys are unique and stable", mapped.keys),
    Check(3, "opens", "opens, is well", connected.opens),
    Check(3, "read-only", "only reads: a write was refused", connected.read_only),
    Check(3, "behalf", "takes questions on the exam's own behalf", connected.behalf),
    Check(3, "wrong-credential", "wrong credential -> AuthFailed", connected.wrong_credential),
    Check(4, "answers", "a subject's own rows, each once, each time", claimed.answers),
    Check(4, "as-expected", "rows mean what samples expect", claimed.as_expected),
    Check(4, "projection", "projection: only asked fields come", claimed.projection),
    Check(4, "equal", "filters eq, in: as local filtering", filtered.equal),
    Check(4, "ranges", "filters range: edges, empty, turned round", filtered.ranges),
    Check(4, "contains", "filters contains: nothing lost", filtered.contains),
    Check(4, "unnamed", "questions about nobody: nothing lost", filtered.unnamed),
    Check(4, "batch", "many subjects: the same as each alone", claimed.batch),
    Check(4, "pages", "paging: no gap, no repeat, any size", filtered.pages),
    Check(4, "order", "the declared order: kept, and what is cut is its end", ordered.order),
    Check(4, "limit", "a limit cuts, and says so", claimed.limit),
    Check(4, "unknown", "unknown subject -> no rows, no error", claimed.unknown),
    Check(4, "never-given", "what is given to nobody is said absent", withheld.never_given),
    Check(5, "faults", "reset, slow, half, wrong data, 429, 503: right errors", faulted.faults),
    Check(5, "deadline", "a deadline is kept", faulted.deadline),
    Check(5, "cancelled", "cancelled questions give back what they held", faulted.cancelled),
    Check(6, "asked", "what is not asked for does not travel", private.asked),
    Check(6, "told", "logs, errors and reasons hold no values", private.told),
    Check(6, "contacts", "nobody else is contacted", private.contacts),
)


def asked_groups(live: bool, faults: bool) -> frozenset[int]:
    """Offline are the first two; `live` asks the platform; `faults` puts a proxy of ours in between as well."""
    return frozenset({1, 2} | ({3, 4, 6} if live or faults else set()) | ({5} if faults else set()))


async def results(bench: Bench, groups: frozenset[int]) -> AsyncIterator[Result]:
    """Every check in order, each as it is done; groups that were not asked for are told as not done."""
    log, listening = logging.getLogger(), private.Listening(bench.logged)
    level = log.level
    log.addHandler(listening)
    log.setLevel(min(level, logging.INFO) or logging.INFO)
    try:
        bench.contacted = contacts.watch()
        await bench.open()
        for group in GROUPS:
            if group not in groups:
                flag = "--faults" if group == 5 else "--live"
                told = undone("not asked for", f"say {flag}")
                yield Result(group, "group", GROUPS[group].lower(), told)
                continue
            for check in CHECKS:
                if check.group == group and (outcome := await _outcome(check, bench)) is not None:
                    yield Result(group, check.name, check.title, outcome)
                    if group > 2 and bench.platform is None:
                        break  # nothing can be asked by a declaration that is not good: said once
    finally:
        await bench.close()
        log.removeHandler(listening)
        log.setLevel(level)


async def examine(bench: Bench, groups: frozenset[int]) -> Report:
    """The whole exam of one declaration."""
    return report(bench, groups, [each async for each in results(bench, groups)])


def unread(platform: str, findings: Iterable[str], groups: frozenset[int]) -> Report:
    """Of a file that cannot be read as YAML: nothing else can be said of it."""
    verdict = Verdict()
    for finding in findings:
        verdict.fail(finding, declared.FIX_FILE)
    return Report(platform, "", (), "", "", groups, [Result(1, CHECKS[0].name, CHECKS[0].title, verdict.outcome())])


def report(bench: Bench, groups: frozenset[int], found: list[Result]) -> Report:
    words, platform = bench.words, bench.platform
    return Report(
        platform=words.platform if words else bench.document.stem,
        version=words.version if words else "",
        kinds=sorted({source.kind for source in platform.sources.values()}) if platform else (),
        region=words.region if words else "",
        title=words.title.zh if words else "",
        asked=groups,
        results=found,
    )


async def _outcome(check: Check, bench: Bench) -> Outcome | None:
    """What a check gives. A connector that raises anything but an error of the contract has failed it."""
    try:
        return await check.run(bench)
    except ConnectorError as error:
        bench.heard.append(str(error))
        return Outcome("", (Problem(Grade.FAIL, f"the platform did not answer: {type(error).__name__}"),))
    except Exception as error:  # noqa: BLE001  a kind of anybody's may raise anything; its text may hold values
        text = f"the connector raised {type(error).__name__}, which is no error of the contract"
        return Outcome("", (Problem(Grade.FAIL, text, "kinds raise the errors of connectors/contract.py alone"),))
