"""What a row of steps amounts to: each is judged against those before it, by the one function `follow`.

    course so far + the next step + the officers -> the course after it, or Refused, and the course stays

The desk judges a step before it is written, and every gateway judges it again before it obeys: who signed, in which
role, for which region; whether somebody else approved the very bytes; whether the number rises by one. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from gateway.governing import officers as roles
from gateway.governing.bundles import short
from gateway.governing.officers import Officer, Officers
from gateway.governing.sayings import said
from gateway.governing.statements import AHEAD, Refused, Statement, signatory
from gateway.registering.sayings import Step


@dataclass(frozen=True, slots=True)
class Version:
    """A declaration by the digest of its files; `by` who registered it, `at` when it came to stand where it stands;
    `readiness` is what its exam came to then."""

    content: str
    version: str
    by: str
    at: datetime
    readiness: str | None = None
    approved_by: str | None = None


@dataclass(frozen=True, slots=True)
class Pause:
    """A record type that is not asked, or one of its fields. `firm`: an approver put it, and only one may lift it."""

    type: str
    field: str | None
    by: str
    at: datetime
    firm: bool = False

    @property
    def what(self) -> tuple[str, str | None]:
        return self.type, self.field


@dataclass(frozen=True, slots=True)
class Standing:
    """One platform. `candidate` was registered and is not live yet, `live` is what answers."""

    platform: str
    candidate: Version | None = None
    shadow: Version | None = None
    live: Version | None = None
    paused: tuple[Pause, ...] = ()
    retired: bool = False

    @property
    def region(self) -> str:
        return self.platform[:6]

    @property
    def states(self) -> tuple[str, ...]:
        """What an operator is told, the state that counts for answers first."""
        found = ["live" if self.live else "retired" if self.retired else ""]
        if self.candidate:
            approved = "approved" if self.candidate.approved_by else "registered"
            found.append("shadow" if self.shadow == self.candidate else approved)
        return tuple(word for word in found if word)

    @property
    def pauses(self) -> Mapping[str, frozenset[str]]:
        """Record types with the fields that are not asked; none of them: the whole type is not."""
        whole = {each.type for each in self.paused if each.field is None}
        fields: dict[str, set[str]] = {name: set() for name in whole}
        for each in self.paused:
            if each.field is not None and each.type not in whole:
                fields.setdefault(each.type, set()).add(each.field)
        return {name: frozenset(names) for name, names in fields.items()}


@dataclass(frozen=True, slots=True)
class Done:
    """A step as history and the audit tell it."""

    seq: int
    id: str
    by: str
    at: datetime
    step: Step


@dataclass(frozen=True, slots=True)
class Course:
    """After step `seq`, whose id is `last`, signed at `at`."""

    platforms: Mapping[str, Standing] = field(default_factory=dict)
    seq: int = 0
    last: str | None = None
    at: datetime | None = None
    steps: tuple[Done, ...] = ()

    @property
    def answering(self) -> Mapping[str, tuple[str | None, str | None]]:
        """What is asked, and what is asked in the shadow, by the digests of their declarations."""
        return {
            name: (each.live.content if each.live else None, each.shadow.content if each.shadow else None)
            for name, each in self.platforms.items()
        }

    @property
    def paused(self) -> Mapping[str, Mapping[str, frozenset[str]]]:
        return {name: each.pauses for name, each in self.platforms.items() if each.live and each.paused}

    def closed(self, platform: str, types: Iterable[str]) -> Mapping[str, frozenset[str]]:
        """What is closed of a platform that answers these types: all of it, when it is live no more."""
        found = self.platforms.get(platform)
        if found is not None and found.live is None and found.retired:
            return dict.fromkeys(types, frozenset[str]())
        return found.pauses if found is not None else {}


def merged(one: Mapping[str, frozenset[str]], other: Mapping[str, frozenset[str]]) -> Mapping[str, frozenset[str]]:
    """What either closes; no fields of a type are all of it."""
    found = {**one, **other}
    for name in one.keys() & other.keys():
        found[name] = one[name] | other[name] if one[name] and other[name] else frozenset()
    return found


def follow(course: Course, statement: Statement, officers: Officers, now: datetime) -> Course:
    """Raises Refused."""
    step = said(statement, Step, "step")
    where, at = f"step {step.seq}", statement.at
    officer = signatory(statement, officers, where)
    if step.seq <= course.seq:
        raise Refused("replayed", f"{where} is an old one: {course.seq} is in force, and the number only rises")
    if step.seq != course.seq + 1 or step.previous != course.last:
        raise Refused("gap", f"{where} does not follow step {course.seq} of this home; restore the store")
    if at > now + AHEAD or (course.at is not None and at < course.at):
        raise Refused("time", f"{where} is dated wrongly; set the clock of the machine on which it was signed")
    before = course.platforms.get(step.platform) or Standing(step.platform)
    _require(officer, step, before, at, where)
    after = _VERBS[step.verb](before, step, officer, at, where)
    platforms = {**course.platforms, step.platform: after}
    done = Done(step.seq, statement.id, statement.by, at, step)
    return Course(platforms, step.seq, statement.id, at, (*course.steps, done))


def _require(officer: Officer, step: Step, before: Standing, at: datetime, where: str) -> None:
    wanted: tuple[str, ...] = roles.PLATFORM
    if step.verb in ("register", "approve"):
        wanted = (roles.PLATFORM_OPERATOR if step.verb == "register" else roles.PLATFORM_APPROVER,)
    if step.verb == "resume" and any(each.what == (step.type, step.field) and each.firm for each in before.paused):
        wanted = (roles.PLATFORM_APPROVER,)
    if not officer.serves(at):
        raise Refused("role", f"{where}: `{officer.id}` may not {step.verb} at this time: see `since` and `until`")
    if not officer.runs(wanted, step.region, at):
        needed = " or ".join(f"`{role}`" for role in wanted)
        raise Refused(
            "role",
            f"{where}: `{officer.id}` may not {step.verb} here; the role {needed} for region {step.region} is needed",
        )


def _register(before: Standing, step: Step, officer: Officer, at: datetime, where: str) -> Standing:
    version = _version(step, officer, at)
    if before.live is not None and before.live.content == version.content:
        raise Refused("base", f"{where}: this very declaration is live already")
    return replace(before, candidate=version, shadow=None)


def _approve(before: Standing, step: Step, officer: Officer, at: datetime, where: str) -> Standing:
    candidate = _candidate(before, step, where)
    if candidate.by == officer.id:
        raise Refused("role", f"{where}: `{officer.id}` registered this declaration; another person approves it")
    return replace(before, candidate=replace(candidate, approved_by=officer.id))


def _shadow(before: Standing, step: Step, officer: Officer, at: datetime, where: str) -> Standing:
    candidate = _approved(before, step, where)
    return replace(before, shadow=candidate)


def _live(before: Standing, step: Step, officer: Officer, at: datetime, where: str) -> Standing:
    candidate = _approved(before, step, where)
    live = replace(candidate, at=at)
    return replace(before, candidate=None, shadow=None, live=live, retired=False)


def _pause(before: Standing, step: Step, officer: Officer, at: datetime, where: str) -> Standing:
    if before.live is None:
        raise Refused("base", f"{where}: {step.platform} is not live; there is nothing to pause")
    firm = not officer.runs((roles.PLATFORM_OPERATOR,), step.region, at)
    pause = Pause(str(step.type), step.field, officer.id, at, firm)
    kept = tuple(each for each in before.paused if each.what != pause.what or (each.firm and not firm))
    return before if any(each.what == pause.what for each in kept) else replace(before, paused=(*kept, pause))


def _resume(before: Standing, step: Step, officer: Officer, at: datetime, where: str) -> Standing:
    kept = tuple(each for each in before.paused if each.what != (step.type, step.field))
    if len(kept) == len(before.paused):
        raise Refused("base", f"{where}: {step.platform} has not paused `{_what(step)}`")
    return replace(before, paused=kept)


def _retire(before: Standing, step: Step, officer: Officer, at: datetime, where: str) -> Standing:
    if before.live is None and before.candidate is None:
        raise Refused("base", f"{where}: {step.platform} is neither live nor registered")
    return Standing(step.platform, retired=True)


_VERBS = {
    "register": _register,
    "approve": _approve,
    "shadow": _shadow,
    "live": _live,
    "pause": _pause,
    "resume": _resume,
    "retire": _retire,
}


def _version(step: Step, officer: Officer, at: datetime) -> Version:
    return Version(str(step.content), str(step.version), officer.id, at, step.readiness)


def _candidate(before: Standing, step: Step, where: str) -> Version:
    found = before.candidate
    if found is None or found.content != step.content or found.version != step.version:
        raise Refused("base", f"{where}: {short(str(step.content))} is not what {step.platform} has registered last")
    return found


def _approved(before: Standing, step: Step, where: str) -> Version:
    found = _candidate(before, step, where)
    if found.approved_by is None:
        raise Refused("approval", f"{where}: the approval of another person than `{found.by}` is missing")
    return found


def _what(step: Step) -> str:
    return f"{step.type}.{step.field}" if step.field else str(step.type)
