"""Record types and subject kinds of the catalogue as GraphQL object types, built once at start.

Every record field is nullable, so that a withheld value never empties its parent. Descriptions carry the
Chinese name, the standards' codes and the class. Reading rule of the finished tree: a subject is
`{"__typename", "fields": {...}, "connections": {response key: ...}}`, a record is a plain mapping.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, Optional

import strawberry
from strawberry.types import Info

from gateway.schema.places import Place
from gateway.schema.words import (
    Date,
    DateTime,
    Money,
    PageInfo,
    Provenance,
    RecordOrder,
    RegionCode,
    Source,
    enum_of,
)
from policies.model import Catalogue, Field, LegalBasis, NestedObject, RecordType, SubjectKind

SCALAR_OF_KIND: Mapping[str, Any] = {"date": Date, "timestamp": DateTime, "money": Money, "number": int, "flag": bool}

Regions = Annotated[
    Optional[list[RegionCode]], strawberry.argument(description="codes or region sets such as BLUE_ZONE; none: all")
]

CONNECTION = Place("connections", by_key=True)
OF_SUBJECT = Place("fields")

# Words of every record that are not the catalogue's to give.
ENVELOPE = frozenset({"id", "type", "marks", "provenance"})


@dataclass(frozen=True, slots=True)
class Built:
    """What the catalogue became: types by name, ready for the root fields to return."""

    subject: Any  # the interface CreditSubject
    kinds: list[Any]  # the types that have it
    concrete: list[Any]  # types that must be named to the schema
    enums: Mapping[str, Any]  # by vocabulary
    connections: Mapping[str, Any]  # by record type
    status: Any

    def connection_field(self, record: RecordType) -> Any:
        return _connection_field(record, self.connections[record.name], self.status)


def build(catalogue: Catalogue, kind_enum: Any, type_enum: Any) -> Built:
    """Every type of the catalogue."""
    enums = {name: _code_list(catalogue, name) for name in catalogue.vocabularies}
    statuses = {_status_enum(record, enums) for record in catalogue.types.values()}
    if len(statuses) != 1:
        raise ValueError("every record type must take its status from one vocabulary")
    status = statuses.pop()
    record_interface = strawberry.interface(
        shape(
            "CreditRecord",
            {
                "id": (strawberry.ID, "an opaque id, stable for one caller"),
                "type": (type_enum, "记录类型 · record type"),
                "status": (Optional[status], "记录状态 · status"),
                "marks": (list[str], "标注 · such as OBJECTED: an objection is open"),
                "provenance": (list[Provenance], "来源 · one entry per platform that holds this decision"),
            },
        ),
        description="One record, from one or several platforms.",
    )
    records = {r.name: _record(r, record_interface, enums) for r in catalogue.types.values()}
    connections = {record.name: _connection(record, records[record.name]) for record in catalogue.types.values()}
    fields = {
        record.connection: _connection_field(record, connections[record.name], status)
        for record in catalogue.types.values()
    }
    subject_interface = _subject_interface(catalogue, kind_enum, fields)
    kinds = [_subject(kind, subject_interface) for kind in catalogue.kinds.values()]
    return Built(subject_interface, kinds, [*records.values(), *kinds], enums, connections, status)


def _code_list(catalogue: Catalogue, name: str) -> Any:
    """An enum whose description says its edition, and whose codes say the law that they rest on."""
    described = {
        code: " · ".join([words.zh, words.en, *(_law(basis) for basis in catalogue.code_basis.get(name, {})[code])])
        for code, words in catalogue.vocabularies[name].items()
    }
    edition = catalogue.editions.get(name)
    title = f"{name} · {edition.text} · {_law(edition.basis)}" if edition else name
    return enum_of(name, described, title)


def _law(basis: LegalBasis) -> str:
    return basis.text if basis.verified else f"{basis.text} (unverified)"


def _status_enum(record: RecordType, enums: Mapping[str, Any]) -> Any:
    return enums[record.fields[record.roles.status].vocabulary or ""]


def shape(name: str, fields: Mapping[str, tuple[Any, str | None]], base: type | None = None) -> type:
    """A plain class with annotations and descriptions, ready for Strawberry's decorators."""
    body: dict[str, Any] = {"__annotations__": {key: annotation for key, (annotation, _) in fields.items()}}
    body |= {key: strawberry.field(description=text) for key, (_, text) in fields.items()}
    body["__module__"] = __name__
    return type(name, (base,) if base else (), body)


def _is(name: str) -> Callable[[Any, Any], bool]:
    def is_type_of(value: Any, info: Any) -> bool:
        return isinstance(value, Mapping) and value.get("__typename") == name

    return is_type_of


def _record(record: RecordType, interface: type, enums: Mapping[str, Any]) -> Any:
    own = [item for item in record.fields.values() if item.owner == record.name]
    fields = {item.name: (_annotation(item, enums), _description(item)) for item in own}
    fields |= {nested.name: _nested(record, nested, enums) for nested in record.objects.values()}
    made = shape(record.name, fields, interface)
    made.is_type_of = staticmethod(_is(record.name))  # type: ignore[attr-defined]
    return strawberry.type(made, description=f"{record.title.zh} · {record.title.en}")


def _nested(record: RecordType, nested: NestedObject, enums: Mapping[str, Any]) -> tuple[Any, str]:
    """A nested object's field; within a list each of its values is single, or null where it is withheld."""
    fields = {
        item.leaf: (_annotation(replace(item, many=item.many and not nested.many), enums), _description(item))
        for item in record.fields.values()
        if item.owner == nested.type
    }
    title = f"{nested.title.zh} · {nested.title.en}"
    made = strawberry.type(shape(nested.type, fields), description=title)
    return (Optional[list[made]] if nested.many else Optional[made]), title  # type: ignore[valid-type]


def _annotation(item: Field, enums: Mapping[str, Any]) -> Any:
    single = enums[item.vocabulary] if item.vocabulary else SCALAR_OF_KIND.get(item.kind, str)
    return Optional[list[single]] if item.many else Optional[single]  # type: ignore[valid-type]


def _description(item: Field) -> str:
    codes = f" · {', '.join(item.codes)}" if item.codes else ""
    person = f", 自然人 person: {item.person}" if item.person != item.cls else ""
    return f"{item.title.zh} · {item.title.en}{codes} · {item.cls}{person}"


def _connection(record: RecordType, node: Any) -> Any:
    edge = strawberry.type(
        shape(
            f"{record.name}Edge", {"cursor": (str, "sealed; valid for this caller and question"), "node": (node, None)}
        )
    )
    return strawberry.type(
        shape(
            f"{record.name}Connection",
            {
                "edges": (list[edge], None),  # type: ignore[valid-type]  # a type made at run time
                "nodes": (list[node], None),
                "pageInfo": (PageInfo, None),
                "totalCount": (Optional[int], "null unless it is exact"),
                "sources": (list[Source], "what each platform contributed"),
                "complete": (bool, "true when every platform that could hold such records answered in full"),
            },
        ),
        description=f"{record.title.zh} · {record.title.en}",
    )


def _connection_field(record: RecordType, connection: Any, status: Any) -> Any:
    def resolve(
        root: Any,
        info: Info,
        regions: Annotated[
            Optional[list[RegionCode]],
            strawberry.argument(description="codes or region sets such as BLUE_ZONE; none: all"),
        ] = strawberry.UNSET,
        since: Annotated[Optional[Date], strawberry.argument(name="from", description="first date")] = strawberry.UNSET,
        until: Annotated[Optional[Date], strawberry.argument(name="to", description="last date")] = strawberry.UNSET,
        status: Optional[list[Any]] = strawberry.UNSET,
        orderBy: RecordOrder = "NEWEST_FIRST",
        first: int = 20,
        after: Optional[str] = strawberry.UNSET,
    ) -> Any:
        return CONNECTION.of(root, "", str(info.path.key))

    resolve.__annotations__ |= {"return": connection, "status": Optional[list[status]], "info": Info, "root": Any}
    title = f"{record.title.zh} · {record.title.en}"
    return strawberry.field(resolver=resolve, description=title, metadata=CONNECTION.metadata)


def _subject_interface(catalogue: Catalogue, kind_enum: Any, connections: Mapping[str, Any]) -> Any:
    derived = sorted({name for kind in catalogue.kinds.values() for name in kind.derived})
    body: dict[str, Any] = {
        "id": _of_subject("id", strawberry.ID, "the code of an organisation; a pseudonym for a natural person"),
        "kind": _of_subject("kind", kind_enum, "主体类型 · decided by the key alone"),
        "uscc": _of_subject("uscc", Optional[str], "统一社会信用代码 · null for natural persons"),
    }
    for name in derived:
        origin = next(kind.derived[name] for kind in catalogue.kinds.values() if name in kind.derived)
        item = catalogue.field(origin)
        body[name] = _of_subject(name, Optional[str], f"{item.title.zh} · {item.title.en} · read from {origin}")
    body |= connections
    body["__module__"] = __name__
    body["__annotations__"] = {}
    return strawberry.interface(type("CreditSubject", (), body), description="信用主体 · a credit subject")


def _of_subject(name: str, annotation: Any, description: str) -> Any:
    def resolve(root: Any) -> Any:
        return OF_SUBJECT.of(root, name, "")

    resolve.__annotations__["return"] = annotation
    return strawberry.field(resolver=resolve, description=description, metadata=OF_SUBJECT.metadata)


def _subject(kind: SubjectKind, interface: type) -> Any:
    body: dict[str, Any] = {"__module__": __name__, "__annotations__": {}}
    if kind.key == "citizenId":
        body["citizenId"] = _of_subject("citizenId", Optional[str], "公民身份号码 · the key as you gave it")
    shape = type(kind.name, (interface,), body)
    shape.is_type_of = staticmethod(_is(kind.name))  # type: ignore[attr-defined]
    return strawberry.type(shape, description=f"{kind.title.zh} · {kind.title.en}")
