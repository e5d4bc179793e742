"""The shapes of the case files as officers write them: a question and what must come of it, a list, or a never.

Reading is strict: an unknown word is refused with its line by the document reader. Nothing here looks across entries.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from policies.catalogue_entries import Strict
from policies.model import ALLOW
from policies.rule_entries import ConditionEntry, Day, ExceptEntry, Many, PolicyId


class AskerEntry(Strict):
    client: str
    id: str = "case"
    region: str | None = None
    scopes: Many = ()
    purpose: str | None = None
    consent: bool = False
    self_: bool = Field(False, alias="self")


class AskEntry(Strict):
    type: str
    subject: str
    given: tuple[Literal["uscc", "citizenId", "name"], ...] | None = None  # else the key alone
    born: Day | None = None
    record: Mapping[str, Any] = Field(default_factory=dict)


class ExpectEntry(BaseModel):
    """`row`, `marks`, `because`, and beside them one effect for each field; `*` is every field that is not named."""

    model_config = ConfigDict(extra="allow", frozen=True)
    __pydantic_extra__: dict[str, str] = Field(init=False)
    row: Literal["shown", "hidden", "marked"] | None = None
    marks: Many | None = None  # every label of a marked row, in any order
    every: str | None = Field(None, alias="*")
    because: Mapping[str, str] = Field(default_factory=dict)


class DefaultsEntry(Strict):
    at: AwareDatetime | None = None
    record: Mapping[str, Any] = Field(default_factory=dict)


class NeverEntry(ConditionEntry):
    """No question that fits is ever answered so; `any` is every answer but deny. `except` are conditions that may."""

    effect: Annotated[Many, Field(min_length=1)]
    except_: tuple[ExceptEntry, ...] = Field((), alias="except")

    @model_validator(mode="after")
    def says_something(self) -> Self:
        if self.to is None:
            raise ValueError("`expectNever` must say `to`; write `to: anyone` if you mean it")
        return self


class ListEntry(Strict):
    """All that one asker sees, fields by name, a masked one with its step. `lacks`: all the others, so that a field
    that is new has to be looked at, whether it is seen or not."""

    as_: AskerEntry = Field(alias="as")
    ask: AskEntry
    sees: tuple[str | dict[str, str], ...]
    lacks: Many | None = None

    @property
    def effects(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for seen in self.sees:
            found |= {seen: ALLOW} if isinstance(seen, str) else seen
        return found


class CaseEntry(Strict):
    """One question with `as`, `ask` and `expect`; or `expectNever`; or `list`."""

    name: Annotated[str, Field(min_length=1)]
    at: AwareDatetime | None = None
    as_: AskerEntry | None = Field(None, alias="as")
    ask: AskEntry | None = None
    expect: ExpectEntry | None = None
    expect_never: NeverEntry | None = Field(None, alias="expectNever")
    list_: ListEntry | None = Field(None, alias="list")

    @model_validator(mode="after")
    def one_form(self) -> Self:
        question = [part for part in (self.as_, self.ask, self.expect) if part is not None]
        forms = [bool(question), self.expect_never is not None, self.list_ is not None]
        if sum(forms) != 1 or len(question) not in (0, 3):
            raise ValueError("write `as`, `ask` and `expect`, or `expectNever`, or `list`; and one of them only")
        if self.expect_never is not None and self.at is not None:
            raise ValueError("what must never be has no `at`; write `during` if you mean some time")
        return self


class CaseFile(Strict):
    policy_tests: PolicyId = Field(alias="policyTests")
    defaults: DefaultsEntry = DefaultsEntry()
    cases: Annotated[tuple[CaseEntry, ...], Field(min_length=1)]
