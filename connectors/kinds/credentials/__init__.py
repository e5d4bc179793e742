"""A platform over HTTP, asked in our name: its transport, and whatever proves to it who asks.

What every kind over HTTP has in common. References are resolved when the account is opened; when the platform refuses
us they are read again, as files of secrets are every few seconds, and where one stands for something else by now the
question is put once more in the new name. So are questions with a token that the platform takes no more. Nobody asks
twice with the same credential, and nothing that was resolved is told.
"""

from __future__ import annotations

import asyncio
import base64
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from typing import Any, Generic, Protocol, TypeVar
from urllib.parse import urlsplit

from connectors.contract import AuthFailed, Deadline, Environment, Turn
from connectors.identities import ApiKeyAuth, AppKeyAuth, BasicAuth, OAuth2Auth
from connectors.kinds.credentials.oauth2 import USUAL, Tokens, Wanted
from connectors.kinds.credentials.references import References
from connectors.kinds.credentials.signing import Lasting, Lending
from connectors.kinds.templates import Resolve
from connectors.sources import HttpSource
from connectors.spelling import is_reference
from connectors.transport.address import origin
from connectors.transport.egress import Egress
from connectors.transport.pool import Pool
from connectors.transport.port import Answer, Question

log = logging.getLogger(__name__)

LOOK_EVERY = 5.0  # seconds between two looks at secrets that may have been exchanged
APART = 60.0  # seconds between two clocks that are told when we are refused

P = TypeVar("P")
R = TypeVar("R")


async def at_once() -> None:
    """The turn of a question that counts for nothing, such as one after the platform's health."""


class Signer(Protocol):
    """What proves who asks, anew with each question. `ready` and `renewed` raise ConnectorErrors."""

    async def ready(self, deadline: Deadline, turn: Turn) -> str:
        """The credential that serves now."""

    def signed(self, question: Question, credential: str) -> Question: ...

    async def renewed(self, refused: str, deadline: Deadline, turn: Turn) -> bool:
        """Whether there may be another credential than the one that was refused."""

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Reach:
    """What a transport is made of: equal ones are one."""

    base: str
    authority: str | None
    certificate: tuple[str, str] | None
    token: str | None = None  # the URL of a token endpoint that does not lie below `base`

    @classmethod
    def of(cls, source: HttpSource, references: References, base: str) -> Reach:
        """Raises ValueError."""
        auth = getattr(source, "auth", None)
        token = references.text(auth.token) if isinstance(auth, OAuth2Auth) and is_reference(auth.token) else None
        authority = references.pem(source.ca) if source.ca is not None else None
        shown = source.mtls
        certificate = (references.pem(shown.cert), references.pem(shown.key)) if shown is not None else None
        return cls(base, authority, certificate, token)

    def pool(self, source: HttpSource, egress: str) -> Pool:
        """Raises ValueError."""
        return Pool(
            self.base, source.limits.concurrency, source.plaintext, self.authority, self.certificate,
            Egress.of(egress), source.private,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Life(Generic[P]):
    """An account as of one reading of its references. `prepared` is what the kind made with them."""

    references: References
    reach: Reach
    pools: tuple[Pool, ...]  # the platform's, and the token endpoint's where it lies elsewhere
    signer: Signer | Tokens | None
    prepared: P

    def signing(self, wanted: Wanted | None) -> Signer | None:
        """What proves who asks a question that bears this token, where it is by tokens."""
        if isinstance(self.signer, Tokens):
            return None if wanted is None else self.signer.of(wanted)
        return self.signer


class Account(Generic[P]):
    """`base` refers to the platform's URL, of which `trimmed` is what questions begin with. `prepare` makes what the
    kind needs of what resolves references and of the headers of every question; `told` reads the platform's answers to
    questions about credentials. Raises ValueError, naming a reference and never its value, for what cannot be used.
    """

    def __init__(
        self,
        source: HttpSource,
        environment: Environment,
        base: str,
        prepare: Callable[[Resolve, dict[str, str]], P],
        told: Callable[[Answer], Any],
        accept: str = "application/json",
        trimmed: Callable[[str], str] = str,
    ) -> None:
        self._source, self._environment, self._base = source, environment, base
        self._prepare, self._told, self._accept, self._trimmed = prepare, told, accept, trimmed
        self._retired: list[Pool] = []
        self._closed = False
        self._life = self._read(None)
        self._looked = time.monotonic()

    @property
    def prepared(self) -> P:
        return self._life.prepared

    async def ask(
        self, write: Callable[[P], Question], read: Callable[[Answer], R], deadline: Deadline, most: int,
        turn: Turn = at_once, wanted: Wanted | None = USUAL,
    ) -> R:  # fmt: skip
        """What `read` makes of the answer to what `write` makes of the prepared; both may be called twice. Of tokens
        the question bears the one that is `wanted`, or none."""
        if time.monotonic() - self._looked > LOOK_EVERY:
            self._exchanged()
        last = False
        while True:
            life, credential, answer = self._life, "", None
            signer = life.signing(wanted)
            try:
                question = write(life.prepared)
                if signer is not None:
                    credential = await signer.ready(deadline, turn)
                    question = signer.signed(question, credential)
                await turn()
                answer = await life.pools[0].send(question, deadline, most)
                return read(answer)
            except AuthFailed as refused:
                if last or not await self._mended(life, signer if credential else None, credential, deadline, turn):
                    raise self._explained(refused, answer) from None
                last = True

    async def close(self) -> None:
        self._closed = True
        if self._life.signer is not None:
            self._life.signer.close()
        for pool in (*self._life.pools, *self._retired):
            await pool.close()

    async def _mended(
        self, life: Life[P], signer: Signer | None, credential: str, deadline: Deadline, turn: Turn
    ) -> bool:
        """Whether it makes sense to ask once more."""
        if self._life is not life or self._exchanged():
            return True
        return signer is not None and await signer.renewed(credential, deadline, turn)

    def _exchanged(self) -> bool:
        """Takes up what references stand for now; whether that is something else than before."""
        self._looked = time.monotonic()
        old = self._life
        if self._closed or not old.references.changed():
            return False
        try:
            self._life = self._read(old)
        except ValueError as reason:  # half of an exchange: the other half comes
            log.warning("credentials that were exchanged cannot be used: %s", reason)
            return False
        for pool in (each for each in old.pools if each not in self._life.pools):
            self._retired.append(pool)
            asyncio.get_running_loop().call_later(self._source.limits.timeout, self._retire, pool)
        return True

    def _retire(self, pool: Pool) -> None:
        """Whoever asked by this pool is answered, or too late."""
        if pool in self._retired and not self._closed:
            self._retired.remove(pool)
            pool.abort()

    def _read(self, old: Life[P] | None) -> Life[P]:
        source, references = self._source, References(self._environment.resolve)
        reach = Reach.of(source, references, self._trimmed(references.text(self._base)))
        pools = old.pools if old is not None and old.reach == reach else self._pools(reach)
        signer = self._signer(references, reach, pools)
        headers = source_headers(source, references.text, self._accept)
        return Life(references, reach, pools, signer, self._prepare(references.text, headers))

    def _pools(self, reach: Reach) -> tuple[Pool, ...]:
        first, auth = self._pool(reach, self._base), getattr(self._source, "auth", None)
        if reach.token is None or not isinstance(auth, OAuth2Auth):
            return (first,)
        return first, self._pool(replace(reach, base=origin(reach.token.partition("?")[0])), auth.token)

    def _pool(self, reach: Reach, reference: str) -> Pool:
        try:
            return reach.pool(self._source, self._environment.egress)
        except ValueError as reason:
            raise ValueError(f"`{reference}`: {reason}") from None

    def _signer(self, references: References, reach: Reach, pools: tuple[Pool, ...]) -> Signer | Tokens | None:
        auth, timeout, now = getattr(self._source, "auth", None), self._source.limits.timeout, self._environment.now
        match auth:
            case OAuth2Auth():
                address = reach.token or reach.base.rstrip("/") + auth.token
                parts = urlsplit(address)
                endpoint = f"{parts.path or '/'}{'?' * bool(parts.query)}{parts.query}" if reach.token else auth.token
                return Tokens(auth, references, pools[-1], endpoint, address, timeout, now)
            case AppKeyAuth(rotating=None):
                return Lasting(auth, references, now)
            case AppKeyAuth(rotating=rotating) if rotating is not None:
                return Lending(auth, rotating, references, pools[0], self._told, timeout, now)
        return None

    def _explained(self, refused: AuthFailed, answer: Answer | None) -> AuthFailed:
        """With how far the platform's clock is from ours, where that may be the reason."""
        try:
            apart = parsedate_to_datetime((answer.headers if answer else {})["date"]) - self._environment.now()
        except (KeyError, TypeError, ValueError):
            return refused
        seconds = round(apart.total_seconds())
        if abs(seconds) < APART:
            return refused
        which = "ahead of" if seconds > 0 else "behind"
        return AuthFailed(f"{refused}; its clock is {abs(seconds)} seconds {which} ours")


def transport(source: HttpSource, environment: Environment, base: str) -> Pool:
    """A transport such as an account of this source has, to another base. Raises ValueError."""
    return Reach.of(source, References(environment.resolve), base).pool(source, environment.egress)


def source_headers(source: HttpSource, resolve: Resolve, accept: str = "application/json") -> dict[str, str]:
    """The headers of every question to a source, with credentials that do not change from one to the next."""
    headers = {"Accept": accept} | {
        name: resolve(value) if is_reference(value) else value for name, value in source.headers.items()
    }
    match getattr(source, "auth", None):
        case BasicAuth(user=user, password=password):
            pair = f"{resolve(user)}:{resolve(password)}".encode()
            headers["Authorization"] = "Basic " + base64.b64encode(pair).decode("ascii")
        case ApiKeyAuth(header=header, value=value):
            headers[header] = resolve(value)
    return headers
