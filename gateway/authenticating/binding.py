"""Whether whoever presents a token may: a bound token by its key, an unbound one by having it.

A token bound to a key is never taken as a plain Bearer token, however it was come by, and one that is bound to
nothing never under the scheme that promises a proof. Checked with every request, also for a remembered token.
"""

from __future__ import annotations

from gateway.authenticating.credentials import Presented
from gateway.authenticating.proofs import ProofRefused, Proofs
from gateway.authenticating.signatures import TokenRefused
from gateway.authenticating.tokens import Bound


class Binding:
    """`proofs` checks those of this gateway."""

    def __init__(self, proofs: Proofs) -> None:
        self._proofs = proofs

    async def check(self, bound: Bound, presented: Presented) -> None:
        """Returns when the presenter may. Raises TokenRefused, ProofRefused, NonceWanted, ReplaysUnknown."""
        if bound.certificate is not None:
            raise TokenRefused("bound to a certificate, and none was shown")
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
