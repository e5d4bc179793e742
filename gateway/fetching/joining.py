"""Questions that differ in nothing but their subjects share calls, whoever asks; each asker gets its own subjects.

What is shared. A subject that is on its way already is not asked again: its asker waits for the same call. A source
that takes several subjects in one question gets those of several askers together, up to its `batch`. Two questions are
alike when type, fields, conditions and kind of key are equal: callers of different rights ask for different fields, so
they are never joined. A joint question carries the first asker's `request_id` and nothing of any caller.

When a question goes out. At once when none like it is on its way, or when it is full; otherwise after `LINGER` seconds,
because where one is on its way others are likely. A lone caller, who asks again when he is answered, is never held up,
nor by his own questions of other types; with "asked lately" as the rule he would be, each time. While it waits for a
slot or a turn, a question goes on taking subjects: the next free slot takes all who wait.

How it ends. Each asker keeps its own deadline, and the call the latest of them within the platform's own time; with the
last asker it is cancelled. A failure of the source is the failure of all who asked: one call, one count, one budget.
What may be the fault of one subject is no stranger's fault: where a row did not map (it may be anybody's), where the
answer broke the contract, or where the platform refused, each asker of a part asks its own subjects once more by
itself, and that is its answer; if the source fails then, what is known already stands. A cut answer is asked in halves
(see `inquiry`). An unknown subject is an answer: none of the asked ones has records there.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping

from connectors.contract import Deadline, SubjectKey
from gateway.fetching.desk import Desk
from gateway.fetching.inquiry import BySubject, Inquiry, Question
from gateway.model import Reply

LINGER = 0.0015  # seconds for which a question waits for others, where others are on their way
PERHAPS_ANOTHERS = frozenset({"INVALID", "DENIED_BY_SOURCE"})  # statuses that one subject may bring on all
FAILED = frozenset({"UNAVAILABLE", "TIMEOUT", "BUSY", "MAINTENANCE"})  # what says nothing of the subjects


class Asker:
    """Who waits for some subjects, at most a batch, at one desk. `settled` is called once, unless it leaves."""

    __slots__ = ("deadline", "joint", "request_id", "settled", "subjects")

    def __init__(
        self,
        subjects: tuple[SubjectKey, ...],
        deadline: Deadline,
        request_id: str,
        settled: Callable[[BySubject], None],
    ) -> None:
        self.subjects, self.deadline, self.request_id, self.settled = subjects, deadline, request_id, settled
        self.joint: Joint | None = None

    def leave(self) -> None:
        """The caller is gone and is told nothing."""
        if self.joint is not None:
            self.joint.drop(self, late=False)

    def expire(self) -> None:
        """Time is up: the asker is told what is known, and that the rest did not come in time."""
        joint = self.joint
        if joint is not None:
            known, status = joint.known(), "TIMEOUT" if joint.asked else "BUSY"
            joint.drop(self, late=True)
            self.settled({subject: known.get(subject) or Reply(status) for subject in self.subjects})

    def tell(self, replies: BySubject) -> None:
        self.joint = None
        self.settled(replies)


class Joint:
    """One question and its askers; a deadline that is the latest of theirs. `before` is what was read already."""

    __slots__ = ("_before", "_inquiry", "_left", "_line", "_timer", "asked", "askers", "at", "subjects")

    def __init__(self, line: Line, before: Mapping[SubjectKey, Reply] | None = None) -> None:
        self._line, self._before = line, before
        self._inquiry: Inquiry | None = None
        self._timer: asyncio.TimerHandle | None = None
        self.asked = self._left = False  # whether it is out, and its subjects are these; whether somebody left
        self.askers: list[Asker] = []
        self.subjects: dict[SubjectKey, None] = {}
        self.at = 0.0
        line.began()

    def left(self) -> float:
        return max(0.0, self.at - time.monotonic())

    def known(self) -> Mapping[SubjectKey, Reply]:
        """What stands already, should no more come."""
        return self._before or (self._inquiry.known if self._inquiry is not None else None) or {}

    def holds(self, subjects: tuple[SubjectKey, ...]) -> bool:
        return all(subject in self.subjects for subject in subjects)

    def add(self, asker: Asker) -> None:
        asker.joint = self
        self.askers.append(asker)
        self.at = max(self.at, asker.deadline.at)
        if not self.asked:
            for subject in asker.subjects:
                self.subjects[subject] = None
                self._line.by_subject[subject] = self

    def linger(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(LINGER, self.go)

    def go(self) -> None:
        """Asks, once; perhaps it waits for a slot, and takes more subjects until it has one."""
        if self._inquiry is not None:
            return
        if self._timer is not None:
            self._timer.cancel()
        line = self._line
        self._inquiry = Inquiry(line.desk, line.question, self._out, self, self.askers[0].request_id, self._settled)
        self._inquiry.begin()

    def drop(self, asker: Asker, late: bool) -> None:
        """One asker less; without any the call is given up."""
        asker.joint = None
        self._left = True
        self.askers.remove(asker)
        if not self.askers:
            self._end()
            if self._timer is not None:
                self._timer.cancel()
            if self._inquiry is not None:
                self._inquiry.leave(late)

    def _out(self) -> tuple[SubjectKey, ...]:
        """It goes out now, for the subjects of those who still wait."""
        self.asked = True
        self._line.closed(self)
        if self._left:
            wanted = dict.fromkeys(subject for asker in self.askers for subject in asker.subjects)
            self._line.forget(self, self.subjects.keys() - wanted)
            self.subjects = wanted
        return tuple(self.subjects)

    def _settled(self, replies: BySubject) -> None:
        self._inquiry = None
        if before := self._before:
            replies = {key: before.get(key, each) if each.status in FAILED else each for key, each in replies.items()}
        again: dict[tuple[SubjectKey, ...], Joint] = {}
        asked = tuple(self.subjects)
        for asker in self.askers:
            if asker.subjects == asked:  # in this order, in which halves are made: it was its own question
                asker.tell(replies)
                continue
            own = {subject: replies[subject] for subject in asker.subjects}
            if not any(reply.status in PERHAPS_ANOTHERS for reply in own.values()):
                asker.tell(own)
                continue
            alone = again.get(asker.subjects)
            if alone is None:
                read = {subject: reply for subject, reply in own.items() if reply.rejected}
                alone = again[asker.subjects] = Joint(self._line, read)
            alone.add(asker)
        self._end()
        for alone in again.values():
            alone.go()

    def _end(self) -> None:
        self._line.closed(self)
        self._line.ended(self)


class Line:
    """Questions of one kind at one desk, on their way."""

    __slots__ = ("_batch", "_lines", "_open", "by_subject", "desk", "joints", "question")

    def __init__(self, desk: Desk, question: Question, lines: Lines) -> None:
        self.desk, self.question, self._lines = desk, question, lines
        self._batch = desk.batch(question.type)
        self.joints = 0
        self._open: Joint | None = None  # takes more subjects
        self.by_subject: dict[SubjectKey, Joint] = {}

    def ask(self, asker: Asker) -> None:
        subjects = asker.subjects
        held = self.by_subject.get(subjects[0]) if self.joints else None
        if held is not None and held.holds(subjects):
            held.add(asker)
            return
        size, joint = len(subjects), self._open
        if joint is not None and len(joint.subjects) + size <= self._batch:
            joint.add(asker)
            if len(joint.subjects) == self._batch:
                self._open = None
                joint.go()
            return
        if joint is not None and size < self._batch:
            self._open = None
            joint.go()  # as full as it will be
        alone = not self.joints
        joint = Joint(self)
        joint.add(asker)
        if size < self._batch:
            self._open = joint
        if alone or size == self._batch:
            joint.go()
        else:
            joint.linger()

    def began(self) -> None:
        self.joints += 1
        self._lines[self.question] = self

    def closed(self, joint: Joint) -> None:
        if self._open is joint:
            self._open = None

    def forget(self, joint: Joint, subjects: Iterable[SubjectKey]) -> None:
        for subject in subjects:
            if self.by_subject.get(subject) is joint:
                del self.by_subject[subject]

    def ended(self, joint: Joint) -> None:
        self.joints -= 1
        if self.joints:
            self.forget(joint, joint.subjects)
        else:
            self.by_subject.clear()
            self._lines.pop(self.question, None)


Lines = dict[Question, Line]


class Joining:
    """All lines of one desk."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self._lines: Lines = {}

    def ask(self, question: Question, asker: Asker) -> None:
        """Asks, or waits with others; `asker.settled` may be called before this returns."""
        line = self._lines.get(question)
        if line is None:
            line = Line(self.desk, question, self._lines if self.desk.source.joined else {})
        line.ask(asker)
