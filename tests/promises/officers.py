"""Invented officers of a home, each with a key of their own, and the shortest way to let them act."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gateway.governing import seen
from gateway.governing.office import Office
from gateway.governing.sayings import Note
from gateway.governing.signing import Signer, make_key, read_key
from gateway.governing.standing import Course

NOTE = Note(zh="调整披露范围", en="What is disclosed changes")
PEOPLE: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "li-author": ("37", ("policy.author",)),
    "wang-approver": ("37", ("policy.approver",)),
    "zhao-lawyer": ("37", ("law.officer",)),
    "sun-operator": ("37", ("operator",)),
    "gao-both": ("37", ("policy.author", "policy.approver")),
    "chen-shanghai": ("31", ("policy.approver",)),
}


@dataclass
class Clock:
    """The gateway's and the officers' time, which a test moves."""

    ahead: timedelta = field(default_factory=timedelta)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@dataclass
class Chamber:
    """A home with officers; `office` is one desk of it, others may be opened."""

    home: Path
    office: Office

    def key(self, person: str) -> Signer:
        return read_key(self.path(person))

    def path(self, person: str) -> Path:
        return self.home.parent / "officers" / f"{person}.key"

    def change(self, folder: Path, widens: bool = False, at: datetime | None = None) -> Course:
        """A whole change by the book: submitted, approved, activated."""
        _, submission = self.office.submit(folder, self.key("li-author"), NOTE, widens)
        self.office.approve(submission.bundle, self.key("wang-approver"))
        if submission.widens:
            self.office.approve(submission.bundle, self.key("zhao-lawyer"))
        return self.office.activate(submission.bundle, self.key("sun-operator"), at)

    def begin(self) -> Course:
        """The first activation: what lies in HOME/policies."""
        return self.change(self.home / "policies")


def open_chamber(home: Path, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> Chamber:
    """Enter everybody into the officers.yaml of a home."""
    chamber = Chamber(home, Office(home, "37", now))
    lines = ["officers:"]
    for person, (region, roles) in PEOPLE.items():
        chamber.path(person).parent.mkdir(parents=True, exist_ok=True)
        public = make_key(chamber.path(person)).public
        lines.append(
            f'  {person}: {{name: {person.title()}, key: "{public}", roles: [{", ".join(roles)}], region: "{region}"}}'
        )
    (home / "officers.yaml").write_text("\n".join(lines) + "\n", "utf-8")
    return chamber


def obeyed(home: Path, seq: int, within: float = 60) -> list[seen.Seen | int]:
    """Wait until every gateway of the home obeys; at least one runs."""
    found = seen.acknowledged(home, seq, within)
    assert found
    assert all(seen.obeys(each, seq) for each in found), found
    return found
