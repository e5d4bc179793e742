"""One record per request in a Merkle log, on disk before the answer leaves. The verb is `AuditLog.append`."""

from gateway.auditing.log import AuditLog

__all__ = ["AuditLog"]
