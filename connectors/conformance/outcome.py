"""What an exam finds: outcomes of checks, what to do about them, and how ready a platform is by all of them.

A check that could not be made is `NOT DONE` and says why; it is never counted as passed. Readiness is a letter that
connectors/README.md defines for operators; the only place that computes it is `Report.readiness`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

GROUPS = {
    1: "Declaration",
    2: "Mapping on samples",
    3: "Connection",
    4: "Claims are true",
    5: "Limits and faults",
    6: "Privacy",
}
LIVE = (1, 3, 4, 6)
RECORDED = (1, 2)


class Grade(StrEnum):
    OK = "OK"
    WARN = "WARN"
    FAIL = "FAIL"
    UNDONE = "NOT DONE"


_WORST = (Grade.OK, Grade.WARN, Grade.UNDONE, Grade.FAIL)


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, or was not done, and what to do."""

    grade: Grade
    text: str
    fix: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One check's result; `said` is what was looked at, in a few words."""

    said: str = ""
    problems: tuple[Problem, ...] = ()

    @property
    def grade(self) -> Grade:
        return max((each.grade for each in self.problems), key=_WORST.index, default=Grade.OK)


@dataclass(slots=True)
class Verdict:
    """Gathers the problems of one check."""

    problems: list[Problem] = field(default_factory=list)

    def fail(self, text: str, fix: str = "") -> None:
        self._add(Grade.FAIL, text, fix)

    def warn(self, text: str, fix: str = "") -> None:
        self._add(Grade.WARN, text, fix)

    def undone(self, text: str, fix: str = "") -> None:
        self._add(Grade.UNDONE, text, fix)

    def outcome(self, said: str = "") -> Outcome:
        return Outcome(said, tuple(self.problems))

    def _add(self, grade: Grade, text: str, fix: str) -> None:
        problem = Problem(grade, text, fix)
        if problem not in self.problems:
            self.problems.append(problem)


def undone(text: str, fix: str = "") -> Outcome:
    return Outcome("", (Problem(Grade.UNDONE, text, fix),))


@dataclass(frozen=True, slots=True)
class Result:
    """A check as it went: its group, its name (for machines), its title (for people), its outcome."""

    group: int
    name: str
    title: str
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Report:
    """A whole exam of one declaration. `asked` are the groups that it was asked to go through."""

    platform: str
    version: str
    kinds: Sequence[str]
    region: str
    title: str
    asked: frozenset[int]
    results: Sequence[Result]

    @property
    def counts(self) -> Counter[Grade]:
        return Counter(each.outcome.grade for each in self.results)

    @property
    def readiness(self) -> str:
        """A: all six groups done, nothing failed, no warning in groups 2 to 6. B: the groups that ask the platform
        itself (1, 3, 4, 6) done, nothing failed. C: declaration and samples (1, 2) done, nothing failed. D: else."""
        if self.counts[Grade.FAIL]:
            return "D"
        warned = any(each.group > 1 and each.outcome.grade is Grade.WARN for each in self.results)
        if self.done(GROUPS) and not warned:
            return "A"
        return "B" if self.done(LIVE) else "C" if self.done(RECORDED) else "D"

    @property
    def wanting(self) -> str:
        """What is needed for the next better letter; empty for the best one."""
        gaps = {each.group for each in self.results if each.outcome.grade is Grade.UNDONE}
        warned = {each.group for each in self.results if each.group > 1 and each.outcome.grade is Grade.WARN}
        match self.readiness:
            case "D" if self.counts[Grade.FAIL]:
                return "mend what failed"
            case "D":
                return "for C: record samples" if 2 in gaps else "for C: see what was not done"
            case "C" if self.asked >= set(LIVE):
                return "for B: see what was not done"
            case "C":
                return "for B: say --live, with a test subject that the platform knows"
            case "B":
                steps = [f"no warning in group {group}" for group in sorted(warned)]
                steps += [f"group {group} too" for group in sorted(gaps)]
                return "for A: " + ", ".join(steps)
        return ""

    @property
    def exit_code(self) -> int:
        """0 when nothing failed, 1 when something did, 2 when something that was asked for could not be done."""
        if self.counts[Grade.FAIL]:
            return 1
        return 0 if self.done(self.asked) else 2

    def done(self, groups: Sequence[int] | frozenset[int] | dict[int, str]) -> bool:
        """Whether every one of these groups was gone through without a gap."""
        gaps = {each.group for each in self.results if each.outcome.grade is Grade.UNDONE}
        return {each.group for each in self.results} - gaps >= set(groups)
