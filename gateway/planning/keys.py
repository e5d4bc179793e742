"""Subject keys as callers write them -> Subject: checked, normalised, their kind read off the code alone.

Nobody is looked up. 3.2 % of valid citizen IDs are also valid USCCs, so the code is never used to guess
which of the two it is: the caller names it. Errors never repeat the code.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.contract import SubjectKey
from gateway.errors import GatewayError
from gateway.model import Path, Subject
from policies import identifiers
from policies.model import Catalogue

MAX_NAME = 200
MAX_CODE = 64  # characters as written, blanks included; nothing longer is worth normalising


def subject_of(catalogue: Catalogue, given: Mapping[str, Any], path: Path) -> Subject:
    """Raises GatewayError INVALID_SUBJECT_KEY."""
    key = key_of(given, path)
    subject_kind = identifiers.kind_of(catalogue, key.kind, key.value)
    return Subject(key, subject_kind, catalogue.kinds[subject_kind].natural, given.get("name") or None)


def key_of(given: Mapping[str, Any], path: Path) -> SubjectKey:
    """The key alone, its code in normal form. Raises GatewayError INVALID_SUBJECT_KEY."""
    codes = {kind: given[kind] for kind in ("uscc", "citizenId") if given.get(kind)}
    if len(codes) != 1:
        raise GatewayError("INVALID_SUBJECT_KEY", path=path, detail="give exactly one of `uscc` and `citizenId`")
    [(kind, raw)] = codes.items()
    value = identifiers.normalise(raw) if len(raw) <= MAX_CODE else ""
    is_uscc, is_citizen_id = identifiers.is_uscc(value), identifiers.is_citizen_id(value)
    if kind == "uscc" and not is_uscc:
        wrong = "this is a citizen ID; write it under `citizenId`" if is_citizen_id else _why("USCC", value)
        raise GatewayError("INVALID_SUBJECT_KEY", path=path, detail=wrong)
    if kind == "citizenId" and not is_citizen_id:
        wrong = "this is a USCC; write it under `uscc`" if is_uscc else _why("citizen ID", value)
        raise GatewayError("INVALID_SUBJECT_KEY", path=path, detail=wrong)
    name = given.get("name") or None
    if name is not None and len(name) > MAX_NAME:
        raise GatewayError("INVALID_SUBJECT_KEY", path=path, detail=f"`name` has more than {MAX_NAME} characters")
    return SubjectKey("uscc" if kind == "uscc" else "citizenId", value)


def _why(what: str, value: str) -> str:
    if len(value) != 18:
        return f"a {what} has 18 characters"
    return f"not a {what}: a character or the check character is wrong"
