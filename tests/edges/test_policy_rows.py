"""Row rules held against single rows: what hides, what marks, and that the unknown hides."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from policies.interpreter import judge
from policies.model import UNKNOWN_CONTROL, Judgement, RowRule, Words
from policies.rows import anniversary
from tests.edges.drafts import NOON, catalogue

PENALTY = catalogue().types["AdministrativePenalty"]
DEBTOR = catalogue().types["JudgmentDebtor"]
HIDE = RowRule("base/hide", Words("藏", "Hide"), "hide", None)
ROW: dict[str, Any] = {
    "status": "ACTIVE",
    "publishUntil": date(2027, 1, 1),
    "conductEnd": date(2025, 5, 1),
    "decisionDate": date(2025, 6, 1),
    "documentNo": "鲁罚〔2025〕1号",
}
SHOWN, HIDDEN, UNKNOWN = Judgement(True), Judgement(False, "base/hide"), Judgement(False, UNKNOWN_CONTROL)


def judged(rule: RowRule, birth: date | None = None, **values: Any) -> Judgement:
    return judge([rule], PENALTY, ROW | values, birth, NOON)


@pytest.mark.parametrize(
    ("rule", "values", "said"),
    [
        ({"status": frozenset({"REPAIRED"})}, {"status": "REPAIRED"}, HIDDEN),
        ({"status": frozenset({"REPAIRED"})}, {"status": "ACTIVE"}, SHOWN),
        ({"status": frozenset({"REPAIRED"})}, {"status": None}, UNKNOWN),
        ({"publicity_over": True}, {"publishUntil": date(2026, 11, 24)}, HIDDEN),
        ({"publicity_over": True}, {"publishUntil": date(2026, 11, 25)}, SHOWN),
        ({"publicity_over": True}, {"publishUntil": None}, UNKNOWN),
        ({"publicity_over": True}, {"publishUntil": date.max}, SHOWN),
        ({"publicity_over": True}, {"publishUntil": "2030-01-01"}, UNKNOWN),
        ({"older_than_years": 5, "negative": True}, {"conductEnd": date(2021, 11, 24)}, HIDDEN),
        ({"older_than_years": 5, "negative": True}, {"conductEnd": date(2021, 11, 25)}, SHOWN),
        ({"older_than_years": 5, "negative": True}, {"conductEnd": None}, UNKNOWN),
        ({"older_than_years": 5, "negative": True}, {"conductEnd": date.max}, SHOWN),
        ({"older_than_years": 5, "negative": False}, {"conductEnd": None}, SHOWN),
        ({"severity": frozenset({"MINOR"})}, {"severity": "MINOR"}, HIDDEN),
        ({"severity": frozenset({"MINOR"})}, {}, UNKNOWN),
        ({"negative": True}, {}, HIDDEN),
        ({"negative": False}, {}, SHOWN),
    ],
)
def test_a_row_is_hidden_shown_or_unknown(rule: dict[str, Any], values: dict[str, Any], said: Judgement) -> None:
    """A condition that holds hides, one that does not shows, and one that hangs on an unknown value hides too."""
    assert judged(replace(HIDE, **rule), **values) == said


@pytest.mark.parametrize(
    ("birth", "event", "said"),
    [
        (date(2007, 6, 2), date(2025, 6, 1), HIDDEN),
        (date(2007, 6, 1), date(2025, 6, 1), SHOWN),
        (date(1980, 1, 1), None, UNKNOWN),
        (None, None, SHOWN),
        (date(2008, 2, 29), date(2026, 2, 28), HIDDEN),
        (date(2008, 2, 29), date(2026, 3, 1), SHOWN),
    ],
)
def test_minors(birth: date | None, event: date | None, said: Judgement) -> None:
    """Who was under 18 at the event is a minor for good; a person's unknown event hides, an organisation has no age."""
    assert judged(replace(HIDE, minor=True), birth, decisionDate=event) == said


def test_a_type_without_the_role_is_not_touched() -> None:
    """A judgment debtor's record has no end of publicity and no end of conduct: rules on these never match it."""
    for rule in (replace(HIDE, publicity_over=True), replace(HIDE, older_than_years=5)):
        assert judge([rule], DEBTOR, {"status": "ACTIVE"}, None, NOON) == SHOWN


def test_marks() -> None:
    """A marked row is shown with its label; a hide rule beside it wins, in whatever order they stand."""
    mark = RowRule("base/mark", Words("标", "Mark"), "mark", "OBJECTED", status=frozenset({"OBJECTED"}))
    hide = replace(HIDE, publicity_over=True)
    objected = ROW | {"status": "OBJECTED"}
    assert judge([mark], PENALTY, objected, None, NOON) == Judgement(True, "base/mark", ("OBJECTED",))
    over = objected | {"publishUntil": date(2020, 1, 1)}
    assert judge([mark, hide], PENALTY, over, None, NOON) == judge([hide, mark], PENALTY, over, None, NOON) == HIDDEN
    assert judge([mark], PENALTY, ROW | {"status": None}, None, NOON) == SHOWN


def test_a_known_reason_is_named_before_an_unknown_one() -> None:
    """When one rule hides and another cannot know, the one that knows is named, in whatever order they stand."""
    rules = [replace(HIDE, rule="base/other", publicity_over=True), replace(HIDE, status=frozenset({"ACTIVE"}))]
    for order in (rules, rules[::-1]):
        assert judge(order, PENALTY, ROW | {"publishUntil": None}, None, NOON) == HIDDEN


def test_days_are_days_of_shanghai() -> None:
    """At 16:30 UTC it is the next day already, and a time stamp is read as the day it is in Shanghai."""
    rule = replace(HIDE, publicity_over=True)
    late = datetime(2026, 12, 31, 16, 30, tzinfo=UTC)
    assert judge([rule], PENALTY, ROW, None, late) == HIDDEN
    assert judge([rule], PENALTY, ROW | {"publishUntil": late}, None, NOON) == SHOWN
    assert judge([rule], PENALTY, ROW | {"publishUntil": late}, None, late) == HIDDEN


def test_anniversaries_fall_on_the_stricter_side() -> None:
    """From 29 February, retention ends a day early and full age comes a day late."""
    assert anniversary(date(2020, 2, 29), 5) == date(2025, 2, 28)
    assert anniversary(date(2008, 2, 29), 18, late=True) == date(2026, 3, 1)
    assert anniversary(date.max, 5) == date.max


def test_no_rules_show_everything() -> None:
    """Without a row rule in force a row is shown, whatever is unknown about it."""
    assert judge([], PENALTY, {}, None, NOON) == SHOWN
