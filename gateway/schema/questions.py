"""The root fields: whom one can ask about, what one can look for, and what one may see. Resolvers read the tree."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Optional

import strawberry
from strawberry.types import Info

from gateway.schema.federating import Representation, Subgraph, entity
from gateway.schema.places import Place
from gateway.schema.records import Built, Regions, shape
from gateway.schema.words import (
    Date,
    FieldAccess,
    PageInfo,
    Platform,
    Provenance,
    ReportState,
    Source,
    SubjectKey,
    Words,
)
from policies.model import Catalogue


@dataclass(frozen=True, slots=True)
class Enums:
    kind: Any
    type: Any
    purpose: Any


def query_type(catalogue: Catalogue, built: Built, enums: Enums) -> Any:
    """The type `Query`. A root field that the catalogue has no record type for is left out."""
    subject, kinds = built.subject, list[enums.kind]  # type: ignore[name-defined]
    fields: dict[str, Any] = {
        "subject": _field(
            Optional[subject],
            "One subject; null when it may not be known to exist. A valid USCC is never null.",
            {"id": SubjectKey},
        ),
        "subjects": _field(
            list[Optional[subject]],  # type: ignore[valid-type]
            "Up to 200 subjects; the order is kept.",
            {"ids": list[SubjectKey]},
        ),
        "creditReport": _field(
            Optional[_report(catalogue, built, enums)],
            "公共信用信息报告 · the sections of the national report; null when the subject may not be known to exist.",
            {"id": SubjectKey},
        ),
        "search": _field(
            _matches(catalogue, enums),
            "按名称查找组织 · organisations whose name contains `name`; brackets, width and blanks make no difference. "
            "Then ask `subject` by the code that is found.",
            {
                "name": str,
                "kind": (Optional[kinds], strawberry.UNSET),
                "regions": (Regions, strawberry.UNSET),
                "first": (int, 20),
                "after": (Optional[str], strawberry.UNSET),
            },
        ),
        "platforms": _field(
            list[Platform],
            "What can be asked of whom.",
            {"regions": (Regions, strawberry.UNSET), "type": (Optional[enums.type], strawberry.UNSET)},
        ),
        "access": _field(
            list[FieldAccess],
            "What you may see, and why not. `kind`: Enterprise, `purpose`: this request's, if not given.",
            {
                "type": (Optional[enums.type], strawberry.UNSET),
                "kind": (Optional[enums.kind], strawberry.UNSET),
                "purpose": (Optional[enums.purpose], strawberry.UNSET),
            },
        ),
    }
    fields |= {
        "_entities": _field(
            list[Optional[entity(built.kinds)]],  # type: ignore[misc]
            "Subjects by the keys that another graph holds, at most as many as `subjects`; the order is kept.",
            {"representations": list[Representation]},
        ),
        "_service": _field(Subgraph, "This schema as a subgraph of Apollo Federation 2.", {}),
    }
    listed = next((record for record in catalogue.types.values() if record.roles.list), None)
    if listed is not None and listed.roles.list is not None:
        codes = built.enums[listed.fields[listed.roles.list].vocabulary or ""]
        fields["listing"] = _field(
            built.connections[listed.name],
            f"名单 · entries of one list, organisations only, newest first · {listed.name}",
            {
                "list": codes,
                "regions": (Regions, strawberry.UNSET),
                "since": (Optional[Date], strawberry.UNSET),
                "first": (int, 20),
                "after": (Optional[str], strawberry.UNSET),
            },
        )
    return strawberry.type(type("Query", (), {**fields, "__annotations__": {}, "__module__": __name__}))


def _report(catalogue: Catalogue, built: Built, enums: Enums) -> Any:
    """One type per section, so that a section holds the connections of its own record types and no others."""
    outcome = strawberry.type(
        shape(
            "SectionOutcome",
            {
                "type": (enums.type, None),
                "state": (ReportState, None),
                "records": (Optional[int], "null unless it is exact"),
            },
        ),
        description="What became of one record type of a section.",
    )
    sections: dict[str, Any] = {}
    for section in catalogue.report:
        made = shape(
            f"{section.name[:1].upper()}{section.name[1:]}Section",
            {
                "title": (Words, None),
                "state": (ReportState, "FOUND where any type was found; else what is lacking goes before NONE_FOUND"),
                "complete": (bool, "true when every platform of every record type answered in full"),
                "outcomes": (list[outcome], "one per record type that the subject can have"),  # type: ignore[valid-type]
            },
        )
        for name in section.types:
            record = catalogue.types[name]
            setattr(made, record.connection, built.connection_field(record))
        sections[section.name] = strawberry.type(made, description=f"{section.title.zh} · {section.title.en}")
    fields = {
        name: _field(made, str(made.__strawberry_definition__.description), {}, below="parts")
        for name, made in sections.items()
    }
    fields["subject"] = _field(built.subject, "信用主体 · the subject of the report", {}, below="parts")
    plain = type("CreditReport", (), {**fields, "__annotations__": {}, "__module__": __name__})
    return strawberry.type(plain, description="公共信用信息报告 · in the sections of the national report (2022)")


def _matches(catalogue: Catalogue, enums: Enums) -> Any:
    derived = {label: origin for kind in catalogue.kinds.values() for label, origin in kind.derived.items()}
    fields: dict[str, tuple[Any, str | None]] = {
        "uscc": (str, "统一社会信用代码"),
        "kind": (enums.kind, "主体类型 · decided by the code alone"),
        "provenance": (list[Provenance], "来源 · one entry per platform that holds this registration"),
    }
    for label, origin in derived.items():
        item = catalogue.field(origin)
        fields[label] = (Optional[str], f"{item.title.zh} · {item.title.en} · read from {origin}")
    match = strawberry.type(
        shape("SubjectMatch", fields), description="一个查到的组织 · an organisation that was found"
    )
    edge = strawberry.type(shape("SubjectMatchEdge", {"cursor": (str, None), "node": (match, None)}))
    return strawberry.type(
        shape(
            "SubjectMatchConnection",
            {
                "edges": (list[edge], None),  # type: ignore[valid-type]
                "nodes": (list[match], None),  # type: ignore[valid-type]
                "pageInfo": (PageInfo, None),
                "totalCount": (Optional[int], "null unless it is exact"),
                "sources": (list[Source], "what each platform contributed; NOT_ASKED where it cannot be searched"),
                "complete": (bool, "true when every platform that could know such a name was searched in full"),
            },
        ),
        description="查找结果 · the whole name first, then names that begin with what is sought, then others",
    )


def _field(returned: Any, description: str, arguments: Mapping[str, Any], below: str | None = None) -> Any:
    """A field that reads its own response key out of the tree. An argument is its annotation, or that and a default."""
    place = Place(below, by_key=True)

    def resolve(root: Any, info: Info, **_: Any) -> Any:
        return place.of(root, "", str(info.path.key))

    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    parameters = [inspect.Parameter("root", kind, annotation=Any), inspect.Parameter("info", kind, annotation=Info)]
    for name, given in arguments.items():
        annotation, default = given if isinstance(given, tuple) else (given, inspect.Parameter.empty)
        parameters.append(inspect.Parameter(name, kind, annotation=annotation, default=default))
    resolve.__signature__ = inspect.Signature(parameters, return_annotation=returned)  # type: ignore[attr-defined]
    resolve.__annotations__ = {each.name: each.annotation for each in parameters} | {"return": returned}
    return strawberry.field(resolver=resolve, description=description, metadata=place.metadata)
