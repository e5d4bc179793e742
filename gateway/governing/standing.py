"""What a row of pointers amounts to: each is judged against those before it, by the one function `follow`.

    course so far + the next pointer + the officers -> the course after it, or Refused, and the course stays

The command line judges a pointer before it is written, and every gateway judges it again before it obeys: who signed
and in which role, whether the number rises by one, whether what was approved is what was in force then, whether one
person alone opens nothing. Pure but for `Sets`, through which bundles are looked at.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from gateway.governing import officers as roles
from gateway.governing.bundles import short
from gateway.governing.officers import Officers
from gateway.governing.overlay import Glass, Suspension, digest_over
from gateway.governing.sayings import Approval, Base, Note, Pointer, Submission, said
from gateway.governing.statements import AHEAD, APPROVAL, SUBMISSION, Refused, Statement, from_plain, signatory

LONGEST_GLASS = timedelta(hours=4)
TIGHTENS = ("suspend", "break-glass")


class Sets(Protocol):
    """What a judgement must know of two bundles."""

    def gains(self, old: str, new: str, suspended: Sequence[Suspension]) -> Sequence[str]:
        """What the new bundle opens that the old one did not, by itself or while these partners are suspended."""

    def unsigned(self, old: str, new: str, officers: Officers, at: datetime) -> Sequence[str]:
        """Agreements that are new or other in the new bundle and lack a side's signature."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What is in force. `changed` is the number of the pointer that brought the bundle; 0 is HOME/policies."""

    seq: int
    since: datetime | None
    bundle: str
    changed: int
    suspended: tuple[Suspension, ...] = ()
    limits: tuple[Glass, ...] = ()

    @property
    def digest(self) -> str:
        """As answers and the audit tell it."""
        return digest_over(self.bundle, self.suspended, self.limits)

    @property
    def base(self) -> Base:
        return Base(bundle=self.bundle, changed=self.changed)

    def but(self, lifts: Collection[str]) -> tuple[Suspension, ...]:
        """The suspensions that are left when those of some partners end."""
        return tuple(each for each in self.suspended if each.partner not in lifts)

    def limits_at(self, at: datetime) -> tuple[Glass, ...]:
        return tuple(limit for limit in self.limits if at < limit.until)


@dataclass(frozen=True, slots=True)
class Change:
    """A pointer as history tells it."""

    seq: int
    verb: str
    by: str
    at: datetime
    since: datetime
    replaces: str
    standing: Standing  # what was in force by it
    note: Note
    author: str | None
    approvers: tuple[str, ...]
    gains: tuple[str, ...]
    what: str  # the partner or the limit, where there is one

    @property
    def bundle(self) -> str:
        return self.standing.bundle

    @property
    def digest(self) -> str:
        return self.standing.digest


@dataclass(frozen=True, slots=True)
class Course:
    """After pointer `seq`, whose id is `pointer`, signed at `at`. `waiting` takes `current`'s place at its `since`."""

    current: Standing
    seq: int = 0
    pointer: str | None = None
    at: datetime | None = None
    waiting: Standing | None = None
    changes: tuple[Change, ...] = ()

    def withdrawn(self, change: Change) -> int | None:
        """The number of the pointer that took a change's place before the change's own time, if one did."""
        after = next((each for each in self.changes if each.seq == change.seq + 1), None)
        return after.seq if after is not None and after.at < change.since else None

    def in_force(self, at: datetime) -> Standing:
        due = self.waiting is not None and self.waiting.since is not None and self.waiting.since <= at
        return self.waiting if due and self.waiting is not None else self.current


def follow(
    course: Course, statement: Statement, officers: Officers, province: str, now: datetime, sets: Sets | None
) -> Course:
    """`sets` is None for what this home obeyed before: what bundles hold, and who might sign, was judged then; who is
    struck off since, from whichever day, takes nothing along. Raises Refused."""
    pointer = said(statement, Pointer, "pointer")
    where, at = f"pointer {pointer.seq}", statement.at
    officer = signatory(statement, officers, where)
    if pointer.seq <= course.seq:
        raise Refused("replayed", f"{where} is an old one: {course.seq} is in force, and the number only rises")
    if pointer.seq != course.seq + 1 or pointer.previous != course.pointer:
        raise Refused("gap", f"{where} does not follow pointer {course.seq} of this home; restore governing/history")
    if at > now + AHEAD or (course.at is not None and at < course.at):
        raise Refused("time", f"{where} is dated wrongly; set the clock of the machine on which it was signed")
    current = course.in_force(at)
    if course.seq == 0:  # what lay in HOME/policies then
        current = Standing(0, None, pointer.replaces, 0)
    wanted = roles.POLICY if pointer.verb in TIGHTENS else (roles.OPERATOR, roles.APPROVER)
    if sets is not None and not officer.may(wanted, province, at):
        raise Refused("role", f"{where}: `{officer.id}` may not {pointer.verb} here; {_needs(wanted, province)}")
    if pointer.replaces != current.bundle:
        raise Refused("base", f"{where} replaces {short(pointer.replaces)}, but {short(current.bundle)} is in force")
    judged = _Judgement(pointer, statement, current, course.changes, officers, province, sets, where)
    limits, standing = current.limits_at(at), replace(current, seq=pointer.seq, since=pointer.from_)
    if pointer.verb in TIGHTENS:
        standing = judged.tightened(limits)
    elif pointer.verb == "rollback" and pointer.submission is None:
        judged.opens_nothing()
        standing = replace(standing, bundle=pointer.bundle, changed=pointer.seq, limits=limits)
    else:
        lifts = judged.approved()
        changed = current.changed if pointer.bundle == current.bundle and lifts else pointer.seq
        standing = replace(
            standing, bundle=pointer.bundle, changed=changed, suspended=current.but(lifts), limits=limits
        )
    if standing.digest != pointer.digest:
        raise Refused("digest", f"{where} does not say the digest that it amounts to")
    after = Course(current, pointer.seq, statement.id, at, standing, (*course.changes, judged.change(standing)))
    return replace(after, current=standing, waiting=None) if pointer.from_ <= at else after


@dataclass(slots=True)
class _Judgement:
    """One pointer under judgement; who stands behind it is gathered on the way."""

    pointer: Pointer
    statement: Statement
    current: Standing
    changes: Sequence[Change]
    officers: Officers
    province: str
    sets: Sets | None
    where: str
    author: str | None = None
    approvers: tuple[str, ...] = ()
    gains: tuple[str, ...] = ()
    what: str = ""

    def tightened(self, limits: tuple[Glass, ...]) -> Standing:
        pointer, current, at = self.pointer, self.current, self.statement.at
        if pointer.bundle != current.bundle or pointer.from_ != at or pointer.submission or pointer.approvals:
            raise Refused("shape", f"{self.where}: a {pointer.verb} changes no bundle and begins at once")
        standing = replace(current, seq=pointer.seq, since=at, limits=limits)
        if pointer.verb == "suspend" and pointer.partner and not pointer.limit:
            self.what = pointer.partner.id
            suspension = Suspension(pointer.partner.kind, pointer.partner.id)
            return replace(standing, suspended=tuple(dict.fromkeys((*current.suspended, suspension))))
        if pointer.verb == "break-glass" and pointer.limit and not pointer.partner and pointer.until:
            if not at < pointer.until <= at + LONGEST_GLASS:
                raise Refused("shape", f"{self.where}: a break-glass ends within {LONGEST_GLASS.seconds // 3600} hours")
            self.what = "; ".join(f"{name}: {', '.join(each)}" for name, each in pointer.limit.words.items())
            return replace(standing, limits=(*limits, Glass(pointer.seq, pointer.limit.words, at, pointer.until)))
        raise Refused("shape", f"{self.where}: a {pointer.verb} says what it closes, and no more")

    def opens_nothing(self) -> None:
        """One person alone may go back to what was in force before, if that opens nothing."""
        pointer, current = self.pointer, self.current
        if pointer.bundle not in {bundle for each in self.changes for bundle in (each.replaces, each.bundle)}:
            raise Refused("shape", f"{self.where}: {short(pointer.bundle)} was never in force here")
        if self.sets is not None and self.sets.gains(current.bundle, pointer.bundle, current.suspended):
            raise Refused("gains", f"{self.where}: going back to {short(pointer.bundle)} opens access; two approve")

    def approved(self) -> tuple[str, ...]:
        """Submitted by an author, approved by others for this very base. Returns the suspensions that it lifts."""
        pointer, at = self.pointer, self.statement.at
        statement = from_plain(pointer.submission, SUBMISSION, self.where)
        submission = said(statement, Submission, self.where)
        author = signatory(statement, self.officers, self.where)
        self.author, self.gains = author.id, submission.evidence.gains
        if self.sets is not None and not author.may((roles.AUTHOR,), self.province, at):
            raise Refused(
                "role", f"{self.where}: `{author.id}` may not submit; {_needs((roles.AUTHOR,), self.province)}"
            )
        if submission.bundle != pointer.bundle:
            raise Refused("base", f"{self.where}: another bundle was submitted")
        if submission.base != self.current.base:
            raise Refused("base", f"{self.where}: approvals are void, what is in force has changed since; submit anew")
        lifted = {each.partner for each in self.current.suspended}
        if not lifted.issuperset(submission.lifts):
            raise Refused("shape", f"{self.where} lifts a suspension that is not there")
        began = {change.what: change.at for change in self.changes if change.verb == "suspend"}
        if self.sets is not None and any(statement.at < began[partner] for partner in submission.lifts):
            raise Refused("base", f"{self.where}: approvals are void, it was suspended anew since; submit its end anew")
        self.what = ", ".join(submission.lifts)
        found = [self._approval(plain, statement, submission) for plain in pointer.approvals]
        self.approvers = tuple(found)
        if self.sets is not None:
            missing = missing_approvals(submission, author.id, found, self.officers, self.province, at)
            if missing:
                raise Refused("approval", f"{self.where}: {missing}")
            self._judge_bundles(submission, self.sets)
        return submission.lifts

    def change(self, standing: Standing) -> Change:
        statement, pointer = self.statement, self.pointer
        return Change(
            pointer.seq, pointer.verb, statement.by, statement.at, pointer.from_, pointer.replaces, standing,
            pointer.note, self.author, self.approvers, self.gains, self.what,
        )  # fmt: skip

    def _judge_bundles(self, submission: Submission, sets: Sets) -> None:
        left = self.current.but(submission.lifts)
        if not submission.widens and sets.gains(self.current.bundle, submission.bundle, left):
            raise Refused("gains", f"{self.where} opens access, and was not submitted as a change that widens")
        unsigned = sets.unsigned(self.current.bundle, submission.bundle, self.officers, self.statement.at)
        if unsigned:
            raise Refused("agreement", f"{self.where}: {'; '.join(unsigned)}")

    def _approval(self, plain: dict[str, object], submitted: Statement, submission: Submission) -> str:
        statement = from_plain(plain, APPROVAL, self.where)
        approval = said(statement, Approval, self.where)
        same = (approval.submission, approval.bundle, approval.base, approval.widens)
        if same != (submitted.id, submission.bundle, submission.base, submission.widens):
            raise Refused("approval", f"{self.where}: an approval is of another submission")
        return signatory(statement, self.officers, self.where).id


def missing_approvals(
    submission: Submission, author: str, approvers: Sequence[str], officers: Officers, province: str, at: datetime
) -> str:
    """Which approval is still missing, in words; empty when none is. A person fills one role, the author none."""
    people = [officers.by_id[name] for name in dict.fromkeys(approvers) if name != author and name in officers.by_id]
    lawyers = [person.id for person in people if person.may((roles.LAW,), province, at)]
    seconds = [person.id for person in people if person.may((roles.APPROVER,), province, at)]
    if not seconds:
        return f"the approval of another person than the author is missing; {_needs((roles.APPROVER,), province)}"
    if submission.widens and not any(law != second for law in lawyers for second in seconds):
        return f"it opens access, so the approval of a further person is missing; {_needs((roles.LAW,), province)}"
    return ""


def _needs(wanted: Sequence[str], province: str) -> str:
    return f"the role {' or '.join(f'`{role}`' for role in wanted)} in province {province} is needed"
