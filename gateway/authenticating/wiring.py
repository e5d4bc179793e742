"""This room, wired from the settings of one process: the authenticator with all that it asks, keeps and trusts."""

from __future__ import annotations

from collections.abc import Callable

from gateway.authenticating.asking import Introspector
from gateway.authenticating.binding import Binding
from gateway.authenticating.callers import Authenticator
from gateway.authenticating.certificates import Certificates
from gateway.authenticating.clients import Clients
from gateway.authenticating.jwks import Jwks
from gateway.authenticating.proofs import Nonces, Proofs
from gateway.authenticating.replays import PLACE, Replays
from gateway.settings import Settings, networks
from policies.model import Catalogue


def wired(
    settings: Settings,
    clients: Clients,
    catalogue: Catalogue,
    resolve: Callable[[str], str],
    nonce_key: bytes,
    jwks: Jwks | None = None,
) -> Authenticator:
    """`resolve` turns a reference of the registry into its secret; `nonce_key` is the home's, for nonces alone; `jwks`,
    when handed in, stays its owner's to close. Raises SecretError."""
    nonces = Nonces(nonce_key) if settings.dpop_nonce == "on" else None
    certificates = Certificates(settings.certificate_header, networks(settings.trusted_proxies))
    proofs = Proofs(settings.audience, Replays(settings.home / PLACE), nonces)
    return Authenticator(
        clients,
        catalogue,
        settings.audience,
        jwks,
        introspector=Introspector(clients.issuers, resolve),
        binding=Binding(proofs, certificates, always=settings.fapi),
        most_consents=settings.max_subjects,
        consents_within=settings.deadline / 2,
    )
