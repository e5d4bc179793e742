"""A demo's home from an older version: what nobody changed is brought along, what somebody wrote is kept."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from deploy.demo.province import DECLARATIONS
from gateway.cli.demonstration import DemoError, running
from gateway.cli.homes import make_home, shipped
from gateway.cli.shipped import bring_along, remember

YANTAI = "370600-yantai-credit.yaml"


@pytest.fixture
def older(tmp_path: Path) -> tuple[Path, Path, Path]:
    """A home that an older version made, that version's policies, and its declarations."""
    policies, platforms, home = tmp_path / "policies", tmp_path / "platforms", tmp_path / "home"
    shutil.copytree(shipped("policies"), policies, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    (policies / "rules" / "10-shandong.yaml").write_text("older: true\n", "utf-8")
    shutil.copytree(DECLARATIONS, platforms, ignore=shutil.ignore_patterns("samples"))
    (platforms / YANTAI).write_text("older: true\n", "utf-8")
    make_home(home)
    shutil.rmtree(home / "policies")
    shutil.copytree(policies, home / "policies")
    for declaration in platforms.iterdir():
        shutil.copyfile(declaration, home / "platforms" / declaration.name)
    remember(home, policies, sorted(platforms.iterdir()))
    return home, policies, platforms


def renewed(home: Path) -> None:
    """What a start of this version does."""
    declarations = sorted(path for path in DECLARATIONS.iterdir() if path.is_file())
    bring_along(home, shipped("policies"), declarations)
    make_home(home)
    for declaration in declarations:
        if not (home / "platforms" / declaration.name).exists():
            shutil.copyfile(declaration, home / "platforms" / declaration.name)
    remember(home, shipped("policies"), declarations)


def test_what_nobody_changed_is_brought_along(older: tuple[Path, Path, Path]) -> None:
    """Policies and platforms are those of this version, and a second start finds nothing to do."""
    home, _, _ = older
    for _ in range(2):
        renewed(home)
        for path in ("rules/10-shandong.yaml", "manifest.yaml"):
            assert (home / "policies" / path).read_bytes() == (shipped("policies") / path).read_bytes()
        assert (home / "platforms" / YANTAI).read_bytes() == (DECLARATIONS / YANTAI).read_bytes()


def test_what_somebody_wrote_is_kept(older: tuple[Path, Path, Path]) -> None:
    """One changed rule keeps the whole set, because a set is one thing; a changed platform keeps its own file."""
    home, _, _ = older
    rule, platform = home / "policies" / "rules" / "00-national.yaml", home / "platforms" / YANTAI
    rule.write_text(rule.read_text("utf-8") + "# mine\n", "utf-8")
    platform.write_text("mine: true\n", "utf-8")
    renewed(home)
    assert rule.read_text("utf-8").endswith("# mine\n")
    assert (home / "policies" / "rules" / "10-shandong.yaml").read_text("utf-8") == "older: true\n"
    assert platform.read_text("utf-8") == "mine: true\n"
    assert (home / "platforms" / "371000-weihai-credit.yaml").exists()


def test_a_home_that_cannot_be_used_says_so(tmp_path: Path) -> None:
    """Files of another version that nobody can tell from somebody's own: named with their findings, and what to do."""
    home = tmp_path / "home"
    make_home(home)
    (home / "policies" / "rules" / "10-shandong.yaml").write_text("older: true\n", "utf-8")
    (home / "clients.yaml").unlink()
    with pytest.raises(DemoError, match="give another --home") as raised, running(home, subjects=60):
        pass
    assert "10-shandong.yaml:1:" in str(raised.value)
