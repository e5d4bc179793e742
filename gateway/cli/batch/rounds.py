"""Asking what is missing, some chunks at once: halved when the gateway says too much, waited for when it is busy.

Every answer is kept before the next chunk is handed out. The first interrupt lets the questions under way end,
because each of them is in the gateway's audit log already; a second one ends at once.
"""

from __future__ import annotations

import contextlib
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from types import FrameType
from typing import Any

import httpx2

from gateway.cli.asking import AskingError
from gateway.cli.batch.keeping import Kept, Range
from gateway.cli.batch.lists import Subject
from gateway.cli.batch.progress import Watching
from gateway.cli.batch.verdicts import codes_of, is_answer, is_for_later, is_too_much

DEFAULT_SUBJECTS = 200  # what a gateway accepts unless it says otherwise
LONGEST_WAIT = 30.0  # seconds between two attempts, whatever `Retry-After` says

Ask = Callable[[Mapping[str, Any]], httpx2.Response]


@dataclass(frozen=True, slots=True)
class Reply:
    """One HTTP answer, its body parsed."""

    status: int
    body: Mapping[str, Any]
    retry_after: float | None


@dataclass(slots=True)
class Ended:
    """How a run ended: `later` ranges to ask another time, a `refused` reply or `broken` words that ended it, and the
    signal that `stopped` it."""

    later: list[Range]
    refused: Reply | None = None
    broken: AskingError | None = None
    stopped: int | None = None


@dataclass(frozen=True, slots=True)
class Rounds:
    """`variables` go with every chunk, the keys under `variable`; `patience` in seconds for each chunk."""

    ask: Ask
    variable: str
    variables: Mapping[str, Any]
    subjects: Sequence[Subject]
    kept: Kept
    told: Watching
    jobs: int
    patience: float

    def run(self, missing: Sequence[Range]) -> Ended:
        """Ask `missing` ranges. Raises nothing for what the gateway says."""
        ended = Ended([])
        pending = deque(missing)
        size = DEFAULT_SUBJECTS
        stop = threading.Event()
        with _interruptible(ended, stop), ThreadPoolExecutor(self.jobs) as workers:
            under_way: dict[Future[Reply], Range] = {}
            while under_way or (pending and not stop.is_set()):
                while pending and len(under_way) < self.jobs and not stop.is_set():
                    range_ = _cut(pending, size)
                    under_way[workers.submit(self._one, range_, stop)] = range_
                for future in wait(under_way, return_when=FIRST_COMPLETED).done:
                    range_ = under_way.pop(future)
                    if (wanted := self._heard(future, range_, ended, stop)) is not None:
                        size = min(size, wanted)
                        pending.appendleft(range_)
        return ended

    def _heard(self, future: Future[Reply], range_: Range, ended: Ended, stop: threading.Event) -> int | None:
        """Deal with one reply; the size of chunk to ask again with, when this one was too large."""
        start, end = range_
        try:
            reply = future.result()
            if is_answer(reply.body):
                self.kept.save(range_, reply.status, reply.body)
        except AskingError as error:
            ended.broken = error
            stop.set()
            return None
        if is_answer(reply.body):
            self.told.answered(range_, reply.body)
        elif is_too_much(reply.body) and end - start > 1:
            self.kept.forget(range_)  # its answer, if it had one, will be replaced by those of its halves
            half = (end - start + 1) // 2
            self.told.said(range_, f"too much at once; asking {half} subjects at a time")
            return half
        elif is_for_later(reply.status, reply.body):
            ended.later.append(range_)
            self.told.said(range_, f"not answered ({', '.join(codes_of(reply.body)) or reply.status}); left for later")
        else:
            ended.refused = reply
            stop.set()
        return None

    def _one(self, range_: Range, stop: threading.Event) -> Reply:
        keys = [subject.key for subject in self.subjects[range_[0] : range_[1]]]
        waited = 0.0
        while True:
            reply = _parsed(self.ask({**self.variables, self.variable: keys}))
            if reply.retry_after is None or not is_for_later(reply.status, reply.body):
                return reply
            pause = min(max(reply.retry_after, 0.1), LONGEST_WAIT)
            if waited + pause > self.patience or stop.is_set():
                return reply
            self.told.said(range_, f"the gateway is busy; asking again in {pause:g} s")
            stop.wait(pause)
            waited += pause


def _parsed(answer: httpx2.Response) -> Reply:
    try:
        body = answer.json()
    except ValueError:
        body = {}
    if not isinstance(body, dict) or (not body and answer.status_code < 500):
        raise AskingError(f"{answer.url} answers, but not as a gateway does; is the address right?")
    after = answer.headers.get("Retry-After", "")
    return Reply(answer.status_code, body, float(after) if after.isdecimal() else None)


def _cut(pending: deque[Range], size: int) -> Range:
    start, end = pending.popleft()
    if end - start > size:
        pending.appendleft((start + size, end))
        return start, start + size
    return start, end


@contextlib.contextmanager
def _interruptible(ended: Ended, stop: threading.Event) -> Iterator[None]:
    """Within, the first SIGINT or SIGTERM sets `stop`; the second does what it did before."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def on_signal(number: int, frame: FrameType | None) -> None:
        ended.stopped = number
        stop.set()
        signal.signal(number, before[signal.Signals(number)])

    for number in before:
        signal.signal(number, on_signal)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
