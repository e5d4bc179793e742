"""Exams on paper: JUnit XML for build servers, JSON for programs, one page of HTML for people.

The page loads nothing from anywhere and runs no script. Files are written whole or not at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
from lxml import etree

from connectors.conformance.outcome import GROUPS, Grade, Outcome, Report
from gateway.cli.connector import tree
from gateway.cli.pages import rendered
from policies.conditions import SHANGHAI

HERE = Path(__file__).parent
CHINESE = {1: "声明", 2: "样例映射", 3: "连接", 4: "声明属实", 5: "限制与故障", 6: "隐私"}


def json_text(reports: Sequence[Report]) -> str:
    """`{"platforms": [{platform, version, readiness, exit, checks: [...]}]}`."""
    return orjson.dumps({"platforms": [_plain(each) for each in reports]}, option=orjson.OPT_INDENT_2).decode() + "\n"


def _plain(report: Report) -> dict[str, Any]:
    return {
        "platform": report.platform,
        "version": report.version,
        "kinds": list(report.kinds),
        "region": report.region,
        "title": report.title,
        "readiness": report.readiness,
        "wanting": report.wanting,
        "exit": report.exit_code,
        "checks": [
            {
                "group": result.group,
                "name": result.name,
                "title": result.title,
                "grade": result.outcome.grade.value,
                "said": result.outcome.said,
                "problems": [asdict(problem) for problem in result.outcome.problems],
            }
            for result in report.results
        ],
    }


def junit(reports: Sequence[Report]) -> bytes:
    """A test suite for each platform, a test case for each check; a warning is told and does not fail."""
    root = etree.Element("testsuites")
    for report in reports:
        counts = report.counts
        suite = etree.SubElement(
            root,
            "testsuite",
            name=f"{report.platform} {report.version}",
            tests=str(len(report.results)),
            failures=str(counts[Grade.FAIL]),
            errors="0",
            skipped=str(counts[Grade.UNDONE]),
        )
        for result in report.results:
            name = f"{result.group}.{result.name}"
            case = etree.SubElement(suite, "testcase", classname=report.platform, name=f"{name}: {result.title}")
            tag = {Grade.FAIL: "failure", Grade.UNDONE: "skipped", Grade.WARN: "system-out"}.get(result.outcome.grade)
            if tag is not None:
                told = etree.SubElement(case, tag)
                if tag != "system-out":
                    told.set("message", result.outcome.problems[0].text)
                told.text = lines(result.outcome)
    written: bytes = etree.tostring(root, encoding="utf-8", xml_declaration=True, pretty_print=True)
    return written


def lines(outcome: Outcome) -> str:
    """Every problem with what to do."""
    return "\n".join(
        f"{each.grade}: {each.text}" + (f"\n  -> {each.fix}" if each.fix else "") for each in outcome.problems
    )


def page(reports: Sequence[Report]) -> bytes:
    """The whole page."""
    at = datetime.now(SHANGHAI)
    return rendered(HERE, reports=reports, groups=GROUPS, chinese=CHINESE, alike_of=tree.alike, at=at).encode()


def write(path: Path, content: bytes) -> None:
    draft = path.with_name(f".{path.name}.new")
    draft.write_bytes(content)
    draft.replace(path)
