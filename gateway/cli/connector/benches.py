"""From files and options to benches of the exam: the declaration, the catalogue's words, the settings, the subjects."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from connectors.conformance.bench import Bench
from connectors.contract import SubjectKey
from connectors.terms import Terms
from gateway.checking import kinds_of, terms_of
from gateway.cli import policy_words
from gateway.documents import Document, load
from gateway.settings import load as load_settings
from gateway.wiring import Environment
from policies.catalogue import load_catalogue
from policies.model import Catalogue


@dataclass(frozen=True, slots=True)
class Benches:
    """Makes benches of one home, or of the shipped catalogue where there is no home."""

    terms: Terms
    environment: Environment
    home: Path

    @classmethod
    def of(cls, home: Path | None) -> Benches:
        settings = load_settings(home)
        return cls(terms_of(catalogue(home), kinds_of(settings)), Environment(settings), settings.home)

    def platforms(self) -> list[Path]:
        """Every declaration of the home."""
        found = [path for path in sorted((self.home / "platforms").glob("*.yaml")) if not path.name.startswith("_")]
        if not found:
            raise click.UsageError(f"{self.home / 'platforms'} holds no declaration")
        return found

    def bench(self, path: Path, live: bool, faults: bool, subjects: Sequence[str]) -> Bench:
        """Raises DocumentError when the file cannot be read as YAML."""
        named = list(self.subjects(subjects))
        return Bench(_document(path), self.terms, self.environment if live or faults else None, named, faults)

    def subjects(self, codes: Iterable[str]) -> Iterable[SubjectKey]:
        """Subjects by their codes; a code that may be of two kinds must say which."""
        for text in codes:
            said, colon, rest = text.partition(":")
            code = (rest if colon else text).strip().upper()
            fitting = [kind for kind in ("uscc", "citizenId") if self.terms.checks[kind](code)]
            if colon and said in fitting:
                fitting = [said]
            elif colon or len(fitting) != 1:
                raise click.BadParameter(
                    "a code that passes its check is expected; `uscc:CODE` or `citizenId:CODE` where it could be both",
                    param_hint="--subject",
                )
            yield SubjectKey("uscc" if fitting == ["uscc"] else "citizenId", code)


def catalogue(home: Path | None) -> Catalogue:
    """The catalogue of a home, or the shipped one; the rules are not read, which takes its time. Raises Refused."""
    folder = policy_words.folder(home) / "catalogue"
    return load_catalogue([load(path, folder) for path in sorted(folder.rglob("*.yaml"))])


def _document(path: Path) -> Document:
    """A declaration; a template, whose name begins with `_`, is read as if it were copied already."""
    document = load(path)
    if path.name.startswith("_") and isinstance(name := document.data.get("platform"), str):
        return Document(f"{name}.yaml", path.read_bytes(), path.parent)
    return document
