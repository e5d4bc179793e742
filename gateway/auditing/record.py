"""What is recorded of one request, answered or refused: facts of the decision, never a value.

A record says who asked, for what purpose, on what evidence and on which consents (their ids, never whose),
under which policy, about whom (keyed pseudonyms), which fields of which platforms were asked, by which rule
each was given, masked or denied, how many rows came and were shown, and how it ended: enough to decide the
same question again. It never holds a query's text, an argument, a row, or a name of a subject. The operator
and case number are kept in clear, because the law wants them named.

The bytes are canonical: keys sorted, UTF-8, one line. Control, bidirectional and other format characters
are written as JSON escapes, so that nothing which a caller says can break a line or a terminal.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import orjson

from connectors.delegation import acting
from gateway.auditing.keys import Pseudonyms
from gateway.model import Caller, Replies, Ruling, Verdict

MAX_TEXT = 256  # characters of anything that a caller or its issuer said

# C1 controls, soft hyphen, format and bidirectional marks, line separators, byte order mark, tag characters
_FORMAT = re.compile(
    "[\x7f-\x9f\xad\u0600-\u0605\u061c\u06dd\u070f\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f]"
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How it ended: HTTP status, the codes of its errors, whether all that could answer did, and how long it took."""

    status: int
    errors: tuple[str, ...]
    complete: bool
    milliseconds: float


@dataclass(frozen=True, slots=True)
class Record:
    """One request. `decision` is its public id; `document` the SHA-256 of the query's text, None when unread.

    A refused request has a caller and an outcome and, as far as it came, a verdict; `shown` are rows shown
    by part of the verdict.
    """

    decision: str
    at: datetime
    caller: Caller | None
    document: str | None
    outcome: Outcome
    verdict: Verdict | None = None
    replies: Replies | None = None
    shown: Mapping[int, int] | None = None


def canonical(words: Any) -> bytes:
    """JSON with sorted keys, on one line whatever the text within holds."""
    raw = orjson.dumps(words, option=orjson.OPT_SORT_KEYS)
    if raw.isascii() and b"\x7f" not in raw:
        return raw
    return _FORMAT.sub(_escape, raw.decode()).encode()


def token_digest(issuer: str | None, token_id: str) -> str:
    """What is kept of a token's id: its issuer, who knows the id, can find the token; nobody else can use it."""
    return sha256(f"{issuer}\n{token_id}".encode("utf-8", "replace")).hexdigest()


def caller_words(caller: Caller, pseudonyms: Pseudonyms) -> dict[str, Any]:
    """A client's ceiling and its world stand there where it has them: they decide as rules do. So does on whose behalf
    a gateway asked, and which way the question came."""
    terms = caller.terms
    closing: dict[str, Any] = {"sandbox": True} if terms.sandbox else {}
    if terms.types is not None:
        closing["types"] = sorted(terms.types)
    if caller.delegated is not None:
        far = caller.delegated
        closing["delegated"] = {"act": acting(far.hops), "policies": list(far.policies), "sub": far.asker}
    return closing | {
        "class": caller.client_class,
        "evidence": {name: _said(value) for name, value in caller.evidence.items()},
        "id": caller.id,
        "issuer": caller.issuer,
        "own": pseudonyms.of(caller.own.kind, caller.own.value) if caller.own else None,
        "purpose": caller.purpose,
        "region": caller.region,
        "scopes": sorted(caller.scopes),
        "token": token_digest(caller.issuer, caller.token_id) if caller.token_id else None,
    }


def ruling_words(ruling: Ruling) -> dict[str, Any]:
    """`fields` by name (a coordinate is `type.name`): effect and rule; `asked`: all that may travel, control too."""
    facts = ruling.facts
    return {
        "asked": sorted(ruling.asked),
        "consent": facts.consent,
        "denied": ruling.denied.rule if ruling.denied else None,
        "fields": {name: [decision.effect, decision.rule] for name, decision in ruling.decisions.items()},
        "given": sorted(facts.given),
        "kind": facts.kind,
        "own": facts.own,
        "platform": ruling.platform,
        "province": facts.province,
        "rows": [rule.rule for rule in ruling.rows],
        "type": facts.type,
    }


def terms(arguments: Mapping[str, Any], pseudonyms: Pseudonyms) -> dict[str, str]:
    """Text that was searched for, by argument, as pseudonyms."""
    return {name: pseudonyms.of(name, value) for name, value in arguments.items() if isinstance(value, str)}


def instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def _said(text: str) -> str:
    return text.encode("utf-8", "replace").decode()[:MAX_TEXT]


def _escape(match: re.Match[str]) -> str:
    units = match.group().encode("utf-16-be").hex()
    return "".join(f"\\u{units[place : place + 4]}" for place in range(0, len(units), 4))
