"""Records put together from kept pieces: byte for byte what one plain pass over the whole record gives."""

from __future__ import annotations

import base64
import hmac
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.contract import Row, SubjectKey
from gateway.auditing import encoding
from gateway.auditing.encoding import Encoder
from gateway.auditing.keys import Pseudonyms
from gateway.auditing.record import Outcome, Record, caller_words, canonical, instant, ruling_words, terms
from gateway.model import (
    ANYBODY,
    Branch,
    Caller,
    Consent,
    GivenConsent,
    Part,
    Plan,
    Replies,
    Reply,
    Root,
    Ruling,
    Seek,
    Subject,
    Verdict,
    Window,
)
from policies.model import Decision, Facts, RowRule, Words
from tests.promises.recorded import DONE, NOW, record

PSEUDONYMS = Pseudonyms(b"k" * 32)
WORDS = Words("甲", "A")
NAMES = ("no", "状态", "id\x7fNo", "until\u202e")


def plainly(record: Record) -> bytes:
    """The whole record as one dictionary, written at once: the referee."""
    words: dict[str, Any] = {
        "at": instant(record.at),
        "caller": caller_words(record.caller, PSEUDONYMS) if record.caller else None,
        "decision": record.decision,
        "document": record.document,
        "outcome": {
            "complete": record.outcome.complete,
            "errors": list(record.outcome.errors),
            "ms": round(record.outcome.milliseconds, 3),
            "status": record.outcome.status,
        },
    }
    if record.verdict is not None:
        words |= decided(record.verdict, record)
    return canonical(words)


def decided(verdict: Verdict, record: Record) -> dict[str, Any]:
    """The part of a record that only a decided question has."""
    asked = [subject for root in verdict.plan.roots for _, subject in root.known]
    asked += [branch.subject for branch in verdict.plan.branches if branch.seek is None]
    keys = list(dict.fromkeys(subject.key for subject in asked))
    kinds = {subject.key: subject.kind for subject in reversed(asked)}
    asks: dict[Any, dict[str, Any]] = {}
    for number, part in enumerate(verdict.parts):
        ruling, key = part.ruling, verdict.plan.branches[part.branch].subject.key
        denied = ruling.denied.rule if ruling.denied else None
        group = (ruling.platform, ruling.facts, frozenset(ruling.decisions), ruling.asked, denied)
        ask = asks.setdefault(group, {**ruling_words(ruling), "replies": []})
        reply = record.replies.by_part.get(number) if record.replies else None
        status = reply.status if reply else "DENIED" if ruling.denied else "NOT_ASKED"
        received = len(reply.rows) + reply.rejected if reply else 0
        place = keys.index(key) if key in keys else None
        ask["replies"].append([place, status, received, (record.shown or {}).get(number, 0)])
    return {
        "asks": list(asks.values()),
        "consents": [{"id": consent.id, "issuer": consent.issuer} for consent in verdict.consents],
        "decidedAt": instant(verdict.at),
        "policy": verdict.policy,
        "roots": [
            {"field": root.field, "terms": terms(root.arguments, PSEUDONYMS) if root.subjects is None else {}}
            for root in verdict.plan.roots
        ],
        "subjects": [{"id": PSEUDONYMS.of(key.kind, key.value), "kind": kinds[key]} for key in keys],
        "unknowable": len(verdict.unknowable),
    }


def some_rulings() -> tuple[Ruling, ...]:
    """Rulings as templates would hand them out, and equal ones that are other objects."""
    found = []
    for number in range(4):
        facts = Facts(
            "court", "court-37", "370000", frozenset({"credit.gov"}), "court.execution", number == 1, number == 2,
            frozenset({"uscc", "name"}), "Enterprise", "Penalty", f"370{number}00", NOW,
        )  # fmt: skip
        decisions = {name: Decision("allow", f"national/{name}", WORDS) for name in NAMES[: number + 1]}
        denied = Decision("deny", "national/ceiling", WORDS) if number == 3 else None
        rows = (RowRule("national/old", WORDS, "hide", None),) if number else ()
        found.append(Ruling(f"3706{number}0-甲", facts, decisions, frozenset(NAMES[number:]), rows, denied))
    return (*found, *(replace(ruling) for ruling in found), replace(found[0], closing=True, decisions={}))


RULINGS = some_rulings()
SUBJECTS = tuple(
    Subject(SubjectKey(kind, str(number)), "Enterprise", False, None)
    for kind in ("uscc", "citizenId")
    for number in range(3)
)
texts = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=12)


@st.composite
def callers(draw: st.DrawFn) -> Caller:
    return Caller(
        draw(texts), "court", draw(st.none() | texts), frozenset(draw(st.sets(texts, max_size=3))), draw(texts),
        draw(st.dictionaries(texts, texts, max_size=2)), draw(st.sampled_from([None, SubjectKey("uscc", "1")])),
        draw(st.none() | texts), draw(st.none() | texts),
        given_consents=draw(st.sampled_from([(), (GivenConsent(None, "MALFORMED"),)])),
    )  # fmt: skip


@st.composite
def verdicts(draw: st.DrawFn, caller: Caller) -> Verdict:
    subjects = draw(st.lists(st.sampled_from(SUBJECTS), max_size=4))
    roots = (Root("a", "subjects", {"name": draw(texts)}, tuple(subjects)), Root("b", "search", {"name": draw(texts)}))
    seek = Seek("name", "contains", ("x",), ("Enterprise",))
    branches = [Branch(("a",), ("a",), subject, "Penalty", frozenset(), Window()) for subject in subjects]
    branches.append(Branch(("b",), ("b",), ANYBODY, "Penalty", frozenset(), Window(), seek=seek))
    places = st.integers(0, len(branches) - 1)
    parts = [Part(draw(places), ruling, ()) for ruling in draw(st.lists(st.sampled_from(RULINGS), max_size=6))]
    consent = Consent(draw(texts), "issuer", "p", frozenset(), 1.0, b"", b"")
    at = draw(st.sampled_from([NOW, NOW + timedelta(microseconds=1)]))
    return Verdict(
        Plan(roots, tuple(branches)), draw(texts), caller, at, tuple(parts), frozenset({("a",)}), (), frozenset(),
        consents=draw(st.sampled_from([(), (consent,)])),
    )  # fmt: skip


@st.composite
def records(draw: st.DrawFn) -> list[Record]:
    """Requests that follow each other, by a few callers who come again."""
    known = draw(st.lists(callers(), min_size=1, max_size=3))
    row = Row("r", SubjectKey("uscc", "1"), {})
    found = []
    for _ in range(draw(st.integers(1, 5))):
        caller = draw(st.sampled_from(known))
        replies = {
            number: Reply(draw(st.sampled_from(["ANSWERED", "TIMEOUT"])), (row,) * draw(st.integers(0, 2)), None, 1)
            for number in draw(st.sets(st.integers(0, 5)))
        }
        outcome = Outcome(200, tuple(draw(st.lists(texts, max_size=2))), draw(st.booleans()), draw(st.floats(0, 1e6)))
        found.append(
            Record(
                draw(texts),
                NOW,
                draw(st.sampled_from([caller, None])),
                draw(st.none() | texts),
                outcome,
                draw(st.none() | verdicts(caller)),
                draw(st.sampled_from([None, Replies(replies)])),
                draw(st.none() | st.dictionaries(st.integers(0, 5), st.integers(0, 9))),
            )
        )
    return found


@given(records(), st.integers(1, 3))
def test_pieces_make_the_same_bytes(requests: list[Record], most: int) -> None:
    """Whatever is asked, by whom, in whatever order, and however little is kept: the bytes of the plain pass."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(encoding, "MOST_RULINGS", most)
        patch.setattr(encoding, "MOST_CALLERS", most)
        encoder = Encoder(PSEUDONYMS)
        for request in [*requests, *requests]:
            assert encoder.encode(request) == plainly(request)


def test_what_is_kept_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many callers and rulings pass, a fixed number is held, and none with its own key or consents."""
    monkeypatch.setattr(encoding, "MOST_CALLERS", 8)
    encoder = Encoder(PSEUDONYMS)
    for number in range(100):
        encoder.encode(record(number))
        assert len(encoder._callers) <= 8
    known = record(1).caller
    assert known is not None
    encoder._callers.clear()
    consented = replace(known, given_consents=(GivenConsent(None, "MALFORMED"),))
    for caller in (consented, replace(known, own=SubjectKey("citizenId", "370100199001010014"))):
        encoder.encode(Record("d", NOW, caller, None, DONE))
    assert encoder._callers == {}


@given(st.binary(min_size=32, max_size=32), st.text(alphabet=st.characters(exclude_categories=[])))
def test_pseudonyms_are_hmac(secret: bytes, value: str) -> None:
    """A pseudonym is HMAC-SHA-256 cut to 128 bits, in base32, as the standard library computes them."""
    digest = hmac.digest(secret, f"name\0{value}".encode("utf-8", "surrogatepass"), "sha256")
    expected = base64.b32encode(digest[:16]).decode().rstrip("=")
    assert Pseudonyms(secret).of("name", value).rsplit(":", 1)[1] == expected
