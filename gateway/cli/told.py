"""What a person can mend: errors that are said in one line, without a trace."""

from __future__ import annotations

import sys

MENDABLE = (
    ("deploy.demo.processes", "NotReady"),
    ("gateway.auditing.checkpoint", "CheckpointError"),
    ("gateway.auditing.entries", "LogDamaged"),
    ("gateway.auditing.logs", "LogInUse"),
    ("gateway.authenticating.ledger", "LedgerError"),
    ("gateway.checking", "HomeError"),
    ("gateway.cli.asking", "AskingError"),
    ("gateway.cli.demonstration", "DemoError"),
    ("gateway.cli.serving", "ListenError"),
    ("gateway.cli.serving", "WorkerError"),
    ("gateway.documents", "DocumentError"),
    ("gateway.governing.statements", "Refused"),
    ("gateway.keyfiles", "KeyFileError"),
    ("gateway.settings", "SettingsError"),
    ("gateway.store.opening", "StoreError"),
    ("policies.findings", "Refused"),
)  # by name: to import the rooms that a command did not need would keep it waiting a second for its one line


def is_mendable(error: BaseException | None) -> bool:
    """Whether an error is one of these; a module that nobody has imported has raised none."""
    return isinstance(error, tuple(getattr(sys.modules.get(module), name, ()) for module, name in MENDABLE))
