"""The custodian of a folder into which a department drops its nightly files: CSV in GB18030 and workbooks.

Each file is written under another name, gets its checksum beside it, and then its own name, in this order, as a
careful sender does. It writes what it is given, cell by cell, and knows no record type. Run by the province:
`python -m deploy.demo.servers.folder`, settings on stdin.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
from collections.abc import Mapping
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import Any

import xlsxwriter

from deploy.demo.servers import custody, leash

FOLDER = "drop"


def drop(folder: Path, files: Mapping[str, Any]) -> None:
    """Write `{name: {above, columns, rows, below, merged}}`; the name's ending says how."""
    for name, content in files.items():
        written = workbook(content) if name.endswith(".xlsx") else separated(content)
        draft = folder / f".{name}"
        draft.write_bytes(written)
        (folder / f"{name}.sha256").write_text(f"{hashlib.sha256(written).hexdigest()}  {name}\n", "ascii")
        draft.replace(folder / name)


def separated(content: Mapping[str, Any]) -> bytes:
    lines = [*content["above"], content["columns"], *content["rows"], *content["below"]]
    return "".join(",".join(map(_cell, line)) + "\r\n" for line in lines).encode("gb18030")


def _cell(value: Any) -> str:
    if isinstance(value, dict):  # as somebody typed it, without the quotes that it needs
        return str(value["bare"])
    text = "" if value is None else str(value)
    return '"' + text.replace('"', '""') + '"' if set(text) & set('",\r\n') else text


def workbook(content: Mapping[str, Any]) -> bytes:
    """One sheet; `{"day": ...}` is a date of the workbook, equal neighbours in the merged column are one cell."""
    lines = [*content["above"], content["columns"], *content["rows"], *content["below"]]
    written = io.BytesIO()
    options = {"in_memory": True, "default_date_format": "yyyy/m/d", "strings_to_formulas": False}
    with xlsxwriter.Workbook(written, options) as book:
        sheet = book.add_worksheet()
        for number, line in enumerate(lines):
            for place, value in enumerate(line):
                day = date.fromisoformat(value["day"]) if isinstance(value, dict) else value
                sheet.write(number, place, day)
        if content["merged"] is not None:
            place, top = content["columns"].index(content["merged"]), len(content["above"]) + 1
            for value, group in groupby(row[place] for row in content["rows"]):
                size = len(list(group))
                if value is not None and size > 1:
                    sheet.merge_range(top, place, top + size - 1, place, value)
                top += size
    return written.getvalue()


if __name__ == "__main__":
    given = leash.settings()
    place = Path(given["folder"]) / FOLDER
    place.mkdir(exist_ok=True)
    os.chdir(place)
    drop(Path.cwd(), json.loads(Path(given["rows"]).read_text("utf-8")))
    watching = leash.end_with_parent()
    leash.ready(url=str(custody.announced(Path(given["link"]))))
    watching.join()
