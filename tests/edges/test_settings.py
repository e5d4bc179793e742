"""What a setting says is understood or refused by its name: it never means something else in silence."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.settings import SettingsError, load


@pytest.mark.parametrize(
    "line",
    [
        "PORT=65536", "PORT=-1", "WORKERS=65", "DEADLINE=nan", "DEADLINE=inf", "DEADLINE=0", "DEADLINE=-3",
        "DEADLINE=3s", "MAX_BODY=0", "BODY_TIMEOUT=nan", "BODY_TIMEOUT=-1", "MAX_SUBJECTS=0", "MAX_FIRST=-1",
        "PERSONS_PER_OPERATOR=-1", "MAX_INFLIGHT=-1", "LOG_LEVEL=loud", "LOG_LEVEL=", "PROVINCE=3", "PROVINCE=370000",
        "PROVINCE=",
    ],
)  # fmt: skip
def test_a_value_that_is_none_is_refused_by_name(tmp_path: Path, line: str) -> None:
    """No bound that bounds nothing, no port that is none, no words of Python's own."""
    (tmp_path / "gateway.env").write_text(f"CREDIT_GATEWAY_{line}\n", "utf-8")
    with pytest.raises(SettingsError, match=f"^CREDIT_GATEWAY_{line.partition('=')[0]}: "):
        load(tmp_path)


@pytest.mark.parametrize("line", ["PORT=0", "PORT=65535", "DEADLINE=0.5", "MAX_FIRST=1", "LOG_LEVEL=INFO"])
def test_borders_are_taken(tmp_path: Path, line: str) -> None:
    """The least and the most that a setting may be count as it may."""
    (tmp_path / "gateway.env").write_text(f"CREDIT_GATEWAY_{line}\n", "utf-8")
    load(tmp_path)


def test_a_mark_of_utf_8_hides_no_setting(tmp_path: Path) -> None:
    """Some editors write one before the first line; that line may be what makes the gateway strict."""
    (tmp_path / "gateway.env").write_text("CREDIT_GATEWAY_PROFILE=fapi\n", "utf-8-sig")
    assert load(tmp_path).profile == "fapi"


def test_a_file_in_another_encoding_is_said(tmp_path: Path) -> None:
    """A file that is not UTF-8 is named with what is expected, and no trace."""
    (tmp_path / "gateway.env").write_bytes("# 说明\n".encode("gb18030"))
    with pytest.raises(SettingsError, match=r"^gateway\.env: text in UTF-8"):
        load(tmp_path)
