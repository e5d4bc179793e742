"""A pytest plugin: `pytest --connector FILE` sits the exam, one item for each check.

For whoever writes a kind or a declaration and wants its exam among other tests. It is found by its entry point where
the gateway is installed, and imports no room of it while no `--connector` is given: other tests do not wait for it.
"""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from connectors.conformance.outcome import Result
    from gateway.cli.connector.benches import Benches


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("credit-gateway", "platforms of a credit gateway")
    group.addoption("--connector", action="append", default=[], metavar="FILE", help="A declaration to be examined.")
    group.addoption("--connector-live", action="store_true", help="Ask its platform too.")
    group.addoption("--connector-faults", action="store_true", help="And break its answers on purpose.")
    group.addoption("--connector-subject", action="append", default=[], metavar="CODE", help="A test subject.")
    group.addoption("--connector-purpose", metavar="PURPOSE", help="For what another gateway is asked.")
    group.addoption("--connector-class", metavar="CLASS", help="For a client of which class; else government.")
    group.addoption("--connector-evidence", action="append", default=[], metavar="NAME=VALUE", help="For the purpose.")
    group.addoption("--connector-home", default=None, metavar="HOME", help="The gateway's home.")


def pytest_configure(config: pytest.Config) -> None:
    """With `--connector` alone nothing but the exam is run; beside paths that were given it is one more."""
    files = config.getoption("--connector")
    if files:
        named = config.args_source is pytest.Config.ArgsSource.ARGS
        config.args = [*(config.args if named else []), *files]


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    wanted = {Path(name).resolve() for name in parent.config.getoption("--connector")}
    return Exam.from_parent(parent, path=file_path) if file_path.resolve() in wanted else None


@cache
def _benches(home: str | None) -> Benches:
    """Read once for all declarations."""
    from gateway.cli.connector.benches import Benches

    return Benches.of(Path(home) if home else None)


class Exam(pytest.File):
    """One declaration. Its exam is sat when the first of its checks is run."""

    _results: dict[str, Result] | None = None

    def collect(self) -> Iterator[pytest.Item]:
        from connectors.conformance.exam import CHECKS, asked_groups

        groups = asked_groups(*self._how())
        for check in CHECKS:
            if check.group in groups:
                yield CheckItem.from_parent(self, name=f"{check.group}.{check.name}")

    def result(self, group: int, name: str) -> Result | None:
        if self._results is None:
            self._results = asyncio.run(self._sat())
        return self._results.get(f"{group}.{name}")

    async def _sat(self) -> dict[str, Result]:
        from connectors.conformance.exam import asked_groups, results

        said = self.config.getoption
        benches = _benches(said("--connector-home"))
        asker = benches.asker(*map(said, ("--connector-purpose", "--connector-class", "--connector-evidence")))
        bench = benches.bench(self.path, *self._how(), said("--connector-subject"), asker)
        return {f"{each.group}.{each.name}": each async for each in results(bench, asked_groups(*self._how()))}

    def _how(self) -> tuple[bool, bool]:
        return self.config.getoption("--connector-live"), self.config.getoption("--connector-faults")


class Failed(Exception):
    """A check that failed; its text is what is wrong and what to do."""


class CheckItem(pytest.Item):
    """One check of an exam."""

    def runtest(self) -> None:
        from connectors.conformance.outcome import Grade
        from gateway.cli.connector.papers import lines

        assert isinstance(self.parent, Exam)  # noqa: S101  # for the type checker
        group, _, name = self.name.partition(".")
        result = self.parent.result(int(group), name)
        if result is None:
            pytest.skip("there is nothing of that sort here")
        if result.outcome.grade is Grade.FAIL:
            raise Failed(lines(result.outcome))
        if result.outcome.grade is Grade.UNDONE:
            pytest.skip(result.outcome.problems[0].text)
        for problem in result.outcome.problems:
            warnings.warn(f"{self.path.name}: {problem.text}", stacklevel=1)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        if isinstance(excinfo.value, Failed):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, 0, f"{self.path.name}: {self.name}"
