"""The catalogue: reads the YAML files of `policies/catalogue/` into a `Catalogue`. What is not in it does not exist.

Promises: every finding names file and line and the nearest right word; nothing loads when anything is wrong;
a person's field is never PUBLIC without a law of the State (Shandong regulation, article 20); the categories
that article 42 forbids cannot be written down. It never holds a field name of its own: fields are data.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, TypeVar

from policies.catalogue_entries import Bilingual, FieldEntry, KindEntry, PurposeEntry, TypeFile, WordsFile
from policies.findings import Findings
from policies.model import (
    ALLOW,
    Catalogue,
    Document,
    Field,
    FieldClass,
    Purpose,
    RecordType,
    Roles,
    SubjectKind,
    Words,
)

PROHIBITED = {  # Shandong regulation, article 42: words of a field's name, and of its Chinese title
    "religion": "宗教信仰",
    "religious": "宗教信仰",
    "gene": "基因",
    "genes": "基因",
    "genetic": "基因",
    "fingerprint": "指纹",
    "fingerprints": "指纹",
    "blood type": "血型",
    "disease": "疾病",
    "diseases": "疾病",
    "medical history": "病史",
}
RESERVED = {"id", "type", "provenance"}  # of every record, and not from a platform
SUBJECT_WORDS = {"id", "key", "kind"}  # of every subject, beside those that its kind derives
PERSON_DEFAULT = {FieldClass.PUBLIC: FieldClass.GOV_SHARED}  # article 20: sharing, not publicity
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
            read[file.type] = self._type(document, file)
        connections: dict[str, str] = {}
        for document, file in types:
            other = connections.setdefault(file.connection, file.type)
            if other != file.type:
                self.findings.add(document, ["connection"], f"`{file.connection}` belongs to `{other}` already")
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
        document, vocabularies = words["vocabularies"]
        for name, codes in vocabularies.items():
            for code in codes:
                if not CODE.match(code):
                    message = f"`{code}` must be written in SCREAMING_SNAKE_CASE"
                    self.findings.add(document, ["vocabularies", name, code], message)
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

    def _type(self, document: Document, file: TypeFile) -> RecordType:
        add = self.findings.add
        if not UPPER.match(file.type) or document.stem != file.type:
            add(document, ["type"], f"`{file.type}` must be PascalCase and the name of its file, `{file.type}.yaml`")
        derived = {word for kind in self.sections["kinds"].values() for word in kind.derived}
        if not LOWER.match(file.connection) or file.connection in SUBJECT_WORDS | derived:
            add(document, ["connection"], f"`{file.connection}` must be camelCase and no word of every subject")
        for index, kind in enumerate(file.subjects):
            if kind not in self.sections["kinds"]:
                add(document, ["subjects", index], f"unknown kind of subject `{kind}`", kind, self.sections["kinds"])
        entries: dict[str, tuple[list[str | int], FieldEntry]] = {}
        for index, name in enumerate(file.envelope):
            if name not in self.sections["envelope"]:
                add(document, ["envelope", index], f"unknown word `{name}`", name, self.sections["envelope"])
                continue
            entries[name] = (["envelope", index], self.sections["envelope"][name])
        for name, entry in file.fields.items():
            if name in file.envelope:
                add(document, ["fields", name], f"`{name}` is in the envelope already; delete one")
            entries[name] = (["fields", name], entry)
        fields = {name: self._field(document, file, name, *found) for name, found in entries.items()}
        return RecordType(
            name=file.type,
            connection=file.connection,
            title=file.title.words(),
            negative=file.negative,
            kinds=frozenset(file.subjects),
            fields=_frozen(fields),
            roles=self._roles(document, file, fields),
            owner=file.owner.words(),
            basis=tuple(law.basis() for law in (*file.law, *([file.public_persons] if file.public_persons else []))),
        )

    def _field(self, document: Document, file: TypeFile, name: str, loc: list[str | int], entry: FieldEntry) -> Field:
        s, add = self.sections, self.findings.add
        if not LOWER.match(name) or name in RESERVED:
            add(document, loc, f"`{name}` must be camelCase and none of {', '.join(sorted(RESERVED))}")
        if category := _prohibited(name, entry):
            add(document, loc, f"`{name}` is of a category that no law lets anybody collect ({category}); delete it")
        if entry.cls is FieldClass.PROHIBITED:
            add(document, [*loc, "class"], f"a PROHIBITED field does not exist; delete `{name}`")
        if entry.kind not in s["ladders"]:
            add(document, [*loc, "kind"], f"unknown kind of field `{entry.kind}`", entry.kind, s["ladders"])
        for tag in entry.tags:
            if tag not in s["tags"]:
                add(document, [*loc, "tags"], f"unknown tag `{tag}`", tag, s["tags"])
        if (entry.kind == "enum") != (entry.vocabulary is not None):
            add(document, loc, f"`{name}`: a field of kind `enum` has a `vocabulary`, and no other has")
        if entry.vocabulary is not None and entry.vocabulary not in s["vocabularies"]:
            message = f"unknown vocabulary `{entry.vocabulary}`"
            add(document, [*loc, "vocabulary"], message, entry.vocabulary, s["vocabularies"])
        person = entry.person or (entry.cls if file.public_persons else PERSON_DEFAULT.get(entry.cls, entry.cls))
        if person is FieldClass.PUBLIC and file.public_persons is None:
            message = f"`{name}` cannot be PUBLIC for a natural person unless the type states the law, `publicPersons`"
            add(document, [*loc, "person"], message)
        return Field(
            type=file.type,
            name=name,
            title=entry.words(),
            kind=entry.kind,
            cls=entry.cls,
            person=person,
            tags=frozenset(entry.tags),
            codes=entry.codes,
            vocabulary=entry.vocabulary,
            many=entry.many,
            ladder=s["ladders"].get(entry.kind, (ALLOW,)),
        )

    def _roles(self, document: Document, file: TypeFile, fields: Mapping[str, Field]) -> Roles:
        kinds = {"status": {"enum"}, "subjectName": {"name"}, "updated": {"timestamp", "date"}}
        for role, value in file.roles.model_dump(by_alias=True).items():
            names = value if isinstance(value, tuple) else (value,) if value else ()
            for name in names:
                if name not in fields:
                    self.findings.add(document, ["roles", role], f"unknown field `{name}`", name, fields)
                elif role != "identity" and fields[name].kind not in kinds.get(role, {"date"}):
                    message = f"`{name}` is of kind `{fields[name].kind}` and cannot be `{role}`"
                    self.findings.add(document, ["roles", role], message)
        return Roles(**file.roles.model_dump())


def _prohibited(name: str, entry: FieldEntry) -> str | None:
    spoken = " ".join(re.sub(r"([A-Z])", r" \1", word).lower() for word in (name, *entry.tags, entry.en))
    padded = f" {' '.join(re.findall('[a-z]+', spoken))} "
    for word, zh in PROHIBITED.items():
        if f" {word} " in padded or zh in entry.zh:
            return zh
    return None


def _kind(name: str, entry: KindEntry) -> SubjectKind:
    return SubjectKind(name, entry.title.words(), entry.key, entry.natural, entry.prefixes, _frozen(entry.derived))


def _purpose(code: str, entry: PurposeEntry) -> Purpose:
    return Purpose(code, entry.title.words(), entry.evidence, tuple(law.basis() for law in entry.law))


def _words(entries: Mapping[str, Bilingual]) -> Mapping[str, Words]:
    return _frozen({name: entry.words() for name, entry in entries.items()})


def _frozen(entries: Mapping[str, M]) -> Mapping[str, M]:
    return MappingProxyType(dict(entries))
