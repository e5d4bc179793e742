"""A token bound to a certificate opens nothing unless a trusted proxy saw that certificate's holder."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from gateway.authenticating import Authenticator
from gateway.authenticating.binding import Binding
from gateway.authenticating.certificates import Certificates
from gateway.authenticating.proofs import Proofs
from gateway.errors import GatewayError
from gateway.model import Caller
from gateway.settings import networks
from tests.promises.issuing import RESOURCE, Door, signed
from tests.promises.proving import Holder

BUREAU = "market-bureau-31"
PROXY = "10.1.0.7"
NAME = b"client-cert"


def certificate() -> bytes:
    """Of a client, self-signed, as DER."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "bureau")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(x509.random_serial_number()).not_valid_before(now).not_valid_after(now + timedelta(1))
    return made.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


MINE, THEIRS = certificate(), certificate()


def thumbprint(der: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(der).digest()).decode().rstrip("=")


def rfc9440(der: bytes) -> bytes:
    return b":" + base64.b64encode(der) + b":"


def nginx(der: bytes) -> bytes:
    """As `$ssl_client_escaped_cert` has it."""
    return quote(x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM).decode(), safe="").encode()


FORMS: dict[str, Callable[[bytes], bytes]] = {"RFC 9440": rfc9440, "nginx": nginx, "bare": base64.b64encode}


class Front:
    """A door behind a proxy that hands certificates on in the header Client-Cert."""

    def __init__(self, door: Door, header: str = "Client-Cert", proxies: str = "10.1.0.0/24", **binding: Any) -> None:
        self.door = door
        proofs = Proofs(RESOURCE, clock=lambda: door.now)
        self.authenticator = Authenticator(
            door.clients, door.authenticator._catalogue, RESOURCE, door.jwks, clock=lambda: door.now,
            binding=Binding(proofs, Certificates(header, networks(proxies)), **binding),
        )  # fmt: skip

    def bound(self, der: bytes = MINE, **cnf: Any) -> str:
        return signed(self.door.claims(cnf={"x5t#S256": thumbprint(der), **cnf}))

    async def ask(
        self, token: str, shown: bytes | None, peer: str | None = PROXY, name: bytes = b"client-cert"
    ) -> Caller:
        headers = [(b"authorization", b"Bearer " + token.encode()), *([(name, shown)] if shown is not None else [])]
        return await self.authenticator.authenticate(headers, {}, "POST", peer)

    async def refused(
        self, token: str, shown: bytes | None, peer: str | None = PROXY, name: bytes = b"client-cert"
    ) -> str:
        """Why, after it was seen that the caller is not told."""
        with pytest.raises(GatewayError) as caught:
            await self.ask(token, shown, peer, name)
        assert caught.value.code == "INVALID_TOKEN"
        assert 'Bearer realm="credit-gateway"' in caught.value.headers["WWW-Authenticate"]
        assert 'error="invalid_token"' in caught.value.headers["WWW-Authenticate"]
        assert caught.value.cause not in caught.value.headers["WWW-Authenticate"]
        return caught.value.cause


@pytest.mark.parametrize("form", FORMS)
async def test_the_holder_of_the_certificate_is_believed(door: Door, form: str) -> None:
    """In each form that proxies write, the certificate that the token names lets its holder in, every time."""
    front = Front(door)
    token = front.bound()
    caller = await front.ask(token, FORMS[form](MINE))
    assert caller.id == BUREAU
    assert await front.ask(token, FORMS[form](MINE), "::ffff:10.1.0.9", b"CLIENT-CERT") is caller


async def test_a_stolen_token_without_its_certificate_opens_nothing(door: Door) -> None:
    """Without a certificate, or with a thief's own, a bound token is refused although it is remembered as good."""
    front = Front(door)
    token = front.bound()
    for _ in range(2):
        assert await front.refused(token, None) == "bound to a certificate, and none was shown"
        assert await front.refused(token, rfc9440(THEIRS)) == "bound to another certificate than the one shown"
        assert (await front.ask(token, rfc9440(MINE))).id == BUREAU


@pytest.mark.parametrize("peer", ["10.1.1.7", "127.0.0.1", "::1", "fe80::1%eth0", "", None, "10.1.0.7, 10.1.0.8", "x"])
async def test_the_header_counts_from_trusted_proxies_only(door: Door, peer: str | None) -> None:
    """Who connects without being a named proxy can write what it likes: the certificate in it is nothing."""
    front = Front(door)
    assert "no trusted proxy" in await front.refused(front.bound(), rfc9440(MINE), peer)
    assert (await front.ask(signed(front.door.claims()), rfc9440(MINE), peer)).id == BUREAU  # unbound: not even read


async def test_only_the_named_header_counts(door: Door) -> None:
    """Another header that also could hold a certificate is nobody's business, nor is any where none is set."""
    front = Front(door)
    for name in (b"x-client-cert", b"ssl-client-cert", b"x-forwarded-client-cert"):
        assert await front.refused(front.bound(), rfc9440(MINE), name=name)
    without = Front(door, header="", proxies="10.1.0.0/24")
    assert await without.refused(without.bound(), rfc9440(MINE)) == (
        "bound to a certificate, and no proxy is set that could show one"
    )


async def test_two_certificates_are_none(door: Door) -> None:
    """A client that sends the header itself, through a proxy that adds its own, is no request."""
    front = Front(door)
    headers = [(b"authorization", b"Bearer " + front.bound().encode())]
    headers += [(b"client-cert", rfc9440(THEIRS)), (b"Client-Cert", rfc9440(MINE))]
    with pytest.raises(GatewayError) as caught:
        await front.authenticator.authenticate(headers, {}, "POST", PROXY)
    assert caught.value.code == "MALFORMED_REQUEST"


PEM = x509.load_der_x509_certificate(MINE).public_bytes(Encoding.PEM)
BROKEN = {
    "nothing": b"",
    "words": b"(null)",
    "a colon": b":",
    "half a field": rfc9440(MINE)[:-1],
    "no certificate": b":AAAA:",
    "more than a certificate": rfc9440(MINE + b"x"),
    "two certificates": quote((PEM * 2).decode(), safe="").encode(),
    "not base64": b":" + b"\xff" * 40 + b":",
    "a percent sign": b"-----BEGIN%20CERTIFICATE%ZZ",
    "another kind": quote(PEM.decode().replace("CERTIFICATE", "PUBLIC KEY"), safe="").encode(),
    "endless": b":" + b"A" * 1_000_000 + b":",
}


@pytest.mark.parametrize("what", BROKEN)
async def test_what_is_no_certificate_is_refused(door: Door, what: str) -> None:
    """Anything else in the header refuses a bound token, and nothing of it is an internal error."""
    front = Front(door)
    assert await front.refused(front.bound(), BROKEN[what])


async def test_a_token_bound_twice_needs_both(door: Door) -> None:
    """Bound to a certificate and to a proof's key, a token is good with both together and with neither alone."""
    front, holder = Front(door), Holder()
    token = front.bound(jkt=holder.jkt)
    assert await front.refused(token, rfc9440(MINE)) == "bound to a key, but presented as Bearer"
    headers = [(b"authorization", b"DPoP " + token.encode()), (b"dpop", holder.proof(door.now, token))]
    with pytest.raises(GatewayError) as caught:
        await front.authenticator.authenticate(headers, {}, "POST", PROXY)
    assert caught.value.cause == "bound to a certificate, and none was shown"


async def test_a_certificate_bound_token_is_no_dpop_token(door: Door) -> None:
    """Under the scheme DPoP a token that names no proof's key is refused, with its certificate too."""
    front = Front(door)
    headers = [(b"authorization", b"DPoP " + front.bound().encode()), (b"client-cert", rfc9440(MINE))]
    with pytest.raises(GatewayError) as caught:
        await front.authenticator.authenticate(headers, {}, "POST", PROXY)
    assert caught.value.cause == "bound to no key, but presented under DPoP"


async def test_the_fapi_profile_takes_bound_tokens_only(door: Door) -> None:
    """A plain token is refused, one with its certificate is taken; nobody without a token is bothered by it."""
    front = Front(door, always=True)
    assert "bound to nothing" in await front.refused(signed(door.claims()), rfc9440(MINE))
    assert (await front.ask(front.bound(), rfc9440(MINE))).id == BUREAU
    assert (await front.authenticator.authenticate([], {}, "POST", PROXY)).client_class == "public"


async def test_the_fapi_profile_offers_what_it_takes(door: Door) -> None:
    """Where no certificate can be shown only DPoP is offered: a Bearer token could not be a bound one."""
    front = Front(door, header="", always=True)
    with pytest.raises(GatewayError) as caught:
        await front.ask(signed(door.claims()), None)
    challenge = caught.value.headers["WWW-Authenticate"]
    assert challenge.startswith("DPoP ")
    assert "Bearer" not in challenge
    assert 'error="invalid_token"' in challenge
