"""Words that are said once, and words for what platforms do to codes, amounts and rows: each read as it is meant."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import date
from decimal import Decimal
from pathlib import Path
from textwrap import indent
from typing import Any

import pytest

from connectors.contract import Condition, Deadline, Fetch, Row, SubjectKey
from connectors.declaration import PlatformWords
from connectors.mapping.paths import path
from connectors.mapping.records import RecordMap
from connectors.registry import load
from connectors.settling import settle
from connectors.spelling import DeclarationError
from gateway.documents import Document
from policies.identifiers import citizen_id_before, citizen_id_today, is_citizen_id
from tests.edges.invented import (
    FIRM,
    HEAD,
    PERSON,
    REST_SOURCE,
    SQL_SOURCE,
    TERMS,
    ask,
    connector,
    declaration,
    in_use,
    pages,
)

COLUMNS = "ID, CODE, IDNO, KIND, STATE, GONE, NAME, YEAR, NUMBER, DAY, ENDS, FINE, MONEY, KINDS, KIND2"
BORN_1980, OLD_1980 = "370102198001010015", "370102800101001"

TYPE = """\
table: permits
key: [ID]
subject:
  uscc: {column: CODE}
  citizenId: {column: IDNO, convert: citizenId18, check: citizenId}
deleted: {column: GONE, is: ["1", "Y"]}
null: ["n/a"]
fields:
  state: {column: STATE, vocabulary: states}
  holder: {column: NAME}
  number: {join: [{column: YEAR}, {column: NUMBER}], between: "-"}
  decided: {column: DAY}
  until: {column: ENDS, date: "%Y%m%d"}
  fine: {column: FINE, unit: {from: yuan, to: wan}, currency: {column: MONEY, is: ["156", "CNY", null]}}
  kinds: {join: [{column: KINDS}, {column: KIND2}], between: ",", split: ",", vocabularyFile: kinds.csv}
"""
SHARED = """\
vocabularies:
  states: {"1": ACTIVE, "2": REVOKED}
defaults:
  null: ["", "无"]
  date: ["%Y-%m-%d", "%Y/%m/%d"]
  never: ["2099-12-31"]
  unknownBefore: "1951-01-01"
"""
KINDS = "code,catalogue,remark\n罚款,FINE,\n警告,WARNING,since 2018\n"


def document(folder: Path, permit: str = TYPE, shared: str = SHARED, source: str = SQL_SOURCE) -> Document:
    (folder / "kinds.csv").write_text(KINDS, "utf-8-sig")
    text = f"{HEAD}{source}{shared}types:\n  Permit:\n{indent(permit, '    ')}"
    return Document("370100-invented.yaml", text.encode(), folder)


def row(number: int, **cells: Any) -> tuple[Any, ...]:
    plain: dict[str, Any] = dict.fromkeys(COLUMNS.split(", "))
    plain |= {"ID": number, "CODE": FIRM, "STATE": "1", "GONE": "0"}
    return tuple((plain | cells).values())


async def answered(
    folder: Path, *lines: tuple[Any, ...], asked: Any = None, **words: str
) -> tuple[list[Row], list[str]]:
    file = folder / "permits.db"
    with closing(sqlite3.connect(file)) as database:
        database.execute(f"create table permits ({COLUMNS})")
        database.executemany(f"insert into permits values ({', '.join('?' * 15)})", lines)
        database.commit()
    made = connector(load([document(folder, **words)], TERMS))
    async with in_use(made, {"env:INVENTED_URL": f"sqlite+aiosqlite:///{file}"}):
        found = await pages(made, asked or ask(*TERMS.types["Permit"].fields))
    return [each for page in found for each in page.rows], [why for page in found for why in page.rejected]


async def test_what_is_said_once_holds_for_every_field(tmp_path: Path) -> None:
    """Null words add up; formats, endless and early days reach every date that does not say its own; a vocabulary is
    used by its name, and one in a file by its file."""
    lines = (
        row(1, NAME="无", DAY="2020/01/31", ENDS="20991231", KINDS="罚款,警告"),
        row(2, NAME="n/a", DAY="1950-12-31", ENDS="20210101", STATE="2"),
        row(3, NAME="甲", DAY="2099/12/31"),
    )
    found, rejected = await answered(tmp_path, *lines)
    assert rejected == []
    assert [each.values["holder"] for each in found] == [None, None, "甲"]
    assert [each.values["decided"] for each in found] == [date(2020, 1, 31), None, date.max]
    assert [each.values["until"] for each in found] == [date.max, date(2021, 1, 1), None]
    assert [each.values["state"] for each in found] == ["ACTIVE", "REVOKED", "ACTIVE"]
    assert found[0].values["kinds"] == ("FINE", "WARNING")


async def test_columns_that_are_joined_need_all_their_parts(tmp_path: Path) -> None:
    """A number is nothing when one of its parts is; a list takes the parts that there are, each once."""
    lines = (
        row(1, YEAR=2024, NUMBER="17", KINDS="罚款", KIND2="警告"),
        row(2, NUMBER="18", KINDS="罚款", KIND2="罚款"),
        row(3, KIND2="警告"),
    )
    found, _ = await answered(tmp_path, *lines)
    assert [each.values["number"] for each in found] == ["2024-17", None, None]
    assert [each.values["kinds"] for each in found] == [("FINE", "WARNING"), ("FINE",), ("WARNING",)]


async def test_an_amount_in_another_currency_is_never_taken_for_yuan(tmp_path: Path) -> None:
    """Declared texts, and nothing when it is declared, stand for yuan; any other refuses the row, or is unknown."""
    lines = (
        row(1, FINE=20000, MONEY="156"),
        row(2, FINE=20000),
        row(3, FINE=20000, MONEY="840"),
        row(4, MONEY="840"),
    )
    found, rejected = await answered(tmp_path, *lines)
    assert [(each.id, each.values["fine"]) for each in found] == [("1", Decimal(2)), ("2", Decimal(2)), ("4", None)]
    assert rejected == ["Permit.fine is an amount in a currency that is not declared"]
    (tmp_path / "permits.db").unlink()
    found, rejected = await answered(tmp_path, *lines, permit=TYPE.replace("null]}}", "null]}, other: null}"))
    assert [each.values["fine"] for each in found] == [Decimal(2), Decimal(2), None, None]
    assert rejected == []


async def test_rows_that_are_marked_as_deleted_are_left_out(tmp_path: Path) -> None:
    """A database is not asked for them, so that they take no room; a flag that is not set, or nothing, leaves a row."""
    lines = [row(number, GONE="1") for number in range(150)]
    lines += [row(200, GONE=None), row(201, GONE=" 0 "), row(202, GONE="Y ")]
    found, _ = await answered(tmp_path, *lines)
    assert [each.id for each in found] == ["200", "201"]
    (tmp_path / "permits.db").unlink()
    unset = TYPE.replace('{column: GONE, is: ["1", "Y"]}', "{column: GONE, is: null}")
    found, _ = await answered(tmp_path, row(1), row(2, GONE=None), row(3, GONE="n/a"), permit=unset)
    assert [each.id for each in found] == ["1"]


async def test_a_person_is_found_under_the_number_of_before_1999(tmp_path: Path) -> None:
    """A number of 15 is asked for beside that of 18 and is the same person; a masked one is nobody's key."""
    lines = (
        row(1, CODE=None, IDNO=OLD_1980),
        row(2, CODE=None, IDNO=BORN_1980),
        row(3, CODE=None, IDNO=f"{BORN_1980[:10]}****{BORN_1980[14:]}"),
        row(4, CODE=None, IDNO="370102800101002"),
    )
    found, rejected = await answered(tmp_path, *lines, asked=about(BORN_1980))
    assert [(each.id, each.subject.value) for each in found] == [("1", BORN_1980), ("2", BORN_1980)]
    assert rejected == []


def about(person: str) -> Fetch:
    return Fetch("Permit", frozenset({"state"}), (SubjectKey("citizenId", person),), deadline=Deadline.within(5))


def test_the_conversion_of_old_numbers_is_the_standards() -> None:
    """15 digits get their century and check character (GB 11643-1999); sequences of people born before 1900, wrong days
    and whatever else are left as they are; each number of 18 knows the one that it was."""
    assert citizen_id_today(OLD_1980) == BORN_1980
    assert is_citizen_id(BORN_1980)
    assert citizen_id_before(BORN_1980) == (OLD_1980,)
    for other in ("370102800101997", "370102801301001", BORN_1980, "37010219800****0015", "", "37010280010100"):
        assert citizen_id_today(other) == other
    assert citizen_id_before("370102200001010019") == ()
    assert citizen_id_before(PERSON) == ()


async def test_a_code_that_nobody_knows_may_be_kept_as_other(tmp_path: Path) -> None:
    """`keepAsOther` needs a code OTHER in the catalogue's list, and is refused where there is none."""
    with pytest.raises(DeclarationError, match=r"`OTHER` is not a code of `Permit.state`"):
        load(
            [document(tmp_path, TYPE.replace("vocabulary: states}", "vocabulary: states, other: keepAsOther}"))], TERMS
        )
    with pytest.raises(DeclarationError, match=r"`Permit.state` has codes, and no other can be kept"):
        load([document(tmp_path, TYPE.replace("vocabulary: states}", "vocabulary: states, other: keep}"))], TERMS)
    with pytest.raises(DeclarationError, match=r"`Permit.holder` has no codes, and so no code `OTHER`"):
        load([document(tmp_path, TYPE.replace("column: NAME}", "column: NAME, other: keepAsOther}"))], TERMS)


MISTAKES = [
    (
        "an unknown vocabulary",
        ("vocabulary: states", "vocabulary: stats"),
        "`stats` is not one of `vocabularies`, did you",
    ),
    (
        "an idle vocabulary",
        ("vocabulary: states", 'vocabulary: {"1": ACTIVE}'),
        "no field uses the vocabulary `states`",
    ),
    ("two vocabularies", ("vocabularyFile", "vocabulary: states, vocabularyFile"), "`vocabulary` or `vocabularyFile`"),
    ("a vocabulary's file that is missing", ("kinds.csv", "kindz.csv"), "`kindz.csv` cannot be read"),
    ("a vocabulary's file elsewhere", ("kinds.csv", "../kinds.csv"), "is not the name of a file beside this one"),
    ("two origins", ("{column: NAME}", "{column: NAME, join: [{column: A}, {column: B}]}"), "needs exactly one of"),
    ("between nothing", ("{column: NAME}", '{column: NAME, between: "-"}'), "`between` does not fit `Permit.holder`"),
    (
        "a currency of a name",
        ("{column: NAME}", '{column: NAME, currency: {column: A, is: "1"}}'),
        "`currency` does not",
    ),
    ("an early day of a name", ("{column: NAME}", '{column: NAME, unknownBefore: "1950-01-01"}'), "does not fit"),
    ("a day that is none", ('date: "%Y%m%d"', 'date: "%Y%m%d", unknownBefore: "1950"'), "write a day such as"),
    (
        "an unknown conversion",
        ("convert: citizenId18", "convert: citizenId"),
        "unknown convert `citizenId`, did you mean",
    ),
    ("a path as flag", ("deleted: {column", "deleted: {path"), "`path` is not a word of kind sql; write `column`"),
    ("a number as code", ("vocabulary: states", 'vocabulary: {"1": 5}'), "`1` is a code: write it in quotes"),
]


@pytest.mark.parametrize(("edit", "message"), [case[1:] for case in MISTAKES], ids=[case[0] for case in MISTAKES])
def test_a_mistake_with_shared_words_is_found_with_its_line(
    tmp_path: Path, edit: tuple[str, str], message: str
) -> None:
    """Each is refused where it stands, with what to do."""
    assert edit[0] in TYPE
    with pytest.raises(DeclarationError) as caught:
        load([document(tmp_path, TYPE.replace(*edit))], TERMS)
    assert message in str(caught.value)
    assert all(line.startswith("370100-invented.yaml:") for line in str(caught.value).splitlines())


FILES = [
    ("code,catalogue\n罚款,FINE\n罚款,WARNING\n", "line 3: the code stands there twice"),
    ("code,catalogue\n罚款\n", "line 2: a code of yours and one of the catalogue are expected"),
    ("code,catalogue\n", "holds no codes below its first row"),
    ('code,catalogue\n"罚,FINE\n', "is not well-formed CSV"),
    ("code,catalogue\n罚款,FIN\n", "`FIN` is not a code of `Permit.kinds`, did you mean `FINE`?"),
]


@pytest.mark.parametrize(("content", "message"), FILES)
def test_a_vocabularys_file_is_read_strictly(tmp_path: Path, content: str, message: str) -> None:
    """What is no row of two codes, is there twice, or is not the catalogue's, is told with its line."""
    written = document(tmp_path)
    (tmp_path / "kinds.csv").write_text(content)
    with pytest.raises(DeclarationError, match=message):
        load([written], TERMS)
    (tmp_path / "kinds.csv").write_bytes(KINDS.encode("gb18030"))
    with pytest.raises(DeclarationError, match=r"`kinds.csv` is not UTF-8"):
        load([written], TERMS)


async def test_a_filter_on_what_cannot_be_turned_round_is_refused(tmp_path: Path) -> None:
    """Joined columns and converted codes cannot be asked for exactly."""
    for field in ("number", "holder"):
        permit = TYPE.replace("{column: NAME}", "{column: NAME, convert: citizenId18}")
        with pytest.raises(DeclarationError, match="cannot be turned round"):
            load([document(tmp_path, f"{permit}filters: {{{field}: [eq]}}\n")], TERMS)
    exact = f"{TYPE}filters: {{state: [in]}}\n"
    only = ask("state", where=(Condition("state", "in", ("REVOKED",)),))
    found, _ = await answered(tmp_path, row(1), row(2, STATE="2"), permit=exact, asked=only)
    assert [each.id for each in found] == ["2"]


def test_tables_and_columns_are_spelt_in_the_case_of_their_database(tmp_path: Path) -> None:
    """`columns` turns every name of the declaration, so that one file serves databases that fold names either way."""
    source = SQL_SOURCE.replace("url: env:INVENTED_URL", "url: env:INVENTED_URL\n    columns: lower")
    told = document(tmp_path, TYPE + "asOf: {table: SYNC, column: AT, timestamp: epochMillis}\n", source=source)
    words, found = settle(told, told.read(PlatformWords), TERMS)
    permit = words.types["Permit"]
    assert found == []
    assert (permit.key, permit.asOf and permit.asOf.table) == (("id",), "sync")
    spelt = [origin.column for each in permit.fields.values() for origin in each.origins]
    spelt += [each.column for each in (*permit.subject.values(), permit.deleted, permit.asOf) if each is not None]
    wanted = {name.lower() for name in COLUMNS.split(", ")} - {"id", "kind"} | {"at"}
    assert set(spelt) == wanted


def test_an_old_number_is_read_as_todays_wherever_it_comes_from() -> None:
    """A platform that is asked with the number of 18 and answers with that of 15 speaks of the same person."""
    permit = 'request: {path: /p, query: {c: "{subject}"}}\nrows: rows\nkey: [id]\n'
    permit += "subject: {citizenId: {path: no, convert: citizenId18, check: citizenId}}\n"
    permit += "deleted: {path: gone, is: 'true'}\nfields: {state: {path: s}}\n"
    words = declaration(REST_SOURCE, permit).read(PlatformWords).types["Permit"]
    raw = [{"id": 1, "no": OLD_1980, "s": "ACTIVE"}, {"id": 2, "no": f"{BORN_1980[:14]}****", "s": "ACTIVE"}]
    mapped = RecordMap("Permit", words, TERMS, path, 1).rows([*raw, {**raw[0], "gone": True}], about(BORN_1980))
    assert [each.subject.value for each in mapped.rows] == [BORN_1980]
    assert mapped.rejected == ["Permit.subject is not a `citizenId`"]
    assert mapped.deleted == 1
