"""The verb `consent`: what a subject does at the demo's consent service, `give` and `withdraw`.

Both speak to the service of a running demo, as its own page would. A withdrawal counts from the very next question.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import httpx2

from gateway.cli.asking import AskingError, Demo
from gateway.cli.homes import home_option
from gateway.documents import suggestion
from gateway.settings import load


@click.group()
def consent() -> None:
    """Give and withdraw consents at the running demo's consent service."""


@consent.command()
@click.argument("client")
@click.argument("subject")
@click.option("--purpose", required=True, help="The one purpose that is agreed to, such as finance.loan.")
@click.option("--type", "types", multiple=True, required=True, help="A record type that may be asked; repeatable.")
@click.option("--days", type=click.IntRange(1, 366), default=30, show_default=True)
@home_option
def give(client: str, subject: str, purpose: str, types: tuple[str, ...], days: int, home: Path | None) -> None:
    """Print a consent of SUBJECT (an example) to CLIENT (one of the demo's callers); keep it as a file `*.jws`."""
    demo = Demo.of(load(home).home)
    demo.caller(client)
    if subject not in demo.subjects:
        raise AskingError(f"no example is called `{subject}`{suggestion(subject, demo.subjects)}")
    asked = {"client": client, "subject": subject, "purpose": purpose, "types": list(types), "days": days}
    click.echo(_post(demo, "/consents", asked)["token"])


@consent.command()
@click.argument("name")
@home_option
def withdraw(name: str, home: Path | None) -> None:
    """Withdraw the consent NAME of the demo, or the one with this id (`c-...`, as an answer tells it)."""
    demo = Demo.of(load(home).home)
    identifier = name if name.startswith("c-") else str(demo.known_consent(name)["id"])
    _post(demo, f"/consents/{identifier}/withdraw", {})
    click.echo(f"withdrawn: {name}; the next question is answered without it")


def _post(demo: Demo, path: str, body: dict[str, Any]) -> dict[str, Any]:
    try:
        answer = httpx2.post(f"{demo.consent_service}{path}", json=body, trust_env=False)
        said: dict[str, Any] = answer.json()
    except (httpx2.HTTPError, ValueError):
        raise AskingError(f"{demo.consent_service} does not answer; is the demo running?") from None
    if "error" in said:
        raise AskingError(f"the consent service refuses: {said['error']}")
    return said
