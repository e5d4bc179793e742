"""From files and options to benches of the exam: the declaration, the catalogue's words, the settings, the subjects."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from connectors.conformance.asker import GOVERNMENT, Asker
from connectors.conformance.bench import Bench
from connectors.contract import SubjectKey
from connectors.terms import Terms
from gateway.checking import kinds_of, terms_of
from gateway.cli import policy_words
from gateway.documents import Document, DocumentError, listed, load, suggestion
from gateway.environment import Environment
from gateway.settings import load as load_settings
from policies.catalogue import load_catalogue
from policies.model import Catalogue


@dataclass(frozen=True, slots=True)
class Benches:
    """Makes benches of one home, or of the shipped catalogue where there is no home."""

    catalogue: Catalogue
    terms: Terms
    environment: Environment
    home: Path
    gateway: str  # this gateway's id

    @classmethod
    def of(cls, home: Path | None) -> Benches:
        settings, words = load_settings(home), catalogue(home)
        terms = terms_of(words, kinds_of(settings))
        return cls(words, terms, Environment(settings), settings.home, settings.audience)

    def platforms(self) -> list[Path]:
        """Every declaration of the home."""
        found = listed(self.home / "platforms")
        if not found:
            raise click.UsageError(f"{self.home / 'platforms'} holds no declaration")
        return found

    def bench(self, path: Path, live: bool, faults: bool, subjects: Sequence[str], asker: Asker | None = None) -> Bench:
        """Raises DocumentError when the file cannot be read as YAML."""
        named = list(self.subjects(subjects))
        return Bench(_document(path), self.terms, self.environment if live or faults else None, named, faults, asker)

    def asker(self, purpose: str | None, client_class: str | None, evidence: Sequence[str]) -> Asker | None:
        """On whose behalf another gateway is asked, in words of the catalogue; None where nothing is said of it."""
        if purpose is None and client_class is None:
            if evidence:
                raise click.BadParameter("say for which --purpose", param_hint="--evidence")
            return None
        for option, word, known in (
            ("--purpose", purpose, self.catalogue.purposes), ("--class", client_class, self.catalogue.client_classes),
        ):  # fmt: skip
            if word is not None and word not in known:
                raise click.BadParameter(f"unknown word `{word}`{suggestion(word, known)}", param_hint=option)
        given = {name: value for name, _, value in (each.partition("=") for each in evidence)}
        required = self.catalogue.purposes[purpose].evidence if purpose else ()
        if wanting := [name for name in required if not given.get(name)]:
            raise click.BadParameter(
                f"`{purpose}` requires {' and '.join(f'`{name}=...`' for name in wanting)}", param_hint="--evidence"
            )
        return Asker(self.gateway, purpose, client_class or GOVERNMENT, given)

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
    if path.suffix != ".yaml":
        raise DocumentError([f"{path.name}:1: is read by no gateway; rename it to end in .yaml"])
    document = load(path)
    if path.name.startswith("_") and isinstance(name := document.data.get("platform"), str):
        return Document(f"{name}.yaml", path.read_bytes(), path.parent)
    return document
