"""The words of each kind of statement, read strictly: what a submission, an approval and a pointer may say.

A word that is missing, unknown or of another shape makes the statement count for nothing. Instants are aware; digests
are those of bundles. Nothing here asks who signed.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self, TypeVar

import orjson
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator
from pydantic.alias_generators import to_camel

from gateway.governing.statements import Refused, Statement
from policies.model import FieldClass

Digest = Annotated[str, StringConstraints(pattern=r"^sha256:[0-9a-f]{64}$")]
StatementId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
LONGEST = 2000  # characters of a note
Text = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST)]
Word = Annotated[str, StringConstraints(min_length=1, max_length=128)]


class Saying(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=to_camel, validate_by_name=True)

    @property
    def plain(self) -> dict[str, Any]:
        return self.model_dump(mode="json", by_alias=True)


class Note(Saying):
    """What changes, in two languages, for officers and partners."""

    zh: Text
    en: Text


class Base(Saying):
    """What was in force: the bundle, and the number of the pointer that brought it (0: no pointer did)."""

    bundle: Digest
    changed: int = Field(ge=0)


class Evidence(Saying):
    """What the machine found: warnings of the check, cases that passed, what the change opens, agreements in it."""

    warnings: int = Field(ge=0)
    cases: int = Field(ge=0)
    gains: tuple[str, ...]
    agreements: tuple[str, ...]


class Submission(Saying):
    """A bundle that shall replace `base`. `widens`: it opens something, and is meant to. `lifts`: suspensions."""

    bundle: Digest
    base: Base
    note: Note
    evidence: Evidence
    widens: bool
    lifts: tuple[Word, ...] = ()


class Approval(Saying):
    """`submission` is the id of the statement that is approved; the rest is said again, so that it is signed."""

    submission: StatementId
    bundle: Digest
    base: Base
    widens: bool


class Limit(Saying):
    """What a break-glass closes: across words all must hold, inside one any; at least one is said."""

    clients: tuple[Word, ...] = ()
    regions: tuple[Word, ...] = ()
    ids: tuple[Word, ...] = ()
    types: tuple[Word, ...] = ()
    classes: tuple[FieldClass, ...] = ()
    names: tuple[Word, ...] = ()

    @property
    def words(self) -> dict[str, list[str]]:
        return {name: value for name, value in self.model_dump(mode="json").items() if value}

    @model_validator(mode="after")
    def says_something(self) -> Self:
        if not self.words:
            raise ValueError("at least one word is expected")
        return self


class Partner(Saying):
    kind: Literal["agreement", "client"]
    id: Word


class Pointer(Saying):
    """What is in force from `from_`: `bundle`, and `digest` with what is laid over it. `previous` is the id of the
    pointer before; `replaces` the bundle that was in force when this was signed."""

    seq: int = Field(ge=1)
    previous: StatementId | None
    verb: Literal["activate", "rollback", "suspend", "break-glass"]
    replaces: Digest
    bundle: Digest
    digest: Digest
    from_: AwareDatetime = Field(alias="from")
    note: Note
    submission: dict[str, Any] | None = None
    approvals: tuple[dict[str, Any], ...] = ()
    partner: Partner | None = None
    limit: Limit | None = None
    until: AwareDatetime | None = None


S = TypeVar("S", bound=Saying)


def said(statement: Statement, model: type[S], where: str) -> S:
    """Raises Refused."""
    try:
        return model.model_validate_json(orjson.dumps(dict(statement.words)))
    except ValidationError as error:
        word = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise Refused("unreadable", f"{where}: the {statement.kind} is not understood at `{word}`") from None
