"""Plan + Caller + time -> Verdict. The promise of the house is made here: decide before you fetch."""

from gateway.deciding.decider import Decider

__all__ = ["Decider"]
