"""Invented penalties, platforms that hold them and rulings on them: what merging and fetching are given by hand."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from connectors.contract import Breaker, Claim, Limits, Platform, Retry, Row, Source, SubjectKey
from gateway.checking import read_policies
from gateway.model import Caller, Ruling
from policies.model import DENY, Decision, Facts, RowRule, Words

ROOT = Path(__file__).parents[2]
AT = datetime(2026, 11, 24, tzinfo=UTC)
WHY = Words("因", "because")
KEY = SubjectKey("uscc", "91370203MA3C00001X")
CATALOGUE = read_policies(ROOT / "policies").catalogue
PENALTY = CATALOGUE.types["AdministrativePenalty"]
CALLER = Caller("c", "government", "310000", frozenset(), "gov.licensing", {}, None)


def facts(province: str = "370200") -> Facts:
    return Facts("government", "c", "310000", frozenset(), None, False, False, frozenset({"uscc"}), "Enterprise",
                 PENALTY.name, province, AT)  # fmt: skip


class Holding:
    """What a platform declares that has every field."""

    def claims(self) -> Mapping[str, Claim]:
        return {PENALTY.name: Claim(frozenset(PENALTY.fields), frozenset(), {}, frozenset({"uscc"}), {}, 1)}


HOLDING: Any = Holding()


def platform(name: str, authority: bool = False, connector: Any = None) -> Platform:
    source = Source(
        "main", "none", connector or HOLDING, Limits(4, None, 1.0, 100, 1 << 20), Breaker(5, 30, 5), Retry(1, 1)
    )
    types = {PENALTY.name: "main"}
    held = frozenset({PENALTY.name}) if authority else frozenset()
    return Platform(name, name[:6], {"zh": name, "en": name}, "owner", "1", {"main": source}, types, held, None)


def ruling(name: str, effects: Mapping[str, str], rows: tuple[RowRule, ...] = ()) -> Ruling:
    decisions = {field: Decision(effect, "p/r", WHY) for field, effect in effects.items()}
    asked = frozenset(field for field, effect in effects.items() if effect != DENY) | PENALTY.control
    return Ruling(name, facts(), decisions, asked, rows, dated=True)


def row(number: str, **values: Any) -> Row:
    known = {"documentNo": number, "authority": "市监局", "status": "ACTIVE", "decisionDate": date(2026, 3, 1)}
    return Row(number, KEY, {**known, **values})


CITY, COUNTY = "370200-a", "370600-b"
