"""`credit-gateway connector`: for operators of platforms. `check` is the exam; `kinds`, `schema`, `list`, `show` tell.

`register` to `retire` are a platform's life; `coverage`, `usage` and `rejected` what comes of it.
"""

from __future__ import annotations

import click

from gateway.cli.connector.checking import check
from gateway.cli.connector.describing import schema
from gateway.cli.connector.life import approve, history, live, pause, register, resume, retire, shadow
from gateway.cli.connector.listing import kinds, listed, show
from gateway.cli.connector.watching import coverage, rejected, usage

__all__ = ["connector"]

_LIFE = (register, approve, shadow, live, pause, resume, retire, history)


@click.group()
def connector() -> None:
    """Platforms and their declarations: examined, registered, paused, listed, watched."""


for _verb in (check, *_LIFE, kinds, schema, listed, show, coverage, usage, rejected):
    connector.add_command(_verb)
