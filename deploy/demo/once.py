"""Which signed JWTs were shown already: each serves once, and is remembered until it has ended."""

from __future__ import annotations

import time

LEEWAY = 60.0  # seconds by which clocks may differ, as authlib has it


class Once:
    def __init__(self) -> None:
        self._until: dict[tuple[str, str], float] = {}

    def first(self, client: str, jti: str, ends: float) -> bool:
        """Whether this client shows it for the first time; it `ends` at these Unix seconds."""
        now = time.time()
        self._until = {shown: until for shown, until in self._until.items() if until > now}
        if (client, jti) in self._until:
            return False
        self._until[client, jti] = ends + LEEWAY
        return True
