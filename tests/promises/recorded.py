"""Records of invented requests, and audit logs filled with them. Shared by the tests of the audit."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from gateway.auditing import AuditLog
from gateway.auditing.record import Outcome, Record
from gateway.model import Caller

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
DONE = Outcome(status=200, errors=(), complete=True, milliseconds=1.5)


def record(number: int, text: str = "甲") -> Record:
    caller = Caller(
        id="court-37",
        client_class="court",
        region="370000",
        scopes=frozenset({"credit.restricted"}),
        purpose="court.execution",
        evidence={"operator": text, "caseNo": f"(2026)鲁01执{number}号"},
        own=None,
        issuer="https://issuer.example",
        token_id=f"token-{number}",
    )
    return Record(f"decision-{number}", NOW, caller, "ab" * 32, DONE)


async def fill(home: Path, count: int, segment_bytes: int = 1 << 20, worker: int = 0) -> None:
    """A log of `count` records, several segments when they are small, closed in order."""
    log = AuditLog.open(home, log=worker, segment_bytes=segment_bytes)
    for number in range(log.size, log.size + count):
        await log.append(record(number))
    await log.close()


def segments(home: Path) -> list[Path]:
    return sorted((home / "audit").glob("records-*.jsonl"))
