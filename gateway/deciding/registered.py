"""What a client's registration closes before any rule is asked: record types beyond its ceiling, platforms of the
other world. A sandbox client is asked of sandbox platforms alone, every other caller of live ones alone.
"""

from __future__ import annotations

from collections.abc import Iterable

from connectors.contract import Platform
from gateway.caller import Terms
from policies.compiler import DecisionRow
from policies.model import DENY, Decision, RecordType, Words

BEYOND = "CLIENT_TYPES"  # the rule id of a denial by the ceiling of record types
CEILING = Decision(
    DENY, BEYOND, Words("该客户端的登记范围不含此类记录", "the client is not registered for records of this type")
)


def closed(record: RecordType | None) -> DecisionRow:
    """The decisions for a type beyond the ceiling: every field is denied."""
    fields = record.fields if record else {}
    return DecisionRow(dict.fromkeys(fields, CEILING), bytes(len(fields)), frozenset(), CEILING)


def parted(platforms: Iterable[Platform], terms: Terms) -> tuple[list[Platform], tuple[str, ...]]:
    """Those that may be asked for a client of these terms, and the ids of those that never are."""
    within: list[Platform] = []
    apart: list[str] = []
    for platform in platforms:
        if platform.sandbox == terms.sandbox:
            within.append(platform)
        else:
            apart.append(platform.id)
    return within, tuple(apart)
