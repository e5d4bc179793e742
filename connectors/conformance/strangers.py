"""Codes that pass their check and belong to nobody: subjects that no platform can know.

Made, not drawn: an organisation's body of letters that no register gives out, a person born in 1900. A real person's
number must not be asked about for the sake of a test.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product

from connectors.contract import SubjectKey
from connectors.declaration import Key

_LETTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_BODIES = {
    "uscc": lambda: (f"91370000YYYY{serial:04}0" for serial in range(1, 1000)),
    "citizenId": lambda: (
        f"3701021900{day:02}01{serial:03}" for serial, day in product(range(991, 1000), range(1, 13))
    ),
}


def strangers(kind: str, check: Callable[[str], bool] | None) -> Iterator[SubjectKey]:
    """Subjects of a kind, as many as there are."""
    key: Key = "uscc" if kind == "uscc" else "citizenId"
    for body in _BODIES[key]():
        for last in _LETTERS:
            if check is None or check(body + last):
                yield SubjectKey(key, body + last)
                break
