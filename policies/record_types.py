"""One file of the catalogue that holds a record type: its fields, its nested objects, its roles.

Promises: a person's field is never PUBLIC without a law of the State (Shandong regulation, article 20); what
`prohibited.yaml` names cannot be written down; what it lets be collected with written consent only is AUTHORIZED
for a person.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from policies.catalogue_entries import Bilingual, FieldEntry, ObjectEntry, TypeFile
from policies.findings import Document, Findings
from policies.model import ALLOW, Field, FieldClass, NestedObject, RecordType
from policies.prohibited import closed
from policies.roles import Roles

RESERVED = {"id", "type", "marks", "provenance"}  # of every record, and not from a platform
SUBJECT_WORDS = {"id", "key", "kind"}  # of every subject, beside those that its kind derives
PERSON_DEFAULT = {FieldClass.PUBLIC: FieldClass.GOV_SHARED}  # article 20: sharing, not publicity
LOWER = re.compile(r"[a-z][A-Za-z0-9]*\Z")
UPPER = re.compile(r"[A-Z][A-Za-z0-9]*\Z")
CODED = {"status", "severity", "procedure", "kinds", "list"}
ROLE_KINDS = {**{role: {"enum"} for role in CODED}, "subjectName": {"name"}, "updated": {"timestamp", "date"}}
Loc = list[str | int]


class TypeReading:
    """One record type being read; `sections` are the catalogue's words, findings are added and decide nothing."""

    def __init__(self, document: Document, file: TypeFile, sections: Mapping[str, Any], findings: Findings) -> None:
        self.document, self.file, self.sections, self.findings = document, file, sections, findings
        self.natural = any(entry.natural for name, entry in sections["kinds"].items() if name in file.subjects)

    def record(self) -> RecordType:
        file = self.file
        self._head()
        entries: dict[str, tuple[Loc, FieldEntry]] = {}
        for index, name in enumerate(file.envelope):
            if name not in self.sections["envelope"]:
                self._add(["envelope", index], f"unknown word `{name}`", name, self.sections["envelope"])
                continue
            entry = self.sections["envelope"][name]
            if file.envelope_class is not None:
                entry = entry.model_copy(update={"cls": file.envelope_class.cls, "person": file.envelope_class.person})
            entries[name] = (["envelope", index], entry)
        for name, entry in file.fields.items():
            if name in file.envelope:
                self._add(["fields", name], f"`{name}` is in the envelope already; delete one")
            entries[name] = (["fields", name], entry)
        fields = {name: self._field(name, file.type, *found) for name, found in entries.items()}
        for name, nested in file.objects.items():
            fields |= self._object(name, nested, fields)
        return RecordType(
            name=file.type,
            connection=file.connection,
            title=file.title.words(),
            negative=file.negative,
            kinds=frozenset(file.subjects),
            fields=MappingProxyType(fields),
            roles=self._roles(fields),
            owner=file.owner.words(),
            basis=tuple(law.basis() for law in (*file.law, *([file.public_persons] if file.public_persons else []))),
            objects=MappingProxyType(
                {
                    name: NestedObject(name, nested.type, nested.title.words(), nested.many)
                    for name, nested in file.objects.items()
                }
            ),
            widens=file.widens,
        )

    def _add(self, loc: Loc, message: str, word: str | None = None, known: Any = ()) -> None:
        self.findings.add(self.document, loc, message, word, known)

    def _head(self) -> None:
        file, kinds = self.file, self.sections["kinds"]
        if not UPPER.match(file.type) or self.document.stem != file.type:
            self._add(["type"], f"`{file.type}` must be PascalCase and the name of its file, `{file.type}.yaml`")
        derived = {word for kind in kinds.values() for word in kind.derived}
        if not LOWER.match(file.connection) or file.connection in SUBJECT_WORDS | derived:
            self._add(["connection"], f"`{file.connection}` must be camelCase and no word of every subject")
        for index, kind in enumerate(file.subjects):
            if kind not in kinds:
                self._add(["subjects", index], f"unknown kind of subject `{kind}`", kind, kinds)
        if words := self._closed(file.type, file.title):
            self._add(["type"], f"`{file.type}` is of a kind that may not be recorded ({words}); delete the file")

    def _closed(self, name: str, title: Bilingual) -> str | None:
        return closed(self.sections["prohibited"], name, title.zh, title.en)

    def _object(self, name: str, nested: ObjectEntry, fields: Mapping[str, Field]) -> dict[str, Field]:
        loc: Loc = ["objects", name]
        if not LOWER.match(name) or name in RESERVED or name in fields:
            self._add(loc, f"`{name}` must be camelCase and no other field of the record")
        if not UPPER.match(nested.type) or not nested.type.startswith(self.file.type):
            self._add([*loc, "type"], f"`{nested.type}` must be PascalCase and begin with `{self.file.type}`")
        if words := self._closed(name, nested.title):
            self._add(loc, f"`{name}` is of a category that no law lets anybody collect ({words}); delete it")
        found: dict[str, Field] = {}
        for leaf, entry in nested.fields.items():
            at: Loc = [*loc, "fields", leaf]
            if entry.many and nested.many:
                self._add(
                    at, f"`{leaf}` is a list in a list of objects; leave `many` out, or give it a type of its own"
                )
            found[f"{name}.{leaf}"] = self._field(leaf, nested.type, at, entry, f"{name}.{leaf}", nested.many)
        return found

    def _field(
        self, name: str, owner: str, loc: Loc, entry: FieldEntry, place: str | None = None, listed: bool = False
    ) -> Field:
        s, file = self.sections, self.file
        if not LOWER.match(name) or name in RESERVED:
            self._add(loc, f"`{name}` must be camelCase and none of {', '.join(sorted(RESERVED))}")
        if words := self._closed(" ".join((name, *entry.tags)), entry):
            self._add(loc, f"`{name}` is of a category that no law lets anybody collect ({words}); delete it")
        if entry.cls is FieldClass.PROHIBITED:
            self._add([*loc, "class"], f"a PROHIBITED field does not exist; delete `{name}`")
        if entry.kind not in s["ladders"]:
            self._add([*loc, "kind"], f"unknown kind of field `{entry.kind}`", entry.kind, s["ladders"])
        for tag in entry.tags:
            if tag not in s["tags"]:
                self._add([*loc, "tags"], f"unknown tag `{tag}`", tag, s["tags"])
        if (entry.kind == "enum") != (entry.vocabulary is not None):
            self._add(loc, f"`{name}`: a field of kind `enum` has a `vocabulary`, and no other has")
        if entry.vocabulary is not None and entry.vocabulary not in s["vocabularies"]:
            message = f"unknown vocabulary `{entry.vocabulary}`"
            self._add([*loc, "vocabulary"], message, entry.vocabulary, s["vocabularies"])
        person = entry.person or (entry.cls if file.public_persons else PERSON_DEFAULT.get(entry.cls, entry.cls))
        if person is FieldClass.PUBLIC and file.public_persons is None:
            message = f"`{name}` cannot be PUBLIC for a natural person unless the type states the law, `publicPersons`"
            self._add([*loc, "person"], message)
        personal = self.natural and person is not FieldClass.AUTHORIZED
        if personal and (words := closed(s["consented"], name, entry.zh, entry.en)):
            message = f"`{name}` of a person needs written consent ({words}): write `person: AUTHORIZED`"
            self._add([*loc, "person"], message)
        return Field(
            type=file.type,
            name=place or name,
            owner=owner,
            title=entry.words(),
            kind=entry.kind,
            cls=entry.cls,
            person=person,
            tags=frozenset(entry.tags),
            codes=entry.codes,
            vocabulary=entry.vocabulary,
            many=entry.many or listed,
            ladder=s["ladders"].get(entry.kind, (ALLOW,)),
            same_as=entry.same_as,
        )

    def _roles(self, fields: Mapping[str, Field]) -> Roles:
        for role, value in self.file.roles.model_dump(by_alias=True).items():
            names = value if isinstance(value, tuple) else (value,) if value else ()
            for name in names:
                if name not in fields:
                    self._add(["roles", role], f"unknown field `{name}`", name, fields)
                elif role != "identity" and fields[name].kind not in ROLE_KINDS.get(role, {"date"}):
                    self._add(["roles", role], f"`{name}` is of kind `{fields[name].kind}` and cannot be `{role}`")
                elif fields[name].many and role != "kinds":
                    self._add(["roles", role], f"`{name}` is a list and cannot be `{role}`")
        return Roles(**self.file.roles.model_dump())
