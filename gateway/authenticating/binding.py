"""Whether whoever presents a token may: a bound token by its key, an unbound one by having it.

A token bound to a key or to a certificate is never taken as a plain Bearer token, however it was come by, and one that
is bound to nothing never under the scheme that promises a proof; under the FAPI 2.0 profile it is never taken at all.
Checked with every request, also for a remembered token.
"""

from __future__ import annotations

import hmac

from gateway.authenticating.certificates import Certificates
from gateway.authenticating.challenges import Scheme
from gateway.authenticating.credentials import Presented
from gateway.authenticating.proofs import ProofRefused, Proofs
from gateway.authenticating.signatures import TokenRefused
from gateway.authenticating.tokens import NOT_BOUND, Bound


class Binding:
    """`proofs` and `certificates` are this gateway's; `always` where no unbound token is taken (FAPI 2.0, 5.3.4)."""

    def __init__(self, proofs: Proofs, certificates: Certificates | None = None, *, always: bool = False) -> None:
        self.certificates = certificates or Certificates()
        self.always = always
        self._proofs = proofs

    def free(self, bound: Bound, scheme: Scheme) -> bool:
        """Whether having the token is enough, so that nothing is left to check."""
        return bound is NOT_BOUND and scheme == "bearer" and not self.always

    async def check(self, bound: Bound, presented: Presented) -> None:
        """Returns when the presenter may. Raises TokenRefused, ProofRefused, NonceWanted, ReplaysUnknown."""
        if bound is NOT_BOUND and self.always:
            raise TokenRefused("bound to nothing, and the profile takes bound tokens only")
        if bound.certificate is not None:
            shown = self.certificates.thumbprint(presented.peer, presented.certificate)
            if not hmac.compare_digest(shown, bound.certificate):
                raise TokenRefused("bound to another certificate than the one shown")
        if bound.jkt is None:
            if presented.scheme == "dpop":
                raise TokenRefused("bound to no key, but presented under DPoP")
            return
        if presented.scheme != "dpop":
            raise TokenRefused("bound to a key, but presented as Bearer")
        if presented.proof is None:
            raise ProofRefused("the header DPoP is missing")
        await self._proofs.check(presented.proof, presented.token, bound.jkt, presented.method)

    async def close(self) -> None:
        await self._proofs.close()
