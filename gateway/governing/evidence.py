"""What a machine finds about a change: is the set sound, do its cases pass, what does it open, who signed.

The same questions are put where a change is submitted, where it is approved and where a gateway is to obey it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from cachetools import LRUCache

from gateway.documents import Document
from gateway.governing.agreements import unsigned
from gateway.governing.bundles import Bundles, Files, remembered, short
from gateway.governing.comparing import gains
from gateway.governing.officers import Officers
from gateway.governing.overlay import Suspension, overlaid
from gateway.governing.sayings import Evidence
from gateway.governing.statements import Refused
from policies.analysis import check
from policies.findings import Finding

RULES = "rules/"

_GAINS: LRUCache[tuple[str, str, tuple[Suspension, ...]], tuple[str, ...]] = LRUCache(64)
_CHECKED: LRUCache[tuple[str, str], tuple[Finding, ...]] = LRUCache(16)
_AGREEMENTS: LRUCache[tuple[str, str], Mapping[str, Document]] = LRUCache(16)


class Comparisons:
    """Two bundles of a home, compared; what was found of a pair is remembered, for neither ever changes."""

    def __init__(self, bundles: Bundles) -> None:
        self._bundles = bundles

    def gains(self, old: str, new: str, suspended: Sequence[Suspension] = ()) -> tuple[str, ...]:
        """What is opened by itself, and what while these are suspended, by name: under another they would be open.
        Raises Refused when a bundle cannot be looked at: then nobody can say that nothing is opened."""
        before, after = (self._bundles.policies(digest) for digest in (old, new))
        if old == new:
            return ()
        found = remembered(_GAINS, (old, new, ()), lambda: gains(before, after))
        if suspended:
            closed = [overlaid(policies, suspended, ()) for policies in (before, after)]
            found += remembered(_GAINS, (old, new, tuple(suspended)), lambda: gains(*closed))
        return tuple(dict.fromkeys(found))

    def unsigned(self, old: str, new: str, officers: Officers, at: datetime) -> tuple[str, ...]:
        return tuple(text for each in self.agreements(old, new).values() for text in unsigned(each, officers, at))

    def agreements(self, old: str, new: str) -> Mapping[str, Document]:
        """Agreements of the new bundle that do not stand in the old one byte for byte, by path."""
        if old == new:
            return {}
        before, after = self._bundles.files(old), self._bundles.files(new)
        return remembered(_AGREEMENTS, (old, new), lambda: _changed(before, after))


def _changed(before: Files, after: Files) -> Mapping[str, Document]:
    changed = [path for path, raw in after.items() if path.startswith(RULES) and raw != before.get(path)]
    documents = {path: Document(path, after[path]) for path in changed}
    return {path: each for path, each in documents.items() if each.data.get("kind") == "agreement"}


def gathered(
    bundles: Bundles,
    comparisons: Comparisons,
    base: str,
    digest: str,
    now: datetime,
    suspended: Sequence[Suspension],
) -> Evidence:
    """The evidence for replacing `base` while these stay suspended. Raises Refused with every error of the check and
    every case that failed."""
    policies = bundles.policies(digest)
    day = f"{now:%Y-%m-%d}"  # what is found of a bundle, which never changes, changes with the day alone
    found = remembered(_CHECKED, (digest, day), lambda: tuple(check(policies, now, exhaustive=False)))
    report = bundles.tried(digest)
    errors = [str(finding) for finding in found if finding.level == "E"]
    errors += [
        f"{result.case.where}: {result.case.name}: {'; '.join(result.failures)}"
        for result in report.results
        if not result.passed
    ]
    if errors:
        raise Refused("cases", "\n".join([*errors, f"{short(digest)} is not submitted: {len(errors)} findings"]))
    return Evidence(
        warnings=len(found),
        cases=len(report.results),
        gains=comparisons.gains(base, digest, suspended),
        agreements=tuple(comparisons.agreements(base, digest)),
    )
