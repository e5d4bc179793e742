"""The operators' desk: each step of a platform's life, judged as every gateway will judge it, signed and written down.

An operator is who holds the key. Every step first catches up with the store, so that nobody acts on what is no longer
so; whatever does not count raises Refused, and nothing is written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from connectors.contract import Platform
from gateway import checking
from gateway.documents import Document, DocumentError, suggestion
from gateway.governing import statements
from gateway.governing.bundles import digest_of, short
from gateway.governing.officers import PLATFORM, POLICY, Officer, Officers, load_officers
from gateway.governing.sayings import LONGEST as NOTE
from gateway.governing.signing import Signer
from gateway.governing.statements import Refused
from gateway.registering.contents import Files, Noted, proved
from gateway.registering.enrolment import Enrolled, begin
from gateway.registering.sayings import OF_CONTENT, STEP, Step
from gateway.registering.standing import Course, Done, Version, follow
from gateway.store import Store
from policies.model import Catalogue


class Desk:
    """The desk of one home. `catalogue`, and `kinds` of other packages, are read where a declaration is checked."""

    def __init__(
        self,
        home: Path,
        store: Store,
        catalogue: Callable[[], Catalogue],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        kinds: Callable[[], Mapping[str, Any]] = dict,
    ) -> None:
        self._home, self._store, self._catalogue, self._now, self._kinds = home, store, catalogue, now, kinds

    def course(self) -> Course:
        """What was said so far. Raises Refused, StoreError."""
        found: Enrolled = begin(self._home, self._store, self._now)
        if found.declined is not None:
            raise Refused(found.declined.reason, found.declined.message)
        return found.course

    def officer(self, signer: Signer) -> Officer:
        """Who holds this key. Raises Refused, DocumentError."""
        found = load_officers(self._home).of_key(signer.public)
        if found is None:
            raise Refused("signature", f"nobody in officers.yaml has the key {signer.public}")
        return found

    def register(
        self,
        path: Path,
        signer: Signer,
        note: str | None = None,
        examine: Callable[[Document], str | None] = lambda document: None,
    ) -> Done:
        """A declaration, once it was checked against the catalogue; `examine` says how ready it is, or raises Refused.

        Raises DocumentError with what is wrong."""
        if path.suffix != ".yaml":
            raise Refused("shape", f"{path.name} is read by no gateway; rename it to end in .yaml")
        document = Noted(path)
        platform = self._checked(document)
        files = dict(document.files)
        readiness = examine(document)
        words = {"content": digest_of(files), "version": platform.version, "readiness": readiness, "note": note}
        return self._say(signer, "register", platform.id, words, files)

    def step(
        self, verb: str, platform: str, signer: Signer, note: str | None = None, digits: str | None = None
    ) -> Done:
        """`approve`, `shadow` and `live` of what was registered last, whose digest begins with `digits`; `retire`."""
        self._require_own(signer, platform)
        words: dict[str, Any] = {"note": note}
        if verb in OF_CONTENT:
            candidate = self._candidate(platform)
            looked_at = (digits or "").removeprefix("sha256:")
            if not candidate.content.startswith(f"sha256:{looked_at}"):
                raise Refused("base", f"{platform} has registered {short(candidate.content)}, not {digits}")
            document = proved(platform, candidate.content, self._store.files(candidate.content))
            if verb == "approve":
                self._checked(document)
            words |= {"content": candidate.content, "version": candidate.version}
        return self._say(signer, verb, platform, words)

    def pause(self, verb: str, platform: str, what: str, signer: Signer, note: str | None = None) -> Done:
        """`pause` or `resume` a record type that is live or, `Type.field`, one of its fields."""
        self._require_own(signer, platform)
        type_name, dot, name = what.partition(".")
        live = self.course().platforms[platform].live
        if live is None:
            raise Refused("base", f"{platform} is not live; there is nothing to pause")
        answered = self._answered(platform)
        if type_name not in answered:
            raise Refused("shape", f"{platform} does not answer `{type_name}`{suggestion(type_name, answered)}")
        fields = answered[type_name]
        if dot and name not in fields:
            raise Refused("shape", f"{platform} does not answer `{type_name}.{name}`{suggestion(name, fields)}")
        return self._say(signer, verb, platform, {"type": type_name, "field": name or None, "note": note})

    def _answered(self, platform: str) -> dict[str, set[str]]:
        """Fields by record type of what is live and of what was live last before: a gateway that could not take up the
        last `live` answers by that one, and there is something to pause."""
        said = [done.step for done in self.course().steps if done.step.platform == platform]
        lives = [step.content or "" for step in said if step.verb == "live"]
        found: dict[str, set[str]] = {}
        for content in lives[-2:]:
            try:
                answering = self._checked(proved(platform, content, self._store.files(content)))
            except ValueError:
                if content == lives[-1]:
                    raise
                continue  # of another catalogue, or in no copy from which the store was put back
            for name in answering.types:
                found.setdefault(name, set()).update(answering.claim(name).fields)
        return found

    def _require_own(self, signer: Signer, platform: str) -> None:
        """Said first, so that nobody learns which platforms another region has."""
        officer = self.officer(signer)
        if not officer.covers(platform[:6]):
            raise Refused("role", f"`{officer.id}` has nothing to do with platforms of region {platform[:6]}")
        known = self.course().platforms
        if platform not in known:
            near = suggestion(platform, [name for name in known if officer.covers(name[:6])])
            raise Refused("base", f"nothing was registered for {platform}; `connector register` its declaration{near}")

    def _candidate(self, platform: str) -> Version:
        known = self.course().platforms
        found = known.get(platform)
        if found is None or found.candidate is None:
            raise Refused("base", f"nothing that was registered for {platform} waits; `connector register` it first")
        return found.candidate

    def _checked(self, document: Document) -> Platform:
        """A declaration by itself, as a gateway would read it. Raises DocumentError with what is wrong."""
        try:
            registry = checking.read_platforms((document,), self._catalogue(), kinds=self._kinds())
        except ValueError as error:
            raise DocumentError(checking.findings_of(error)) from None
        (platform,) = registry.platforms.values()
        return platform

    def _say(self, signer: Signer, verb: str, platform: str, words: dict[str, Any], files: Files | None = None) -> Done:
        officer, course, now = self.officer(signer), self.course(), self._now()
        try:
            step = Step.model_validate(
                {"seq": course.seq + 1, "previous": course.last, "verb": verb, "platform": platform, **words}
            )
        except ValidationError as error:
            word = str(error.errors()[0]["loc"][-1])
            needed = f"; 1 to {NOTE} characters are expected" if word == "note" else ""
            raise Refused("shape", f"`{word}` cannot be written down as it is{needed}") from None
        statement = statements.state(STEP, officer, signer, now, step.plain)
        after = follow(course, statement, load_officers(self._home), now)
        self._store.append(step.seq, statement.id, statement.raw, step.content or "", files)
        return after.steps[-1]


def may_see(officers: Officers, officer: Officer | None, region: str) -> bool:
    """Platforms of a region that somebody operates are seen by those people, and by the officers of its province who
    decide about policies: they must know what each change opens, and where."""
    if not officers.operated(region):
        return True
    if officer is None:
        return False
    own = bool(officer.roles & set(PLATFORM)) and officer.covers(region)
    return own or (bool(officer.roles & set(POLICY)) and officer.region == region[:2])
