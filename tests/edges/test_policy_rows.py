"""Row rules held against single rows: what hides, what marks, and that the unknown hides."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from policies.calendar_days import Span
from policies.interpreter import judge
from policies.judging import Judge, questions
from policies.model import UNKNOWN_CONTROL, Judgement, RowRule, Words
from policies.rows import anniversary, can_match, of_status_alone, without
from tests.edges.drafts import NOON, SHANGHAI, catalogue

PENALTY = catalogue().types["AdministrativePenalty"]
DEBTOR = catalogue().types["JudgmentDebtor"]
FIVE_YEARS = Span(months=60)
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
        ({"older_than": FIVE_YEARS, "negative": True}, {"conductEnd": date(2021, 11, 24)}, HIDDEN),
        ({"older_than": FIVE_YEARS, "negative": True}, {"conductEnd": date(2021, 11, 25)}, SHOWN),
        ({"older_than": FIVE_YEARS, "negative": True}, {"conductEnd": None}, UNKNOWN),
        ({"older_than": FIVE_YEARS, "negative": True}, {"conductEnd": date.max}, SHOWN),
        ({"older_than": FIVE_YEARS, "negative": False}, {"conductEnd": None}, SHOWN),
        ({"older_than": Span(months=3), "since": "document"}, {"decisionDate": date(2026, 8, 24)}, HIDDEN),
        ({"older_than": Span(months=3), "since": "document"}, {"decisionDate": date(2026, 8, 25)}, SHOWN),
        ({"older_than": Span(days=90), "since": "publication"}, {"decisionDate": date(2026, 8, 26)}, HIDDEN),
        ({"older_than": Span(days=90), "since": "recognition"}, {"decisionDate": date(2026, 8, 27)}, SHOWN),
        ({"older_than": Span(days=90), "since": "recognition"}, {"decisionDate": None}, UNKNOWN),
        ({"procedure": frozenset({"SIMPLE"})}, {"procedure": "SIMPLE"}, HIDDEN),
        ({"procedure": frozenset({"SIMPLE"})}, {"procedure": "ORDINARY"}, SHOWN),
        ({"procedure": frozenset({"SIMPLE"})}, {"procedure": None}, UNKNOWN),
        ({"only_kinds": frozenset({"WARNING"})}, {"penaltyKinds": ("WARNING",)}, HIDDEN),
        ({"only_kinds": frozenset({"WARNING"})}, {"penaltyKinds": ("WARNING", "FINE")}, SHOWN),
        ({"only_kinds": frozenset({"WARNING", "CRITICISM"})}, {"penaltyKinds": ["WARNING"]}, HIDDEN),
        ({"only_kinds": frozenset({"WARNING"})}, {"penaltyKinds": ()}, UNKNOWN),
        ({"only_kinds": frozenset({"WARNING"})}, {"penaltyKinds": "WARNING"}, UNKNOWN),
        ({"only_kinds": frozenset({"WARNING"})}, {"penaltyKinds": ("WARNING", None)}, UNKNOWN),
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
    words: tuple[dict[str, Any], ...] = (
        {"publicity_over": True}, {"older_than": FIVE_YEARS}, {"severity": frozenset({"MINOR"})},
        {"procedure": frozenset({"SIMPLE"})}, {"only_kinds": frozenset({"WARNING"})}, {"overdue_after": 5},
        {"older_than": FIVE_YEARS, "since": "recognition"},
    )  # fmt: skip
    for word in words:
        rule = replace(HIDE, **word)
        assert judge([rule], DEBTOR, {"status": "ACTIVE"}, None, NOON) == SHOWN
        assert Judge([rule], DEBTOR).of({"status": "ACTIVE"}, None, NOON.date()) == SHOWN
        assert not can_match(rule, DEBTOR, False)


def test_what_a_platform_declares_not_applicable_is_not_touched() -> None:
    """Where a platform has declared a control field not applicable, rules on it never match; states always count."""
    rule = replace(HIDE, procedure=frozenset({"SIMPLE"}))
    declared = without(PENALTY, {"procedure", "status"})
    assert judge([rule], PENALTY, ROW, None, NOON) == UNKNOWN
    assert judge([rule], declared, ROW, None, NOON) == Judge([rule], declared).of(ROW, None, NOON.date()) == SHOWN
    assert judge([replace(HIDE, status=frozenset({"REPAIRED"}))], declared, {}, None, NOON) == UNKNOWN
    assert without(PENALTY, ()) is PENALTY


def test_a_rule_of_status_alone_is_known_as_such() -> None:
    """Only a rule that looks at nothing but the state may be pushed down to a platform as a choice of states."""
    status = replace(HIDE, status=frozenset({"REPAIRED"}))
    assert of_status_alone(status)
    assert not of_status_alone(HIDE)
    more: tuple[dict[str, Any], ...] = (
        {"severity": frozenset({"MINOR"})}, {"procedure": frozenset({"SIMPLE"})}, {"minor": True}, {"negative": True},
        {"only_kinds": frozenset({"WARNING"})}, {"publicity_over": False}, {"older_than": FIVE_YEARS},
        {"overdue_after": 3},
    )  # fmt: skip
    assert not any(of_status_alone(replace(status, **word)) for word in more)
    assert of_status_alone(replace(status, effect="mark", label="REPAIRED"))


def test_each_condition_of_a_rule_names_the_field_that_decides_it() -> None:
    """A condition on the type alone hangs on no field of the row; one that no row can meet is none."""
    rule = replace(HIDE, negative=True, status=frozenset({"REPAIRED"}), minor=True)
    named = [asked and asked[0] for asked in questions(rule, PENALTY)]
    assert named == ["", PENALTY.roles.status, PENALTY.roles.event]
    assert questions(replace(HIDE, negative=False), PENALTY) == [None]
    assert questions(replace(HIDE, minor=True), replace(PENALTY, roles=replace(PENALTY.roles, event=None))) == [None]


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
    next_day = datetime(2027, 1, 1, 8, tzinfo=SHANGHAI)
    assert judge([rule], PENALTY, ROW | {"publishUntil": late}, None, next_day - timedelta(hours=9)) == SHOWN
    assert judge([rule], PENALTY, ROW | {"publishUntil": late}, None, next_day) == HIDDEN


def test_anniversaries_fall_on_the_stricter_side() -> None:
    """From 29 February, retention ends a day early and full age comes a day late."""
    assert anniversary(date(2020, 2, 29), 5) == date(2025, 2, 28)
    assert anniversary(date(2008, 2, 29), 18, late=True) == date(2026, 3, 1)
    assert anniversary(date.max, 5) == date.max
    assert anniversary(date(9981, 5, 1), 18) == date(9999, 5, 1)


def test_no_rules_show_everything() -> None:
    """Without a row rule in force a row is shown, whatever is unknown about it."""
    assert judge([], PENALTY, {}, None, NOON) == SHOWN
