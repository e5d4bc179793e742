"""Where a platform is and whom it must prove to be: its base URL, taken apart and refused early when it is unsafe.

TLS is verified, against the system's trust store or, when an authority is given, against that authority alone; a
certificate of our own is shown where the platform asks for one. Nothing is read from surroundings, and no refusal
repeats the address.
"""

from __future__ import annotations

import ssl
import tempfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx2

from connectors.transport.egress import is_loopback

PEM = "-----BEGIN"


@dataclass(frozen=True, slots=True)
class Address:
    """`host` is as DNS and certificates spell it, `prefix` the path before every target; plain HTTP has no `tls`."""

    host: str
    port: int
    prefix: str
    tls: ssl.SSLContext | None

    @classmethod
    def of(
        cls, base: str, plaintext: bool, authority: str | None, certificate: tuple[str, str] | None = None
    ) -> Address:
        """`authority` is a file of certificates or what it holds, `certificate` our own and its key, in PEM.

        Raises ValueError for what is no http or https URL, plain HTTP beyond loopback without `plaintext`, and for
        certificates that cannot be read."""
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
            if certificate is not None and not is_loopback(host):
                raise ValueError("a certificate is shown over https only")
            if not plaintext and not is_loopback(host):
                raise ValueError("plain http beyond loopback; use https, or declare `plaintext: true`")
            return cls(host, port or 80, parts.path.rstrip("/"), None)
        return cls(host, port or 443, parts.path.rstrip("/"), _trust(authority, certificate))

    @property
    def header(self) -> str:
        """The value of `Host`."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.tls else 80) else f"{host}:{self.port}"


def trusting(authority: str) -> ssl.SSLContext:
    """TLS that trusts an authority alone, a file of certificates or what it holds. Raises ValueError."""
    held = authority.lstrip().startswith(PEM)
    try:
        return ssl.create_default_context(cadata=authority) if held else ssl.create_default_context(cafile=authority)
    except (OSError, ValueError):  # ssl.SSLError is an OSError
        raise ValueError("the certificates of `ca` cannot be read") from None


def _trust(authority: str | None, certificate: tuple[str, str] | None) -> ssl.SSLContext:
    context = httpx2.create_ssl_context(trust_env=False) if authority is None else trusting(authority)
    if certificate is not None:
        _show(context, *certificate)
    context.set_alpn_protocols(["http/1.1"])
    return context


def _show(context: ssl.SSLContext, certificate: str, key: str) -> None:
    """OpenSSL reads both from a file alone: it lies in a folder of our own for as long as that takes."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "client.pem"
        file.touch(mode=0o600)
        file.write_text(f"{key.strip()}\n{certificate.strip()}\n", "utf-8")
        try:
            context.load_cert_chain(file, password="")  # an encrypted key is refused, and nobody is asked for words
        except (OSError, ValueError):
            raise ValueError("certificate and key of `mtls` cannot be read, or do not belong together") from None


def origin(endpoint: str) -> str:
    """An endpoint without its path, which some keep to the letter, with or without `/` at its end."""
    return urlsplit(endpoint)._replace(path="").geturl()
