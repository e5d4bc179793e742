"""Document -> Operation: recognised, or parsed, measured, validated; its variables coerced. Asks nobody anything."""

from gateway.reading.limits import MAX_EFFORT, check_limits
from gateway.reading.naming import Named
from gateway.reading.reader import Reader

__all__ = ["MAX_EFFORT", "Named", "Reader", "check_limits"]
