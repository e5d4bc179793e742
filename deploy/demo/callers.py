"""The invented callers of the demo: who they are, what they may ask for, and a secret that lasts one start.

What a caller is (class, region, ceilings) is registered at the gateway, never claimed by a token; this file
says both sides once. The public caller has no credentials and appears in no registry.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

PUBLIC = "public"
SUBJECT = "subject"


@dataclass(frozen=True, slots=True)
class Caller:
    """`scopes` and `purposes` are ceilings; `evidence` is what the issuer adds when the caller gives none."""

    id: str
    client_class: str
    region: str | None
    title: Mapping[str, str]
    scopes: tuple[str, ...]
    purposes: tuple[str, ...]
    evidence: Mapping[str, str] = field(default_factory=dict)
    secret: str | None = field(default=None, repr=False)

    def describe(self) -> dict[str, Any]:
        """What demo.json says of a caller, its secret included: it opens nothing but the demo."""
        return {
            "client_id": self.id if self.secret else None,
            "secret": self.secret,
            "class": self.client_class,
            "region": self.region,
            "title": dict(self.title),
            "scopes": list(self.scopes),
            "purposes": list(self.purposes),
            "evidence": dict(self.evidence),
        }


def callers() -> tuple[Caller, ...]:
    """Every caller of the demo, with fresh secrets."""
    fresh = secrets.token_urlsafe
    return (
        Caller(
            "shanghai-market-bureau",
            "government",
            "310000",
            {"zh": "上海市场监管示例局", "en": "Shanghai market bureau (demo)"},
            ("credit.gov", "credit.restricted"),
            ("gov.licensing", "gov.procurement", "gov.bidding"),
            secret=fresh(),
        ),
        Caller(
            "zhejiang-bureau",
            "government",
            "330000",
            {"zh": "浙江示例厅", "en": "Zhejiang bureau (demo)"},
            ("credit.gov", "credit.restricted"),
            ("gov.licensing", "gov.procurement"),
            secret=fresh(),
        ),
        Caller(
            "qingdao-trading-centre",
            "publicBody",
            "370200",
            {"zh": "青岛公共资源交易示例中心", "en": "Qingdao public resources trading centre (demo)"},
            ("credit.gov",),
            ("gov.bidding", "gov.procurement"),
            secret=fresh(),
        ),
        Caller(
            "court",
            "court",
            "370000",
            {"zh": "山东示例法院", "en": "Shandong court (demo)"},
            ("credit.gov", "credit.restricted"),
            ("court.execution",),
            evidence={"operator": "demo-judge-01", "caseNo": "（2026）鲁示执1号"},
            secret=fresh(),
        ),
        Caller(
            "shanghai-lender",
            "licensedFinancial",
            "310000",
            {"zh": "上海示例银行", "en": "Lender in Shanghai (demo)"},
            ("credit.finance",),
            ("finance.loan",),
            secret=fresh(),
        ),
        Caller(
            "weifang-village-bank",
            "licensedFinancial",
            "370700",
            {"zh": "潍坊示例村镇银行", "en": "Village bank in Weifang (demo)"},
            ("credit.finance",),
            ("finance.loan",),
            secret=fresh(),
        ),
        Caller(
            "weihai-licensing-desk",
            "government",
            "371000",
            {"zh": "威海示例审批窗口", "en": "Licensing desk in Weihai (demo)"},
            ("credit.gov", "credit.restricted"),
            ("gov.licensing",),
            secret=fresh(),
        ),
        Caller(
            SUBJECT,
            "subject",
            None,
            {"zh": "信用主体本人", "en": "The credit subject itself (demo)"},
            ("credit.self",),
            ("subject.access",),
            secret=fresh(),
        ),
        Caller(PUBLIC, "public", None, {"zh": "社会公众", "en": "The public"}, (), ()),
    )
