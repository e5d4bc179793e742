"""The fixed words of the surface: scalars, envelope enums, inputs and the envelope's object types.

Nothing here names a field of a record; those come from the catalogue (see `records`). Values in the
finished tree are JSON-ready text, so output scalars pass them on; input scalars refuse what is not a code.
"""

from __future__ import annotations

import re
from datetime import date
from enum import Enum
from typing import TYPE_CHECKING, Any, NewType

import strawberry

from policies import model

Date = NewType("Date", str)
DateTime = NewType("DateTime", str)
Money = NewType("Money", str)
RegionCode = NewType("RegionCode", str)


class NotACode(ValueError):
    """What an input scalar expects, in `words` that never hold the value it was given."""

    def __init__(self, zh: str, en: str) -> None:
        self.words = model.Words(zh, en)
        super().__init__(en)


def _as_date(value: Any) -> str:
    if not isinstance(value, str):
        raise _no_date()
    try:
        return date.fromisoformat(value).isoformat()
    except ValueError:
        raise _no_date() from None


def _no_date() -> NotACode:
    return NotACode("日期写作文本，如 2026-11-24", "a date is text such as 2026-11-24")


def _as_region(value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[0-9]{6}|[A-Z][A-Z_]{2,40}", value):
        raise NotACode(
            "区域写作 GB/T 2260 六位代码，如 370200，或区域集合，如 BLUE_ZONE",
            "a region is the six digits of GB/T 2260, such as 370200, or a set, such as BLUE_ZONE",
        )
    return value


def _as_text(value: Any) -> str:
    if not isinstance(value, str):
        raise NotACode("应为文本", "text is expected")
    return value


SCALARS: dict[object, Any] = {
    Date: strawberry.scalar(
        name="Date",
        description="ISO 8601 date. A masked date has reduced precision: `2026-03` or `2026`. "
        "`9999-12-31` is open-ended (长期).",
        serialize=str,
        parse_value=_as_date,
    ),
    DateTime: strawberry.scalar(
        name="DateTime", description="ISO 8601 instant with its offset.", serialize=str, parse_value=_as_text
    ),
    Money: strawberry.scalar(
        name="Money",
        description="Exact decimal text in 万元. A masked amount is the code of its band, such as `10-50`.",
        serialize=str,
        parse_value=_as_text,
    ),
    RegionCode: strawberry.scalar(
        name="RegionCode",
        description="GB/T 2260 code, six digits; `370000` stands for the province with all its cities, a county's code "
        "narrows to records of that county, a retired code stands for its successors. Or a region set, `BLUE_ZONE`.",
        serialize=str,
        parse_value=_as_region,
    ),
}


def enum_of(name: str, members: dict[str, str], description: str) -> Any:
    """A GraphQL enum whose values are their own names; `members` maps each to its description."""
    plain = Enum(name, {member: member for member in members})  # type: ignore[misc]
    for member in plain:
        described = strawberry.enum_value(member.value, description=members[member.name])
        member._value_ = described  # Strawberry reads the description off the member's value
    return strawberry.enum(plain, name=name, description=description)


if TYPE_CHECKING:  # made at run time below, which a type checker cannot follow
    SourceStatus = str
    AccessEffect = str
    ReportState = str
    RecordOrder = str

SourceStatus = enum_of(  # type: ignore[misc]
    "SourceStatus",
    {
        "ANSWERED": "有记录并已答复 · answered with records",
        "NONE": "已答复，无记录 · answered: no record found",
        "NOT_ASKED": "未询问 · was not asked",
        "DENIED": "策略不允许 · not permitted by policy",
        "DENIED_BY_SOURCE": "平台拒绝 · the platform refused",
        "TIMEOUT": "超时 · did not answer in time",
        "UNAVAILABLE": "无法访问 · not available",
        "BUSY": "繁忙 · busy",
        "MAINTENANCE": "维护中 · planned maintenance",
        "INVALID": "数据不符合约定 · answered against its declaration",
        "TRUNCATED": "记录过多，已截断 · holds more than was read",
        "STALE": "数据陈旧 · older than the platform promises",
    },
    "What became of one platform's part of an answer.",
)

AccessEffect = enum_of(  # type: ignore[misc]
    "AccessEffect",
    {"ALLOW": "可见 · in full", "MASK": "脱敏 · masked", "DENY": "不可见 · not at all"},
    "What a caller gets of a field.",
)

ReportState = enum_of(  # type: ignore[misc]
    "ReportState",
    {
        "FOUND": "有记录 · records were found",
        "NONE_FOUND": "查询期内无相关信息 · asked, permitted and answered: there is none",
        "NOT_PERMITTED": "策略不允许 · not permitted by policy",
        "NOT_ANSWERED": "平台未完整答复 · a platform did not answer in full",
        "NOT_ASKED": "未询问 · no platform keeps such records, or none was asked",
    },
    "What became of a section of the report, or of one record type in it.",
)

RecordOrder = enum_of(  # type: ignore[misc]
    "RecordOrder",
    {"NEWEST_FIRST": "由新到旧 · by the record's date", "OLDEST_FIRST": "由旧到新 · by the record's date"},
    "Where the caller may not read the date in full, records are in the order of their opaque ids.",
)


@strawberry.input(description="One subject by its code. Exactly one of `uscc` and `citizenId`; never guessed.")
class SubjectKey:
    uscc: str | None = strawberry.field(
        default=strawberry.UNSET, description="统一社会信用代码 · GB 32100-2015, 18 characters"
    )
    citizenId: str | None = strawberry.field(
        default=strawberry.UNSET, description="公民身份号码 · GB 11643-1999, 18 characters"
    )
    name: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="名称或姓名 · a check beside the code: records under another name are not answered",
    )


@strawberry.type(description="中英文 · words in Chinese and English")
class Words:
    zh: str
    en: str


@strawberry.type(description="Relay page information.")
class PageInfo:
    hasNextPage: bool
    hasPreviousPage: bool
    startCursor: str | None
    endCursor: str | None


@strawberry.type(description="来源 · where a record comes from")
class Provenance:
    platform: str
    region: RegionCode
    sourceUnit: str | None = strawberry.field(description="数据来源单位")
    authority: bool = strawberry.field(description="true when the platform is the authority of record for this type")
    asOf: DateTime | None = strawberry.field(description="when the platform read its data")
    sourceUpdatedAt: DateTime | None = strawberry.field(description="when the source last touched the record")


@strawberry.type(description="What one platform contributed to one connection.")
class Source:
    platform: str
    region: RegionCode
    status: SourceStatus
    records: int = strawberry.field(description="rows shown, after policy")
    asOf: DateTime | None
    absent: list[str] = strawberry.field(description="asked fields that the platform says it has not got")
    reason: Words | None = strawberry.field(
        description="why it was not asked, until when it is closed by plan, or what it lacks; else null"
    )


@strawberry.type(description="What one platform says of one record type.")
class Coverage:
    type: str
    fields: list[str] = strawberry.field(description="fields that it can answer, by coordinate")
    absent: list[str] = strawberry.field(description="fields that it says it has not got, by coordinate")
    open: bool = strawberry.field(description="true when `search` or `listing` reaches it")
    asOf: DateTime | None = strawberry.field(description="how fresh it was when it was last asked; null before that")
    staleAfter: int | None = strawberry.field(description="seconds after which its answers are marked STALE")


@strawberry.type(description="One registered platform: what can be asked of whom.")
class Platform:
    id: str
    region: RegionCode
    title: Words
    types: list[str]
    authorityOf: list[str]
    coverage: list[Coverage]
    status: SourceStatus | None = strawberry.field(
        description="UNAVAILABLE while the gateway keeps away from it after failures, MAINTENANCE while it is closed "
        "by plan; null when nothing is wrong"
    )


@strawberry.type(description="What this caller may see of one field, and why.")
class FieldAccess:
    coordinate: str
    effect: AccessEffect
    step: str | None = strawberry.field(description="the mask, when masked")
    rule: str = strawberry.field(description="the deciding rule, or NO_GRANT: silence is deny")
    reason: Words
    contact: str | None
