"""Columns out of what an operator has at hand: a file of rows, a table of a database, a description of a service.

At most `SEEN` rows are looked at. A file is read as the kind that would read it each night does; nothing is kept.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from connectors.contract import ConnectorError, ContractBroken
from connectors.kinds.file.choosing import DATE
from connectors.kinds.file.reading import rows
from connectors.kinds.file.unreadable import Unreadable
from connectors.kinds.sql.looking import look
from connectors.mapping.texts import text_if_any
from connectors.mapping.times import Format
from connectors.sources import FileWords
from connectors.suggesting.looks import DAYS
from connectors.suggesting.names import Column
from connectors.suggesting.writing import Source

SEEN = 200
TITLES = 5  # rows within which the names of columns are looked for
_MOST = 64 << 20
_ANY = str.maketrans("[]", "??")  # signs of a pattern, which stand for themselves in a name such as `list[1].csv`
_VALUE = re.compile(r"\d[0-9A-Z]{9,17}", re.ASCII)  # a code, or a number of somebody
_ENDINGS = {".csv", ".tsv", ".xlsx", ".xls"}


def sample(path: Path, encoding: str) -> tuple[list[Column], Source]:
    """The columns of a CSV file, a workbook, or JSON with a list of objects. Raises ValueError."""
    if path.suffix.lower() == ".json":
        return _json(path)
    if path.suffix.lower() not in _ENDINGS:
        raise ValueError("a sample is a file that ends with .csv, .tsv, .xlsx, .xls or .json")
    words = FileWords(name=path.name.lstrip("."))
    try:
        found = rows(path.read_bytes(), words, encoding, (), _MOST, threading.Event())
        table = [row for _, row in zip(range(SEEN + 1), found, strict=False)]
    except (Unreadable, ContractBroken) as reason:
        told = "; say another `--encoding`" if "encoding" in str(reason) else ""
        raise ValueError(f"the sample {reason}{told}") from None
    # what stands above the names of the columns is a title, in one cell
    at = next((number for number, row in enumerate(table[:TITLES]) if sum(map(bool, map(text_if_any, row))) > 1), 0)
    table = table[at:]
    header = [_heading(text) if isinstance(text, str) else "" for text in (table[0] if table else [])]
    filled = {place: name for place, name in enumerate(header) if name}
    if not filled:
        raise ValueError("the sample holds no names of columns")
    if any(map(_is_value, header)):
        raise ValueError(f"row {at + 1} of the sample holds values: put a row with the names of the columns above them")
    columns = [
        Column(name, name, tuple(text_if_any(row[place]) for row in table[1:] if place < len(row)))
        for place, name in filled.items()
    ]
    kind = f"sources:\n  main:\n    kind: file\n    folder: env:TO_BE_NAMED\n    encoding: {encoding}"
    pattern = DATE.sub("*", path.name).translate(_ANY)  # the next file has another day
    name = json.dumps(pattern, ensure_ascii=False)
    head = f"file: {{name: {name}, headerRow: {at + 1}}}" if at else f"file: {{name: {name}}}"
    return columns, Source(f"the file {path.name}", "column", kind, head)


async def table(url: str, name: str) -> tuple[list[Column], Source]:
    """The columns of a table or view, with their comments and values of some rows. Raises ValueError."""
    try:
        seen = await look(url, name, SEEN)
    except ConnectorError as reason:
        raise ValueError(f"the table cannot be read: {reason}") from None
    found = [Column(each, _heading(label), tuple(map(text_if_any, values))) for each, label, values in seen]
    kind = "sources:\n  main:\n    kind: sql\n    url: env:TO_BE_NAMED"
    return found, Source(f"the table {name}", "column", kind, f"table: {json.dumps(name, ensure_ascii=False)}")


def _json(path: Path) -> tuple[list[Column], Source]:
    try:
        found = _objects(json.loads(path.read_bytes()))
    except (ValueError, RecursionError):
        raise ValueError("the sample is no JSON in UTF-8") from None
    names = dict.fromkeys(name for each in found for name in each)
    if not names:
        raise ValueError("the sample holds no object with names")
    columns = [Column(name, "", tuple(text_if_any(each.get(name)) for each in found)) for name in names]
    note = "# sources: a `kind: rest` source, see _template.yaml"
    return columns, Source(f"the file {path.name}", "path", note, "# request, rows")


def _objects(node: Any) -> list[Mapping[str, Any]]:
    """The longest list of objects anywhere in a document, or the document itself."""
    best: list[Mapping[str, Any]] = [node] if isinstance(node, dict) else []
    queue: list[Any] = [node]
    for each in queue:
        if isinstance(each, list) and each and all(isinstance(item, dict) for item in each):
            best = each[:SEEN] if len(each) >= len(best) else best
        queue += each.values() if isinstance(each, dict) else each if isinstance(each, list) else ()
    return best


def _heading(text: str) -> str:
    """On one line: cells have breaks between the words of a heading, which mean a blank in English only."""
    return " ".join(text.split()) if text.isascii() else "".join(map(str.strip, text.splitlines()))


def _is_value(heading: str) -> bool:
    return _VALUE.fullmatch(heading) is not None or any(Format(each).read(heading) is not None for each in DAYS)
