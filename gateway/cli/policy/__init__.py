"""`credit-gateway policy`: check a set, run its worked cases, explain a decision, show who sees what, compare.

One file for each family of verbs, each thin: it parses, calls `policies`, prints. Exit code 0: as it should be; 1:
refused, or a case failed; 2: a wrong word.
"""

from __future__ import annotations

import click

from gateway.cli.governing import VERBS as GOVERNING_VERBS
from gateway.cli.matrix import matrix_verb
from gateway.cli.policy.checking import check_verb, seal_verb, test_verb
from gateway.cli.policy.comparing import diff_verb
from gateway.cli.policy.explaining import explain_verb
from gateway.cli.policy.provisions import provisions_verb


@click.group()
def policy() -> None:
    """Policies: check them, run their cases, explain a decision, show who sees what, seal a change."""


for verb in (check_verb, test_verb, explain_verb, matrix_verb, diff_verb, provisions_verb, seal_verb, *GOVERNING_VERBS):
    policy.add_command(verb)
