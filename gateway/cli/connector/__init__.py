"""`credit-gateway connector`: for the operators of platforms. The life of a platform, who read it, what did not map."""

from __future__ import annotations

import click

from gateway.cli.connector.life import approve, history, live, pause, register, resume, retire, shadow
from gateway.cli.connector.listing import kinds, listed, show
from gateway.cli.connector.watching import coverage, rejected, usage

__all__ = ["connector"]


@click.group()
def connector() -> None:
    """Platforms and their declarations: registered, approved, paused, watched."""


for _verb in (
    kinds,
    listed,
    show,
    register,
    approve,
    shadow,
    live,
    pause,
    resume,
    retire,
    history,
    coverage,
    usage,
    rejected,
):
    connector.add_command(_verb)
