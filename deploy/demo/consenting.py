"""The consents that lie ready in the demo: one that holds, and one for each way in which a consent does not.

They are given by the running consent service at every start, as a subject's own would be, and stand by name in
demo.json. `state` is what the gateway says of each when `shown_by` shows it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx2

SHANGHAI, VILLAGE = "shanghai-lender", "weifang-village-bank"
LOAN = "finance.loan"
SUMMARY = "SmeFinanceSummary"
WITHIN = 10.0  # seconds for the service to answer


@dataclass(frozen=True, slots=True)
class Ready:
    """One consent to be given; `starts` and `days` as the consent service takes them."""

    name: str
    title: Mapping[str, str]
    shown_by: str = SHANGHAI
    client: str = SHANGHAI
    subject: str = "clean"
    purpose: str = LOAN
    types: tuple[str, ...] = (SUMMARY,)
    starts: int = 0
    days: int = 180
    withdrawn: bool = False
    state: str = "VALID"


READY = (
    Ready("clean-to-shanghai", {"zh": "有效：授权上海银行", "en": "valid: to the lender in Shanghai"}),
    Ready(
        "clean-to-village-bank",
        {"zh": "有效：授权本省村镇银行", "en": "valid: to the village bank"},
        shown_by=VILLAGE,
        client=VILLAGE,
    ),
    Ready(
        "borrower-to-shanghai",
        {"zh": "有效：借款企业授权上海银行", "en": "valid: to the lender in Shanghai"},
        subject="borrower",
    ),
    Ready(
        "borrower-to-village-bank",
        {"zh": "有效：借款企业授权本省村镇银行", "en": "valid: to the village bank"},
        shown_by=VILLAGE,
        client=VILLAGE,
        subject="borrower",
    ),
    Ready("expired", {"zh": "已过期", "en": "expired"}, starts=-40, days=30, state="EXPIRED"),
    Ready("not-yet", {"zh": "尚未生效", "en": "not in force yet"}, starts=10, state="NOT_YET"),
    Ready("withdrawn", {"zh": "已撤回", "en": "withdrawn"}, withdrawn=True, state="WITHDRAWN"),
    Ready("another-grantee", {"zh": "授权他人", "en": "to somebody else"}, client=VILLAGE, state="NOT_FOR_YOU"),
    Ready("another-purpose", {"zh": "他用", "en": "for another purpose"}, purpose="gov.licensing"),
    Ready("another-type", {"zh": "另一类信息", "en": "for another record type"}, types=("JudgmentDebtor",)),
)


def give(service: str, known: tuple[Ready, ...] = READY) -> dict[str, dict[str, Any]]:
    """Every ready consent, given by the service at that address: what demo.json says of each, by name."""
    found = {}
    with httpx2.Client(base_url=service, timeout=WITHIN, trust_env=False) as client:
        for ready in known:
            asked = {
                "client": ready.client,
                "subject": ready.subject,
                "purpose": ready.purpose,
                "types": list(ready.types),
                "starts": ready.starts,
                "days": ready.days,
            }
            given = client.post("/consents", json=asked).raise_for_status().json()
            if ready.withdrawn:
                client.post(f"/consents/{given['id']}/withdraw").raise_for_status()
            found[ready.name] = {
                **given,
                **{word: asked[word] for word in ("client", "subject", "purpose", "types")},
                "title": dict(ready.title),
                "shown_by": ready.shown_by,
                "state": ready.state,
            }
    return found
