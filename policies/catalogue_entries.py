"""The shapes of the catalogue's YAML files: every word that they may use, and no other.

Reading is strict: an unknown word is refused with its line by the document reader. Nothing here looks
across entries or files; `catalogue` does that.
"""

from __future__ import annotations

import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from policies.calendar_days import Span
from policies.model import ALLOW, DENY, FieldClass, LegalBasis, Words

AreaCode = Annotated[str, Field(pattern="^[1-9][0-9]{5}$")]


class Strict(BaseModel):
    """What every file model shares: no unknown words."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def is_written(value: Any) -> Any:
    """A validator of words which, left empty, would bound nothing. Raises ValueError."""
    if value is None or value == "":
        raise ValueError("nothing is written: say what is meant, or delete the word")
    return value


class Said(Strict):
    """A word that is written says something: an empty `publicityEnd:` would free a type of its rule."""

    written = field_validator("*", mode="before")(is_written)


class Bilingual(Strict):
    zh: Annotated[str, Field(min_length=1)]
    en: Annotated[str, Field(min_length=1)]

    def words(self) -> Words:
        return Words(self.zh, self.en)


class Law(Strict):
    """A citation and its mark: T full text read, C seen in production, S secondary, K and E unverified."""

    text: Annotated[str, Field(min_length=1)]
    mark: Literal["T", "C", "S", "K", "E"]

    def basis(self) -> LegalBasis:
        return LegalBasis(self.text, self.mark)


class FieldEntry(Bilingual, Said):
    kind: str
    cls: FieldClass = Field(alias="class")
    person: FieldClass | None = None
    tags: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    vocabulary: str | None = None
    many: bool = False
    same_as: Annotated[str, Field(min_length=1)] | None = Field(None, alias="sameAs")


class ObjectEntry(Strict):
    """An object nested in a record: `type` is its GraphQL type, `many` says that there is a list of them."""

    type: str
    title: Bilingual
    many: bool = False
    fields: Annotated[dict[str, FieldEntry], Field(min_length=1)]


class EnvelopeClassEntry(Said):
    """The class of a type's envelope words where their own, PUBLIC, would tell that there is a record."""

    cls: FieldClass = Field(alias="class")
    person: FieldClass | None = None


class RolesEntry(Said):
    status: str
    date: str | None = None
    publicity_end: str | None = Field(None, alias="publicityEnd")
    retention_anchor: str | None = Field(None, alias="retentionAnchor")
    event: str | None = None
    identity: tuple[str, ...] = ()
    subject_name: str | None = Field(None, alias="subjectName")
    updated: str | None = None
    list: str | None = None
    severity: str | None = None
    procedure: str | None = None
    kinds: str | None = None
    recognition: str | None = None
    publication: str | None = None
    document: str | None = None
    objected: str | None = None


class TypeFile(Said):
    type: str
    connection: str
    title: Bilingual
    negative: bool
    subjects: Annotated[tuple[str, ...], Field(min_length=1)]
    owner: Bilingual
    law: Annotated[tuple[Law, ...], Field(min_length=1)]
    public_persons: Law | None = Field(None, alias="publicPersons")
    widens: bool = False
    roles: RolesEntry
    envelope: tuple[str, ...] = ()
    envelope_class: EnvelopeClassEntry | None = Field(None, alias="envelopeClass")
    fields: Annotated[dict[str, FieldEntry], Field(min_length=1)]
    objects: dict[str, ObjectEntry] = {}


class KindEntry(Strict):
    title: Bilingual
    key: Literal["uscc", "citizenId"]
    natural: bool = False
    prefixes: tuple[Annotated[str, Field(pattern="^[0-9A-HJ-NP-RT-UW-Y]{1,8}$")], ...] = ()
    derived: dict[str, str] = {}


class PurposeEntry(Strict):
    title: Bilingual
    evidence: tuple[Literal["operator", "caseNo"], ...] = ()
    law: tuple[Law, ...] = ()


class CodeEntry(Bilingual):
    law: tuple[Law, ...] = ()


class EditionEntry(Strict):
    """`lawful: true` refuses a code without a law: "no list without law"."""

    text: Annotated[str, Field(min_length=1)]
    law: Law
    lawful: bool = False


class RegionSetEntry(Strict):
    title: Bilingual
    prefixes: Annotated[tuple[Annotated[str, Field(pattern=r"^[1-9][0-9]([0-9]{2}){0,2}$")], ...], Field(min_length=1)]
    law: Law


class ClosedEntry(Strict):
    """A category that may not be written, or only under a condition: the words that tell it, and by what law."""

    zh: Annotated[tuple[Annotated[str, Field(min_length=1)], ...], Field(min_length=1)]
    en: Annotated[tuple[Annotated[str, Field(min_length=1)], ...], Field(min_length=1)]
    law: Law


class AssessmentEntry(Strict):
    """An impact assessment that the office keeps: its reference, not the document."""

    title: Bilingual
    date: datetime.date
    office: Annotated[str, Field(min_length=1)]
    kept_until: datetime.date = Field(alias="keptUntil")
    mark: Literal["T", "C", "S", "K", "E"]

    @model_validator(mode="after")
    def kept_long_enough(self) -> Self:
        if self.kept_until < Span(months=36).after(self.date):
            raise ValueError("an assessment is kept for three years at least (个人信息保护法 第五十六条)")
        return self


class SectionEntry(Strict):
    title: Bilingual
    types: tuple[str, ...] = ()


class WordsFile(Strict):
    """Every file of the catalogue that is not a record type; each section stands in one file only."""

    version: str | None = None
    kinds: dict[str, KindEntry] | None = None
    purposes: dict[Annotated[str, Field(pattern=r"^[a-z]+\.[a-z]+$")], PurposeEntry] | None = None
    clients: dict[str, Bilingual] | None = None
    scopes: dict[str, Bilingual] | None = None
    obligations: dict[str, Bilingual] | None = None
    ladders: dict[str, tuple[str, ...]] | None = None
    bands: tuple[Annotated[str, Field(pattern=r"^[0-9]+(\.[0-9]+)?$")], ...] | None = None
    tags: dict[str, Bilingual] | None = None
    envelope: dict[str, FieldEntry] | None = None
    vocabularies: dict[str, dict[str, CodeEntry]] | None = None
    editions: dict[str, EditionEntry] | None = None
    provinces: dict[Annotated[str, Field(pattern="^[1-9][0-9]$")], Bilingual] | None = None
    regionSets: dict[Annotated[str, Field(pattern="^[A-Z][A-Z0-9_]+$")], RegionSetEntry] | None = None
    retiredAreas: dict[AreaCode, Annotated[tuple[AreaCode, ...], Field(min_length=1)]] | None = None
    report: dict[str, SectionEntry] | None = None
    prohibited: dict[str, ClosedEntry] | None = None
    consented: dict[str, ClosedEntry] | None = None
    assessments: dict[Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")], AssessmentEntry] | None = None

    @field_validator("ladders")
    @classmethod
    def ladders_hold(cls, ladders: dict[str, tuple[str, ...]] | None) -> dict[str, tuple[str, ...]] | None:
        for kind, steps in (ladders or {}).items():
            if not steps or steps[0] != ALLOW or DENY in steps or len(set(steps)) != len(steps):
                raise ValueError(f"ladder `{kind}` must begin with `allow`, name each step once and not write `deny`")
        return ladders

    @field_validator("bands")
    @classmethod
    def bands_grow(cls, bands: tuple[str, ...] | None) -> tuple[str, ...] | None:
        if bands is not None and (not bands or sorted(set(bands), key=float) != list(bands)):
            raise ValueError("ends of bands must be numbers that grow")
        return bands
