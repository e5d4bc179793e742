"""A pseudonym names its key; a rotation is one setting, and no value of one key joins one of another."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway import keyfiles
from gateway.app import pseudonyms_of
from gateway.settings import SettingsError, load
from policies.masks import Pseudonyms
from tests.conftest import House, gateway_beside

SECRET = bytes(range(32))
QUERY = "query($id: SubjectKey!) { subject(id: $id) { administrativePenalties { nodes { legalRepIdNo } } } }"


def of(kid: str, value: str, partner: str = "shanghai", purpose: str = "gov.licensing") -> str:
    return pseudonyms_of(SECRET, kid).of(partner, purpose)(value)


def test_the_first_key_gives_what_it_gave() -> None:
    """Pseudonyms made before keys had ids stay what they were."""
    before = Pseudonyms(keyfiles.derived(SECRET, "pseudonyms"), "k1").of("shanghai", "gov.licensing")
    assert of("k1", "37060219800101001X") == before("37060219800101001X")
    assert of("k1", "37060219800101001X") == "p1:k1:J5D7NN2BJN3H2ZRD63LXAZWPJI"


def test_no_two_keys_can_be_joined() -> None:
    """For one value, partner and purpose each key id gives another value, which names its key."""
    kids = ["k1", "k2", "k3", "K2", "k", "k11", "2027-q1"]
    found = [of(kid, "37060219800101001X") for kid in kids]
    assert [value.split(":")[1] for value in found] == kids
    assert len({value.rpartition(":")[2] for value in found}) == len(kids)
    assert of("k2", "37060219800101001X") == of("k2", "37060219800101001x ")


@pytest.mark.parametrize("kid", ["", "a:b", "k 2", "k" * 33, "钥匙", "../k1"])
def test_an_odd_key_id_is_refused(tmp_path: Path, kid: str) -> None:
    """A key id that could not stand in a value keeps the gateway from starting, with the setting's name."""
    with pytest.raises(SettingsError, match="CREDIT_GATEWAY_PSEUDONYM_KEY"):
        load(tmp_path, pseudonym_key=kid)


def test_a_rotation_is_one_setting(house: House, tmp_path: Path) -> None:
    """With another key id the same question brings another pseudonym that names the new key."""

    def asked(place: House) -> str:
        answer = place.ask(QUERY, "penalised", as_="shanghai-market-bureau", purpose="gov.licensing")
        [node] = answer["data"]["subject"]["administrativePenalties"]["nodes"]
        return str(node["legalRepIdNo"])

    with gateway_beside(house, tmp_path, pseudonym_key="k2") as beside:
        first, second = asked(house), asked(beside)
    assert first.startswith("p1:k1:")
    assert second.startswith("p1:k2:")
    assert first[6:] != second[6:]
