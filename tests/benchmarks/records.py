"""What the platforms of the benchmark hold, whom they are asked about, and the question that every stack is asked.

Records are invented and the same for every subject but for its code, so that a canned answer can hold them. Days are
reckoned from today, so that no rule of retention or publicity hides a record in some later year.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from policies.identifiers import citizen_id_check, uscc_check

if TYPE_CHECKING:
    from tests.benchmarks.stage import Ask

CITIES = {
    "370100": "济南市", "370200": "青岛市", "370300": "淄博市", "370400": "枣庄市", "370500": "东营市",
    "370600": "烟台市", "370700": "潍坊市", "370800": "济宁市", "370900": "泰安市", "371000": "威海市",
    "371100": "日照市", "371300": "临沂市", "371400": "德州市", "371500": "聊城市", "371600": "滨州市",
    "371700": "菏泽市",
}  # fmt: skip
DISTINCT = 997  # subjects: a prime, so that no cycle of a stack or of the load meets the same one early
TYPE = "AdministrativePenalty"
CONNECTION = "administrativePenalties"

# field of the catalogue -> column of the platforms
COLUMNS = {
    "documentNo": "WSH", "penaltyKinds": "LB", "fineAmountWan": "JE", "decisionDate": "JDRQ", "conductEnd": "XWJS",
    "publishUntil": "GSJZ", "authority": "JG", "procedure": "CX", "status": "ZT", "legalRepIdNo": "ZJ",
}  # fmt: skip
WORDS = {
    "penaltyKinds": {"罚款": "FINE", "没收": "CONFISCATION"},
    "procedure": {"1": "ORDINARY"},
    "status": {"1": "ACTIVE"},
}
MASKED = "legalRepIdNo"  # a pseudonym for the asking client
DENIED = "personIdNo"
OPEN = tuple(name for name in COLUMNS if name != MASKED)

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Amount:
    """How many platforms are asked, and how many records each answers with."""

    platforms: int = 4
    records: int = 5

    @property
    def regions(self) -> tuple[str, ...]:
        return tuple(CITIES)[: self.platforms]

    @property
    def total(self) -> int:
        return self.platforms * self.records


def subjects(count: int = DISTINCT) -> list[str]:
    """Valid credit codes of enterprises that nobody has."""
    return [first + uscc_check(first) for first in (f"91370000MA{number:07d}" for number in range(count))]


def rows(region: str, count: int, subject: str) -> list[dict[str, str]]:
    """A platform's rows about a subject, as it spells them."""
    today = date.today()  # noqa: DTZ011  # a day more or less changes nothing
    found = []
    for number in range(count):
        decided = today - timedelta(days=30 + number)
        person = f"370102199003{number % 28 + 1:02d}001"
        found.append(
            {
                "ID": f"{region}-{number}",
                "DM": subject,
                "WSH": f"鲁罚〔2026〕{region}-{number}号",
                "LB": ("罚款", "没收")[number % 2],
                "JE": f"{number + 1}.5",
                "JDRQ": decided.isoformat(),
                "XWJS": (decided - timedelta(days=20)).isoformat(),
                "GSJZ": (decided + timedelta(days=1095)).isoformat(),
                "JG": f"{CITIES[region]}市场监管局",
                "CX": "1",
                "ZJ": person + citizen_id_check(person),
                "ZT": "1",
            }
        )
    return found


def body(region: str, count: int, subject: str) -> str:
    """A platform's whole answer as JSON text."""
    return json.dumps({"code": "200", "rows": rows(region, count, subject)}, ensure_ascii=False, separators=(",", ":"))


def mapped(row: Row) -> dict[str, Any]:
    """A row in the catalogue's words."""
    found = {name: WORDS.get(name, {}).get(row[column], row[column]) for name, column in COLUMNS.items()}
    return found | {"penaltyKinds": [found["penaltyKinds"]]}


def expected(amount: Amount, names: Sequence[str] = OPEN) -> list[tuple[Any, ...]]:
    """What every stack must answer, field by field, in an order of our own."""
    return told((mapped(row) for region in amount.regions for row in rows(region, amount.records, "")), names)


def told(nodes: Iterable[Row], names: Sequence[str] = OPEN) -> list[tuple[Any, ...]]:
    """Answered records in comparable form: the values of `names`, sorted."""
    return sorted(tuple(str(node[name]) for name in names) for node in nodes)


def question(amount: Amount, ask: Ask) -> str:
    """The question to `ours` and `naive`; one of its fields is masked and one denied."""
    fields = " ".join((*ask.fields((*COLUMNS, DENIED)), *ask.more))
    regions = f", regions: {json.dumps(ask.regions)}" if ask.regions else ""
    return (
        f"query Penalties($id: SubjectKey!) {{ subject(id: $id) {{ {CONNECTION}(first: {amount.total}{regions}) "
        f"{{ nodes {{ {fields} provenance {{ platform }} }} complete }} }} }}"
    )
