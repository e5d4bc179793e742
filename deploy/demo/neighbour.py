"""Shanghai beside the demo province: a gateway of its own, with a small database of penalties, asked as one platform.

What the province must know of it, and what it must know of the province; the gateway itself is started by the command
line, in a process of its own. Its records are invented, and those of one named example.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from joserfc.jwk import ECKey

from deploy.demo.exchanging import EXCHANGE
from deploy.demo.generator import World

PLATFORM, BOOK, SOURCE = "310000-shanghai-gateway", "310000-shanghai-penalties", "gateway"
RESOURCE = "urn:credit-gateway:shanghai"
CLIENT = "shandong-gateway"  # what Shanghai, and the development issuer, call the province's gateway
VARIABLE = "SHANGHAI_GATEWAY"
EXAMPLE = "many_platforms"
DECLARATIONS = Path(__file__).resolve().parent / "shanghai"
SCOPES = ("credit.gov", "credit.restricted", "credit.finance")


class Neighbour:
    """`home` is that of Shanghai's gateway, `resource` the id of the province's. The key is new at each start."""

    def __init__(
        self, home: Path, resource: str, world: World, purposes: Iterable[str], classes: Iterable[str]
    ) -> None:
        self.home, self.resource, self.world = home.resolve(), resource, world
        self._purposes, self._classes = sorted(set(purposes)), sorted(set(classes))
        self._key = ECKey.generate_key("P-256", {"use": "sig", "alg": "ES256"}, auto_kid=True)

    @property
    def key(self) -> str:
        """The private key with which the province's gateway asks for tokens, in PEM."""
        return self._key.as_pem(private=True).decode()

    @property
    def client(self) -> dict[str, Any]:
        """What the issuer knows of the province's gateway."""
        return {
            "secret": secrets.token_urlsafe(),
            "key": self._key.as_dict(private=False),
            "grants": [EXCHANGE],
            "scopes": list(SCOPES),
            "purposes": self._purposes,
            "evidence": {},
            "resource": RESOURCE,
        }

    def environment(self, token_endpoint: str) -> dict[str, str]:
        """What the declaration of Shanghai's gateway refers to, less its address."""
        return {"SHANGHAI_GATEWAY_ID": RESOURCE, "SHANGHAI_TOKENS": token_endpoint, "SHANGHAI_CLIENT": CLIENT}

    def clients_document(self, issuer: str, jwks: str) -> dict[str, Any]:
        """The content of Shanghai's clients.yaml: the province's gateway, and nobody else."""
        return {
            "issuers": [{"issuer": issuer, "jwks": jwks, "algorithms": ["ES256"], "maxLifetime": "10m"}],
            "consentIssuers": [],
            "clients": {
                CLIENT: {
                    "issuer": issuer,
                    "clientId": CLIENT,
                    "class": "government",
                    "region": "370000",
                    "title": {"zh": "山东示例信用网关", "en": "Shandong credit gateway (demo)"},
                    "scopes": list(SCOPES),
                    "purposes": self._purposes,
                    "delegates": {"gateway": self.resource, "classes": self._classes},
                }
            },
        }

    def tables(self) -> Mapping[str, Any]:
        """The database: two penalties of one named example."""
        subject, today = self.world.examples[EXAMPLE], self.world.today

        def penalty(number: int, days: int, fine: str, kind: str) -> list[Any]:
            decided = today - timedelta(days=days)
            return [
                f"沪市监罚〔{decided.year}〕示{number:03d}号", subject.name, subject.key, "示例人", kind, "FINE", fine,
                decided.isoformat(), (decided - timedelta(days=30)).isoformat(),
                (decided + timedelta(days=1095)).isoformat(), "上海市场监管示例局", "ORDINARY", "GENERAL",
                None, "ACTIVE",
            ]  # fmt: skip

        columns = [
            "documentNo", "counterpartyName", "uscc", "legalRepresentative", "violationType", "penaltyKinds",
            "fineAmountWan", "decisionDate", "conductEnd", "publishUntil", "authority", "procedure", "severity",
            "objectedOn", "status",
        ]  # fmt: skip
        rows = [penalty(1, 75, "3.50", "虚假宣传"), penalty(2, 410, "1.20", "未按规定明码标价")]
        return {"penalties": {"columns": columns, "index": ["uscc"], "rows": rows}}
