"""Verbs of `credit-gateway policy` that change what is in force. Thin: they parse, call `gateway.governing`, print.

Exit code 0: done, and every running gateway obeys; 1: refused, or a gateway does not obey (yet); 2: a wrong word.
"""

from gateway.cli.governing.changing import activate_verb, approve_verb, submit_verb
from gateway.cli.governing.emergencies import break_glass_verb, rollback_verb, suspend_verb
from gateway.cli.governing.papers import export_verb, history_verb, officer_key_verb, sign_verb

__all__ = ["VERBS"]

VERBS = (
    officer_key_verb,
    sign_verb,
    submit_verb,
    approve_verb,
    activate_verb,
    rollback_verb,
    suspend_verb,
    break_glass_verb,
    history_verb,
    export_verb,
)
