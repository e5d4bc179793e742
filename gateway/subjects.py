"""Whom a question names: subjects by their keys, and places in a list that name none.

Nothing here is looked up: a subject is what its key alone says of it, whether or not anybody holds a record of it.
"""

from __future__ import annotations

from dataclasses import dataclass

from connectors.contract import SubjectKey
from policies.model import Words


@dataclass(frozen=True, slots=True)
class Subject:
    """One asked subject: its key, its kind (decided by the key alone) and the name given beside it."""

    key: SubjectKey
    kind: str
    natural: bool
    name: str | None

    @property
    def given(self) -> frozenset[str]:
        return frozenset({self.key.kind, "name"}) if self.name else frozenset({self.key.kind})


ANYBODY = Subject(SubjectKey("uscc", ""), "", False, None)  # the subject of a branch that seeks


@dataclass(frozen=True, slots=True)
class Flaw:
    """Why one place of a list that another graph made names no subject: an error of that place alone."""

    code: str
    detail: Words
