"""All further blocks of the cities' platforms, by collection, and what their servers are given of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from deploy.demo.holdings import jinan_blocks, qingdao_blocks, weifang_blocks, weihai_blocks, yantai_blocks
from deploy.demo.holdings.block import Block
from deploy.demo.holdings.sheet import Holding

BLOCKS: Mapping[str, Block] = {
    **qingdao_blocks.BLOCKS,
    **yantai_blocks.BLOCKS,
    **weihai_blocks.BLOCKS,
    **weifang_blocks.BLOCKS,
    **jinan_blocks.BLOCKS,
}
SHEETS = weifang_blocks.SHEETS
Held = Mapping[str, Sequence[Holding]]


def tables(held: Held) -> dict[str, Any]:
    """Qingdao's tables for the custodian of its database."""
    blocks = qingdao_blocks.BLOCKS.items()
    return {block.place: block.table(held[where], qingdao_blocks.INDEX) for where, block in blocks}


def stored(city: str, held: Held) -> dict[str, Any]:
    """The rows of a city's server, by path or item."""
    return {
        block.place: block.stored(held[where]) for where, block in BLOCKS.items() if where.partition(".")[0] == city
    }
