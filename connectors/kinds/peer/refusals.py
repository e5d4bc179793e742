"""What another gateway's refusals mean here: by its code, which is of the table that both have, else by its status."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from connectors.contract import ConnectorError
from connectors.delegation import Told
from connectors.transport.meaning import by_status, error
from connectors.transport.port import Answer

_BY_CODE = {
    "INVALID_TOKEN": "AuthFailed",
    "CLIENT_FROZEN": "Denied",
    "PURPOSE_UNKNOWN": "Denied",
    "PURPOSE_REQUIRED": "Denied",
    "PURPOSE_NOT_HELD": "Denied",
    "EVIDENCE_REQUIRED": "Denied",
    "DELEGATION_REFUSED": "Denied",
    "QUOTA_EXCEEDED": "QuotaUsedUp",  # perhaps one operator's: who else asks must not wait for it
    "TOO_MANY_NEW_DOCUMENTS": "RateLimited",
    "OVERLOADED": "RateLimited",
    "ISSUER_UNAVAILABLE": "Unavailable",
    "AUDIT_UNAVAILABLE": "Unavailable",
    "INTERNAL": "Unavailable",
    "GRAPHQL_VALIDATION_FAILED": "ContractBroken",
    "BAD_VARIABLES": "ContractBroken",
    "DOCUMENT_NOT_TRUSTED": "ContractBroken",
}
REASONS: Mapping[str, Mapping[str, str]] = {
    "CLIENT_FROZEN": {"zh": "对方已冻结本网关", "en": "it has frozen this gateway"},
    "PURPOSE_UNKNOWN": {"zh": "对方不认识该目的", "en": "it does not know the purpose"},
    "PURPOSE_NOT_HELD": {"zh": "本网关不能在对方处以该目的查询", "en": "this gateway may not ask it for this purpose"},
    "EVIDENCE_REQUIRED": {"zh": "对方要求该目的另附依据", "en": "it wants more evidence for this purpose"},
    "DELEGATION_REFUSED": {"zh": "对方不接受本网关代为查询", "en": "it takes no such question from this gateway"},
    "QUOTA_EXCEEDED": {
        "zh": "本网关或本次查询的经办人在对方处的配额已用尽",
        "en": "a quota there, of this gateway or of whoever asks, is used up",
    },
}


class _Extensions(msgspec.Struct):
    code: str = ""


class _Error(msgspec.Struct):
    extensions: _Extensions = msgspec.field(default_factory=_Extensions)


class _Refused(msgspec.Struct):
    errors: list[_Error] = []


_refused = msgspec.json.Decoder(_Refused).decode


def refusal(answer: Answer) -> ConnectorError:
    """The error that an answer without data stands for."""
    try:
        codes = [each.extensions.code for each in _refused(answer.body).errors]
    except (msgspec.DecodeError, ValueError, RecursionError):
        codes = []
    code = next((code for code in codes if code in _BY_CODE), "")
    name = _BY_CODE.get(code) or by_status(answer.status)
    return told(error(name, f"the gateway refused with status {answer.status} {code}", answer.headers), code)


def told(failure: ConnectorError, code: str) -> ConnectorError:
    """The failure with the reason that a caller is told, where there is one."""
    if code in REASONS:
        failure.told = Told(complete=False, reason=REASONS[code])
    return failure
