"""What platforms really send, mapped: every quirk that the two kinds can meet, one promise each."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from connectors.contract import ContractBroken, Row
from connectors.declaration import PlatformWords
from connectors.fields import FieldWords
from connectors.mapping.extracts import Mapped
from connectors.mapping.paths import column, path
from connectors.mapping.records import RecordMap
from connectors.mapping.texts import Unmappable
from connectors.mapping.values import compile_field
from tests.edges.invented import FIRM, PERSON, REST_SOURCE, REST_TYPE, TERMS, ask, declaration

NULLS = frozenset({"", "无", "暂无", "\\N", "null", "-", "--", "*"})


def read(field: str, raw: Any, **words: Any) -> Any:
    """One raw value through the declared words of a field."""
    given = FieldWords.model_validate({"column": "X", **words})
    reader = compile_field(given, TERMS.types["Permit"].fields[field], column, TERMS, trim=True, nulls=NULLS)
    return reader.read({"X": raw})


DATES = {"date": ["%Y-%m-%d", "%Y/%m/%d", "%Y%m%d", "%Y-%m-%d %H:%M:%S", "%Y年%m月%d日", "epochMillis"]}


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("2019-09-01", date(2019, 9, 1)),
        ("2019/9/1", date(2019, 9, 1)),
        ("20190404", date(2019, 4, 4)),
        (20190404, date(2019, 4, 4)),
        ("2022-01-24 00:00:00", date(2022, 1, 24)),
        ("2022年1月24日", date(2022, 1, 24)),
        ("２０１９－０９－０１", date(2019, 9, 1)),
        (1546272000000, date(2019, 1, 1)),  # 2018-12-31 16:00 in UTC is midnight in Shanghai
        ("1546272000000", date(2019, 1, 1)),
        (date(2019, 9, 1), date(2019, 9, 1)),
        (datetime(2018, 12, 31, 16, tzinfo=UTC), date(2019, 1, 1)),
        (" 2019-09-01\t", date(2019, 9, 1)),
        ("暂无", None),
        (None, None),
    ],
)
def test_dates_of_every_seen_spelling_mean_a_day(raw: Any, expected: date | None) -> None:
    """Each declared spelling, native dates and milliseconds give the day in Shanghai."""
    assert read("decided", raw, **DATES) == expected


@pytest.mark.parametrize(
    "raw", ["2019111", "20191301", "2019-02-30", "无处罚期限", "00:00;00", "2019-09-01x", True, [1], {"a": 1}]
)
def test_what_is_no_date_is_not_guessed(raw: Any) -> None:
    """A value outside the declared formats does not map, and the reason does not repeat it."""
    with pytest.raises(Unmappable) as caught:
        read("decided", raw, **DATES)
    assert str(raw) not in str(caught.value)


@pytest.mark.parametrize("raw", [1546272000, "1546272000", 20190404, "20190404", -1])
def test_seconds_and_days_in_digits_are_no_milliseconds(raw: Any) -> None:
    """They would all be days of January 1970 and its like; a day of those months is one where it is a full hour."""
    for field, words in (("decided", {"date": "epochMillis"}), ("touched", {"timestamp": "epochMillis"})):
        with pytest.raises(Unmappable):
            read(field, raw, **words)
    assert read("decided", 2649600000, date="epochMillis") == date(1970, 2, 1)
    assert read("decided", 0, date="epochMillis") == date(1970, 1, 1)


ENDS = {**DATES, "never": ["2099-12-31", "9999-09-09", "长期"], "unknown": ["1900-01-01", "1899-12-30", "无处罚期限"]}


@pytest.mark.parametrize("raw", ["2099-12-31", "2099/12/31", "20991231", "9999-09-09", "2099-12-31 00:00:00", "长期"])
def test_an_open_end_is_the_last_day(raw: str) -> None:
    """A `never` day counts in every declared spelling, a `never` word as it stands: the last possible day."""
    assert read("until", raw, **ENDS) == date.max


@pytest.mark.parametrize("raw", ["1900-01-01", "1900/1/1", "1899-12-30", "无处罚期限", date(1900, 1, 1)])
def test_a_placeholder_day_is_unknown(raw: Any) -> None:
    """The days that databases use for "nothing" are None, not a hundred years ago."""
    assert read("until", raw, **ENDS) is None


def test_words_with_signs_in_full_width_are_the_words_that_were_declared() -> None:
    """Days are compared in plain width, the words that stand for them as they are written."""
    words = {"date": "%Y-%m-%d", "never": "长期（有效）", "unknown": "无：见备注"}
    assert read("until", "长期（有效）", **words) == date.max
    assert read("until", "无：见备注", **words) is None


AT_THE_ENDS = {"date": ["%Y-%m-%dT%H:%M:%S%z", "epochMillis"], "never": "9999-12-31", "unknownBefore": "1951-01-01"}


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("9999-12-31T23:59:59Z", date.max),
        (datetime(9999, 12, 31, 23, 59, tzinfo=UTC), date.max),
        ("0001-01-01T00:00:00+08:00", None),
        (-62135596800000, None),
        (-62135625600000, None),  # the same in Shanghai: before the first day of any calendar
    ],
)
def test_days_at_the_ends_of_the_calendar_are_days(raw: Any, expected: date | None) -> None:
    """What programs write for the first and the last day of all may lie beyond them in another zone, and is a day."""
    assert read("until", raw, **AT_THE_ENDS) == expected
    if isinstance(raw, int):
        assert read("touched", raw, timestamp="epochMillis").year == 1
    with pytest.raises(Unmappable):
        read("until", -99999999999999, **AT_THE_ENDS)
    with pytest.raises(Unmappable):  # there is no such instant in China's time, in which answers are written
        read("touched", "9999-12-31 23:59:59", timestamp="%Y-%m-%d %H:%M:%S", zone="UTC")


@pytest.mark.parametrize(
    ("raw", "words", "expected"),
    [
        ("2024-05-06 07:08:09", {"timestamp": "%Y-%m-%d %H:%M:%S"}, datetime(2024, 5, 5, 23, 8, 9, tzinfo=UTC)),
        (
            "2024-05-06 07:08:09",
            {"timestamp": "%Y-%m-%d %H:%M:%S", "zone": "UTC"},
            datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC),
        ),
        (
            "2024-05-06T07:08:09.5+08:00",
            {"timestamp": "%Y-%m-%dT%H:%M:%S.%f%z"},
            datetime(2024, 5, 5, 23, 8, 9, 500000, tzinfo=UTC),
        ),
        (1714950489000, {"timestamp": "epochMillis"}, datetime(2024, 5, 5, 23, 8, 9, tzinfo=UTC)),
    ],
)
def test_timestamps_are_instants(raw: Any, words: dict[str, str], expected: datetime) -> None:
    """A local time is read in its declared zone and compares as an instant."""
    value = read("touched", raw, **words)
    assert value == expected
    assert value.tzinfo is not None


YUAN, WAN = {"unit": {"from": "yuan", "to": "wan"}}, {"unit": {"from": "wan", "to": "wan"}}
TEXT = {**YUAN, "number": "text"}


@pytest.mark.parametrize(
    ("raw", "words", "expected"),
    [
        ("2000", YUAN, "0.2"),
        (2000, YUAN, "0.2"),
        (0.1, YUAN, "0.00001"),
        ("5,000,000", YUAN, "500"),
        ("123456789012.123456", YUAN, "12345678.9012123456"),
        ("5.500000", WAN, "5.5"),
        (Decimal("5.50"), WAN, "5.5"),
        ("100", WAN, "100"),
        ("罚款2000元", TEXT, "0.2"),
        ("罚款人民币2,000.50元整", TEXT, "0.20005"),
        ("罚款2万元", TEXT, "2"),
        ("2000", TEXT, "0.2"),
        ("罚款２０００元", TEXT, "0.2"),
        ("罚款2万，已缴", TEXT, "2"),
        ("罚款2000（大写贰元）", TEXT, "0.2"),
        ("人民币贰仟元整（2000元）", TEXT, "0.2"),
        ("罚款2.5亿圆", TEXT, "25000"),
        ("罚款：2000整", TEXT, "0.2"),
        ("违约2000元", TEXT, "0.2"),
        ("罚款2000元，以示惩戒", TEXT, "0.2"),
        ("罚款2000元/警告", TEXT, "0.2"),
        ("贰仟元整（2000）", TEXT, "0.2"),
    ],
)
def test_money_is_exact_and_in_wan(raw: Any, words: dict[str, Any], expected: str) -> None:
    """Yuan and 万元, separators and sentences give one exact amount, written in one way."""
    assert str(read("fine", raw, **words)) == expected


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ("5,000000", YUAN),
        ("罚款2000元", YUAN),
        ("2000元", WAN),
        ("1e5", YUAN),
        ("NaN", YUAN),
        (float("nan"), YUAN),
        (float("inf"), YUAN),
        (Decimal("1E+999999"), YUAN),
        (True, YUAN),
        ("罚款2000元，没收100元", TEXT),
        ("罚款5,000000元", TEXT),
        ("依据第3条罚款2000元", TEXT),
        ("罚款贰仟元", TEXT),
        ("罚款2千元", TEXT),
        ("罚款5百万元", TEXT),
        ("罚款2万余元", TEXT),
        ("2000元以下", TEXT),
        ("罚款2000以上", TEXT),
        ("不超过人民币2000元", TEXT),
        ("罚款最高2万元", TEXT),
        ("约2000元", TEXT),
        ("罚款金额约 2000元", TEXT),
        ("2000元/天", TEXT),
        ("每日加处罚款60元", TEXT),
        ("罚款−2000元", TEXT),
        ("罚款2万美元", TEXT),
        ("罚款2000美元", TEXT),
        ("USD2000", TEXT),
        ("罚款-2000元", TEXT),
        ("货值10%罚款", TEXT),
        ("2019年罚款", TEXT),
        ("警告3次", TEXT),
        ("罚款（万元）5", TEXT),
        ("罚款贰万（20000）", TEXT),
        ("1" * 60_000 + ".1.1元", TEXT),
    ],
)
def test_an_ambiguous_amount_does_not_map(raw: Any, words: dict[str, Any]) -> None:
    """Malformed separators, undeclared sentences, several numbers and units that are not ours are never guessed."""
    with pytest.raises(Unmappable):
        read("fine", raw, **words)


def test_numbers_are_whole_as_answers_can_hold_them() -> None:
    """A count or a year is an int of 32 bits, which is what GraphQL has for one; anything else does not map here,
    rather than fail where the answer is written."""
    assert read("points", "12") == 12
    assert isinstance(read("points", "12.0"), int)
    assert read("points", "-2,147,483,648") == -(2**31)
    for wrong in (87.5, "2026.5", 2**31, "3000000000", -(2**31) - 1):
        with pytest.raises(Unmappable, match=r"^is not a whole number of 32 bits$"):
            read("points", wrong)
    assert read("points", "约30人", number="text") == 30
    with pytest.raises(Unmappable):
        read("points", "3千人", number="text")


def test_codes_are_translated_and_strange_ones_refused() -> None:
    """A vocabulary gives catalogue codes; a code outside it does not map, or is None when so declared."""
    words: dict[str, Any] = {"vocabulary": {"0": "ACTIVE", "9": "REPAIRED"}}
    assert read("state", "0", **words) == "ACTIVE"
    assert read("state", 9, **words) == "REPAIRED"
    assert read("state", "暂无", **words) is None
    assert read("state", "7", **words, other=None) is None
    with pytest.raises(Unmappable):
        read("state", "7", **words)
    with pytest.raises(Unmappable):
        read("state", "SOMETHING")


def test_flags_are_booleans() -> None:
    """A platform's words for yes and no, and its own booleans, become true and false."""
    assert read("young", "是", vocabulary={"是": "true", "否": "false"}) is True
    assert read("young", False) is False
    with pytest.raises(Unmappable):
        read("young", "maybe")


def test_lists_are_split_translated_and_rid_of_empty_parts() -> None:
    """A text with separators or a JSON list becomes a tuple of codes."""
    words: dict[str, Any] = {"vocabulary": {"警告": "WARNING", "罚款": "FINE"}}
    assert read("kinds", "警告、 罚款、、暂无", split="、", **words) == ("WARNING", "FINE")
    assert read("kinds", ["罚款", None], **words) == ("FINE",)
    assert read("kinds", None, **words) is None
    with pytest.raises(Unmappable):
        read("kinds", "罚款", **words)
    with pytest.raises(Unmappable):
        read("holder", ["a list where one name belongs"])


@pytest.mark.parametrize("word", ["", " ", "　", "无", "暂无", "\\N", "null", "-", "--", "*"])
def test_null_words_are_nothing(word: str) -> None:
    """Every declared word for "nothing" is None, after trimming."""
    assert read("holder", word) is None


def test_a_null_word_may_be_a_number_and_belong_to_one_field() -> None:
    """A field's own null words join the type's, and also mean integers."""
    assert read("area", 999999, null=["999999"]) is None
    assert read("area", 370202, null=["999999"]) == "370202"


@pytest.mark.parametrize("raw", [370200.0, Decimal("370200.0"), Decimal("3.702E+5"), 370200, " 370200 "])
def test_a_code_that_was_stored_as_a_number_is_the_code(raw: Any) -> None:
    """Columns that came from spreadsheets hold codes as binary fractions; nobody writes a code with `.0`."""
    assert read("area", raw, check="gbt2260") == "370200"
    assert read("state", 1.0, vocabulary={"1": "ACTIVE"}) == "ACTIVE"


def test_area_codes_of_nine_and_twelve_digits_are_cut() -> None:
    """`take` keeps the digits that the catalogue knows; a failing check of a field is None."""
    assert read("area", "330203001", take=6, check="gbt2260") == "330203"
    assert read("area", "370202001001", take=6, check="gbt2260") == "370202"
    assert read("area", "3702", check="gbt2260") is None
    assert read("uscc", FIRM.lower(), upper=True, check="uscc") == FIRM


@pytest.mark.parametrize("stray", ["\x00", "\u202e", "\u2066", "\ufeff", "\ud800", "\x1b"])
def test_misleading_characters_are_removed(stray: str) -> None:
    """Control characters, bidirectional overrides and lone surrogates never leave the mapping."""
    assert read("holder", f"虚构{stray}公司（青岛）") == "虚构公司（青岛）"


def test_the_newer_column_wins_and_the_older_fills_in() -> None:
    """`first` takes the first value that is not a null word."""
    words = FieldWords.model_validate({"first": [{"column": "NEW"}, {"column": "OLD"}]})
    term = TERMS.types["Permit"].fields["holder"]
    reader = compile_field(words, term, column, TERMS, trim=True, nulls=NULLS)
    assert reader.read({"NEW": "甲", "OLD": "乙"}) == "甲"
    assert reader.read({"NEW": " 暂无", "OLD": "乙"}) == "乙"
    assert reader.read({"NEW": None, "OLD": ""}) is None


def test_one_digit_may_mean_the_opposite_in_another_generation() -> None:
    """`when` decides by several columns, by order, and by absence; else it is unknown."""
    words = FieldWords.model_validate(
        {
            "when": [
                {"column": "GONE", "is": "1", "then": "REVOKED"},
                {"all": [{"column": "GEN", "is": "2018"}, {"column": "ZT", "is": ["1", "2"]}], "then": "ACTIVE"},
                {"all": [{"column": "GEN", "is": None}, {"column": "ZT", "is": "0"}], "then": "ACTIVE"},
            ]
        }
    )
    term = TERMS.types["Permit"].fields["state"]
    reader = compile_field(words, term, column, TERMS, trim=True, nulls=NULLS)

    def state(gone: Any, generation: Any, code: Any) -> Any:
        return reader.read({"GONE": gone, "GEN": generation, "ZT": code})

    assert state("1", "2018", "1") == "REVOKED"
    assert state(None, "2018", 1) == "ACTIVE"
    assert state(None, "暂无", "0") == "ACTIVE"
    assert state(None, "2018", "0") is None
    assert reader.names == ("GONE", "GEN", "ZT")


@pytest.mark.parametrize("row", [{"CF_WSH": "1"}, {"cf_wsh": "1"}])
def test_names_are_found_in_either_case(row: Mapping[str, Any]) -> None:
    """A plain name of JSON is found in upper and in lower case; the spelled one goes first."""
    assert path("CF_WSH")(row) == "1"
    assert path("cf_wsh")({**row, "cf_wsh": "2"}) == "2"


def test_a_place_inside_a_list_is_the_list_of_them() -> None:
    """What lies in several objects is not taken for nothing: a single value that is a list does not map."""
    row = {"organ": [{"name": "甲"}, {"name": "乙"}, {}], "empty": [], "one": {"name": "丙"}}
    assert path("organ.name")(row) == ["甲", "乙"]
    assert path("empty.name")(row) is None
    assert path("one.name")(row) == "丙"
    given = FieldWords.model_validate({"path": "organ.name"})
    reader = compile_field(given, TERMS.types["Permit"].fields["holder"], path, TERMS, trim=True, nulls=NULLS)
    with pytest.raises(Unmappable):
        reader.read(row)


def test_names_with_blanks_and_expressions_are_paths() -> None:
    """Blanks inside names are kept, dots go down, and JMESPath reaches the rest; what is missing is None."""
    assert path("UNI_ SOCIAL_CRD_ CD")({"UNI_ SOCIAL_CRD_ CD": "1"}) == "1"
    assert path("a.b")({"a": {"B": 1}}) == 1
    assert path("a[0].b")({"a": [{"b": 1}]}) == 1
    assert path("a.b")({"a": None}) is None


PERMIT = """\
request: {method: GET, path: /permits, query: {code: "{subject}"}}
rows: rows
key: [id, part]
subject:
  uscc: {path: code}
  citizenId: {path: idNo, where: {path: idType, is: "111"}}
null: ["", "无"]
fields:
  state: {path: state, vocabulary: {"1": ACTIVE}}
  decided: {path: day, date: "%Y-%m-%d"}
  holder: {path: name}
maxRejected: 20%
"""


def mapped(raw: list[dict[str, Any]], subject: str = FIRM, *fields: str) -> Mapped:
    return records().rows(raw, ask(*(fields or ("state", "decided")), subjects=(subject,)))


def records() -> RecordMap:
    words = declaration(REST_SOURCE, PERMIT).read(PlatformWords).types["Permit"]
    return RecordMap("Permit", words, TERMS, path, 1)


GOOD = {"id": 1, "part": "a", "code": FIRM, "state": "1", "day": "2020-01-02", "name": "虚构公司"}


def test_a_row_has_the_asked_fields_its_identity_and_its_subject() -> None:
    """Only asked fields are in a row; its id joins the key without ambiguity; its subject is in upper case."""
    result = mapped([{**GOOD, "code": FIRM.lower(), "part": "a|b"}], FIRM, "decided")
    row: Row = result.rows[0]
    assert row.values == {"decided": date(2020, 1, 2)}
    assert row.id == "1|a\\|b"
    assert (row.subject.kind, row.subject.value) == ("uscc", FIRM)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"day": "30.2.2020"}, "Permit.decided is not a date in a declared format"),
        ({"state": "8"}, "Permit.state has a code that the vocabulary does not know"),
        ({"code": "911"}, "Permit.subject is not a `uscc`"),
        ({"code": "无"}, "Permit.subject is empty"),
        ({"part": " "}, "Permit.key is empty in part, and identifies the row"),
        ({"id": {"deep": 1}}, "Permit.key is not a single value"),
    ],
)
def test_a_row_that_does_not_map_is_rejected_with_a_reason(change: dict[str, Any], reason: str) -> None:
    """The reason names the coordinate and never a value; the other rows stay."""
    result = mapped([GOOD, {**GOOD, **change}])
    assert len(result.rows) == 1
    assert result.rejected == [reason]


def test_rows_whose_key_is_blank_are_never_one_row() -> None:
    """Where no word says that blanks mean nothing a key may hold one, but not be one: such rows would be told apart by
    nothing, and all but one of them be lost."""
    for key, others in (("[id]", {"id": " "}), ("[id, part]", {"id": "", "part": " "})):
        words = declaration(REST_SOURCE, REST_TYPE.replace("[id]", key)).read(PlatformWords).types["Permit"]
        kept = {"id": 1, "part": "", "code": FIRM, "state": "1"}
        result = RecordMap("Permit", words, TERMS, path, 1).rows([kept, kept | others], ask("state", subjects=(FIRM,)))
        assert len(result.rows) == 1
        assert result.rejected == ["Permit.key is empty, and identifies the row"]


def test_a_broken_field_that_was_not_asked_does_no_harm() -> None:
    """What is not asked is not read."""
    assert mapped([{**GOOD, "day": "30.2.2020"}], FIRM, "state").rejected == []


def test_a_persons_rows_need_the_right_kind_of_document() -> None:
    """A number of another kind of document is no citizen's ID, even when it looks like one."""
    person = {**GOOD, "idNo": PERSON, "idType": "111"}
    result = mapped([person, {**person, "idType": "414"}], PERSON)
    assert [row.subject.value for row in result.rows] == [PERSON]
    assert result.rejected == ["Permit.subject is not a `citizenId`"]


def test_too_many_rejected_rows_mean_that_the_platform_changed() -> None:
    """Above the declared share, and above three rows, the answer is ContractBroken; below it is not."""
    changed = records()
    changed.judge(accepted=0, rejected=3)
    changed.judge(accepted=16, rejected=4)
    with pytest.raises(ContractBroken, match="4 of 19"):
        changed.judge(accepted=15, rejected=4)


def test_a_question_needs_key_subject_and_asked_columns_only() -> None:
    """The names that travel are the key's, the subject's and those of the asked fields."""
    assert records().names({"decided"}, "uscc") == ("id", "part", "code", "day")
    assert records().names({"state"}, "citizenId") == ("id", "part", "idNo", "idType", "state")
