"""What one gateway process asks by: the steps followed, the declarations they name read and proved, the last good kept.

    stirred()  a look at one file (or, at a database, at the clock)       look()  the work, in a thread

Nothing here swaps anything, and `look` never raises. What this home obeyed is kept beside it twice: its number in
HOME/keys/platforms-floor.json, so that no older row comes back, and all of it in HOME/state/platforms-obeyed.json, by
which a gateway starts whose store is gone or damaged. That copy is believed no more than the store: it is judged anew,
and must reach the floor. When there is nothing good at all, a gateway does not start.
"""

from __future__ import annotations

import base64
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import orjson

from gateway.documents import DocumentError
from gateway.governing import keeping
from gateway.governing import officers as roles
from gateway.governing.floor import Floors
from gateway.governing.following import stamp
from gateway.governing.obeying import Declined
from gateway.governing.officers import load_officers
from gateway.governing.statements import Refused, canonical, read
from gateway.registering.contents import Files, proved
from gateway.registering.sayings import STEP
from gateway.registering.standing import Course, follow
from gateway.store import Store
from gateway.store.opening import RESTORE

COPY = Path("state") / "platforms-obeyed.json"  # in a home
KEPT = "put the entry back into officers.yaml as it was; who gets other roles or regions gets another one"
AGAIN = 2.0  # seconds after which what was refused is tried again
EVERY = 0.25  # seconds between two looks at a database
TICK = 0.05  # seconds within which a file system may give two changes the same time

_log = logging.getLogger("credit_gateway.registering")

Followed = Callable[[Course], None]


def _unheard(course: Course) -> None:
    """Nobody wants to know how far the steps are good."""


@dataclass(frozen=True, slots=True)
class Enrolled:
    """The course that is obeyed, with the files of every declaration that it asks or shadows, by digest. What is
    `declined` may stand behind good steps: `closing` is the course with those, and what it closes is closed."""

    course: Course = field(default_factory=Course)
    files: Mapping[str, Files] = field(default_factory=dict)
    declined: Declined | None = None
    closing: Course | None = None


def begin(home: Path, store: Store, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> Enrolled:
    """What a home that starts obeys. Raises Refused when there is nothing good."""
    floor = Floors(home, "platforms", "step").read()
    if not store.present and not floor.seq:
        return Enrolled()
    try:
        return _read(home, store, Enrolled(), now())
    except (ValueError, OSError) as error:
        declined = _declined(Course(), error)
        if not floor.seq and not _operated(home):
            _log.error("the store of platforms cannot be used: %s", declined.message)
            return Enrolled(declined=declined)  # it held counts alone: nobody could register anything here
        if not floor.seq:
            raise Refused(declined.reason, declined.message) from None
        _log.error("the platforms' steps are not obeyed (%s): %s", declined.reason, declined.message)
        return replace(_copied(home, declined.message, now()), declined=declined)


def before(home: Path, enrolled: Enrolled, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> Enrolled | None:
    """What this home obeyed last, where that is another: before steps that are new in `enrolled`, or after it, where
    that was read long ago. None when it is the same. Raises Refused."""
    floor = Floors(home, "platforms", "step").read()
    if floor.seq == enrolled.course.seq:
        return None
    return _copied(home, "new steps cannot be taken up", now()) if floor.seq else Enrolled()


def restore(home: Path, store: Store, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> tuple[int, int]:
    """Put back the steps that this home obeyed and its store has lost: how many, and the number of the last. Raises
    Refused, StoreError."""
    why = "nothing can be put back"
    course = _copied(home, why, now()).course
    rows, kept = _copy(home, why)
    there = store.after(0)
    if there[: len(rows)] != rows[: len(there)]:
        raise Refused("replayed", "the store holds other steps than were obeyed here; move it away first")
    for raw, done in list(zip(rows, course.steps, strict=True))[len(there) :]:
        content = done.step.content or ""
        store.append(done.seq, done.id, raw, content, kept.get(content))
    return max(len(rows) - len(there), 0), max(len(rows), len(there))


class Enrolment:
    """Follows the steps from what a process began with."""

    def __init__(
        self,
        home: Path,
        store: Store,
        enrolled: Enrolled,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.enrolled = enrolled
        self._home, self._store, self._now, self._monotonic = home, store, now, monotonic
        self._floors = Floors(home, "platforms", "step")
        self._stamp: tuple[int, int, int] | None = None
        self._due = float("-inf")
        self.told = self._floors.read().seq  # up to which step the audit was told
        self._settled = False  # whether what was found last is obeyed and written down

    def stirred(self) -> bool:
        """Whether there is anything to look at."""
        if self._store.file is None:
            return self._monotonic() >= self._due
        if (self.enrolled.declined is not None or not self._settled) and self._monotonic() >= self._due:
            return True
        return stamp(self._store.file) != self._stamp

    def news(self, enrolled: Enrolled) -> bool:
        """Whether what `look` gave is other than what was obeyed last."""
        return not self._settled or not self._known(enrolled)

    def look(self) -> Enrolled:
        """Judge what was added. What is given is not obeyed yet: `obeys` says so."""
        if self._store.file is not None:
            found_at = stamp(self._store.file)
            fresh = found_at is not None and time.time_ns() - found_at[0] < TICK * 1e9
            self._stamp = None if fresh else found_at  # what is fresh may change again and bear the same time
        followed = [self.enrolled.course]
        try:
            if not self._store.present and not self.enrolled.course.seq:
                return self.enrolled
            found = _read(self._home, self._store, self.enrolled, self._now(), followed.append)
        except Exception as error:  # noqa: BLE001  # whatever it is, what is obeyed stays
            found = replace(self.enrolled, declined=_declined(followed[-1], error), closing=self._last(followed[-1]))
        self._settled = self._settled and self._known(found)
        self._rest()
        return found

    def obeys(self, enrolled: Enrolled) -> None:
        """From now on this is what the process obeys, or stays with; written down with all that it needs."""
        before, self.enrolled = self.enrolled, enrolled
        declined = enrolled.declined
        if declined is not None:
            if declined != before.declined:
                _log.error("the platforms' steps are not obeyed (%s): %s", declined.reason, declined.message)
        elif enrolled.course.seq and enrolled.course.seq > self._floors.read().seq:
            rows = [base64.b64encode(raw).decode() for raw in self._store.after(0)[: enrolled.course.seq]]
            files = {
                digest: {name: base64.b64encode(raw).decode() for name, raw in each.items()}
                for digest, each in enrolled.files.items()
            }
            keeping.replace(self._home / COPY, canonical({"steps": rows, "files": files}))
            self._floors.raise_to(enrolled.course.seq, enrolled.course.last)
        self._settled = True
        self._rest()

    def _last(self, course: Course) -> Course:
        """A course, or what this home obeyed after it: a process may begin with what was read long ago."""
        try:
            if self._floors.read().seq > course.seq:
                return _copied(self._home, "", self._now()).course
        except (ValueError, OSError) as error:
            _log.error("what was paused or retired since step %d is not known: %s", course.seq, error)
        return course

    def _rest(self) -> None:
        """Look again soon, or where something is amiss after a while."""
        amiss = self.enrolled.declined is not None or not self._settled
        self._due = self._monotonic() + (AGAIN if amiss else EVERY)

    def _known(self, enrolled: Enrolled) -> bool:
        """Whether it is what was obeyed last."""
        one, other = self.enrolled, enrolled
        closed = [each.closing and each.closing.last for each in (one, other)]
        return one.course is other.course and one.declined == other.declined and closed[0] == closed[1]


def _read(home: Path, store: Store, known: Enrolled, now: datetime, followed: Followed = _unheard) -> Enrolled:
    """What the store says by now; each good step of it is told as the course after it. Raises Refused, StoreError,
    DocumentError."""
    floor = Floors(home, "platforms", "step").read()
    if not store.present:
        raise Refused(
            "missing",
            f"the store is gone, and step {max(floor.seq, known.course.seq)} was obeyed; {RESTORE} puts it back",
        )
    head = store.head()
    seq, least = (head[0] if head else 0), max(floor.seq, known.course.seq)
    if seq < least:
        raise Refused(
            "replayed", f"the store ends at step {seq}, and step {least} was obeyed here; {RESTORE} puts it back"
        )
    if head is not None and seq == known.course.seq and head[1] != known.course.last:
        raise Refused("replayed", f"another step {seq} was obeyed here; restore the store")
    if seq == known.course.seq:
        return replace(known, declined=None, closing=None)
    return _followed(home, known, store.after(known.course.seq), store.files, now, followed)


def _followed(
    home: Path,
    known: Enrolled,
    rows: list[bytes],
    files: Callable[[str], Files],
    now: datetime,
    followed: Followed = _unheard,
) -> Enrolled:
    floor, officers, course = Floors(home, "platforms", "step").read(), load_officers(home), known.course
    for raw in rows:
        try:
            course = follow(course, read(raw, STEP, f"step {course.seq + 1}"), officers, now)
        except Refused as error:
            if course.seq >= floor.seq or error.reason not in ("role", "signature"):
                raise
            raise Refused(error.reason, f"{error}. It was obeyed here: {KEPT}") from None
        if course.seq == floor.seq and course.last != floor.statement:
            raise Refused("replayed", f"another step {floor.seq} was obeyed in this home; restore the store")
        followed(course)
    found: dict[str, Files] = {}
    for platform, digests in course.answering.items():
        for digest in digests:
            if digest is not None:
                found[digest] = known.files.get(digest) or files(digest)
                proved(platform, digest, found[digest])
    return Enrolled(course, found)


def _copied(home: Path, why: str, now: datetime) -> Enrolled:
    """What this home obeyed last, from its own copy. Raises Refused."""
    floor, (rows, kept) = Floors(home, "platforms", "step").read(), _copy(home, why)
    enrolled = _followed(home, Enrolled(), rows, lambda digest: kept.get(digest, {}), now)
    if enrolled.course.seq < floor.seq:
        raise Refused("replayed", f"{why}; {COPY} ends before step {floor.seq}, which was obeyed here")
    return enrolled


def _copy(home: Path, why: str) -> tuple[list[bytes], dict[str, Files]]:
    """The copy's steps as they were signed, and the files of what answers by digest. Raises Refused."""
    try:
        words = orjson.loads((home / COPY).read_bytes())
        return [base64.b64decode(row) for row in words["steps"]], {
            digest: {name: base64.b64decode(raw) for name, raw in each.items()}
            for digest, each in words["files"].items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise Refused("unreadable", f"{why}; {COPY} cannot be read") from None


def _operated(home: Path) -> bool:
    """Whether somebody may be an operator here; who cannot be read may be."""
    try:
        return any(set(roles.PLATFORM) & officer.roles for officer in load_officers(home).by_id.values())
    except DocumentError:
        return True


def _declined(course: Course, error: Exception) -> Declined:
    if isinstance(error, Refused):
        return Declined(course.seq + 1, error.reason, str(error))
    known = isinstance(error, ValueError | OSError)
    return Declined(course.seq + 1, "store" if known else "internal", str(error) if known else type(error).__name__)
