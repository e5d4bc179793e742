"""One set of records behind every kind of source, and what each platform saw of a question on its own side.

A stage loads the records into a platform, opens a connector on it, and reads the platform's own log: the statements as
a database understood them, the requests as they came over a socket. Another kind is one more stage and one line in
`STAGES`.
"""

from __future__ import annotations

import json
import random
import re
import sqlite3
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pytest
import sqlalchemy as sa
from graphql import FieldNode, GraphQLResolveInfo, build_schema, graphql_sync
from lxml import etree

from connectors.contract import Connector
from connectors.delegation import Delegation
from deploy.demo.codes import uscc
from deploy.demo.servers import postgres
from tests.edges.crooked import Seen, Server, raw
from tests.edges.databases import Counterpart
from tests.edges.described import SOAP_SOURCE, described, found, xml
from tests.edges.dropped import Folder
from tests.edges.invented import REST_SOURCE, SQL_SOURCE, connector, in_use, registered

COLUMNS = ("ID", "CODE", "STATE", "NAME", "NUMBER", "DAY", "END", "AREA")
COLUMN = {"state": "STATE", "holder": "NAME", "number": "NUMBER", "decided": "DAY", "until": "END", "area": "AREA"}
STATES = {"1": "ACTIVE", "2": "REVOKED", "9": "REPAIRED"}
PLACES = ("青岛", "烟台", "潍坊", "威海", "日照", "临沂")
TRADES = ("食品", "建设", "化工", "物流", "餐饮", "商贸")
MOST = 2000


@dataclass(frozen=True)
class Record:
    """A row as a platform keeps it, and what it means."""

    cells: dict[str, Any]
    values: dict[str, Any]

    @property
    def id(self) -> str:
        return str(self.cells["ID"])

    @property
    def code(self) -> str:
        return str(self.cells["CODE"])


def records(number: int, subjects: int, seed: int = 1) -> list[Record]:
    """So many records of so many organisations, the same each time."""
    drawn = random.Random(seed)
    codes = [uscc("91", "370000", each) for each in range(subjects)]
    made = []
    for each in range(1, number + 1):
        state, day = drawn.choice(list(STATES)), date(2015, 1, 1) + timedelta(days=drawn.randrange(4000))
        end = None if drawn.random() < 0.2 else day + timedelta(days=365)
        name = f"{drawn.choice(PLACES)}{drawn.choice(TRADES)}（{each}）有限公司"
        unknown = drawn.random() < 0.05
        cells = {
            "ID": each, "CODE": drawn.choice(codes), "STATE": state, "NAME": name,
            "NUMBER": f"鲁〔{day.year}〕{each}号", "DAY": None if unknown else f"{day:%Y/%m/%d}",
            "END": "2099-12-31" if end is None else f"{end:%Y-%m-%d}",
            "AREA": f"37{drawn.randrange(1, 18):02d}00",
        }  # fmt: skip
        values = {
            "state": STATES[state], "holder": name, "number": cells["NUMBER"], "decided": None if unknown else day,
            "until": date.max if end is None else end, "area": cells["AREA"],
        }  # fmt: skip
        made.append(Record(cells, values))
    drawn.shuffle(made)
    return made


@dataclass(frozen=True)
class Heard:
    """One statement or request as the platform saw it."""

    subjects: int
    columns: frozenset[str]
    conditions: frozenset[str]  # columns that it was to filter by
    ordered: bool
    limited: bool


@dataclass
class Staged:
    """A platform that holds the records. `take` gives what it saw since the last time; nothing of those that are read
    once. `behalf` is for a gateway, which gives ids of its own: there `key` is the field that tells records apart."""

    connector: Connector
    take: Callable[[], list[Heard]]
    behalf: Delegation | None = None
    key: str = ""


Stage = Callable[[Sequence[Record], Path, pytest.FixtureRequest], AbstractAsyncContextManager[Staged]]


def fields(origin: str) -> str:
    """The mapping of all kinds: `origin` is `column` or `path`."""
    codes = ", ".join(f'"{code}": {meaning}' for code, meaning in STATES.items())
    return (
        f"key: [ID]\nsubject: {{uscc: {{{origin}: CODE}}}}\nfields:\n"
        f"  state: {{{origin}: STATE, vocabulary: {{{codes}}}}}\n  holder: {{{origin}: NAME}}\n"
        f"  number: {{{origin}: NUMBER}}\n  area: {{{origin}: AREA}}\n"
        f'  decided: {{{origin}: DAY, date: "%Y/%m/%d"}}\n'
        f'  until: {{{origin}: END, date: "%Y-%m-%d", never: ["2099-12-31"]}}\n'
    )


ANY = "filters: {state: [eq, in], decided: [range], holder: [contains]}\nbatch: 4\norder: [decided desc, number]\n"
ASKED = "order: {by: [decided desc, number], params: {sort: newest}}\n"


def newest(cells: Mapping[str, Any]) -> tuple[bool, int, str]:
    """The place of a row by that order: the latest day first, unknown ones last, then by number."""
    day = cells["DAY"]
    return day is None, -int((day or "0").replace("/", "")), cells["NUMBER"]


# -- databases


def statement(text: str) -> Heard:
    """What a SELECT asks for, whatever the database's signs of quoting."""
    plain = " ".join(re.sub('["`]', "", text).split())
    selected, _, rest = plain.removeprefix("SELECT ").partition(" FROM ")
    where, _, end = rest.partition(" WHERE ")[2].partition(" ORDER BY ")
    subjects = re.search(r"\.CODE IN \(([^)]*)\)", where)
    return Heard(
        subjects[1].count(",") + 1 if subjects else 0,
        frozenset(each.rpartition(".")[2] for each in selected.split(", ")),
        frozenset(re.findall(r"\.([A-Z]+)\b", where)) - {"CODE"},
        list(dict.fromkeys(re.findall(r"\.([A-Z]+)\b", end))) == ["DAY", "NUMBER", "ID"],
        " LIMIT " in end,
    )


async def _into_postgresql(server: Counterpart, rows: Sequence[Sequence[Any]]) -> None:
    await postgres.load(server.url("owner"), {"pushed": {"columns": COLUMNS, "index": ["CODE"], "rows": rows}})
    await server.run(
        "DROP TABLE IF EXISTS credit.pushed",
        "ALTER TABLE pushed SET SCHEMA credit",
        "GRANT SELECT ON credit.pushed TO gateway",
    )


async def _into_mariadb(server: Counterpart, rows: Sequence[Sequence[Any]]) -> None:
    kinds = ", ".join(f"`{name}` {'integer' if name == 'ID' else 'varchar(64)'}" for name in COLUMNS)
    await server.run("DROP TABLE IF EXISTS credit.pushed", f"CREATE TABLE credit.pushed ({kinds}, INDEX (`CODE`))")
    binds = ", ".join(f":{name}" for name in COLUMNS)
    cells = [dict(zip(COLUMNS, row, strict=True)) for row in rows]
    await server.run(f"INSERT INTO credit.pushed VALUES ({binds})", rows=cells)


@asynccontextmanager
async def on_server(
    name: str, stock: Sequence[Record], folder: Path, request: pytest.FixtureRequest
) -> AsyncIterator[Staged]:
    """PostgreSQL or MariaDB: what it saw is what it wrote into its own log."""
    server: Counterpart = request.getfixturevalue(name)
    load = _into_postgresql if name == "postgresql" else _into_mariadb
    await load(server, [list(record.cells.values()) for record in stock])
    permit = f"table: credit.pushed\n{fields('column')}{ANY}"
    made = connector(registered(SQL_SOURCE.replace("maxRows: 100", f"maxRows: {MOST}"), permit))
    place = server.place()

    def take() -> list[Heard]:
        nonlocal place
        since, place = place, server.place()
        return [statement(each) for each in server.heard(since) if "pushed" in each]

    async with in_use(made, {"env:INVENTED_URL": server.url()}) as asked:
        yield Staged(asked, take)


@asynccontextmanager
async def traced() -> AsyncIterator[Callable[[], list[Heard]]]:
    """What every SQLite connection that is opened here executes, by its own trace."""
    heard: list[str] = []

    def listen(connection: Any, record: Any) -> None:
        connection.run_async(lambda driver: driver.set_trace_callback(heard.append))

    def take() -> list[Heard]:
        taken = [statement(each) for each in heard if each.startswith("SELECT") and " LIMIT " in each]
        heard.clear()
        return taken

    sa.event.listen(sa.pool.Pool, "connect", listen)
    try:
        yield take
    finally:
        sa.event.remove(sa.pool.Pool, "connect", listen)


def into_sqlite(file: Path, stock: Sequence[Record]) -> None:
    with closing(sqlite3.connect(file)) as made:
        made.execute(f"CREATE TABLE pushed ({', '.join(COLUMNS)})")
        made.executemany(
            "INSERT INTO pushed VALUES (?, ?, ?, ?, ?, ?, ?, ?)", [tuple(each.cells.values()) for each in stock]
        )
        made.execute("CREATE INDEX codes ON pushed (CODE)")
        made.commit()


@asynccontextmanager
async def on_sqlite(stock: Sequence[Record], folder: Path, request: pytest.FixtureRequest) -> AsyncIterator[Staged]:
    file = folder / "pushed.db"
    into_sqlite(file, stock)
    permit = f"table: pushed\n{fields('column')}{ANY}"
    source = SQL_SOURCE.replace("maxRows: 100", f"maxRows: {MOST}")
    settings = {"env:INVENTED_URL": f"sqlite+aiosqlite:///{file}"}
    async with traced() as take, in_use(connector(registered(source, permit)), settings) as asked:
        yield Staged(asked, take)


@asynccontextmanager
async def on_file(stock: Sequence[Record], folder: Path, request: pytest.FixtureRequest) -> AsyncIterator[Staged]:
    """A dropped file is read whole; what is seen is seen at the copy in memory from which questions are answered."""
    source = "sources:\n  main:\n    kind: file\n    folder: env:FOLDER\n"
    source += f"    limits: {{timeout: 20s, maxRows: {MOST}}}\n"
    drop = folder / "drop"
    drop.mkdir()
    lines = [",".join("" if cell is None else str(cell) for cell in each.cells.values()) for each in stock]
    Folder(drop).send("pushed-20261123.csv", "\n".join([",".join(COLUMNS), *lines]) + "\n", encoding="utf-8")
    permit = f'file: {{name: "pushed-*.csv"}}\n{fields("column")}{ANY}'
    async with traced() as take, in_use(connector(registered(source, permit)), {"env:FOLDER": str(drop)}) as asked:
        yield Staged(asked, take)


# -- interfaces


@dataclass
class Interface:
    """A platform behind HTTP: it filters, projects and orders as it is asked, and keeps what that was."""

    stock: Sequence[Record]
    heard: list[Heard] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._by_code: dict[str, list[Record]] = {}
        for record in self.stock:
            self._by_code.setdefault(record.code, []).append(record)

    def answer(self, codes: Sequence[str], names: Sequence[str], given: dict[str, str]) -> list[dict[str, Any]]:
        """`given` are the conditions: `zt` codes of the state, `from` and `to` days, `keyword` in the name; and `sort`
        where an order is wanted."""
        ordered = given.pop("sort", None) is not None
        words = {"zt": "STATE", "from": "DAY", "to": "DAY", "keyword": "NAME"}
        conditions = frozenset(words[name] for name in given)
        self.heard.append(Heard(len(codes), frozenset(names), conditions, ordered, limited=False))
        rows = [record.cells for code in codes for record in self._by_code.get(code, ())]
        if ordered:
            rows.sort(key=newest)
        return [{name: cells[name] for name in names} for cells in rows if self._fits(cells, given)]

    def _fits(self, cells: dict[str, Any], given: dict[str, str]) -> bool:
        day = cells["DAY"]
        return (
            ("zt" not in given or cells["STATE"] in given["zt"].split(","))
            and ("from" not in given or (day is not None and day >= given["from"]))
            and ("to" not in given or (day is not None and day <= given["to"]))
            and given.get("keyword", "") in cells["NAME"]
        )

    def take(self) -> list[Heard]:
        taken, self.heard = self.heard, []
        return taken


@asynccontextmanager
async def on_rest(stock: Sequence[Record], folder: Path, request: pytest.FixtureRequest) -> AsyncIterator[Staged]:
    interface = Interface(stock)

    async def behave(seen: Seen, writer: Any) -> None:
        query = seen.query
        codes, names = query.pop("codes").split(","), query.pop("fields").split(",")
        writer.write(raw(json.dumps({"rows": interface.answer(codes, names, query)}, ensure_ascii=False).encode()))

    permit = (
        'request: {method: GET, path: /permits, query: {codes: "{subjects}", fields: "{projection}"}}\nrows: rows\n'
        f"{fields('path')}batch: 4\nfilters:\n"
        '  state: {ops: [eq, in], params: [zt], join: ","}\n'
        '  decided: {ops: [range], params: [from, to], date: "%Y/%m/%d"}\n'
        f"  holder: {{ops: [contains], params: [keyword]}}\n{ASKED}"
    )
    source = REST_SOURCE.replace("maxRows: 100", f"maxRows: {MOST}").replace("64KiB", "8MiB")
    made = connector(registered(source, permit))
    async with Server(behave) as server, in_use(made, {"env:INVENTED_BASE": server.base}) as asked:
        yield Staged(asked, interface.take)


@asynccontextmanager
async def on_soap(stock: Sequence[Record], folder: Path, request: pytest.FixtureRequest) -> AsyncIterator[Staged]:
    """Its description has no place for several states, for a part of a name or for an order."""
    interface = Interface(stock)

    async def behave(seen: Seen, writer: Any) -> None:
        asked = etree.fromstring(seen.body)[-1][0]
        given: dict[str, list[str]] = {}
        for child in asked:
            given.setdefault(etree.QName(child).localname, []).append(child.text or "")
        names = given["fields"][0].split(",")
        conditions = {
            {"state": "zt"}.get(name, name): given[name][0] for name in ("state", "from", "to") if name in given
        }
        rows = interface.answer(given["code"], names, conditions)
        inside = ("".join(f"<{k}>{escape(str(v))}</{k}>" for k, v in row.items() if v is not None) for row in rows)
        writer.write(xml(found(*inside)))

    permit = (
        'call: {operation: find}\ninput: {sysId: "S1", code: "{subjects}", fields: "{projection}"}\nrows: list.row\n'
        f"{fields('path')}batch: 4\nfilters:\n"
        "  state: {ops: [eq], params: [state]}\n"
        '  decided: {ops: [range], params: [from, to], date: "%Y/%m/%d"}\n'
    )
    source = SOAP_SOURCE.replace("maxRows: 100", f"maxRows: {MOST}").replace("64KiB", "8MiB")
    made = connector(described(source, permit))
    async with Server(behave) as server, in_use(made, {"env:ENDPOINT": server.base}) as asked:
        yield Staged(asked, interface.take)


SDL = build_schema(
    "type Query { permits(codes: [String!]!, zt: [String!], from: String, to: String, sort: String): [Row!]! }"
    f"type Row {{ {' '.join(f'{name}: String' for name in COLUMNS)} }}"
)


@asynccontextmanager
async def on_graphql(stock: Sequence[Record], folder: Path, request: pytest.FixtureRequest) -> AsyncIterator[Staged]:
    """What seeks by a part of a name is a question of its own in this kind, one without subjects."""
    interface = Interface(stock)

    def permits(source: Any, info: GraphQLResolveInfo[Any], codes: list[str], **given: Any) -> list[dict[str, Any]]:
        chosen = info.field_nodes[0].selection_set
        names = [each.name.value for each in (chosen.selections if chosen else ()) if isinstance(each, FieldNode)]
        conditions = {name: ",".join(value) if name == "zt" else value for name, value in given.items() if value}
        return interface.answer(codes, [name for name in names if name in COLUMNS], conditions)

    async def behave(seen: Seen, writer: Any) -> None:
        body = json.loads(seen.body)
        done = graphql_sync(
            SDL, body["query"], {"permits": partial(permits, None)}, variable_values=body.get("variables")
        )
        writer.write(raw(json.dumps(done.formatted, ensure_ascii=False).encode()))

    arguments = 'codes: {type: "[String!]!", value: "{subjects}"}, zt: {type: "[String!]"}, '
    arguments += ", ".join(f"{name}: {{type: String}}" for name in ("from", "to", "sort"))
    permit = (
        f"question: {{field: permits, arguments: {{{arguments}}}}}\n{fields('path')}batch: 4\nfilters:\n"
        "  state: {ops: [eq, in], params: [zt]}\n"
        '  decided: {ops: [range], params: [from, to], date: "%Y/%m/%d"}\n' + ASKED
    )
    source = "sources:\n  main:\n    kind: graphql\n    endpoint: env:ENDPOINT\n"
    made = connector(registered(f"{source}    limits: {{timeout: 5s, maxRows: {MOST}}}\n", permit))
    async with Server(behave) as server, in_use(made, {"env:ENDPOINT": f"{server.base}/graphql"}) as asked:
        yield Staged(asked, interface.take)


STAGES: dict[str, Stage] = {
    "`sql`, PostgreSQL": partial(on_server, "postgresql"),
    "`sql`, MariaDB": partial(on_server, "mariadb"),
    "`sql`, SQLite": on_sqlite,
    "`file`, at its copy in memory": on_file,
    "`rest`": on_rest,
    "`soap`": on_soap,
    "`graphql`": on_graphql,
}
