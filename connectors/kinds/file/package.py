"""A package in XML (GB/T 39443 §5.5: a header and a body) as rows: each record is an element, each cell one below.

The package is walked twice, and never held as a tree: once to see which elements its records have and whether there
are as many records as the header says, once to give them out. Names are compared without prefix and letter case,
because one platform writes both. A document type is refused before anything is parsed, so there are no entities; depth
is bounded. A record in which an element comes twice, or holds others, has too many cells, and is counted as broken.
"""

from __future__ import annotations

import io
import re
import threading
from collections.abc import Iterator, Sequence
from typing import Any

from lxml import etree

from connectors.contract import ContractBroken
from connectors.kinds.file.unreadable import Stopped, Unreadable
from connectors.mapping.texts import is_utf8
from connectors.sources import PackageWords

DEEPEST = 32
_DOCTYPE = re.compile(r"<!\s*(doctype|entity)", re.IGNORECASE)
_DECLARED = re.compile(rb"^\s*<\?xml[^>]*?encoding\s*=\s*[\"']([A-Za-z0-9._-]+)[\"']")
_CHINESE = {"gb2312", "gbk", "gb18030"}

Place = tuple[str, ...]  # names of elements from the root on


def rows(
    content: bytes, words: PackageWords, encoding: str, names: Sequence[str], stop: threading.Event
) -> Iterator[list[Any]]:
    """The names of the columns that there are, and every record. Raises Unreadable, Stopped, and ContractBroken for a
    package that is not built as declared."""
    text = _text(content, encoding)
    record, total = _place(words.records), _place(words.total)
    said, count, around, others, there = None, 0, False, False, set[str]()
    for path, element in _ended(text, record, stop):
        if path == record:
            count += 1
            there.update(map(_name, element))
        elif path == total:
            said = (element.text or "").strip()
        around = around or path == record[:-1]
        others = others or (path[:-1] == record[:-1] and path != record and len(element) > 0)
    if not around:
        raise ContractBroken(f"the package has no place for `{words.records}`")
    if others and not count:
        raise ContractBroken("the package has no records where it is said, but something else")
    if total and said != str(count):
        raise Unreadable("does not hold as many records as its header says")
    columns = [name for name in names if not count or name.casefold() in there or name in words.optional]
    yield columns
    yield from _records(text, record, {name.casefold(): index for index, name in enumerate(columns)}, stop)


def _records(text: bytes, record: Place, where: dict[str, int], stop: threading.Event) -> Iterator[list[Any]]:
    for path, element in _ended(text, record, stop):
        if path != record:
            continue
        cells: list[Any] = [None] * len(where)
        for child in element:
            index = where.get(_name(child))
            if index is None:
                continue
            if len(child) or cells[index] is not None:
                cells.append("one too many")
            cells[index] = child.text
        yield cells


def _text(content: bytes, encoding: str) -> bytes:
    """The package in UTF-8 without its declaration of another encoding. Raises Unreadable."""
    declared = _DECLARED.match(content.removeprefix(b"\xef\xbb\xbf"))
    named = (
        declared[1].decode("ascii").lower() if declared else ("utf-8" if content[:3] == b"\xef\xbb\xbf" else encoding)
    )
    try:
        if named in _CHINESE and is_utf8(content):
            raise LookupError(named)
        text = content.decode("gb18030" if named in _CHINESE else named).removeprefix("\ufeff")
    except (LookupError, UnicodeDecodeError):
        raise Unreadable("is not of the encoding that it says") from None
    if _DOCTYPE.search(text):
        raise Unreadable("holds a document type or entities")
    return re.sub(r"^\s*<\?xml[^>]*\?>", "", text, count=1).encode("utf-8", "replace")


def _ended(text: bytes, record: Place, stop: threading.Event) -> Iterator[tuple[Place, etree._Element]]:
    """Every element outside of records, and every record, with its place, as it ends; then it is let go."""
    path: list[str] = []
    try:
        for event, element in etree.iterparse(
            io.BytesIO(text), ("start", "end"), resolve_entities=False, load_dtd=False, no_network=True,
            remove_comments=True, remove_pis=True, huge_tree=False, encoding="utf-8",
        ):  # fmt: skip
            if event == "start":
                path.append(_name(element))
                if len(path) > DEEPEST:
                    raise Unreadable(f"is nested deeper than {DEEPEST} elements")
                continue
            if len(path) <= len(record) or tuple(path[: len(record)]) != record:
                if stop.is_set():
                    raise Stopped
                yield tuple(path), element
                element.clear()
                while (before := element.getprevious()) is not None:
                    element.getparent().remove(before)
            path.pop()
    except etree.XMLSyntaxError:
        raise Unreadable("is not well-formed XML") from None


def _place(words: str | None) -> Place:
    return tuple(each.casefold() for each in (words or "").split(".") if each)


def _name(element: etree._Element) -> str:
    return str(etree.QName(element).localname).casefold()
