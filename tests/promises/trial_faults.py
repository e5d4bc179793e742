"""A process of its own that asks crooked platforms of every kind, one fault after the other, beside an honest one.

Prints a line of JSON for each: what became of it, in which time, by how much memory grew at its height, and what the
honest platform answered meanwhile. A process of its own, because memory is reckoned for a whole process.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
from pathlib import Path
from typing import Any

from connectors.contract import Connector, ConnectorError, Deadline, Fetch, SubjectKey
from gateway.fetching.checking import recheck
from tests.edges.another_gateway import BEHALF
from tests.edges.crooked import Server, always, raw
from tests.edges.invented import FIRM, Surroundings, connector
from tests.promises.platform_faults import KINDS, faults, row

# Seconds of a question: of one that is never answered, and of one that is, on however busy a machine. The platforms'
# own limit is 5 s.
DEADLINE, PATIENCE = 0.4, 3.0
_FIELDS = frozenset({"state", "holder"})


def memory(what: str) -> int:
    """Kilobytes of this process: `VmRSS` now, `VmHWM` at its height."""
    found = re.search(rf"{what}:\s+(\d+)", Path("/proc/self/status").read_text("ascii"))
    assert found is not None
    return int(found[1])


async def told(asked: Connector, seconds: float = PATIENCE) -> str:
    """What a question becomes, in the words of the tables."""
    ask = Fetch(
        "Permit", _FIELDS, (SubjectKey("uscc", FIRM),), limit=100, deadline=Deadline.within(seconds), delegation=BEHALF
    )
    try:
        pages = [page async for page in asked.fetch(ask)]
    except ConnectorError as error:
        return f"{type(error).__name__}: {error}" if FIRM in str(error) else type(error).__name__
    kept, dropped = recheck(ask, pages)
    (rows,) = kept.values()
    words = f"{len(rows)} row{'' if len(rows) == 1 else 's'}"
    if rows:
        words += f": {', '.join(sorted({str(each.values['holder']) for each in rows}))}"
    ids = {each.id for each in rows}
    more = {
        "state unknown": any(each.values["state"] is None for each in rows),
        f"of {len(ids)} id": len(ids) < len(rows),
        f"{sum(len(page.rejected) for page in pages)} rejected": any(page.rejected for page in pages),
        f"{dropped} dropped": dropped > 0,
        "truncated": any(page.truncated for page in pages),
    }
    return ", ".join([words, *(each for each, holds in more.items() if holds)])


async def opened(kind: str, base: str) -> Connector:
    made = connector(KINDS[kind].registry())
    await made.open(Surroundings(KINDS[kind].settings(base)))
    return made


async def tried(kind: str) -> None:
    words = KINDS[kind]
    honest = raw(words.rows([row()]).encode(), content_type=words.media)
    well = words.beside(always(honest))
    async with Server(well) as good, Server(well) as bad:
        other, asked = await opened(kind, good.base), await opened(kind, bad.base)
        await told(asked)  # what is loaded at the first question is no fault's
        for name, (behaviour, expected) in faults(kind).items():
            bad.behaviour = behaviour
            Path("/proc/self/clear_refs").write_text("5", "ascii")  # the height begins anew
            before, began = memory("VmRSS"), time.monotonic()
            seconds = DEADLINE if expected == "TimedOut" else PATIENCE
            became, beside = await asyncio.gather(timed(asked, began, seconds), told(other))
            line: dict[str, Any] = {"kind": kind, "fault": name, "expected": expected, "beside": beside}
            line |= {"became": became[0], "seconds": became[1], "grew": memory("VmHWM") - before}
            bad.behaviour = well
            line["afterwards"] = await told(asked)
            sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")
        await asked.close()
        await other.close()


async def timed(asked: Connector, began: float, seconds: float) -> tuple[str, float]:
    return await told(asked, seconds), time.monotonic() - began


async def main() -> None:
    for kind in KINDS:
        await tried(kind)


if __name__ == "__main__":
    asyncio.run(main())
