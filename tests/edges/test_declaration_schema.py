"""The JSON Schema for editors: the check's own words; it takes what is right, and refuses mistakes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from connectors.describing import FILE
from gateway.cli.connector import connector
from gateway.documents import Document

ROOT = Path(__file__).parents[2]
PLACE = ROOT / "connectors/platforms" / FILE
TEMPLATES = sorted(PLACE.parent.glob("_*.yaml"))
DECLARATIONS = [*TEMPLATES, *sorted((ROOT / "deploy/demo/platforms").glob("*.yaml"))]
PUBLICITY = (PLACE.parent / "_template-double-publicity.yaml").read_text("utf-8")
PLAIN = (PLACE.parent / "_template.yaml").read_text("utf-8")
SOAP = (PLACE.parent / "_template-soap.yaml").read_text("utf-8")


@pytest.fixture(scope="module")
def schema() -> Mapping[str, Any]:
    read: Mapping[str, Any] = json.loads(PLACE.read_text("utf-8"))
    Draft202012Validator.check_schema(read)
    return read


def findings(schema: Mapping[str, Any], declaration: str) -> list[Any]:
    return list(Draft202012Validator(schema).iter_errors(Document("a.yaml", declaration.encode()).data))


def test_the_schema_is_the_check_of_today() -> None:
    """What editors get is made of the words that the check knows; when they change, it is written anew."""
    command = ["connector", "schema", "--home", "none"]
    written = CliRunner().invoke(connector, command[1:])
    assert written.exit_code == 0
    assert written.stdout == PLACE.read_text("utf-8"), f"credit-gateway {' '.join(command)} > {PLACE.relative_to(ROOT)}"


@pytest.mark.parametrize("path", DECLARATIONS, ids=lambda path: path.name)
def test_every_declaration_that_is_right_is_taken(schema: Mapping[str, Any], path: Path) -> None:
    """The templates and the demo's platforms have no finding."""
    found = findings(schema, path.read_text("utf-8"))
    assert [f"{list(each.absolute_path)}: {each.message[:200]}" for each in found] == []


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_every_template_names_its_schema(path: Path) -> None:
    """An editor finds the schema beside the file, in the repository and in a home."""
    assert path.read_text("utf-8").startswith(f"# yaml-language-server: $schema={PLACE.name}\n")


def test_every_word_of_a_field_and_of_a_type_is_explained(schema: Mapping[str, Any]) -> None:
    """Whoever rests on a word in an editor reads what it means."""
    for block in ("FieldWords", "SubjectWords", "TypeWords"):
        for word, said in schema["$defs"][block]["properties"].items():
            assert "description" in said or "$ref" in said, f"{block}.{word}"
    assert "description" in schema["$defs"]["FileWords"]


MISTAKES = [
    ("an unknown word", PUBLICITY, "staleAfter:", "staleAftr:", "staleAftr"),
    ("an unknown word of a field", PUBLICITY, "take: 6,", "tak: 6,", "tak"),
    ("an unknown type", PUBLICITY, "  AdministrativeLicence:", "  AdministrativLicence:", "AdministrativLicence"),
    ("an unknown field", PUBLICITY, "      documentName:", "      documentNam:", "documentNam"),
    ("an unknown subject", PUBLICITY, "      citizenId:", "      citizenNo:", "citizenNo"),
    ("an unknown kind", PUBLICITY, "kind: sql", "kind: sq", "sq"),
    ("a region that is a number", PUBLICITY, 'region: "370100"', "region: 370100", "370100 is not of type 'string'"),
    ("a code that is a number", PUBLICITY, '"01": SIMPLE', '"01": 1', "1 is not of type 'string'"),
    ("a duration without its unit", PUBLICITY, "staleAfter: 36h", "staleAfter: 36", "36"),
    ("an unknown conversion", PUBLICITY, "convert: citizenId18", "convert: citizenId", "citizenId"),
    ("an unknown word for strange codes", PUBLICITY, "other: keepAsOther", "other: keepOther", "keepOther"),
    ("no key", PUBLICITY, "    key: [XH]  ", "    # key: [XH]  ", "'key' is a required property"),
    ("a day that is none", PUBLICITY, '"1951-01-01"', '"1951"', "1951"),
    ("a literal address", PUBLICITY, "env:TEMPLATE_DOUBLE_PUBLICITY_URL", "postgresql://hunter2@db", "hunter2"),
    ("a literal password", PLAIN, "value: secret:template/key", "value: hunter2", "hunter2"),
    ("a literal header", PLAIN, "{X-App: credit-gateway}", "{X-Auth-Token: hunter2}", "hunter2"),
    ("a literal parameter", PLAIN, "query: {codes:", "query: {PassWord: hunter2, codes:", "hunter2"),
    ("an unknown format of a file", PLAIN, "# format: csv", "format: doc\n      #", "doc"),
    ("a file's row that is none", PLAIN, "headerRow: 2", "headerRow: 0", "0 is less than the minimum"),
    ("a digest that is none", SOAP, "sha256: ", "sha256: x", "x"),
]


@pytest.mark.parametrize(
    ("declaration", "right", "wrong", "word"), [case[1:] for case in MISTAKES], ids=[case[0] for case in MISTAKES]
)
def test_a_mistake_is_refused_in_the_editor(
    schema: Mapping[str, Any], declaration: str, right: str, wrong: str, word: str
) -> None:
    """Each seeded mistake has a finding, and it is about the word at fault."""
    assert right in declaration
    found = findings(schema, declaration.replace(right, wrong))
    assert found
    told = [str(best_match([each])) + each.message for each in found]
    assert any(word in each for each in told)
