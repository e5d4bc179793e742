"""What is kept of a request: the facts of its decision, pseudonyms, and no value."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.contract import Row, SubjectKey
from gateway.auditing import keys
from gateway.auditing.encoding import Encoder
from gateway.auditing.record import Record
from gateway.keyfiles import KeyFileError
from gateway.model import Branch, Part, Plan, Replies, Reply, Root, Ruling, Subject, Verdict, Window
from policies.model import Decision, Facts, Words
from tests.promises.recorded import DONE, NOW, record


def test_a_record_has_the_decision_and_no_value(tmp_path: Path) -> None:
    """Subjects and search terms are keyed pseudonyms; the record names fields and rules, never what they hold."""
    person = Subject(SubjectKey("citizenId", "370100199001010014"), "NaturalPerson", True, "张三丰")
    plan = Plan(
        roots=(
            Root("subject", "subject", {"id": {"citizenId": "370100199001010014"}}, (person,)),
            Root("search", "search", {"name": "烟台某某商贸", "first": 20}),
        ),
        branches=tuple(
            Branch((path, "penalties"), (path,), person, "Penalty", frozenset({"no"}), Window()) for path in ("a", "b")
        ),
    )
    words = Words("甲", "A")
    caller = record(1).caller
    assert caller is not None
    facts = Facts(
        client_class=caller.client_class,
        client_id=caller.id,
        region=caller.region,
        scopes=caller.scopes,
        purpose=caller.purpose,
        consent=False,
        own=False,
        given=person.given,
        kind=person.kind,
        type="Penalty",
        province="37",
        at=NOW,
    )
    decisions = {"no": Decision("allow", "national/open", words), "idNo": Decision("deny", "national/ceiling", words)}

    def ruling() -> Ruling:
        return Ruling("370600-yantai-penalties", facts, decisions, frozenset({"no", "status"}), ())

    parts = (Part(0, ruling(), ()), Part(1, ruling(), ()))
    verdict = Verdict(plan, "sha256:77", caller, NOW, parts, frozenset(), (), frozenset())
    rows = (Row("r-1", person.key, {"no": "鲁烟罚〔2026〕1号", "decidedOn": date(2026, 1, 2)}),)
    replies = Replies({0: Reply("ANSWERED", rows, rejected=2)})
    pseudonyms = keys.pseudonyms(tmp_path)
    raw = Encoder(pseudonyms).encode(Record("d-1", NOW, caller, "cd" * 32, DONE, verdict, replies, {0: 1}))
    for value in ("370100199001010014", "张三丰", "烟台某某商贸", "鲁烟罚", "2026-01-02", "token-1", "r-1"):
        assert value.encode() not in raw
    read = orjson.loads(raw)
    assert read["asks"] == [
        {
            "asked": ["no", "status"],
            "consent": False,
            "denied": None,
            "fields": {"idNo": ["deny", "national/ceiling"], "no": ["allow", "national/open"]},
            "given": ["citizenId", "name"],
            "kind": "NaturalPerson",
            "own": False,
            "platform": "370600-yantai-penalties",
            "province": "37",
            "replies": [[0, "ANSWERED", 3, 1], [0, "NOT_ASKED", 0, 0]],
            "rows": [],
            "type": "Penalty",
        }
    ]
    assert read["subjects"] == [{"id": pseudonyms.of("citizenId", person.key.value), "kind": "NaturalPerson"}]
    assert read["roots"][1] == {"field": "search", "terms": {"name": pseudonyms.of("name", "烟台某某商贸")}}
    assert read["caller"]["evidence"] == {"operator": "甲", "caseNo": "(2026)鲁01执1号"}
    assert raw == orjson.dumps(read, option=orjson.OPT_SORT_KEYS)


@given(st.text(alphabet=st.characters(exclude_categories=[]), max_size=40))
def test_no_text_breaks_a_line(text: str) -> None:
    """Whatever a caller says, a record is one line without control or direction characters, and says it still."""
    raw = Encoder(keys.Pseudonyms(b"k" * 32)).encode(record(1, text))
    shown = raw.decode()
    assert len(shown.splitlines()) == 1
    assert not any(character in shown for character in "\x00\x1b\x7f\x85\u200b\u200f\u2028\u2029\u202e\u2066\ufeff")
    said = text.encode("utf-8", "replace").decode()
    assert orjson.loads(raw)["caller"]["evidence"]["operator"] == said


def test_pseudonyms_need_the_key(tmp_path: Path) -> None:
    """The same subject has one pseudonym per key and kind, with the key's id in it."""
    one, same, other = keys.pseudonyms(tmp_path), keys.pseudonyms(tmp_path), keys.pseudonyms(tmp_path / "other")
    assert one.of("uscc", "91370000MA0000000X") == same.of("uscc", "91370000MA0000000X")
    assert one.of("uscc", "1") != one.of("citizenId", "1")
    assert one.of("uscc", "1") != other.of("uscc", "1")
    assert one.of("uscc", "1").startswith(f"a1:{one.key_id}:")


def test_keys_are_private_and_whole(tmp_path: Path) -> None:
    """Key files are readable by their owner alone; an open, cut or foreign one is refused by name."""
    keys.pseudonyms(tmp_path)
    keys.signer(tmp_path)
    secret, signing, public = (tmp_path / "keys" / name for name in ("audit.key", "checkpoint.key", "checkpoint.pub"))
    assert [path.stat().st_mode & 0o777 for path in (secret, signing)] == [0o600, 0o600]
    secret.chmod(0o644)
    with pytest.raises(KeyFileError, match=r"audit\.key: others may read"):
        keys.pseudonyms(tmp_path)
    secret.chmod(0o600)
    secret.write_text("abcd")
    with pytest.raises(KeyFileError, match="64 hex digits"):
        keys.pseudonyms(tmp_path)
    public.write_bytes(b"-----BEGIN PUBLIC KEY-----\n")
    with pytest.raises(KeyFileError, match="not the public half"):
        keys.signer(tmp_path)
