"""Kind `file` in every format: old workbooks, Parquet, XML packages, marks of byte order; each bounded, each told when
it is not what it says."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from connectors.contract import ContractBroken, Unavailable
from connectors.spelling import DeclarationError
from tests.edges.dropped import BOOK, PERMIT, SOURCE, Folder, csv_of, ids, opened, row, table
from tests.edges.invented import FIRM, OTHER, PERSON, ask, pages, registered, rows

OLD_WORKBOOK = Path(__file__).parent / "files/permits-20200131.xls"  # written in the format of Excel 97

COLUMNAR = PERMIT.replace('"permits-*.csv"', '"permits-*.parquet"')
PACKAGE = """\
file: {name: "permits-*.xml", package: {records: ExchangeMessage.Body.fields, total: ExchangeMessage.Header.sn}}
key: [XH]
subject: {uscc: {column: XK_XDR_SHXYM}}
null: ["无"]
fields:
  state: {column: XK_ZT, vocabulary: {"1": ACTIVE, "2": REVOKED}}
  holder: {column: XK_XDR_MC}
  decided: {column: XK_JDRQ, date: "%Y/%m/%d"}
"""
RECORD = (
    "<fields><XH>{0}</XH><XK_XDR_SHXYM>{1}</XK_XDR_SHXYM><XK_ZT>{2}</XK_ZT>"
    "<XK_XDR_MC>甲&amp;乙</XK_XDR_MC><XK_JDRQ>2020/01/31</XK_JDRQ><BZ>x</BZ></fields>"
)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    (tmp_path / "drop").mkdir()
    return Folder(tmp_path / "drop")


def package(*records: str, head: str = "", total: Any = None, encoding: str = "") -> str:
    said = len(records) if total is None else total
    declared = f'<?xml version="1.0" encoding="{encoding}"?>\n' if encoding else ""
    header = f"<Header><sender>1</sender><sn>{said}</sn></Header>"
    return f"{declared}{head}<ExchangeMessage>{header}<Body>{''.join(records)}</Body></ExchangeMessage>"


def record(number: Any, subject: str = FIRM, state: str = "1") -> str:
    return RECORD.format(number, subject, state)


def columnar(columns: Mapping[str, Any], group: int = 1000) -> bytes:
    content = io.BytesIO()
    pq.write_table(pa.table(dict(columns)), content, row_group_size=group)
    return content.getvalue()


def columns(*subjects: str, **more: Sequence[Any]) -> dict[str, Any]:
    """A table of permits whose header is spelt otherwise than the declaration spells it, one row for each subject."""
    count = len(subjects)
    plain: dict[str, Any] = {
        "编号": pa.array(range(1, count + 1), pa.int64()),
        "统一社会 信用代码": list(subjects),
        "证件类型": [None] * count,
        "证件号码": [None] * count,
        "状态": [1] * count,
        "名称(全称)": ["甲"] * count,
        "文号": [f"a-{number}" for number in range(count)],
        "日期": [date(2020, 1, 31)] * count,
        "罚款": [Decimal("2000.50")] * count,
        "电话": ["00012345678"] * count,
    }
    return plain | more


async def test_a_workbook_of_excel_97_is_read(folder: Folder) -> None:
    """Codes as numbers, a date of its own, a merged subject, a sum and a line of explanation are what they are."""
    folder.send(OLD_WORKBOOK.name, OLD_WORKBOOK.read_bytes())
    permit = PERMIT.replace('"permits-*.csv"', '"permits-*.xls", sheet: 许可, headerRow: 2')
    async with opened(folder, permit) as made:
        found = await rows(made, ask("state", "holder", "decided", "fine"))
    assert [each.id for each in found] == ["1", "2"]
    plain = {"holder": "甲（青岛）"}
    assert found[0].values == plain | {"state": "ACTIVE", "decided": date(2020, 1, 31), "fine": Decimal("0.2")}
    assert found[1].values == plain | {"state": "REVOKED", "decided": date(2020, 2, 1), "fine": None}


async def test_parquet_gives_the_same_as_a_csv(folder: Folder) -> None:
    """Days, exact decimals, whole numbers and texts keep their meaning; subjects are found in every row group."""
    folder.send("permits-20200101.parquet", columnar(columns(FIRM, OTHER, FIRM), group=1))
    async with opened(folder, COLUMNAR) as made:
        found = await rows(made, ask("state", "holder", "number", "decided", "fine"))
        assert [each.id for each in found] == ["1", "3"]
        plain = {"state": "ACTIVE", "holder": "甲", "number": "A-0", "decided": date(2020, 1, 31)}
        assert found[0].values == plain | {"fine": Decimal("0.20005")}
        assert "电话" not in "\n".join(table(made).iterdump())


async def test_only_the_mapped_columns_of_parquet_are_unpacked(folder: Folder) -> None:
    """A column that nobody mapped may be larger than the bound, and does no harm; a mapped one is refused."""
    heavy = ["甲" * 50_000] * 40  # packs to nearly nothing, unpacks to 6 MB under a bound of 2
    folder.send("permits-1.parquet", columnar(columns(*[FIRM] * 40, 电话=heavy)))
    async with opened(folder, COLUMNAR) as made:
        assert len(await ids(made)) == 40
        plain = pa.array(heavy)
        content = io.BytesIO()
        pq.write_table(pa.table(columns(*[FIRM] * 40) | {"名称(全称)": plain}), content, use_dictionary=False)
        folder.send("permits-2.parquet", content.getvalue(), ago=60)
        with pytest.raises(ContractBroken, match="unpacks to more than `maxBytes`"):
            await ids(made)


async def test_long_numbers_instants_bytes_and_nested_values_of_parquet(folder: Folder) -> None:
    """A whole number keeps all its digits, an instant is the time of Shanghai, bytes are UTF-8, a list is JSON."""
    permit = COLUMNAR + (
        '  touched: {column: 时间, timestamp: "%Y-%m-%d %H:%M:%S"}\n'
        'objects: {changes: {column: 变更, fields: {item: {path: what}, on: {path: day, date: "%Y-%m-%d"}}}}\n'
    )
    late = datetime(2020, 1, 31, 20, tzinfo=UTC)
    more = {
        "编号": pa.array([370000199001010001], pa.int64()),
        "名称(全称)": ["甲".encode()],
        "时间": pa.array([late], pa.timestamp("ms", "UTC")),
        "变更": [[{"what": "x", "day": date(2020, 2, 1)}]],
    }
    folder.send("permits-1.parquet", columnar(columns(FIRM) | more))
    async with opened(folder, permit) as made:
        [found] = await rows(made, ask("holder", "touched", "changes.item", "changes.on"))
    assert (found.id, found.values["holder"], found.values["touched"]) == ("370000199001010001", "甲", late)
    assert (found.values["changes.item"], found.values["changes.on"]) == (("x",), (date(2020, 2, 1),))


async def test_numbers_that_are_none_are_told_in_their_row(folder: Folder) -> None:
    """NaN is nothing, infinity no amount, and neither takes others with it; of a computed amount 15 digits count."""
    amounts = pa.array([float("nan"), 1000.1 + 1000.4 - 0.0000000000003, float("inf"), 1e300])
    folder.send("permits-1.parquet", columnar(columns(FIRM, FIRM, FIRM, FIRM) | {"罚款": amounts}))
    async with opened(folder, COLUMNAR.replace("fields:", "maxRejected: 90%\nfields:")) as made:
        (page,) = await pages(made, ask("fine"))
    assert [(each.id, each.values["fine"]) for each in page.rows] == [("1", None), ("2", Decimal("0.20005"))]
    assert [reason[:12] for reason in page.rejected] == ["Permit.fine "] * 2


@pytest.mark.parametrize("content", [b"PAR1 and no more PAR1", columnar(columns(FIRM))[:-40], b"\x00" * 64])
async def test_damaged_parquet_never_replaces_a_good_file(folder: Folder, content: bytes) -> None:
    """What cannot be read is left aside, and the last good file answers."""
    folder.send("permits-20200101.parquet", columnar(columns(FIRM)))
    async with opened(folder, COLUMNAR) as made:
        assert await ids(made) == ["1"]
        folder.send("permits-20200102.parquet", content)
        assert await ids(made) == ["1"]


async def test_parquet_that_lacks_a_column_is_told(folder: Folder) -> None:
    """A mapped column that is gone breaks the declaration."""
    lacking = columns(FIRM)
    del lacking["状态"]
    folder.send("permits-1.parquet", columnar(lacking))
    async with opened(folder, COLUMNAR) as made:
        with pytest.raises(ContractBroken, match="the column `状态` is missing"):
            await ids(made)


@pytest.mark.parametrize(
    ("encoding", "said"), [("utf-8", "UTF-8"), ("gb18030", "GBK"), ("gb18030", ""), ("utf-8-sig", "")]
)
async def test_a_package_is_its_records(folder: Folder, encoding: str, said: str) -> None:
    """Header and body, in the encoding that the package names, or else the declared one, whatever prefixes and case."""
    lower = record(2).lower().replace("&amp;", " ")
    spaced = record(3, OTHER).replace("<fields>", '<p:fields xmlns:p="urn:x">').replace("</fields>", "</p:fields>")
    sent = package(record(1), lower.replace("invented1a", "INVENTED1A"), "<!-- x -->", spaced, total=3, encoding=said)
    folder.send("permits-20200101.xml", sent, encoding=encoding)
    async with opened(folder, PACKAGE) as made:
        (page,) = await pages(made, ask("holder", "decided", "state"))
        assert [each.id for each in page.rows] == ["1", "2"]
        assert page.rows[0].values == {"holder": "甲&乙", "decided": date(2020, 1, 31), "state": "ACTIVE"}
        assert await ids(made, OTHER) == ["3"]
        assert page.as_of is not None


HOSTILE = {
    "an entity": package(record(1), head='<!DOCTYPE x [<!ENTITY e "boom">]>').replace("<sender>1", "<sender>&e;"),
    "an entity in small letters": package(record(1), head='<!doctype x [<!entity e "boom">]>'),
    "an outer entity": package(record(1), head='<!DOCTYPE x SYSTEM "file:///etc/passwd">'),
    "a deep nest": package(f"{'<a>' * 40}{'</a>' * 40}", total=0),
    "half a package": package(record(1))[:-20],
    "another number of records": package(record(1), total=2),
    "no number of records": package(record(1), total=""),
    "no XML": "<html>",
}


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_package_that_is_not_whole_or_not_harmless_is_left_aside(folder: Folder, name: str) -> None:
    """Entities are never expanded or fetched; a package that is cut, or lacks records, replaces nothing."""
    folder.send("permits-20200101.xml", package(record(1)), encoding="utf-8")
    async with opened(folder, PACKAGE.replace("file: {", "file: {encoding: utf-8, ")) as made:
        assert await ids(made) == ["1"]
        folder.send("permits-20200102.xml", HOSTILE[name], encoding="utf-8")
        assert await ids(made) == ["1"]


async def test_a_package_that_is_built_otherwise_is_told(folder: Folder) -> None:
    """Another body, other records, or an element that no record has, are the platform's change; an optional element may
    be missing; a package without records is one that holds none."""
    utf = PACKAGE.replace("file: {", "file: {encoding: utf-8, ")
    async with opened(folder, utf) as made:
        for number, (sent, reason) in enumerate(
            [
                (package(record(1)).replace("Body>", "Data>"), "the package has no place for"),
                (package(record(1)).replace("XK_ZT>", "ZT>"), "the column `XK_ZT` is missing"),
                (package(record(1), total=0).replace("fields>", "items>"), "no records where it is said"),
            ]
        ):
            folder.send(f"permits-2020010{number + 1}.xml", sent, encoding="utf-8")
            with pytest.raises(ContractBroken, match=reason):
                await ids(made)
        folder.send("permits-20200105.xml", package(), encoding="utf-8")
        assert await ids(made) == []
    optional = utf.replace("fields,", "fields, optional: XK_ZT,")
    folder.send("permits-20200106.xml", package(record(1)).replace("XK_ZT>", "ZT>"), encoding="utf-8")
    async with opened(folder, optional) as made:
        [found] = await rows(made, ask("state"))
        assert found.values == {"state": None}


async def test_a_record_with_an_element_twice_is_rejected_for_its_subject(folder: Folder) -> None:
    """Which of two values was meant nobody knows: the row is counted as broken, the others stay."""
    twice = record(2).replace("</XK_ZT>", "</XK_ZT><XK_ZT>2</XK_ZT>")
    folder.send("permits-1.xml", package(record(1), twice, record(3, OTHER)), encoding="utf-8")
    async with opened(folder, PACKAGE.replace("file: {", "file: {encoding: utf-8, ")) as made:
        (page,) = await pages(made, ask())
        assert [each.id for each in page.rows] == ["1"]
        assert len(page.rejected) == 1
        assert await ids(made, OTHER) == ["3"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "gbk"])
async def test_a_mark_of_byte_order_goes_before_the_declared_encoding(folder: Folder, encoding: str) -> None:
    """A text that says itself what it is, is read so; what says nothing is of the declared encoding, GBK within it."""
    folder.send("permits-1.csv", csv_of(row(1)), encoding=encoding)
    async with opened(folder) as made:
        assert await ids(made) == ["1"]


async def test_a_correction_that_deletes_is_the_last_word(folder: Folder) -> None:
    """Where files add up, a later row that is marked as deleted takes its record away, a later one brings it back."""
    permit = PERMIT.replace('"permits-*.csv"', '"permits-*.csv", complete: changes')
    permit = permit.replace("null:", 'deleted: {column: 电话, is: "D"}\nnull:')
    folder.send("permits-20200101.csv", csv_of(row(1), row(2)))
    async with opened(folder, permit) as made:
        assert await ids(made) == ["1", "2"]
        folder.send("permits-20200102.csv", csv_of(row(1, phone="D"), row(4, PERSON)))
        assert await ids(made) == ["2"]
        folder.send("permits-20200103.csv", csv_of(row(1)))
        assert await ids(made) == ["1", "2"]


MISTAKES = [
    ("a package in a CSV", (PERMIT, 'csv"', 'csv", package: {records: a.b}'), "`package` means nothing in a csv file"),
    ("no package", (PERMIT, "csv", "xml"), "say where the records of the package are"),
    ("a header row of Parquet", (COLUMNAR, 'parquet"', 'parquet", headerRow: 2'), "`headerRow` means nothing in"),
    ("an optional element that nobody maps", (PACKAGE, "fields,", "fields, optional: XK,"), "optional but not mapped"),
    ("a delimiter of a workbook", (BOOK, 'xlsx"', 'xlsx", delimiter: ";"'), "`delimiter` means nothing in a xlsx"),
]


@pytest.mark.parametrize(("permit", "message"), [case[1:] for case in MISTAKES], ids=[case[0] for case in MISTAKES])
def test_words_of_another_format_are_refused(permit: tuple[str, str, str], message: str) -> None:
    """A word that means nothing in the format is refused where it stands."""
    text, right, wrong = permit
    with pytest.raises(DeclarationError, match=message):
        registered(SOURCE, text.replace(right, wrong))


async def test_without_a_good_file_a_damaged_one_leaves_nothing(folder: Folder) -> None:
    """There is no answer from a file that cannot be read."""
    folder.send("permits-1.parquet", b"PAR1")
    async with opened(folder, COLUMNAR) as made:
        with pytest.raises(Unavailable, match="no Parquet file that can be read"):
            await ids(made)
