"""Declarations of SOAP services: every mistake is found when they are read, in the file and in its WSDL."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from connectors.spelling import DeclarationError
from gateway.documents import Document
from tests.edges.described import SHA256, SOAP_SOURCE, SOAP_TYPE, WSDL, described, soap
from tests.edges.invented import Surroundings
from tests.edges.test_declarations import refused

EXCHANGE = (
    SOAP_TYPE.replace("operation: find", "operation: exchange")
    .replace('input: {sysId: "S1", code: "{subject}"}', 'input: {paramsXml: {xml: {Q: {code: "{subject}"}}}}')
    .replace("rows: list.row", "embedded: {path: return, rows: M.row}")
)


def test_a_whole_declaration_says_what_the_service_answers() -> None:
    """A declaration on a pinned WSDL becomes a platform; documents inside texts are declared as well."""
    for permit in (SOAP_TYPE, EXCHANGE):
        platform = described(permit=permit).platforms["370100-invented"]
        assert (platform.claim("Permit").fields, platform.claim("Permit").batch) == (frozenset({"state"}), 1)
        assert platform.source("Permit").kind == "soap"


TYPE_MISTAKES = [
    ("unknown operation", SOAP_TYPE, (": find", ": fnd"), "16: unknown operation `fnd`, did you mean `find`?"),
    (
        "unknown service",
        SOAP_TYPE,
        ("{operation: find}", "{operation: find, service: PermitsService}"),
        "16: unknown service `PermitsService`, did you mean `PermitService`?",
    ),
    (
        "unknown port",
        SOAP_TYPE,
        ("{operation: find}", "{operation: find, port: Soap13}"),
        "16: unknown port `Soap13`, or not one of SOAP, did you mean `Soap12`?",
    ),
    (
        "an operation of another port",
        EXCHANGE,
        ("{operation: exchange}", "{operation: exchange, port: Soap12}"),
        "16: unknown operation `exchange`",
    ),
    ("unknown element", SOAP_TYPE, ("code:", "cod:"), "17: the operation `find` takes no `cod`, did you mean `code`?"),
    ("an element left out", SOAP_TYPE, ('sysId: "S1", ', ""), "17: the operation `find` needs `find.sysId`"),
    ("parts of what has none", SOAP_TYPE, ('"S1"', '{a: "S1"}'), "17: the operation `find` takes other content"),
    ("a code that is a number", SOAP_TYPE, ('"S1"', "1"), "17: `sysId`: a text is expected; write it in quotes"),
    ("unknown placeholder", SOAP_TYPE, ("{subject}", "{uscc}"), "17: unknown placeholder `{uscc}`; known: `{pro"),
    ("no subject", SOAP_TYPE, ("{subject}", "fixed"), "17: the request names no subject"),
    ("a batch of one", SOAP_TYPE, ("key: [id]", "key: [id]\nbatch: 5"), "20: `{subject}` is one at a time"),
    ("a literal secret", SOAP_TYPE, ('sysId: "S1"', "sysPassword: hunter2"), "looks like a credential"),
    ("no rows", SOAP_TYPE, ("rows: list.row\n", ""), "say where the rows are: `rows`, or `embedded`"),
    ("rows that are JMESPath", SOAP_TYPE, ("list.row", '"list[0].row"'), "18: write names of elements without prefix"),
    ("a field with a prefix", SOAP_TYPE, ("path: state", 'path: "ns:state"'), "write names of elements without prefix"),
    ("an attribute halfway", SOAP_TYPE, ("path: state", 'path: "a.@b.c"'), "write names of elements without prefix"),
    ("a key that is no name", SOAP_TYPE, ("key: [id]", 'key: ["id|x"]'), "19: write names of elements without prefix"),
    ("a column", SOAP_TYPE, ("path: state", "column: state"), "`column` is not a word of kind soap; write `path`"),
    ("a table", SOAP_TYPE, ("rows: list.row", "table: t"), "`table` is a word of kind sql, this source is soap"),
    (
        "a request",
        SOAP_TYPE,
        ("rows: list.row", "rows: list.row\nrequest: {path: /x}"),
        "`request` is a word of kind rest, this source is soap",
    ),
    (
        "a filter without its element",
        SOAP_TYPE,
        ("key: [id]", "key: [id]\nfilters: {state: {ops: [eq], params: [stat]}}"),
        "20: the operation `find` takes no `stat`, did you mean `state`?",
    ),
    (
        "a filter at no place",
        EXCHANGE,
        ("key: [id]", "key: [id]\nfilters: {state: {ops: [eq], params: [paramsXml.R.state]}}"),
        "20: `paramsXml.R.state` is no place in `input`",
    ),
    (
        "a search",
        SOAP_TYPE + "  holder: {path: name}\n",
        ("key: [id]", "key: [id]\nfilters: {holder: {ops: [contains], params: [state]}}"),
        "20: `Permit.holder`: `contains` is not possible: the call names a subject",
    ),
    (
        "a page without its element",
        SOAP_TYPE,
        ("key: [id]", "key: [id]\npage: {number: page, size: sise}"),
        "20: the operation `find` takes no `sise`, did you mean `size`?",
    ),
    ("two roots of a document", EXCHANGE, ("{Q: {", '{P: "x", Q: {'), "17: `xml` holds one element, the root"),
    ("a name that XML cannot hold", EXCHANGE, ("{Q: {", '{"1 Q": {'), "17: `xml` holds a name or a text that"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("permit", "edit", "message"), [case[1:] for case in TYPE_MISTAKES], ids=[case[0] for case in TYPE_MISTAKES]
)
def test_a_mistake_in_a_call_is_found(permit: str, edit: tuple[str, str], message: str) -> None:
    """What does not fit the WSDL or the kind is refused with its line, the nearest right word and what to do."""
    assert edit[0] in permit
    text = refused(soap(SOAP_SOURCE, permit.replace(*edit)))
    assert message in text
    assert all(line.startswith("370100-invented.yaml:") for line in text.splitlines())
    assert "hunter2" not in text


DIGEST = f"sha256 is {SHA256}"
SOURCE_MISTAKES = [
    ("a literal endpoint", ("env:ENDPOINT", "https://hunter2.example/ws"), "12: `endpoint`: a literal is refused here"),
    (
        "a literal password",
        ("endpoint:", "auth: {kind: wsseUsername, user: env:U, password: hunter2}\n    endpoint:"),
        "`password`: a literal is refused here",
    ),
    ("another digest", (SHA256, "f" * 64), f"11: `invented.wsdl` is another file than the pinned one: its {DIGEST}"),
    ("no digest", (SHA256, "abc"), "11: `sha256`:"),
    ("no such file", ("invented.wsdl", "invented2.wsdl"), "10: `invented2.wsdl` cannot be read"),
    ("a file elsewhere", ("invented.wsdl", "../invented.wsdl"), "10: `../invented.wsdl` is not the name of a file"),
    ("an address as WSDL", ("invented.wsdl", "http://127.0.0.1/a?wsdl"), "is not the name of a file beside this one"),
    ("an error of no name", ("limits:", "faults: {E1: Gone}\n    limits:"), "unknown word `Gone` for `E1`"),
    (
        "a success that is no path",
        ("limits:", 'success: {path: "a|b", is: ["0"]}\n    limits:'),
        "13: write names of elements",
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("edit", "message"), [case[1:] for case in SOURCE_MISTAKES], ids=[case[0] for case in SOURCE_MISTAKES]
)
def test_a_mistake_in_a_source_is_found(edit: tuple[str, str], message: str) -> None:
    """The WSDL is a file beside the declaration, the very one that was pinned; settings are references."""
    assert edit[0] in SOAP_SOURCE
    text = refused(soap(SOAP_SOURCE.replace(*edit), SOAP_TYPE))
    assert message in text
    assert "hunter2" not in text


TEXT = WSDL.read_text("utf-8")


def with_(inside: str, after: str = "<types>") -> str:
    assert after in TEXT
    return TEXT.replace(after, after + inside, 1)


SCHEMA = '<xs:schema targetNamespace="urn:invented:permits" elementFormDefault="qualified">'
ELSEWHERE = '<xs:import namespace="urn:x" schemaLocation="http://127.0.0.1:1/hunter2.xsd"/>'
IMPORTS = "10: the WSDL imports another document; put everything into one file"
WSDLS = [
    ("no XML", "hunter2", "10: not a WSDL that can be read"),
    ("half of it", TEXT[:-40], "10: not a WSDL that can be read"),
    ("another XML", "<hunter2/>", "unknown operation `find`"),
    ("a message that is nowhere", TEXT.replace('message="tns:findIn"', 'message="tns:hunter2"'), "unknown operation"),
    ("an import from the network", with_(ELSEWHERE, SCHEMA), IMPORTS),
    ("an include of a file", with_('<xs:include schemaLocation="/etc/hostname"/>', SCHEMA), IMPORTS),
    ("another WSDL", TEXT.replace("<types>", '<import namespace="urn:x" location="hunter2.wsdl"/><types>'), IMPORTS),
    (
        "entities",
        TEXT.replace("<defin", '<!DOCTYPE x [<!ENTITY e "hunter2">]><defin', 1),
        "10: the WSDL holds a document",
    ),
]


@pytest.mark.parametrize(("wsdl", "message"), [case[1:] for case in WSDLS], ids=[case[0] for case in WSDLS])
def test_a_wsdl_is_read_from_its_own_bytes_or_refused(tmp_path: Path, wsdl: str, message: str) -> None:
    """Nothing is imported, fetched or unfolded, and what cannot be read is said without quoting it."""
    (tmp_path / "invented.wsdl").write_text(wsdl, "utf-8")
    source = SOAP_SOURCE.replace(SHA256, hashlib.sha256(wsdl.encode()).hexdigest())
    text = refused(soap(source, SOAP_TYPE, tmp_path))
    assert message in text
    assert "hunter2" not in text


def test_a_document_without_a_folder_has_nothing_beside_it() -> None:
    """A text that was never a file cannot name one."""
    with pytest.raises(ValueError, match="is not the name of a file beside this one"):
        Document("370100-invented.yaml", b"a: 1").beside("invented.wsdl")


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    """A file beside a declaration is read up to four mebibytes."""
    with (tmp_path / "invented.wsdl").open("wb") as file:
        file.truncate((4 << 20) + 1)
    with pytest.raises(DeclarationError, match="is larger than"):
        described(folder=tmp_path)


async def test_opening_names_the_setting_and_never_its_value() -> None:
    """An endpoint that cannot be used stops the start, by platform, source and reference."""
    for address in ("platform.example/hunter2", "u:hunter2@127.0.0.1/", "127.0.0.1/x?hunter2", "127.0.0.1:hunter2/"):
        with pytest.raises(ValueError, match=r"370100-invented, source `main`: `env:ENDPOINT`") as caught:
            await described().open(Surroundings({"env:ENDPOINT": f"http://{address}"}))
        assert "hunter2" not in str(caught.value)
