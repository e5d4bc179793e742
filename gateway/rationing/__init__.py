"""How much is asked: quotas of clients, operators and agreements, counted before anything is fetched; fair places.

The verbs are `begin` (a request) and `count` (the subjects of a decided question). Whoever has no quota costs nothing.
"""

from gateway.rationing.counts import Counts
from gateway.rationing.places import Places
from gateway.rationing.rations import Allowance, Rations

__all__ = ["Allowance", "Counts", "Places", "Rations"]
