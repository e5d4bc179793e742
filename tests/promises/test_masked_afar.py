"""A value that another gateway has masked is shown as it came or not at all, and nothing is decided by it."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from connectors.contract import Row
from connectors.delegation import Afar
from policies.masks import bears
from policies.model import RowRule
from tests.promises.penalties import CITY, COUNTY, WHY, platform, row, ruling
from tests.promises.test_merging import merge

NAME = "legalRepresentative"
SHOWN = {"documentNo": "allow", "decisionDate": "allow", "conductEnd": "allow"}


def masked(number: str, field: str, step: str, text: Any, **values: Any) -> Row:
    """A row of another gateway in which one field was masked by a step."""
    held = row(number, **values)
    rest = {name: value for name, value in held.values.items() if name != field}
    return Row(held.id, held.subject, rest, Afar(("310000-book",), {field: (frozenset({step}), text)}))


@pytest.mark.parametrize(
    ("own", "step", "text", "shown"),
    [
        ("allow", "surname", "王*", "王*"),
        ("surname", "surname", "王*", "王*"),
        ("surname", "pseudonym", "p1:k1:ABCDEFGHIJKLMNOPQRSTUVWXYZ", "p1:k1:ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
        ("pseudonym", "surname", "王*", None),  # ours is stricter, and nothing is masked twice
        ("surname", "surname", "王五", None),  # said to be masked, and is not: perhaps another platform's
        ("deny", "surname", "王*", None),
    ],
)
def test_a_masked_value_is_shown_as_it_came_or_not_at_all(own: str, step: str, text: str, shown: str | None) -> None:
    """As it came, where we would show it in full or no less masked; never masked again."""
    [made] = merge((ruling(CITY, {**SHOWN, NAME: own}), platform(CITY), (masked("1", NAME, step, text),)))
    assert made.values.get(NAME) == shown
    assert made.provenance[0]["platform"] == f"{CITY}/310000-book"


def test_a_masked_text_is_scrubbed_once_more() -> None:
    """Whether a text was scrubbed cannot be seen: ours is, whatever was done there."""
    text = "法定代表人身份证号370202199001010018"
    [made] = merge((ruling(CITY, {**SHOWN, "facts": "scrub"}), platform(CITY), (masked("1", "facts", "scrub", text),)))
    assert "370202199001010018" not in str(made.values.get("facts"))


def test_masked_keys_tell_no_two_decisions_together() -> None:
    """Two copies whose number is masked are two records, and a masked day orders nothing."""
    copies = [
        (ruling(each, SHOWN), platform(each), (masked("1", "decisionDate", "month", "2026-03"),))
        for each in (CITY, COUNTY)
    ]
    made = merge(*copies)
    assert [record.values["decisionDate"] for record in made] == ["2026-03", "2026-03"]
    assert {record.order for record in made} == {""}


def test_what_hangs_on_a_masked_value_is_hidden() -> None:
    """A rule on rows that looks at a masked field does not know it, and what is not known hides."""
    kept = RowRule("p/kept", WHY, "hide", None, publicity_over=True)
    late = masked("1", "publishUntil", "year", "2020")
    early = row("2", publishUntil=date(2030, 1, 1))
    made = merge((ruling(CITY, SHOWN, (kept,)), platform(CITY), (late, early)))
    assert [record.values["documentNo"] for record in made] == ["2"]


@pytest.mark.parametrize(
    ("step", "text", "yes"),
    [
        ("tail4", "**************0018", True), ("tail4", "370202199001010018", False),
        ("keep3_4", "138****1234", True), ("keep3_4", "13812341234", False),
        ("county", "青岛市市南区***", True), ("city", "青岛市市南区香港路1号", False),
        ("city", "山东省青岛市***", True), ("city", "山东省青岛市市南区***", False), ("city", "青岛市胶州市***", False),
        ("month", "2026-03", True), ("month", "2026-03-01", False), ("year", "2026", True),
        ("bucket", "10-50", True), ("bucket", "<1", True), ("bucket", ">=5000", True), ("bucket", "12.5", False),
        ("scrub", "anything", False), ("surname", "欧阳*", True), ("surname", "欧阳修", False),
    ],
)  # fmt: skip
def test_a_reduced_value_can_be_told_from_a_whole_one(step: str, text: str, yes: bool) -> None:
    """What each step makes has a shape that the value itself has not."""
    assert bears(step, text) is yes
