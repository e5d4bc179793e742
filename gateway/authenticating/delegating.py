"""Questions on somebody's behalf: what a gateway says of whom it asks for, believed from registered gateways alone.

The registry names a gateway by its id and the classes of callers that it may ask for (`delegates`); its region, terms,
scopes and purposes stay the ceiling, as of any client. A question that has been here already, or was passed on too
often, is refused: whoever asks has been told, and leaves this gateway out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec

from connectors.delegation import MOST_HOPS, Hop
from gateway.authenticating.issuers import Entry, Text
from gateway.authenticating.signatures import MOST_TEXT
from gateway.caller import Delegated
from gateway.errors import GatewayError
from policies.findings import Document
from policies.model import Catalogue, Words

EXTENSION = "delegation"

_Word = Annotated[str, msgspec.Meta(min_length=1, pattern=r"^[\x21-\x7e]+$")]
_Name = Annotated[_Word, msgspec.Meta(max_length=512)]
_Asker = Annotated[_Word, msgspec.Meta(max_length=MOST_TEXT)]  # passed on, it stands in a token of its own
_Names = Annotated[list[_Name], msgspec.Meta(max_length=64)]


class _Act(msgspec.Struct):
    sub: _Name
    decision: _Name
    act: _Act | None = None


class _Words(msgspec.Struct, rename={"client_class": "class"}):
    sub: _Asker
    client_class: str
    act: _Act
    within: Annotated[float, msgspec.Meta(ge=0, le=3600)]
    scopes: _Names = []
    policies: _Names = []


@dataclass(frozen=True, slots=True)
class Delegates:
    """That a client is a gateway: its id, and the classes of callers that it may ask for."""

    gateway: str
    classes: frozenset[str]


class DelegatesEntry(Entry):
    gateway: Text
    classes: tuple[str, ...]

    def read(self) -> Delegates:
        return Delegates(self.gateway, frozenset(self.classes))


@dataclass(frozen=True, slots=True)
class OnBehalf:
    """What a registered gateway says of who asks."""

    client_class: str
    scopes: frozenset[str]
    delegated: Delegated


def on_behalf(extensions: Mapping[str, Any], delegates: Delegates | None, gateway: str, came: float) -> OnBehalf | None:
    """None where a question is the caller's own. `gateway` is the id of this one, which it reached at `came`, in
    monotonic seconds. Raises GatewayError DELEGATION_REFUSED; what is said in a wrong shape is not said back."""
    given = extensions.get(EXTENSION)
    if given is None:
        return None
    if delegates is None:
        raise refused("本客户端未登记为网关", "this client is not registered as a gateway")
    try:
        words = msgspec.convert(given, _Words)
    except (msgspec.ValidationError, RecursionError):
        raise refused("`extensions.delegation` 格式不符", "`extensions.delegation` is of another shape") from None
    hops = tuple(_hops(words.act))
    if hops[-1].gateway != delegates.gateway:
        raise refused("`act.sub` 不是所登记的网关", "`act.sub` is not the gateway that is registered")
    if words.client_class not in delegates.classes:
        raise refused("未登记可为此类客户代为查询", "it is not registered to ask for clients of this class")
    if any(hop.gateway == gateway for hop in hops):
        raise refused("该查询已经过本网关", "the question has been here already")
    if len(hops) > MOST_HOPS:
        raise refused(f"转交超过 {MOST_HOPS} 次", f"it was passed on more than {MOST_HOPS} times")
    delegated = Delegated(words.sub, hops, tuple(words.policies), came + words.within)
    return OnBehalf(words.client_class, frozenset(words.scopes), delegated)


def findings(document: Document, client: str, entry: DelegatesEntry | None, catalogue: Catalogue) -> Iterable[str]:
    """What the model cannot see: classes that the catalogue does not know."""
    for place, word in enumerate(entry.classes if entry else ()):
        if word not in catalogue.client_classes:
            where = document.where(["clients", client, "delegates", "classes", place])
            yield f"{where}: unknown word `{word}` for `classes`"


def _hops(act: _Act) -> list[Hop]:
    found: list[Hop] = []
    inner: _Act | None = act
    while inner is not None:
        found.append(Hop(inner.sub, inner.decision))
        inner = inner.act
    return found[::-1]


def refused(zh: str, en: str) -> GatewayError:
    """The error for a question that is not taken on this behalf, with what of it does not fit."""
    return GatewayError("DELEGATION_REFUSED", detail=Words(zh, en))
