"""Questions that bear an application's key, the time, and a hash over both and a secret.

The secret is a lasting one, or one that the platform lends for a few minutes: asked for with the lasting secret, then,
while that serves, with the one that came beside the last.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from connectors.contract import AuthFailed, BadRequest, ContractBroken, Deadline, Turn
from connectors.identities import AppKeyAuth, Rotating
from connectors.kinds.credentials.keeping import Keeper, Lent
from connectors.kinds.credentials.references import References
from connectors.kinds.templates import filled
from connectors.mapping.paths import expression
from connectors.mapping.texts import text_if_any
from connectors.mapping.times import Format, epoch_millis
from connectors.transport.port import Answer, Question, Transport

MOST = 64 * 1024  # bytes of an answer
_FORM = "application/x-www-form-urlencoded"
Now = Callable[[], datetime]
Read = Callable[[Answer], Any]  # the body of a successful answer; raises the error that another one stands for


class Lasting:
    """Signs with the declared secret."""

    def __init__(self, words: AppKeyAuth, references: References, now: Now) -> None:
        self._words, self._now = words, now
        self._key, self._secret = references.text(words.appKey), references.text(words.secret)
        self._time = writer(words.time, words.zone)

    async def ready(self, deadline: Deadline, turn: Turn) -> str:
        return self._secret

    def signed(self, question: Question, credential: str) -> Question:
        """Raises BadRequest for a question without a body where the body is to bear the signature."""
        words, names = self._words, self._words.names
        slots = {"appKey": self._key, "time": self._time(self._now()), "nonce": secrets.token_hex(16)}
        sign = digest(words.sign.hash, filled(words.sign.of, {**slots, "secret": credential}), credential)
        sign = sign.upper() if words.sign.upper else sign
        parts = {names.appKey: slots["appKey"], names.time: slots["time"], names.sign: sign}
        if names.nonce is not None:
            parts[names.nonce] = slots["nonce"]
        return _bearing(question, words.at, parts)

    async def renewed(self, refused: str, deadline: Deadline, turn: Turn) -> bool:
        return False

    def close(self) -> None:
        pass


def digest(name: str, text: str, key: str) -> str:
    """In hexadecimal; `key` is used by an `hmac-` alone (RFC 2104). SM3 is that of GB/T 32905-2016."""
    plain = name.removeprefix("hmac-")
    if plain != name:
        return hmac.new(key.encode(), text.encode(), plain).hexdigest()
    return hashlib.new(plain, text.encode(), usedforsecurity=False).hexdigest()  # the platform chose it


@dataclass(frozen=True, slots=True)
class Pair:
    """What the platform lent last: `refresh` is what the next is asked for with, until its own end, monotonic."""

    refresh: str
    until: float


class Lending(Lasting):
    """Signs with secrets that the platform lends. `read` gives the body of an answer, or raises what it stands for."""

    def __init__(
        self, words: AppKeyAuth, rotating: Rotating, references: References, transport: Transport, read: Read,
        timeout: float, now: Now,
    ) -> None:  # fmt: skip
        super().__init__(words, references, now)
        self._rotating, self._transport, self._read = rotating, transport, read
        self._keeper = Keeper(self._asked, timeout)
        self._pair: Pair | None = None

    async def ready(self, deadline: Deadline, turn: Turn) -> str:
        return await self._keeper.get(deadline, turn)

    async def renewed(self, refused: str, deadline: Deadline, turn: Turn) -> bool:
        await self._keeper.renewed(refused, deadline, turn)
        return True

    def close(self) -> None:
        self._keeper.close()

    async def _asked(self, deadline: Deadline) -> Lent[str]:
        pair, self._pair = self._pair, None
        if pair is not None and self._rotating.next is not None and time.monotonic() < pair.until:
            with suppress(AuthFailed):  # then it has ended there already
                return await self._lent(self._rotating.next, pair.refresh, deadline)
        return await self._lent(self._rotating.first, self._secret, deadline)

    async def _lent(self, target: str, secret: str, deadline: Deadline) -> Lent[str]:
        words = self._rotating
        plain = Question(words.method, target, {"Accept": "application/json"}, b"")
        if words.method == "POST":
            plain = Question("POST", target, {**plain.headers, "Content-Type": _FORM}, b"")
        body = self._read(await self._transport.send(self.signed(plain, secret), deadline, MOST))
        lent = _text(body, words.secret)
        if lent is None:
            raise ContractBroken("the answer holds no secret where the declaration says")
        refresh = _text(body, words.refresh)
        if refresh is not None:
            self._pair = Pair(refresh, time.monotonic() + self._left(body, words.refreshUntil, words.refreshLifetime))
        return Lent.lasting(lent, self._left(body, words.until, words.lifetime))

    def _left(self, body: Any, until: str | None, otherwise: float) -> float:
        """Seconds that something lent still holds: as the platform says, by our clock, or else as declared."""
        told = _text(body, until)
        if told is None:
            return otherwise
        if not told.isascii() or not told.isdigit() or len(told) > 14:
            raise ContractBroken("the answer does not tell in milliseconds when its secret ends")
        return max(1.0, (int(told) - epoch_millis(self._now())) / 1000)


def _text(body: Any, place: str | None) -> str | None:
    return None if place is None else text_if_any(expression(place)(body)) or None


def writer(time_as: str, zone: str = "UTC") -> Callable[[datetime], str]:
    """How a moment is written: `epochMillis`, `epochSeconds` or a format. Raises ValueError."""
    if time_as == "epochMillis":
        return lambda moment: str(epoch_millis(moment))
    if time_as == "epochSeconds":
        return lambda moment: str(epoch_millis(moment) // 1000)
    form = Format(time_as)
    return lambda moment: form.write(moment.astimezone(ZoneInfo(zone)))


def _bearing(question: Question, at: str, parts: Mapping[str, str]) -> Question:
    headers, target, body = question.headers, question.target, question.body
    if at == "header":
        headers = {**headers, **parts}
    elif at == "query":
        target = f"{target}{'&' if '?' in target else '?'}{urlencode(parts)}"
    elif headers.get("Content-Type") == _FORM:
        body = body + (b"&" if body else b"") + urlencode(parts).encode("ascii")
    elif body.startswith(b"{") and body != b"{}":
        body = json.dumps(parts).encode()[:-1] + b", " + body[1:]
    else:
        raise BadRequest("the question has no form and no JSON body that could bear its signature")
    return Question(question.method, target, headers, body)
