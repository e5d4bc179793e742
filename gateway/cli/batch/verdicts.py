"""What one chunk's answer comes to: whole, failed in part, to be cut smaller, to be asked later, or refused.

The words are the gateway's own codes and statuses; nothing is read out of messages.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.cli.asking import COMPLETE, DENIED, PARTIAL, REFUSED
from gateway.model import FULL

LATER = ("OVERLOADED", "AUDIT_UNAVAILABLE", "ISSUER_UNAVAILABLE", "INCOMPLETE", "INTERNAL")
PASSING = ("TIMEOUT", "UNAVAILABLE", "BUSY", "MAINTENANCE")  # asking again may be answered; the rest stays as it is
DECIDED = FULL | {"DENIED"}
WORST = (COMPLETE, PARTIAL, DENIED, REFUSED)  # exit codes, the worst last


def worst(codes: list[int]) -> int:
    return max(codes, key=WORST.index, default=COMPLETE)


def codes_of(body: Mapping[str, Any]) -> list[str]:
    return [str(error.get("extensions", {}).get("code")) for error in body.get("errors", ())]


def is_too_much(body: Mapping[str, Any]) -> bool:
    """True when fewer subjects may be asked. A limit of the query alone has no path: smaller chunks do not help."""
    return any(
        error.get("extensions", {}).get("code") == "TOO_LARGE"
        or (error.get("extensions", {}).get("code") == "LIMIT_EXCEEDED" and error.get("path"))
        for error in body.get("errors", ())
    )


def is_answer(body: Mapping[str, Any]) -> bool:
    return body.get("data") is not None


def is_for_later(status: int, body: Mapping[str, Any]) -> bool:
    """True when the same question may be answered another time."""
    return not is_answer(body) and (status in (429, 502, 503, 504) or any(code in LATER for code in codes_of(body)))


def failed(body: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The lines of platforms that were asked and did not answer in full."""
    return [line for line in body.get("extensions", {}).get("sources", ()) if line["status"] not in DECIDED]


def may_be_mended(body: Mapping[str, Any]) -> bool:
    """True when asking again may give more than this answer."""
    return any(line["status"] in PASSING for line in failed(body)) or "INTERNAL" in codes_of(body)
