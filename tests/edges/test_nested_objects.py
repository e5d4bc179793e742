"""Objects in a record (changes of a registration, arrears of an insurance): mapped field by field, told as objects."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from connectors.contract import Row
from connectors.declaration import PlatformWords
from connectors.mapping.extracts import Mapped
from connectors.mapping.paths import column, path
from connectors.mapping.records import RecordMap
from connectors.registry import load
from connectors.spelling import DeclarationError
from gateway.deciding.nesting import divided
from policies.model import ALLOW, DENY, Decision, Words
from tests.edges.invented import FIRM, REST_SOURCE, REST_TYPE, SQL_SOURCE, SQL_TYPE, TERMS, ask, declaration

CHANGES = """\
objects:
  changes:
    {origin}
    fields:
      item: {{path: altitem}}
      on: {{path: altdate, date: "%Y-%m-%d"}}
"""
ARREARS = """\
objects:
  arrears:
    fields:
      months: {{{origin}: YS}}
      amount: {{{origin}: JE, unit: {{from: yuan, to: wan}}}}
"""


def mapped(source: str, permit: str, raw: dict[str, Any], *fields: str) -> Mapped:
    words = declaration(source, permit).read(PlatformWords).types["Permit"]
    look = column if source is SQL_SOURCE else path
    return RecordMap("Permit", words, TERMS, look, 1).rows([raw], ask("state", *fields))


def one(found: Mapped) -> Row:
    assert found.rejected == []
    [row] = found.rows
    return row


LIST = [{"altitem": "住所", "altdate": "2024-05-06"}, {"altitem": "名称", "altdate": None}]


def test_a_list_of_objects_becomes_columns_of_one_length() -> None:
    """What is missing in one object is unknown there and shifts nothing."""
    row = one(
        mapped(
            REST_SOURCE,
            REST_TYPE + CHANGES.format(origin="path: altlist"),
            {"id": "1", "code": FIRM, "state": "1", "altlist": LIST},
            "changes.item",
            "changes.on",
        )
    )
    assert row.values["changes.item"] == ("住所", "名称")
    assert row.values["changes.on"] == (date(2024, 5, 6), None)


def test_only_the_asked_fields_of_an_object_are_read() -> None:
    """A field that was not asked is not in the row, also when the platform sends the whole object."""
    row = one(
        mapped(
            REST_SOURCE,
            REST_TYPE + CHANGES.format(origin="path: altlist"),
            {"id": "1", "code": FIRM, "state": "1", "altlist": LIST},
            "changes.item",
        )
    )
    assert set(row.values) == {"state", "changes.item"}


@pytest.mark.parametrize(
    ("raw", "items"),
    [
        (None, None),
        ("暂无", None),
        ("[]", ()),
        ('[{"altitem": "住所"}]', ("住所",)),
        ('{"altitem": "住所"}', ("住所",)),
    ],
)
def test_a_text_that_holds_objects_is_json(raw: str | None, items: tuple[str, ...] | None) -> None:
    """A column may hold the list as JSON; none and an empty list are different things."""
    permit = SQL_TYPE + 'null: ["暂无"]\n' + CHANGES.format(origin="column: ALT")
    row = one(mapped(SQL_SOURCE, permit, {"ID": 1, "CODE": FIRM, "STATE": "1", "ALT": raw}, "changes.item"))
    assert row.values["changes.item"] == items


@pytest.mark.parametrize("raw", ["住所变更", "[1]", '["住所"]', "[" * 5000])
def test_what_is_no_list_of_objects_rejects_its_row(raw: str) -> None:
    """A text that is not the declared list is told with the coordinate and without the text."""
    permit = SQL_TYPE + CHANGES.format(origin="column: ALT")
    found = mapped(SQL_SOURCE, permit, {"ID": 1, "CODE": FIRM, "STATE": "1", "ALT": raw}, "changes.item")
    assert found.rows == []
    [reason] = found.rejected
    assert reason.startswith("Permit.changes ")
    assert raw not in reason


def test_an_object_may_lie_in_the_columns_of_the_row() -> None:
    """A flat table holds one object in columns of its own; a row without any of them has none."""
    permit = SQL_TYPE + ARREARS.format(origin="column")
    asked = ("arrears.months", "arrears.amount")
    row = one(mapped(SQL_SOURCE, permit, {"ID": 1, "CODE": FIRM, "STATE": "1", "YS": 3, "JE": 45000}, *asked))
    assert row.values == {"state": "ACTIVE", "arrears.months": 3, "arrears.amount": Decimal("4.5")}
    row = one(mapped(SQL_SOURCE, permit, {"ID": 1, "CODE": FIRM, "STATE": "1", "YS": None, "JE": None}, *asked))
    assert row.values == {"state": "ACTIVE", "arrears.months": None, "arrears.amount": None}


def test_a_question_for_one_nested_field_needs_its_own_places_only() -> None:
    """A SELECT or a projection names the column of the object, or the columns of the asked fields, and no other."""
    permit = SQL_TYPE + CHANGES.format(origin="column: ALT").rstrip() + ARREARS.format(origin="column")[8:]
    words = declaration(SQL_SOURCE, permit).read(PlatformWords).types["Permit"]
    record = RecordMap("Permit", words, TERMS, column, 1)
    assert record.names({"state"}, "uscc") == ("ID", "CODE", "STATE")
    assert record.names({"arrears.amount"}, "uscc") == ("ID", "CODE", "JE")
    assert record.names({"changes.on"}, "uscc") == ("ID", "CODE", "ALT")
    assert {"changes.item", "changes.on", "arrears.months", "arrears.amount"} <= record.claim.fields


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (("  changes:", "  chances:"), "`Permit` has no object `chances`, did you mean `changes`?"),
        (("item:", "itme:"), "unknown field `Permit.changes.itme`, did you mean `item`?"),
        (("path: altitem", "column: altitem"), "write `path`"),
        ((', date: "%Y-%m-%d"', ""), "`Permit.changes.on` is of kind date: say how it is stored"),
        (("path: altlist", 'path: "alt["'), "neither a plain name nor a JMESPath expression"),
    ],
)
def test_a_mistake_in_an_object_is_found(wrong: tuple[str, str], message: str) -> None:
    """The finding stands at its line and names the nearest right word."""
    permit = REST_TYPE + CHANGES.format(origin="path: altlist")
    assert wrong[0] in permit
    with pytest.raises(DeclarationError, match=r"370100-invented\.yaml:") as raised:
        load([declaration(REST_SOURCE, permit.replace(*wrong))], TERMS)
    assert message in str(raised.value)


def test_a_missing_object_is_said_once() -> None:
    """`absent: [changes]` says it for all of its fields."""
    words = declaration(SQL_SOURCE, SQL_TYPE + "absent: [changes]\n").read(PlatformWords)
    assert RecordMap("Permit", words.types["Permit"], TERMS, column, 1).claim.absent == {"changes.item", "changes.on"}
    load([declaration(SQL_SOURCE, SQL_TYPE + "absent: [changes]\n")], TERMS)


def test_an_object_that_comes_whole_is_closed_by_any_of_its_fields() -> None:
    """Where one field of it is denied none of it is asked; an object in columns of its own is asked field by field."""
    permit = SQL_TYPE + CHANGES.format(origin="column: ALT").rstrip() + "\n" + ARREARS.format(origin="column")[9:]
    claim = RecordMap(
        "Permit", declaration(SQL_SOURCE, permit).read(PlatformWords).types["Permit"], TERMS, column, 1
    ).claim
    why = Words("因", "because")
    known = {name: Decision(ALLOW, "p/open", why) for name in ("changes.item", "arrears.months", "state")}
    known |= {name: Decision(DENY, "p/closed", why) for name in ("changes.on", "arrears.amount")}
    asked = {name: known[name] for name in ("changes.item", "arrears.months", "state")}
    found = divided(claim, asked, known.__getitem__)
    assert {name: (decision.effect, decision.rule) for name, decision in found.items()} == {
        "changes.item": (DENY, "p/closed"),
        "arrears.months": (ALLOW, "p/open"),
        "state": (ALLOW, "p/open"),
    }
    assert divided(claim, asked, lambda name: Decision(ALLOW, "p/open", why)) == asked
