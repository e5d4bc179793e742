"""What one token of the development issuer is granted for: a resource (RFC 8707), purposes and evidence (RFC 9396)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from authlib.oauth2 import OAuth2Error

DETAIL_TYPE = "credit-query"
EVIDENCE = ("operator", "caseNo")


class InvalidDetails(OAuth2Error):  # type: ignore[misc]  # authlib is untyped
    """RFC 9396, section 5."""

    error = "invalid_authorization_details"


class InvalidTarget(OAuth2Error):  # type: ignore[misc]
    """RFC 8707, section 2."""

    error = "invalid_target"


def granted(resource: str, registered: Mapping[str, Any], asked: Mapping[str, Any]) -> dict[str, Any]:
    """The `authorization_details` object of a request for a token for this resource. Raises OAuth2Error."""
    if asked.get("resource", resource) != resource:
        raise InvalidTarget("this server issues tokens for one resource only")
    return details(registered, asked.get("authorization_details"))


def details(registered: Mapping[str, Any], text: str | None) -> dict[str, Any]:
    """The one granted `authorization_details` object: what was asked, or everything that is registered."""
    try:
        asked = json.loads(text) if text else [{"type": DETAIL_TYPE}]
    except (ValueError, RecursionError):
        raise InvalidDetails("authorization_details is not JSON") from None
    if not isinstance(asked, list) or len(asked) != 1 or not isinstance(asked[0], dict):
        raise InvalidDetails("authorization_details must hold exactly one object")
    detail = asked[0]
    if detail.get("type") != DETAIL_TYPE or set(detail) - {"type", "purposes", *EVIDENCE}:
        raise InvalidDetails(f"known: type {DETAIL_TYPE} with purposes, operator and caseNo")
    purposes = detail.get("purposes", list(registered["purposes"]))
    if not isinstance(purposes, list) or not all(purpose in registered["purposes"] for purpose in purposes):
        raise InvalidDetails("this client is not registered for that purpose")
    evidence = {**registered["evidence"], **{name: detail[name] for name in EVIDENCE if name in detail}}
    if not all(isinstance(value, str) and value for value in evidence.values()):
        raise InvalidDetails("operator and caseNo are texts")
    return {"type": DETAIL_TYPE, "purposes": purposes, **evidence}
