"""The officers' desk: each step of a change, judged as every gateway will judge it, then signed and written down.

    submit -> approve (another person) -> activate          rollback, suspend, break-glass: one person, opens nothing

An officer is who holds the key. Every step first catches up with the pointer, so that nobody acts on what is no longer
in force; whatever does not count raises Refused, and nothing is written.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gateway.governing import officers as roles
from gateway.governing import seen, statements
from gateway.governing.bundles import Bundles, short
from gateway.governing.evidence import Comparisons, gathered
from gateway.governing.following import Following
from gateway.governing.journal import Journal
from gateway.governing.officers import Officer, Officers, load_officers
from gateway.governing.overlay import Glass, Suspension
from gateway.governing.sayings import Approval, Limit, Note, Partner, Pointer, Submission, said
from gateway.governing.signing import Signer
from gateway.governing.standing import Course, Standing, missing_approvals
from gateway.governing.statements import APPROVAL, POINTER, SUBMISSION, Refused, Statement


class Office:
    """The desk of one home. `province` is the one whose officers decide here."""

    def __init__(self, home: Path, province: str, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._home, self._province, self._now = home, province, now
        self.bundles = Bundles(home)
        self.comparisons = Comparisons(self.bundles)
        self.journal = Journal(home)
        self._following: Following | None = None

    def course(self) -> Course:
        """What is in force, and how it came about. Before the first pointer it is HOME/policies, which is kept."""
        return self._followed().course

    def _followed(self) -> Following:
        if self._following is None or self._following.course.seq == 0:
            begun = self.journal.place.exists()
            initial = "" if begun else self.bundles.freeze(self._home / "policies").digest
            self._following = Following(self._home, self._province, initial, self.comparisons, self._now)
        self._following.catch_up()
        return self._following

    def officer(self, signer: Signer) -> tuple[Officer, Officers]:
        """Who holds this key. Raises Refused, DocumentError."""
        officers = load_officers(self._home)
        officer = officers.of_key(signer.public)
        if officer is None:
            raise Refused(
                "signature", f"nobody in officers.yaml has the key {signer.public}; the operator enters it there"
            )
        return officer, officers

    def submit(
        self, source: Path | str, signer: Signer, note: Note, widens: bool = False, lifts: Sequence[str] = ()
    ) -> tuple[Statement, Submission]:
        """A sealed folder, or the digest of a bundle that is kept. `widens` says that what it opens is meant."""
        author, officers = self.officer(signer)
        self._require(author, (roles.AUTHOR,))
        with self.journal.changing():
            now, standing = self._now(), self.standing()
            self._require_begun(standing)
            digest = self.bundles.freeze(source).digest if isinstance(source, Path) else self.bundles.find(source)
            evidence = gathered(self.bundles, self.comparisons, standing.bundle, digest, now, standing.but(lifts))
            unsigned = self.comparisons.unsigned(standing.bundle, digest, officers, now)
            if unsigned:
                raise Refused("agreement", "\n".join(unsigned))
            if evidence.gains and not widens:
                opened = "\n".join(f"opens: {line}" for line in evidence.gains)
                raise Refused("gains", f"{opened}\nthe change opens access; say --widens if that is meant")
            suspended = [each.partner for each in standing.suspended]
            for partner in lifts:
                if partner not in suspended:
                    raise Refused(
                        "shape", f"`{partner}` is not suspended; suspended: {', '.join(suspended) or 'nobody'}"
                    )
            submission = Submission(
                bundle=digest, base=standing.base, note=note, evidence=evidence, widens=bool(evidence.gains),
                lifts=tuple(lifts),
            )  # fmt: skip
            statement = statements.state(SUBMISSION, author, signer, now, submission.plain)
            self.journal.submit(statement)
        return statement, submission

    def approve(self, digits: str, signer: Signer) -> tuple[Submission, str]:
        """Approve what was submitted last under this digest. Returns it, and what is still missing, in words."""
        second, officers = self.officer(signer)
        self._require(second, (roles.APPROVER, roles.LAW))
        with self.journal.changing():
            now, standing = self._now(), self.standing()
            statement, submission = self._submitted(self.bundles.find(digits), standing, officers)
            if second.id == statement.by:
                raise Refused("role", f"`{second.id}` wrote this change; another person approves it")
            left = standing.but(submission.lifts)
            evidence = gathered(self.bundles, self.comparisons, standing.bundle, submission.bundle, now, left)
            if evidence.gains and not submission.widens:
                raise Refused("gains", "the change opens access, and was not submitted as one that widens")
            approval = Approval(
                submission=statement.id, bundle=submission.bundle, base=submission.base, widens=submission.widens
            )
            self.journal.approve(statement, statements.state(APPROVAL, second, signer, now, approval.plain))
            given = [each.by for each in self.journal.approvals(statement)]
            missing = missing_approvals(submission, statement.by, given, officers, self._province, now)
        return submission, missing

    def activate(self, digits: str, signer: Signer, at: datetime | None = None, verb: str = "activate") -> Course:
        """Put an approved bundle in force, now or at a time to come."""
        digest = self.bundles.find(digits)

        def pointing(pointer: Pointer, standing: Standing, officers: Officers) -> Pointer:
            statement, submission = self._submitted(digest, standing, officers)
            approvals = self.journal.approvals(statement)
            suspended = standing.but(submission.lifts)
            return pointer.model_copy(
                update={
                    "bundle": digest,
                    "digest": replace(standing, bundle=digest, suspended=suspended).digest,
                    "note": submission.note,
                    "submission": statement.plain,
                    "approvals": tuple(each.plain for each in approvals),
                }
            )

        return self._point(signer, verb, pointing, at)

    def rollback(self, digits: str, signer: Signer, note: Note) -> Course:
        """Back to what was in force before: by one person when that opens nothing, else by an approved submission."""
        digest = self.bundles.find(digits)
        standing = self.standing()
        opened = self.comparisons.gains(standing.bundle, digest, standing.suspended)
        if opened:
            try:
                return self.activate(digits, signer, verb="rollback")
            except Refused as error:
                lines = "\n".join(f"opens: {line}" for line in opened)
                hint = f"`policy submit {short(digest)} --widens`, then another person approves"
                raise Refused(error.reason, f"{lines}\n{error}\ngoing back opens access: {hint}") from None

        def pointing(pointer: Pointer, standing: Standing, officers: Officers) -> Pointer:
            told = replace(standing, bundle=digest).digest
            return pointer.model_copy(update={"bundle": digest, "digest": told, "note": note})

        return self._point(signer, "rollback", pointing)

    def suspend(self, partner: Partner, signer: Signer, note: Note) -> Course:
        """Close a partner at once."""

        def pointing(pointer: Pointer, standing: Standing, officers: Officers) -> Pointer:
            suspension = Suspension(partner.kind, partner.id)
            suspended = tuple(dict.fromkeys((*standing.suspended, suspension)))
            digest = replace(standing, suspended=suspended).digest
            return pointer.model_copy(update={"partner": partner, "digest": digest, "note": note})

        return self._point(signer, "suspend", pointing)

    def break_glass(self, limit: Limit, hours: float, signer: Signer, note: Note) -> Course:
        """Close something at once, for at most four hours."""

        def pointing(pointer: Pointer, standing: Standing, officers: Officers) -> Pointer:
            until = pointer.from_ + timedelta(hours=hours)
            glass = Glass(pointer.seq, limit.words, pointer.from_, until)
            digest = replace(standing, limits=(*standing.limits, glass)).digest
            return pointer.model_copy(update={"limit": limit, "until": until, "digest": digest, "note": note})

        return self._point(signer, "break-glass", pointing)

    def _point(
        self,
        signer: Signer,
        verb: str,
        pointing: Callable[[Pointer, Standing, Officers], Pointer],
        at: datetime | None = None,
    ) -> Course:
        """Sign the next pointer and publish it, once it was judged as a gateway will judge it."""
        officer, officers = self.officer(signer)
        with self.journal.changing():
            now, following = self._now(), self._followed()
            course = following.course
            standing = course.in_force(now)
            standing = replace(standing, limits=standing.limits_at(now))
            blank = Pointer.model_validate(
                {
                    "seq": course.seq + 1, "previous": course.pointer, "verb": verb, "replaces": standing.bundle,
                    "bundle": standing.bundle, "digest": standing.digest, "from": max(at, now) if at else now,
                    "note": {"zh": "-", "en": "-"},
                }
            )  # fmt: skip
            words = pointing(blank, standing, officers).plain
            statement = statements.state(POINTER, officer, signer, now, words)
            after = following.judged(statement)
            self.journal.publish(statement)
            following.course = after
        return after

    def standing(self) -> Standing:
        """What is in force now."""
        return self.course().in_force(self._now())

    def _submitted(self, digest: str, standing: Standing, officers: Officers) -> tuple[Statement, Submission]:
        """The last submission of a bundle, for what is in force now. Raises Refused."""
        found = [
            (statement, submission)
            for statement in self.journal.submissions()
            if (submission := said(statement, Submission, "submission")).bundle == digest
        ]
        if not found:
            raise Refused("approval", f"{short(digest)} was not submitted; `policy submit` it first")
        statement, submission = found[-1]
        if submission.base != standing.base:
            raise Refused(
                "base",
                f"the submission of {short(digest)} is void: it was made against {short(submission.base.bundle)} "
                f"(pointer {submission.base.changed}), and {short(standing.bundle)} (pointer {standing.changed}) "
                "is in force; submit it anew",
            )
        statements.signatory(statement, officers, "submission")
        return statement, submission

    def _require_begun(self, standing: Standing) -> None:
        """Before the first pointer, whether what lies in HOME/policies is what gateways answer by. Raises Refused."""
        for each in seen.running(self._home) if standing.seq == 0 else ():
            if isinstance(each, seen.Seen) and each.digest != standing.bundle:
                raise Refused(
                    "base",
                    f"HOME/policies was changed to {short(standing.bundle)}, and gateway {each.worker} answers by "
                    f"{short(each.digest)}: keep the change elsewhere, put back what was there, and submit that first",
                )

    def _require(self, officer: Officer, wanted: Sequence[str]) -> None:
        if not officer.may(wanted, self._province, self._now()):
            needed = " or ".join(f"`{role}`" for role in wanted)
            raise Refused("role", f"`{officer.id}` may not do this: {needed} in province {self._province} is needed")
