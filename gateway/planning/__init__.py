"""Operation -> Plan: which subjects, which record types, which fields, through which window.

A plan knows nothing of callers' rights and nothing of platforms' answers. It is exact: it holds the fields
that the operation will read out, after fragments, type conditions, `@skip` and `@include`, and no others.
"""

from gateway.planning.planner import Planner

__all__ = ["Planner"]
