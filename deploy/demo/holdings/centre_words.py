"""What the sheets of the province's exchange database have in common: how days are written, states, the source."""

from __future__ import annotations

from deploy.demo import spelling as s
from deploy.demo.holdings.sheet import SAME, Column

STATES = {"ACTIVE": "1", "OBJECTED": "2", "REPAIRED": "3", "REVOKED": "4", "EXPIRED": "5", "FROZEN": "6"}
YES = {True: "是", False: "否"}
SEVERITIES = {"MINOR": "1", "GENERAL": "2", "SERIOUS": "3"}

ANY_DAY = s.days("slash", "dash", "compact", "midnight")

STATUS = Column("status", "ZT", SAME, s.words(STATES))
SEVERITY = Column("severity", "YZCD", SAME, s.words(SEVERITIES))
SOURCE = (
    Column("sourceUnit", "SJLYDW", SAME, s.text),
    Column("sourceUnitUscc", "SJLYDWDM", SAME, s.text),
    Column("areaCode", "XZQH", SAME, s.area),
    Column("sourceUpdatedAt", "SJC", SAME, s.stamp),
)
