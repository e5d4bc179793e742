"""The matrix of the demo's callers under the shipped policies, at one instant: what the snapshot holds.

Run as a module it prints the snapshot.
"""

from __future__ import annotations

import sys
from functools import cache

from deploy.demo.callers import SUBJECT, callers
from gateway.cli.matrix.sheets import csv_text
from policies.matrix import Asker, Matrix, matrix
from policies.model import Words
from tests.edges.drafts import NOON, shipped


def demo_askers() -> list[Asker]:
    """The callers of the demo, as a gateway registers them."""
    return [
        Asker(
            caller.id,
            Words(caller.title["zh"], caller.title["en"]),
            caller.client_class,
            caller.id,
            caller.region,
            frozenset(caller.scopes),
            frozenset(caller.purposes),
            own=caller.id == SUBJECT,
        )
        for caller in callers()
    ]


@cache
def demo_matrix() -> Matrix:
    """All types and kinds, and all purposes, also those that no caller of the demo may hold."""
    everything = [None, *shipped().catalogue.purposes]
    return matrix(shipped(), demo_askers(), NOON, "37", purposes=everything)


if __name__ == "__main__":
    sys.stdout.write(csv_text(demo_matrix(), shipped().catalogue))
