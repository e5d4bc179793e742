"""The set that a digest of the audit names: a bundle, or a bundle with what was laid over it at the time.

What was laid over it is not kept apart: the row of pointers says it. Nothing is judged by the clock or written here.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

from gateway.governing.bundles import Bundles
from gateway.governing.evidence import Comparisons
from gateway.governing.following import Following
from gateway.governing.overlay import digest_over, overlaid
from gateway.governing.statements import Refused
from policies.policyset import PolicySet


def recalled(home: Path, province: str, digest: str) -> PolicySet:
    """The set as it decided. Raises Refused or DocumentError when its bundle is not here, or cannot be read."""
    bundles = Bundles(home)
    following = Following(home, province, "", Comparisons(bundles))
    with contextlib.suppress(Refused):  # as far as the row is good it says what was in force
        following.catch_up()
    standings = [change.standing for change in following.course.changes]
    under = dict.fromkeys([*(change.replaces for change in following.course.changes), *(s.bundle for s in standings)])
    for standing in standings:
        for bundle in (standing.bundle, *under):  # what was closed may have been closed over a set before
            if digest_over(bundle, standing.suspended, standing.limits) == digest:
                return overlaid(bundles.policies(bundle), standing.suspended, standing.limits)
    return bundles.policies(digest)
