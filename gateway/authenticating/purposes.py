"""Which purpose a question has, and the evidence that the purpose requires.

A token holds purposes by `authorization_details` (RFC 9396, type `credit-query`) or by scopes
`purpose:<code>`; the registry is their ceiling. A request may only choose among them, with the header
`Credit-Purpose`; it can never add one. Evidence (operator, case number) comes with the token or in the
request's `extensions.evidence`; it is short, printable text, because it is recorded and read by people.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any

from gateway.authenticating.signatures import TokenRefused
from gateway.authenticating.tokens import Token
from gateway.documents import suggestion
from gateway.errors import GatewayError
from policies.model import Catalogue, Words

DETAIL_TYPE = "credit-query"
SCOPE_PREFIX = "purpose:"
MAX_DETAILS = 32
MAX_EVIDENCE = 128  # characters
_MAX_WORD = 64
_UNPRINTABLE = {"Cc", "Cf", "Cs", "Zl", "Zp"}

Held = Mapping[str, Mapping[str, Any]]  # purpose code -> evidence that the token gives for it


def held(token: Token) -> Held:
    """The purposes of a token within its client's ceiling, with the evidence it gives. Raises TokenRefused."""
    found: dict[str, dict[str, Any]] = {}
    details = token.claims.get("authorization_details", [])
    if not isinstance(details, list) or len(details) > MAX_DETAILS:
        raise TokenRefused("`authorization_details` is of the wrong type or too long")
    for detail in details:
        if not isinstance(detail, dict) or not isinstance(detail.get("type"), str):
            raise TokenRefused("`authorization_details` has an entry without a type")
        if detail["type"] != DETAIL_TYPE:
            continue
        codes = detail.get("purposes")
        if not isinstance(codes, list) or not all(isinstance(code, str) for code in codes):
            raise TokenRefused("`authorization_details` has purposes of the wrong type")
        evidence = {name: value for name, value in detail.items() if name not in {"type", "purposes"}}
        for code in codes:
            found.setdefault(code, {}).update(evidence)
    for scope in token.scopes:
        if scope.startswith(SCOPE_PREFIX):
            found.setdefault(scope.removeprefix(SCOPE_PREFIX), {})
    return {code: evidence for code, evidence in found.items() if code in token.client.purposes}


def word(value: bytes | None) -> str | None:
    """A header's value. Bytes that are not UTF-8 become a word which no catalogue holds."""
    return None if value is None else value.decode("utf-8", "replace")


def choose(purposes: Held, wanted: str | None, catalogue: Catalogue) -> str | None:
    """The one purpose of this request; None when none is held and none wanted.

    Raises GatewayError PURPOSE_UNKNOWN, PURPOSE_NOT_HELD, PURPOSE_REQUIRED.
    """
    if wanted is not None:
        if wanted not in catalogue.purposes:
            raise GatewayError("PURPOSE_UNKNOWN", detail=_named(wanted, catalogue))
        if wanted not in purposes:
            raise GatewayError("PURPOSE_NOT_HELD", cause=f"purpose {wanted}")
        return wanted
    if len(purposes) > 1:
        raise GatewayError("PURPOSE_REQUIRED")
    return next(iter(purposes), None)


def evidence_for(
    purpose: str | None, purposes: Held, extensions: Mapping[str, Any], catalogue: Catalogue
) -> Mapping[str, str]:
    """What the purpose requires, all of it, checked. Raises GatewayError EVIDENCE_REQUIRED.

    The token's word stands: a request may fill what the token leaves out, but not say otherwise.
    """
    required = catalogue.purposes[purpose].evidence if purpose else ()
    given = extensions.get("evidence")
    said: Mapping[str, Any] = given if isinstance(given, Mapping) else {}
    evidence: dict[str, str] = {}
    for name in required:
        vouched = purposes[purpose].get(name) if purpose else None
        value = said.get(name, vouched)
        if value is None:
            raise _needed(f"请在 `extensions.evidence` 中提供 `{name}`", f"`{name}`, in `extensions.evidence`")
        if vouched is not None and value != vouched:
            raise _needed(f"`{name}` 与令牌所载不一致", f"`{name}` differs from what the token says")
        if not _printable(value):
            raise _needed(
                f"`{name}` 应为 1 至 {MAX_EVIDENCE} 个可打印字符的文本",
                f"`{name}` as text of 1 to {MAX_EVIDENCE} printable characters",
            )
        evidence[name] = value
    return evidence


def _needed(zh: str, en: str) -> GatewayError:
    return GatewayError("EVIDENCE_REQUIRED", detail=Words(zh, en))


def _named(wanted: str, catalogue: Catalogue) -> Words | None:
    """The caller's word, when it is fit to be said back, and the nearest right one (also for `GOV_LICENSING`)."""
    if len(wanted) > _MAX_WORD or not wanted.isascii() or not wanted.isprintable():
        return None
    word, known = wanted.lower().replace("_", "."), catalogue.purposes
    return Words(f"：`{wanted}`{suggestion(word, known, 'zh')}", f" `{wanted}`{suggestion(word, known)}")


def _printable(value: object) -> bool:
    if not isinstance(value, str) or not 0 < len(value) <= MAX_EVIDENCE or value != value.strip():
        return False
    # printable in Python's sense is less than is taken here, and found much faster
    return value.isprintable() or not any(unicodedata.category(character) in _UNPRINTABLE for character in value)
