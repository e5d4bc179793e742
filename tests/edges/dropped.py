"""A folder of dropped files for tests, in the manner of a department, and a source of kind `file` that reads it."""

from __future__ import annotations

import hashlib
import io
import os
import sqlite3
import time
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import xlsxwriter

from connectors.contract import Connector
from connectors.kinds.file import File
from tests.edges.invented import FIRM, PERSON, Now, ask, connector, in_use, registered, rows

SOURCE = """\
sources:
  main:
    kind: file
    folder: env:INVENTED_FOLDER
    encoding: gb18030
    maxBytes: 2MiB
    maxRecords: 3000
    limits: {timeout: 60s, maxRows: 100}
"""
PERMIT = """\
file: {name: "permits-*.csv"}
key: [编号]
subject:
  uscc: {column: "统一社会信用代码"}
  citizenId: {column: 证件号码, where: {column: 证件类型, is: "111"}}
null: ["无", "\\\\N", "--", "*"]
fields:
  state: {column: 状态, vocabulary: {"1": ACTIVE, "2": REVOKED}}
  holder: {column: "名称（全称）"}
  number: {column: 文号, upper: true}
  decided: {column: 日期, date: ["%Y/%m/%d", "%Y%m%d"]}
  fine: {column: 罚款, unit: {from: yuan, to: wan}}
"""
HEADER = ["编号", "统一社会 信用代码", "证件类型", "证件号码", "状态", "名称(全称)", "文号", "日期", "罚款", "电话"]
PHONE = "00012345678"  # a column that nobody mapped


def row(number: Any, subject: str = FIRM, state: Any = "1", **cells: Any) -> list[Any]:
    person = subject == PERSON
    plain = {"type": "111" if person else "", "id": PERSON if person else "", "name": "甲", "no": f"a-{number}"}
    plain |= {"day": "2020/01/31", "fine": "2000", "phone": PHONE} | cells
    return [number, "" if person else subject, plain["type"], plain["id"], state, *list(plain.values())[2:]]


def csv_of(*lines: list[Any], header: list[Any] | None = HEADER, above: tuple[str, ...] = ()) -> str:
    table = ([] if header is None else [header]) + [*lines]
    return "".join(f"{line}\n" for line in [*above, *(",".join(map(str, cells)) for cells in table)])


def book_of(*lines: list[Any], header: list[str] | None = HEADER, sheet: str = "许可", merge: str = "") -> bytes:
    """A workbook: dates become cells of the date type, everything else what it is."""
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True, "default_date_format": "yyyy-mm-dd"}) as book:
        page = book.add_worksheet(sheet)
        for number, cells in enumerate([*([header] if header else []), *lines]):
            page.write_row(number, 0, cells)
        if merge:
            page.merge_range(merge, FIRM)
    return content.getvalue()


class Folder:
    """The folder of a department, with its usual ways."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def send(self, name: str, content: str | bytes, ago: float = 3600, encoding: str = "gb18030") -> Path:
        """A file that was changed last `ago` seconds before now, put there in one step."""
        draft, path = self.path / f".{name}", self.path / name
        draft.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        changed = time.time() - ago
        os.utime(draft, (changed, changed))
        return draft.replace(path)

    def prove(self, path: Path) -> None:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        path.with_name(f"{path.name}.sha256").write_text(f"{digest}  {path.name}\n")


def opened(folder: Folder, permit: str = PERMIT, source: str = SOURCE) -> AbstractAsyncContextManager[Connector]:
    return in_use(connector(registered(source, permit)), {"env:INVENTED_FOLDER": str(folder.path)}, Now)


async def ids(made: Connector, *subjects: str) -> list[str]:
    return [found.id for found in await rows(made, ask(subjects=subjects or (FIRM,)))]


def table(made: Connector) -> sqlite3.Connection:
    """The staged table itself, past every promise."""
    assert isinstance(made, File)
    assert made._opened is not None
    edition = made._opened.drops["Permit"]._edition
    assert edition is not None
    return edition._keeper


BOOK = PERMIT.replace('"permits-*.csv"', '"permits-*.xlsx", sheet: 许可')
PROVEN = PERMIT.replace('"permits-*.csv"', '"permits-*.csv", checksum: "*.sha256"')
