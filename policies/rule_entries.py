"""The shapes of the policy files as officers write them: the closed vocabulary of rules, rows and agreements.

Reading is strict: an unknown word is refused with its line by the document reader. Nothing here looks
across entries or files; `rules` and `layers` do that.
"""

from __future__ import annotations

import re
from datetime import date, datetime, time
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator, model_validator

from policies.calendar_days import Span
from policies.catalogue_entries import Bilingual, Law, Said, Strict
from policies.model import ALLOW, DENY, FieldClass


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _whole_day(value: Any) -> Any:
    if isinstance(value, datetime) or not isinstance(value, date):
        raise ValueError("a day such as 2026-10-01 is expected, without quotes")
    return value


def _hours(value: Any) -> Any:
    found = (
        re.match(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)\Z", value) if isinstance(value, str) else None
    )
    if found is None or value[:5] == value[6:]:
        raise ValueError('hours such as "08:00-18:00" are expected')
    first, second, third, fourth = map(int, found.groups())
    return (time(first, second), time(third, fourth))


def _age(value: Any) -> Any:
    found = re.match(r">= ?([1-9]\d{0,3})([ymd])\Z", value) if isinstance(value, str) else None
    if found is None:
        raise ValueError('an age such as ">= 5y", ">= 3m" or ">= 90d" is expected: years, months or days')
    number = int(found[1])
    return Span(days=number) if found[2] == "d" else Span(months=number * (12 if found[2] == "y" else 1))


def _caller(value: Any) -> Any:
    if value == "anyone":
        return {}
    if not isinstance(value, dict) or not value:
        raise ValueError("write `anyone`, or at least one of `client`, `region`, `id`")
    return value


Many = Annotated[tuple[Annotated[str, Field(min_length=1)], ...], BeforeValidator(_listed)]
Day = Annotated[date, BeforeValidator(_whole_day)]
Hours = Annotated[tuple[time, time], BeforeValidator(_hours)]
MAY_BE_EMPTY = {"law", "obligations", "except_", "signed", "rules", "rows"}  # lists that limit nothing by themselves
PolicyId = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]


class Limiting(Said):
    """A word that is not written matches everything, so that one which is written has to say something: a list that was
    emptied, or a value that was forgotten, would open to all what was meant for some."""

    @field_validator("*", mode="before")
    @classmethod
    def names_something(cls, value: Any, info: ValidationInfo) -> Any:
        if value in ([], ()) and info.field_name not in MAY_BE_EMPTY:
            raise ValueError("nothing is written: say what is meant, or delete the word, which then matches everything")
        return value


class CallerEntry(Limiting):
    client: Many = ()
    region: Many = ()
    id: Many = ()


class FieldsEntry(Limiting):
    cls: Annotated[tuple[FieldClass, ...], BeforeValidator(_listed)] = Field((), alias="class")
    tag: Many = ()
    name: Many = ()
    kind: Many = ()

    @model_validator(mode="after")
    def says_something(self) -> Self:
        if not (self.cls or self.tag or self.name or self.kind):
            raise ValueError("at least one of `class`, `tag`, `name`, `kind` is expected")
        return self


class DuringEntry(Limiting):
    from_: Day | None = Field(None, alias="from")
    until: Day | None = None
    hours: Hours | None = None
    outside_hours: Hours | None = Field(None, alias="outsideHours")
    weekdays: Annotated[
        tuple[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], ...], BeforeValidator(_listed)
    ] = ()

    @model_validator(mode="after")
    def one_kind_of_hours(self) -> Self:
        if self.hours and self.outside_hours:
            raise ValueError("write `hours` or `outsideHours`, not both")
        if self.model_fields_set == set():
            raise ValueError("at least one of `from`, `until`, `hours`, `outsideHours`, `weekdays` is expected")
        if self.from_ and self.until and self.until <= self.from_:
            raise ValueError("`until` must be after `from`: this is never, and what is limited then never is")
        return self


class ConditionEntry(Limiting):
    """The closed vocabulary: inside one word any entry may match, across words all must."""

    to: Annotated[CallerEntry, BeforeValidator(_caller)] | None = None
    scopes: Many = ()
    purposes: Many = ()
    consent: Literal["required"] | None = None
    agreement: Literal["in-force"] | None = None
    self_: Literal["required"] | None = Field(None, alias="self")
    given: Annotated[tuple[Literal["uscc", "citizenId", "name"], ...], BeforeValidator(_listed)] = ()
    subjects: Many = ()
    types: Many = ()
    fields: FieldsEntry | None = None
    during: DuringEntry | None = None


class ExceptEntry(ConditionEntry):
    @model_validator(mode="after")
    def says_something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("an exception without a word would cancel its rule; delete the rule or write a condition")
        return self


class RuleEntry(ConditionEntry):
    id: PolicyId
    why: Bilingual
    law: tuple[Law, ...] = ()
    grant: str | None = None
    limit: str | None = None
    except_: tuple[ExceptEntry, ...] = Field((), alias="except")
    obligations: Many = ()
    assessment: str | None = None
    records: Any = None

    @model_validator(mode="after")
    def one_effect(self) -> Self:
        if (self.grant is None) == (self.limit is None):
            raise ValueError(f"`{self.id}` must say `grant` or `limit`, and not both")
        if self.grant == DENY or self.limit == ALLOW:
            raise ValueError(f"`{self.id}` has no effect: a grant opens and a limit closes")
        if self.to is None:
            raise ValueError(f"`{self.id}` must say `to`; write `to: anyone` if you mean it")
        if self.grant is not None and self.except_:
            raise ValueError(f"`{self.id}`: only a limit has `except`; write the conditions into the grant")
        if self.limit is not None and self.agreement:
            raise ValueError(f"`{self.id}`: an agreement can only open; write the limit into the agreement's own file")
        if self.limit is not None and self.assessment is not None:
            raise ValueError(f"`{self.id}`: only a grant has an `assessment`: a limit provides nothing")
        if self.records is not None:
            raise ValueError("`records` belongs under `rows`: a grant or limit looks at the question, never at data")
        return self


class OverdueEntry(Strict):
    """The time limit of an objection has passed."""

    after_working_days: int = Field(alias="afterWorkingDays", ge=1, le=250)


class RecordsEntry(Limiting):
    """What a row rule looks at; across words all must hold."""

    status: Many = ()
    severity: Many = ()
    procedure: Many = ()
    only_kinds: Many = Field((), alias="onlyKinds")
    negative: bool | None = None
    minor: bool | None = None
    publicity_over: bool | None = Field(None, alias="publicityOver")
    age: Annotated[Span, BeforeValidator(_age)] | None = None
    from_: Literal["conduct", "recognition", "publication", "document"] | None = Field(None, alias="from")
    overdue: OverdueEntry | None = None
    as_: Annotated[str, Field(pattern="^[A-Z][A-Z0-9_]*$")] | None = Field(None, alias="as")

    @model_validator(mode="after")
    def says_something(self) -> Self:
        if self.from_ is not None and self.age is None:
            raise ValueError("`from` says where `age` begins; write `age` too")
        if not self.model_fields_set - {"as_"}:
            raise ValueError(
                "at least one of `status`, `severity`, `procedure`, `onlyKinds`, `negative`, `minor`, "
                "`publicityOver`, `age`, `overdue` is expected"
            )
        return self


class RowEntry(ConditionEntry):
    """A row rule only closes or marks, so a missing `to` means anyone."""

    id: PolicyId
    why: Bilingual
    law: tuple[Law, ...] = ()
    hide: RecordsEntry | None = None
    mark: RecordsEntry | None = None
    except_: tuple[ExceptEntry, ...] = Field((), alias="except")

    @model_validator(mode="after")
    def one_effect(self) -> Self:
        if (self.hide is None) == (self.mark is None):
            raise ValueError(f"`{self.id}` must say `hide` or `mark`, and not both")
        if self.mark is not None and self.mark.as_ is None:
            raise ValueError(f"`{self.id}`: a mark needs its label, `as`")
        if self.hide is not None and self.hide.as_ is not None:
            raise ValueError(f"`{self.id}`: only a mark has a label, `as`")
        if self.agreement:
            raise ValueError(f"`{self.id}`: an agreement can only open; write `agreement` into `except`")
        if self.fields is not None:
            raise ValueError(f"`{self.id}`: a row has no `fields`; write a limit for fields")
        return self


class Owner(Strict):
    office: str
    contact: str


class Valid(Limiting):
    from_: Day = Field(alias="from")
    until: Day | None = None


class AgreedBetween(Strict):
    provider: str
    consumer: str


class QuotaEntry(Limiting):
    per_day: int | None = Field(None, alias="perDay", gt=0)
    subjects_per_query: int | None = Field(None, alias="subjectsPerQuery", gt=0)

    @model_validator(mode="after")
    def says_something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("at least one of `perDay`, `subjectsPerQuery` is expected")
        return self


class Signature(Strict):
    """A side of an agreement. `signature` is over the file's content; where it is missing, a party is named only."""

    by: str
    key: str
    date: Day
    signature: str | None = None


class PolicyFile(Limiting):
    policy: PolicyId
    kind: Literal["baseline", "province", "city", "agreement"]
    title: Bilingual
    owner: Owner | None = None
    region: Annotated[str, Field(pattern=r"^[1-9][0-9]([0-9]{2}){0,2}$")] | None = Field(None, examples=["3702"])
    valid: Valid
    widens: bool = False
    law: tuple[Law, ...] = ()
    between: AgreedBetween | None = None
    reciprocal: PolicyId | None = None
    purposes: Many = ()
    quota: QuotaEntry | None = None
    obligations: Many = ()
    assessment: str | None = None
    signed: tuple[Signature, ...] = ()
    rules: tuple[RuleEntry, ...] = ()
    rows: tuple[RowEntry, ...] = ()
