"""The registry of officers as its operator writes it: what is wrong is said with file and line, all at once."""

from __future__ import annotations

import base64
import stat
import string
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.app import read
from gateway.cli.homes import make_home
from gateway.documents import Document, DocumentError
from gateway.governing.officers import load_officers, read_officers
from gateway.governing.signing import make_key, read_key, verifier
from gateway.keyfiles import KeyFileError
from gateway.settings import load

LETTERS = string.ascii_uppercase + string.ascii_lowercase + string.digits + "+/"  # RFC 4648, 4
WRONG = """\
officers:
  li:
    name: Li
    key: "{key}"
    roles: [policy.autor, operator]
    region: "37"
  wang:
    name: Wang
    key: "{key}"
    roles: [policy.approver]
    region: "37"
    since: 2026-03-01
    until: 2026-02-01
  zhao:
    name: Zhao
    key: "rsa:AAAA"
    roles: [law.officer]
    region: "37"
"""


def test_every_finding_has_its_line(tmp_path: Path) -> None:
    """A role that is none, a key of two people, an end before the beginning, a key that is none: each with its line."""
    text = WRONG.format(key=make_key(tmp_path / "key").public)
    with pytest.raises(DocumentError) as refused:
        read_officers(Document("officers.yaml", text.encode()))
    found = refused.value.findings
    assert len(found) == 4
    assert found[0] == "officers.yaml:5: unknown role `policy.autor`, did you mean `policy.author`?"
    assert found[1].startswith("officers.yaml:9: the key of `li`; every person has a key of their own")
    assert found[2].startswith("officers.yaml:13: ")
    assert found[3].startswith("officers.yaml:16: a public key such as `ed25519:...` is expected")


@pytest.mark.parametrize(
    "line", ["region: 37", 'region: "370000"', "roles: []", "since: 2026-01-01T00:00:00", "role: x", "until: null"]
)
def test_an_entry_is_read_strictly(tmp_path: Path, line: str) -> None:
    """An unknown word, a region that is no province's digits, no role at all, a time for a day, no end: refused."""
    key = make_key(tmp_path / "key").public
    good = {"name": "Li", "key": f'"{key}"', "roles": "[operator]", "region": '"37"'}
    word, _, value = line.partition(": ")
    text = "officers:\n  li:\n" + "".join(f"    {name}: {said}\n" for name, said in {**good, word: value}.items())
    with pytest.raises(DocumentError, match=r"officers\.yaml:\d+: "):
        read_officers(Document("officers.yaml", text.encode()))


def test_a_key_has_one_spelling(tmp_path: Path) -> None:
    """Base64 leaves two bits unused in the last letter of a key: spelt otherwise it passed for another's."""
    key = make_key(tmp_path / "key").public
    last = LETTERS[LETTERS.index(key[-2]) + 1]
    assert base64.b64decode(f"{key[8:-2]}{last}=") == base64.b64decode(key[8:])
    entry = 'name: Li, roles: [operator], region: "37"'
    text = f'officers:\n  li: {{{entry}, key: "{key}"}}\n  wang: {{{entry}, key: "{key[:-2]}{last}="}}\n'
    with pytest.raises(DocumentError, match=r"officers\.yaml:3: a public key such as"):
        read_officers(Document("officers.yaml", text.encode()))


def test_check_tells_what_is_wrong_with_officers(tmp_path: Path) -> None:
    """`credit-gateway check`, and a start, refuse a registry that cannot be read, with file and line."""
    make_home(tmp_path / "home")
    assert read(load(tmp_path / "home")).governed.course.seq == 0
    (tmp_path / "home" / "officers.yaml").write_text("officers:\n  li: {name: Li}\n", "utf-8")
    with pytest.raises(DocumentError, match=r"officers\.yaml:2: `key` is missing"):
        read(load(tmp_path / "home"))


def test_a_home_without_officers_has_none(tmp_path: Path) -> None:
    """Without the file nobody may sign anything."""
    assert load_officers(tmp_path).by_id == {}


def test_an_officer_serves_from_a_day_until_another(tmp_path: Path) -> None:
    """`since` counts from its first instant in Shanghai, `until` is exclusive."""
    key = make_key(tmp_path / "key").public
    words = f'name: Li, key: "{key}", roles: [operator], region: "37", since: 2026-03-01, until: 2026-04-01'
    text = f"officers:\n  li: {{{words}}}\n"
    officer = read_officers(Document("officers.yaml", text.encode())).by_id["li"]
    inside, before, after = (datetime(2026, *rest, tzinfo=UTC) for rest in ((2, 28, 16), (2, 28, 15), (3, 31, 16)))
    assert officer.may(("operator",), "37", inside)
    assert not officer.may(("operator",), "37", before)
    assert not officer.may(("operator",), "37", after)
    assert not officer.may(("operator",), "31", inside)
    assert not officer.may(("policy.author",), "37", inside)


def test_a_key_is_its_owners_alone(tmp_path: Path) -> None:
    """A private key is made for its owner alone, never overwritten, and refused when others may read it."""
    path = tmp_path / "li.key"
    public = make_key(path).public
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(KeyFileError, match="never overwritten"):
        make_key(path)
    signer = read_key(path)
    assert signer.public == public
    assert verifier(public).verifies(signer.sign(b"text"), b"text")
    assert not verifier(public).verifies(signer.sign(b"text"), b"another")
    path.chmod(0o640)
    with pytest.raises(KeyFileError, match="chmod 600"):
        read_key(path)
    other = tmp_path / "none.key"
    other.write_text("no key")
    other.chmod(0o600)
    with pytest.raises(KeyFileError, match="Ed25519 private key"):
        read_key(other)
