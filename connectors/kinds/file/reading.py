"""Bytes of a file as rows of cells: CSV by the standard library, workbooks and Parquet in a process of its own, XML by
`package`.

A child process that reads such a file is bounded in memory and time and gets no environment, so that neither a
damaged file nor a hostile one can take the gateway with it. It keeps no row and writes nothing.
"""

from __future__ import annotations

import codecs
import csv
import io
import select
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import IO, Any, cast

import orjson

from connectors.contract import ContractBroken
from connectors.kinds.file import package
from connectors.kinds.file.cells import folded
from connectors.kinds.file.unreadable import Stopped, Unreadable
from connectors.mapping.texts import is_utf8
from connectors.sources import FileWords

WITHIN = 300.0  # seconds in which a workbook must have been unpacked and understood
_WORKBOOK, _PARQUET = (Path(__file__).with_name(name) for name in ("workbook.py", "parquet.py"))
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_POLLED = 0.1
_CALLED = {"xlsx": "workbook", "parquet": "Parquet file"}


def rows(
    content: bytes, words: FileWords, encoding: str, names: Sequence[str], most: int, stop: threading.Event
) -> Iterator[list[Any]]:
    """Every row from the file's first on; of a format that names its columns, the `names` that it has, and the rows of
    those alone. Raises Unreadable, Stopped, and ContractBroken for a file that is not built as declared, or that
    unpacks to more than `most` bytes."""
    encoding = words.encoding or encoding
    if words.form == "xlsx":
        return _unpacked(_WORKBOOK, [str(most), words.sheet or "", *map(folded, names)], content, words, stop)
    if words.form == "parquet":
        return _unpacked(_PARQUET, [str(most), *map(folded, names)], content, words, stop)
    if words.form == "xml" and words.package is not None:  # the agreement has seen to it
        return package.rows(content, words.package, encoding, names, stop)
    return _text(content, encoding, words.delimiter or ("\t" if words.form == "tsv" else ","))


def _text(content: bytes, encoding: str, delimiter: str) -> Iterator[list[Any]]:
    """A mark of byte order at the beginning says more of the encoding than a declaration does."""
    encoding = next((named for mark, named in _MARKS if content.startswith(mark)), encoding)
    if encoding == "gb18030" and is_utf8(content):
        raise Unreadable("is UTF-8 and not gb18030, as was declared")
    text = io.TextIOWrapper(io.BytesIO(content), encoding, "strict", newline="")
    lines = csv.reader(text, delimiter=delimiter, strict=True)
    try:
        if text.read(1) != "\ufeff":
            text.seek(0)
        yield from lines
    except UnicodeDecodeError:
        raise Unreadable(f"is not of the encoding {encoding} (line {_strange(content, encoding)})") from None
    except csv.Error:
        raise Unreadable(f"is not well-formed CSV (line {lines.line_num})") from None


def _strange(content: bytes, encoding: str) -> int:
    """The line of the first bytes that are not of an encoding."""
    try:
        content.decode(encoding)
    except UnicodeDecodeError as wrong:
        return content.count(b"\n", 0, wrong.start) + 1
    return content.count(b"\n") + 1


def _unpacked(
    reader: Path, words: Sequence[str], content: bytes, file: FileWords, stop: threading.Event
) -> Iterator[list[Any]]:
    command = [sys.executable, "-I", str(reader), *words]
    child = subprocess.Popen(  # noqa: S603  # our own interpreter and our own file
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={},
        start_new_session=True,
    )
    try:
        lines = _said(child, content, stop)
        match next(lines, b"").strip():
            case b"rows":
                pass
            case b"no sheet":
                raise ContractBroken(f"there is no sheet `{file.sheet}`")
            case b"several sheets":
                raise ContractBroken("several sheets hold rows under these columns: say which is read, `sheet`")
            case b"too large":
                raise ContractBroken("the file unpacks to more than `maxBytes`")
            case _:
                raise Unreadable(f"is no {_CALLED[file.form or '']} that can be read")
        try:
            for line in lines:
                yield [_dated(cell) if isinstance(cell, dict) else cell for cell in orjson.loads(line)]
        except orjson.JSONDecodeError:
            raise Unreadable(f"is a {_CALLED[file.form or '']} with a number that is none") from None
        if child.wait() != 0:
            raise Unreadable(f"is a {_CALLED[file.form or '']} that could not be read to its end")
    finally:
        child.kill()
        child.wait()
        for pipe in (child.stdin, child.stdout):
            if pipe is not None:
                pipe.close()


def _said(child: subprocess.Popen[bytes], content: bytes, stop: threading.Event) -> Iterator[bytes]:
    """The child's lines. It reads everything before it says anything, so that neither waits for the other."""
    given, said = cast("IO[bytes]", child.stdin), cast("IO[bytes]", child.stdout)
    try:
        given.write(content)
        given.close()
    except BrokenPipeError:
        return  # it ended early: it says nothing
    ends = time.monotonic() + WITHIN
    while not select.select([said], [], [], _POLLED)[0]:
        if stop.is_set():
            raise Stopped
        if time.monotonic() > ends:
            return
    yield from said


def _dated(cell: dict[str, str]) -> datetime | str:
    """A date of the workbook; a time alone stays a text."""
    try:
        return datetime.fromisoformat(cell["at"])
    except ValueError:
        return cell["at"]


def places(header: Sequence[Any], names: Sequence[str]) -> dict[str, int]:
    """Where each declared column stands. Raises ContractBroken when one is missing or stands there twice."""
    found: dict[str, list[int]] = {}
    for place, cell in enumerate(header):
        found.setdefault(folded(str(cell)), []).append(place)
    where = {name: found.get(folded(name), []) for name in names}
    for name, at in where.items():
        if len(at) != 1:
            raise ContractBroken(f"the column `{name}` is {'missing' if not at else 'there more than once'}")
    return {name: at[0] for name, at in where.items()}
