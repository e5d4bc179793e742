"""The client's certificate, as the proxy in front of the gateway saw it in the TLS handshake (RFC 8705).

The gateway ends no TLS itself. One header, named by a setting, hands the certificate on; it counts only on connections
that one of the named proxies opened. From anybody else it is nothing, for anybody can write a header. Whether the
certificate's holder was there is the proxy's to prove; here its digest is compared with the one the token names.
"""

from __future__ import annotations

import binascii
import re
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Sequence
from functools import lru_cache
from hashlib import sha256
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import unquote_to_bytes

from cryptography import x509

from gateway.authenticating.signatures import TokenRefused

MAX_CERTIFICATE = 16_384  # bytes of the header
_PEM = re.compile(rb"-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----\s*")


class Certificates:
    """`header` is its name, empty where no proxy hands certificates on; `proxies` are the networks of those that do."""

    def __init__(self, header: str = "", proxies: Sequence[IPv4Network | IPv6Network] = ()) -> None:
        self.header = header
        self._proxies = proxies

    def thumbprint(self, peer: str | None, value: bytes | None) -> str:
        """`x5t#S256` of the certificate that `peer` hands on. Raises TokenRefused, also when there is none."""
        if not self.header:
            raise TokenRefused("bound to a certificate, and no proxy is set that could show one")
        if value is None:
            raise TokenRefused("bound to a certificate, and none was shown")
        if not self._trusted(peer):
            raise TokenRefused("bound to a certificate, and shown one by who is no trusted proxy")
        return _thumbprint(value)

    def _trusted(self, peer: str | None) -> bool:
        try:
            address = ip_address(peer or "")
        except ValueError:  # a socket of this machine has no address
            return False
        if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        return any(address in network for network in self._proxies)


@lru_cache(256)
def _thumbprint(value: bytes) -> str:
    """Of a certificate in one of the forms that proxies write: `:DER in base64:` (RFC 9440), DER in base64, or PEM,
    percent-encoded (nginx, `$ssl_client_escaped_cert`). Raises TokenRefused."""
    if len(value) > MAX_CERTIFICATE:
        raise TokenRefused("the certificate is too large")
    if value.startswith(b"-----BEGIN"):
        pem = _PEM.fullmatch(unquote_to_bytes(value))
        encoded = b"".join(pem[1].split()) if pem else b""
    elif value.startswith(b":"):
        encoded = value[1:-1] if value.endswith(b":") else b""
    else:
        encoded = value
    try:
        der = b64decode(encoded, validate=True)
        x509.load_der_x509_certificate(der)
    except (binascii.Error, ValueError):
        raise TokenRefused("what the proxy hands on is no certificate") from None
    return urlsafe_b64encode(sha256(der).digest()).decode().rstrip("=")
