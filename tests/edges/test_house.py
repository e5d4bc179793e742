"""The house's own rules, as far as a machine can see them: size, names, words that are data, papers that agree.

`make lint` holds the import contracts, types and style; what is here needs to read more than one file at once.
"""

from __future__ import annotations

import ast
import hashlib
import os
import re
import shlex
import tomllib
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import click
import pytest
from ruamel.yaml import YAML

from gateway.cli import cli
from gateway.errors import TABLE
from gateway.settings import PREFIX, Settings

ROOT = Path(__file__).parents[2]
IGNORED = [line.rstrip("/") for line in (ROOT / ".gitignore").read_text("utf-8").splitlines() if line]
VENDORED = ROOT / "gateway" / "explorer" / "vendor"

TOP = {
    ".ci", ".gitignore", "CHANGELOG.md", "LICENSE", "Makefile", "README.md", "connectors", "deploy", "gateway",
    "policies",
    "pyproject.toml", "requirements-dev.lock", "requirements.lock", "tests",
}  # fmt: skip
LONGEST, CORRIDOR = 300, 100  # lines of a file, and of `pipeline.py`, which is read on one screen
EMPTY_NAMES = {"util", "utils", "common", "helper", "helpers", "manager", "core", "misc", "base", "service", "shared"}
EMPTY_SUFFIXES = ("Manager", "Helper", "Handler", "Impl", "Service", "Util", "Utils")

# Fields of the catalogue that code may name, each for a reason. Fields of one lower-case word (`content`, `state`)
# are everyday English and no evidence of anything; the rule is about names such as a field alone would bear.
NAMED_IN_CODE = {
    "areaCode": "envelope: the region of every record",
    "asOf": "envelope: when the source last agreed with the platform",
    "caseNo": "evidence that a purpose may require of a question",
    "citizenId": "a key of a subject",
    "publishUntil": "envelope: a record is not shown after it",
    "sourceUnit": "envelope: provenance",
    "sourceUpdatedAt": "envelope: provenance",
}

# Written as patterns, so that this file does not hold what it looks for.
FOREIGN = {
    "a path of somebody's machine": r"(?<![\w.])/(?:wor[k]|far[m]|roo[t]|hom[e]/\w+)/",
    "a package registry's host": r"pypi[.]org|pythonhosted[.]org|npmjs[.]org|(?:deb|security)[.]debian[.]org"
    r"|crates[.]io|proxy[.]golang[.]org|maven[.]apache[.]org|repo1[.]maven",
    "a word of somebody's workplace": r"(?i)shared/(?:design|domain|seed)|brief[.]md|polyglot[.]md|\bissue #\d+\b",
}


def files(*folders: str, ends: str = "") -> Iterator[Path]:
    """Every file that belongs to the house, or to some of its folders: what `.gitignore` names is left out."""
    for start in [ROOT / folder for folder in folders] or [ROOT]:
        for place, below, names in os.walk(start):
            below[:] = sorted(name for name in below if not ignored(name))
            yield from (Path(place, name) for name in sorted(names) if name.endswith(ends) and not ignored(name))


def ignored(name: str) -> bool:
    """Also git's own: a folder in a clone, a file in a second working tree."""
    return name == ".git" or any(fnmatch(name, pattern) for pattern in IGNORED)


def said(path: Path) -> str:
    return str(path.relative_to(ROOT))


CODE = list(files("gateway", "connectors", "policies", "deploy", ends=".py"))
PAPERS = list(files(ends=".md"))


def test_the_top_of_the_house_holds_these_and_nothing_else() -> None:
    """Whoever opens the house sees what the README lists: no stray file or folder stands at the top."""
    assert {path.relative_to(ROOT).parts[0] for path in files()} == TOP


def test_files_are_small() -> None:
    """No file of code is longer than 300 lines, and the corridor is read on one screen."""
    lengths = {said(path): path.read_bytes().count(b"\n") for path in [*CODE, ROOT / "gateway/explorer/explorer.js"]}
    assert {name: length for name, length in lengths.items() if length > LONGEST} == {}
    assert lengths["gateway/pipeline.py"] <= CORRIDOR


def test_names_say_what_a_thing_is() -> None:
    """No file, folder or class bears a name that would fit any other."""
    parts = {part for path in CODE for part in path.relative_to(ROOT).with_suffix("").parts}
    assert parts & EMPTY_NAMES == set()
    classes = [
        f"{said(path)}:{node.lineno} {node.name}"
        for path in CODE
        for node in ast.walk(ast.parse(path.read_bytes()))
        if isinstance(node, ast.ClassDef) and node.name.endswith(EMPTY_SUFFIXES)
    ]
    assert classes == []


def test_every_file_opens_with_a_paragraph() -> None:
    """A reader learns from its first lines what a file holds, before reading its code."""
    mute = []
    for path in [*CODE, *files("tests", ends=".py")]:
        tree = ast.parse(path.read_bytes())
        if tree.body and not (ast.get_docstring(tree) or "").partition("\n\n")[0].endswith((".", ":")):
            mute.append(said(path))
    assert mute == []


def test_every_test_states_its_promise() -> None:
    """The docstring of a test is the guarantee that it proves, so the tests read as a list of guarantees."""
    mute = [
        f"{said(path)}:{node.lineno} {node.name}"
        for path in files("tests", ends=".py")
        for node in ast.walk(ast.parse(path.read_bytes()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
        and not (ast.get_docstring(node) or "").rstrip().endswith(".")
    ]
    assert mute == []


def field_names() -> set[str]:
    """Every field of the catalogue whose name nothing else would bear."""
    names: set[str] = set()
    for path in files("policies/catalogue/types", ends=".yaml"):
        record = YAML(typ="safe").load(path)
        names |= record["fields"].keys()
        for name, nested in record.get("objects", {}).items():
            names |= {name, *nested["fields"]}
    return {name for name in names if not name.islower()} - NAMED_IN_CODE.keys()


def words(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Each name and each word of a text in the code, with its line; docstrings explain and are not code."""
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        line = getattr(node, "lineno", 0)
        for attribute in ("id", "attr", "arg", "name"):
            if isinstance(word := getattr(node, attribute, None), str):
                yield line, word
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            yield from ((line, word) for word in re.findall(r"\w+", node.value))


def test_fields_are_data() -> None:
    """No code of gateway, connectors or policies names a credit field: adding one never needs a programmer."""
    fields = field_names()
    assert len(fields) >= 40
    named = [
        f"{said(path)}:{line} {word}"
        for path in files("gateway", "connectors", "policies", ends=".py")
        for line, word in words(ast.parse(path.read_bytes()))
        if word in fields
    ]
    assert named == []


@pytest.mark.parametrize("what", FOREIGN)
def test_nothing_points_at_where_it_was_built(what: str) -> None:
    """The tree holds no path of a machine, no registry's host and no word of a workplace: it runs anywhere."""
    found = []
    for path in files():
        text = path.read_bytes().decode("utf-8", errors="ignore")
        found += [f"{said(path)}: {match.group()}" for match in re.finditer(FOREIGN[what], text)]
    assert found == []


def rows(paper: Path) -> list[list[str]]:
    """The rows of every table of a Markdown file, cell by cell, without backticks."""
    lines = [line.strip() for line in paper.read_text("utf-8").splitlines()]
    return [[cell.strip().strip("`") for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]


def test_every_error_stands_in_the_readme() -> None:
    """README's table of errors names every code with its HTTP status, and no code that the gateway lacks."""
    table = {row[0]: row[1] for row in rows(ROOT / "README.md") if re.fullmatch(r"[A-Z]+(_[A-Z]+)*", row[0])}
    table = {code: status for code, status in table.items() if not code.startswith(PREFIX)}
    assert table == {code: str(entry.status) for code, entry in TABLE.items()}


def test_every_setting_stands_in_the_readme() -> None:
    """README's table of settings names every key with its default, and no key that nobody reads."""
    table = {row[0]: row[1] for row in rows(ROOT / "README.md") if row[0].startswith(PREFIX)}
    keys = {name: item.default for name, item in Settings.__dataclass_fields__.items() if "words" in item.metadata}
    assert table == {PREFIX + name.upper(): str(default) for name, default in keys.items()}


def test_vendored_files_are_what_their_packages_hold() -> None:
    """Each file that was not written here has the digest, version and licence that VENDORED.md states."""
    stated = {row[0]: row[5] for row in rows(VENDORED / "VENDORED.md") if re.fullmatch(r"[0-9a-f]{64}", row[-1])}
    found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files(said(VENDORED))}
    del found["VENDORED.md"]
    assert found == stated


def test_locks_hold_every_dependency_and_agree() -> None:
    """What pyproject.toml asks for is locked with digests and no address; tests run on what the house runs on."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    pins = []
    for name in ("requirements.lock", "requirements-dev.lock"):
        text = (ROOT / name).read_text("utf-8")
        assert "://" not in text
        found = re.findall(r"^([a-z0-9-]+(?:\[[a-z,]+\])?==\S+).*\\\n +--hash=sha256:", text, re.MULTILINE)
        assert len(found) == len(re.findall(r"^[a-z]", text, re.MULTILINE))
        pins.append(dict(pin.split("==") for pin in found))
    run, test = ({plain(name): version for name, version in lock.items()} for lock in pins)
    assert {plain(line) for line in project["project"]["dependencies"]} - run.keys() == set()
    assert {plain(line) for line in project["dependency-groups"]["dev"]} - test.keys() == set()
    assert run.items() <= test.items()


def plain(requirement: str) -> str:
    """The name of a requirement as PEP 503 spells it, without extras, version and marker."""
    return re.sub(r"[-_.]+", "-", re.split(r"[\[>=; ]", requirement)[0]).lower()


def commands(paper: Path) -> Iterator[list[str]]:
    """Every command of a paper's fenced `sh` blocks, in words; a pipe or `&&` ends one command and begins another."""
    for block in re.findall(r"^```sh\n(.*?)^```", paper.read_text("utf-8"), re.MULTILINE | re.DOTALL):
        for line in block.replace("\\\n", " ").splitlines():
            lexer = shlex.shlex(line.removeprefix("$ "), posix=True, punctuation_chars="|&;")
            lexer.whitespace_split = True
            command: list[str] = []
            for word in [*lexer, ";"]:
                if set(word) <= set("|&;"):
                    if command:
                        yield command
                    command = []
                else:
                    command.append(word)


def fault(command: list[str]) -> str | None:
    """What is wrong with a documented command: an unknown target, command or option; None when nothing is."""
    while command and re.fullmatch(r"[A-Z_]+=.*", command[0]):
        command = command[1:]
    if command[:1] == ["make"]:
        targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
        unknown = [word for word in command[1:] if "=" not in word and word not in targets]
        return f"make has no {unknown}" if unknown else None
    if command[1:3] == ["-m", "gateway"]:
        command = ["credit-gateway", *command[3:]]
    if command[0].rpartition("/")[2] != "credit-gateway":
        return (
            None
            if command[0] in {"curl", "git", "cd", "cp", "echo", "export", "kill"}
            else f"nobody here knows `{command[0]}`"
        )
    node: click.Command = cli
    for word in command[1:]:
        if isinstance(node, click.Group) and not word.startswith("-"):
            below = node.get_command(click.Context(node), word)
            if below is None:
                return f"no command `{word}` in: {' '.join(command)}"
            node = below
        elif word.startswith("--"):
            known = {option for item in node.params for option in (*item.opts, *item.secondary_opts)} | {"--help"}
            if word.split("=")[0] not in known:
                return f"no option `{word}` in: {' '.join(command)}"
    return None


@pytest.mark.parametrize("paper", PAPERS, ids=said)
def test_papers_show_commands_that_exist(paper: Path) -> None:
    """Each command of a fenced `sh` block is one that make or the command line understands, option by option."""
    assert [wrong for command in commands(paper) if (wrong := fault(command))] == []


def test_the_readme_begins_with_two_commands() -> None:
    """A newcomer needs `make run` and `make test`, and finds both in the README."""
    shown = [" ".join(command[:2]) for command in commands(ROOT / "README.md")]
    assert {"make run", "make test"} <= set(shown)
