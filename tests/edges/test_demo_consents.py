"""The demo's consent service: what it gives and withdraws, what it refuses, and that a page elsewhere cannot use it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from joserfc import jws
from joserfc.jwk import KeySet

from deploy.demo.province import Province, start


@pytest.fixture(scope="module")
def province(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Province]:
    with start(tmp_path_factory.mktemp("province"), 3, 20) as running:
        yield running


@pytest.fixture
def web(province: Province) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=province.consent_service, timeout=30, trust_env=False) as client:
        yield client


ASKED: dict[str, Any] = {"client": "shanghai-lender", "subject": "clean", "purpose": "finance.loan", "types": ["T"]}


def test_a_consent_names_its_subject_by_a_salted_digest_only(province: Province, web: httpx2.Client) -> None:
    """The token is signed by the published key; the subject's code stands nowhere in it, and no two are alike."""
    first, second = (web.post("/consents", json=ASKED).json() for _ in range(2))
    keys = KeySet.import_key_set(web.get("/jwks.json").json())
    payloads = [jws.deserialize_compact(said["token"], keys, algorithms=["ES256"]).payload for said in (first, second)]
    assert all(province.world.examples["clean"].key.encode() not in payload for payload in payloads)
    assert first["id"] != second["id"]
    assert all("d" not in key for key in web.get("/jwks.json").json()["keys"])


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"subject": "nobody"}, "subject"),
        ({"subject": {"name": "甲"}}, "subject"),
        ({"subject": {"uscc": "1", "citizenId": "2"}}, "subject"),
        ({"types": "T"}, "types"),
        ({"client": None}, "client"),
        ({"days": 0}, "days"),
        ({"days": 400}, "days"),
        ({"note": "x"}, "purpose"),
    ],
)
def test_what_is_no_consent_is_refused(web: httpx2.Client, changes: dict[str, Any], word: str) -> None:
    """A missing, unknown or senseless word is a 400 that says which."""
    answer = web.post("/consents", json={**ASKED, **changes})
    assert answer.status_code == 400
    assert word in answer.json()["error"]


def test_a_page_elsewhere_cannot_give_or_withdraw(web: httpx2.Client) -> None:
    """Plain text, as a page may send unasked, and a foreign host's name are refused; unknown ids are 404."""
    assert web.post("/consents", content=b"{}", headers={"Content-Type": "text/plain"}).status_code == 415
    assert web.post("/consents", json=ASKED, headers={"Host": "evil.example"}).status_code == 400
    assert web.post("/consents", content=b"{", headers={"Content-Type": "application/json"}).status_code == 400
    assert web.post("/consents/c-nothing/withdraw").status_code == 404


def test_withdrawals_outlive_the_process_and_no_new_start(
    province: Province, web: httpx2.Client, tmp_path: Path
) -> None:
    """The list after a restart is the list before it, in the same key; another province begins with its own."""
    given = web.post("/consents", json=ASKED).json()
    assert web.post(f"/consents/{given['id']}/withdraw").json()["state"] == "WITHDRAWN"
    keys = KeySet.import_key_set(web.get("/jwks.json").json())
    before = jws.deserialize_compact(web.get("/status/1").text, keys, algorithms=["ES256"]).payload
    province.restart("consents")
    after = jws.deserialize_compact(web.get("/status/1").text, keys, algorithms=["ES256"]).payload
    assert before.partition(b"status_list")[2] == after.partition(b"status_list")[2]
    assert web.post(f"/consents/{given['id']}/withdraw").status_code == 200
