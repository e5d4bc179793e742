"""`credit-gateway member|client|issuer`: who may ask, listed, shown and changed in HOME/clients.yaml.

A running gateway obeys a change within a second; what is frozen is turned away from then on.
"""

from gateway.cli.registry.clients import client
from gateway.cli.registry.issuers import issuer
from gateway.cli.registry.members import member

__all__ = ["client", "issuer", "member"]
