"""Where a platform is and whom it must prove to be: its base URL, taken apart and refused early when it is unsafe.

TLS is verified, against the system's trust store or, when an authority is given, against that authority alone.
Nothing is read from surroundings, and no refusal repeats the address.
"""

from __future__ import annotations

import ipaddress
import ssl
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx2


@dataclass(frozen=True, slots=True)
class Address:
    """`host` is as DNS and certificates spell it, `prefix` the path before every target; plain HTTP has no `tls`."""

    host: str
    port: int
    prefix: str
    tls: ssl.SSLContext | None

    @classmethod
    def of(cls, base: str, plaintext: bool, authority: str | None) -> Address:
        """Raises ValueError for what is no http or https URL, plain HTTP beyond loopback without `plaintext`,
        and a file of certificates that cannot be read."""
        parts = urlsplit(base)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.query:
            raise ValueError("not an http or https URL without user and query")
        try:
            host, port = parts.hostname.encode("idna").decode("ascii"), parts.port
        except ValueError:
            raise ValueError("an http or https URL with a wrong host or port") from None
        if not parts.path.isascii() or not parts.path.isprintable() or " " in parts.path:
            raise ValueError("an http or https URL with a path that is not encoded")
        if parts.scheme == "http":
            if not plaintext and not _is_loopback(host):
                raise ValueError("plain http beyond loopback; use https, or declare `plaintext: true`")
            return cls(host, port or 80, parts.path.rstrip("/"), None)
        return cls(host, port or 443, parts.path.rstrip("/"), _trust(authority))

    @property
    def header(self) -> str:
        """The value of `Host`."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.tls else 80) else f"{host}:{self.port}"


def _trust(authority: str | None) -> ssl.SSLContext:
    if authority is None:
        context = httpx2.create_ssl_context(trust_env=False)
    else:
        try:
            context = ssl.create_default_context(cafile=authority)
        except OSError:  # ssl.SSLError is one
            raise ValueError("the certificates of `ca` cannot be read") from None
    context.set_alpn_protocols(["http/1.1"])
    return context


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
