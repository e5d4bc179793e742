"""What the WSDL of a service says of its operations: the elements that each takes and gives, with what they are called.

Annotations, types, enumerations and how often an element comes are read from the file itself; that it is one the kind
`soap` can work with is found before. Attributes are elements whose names begin with `@`. Nothing is fetched.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from lxml import etree

from connectors.kinds.soap.description import checked

XSD = "{http://www.w3.org/2001/XMLSchema}"
WSDL = "{http://schemas.xmlsoap.org/wsdl/}"
SOAP = ("{http://schemas.xmlsoap.org/wsdl/soap/}", "{http://schemas.xmlsoap.org/wsdl/soap12/}")
DEPTH = 8  # of elements in one another
MOST = 100_000  # elements, each counted wherever its type is used
SAID = 80  # characters of an annotation
TYPES = (
    {"date": "date", "dateTime": "timestamp", "boolean": "flag"}
    | dict.fromkeys(("decimal", "double", "float", "integer", "int", "long", "short", "byte"), "number")
    | dict.fromkeys(("nonNegativeInteger", "positiveInteger", "unsignedInt", "unsignedLong"), "number")
)
_CHINESE = re.compile(r"[\u3400-\u9fff]")


@dataclass(frozen=True, slots=True)
class Element:
    """One element: what it is called, its text when it has one, and its parts.

    `type` is one of `TYPES`, or empty. `most` is how often it may come, None without bound. `open` holds what the
    description does not tell.
    """

    name: str
    said: str = ""
    type: str = ""
    codes: Mapping[str, str] = field(default_factory=dict)  # of an enumeration, with what each is called
    text: bool = True
    parts: tuple[Element, ...] = ()
    needed: bool = True
    most: int | None = 1
    open: bool = False

    @property
    def many(self) -> bool:
        return self.most is None or self.most > 1


@dataclass(frozen=True, slots=True)
class Operation:
    """`port` where another port has an operation of the same name that is not this one."""

    name: str
    said: str
    takes: Element
    gives: Element
    port: str | None = None


def operations(raw: bytes) -> list[Operation]:
    """The operations of all ports that speak SOAP. Raises ValueError for what is no such description."""
    checked(raw)
    parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True)
    root = etree.fromstring(raw, parser)
    schema = _Schema(root)
    doors = {each.get("name"): each for each in root.iter(f"{WSDL}portType")}
    bound = {
        each.get("name"): _local(each.get("type"))
        for each in root.iter(f"{WSDL}binding")
        if any(child.tag == f"{soap}binding" for child in each for soap in SOAP)
    }
    found: dict[tuple[str, str], Operation] = {}
    for port in root.iter(f"{WSDL}port"):
        door = bound.get(_local(port.get("binding")))
        for each in doors[door].iterfind(f"{WSDL}operation") if door in doors else ():
            name = str(each.get("name"))
            takes, gives = (schema.message(each.find(f"{WSDL}{way}")) for way in ("input", "output"))
            found.setdefault((str(door), name), Operation(name, _annotation(each), takes, gives, port.get("name")))
    names = [name for _, name in found]
    return [each if names.count(each.name) > 1 else replace(each, port=None) for each in found.values()]


class _Schema:
    """The declarations of one file, by what they are and their qualified names."""

    def __init__(self, root: Any) -> None:
        self._messages = {each.get("name"): each for each in root.iter(f"{WSDL}message")}
        self._known: dict[tuple[str, str], Any] = {}
        self._within: list[Any] = []  # types that are being read: some hold themselves
        self._left = MOST
        for schema in root.iter(f"{XSD}schema"):
            space = schema.get("targetNamespace") or ""
            for each in schema:
                self._known[_local(each.tag), f"{{{space}}}{each.get('name', '')}"] = each

    def message(self, way: Any) -> Element:
        """The element of a message, or its parts by type below one (style `rpc`)."""
        message = self._messages.get(_local(way.get("message"))) if way is not None else None
        parts = [] if message is None else message.findall(f"{WSDL}part")
        if len(parts) == 1 and parts[0].get("element"):
            return self._element(parts[0], DEPTH)
        return Element("", parts=tuple(self._element(each, DEPTH) for each in parts))

    def _element(self, node: Any, depth: int) -> Element:
        self._left -= 1
        if self._left < 0:
            raise ValueError(f"the description holds more than {MOST} elements")
        if depth == 0:
            return Element(node.get("name") or "", text=False, open=True)
        other = self._named(node, node.get("ref") or node.get("element"), "element", "attribute")
        if other is not None:
            known = self._element(other, depth)
        elif node.get("type"):
            known = self._typed(node, node.get("type"), depth)
        else:
            known = self._type(
                next((each for each in node if _local(each.tag) in {"complexType", "simpleType"}), None), depth
            )
        most = node.get("maxOccurs", "1")
        return replace(
            known,
            name=known.name if other is not None else node.get("name") or "",
            said=_annotation(node) or known.said,
            needed=node.get("minOccurs") != "0",
            most=None if most == "unbounded" else int(most),
        )

    def _typed(self, node: Any, name: str, depth: int) -> Element:
        if _qualified(node, name).startswith(XSD):
            local = _local(name)
            return Element("", type=TYPES.get(local, ""), text=local != "anyType", open=local == "anyType")
        return self._type(self._named(node, name, "complexType", "simpleType"), depth)

    def _named(self, node: Any, name: str | None, *kinds: str) -> Any:
        found = (self._known.get((kind, _qualified(node, name))) for kind in kinds) if name else ()
        return next((each for each in found if each is not None), None)

    def _type(self, node: Any, depth: int) -> Element:
        """A type, as an element without a name."""
        if node is None:
            return Element("")
        if _local(node.tag) == "simpleType":
            return self._simple(node, depth)
        if node in self._within:
            return Element("", text=False, open=True)
        self._within.append(node)
        try:
            return self._complex(node, depth)
        finally:
            self._within.pop()

    def _complex(self, node: Any, depth: int) -> Element:
        base, held = Element("", text=node.get("mixed") == "true"), node
        for content in node:
            for each in content if _local(content.tag) in {"complexContent", "simpleContent"} else ():
                if _local(each.tag) in {"extension", "restriction"}:
                    held = each
        if _local(held.tag) == "extension" or (held is not node and _local(held.getparent().tag) == "simpleContent"):
            base = self._typed(held, held.get("base"), depth)
        told = any(next(held.iterfind(f"{XSD}{way}/{XSD}any"), None) is not None for way in ("sequence", "choice"))
        parts = (*base.parts, *self._parts(held, depth - 1))
        return replace(base, said=_annotation(node) or base.said, parts=parts, open=base.open or told)

    def _simple(self, node: Any, depth: int) -> Element:
        held = node.find(f"{XSD}restriction")
        if held is None:
            return Element("", _annotation(node))
        base = self._typed(held, held.get("base"), depth) if held.get("base") else Element("")
        codes = {each.get("value", ""): _annotation(each) for each in held.iterfind(f"{XSD}enumeration")}
        return replace(base, said=_annotation(node) or base.said, codes=codes or base.codes)

    def _parts(self, node: Any, depth: int) -> Iterator[Element]:
        for each in node:
            match _local(each.tag):
                case "element":
                    yield self._element(each, depth)
                case "attribute" if each.get("name"):
                    found = self._element(each, depth)
                    yield replace(found, name=f"@{found.name}", needed=each.get("use") == "required")
                case "sequence" | "all":
                    yield from (_repeated(part, each) for part in self._parts(each, depth))
                case "choice":
                    yield from (replace(_repeated(part, each), needed=False) for part in self._parts(each, depth))
                case "group" if depth and (found := self._named(each, each.get("ref"), "group")) is not None:
                    yield from (_repeated(part, each) for part in self._parts(found, depth - 1))


def _repeated(part: Element, around: Any) -> Element:
    most = around.get("maxOccurs", "1")
    if most not in {"0", "1"}:
        part = replace(part, most=None)
    return replace(part, needed=part.needed and around.get("minOccurs") != "0")


def _annotation(node: Any) -> str:
    """What is said of a declaration: the first text in Chinese, else the first."""
    direct = [each for each in node if _local(each.tag) == "documentation"]
    inside = [part for each in node if _local(each.tag) == "annotation" for part in each]
    texts = [" ".join("".join(each.itertext()).split())[:SAID] for each in (*direct, *inside)]
    found = [text for text in texts if text]
    return next((text for text in found if _CHINESE.search(text)), found[0] if found else "")


def _qualified(node: Any, name: str) -> str:
    """A name in a file, with the namespace that its prefix stands for there."""
    prefix, _, local = name.rpartition(":")
    return f"{{{node.nsmap.get(prefix or None, '')}}}{local}"


def _local(name: str | None) -> str:
    return (name or "").rpartition("}")[2].rpartition(":")[2]
