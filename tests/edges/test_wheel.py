"""What is shipped: the wheel holds everything that the house needs to run, the demo and the shipped rules included."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("gateway", "connectors", "policies", "deploy")


def test_wheel_holds_every_file_of_the_packages(tmp_path: Path) -> None:
    """Rules, catalogue, declarations, questions and pages are in the wheel, byte for byte."""
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=60)
    [wheel] = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as shipped:
        for package in PACKAGES:
            for path in sorted((ROOT / package).rglob("*")):
                if path.is_file() and "__pycache__" not in path.parts:
                    assert shipped.read(path.relative_to(ROOT).as_posix()) == path.read_bytes()
