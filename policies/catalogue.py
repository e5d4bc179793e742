"""The catalogue: reads the YAML files of `policies/catalogue/` into a `Catalogue`. What is not in it does not exist.

Promises: every finding names file and line and the nearest right word; nothing loads when anything is wrong; a
list that must rest on law has a legal basis for every code; every record type has its section of the report. It
never holds a field name of its own: fields are data. What one record type may hold is checked in `record_types`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, TypeVar

from policies.catalogue_entries import AssessmentEntry, Bilingual, KindEntry, PurposeEntry, TypeFile, WordsFile
from policies.findings import Document, Findings
from policies.model import (
    Assessment,
    Catalogue,
    Edition,
    Purpose,
    RecordType,
    RegionSet,
    ReportSection,
    SubjectKind,
    Words,
)
from policies.prohibited import closed, whole
from policies.record_types import TypeReading

LOWER = re.compile(r"[a-z][A-Za-z0-9]*\Z")
UPPER = re.compile(r"[A-Z][A-Za-z0-9]*\Z")
CODE = re.compile(r"[A-Z][A-Z0-9_]*\Z")
M = TypeVar("M")


def load_catalogue(documents: Sequence[Document]) -> Catalogue:
    """Read every file of the catalogue folder; their order does not matter. Raises Refused with all findings."""
    findings = Findings()
    words: dict[str, tuple[Document, Any]] = {}
    types: list[tuple[Document, TypeFile]] = []
    for document in documents:
        with findings.collecting():
            if isinstance(document.data, dict) and "type" in document.data:
                types.append((document, document.read(TypeFile)))
            else:
                _collect(words, document, document.read(WordsFile), findings)
    findings.settle()
    for section in WordsFile.model_fields:
        if section not in words:
            findings.found.append(f"catalogue:1: the section `{section}` is missing from every file")
    findings.settle()
    return _Reading({name: value for name, (_, value) in words.items()}, findings).catalogue(words, types)


def _collect(words: dict[str, tuple[Document, Any]], document: Document, file: WordsFile, findings: Findings) -> None:
    for section in WordsFile.model_fields:
        value = getattr(file, section)
        if value is None:
            continue
        if section in words:
            findings.add(document, [section], f"`{section}` stands also in {words[section][0].where([section])}")
        words[section] = (document, value)


class _Reading:
    """One reading of the catalogue: sections by name, and the findings so far."""

    def __init__(self, sections: Mapping[str, Any], findings: Findings) -> None:
        self.sections = sections
        self.findings = findings

    def catalogue(
        self, words: Mapping[str, tuple[Document, Any]], types: Iterable[tuple[Document, TypeFile]]
    ) -> Catalogue:
        self._check_words(words)
        read: dict[str, RecordType] = {}
        for document, file in types:
            if file.type in read:
                self.findings.add(document, ["type"], f"`{file.type}` is written in two files; delete one")
            read[file.type] = TypeReading(document, file, self.sections, self.findings).record()
        connections: dict[str, str] = {}
        names: dict[str, str] = {}
        for document, file in types:
            other = connections.setdefault(file.connection, file.type)
            if other != file.type:
                self.findings.add(document, ["connection"], f"`{file.connection}` belongs to `{other}` already")
            for name, nested in file.objects.items():
                mine = f"{file.type}.{name}"
                if names.setdefault(nested.type, mine) != mine or nested.type in read:
                    loc = ["objects", name, "type"]
                    self.findings.add(document, loc, f"`{nested.type}` is a type already; give the object another name")
        document, vocabularies = words["vocabularies"]
        for name in vocabularies:
            if name in read or name in names:
                message = f"`{name}` is a type already; give the list another name"
                self.findings.add(document, ["vocabularies", name], message)
        self._check_report(*words["report"], read)
        document = words["kinds"][0]
        coordinates = [field.coordinate for record in read.values() for field in record.fields.values()]
        for name, kind in self.sections["kinds"].items():
            for subject_field, coordinate in kind.derived.items():
                if coordinate not in coordinates:
                    loc = ["kinds", name, "derived", subject_field]
                    self.findings.add(document, loc, f"unknown field `{coordinate}`", coordinate, coordinates)
        self.findings.settle()
        s = self.sections
        return Catalogue(
            version=s["version"],
            kinds=_frozen({name: _kind(name, entry) for name, entry in s["kinds"].items()}),
            purposes=_frozen({code: _purpose(code, entry) for code, entry in s["purposes"].items()}),
            client_classes=_words(s["clients"]),
            scopes=_words(s["scopes"]),
            obligations=_words(s["obligations"]),
            types=_frozen(read),
            vocabularies=_frozen({name: _words(codes) for name, codes in s["vocabularies"].items()}),
            ladders=_frozen(s["ladders"]),
            bands=s["bands"],
            provinces=_words(s["provinces"]),
            editions=_frozen({k: Edition(e.text, e.law.basis(), e.lawful) for k, e in s["editions"].items()}),
            code_basis=_frozen(
                {
                    name: _frozen({code: tuple(law.basis() for law in entry.law) for code, entry in codes.items()})
                    for name, codes in s["vocabularies"].items()
                }
            ),
            region_sets=_frozen(
                {
                    code: RegionSet(code, entry.title.words(), entry.prefixes, entry.law.basis())
                    for code, entry in s["regionSets"].items()
                }
            ),
            retired=_frozen(s["retiredAreas"]),
            assessments=_frozen({code: _assessment(code, entry) for code, entry in s["assessments"].items()}),
            report=tuple(ReportSection(name, e.title.words(), e.types) for name, e in s["report"].items()),
        )

    def _check_words(self, words: Mapping[str, tuple[Document, Any]]) -> None:
        for section, pattern, shape in (
            ("kinds", UPPER, "PascalCase"),
            ("vocabularies", UPPER, "PascalCase"),
            ("envelope", LOWER, "camelCase"),
        ):
            document, entries = words[section]
            for name in entries:
                if not pattern.match(name):
                    self.findings.add(document, [section, name], f"`{name}` must be written in {shape}")
        whole(*words["prohibited"], self.findings)
        document, vocabularies = words["vocabularies"]
        for name, codes in vocabularies.items():
            for code, entry in codes.items():
                place: list[str | int] = ["vocabularies", name, code]
                if not CODE.match(code):
                    self.findings.add(document, place, f"`{code}` must be written in SCREAMING_SNAKE_CASE")
                if category := closed(self.sections["prohibited"], code, entry.zh, entry.en):
                    self.findings.add(document, place, f"`{code}` may not be recorded ({category}); delete it")
        document, editions = words["editions"]
        for name, edition in editions.items():
            if name not in vocabularies:
                self.findings.add(document, ["editions", name], f"unknown vocabulary `{name}`", name, vocabularies)
            for code, entry in vocabularies.get(name, {}).items():
                if edition.lawful and not entry.law:
                    place = ["vocabularies", name, code]
                    message = f"`{code}` states no `law`: a list that has no basis in law must not be kept"
                    self.findings.add(words["vocabularies"][0], place, message)
        document, sets = words["regionSets"]
        for name, entry in sets.items():
            for index, prefix in enumerate(entry.prefixes):
                if prefix[:2] not in self.sections["provinces"]:
                    loc = ["regionSets", name, "prefixes", index]
                    self.findings.add(document, loc, f"`{prefix}` lies in no province of the catalogue")
                elif now := self._retired(prefix):
                    loc = ["regionSets", name, "prefixes", index]
                    self.findings.add(document, loc, f"`{prefix}` is retired; write {' and '.join(now)}")
        document, kinds = words["kinds"]
        taken: dict[str, str] = {}
        for name, kind in kinds.items():
            if kind.natural == (kind.key == "uscc"):
                message = "a natural person is keyed by `citizenId`, others by `uscc`"
                self.findings.add(document, ["kinds", name, "key"], message)
            if kind.natural and kind.derived:
                self.findings.add(document, ["kinds", name, "derived"], "nothing is derived for a natural person")
            if kind.natural == bool(kind.prefixes):
                self.findings.add(document, ["kinds", name], "`prefixes` are for kinds keyed by `uscc`, and only those")
            for index, prefix in enumerate(kind.prefixes):
                if taken.setdefault(prefix, name) != name:
                    loc = ["kinds", name, "prefixes", index]
                    self.findings.add(document, loc, f"prefix `{prefix}` belongs to `{taken[prefix]}` already")
        if sum(kind.natural for kind in kinds.values()) != 1:
            self.findings.add(document, ["kinds"], "exactly one kind must be `natural: true`")

    def _retired(self, prefix: str) -> list[str]:
        """The codes that an area has now when its own is no more in force; a city's may be written in four digits."""
        now = self.sections["retiredAreas"]
        return [f"`{code}`" for old in now if prefix in (old, old.removesuffix("00")) for code in now[old]]

    def _check_report(self, document: Document, sections: Mapping[str, Any], read: Mapping[str, RecordType]) -> None:
        """Every record type stands in exactly one section, so that a report leaves nothing out and nothing twice."""
        place: dict[str, str] = {}
        for name, section in sections.items():
            if not LOWER.match(name):
                self.findings.add(document, ["report", name], f"`{name}` must be written in camelCase")
            for index, kind in enumerate(section.types):
                loc: list[str | int] = ["report", name, "types", index]
                if kind not in read:
                    self.findings.add(document, loc, f"unknown record type `{kind}`", kind, read)
                elif place.setdefault(kind, name) != name:
                    self.findings.add(document, loc, f"`{kind}` stands in the section `{place[kind]}` already")
        for kind in sorted(read.keys() - place.keys()):
            self.findings.add(document, ["report"], f"`{kind}` stands in no section; write it under one")


def _kind(name: str, entry: KindEntry) -> SubjectKind:
    return SubjectKind(name, entry.title.words(), entry.key, entry.natural, entry.prefixes, _frozen(entry.derived))


def _purpose(code: str, entry: PurposeEntry) -> Purpose:
    return Purpose(code, entry.title.words(), entry.evidence, tuple(law.basis() for law in entry.law))


def _assessment(code: str, entry: AssessmentEntry) -> Assessment:
    return Assessment(code, entry.title.words(), entry.date, entry.office, entry.kept_until, entry.mark)


def _words(entries: Mapping[str, Bilingual]) -> Mapping[str, Words]:
    return _frozen({name: entry.words() for name, entry in entries.items()})


def _frozen(entries: Mapping[str, M]) -> Mapping[str, M]:
    return MappingProxyType(dict(entries))
