"""Which field a column is: what its name says, unless its values say otherwise; sure, or one of several candidates.

A column is sure of a field when its name speaks for it with `SURE`, no other field comes near, no other column says
the same of itself with as much right, and no value contradicts. Two columns that bear two codes of one field by the
standards (its generations) are both that field's, the newer first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from connectors.suggesting.looks import Checks, Looks
from connectors.suggesting.names import Column, FieldName, Names
from connectors.suggesting.spellings import (
    CODE,
    LABEL,
    NEARLY,
    coded,
    harmless,
    in_english,
    plain,
    remarked,
    spellings,
    unbracketed,
)

SURE, NEAR, LEAST = 0.85, 0.06, 0.3
_CONTRADICTED = 0.4
SUBJECT = "统一社会信用代码"  # what the subject's own code is called
_ORGANS = ("机关", "单位", "法院")
_CHECKED = ((SUBJECT, "uscc"), ("行政区划", "gbt2260"))


@dataclass(frozen=True, slots=True)
class Candidate:
    field: str
    weight: float
    manner: str


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What is proposed for one type: sure columns by field, newest code first, and candidates of the others."""

    type: str
    columns: Sequence[Column]
    looks: Mapping[str, Looks]
    sure: Mapping[str, Sequence[tuple[str, Candidate]]] = field(default_factory=dict)  # field -> (column, why)
    unsure: Mapping[str, Sequence[Candidate]] = field(default_factory=dict)  # column -> candidates, best first

    @property
    def weight(self) -> float:
        return sum(found[0][1].weight for found in self.sure.values())


def suggest(columns: Sequence[Column], names: Names, checks: Checks, only: str | None = None) -> list[Suggestion]:
    """Suggestions for a table, best type first. Raises ValueError for an unknown type."""
    if only is not None and only not in names:
        raise ValueError(f"unknown record type `{only}`")
    looks = {column.name: Looks(column, checks) for column in columns}
    types = [only] if only is not None else list(names)
    found = [_for_type(name, names[name], columns, looks) for name in types]
    return sorted(found, key=lambda each: -each.weight)


def check_of(name: FieldName) -> str | None:
    """The check that a code has by what it is called."""
    if name.kind != "code":
        return None
    return next((check for words, check in _CHECKED if words in name.zh), None)


def of_subject(name: FieldName) -> bool:
    """Whether a field is the code of the record's own subject: others' codes say first whose they are."""
    return check_of(name) == "uscc" and name.zh.startswith(SUBJECT)


def _for_type(
    name: str, fields: Mapping[str, FieldName], columns: Sequence[Column], looks: Mapping[str, Looks]
) -> Suggestion:
    spelt = {key: spellings(each) for key, each in fields.items()}
    candidates: dict[str, list[Candidate]] = {}
    for column in columns:
        found = [_candidate(column, fields[key], spelt[key], looks[column.name]) for key in fields]
        candidates[column.name] = sorted(
            (each for each in found if each.weight >= LEAST), key=lambda each: -each.weight
        )
    claims: dict[str, list[tuple[str, Candidate]]] = {}
    for column_name, found in candidates.items():
        if found and found[0].weight >= SURE and (len(found) == 1 or found[0].weight - found[1].weight >= NEAR):
            claims.setdefault(found[0].field, []).append((column_name, found[0]))
    sure = {key: kept for key, claimed in claims.items() if (kept := _agreed(fields[key], claimed))}
    taken = {column_name for claimed in sure.values() for column_name, _ in claimed}
    unsure = {column_name: found for column_name, found in candidates.items() if found and column_name not in taken}
    return Suggestion(name, columns, looks, sure, unsure)


def _candidate(column: Column, name: FieldName, spelt: Mapping[str, tuple[float, str]], looks: Looks) -> Candidate:
    word = column.word or column.name
    weight, manner = _spelt(word, spelt)
    labelled, _ = _spelt(column.label, spelt)
    if labelled >= LABEL and labelled > weight:
        weight, manner = labelled, "what the column is called"
    said, remarking = remarked(column.label)
    if _spelt(said, spelt)[0] >= LABEL and remarking > weight:
        weight, manner = remarking, "what the column is called, with a remark"
    spoken = in_english(word, name)
    if spoken > weight:
        weight, manner = spoken, "English"
    against = looks.against(name.kind, check_of(name)) or (name.zh.endswith(_ORGANS) and looks.no_organs())
    if weight and (against or (column.many and not name.many)):
        weight, manner = weight * _CONTRADICTED, f"{manner}, but its values are of another kind"
    return Candidate(name.name, round(weight, 2), manner)


def _spelt(name: str, spelt: Mapping[str, tuple[float, str]]) -> tuple[float, str]:
    """What a name says, with what stands in brackets (units, remarks) and without it."""
    whole = max(spelt.get(each, (0.0, "")) for each in (coded(name), plain(name)))
    bare = unbracketed(name)
    weight, manner = max(spelt.get(each, (0.0, "")) for each in (coded(bare), plain(bare)))
    return max(whole, (weight if harmless(name) else min(weight, NEARLY), manner))


def _agreed(name: FieldName, claimed: Sequence[tuple[str, Candidate]]) -> list[tuple[str, Candidate]]:
    """The columns that are a field's: the only one, its codes in the standards' order, or the one that says it best."""
    if len(claimed) == 1:
        return list(claimed)
    order = [coded(code) for code in name.standards]
    generations = [each for each in claimed if each[1].weight >= CODE and coded(each[0]) in order]
    if generations:
        return sorted(generations, key=lambda each: order.index(coded(each[0])))
    best, second = sorted(claimed, key=lambda each: -each[1].weight)[:2]
    return [best] if best[1].weight - second[1].weight >= NEAR else []
