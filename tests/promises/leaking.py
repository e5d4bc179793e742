"""Who asks, what may be seen of it, and whether an answer shows more: the judge of the leak matrix.

What each voice may see is reckoned here by the policy interpreter, from the shipped policies, and never by what the
gateway decided. A leak is a canary of a field in full anywhere in an answer, or a value where the field stands.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any

import orjson

from connectors.contract import SubjectKey
from policies.bundles import PolicySet
from policies.identifiers import kind_of
from policies.interpreter import decide
from policies.model import ALLOW, DENY, Facts, Field, RecordType
from tests.conftest import House
from tests.promises.canaries import COPIED, PLATFORMS, Asked, Canaries, Place

PURPOSES = {
    "shanghai-market-bureau": "gov.licensing", "zhejiang-bureau": "gov.licensing",
    "qingdao-trading-centre": "gov.bidding", "court": "court.execution", "shanghai-lender": "finance.loan",
    "weifang-village-bank": "finance.loan", "weihai-licensing-desk": "gov.licensing", "subject": "subject.access",
    "public": None,
}  # fmt: skip
OWN = ("penalised", "debtor_person", "clean_person")  # the examples that the subject is, one after the other
KEYED, NAMED, OPEN = "key", "key and name", "open"  # what a question says of its subject


@dataclass(frozen=True)
class Voice:
    """One of the demo's callers with a purpose; `own` is the example that a data subject is."""

    caller: str
    purpose: str | None
    own: str | None = None

    def headers(self, house: House) -> dict[str, str]:
        return house.headers(self.caller, self.purpose, self.own)


VOICES = tuple(
    Voice(caller, purpose, own)
    for caller, purpose in PURPOSES.items()
    for own in (OWN if caller == "subject" else (None,))
)


@dataclass(frozen=True, slots=True)
class Sent:
    """One request of a way in. `about`: what it means to reach, when that does not stand in its body."""

    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    method: str = "POST"
    path: str = "/graphql"
    said: frozenset[str] = frozenset({KEYED})
    about: str = ""
    signed: bool = True

    @property
    def text(self) -> str:
        return self.about or self.body.decode("utf-8", "replace")

    def raw(self, token: Mapping[str, str]) -> bytes:
        told = {"Content-Type": "application/json", "Accept": "application/graphql-response+json"}
        told |= {**(token if self.signed else {}), **self.headers}
        length = [] if self.method == "GET" or "Transfer-Encoding" in told else [f"Content-Length: {len(self.body)}"]
        lines = [f"{self.method} {self.path} HTTP/1.1", "Host: gateway", *length]
        lines += [f"{name}: {value}" for name, value in told.items() if value]
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + (b"" if self.method == "GET" else self.body)


def holders(record: RecordType) -> tuple[str, ...]:
    """The platforms that hold such records."""
    return PLATFORMS if record.name in COPIED else PLATFORMS[:1]


class Judge:
    """Knows what each voice may see, and reads answers."""

    def __init__(self, policies: PolicySet, house: House, canaries: Canaries) -> None:
        self.policies, self.canaries = policies, canaries
        self._house = house
        self._owners = {
            (item.owner, item.leaf): (record.name, item)
            for record in policies.catalogue.types.values() for item in record.fields.values()
        }  # fmt: skip
        self._at = datetime.now(UTC)
        self.effect = cache(self._effect)
        self.shown: set[Place] = set()  # what somebody who may see it has seen
        self.closed = 0  # places in answers where a field stands that is denied

    def facts(self, voice: Voice, platform: str, type_name: str, subject: SubjectKey, said: str) -> Facts:
        known = self._house.demo.callers[voice.caller]
        own = voice.own is not None and self._house.key(voice.own) == {subject.kind: subject.value}
        given: dict[str, tuple[str, ...]] = {OPEN: (), KEYED: (subject.kind,), NAMED: (subject.kind, "name")}
        return Facts(
            known["class"], voice.caller, known["region"], frozenset(known["scopes"]), voice.purpose, False, own,
            frozenset(given[said]), kind_of(self.policies.catalogue, subject.kind, subject.value), type_name,
            platform[:6], self._at,
        )  # fmt: skip

    def _effect(self, voice: Voice, place: Place, said: str) -> str:
        item = self.policies.catalogue.types[place.type].fields[place.field]
        return decide(self.policies, self.facts(voice, place.platform, place.type, place.subject, said), item).effect

    def pairs(self, voice: Voice, subject: SubjectKey) -> list[Field]:
        """The fields of a subject that a voice may not have in full, at some platform."""
        kind = self.canaries.subjects[subject]
        return [
            item
            for record in self.policies.catalogue.types.values() if kind in record.kinds
            for item in record.fields.values()
            if any(
                self.effect(voice, Place(platform, record.name, item.name, subject), KEYED) != ALLOW
                for platform in holders(record)
            )
        ]  # fmt: skip

    def leaks(self, voice: Voice, sent: Sent, head: bytes, body: bytes) -> Iterator[str]:
        """What an answer shows that it must not. The head is read as the body is."""
        seen: dict[tuple[str, str, SubjectKey], bool] = {}
        for place in self.canaries.found((head + body).decode("utf-8", "replace")):
            copies = (place.type, place.field, place.subject)  # a value that several platforms hold is one value
            allowed = any(self.effect(voice, place, said) == ALLOW for said in sent.said)
            seen[copies] = seen.get(copies, False) or allowed
            if allowed:
                self.shown.add(place)
        yield from (f"{voice}: a canary of {copies}" for copies, allowed in seen.items() if not allowed)
        if body[:1] == b"{":
            yield from self._standing(voice, sent, orjson.loads(body).get("data"), None)

    def _standing(self, voice: Voice, sent: Sent, data: Any, subject: SubjectKey | None) -> Iterator[str]:
        """Values where denied fields stand: also those of flags and codes, which are no canaries."""
        if isinstance(data, list):
            for item in data:
                yield from self._standing(voice, sent, item, subject)
        if not isinstance(data, dict):
            return
        owner = data.get("__typename", "")
        kinds = [key for key, kind in self.canaries.subjects.items() if kind == owner]
        subject = kinds[0] if kinds else subject
        for key, value in data.items():
            known = self._owners.get((owner, key.rpartition("_")[2]))
            if known is None or (known[1].leaf != known[1].name and known[1].owner == known[0]):
                yield from self._standing(voice, sent, value, subject)
                continue
            name, item = known
            denied = subject is not None and all(
                self.effect(voice, Place(platform, name, item.name, subject), said) == DENY
                for platform in holders(self.policies.catalogue.types[name]) for said in sent.said
            )  # fmt: skip
            self.closed += denied
            if denied and value not in (None, []) and value != [None] * len(value if isinstance(value, list) else []):
                yield f"{voice}: a value at {item.coordinate}"

    def overasked(self, voice: Voice, ask: Asked) -> list[str]:
        """Fields that a platform was asked for this voice although they are denied and decide nothing."""
        record = self.policies.catalogue.types[ask.type]
        subjects: Sequence[SubjectKey] = ask.subjects or [s for s in self.canaries.subjects if s.kind == "uscc"]
        ways = (KEYED, NAMED) if ask.subjects else (OPEN,)
        answered = {
            name
            for name in record.fields for subject in subjects for said in ways
            if self.effect(voice, Place(ask.platform, ask.type, name, subject), said) != DENY
        }  # fmt: skip
        allowed = answered | record.control if answered else answered
        return [f"{voice}: asked for {ask.type}.{name}" for name in ask.fields - allowed]


class Line:
    """One connection to the gateway, opened anew when it was hung up on."""

    def __init__(self, address: tuple[str, int]) -> None:
        self._address = address
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def exchange(self, raw: bytes) -> tuple[bytes, bytes]:
        """Head and body of the answer."""
        for _ in range(2):  # a connection that was closed between two requests is no answer
            if self._streams is None:
                self._streams = await asyncio.open_connection(*self._address)
            reader, writer = self._streams
            try:
                writer.write(raw)
                await writer.drain()
                head, body, goes_on = await _answer(reader)
            except (ConnectionError, asyncio.IncompleteReadError):
                self.close()
                continue
            if not goes_on:
                self.close()
            return head, body
        raise ConnectionError("hung up on without a word")

    async def pipelined(self, raws: Sequence[bytes]) -> list[bytes]:
        """The bodies of the answers to requests that are all sent before the first is answered."""
        reader, writer = self._streams = await asyncio.open_connection(*self._address)
        writer.write(b"".join(raws))
        await writer.drain()
        return [(await _answer(reader))[1] for _ in raws]

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


async def _answer(reader: asyncio.StreamReader) -> tuple[bytes, bytes, bool]:
    head = await reader.readuntil(b"\r\n\r\n")
    told = head.decode("latin-1").lower().split("\r\n")
    length = next((int(line[15:]) for line in told if line.startswith("content-length:")), None)
    body = await (reader.readexactly(length) if length is not None else reader.read())
    return head, body, length is not None and "connection: close" not in told
