"""Asking a running gateway as one of its demo's callers: `token` and `query`.

The answer's JSON goes to standard output and nothing else does.
"""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from typing import Any

import click

from gateway.cli.asking import AskingError, Demo, outcome, variables_of
from gateway.cli.batch.options import with_batch
from gateway.cli.homes import home_option
from gateway.settings import load


def _evidence(operator: str | None, case_no: str | None) -> dict[str, str]:
    given = {"operator": operator, "caseNo": case_no}
    return {name: value for name, value in given.items() if value}


evidence_options = [
    click.option("--operator", default=None, help="The operator, where the purpose requires one."),
    click.option("--case-no", default=None, help="The case number, where the purpose requires one."),
    click.option("--subject", default=None, help="For the caller `subject`: which example it is."),
]


def with_evidence(command: Any) -> Any:
    for option in evidence_options:
        command = option(command)
    return command


@click.command()
@click.argument("caller")
@click.option("--purpose", default=None, help="One purpose; without it, all that the caller may have.")
@with_evidence
@home_option
def token(
    caller: str, purpose: str | None, operator: str | None, case_no: str | None, subject: str | None, home: Path | None
) -> None:
    """Print an access token of one of the demo's callers."""
    click.echo(Demo.of(load(home).home).token(caller, purpose, _evidence(operator, case_no), subject))


@click.command()
@click.argument("file", type=click.File("r", encoding="utf-8"))
@click.option("--as", "as_", required=True, help="One of the demo's callers, such as shanghai-market-bureau.")
@click.option("--purpose", default=None, help="The purpose of the question, such as gov.licensing.")
@click.option("--var", "given", multiple=True, help="A variable, name=value; an example's name is a SubjectKey.")
@click.option("--consent", "consents", multiple=True, help="A consent of the demo by its name, or a file `*.jws`.")
@click.option("--strict", is_flag=True, help="Refuse a partial answer (Prefer: handling=strict).")
@with_evidence
@with_batch
@home_option
def query(
    file: Any,
    as_: str,
    purpose: str | None,
    given: tuple[str, ...],
    consents: tuple[str, ...],
    strict: bool,
    operator: str | None,
    case_no: str | None,
    subject: str | None,
    home: Path | None,
    **batch: Any,
) -> None:
    """Ask the running demo. Prints the answer; exits 0 complete, 3 partial, 4 denied, 1 refused."""
    demo = Demo.of(load(home).home)
    try:
        text = file.read()
    except UnicodeDecodeError:
        raise AskingError(f"{file.name} is not UTF-8; save the query as UTF-8") from None
    variables = variables_of(text, given, demo.subjects)
    evidence = _evidence(operator, case_no)
    how: dict[str, Any] = {
        "as_": as_,
        "purpose": purpose,
        "evidence": evidence,
        "subject": subject,
        "strict": strict,
        "consents": [demo.consent(name) for name in consents],
    }
    if batch["subjects"] or batch["out"]:
        ask_about = importlib.import_module("gateway.cli.batch.command").ask_about
        sys.exit(ask_about(demo, file.name, text, variables, how, **batch))
    status, body = demo.ask(text, variables, **how)
    click.echo(json.dumps(body, ensure_ascii=False, indent=2))
    sys.exit(outcome(status, body))
