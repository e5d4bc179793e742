"""Verdict -> Replies: platforms asked in parallel by one absolute deadline, each behind its own guard.

Only a Verdict can be fetched. Everything that comes back is checked again: foreign subjects, surplus
fields and rows outside the asked conditions are dropped before anybody else sees them.
"""

from gateway.fetching.daily import Calls
from gateway.fetching.fetcher import Fetcher
from gateway.fetching.shadowing import Shadowing

__all__ = ["Calls", "Fetcher", "Shadowing"]
