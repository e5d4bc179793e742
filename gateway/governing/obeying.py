"""What one gateway process obeys: the pointer followed, its bundle loaded and tried, and the last good one kept.

    stirred()  a look at one file, ten times a second       look()  the work, in a thread: judge, load, run the cases

Nothing here swaps anything. `look` gives what shall be obeyed, or what is obeyed with the reason why the new is not;
good pointers before a bad one are obeyed, and what was closed above a set that is bad is closed above the one that is
obeyed. It never raises. Without a pointer HOME/policies is in force. A process that
starts while the pointer cannot be obeyed takes what this home obeyed last; when there is nothing good at all, it does
not start.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gateway.governing.bundles import Bundles, lying, short
from gateway.governing.evidence import Comparisons
from gateway.governing.following import Following, stamp
from gateway.governing.overlay import overlaid
from gateway.governing.standing import Course, Standing
from gateway.governing.statements import Refused
from policies.policyset import PolicySet

AGAIN = 2.0  # seconds after which what was refused is tried again: files may come later than the pointer

_log = logging.getLogger("credit_gateway.governing")


@dataclass(frozen=True, slots=True)
class Declined:
    """A pointer that is not obeyed: its number as far as it can be read, the reason in one word and in a sentence."""

    seq: int
    reason: str
    message: str

    @property
    def plain(self) -> Mapping[str, Any]:
        return {"seq": self.seq, "reason": self.reason, "message": self.message}


@dataclass(frozen=True, slots=True)
class Governed:
    """What answers are decided by, and how it came into force. `policies` bear what is laid over the bundle."""

    policies: PolicySet
    standing: Standing
    course: Course
    declined: Declined | None = None


def begin(home: Path, province: str, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> Governed:
    """What a home that starts obeys. Raises HomeError, DocumentError or Refused when there is nothing good."""
    bundles = Bundles(home)

    def following(initial: str = "") -> Following:
        return Following(home, province, initial, Comparisons(bundles), now)

    first = following()
    try:
        course = first.catch_up()
        if course.seq:
            return _loaded(bundles, course, now())
    except (ValueError, OSError) as error:
        declined = _declined(first, error)
        course = following().last_good()
        if not course.seq:
            raise
        _log.error("pointer %d is not obeyed (%s): %s", declined.seq, declined.reason, declined.message)
        governed = replace(_loaded(bundles, course, now()), declined=declined)
        return _closed(bundles, governed, first.course.in_force(now()), now())
    policies = lying(home / "policies")
    return Governed(policies, Standing(0, None, policies.digest, 0), following(policies.digest).course)


class Obeying:
    """Follows the pointer from what a process began with."""

    def __init__(
        self,
        home: Path,
        province: str,
        governed: Governed,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.governed = governed
        self._now, self._monotonic = now, monotonic
        self._bundles = Bundles(home)
        self._following = Following(home, province, governed.standing.bundle, Comparisons(self._bundles), now)
        self._following.course = governed.course
        self._stamp: tuple[int, int, int] | None = None
        self._again = float("-inf")

    def stirred(self) -> bool:
        """Whether there is anything to look at. Costs a microsecond."""
        governed = self.governed
        if stamp(self._following.journal.place) != self._stamp:
            return True
        if governed.declined is not None and self._monotonic() >= self._again:
            return True
        return governed.course.waiting is not None and governed.course.in_force(self._now()) != governed.standing

    def look(self) -> Governed:
        """Judge, load and try what the pointer says. What is given is not obeyed yet: `obeys` says so."""
        self._stamp = stamp(self._following.journal.place)
        self._again = self._monotonic() + AGAIN
        declined = None
        try:
            try:
                course = self._following.catch_up()
            except Exception as error:  # noqa: BLE001  # whatever it is, the good ones before it are obeyed
                declined = _declined(self._following, error)
                course = self._following.last_good()
            if declined is not None and course.seq <= self.governed.course.seq:
                return replace(self.governed, declined=declined)
            if course.waiting is not None:  # looked at now, so that its time finds it ready, or known to be bad
                _policies(self._bundles, course.waiting)
            if course.seq == 0:
                return replace(self.governed, declined=None)
            if course.in_force(self._now()) == self.governed.standing:
                return replace(self.governed, course=course, declined=declined)
            return replace(_loaded(self._bundles, course, self._now()), declined=declined)
        except Exception as error:  # noqa: BLE001  # whatever it is, what is in force stays
            return self.closing(declined or _declined(self._following, error))

    def closing(self, declined: Declined) -> Governed:
        """What is obeyed, with all that was closed since, when the set under it cannot be obeyed."""
        at = self._now()
        return _closed(
            self._bundles, replace(self.governed, declined=declined), self._following.course.in_force(at), at
        )

    def obeys(self, governed: Governed) -> None:
        """From now on this is what the process obeys, or stays with; written down, so that no older one comes back."""
        before, declined, self.governed = self.governed.declined, governed.declined, governed
        if declined is not None and declined != before:
            _log.error("pointer %d is not obeyed (%s): %s", declined.seq, declined.reason, declined.message)
        if governed.course.seq and governed.course is self._following.course:
            self._following.obeyed()


def _loaded(bundles: Bundles, course: Course, at: datetime) -> Governed:
    standing = course.in_force(at)
    return Governed(_policies(bundles, standing), standing, course)


def _closed(bundles: Bundles, governed: Governed, wanted: Standing, at: datetime) -> Governed:
    """What is obeyed, with the suspensions and limits of another standing over it; nothing of its own is lifted."""
    before, declined = governed.standing, governed.declined
    if declined is not None and (wanted.suspended or wanted.limits_at(at)):
        told = replace(declined, message=f"{declined.message}; what was closed over it is closed all the same")
        governed = replace(governed, declined=told)
    suspended = tuple(dict.fromkeys((*wanted.suspended, *before.suspended)))
    limits = (*wanted.limits, *(limit for limit in before.limits_at(at) if limit not in wanted.limits))
    if set(suspended) == set(before.suspended) and all(limit in before.limits for limit in limits):
        return governed
    try:
        under = bundles.policies(before.bundle)
    except (ValueError, OSError):  # damaged since: what was read of it is as good
        under = governed.policies
    policies = overlaid(under, suspended, limits)
    return replace(governed, policies=policies, standing=replace(before, suspended=suspended, limits=limits))


def _policies(bundles: Bundles, standing: Standing) -> PolicySet:
    """The set as it is decided by, after its own cases have passed. Raises Refused, DocumentError."""
    policies = bundles.policies(standing.bundle)
    failed = [result for result in bundles.tried(standing.bundle).results if not result.passed]
    if failed:
        first = f"{failed[0].case.where}: {failed[0].case.name}"
        raise Refused("cases", f"{len(failed)} cases of {short(standing.bundle)} fail here, the first at {first}")
    return overlaid(policies, standing.suspended, standing.limits)


def _declined(following: Following, error: Exception) -> Declined:
    """The number is that of the pointer which stands, if it can be read, else of the one that was awaited."""
    seq = following.course.seq
    try:
        standing = following.journal.pointer()
        seq = int(standing.words["seq"]) if standing is not None else seq
    except (Refused, KeyError, TypeError, ValueError):
        seq += 1
    if isinstance(error, Refused):
        return Declined(seq, error.reason, str(error))
    known = isinstance(error, ValueError | OSError)
    return Declined(seq, "home" if known else "internal", str(error) if known else type(error).__name__)
