"""A source's desk: its platform, its guard, and what it last said of its freshness. Asks nothing by itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from connectors.contract import Platform, Source
from gateway.fetching.daily import Calls
from gateway.fetching.guard import Guard
from gateway.model import Reply

Rejecting = Callable[[str, str, str], None]  # told of each row that did not map: platform, record type, reason


class Desk:
    """One for each source, for as long as the gateway lives."""

    def __init__(
        self, platform: Platform, source: Source, rejecting: Rejecting, calls: Calls, usual: float = 0.0
    ) -> None:
        """`usual` as the guard takes it."""
        self.platform, self.source, self.rejecting = platform, source, rejecting
        self.guard = Guard(source, calls=calls, place=f"{platform.id} {source.name}", usual=usual)
        self.fresh: dict[str, datetime] = {}  # record type -> how fresh the source was when it last said so
        self._batches: dict[str, int] = {}

    def batch(self, type_name: str) -> int:
        """How many subjects of a record type the source takes in one question."""
        found = self._batches.get(type_name)
        if found is None:
            found = self._batches[type_name] = self.source.connector.claims()[type_name].batch
        return found

    def dated(self, reply: Reply, at: datetime) -> Reply:
        """The reply, called stale where it is older at this instant than the platform promises."""
        stale_after = self.platform.stale_after
        if stale_after is None or reply.as_of is None or reply.status != "ANSWERED":
            return reply
        if at - reply.as_of <= timedelta(seconds=stale_after):
            return reply
        return replace(reply, status="STALE")
