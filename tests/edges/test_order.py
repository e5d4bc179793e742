"""The word `order`: which fields rows can be ordered by, and that the first of them come where a limit cuts."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from textwrap import indent
from typing import Any

import pytest

from connectors.contract import Connector, Order
from connectors.registry import load
from connectors.spelling import DeclarationError
from gateway.documents import Document
from tests.edges.crooked import Seen, Server, raw
from tests.edges.databases import Counterpart
from tests.edges.described import SOAP_SOURCE, SOAP_TYPE, described
from tests.edges.dropped import Folder
from tests.edges.invented import (
    FIRM,
    HEAD,
    OTHER,
    REST_SOURCE,
    REST_TYPE,
    SQL_SOURCE,
    SQL_TYPE,
    TERMS,
    ask,
    connector,
    declaration,
    in_use,
    pages,
    registered,
)
from tests.edges.test_declarations import refused
from tests.edges.test_sql_servers import fill

NEWEST = "order: [decided desc, number]\n"
DECIDED = '  decided: {column: DAY, date: "%Y/%m/%d"}\n'

UNSORTED = [
    ("several formats", 'decided: {column: D, date: ["%Y-%m-%d", "%Y%m%d"]}', "days in several formats do not sort"),
    ("day first", 'decided: {column: D, date: "%d/%m/%Y"}', "`%d/%m/%Y` does not sort as text"),
    ("several origins", "decided: {first: [{column: A}, {column: B}], date: native}", "one plain column"),
    ("a part of a text", "decided: {column: D, date: native}\n  number: {column: N, take: 6}", "`take` makes another"),
    ("codes", "decided: {column: D, date: native}\n  number: {column: N, vocabulary: {a: b}}", "`vocabulary` makes"),
    ("a field that is not mapped", "number: {column: N}", "`Permit.decided` is ordered by but not mapped"),
]  # fmt: skip


@pytest.mark.parametrize(("fields", "message"), [case[1:] for case in UNSORTED], ids=[case[0] for case in UNSORTED])
def test_a_field_that_does_not_sort_as_it_means_is_refused(fields: str, message: str) -> None:
    """A database sorts what is stored: where that is another order than the meaning's, the line says what to do."""
    number = "" if "number" in fields else "  number: {column: NUMBER}\n"
    text = refused(declaration(SQL_SOURCE, f"{SQL_TYPE}  {fields}\n{number}{NEWEST}"))
    assert message in text
    line = 1 + f"{HEAD}{SQL_SOURCE}types:\n  Permit:\n{SQL_TYPE}  {fields}\n{number}".count("\n")
    assert text.startswith(f"370100-invented.yaml:{line}: ")


WRONG = [
    ("an unknown field", "order: [decidd desc]\n", "unknown field `Permit.decidd`, did you mean `decided`?"),
    ("codes of the catalogue", "order: [state]\n", "lists, codes and flags have no order"),
    ("a field twice", "order: [decided desc, decided]\n", "`Permit.decided` is ordered by twice"),
    ("another direction", "order: [decided down]\n", "a field is expected, with ` desc` behind it"),
    ("nothing", "order: []\n", "at least 1"),
    ("parameters for a database", "order: {by: [decided], params: {sort: day}}\n", "kind sql needs no `params`"),
]


@pytest.mark.parametrize(("order", "message"), [case[1:] for case in WRONG], ids=[case[0] for case in WRONG])
def test_a_wrong_order_is_found_at_its_line(order: str, message: str) -> None:
    """What cannot be an order is refused where it stands."""
    text = refused(declaration(SQL_SOURCE, f"{SQL_TYPE}{DECIDED}{order}"))
    assert message in text
    assert text.startswith("370100-invented.yaml:20")


def test_another_gateway_has_no_order_to_declare() -> None:
    """What another gateway tells comes in the order that was asked for."""
    source = (
        "sources:\n  main:\n    kind: peer\n    endpoint: env:A\n    resource: env:B\n    auth: {kind: oauth2, "
        "token: env:C, client: env:D, method: private_key_jwt, key: secret:e}\n"
    )
    assert "`order` is no word of kind peer" in refused(declaration(source, "remote: Permit\norder: [decided desc]\n"))


def test_a_file_is_not_ordered_by_numbers() -> None:
    """In a file of texts 100 stands before 20."""
    source = "sources:\n  main:\n    kind: file\n    folder: env:FOLDER\n"
    permit = SQL_TYPE.replace("table: permits", 'file: {name: "*.csv"}')
    fine = "  fine: {column: F, unit: {from: yuan, to: wan}}\norder: [fine desc]\n"
    assert "a number may be a text in a file" in refused(declaration(source, permit + fine))


# -- tables

TABLE = """\
key: [ID]
subject: {uscc: {column: CODE}}
null: ["", "无"]
fields:
  state: {const: ACTIVE}
  number: {column: NUMBER}
  decided: {column: DAY, date: "%Y/%m/%d", unknown: ["1900-01-01"], unknownBefore: "1951-01-01"}
  until: {column: END, date: "%Y-%m-%d %H:%M:%S", never: ["2099-12-31", "长期"]}
"""
COLUMNS = ("ID", "CODE", "NUMBER", "DAY", "END")
HELD: list[tuple[Any, ...]] = [
    (11, FIRM, "b", "2019/12/31", "2021-01-01 00:00:00"),
    (12, FIRM, "c", None, None),
    (13, FIRM, "b", "2026/01/05", "2099-12-31 23:59:59"),
    (14, FIRM, "乙", "2024/02/29", "长期"),
    (15, FIRM, "a", "无", ""),
    (16, FIRM, "Ä", "2024/02/29", "2150-06-30 00:00:00"),
    (17, FIRM, "B", " 2024/02/29 ", "2021-01-01 00:00:01"),
    (18, FIRM, "d", "1900/01/01", "2020-06-30 08:00:00"),
    (19, FIRM, None, "2024/02/29", "2020-06-30 08:00:00"),
    (20, FIRM, "e", "1949/10/01", "2020-06-30 08:00:00"),
    (21, OTHER, "f", "2026/11/01", "2020-06-30 08:00:00"),
]
ORDERS = {
    "decided desc, number": "13 17 16 14 19 11 15 12 18 20",
    "decided": "11 14 16 17 19 13 12 15 18 20",
    "number desc": "14 16 20 18 12 11 13 15 17 19",
    "until desc": "13 14 16 17 11 18 19 20 12 15",  # without end is later than 2150
    "until, decided": "19 18 20 11 17 16 14 13 12 15",
}


async def ids(made: Connector, ordered: bool = True, limit: int = 100) -> list[str]:
    [page] = await pages(made, ask(ordered=ordered, limit=limit))
    assert not page.rejected
    assert page.truncated == (limit < 10)
    return [row.id for row in page.rows]


async def judged(made: Connector, expected: str) -> None:
    """All rows, the first of them where a limit cuts, and those of the smallest keys where the order may not decide."""
    assert await ids(made) == expected.split()
    assert await ids(made, limit=4) == expected.split()[:4]
    assert await ids(made, ordered=False, limit=4) == ["11", "12", "13", "14"]


async def test_the_first_of_the_order_come_from_a_table(tmp_path: Path) -> None:
    """What is unknown last, whatever stands for it; "without end" after every day; texts by bytes; then by key."""
    with closing(sqlite3.connect(tmp_path / "city.db")) as base:
        base.execute(f"CREATE TABLE held ({', '.join(COLUMNS)})")
        base.executemany("INSERT INTO held VALUES (?, ?, ?, ?, ?)", HELD)
        base.commit()
    for order, expected in ORDERS.items():
        made = connector(registered(SQL_SOURCE, f"table: held\n{TABLE}order: [{order}]\n"))
        async with in_use(made, {"env:INVENTED_URL": f"sqlite+aiosqlite:///{tmp_path / 'city.db'}"}) as asked:
            await judged(asked, expected)


@pytest.mark.parametrize("name", ["postgresql", "mariadb"])
async def test_the_first_of_the_order_come_from_a_server(name: str, request: pytest.FixtureRequest) -> None:
    """The same rows in the same order from every database, wherever it puts what is null and whatever its collation."""
    server: Counterpart = request.getfixturevalue(name)
    kinds = ("integer", "varchar(18)", *["varchar(64)"] * 3)
    await fill(server, "held", dict(zip(COLUMNS, kinds, strict=True)), HELD)
    for order, expected in ORDERS.items():
        made = connector(registered(SQL_SOURCE, f"table: credit.held\n{TABLE}order: [{order}]\n"))
        async with in_use(made, {"env:INVENTED_URL": server.url()}) as asked:
            await judged(asked, expected)


NATIVE = """\
table: credit.own
key: [ID]
subject: {uscc: {column: CODE}}
fields:
  state: {const: ACTIVE}
  decided: {column: DAY, date: native, never: ["2099-12-31"], unknownBefore: "1951-01-01"}
  touched: {column: AT, timestamp: native}
  until: {column: MS, date: epochMillis, never: ["2099-12-31", "0"], unknown: ["-1"]}
  fine: {column: FINE, unit: {from: yuan, to: wan}}
"""
OWN: list[tuple[Any, ...]] = [
    (1, FIRM, "2019-12-31", "2026-01-01 10:00:00", 1577721600000, 20),
    (2, FIRM, None, None, None, None),
    (3, FIRM, "2099-12-31", "2026-01-01 09:00:00", 4102329600000, 3.5),
    (4, FIRM, "1900-01-01", "2025-01-01 00:00:00", -1, 100),
    (5, FIRM, "2150-06-30", "2026-02-01 00:00:00", 0, 100),
    (6, FIRM, "2026-01-05", "2024-01-01 00:00:00", 5000000000000, 0),
]
OWN_ORDERS = {
    "decided desc": "3 5 6 1 2 4",
    "touched desc": "5 1 3 4 6 2",
    "until": "1 6 3 5 2 4",  # -1 is no day, 0 no end
    "fine desc, decided": "5 4 1 3 6 2",
}


@pytest.mark.parametrize("name", ["postgresql", "mariadb"])
async def test_a_servers_own_types_are_ordered(name: str, request: pytest.FixtureRequest) -> None:
    """Days, instants and numbers of the database's own, with days that mean something else among them."""
    server: Counterpart = request.getfixturevalue(name)
    moment = "timestamp" if name == "postgresql" else "datetime"
    columns = {
        "ID": "integer",
        "CODE": "varchar(18)",
        "DAY": "varchar(20)",
        "AT": "varchar(20)",
        "MS": "bigint",
        "FINE": "numeric(18,6)",
    }
    await fill(server, "own", columns, OWN)
    for column, kind in (("DAY", "date"), ("AT", moment)):
        if name == "postgresql":
            await server.run(f'ALTER TABLE credit.own ALTER "{column}" TYPE {kind} USING "{column}"::{kind}')
        else:
            await server.run(f"ALTER TABLE credit.own MODIFY `{column}` {kind}")
    for order, expected in OWN_ORDERS.items():
        made = connector(registered(SQL_SOURCE, f"{NATIVE}order: [{order}]\n"))
        async with in_use(made, {"env:INVENTED_URL": server.url()}) as asked:
            [page] = await pages(asked, ask(ordered=True))
            assert [row.id for row in page.rows] == expected.split(), order


async def test_the_first_of_the_order_come_from_a_dropped_file(tmp_path: Path) -> None:
    """A file is ordered as a table is."""
    lines = [",".join("" if cell is None else str(cell) for cell in row) for row in HELD]
    Folder(tmp_path).send("held.csv", "\n".join([",".join(COLUMNS), *lines]) + "\n", encoding="utf-8")
    source = "sources:\n  main:\n    kind: file\n    folder: env:FOLDER\n    limits: {maxRows: 100}\n"
    for order, expected in ORDERS.items():
        made = connector(registered(source, f"file: {{name: held.csv}}\n{TABLE}order: [{order}]\n"))
        async with in_use(made, {"env:FOLDER": str(tmp_path)}) as asked:
            await judged(asked, expected)


async def test_the_first_of_the_order_come_from_rows_beside_the_declaration(tmp_path: Path) -> None:
    """Kind `static` orders by what its rows mean."""
    held = [dict(zip(COLUMNS, map(str, row), strict=True)) for row in HELD if None not in row]
    (tmp_path / "rows.json").write_text(json.dumps({"held": held}), "utf-8")
    source = "sources:\n  main: {kind: static, file: rows.json, limits: {maxRows: 100}}\n"
    permit = f"rows: held\n{TABLE.replace('column:', 'path:')}order: [until desc, decided]\n"
    text = f"{HEAD}{source}types:\n  Permit:\n{indent(permit, '    ')}"
    made = connector(load([Document("370100-invented.yaml", text.encode(), tmp_path)], TERMS))
    for ordered, expected in ((True, "14 13 16 11 17"), (False, "11 13 14 15 16")):
        [page] = await pages(made, ask(ordered=ordered, limit=5))
        assert [row.id for row in page.rows] == expected.split()
        assert page.rows[0].values == {"state": "ACTIVE"}


def test_what_orders_is_named_only_where_it_may() -> None:
    """The column of an order that may not decide is not in the statement at all, and never in what is selected."""
    made: Any = connector(registered(SQL_SOURCE, f"table: held\n{TABLE}order: [decided desc]\n"))
    assert made.claims()["Permit"].order == (Order("decided", True),)
    ordered, plain = made.worded(ask(ordered=True)), made.worded(ask())
    assert "DAY" not in plain
    selected, _, rest = ordered.partition("ORDER BY")
    assert ("DAY" in selected, "DAY" in rest) == (False, True)


# -- interfaces


async def test_an_interface_is_asked_for_its_order() -> None:
    """`params` travel with a question whose caller may read the fields, and with no other."""
    heard: list[dict[str, str]] = []

    async def behave(seen: Seen, writer: Any) -> None:
        heard.append(dict(seen.query))
        rows = [{"id": day, "code": FIRM, "state": "1", "day": day} for day in ("2024-01-01", "2026-01-01")]
        rows.sort(key=lambda row: row["id"], reverse=seen.query.get("sort") == "-day")
        writer.write(raw(json.dumps({"rows": rows}).encode()))

    permit = REST_TYPE.replace('{code: "{subject}"}', '{code: "{subject}", sort: id}')
    permit += '  decided: {path: day, date: "%Y-%m-%d"}\norder: {by: [decided desc], params: {sort: -day}}\n'
    made = connector(registered(REST_SOURCE, permit))
    async with Server(behave) as server, in_use(made, {"env:INVENTED_BASE": server.base}) as asked:
        for ordered, first in ((True, "2026-01-01"), (False, "2024-01-01")):
            [page] = await pages(asked, ask(ordered=ordered, limit=1))
            assert [row.id for row in page.rows] == [first]
    assert [each["sort"] for each in heard] == ["-day", "id"]


def test_parameters_of_an_order_have_their_place() -> None:
    """An argument of a GraphQL question, or an element of a SOAP message, that is not there is found."""
    order = '  decided: {path: day, date: "%Y-%m-%d"}\norder: {by: [decided], params: {sort: day}}\n'
    service = "sources:\n  main:\n    kind: graphql\n    endpoint: env:ENDPOINT\n"
    permit = 'question: {field: permits, arguments: {code: {type: String, value: "{subject}"}}}\nkey: [id]\n'
    permit += REST_TYPE[REST_TYPE.index("subject:") :]
    assert "`sort` is not among the `arguments` of `question`" in refused(declaration(service, permit + order))
    registered(service, permit.replace("arguments: {", "arguments: {sort: {type: Sort}, ") + order)
    with pytest.raises(DeclarationError, match="the operation `find` takes no `sort`"):
        described(SOAP_SOURCE, SOAP_TYPE + order)
