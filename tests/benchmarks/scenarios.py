"""What is measured: each scenario with the one thing that it asks about."""

from __future__ import annotations

from dataclasses import dataclass

from tests.benchmarks import measuring
from tests.benchmarks.measuring import Measure
from tests.benchmarks.records import DISTINCT, Amount

BATCH = 50
FOUR = Amount(4, 5)


@dataclass(frozen=True, slots=True)
class Scenario:
    """`clients` times `tokens_each` access tokens take turns; a platform of `batch` takes so many subjects at once;
    `slow` is how many seconds the last city's platform waits. `only` names the stacks that can take part, and
    `pinned` is False where a stack shall have every core."""

    name: str
    title: str
    amount: Amount = FOUR
    measure: Measure = measuring.plain
    subjects: int = DISTINCT
    clients: int = 1
    tokens_each: int = 1
    batch: int = 1
    slow: float = 0.0
    tls: bool = False
    strict: bool = False
    only: frozenset[str] | None = None
    workers: tuple[int, ...] = ()
    pinned: bool = True


OURS_AND_NAIVE = frozenset({"ours", "ours-plain", "naive", "naive-bare"})

ALL = {
    scenario.name: scenario
    for scenario in (
        Scenario("one", "1 platform, 5 records", Amount(1, 5)),
        Scenario("four", "4 platforms, 5 records each"),
        Scenario("sixteen", "16 platforms, 5 records each", Amount(16, 5)),
        Scenario("hundred", "4 platforms, 100 records each", Amount(4, 100)),
        Scenario("identical", "one subject, asked by all", subjects=1, measure=measuring.counted(32)),
        Scenario("tokens", "10,000 tokens of 1,000 clients in turn", clients=1000, tokens_each=10),
        Scenario("cold", "every request a new operation", measure=measuring.cold),
        Scenario("masks", "four masked fields in every row", strict=True),
        Scenario(
            "slow", "8 askers of three cities, while 32 wait for a fourth that takes 1 s",
            measure=measuring.neighbours, slow=1.0,
        ),
        Scenario("overload", f"{measuring.CROWD} askers at once", measure=measuring.overload),
        Scenario("tls", "platforms over TLS", tls=True),
        Scenario(
            "workers", "one process against two, on all cores, the load beside them",
            only=frozenset({"ours"}), workers=(2,), pinned=False,
        ),
        Scenario(
            "batching", f"64 askers of distinct subjects at a platform that takes {BATCH} at once", Amount(1, 5),
            measure=measuring.counted(64), batch=BATCH, only=OURS_AND_NAIVE,
        ),
        Scenario(
            "flood", "8 askers of one partner, while another sends new operations", measure=measuring.flood, clients=2
        ),
    )
}  # fmt: skip
