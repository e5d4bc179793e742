"""What passes between gateways beside a question and its rows: on whose behalf it is asked, and what the answer lacks.

A `Delegation` goes only to kinds that say that they pass questions on (`KindWords.delegated`); every other platform is
told nothing of a caller. It never holds an access token. `Told` and `Afar` come back: what another gateway says of its
own answer, and of one row of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

# A question may be passed on three times: from a city's gateway to its province's, from there to another province's,
# and to a city's there. There is no fifth level.
MOST_HOPS = 3


@dataclass(frozen=True, slots=True)
class Hop:
    """A gateway that asked, by its id (the audience that its own tokens name), and its decision's public id."""

    gateway: str
    decision: str


def acting(hops: Sequence[Hop]) -> dict[str, Any]:
    """The gateways as nested actors, the present one outermost (RFC 8693, 4.1); empty where there is none."""
    return nested([{"sub": hop.gateway, "decision": hop.decision} for hop in hops])


def nested(actors: Iterable[Mapping[str, str]]) -> dict[str, Any]:
    """Actors within each other, the first one innermost."""
    act: dict[str, Any] = {}
    for actor in actors:
        act = {**actor, **({"act": act} if act else {})}
    return act


@dataclass(frozen=True, slots=True)
class Delegation:
    """On whose behalf a question is passed on. `asker` is who asked first, by the id that the first gateway's registry
    gives it; `hops` are the gateways that asked since, the first one first and this one last."""

    asker: str
    client_class: str
    scopes: frozenset[str]
    purpose: str | None
    evidence: tuple[tuple[str, str], ...] = field(repr=False)  # what the purpose requires, such as the operator
    consents: tuple[str, ...] = field(repr=False)  # as their issuers signed them
    policies: tuple[str, ...]  # ids of those by which the asked fields are answered here: agreements among them
    hops: tuple[Hop, ...]


@dataclass(frozen=True, slots=True)
class Told:
    """What a platform that is a gateway says of its own answer, in the words of an answer: `sources` are lines of its
    platforms, `withheld` entries of fields and rows that it does not give. `reason` (zh, en) is of the whole, `status`
    what the caller is told about it where the platform answered and yet did not."""

    complete: bool = True
    reason: Mapping[str, str] | None = None
    sources: tuple[Mapping[str, Any], ...] = ()
    withheld: tuple[Mapping[str, Any], ...] = ()
    obligations: frozenset[str] = frozenset()
    status: str | None = None

    def followed(self, other: Told) -> Told:
        """Of two answers that make one: what either lacks or withholds, the whole does."""
        return Told(
            complete=self.complete and other.complete,
            reason=self.reason or other.reason,
            sources=(*self.sources, *(line for line in other.sources if line not in self.sources)),
            withheld=(*self.withheld, *(entry for entry in other.withheld if entry not in self.withheld)),
            obligations=self.obligations | other.obligations,
            status=self.status or other.status,
        )


@dataclass(frozen=True, slots=True)
class Afar:
    """Of a row that another gateway gave: its platforms that hold it, and values that were masked there, by field, as
    the steps that may have been taken and what is left. Such a value is never among the row's own values."""

    platforms: tuple[str, ...] = ()
    masked: Mapping[str, tuple[frozenset[str], Any]] = field(default_factory=dict)
