"""Kind `peer`: another gateway of this program, asked in the words of the catalogue that both have.

Both decide, each by its own policies: it is asked for the permitted fields alone, on behalf of whoever asked first, for
that purpose and with those consents; what it withholds or masks stays so here. Who has asked already is never asked
again, and a question is passed on a few times only. Questions of several callers are never joined.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import urlsplit

from connectors.agreement import Finding, KindWords
from connectors.contract import (
    BadRequest,
    Claim,
    ContractBroken,
    Deadline,
    Denied,
    Environment,
    Fetch,
    LeftOut,
    Page,
    SubjectKey,
    Unavailable,
)
from connectors.declaration import TypeWords
from connectors.delegation import MOST_HOPS, Told
from connectors.fields import FieldWords
from connectors.fitting import Loc
from connectors.kinds.credentials import Account
from connectors.kinds.paging import Bounds
from connectors.kinds.peer.answering import Part, Reading, opened, page_of
from connectors.kinds.peer.asking import ACCEPT, PAGE, body, document, headers_of
from connectors.kinds.peer.refusals import told
from connectors.kinds.peer.wanting import Wanting
from connectors.kinds.peer.wire import asked_in, given_in
from connectors.kinds.templates import Resolve
from connectors.mapping.conditions import NotInvertible
from connectors.mapping.records import judge
from connectors.sources import Beside, PeerSource
from connectors.spelling import is_reference
from connectors.terms import FieldTerm, Terms, TypeTerm
from connectors.transport.port import Question

BATCH = 50
MOST_SUBJECTS = 200  # in one question to any gateway
LOOP = {
    "zh": "该网关已在本次查询的路径上，由其自行答复",
    "en": "this gateway is on the question's way already: it answers there",
}
FAR = {
    "zh": f"查询至多转交 {MOST_HOPS} 次，不再转交",
    "en": f"a question is passed on {MOST_HOPS} times at most, and no further",
}


class Peer:
    """One gateway. See `connectors.contract.Connector` for the life of a connector."""

    words: ClassVar[KindWords]
    asked_in, given_in = staticmethod(asked_in), staticmethod(given_in)

    def __init__(self, source: PeerSource, types: Mapping[str, TypeWords], terms: Terms, beside: Beside) -> None:
        self._source = source
        self._terms = {name: terms.types[name] for name in types}
        self._claims = {name: _claim(words, terms.types[name]) for name, words in types.items()}
        self._tolerated = {name: words.maxRejected for name, words in types.items()}
        self._reading = {name: Reading(name, terms.types[name], self._claims[name]) for name in types}
        self._open: _Open | None = None
        self.page_rows = PAGE  # of one subject

    def claims(self) -> Mapping[str, Claim]:
        return self._claims

    async def open(self, environment: Environment) -> None:
        """Raises ValueError, naming the reference and never its value, for what cannot be used."""
        source, resource = self._source, environment.resolve(self._source.resource)
        account = Account(source, environment, source.endpoint, self._path, opened, ACCEPT, trimmed=_base)
        self._open = _Open(account, resource, Wanting(source.auth, resource))

    async def close(self) -> None:
        there, self._open = self._open, None
        if there is not None:
            await there.account.close()

    async def health(self, deadline: Deadline) -> None:
        """Whether the gateway is there, and tokens for it are to be had that are nobody's."""
        until, there = deadline.capped(self._source.limits.timeout), self._there()

        def write(path: str) -> Question:
            return Question("GET", f"{path.rpartition('/')[0]}/health", {})

        await there.account.ask(write, opened, until, 1 << 16, wanted=there.wanting.nobody())

    async def fetch(self, ask: Fetch) -> AsyncIterator[Page]:
        """One page with what is told of every subject. Raises LeftOut where it must not be asked."""
        delegation = ask.delegation
        if delegation is None or not ask.subjects:
            raise BadRequest(f"{ask.type}: a gateway is asked on somebody's behalf, about somebody")
        there = self._there()
        if any(hop.gateway == there.resource for hop in delegation.hops):
            raise _left_out("it has asked already", Told(complete=True, reason=LOOP))
        if len(delegation.hops) > MOST_HOPS:
            raise _left_out("the question was passed on too often", Told(complete=False, reason=FAR))
        limits, reading = self._source.limits, self._reading[ask.type]
        room = min(limits.maxRows, ask.limit)
        bounds = Bounds(room, limits.maxBytes)
        wanted = there.wanting.by(delegation)
        text = document(self._terms[ask.type], ask.fields)

        async def read(subjects: tuple[SubjectKey, ...], after: str | None) -> dict[SubjectKey, Part]:
            until = ask.deadline.capped(limits.timeout)

            def write(path: str) -> Question:
                question = body(text, subjects, min(self.page_rows, bounds.rows), after, delegation, until)
                return Question("POST", path, headers_of(delegation.purpose), question)

            try:
                raw = await there.account.ask(write, opened, until, bounds.bytes, ask.turn, wanted)
            except Denied as refused:
                code = "DELEGATION_REFUSED" if wanted.asker else "PURPOSE_NOT_HELD"
                raise refused if refused.told else told(refused, code) from None
            bounds.bytes -= len(raw)
            parts = reading.parts(raw, subjects, ask.fields)
            bounds.rows -= sum(len(part.rows) for part in parts.values())
            return parts

        parts: dict[SubjectKey, Part] = {}
        batch = self._claims[ask.type].batch
        for at in range(0, len(ask.subjects), batch):
            if bounds.rows > 0:
                parts |= await read(ask.subjects[at : at + batch], None)
        for subject in parts:
            while (after := parts[subject].after) is not None and bounds.rows > 0:
                parts[subject] = parts[subject].followed((await read((subject,), after))[subject])
                if parts[subject].after == after:
                    raise ContractBroken("the gateway's cursor does not move")
        page = page_of(parts, room, len(parts) < len(ask.subjects))
        judge(ask.type, self._tolerated[ask.type], len(page.rows), len(page.rejected), page.rejected)
        yield page

    def _there(self) -> _Open:
        if self._open is None:
            raise Unavailable("the source is not open")
        return self._open

    def _path(self, resolve: Resolve, headers: dict[str, str]) -> str:
        return urlsplit(resolve(self._source.endpoint)).path or "/graphql"


@dataclass(frozen=True, slots=True)
class _Open:
    """An open connector; what the account prepares is the path of the endpoint."""

    account: Account[str]
    resource: str
    wanting: Wanting


def _base(endpoint: str) -> str:
    return urlsplit(endpoint)._replace(path="").geturl()


def _left_out(why: str, told: Told) -> LeftOut:
    error = LeftOut(why)
    error.told = told
    return error


def _claim(words: TypeWords, term: TypeTerm) -> Claim:
    """All that the catalogue has, less what the declaration says is absent there."""
    absent = {name for name in term.fields if name in words.absent or name.partition(".")[0] in words.absent}
    return Claim(
        fields=frozenset(term.fields) - absent,
        absent=frozenset(absent),
        not_applicable=dict(words.notApplicable),
        keys=frozenset(words.keys) or term.keys,
        filters={},
        batch=words.batch or BATCH,
    )


def _unfiltered(words: FieldWords, term: FieldTerm, each: TypeWords, name: str) -> object:
    raise NotInvertible("a gateway is asked without filters")


def _inspect(words: TypeWords) -> Iterator[tuple[Loc, str]]:
    if (words.batch or 1) > MOST_SUBJECTS:
        yield ("batch",), f"a gateway takes at most {MOST_SUBJECTS} subjects in one question"


def _described(source: PeerSource, types: Mapping[str, TypeWords], beside: Beside) -> Iterator[Finding]:
    if source.auth.method != "private_key_jwt" or not is_reference(source.auth.token):
        message = (
            "a gateway shows a key of its own: `method: private_key_jwt`, `key`, and `token: env:NAME`, a whole URL"
        )
        yield ("auth",), message, None, ()
    for name, words in types.items():
        if words.remote not in (None, name):
            message = f"`remote` is `{name}`: both gateways have one catalogue, and a type has one name in it"
            yield ("types", name, "remote"), message, words.remote, (name,)


Peer.words = KindWords(
    "path", frozenset({"remote"}), frozenset({"keys"}), _unfiltered, _inspect,
    described=_described, joined=False, mapped=False, delegated=True,
)  # fmt: skip
