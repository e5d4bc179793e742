"""Token to Caller: issuers and their keys, access tokens, who may present them, purposes and evidence. The verb is
`authenticate`."""

from gateway.authenticating.callers import Authenticator
from gateway.authenticating.wiring import wired

__all__ = ["Authenticator", "wired"]
