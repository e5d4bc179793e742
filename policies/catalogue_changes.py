"""What another version of the catalogue has otherwise: words that came, went or are of another class or kind."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass

from policies.model import Catalogue


@dataclass(frozen=True, slots=True)
class CatalogueChange:
    """A word of the catalogue that came, went or changed: None where it is not there."""

    word: str
    old: str | None
    new: str | None


def catalogue_changes(old: Catalogue, new: Catalogue) -> Iterator[CatalogueChange]:
    """Word by word, in the order of the catalogue."""
    was, now = dict(_words(old)), dict(_words(new))
    for word in dict.fromkeys([*was, *now]):
        if was.get(word) != now.get(word):
            yield CatalogueChange(word, was.get(word), now.get(word))


def _words(c: Catalogue) -> Iterator[tuple[str, str]]:
    """All that decides, masks or bounds, as lines that can be compared."""
    for what, names in (("class of client", c.client_classes), ("scope", c.scopes), ("obligation", c.obligations)):
        yield from ((f"{what} {name}", "there") for name in names)
    for purpose in c.purposes.values():
        yield f"purpose {purpose.code}", f"needs {', '.join(purpose.evidence) or 'no evidence'}"
    for kind in c.kinds.values():
        derived = "".join(f"; {name}: {source}" for name, source in kind.derived.items())
        yield f"kind of subject {kind.name}", f"by {kind.key} {', '.join(kind.prefixes)}{derived}"
    yield "ends of bands of money", ", ".join(c.bands)
    yield from ((f"steps of {kind}", ", ".join(steps)) for kind, steps in c.ladders.items())
    yield from ((f"code {name} {code}", "there") for name, codes in c.vocabularies.items() for code in codes)
    yield from ((f"set of regions {each.code}", ", ".join(each.prefixes)) for each in c.region_sets.values())
    yield from ((f"retired area {code}", ", ".join(now)) for code, now in c.retired.items())
    for record in c.types.values():
        roles = ", ".join(f"{role}: {value}" for role, value in asdict(record.roles).items() if value)
        kinds = ", ".join(sorted(record.kinds))
        yield f"record type {record.name}", f"{'negative, ' if record.negative else ''}of {kinds}; {roles}"
        for field in record.fields.values():
            tags = "".join(f", {tag}" for tag in sorted(field.tags))
            beside = "".join(
                f", {what} {said}" for what, said in (("codes", field.vocabulary), ("same as", field.same_as)) if said
            )
            yield field.coordinate, f"{field.kind}, {field.cls}, of a person {field.person}{tags}{beside}"
