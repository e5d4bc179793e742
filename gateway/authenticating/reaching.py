"""How an issuer is asked, for its keys, status lists and tokens: one request to an address of the registry, bounded.

No redirect is followed, no proxy setting is read, no cookie is kept, nothing compressed is taken, and the
body ends at a size. Time is the caller's to bound.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from functools import cache

import httpx2


class IssuerUnreachable(Exception):
    """The issuer does not answer, or not with what was asked. The text is for the operator's log."""


@cache
def _usual_trust() -> ssl.SSLContext:
    """Read once: every client of this room trusts the same authorities."""
    return httpx2.create_ssl_context(trust_env=False)


def new_client(
    accept: str, timeout: float, verify: ssl.SSLContext | bool = True, *, reuse: bool = True
) -> httpx2.AsyncClient:
    """`verify` is the trust for TLS as httpx2 takes it; `timeout` in seconds for each step of a request; without
    `reuse` each request has a connection of its own."""
    return httpx2.AsyncClient(
        verify=_usual_trust() if verify is True else verify,
        trust_env=False,
        follow_redirects=False,
        timeout=timeout,
        limits=httpx2.Limits() if reuse else httpx2.Limits(max_keepalive_connections=0),
        headers={"accept": accept, "accept-encoding": "identity"},
    )


async def fetch(
    client: httpx2.AsyncClient,
    address: str,
    limit: int,
    what: str,
    *,
    form: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> bytes:
    """The body of a 200 to a GET, or to a POST where there is a `form`; `limit` in bytes, `what` names it in errors.

    Raises IssuerUnreachable, httpx2's errors.
    """
    body = bytearray()
    method = "GET" if form is None else "POST"
    async with client.stream(method, address, data=form, headers=headers) as response:
        if response.status_code != 200:
            raise IssuerUnreachable(f"status {response.status_code}, 200 is expected")
        if response.headers.get("content-encoding", "identity") != "identity":
            raise IssuerUnreachable(f"a compressed {what} was not asked for")
        async for chunk in response.aiter_raw():
            body += chunk
            if len(body) > limit:
                raise IssuerUnreachable(f"the {what} is larger than {limit} bytes")
    return bytes(body)
