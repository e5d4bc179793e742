"""Nobody changes alone what is in force: a change is submitted, approved by another person, and for this very base."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.governing import statements
from gateway.governing.obeying import Obeying, begin
from gateway.governing.office import Office
from gateway.governing.sayings import Partner
from gateway.governing.seen import Presence
from gateway.governing.statements import POINTER, Refused
from tests.promises.officers import NOTE, Chamber, open_chamber
from tests.promises.small_sets import MORE, replaced, write

TIGHTER = replaced("rules/30-qingdao.yaml", "name: [taxRegNo]", "name: [taxRegNo, orgCode]")
QINGDAO_WITHOUT = (
    "policy: qingdao\nkind: city\nregion: '3702'\ntitle: {zh: 青岛, en: Qingdao}\nvalid: {from: 2026-01-01}\n"
)


@pytest.fixture
def chamber(tmp_path: Path) -> Chamber:
    write(tmp_path / "home" / "policies")
    return open_chamber(tmp_path / "home")


@pytest.fixture
def begun(chamber: Chamber) -> Chamber:
    """The set of HOME/policies is in force by pointer 1."""
    assert chamber.begin().seq == 1
    return chamber


def test_a_change_by_the_book(begun: Chamber, tmp_path: Path) -> None:
    """Submitted by one, approved by another, activated: it is in force, under a number that rises by one."""
    folder = write(tmp_path / "draft", MORE)
    before = begun.office.course().current
    course = begun.change(folder)
    assert course.seq == 2
    assert course.current.bundle != before.bundle
    again = Office(begun.home, "37").course()
    assert (again.seq, again.current.bundle) == (2, course.current.bundle)
    last = again.changes[-1]
    assert (last.author, last.approvers, last.by) == ("li-author", ("wang-approver",), "sun-operator")
    assert last.note == NOTE


def test_nobody_approves_their_own(begun: Chamber, tmp_path: Path) -> None:
    """An author who is an approver too cannot approve what they wrote, and without another nothing is activated."""
    folder = write(tmp_path / "draft", MORE)
    _, submission = begun.office.submit(folder, begun.key("gao-both"), NOTE)
    with pytest.raises(Refused, match="another person approves it"):
        begun.office.approve(submission.bundle, begun.key("gao-both"))
    with pytest.raises(Refused, match="approval of another person than the author is missing"):
        begun.office.activate(submission.bundle, begun.key("gao-both"))
    assert begun.office.course().seq == 1


@pytest.mark.parametrize(
    ("step", "person"),
    [("submit", "wang-approver"), ("submit", "chen-shanghai"), ("approve", "sun-operator"),
     ("approve", "chen-shanghai"), ("activate", "li-author"), ("activate", "chen-shanghai")],
)  # fmt: skip
def test_each_step_needs_its_role(begun: Chamber, tmp_path: Path, step: str, person: str) -> None:
    """Who has not the role, or speaks for another province, is refused at each step and nothing changes."""
    office, folder = begun.office, write(tmp_path / "draft", MORE)
    people = {"submit": "li-author", "approve": "wang-approver", "activate": "sun-operator"} | {step: person}

    def walk() -> None:
        _, submission = office.submit(folder, begun.key(people["submit"]), NOTE)
        office.approve(submission.bundle, begun.key(people["approve"]))
        office.activate(submission.bundle, begun.key(people["activate"]))

    with pytest.raises(Refused, match="may not") as refused:
        walk()
    assert refused.value.reason == "role"
    assert office.course().seq == 1


def test_an_opening_needs_three(begun: Chamber, tmp_path: Path) -> None:
    """What opens must be said to be meant; it is activated when author, approver and law officer have signed."""
    office = begun.office
    folder = write(tmp_path / "draft", {"rules/30-qingdao.yaml": QINGDAO_WITHOUT})
    with pytest.raises(
        Refused, match=r"opens: AdministrativePenalty\.taxRegNo: deny -> allow, by national-baseline/public-facts"
    ) as refused:
        office.submit(folder, begun.key("li-author"), NOTE)
    assert refused.value.reason == "gains"
    _, submission = office.submit(folder, begun.key("li-author"), NOTE, widens=True)
    assert all(line.startswith("AdministrativePenalty.taxRegNo: deny -> allow") for line in submission.evidence.gains)
    _, missing = office.approve(submission.bundle, begun.key("wang-approver"))
    assert "law.officer" in missing
    with pytest.raises(Refused, match=r"law\.officer"):
        office.activate(submission.bundle, begun.key("sun-operator"))
    _, missing = office.approve(submission.bundle, begun.key("zhao-lawyer"))
    assert missing == ""
    assert office.activate(submission.bundle, begun.key("sun-operator")).seq == 2


def test_who_was_struck_from_the_registry_approves_no_more(begun: Chamber, tmp_path: Path) -> None:
    """The approval of a person who has no entry any more counts for nothing, and is no fault of the next one's."""
    office = begun.office
    _, submission = office.submit(write(tmp_path / "draft", MORE), begun.key("li-author"), NOTE)
    office.approve(submission.bundle, begun.key("gao-both"))
    registry = begun.home / "officers.yaml"
    lines = registry.read_text("utf-8").splitlines(keepends=True)
    registry.write_text("".join(line for line in lines if "gao-both" not in line), "utf-8")
    _, missing = office.approve(submission.bundle, begun.key("wang-approver"))
    assert missing == ""
    with pytest.raises(Refused, match="`gao-both`, who is not in officers"):
        office.activate(submission.bundle, begun.key("sun-operator"))


def test_a_change_is_no_beginning(chamber: Chamber) -> None:
    """A change in HOME/policies before the first pointer would be compared with itself, and open nothing: it is refused
    while a gateway answers by what lay there before, and what did lie there begins."""
    presence = Presence(chamber.home, 0)
    presence.tell(seq=0, digest=chamber.office.standing().bundle, since=None, refused=None)
    write(chamber.home / "policies", {"rules/30-qingdao.yaml": QINGDAO_WITHOUT})
    with pytest.raises(Refused, match="keep the change elsewhere, put back what was there"):
        chamber.begin()
    write(chamber.home / "policies")
    assert chamber.begin().seq == 1
    presence.gone()


def test_an_approval_is_void_when_the_base_has_moved(begun: Chamber, tmp_path: Path) -> None:
    """What was approved against one set is not activated over another, nor when that set has come back since."""
    office = begun.office
    first = write(tmp_path / "first", MORE)
    second = write(tmp_path / "second", {**MORE, **TIGHTER})
    _, stale = office.submit(first, begun.key("li-author"), NOTE)
    office.approve(stale.bundle, begun.key("wang-approver"))
    before = office.course().current.bundle
    begun.change(second, widens=True)
    with pytest.raises(Refused, match="is void") as refused:
        office.activate(stale.bundle, begun.key("sun-operator"))
    assert refused.value.reason == "base"
    begun.change(begun.home / "policies", widens=True)
    assert office.course().current.bundle == before
    with pytest.raises(Refused, match="is void"):
        office.activate(stale.bundle, begun.key("sun-operator"))
    with pytest.raises(Refused, match="is void"):
        office.approve(stale.bundle, begun.key("wang-approver"))


def test_a_set_whose_cases_fail_is_not_submitted(begun: Chamber, tmp_path: Path) -> None:
    """The machine's evidence comes first: a failed case is named with file and line, and nothing is submitted."""
    wrong = replaced("cases/00-small.yaml", "{procedure: deny, documentNo: allow}", "{procedure: allow}")
    with pytest.raises(Refused, match=r"cases/00-small\.yaml:\d+: .*expected allow, got deny"):
        begun.office.submit(write(tmp_path / "draft", wrong), begun.key("li-author"), NOTE)
    assert len(begun.office.journal.submissions()) == 1


def test_an_activation_may_wait_for_its_time(begun: Chamber, tmp_path: Path) -> None:
    """Until its time the old set is in force, from then on the new one; nothing has to happen at that moment."""
    later = datetime.now(UTC) + timedelta(hours=1)
    before = begun.office.course().current.bundle
    course = begun.change(write(tmp_path / "draft", MORE), at=later)
    assert course.in_force(later - timedelta(seconds=1)).bundle == before
    assert course.in_force(later).bundle != before


def test_an_emergency_does_not_wait(begun: Chamber, tmp_path: Path) -> None:
    """A suspension holds at once though an activation waits; that one is withdrawn, and can be activated again."""
    later = datetime.now(UTC) + timedelta(hours=1)
    waiting = begun.change(write(tmp_path / "draft", MORE), at=later).waiting
    assert waiting is not None
    partner = Partner(kind="agreement", id="agreement-37-31")
    course = begun.office.suspend(partner, begun.key("zhao-lawyer"), NOTE)
    assert (course.waiting, len(course.current.suspended)) == (None, 1)
    course = begun.office.activate(waiting.bundle, begun.key("sun-operator"), later)
    assert course.in_force(later).bundle == waiting.bundle
    assert course.in_force(later).suspended == course.current.suspended
    assert [course.withdrawn(change) for change in course.changes] == [None, 3, None, None]


def forged(chamber: Chamber, person: str, **words: object) -> None:
    """Publish the last pointer again with other words, signed by this person, past the office."""
    last = chamber.office.journal.pointer()
    assert last is not None
    officer, _ = chamber.office.officer(chamber.key(person))
    said = {**last.words, "seq": last.words["seq"] + 1, "previous": last.id, "replaces": last.words["bundle"], **words}
    chamber.office.journal.publish(statements.state(POINTER, officer, chamber.key(person), datetime.now(UTC), said))


FORGED: list[tuple[dict[str, object], str]] = [
    ({}, "base"),
    ({"approvals": []}, "base"),
    ({"bundle": "sha256:" + "1" * 64}, "base"),
    ({"submission": None}, "unreadable"),
    ({"seq": 1}, "replayed"),
    ({"seq": 9}, "gap"),
    ({"previous": "0" * 64}, "gap"),
    ({"replaces": "sha256:" + "0" * 64}, "base"),
    ({"verb": "suspend"}, "shape"),
    ({"verb": "rollback", "submission": None, "approvals": [], "bundle": "sha256:" + "1" * 64}, "shape"),
    ({"verb": "open"}, "unreadable"),
    ({"extra": 1}, "unreadable"),
]


def test_a_forged_pointer_is_refused_by_whoever_follows(begun: Chamber, tmp_path: Path) -> None:
    """An operator's key alone makes no pointer that counts: not on approvals that were used, whatever it says."""
    begun.change(write(tmp_path / "draft", MORE))
    journal, past = begun.office.journal, begun.home / "governing" / "history" / "000003.json"
    good = journal.place.read_bytes()
    for words, reason in FORGED:
        forged(begun, "sun-operator", **words)
        with pytest.raises(Refused) as refused:
            begun.office.course()
        assert refused.value.reason == reason, words
        journal.place.write_bytes(good)
        past.unlink(missing_ok=True)
    assert begun.office.course().seq == 2


def test_a_changed_text_is_refused(begun: Chamber) -> None:
    """A pointer of which one character is other, or that another key signed, counts for nothing."""
    place = begun.office.journal.place
    raw = place.read_bytes()
    for old, new in ((b'"seq":1', b'"seq":2'), (b"sun-operator", b"wang-approver"), (b'"note"', b' "note"')):
        assert old in raw
        place.write_bytes(raw.replace(old, new))
        with pytest.raises(Refused):
            Office(begun.home, "37").course()
    place.write_bytes(raw)
    assert Office(begun.home, "37").course().seq == 1


def test_who_leaves_is_not_believed_any_more(begun: Chamber, tmp_path: Path) -> None:
    """With `until` an officer signs nothing further, and what was signed before stays proved."""
    registry = begun.home / "officers.yaml"
    text = registry.read_text("utf-8")
    begun.change(write(tmp_path / "draft", MORE))
    registry.write_text(
        text.replace('[policy.approver], region: "37"', '[policy.approver], region: "37", until: 2026-01-01')
    )
    with pytest.raises(Refused, match="may not"):
        begun.office.approve(begun.office.course().current.bundle, begun.key("wang-approver"))


def test_who_leaves_takes_nothing_along(begun: Chamber) -> None:
    """Officers who are struck off from before their last signature, their key being in wrong hands, sign nothing more;
    what the home obeyed is obeyed, also after a start, and others close in an emergency as ever."""
    obeying = Obeying(begun.home, "37", begin(begun.home, "37"))
    obeying.obeys(obeying.look())
    registry = begun.home / "officers.yaml"
    lines = registry.read_text("utf-8").splitlines(keepends=True)
    gone = ("li-author", "wang-approver", "sun-operator")
    registry.write_text(
        "".join(line.replace("}", ", until: 2026-01-01}") if line.strip().startswith(gone) else line for line in lines),
        "utf-8",
    )
    started = begin(begun.home, "37")
    assert (started.course.seq, started.declined) == (1, None)
    office, partner = Office(begun.home, "37"), Partner(kind="agreement", id="agreement-37-31")
    with pytest.raises(Refused, match="pointer 2: `sun-operator` may not suspend"):
        office.suspend(partner, begun.key("sun-operator"), NOTE)
    assert office.suspend(partner, begun.key("zhao-lawyer"), NOTE).seq == 2


def test_the_pointer_can_be_restored_from_history(begun: Chamber, tmp_path: Path) -> None:
    """What a killed process left half done is finished by the next one: history holds every pointer."""
    course = begun.change(write(tmp_path / "draft", MORE))
    past = begun.home / "governing" / "history" / "000002.json"
    past.unlink()  # killed between the two writes
    office = Office(begun.home, "37")
    _, submission = office.submit(
        write(tmp_path / "next", {**MORE, **TIGHTER}), begun.key("li-author"), NOTE, widens=True
    )
    assert past.read_bytes() == begun.office.journal.place.read_bytes()
    assert submission.base.changed == course.seq


def test_a_bundle_is_what_was_submitted(begun: Chamber, tmp_path: Path) -> None:
    """The bytes that come back are those that went in, and a folder that changes afterwards changes nothing."""
    folder = write(tmp_path / "draft", MORE)
    digest = begun.change(folder).current.bundle
    kept = {path: (folder / path).read_bytes() for path in begun.office.bundles.files(digest)}
    shutil.rmtree(folder)
    assert begun.office.bundles.files(digest) == kept
    assert begun.office.bundles.find(digest[7:17]) == digest
