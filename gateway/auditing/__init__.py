"""One record per request in a Merkle log, on disk before the answer leaves. The verb is `AuditLog.append`."""

from gateway.auditing.log import AuditLog, AuditUnavailable, Receipt
from gateway.auditing.record import Outcome, Record

__all__ = ["AuditLog", "AuditUnavailable", "Outcome", "Receipt", "Record"]
