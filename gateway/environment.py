"""What a home's settings and secrets are to those who use them: references resolved, the store at its address."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from gateway.checking import HomeError
from gateway.settings import Settings
from gateway.store import Store


@dataclass(frozen=True, slots=True)
class Environment:
    """What connectors may reach of the gateway: the clock, and settings and secrets by reference."""

    settings: Settings

    @property
    def egress(self) -> str:
        return self.settings.egress

    def resolve(self, reference: str) -> str:
        """`env:NAME` or `secret:path` (a file under HOME/secrets). Raises ValueError naming the reference only."""
        kind, _, name = reference.partition(":")
        if kind == "env" and name in self.settings.environment:
            return self.settings.environment[name]
        folder = (self.settings.home / "secrets").resolve()
        path = (folder / name).resolve()
        if kind == "secret" and path.is_relative_to(folder) and path.is_file():
            try:
                text = path.read_text("utf-8-sig").strip()
            except (OSError, UnicodeDecodeError):
                raise ValueError(f"`{reference}` is no text of UTF-8 that can be read") from None
            if not text:  # or just being written
                raise ValueError(f"`{reference}` is empty")
            return text
        raise ValueError(f"`{reference}` is not set")

    def now(self) -> datetime:
        return datetime.now(UTC)


def store_of(settings: Settings) -> Store:
    """The store of a home; connects to nothing yet. Raises StoreError, HomeError."""
    url = settings.store
    if url.startswith(("env:", "secret:")):
        try:
            url = Environment(settings).resolve(url)
        except ValueError as error:
            raise HomeError(f"CREDIT_GATEWAY_STORE: {error}") from None
    return Store(settings.home, url)
