"""`credit-gateway connector`: for operators of platforms. `check` is the exam; `kinds`, `schema`, `list`, `show` tell.

`register` to `retire` are a platform's life; `coverage`, `usage` and `rejected` what comes of it.
"""

from __future__ import annotations

import click

from gateway.cli import Verbs

__all__ = ["connector"]

VERBS = {
    "suggest": "proposing",
    "check": "checking",
    "register": "life",
    "approve": "life",
    "shadow": "life",
    "live": "life",
    "pause": "life",
    "resume": "life",
    "retire": "life",
    "history": "life",
    "kinds": "listing",
    "schema": "describing",
    "list": "listing:listed",
    "show": "listing",
    "coverage": "watching",
    "usage": "watching",
    "rejected": "watching",
}


@click.group(cls=Verbs, package="gateway.cli.connector", verbs=VERBS)
def connector() -> None:
    """Platforms and their declarations: examined, registered, paused, listed, watched."""
