"""The transport is examined on both event loops that the gateway may run on; what is marked so, on one whose clock
leaps; all else on asyncio's own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

import pytest
import uvloop

from tests.edges.leaping import Leaping


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    if item.path.stem == "test_transport":
        return {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}
    if item.get_closest_marker("leaping"):
        return {"leaping": Leaping}
    return {"asyncio": asyncio.new_event_loop}
