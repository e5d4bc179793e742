"""Group 5: what does the connector do when the platform breaks? A proxy of ours breaks its answers on purpose.

The platform itself is asked no more than in health. Each fault must become the error of the contract that it is, by
the deadline, with nothing of the broken answer in its text; whoever gives up must give back what it held.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from connectors.conformance.bench import PATIENCE, Bench
from connectors.conformance.between import Between, Fault, address_of, answer_bytes, between
from connectors.conformance.claimed import nobody
from connectors.conformance.outcome import Outcome, Verdict
from connectors.contract import Connector, SubjectKey, TimedOut
from connectors.transport.meaning import by_status
from connectors.transport.port import Answer

SAID = "upstream-words-of-the-exam"  # stands in every broken answer, and may stand nowhere else
SHORT = 0.3  # seconds of a deadline that nothing can keep
LATE = 1.0  # seconds after it by which an error must have come, also on a busy machine
SEVERAL = 8  # questions at once
_PIECE = b"0" * (64 << 10)


async def _silence(proxy: Between, writer: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


async def _reset(proxy: Between, writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


async def _drip(proxy: Between, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 .\r\ncontent-type: application/json\r\ncontent-length: 100000\r\n\r\n")
    while True:
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.02)


async def _half(proxy: Between, writer: asyncio.StreamWriter) -> None:
    writer.write(answer_bytes(Answer(200, {"content-type": "application/json"}, f'{{"{SAID}":'.encode() * 9))[:-50])
    await writer.drain()


async def _endless(proxy: Between, writer: asyncio.StreamWriter) -> None:
    proxy.written = 0
    writer.write(b"HTTP/1.1 200 .\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n")
    while True:
        writer.write(f"{len(_PIECE):x}\r\n".encode() + _PIECE + b"\r\n")
        await writer.drain()
        proxy.written += len(_PIECE)


async def _whole(answer: Answer, proxy: Between, writer: asyncio.StreamWriter) -> None:
    writer.write(answer_bytes(answer))
    await writer.drain()


def _status(status: int) -> Fault:
    return partial(_whole, Answer(status, {"retry-after": "7", "content-type": "text/plain"}, SAID.encode()))


def _body(kind: str, body: str) -> Fault:
    return partial(_whole, Answer(200, {"content-type": kind}, body.encode()))


@dataclass(frozen=True, slots=True)
class Broken:
    """One way to break: `errors` are the names of those that it may become."""

    what: str
    fault: Fault
    errors: Sequence[str]
    fix: str = ""


WAYS = (
    Broken("reset", _reset, ("Unavailable",)),
    Broken("no answer", _silence, ("TimedOut",)),
    Broken("slow body", _drip, ("TimedOut",)),
    Broken("half body", _half, ("Unavailable",)),
    Broken("web page", _body("text/html", f"<html>{SAID}</html>"), ("Unavailable",)),
    Broken("broken data", _body("application/json", f'{{"{SAID}": ['), ("Unavailable", "ContractBroken")),
    Broken("endless body", _endless, ("ContractBroken",)),
)
STATUSES = (429, 503, 500, 401, 403)


async def faults(bench: Bench) -> Outcome | None:
    """Each way of breaking becomes its error, in time, and an endless answer is not read to its end."""
    if undo := nobody(bench):
        return undo
    verdict, done, all_of = Verdict(), 0, 0
    for source in _sources(bench):
        declared = bench.declared()[1].sources[source]
        codes = getattr(declared, "errors", None) or getattr(declared, "faults", None) or {}
        most = bench.declared()[0].sources[source].limits.max_bytes
        async with between(bench, source) as (proxy, connector):
            for way in (*WAYS, *_statuses(codes)):
                all_of += 1
                proxy.fault = way.fault
                begun = time.monotonic()
                seconds = SHORT if "TimedOut" in way.errors else PATIENCE
                told = await bench.told(bench.ask(*_anybody(bench, source), seconds=seconds), connector)
                took = time.monotonic() - begun
                name = type(told.error).__name__ if told.error is not None else "taken for an answer"
                if name not in way.errors:
                    verdict.fail(f"source `{source}`: {way.what}: {name}, not {' or '.join(way.errors)}", way.fix)
                elif took > seconds + LATE:
                    verdict.fail(f"source `{source}`: {way.what}: told {took - seconds:.1f} s after the deadline")
                elif way.fault is _endless and proxy.written > 2 * most + (16 << 20):
                    verdict.fail(
                        f"source `{source}`: {way.what}: {proxy.written >> 20} MiB were read", "keep `maxBytes`"
                    )
                else:
                    done += 1
    return verdict.outcome(f"{done} of {all_of} give the right error") if all_of else None


async def deadline(bench: Bench) -> Outcome | None:
    """No answer comes after the deadline, not even that there is none."""
    if nobody(bench):
        return None
    verdict, worst = Verdict(), 0.0
    for source in bench.opened:
        if address_of(bench, source) is None:
            worst = max(worst, await _late(bench, verdict, source, bench.opened[source], 0.0))
            continue
        async with between(bench, source) as (proxy, connector):
            proxy.fault = _silence
            worst = max(worst, await _late(bench, verdict, source, connector, SHORT))
    return verdict.outcome(f"+{worst * 1000:.0f} ms")


async def cancelled(bench: Bench) -> Outcome | None:
    """Questions that are given up give back what they held: as many again are answered at once."""
    if nobody(bench):
        return None
    verdict, most = Verdict(), 0
    for source in bench.opened:
        count = min(SEVERAL, bench.declared()[0].sources[source].limits.concurrency)
        most = max(most, count)
        if address_of(bench, source) is None:
            await _given_up(bench, verdict, source, bench.opened[source], count, None)
            continue
        async with between(bench, source) as (proxy, connector):
            await _given_up(bench, verdict, source, connector, count, proxy)
    return verdict.outcome(f"{most} at once")


def _sources(bench: Bench) -> list[str]:
    return [source for source in bench.opened if address_of(bench, source) is not None]


def _statuses(codes: Mapping[str, str]) -> list[Broken]:
    fix = "see what `errors` or `faults` declare for it"
    return [
        Broken(f"status {status}", _status(status), (codes.get(str(status)) or by_status(status),), fix)
        for status in STATUSES
    ]


def _anybody(bench: Bench, source: str) -> tuple[str, frozenset[str] | None, list[SubjectKey]]:
    """A type of a source and a test subject of the right kind; the questions go no further than the proxy."""
    platform, _ = bench.declared()
    for name in [name for name, of in platform.types.items() if of == source]:
        for subject in bench.subjects:
            if subject.kind in platform.claim(name).keys:
                return name, None, [subject]
    raise LookupError("no test subject is of a kind that this source knows")


async def _late(bench: Bench, verdict: Verdict, source: str, connector: Connector, seconds: float) -> float:
    begun = time.monotonic()
    told = await bench.told(bench.ask(*_anybody(bench, source), seconds=seconds), connector)
    over = time.monotonic() - begun - seconds
    if not isinstance(told.error, TimedOut):
        name = type(told.error).__name__ if told.error is not None else "an answer"
        verdict.fail(f"source `{source}`: a deadline that cannot be kept gives {name}, not TimedOut")
    elif over > LATE:
        verdict.fail(f"source `{source}`: told {over:.1f} s after the deadline")
    return max(over, 0.0)


async def _given_up(
    bench: Bench, verdict: Verdict, source: str, connector: Connector, count: int, proxy: Between | None
) -> None:
    asked = _anybody(bench, source)
    if proxy is not None:
        proxy.fault = _silence
    tasks = [asyncio.ensure_future(bench.told(bench.ask(*asked), connector)) for _ in range(count + 2)]
    if proxy is not None:
        async with asyncio.timeout(PATIENCE):
            await proxy.asked.wait()
    await asyncio.sleep(0)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    if proxy is not None:
        proxy.fault = None
    again = await asyncio.gather(*(bench.told(bench.ask(*asked), connector) for _ in range(count)))
    if failed := [told for told in again if told.failed]:
        verdict.fail(
            f"source `{source}`: after {len(tasks)} cancelled questions {len(failed)} of {count} are not answered",
            "a cancelled `fetch` must give its connection back",
        )
