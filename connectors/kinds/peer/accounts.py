"""Our accounts at another gateway, one for each purpose and set of scopes that a token of its own is good for.

`resource` names the gateway (RFC 8707), `authorization_details` the purpose (RFC 9396), so that a token is good for no
more than its question. A server that knows purposes as scopes is asked for those: list them under `scopes`. No caller's
own token is ever shown to anybody.
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

import orjson
from cachetools import LRUCache

from connectors.contract import Environment, Unavailable
from connectors.kinds.credentials import Account
from connectors.kinds.templates import Resolve
from connectors.sources import PeerSource
from connectors.transport.port import Answer

PURPOSE = "purpose:"  # a scope that stands for a purpose
MOST = 64  # accounts at a time
Read = Callable[[Answer], bytes]


class Accounts:
    """Raises ValueError, naming a reference and never its value, for what cannot be used."""

    def __init__(self, source: PeerSource, environment: Environment, read: Read) -> None:
        self._source, self._environment, self._read = source, environment, read
        self.resource = environment.resolve(source.resource)
        self._scopes = frozenset(source.auth.scopes)
        self._known: LRUCache[tuple[str | None, frozenset[str]], Account[str]] = LRUCache(MOST)
        self._made: list[Account[str]] = []
        self.of(None, frozenset())

    def of(self, purpose: str | None, scopes: frozenset[str]) -> Account[str]:
        """The account for questions for this purpose, of somebody who has these scopes. What it prepares is the path of
        the endpoint. Raises Unavailable for references that have become unusable since."""
        key = purpose, scopes & self._scopes
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._new(*key)
            self._made.append(found)
        return found

    async def close(self) -> None:
        for account in self._made:
            await account.close()

    def _new(self, purpose: str | None, scopes: frozenset[str]) -> Account[str]:
        narrowed = {"resource": self.resource}
        if any(scope.startswith(PURPOSE) for scope in self._scopes):
            scopes |= {f"{PURPOSE}{purpose}"} & self._scopes
        else:
            purposes = [] if purpose is None else [purpose]
            narrowed["authorization_details"] = orjson.dumps([{"type": "credit-query", "purposes": purposes}]).decode()
        auth = self._source.auth.model_copy(update={"scopes": tuple(sorted(scopes))})
        source = self._source.model_copy(update={"auth": auth})
        try:
            return Account(source, self._environment, source.endpoint, self._path, self._read, trimmed=_base,
                           accept="application/graphql-response+json", narrowed=narrowed)  # fmt: skip
        except ValueError as reason:
            if not self._made:
                raise
            raise Unavailable(str(reason)) from None

    def _path(self, resolve: Resolve, headers: dict[str, str]) -> str:
        return urlsplit(resolve(self._source.endpoint)).path or "/graphql"


def _base(endpoint: str) -> str:
    return urlsplit(endpoint)._replace(path="").geturl()
