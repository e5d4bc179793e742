"""Every quota in one place: requests by minute and day, subjects by client, operator and agreement, near identifiers.

A minute is a clock minute, a day a calendar day in Asia/Shanghai. Requests are counted when the caller is known,
subjects when the question is decided and before any platform hears of it. Who has used up a quota gets 429 with the
seconds after which to ask again; every answer to a client with quotas tells what is left
(draft-ietf-httpapi-ratelimit-headers-11). Where counts cannot be written nothing is answered: 503.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b

from connectors.contract import SubjectKey
from gateway.caller import FROZEN
from gateway.errors import GatewayError
from gateway.model import Caller, UnderAgreement, Verdict
from gateway.rationing.counts import Counts, Taken, Unavailable, Wanted
from gateway.rationing.near import Near
from policies.model import Words

MINUTE, DAY = 60, 86_400  # seconds
SHANGHAI = 8 * 3600  # seconds ahead of UTC, all year
PERSONS = 200  # natural persons that one operator may ask about in a day where nothing is agreed [E]

REQUESTS_MINUTE = Words("每分钟请求数", "requests in a minute")
REQUESTS_DAY = Words("每日请求数", "requests in a day")
SUBJECTS_DAY = Words("每日查询主体数", "subjects in a day")
OPERATOR_DAY = Words("经办人每日查询主体数", "subjects that one operator asks about in a day")
PERSONS_DAY = Words("经办人每日查询自然人数", "persons that one operator asks about in a day")
AGREEMENT_DAY = Words("协议约定的每日查询主体数", "subjects in a day under the agreement")
NEAR_DAY = Words("身份证号码相近的自然人过多", "too many persons whose identity numbers are neighbours")


@dataclass(frozen=True, slots=True)
class Ration:
    """One quota as a caller is told of it: its name, its size and its window in seconds."""

    name: str
    words: Words
    window: int
    wanted: Wanted

    def header(self) -> str:
        unit = "requests" if self.wanted.subjects is None else "subjects"
        return f'"{self.name}";q={self.wanted.limit};w={self.window};qu="{unit}"'


@dataclass(slots=True)
class Allowance:
    """What one request's client has left, as headers; empty for whoever has no quota."""

    policies: dict[str, str] = field(default_factory=dict)
    left: dict[str, str] = field(default_factory=dict)

    def note(self, ration: Ration, used: int, now: float) -> None:
        rest, reset = max(ration.wanted.limit - used, 0), _until(ration, now)
        self.policies[ration.name] = ration.header()
        self.left[ration.name] = f'"{ration.name}";r={rest};t={reset}'

    @property
    def headers(self) -> Mapping[str, str]:
        if not self.left:
            return {}
        return {"RateLimit-Policy": ", ".join(self.policies.values()), "RateLimit": ", ".join(self.left.values())}


class Rations:
    """Counts for one process. `key` makes digests of subjects and operators; `wall` is Unix seconds."""

    def __init__(
        self,
        counts: Counts | None = None,
        key: bytes = b"",
        persons: int = PERSONS,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._counts, self._key, self._persons, self._wall = counts or Counts(), key, persons, wall
        self._near = Near()

    def begin(self, caller: Caller) -> Allowance:
        """One more request. Raises GatewayError CLIENT_FROZEN, QUOTA_EXCEEDED, or OVERLOADED where none can be counted.
        The caller is known by then, so that the record says who was turned away."""
        if caller.terms.state == FROZEN:
            raise GatewayError("CLIENT_FROZEN")
        allowance, quota = Allowance(), caller.terms.quota
        if quota is None or (quota.per_minute is None and quota.per_day is None):
            return allowance
        now = self._wall()
        rations: list[Ration] = []
        if quota.per_minute is not None:
            span = int(now) // MINUTE * MINUTE
            rations.append(Ration("minute", REQUESTS_MINUTE, MINUTE, Wanted(f"m {caller.id}", span, quota.per_minute)))
        if quota.per_day is not None:
            rations.append(Ration("day", REQUESTS_DAY, DAY, Wanted(f"d {caller.id}", _day(now), quota.per_day)))
        self._take(rations, allowance, now)
        return allowance

    def count(self, verdict: Verdict, under: Sequence[UnderAgreement], allowance: Allowance) -> None:
        """The subjects of a decided question. Raises GatewayError QUOTA_EXCEEDED, or OVERLOADED."""
        caller = verdict.caller
        if caller.issuer is None:  # the public is nobody: who floods it is for the proxy in front
            return
        asked = {s.key: s.natural for root in verdict.plan.roots for _, s in root.known if s.key != caller.own}
        if not asked:
            return
        now = self._wall()
        digests = {key: self._digest(f"{key.kind}:{key.value}") for key in asked}
        who = self._who(caller)
        rations = [*self._own(caller, who, asked, digests, _day(now)), *_agreed(under, digests, caller, _day(now))]
        if not self._near.noted(who, digests.items(), _day(now)):
            raise _exceeded(NEAR_DAY, _tomorrow(now), allowance)
        if rations:
            self._take(rations, allowance, now)

    def _own(
        self,
        caller: Caller,
        who: str,
        asked: Mapping[SubjectKey, bool],
        digests: Mapping[SubjectKey, bytes],
        day: int,
    ) -> list[Ration]:
        """What the client agreed, or what holds where it agreed nothing."""
        quota, found = caller.terms.quota, list[Ration]()
        every = tuple(digests.values())
        if quota is not None and quota.subjects_per_day is not None:
            wanted = Wanted(f"s {caller.id}", day, quota.subjects_per_day, every)
            found.append(Ration("subjects", SUBJECTS_DAY, DAY, wanted))
        if "operator" not in caller.evidence:
            return found
        if quota is not None and quota.per_operator is not None:
            wanted = Wanted(f"o {who}", day, quota.per_operator, every)
            found.append(Ration("operator", OPERATOR_DAY, DAY, wanted))
        elif persons := tuple(digests[key] for key, natural in asked.items() if natural):
            found.append(Ration("persons", PERSONS_DAY, DAY, Wanted(f"p {who}", day, self._persons, persons)))
        return found

    def _take(self, rations: Sequence[Ration], allowance: Allowance, now: float) -> None:
        try:
            taken: Taken = self._counts.take([ration.wanted for ration in rations], _day(now) - DAY)
        except Unavailable as error:
            raise GatewayError("OVERLOADED", headers={"Retry-After": "5"}, cause=f"quotas: {error}") from None
        for ration, used in zip(rations, taken.used, strict=False):
            allowance.note(ration, used, now)
        if taken.full is not None:
            full = rations[taken.full]
            raise _exceeded(full.words, _until(full, now), allowance)

    def _who(self, caller: Caller) -> str:
        """The named operator of a client, or of whoever asks through a gateway, whose names are its own; or the client
        or asker itself where none is named."""
        operator = caller.evidence.get("operator")
        return caller.partner if operator is None else f"{caller.partner} {self._digest(operator).hex()}"

    def _digest(self, text: str) -> bytes:
        return blake2b(text.encode("utf-8", "replace"), key=self._key, digest_size=16).digest()


def _agreed(
    under: Sequence[UnderAgreement], digests: Mapping[SubjectKey, bytes], caller: Caller, day: int
) -> list[Ration]:
    """One quota for each agreement, shared by all clients of the consumer's province."""
    province = (caller.region or "")[:2]
    return [
        Ration(
            f"agreement-{number}" if number else "agreement",
            AGREEMENT_DAY,
            DAY,
            Wanted(f"a {each.agreement} {province}", day, each.per_day, tuple(digests[k] for k in each.keys)),
        )
        for number, each in enumerate(under)
    ]


def _exceeded(words: Words, seconds: int, allowance: Allowance) -> GatewayError:
    headers = {"Retry-After": str(seconds), **allowance.headers}
    return GatewayError("QUOTA_EXCEEDED", headers=headers, detail=words)


def _day(now: float) -> int:
    """When today began in Asia/Shanghai, in Unix seconds."""
    return (int(now) + SHANGHAI) // DAY * DAY - SHANGHAI


def _tomorrow(now: float) -> int:
    return max(1, math.ceil(_day(now) + DAY - now))


def _until(ration: Ration, now: float) -> int:
    return max(1, math.ceil(ration.wanted.span + ration.window - now))
