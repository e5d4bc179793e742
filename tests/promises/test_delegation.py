"""What a registered gateway may say of whom it asks for, and what is refused whoever says it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from connectors.delegation import Hop
from gateway.authenticating.clients import load_clients
from gateway.authenticating.delegating import Delegates, on_behalf
from gateway.caller import Caller
from gateway.documents import load
from gateway.errors import GatewayError
from tests.promises.penalties import CATALOGUE

HERE, THERE = "https://sh.example/graphql", "https://sd.example/graphql"
MAY = Delegates(THERE, frozenset({"government", "licensedFinancial"}))
ACT = {"sub": THERE, "decision": "d-2"}
SAID = {"sub": "bureau", "class": "government", "act": ACT, "within": 2.5, "scopes": ["credit.gov"], "policies": ["a"]}


def chain(*gateways: str) -> dict[str, Any]:
    """Actors, the first gateway innermost."""
    act: dict[str, Any] = {}
    for number, gateway in enumerate(gateways):
        act = {"sub": gateway, "decision": f"d-{number}", **({"act": act} if act else {})}
    return act


def told(**changes: Any) -> Any:
    return on_behalf({"delegation": {**SAID, **changes}}, MAY, HERE, 100.0)


def test_who_asks_first_is_known_with_the_whole_way() -> None:
    """By its id, class and scopes; the gateways since, the first one first; and until when an answer is of use."""
    found = told(act=chain("https://qd.example/graphql", THERE))
    assert (found.client_class, found.scopes) == ("government", {"credit.gov"})
    assert found.delegated.asker == "bureau"
    assert found.delegated.hops == (Hop("https://qd.example/graphql", "d-0"), Hop(THERE, "d-1"))
    assert found.delegated.until == 102.5
    assert on_behalf({}, None, HERE, 0.0) is None


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"class": "court"}, "clients of this class"),
        ({"act": {"sub": "https://other.example", "decision": "d"}}, "not the gateway that is registered"),
        ({"act": chain(HERE, THERE)}, "has been here already"),
        ({"act": chain("https://a.example", "https://b.example", "https://c.example", THERE)}, "more than 3 times"),
        ({"act": None}, "another shape"), ({"act": {"sub": THERE}}, "another shape"), ({"within": -1}, "another shape"),
        ({"within": "2"}, "another shape"), ({"sub": "two words"}, "another shape"),
        ({"sub": "x" * 257}, "another shape"),
        ({"scopes": "credit.gov"}, "another shape"), ({"policies": ["p"] * 65}, "another shape"),
    ],
)  # fmt: skip
def test_a_gateway_says_no_more_than_it_may(changes: dict[str, Any], says: str) -> None:
    """Another class, another gateway's name, a way that leads back or too far, or another shape: refused."""
    with pytest.raises(GatewayError) as refused:
        told(**changes)
    assert refused.value.code == "DELEGATION_REFUSED"
    assert says in refused.value.words()


@pytest.mark.parametrize("given", [SAID, {}, "x", [], 1, True])
def test_nobody_else_asks_for_others(given: Any) -> None:
    """Whatever it says, a client that is no gateway is refused, and is not taken for one that asks for itself."""
    with pytest.raises(GatewayError) as refused:
        on_behalf({"delegation": given}, None, HERE, 0.0)
    assert refused.value.code == "DELEGATION_REFUSED"


def test_who_asks_through_a_gateway_is_a_partner_of_its_own() -> None:
    """Pseudonyms, ids of records and cursors of two callers behind one gateway have nothing in common."""
    gateway = Caller("sd", "government", "370000", frozenset(), None, {}, None)
    partners = {gateway.partner}
    for asker in ("bureau", "bank"):
        partners.add(replace(gateway, delegated=told(sub=asker).delegated).partner)
    assert len(partners) == 3


def test_classes_of_the_registry_are_those_of_the_catalogue(tmp_path: Path) -> None:
    """A word that no catalogue has is found where it stands, before anything is served."""
    path = tmp_path / "clients.yaml"
    entry = f"delegates: {{gateway: {THERE}, classes: [goverment]}}"
    path.write_text(f"""\
issuers: [{{issuer: "https://id.example", jwks: "https://id.example/jwks", algorithms: [ES256]}}]
clients:
  sd: {{issuer: "https://id.example", clientId: sd, class: government, title: {{zh: 山东, en: SD}}, {entry}}}
""")
    with pytest.raises(ValueError, match=r"clients.yaml:3: unknown word `goverment` for `classes`"):
        load_clients(load(path, tmp_path), CATALOGUE)
