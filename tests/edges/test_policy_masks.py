"""Masks: each step reduces as it says, and withholds what it cannot handle."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.masks import STEPS, Pseudonyms, mask
from tests.edges.drafts import catalogue

KEYS = Pseudonyms(bytes(range(32)), "K7")
PSEUDONYM = KEYS.of("shanghai", "gov.licensing")
BANDS = catalogue().bands


def masked(step: str, value: Any) -> Any:
    return mask(step, value, BANDS, PSEUDONYM)


@pytest.mark.parametrize(
    ("step", "value", "reduced"),
    [
        ("allow", "张三", "张三"),
        ("surname", "张三", "张*"),
        ("surname", "张三丰", "张**"),
        ("surname", "欧阳修文", "欧阳**"),
        ("surname", "欧阳", "欧*"),
        ("surname", "阿依古丽·买买提", "阿*******"),
        ("surname", "阿依古丽•买买提", "阿*******"),
        ("surname", "阿依古丽・买买提", "阿*******"),
        ("surname", "张 三", "张*"),
        ("surname", "欧阳修", "欧阳*"),
        ("tail4", "37060219800101001X", "**************001X"),
        ("tail4", "123456789012", "********9012"),
        ("keep3_4", "13812345678", "138****5678"),
        ("keep3_4", "+86 138-1234-5678", "138****5678"),
        ("county", "山东省烟台市芝罘区南大街1号", "山东省烟台市芝罘区***"),
        ("county", "青岛市市南区香港中路10号", "青岛市市南区***"),
        ("county", "上海市浦东新区世纪大道1号", "上海市浦东新区***"),
        ("county", "山东省淄博市周村区米山路1号", "山东省淄博市周村区***"),
        ("county", "济宁市金乡县", "济宁市金乡县***"),
        ("county", "南京市鼓楼区北京西路1号", "南京市鼓楼区***"),
        ("city", "山东省烟台市芝罘区南大街1号", "山东省烟台市***"),
        ("county", "山东省 烟台市 芝罘区 南大街1号", "山东省烟台市芝罘区***"),
        ("city", "山东省 烟台市 芝罘区", "山东省烟台市***"),
        ("city", "江西省景德镇市珠山区", "江西省景德镇市***"),
        ("city", "新乡市红旗区", "新乡市***"),
        ("county", "萍乡市湘东区", "萍乡市湘东区***"),
        ("month", date(2026, 3, 4), "2026-03"),
        ("month", datetime(2026, 3, 31, 17), "2026-03"),  # noqa: DTZ001  # a day without a zone is the day it says
        ("year", date(2026, 3, 4), "2026"),
        ("month", datetime(2026, 3, 31, 17, tzinfo=UTC), "2026-04"),
        ("bucket", Decimal("0"), "<1"),
        ("bucket", Decimal("0.5"), "<1"),
        ("bucket", Decimal("1"), "1-10"),
        ("bucket", Decimal("9.999999"), "1-10"),
        ("bucket", Decimal("5000"), ">=5000"),
        ("bucket", 12, "10-50"),
    ],
)
def test_each_step_reduces_as_it_says(step: str, value: Any, reduced: str) -> None:
    """A masked value is visibly reduced and looks as the convention has it."""
    assert masked(step, value) == reduced


@pytest.mark.parametrize(
    ("step", "value"),
    [
        ("surname", "John Smith"),
        ("surname", "张"),
        ("surname", "张3"),
        ("tail4", "1234"),
        ("tail4", "12345678901"),
        ("tail4", 370602),
        ("keep3_4", "0535-1234567"),
        ("keep3_4", "138123456789"),
        ("county", "某某路小区3号"),
        ("county", "烟台市幸福路幸福小区"),
        ("county", "烟台市"),
        ("city", "芝罘区南大街1号"),
        ("city", "大李家村村东超市"),
        ("city", "城关镇农贸市场3号"),
        ("city", "王家庄子夜市12号"),
        ("county", "城关镇农贸市场西区"),
        ("month", date.max),
        ("year", "2026-03-04"),
        ("bucket", 1.5),
        ("bucket", True),
        ("bucket", Decimal("NaN")),
        ("bucket", Decimal("-1")),
        ("bucket", "12"),
        ("pseudonym", 370602),
        ("pseudonym", " "),
        ("deny", "张三"),
        ("blur", "张三"),
    ],
)
def test_what_a_mask_cannot_handle_is_withheld(step: str, value: Any) -> None:
    """A value of another shape, an open end or an unknown step comes out as nothing, never as itself."""
    assert masked(step, value) is None


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(
    st.sampled_from(sorted(STEPS)),
    st.one_of(st.text(), st.decimals(), st.dates(), st.integers(), st.floats(), st.none()),
)
def test_no_mask_passes_a_value_through(step: str, value: Any) -> None:
    """Whatever is put in, a mask gives nothing or another text, and never raises."""
    reduced = masked(step, value)
    assert reduced is None or (isinstance(reduced, str) and reduced != value)


def test_every_step_of_every_ladder_has_its_mask() -> None:
    """No ladder of the catalogue names a step that no mask knows."""
    assert set(itertools.chain.from_iterable(catalogue().ladders.values())) == STEPS | {"allow"}


def test_lists_are_masked_one_by_one_and_withheld_whole() -> None:
    """A list with one value that cannot be masked is withheld as a whole."""
    assert masked("surname", ("张三", "李四")) == ("张*", "李*")
    assert masked("surname", ("张三", "John")) is None
    assert masked("bucket", [12, Decimal("0.5")]) == ("10-50", "<1")
    assert masked("pseudonym", ["370602"]) == (PSEUDONYM("370602"),)


def test_pseudonyms_join_only_where_they_may() -> None:
    """One partner and purpose see one pseudonym for one person, however written; no other partner or purpose does."""
    value = "37060219800101001X"
    mine = PSEUDONYM(value)
    assert (
        mine
        == PSEUDONYM("３７０６０２ 19800101001x")
        == Pseudonyms(bytes(range(32)), "K7").of("shanghai", "gov.licensing")(value)
    )
    others = {
        KEYS.of("zhejiang", "gov.licensing")(value),
        KEYS.of("shanghai", "gov.bidding")(value),
        KEYS.of("shanghaigov", ".licensing")(value),
        Pseudonyms(bytes(32), "K7").of("shanghai", "gov.licensing")(value),
        PSEUDONYM("370602198001010028"),
    }
    assert len(others | {mine}) == 6


def test_a_pseudonym_names_its_key_and_hides_it() -> None:
    """The value tells which key made it, holds 128 bits, and neither key nor input shows in value or repr."""
    scheme, kid, code = PSEUDONYM("37060219800101001X").split(":")
    assert (scheme, kid, len(code)) == ("p1", "K7", 26)
    assert repr(KEYS) == "Pseudonyms(K7)"


SHORT = r"\Aa pseudonym key has at least 32 bytes\Z"
UNFIT = r"\Aa key id is up to 32 letters, digits, `_` and `-`\Z"


@pytest.mark.parametrize(
    ("key", "kid", "said"),
    [
        (b"short", "K1", SHORT), (bytes(31), "K1", SHORT), (bytes(32), "", UNFIT), (bytes(32), "a:b", UNFIT),
        (bytes(32), "k" * 33, UNFIT), (bytes(32), "K1\n", UNFIT),
    ],
)  # fmt: skip
def test_a_weak_key_is_refused(key: bytes, kid: str, said: str) -> None:
    """A key below 256 bits, or a key id that would break the form of a pseudonym, is refused at once."""
    with pytest.raises(ValueError, match=said):
        Pseudonyms(key, kid)


@pytest.mark.parametrize("kid", ["k", "K7", "2026-11_a", "k" * 32])
def test_a_key_id_is_any_plain_word(kid: str) -> None:
    """Letters of both cases, digits, underscore and hyphen name a key."""
    assert Pseudonyms(bytes(32), kid).of("one", "gov.licensing")("x").startswith(f"p1:{kid}:")
