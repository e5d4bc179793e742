"""An exam as a tree on the terminal, told group by group while it goes; plain text where nobody watches."""

from __future__ import annotations

from itertools import groupby

import click

from connectors.conformance.outcome import GROUPS, Grade, Outcome, Problem, Report, Result

WIDTH = 58
SHOWN = 6  # problems of one check; all of them are in --json, --junit and --html
_COLOURS = {Grade.OK: "green", Grade.WARN: "yellow", Grade.FAIL: "red", Grade.UNDONE: "cyan"}


class Tree:
    """Prints one exam; a group when all of its checks are there."""

    def __init__(self, head: Report) -> None:
        self._head, self._waiting = head, list[Result]()

    def begin(self) -> None:
        head = self._head
        kinds = " and ".join(head.kinds) or "?"
        click.echo(f"{head.platform} {head.version}  kind {kinds}  region {head.region} {head.title}".rstrip())

    def add(self, result: Result) -> None:
        if self._waiting and self._waiting[0].group != result.group:
            self._print(last=False)
        self._waiting.append(result)

    def end(self, report: Report) -> None:
        self._print(last=True)
        counts = ", ".join(f"{report.counts[grade]} {grade}" for grade in Grade if report.counts[grade])
        wanting = f"  ({report.wanting})" if report.wanting else ""
        click.echo(f"{len(report.results)} checks: {counts}     readiness: {report.readiness}{wanting}")

    def _print(self, last: bool) -> None:
        if not self._waiting:
            return
        group, rail = self._waiting[0].group, "  " if last else "│ "
        click.echo(f"{'└' if last else '├'} {group} {GROUPS[group]}")
        for result in self._waiting:
            end = result is self._waiting[-1]
            title = f"{rail}{'└' if end else '├'} {result.title} "
            grade = click.style(result.outcome.grade, fg=_COLOURS[result.outcome.grade])
            said = f"  ({result.outcome.said})" if result.outcome.said else ""
            click.echo(f"{title:.<{WIDTH}} {grade}{said}")
            for line in _problems(result.outcome):
                click.echo(f"{rail}{'  ' if end else '│ '}  {line}")
        self._waiting = []


def whole(report: Report) -> None:
    """An exam that is over."""
    told = Tree(report)
    told.begin()
    for result in report.results:
        told.add(result)
    told.end(report)


def _problems(outcome: Outcome) -> list[str]:
    """With what to do said once for those that need the same."""
    lines = []
    for fix, each in alike(outcome, SHOWN):
        lines += [_line(problem, outcome.grade) for problem in each]
        if fix:
            lines.append(f"-> {fix}")
    if len(outcome.problems) > SHOWN:
        lines.append(f"and {len(outcome.problems) - SHOWN} more (--json, --html)")
    return lines


def alike(outcome: Outcome, most: int | None = None) -> list[tuple[str, list[Problem]]]:
    """The problems of a check, the worst first, those together that need the same, with what that is."""
    order = [Grade.FAIL, Grade.WARN, Grade.UNDONE]
    told = sorted(outcome.problems, key=lambda each: order.index(each.grade))[:most]
    return [(fix, list(each)) for fix, each in groupby(told, lambda problem: problem.fix)]


def _line(problem: Problem, grade: Grade) -> str:
    return problem.text if problem.grade is grade else f"{problem.grade}: {problem.text}"
