"""The words of a step, read strictly: what is said of one platform."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from gateway.governing.sayings import Digest, Saying, StatementId, Text, Word

STEP = "platform-step"  # the kind of statement

Verb = Literal["register", "approve", "shadow", "live", "pause", "resume", "retire"]
OF_CONTENT = ("register", "approve", "shadow", "live")
Name = Annotated[str, StringConstraints(pattern=r"^\d{6}-[a-z0-9]+(-[a-z0-9]+)*$", max_length=64)]
Semver = Annotated[str, StringConstraints(pattern=r"^\d+\.\d+\.\d+$", max_length=32)]


class Step(Saying):
    """`previous` is the id of the step before, of whatever platform. `content` names the declaration that is meant;
    `readiness` what its exam came to when it was registered, `type` and `field` what is paused or goes on: a record
    type, or one of its fields."""

    seq: int = Field(ge=1)
    previous: StatementId | None
    verb: Verb
    platform: Name
    content: Digest | None = None
    version: Semver | None = None
    readiness: Literal["A", "B", "C", "D"] | None = None
    type: Word | None = None
    field: Word | None = None
    note: Text | None = None

    @property
    def region(self) -> str:
        """A platform's id begins with its region."""
        return self.platform[:6]

    @model_validator(mode="after")
    def says_what_is_meant(self) -> Self:
        if (self.verb in OF_CONTENT) != (self.content is not None and self.version is not None):
            raise ValueError("content and version are said of a declaration, and of nothing else")
        if (self.verb in ("pause", "resume")) != (self.type is not None) or (self.field and not self.type):
            raise ValueError("a type is said of a pause, and of nothing else")
        return self
