"""Where registered platforms and the files of HOME/platforms meet: which declarations are asked, and what is not.

    nobody is named for its region           the file answers as it lies
    somebody is, or it was ever registered   the declaration answers that two persons approved and that was put live

For the second the file is a drafting table: it may be edited, be broken or be away, and what was approved answers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from connectors.registry import Registry
from gateway.checking import HomeError
from gateway.documents import Document, DocumentError, listed, load
from gateway.governing.officers import Officers
from gateway.registering.contents import differs, name_of, proved
from gateway.registering.enrolment import Enrolled
from gateway.registering.standing import Course, merged


@dataclass(frozen=True, slots=True)
class Declared:
    """`asked` and `shadows` are declarations, `paused` record types and fields by platform."""

    asked: tuple[Document, ...]
    shadows: tuple[Document, ...]
    paused: Mapping[str, Mapping[str, frozenset[str]]]


@dataclass(frozen=True, slots=True)
class Drafts:
    """Files that answer nothing: `edited` are platforms whose file is another than what answers, `unasked` those that
    nobody has put live."""

    edited: tuple[str, ...] = ()
    unasked: tuple[str, ...] = ()
    misnamed: tuple[str, ...] = ()

    @property
    def warnings(self) -> tuple[str, ...]:
        return (
            *(
                f"platforms/{name_of(name)} is not what answers: the file was edited, and what was approved goes on; "
                "register it, or put it back"
                for name in self.edited
            ),
            *(
                f"platforms/{name_of(name)} is not asked: its region has operators, and nobody has put it live"
                for name in self.unasked
            ),
            *(f"platforms/{name} is not read; rename it to end in .yaml" for name in self.misnamed),
        )


def governed(platform: str, enrolled: Enrolled, officers: Officers) -> bool:
    """Whether a platform answers only by what was approved."""
    return platform in enrolled.course.platforms or officers.operated(platform[:6])


def declared(folder: Path, enrolled: Enrolled, officers: Officers) -> Declared:
    """Raises DocumentError with the findings of all files that answer by themselves, HomeError, Refused."""
    if not folder.is_dir():
        raise HomeError(f"{folder} is missing; `credit-gateway init` makes a home")
    asked: list[Document] = []
    shadows: list[Document] = []
    findings: list[str] = []
    for path in listed(folder):
        if not governed(path.stem, enrolled, officers):
            try:
                asked.append(load(path, folder))
            except DocumentError as error:
                findings += error.findings
    for name, each in enrolled.course.platforms.items():
        if each.live is not None:
            asked.append(proved(name, each.live.content, enrolled.files[each.live.content]))
        if each.shadow is not None:
            shadows.append(proved(name, each.shadow.content, enrolled.files[each.shadow.content]))
    if findings:
        raise DocumentError(findings)
    asked.sort(key=lambda document: document.stem)
    return Declared(tuple(asked), tuple(shadows), enrolled.course.paused)


def closed(registry: Registry, course: Course) -> Registry:
    """The platforms with what a course closes and nothing that it opens; the same where all that is closed already."""
    platforms = registry.platforms
    paused = {name: merged(each.paused, course.closed(name, each.types)) for name, each in platforms.items()}
    return registry if all(paused[name] == platforms[name].paused for name in platforms) else registry.pausing(paused)


def drafts(folder: Path, enrolled: Enrolled, officers: Officers) -> Drafts:
    """As the files lie now."""
    edited: list[str] = []
    unasked: list[str] = []
    for name, each in enrolled.course.platforms.items():
        if each.live is not None and differs(folder, enrolled.files[each.live.content]):
            edited.append(name)
    for path in listed(folder):
        if governed(path.stem, enrolled, officers):
            standing = enrolled.course.platforms.get(path.stem)
            if standing is None or standing.live is None:
                unasked.append(path.stem)
    return Drafts(tuple(edited), tuple(unasked), tuple(sorted(path.name for path in folder.glob("*.yml"))))
