"""What a person can mend: errors that are said in one line, without a trace. Imported only when one is raised."""

from __future__ import annotations

from deploy.demo.processes import NotReady
from gateway.auditing.checkpoint import CheckpointError
from gateway.auditing.entries import LogDamaged
from gateway.auditing.logs import LogInUse
from gateway.authenticating.ledger import LedgerError
from gateway.checking import HomeError
from gateway.cli.asking import AskingError
from gateway.cli.demonstration import DemoError
from gateway.cli.serving import ListenError, WorkerError
from gateway.documents import DocumentError
from gateway.governing.statements import Refused as ChangeRefused
from gateway.keyfiles import KeyFileError
from gateway.settings import SettingsError
from gateway.store import StoreError
from policies.findings import Refused

KNOWN = (
    AskingError,
    ChangeRefused,
    CheckpointError,
    DemoError,
    DocumentError,
    HomeError,
    KeyFileError,
    LedgerError,
    ListenError,
    LogDamaged,
    LogInUse,
    NotReady,
    Refused,
    SettingsError,
    StoreError,
    WorkerError,
)
