"""The words of a declaration as a JSON Schema (draft 2020-12), by which editors complete, explain and refuse words.

It is made of the models themselves and of the catalogue's names, so that it never says another thing than the check
does. It says less: what needs two places of a file at once (filters, formats, codes) `credit-gateway check` finds.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from connectors.declaration import PlatformWords
from connectors.terms import Terms, TypeTerm

FILE = "declaration.schema.json"
_NAMED = ("fields", "notApplicable", "filters")  # words of a type whose keys are fields of the catalogue

Schema = dict[str, Any]


def written(terms: Terms) -> str:
    """The text of the file that stands beside declarations."""
    return json.dumps(declaration_schema(terms), ensure_ascii=False, indent=1) + "\n"


def declaration_schema(terms: Terms) -> Schema:
    """The schema of a platform's declaration in the words of a catalogue."""
    schema = PlatformWords.model_json_schema(by_alias=True)
    plain: Schema = _plain(schema)
    types = plain["properties"]["types"]
    types["properties"] = {name: _type(name, term) for name, term in sorted(terms.types.items())}
    types["additionalProperties"] = False
    plain["$defs"] |= {f"fields of {name}": {"enum": _own(term)} for name, term in sorted(terms.types.items())}
    for word, known in (("check", terms.checks), ("convert", terms.conversions)):
        for block in ("FieldWords", "SubjectWords"):
            place = plain["$defs"][block]["properties"][word]
            place["anyOf"] = [{"enum": sorted(known)}, {"type": "null"}]
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A platform of credit-gateway",
        "$comment": f"made of the words of catalogue {terms.version}; not edited by hand",
    }
    return head | {name: value for name, value in plain.items() if name not in head}


def _type(name: str, term: TypeTerm) -> Schema:
    known = {"propertyNames": {"$ref": f"#/$defs/fields%20of%20{name}"}}
    named: Schema = dict.fromkeys(_NAMED, known)
    named["objects"] = {"propertyNames": {"enum": sorted(term.objects)}}
    named["subject"] = {"propertyNames": {"enum": sorted(term.keys)}}
    return {"$ref": "#/$defs/TypeWords", "properties": named}


def _own(term: TypeTerm) -> list[str]:
    return sorted(name for name in term.fields if "." not in name)


def _plain(node: Any) -> Any:
    """Without the titles that only repeat a word, and without defaults in another form than a file has."""
    if isinstance(node, list):
        return [_plain(each) for each in node]
    if not isinstance(node, Mapping):
        return node
    kept = {key: _plain(value) for key, value in node.items() if not _noise(key, value, node)}
    if "properties" in kept:
        kept["properties"] = {name: _plain(value) for name, value in node["properties"].items()}
    return kept


def _noise(key: str, value: Any, node: Mapping[str, Any]) -> bool:
    if key == "title":
        return isinstance(value, str)
    return key == "default" and (value in (None, [], {}, "") or "pattern" in node or isinstance(value, dict))
