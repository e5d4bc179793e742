"""`make leaks`: what time tells, and what a query bomb costs, of a gateway that serves for itself.

A person whom the caller may not know is asked about beside one that nobody has a record of, 500 pairs of them, in a
random order over one connection: the medians must be within 2 ms. Each bomb must cost less than 50 ms of the gateway's
processor; on a machine at rest it is refused within that time, too.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from pathlib import Path
from random import Random
from statistics import median, quantiles

import click

from tests.benchmarks.processes import Child
from tests.conftest import House, open_house
from tests.promises.bombs import BOMBS
from tests.promises.fuzz import served
from tests.promises.leaking import Line, Sent
from tests.promises.trial_platforms import person

CALLERS = ("public", "zhejiang-bureau", "qingdao-trading-centre")
PURPOSES = {"zhejiang-bureau": "gov.licensing", "qingdao-trading-centre": "gov.bidding"}
DIFFERENCE, REFUSED = 2.0, 50.0  # milliseconds
AGAIN = 25  # times that each bomb is sent
QUERY = """query Q($id: SubjectKey!) { subject(id: $id) { id name: kind
    judgmentDebtors { nodes { name caseNo court } complete } administrativePenalties { nodes { documentNo } } } }"""


class Asking:
    """One connection to a gateway, and how long each answer took, in milliseconds."""

    def __init__(self, port: int) -> None:
        self._line = Line(("127.0.0.1", port))

    async def took(self, body: bytes, token: dict[str, str]) -> tuple[float, bytes, bytes]:
        raw = Sent(body).raw(token)
        begun = time.perf_counter()
        head, answer = await self._line.exchange(raw)
        return (time.perf_counter() - begun) * 1000, head, answer


async def of_pairs(house: House, port: int, pairs: int, random: Random) -> dict[str, tuple[float, float, float]]:
    """By caller: the median for persons who exist, for those who do not, and the 95th percentile of all."""
    known = [subject.key for subject in house.running.province.world.subjects if subject.key_kind == "citizenId"]
    # far from each other, because codes that are neighbours are a quota's business
    absent = [person(f"19{random.randrange(50, 99)}{each % 12 + 1:02}{random.randrange(1, 28):02}", each).value
              for each in random.sample(range(1000), pairs)]  # fmt: skip
    assert set(known).isdisjoint(absent)
    found = {}
    for caller in CALLERS:
        asking, token = Asking(port), await asyncio.to_thread(house.headers, caller, PURPOSES.get(caller))
        times: dict[bool, list[float]] = {True: [], False: []}
        for number in range(-20, pairs):  # the first are not counted
            both = [(True, random.choice(known)), (False, absent[number])]
            for exists, key in random.sample(both, 2):
                body = json.dumps({"query": QUERY, "variables": {"id": {"citizenId": key}}}).encode()
                took, _, answer = await asking.took(body, token)
                assert b'"data":{"subject":null}' in answer, answer
                if number >= 0:
                    times[exists].append(took)
        found[caller] = (median(times[True]), median(times[False]), quantiles(times[True] + times[False], n=20)[-1])
    return found


async def of_bombs(child: Child, port: int) -> dict[str, tuple[int, float, float]]:
    """By bomb: the status, the processor's time of a refusal, and the median until it was there. Each is sent with a
    blank more, so that no text is recognised as one that was refused."""
    asking, found = Asking(port), {}
    for name, bomb in BOMBS.items():
        times, status, before = list[float](), 0, child.worked()
        for number in range(AGAIN):
            asked = {"query": bomb.query + " " * number, "variables": bomb.variables}
            took, head, _ = await asking.took(json.dumps(asked).encode(), {})
            status = int(head.split(b" ", 2)[1])
            times.append(took)
        found[name] = (status, (child.worked() - before) * 1000 / AGAIN, median(times))
    return found


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    options.add_argument("--pairs", type=int, default=500)
    options.add_argument("--seed", type=int, default=1)
    chosen = options.parse_args()
    wrong = False
    with (
        tempfile.TemporaryDirectory() as name,
        open_house(Path(name) / "home") as house,
        served(house, Path(name)) as (child, port),
    ):
        click.echo(f"bombs, each sent {AGAIN} times: status, processor's ms, median ms until refused")
        for bomb, (status, cost, middle) in asyncio.run(of_bombs(child, port)).items():
            wrong = wrong or cost >= REFUSED or status != 400
            click.echo(f"  {bomb:44} {status} {cost:7.1f} {middle:7.1f}")
        click.echo(
            f"denied persons, {chosen.pairs} pairs: median ms of those who exist, of those who do not, p95 of all"
        )
        for caller, (known, absent, late) in asyncio.run(
            of_pairs(house, port, chosen.pairs, Random(chosen.seed))
        ).items():
            apart = abs(known - absent)
            wrong = wrong or apart >= DIFFERENCE
            click.echo(f"  {caller:24} {known:7.2f} {absent:7.2f} {late:7.2f}   apart {apart:.3f}")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
