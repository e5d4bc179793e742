"""What the catalogue calls its fields, as suggestions need it: in two languages, in the standards' codes, by kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class FieldName:
    """One field of a record type; `labels` are the codes of its list by what they are called in Chinese."""

    name: str
    zh: str
    en: str
    kind: str
    many: bool = False
    standards: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table: its name, what it is called there, and some of its values as texts.

    A description says more: `word` is the last name of a place, `type` one of `date`, `timestamp`, `number`, `flag`;
    `formats` are those of its days, `codes` the values of a list with what each is called; `many` where it comes again.
    """

    name: str
    label: str = ""
    values: tuple[str, ...] = ()
    word: str = ""
    type: str = ""
    formats: tuple[str, ...] = ()
    codes: Mapping[str, str] = field(default_factory=dict)
    many: bool = False


Names = Mapping[str, Mapping[str, FieldName]]  # record type -> field -> its names
