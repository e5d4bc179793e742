"""A slice of `make fuzz`: whatever is sent, the gateway answers with a question's answer or a refusal."""

from __future__ import annotations

import asyncio
import logging
from urllib.parse import urlsplit

import pytest

from tests.conftest import House
from tests.promises.fuzz import drawing, run
from tests.promises.fuzzing import Findings

REQUESTS = 1_000
SEED = 11  # the same requests in every run: `make fuzz` takes others
EACH = ("body", "structure", "document", "head", "token")


def test_nothing_that_is_sent_breaks_the_gateway(house: House, caplog: pytest.LogCaptureFixture) -> None:
    """Off in its body, its values, its document, its head or its token, a request gets no 5xx and no trace; and there
    were good ones and refused ones of each kind. How long it takes is for `make fuzz` to say."""
    caplog.set_level(logging.ERROR)
    found, parts = Findings(), urlsplit(house.url)
    address = (str(parts.hostname), int(parts.port or 80))
    asyncio.run(run(house, address, drawing(house, SEED), REQUESTS, found))
    assert found.wrong == []
    assert "internal error" not in caplog.text
    assert sum(found.statuses.values()) == REQUESTS
    for kind in EACH:
        assert any(found.statuses[f"{kind} {status}"] for status in (400, 401, 403, 406, 415)), kind
    assert found.statuses["document 200"] > 0
    assert found.statuses["head 200"] > 0
