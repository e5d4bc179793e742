"""Token to Caller: issuers and their keys, access tokens, purposes and evidence. The verb is `authenticate`."""

from gateway.authenticating.callers import Authenticator
from gateway.authenticating.members import admit

__all__ = ["Authenticator", "admit"]
